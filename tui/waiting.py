"""Which settings of the form a run does not train with: they wait for the next start."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from engine import Run, Trainer
from engine.live import LIVE, OF_OPTIMIZER, live_value
from tui import form
from tui.form import Field


def waiting(trainer: Trainer, wanted: Run, fields: Iterable[Field]) -> frozenset[str]:
    """The keys of settings in which `wanted` differs from what `trainer` trains with."""
    found = {field.key for field in fields if not _trains(trainer, wanted, field)}
    trained = trainer.run
    # what the form has no row for is told by the row that names its table
    table, differing = ("data.name", ("validation",)) if wanted.data is not None else ("surface.name", ("start", "steps"))
    same_kind = type(trained.source) is type(wanted.source)
    if not same_kind or _like(trained.source, wanted.source, differing) != wanted.source:
        found.add(table)
    optimizer = wanted.training.optimizer
    if _like(trained.training.optimizer, optimizer, ("learning_rate", *OF_OPTIMIZER)) != optimizer:
        found.add("training.optimizer.name")
    return frozenset(found)


def _trains(trainer: Trainer, run: Run, field: Field) -> bool:
    """Whether the trainer trains with the setting as `run` has it."""
    wanted = form.value_of(run, field)
    if not field.live:
        return bool(form.value_of(trainer.run, field) == wanted)
    if field.key == form.RATE:  # what the schedule multiplies; changed in proportion, it may be off by rounding
        return math.isclose(trainer.base_rate, wanted, rel_tol=1e-9)
    value = live_value(trainer, LIVE[field.key])
    if field.key == "training.batch_size":
        if wanted == "full" and value == trainer.run.facts.samples:
            return True
        wanted = min(run.batch_size, trainer.run.facts.samples)
    return bool(value == wanted)


def _like(table: Any, other: Any, keys: Sequence[str]) -> Any:
    """`table` with those of these keys that both have as `other` has them."""
    return replace(table, **{key: getattr(other, key) for key in keys if hasattr(table, key) and hasattr(other, key)})
