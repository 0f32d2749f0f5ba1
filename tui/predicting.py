"""What the network of each run says to an input that somebody types: pure functions from text to rows.

A few numbers are typed as they are; a row of many, such as a picture, is named by its number among the validation rows, so
that the right answer stands beside the network's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine import Trainer
from engine.objective import NetworkObjective
from engine.table import Floats, Table
from tui.canvas import Row, Span, row
from tui.figures import count, padded, percent, short, widest
from tui.inside.marks import number_text
from tui.names import labels, letters, marked

TYPED = 6  # features up to which the numbers themselves are typed
LARGEST = 1e6
SHOWN = 10  # classes of a single run
BAR = 20  # cells


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """An input (1, features) in the table's own units, in words, with its right answer and a remark where there is one."""

    inputs: Floats
    words: str
    truth: str = ""
    remark: str = ""


def hint(trainer: Trainer, blind: bool) -> str:
    """What may be typed, in a line."""
    table = trainer.table
    if table is None:
        return "Nothing to predict: this preset walks on a surface, it has no network"
    if len(table.features) > TYPED:
        what = "picture" if table.picture else "row"
        return f"The number of a {_part(table, blind)} {what}, from 1 to {len(_rows(table, blind)[0])}"
    return f"{', '.join(table.features)}: such as {example(trainer, blind)}"


def example(trainer: Trainer, blind: bool) -> str:
    """An input that may be typed: a number of a row, or values in the middle of the training rows."""
    table = trainer.table
    if table is None:
        return ""
    if len(table.features) > TYPED:
        return "1"
    raw = table.inputs * table.input_scale + table.input_offset
    return " ".join(f"{float(value):.2g}" for value in np.median(raw, axis=0))


def read(trainer: Trainer, text: str, blind: bool) -> Asked:
    """The input that a text means; `blind`: validation is hidden. Raises ValueError with what is allowed instead."""
    table = trainer.table
    if table is None:
        raise ValueError(hint(trainer, blind))
    words = text.replace(",", " ").split()
    if len(table.features) > TYPED:
        return _sample(table, words, blind)
    wanted = len(table.features)
    if len(words) != wanted:
        raise ValueError(f"{count(wanted, 'number')} wanted, {len(words)} given: {', '.join(table.features)}")
    values = [_number(word) for word in words]
    inputs = np.array([values], dtype=np.float64)
    named = ", ".join(f"{name} {value:g}" for name, value in zip(table.features, values, strict=True))
    return Asked(inputs, named, remark=_beyond(table, values))


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise ValueError(f'"{word}" is not a number') from None
    if not abs(value) <= LARGEST:  # written so that NaN is too large as well
        raise ValueError(f"{word} is too large: from {-LARGEST:,.0f} to {LARGEST:,.0f} is allowed")
    return value


def _beyond(table: Table, values: Sequence[float]) -> str:
    """That an input lies outside of all training rows, where the network was never told anything."""
    raw = table.inputs * table.input_scale + table.input_offset
    for name, value, low, high in zip(table.features, values, raw.min(axis=0), raw.max(axis=0), strict=True):
        if not low <= value <= high:
            rows = f"the training rows ({number_text(low)} to {number_text(high)})"
            return f"{name} {value:g} lies outside of {rows}: the network was never told about it"
    return ""


def _part(table: Table, blind: bool) -> str:
    return "training" if blind or not len(table.validation_inputs) else "validation"


def _rows(table: Table, blind: bool) -> tuple[Floats, np.ndarray]:
    """The rows that are named by number: of validation, or of training where that is hidden or empty."""
    if _part(table, blind) == "training":
        return table.inputs, table.targets
    return table.validation_inputs, table.validation_targets


def _sample(table: Table, words: Sequence[str], blind: bool) -> Asked:
    inputs, targets = _rows(table, blind)
    part, what = _part(table, blind), "picture" if table.picture else "row"
    digits = words[0].lstrip("#") if len(words) == 1 else ""
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits[:9]) <= len(inputs)) or len(digits) > 9:
        raise ValueError(f"The number of a {part} {what} is wanted, from 1 to {len(inputs)}")
    number = int(digits)
    raw = inputs[number - 1 : number] * table.input_scale + table.input_offset
    target = targets[number - 1]
    if table.classes:
        truth = table.classes[int(target)]
    else:
        truth = f"{table.target} {number_text(float(target[0]) * table.target_scale + table.target_offset)}"
    return Asked(np.ascontiguousarray(raw), f"{part} {what} {number}", truth)


