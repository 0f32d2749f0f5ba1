"""Every place that has keys of its own, with its bindings: the lab, each pane, each sheet, and the app.

It is found by looking through the panes and sheets that there are, so the help, the table of `descent keys` and the check
of a keymap know a binding as soon as a class has it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode

from tui.keyboard.keys import KEYS, written

Kind = Literal["lab", "pane", "sheet", "app"]

#: What the places are called in the help, in the order in which they stand there. One that is missing comes after them,
#: under its own name.
TITLES = {
    "settings": "In the settings",
    "tree": "In the progress",
    "curves": "On the curves",
    "inside": "Inside the model",
    "loop": "In the training loop",
    "lesson": "In the lesson",
    "results": "In the table of results",
    "sheet": "In every sheet",
    "list": "In a list",
    "view": "In the views",
    "help": "In this help",
    "panes": "In the list of panes",
    "taking": "Where files are taken away",
    "picker": "In the list of lessons",
    "ask": "Where something is asked",
    "overwrite": "Where a file would be replaced",
    "app": "Everywhere",
}


@dataclass(frozen=True, slots=True)
class Place:
    """`name` is what the ids of its bindings begin with."""

    name: str
    kind: Kind
    bindings: tuple[Binding, ...]

    @property
    def title(self) -> str:
        """Its heading in the help."""
        return TITLES.get(self.name, f"In {self.name.replace('_', ' ')}")


def in_order(names: Sequence[str]) -> list[str]:
    """These names of places, those of TITLES first."""
    known = list(TITLES)
    return sorted(names, key=lambda name: (known.index(name) if name in known else len(known), name))


@cache
def places() -> tuple[Place, ...]:
    """The lab first, then panes, sheets and the app."""
    found: dict[str, list[Binding]] = {}
    kinds: dict[str, Kind] = {}
    for cls in classes():
        sheet = cls.__module__.startswith("tui.screens.")  # and so is what only a sheet has in it: the lab's keys end there
        kind: Kind = "app" if issubclass(cls, App) else "sheet" if sheet else "pane"
        for binding in vars(cls)["BINDINGS"]:
            assert isinstance(binding, Binding) and binding.id is not None, f"{cls.__name__} has a binding without an id"
            name = binding.id.partition(".")[0]
            found.setdefault(name, []).append(binding)
            kinds.setdefault(name, kind)
    lab = tuple(Binding(key.keys, key.action, key.help, id=key.id, tooltip=key.help) for key in KEYS if key.action)
    return (
        Place("lab", "lab", lab),
        *(Place(name, kinds[name], tuple(found[name])) for name in in_order(list(found))),
    )


def classes() -> Iterator[type[DOMNode]]:
    """Every class of the panes, the sheets and the app that has bindings of its own; the lab's come from its table."""
    for package in ("tui.panes", "tui.screens"):
        for entry in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            yield from _with_bindings(entry.name)
    yield from _with_bindings("tui.app")


def _with_bindings(name: str) -> Iterator[type[DOMNode]]:
    for cls in vars(importlib.import_module(name)).values():
        own = isinstance(cls, type) and issubclass(cls, DOMNode) and cls.__module__ == name
        if own and vars(cls).get("BINDINGS") and name != "tui.screens.lab":
            yield cls


def keys_of(binding: Binding, keymap: Mapping[str, Sequence[str]]) -> list[str]:
    """The keys of a binding, by Textual's names, with a keymap in force."""
    return list(keymap.get(binding.id or "", ())) or [key.strip() for key in binding.key.split(",") if key.strip()]


def help_rows(keymap: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """For the help: each place's heading, and its keys with what they do. The lab, whose table comes first, has none."""
    for place in places():
        if place.kind == "lab":
            continue
        rows: dict[str, list[str]] = {}  # keys that do the same, such as Up and Down, stand in one line
        for binding in place.bindings:
            shown = map(written, keys_of(binding, keymap))
            rows.setdefault(binding.tooltip, []).extend(shown)
        yield place.title, [(" ".join(shown), says) for says, shown in rows.items()]
