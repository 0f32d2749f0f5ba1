"""A table of one's own as a data set: a CSV or NPZ file, the column to predict, and what is guessed of the rest.

Every guess is a plain rule that `OwnTable` states, can be said in a sentence (`guesses`), and is a key of the preset that
says otherwise. The file is read when the settings are first asked what is in it; they keep what they read, so that a run
has the same rows whatever becomes of the file. New settings look at the file anew, and read it again only if it changed.
"""

from __future__ import annotations

import os
import stat
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.columns import MOST_BYTES, Column, Columns, TableError, listed, printable, quoted
from engine.csv_file import read_csv, read_header
from engine.npz_file import ANSWERS, MATRICES, read_headers, read_npz
from engine.own_plan import Plan, make_plan
from engine.ranges import STRICT, Range
from engine.schema import nearest
from engine.table import Facts, Floats, Table, standardize

State = tuple[str, int, int, int]  # absolute path, inode, time of the last change in ns, bytes

# Settings are made anew with every key that is typed in a form: what the last few files and tables came to is kept.
_read: OrderedDict[tuple[State, frozenset[str]], Columns] = OrderedDict()  # by what was read of a file
_planned: OrderedDict[tuple[Any, ...], Plan] = OrderedDict()  # by the settings that a plan is made of
KEPT = 2  # of each, with at most 40 MB of columns
_refused: OrderedDict[tuple[State, frozenset[str]], TableError] = OrderedDict()  # what could not be read of a file, and why


