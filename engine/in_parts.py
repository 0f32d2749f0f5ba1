"""An iteration in parts, of which the long ones may be done in another thread while an event loop goes on.

Forward, loss, backward and an evaluation read the weights and write into buffers of their own: whoever looks at weights
and history meanwhile sees them as they were before. The update, and whatever is noted, is made between the parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.ending import ends_epoch, finish_epoch, note_divergence, watch
from engine.metrics import IterationMetrics
from engine.objective import NetworkObjective

if TYPE_CHECKING:
    from engine.trainer import Trainer

LONG = 0.008  # seconds: a step that takes longer keeps a key waiting
QUICK = 5e9  # floating point operations a second, about: a guess until the first step was timed

Work = Callable[[], object]


def takes_long(trainer: Trainer) -> bool:
    """Whether the next step, with the evaluation at its end where it ends an epoch, is likely to take longer than LONG."""
    ends = trainer.batch + 1 >= trainer.planned if trainer.in_epoch else trainer.batch_size >= trainer.rows_in_all
    took = trainer.took[ends]
    return (guessed(trainer, ends) if took is None else took) > LONG


def guessed(trainer: Trainer, ends: bool) -> float:
    """Seconds that a step may take, from its products alone: two operations a weight and row forward, four backward."""
    if not isinstance(trainer.objective, NetworkObjective):
        return 0.0
    rows = 3 * trainer.batch_size + (trainer.rows_in_all if ends else 0)
    return 2.0 * rows * trainer.parameters.size / QUICK


def step_in_parts(trainer: Trainer) -> Iterator[Work | IterationMetrics]:
    """The next step, to the bit as `Trainer.step` makes it: what takes long as functions, then its metrics.

    Each function is to be called once, in any thread, before the next is asked for; until it is done nothing else may
    train, or change a setting of the trainer but its learning rate, momentum and weight decay. Raises RuntimeError where
    the run is over.
    """
    if trainer.done:
        raise RuntimeError("this run is over")
    quietly, started = trainer.quietly, trainer.clock()
    while trainer.phase < 3:
        phase = trainer.computing[trainer.phase]
        yield partial(quietly, phase)
    metrics = quietly(trainer.update, started)
    before, trainer.seconds = trainer.seconds, metrics.seconds
    objective = trainer.objective
    found: list[Any] = []
    if not math.isfinite(metrics.batch_loss):
        note_divergence(trainer, metrics.batch_loss)
    if trainer.run.training.evaluate == "iteration":
        yield lambda: found.append(quietly(objective.train_loss))
        trainer.history.add_train_loss(trainer.iteration, found[-1])
        watch(trainer, found[-1])
    ends = ends_epoch(trainer, trainer.planned)
    if ends:
        trainer.in_epoch = False
        yield lambda: found.append(quietly(objective.evaluate))
        finish_epoch(trainer, *found[-1])
    trainer.took[ends] = took = trainer.clock() - started
    if found:
        trainer.seconds = before + took
    yield metrics
