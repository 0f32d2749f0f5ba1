"""The one line in which the lab ends when something in it was wrong."""

from __future__ import annotations

from pathlib import Path

from textual.worker import WorkerFailed

HOUSE = Path(__file__).parents[2]


def fault(error: BaseException) -> str:
    """What went wrong, and where in descent, in one line."""
    if isinstance(error, WorkerFailed):
        error = error.error
    said = " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())
    return f"descent: ended by a fault of its own{_place(error)}: {said} (TEXTUAL=debug shows how it came to that)"


def _place(error: BaseException) -> str:
    """The newest line of descent's own that it went through; empty where there was none."""
    found, trace = "", error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(HOUSE) and file.relative_to(HOUSE).parts[0] in ("tui", "engine", "presets"):
            found = f" in {file.relative_to(HOUSE).as_posix()}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return found
