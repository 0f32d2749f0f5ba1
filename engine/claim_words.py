"""The numbers of a check in words: 'big, validation loss: 0.518 is at least 1.5 x 0.0865 (medium) = 0.13'."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from engine.claims import WHOLE_RUN, Check, Measure, Over, parse_at, parse_over

MOST = 4  # numbers of a list that are written out
DIGITS = 3  # significant ones, of a number that was measured
ALL_DIGITS = 17  # with these no two numbers look equal that are not

METRICS = {
    "memory_bytes": "memory in bytes",
    "iterations_per_epoch": "iterations an epoch",
    "epochs_run": "epochs trained",
    "distance": "distance to the lowest point",
}
TAKES = {
    "min": "lowest",
    "max": "highest",
    "std": "standard deviation",
    "range": "highest minus lowest",
    "std_of_changes": "step-to-step noise",
    "share_rising": "share of rises",
    "sign_changes": "changes of sign",
    "not_finite": "values that are no number",
    "argmin": "place of the lowest",
}
RELATIONS = {
    "above": ("is at least", "is not at least"),
    "below": ("is at most", "is not at most"),
    "between": ("is between", "is not between"),
    "equals": ("equals", "does not equal"),
    "within_factor": ("is within a factor of {} of", "is not within a factor of {} of"),
}
SHARES = {0.5: "the 2nd half", 1.0: "the whole run"}


def number(value: float, unit: str = "", digits: int = DIGITS) -> str:
    """A number in `digits` significant digits, as a person would write it; of an accuracy in " %" or " points"."""
    value = 100.0 * float(value) if unit else float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    size = abs(value)
    if value == int(value) and size < 1e9:
        text = str(int(value)) if size < 10_000 else f"{int(value):,}"
    elif 1000 <= size < 1e7:
        text = f"{value:,.{max(0, digits - len(str(int(size))))}f}"
    else:
        text = f"{value:.{digits}g}"
    if unit == " %" and text == "100" and value < 100.0:  # 100 % only where it is all of them
        return number(value / 100.0, unit, digits + 1)
    mantissa, e, power = text.partition("e")
    text = f"{mantissa}{e}{int(power)}" if e else text
    return text + (" point" if unit == " points" and text in ("1", "-1") else unit)


def numbers(values: Sequence[float], unit: str = "", digits: int = DIGITS) -> str:
    """Numbers with commas; of many, the first few and how many there are."""
    shown = ", ".join(number(value, unit, digits) for value in values[:MOST])
    return shown if len(values) <= MOST else f"{shown}, ... ({len(values)} numbers)"


def digits_apart(pairs: Sequence[tuple[float, ...]], unit: str, exact: bool) -> int:
    """So many that no number looks like one that it is compared with and is not; `exact`: like one that it equals."""
    for digits in range(DIGITS, ALL_DIGITS):
        if exact:
            if digits > 12 or len(pairs) > 1:
                return DIGITS
            if number(pairs[0][0], unit, digits) == given_number(pairs[0][1], unit):
                return digits
        elif all(
            number(own, unit, digits) not in (number(other, unit, digits), given_number(other, unit))
            for own, *others in pairs[:4]
            for other in others
            if own != other
        ):
            return digits
    return ALL_DIGITS


def given_number(value: float, unit: str = "") -> str:
    """A number of a claim as its author wrote it."""
    return number(value, unit, 12)


def unit_of_number(measure: Measure) -> str:
    """What stands behind the numbers of a measure: " %", " points" (of a difference of percentages), or nothing."""
    if measure.take == "share_rising":
        return " %"
    if not str(measure.metric).endswith("accuracy") or measure.take in ("sign_changes", "not_finite", "argmin", "changes"):
        return ""
    return " points" if measure.take in ("std", "range", "std_of_changes") else " %"


def metric_words(measure: Measure) -> str:
    """'training loss', 'prediction for 9', 'weight 3'."""
    name = str(measure.metric)
    begin, _, rest = name.partition("_")
    what = f"training {rest}" if begin == "train" else METRICS.get(name, name.replace("_", " "))
    if name.endswith("_error"):
        what = what.replace("error", "mean absolute error")
    if name == "weight" and measure.index is None:
        what = "weights"
    if measure.index is not None:
        what += f" {measure.index}"
    if measure.axis:
        what += " on the second axis"
    if measure.input is not None:
        rows: Any = measure.input if isinstance(measure.input[0], tuple) else (measure.input,)
        shown = [", ".join(f"{entry:g}" for entry in row) for row in rows[:MOST]]
        what += f" for {' / '.join(shown)}{' / ...' if len(rows) > MOST else ''}"
    return what


def label(measure: Measure, several: bool, where: bool = True) -> str:
    """What a measure is: 'big, validation loss after epoch 1'; the run where there are several."""
    who = f"{measure.run}, " if several and measure.run else ""
    at = moment(measure) if where else ""
    scale = f"{given_number(measure.times)} x " if measure.times != 1.0 else ""
    plus = ""
    if isinstance(measure.plus, float) and measure.plus != 0.0:
        plus = _added(measure.plus, unit_of_number(measure))
    elif measure.plus != 0.0:
        plus = " and more"
    return f"{who}{scale}{metric_words(measure)}{', ' if measure.over and at else ' ' if at else ''}{at}{plus}"


def moment(measure: Measure) -> str:
    """Where in the run: 'before training', 'after epoch 1', 'mean over epochs 3 to 6'; nothing for the end."""
    if measure.over is not None:
        where = stretch_words(parse_over(measure.over))
        return f"{TAKES.get(measure.take, measure.take)} {where}" if measure.take else where
    words: list[str] = []
    for text in measure.points:
        at = parse_at(text)
        named = {"initial": "before training", "best": "at its best epoch", "restored": "put back", "final": "at the end"}
        words.append(named.get(at.kind, f"after {at.kind} {at.number}"))
    if words in ([], ["at the end"]):
        return ""
    kinds = {text.partition(":")[0] for text in measure.points}
    if len(words) > 1 and len(kinds) == 1 and ":" in measure.points[0]:
        return f"after {kinds.pop()}s {', '.join(text.partition(':')[2] for text in measure.points)}"
    return ", ".join(words)


def stretch_words(over: Over) -> str:
    """'over epochs 3 to 6', 'from epoch 30 on', 'over the 2nd half', 'over the whole run'."""
    if over.unit == "last":
        return f"over {SHARES.get(over.share, f'the last {100 * over.share:.3g} %')}"
    if over.last is None:
        return "over the whole run" if over.first <= 1 else f"from {over.unit} {over.first} on"
    if over.first == over.last:
        return f"at {over.unit} {over.first}" if over.first else "before training"
    return f"over {over.unit}s {over.first} to {over.last}"


def side_words(
    check: Check, side: Measure, total: Sequence[float], read: Callable[[Measure], Sequence[float]], digits: int = DIGITS
) -> str:
    """The other side of a check with its numbers: '1.5 x 0.0865 (medium) = 0.13'; `read` gives those of a metric alone."""
    plain = side.times == 1.0 and side.plus == 0.0
    words = _term(check, side, read, digits if plain else DIGITS)
    return words if plain and len(total) == 1 else f"{words} = {numbers(total, unit_of_number(check), digits)}"


def _term(check: Check, side: Measure, read: Callable[[Measure], Sequence[float]], digits: int) -> str:
    same = side.metric == check.metric and side.index == check.index and side.axis == check.axis
    parts = [] if side.run == check.run else [str(side.run)]
    if not same or (side.input != check.input):
        parts.append(metric_words(side))
    here, there = moment(check), moment(side)
    if there != here and side.metric not in WHOLE_RUN:
        parts.append(there or "at the end")
    what, values = " ".join(parts) or metric_words(side), read(side)
    scale = ("-" if side.times < 0 else "") + (f"{given_number(abs(side.times))} x " if abs(side.times) != 1.0 else "")
    words = scale + (f"{number(values[0], unit_of_number(side), digits)} ({what})" if len(values) == 1 else what)
    plus = side.added
    if isinstance(plus, Measure):
        nested = _term(check, plus, read, DIGITS)
        return f"{words} - {nested.removeprefix('-')}" if plus.times < 0 else f"{words} + {nested}"
    if isinstance(plus, tuple):
        return f"{words} + ({', '.join(map(given_number, plus[:MOST]))})"
    return words + (_added(plus, unit_of_number(side)) if plus != 0.0 else "")


def _added(plus: float, unit: str) -> str:
    return f" {'+' if plus > 0 else '-'} {given_number(abs(plus), ' points' if unit else '')}"
