"""Trainings gathered and dealt out job by job: nothing twice, and the same numbers wherever they are trained."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import replace
from multiprocessing.connection import Connection

import numpy as np
import pytest

from engine import jobs as jobs_module
from engine.datasets import DATASETS
from engine.jobs import jobs_for, train_jobs, training_of
from engine.layers import Architecture
from engine.optimizers import Adam
from engine.processes import estimated_seconds
from engine.run import Run, Training
from engine.surfaces import Valley
from engine.trainer import Trainer

RUN = Run(
    name="first",
    data=DATASETS["moons"](samples=40, validation=20),
    network=Architecture(hidden=(5,), dropout=0.1),
    training=Training(epochs=4, batch_size=8, optimizer=Adam(learning_rate=0.05)),
)
OTHER = replace(RUN, name="other", training=replace(RUN.training, batch_size=16))
WALK = Run(name="walk", surface=Valley())


def seeds(run: Run, count: int = 4) -> list[Run]:
    return [replace(run, seed=seed) for seed in range(count)]


def alone(run: Run) -> Trainer:
    trainer = Trainer(run)
    for _ in trainer:
        pass
    return trainer


@pytest.fixture
def worth_it(monkeypatch):
    """However little there is to do, processes do it."""
    monkeypatch.setattr(jobs_module, "WORTH", 1e-9)


# What there is to train -----------------------------------------------------------------------------------------------


def test_a_training_is_there_once_whatever_its_runs_are_called():
    twin = replace(RUN, name="twin")
    found = jobs_for([*seeds(RUN), *seeds(twin), *seeds(OTHER)])
    assert sorted(map(len, found)) == [4, 4]
    assert {run for job in found for run in job} == set(map(training_of, [*seeds(RUN), *seeds(OTHER)]))
    assert all({run.seed for run in job} == {0, 1, 2, 3} for job in found)


def test_a_surface_is_walked_once_for_all_seeds_and_a_network_is_not():
    assert jobs_for(seeds(WALK, 10)) == [(replace(WALK, name=""),)]
    assert training_of(replace(RUN, seed=3)) != training_of(RUN)


def test_the_seed_of_a_surface_changes_no_number():
    one, other = (alone(replace(WALK, seed=seed)) for seed in (0, 5))
    assert list(one.history) == list(other.history) and list(one.history.epochs) == list(other.history.epochs)


def test_the_longest_comes_first_and_what_is_too_long_is_cut_by_its_seeds(monkeypatch):
    long = replace(RUN, training=replace(RUN.training, epochs=400))
    monkeypatch.setattr(jobs_module, "LONGEST", estimated_seconds(seeds(long)) / 2)
    found = jobs_for([*seeds(RUN), *seeds(long), *seeds(OTHER)])
    assert [len(job) for job in found] == [2, 2, 4, 4]
    assert [job[0].training.epochs for job in found[:2]] == [400, 400]
    assert [estimated_seconds(job) for job in found] == sorted(map(estimated_seconds, found), reverse=True)
    monkeypatch.setattr(jobs_module, "LONGEST", 1e-9)
    assert [len(job) for job in jobs_for(seeds(long))] == [1, 1, 1, 1]


def test_nothing_to_train_is_no_job():
    assert jobs_for([]) == []
    assert list(train_jobs([], processes=2)) == []


# Training -------------------------------------------------------------------------------------------------------------


def assert_trained(found, jobs):
    assert sorted(index for index, _ in found) == list(range(len(jobs)))
    for index, states in found:
        for run, state in zip(jobs[index], states, strict=True):
            one, other = Trainer.restore(run, state), alone(run)
            assert list(one.history) == list(other.history) and list(one.history.epochs) == list(other.history.epochs)
            assert one.history.stopped == other.history.stopped and np.array_equal(one.parameters, other.parameters)


@pytest.mark.parametrize("processes", [1, 2])
def test_what_comes_back_is_what_each_run_does_alone_to_the_bit(worth_it, processes):
    jobs = jobs_for([*seeds(RUN), *seeds(OTHER), *seeds(WALK), replace(OTHER, seed=9)])
    assert_trained(list(train_jobs(jobs, processes=processes)), jobs)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(("processes", "worth"), [(8, 100.0), (1, 1e-9)])
def test_little_work_or_one_core_starts_no_process(monkeypatch, processes, worth):
    monkeypatch.setattr(jobs_module, "WORTH", worth)
    monkeypatch.setattr(jobs_module, "_work", lambda connection: None)  # cannot be sent to another process
    jobs = jobs_for([*seeds(RUN), *seeds(OTHER)])
    assert [index for index, _ in train_jobs(jobs, processes=processes)] == [0, 1]


@pytest.mark.parametrize("processes", [1, 2])
def test_after_an_interruption_nothing_more_comes(worth_it, processes):
    endless = replace(RUN, training=replace(RUN.training, epochs=1_000_000))
    jobs = [tuple(seeds(endless, 2)), tuple(seeds(OTHER, 2)), tuple(seeds(RUN, 2))][:: 1 if processes == 2 else -1]
    found = []
    for index, _ in train_jobs(jobs, lambda: len(found) == 2, processes):
        found.append(index)
    assert sorted(found) == ([1, 2] if processes == 2 else [0, 1])
    assert not multiprocessing.active_children()


def test_an_interruption_in_the_middle_of_a_job_is_heard():
    endless = replace(RUN, training=replace(RUN.training, epochs=1_000_000))
    asked = iter([False] * 50)
    assert list(train_jobs([tuple(seeds(endless))], lambda: next(asked, True))) == []


def test_who_stops_asking_leaves_no_process_behind(worth_it):
    training = train_jobs(jobs_for([*seeds(RUN), *seeds(OTHER)]), processes=2)
    next(training)
    assert len(multiprocessing.active_children()) == 2
    training.close()
    assert not multiprocessing.active_children()


def test_the_jobs_of_processes_that_die_are_done_here(worth_it, monkeypatch):
    monkeypatch.setattr(jobs_module, "_work", Connection.close)
    jobs = jobs_for([*seeds(RUN), *seeds(OTHER), *seeds(WALK)])
    assert_trained(list(train_jobs(jobs, processes=2)), jobs)


def test_one_process_that_is_killed_does_not_stop_the_others(worth_it):
    jobs = [tuple(seeds(replace(RUN, training=replace(RUN.training, epochs=epochs)), 2)) for epochs in range(2, 10)]
    found = []
    for entry in train_jobs(jobs, processes=2):
        if not found:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
        found.append(entry)
    assert_trained(found, jobs)


def test_a_mistake_in_a_process_is_told_by_who_asked(worth_it, tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("a,b\n" + "".join(f"{row},{row % 2}\n" for row in range(20)))
    own = replace(RUN, data=DATASETS["file"](file=str(file), target="b"))
    jobs = jobs_for([*seeds(own), *seeds(OTHER)])
    file.unlink()
    del vars(own.data)["plan"]  # what it has read of its file
    with pytest.raises(Exception, match=r"table\.csv"):
        list(train_jobs(jobs, processes=2))
    assert not multiprocessing.active_children()


def test_from_a_thread_it_works_as_well(worth_it):
    jobs, found = jobs_for([*seeds(RUN), *seeds(OTHER)]), []
    thread = threading.Thread(target=lambda: found.extend(train_jobs(jobs, processes=2)))
    thread.start()
    thread.join()
    assert_trained(found, jobs)


def test_ctrl_c_reaches_who_asked_and_not_the_processes(worth_it):
    """It is sent to every process of a terminal at once."""
    jobs = [tuple(seeds(replace(RUN, training=replace(RUN.training, epochs=epochs)), 2)) for epochs in range(2, 10)]
    found = []
    for entry in train_jobs(jobs, processes=2):
        if not found:
            for process in multiprocessing.active_children():
                os.kill(process.pid, signal.SIGINT)
        found.append(entry)
        assert len(multiprocessing.active_children()) == 2
    assert_trained(found, jobs)
