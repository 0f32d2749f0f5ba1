"""The newest faults, kept so that `descent bugreport` can tell of them: `faults.jsonl` in the folder of what is remembered.

Of each: when, what kind, what it said, and the lines of descent's own that it went through. What an exception says may name
files and columns; the file stays on this machine, and a report takes only what is harmless of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tui.home.folders import state_folder
from tui.home.replacing import replace_file

MOST = 20  # that are kept
LARGEST = 256 * 1024  # bytes that are read
LINES = 40  # of a trace, the newest


def faults_file() -> Path:
    """Where they are kept."""
    return state_folder() / "faults.jsonl"


def read() -> list[dict[str, Any]]:
    """The faults there are, the newest last; lines that are damaged are left out, and without a file there are none."""
    try:
        with open(faults_file(), "rb") as stream:
            lines = stream.read(LARGEST).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        with suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                found.append(entry)
    return found[-MOST:]


def keep(kind: str, message: str, trace: Sequence[str], ended: bool, place: str = "") -> None:
    """Add one; `ended`: it was the end of the lab, `place`: what it happened in. Never raises: it is no time for more
    trouble, so where it cannot be kept it is lost."""
    file = faults_file()
    entry = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "kind": kind,
        "message": message,
        "place": place,
        "ended": ended,
        "trace": list(trace)[-LINES:],
    }
    with suppress(Exception):
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, "".join(f"{json.dumps(one)}\n" for one in [*read(), entry][-MOST:]))
