"""The runs as a fault has left them, in a file that the lab opens again: written where nothing else keeps them.

A batch that was half done counts as not begun, so that the file can be read. There are at most nine files of a preset.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.state import broke_off
from tui.home.folders import state_folder
from tui.recorded import SUFFIX, record
from tui.session import Session

MOST = 9  # files of one preset: then the oldest gives way


def save(session: Session) -> Path:
    """Record the runs in the folder of what descent remembers; gives the file. Raises OSError."""
    for trainer in session.trainers:
        broke_off(trainer)
    folder = state_folder() / "after-faults"
    folder.mkdir(parents=True, exist_ok=True)
    place = _place(folder, re.sub(r"[^A-Za-z0-9._-]+", "-", session.preset.name).strip("-.") or "run")
    record(session, place)
    return place


def _place(folder: Path, stem: str) -> Path:
    """The first name that nothing has; where all are taken, that of the oldest."""
    places = [folder / f"{stem}{number}{SUFFIX}" for number in ("", *(f"-{each}" for each in range(2, MOST + 1)))]
    return next((place for place in places if not place.exists()), None) or min(places, key=_written)


def _written(place: Path) -> float:
    return place.stat().st_mtime
