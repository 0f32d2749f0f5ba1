"""What is done: which presets ran to their end in the lab with their own settings, and how many of their claims held.

It is kept in `done.json` in the user's state folder. The file is read, merged and replaced as a whole under a lock, so that
two labs at once do not lose each other's entries. Nothing here is worth an error: where it cannot be kept, a word says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import Preset, PresetError, Trainer, load_preset
from engine.columns import TableError
from engine.live import PACE
from tui.home.folders import state_folder
from tui.home.replacing import replace_file
from tui.own_folder import is_bundled

PATIENCE = 0.3  # seconds at most that a lab waits for another one that writes


@dataclass(frozen=True, slots=True)
class Done:
    """A preset ran to its end: how many of its claims held."""

    claims_held: int
    claims: int


def done_file() -> Path:
    """Where it is kept."""
    return state_folder() / "done.json"


def name_of(name: str, source: str) -> str:
    """What a preset is kept under: its name where it comes with descent, else where its file lies."""
    return name if is_bundled(name, source) else str(Path(source).resolve())


def read() -> dict[str, Done]:
    """What is done, by `name_of`. Empty where there is no file, or none that can be read; an odd entry is left out."""
    return {
        name: Done(entry["claims_held"], entry["claims"])
        for name, entry in _entries().items()
        if isinstance(entry, dict)
        and all(type(entry.get(key)) is int for key in ("claims_held", "claims"))
        and 0 <= entry["claims_held"] <= entry["claims"]
    }


def note(name: str, claims_held: int, claims: int) -> str:
    """Keep that this preset is done; the newest result counts. Never raises: why it cannot be kept is returned, or ''."""
    file = done_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _alone(file.with_suffix(".lock")):
            entries = {**_entries(), name: {"claims_held": claims_held, "claims": claims}}
            replace_file(file, json.dumps({"presets": entries}, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        return f"what is done cannot be kept in {file}: {error.strerror or error}"
    return ""


def remember(preset: Preset, trainers: Sequence[Trainer]) -> str:
    """Keep that these runs of a preset came to their end, if they did so with the preset's own settings.

    Returns why it cannot be kept, or ''; '' as well where there is nothing to keep.
    """
    if not _as_written(preset, trainers):
        return ""
    claims = preset.sheet.claim
    try:
        name = name_of(preset.name, preset.source)
    except (OSError, RuntimeError) as error:  # the folder that it was started in is gone, or leads in a circle
        return f"what is done cannot be kept: {getattr(error, 'strerror', None) or error}"
    return note(name, _held(preset, trainers) if claims else 0, len(claims))


def _held(preset: Preset, trainers: Sequence[Trainer]) -> int:
    """How many claims the runs bear out."""
    from engine.judging import judge

    return sum(judge(claim, trainers).held is True for claim in preset.sheet.claim)


def _as_written(preset: Preset, trainers: Sequence[Trainer]) -> bool:
    """Whether all runs are over, were made of what stands in the preset's file, and nobody changed them on the way."""
    changed = any(change.key != PACE for one in trainers for change in one.history.changes)
    if changed or not all(one.done for one in trainers):
        return False
    bundled = is_bundled(preset.name, preset.source)
    try:
        written = load_preset(preset.name if bundled else Path(preset.source))
    except (OSError, PresetError, TableError):  # the file is gone or changed, or it was a table
        return False
    return [one.run for one in trainers] == list(written.runs)


# The file -------------------------------------------------------------------------------------------------------------


def _entries() -> dict[str, Any]:
    """The entries as they stand in the file; none where it is missing or broken."""
    try:
        content = json.loads(done_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    entries = content.get("presets") if isinstance(content, dict) else None
    return entries if isinstance(entries, dict) else {}


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let no other lab write meanwhile, where the system has locks for files; one that never ends is not waited for."""
    try:
        import fcntl
    except ImportError:  # Windows: two labs that end in the same instant may lose one entry
        yield
        return
    with lock.open("w") as handle:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:  # held by another, or a file system without locks
                time.sleep(0.005)
        yield
