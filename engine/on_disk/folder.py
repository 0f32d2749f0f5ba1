"""A run folder: what its files are called, what run.toml says, and whether somebody trains in it at this moment."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from engine.on_disk.facts import facts
from engine.on_disk.toml_text import toml_text
from engine.preset import RUN_TABLES, read_run
from engine.problems import PresetError
from engine.recording import lying_anywhere
from engine.run import Run
from engine.run_tables import tables_of
from presets.reading import printable, read_text, read_toml

RUN, ITERATIONS, EPOCHS, EVENTS, CHECKPOINT, RESULT, STARRED = (
    *("run.toml", "iterations.csv", "epochs.csv", "events.jsonl", "checkpoint.npz", "result.json", "starred"),
)
FILES = (RUN, ITERATIONS, EPOCHS, EVENTS, CHECKPOINT, RESULT, STARRED)
FORMAT = 1
ABOUT = """\
# A run of descent: what was trained, every default filled in, and with what. It is a preset too: `descent run.toml` opens
# it as one, `descent replay` of its folder trains it again and compares every number.

"""

APPENDING = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
State = Literal["training", "unfinished", "over"]


class RunFolderError(ValueError):
    """A folder that is no run folder, or is damaged beyond use: one sentence that names the folder or the file."""


@dataclass(frozen=True)
class Manifest:
    """What run.toml says. `start` is shared by the runs that were started together, of which this is number `place` of `of`;
    `by` is who trained it ("lab", "run" or "engine"), `facts` are versions and the machine (`engine.on_disk.facts`)."""

    run: Run
    preset: str
    title: str
    start: str
    place: int = 0
    of: int = 1
    by: str = "engine"
    seeds: bool = False  # trained as one of many seeds
    started: str = ""
    facts: dict[str, str] = field(default_factory=facts)

    def text(self) -> str:
        """The content of run.toml."""
        run = lying_anywhere(self.run)
        told = {key: value for key, value in asdict(self).items() if key not in ("run", "title", "facts")}
        record = {"format": FORMAT, "run": run.name, **told, "made_with": self.facts}
        return ABOUT + toml_text({"title": self.title, **tables_of(run), "record": record})


def now() -> str:
    """The time, to the second, with its zone."""
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


@dataclass(frozen=True)
class RunFolder:
    """A folder with a run in it; nothing is read until it is asked for."""

    path: Path

    @property
    def id(self) -> str:
        """What it is called: the name of the folder."""
        return self.path.name

    def file(self, name: str) -> Path:
        """One of its files."""
        return self.path / name

    @property
    def starred(self) -> bool:
        """Whether it is never to be deleted to make room."""
        return self.file(STARRED).exists()

    @property
    def nbytes(self) -> int:
        """Bytes of all that is in it."""
        total = 0
        with suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                with suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_size
        return total

    @property
    def state(self) -> State:
        """Whether a process trains in it now, or it is over, or it can be gone on with."""
        if self.held:
            return "training"
        return "over" if self.file(RESULT).exists() else "unfinished"

    @property
    def held(self) -> bool:
        """Whether another process has it (see `Hold`); False where the system cannot tell."""
        try:
            handle = os.open(self.file(EVENTS), os.O_RDONLY)
        except OSError:
            return False
        try:
            return not _lock(handle, shared=True)
        finally:
            os.close(handle)

    def manifest(self) -> Manifest:
        """What run.toml says. Raises RunFolderError."""
        place = self.file(RUN)
        try:
            found = read_toml(read_text(place))
        except FileNotFoundError:
            raise RunFolderError(f'"{self.path}" is no run folder: there is no {RUN} in it') from None
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{place}: {getattr(error, 'strerror', None) or error}") from None
        try:
            record = found["record"]
            if record["format"] != FORMAT:
                raise RunFolderError(f"{place}: has format {record['format']}, this descent reads format {FORMAT}")
            run = read_run({key: found[key] for key in RUN_TABLES if key in found}, str(record["run"]))
            told = {key: record[key] for key in ("preset", "start", "place", "of", "by", "seeds", "started")}
            made_with = {str(key): str(value) for key, value in record["made_with"].items()}
            return Manifest(run, title=str(found["title"]), facts=made_with, **told)
        except RunFolderError:
            raise
        except PresetError as error:
            problem = error.problems[0]
            raise RunFolderError(printable(f"{place}: {problem.key}: {problem.message}")) from None
        except KeyError as error:
            raise RunFolderError(f"{place}: is damaged ({error.args[0]!r} is missing)") from None
        except Exception as error:  # cut anywhere, TOML and the tables of it fail in many ways
            said = printable(" ".join(str(error).split()))[:200]
            raise RunFolderError(f"{place}: is damaged ({said})") from None

    def events(self) -> list[dict[str, Any]]:
        """The lines of events.jsonl, as far as they are whole."""
        return self.whole_events()[0]

    def whole_events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The whole lines of events.jsonl from an offset on, and the offset after them."""
        try:
            with open(self.file(EVENTS), "rb") as file:
                file.seek(offset)
                content = file.read()
        except OSError:
            return [], offset
        found = []
        for line in content.split(b"\n")[:-1]:
            try:
                event = json.loads(line)
            except ValueError:  # torn by a power cut: what follows it cannot be trusted
                break
            if not isinstance(event, dict) or not isinstance(event.get("event"), str):
                break
            found.append(event)
            offset += len(line) + 1
        return found, offset

    def result(self) -> dict[str, Any] | None:
        """What result.json says; None where there is none, or no whole one."""
        try:
            found = json.loads(self.file(RESULT).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None


class Hold:
    """Keeps a run folder for this process while it is open: nobody else trains in it. The system lets go by itself when the
    process ends, however it does. `handle` appends to events.jsonl. Raises OSError, BlockingIOError where another has it."""

    def __init__(self, folder: RunFolder) -> None:
        self.handle = os.open(folder.file(EVENTS), APPENDING, 0o644)
        for _ in range(20):  # somebody who only looks whether it is held has it for a moment
            if _lock(self.handle, shared=False):
                return
            time.sleep(0.005)
        self.let_go()
        raise BlockingIOError(f'another process trains in "{folder.path}"')

    def let_go(self) -> None:
        """Others can have it."""
        os.close(self.handle)


def _lock(handle: int, shared: bool) -> bool:
    """Whether this handle's file is ours now; True where the system has no such locks (Windows, some network disks)."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
