"""All runs that are kept, in the folders of one place: new ones, the ones that somebody means, and those that have to go.

There is room for so many runs and so many bytes. What is beyond that goes, the oldest first, but nothing that is starred and
nothing that is being trained; whoever begins a run is told what went.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.byte_sizes import parse_size
from engine.on_disk.folder import RUN, STARRED, Hold, Manifest, RunFolder, RunFolderError, now
from engine.recording import write_recording
from engine.schema import guess
from presets.reading import read_text, read_toml

COUNT, SIZE = 200, 4 * 10**9  # runs, and bytes of all of them, unless limits.toml says otherwise
LIMITS = "limits.toml"
NEST, READY = ".new-", "ready"  # a start is made in a hidden folder, and comes out whole
MOST_COUNT = 100_000
ROW, EPOCH_ROW = 150, 200  # bytes of a row of iterations.csv and of epochs.csv, about


@dataclass(frozen=True)
class Limits:
    """How many runs are kept, and how many bytes of all of them together."""

    count: int = COUNT
    size: int = SIZE


class Store:
    """The runs in a folder, which need not exist yet."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def folders(self) -> list[RunFolder]:
        """All runs, the oldest first."""
        self._recover()
        try:
            found = sorted(entry for entry in self.place.iterdir() if (entry / RUN).is_file())
        except OSError:
            return []
        return [RunFolder(path) for path in found]

    def limits(self) -> Limits:
        """How much may be kept. Raises RunFolderError where limits.toml says something else."""
        place = self.place / LIMITS
        try:
            found = read_toml(read_text(place))
        except FileNotFoundError:
            return Limits()
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or error
            raise RunFolderError(f"{place}: cannot be read ({said})") from None
        unknown = [key for key in found if key not in ("count", "size")]
        if unknown:
            raise RunFolderError(f"{place}: {unknown[0]} is not one of count, size.{guess(unknown[0], ['count', 'size'])}")
        try:
            return Limits(checked_count(found.get("count", COUNT)), checked_size(found.get("size", SIZE)))
        except ValueError as error:
            raise RunFolderError(f"{place}: {error}") from None

    def set_limits(self, limits: Limits) -> None:
        """Keep so much from now on. Raises OSError."""
        self.place.mkdir(parents=True, exist_ok=True)
        text = (
            f"# How much `descent runs` keeps; beyond it the oldest run that is not starred goes.\ncount = {limits.count}\n"
        )
        write_recording(self.place / LIMITS, f"{text}size = {limits.size}\n".encode())

    def begin(self, manifests: Sequence[Manifest], preset: dict[str, Any]) -> list[tuple[RunFolder, Hold]]:
        """A folder for each of these runs, which start together; each is held by this process. Raises OSError."""
        self._recover()
        start, nest = self._reserved(manifests)
        made: list[tuple[RunFolder, Hold]] = []
        try:
            for one in manifests:
                folder = RunFolder(_new(nest, _named(start, one)))
                made.append((folder, _begun(folder, replace(one, start=start).text(), preset)))
            (nest / READY).touch()
        except OSError:
            for _, hold in made:
                hold.let_go()
            shutil.rmtree(nest, ignore_errors=True)
            raise
        return [(RunFolder(_fledged(folder.path, self.place)), hold) for folder, hold in made]

    def _reserved(self, manifests: Sequence[Manifest]) -> tuple[str, Path]:
        """The name of a start that nobody has, and its nest: whoever makes that has the name, also of two in one moment."""
        self.place.mkdir(parents=True, exist_ok=True)
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        base = "-".join(part for part in (stamp, _plain(manifests[0].preset)) if part)
        for start in (base, *(f"{base}-{again}" for again in range(2, 10_000))):
            nest = self.place / f"{NEST}{start}"
            try:
                nest.mkdir()
            except FileExistsError:
                continue
            if not any((self.place / _named(start, one)).exists() for one in manifests):
                return start, nest
            nest.rmdir()
        raise FileExistsError(errno.EEXIST, "too many runs began in this second", str(self.place))

    def _recover(self) -> None:
        """See to starts whose process was killed while it made their folders: all runs of one are there, or none."""
        with suppress(OSError):
            for nest in self.place.glob(f"{NEST}*"):
                ready = (nest / READY).exists()  # first: whoever makes it holds all of them before
                inside = [entry for entry in nest.iterdir() if entry.is_dir()]
                if any(RunFolder(path).held for path in inside):  # it is being made
                    continue
                if ready:
                    for path in inside:
                        _fledged(path, self.place)
                elif time.time() - nest.stat().st_mtime > 60.0:  # seconds; none of them may be held for a moment
                    shutil.rmtree(nest, ignore_errors=True)

    def make_room(self, runs: int = 1) -> list[RunFolder]:
        """Delete the oldest runs that are neither starred nor trained until what is kept, with so many runs more, is within
        the limits. Returns those that went. Raises RunFolderError for limits that cannot be read."""
        limits, gone = self.limits(), []
        folders = self.folders()
        sizes = {folder: folder.nbytes for folder in folders}
        count, size = len(folders) + runs, sum(sizes.values())
        for folder in folders:
            if count <= limits.count and size <= limits.size:
                break
            if folder.starred or folder.state == "training":
                continue
            try:
                shutil.rmtree(folder.path)
            except OSError:
                continue
            gone.append(folder)
            count, size = count - 1, size - sizes[folder]
        return gone

    def meant(self, word: str) -> list[RunFolder]:
        """The runs that a word means: the name of one, of a start with all of its runs, the beginning of such a name that
        fits one start alone, or a path. Raises RunFolderError with a guess."""
        path = Path(word).expanduser()
        if "/" in word or (path / RUN).is_file():
            if path.name == RUN:
                path = path.parent
            if (path / RUN).is_file():
                return [RunFolder(path)]
            inside = Store(path).folders()
            if inside:
                return newest(inside)
            raise RunFolderError(f'"{word}" is no run folder: there is no {RUN} in it')
        folders = self.folders()
        exact = [folder for folder in folders if folder.id == word]
        of_start = exact or [folder for folder in folders if start_of(folder) == word]
        begun = of_start or [folder for folder in folders if folder.id.startswith(word) and word]
        if len({start_of(folder) for folder in begun}) == 1:
            return begun
        if begun:
            several = ", ".join(sorted({start_of(folder) for folder in begun})[:3])
            raise RunFolderError(f'"{word}" fits {len(begun)} runs: {several} ...')
        raise RunFolderError(f'no run "{word}" is kept.{guess(word, [folder.id for folder in folders])}')


