"""Where files go that are taken away: beside the name that was typed, never over a file unless somebody said so."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from tui.exporting.kinds import Kind
from tui.home.folders import typed_file
from tui.home.replacing import make_file, replace_file


def suggested(kind: Kind, name: str) -> str:
    """The name that is offered: the preset's, in the folder that descent was started in."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-.') or 'descent'}{kind.ending}"


def places(kind: Kind, typed: str, endings: Mapping[str, object]) -> dict[str, Path]:
    """The file for each ending, from the name that was typed. Raises ValueError where it cannot be one."""
    place = typed_file(typed)
    stem = place.name.removesuffix(kind.ending)
    if not stem.strip("."):
        raise ValueError(f"{typed.strip()} has no name before {kind.ending}")
    if not place.parent.is_dir():
        raise ValueError(f"there is no folder {place.parent}")
    return {ending: place.with_name(f"{stem}{ending}") for ending in endings}


def there(files: Mapping[str, Path]) -> list[Path]:
    """Those that are there already."""
    return [place for place in files.values() if place.exists() or place.is_symlink()]


def write(place: Path, text: str | bytes, replace: bool) -> None:
    """Write a file in one step; one that is there only with `replace`. Raises OSError, and then nothing has changed."""
    if not replace:
        make_file(place, text)
        return
    target = Path(os.path.realpath(place))  # a link stays a link
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "is no file that could be written", str(place))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "Permission denied", str(place))
    if not target.exists():
        write(target, text, replace=False)
        return
    replace_file(target, text, stat.S_IMODE(target.stat().st_mode))
