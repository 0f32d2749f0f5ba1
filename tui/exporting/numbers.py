"""The numbers of runs as CSV and as JSONL, of every iteration and every epoch, in the words of `descent run --jsonl`.

What a teacher's preset hides is empty (null), and so is what would tell it: an update of SGD is the learning rate times
the gradient. Iterations that a history has only in sums are left out; it says from which one on they are whole.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from engine import EpochMetrics, IterationMetrics, Trainer
from engine.history import COLUMNS
from tui.console.records import epoch_record, evaluation_record, json_text
from tui.hidden import Hidden

Record = dict[str, Any]


def json_lines(trainers: Sequence[Trainer], hidden: Hidden) -> Iterator[str]:
    """One JSON object an event, run after run: iterations, epochs, and the end of a run that is over."""
    covers = covered(hidden)
    for trainer in trainers:
        run = _run(trainer, hidden)
        epochs = iter([*trainer.history.epochs])
        following = next(epochs, None)
        for metrics in _exact(trainer):
            while following is not None and following.iteration < metrics.iteration:
                yield json_text({"event": "epoch", **run, **_epoch(following, covers)})
                following = next(epochs, None)
            yield json_text({"event": "iteration", **run, **_iteration(metrics, covers)})
        while following is not None:
            yield json_text({"event": "epoch", **run, **_epoch(following, covers)})
            following = next(epochs, None)
        if trainer.history.stopped is not None:
            found = trainer.history.diverged
            stopped = asdict(trainer.history.stopped)
            if hidden.setting("batch_size"):
                stopped["message"] = ""  # of a run that was refused: the arithmetic
            diverged = None if found is None else {"epoch": found.epoch, "iteration": found.iteration}
            yield json_text({"event": "stopped", **run, **stopped, "diverged": diverged})


def iteration_rows(trainers: Sequence[Trainer], hidden: Hidden) -> Iterator[str]:
    """CSV of every iteration: a heading, then a line each."""
    covers = covered(hidden)
    yield _line(["run", "seed", *COLUMNS])
    for trainer in trainers:
        run = _run(trainer, hidden)
        for metrics in _exact(trainer):
            yield _line([*run.values(), *_iteration(metrics, covers).values()])


def epoch_rows(trainers: Sequence[Trainer], hidden: Hidden) -> Iterator[str]:
    """CSV of every epoch, with epoch 0 for how a run was before it began: a heading, then a line each."""
    covers, records = covered(hidden), list[Record]()
    for trainer in trainers:
        run, history = _run(trainer, hidden), trainer.history
        if history.initial is not None:
            first = {"epoch": 0, "iteration": 0, "samples_seen": 0, "seconds": 0.0}
            first |= evaluation_record(history.initial, history.initial_validation)
            records.append({**run, **_without(first, covers)})
        records += [{**run, **_epoch(entry, covers)} for entry in history.epochs]
    names = list(dict.fromkeys(name for record in records for name in record))
    yield _line(names)
    for record in records:
        yield _line([record.get(name) for name in names])


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


def left_out(trainers: Iterable[Trainer]) -> int:
    """How many iterations are known in sums alone."""
    return sum(trainer.history.kept.start for trainer in trainers)


def _exact(trainer: Trainer) -> Iterator[IterationMetrics]:
    """The iterations there are now; while this is read training may go on, and the oldest may go."""
    kept = trainer.history.kept
    for index in kept:
        if index >= trainer.history.kept.start:
            yield trainer.history[index]


def _run(trainer: Trainer, hidden: Hidden) -> Record:
    return {"run": trainer.run.name, "seed": None if hidden.setting("seed") else trainer.run.seed}


def _iteration(metrics: IterationMetrics, covers: frozenset[str]) -> Record:
    return _without({key: getattr(metrics, key) for key in COLUMNS}, covers)


def _epoch(entry: EpochMetrics, covers: frozenset[str]) -> Record:
    so_far = {"iteration": entry.iteration, "samples_seen": entry.samples_seen, "seconds": entry.seconds}
    return _without({**epoch_record(entry), **so_far}, covers)


def _without(record: Record, covers: frozenset[str]) -> Record:
    seen = "validation_" in covers
    return {key: None if key in covers or (seen and key.startswith("validation_")) else record[key] for key in record}


def _line(values: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(["" if value is None else value for value in values])
    return text.getvalue()
