"""A training as text: plain lines for people and JSON for programs.

Nothing here knows a terminal. `plain_lines`, `json_lines` and `json_document` train the runs of a preset while their lines
are read, and end early once `interrupted()` is true; everything else is a function from figures to text.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from engine import Changed, Diverged, EpochMetrics, Evaluation, IterationMetrics, Preset, Trainer
from engine.datasets import Data
from engine.own_table import OwnTable
from tui.figures import count, printable

WIDTH = 100  # columns of a plain line, at most
MOST_EPOCH_LINES = 60  # of a run; with more epochs, only every 2nd, 5th, 10th ... has a line

Interrupted = Callable[[], bool]


def trainings(preset: Preset, interrupted: Interrupted) -> Iterator[Trainer]:
    """A trainer for each run of the preset, one after the other; none begins after an interruption."""
    for run in preset.runs:
        yield Trainer(run)
        if interrupted():
            return


def steps(trainer: Trainer, interrupted: Interrupted) -> Iterator[IterationMetrics]:
    """Train to the end, or until `interrupted()`: the iteration in progress is finished first."""
    while not trainer.done:
        if interrupted():
            trainer.interrupt()
        else:
            yield trainer.step()


# Plain lines ----------------------------------------------------------------------------------------------------------


def plain_lines(preset: Preset, interrupted: Interrupted) -> Iterator[str]:
    """Every run with its heading, its epochs and what came out; a comparison ends in a table."""
    records: list[dict[str, Any]] = []
    for trainer in trainings(preset, interrupted):
        yield from ([""] if records else [])
        yield from map(fit, heading(preset.title, trainer))
        yield from map(fit, progress(trainer, steps(trainer, interrupted)))
        yield fit(ending(trainer))
        records.append(run_record(trainer))
    if len(records) > 1:
        yield ""
        yield from map(fit, comparison(records))


def heading(title: str, trainer: Trainer) -> list[str]:
    """What is about to be trained, and how good it is before."""
    run, facts, optimizer = trainer.run, trainer.run.facts, trainer.run.training.optimizer
    validation = f"{facts.validation} validation samples" if facts.validation else "no validation samples"
    initial = trainer.history.initial
    assert initial is not None  # the trainer evaluates when it is made
    shown = figures(initial, trainer.history.initial_validation)
    width = len(_epoch(trainer.epochs, trainer.epochs, trainer.iterations, trainer.iterations))
    before = f"{'before training':<{width}}  {shown}"
    return [
        title,
        f"run {run.name}, seed {run.seed}; data {run.source.name}, {facts.samples} training and {validation}",
        *_guesses(run.source),
        f"network {'-'.join(map(str, run.sizes))}, {run.parameters} parameters; {run.network.activation}, {run.loss}",
        f"{optimizer.name}, learning rate {optimizer.learning_rate:g}, batch size {run.batch_size}; "
        f"{count(trainer.epochs, 'epoch')} of {count(run.iterations_per_epoch(), 'iteration')}, {trainer.iterations} in all",
        before if len(before) <= WIDTH else f"before training  {shown}",
    ]


def _guesses(data: Data) -> Iterator[str]:
    """What was guessed about a table of one's own."""
    for guess in data.guesses() if isinstance(data, OwnTable) else ():
        yield from textwrap.wrap(f"  {guess}", WIDTH, subsequent_indent="    ")


def progress(trainer: Trainer, training: Iterator[IterationMetrics]) -> Iterator[str]:
    """A line for each epoch that is shown, and for whatever else happens, as `training` goes on."""
    history = trainer.history
    epochs = changes = 0
    diverged = False
    for _ in training:
        for change in history.changes[changes:]:
            yield change_line(change)
        changes = len(history.changes)
        if len(history.epochs) > epochs:
            epochs = len(history.epochs)
            newly_diverged = history.diverged is not None and not diverged
            if trainer.done or newly_diverged or has_line(epochs, trainer.epochs):
                yield epoch_line(history.epochs[-1], trainer.epochs, trainer.iterations)
        if history.diverged and not diverged:
            diverged = True
            yield divergence_line(history.diverged, trainer.run.training.divergence.factor)
    if history.stopped and history.stopped.reason == "interrupted":
        yield f"interrupted at epoch {history.stopped.epoch}, iteration {history.stopped.iteration}"


