"""A training as plain lines for people, trained while its lines are read.

Nothing here knows a terminal. The lines end early once `interrupted()` is true; all but `plain_lines` are functions from
figures to text.
"""

from __future__ import annotations

import math
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine import Changed, Diverged, EpochMetrics, Evaluation, IterationMetrics, Preset, Run, Trainer
from engine.datasets import Data
from engine.own_table import OwnTable
from tui.console.claimed import claim_lines, findings_of
from tui.console.keeping import Unkept
from tui.console.records import run_record
from tui.console.tables import WIDTH, comparison, fit, medians, number, seeds_table
from tui.console.unwatched import UNKEPT, Interrupted, Seeds, steps, trained_together, trainings
from tui.figures import count, percent
from tui.live_edit import refused
from tui.walk import Walk, walk_of
from tui.words.endings import diverged, early, monitored, reduced, restored

UNSAID = ("too_early", "refused")  # verdicts that say no more than the lines before them
MOST_EPOCH_LINES = 60  # of a run that is quick; with more epochs, only every 2nd, 5th, 10th ... has a line
EVERY = 1.0  # seconds after which a run that is slower than that has a line all the same


def plain_lines(preset: Preset, interrupted: Interrupted, seeds: Seeds = (), keeper: Unkept = UNKEPT) -> Iterator[str]:
    """Every run with its heading, its epochs, what came out and what the curves mean; a comparison ends in a table."""
    if seeds:
        yield from map(fit, _with_seeds(preset, interrupted, seeds, keeper))
        return
    records: list[dict[str, Any]] = []
    groups = []
    for trainer in trainings(preset, interrupted, keeper=keeper):
        yield from ([""] if records else [])
        groups.append([trainer])
        yield from map(fit, heading(preset.title, trainer))
        yield from map(fit, progress(trainer, steps(trainer, interrupted, keeper)))
        yield from map(fit, textwrap.wrap(ending(trainer), WIDTH, subsequent_indent="  "))
        records.append(run_record(trainer))
        keeper.over(trainer, records[-1])
        if (verdict := records[-1]["verdict"])["kind"] not in UNSAID:
            yield from map(fit, textwrap.wrap(f"verdict: {verdict['says']}", WIDTH, subsequent_indent="  "))
    if len(records) > 1:
        yield ""
        yield from map(fit, comparison(records))
    if not interrupted():
        yield from _claims(preset, groups)


def _claims(preset: Preset, groups: Sequence[Sequence[Trainer]], seeds: Seeds = ()) -> Iterator[str]:
    """What became of what the preset claims, in trainings that are over."""
    if preset.sheet.claim:
        yield from ["", "claims, with your settings" if preset.changed else "claims"]
    for finding in findings_of(preset, groups, seeds):
        yield from claim_lines(finding, WIDTH, bool(seeds))


def _with_seeds(preset: Preset, interrupted: Interrupted, seeds: Seeds, keeper: Unkept) -> Iterator[str]:
    """Every run with all seeds: a line a seed, then what they come to; runs are compared by their medians."""
    groups: list[list[dict[str, Any]]] = []
    trained = []
    for run in preset.runs:
        yield from ([""] if groups else [])
        yield from about(preset.title, run, seeds)
        trainers = trained_together(run, seeds, interrupted, keeper)
        if all(map(refused, trainers)):
            yield from textwrap.wrap(ending(trainers[0]), WIDTH, subsequent_indent="  ")
        groups.append([run_record(trainer) for trainer in trainers])
        for trainer, record in zip(trainers, groups[-1], strict=True):
            keeper.over(trainer, record)
        trained.append(trainers if preset.sheet.claim else [])  # with their data they are large
        yield from seeds_table(groups[-1])
        if interrupted():
            yield "interrupted"
            return
    if len(groups) > 1:
        yield ""
        yield from medians(groups)
    yield from _claims(preset, trained, seeds)


def heading(title: str, trainer: Trainer) -> list[str]:
    """What is about to be trained, and how good it is before."""
    initial, run = trainer.history.initial, trainer.run
    assert initial is not None  # the trainer evaluates when it is made
    shown = figures(initial, trainer.history.initial_validation, walk_of(trainer), 0)
    width = len(_epoch(trainer.epochs, trainer.epochs, trainer.iterations, trainer.iterations, run.surface is not None))
    before = f"{'before training':<{width}}  {shown}"
    return [*about(title, run), before if len(before) <= WIDTH else f"before training  {shown}"]


