"""`descent bugreport`: a text file with what somebody needs who looks for a fault, and nothing that is private.

Versions, what the terminal is, the newest faults and the newest events of the newest run. It is written on this machine and
sent nowhere; `tui.console.harmless` says what of each text may stand in it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from tui.console import harmless
from tui.console.commands import versioned
from tui.home.replacing import make_file
from tui.loading import Refused

USUAL = "descent-bugreport.txt"
MOST_NAMES = 1000
EVENTS, LARGEST = 30, 512 * 1024  # the newest lines, and bytes of the file that are looked at
SHOWN = (  # environment variables whose values say what a terminal is
    *("TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "VTE_VERSION", "LANG", "LC_ALL", "LC_CTYPE"),
    *("TEXTUAL", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_DRIVER", "PYTHONUTF8", "PYTHONIOENCODING"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
)
SET = ("NO_COLOR", "TMUX", "STY", "SSH_CONNECTION", "WT_SESSION", "CI", "DESCENT_HOME")  # of which only that they are set
FIGURES = ("iteration", "epoch", "old", "new", "factor", "loss", "checkpoint")
LAST = """\
What is in this file: versions, facts of the system and the terminal, which faults descent has had (their kind, what they
said in words that everybody's have, and lines of descent's own source), and events of the newest run by name and number.
Not in it: names of users, machines, folders, files, tables, columns and presets, and anything you have typed.
Nothing was sent anywhere: read it, and send it yourself if you like.
"""


@click.command(epilog="Example: descent bugreport -")
@click.argument("file", default=USUAL, metavar="[FILE]")
@versioned
def bugreport(file: str) -> None:
    """Write what helps to find a fault into a text file.

    FILE is descent-bugreport.txt unless another is named; one that is there is never replaced: the next free name is
    taken. "-" prints it. There is nothing private in it, and nothing is sent.
    """
    text = "\n".join(report()) + "\n"
    if file == "-":
        print(text, end="", flush=True)
        return
    place = _written(Path(file).expanduser(), text)
    click.echo(f"{place}: written. There is nothing private in it and nothing was sent: read it, then send it if you like.")


PACKAGES = (
    *("descent-tui", "textual", "plotext", "pydantic", "rich", "click", "tomlkit", "platformdirs", "numpy", "orjson"),
)


def _written(wanted: Path, text: str) -> Path:
    """Write it under the first free name, and say which that was. Raises Refused."""
    for number in range(1, MOST_NAMES):
        place = wanted if number == 1 else wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        try:
            make_file(place, text.encode("utf-8", "backslashreplace"))
        except FileExistsError:
            continue
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise Refused(f'descent: cannot write "{place}": {why}. descent bugreport - prints it.') from None
        return place
    raise Refused(f'descent: "{wanted}" and {MOST_NAMES - 2} more of that name are there already; nothing was written.')


def report() -> list[str]:
    """The lines of the report. Where a part of it cannot be made, that part says so."""
    lines = ["descent bug report", ""]
    parts = (("Versions", _versions), ("Terminal", _terminal), ("Faults", _faults), ("Events of the newest run", _events))
    for title, part in parts:
        lines += [title, "-" * len(title)]
        try:
            lines += list(part()) or ["none"]
        except Exception as error:  # the very thing that is broken may be looked at here
            lines.append(f"cannot be told: {type(error).__name__}")
        lines.append("")
    return lines + LAST.splitlines()


def _versions() -> Iterator[str]:
    import platform

    from engine.on_disk.facts import installed

    for name in PACKAGES:
        found = installed(name)
        yield f"{name}: {harmless.matching(harmless.SETTING, found) if found else 'not installed'}"
    yield f"python: {harmless.setting(platform.python_implementation())} {harmless.version(platform.python_version())}"
    with suppress(Exception):
        from engine.on_disk.facts import facts

        told = facts()
        yield f"engine: {harmless.setting(told['engine'])}"
        yield "blas: " + " ".join(harmless.setting(word) for word in told["blas"].split())
    yield f"system: {harmless.setting(platform.system() or 'unknown')}, kernel {harmless.version(platform.release())}"
    with suppress(OSError, AttributeError):
        system = platform.freedesktop_os_release()
        yield f"distribution: {harmless.setting(system.get('ID', ''))} {harmless.version(system.get('VERSION_ID', ''))}"
    yield f"machine: {harmless.setting(platform.machine() or 'unknown')}, {os.cpu_count()} cores"
    yield f"encodings: {harmless.setting(sys.getfilesystemencoding())}, {harmless.setting(str(sys.stdout.encoding))} out"


def _terminal() -> Iterator[str]:
    from tui.terminal.encoding import characters

    streams = (("in", sys.__stdin__), ("out", sys.__stdout__), ("err", sys.__stderr__))
    on = [name for name, stream in streams if stream is not None and not stream.closed and stream.isatty()]
    yield f"a terminal: {', '.join(on) or 'none of in, out and err'}"
    size = next((size for name in (1, 0, 2) if (size := _size(name)) is not None), None)
    yield f"size: {size[0]}x{size[1]}" if size is not None else "size: not known"
    for name in SHOWN:
        if name in os.environ:
            yield f"{name}={harmless.setting(os.environ[name])}" if os.environ[name] else f"{name} is empty"
    yield f"set: {', '.join(name for name in SET if os.environ.get(name)) or 'none'} (of {', '.join(SET)})"
    yield f"descent draws: {'ASCII alone' if characters().ascii_only else 'all characters'}, {_colours()}"


def _size(stream: int) -> tuple[int, int] | None:
    try:
        return tuple(os.get_terminal_size(stream))  # type: ignore[return-value]  # columns and lines
    except (OSError, ValueError):
        return None


def _colours() -> str:
    from rich.console import Console

    if os.environ.get("NO_COLOR"):
        return "no colours"
    system = Console(force_terminal=True).color_system
    known = {"truecolor": "all colours", "256": "256 colours", "standard": "16 colours", "windows": "16 colours"}
    return known.get(system or "", "no colours")


def _faults() -> Iterator[str]:
    from tui.home import faults

    for entry in faults.read():
        ended = "ended descent" if entry.get("ended") is True else "contained"
        kind, said = harmless.matching(harmless.KIND, entry.get("kind")), entry.get("message")
        bare = said.partition(": ")[2] if isinstance(said, str) else ""
        yield f"{harmless.matching(harmless.TIME, entry.get('time'))} {ended}: {kind}: {harmless.message(bare)}".rstrip(": ")
        trace = entry.get("trace")
        for line in trace if isinstance(trace, list) else []:
            yield f"    {harmless.matching(harmless.PLACE, line)}"


def _events() -> Iterator[str]:
    for event in _newest_events():
        yield " ".join(_told(event))


def _newest_events() -> list[dict[str, Any]]:
    """The last events of the run that was written to last."""
    from tui.home.folders import runs_folder

    def written(file: Path) -> float:
        try:
            return file.stat().st_mtime
        except OSError:
            return 0.0

    newest = max(runs_folder().glob("*/events.jsonl"), key=written, default=None)
    if newest is None:
        return []
    found = []
    with suppress(OSError), open(newest, "rb") as stream:
        stream.seek(max(0, newest.stat().st_size - LARGEST))
        for line in stream.read().splitlines():
            with suppress(ValueError, RecursionError):
                event = json.loads(line)
                found += [event] if isinstance(event, dict) else []
    return found[-EVENTS:]


def _told(event: dict[str, Any]) -> Iterator[str]:
    """What of an event is told: when, which, of what kind, and its numbers."""
    from engine.live import LIVE, PACE
    from engine.verdict import KINDS

    names = ("started", "changed", "paused", "went on", "resumed", "verdict", "diverged", "stopped", "restored", "fault")
    reasons = ("completed", "early_stopping", "diverged", "out_of_memory", "interrupted")
    yield harmless.matching(harmless.TIME, event.get("time"))
    yield str(event["event"]) if event.get("event") in names else harmless.HIDDEN
    for key, known in (("key", (*LIVE, *LIVE.values(), PACE)), ("kind", KINDS), ("reason", reasons)):
        if event.get(key) in known:
            yield f"{key}={event[key]}"
    for key in FIGURES:
        if (number := harmless.number(event.get(key))) is not None:
            yield f"{key}={number}"
