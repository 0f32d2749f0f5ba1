"""Which class is taken for which: rows are what a sample is, columns what the network says, and right is the diagonal.

Every count has a shade by its share of the row, so that a class that is often mistaken is seen before any number is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size

from engine import Trainer
from tui.canvas import Row, Span, first_shown, width_of
from tui.figures import cut, percent, printable, widest
from tui.inside.parts import WORDS, briefly, other, part_of, table_of, things
from tui.inside.scene import Scene
from tui.inside.shading import GLYPHS

WIDEST = 13  # cells of a column beside a single line; 4 a line where there are more
RIGHT, WRONG = (1, 2, 2, 2, 3, 3), (1, 4, 4, 5, 6, 6)  # the heat of each level: right is cold, wrong is warm
NAME = 14  # cells that the name of a class takes at most
TALL = (7, 5, 3)  # lines of a class, as many as there is room for


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionLook:
    """`counts` (classes, classes) by true class and guess; `unsaid` (classes,) rows without an answer; `at` is the cell
    that the cursor is on."""

    counts: NDArray[np.int64]
    unsaid: NDArray[np.int64]
    names: tuple[str, ...]
    at: tuple[int, int]
    titles: tuple[Row, ...]
    hint: str

    def rows(self, width: int, height: int) -> list[Row]:
        classes, longest = len(self.names), widest(self.names)
        spare = height - classes  # lines for what stands above and below the counts
        totals, precision = spare >= 2, spare >= 3
        tall = next((lines for lines in TALL if spare - 3 >= (lines - 1) * classes), 1)
        name = max(2 if not precision else 4, min(longest, NAME, max(1, width // 4)))
        figures = width - name - 3
        right = [wide for wide in (7, 15) if figures - wide >= classes * 4]  # 'all', then 'all' and recall
        aside = right[-1] if right else 0
        needed = max(3, len(str(int(self.counts.max()))) + 1)
        wide = max(min(needed, figures), min(max(WIDEST, 4 * tall), (figures - aside) // classes))
        if tall == 1:
            wide = min(wide, max(9, min(WIDEST, longest + 2)))
        shown = min(classes, max(1, (figures - aside) // max(1, wide)))
        # with all classes in sight the diagonal tells the columns, so their names are the first thing to go
        heading = height > 1 and (spare >= 1 or spare < -1 or shown < classes)
        line = max(1, min(classes, height - (1 if heading else 0)))
        first, left = first_shown(self.at[0], classes, line), first_shown(self.at[1], classes, shown)
        columns = range(left, min(classes, left + shown))
        found: list[Row] = []
        if heading:
            brief = abbreviated(self.names, wide - 1)
            names = [(_centred(brief[column], wide), self._role(column, 1)) for column in columns]
            found.append(((_label("is", name, 2), "dim"), *names, *_aside(aside, "all", "recall", "dim")))
        last = min(classes, first + line) - 1
        for true in range(first, last + 1):
            more = "↑" if true == first > 0 else "↓" if true == last < classes - 1 else ""
            found += self._class(true, columns, name, wide, tall, aside, more)
        if totals and len(found) < height:
            all_said = [(f"{int(self.counts[:, column].sum()):,}"[:wide].center(wide), "dim") for column in columns]
            whole = f"{int(self.counts.sum()):,}"
            found.append(((_label("all", name, 2), "dim"), *all_said, *_aside(aside, whole, _share(self.counts), "dim")))
        if precision and len(found) < height and wide >= 5:
            shares = [(self._precision(column, 1 if wide > 6 else 0)[:wide].center(wide), "dim") for column in columns]
            found.append(((_label("precision" if name >= 9 else "prec", name, 2), "dim"), *shares))
        return [_cut(line, width) for line in found[:height]]

    def _class(self, true: int, columns: range, name: int, wide: int, tall: int, aside: int, more: str) -> list[Row]:
        """The lines of a class: its name, a cell for each guess, and how many of it there are and are found."""
        whole = int(self.counts[true].sum() + self.unsaid[true])
        label: Span = (_label(self.names[true], name, 0) + f" {more:1}", self._role(true, 0))
        found: list[Row] = []
        for line in range(tall):
            middle = line == tall // 2
            spans: list[Span] = [label if middle else (" " * (name + 2), "text")]
            for column in columns:
                spans += self._cell(true, column, wide, middle, whole)
            if middle:
                recall = percent(self.counts[true, true] / whole) if whole else "-"
                spans += _aside(aside, f"{whole:,}", recall, "text")
            found.append(tuple(spans))
        return found

    def _cell(self, true: int, column: int, wide: int, middle: bool, whole: int) -> list[Span]:
        """A count in a field of its shade; the cursor's in brackets."""
        amount = int(self.counts[true, column])
        share = amount / whole if whole else 0.0
        level = 0 if not amount else 2 + min(3, int(4 * share))  # in quarters of the row; the dots are those of zeros
        heat = f"heat-{(RIGHT if true == column else WRONG)[level]}"
        fill = (GLYPHS[level], f"{heat}/{heat}")
        if not middle:
            return [(fill[0] * wide, fill[1])]
        here = (true, column) == self.at
        text = f"{amount}" if amount or here else "·"
        text = f"[{text}]" if here and wide > len(text) + 1 else f" {text} " if wide > len(text) + 2 else text
        text = text[:wide]
        before = (wide - len(text)) // 2
        role = "cursor-focus" if here else f"strong/{heat}" if amount else f"dim/{heat}"
        return [(fill[0] * before, fill[1]), (text, role), (fill[0] * (wide - before - len(text)), fill[1])]

    def _precision(self, column: int, digits: int) -> str:
        said = int(self.counts[:, column].sum())
        return percent(self.counts[column, column] / said, digits) if said else "-"

    def _role(self, index: int, axis: int) -> str:
        return "strong" if index == self.at[axis] else "text"


