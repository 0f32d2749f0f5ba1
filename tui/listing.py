"""What `descent list` and the picker know of a preset: its heading, read with the standard library alone.

The engine reads a preset in full and takes a while to import; a list needs a few keys of each file. A file that cannot be
read is named beside the list and does not stop it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import presets
from presets.reading import printable, printable_lines, read_text, read_toml
from tui.figures import tidy
from tui.own_folder import as_typed, files_in, own_presets


class Heading(NamedTuple):
    """The keys of a preset that group, order and describe it, how many runs it has and for how many seconds they are
    watched, and all of its text."""

    name: str
    lesson: str
    title: str
    summary: str
    order: int
    runs: int = 1
    seconds: float = 15.0
    text: str = ""


def read_headings(brief: bool = False) -> tuple[list[Heading], list[str]]:
    """The headings of all presets, bundled and one's own, lesson by lesson in the order of `order`, and what is wrong with
    the other files.

    A `brief` one of a bundled preset, in a tenth of the time, is what stands above its story: name, lesson, title, summary
    and order.
    """
    files = {name: Path("presets", f"{name}.toml") for name in presets.names()}
    texts: dict[str, Callable[[], str]] = {name: partial(_top_of if brief else presets.text, name) for name in files}
    for name, path in own_presets().items():
        files[name], texts[name] = path, partial(_text_of, path)
    return _read(files, texts)


def headings_in(folder: Path) -> tuple[list[Heading], list[str]]:
    """The same of a folder; its presets are called by their paths."""
    files = {as_typed(path): path for path in files_in(folder)}
    return _read(files, {name: partial(_text_of, path) for name, path in files.items()})


def _text_of(path: Path) -> str:
    return read_text(path)


def _top_of(name: str) -> str:
    """The file of a bundled preset up to its story, which the heading stands above in all of them."""
    return presets.text(name).partition("\nstory = ")[0]


def _read(files: Mapping[str, Path], texts: Mapping[str, Callable[[], str]]) -> tuple[list[Heading], list[str]]:
    headings, broken = [], []
    for name, path in files.items():
        try:
            headings.append(_heading(name, texts[name](), path.stem))
        except OSError as error:
            broken.append(tidy(f"{path}: {error.strerror or error}"))
        except ValueError as error:  # not TOML, or not UTF-8
            broken.append(tidy(f"{path}: {error}"))
    first: dict[str, int] = {}
    for heading in headings:
        first[heading.lesson] = min(heading.order, first.get(heading.lesson, heading.order))
    headings.sort(key=lambda heading: (first[heading.lesson], heading.lesson, heading.order, heading.name))
    return headings, broken


def list_lines(headings: Sequence[Heading], columns: int) -> Iterator[str]:
    """The list as lines of at most `columns`, but that no name is cut: below their lesson, title and summary beside them.

    A path has a line of its own.
    """
    indent = max((len(heading.name) for heading in headings if "/" not in heading.name), default=0) + 5
    narrow = columns - indent < 30  # then the text goes below the name
    if narrow:
        indent = 4
    for number, (lesson, group) in enumerate(groupby(headings, key=lambda heading: heading.lesson)):
        yield from [""] if number else []
        yield from _wrap(lesson, columns, "")
        for heading in group:
            lines = [line for text in (heading.title, heading.summary) for line in _wrap(text, columns, " " * indent)]
            name = f"  {printable(heading.name)}"
            if narrow or not lines or len(name) > indent - 2:
                yield name
                yield from lines
            else:
                yield name.ljust(indent) + lines[0].lstrip()
                yield from lines[1:]


def _wrap(text: str, columns: int, indent: str) -> list[str]:
    return textwrap.wrap(text, max(columns, len(indent) + 10), initial_indent=indent, subsequent_indent=indent)


@lru_cache(10_000)  # each time that a preset or a sheet is opened all are asked for, and nearly always nothing has changed
def _heading(name: str, written: str, stem: str) -> Heading:
    document = read_toml(written)

    # The same defaults as in engine.preset.Sheet, which is not imported here (a test compares them).
    def text(key: str, default: str) -> str:
        value = document.get(key)
        return printable(value) if isinstance(value, str) and value else default

    order, runs, show = (document.get(key) for key in ("order", "run", "show"))
    seconds = show.get("seconds") if isinstance(show, dict) else None
    return Heading(
        name,
        text("lesson", "Own presets"),
        text("title", stem),
        text("summary", ""),
        order if isinstance(order, int) else 1000,
        len(runs) if isinstance(runs, list) and runs else 1,
        seconds if isinstance(seconds, int | float) else 15.0,
        printable_lines("\n".join(_texts(document))),
    )


def _texts(document: dict[str, Any]) -> Iterator[str]:
    """The story, the things to try, the questions with their answers and what is claimed."""
    tries = document.get("things_to_try")
    tables = [
        entry
        for key in ("question", "claim")
        if isinstance(entries := document.get(key), list)
        for entry in entries
        if isinstance(entry, dict)
    ]
    said = [document.get("story"), *(tries if isinstance(tries, list) else ())]
    said += [table.get(key) for table in tables for key in ("asks", "answer", "lesson_says", "says")]
    return (text for text in said if isinstance(text, str))