def start_of(folder: RunFolder) -> str:
    """The name that runs which started together share."""
    return folder.id.partition(".")[0]


def newest(folders: Sequence[RunFolder]) -> list[RunFolder]:
    """Of runs, the oldest first, those of the newest start."""
    return [folder for folder in folders if start_of(folder) == start_of(folders[-1])] if folders else []


def star(folder: RunFolder, starred: bool) -> None:
    """Have a run never deleted to make room, or as others again. Raises OSError."""
    if starred:
        folder.file(STARRED).touch()
    else:
        folder.file(STARRED).unlink(missing_ok=True)


def delete(folder: RunFolder) -> None:
    """Delete a run. Raises OSError, and BlockingIOError where a process trains in it."""
    if folder.state == "training":
        raise BlockingIOError(f"{folder.id} is being trained: end that first")
    shutil.rmtree(folder.path)


def checked_count(value: object) -> int:
    """A limit on the number of runs. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_COUNT:
        raise ValueError(f"count = {value!r}: a whole number from 1 to {MOST_COUNT} is allowed")
    return value


def checked_size(value: object) -> int:
    """A limit on bytes, also as '4 GB'. Raises ValueError."""
    if isinstance(value, str):
        return parse_size(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f'size = {value!r}: a size such as "4 GB" is allowed')
    return value


def expected_bytes(iterations: int, epochs: int, parameters: int) -> int:
    """About how large the folder of a run becomes: its rows, and a checkpoint with weights, gradients, what the optimizer
    remembers, and a film."""
    return iterations * ROW + epochs * EPOCH_ROW + parameters * 8 * 8 + 200_000


def _named(start: str, manifest: Manifest) -> str:
    parts = [start]
    if manifest.of > 1:
        parts += [_plain(manifest.run.name)] if manifest.run.name != manifest.preset else []
        parts += [f"seed{manifest.run.seed}"] if manifest.seeds else []
        parts += [str(manifest.place + 1)] if len(parts) == 1 else []
    return ".".join(parts)


def _begun(folder: RunFolder, text: str, preset: dict[str, Any]) -> Hold:
    """Make the files of a run that begins: run.toml with this text, and the first event with what the preset says. Raises
    OSError, and then the folder is gone again."""
    try:
        write_recording(folder.file(RUN), text.encode("utf-8", "replace"))
        hold = Hold(folder)
        line = json.dumps({"event": "started", "iteration": 0, "time": now(), "preset": preset}, ensure_ascii=False)
        os.write(hold.handle, line.encode("utf-8", "replace") + b"\n")
    except OSError:
        for entry in folder.path.iterdir():
            entry.unlink(missing_ok=True)
        folder.path.rmdir()
        raise
    return hold


def _plain(name: str) -> str:
    """A name as a file system, a shell and a screen take it."""
    return re.sub(r"[^A-Za-z0-9_=-]+", "-", name).strip("-")[:60]


def _new(place: Path, name: str) -> Path:
    """A folder of this name that was not there before."""
    for path in _tried(place, name):
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{place / name}")


def _fledged(path: Path, place: Path) -> Path:
    """The folder in its place, out of its nest, which goes with the last one."""
    there = place / path.name
    path.rename(there)
    with suppress(OSError):
        if not any(entry.is_dir() for entry in path.parent.iterdir()):
            (path.parent / READY).unlink(missing_ok=True)
            path.parent.rmdir()
    return there


def _tried(place: Path, name: str) -> Iterator[Path]:
    yield place / name
    yield from (place / f"{name}-{number}" for number in range(2, 1000))
