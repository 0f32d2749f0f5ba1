"""A fault of descent's own, in words: what went wrong and in which line, and the one line in which the lab ends by it.

Only descent's own lines are named, as files of its packages, so that nothing is said of where they lie on this machine.
"""

from __future__ import annotations

from pathlib import Path

from textual.worker import WorkerFailed

HOUSE = Path(__file__).parents[2]
ON_THE_WAY = ("tui/containing.py", "tui/keyboard/key_queue.py")  # every fault comes through these
LONGEST = 200  # characters of what an exception says: some hold a whole array


def fault(error: BaseException) -> str:
    """What went wrong, and where in descent, in one line, where that ends the lab."""
    place = f" in {where(error)}" if where(error) else ""
    return f"descent: ended by a fault of its own{place}: {what(error)} (TEXTUAL=debug shows how it came to that)"


def what(error: BaseException) -> str:
    """'ZeroDivisionError: division by zero', in one line that no terminal obeys."""
    error = bare(error)
    said = " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())
    said = "".join(character if character.isprintable() else "?" for character in said)
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 4]} ..."


def told(error: BaseException) -> str:
    """What went wrong and where, as far as known: 'ZeroDivisionError: division by zero (tui/panes/curves.py, line 120)'."""
    return f"{what(error)} ({where(error)})" if where(error) else what(error)


def where(error: BaseException) -> str:
    """'tui/panes/curves.py, line 120': the newest line of descent's own that it went through; '' where there was none."""
    lines = trace(error)
    return ", line ".join(lines[-1].rsplit(":", 1)) if lines else ""


def trace(error: BaseException) -> list[str]:
    """Every line of descent's own that it went through, as 'tui/app.py:118', the newest last."""
    found, at = [], bare(error).__traceback__
    while at is not None:
        file = Path(at.tb_frame.f_code.co_filename)
        if file.is_relative_to(HOUSE) and file.relative_to(HOUSE).parts[0] in ("tui", "engine", "presets"):
            place = file.relative_to(HOUSE).as_posix()
            found += [f"{place}:{at.tb_lineno}"] if place not in ON_THE_WAY else []
        at = at.tb_next
    return found


def bare(error: BaseException) -> BaseException:
    """The error itself, out of what Textual has put around it."""
    return error.error if isinstance(error, WorkerFailed) else error