# What comes back ------------------------------------------------------------------------------------------------------


def answers(trainers: Sequence[Trainer], asked: Asked, width: int) -> list[Row]:
    """A line for each run with what its network says now; of a single run in classes, a line for each class."""
    heads: list[Span] = [(asked.words, "strong")]
    if asked.truth:
        heads.append((f"   right answer: {asked.truth}", "text"))
    rows: list[Row] = [tuple(heads)]
    if asked.remark:
        rows.append(row((asked.remark, "warn")))
    rows.append(())
    if len(trainers) == 1:
        return [*rows, *_one_run(trainers[0], asked, width), (), row((_when(trainers[0]), "dim"))]
    marks, names = letters([one.run.name for one in trainers]), labels([one.run.name for one in trainers])
    longest = min(16, widest(names)) + 2
    for index, trainer in enumerate(trainers):
        said, right = _brief(trainer, asked)
        name = marked(marks[index], names[index])
        mark = {None: "", True: "  right", False: "  wrong"}[right]
        spans = ((f"{padded(name, longest)}  ", f"run-{index % 6 + 1}"), (said, "text"), (mark, "dim"))
        rows.append((*spans, (f"   {_when(trainer)}", "dim")))
    return rows


def _when(trainer: Trainer) -> str:
    if not trainer.iteration:
        return "not trained yet"
    return f"after epoch {trainer.epoch}" if trainer.at_epoch_end else f"in epoch {trainer.epoch}, batch {trainer.batch}"


def _one_run(trainer: Trainer, asked: Asked, width: int) -> list[Row]:
    shares = _probabilities(trainer, asked)
    if shares is None:
        return [row((_brief(trainer, asked)[0], "strong"))]
    table = trainer.table
    assert table is not None
    names = table.classes
    longest, found = min(20, widest(names)), list[Row]()
    order = np.argsort(-shares, kind="stable")
    if not np.isfinite(shares).all():
        return [row(("no number (NaN): this network has diverged", "bad"))]
    # few classes stay in their order, so that no row jumps while it trains
    for at in order[:SHOWN] if len(names) > SHOWN else range(len(names)):
        filled = round(BAR * float(shares[at]))
        best = at == order[0]
        mark = "" if not asked.truth or not best else "  right" if names[at] == asked.truth else "  wrong"
        start = ">" if best else " "
        found.append(
            (
                (f"{start} {padded(names[at], longest)}  {percent(float(shares[at])):>6}  ", "strong" if best else "text"),
                ("█" * filled, "bar"),
                ("░" * (BAR - filled), "dim"),
                (mark, "strong"),
            )
        )
    return found


def _brief(trainer: Trainer, asked: Asked) -> tuple[str, bool | None]:
    """'cat 97.3%, dog 2.7%' or 'points 98.05', and whether that is right, where it can be."""
    table = trainer.table
    if table is None or len(table.features) != asked.inputs.shape[1]:
        return "takes another number of inputs", None
    shares = _probabilities(trainer, asked)
    if shares is None:
        return f"{table.target} {short(float(trainer.predict(asked.inputs)[0, 0]))}", None
    if not np.isfinite(shares).all():
        return "no number (NaN)", None
    order = np.argsort(-shares, kind="stable")[:3]
    said = ", ".join(f"{table.classes[at]} {percent(float(shares[at]))}" for at in order)
    return said, table.classes[order[0]] == asked.truth if asked.truth else None


def _probabilities(trainer: Trainer, asked: Asked) -> Floats | None:
    """The probability of each class, (classes,); None where it predicts a number."""
    objective = trainer.objective
    if not isinstance(objective, NetworkObjective) or objective.loss_function.task != "classes":
        return None
    with np.errstate(all="ignore"):
        shares: Floats = objective.loss_function.probabilities(trainer.predict(asked.inputs))[0].astype(np.float64)
    return shares
