"""What `descent list` knows of a preset: its heading, read with the standard library alone.

The engine reads a preset in full and takes a while to import; a list needs five keys of each file. A file that cannot be
read is named beside the list and does not stop it.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import presets


class Heading(NamedTuple):
    """The keys of a preset that group, order and describe it."""

    name: str
    lesson: str
    title: str
    summary: str
    order: int


def read_headings() -> tuple[list[Heading], list[str]]:
    """The headings of all presets, lesson by lesson in the order of `order`, and what is wrong with the other files."""
    headings, broken = [], []
    for name in presets.names():
        try:
            headings.append(_heading(name, tomllib.loads(presets.text(name))))
        except (OSError, ValueError) as error:  # not TOML, or not UTF-8: both are ValueErrors
            broken.append(f"presets/{name}.toml: {error}")
    first = {heading.lesson: min(h.order for h in headings if h.lesson == heading.lesson) for heading in headings}
    headings.sort(key=lambda heading: (first[heading.lesson], heading.lesson, heading.order, heading.name))
    return headings, broken


def list_lines(headings: Sequence[Heading], columns: int) -> Iterator[str]:
    """The list as lines of at most `columns`, but that no name is cut: below their lesson, title and summary beside them."""
    indent = max((len(heading.name) for heading in headings), default=0) + 5
    narrow = columns - indent < 30  # then the text goes below the name
    if narrow:
        indent = 4
    for number, (lesson, group) in enumerate(groupby(headings, key=lambda heading: heading.lesson)):
        yield from [""] if number else []
        yield from _wrap(lesson, columns, "")
        for heading in group:
            lines = [line for text in (heading.title, heading.summary) for line in _wrap(text, columns, " " * indent)]
            name = f"  {heading.name}"
            if narrow or not lines:
                yield name
                yield from lines
            else:
                yield name.ljust(indent) + lines[0].lstrip()
                yield from lines[1:]


def _wrap(text: str, columns: int, indent: str) -> list[str]:
    return textwrap.wrap(text, max(columns, len(indent) + 10), initial_indent=indent, subsequent_indent=indent)


def _heading(name: str, document: dict[str, Any]) -> Heading:
    # The same defaults as in engine.preset.Sheet, which is not imported here (a test compares them).
    def text(key: str, default: str) -> str:
        value = document.get(key)
        return value if isinstance(value, str) and value else default

    order = document.get("order")
    return Heading(
        name,
        text("lesson", "Own presets"),
        text("title", name),
        text("summary", ""),
        order if isinstance(order, int) else 1000,
    )
