"""The table of all runs, those of now and those that are kept: what differs in their settings and in what came of them.

It is sorted by any column. The best figure of a column has a `*` beside it, and where the columns have no room side by
side those on the left are left out, but for the names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tui.canvas import Row, Span, fit, width_of
from tui.comparing.kept import Kept
from tui.comparing.results import apart, ending_of, seconds_of, unit_of
from tui.figures import cells_of, cut, padded, percent, short, widest
from tui.hidden import WORD, Hidden
from tui.names import labels, letters

#: Short names of settings, for the headings of columns.
SHORT = {"learning_rate": "rate", "batch_size": "batch", "weight_decay": "decay", "activation": "activ."}
EPOCHS = ("training.epochs", "surface.steps")
WIDEST = 16  # cells of a setting's value
NAME = 22  # cells of a run's name


@dataclass(frozen=True, slots=True)
class Line:
    """A run of the table: `role` is how its name is drawn, `ghost` its digit or "", `now` whether it is one of now."""

    run: Kept
    mark: str
    name: str
    role: str
    now: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what each run has there as text, and to sort by (None: nothing, which comes last); where the best figure
    is the smallest or the largest, `best` are the runs that have it."""

    title: str
    texts: tuple[str, ...]
    keys: tuple[Any, ...]
    best: frozenset[int] = frozenset()
    left: bool = False  # words, not figures


@dataclass(frozen=True, slots=True)
class Table:
    """All of it. `covered`: there are figures of validation that are hidden."""

    lines: tuple[Line, ...]
    columns: tuple[Column, ...]
    covered: bool


def lines_of(now: Sequence[Kept], kept: Sequence[Kept], state: str) -> tuple[Line, ...]:
    """The runs of now, then those that are kept, the newest first."""
    several = len(now) > 1
    full = [one.name for one in now]
    marks, names = (letters(full), labels(full)) if several else ([""], ["now" if state != "finished" else "newest"])
    found = []
    for index, one in enumerate(now):
        mark, role = one.mark or marks[index], f"run-{index % 6 + 1}" if several else "train"
        found.append(Line(one, mark, names[index] if several else f"{one.name}, {names[0]}", role, True))
    found += [Line(one, one.mark, one.name, "strong" if one.mark else "text", False) for one in reversed(kept)]
    return tuple(found)


def table_of(lines: Sequence[Line], hidden: Hidden, state: str = "finished") -> Table:
    """The table of these runs; `state` is that of the runs of now."""
    runs = [one.run for one in lines]
    unit = "epoch" if any(unit_of(one) == "epoch" for one in runs) else "step"
    covered = hidden.validation and any(one.history.initial_validation is not None for one in runs)
    count_hidden = hidden.setting("epochs", "steps")
    columns = [
        Column(SHORT.get(each.label, each.label), tuple(cut(value, WIDEST) for value in each.values), each.bare)
        for each in apart(runs, hidden)
        if each.key not in EPOCHS or count_hidden  # else the column of what was trained tells it
    ]
    states = tuple(_state(one, hidden, state) for one in lines)
    columns.append(Column("state", states, states, left=True))
    if not count_hidden:
        columns.append(_epochs(runs, unit))
    columns += [] if hidden.validation else _outcomes(runs, "validation", "val.")
    columns += _outcomes(runs, "train", "train")
    columns.append(_figures("time", [one.seconds for one in runs], seconds_of))
    found = tuple(one for one in columns if any(text not in ("", "-") for text in one.texts))
    return Table(tuple(lines), found, covered)


def _state(line: Line, hidden: Hidden, state: str) -> str:
    one = line.run
    early = one.history.stopped is not None and one.history.stopped.reason == "early_stopping"
    if early and hidden.setting("epochs", "steps"):
        return f"stopped early, {WORD}"
    if ending := ending_of(one):
        return ending.replace("early, ", "stopped early, ")
    if line.now and one.history.stopped is None:
        return "ready" if not one.iterations else "running" if state == "running" else "paused"
    return "done"


def _epochs(runs: Sequence[Kept], unit: str) -> Column:
    """The epochs that a run has begun, of those it was to have: '7/50', or just '50'."""
    reached = [one.history.epochs_begun for one in runs]
    planned = [one.settings[EPOCHS[one.run.surface is not None]] for one in runs]
    texts = (str(all_) if done == all_ else f"{done}/{all_}" for done, all_ in zip(reached, planned, strict=True))
    return Column(f"{unit}s", tuple(texts), tuple(reached))


