"""A setting for the next start: it goes into the form, and what trains goes on as it is.

What somebody edits takes effect at once where it can. What a verdict suggests must not: the curve that it was read from
would change under the eyes of whoever reads it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine import PresetError
from engine.preset import read_run
from tui import form
from tui.form import Field
from tui.session import Session


def put(session: Session, field: Field, value: Any) -> str:
    """Write a value into the form of the selected run; its curve so far is kept as a ghost behind the next.

    Returns in words what became of it. Raises PresetError, and changes nothing, where the run cannot have it.
    """
    at, old = session.selected, form.written(session.value(field))
    document = session.document_with(at, field, value)
    run = read_run(document, session.run.name)
    session.documents[at], session.runs[at] = document, run
    who = f"{run.name}: " if len(session.runs) > 1 else ""
    what = f"{who}{field.label} {old} → {form.written(session.value(field))}"
    if session.steps:
        if session.trainer.iteration:
            session.keep_ghost()
        ghost = session.promised.get(session.trainer, "")
        kept = f", this curve stays as ghost {ghost}" if ghost else ""
        return f"{what} for the next run: <run.restart> starts it{kept}"
    session.prepare()
    return f"{what}: <run.toggle> starts"


def tried(session: Session, field: Field, value: Any) -> str:
    """Why a value need not be tried: a kept run had it already, or more epochs, and turned before. Empty where none did.

    The same settings give the same curve to the last digit, so that trying them again shows nothing.
    """
    run = session.run
    try:
        wanted = read_run(session.document_with(session.selected, field, value), run.name)
    except PresetError:
        return ""  # `put` says why
    for one in session.kept:
        who = f"ghost {one.mark}" if one.mark else one.name
        had = replace(one.run, name=run.name)
        best, lasted = one.history.best, len(one.history.epochs)
        if had == wanted:
            return f"{who} was trained with it"
        as_long = replace(had, training=replace(had.training, epochs=run.training.epochs))
        if as_long == run and wanted.epochs > run.epochs and best is not None and best.epoch <= run.epochs < lasted:
            return f"{who} went on, and its validation loss was lowest at epoch {best.epoch}"
    return ""
