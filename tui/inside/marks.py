"""What classes and numbers look like in every view of the inside of a model: letters, colours and how strong they are.

A class has one letter and one colour, wherever it is drawn. Numbers above and below zero have two colours, and characters
where there is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.table import Table

MOST_NUMBERS = 700_000  # of a network's answers to a grid, over all of its units
COLOURS = 8  # classes that have a colour of their own
SHADES = ("faint", "medium", "strong")
SURE = (0.5, 0.9)  # from here on medium, strong: 0 is a coin's guess, 1 is certain
POSITIVE, NEGATIVE = "class-1", "class-2"
GROUNDS = " ░▒▓·:-="  # what a field of each class is filled with where colours are not seen


def class_role(index: int) -> str:
    """The role of a class by its number (from 0)."""
    return f"class-{index % COLOURS + 1}"


def class_roles(classes: int) -> list[str]:
    """Roles for fields of colour, three a class from faint to strong: that of class c and shade s is at 3 c + s."""
    return [f"{class_role(index)}-{shade}" for index in range(classes) for shade in SHADES]


def class_glyph(index: int) -> str:
    """What stands for the colour of a class (from 0) in its field; in front of the colour itself it is not seen."""
    return GROUNDS[index % COLOURS]


def class_letters(names: Sequence[str]) -> list[str]:
    """A small letter or a digit for each class: its name's first character where these differ, or the digit that it ends
    with, else a b c."""
    first, last = ([name.strip().lower()[place] if name.strip() else "" for name in names] for place in (0, -1))
    for found, fits in ((first, str.isalnum), (last, str.isdigit)):
        if len(set(found)) == len(found) and all(one.isascii() and fits(one) for one in found):
            return found
    return [chr(ord("a") + index % 26) for index in range(len(names))]


def wrong_mark(letter: str) -> str:
    """How the letter of a class is written where the network is wrong: as a capital, and a digit as x."""
    return letter.upper() if letter.isalpha() else "x"


def outputs_as_chances(outputs: NDArray[Any]) -> NDArray[np.float64]:
    """Log probabilities (n, classes) from logits (n, outputs), not below -60; NaN for a row that has one.

    Between two points the difference of two of them changes evenly, as that of the logits does, so the place where two
    classes are equally likely is where it should be.
    """
    logits = outputs.astype(np.float64)
    if logits.shape[1] == 1:  # of the second class
        logits = np.hstack([np.zeros_like(logits), logits])
    with np.errstate(all="ignore"):
        below = logits - logits.max(axis=1, keepdims=True)
        below = np.where(np.isposinf(logits), 0.0, below)  # inf - inf
        logs = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
        logs[np.isnan(logits).any(axis=1)] = np.nan
        kept: NDArray[np.float64] = np.maximum(logs, -60.0)
    return kept


def said(chances: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The likeliest class, and which of SHADES says how sure that is, for log probabilities (..., classes); -1: NaN."""
    classes = chances.shape[-1]
    lost = np.isnan(chances).any(axis=-1)
    clean = np.where(lost[..., None], 0.0, chances)
    best = clean.argmax(axis=-1)
    share = np.exp(clean.max(axis=-1)) / np.exp(clean).sum(axis=-1)
    sure = (share - 1 / classes) / (1 - 1 / classes)
    return np.where(lost, -1, best), np.where(lost, -1, np.digitize(sure, SURE))


def signed_roles() -> list[str]:
    """Roles for fields of numbers, from strongly negative to strongly positive."""
    return [f"{NEGATIVE}-{shade}" for shade in reversed(SHADES)] + [f"{POSITIVE}-{shade}" for shade in SHADES]


SIGNED_CHARACTERS = "==- +##"  # the same in characters, with about zero in the middle
SIGNED_GLYPHS = SIGNED_CHARACTERS.replace(" ", "")  # one for each of `signed_roles`


def signed(values: NDArray[Any], rest: float = 1 / 12) -> NDArray[np.intp]:
    """Which of `signed_roles` numbers from -1 to 1 have; -1 for those within `rest` of zero and for NaN."""
    with np.errstate(invalid="ignore"):
        size = np.digitize(np.abs(values), (1 / 3, 2 / 3))
        codes = np.where(values > 0, 3 + size, 2 - size)
        return np.where(np.abs(values) > rest, codes, -1)


def in_pairs(values: NDArray[Any]) -> NDArray[np.float64]:
    """Every two rows of an array (2 n, columns) at their mean, so that both halves of a cell are alike."""
    means: NDArray[np.float64] = values.reshape(len(values) // 2, 2, -1).mean(axis=1)
    return means.repeat(2, axis=0)


def signed_text(values: NDArray[Any]) -> list[str]:
    """The rows of an array of numbers from -1 to 1 as characters."""
    codes = signed(values)
    places = np.where(codes < 0, 3, np.where(codes >= 3, codes + 1, codes))
    return ["".join(SIGNED_CHARACTERS[place] for place in line) for line in places.tolist()]


def resized(values: NDArray[Any], rows: int, columns: int) -> NDArray[np.float64]:
    """Numbers (h, w, ...) on a grid from edge to edge, at the middles of `rows` x `columns` cells: linear in between."""
    found: NDArray[np.float64] = values.astype(np.float64)
    for axis, count in ((0, rows), (1, columns)):
        last = found.shape[axis] - 1
        at = (np.arange(count) + 0.5) / count * last
        low = np.minimum(at.astype(np.intp), max(0, last - 1))
        share = (at - low).reshape([-1 if other == axis else 1 for other in range(found.ndim)])
        above = np.take(found, np.minimum(low + 1, last), axis)
        found = np.take(found, low, axis) * (1 - share) + above * share
    return found


def number_text(value: float) -> str:
    """A number of the data in three digits, or as many as it has before the point up to four: 0.1, 1.75, 1680.

    No zero at its end is kept: such a number stands still, unlike a loss (`figures.short`).
    """
    return f"{value:.4g}" if abs(value) >= 100 else f"{value + 0.0:.3g}"


def grid_size(sizes: Sequence[int], columns: int, rows: int) -> tuple[int, int]:
    """So many columns and rows of points, fewer for a network of these sizes whose answers to them would fill the memory."""
    shrink = min(1.0, math.sqrt(MOST_NUMBERS / (sum(sizes) * columns * rows)))
    return max(6, round(columns * shrink)), max(4, round(rows * shrink))


@lru_cache(maxsize=4)
def separating(table: Table) -> tuple[int, int]:
    """The two features of the training rows that by themselves tell most about the answer, the better one first.

    For classes the share of a feature's variance that lies between the classes (the correlation ratio), for numbers its
    squared correlation with the target. With two features or fewer, they come in their own order.
    """
    inputs = table.inputs
    if inputs.shape[1] <= 2:
        return 0, min(1, inputs.shape[1] - 1)
    spread = ((inputs - inputs.mean(axis=0)) ** 2).sum(axis=0)
    if table.classes:
        groups = [inputs[table.targets == index] for index in range(len(table.classes))]
        told = sum(len(one) * (one.mean(axis=0) - inputs.mean(axis=0)) ** 2 for one in groups if len(one))
    else:
        target = table.targets[:, 0] - table.targets.mean()
        told = (target @ (inputs - inputs.mean(axis=0))) ** 2 / max(float(target @ target), 1e-300)
    with np.errstate(all="ignore"):
        share = np.where(spread > 0, told / spread, -1.0)
    first, second = np.argsort(-share, kind="stable")[:2].tolist()
    return int(first), int(second)