def about(title: str, run: Run, seeds: Seeds = ()) -> list[str]:
    """What a run is."""
    facts, training, optimizer = run.facts, run.training, run.training.optimizer
    seed = f"seed {run.seed}"
    if seeds:
        whole = len(seeds) > 1 and seeds[-1] - seeds[0] == len(seeds) - 1
        seed = f"seeds {seeds[0]} to {seeds[-1]}" if whole else f"seed {seeds[0]}"
    how = f"{optimizer.name}, learning rate {optimizer.learning_rate:g}"
    if run.surface is not None:
        start = ", ".join(f"{each:g}" for each in run.surface.start)
        where = f"run {run.name}; surface {run.surface.name}, start {start}, {count(run.epochs, 'step')}"
        return [title, where, *_further(run, how)]
    validation = f"{facts.validation} validation samples" if facts.validation else "no validation samples"
    per_epoch = run.iterations_per_epoch()
    return [
        title,
        f"run {run.name}, {seed}; data {run.source.name}, {facts.samples} training and {validation}",
        *_guesses(run.source),
        f"network {'-'.join(map(str, run.sizes))}, {run.parameters} parameters; {run.network.activation}, {run.loss}",
        f"{how}, batch size {run.batch_size}; "
        f"{count(training.epochs, 'epoch')} of {count(per_epoch, 'iteration')}, {training.epochs * per_epoch} in all",
        *_further(run),
    ]


def _further(run: Run, *first: str) -> Iterator[str]:
    """What not every run has, in a line, after `first`; nothing where there is none of it."""
    training, said = run.training, list(first)
    optimizer = training.optimizer
    if (momentum := getattr(optimizer, "momentum", None)) is not None:
        said.append(f"momentum {momentum:g}")
    if optimizer.weight_decay > 0.0:
        said.append(f"weight decay {optimizer.weight_decay:g}")
    if training.schedule.name != "constant":
        said.append(f"schedule {training.schedule.name}")
    if training.schedule.warmup_iterations:
        said.append(f"warm-up of {count(training.schedule.warmup_iterations, 'iteration')}")
    said += [f"{name} {value:g}" for name, value in (("l1", training.l1), ("l2", training.l2)) if value > 0.0]
    if run.network.dropout > 0.0:
        said.append(f"dropout {run.network.dropout:g}")
    if training.clip_norm > 0.0:
        said.append(f"gradients clipped to {training.clip_norm:g}")
    if training.memory_limit is not None:
        said.append(f"memory limit {training.memory_limit}")
    if (rule := training.early_stopping) is not None:
        said.append(f"early stopping on {monitored(rule.monitor)}, patience {rule.patience}")
    if said:
        yield from textwrap.wrap(", ".join(said), WIDTH, subsequent_indent="  ")


def _guesses(data: Data) -> Iterator[str]:
    """What was guessed about a table of one's own."""
    for guess in data.guesses() if isinstance(data, OwnTable) else ():
        yield from textwrap.wrap(f"  {guess}", WIDTH, subsequent_indent="    ")


def progress(
    trainer: Trainer, training: Iterator[IterationMetrics], clock: Callable[[], float] = time.monotonic
) -> Iterator[str]:
    """A line for each epoch that is shown, and for whatever else happens, as `training` goes on.

    Where a line is a second old, the end of the next epoch has one too; and within an epoch that takes longer than that,
    a batch about once a second. `clock` gives the seconds.
    """
    history, walk = trainer.history, trainer.run.surface is not None
    epochs = changes = 0
    was_diverged, factor = False, 1.0
    said = begun = clock()
    for metrics in training:
        now = clock()
        late = now - said >= EVERY
        for change in history.changes[changes:]:
            yield change_line(change)
        changes = len(history.changes)
        if len(history.epochs) > epochs:
            epochs, begun = len(history.epochs), now
            newly_diverged = history.diverged is not None and not was_diverged
            reduced_now = trainer.plateau is not None and trainer.plateau.factor != factor
            if trainer.done or newly_diverged or late or has_line(epochs, trainer.epochs):
                said = now
                yield epoch_line(history.epochs[-1], trainer.epochs, trainer.iterations, walk_of(trainer))
            if reduced_now and trainer.plateau is not None:
                factor = trainer.plateau.factor
                yield f"after {'step' if walk else 'epoch'} {epochs} {reduced(trainer)}"
        elif late and now - begun >= EVERY:
            said = now
            yield batch_line(metrics, trainer.epochs, trainer.iterations)
        if history.diverged and not was_diverged:
            was_diverged = True
            yield divergence_line(history.diverged, trainer.run.training.divergence.factor, diverged(trainer))
    if history.stopped and history.stopped.reason == "interrupted":
        at = f"epoch {history.stopped.epoch}, iteration {history.stopped.iteration}"
        yield f"interrupted at {f'step {history.stopped.iteration}' if walk else at}"
    if (last := early(trainer) or restored(trainer)) and trainer.done:
        yield last