def has_line(epoch: int, epochs: int) -> bool:
    """Whether an epoch has a line: the first, the last, and every 1st, 2nd, 5th, 10th, ... in between."""
    steps = (factor * 10**power for power in range(20) for factor in (1, 2, 5))
    return epoch in (1, epochs) or epoch % next(step for step in steps if epochs <= MOST_EPOCH_LINES * step) == 0


def epoch_line(entry: EpochMetrics, epochs: int, iterations: int) -> str:
    """The end of one epoch: 'epoch 7/50  iteration 224/1600  loss 0.041  accuracy 100.0%  validation 0.053 99.0%'."""
    shown = figures(entry.train, entry.validation)
    line = f"{_epoch(entry.epoch, epochs, entry.iteration, iterations)}  {shown}"
    # figures of a hundred digits and millions of iterations leave no room for both
    return line if len(line) <= WIDTH else f"epoch {entry.epoch}/{epochs}  {shown}"


def _epoch(epoch: int, epochs: int, iteration: int, iterations: int) -> str:
    left = f"epoch {epoch}/{epochs}".ljust(len(f"epoch {epochs}/{epochs}"))
    return f"{left}  " + f"iteration {iteration}/{iterations}".ljust(len(f"iteration {iterations}/{iterations}"))


def figures(train: Evaluation, validation: Evaluation | None) -> str:
    """'loss 0.0410    accuracy  99.0%  validation 0.0530   98.0%'; mean absolute error where accuracy does not exist."""
    name = "mean absolute error" if train.accuracy is None else "accuracy"
    parts = f"loss {number(train.loss):<8}  {name} {_quality(train):<6}"
    if validation is not None:
        parts += f"  validation {number(validation.loss):<8} {_quality(validation)}"
    return parts.rstrip()


def _quality(evaluation: Evaluation) -> str:
    if evaluation.accuracy is not None:
        return percent(evaluation.accuracy)
    return number(evaluation.mean_absolute_error)


def change_line(change: Changed) -> str:
    """A setting that was changed while the run trained."""
    return f"after iteration {change.iteration} {change.key} was changed from {change.old} to {change.new}"


def divergence_line(diverged: Diverged, factor: float) -> str:
    """Where a run diverged, and by what that was seen."""
    if math.isfinite(diverged.loss):
        return f"{diverged}: the loss is {number(diverged.loss)}, more than {factor:g} times what it was before training"
    return f"{diverged}: the loss is {'infinite' if math.isinf(diverged.loss) else 'not a number (NaN)'}"


def ending(trainer: Trainer) -> str:
    """What came out of a run that is over, in one line."""
    history = trainer.history
    assert history.stopped is not None
    begin = f"{history.stopped.reason} after {trainer.seconds:.2f} s: "
    if not history.epochs:
        return begin + "no epoch was finished"
    final, best = history.epochs[-1], history.best
    text = begin + f"final loss {number(final.train.loss)}"
    if final.validation is not None:
        text += f", validation loss {number(final.validation.loss)}"
    if best is None:
        return text + ", no epoch with a finite loss"
    text += f", best {number((best.validation or best.train).loss)} at epoch {best.epoch}"
    return text if final.validation is not None else text + " (no validation)"