@dataclass(frozen=True, kw_only=True)
class OwnTable:
    """A CSV or NPZ file, told by its ending; `target` is the column to predict, `features` those to predict it from.

    A relative `file` counts from the working folder (from the preset's own, where a preset file names it). CSV: UTF-8, one
    line of names, then rows; cells between commas, semicolons, tabs or bars. NPZ: arrays (n,), each a column, or (n, d).
    No `features` means: all other columns, without text that is different in every row; of an NPZ file its 2-D array X
    (or x, inputs, data, features) where there is one. Numbers stay as they are; text (at most 50 different ones) is one-hot,
    a column `district=north` that is 1 or 0 for each.

    `task` "guess" is "classes" for text, for two different whole numbers in more than two rows, and for 3 to 20 different
    whole numbers with 5 rows or more each on average (such as a rating from 1 to 5, unlike most ages and prices); else it is
    "regression". Classes are numbered in the order of their names, at most 1000. A gap is an empty cell, NA, N/A, #N/A, NaN,
    null or ?, small or large: `gaps` says whether rows that have one in a used column are dropped or the table is refused.

    `validation` is the share of the rows that is kept back, drawn at random; of classes, that share of each. `standardize`
    gives every input column, one-hot ones too, mean 0 and standard deviation 1 in the training rows;
    `standardize_target` does so with the target of a regression, whose losses are then in its standard deviations squared.
    At most 200 MB, 5 million cells, 20,000 columns, numbers up to 1e100 in size. TableError (a ValueError) wherever a file
    or a setting does not fit.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Literal["file"] = "file"
    file: str
    target: str = ""
    features: tuple[str, ...] = ()
    task: Literal["guess", "classes", "regression"] = "guess"
    gaps: Literal["drop", "refuse"] = "drop"
    validation: Annotated[float, Range(0, 0.9)] = 0.2
    standardize: bool = True
    standardize_target: bool = False

    @cached_property
    def plan(self) -> Plan:
        """What the rows and columns are, once and for all. Raises TableError."""
        state, names, matrices = self._found()
        self._check_named(names)
        key = (state, self.target, tuple(self.features), self.task, self.gaps)
        plan = _planned.get(key) or self._plan(state, names, matrices)
        _keep(_planned, key, plan)
        self._check(plan)
        return plan

    def _plan(self, state: State, names: Sequence[str], matrices: Sequence[str]) -> Plan:
        wanted = self.features or matrices[:1] or [name for name in names if name != self.target]
        if not wanted:
            raise self._wrong("features", "has nothing besides the target")
        used = {self.target, *wanted}
        columns = self._columns(state, [name for name in names if name in used])
        by_source: dict[str, list[Column]] = {}
        for column in columns.columns:
            by_source.setdefault(column.source, []).append(column)
        target = by_source[self.target]
        if len(target) > 1:
            raise self._wrong("target", f"{quoted(self.target)} has {len(target)} columns: it must be one")
        features = [column for name in wanted for column in by_source[name]]
        plan = make_plan(self._called, columns, target[0], features, bool(self.features), self.task, self.gaps)
        unused = [name for name in names if name not in used]
        left_out = (f"left out: {listed(unused)}",) if unused else ()
        return replace(plan, said=(*plan.said, *left_out))

    def _columns(self, state: State, wanted: Sequence[str]) -> Columns:
        """The columns, from memory where more of the same file is there."""
        for (known, names), columns in _read.items():
            if known == state and names.issuperset(wanted):
                _keep(_read, (known, names), columns)
                return columns
        key = (state, frozenset(wanted))
        if (wrong := _refused.get(key)) is not None:  # a comparison asks for each of its runs, more than once
            raise TableError(wrong.key, wrong.message)
        read = read_csv if self.file.lower().endswith(".csv") else read_npz
        try:
            columns = read(self.file, self._called, wanted)
        except OSError as error:
            raise self._wrong("file", f"{error.strerror or error}") from None
        except TableError as error:
            _keep(_refused, key, TableError(error.key, error.message))
            raise
        _keep(_read, key, columns)
        return columns

    def facts(self) -> Facts:
        """The table's size. Raises TableError."""
        plan = self.plan
        validation = sum(kept_back(plan.counts, self.validation))
        return Facts(len(plan.rows) - validation, validation, len(plan.names), len(plan.classes))

    def guesses(self) -> tuple[str, ...]:
        """What was guessed and what was done with the columns and rows, as sentences. Raises TableError."""
        facts, how = self.facts(), "of each class" if self.plan.classes else "at random"
        verb = "is" if facts.validation == 1 else "are"
        split = f"{facts.validation} of {len(self.plan.rows)} rows {verb} kept back for validation, drawn {how}"
        return (*self.plan.said, split if facts.validation else "no rows are kept back for validation")

    def generate(self, rng: np.random.Generator) -> Table:
        """The table: inputs (n, d) float64; targets (n,) int64 or (n, 1) float64. `rng` draws the validation rows.

        Both parts stay in the order of the file. Names are printable, whatever the file holds. Raises TableError.
        """
        plan = self.plan
        inputs, targets = plan.inputs(), plan.targets()
        chosen = np.zeros(len(inputs), dtype=bool)
        groups = [np.flatnonzero(targets == index) for index in range(len(plan.classes))] or [np.arange(len(inputs))]
        for group, count in zip(groups, kept_back(plan.counts, self.validation), strict=True):
            chosen[rng.permutation(group)[:count]] = True
        scale, offset = 1.0, 0.0
        if not plan.classes:
            targets = targets[:, None]
            if self.standardize_target:
                scale, offset = _spread(targets[~chosen])
                targets = (targets - offset) / scale
        table = Table(
            inputs[~chosen], targets[~chosen], inputs[chosen], targets[chosen], task=plan.task,
            classes=tuple(map(printable, plan.classes)), features=tuple(map(printable, plan.names)),
            target=printable(plan.target.name), picture=None, input_scale=np.ones(len(plan.names)),
            input_offset=np.zeros(len(plan.names)), target_scale=scale, target_offset=offset,
        )  # fmt: skip
        return standardize(table) if self.standardize else table

    # the file

    @property
    def _called(self) -> str:
        return printable(self.file)

    def columns_there(self) -> tuple[str, ...]:
        """The names that `target` and `features` may be: columns of a CSV file, arrays of an NPZ file. Raises TableError."""
        return tuple(self._found()[1])

    def _found(self) -> tuple[State, list[str], list[str]]:
        """What tells this state of the file from every other; its names; those of its 2-D arrays of all features."""
        file, path = self._called, self.file
        if not path.lower().endswith((".csv", ".npz")):
            raise self._wrong("file", "a table ends in .csv (text) or .npz (NumPy)")
        try:
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode):
                raise self._wrong("file", "is not a file")
            if status.st_size > MOST_BYTES:
                raise self._wrong("file", f"has {status.st_size} bytes; at most {MOST_BYTES} are allowed")
            state = (os.path.abspath(path), status.st_ino, status.st_mtime_ns, status.st_size)
            if path.lower().endswith(".csv"):
                return state, list(read_header(path, file)), []
            headers = read_headers(path, file)
            named = [name for name in MATRICES if name in headers and name != self.target]
            return state, list(headers), [name for name in named if len(headers[name].shape) == 2]
        except TableError:
            raise
        except (OSError, ValueError) as error:  # a zero byte in the path is a ValueError
            raise self._wrong("file", f"{getattr(error, 'strerror', None) or error}") from None

    # the settings

    def _wrong(self, key: str, what: str) -> TableError:
        return TableError(f"data.{key}", f"{self._called}: {what}")

    def _check_named(self, names: Sequence[str]) -> None:
        """Raise TableError unless target and features are among the names, each once."""
        if not self.target:
            raise self._wrong("target", f"which column is to be predicted? One of {listed(names)}")
        there = set(names)
        for key, name in [("target", self.target), *(("features", name) for name in self.features)]:
            if name not in there:
                what = "array" if self.file.lower().endswith(".npz") else "column"
                near = nearest(name, names)
                hint = f"Did you mean {quoted(near)}?" if near else f"There are {listed(names)}."
                raise self._wrong(key, f"there is no {what} {quoted(name)}. {hint}")
        if self.target in self.features:
            raise self._wrong("features", f"{quoted(self.target)} is the target, and no feature of itself")
        if len(set(self.features)) < len(self.features):
            twice = Counter(self.features).most_common(1)[0][0]
            raise self._wrong("features", f"{quoted(twice)} is named twice")

    def _check(self, plan: Plan) -> None:
        """Raise TableError where the settings do not suit what was read."""
        rows = len(plan.rows)
        if self.standardize_target and plan.classes:
            raise self._wrong("standardize_target", f"target {quoted(self.target)} is classes, which have no scale")
        back = sum(kept_back(plan.counts, self.validation))
        if self.validation and not back:
            raise self._wrong("validation", f"{self.validation:g} of {rows} rows keeps back none: take more, or 0")
        if self.standardize and rows - back < 2:
            raise self._wrong("standardize", "one training row alone has no spread to divide by: keep back fewer")


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    """Note a value as the newest, and forget what is too old."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)


def kept_back(counts: Sequence[int], share: float) -> list[int]:
    """How many rows of each class are for validation: its share, rounded, but never all of them."""
    return [min(round(share * count), count - 1) for count in counts]


def usual_target(names: Sequence[str]) -> str:
    """The array of an NPZ file that is the answer by its name, such as y; empty where there is none."""
    return next((name for name in ANSWERS if name in names), "")


def _spread(targets: Floats) -> tuple[float, float]:
    """Standard deviation and mean; 1 in place of 0, where all are equal."""
    if np.ptp(targets) == 0:
        return 1.0, float(targets[0, 0])
    return float(targets.std()), float(targets.mean())
