"""What an opened iteration shows: the figures of its batch, and which samples were in it.

Samples are called by their number in the training set, from 1, with what they are: "cat 17" of a drawing, "#17 setosa" or
"#17 = 3.40" of a row.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from numpy.typing import NDArray

from engine import History, IterationMetrics, Trainer
from engine.batch_rows import BatchRows
from tui.canvas import Row
from tui.figures import cells_of, cut, percent, printable, short
from tui.hidden import NOTHING, WORD, Hidden
from tui.walk import Walk

LINES, FURTHER = 3, 200  # lines of samples at first, and how many more come each time the rest is opened
REST, OPENED = (
    "    > ",
    "    v ",
)  # what stands before a line at whose end there are more, and before it when these are there
LONGEST = 16  # characters of a class's name


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The training rows of a run: which ones a batch had, and what they are called.

    `targets` are class numbers (rows,) where there are `classes`, else numbers in the table's own units.
    """

    found: BatchRows
    targets: NDArray[Any]
    classes: tuple[str, ...]
    drawn: bool  # each row is a picture of what its class is called

    def of(self, history: History, index: int, bare: bool = False) -> Sequence[str]:
        """What the samples of the iteration at `index` of a history are called, in order; `bare`: by their numbers alone.

        Raises LookupError where they can no longer be told.
        """
        return _Names(self, self.found.rows(history, index), bare)

    def name(self, row: int, bare: bool) -> str:
        """What a row of the training set (from 0) is called."""
        number = f"#{row + 1}"
        if bare:
            return number
        if not self.classes:
            return f"{number} = {short(float(self.targets[row]))}"
        name = cut(printable(self.classes[int(self.targets[row])]), LONGEST)
        if not any(map(str.isalpha, name)):
            return f"{number} = {name}"
        return f"{name} {row + 1}" if self.drawn else f"{number} {name}"


class _Names(Sequence[str]):
    """The names of some rows, each made when it is asked for: a batch may have a million."""

    def __init__(self, samples: Samples, rows: NDArray[Any], bare: bool) -> None:
        self.samples, self.rows, self.bare = samples, rows, bare

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return self.samples.name(int(self.rows[index]), self.bare)


_known: WeakKeyDictionary[History, Samples | None] = WeakKeyDictionary()


def samples_of(history: History, trainer: Trainer | None = None) -> Samples | None:
    """The samples of the run with that history, which its `trainer` was asked for while it was there; they stay as long as
    the history does. None on a surface, which has none."""
    if trainer is not None and history not in _known:
        table = trainer.table
        made = None
        if table is not None:
            targets = table.targets
            if not table.classes:
                targets = targets[:, 0] * table.target_scale + table.target_offset
            made = Samples(BatchRows(trainer.run, trainer), targets, table.classes, table.picture is not None)
        _known[history] = made
    return _known.get(history)


# Rows -----------------------------------------------------------------------------------------------------------------


def batch_rows(
    history: History, samples: Samples | None, index: int, width: int, hidden: Hidden = NOTHING, opened: int = 0
) -> list[Row]:
    """The rows below the iteration at `index`, with the rest of the samples `opened` so many times; none where it is no
    longer kept one by one."""
    try:
        metrics = history[index]
    except LookupError:
        return []
    accuracy = [] if metrics.batch_accuracy is None else [("accuracy", percent(metrics.batch_accuracy))]
    figures = [("loss", short(metrics.batch_loss)), *accuracy, *_rate(metrics, hidden)]
    # together with the gradient, the ratio would tell the rate
    figures.append(("update/weights", hidden.of("learning_rate", short(ratio(metrics)))))
    return [*_table(figures, width), *_sample_rows(history, samples, index, width, hidden, opened)]


def has_rest(row: Row) -> bool:
    """Whether a row below an iteration ends in '+27 more', which can be opened."""
    return bool(row) and row[0][0] == REST


def step_rows(history: History, walk: Walk, step: int, width: int, hidden: Hidden = NOTHING) -> list[Row]:
    """The rows below a step (from 1) on a surface: its figures, and the place before and after it."""
    try:
        metrics = history[step - 1]
    except LookupError:
        return []
    places = [("before", step - 1), ("after", step)]
    named = max(len(walk.at(at)) for _, at in places) + len("     before ") < width
    figures = [("loss", short(metrics.batch_loss)), *_rate(metrics, hidden)]
    figures += [(word, walk.at(at) if named else walk.bare(at)) for word, at in places]
    return _table(figures, width)


def ratio(metrics: IterationMetrics) -> float | None:
    """How far the update went, as a share of the weights' own length before it; None where these were all 0."""
    return metrics.update_norm / metrics.weight_norm if metrics.weight_norm else None


def _rate(metrics: IterationMetrics, hidden: Hidden) -> Iterator[tuple[str, str]]:
    yield "gradient norm", short(metrics.gradient_norm)
    yield "learning rate", hidden.of("learning_rate", short(metrics.learning_rate))


def _table(figures: Sequence[tuple[str, str]], width: int) -> list[Row]:
    """Words on the left, figures below each other on the right."""
    edge = min(width - 1, 33)
    return [((f"     {word} ", "dim"), (f"{value:>{max(0, edge - len(word) - 6)}}", "text")) for word, value in figures]


def _sample_rows(
    history: History, samples: Samples | None, index: int, width: int, hidden: Hidden, opened: int
) -> list[Row]:
    if samples is None:
        return []
    if hidden.setting("batch_size"):
        return [(("     samples ", "dim"), (WORD, "dim"))]
    try:
        names = samples.of(history, index, bare=hidden.setting("data"))
    except LookupError as error:
        return [(("     " + line, "dim"),) for line in textwrap.wrap(f"samples: {error.args[0]}", max(8, width - 6))]
    what = "sample" if len(names) == 1 else "samples"
    rows: list[Row] = [((f"     {len(names)} {what}", "dim"),)]
    lines = in_lines(names, width - 7, LINES + FURTHER * opened)
    marks = ["      "] * len(lines)
    for at in range(LINES - 1, len(lines), FURTHER):
        left = at == len(lines) - 1 and lines[at].endswith(" more")
        marks[at] = REST if left else OPENED if at < LINES - 1 + FURTHER * opened else marks[at]
    return rows + [((mark, "text"), (line, "text")) for mark, line in zip(marks, lines, strict=True)]


def in_lines(names: Sequence[str], width: int, most: int) -> list[str]:
    """The names in at most so many lines of at most `width` cells, '+24 more' at the end for those without room."""
    lines, at = [""], 0
    while at < len(names):
        name = names[at] + ("," if at + 1 < len(names) else "")
        if lines[-1] and cells_of(f"{lines[-1]} {name}") > width:
            if len(lines) == most:
                break
            lines.append("")
        lines[-1] = f"{lines[-1]} {name}".lstrip()
        at += 1
    while at < len(names):
        said, last = f"+{len(names) - at} more", lines[-1].rstrip(",")
        if not last or len(last) + 1 + len(said) <= width:
            lines[-1] = f"{last} {said}".lstrip()
            break
        at -= 1
        lines[-1] = last.removesuffix(names[at]).rstrip(" ,")
    return lines if names else []
