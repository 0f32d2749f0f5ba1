"""The presets in a folder: one's own, which have a name as the bundled ones have, and those of a teacher's folder.

A bundled preset keeps its name: a file of the same name among one's own is called by its path.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import presets
from tui.home.folders import presets_folder

if TYPE_CHECKING:
    from pathlib import Path


def is_run_folder(word: str) -> bool:
    """Whether a word on the command line is the folder of a run that is kept."""
    return os.path.isfile(os.path.join(word, "run.toml")) and os.path.isdir(word)


def files_in(folder: Path) -> list[Path]:
    """The preset files of a folder by name; none where there is no such folder, or no right to look into it."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml" and path.name[0] != "." and path.is_file())
    except OSError:
        return []


def own_presets() -> dict[str, Path]:
    """One's own presets by what opens them: the name, or the path where a bundled one has that name."""
    bundled = presets.names()
    return {as_typed(path) if path.stem in bundled else path.stem: path for path in files_in(presets_folder())}


def source_of(name: str) -> str:
    """What `load_preset` takes for what a person calls a preset: the path for the name of one's own."""
    if "/" in name or name.endswith(".toml") or name in presets.names():
        return name
    path = own_presets().get(name)
    return as_typed(path) if path is not None else name


def named(entry: str) -> tuple[str, str]:
    """The name and the source, as a loaded preset has them, of what the list calls a preset."""
    from pathlib import Path

    if entry in presets.names():
        return entry, f"presets/{entry}.toml"
    source = source_of(entry)
    return Path(source).stem, source


def is_bundled(name: str, source: str) -> bool:
    """Whether a loaded preset, of this name and source, is one that comes with descent."""
    return source == f"presets/{name}.toml" and name in presets.names()


def is_folder(word: str) -> bool:
    """Whether a word on the command line is a folder of presets, and no preset's name."""
    return (
        os.path.isdir(word)
        and not word.endswith((".toml", ".csv", ".npz"))
        and ("/" in word or source_of(word) == word not in presets.names())
    )


def called(path: Path) -> str:
    """What the list calls the preset in this file: its name where it is one's own, else its path."""
    own = {file: name for name, file in own_presets().items()}
    return own.get(path, as_typed(path))


def as_typed(path: Path) -> str:
    """A path that is taken for one on the command line, whatever it is called."""
    return str(path) if os.sep in str(path) else f"./{path}"
