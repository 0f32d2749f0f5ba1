"""A disk that takes its time keeps nobody waiting but who asks for it: not training, and not rows that come meanwhile."""

import json
import os
import threading

import pytest
from written_runs import begun, preset_with, same_run, text_of, trained

from engine import Trainer
from engine.on_disk.folder import CHECKPOINT, ITERATIONS, RESULT
from engine.on_disk.going_on import take_up


class Disk:
    """A disk that makes nothing last until it is `ready`, or refuses to while it is `broken`."""

    def __init__(self) -> None:
        self.ready, self.broken = threading.Event(), False

    def sync(self, handle: int) -> None:
        assert self.ready.wait(30)
        if self.broken:
            raise OSError(5, "Input/output error")


@pytest.fixture
def disk(monkeypatch):
    made = Disk()
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, made.sync)
    yield made
    made.ready.set()


@pytest.fixture
def writer(disk, tmp_path):
    disk.ready.set()
    made = begun(tmp_path, preset_with("recipe", training__epochs=4))
    made.settle(checkpoint=False)
    disk.ready.clear()
    yield made
    disk.broken = False
    disk.ready.set()
    made.settle()
    made.close()


def until(condition, writer) -> None:
    for _ in range(2000):
        if condition():
            return
        threading.Event().wait(0.005)
        writer.follow()
    pytest.fail("never so")


def rows_of(writer) -> int:
    return text_of(writer.folder, ITERATIONS).count(b"\n") - 1


def test_rows_come_while_the_disk_is_busy(writer, eager):
    writer._synced = -100.0  # it is time
    for count in (20, 40, 60):
        trained(writer, count)
        until(lambda count=count: rows_of(writer) == count, writer)
    assert writer.behind


def test_a_run_that_rests_is_put_down_without_waiting(writer, disk):
    trained(writer)
    writer.rest({"stopped": "completed"})
    until(lambda: rows_of(writer) == 128, writer)
    assert writer.behind
    assert not writer.folder.file(RESULT).exists()
    disk.ready.set()
    until(lambda: not writer.behind, writer)
    assert json.loads(text_of(writer.folder, RESULT)) == {"stopped": "completed"}
    assert same_run(take_up(writer.folder, hold=False, clock=lambda: 0.0).trainer, writer.trainer)


def test_what_goes_on_meanwhile_has_no_result(writer, disk):
    trained(writer)
    writer.rest({"stopped": "completed"})
    until(lambda: rows_of(writer) == 128, writer)
    writer.trainer.change("epochs", 5)
    writer.trainer.step()
    disk.ready.set()
    until(lambda: not writer.behind, writer)
    assert not writer.folder.file(RESULT).exists()
    assert rows_of(writer) == 129


def test_what_the_disk_refused_is_there_once_it_takes_it(writer, disk, monkeypatch):
    monkeypatch.setattr("engine.on_disk.writer.AGAIN", 0.01)
    trained(writer, 70)
    disk.broken = True
    disk.ready.set()
    writer.rest()
    until(lambda: writer.trouble is not None, writer)
    assert str(writer.trouble) == "[Errno 5] Input/output error"
    assert not writer.folder.file(CHECKPOINT).exists()
    disk.broken = False
    until(lambda: writer.trouble is None and not writer.behind, writer)
    taken = take_up(writer.folder, hold=False, clock=lambda: 0.0)
    assert taken.begun_at == 70
    expected = Trainer(writer.trainer.run, lambda: 0.0)
    for _ in range(70):
        expected.step()
    assert same_run(taken.trainer, expected)


def test_a_checkpoint_is_never_ahead_of_rows_that_last(writer, disk):
    """Else a power cut could leave one that is later than the rows."""
    trained(writer, 50)
    writer.rest()
    until(lambda: rows_of(writer) == 50, writer)
    assert not writer.folder.file(CHECKPOINT).exists()
    assert not [entry for entry in writer.folder.path.iterdir() if entry.suffix == ".part"]
