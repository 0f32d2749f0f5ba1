"""The numbers of a check in words: 'big validation loss 0.814 >= 1.5 x medium 0.0873 = 0.131'."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.claims import Check, Measure, parse_at, parse_over

MOST = 4  # numbers of a list that are written out

TAKES = {
    "std": "standard deviation",
    "std_of_changes": "step-to-step noise",
    "share_rising": "share of rises",
    "sign_changes": "changes of sign",
    "not_finite": "values that are no number",
    "changes": "changes",
    "argmin": "lowest at",
}


def number(value: float) -> str:
    """A number in three to six significant digits, as a person would write it."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.3g}" if not 1000 <= abs(value) < 1e6 else f"{value:.6g}" if abs(value) < 1e4 else f"{value:.0f}"


def numbers(values: Sequence[float]) -> str:
    """Numbers with commas; of many, the first few and how many there are."""
    shown = ", ".join(number(value) for value in values[:MOST])
    return shown if len(values) <= MOST else f"{shown}, ... ({len(values)} numbers)"


def label(measure: Measure, several: bool, where: bool = True) -> str:
    """What a measure is: 'big validation loss after epoch 1'; the run where there are several."""
    assert measure.metric is not None
    who = f"{measure.run} " if several and measure.run else ""
    what = measure.metric.replace("_", " ")
    if measure.index is not None:
        what += f" {measure.index}"
    if measure.input is not None:
        rows = measure.input
        what += f" for {rows[0]:g}" if len(rows) == 1 and isinstance(rows[0], float) else ""
    scale = f"{number(measure.times)} x " if measure.times != 1.0 else ""
    return f"{scale}{who}{what}{moment(measure) if where else ''}"


def moment(measure: Measure) -> str:
    """Where in the run: ' before training', ' after epoch 1', ' (mean over epochs 3-6)'; nothing for the end."""
    if measure.over is not None:
        over = parse_over(measure.over)
        if over.unit == "last":
            stretch = f"the last {over.share * 100:g} %"
        else:
            stretch = f"{over.unit}s {over.first}-{'' if over.last is None else over.last}"
        take = TAKES.get(measure.take or "", measure.take or "")
        return f" ({take}, {stretch})" if measure.take else f" ({stretch})"
    words = []
    for text in measure.points:
        at = parse_at(text)
        named = {"initial": "before training", "best": "at its best epoch", "restored": "restored", "final": "at the end"}
        words.append(named.get(at.kind, f"after {at.kind} {at.number}"))
    if words in ([], ["at the end"]):
        return ""
    if len(words) > 1:
        return f" ({'; '.join(words)})"
    return f" {words[0]}"


def side_words(check: Check, given: float | tuple[float, ...] | Measure, values: Sequence[float], several: bool) -> str:
    """The other side of a check with its number: '1.5 x medium 0.0873 = 0.131', or just '0.95'."""
    if not isinstance(given, Measure):
        return numbers(values)
    same_metric = given.metric == check.metric and given.index == check.index
    parts = [] if same_metric else [str(given.metric).replace("_", " ")]
    if several and given.run and given.run != check.run:
        parts.insert(0, given.run)
    if moment(given) != moment(check):
        parts.append(moment(given).strip() or "at the end")
    what = " ".join(parts) or str(given.metric).replace("_", " ")
    if given.times == 1.0 and given.plus == 0.0:
        return f"{what} {numbers(values)}"
    scale = f"{number(given.times)} x " if given.times != 1.0 else ""
    if len(values) == 1 and isinstance(given.plus, float):
        before = (values[0] - given.plus) / given.times if given.times else math.nan
        sign = "+" if given.plus > 0 else "-"
        plus = f" {sign} {number(abs(given.plus))}" if given.plus != 0.0 else ""
        return f"{scale}{what} {number(before)}{plus} = {numbers(values)}"
    return f"{scale}{what} and more = {numbers(values)}"
