"""What becomes of the columns of a table: inputs, classes or numbers to predict, rows that are left out, all of it said.

These are the rules that `engine.own_table.OwnTable` states, as functions of the columns that were read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.columns import Column, Columns, Floats, TableError, check_names, check_size, listed, quoted

MOST_TEXTS = 50  # different ones in a text column that is one-hot
MOST_CLASSES = 1000
FEW = 20  # different whole numbers that may be classes
ROWS_EACH = 5  # of them, on average; of two, one more than two in all
MOST_SAID = 8  # text columns that have a sentence each

Task = Literal["classes", "regression"]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What the rows and columns of a table are to be.

    rows      (n,) int64, from 0: those that are used, in the order of the file
    classes   the names of the class numbers; empty for regression
    labels    (n,) int64, the class numbers; empty for regression
    names     of the d inputs, a one-hot one for each text
    said      sentences about all that was guessed or done
    """

    target: Column
    features: tuple[Column, ...]
    rows: NDArray[np.int64]
    task: Task
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    said: tuple[str, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """The rows of each class; of a regression, all rows."""
        return tuple(np.bincount(self.labels).tolist()) if self.classes else (len(self.rows),)

    def inputs(self) -> Floats:
        """(n, d) float64, C-contiguous: numbers as they are, 1 or 0 for text."""
        inputs = np.empty((len(self.rows), len(self.names)))
        column = 0
        for feature in self.features:
            if feature.codes is None:
                inputs[:, column] = feature.numbers[self.rows]
                column += 1
                continue
            codes = feature.codes[self.rows]
            for code in np.unique(codes):
                inputs[:, column] = codes == code
                column += 1
        return inputs

    def targets(self) -> NDArray[Any]:
        """(n,): class numbers, int64, or the numbers to predict, float64."""
        return self.labels if self.classes else self.target.numbers[self.rows]


def make_plan(
    file: str, columns: Columns, target: Column, features: Sequence[Column], chosen: bool, asked: str, gaps: str
) -> Plan:
    """The plan for predicting `target` from `features`, `chosen` where a person named these. Raises TableError."""
    named = list(features)
    identities = [] if chosen else [column for column in named if _tells_rows_apart(column)]
    features = [column for column in named if chosen or not _tells_rows_apart(column)]
    if not features:
        raise TableError("data.features", f"{file}: no feature is left: every other column is a different text in every row")
    rows, about_gaps = _rows(file, columns, [target, *features], gaps)
    names = [name for column in features for name in _input_names(file, column, rows)]
    check_size(file, len(rows), len(names))
    check_names(file, names)
    task, classes, labels, about_target = _target(file, target, rows, asked)
    said = [
        about_target,
        *_about_features(features, rows),
        *(f"{quoted(column.name)}: left out, a different text in every row" for column in identities),
        *columns.notes,
        *(f"{quoted(column.name)}: {note}" for column in [target, *features] for note in column.notes),
        *about_gaps,
    ]
    return Plan(target, tuple(features), rows, task, classes, labels, tuple(names), tuple(said))


def _tells_rows_apart(column: Column) -> bool:
    """Whether it is text that is never the same twice: a name or a number of a row, nothing to learn from."""
    return column.codes is not None and 2 < np.count_nonzero(column.codes >= 0) == len(column.texts)


def _rows(file: str, columns: Columns, used: Sequence[Column], gaps: str) -> tuple[NDArray[np.int64], list[str]]:
    """The rows without a gap in a used column, and what is to be said of the others."""
    incomplete = np.logical_or.reduce([column.gaps for column in used])
    rows = np.flatnonzero(~incomplete).astype(np.int64)
    if len(rows) == len(incomplete):
        if len(rows) < 2:
            raise TableError("data.file", f"{file}: has one row; at least 2 are needed")
        return rows, []
    counts = sorted(((int(np.count_nonzero(column.gaps)), column.name) for column in used), key=lambda entry: -entry[0])
    worst = [(count, name) for count, name in counts if count]
    where = ", ".join(f"{quoted(name)} {count}" for count, name in worst[:5]) + (", ..." if len(worst) > 5 else "")
    lost = len(incomplete) - len(rows)
    have = f"{lost} of {len(incomplete)} rows {'has' if lost == 1 else 'have'} gaps ({where})"
    if gaps == "refuse":
        first = columns.places[incomplete][:5].tolist()
        place = columns.place + ("s" if len(first) > 1 else "")
        where = ", ".join(map(str, first)) + (", ..." if lost > len(first) else "")
        raise TableError("data.gaps", f'{file}: {have}, the first in {place} {where}; gaps = "drop" leaves such rows out')
    if len(rows) < 2:
        left = "one row is" if len(rows) else "no row is"
        raise TableError("data.features", f"{file}: {have}: {left} left, and at least 2 are needed; name other features")
    return rows, [f"{have}: dropped"]


def _input_names(file: str, column: Column, rows: NDArray[np.int64]) -> list[str]:
    if column.codes is None:
        return [column.name]
    codes = np.unique(column.codes[rows])
    if len(codes) > MOST_TEXTS:
        such = column.odd or quoted(column.texts[codes[0]])
        raise TableError(
            "data.features",
            f"{file}: column {quoted(column.name)} has {len(codes)} different texts, such as {such}; "
            f"at most {MOST_TEXTS} can be one-hot: name the features that are to be used, without it",
        )
    return [f"{column.name}={column.texts[code]}" for code in codes]


def _target(
    file: str, target: Column, rows: NDArray[np.int64], asked: str
) -> tuple[Task, tuple[str, ...], NDArray[np.int64], str]:
    """Classes or regression, the names and numbers of the classes, and the sentence about it."""
    values: NDArray[Any] = target.numbers[rows] if target.codes is None else target.codes[rows]
    different, labels = np.unique(values, return_inverse=True)
    names = [f"{value:.15g}" for value in different] if target.codes is None else [target.texts[code] for code in different]
    name, many = quoted(target.name), len(different)
    whole = target.codes is None and bool((different == np.floor(different)).all())
    kind = "text" if target.codes is not None else "whole numbers" if whole else "numbers"
    few = whole and (many == 2 < len(rows) or (2 < many <= FEW and len(rows) >= ROWS_EACH * many))
    task: Task = "classes" if asked == "classes" or (asked == "guess" and (kind == "text" or few)) else "regression"
    if task == "regression":
        if target.codes is not None:
            such = target.odd or quoted(names[0])
            raise TableError("data.task", f"{file}: target {name} is text, such as {such}: a regression needs numbers")
        return task, (), np.empty(0, np.int64), f"target {name}: {task} ({kind}, {many} different)"
    if many == 1:
        raise TableError("data.target", f"{file}: target {name} is {quoted(names[0])} in every row: nothing to learn")
    if many > MOST_CLASSES or _tells_rows_apart(target):
        such = f", such as {target.odd}" if target.odd else ""
        raise TableError(
            "data.target",
            f"{file}: target {name} has {many} different values in {len(rows)} rows{such}: too many to be classes"
            + (' (task = "regression" predicts the number)' if target.codes is None else ""),
        )
    said = f"target {name}: {task} ({kind}, {many} different: {listed(names, 6)})"
    return task, tuple(names), labels.astype(np.int64), said


def _about_features(features: Sequence[Column], rows: NDArray[np.int64]) -> list[str]:
    numbers = [quoted(column.name) for column in features if column.codes is None]
    texts = {quoted(column.name): len(np.unique(column.codes[rows])) for column in features if column.codes is not None}
    said = []
    if len(numbers) > MOST_SAID:
        said.append(f"{len(numbers)} columns of numbers, from {numbers[0]} to {numbers[-1]}")
    elif numbers:
        said.append(f"{', '.join(numbers)}: numbers")
    for name, count in list(texts.items())[:MOST_SAID]:
        said.append(f"{name}: text, one-hot, {count} column{'s' if count > 1 else ''}")
    if len(texts) > MOST_SAID:
        more = list(texts.values())[MOST_SAID:]
        said.append(f"{len(more)} more columns of text, one-hot, {sum(more)} columns")
    return said