def _outcomes(runs: Sequence[Kept], part: Literal["train", "validation"], word: str) -> list[Column]:
    """Loss and accuracy (or error) of a set: at the end, and of validation at its best."""
    found = []
    for figure, name, text, best in (
        ("loss", "loss", short, "smallest"), ("accuracy", "acc.", percent, "largest"),
        ("mean_absolute_error", "error", short, "smallest"),
    ):  # fmt: skip
        ways = [one.history.evaluations(part, figure)[:, 1] for one in runs]
        ways = [way if one.iterations and len(way) > 1 else way[:0] for one, way in zip(runs, ways, strict=True)]
        if all(np.isnan(way).all() for way in ways if len(way)):
            if figure != "loss":
                continue
        ends = [float(way[-1]) if len(way) else None for way in ways]
        found.append(_figures(f"{word} {name}", ends, text, best))
        if part == "validation" and figure != "mean_absolute_error":
            take = np.fmin.reduce if best == "smallest" else np.fmax.reduce
            bests = [float(take(way[1:])) if len(way) else None for way in ways]
            found.append(_figures(f"best {name}", bests, text, best))
    return found


def _figures(title: str, values: Sequence[Any], text: Callable[[Any], str], best: str = "") -> Column:
    """A column of numbers; NaN comes after all of them, nothing last."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    edge = (min(finite) if best == "smallest" else max(finite)) if best and len(set(finite)) > 1 else None
    chosen = frozenset(index for index, value in enumerate(values) if edge is not None and value == edge)
    return Column(title, tuple("-" if value is None else text(value) for value in values), tuple(values), chosen)


def order(table: Table, column: int, reverse: bool) -> list[int]:
    """The runs (from 0) sorted by a column; -1: as they come. What is no number, and then what is not there, is last."""
    if not 0 <= column < len(table.columns):
        return list(range(len(table.lines)))
    keys = table.columns[column].keys
    there = [index for index, key in enumerate(keys) if key is not None and key == key]
    lost = [index for index, key in enumerate(keys) if key is not None and key != key]
    none = [index for index, key in enumerate(keys) if key is None]
    return [*sorted(there, key=lambda index: _rank(keys[index]), reverse=reverse), *lost, *none]


def _rank(key: Any) -> tuple[int, Any]:
    """Numbers before lists before words: what a setting may be in one run and another must be comparable."""
    if isinstance(key, tuple):
        return 1, [float(each) if isinstance(each, (int, float)) else 0.0 for each in key]
    return (0, float(key)) if isinstance(key, (bool, int, float)) else (2, str(key))


def first_column(table: Table, column: int, first: int, width: int) -> int:
    """Which column must be the first in sight, so that `column` is: `first` where that will do."""
    first = min(first, column) if column >= 0 else 0
    while first < column and _end(table, first, column) > width:
        first += 1
    return first


def _end(table: Table, first: int, last: int) -> int:
    return _name_width(table) + sum(_width(one) for one in table.columns[first : last + 1])


def _width(column: Column) -> int:
    return max(len(column.title) + 3, widest(column.texts) + 1) + 2


def _name_width(table: Table) -> int:
    return min(NAME, widest(one.name for one in table.lines)) + 6


def draw_table(
    table: Table, width: int, *, rows: Sequence[int], at: int, column: int, first: int, marked: frozenset[int] | set[int],
    by: int = -1, reverse: bool = False,
) -> list[Row]:  # fmt: skip
    """The heading and the runs in this order: the cursor is on row `at` (-1: the heading) and on `column`; columns before
    `first` are left out. A marked run has a `+` before it, the column that sorts an arrow."""
    shown = list(enumerate(table.columns))[first:]
    wide = _name_width(table)
    more_left = "<" if first else " "
    title: list[Span] = [(f"{more_left}   run".ljust(wide), "dim")]
    for index, one in shown:
        arrow = ("▲" if reverse else "▼") if index == by else ""
        called = one.title + arrow
        text = _placed(f"[{called}]" if index == column else f"{called} ", one)
        title.append((text, ("cursor-focus" if at < 0 else "strong") if index == column else "dim"))
    drawn = [_fitted(tuple(title), width)]
    for place, row in enumerate(rows):
        line = table.lines[row]
        here = place == at
        sign = "+" if row in marked else " "
        name = padded(f"{'>' if here else ' '}{sign}{line.mark or ' ':1} {cut(line.name, NAME)}", wide)
        spans: list[Span] = [(name, "cursor-focus" if here else line.role)]
        for index, one in shown:
            text = one.texts[row] + ("*" if row in one.best else " ")
            role = "good" if row in one.best else "strong" if index == column else "text"
            spans.append((_placed(text, one), "cursor" if here and row not in one.best else role))
        drawn.append(_fitted(tuple(spans), width, " "))
    return drawn


def _placed(text: str, column: Column) -> str:
    size = _width(column)
    return padded(f"  {text}", size) if column.left else " " * (size - cells_of(text)) + text


def _fitted(spans: Row, width: int, more: str = ">") -> Row:
    """As many whole columns as have room, and a sign where more follow."""
    if width_of(spans) <= width:
        return spans
    kept = list(spans)
    while len(kept) > 2 and width_of(tuple(kept)) > width - 2:
        kept.pop()
    return (*fit(tuple(kept), width - 2), (f" {more}", "dim"))
