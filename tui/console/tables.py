"""Results as aligned tables of plain text: runs side by side, and one run with many seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from tui.figures import cut, padded, percent, printable, widest

WIDTH = 100  # columns of a plain line, at most

Record = dict[str, Any]  # what `records.run_record` says of a run


def comparison(records: Sequence[Record]) -> list[str]:
    """A line for each run."""
    names = _figures(records)
    rows = [["run", *map(_heading, names), "best epoch"]]
    for record in records:
        rows.append([record["name"], *(_cell(record, name) for name in names), str(record["best"]["epoch"] or "none")])
    return _aligned(rows)


def seeds_table(records: Sequence[Record]) -> list[str]:
    """One run with many seeds: a line for each, then the median, the smallest and the largest of each figure."""
    names = [name for name in _figures(records) if name != "position"]
    unusual = any(record["stopped"] != "completed" for record in records)
    places = "position" in _figures(records)
    rows = [["seed", *map(_heading, names), *(["position"] if places else []), *(["ended"] if unusual else [])]]
    for record in records:
        row = [str(record["seed"]), *(_cell(record, name) for name in names)]
        row += [_cell(record, "position")] if places else []
        rows.append(row + ([record["stopped"].replace("_", " ")] if unusual else []))
    return _aligned([*rows, *_summaries(records, names)])


def medians(groups: Sequence[Sequence[Record]]) -> list[str]:
    """A line for each run with the medians over its seeds."""
    names = [name for name in _figures([record for records in groups for record in records]) if name != "position"]
    rows = [["run (medians)", *map(_heading, names)]]
    return _aligned([*rows, *([records[0]["name"], *_summaries(records, names)[0][1:]] for records in groups)])


def _summaries(records: Sequence[Record], names: Sequence[str]) -> list[list[str]]:
    rows = []
    for word, take in (("median", statistics.median), ("min", min), ("max", max)):
        row = [word]
        for name in names:
            values = [value for record in records if (value := (record["final"] or {}).get(name)) is not None]
            ordered = [math.inf if math.isnan(value) else value for value in values]  # NaN is worse than any number
            row.append(_written(name, take(ordered)) if values else "none")
        rows.append(row)
    return rows


def _figures(records: Sequence[Record]) -> list[str]:
    """The figures of a table, by their names in a record: those that say something of all of them."""
    if all("position" in record["initial"] for record in records):
        return ["loss", "position"]
    quality = "mean_absolute_error" if all("mean_absolute_error" in record["initial"] for record in records) else "accuracy"
    blind = all(record["samples"]["validation"] == 0 for record in records)
    return ["loss", "validation_loss", quality if blind else f"validation_{quality}"]


def _heading(name: str) -> str:
    return "final loss" if name == "loss" else name.replace("_", " ")


def _cell(record: Record, name: str) -> str:
    value = (record["final"] or {}).get(name)
    if value is None or (record["epochs_run"] == 0 and name != "position"):
        return "none"
    return _written(name, value)


def _written(name: str, value: Any) -> str:
    if name == "position":
        return " ".join(map(number, value))
    return percent(value) if name.endswith("accuracy") else number(value)


def _aligned(rows: list[list[str]]) -> list[str]:
    columns = max(map(len, rows))
    rows = [[*row, *[""] * (columns - len(row))] for row in rows]
    widths = [widest(column) for column in zip(*rows, strict=True)]
    widths[0] = min(widths[0], WIDTH - sum(widths[1:]) - 2 * len(widths[1:]))
    rows = [[padded(fit(cell, width), width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return ["  ".join(row).rstrip() for row in rows]


def number(value: float | None) -> str:
    """Three significant digits, written out where that is short; None, as JSON has it, is what is not finite.

    Printed lines stay, so a figure need not keep its form as those of the lab do (`figures.short`).
    """
    if value is None or math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.2e}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def fit(line: str, width: int = WIDTH) -> str:
    """The line without control codes (a title is a stranger's text), cut to `width`."""
    return cut(printable(line), width, "...")
