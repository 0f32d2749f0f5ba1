"""How the screen was left: the theme, which panes are hidden, whether the lesson is wanted, how curves are drawn.

It is one's own, the same for every preset, and kept in `layout.json` in the folder of what descent remembers. Where
somebody looks at the moment (a cursor, a stretch that is zoomed in on) is not kept. A file that is damaged counts as none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from tui.home.folders import state_folder
from tui.home.replacing import replace_file
from tui.viewing import AS_IT_IS, UNITS, Viewing
from tui.views import VIEWS

LARGEST = 64 * 1024  # bytes
OF_THE_MOMENT = ("window", "follow", "cursor", "riding", "lit", "log_y")  # the scale of the loss is the preset's to say
#: The panes that can be hidden, by their ids, and what they are called. The lesson is wanted or not.
PANES = {
    "settings": "Settings",
    "tree": "Progress",
    "loss": "Loss",
    "second": "Second plot, and the views in its place",
    "loop": "Training loop",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """`theme` '' is the usual one; `lesson` None is where there is room; `hidden` are ids of PANES."""

    theme: str = ""
    lesson: bool | None = None
    hidden: frozenset[str] = frozenset()
    viewing: Viewing = AS_IT_IS


def layout_file() -> Path:
    """Where it is kept."""
    return state_folder() / "layout.json"


def read() -> tuple[Layout, str]:
    """How the screen was left, and why that is not known where there is a file that cannot be used ('': all is well)."""
    file = layout_file()
    try:
        with open(file, "rb") as stream:
            data = stream.read(LARGEST + 1)
        said = json.loads(data) if len(data) <= LARGEST else None
    except (FileNotFoundError, NotADirectoryError):
        return Layout(), ""
    except OSError as error:
        return Layout(), f"{file.name} cannot be read ({error.strerror}): the screen is as usual"
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return Layout(), f"{file.name} is damaged: the screen is as usual"
    layout, lost = _layout(said)
    return layout, f"{file.name}: {', '.join(lost)} cannot be used, so that is as usual" if lost else ""


def _layout(said: Mapping[str, Any]) -> tuple[Layout, list[str]]:
    """What can be used of a file, and the names of what cannot."""
    layout, lost = Layout(), []
    theme, lesson, hidden, seen = (said.get(key) for key in ("theme", "lesson", "hidden", "viewing"))
    if isinstance(theme, str):
        layout = replace(layout, theme=theme)
    elif theme is not None:
        lost.append("theme")
    if isinstance(lesson, bool):
        layout = replace(layout, lesson=lesson)
    elif lesson is not None:
        lost.append("lesson")
    if isinstance(hidden, list) and all(isinstance(name, str) for name in hidden):
        known = frozenset(hidden) & PANES.keys()
        layout = replace(layout, hidden=known if known != PANES.keys() else frozenset())
    elif hidden is not None:
        lost.append("hidden")
    if isinstance(seen, dict):
        for key, value in seen.items():
            value = tuple(value) if isinstance(value, list) else value
            if key in KEPT and _fits(key, value):
                layout = replace(layout, viewing=replace(layout.viewing, **{key: value}))  # type: ignore[arg-type]  # it fits
            elif key in KEPT:
                lost.append(f"viewing.{key}")
    elif seen is not None:
        lost.append("viewing")
    return layout, lost


KEPT = tuple(entry.name for entry in fields(Viewing) if entry.name not in OF_THE_MOMENT)


def _fits(key: str, value: Any) -> bool:
    """Whether a value can be what this part of a Viewing is."""
    usual = getattr(AS_IT_IS, key)
    if key == "x":
        return value in UNITS
    if key == "second":
        return any(entry.id == value for entry in VIEWS)
    if key == "smoothing":
        return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value < 1.0
    if usual is None:
        return value is None or isinstance(value, bool)
    if isinstance(usual, tuple):
        return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
    return type(value) is type(usual)


def keep(layout: Layout) -> str:
    """Write it in one step; says why that failed, or ''."""
    viewing = {}
    for key in KEPT:
        value = getattr(layout.viewing, key)
        viewing[key] = sorted(value) if isinstance(value, frozenset) else value
    said = {"theme": layout.theme, "lesson": layout.lesson, "hidden": sorted(layout.hidden), "viewing": viewing}
    file = layout_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps(said, indent=1) + "\n")
    except OSError as error:
        return f"How the screen is cannot be kept: {file.name}: {error.strerror or error}"
    return ""
