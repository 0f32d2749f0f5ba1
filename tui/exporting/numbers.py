"""The numbers of runs as CSV and as JSONL, of every iteration and every epoch.

JSONL has the lines of `descent run --jsonl`. In the CSV of epochs the figures of training begin with `train_`, as in claims.
Runs that are kept follow those of now, the newest first; only where there are any is there a field `kept`, which tells them
apart. What a teacher's preset hides is empty (null), and so is what would tell it: an update of SGD is the learning rate
times the gradient. Iterations that a history has only in sums are left out; it says from which one on they are whole.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from engine import EpochMetrics, History, IterationMetrics, Trainer
from engine.history import COLUMNS
from tui.comparing.kept import Kept
from tui.console.records import diverged_record, epoch_record, evaluation_record, iteration_record, json_text, so_far
from tui.hidden import Hidden

Record = dict[str, Any]


def event_lines(trainers: Sequence[Trainer], hidden: Hidden, kept: Sequence[Kept] = ()) -> Iterator[str]:
    """One JSON object an event, run after run: iterations, epochs, and the end of a run that is over."""
    covers = covered(hidden)
    for run, history, old in _runs(trainers, hidden, kept):
        run |= {"kept": True} if old else {}
        epochs = iter([*history.epochs])
        following = next(epochs, None)
        for metrics in _exact(history):
            while following is not None and following.iteration < metrics.iteration:
                yield json_text({"event": "epoch", **run, **_epoch(following, covers)})
                following = next(epochs, None)
            yield json_text({"event": "iteration", **run, **_iteration(metrics, covers)})
        while following is not None:
            yield json_text({"event": "epoch", **run, **_epoch(following, covers)})
            following = next(epochs, None)
        if history.stopped is not None:
            stopped = asdict(history.stopped)
            if hidden.setting("batch_size"):
                stopped["message"] = ""  # of a run that was refused: the arithmetic
            yield json_text({"event": "stopped", **run, **stopped, "diverged": diverged_record(history)})


def iteration_rows(trainers: Sequence[Trainer], hidden: Hidden, kept: Sequence[Kept] = ()) -> Iterator[str]:
    """CSV of every iteration: a heading, then a line each."""
    covers = covered(hidden)
    yield _line(["run", "seed", *COLUMNS, *(["kept"] if kept else [])])
    for run, history, old in _runs(trainers, hidden, kept):
        last = _true(old) if kept else []
        for metrics in _exact(history):
            yield _line([*run.values(), *_iteration(metrics, covers).values(), *last])


def epoch_rows(trainers: Sequence[Trainer], hidden: Hidden, kept: Sequence[Kept] = ()) -> Iterator[str]:
    """CSV of every epoch, with epoch 0 for how a run was before it began: a heading, then a line each."""
    covers, records = covered(hidden), list[tuple[Record, list[str]]]()
    for run, history, old in _runs(trainers, hidden, kept):
        last = _true(old) if kept else []
        if history.initial is not None:
            first = {"epoch": 0, "iteration": 0, "samples_seen": 0, "seconds": 0.0}
            first |= evaluation_record(history.initial, history.initial_validation)
            records.append(({**run, **_without(first, covers)}, last))
        records += [({**run, **_epoch(entry, covers)}, last) for entry in history.epochs]
    names = list(dict.fromkeys(name for record, _ in records for name in record))
    called = [f"train_{name}" if f"validation_{name}" in names else name for name in names]
    yield _line([*called, *(["kept"] if kept else [])])
    for record, last in records:
        yield _line([*map(record.get, names), *last])


def covered(hidden: Hidden) -> frozenset[str]:
    """The figures that would tell what is hidden; 'validation_' stands for all that begin so."""
    names: list[str] = ["validation_"] if hidden.validation else []
    if hidden.setting("learning_rate"):
        names += ["learning_rate", "update_norm"]
    if hidden.setting("batch_size"):
        names += ["batches", "samples_seen"]
    if hidden.setting("seed"):
        names.append("seed")
    return frozenset(names)


def left_out(runs: Iterable[Trainer | Kept]) -> int:
    """How many iterations are known in sums alone."""
    return sum(run.history.kept.start for run in runs)


def _exact(history: History) -> Iterator[IterationMetrics]:
    """The iterations there are now; while this is read training may go on, and the oldest may go."""
    for index in history.kept:
        if index >= history.kept.start:
            yield history[index]


def _runs(trainers: Sequence[Trainer], hidden: Hidden, kept: Sequence[Kept]) -> Iterator[tuple[Record, History, bool]]:
    """Each run: what its lines begin with, all that happened in it, and whether it is one of the `kept`, which come with the
    oldest first."""
    seedless = hidden.setting("seed")
    for trainer in trainers:
        yield {"run": trainer.run.name, "seed": None if seedless else trainer.run.seed}, trainer.history, False
    for one in reversed(kept):
        yield {"run": one.name, "seed": None if seedless else one.run.seed}, one.history, True


def _true(value: bool) -> list[str]:
    """A cell of a table, as JSON writes it."""
    return ["true" if value else "false"]


def _iteration(metrics: IterationMetrics, covers: frozenset[str]) -> Record:
    return _without(iteration_record(metrics), covers)


def _epoch(entry: EpochMetrics, covers: frozenset[str]) -> Record:
    return _without({**epoch_record(entry), **so_far(entry)}, covers)


def _without(record: Record, covers: frozenset[str]) -> Record:
    seen = "validation_" in covers
    return {key: None if key in covers or (seen and key.startswith("validation_")) else record[key] for key in record}


def _line(values: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(["" if value is None else value for value in values])
    return text.getvalue()
