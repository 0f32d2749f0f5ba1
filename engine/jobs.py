"""Many different trainings on all cores: what has to be trained is gathered, nothing twice, and dealt out job by job.

A job is one run with some of its seeds, trained as a stack. Processes take the next job as soon as they are done with the
last, the longest first, so that all are busy to the end. What comes back are the states of trainers, which are runs where
they stand, to the bit.
"""

from __future__ import annotations

import math
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from engine.processes import POLL, SPAWN, WORTH, estimated_seconds, orphaned
from engine.run import Run
from engine.together import train_together

LONGEST = 2.0  # seconds of work beyond which a job is cut by its seeds

Job = tuple[Run, ...]
State = dict[str, Any]


def training_of(run: Run) -> Run:
    """The run without what changes no number: its name, and on a surface, where nothing is drawn by chance, its seed."""
    return replace(run, name="", seed=run.seed if run.surface is None else 0)


def jobs_for(runs: Iterable[Run]) -> list[Job]:
    """The trainings of all runs (see `training_of`), each once: those that differ in their seed side by side in a job.

    A job that would take long is cut in several. The longest comes first.
    """
    groups: dict[Run, list[Run]] = {}
    for run in dict.fromkeys(map(training_of, runs)):
        groups.setdefault(replace(run, seed=0), []).append(run)
    jobs = []
    for group in groups.values():
        parts = min(len(group), math.ceil(estimated_seconds(group) / LONGEST))
        size = math.ceil(len(group) / parts)
        jobs += [tuple(group[start : start + size]) for start in range(0, len(group), size)]
    return sorted(jobs, key=estimated_seconds, reverse=True)


def train_jobs(
    jobs: Sequence[Job], interrupted: Callable[[], bool] = lambda: False, processes: int = 1
) -> Iterator[tuple[int, list[State]]]:
    """Each job's index and the states of its trainers, as soon as they are trained to the end.

    At most `processes` are used, and no other than this one where the work is small. Nothing more comes once
    `interrupted()`. With more than one process, the main module of the program must be importable without side effects, as
    Python's `multiprocessing` asks for.
    """
    work = sum(map(estimated_seconds, jobs))
    processes = min(processes, len(jobs), 1 + int(work / WORTH))
    waiting = deque(range(len(jobs)))
    busy: dict[Connection, int] = {}  # which job a process has
    with _workers(processes if processes > 1 else 0) as connections:
        for connection in connections:
            _hand_out(connection, waiting, jobs, busy)
        while (waiting or busy) and not interrupted():
            if busy:
                for connection in cast(list[Connection], wait(list(busy), POLL)):
                    index = busy.pop(connection)
                    states = _received(connection)
                    if states is None:
                        waiting.appendleft(index)  # the process that had it is gone
                        continue
                    _hand_out(connection, waiting, jobs, busy)  # before the caller has its turn, who may be slow
                    yield index, states
            else:
                states = _trained(jobs[waiting[0]], interrupted)
                if not interrupted():
                    yield waiting.popleft(), states


def _trained(job: Job, interrupted: Callable[[], bool] = lambda: False) -> list[State]:
    return [trainer.state() for trainer in train_together(job, interrupted)]


def _hand_out(connection: Connection, waiting: deque[int], jobs: Sequence[Job], busy: dict[Connection, int]) -> None:
    """The next job, where there is one, to a process, where it is still there."""
    if waiting:
        with suppress(OSError):
            connection.send(jobs[waiting[0]])
            busy[connection] = waiting.popleft()


def _received(connection: Connection) -> list[State] | None:
    try:
        states: list[State] = connection.recv()
    except (EOFError, OSError):
        return None
    return states


@contextmanager
def _workers(count: int) -> Iterator[list[Connection]]:
    """Processes that train what they are sent; however this is left, none of them stays."""
    processes, connections = [], []
    try:
        with _deaf():
            for _ in range(count):
                ours, theirs = SPAWN.Pipe()
                process = SPAWN.Process(target=_work, args=(theirs,), daemon=True)
                process.start()
                theirs.close()  # else the end of a process would not be the end of its pipe
                processes.append(process)
                connections.append(ours)
        yield list(connections)
    finally:
        for process, connection in zip(processes, connections, strict=True):
            connection.close()
            process.kill()
            process.join()


@contextmanager
def _deaf() -> Iterator[None]:
    """What is started meanwhile never hears Ctrl-C, which reaches every process of a terminal; who starts it, afterwards."""
    resource_tracker.ensure_running()  # would be started with the first process, and hear everything again
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection) -> None:
    """Train job after job, until nobody wants more. What goes wrong here is found out, and told, by who asked for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    alone = orphaned()
    with suppress(Exception):
        while not alone():
            connection.send(_trained(connection.recv(), alone))
