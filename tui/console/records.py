"""A training as JSON for programs: one object of all runs, or a line an event.

NaN and infinity, which JSON does not have, are null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from engine import EpochMetrics, Evaluation, History, IterationMetrics, Preset, Trainer
from engine.json_values import finite
from engine.verdict import Verdict
from tui.console.claimed import claim_record, findings_of
from tui.console.keeping import Unkept
from tui.console.unwatched import UNKEPT, Interrupted, Seeds, steps, trained_together, trainings
from tui.walk import walk_of
from tui.words.found import final_verdict


def json_document(preset: Preset, interrupted: Interrupted, seeds: Seeds = (), keeper: Unkept = UNKEPT) -> Iterator[str]:
    """All runs, each with every seed, as one JSON object, once they are over."""
    records: list[dict[str, Any]] = []
    groups: list[list[Trainer]] = []  # for the claims alone: with their data, trainers of many seeds are large

    def add(trainers: list[Trainer]) -> None:
        for trainer in trainers:
            records.append(run_record(trainer))
            keeper.over(trainer, records[-1])
        groups.append(trainers if preset.sheet.claim else [])

    if seeds:
        for run in preset.runs:
            if not interrupted():
                add(trained_together(run, seeds, interrupted, keeper))
    else:
        for trainer in trainings(preset, interrupted, keeper=keeper):
            for _ in steps(trainer, interrupted, keeper):
                pass
            add([trainer])
    claims = [claim_record(finding, bool(seeds)) for finding in findings_of(preset, groups, seeds)]
    yield json_text({"preset": preset.name, "runs": records, "claims": claims})


def json_lines(preset: Preset, interrupted: Interrupted, seeds: Seeds = (), keeper: Unkept = UNKEPT) -> Iterator[str]:
    """One JSON object an event: every iteration, every epoch, the end of every run."""
    for trainer in trainings(preset, interrupted, seeds, keeper):
        history, epochs = trainer.history, len(trainer.history.epochs)  # of one that goes on
        run = {"run": trainer.run.name, "seed": trainer.run.seed}
        for metrics in steps(trainer, interrupted, keeper):
            yield json_text({"event": "iteration", **run, **iteration_record(metrics)})
            for entry in history.epochs[epochs:]:
                yield json_text({"event": "epoch", **run, **epoch_record(entry), **so_far(entry)})
            epochs = len(history.epochs)
        assert history.stopped is not None
        keeper.over(trainer, run_record(trainer))
        yield json_text({"event": "stopped", **run, **asdict(history.stopped), "diverged": diverged_record(history)})


def run_record(trainer: Trainer, with_epochs: bool = True) -> dict[str, Any]:
    """A run that is over, as `descent run --json` prints it; no clock in it, so the same run gives the same text.

    `message` is the arithmetic of a run that was refused, whose `final` is None; on a surface there is a `position`.
    `verdict` is what the curves mean: see `verdict_record`.

    Of more than 100,000 epochs, `epochs` holds the newest that `History` keeps; each says which one it is.
    """
    run, history, facts = trainer.run, trainer.history, trainer.run.facts
    assert history.initial is not None
    assert history.stopped is not None
    initial: dict[str, Any] = evaluation_record(history.initial, history.initial_validation)
    last = history.epochs[-1] if history.epochs else None
    final: dict[str, Any] | None = evaluation_record(last.train, last.validation) if last else dict.fromkeys(initial)
    best, kept = history.best, history.restored
    restored = {"epoch": kept.epoch, **evaluation_record(kept.train, kept.validation)} if kept else None
    if (walk := walk_of(trainer)) is not None and final is not None:
        initial["position"], final["position"] = walk.path[0].tolist(), walk.path[-1].tolist()
        if restored is not None and kept is not None:
            restored["position"] = walk.path[kept.epoch].tolist()
    if history.stopped.reason == "out_of_memory":
        final = None
    return {
        "name": run.name,
        "seed": run.seed,
        "stopped": history.stopped.reason,
        "message": history.stopped.message or None,
        "diverged": diverged_record(history),
        "epochs_run": len(history.epochs),
        "iterations": trainer.iteration,
        "iterations_per_epoch": run.iterations_per_epoch(),
        "parameters": run.parameters,
        "samples": {"train": facts.samples, "validation": facts.validation},
        "initial": initial,
        "final": final,
        "best": {
            "epoch": best.epoch if best else None,
            "validation_loss": best.validation.loss if best and best.validation else None,
        },
        "restored": restored,
        "verdict": verdict_record(final_verdict(trainer)),
        **({"epochs": [epoch_record(entry) for entry in history.epochs]} if with_epochs else {}),
    }


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """What the curves mean: its `kind`, in words, the facts with their figures, a lesson on it, and the setting to
    try next (None: none)."""
    suggestion = verdict.suggestion
    return {
        "kind": verdict.kind,
        "epoch": verdict.epoch,
        "says": verdict.words[0],
        "evidence": [asdict(fact) for fact in verdict.evidence],
        "lesson": verdict.lesson or None,
        "try": None if suggestion is None else asdict(suggestion),
    }


def iteration_record(metrics: IterationMetrics) -> dict[str, Any]:
    """An iteration as JSON names it."""
    return {key: getattr(metrics, key) for key in metrics.__slots__}


def so_far(entry: EpochMetrics) -> dict[str, Any]:
    """What an epoch has beside that as a line of its own: how much was trained until its end."""
    return {"iteration": entry.iteration, "samples_seen": entry.samples_seen, "seconds": entry.seconds}


def epoch_record(entry: EpochMetrics) -> dict[str, Any]:
    """An epoch as JSON names it."""
    record = {"epoch": entry.epoch, **evaluation_record(entry.train, entry.validation)}
    return {**record, "learning_rate": entry.learning_rate}


def evaluation_record(train: Evaluation, validation: Evaluation | None) -> dict[str, Any]:
    """Both sets side by side; what does not exist is None, and regression has two figures more."""
    names = ["loss", "accuracy"] + (["r2", "mean_absolute_error"] if train.accuracy is None else [])
    record = {name: getattr(train, name) for name in names}
    return record | {f"validation_{name}": getattr(validation, name, None) for name in names}


def diverged_record(history: History) -> dict[str, int] | None:
    """Where a run diverged; None: nowhere."""
    found = history.diverged
    return None if found is None else {"epoch": found.epoch, "iteration": found.iteration}


def json_text(value: Any) -> str:
    """One line of JSON."""
    return json.dumps(finite(value), allow_nan=False)