def _label(text: str, width: int, gap: int) -> str:
    text = cut(text, width)
    return " " * (width - cell_len(text)) + text + " " * gap


def _centred(text: str, width: int) -> str:
    spare = max(0, width - cell_len(text))
    return " " * (spare // 2) + text + " " * (spare - spare // 2)


def _aside(width: int, amount: str, share: str, role: str) -> list[Span]:
    """What stands to the right of the counts, in so many cells."""
    if width < 7:
        return []
    return [(f"{amount:>7}", role), *([(f"{share:>8}", role)] if width >= 15 else [])]


def _share(counts: NDArray[np.int64]) -> str:
    whole = int(counts.sum())
    return percent(np.trace(counts) / whole) if whole else "-"


def _cut(line: Row, width: int) -> Row:
    """The row as far as there is room; unlike `fit` without an ellipsis: it may be a shade that is cut."""
    found: list[Span] = []
    left = width
    for text, role in line:
        if left <= 0:
            break
        found.append((text if cell_len(text) <= left else set_cell_size(text, left), role))
        left -= cell_len(found[-1][0])
    return tuple(found)


def abbreviated(names: Sequence[str], width: int) -> list[str]:
    """The names in at most `width` cells so that no two are the same: cut, or without the word that all begin with, or as
    their numbers from 1."""
    words = [name.split() for name in names]
    shared = next((at for at, said in enumerate(zip(*words, strict=False)) if len(set(said)) > 1), 0)
    ways = [list(names), [" ".join(said[shared:]) for said in words]]
    for way in ways:
        shorter = [cut(name, max(1, width)) for name in way]
        if len(set(shorter)) == len(names) and "…" not in shorter:
            return shorter
    return [str(number)[-max(1, width) :] for number in range(1, len(names) + 1)]


class ConfusionView:
    """The confusion matrix of one part of the table."""

    def why_not(self, trainer: Trainer) -> str:
        if trainer.table is None:
            return "a surface has no classes"
        return "" if trainer.table.classes else f"{trainer.table.target} is a number: there are no classes to confuse"

    def look(self, scene: Scene) -> ConfusionLook:
        table = table_of(scene.trainer)
        part, forced = part_of(scene)
        counts = scene.trainer.snapshot(part=part).confusion
        assert counts is not None
        classes = len(table.classes)
        targets = table.targets if part == "train" else table.validation_targets
        unsaid = np.bincount(targets, minlength=classes) - counts.sum(axis=1)
        at = scene.spot.y % classes, scene.spot.x % classes
        names = tuple(printable(name) for name in table.classes)
        wrong, whole = int(counts.sum() - np.trace(counts) + unsaid.sum()), len(targets)
        start: Row = ((f"Confusion, {WORDS[part]}", "text"),)
        amount: Row = ((f"  {wrong:,} of {whole:,} wrong", "strong" if wrong else "good"),)
        why: Row = ((f"  {forced}", "dim"),) if forced else ()
        hidden: Row = ((f"  {briefly(forced)}", "dim"),) if forced else ()
        lost: Row = ((f"  {int(unsaid.sum()):,} without an answer (NaN)", "bad"),) if unsaid.any() else ()
        long, brief = (((f"  {text}", "text"),) for text in in_words(scene.trainer, counts, at, names))
        wordings: list[Row] = [
            (*start, *amount, *lost, *long, *why),
            (*start, *lost, *long, *why),
            (*start, *lost, *long, *hidden),
            (*start, *amount, *lost, *brief, *hidden),
            (*start, *lost, *brief, *hidden),
            (("Confusion", "text"), *lost, *brief, *hidden),
            start,
        ]
        titles = tuple(sorted(wordings, key=width_of, reverse=True))
        choose = other(part, forced)
        return ConfusionLook(
            counts, unsaid, names, at, titles, "<arrows inside>: a cell" + (f"   {choose}" if choose else "")
        )


def in_words(trainer: Trainer, counts: NDArray[np.int64], at: tuple[int, int], names: tuple[str, ...]) -> tuple[str, str]:
    """A cell in words: '3 pictures that are 4 are taken for 9', and shorter, '3: 4 taken for 9'."""
    true, said = at
    amount = int(counts[at])
    what = things(table_of(trainer), amount)
    if amount == 0:
        what = f"no {what.removeprefix('0 ').removesuffix('s')}"
    verb = "are" if amount > 1 else "is"
    if true == said:
        return f"{what} that {verb} {names[true]} {verb} recognised", f"{amount:,} x {names[true]} recognised"
    middle = f"that {verb} {names[true]} {verb} taken for {names[said]}"
    return f"{what} {middle}", f"{amount:,} x {names[true]} taken for {names[said]}"


CONFUSION = ConfusionView()
