"""Where descent keeps what is the user's own: the state (what is done) and presets of one's own; and files that are typed.

Everything lies where the system puts such things, or below DESCENT_HOME where that is set; the environment is read at
every call, so that a test or a shell can change it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def state_folder() -> Path:
    """The folder of what descent remembers between two starts. It need not exist yet."""
    return _home() or _usual("state")


def runs_folder() -> Path:
    """The folder of the runs that are kept. It need not exist yet."""
    return state_folder() / "runs"


def presets_folder() -> Path:
    """The folder of the user's own presets. It need not exist yet."""
    return (_home() or _usual("config")) / "presets"


def keymap_file() -> Path:
    """The file in which the user says other keys. It need not exist."""
    return (_home() or _usual("config")) / "keymap.toml"


def typed_file(typed: str) -> Path:
    """The file whose name somebody typed. Raises ValueError where it is none, or a folder's."""
    from pathlib import Path

    word = typed.strip()
    if not word:
        raise ValueError("type the name of a file")
    try:
        place = Path(word).expanduser()
    except RuntimeError as error:  # ~somebody
        raise ValueError(str(error)) from None
    if word.endswith("/") or place.is_dir():
        raise ValueError(f"{word} is a folder: add the name of a file")
    return place


def shortened(place: Path) -> str:
    """A file as one would type it, ~ for one's own folder."""
    from pathlib import Path

    try:
        home = Path.home()
    except RuntimeError:  # nobody knows where that is
        return str(place)
    return f"~/{place.relative_to(home)}" if place.is_relative_to(home) and place.is_absolute() else str(place)


def _home() -> Path | None:
    from pathlib import Path

    home = os.environ.get("DESCENT_HOME", "")
    return Path(home).expanduser() if home else None


def _usual(kind: str) -> Path:
    """Where the system puts such things, by platformdirs, which takes a while to import."""
    import platformdirs

    found = platformdirs.user_state_path if kind == "state" else platformdirs.user_config_path
    return found("descent", appauthor=False)