def has_line(epoch: int, epochs: int) -> bool:
    """Whether an epoch has a line: the first, the last, and every 1st, 2nd, 5th, 10th, ... in between."""
    steps = (factor * 10**power for power in range(20) for factor in (1, 2, 5))
    return epoch in (1, epochs) or epoch % next(step for step in steps if epochs <= MOST_EPOCH_LINES * step) == 0


def epoch_line(entry: EpochMetrics, epochs: int, iterations: int, walk: Walk | None = None) -> str:
    """The end of one epoch: 'epoch 7/50  iteration 224/1600  loss 0.041  accuracy 100.0%  validation 0.053 99.0%'.

    On a surface, of one step: 'step 7/40  loss 1.23  w -2.100'.
    """
    shown = figures(entry.train, entry.validation, walk, entry.epoch)
    line = f"{_epoch(entry.epoch, epochs, entry.iteration, iterations, walk is not None)}  {shown}"
    # figures of a hundred digits and millions of iterations leave no room for both
    return line if len(line) <= WIDTH else f"epoch {entry.epoch}/{epochs}  {shown}"


def batch_line(metrics: IterationMetrics, epochs: int, iterations: int) -> str:
    """A batch within an epoch: 'epoch 1/50   iteration 7/1600     batch loss 0.691   accuracy 53.1%'."""
    shown = f"batch loss {number(metrics.batch_loss):<8}"
    if metrics.batch_accuracy is not None:
        shown += f"  accuracy {percent(metrics.batch_accuracy)}"
    line = f"{_epoch(metrics.epoch, epochs, metrics.iteration, iterations, False)}  {shown}".rstrip()
    return line if len(line) <= WIDTH else f"epoch {metrics.epoch}/{epochs}  {shown}".rstrip()


def _epoch(epoch: int, epochs: int, iteration: int, iterations: int, steps: bool) -> str:
    word = "step" if steps else "epoch"
    left = f"{word} {epoch}/{epochs}".ljust(len(f"{word} {epochs}/{epochs}"))
    if steps:
        return left
    return f"{left}  " + f"iteration {iteration}/{iterations}".ljust(len(f"iteration {iterations}/{iterations}"))


def figures(train: Evaluation, validation: Evaluation | None, walk: Walk | None = None, step: int = -1) -> str:
    """'loss 0.0410    accuracy  99.0%  validation 0.0530   98.0%'; mean absolute error where accuracy does not exist, and
    on a surface the position after this step."""
    if walk is not None:
        return f"loss {number(train.loss):<8}  {walk.at(step)}"
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


def divergence_line(found: Diverged, factor: float, where: str = "") -> str:
    """Where a run diverged (in other words: `where`), and by what that was seen."""
    where = where or str(found)
    if math.isfinite(found.loss):
        return f"{where}: the loss is {number(found.loss)}, more than {factor:g} times what it was before training"
    return f"{where}: the loss is {'infinite' if math.isinf(found.loss) else 'not a number (NaN)'}"


def ending(trainer: Trainer) -> str:
    """What came out of a run that is over, in one line; of a refused one, why."""
    history = trainer.history
    assert history.stopped is not None
    if refused(trainer):
        return f"refused, {history.stopped.message}"
    begin = f"{history.stopped.reason} after {trainer.seconds:.2f} s: "
    if not history.epochs:
        return begin + "no epoch was finished"
    final, best = history.epochs[-1], history.best
    text = begin + f"final loss {number(final.train.loss)}"
    if (walk := walk_of(trainer)) is not None:
        return f"{text} at {walk.at(-1)}"
    if final.validation is not None:
        text += f", validation loss {number(final.validation.loss)}"
    if best is None:
        return text + ", no epoch with a finite loss"
    text += f", best {number((best.validation or best.train).loss)} at epoch {best.epoch}"
    return text if final.validation is not None else text + " (no validation)"
