"""Where descent keeps what is the user's own: the state (what is done) and presets of one's own; and files that are typed.

Everything lies where the system puts such things, or below DESCENT_HOME where that is set; the environment is read at
every call, so that a test or a shell can change it.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_config_path, user_state_path


def state_folder() -> Path:
    """The folder of what descent remembers between two starts. It need not exist yet."""
    return _home() or user_state_path("descent", appauthor=False)


def presets_folder() -> Path:
    """The folder of the user's own presets. It need not exist yet."""
    return (_home() or user_config_path("descent", appauthor=False)) / "presets"


def keymap_file() -> Path:
    """The file in which the user says other keys. It need not exist."""
    return (_home() or user_config_path("descent", appauthor=False)) / "keymap.toml"


def typed_file(typed: str) -> Path:
    """The file whose name somebody typed. Raises ValueError where it is none, or a folder's."""
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


def _home() -> Path | None:
    home = os.environ.get("DESCENT_HOME", "")
    return Path(home).expanduser() if home else None
