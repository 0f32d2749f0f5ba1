"""The table of what can be taken away: what it is called, what its files are named, and what makes their lines.

A kind is one entry here; the sheet and the palette are made of it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tui.exporting import numbers
from tui.exporting.report import report_lines
from tui.exporting.torch_script import torch_script, why_not
from tui.hidden import UNCOVERS
from tui.panes.lesson import Seen
from tui.session import Session


@dataclass(frozen=True, slots=True)
class Taken:
    """The lab at the moment of taking: the session, its screen as SVG and in lines, the claims as the lesson shows them,
    what the curves say (no lines: nothing), and a line on when and by what it was taken."""

    session: Session
    svg: str = ""
    screen: Sequence[str] = ()
    claims: Sequence[Seen] = ()
    verdict: Sequence[str] = ()
    written: str = ""


Lines = Iterable[str]
Files = dict[str, Lines | bytes]  # lines, or all of it, by the ending of the file's name


@dataclass(frozen=True, slots=True)
class Kind:
    """`ending` is what a typed name ends in. `make` gives the lines of each file, by the end of its name after the typed
    name's stem; `why_not` says why it cannot be made, or ''."""

    id: str
    title: str
    help: str
    ending: str
    make: Callable[[Taken, str], Files]
    why_not: Callable[[Session], str] = lambda session: ""


def _screen(taken: Taken, stem: str) -> Files:
    return {".svg": [taken.svg]}


def _text(taken: Taken, stem: str) -> Files:
    return {".txt": taken.screen}


def _csv(taken: Taken, stem: str) -> Files:
    session = taken.session
    runs = session.trainers, session.hidden, [*session.kept]
    return {"-iterations.csv": numbers.iteration_rows(*runs), "-epochs.csv": numbers.epoch_rows(*runs)}


def _jsonl(taken: Taken, stem: str) -> Files:
    session = taken.session
    return {".jsonl": numbers.event_lines(session.trainers, session.hidden, [*session.kept])}


def _report(taken: Taken, stem: str) -> Files:
    lines = report_lines(taken.session, taken.claims, taken.verdict, f"{stem}.svg", taken.written)
    return {".md": list(lines), ".svg": [taken.svg]}


def _torch(taken: Taken, stem: str) -> Files:
    session = taken.session
    script = torch_script(session.trainer, stem, session.hidden.validation)
    made: Files = {".py": script.text.splitlines()}
    if script.arrays:  # numbers that are too many for a script lie beside it
        data = io.BytesIO()
        np.savez(data, **script.arrays)  # type: ignore[arg-type]  # their names are none of savez's own
        made[".npz"] = data.getvalue()
    return made


def _no_script(session: Session) -> str:
    if any(word.startswith("settings.") for word in session.hidden.words):
        return f"hidden settings would stand in it: {UNCOVERS}"
    return why_not(session.trainer)


def _not_begun(session: Session) -> str:
    return "" if session.steps or session.kept else "nothing is trained yet"


KINDS: tuple[Kind, ...] = (
    Kind("report", "A report", "Markdown with the picture, settings, claims and how it ended", ".md", _report),
    Kind("svg", "The screen as a picture", "SVG, as it is now", ".svg", _screen),
    Kind("text", "The screen as text", "Line by line, without colours", ".txt", _text),
    Kind("csv", "The numbers as CSV", "Two tables: every iteration, and every epoch", ".csv", _csv, _not_begun),
    Kind("jsonl", "The numbers as JSONL", "A line an event, as descent run --jsonl", ".jsonl", _jsonl, _not_begun),
    Kind("torch", "The network in PyTorch", "A script that runs, with the weights of now", ".py", _torch, _no_script),
)


def kind(id: str) -> Kind:  # noqa: A002
    """The kind of that id."""
    return next(one for one in KINDS if one.id == id)
