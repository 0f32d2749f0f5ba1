"""The rows of the settings form: what each is called, how it is written, and what the arrow keys make of it.

Ranges, choices and error messages come from the engine's own table of settings; nothing is said twice here.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_args

from engine.live import LIVE
from engine.optimizers import AdamW
from engine.preset import read_run
from engine.run import Run
from engine.schema import Document, annotation_at, choices_of, choices_of_table, describe, parse, range_of, table_class
from engine.surfaces import SURFACES
from tui.figures import exact


@dataclass(frozen=True, slots=True)
class Field:
    """One row: its dotted key in a preset and its label."""

    key: str
    label: str

    @property
    def live(self) -> bool:
        """Whether a change takes effect at once; else it waits for the next start."""
        return self.key in LIVE


START = "surface.start"
RATE, DECAY = "training.optimizer.learning_rate", "training.optimizer.weight_decay"

#: Every row that there may be; `rows_of` says which of them a run has.
FIELDS = (
    Field("data.name", "data"),
    Field("surface.name", "surface"),
    Field("surface.start", "start"),
    Field("network.hidden", "hidden"),
    Field("network.activation", "activation"),
    Field("training.optimizer.name", "optimizer"),
    Field(RATE, "learning_rate"),
    Field("training.optimizer.momentum", "momentum"),
    Field(DECAY, "weight_decay"),
    Field("training.batch_size", "batch_size"),
    Field("training.epochs", "epochs"),
    Field("surface.steps", "steps"),
    Field("data.validation", "validation"),
    Field("seed", "seed"),
)
BY_KEY = {field.key: field for field in FIELDS}
OF_NETWORKS = ("network.", "training.batch_size", "training.epochs", "seed")  # what means nothing on a surface


def rows_of(run: Run, *others: Run) -> tuple[Field, ...]:
    """The rows of a run: what exists for it. Weight decay, which every optimizer has, only where it is more than an
    unused possibility: AdamW, or above 0 in this run or one of the `others` (so that the row stays when it is set to 0)."""
    decays = isinstance(run.training.optimizer, AdamW) or any(
        one.training.optimizer.weight_decay > 0.0 for one in (run, *others)
    )
    return tuple(
        field
        for field in FIELDS
        if value_of(run, field) is not None
        and (field.key != DECAY or decays)
        and (run.surface is None or not field.key.startswith(OF_NETWORKS))
    )


def value_of(run: Run, field: Field) -> Any:
    """The setting's value in a run; None where it has none, as SGD has no momentum."""
    value: Any = run
    for part in field.key.split("."):
        value = getattr(value, part, None)
    return value


def written(value: Any) -> str:
    """A value as one would type it."""
    if isinstance(value, tuple):
        return " ".join(map(exact, value)) or "none"
    return exact(value)


def annotation_of(field: Field, document: Document) -> Any:
    """What the setting may be; for the name of a table, the table's annotation (its choices)."""
    key = field.key.removesuffix(".name")
    return annotation_at(Run, document, key if choices_of(annotation_at(Run, document, key)) else field.key)


def choices(field: Field, document: Document) -> tuple[str, ...]:
    """The words that the setting may be; empty where it is typed.

    A table with keys that must be written, such as rows, cannot be chosen by its name alone: it is left out, but where
    it is the one there is.
    """
    annotation = annotation_of(field, document)
    tables, present = choices_of_table(annotation), table_class(annotation, _table(field, document))
    return tuple(
        word
        for word in choices_of(annotation)
        if word not in tables or tables[word] is present or not must_be_written(tables[word])
    )


def _table(field: Field, document: Document) -> Any:
    """The table that the setting stands in, as it is written."""
    table: Any = document
    for part in field.key.split(".")[:-1]:
        table = table.get(part) if isinstance(table, dict) else None
    return table


def must_be_written(cls: type) -> bool:
    """Whether a table has keys without a default."""
    return any(entry.default is MISSING and entry.default_factory is MISSING for entry in fields(cls))


def allowed(field: Field, document: Document) -> str:
    """What may be typed, short enough to stand beside the form."""
    annotation = annotation_of(field, document)
    if words := choices(field, document):
        return ", ".join(words)
    if field.key == "network.hidden":
        return f"{range_of(annotation)} each, or none"
    if field.key == START:
        return f"{' and '.join(_axes(document))}, {range_of(annotation)}"
    return describe(annotation)


def typed(field: Field, document: Document, text: str) -> Any:
    """The value that the text means. Raises ValueError saying what is allowed instead."""
    annotation = annotation_of(field, document)
    words = choices(field, document)
    if field.key == START:  # a list, but "0" is a place and not an empty one
        return [parse(get_args(annotation)[0], word) for word in text.strip(" []").replace(",", " ").split()]
    if not words:
        return parse(annotation, text)
    starting = [word for word in words if word.startswith(text.strip().lower())]
    if text.strip() in words:
        return text.strip()
    if text.strip() and len(starting) == 1:
        return starting[0]
    raise ValueError("one of " + ", ".join(words))


def nudged(field: Field, document: Document, value: Any, up: bool) -> Any:
    """The next value in that direction, or the same where there is none.

    Rates, counts of epochs and samples go through 1-2-5, batch sizes and units double and halve, choices go round; a start
    moves by a half along its first axis.
    """
    annotation = annotation_of(field, document)
    words = choices(field, document)
    if words:
        return words[(words.index(value) + (1 if up else -1)) % len(words)]
    bounds = range_of(annotation)
    assert bounds is not None
    if value == "full":
        samples = read_run(document, "").facts.samples
        return value if up or samples < 2 else 2 ** ((samples - 1).bit_length() - 1)
    if field.key == START:
        first = value[0] + (0.5 if up else -0.5)
        return [first, *value[1:]] if bounds.holds(first) else value
    if isinstance(value, tuple):
        units = [each * 2 if up else max(1, each // 2) for each in value] or [16] * up
        return units if all(map(bounds.holds, units)) else value
    new: float
    if field.key == "seed":
        new = value + (1 if up else -1)
    elif field.key == "training.batch_size":
        new = value * 2 if up else -(-value // 2)
    elif isinstance(value, float) and bounds.high < 1.0:
        new = round(value + (0.05 if up else -0.05), 10)
    else:
        new = one_two_five(value, up)
    return new if bounds.holds(new) else value


def _axes(document: Document) -> tuple[str, ...]:
    surface = document.get("surface")
    return axes_of(surface["name"]) if isinstance(surface, dict) else ()


def axes_of(name: str) -> tuple[str, ...]:
    """What the parameters of a surface are called."""
    kind: Any = SURFACES[name]
    axes: tuple[str, ...] = kind.axes
    return axes


def one_two_five(value: float, up: bool) -> float:
    """The next larger or smaller of ... 0.1, 0.2, 0.5, 1, 2, 5, 10 ...; whole numbers stay whole, below 1 comes 0."""
    whole = isinstance(value, int)
    if value <= 0:
        return 1 if whole and up else 0
    power = math.floor(math.log10(value) + 1e-9)
    steps = [float(f"{digit}e{exponent}") for exponent in (power - 1, power, power + 1) for digit in (1, 2, 5)]
    if up:
        new = next(step for step in steps if step > value * (1 + 1e-9))
    else:
        new = next(step for step in reversed(steps) if step < value * (1 - 1e-9))
    return (int(new) if new >= 1 else 0) if whole else new