def comparison(records: Sequence[dict[str, Any]]) -> list[str]:
    """An aligned table of runs, a line each, from what `run_record` says of them."""
    regression = all("mean_absolute_error" in record["initial"] for record in records)
    blind = all(record["samples"]["validation"] == 0 for record in records)
    quality = "mean_absolute_error" if regression else "accuracy"
    if not blind:
        quality = f"validation_{quality}"
    rows = [["run", "final loss", "validation loss", quality.replace("_", " "), "best epoch"]]
    for record in records:
        final, blank = record["final"], record["epochs_run"] == 0
        shown = final.get(quality)
        rows.append([
            record["name"],
            "none" if blank else number(final["loss"]),
            "none" if blank or record["samples"]["validation"] == 0 else number(final["validation_loss"]),
            "none" if shown is None else number(shown) if regression else percent(shown),
            str(record["best"]["epoch"] or "none"),
        ])  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[0] = min(widths[0], WIDTH - sum(widths[1:]) - 2 * len(widths[1:]))
    rows = [[fit(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return ["  ".join(row).rstrip() for row in rows]


def number(value: float | None) -> str:
    """Three significant digits, written out where that is short; None, as JSON has it, is what is not finite."""
    if value is None or math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.2e}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def percent(share: float) -> str:
    """'99.0%'."""
    return f"{100 * share:.1f}%"


def fit(line: str, width: int = WIDTH) -> str:
    """The line without control codes (a title is a stranger's text), cut to `width`."""
    line = printable(line)
    return line if len(line) <= width else line[: width - 3] + "..."


# JSON -----------------------------------------------------------------------------------------------------------------


def json_document(preset: Preset, interrupted: Interrupted) -> Iterator[str]:
    """All runs as one JSON object, once they are over."""
    records = []
    for trainer in trainings(preset, interrupted):
        for _ in steps(trainer, interrupted):
            pass
        records.append(run_record(trainer))
    yield _json({"preset": preset.name, "runs": records, "claims": []})


def json_lines(preset: Preset, interrupted: Interrupted) -> Iterator[str]:
    """One JSON object an event: every iteration, every epoch, the end of every run."""
    for trainer in trainings(preset, interrupted):
        history, epochs = trainer.history, 0
        run = {"run": trainer.run.name, "seed": trainer.run.seed}
        for metrics in steps(trainer, interrupted):
            yield _json({"event": "iteration", **run, **{key: getattr(metrics, key) for key in metrics.__slots__}})
            for entry in history.epochs[epochs:]:
                so_far = {"iteration": entry.iteration, "samples_seen": entry.samples_seen, "seconds": entry.seconds}
                yield _json({"event": "epoch", **run, **epoch_record(entry), **so_far})
            epochs = len(history.epochs)
        assert history.stopped is not None
        yield _json({"event": "stopped", **run, **asdict(history.stopped), "diverged": _diverged(trainer)})


def run_record(trainer: Trainer) -> dict[str, Any]:
    """A run that is over, as `descent run --json` prints it; no clock in it, so the same run gives the same text.

    Of more than 100,000 epochs, `epochs` holds the newest that `History` keeps; each says which one it is.
    """
    run, history, facts = trainer.run, trainer.history, trainer.run.facts
    assert history.initial is not None
    assert history.stopped is not None
    initial = evaluation_record(history.initial, history.initial_validation)
    final = history.epochs[-1] if history.epochs else None
    best, kept = history.best, history.restored
    return {
        "name": run.name,
        "seed": run.seed,
        "stopped": history.stopped.reason,
        "diverged": _diverged(trainer),
        "epochs_run": len(history.epochs),
        "iterations": trainer.iteration,
        "iterations_per_epoch": run.iterations_per_epoch(),
        "parameters": run.parameters,
        "samples": {"train": facts.samples, "validation": facts.validation},
        "initial": initial,
        "final": evaluation_record(final.train, final.validation) if final else dict.fromkeys(initial),
        "best": {
            "epoch": best.epoch if best else None,
            "validation_loss": best.validation.loss if best and best.validation else None,
        },
        "restored": {"epoch": kept.epoch, **evaluation_record(kept.train, kept.validation)} if kept else None,
        "epochs": [epoch_record(entry) for entry in history.epochs],
    }


def epoch_record(entry: EpochMetrics) -> dict[str, Any]:
    """An epoch as JSON names it."""
    record = {"epoch": entry.epoch, **evaluation_record(entry.train, entry.validation)}
    return {**record, "learning_rate": entry.learning_rate}


def evaluation_record(train: Evaluation, validation: Evaluation | None) -> dict[str, Any]:
    """Both sets side by side; what does not exist is None, and regression has two figures more."""
    names = ["loss", "accuracy"] + (["r2", "mean_absolute_error"] if train.accuracy is None else [])
    record = {name: getattr(train, name) for name in names}
    return record | {f"validation_{name}": getattr(validation, name, None) for name in names}


def _diverged(trainer: Trainer) -> dict[str, int] | None:
    found = trainer.history.diverged
    return None if found is None else {"epoch": found.epoch, "iteration": found.iteration}


def _json(value: Any) -> str:
    return json.dumps(_finite(value), allow_nan=False)


def _finite(value: Any) -> Any:
    """`value` with null in place of NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
