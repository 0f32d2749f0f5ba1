"""Comparisons that are made on the screen: kept runs side by side, or one setting with several values.

What comes out is a preset with several runs, as `--set KEY=A,B,C` makes it; a session of it trains them in lockstep.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine import Preset, PresetError
from engine.preset import read_run
from engine.schema import Document
from tui import form
from tui.comparing.kept import Kept, numbered
from tui.comparing.results import apart, differences
from tui.figures import count
from tui.form import Field
from tui.hidden import Hidden
from tui.session import Session, why_not

MOST = 6  # runs of a comparison that is made here: more cannot be told apart on one plot
LONGEST = 48  # characters of what a run is called after what sets it apart


def compared(preset: Preset, rows: Sequence[Kept], hidden: Hidden) -> Preset:
    """The runs of these rows as one preset, called after what sets them apart where that tells them apart."""
    found = [replace(one, name=one.run.name) for one in rows]
    names = differences(found, hidden) if len(rows) > 1 else [preset.name]
    told = all(names) and len(set(names)) == len(names) and max(map(len, names)) <= LONGEST
    if not told or hidden:
        names = numbered(rows) if len(rows) > 1 else [preset.name]
    return _with_runs(preset, [one.document for one in rows], names)


def same_seed(rows: Sequence[Kept]) -> bool:
    """Whether the runs have one seed, so that they see the same batches where these are of one size."""
    return not any(each.key == "seed" for each in apart(rows, Hidden(frozenset())))


def one_setting(session: Session, field: Field, values: Sequence[Any]) -> Preset:
    """The selected run once with each of these values. Raises PresetError where one of them cannot be."""
    documents = [session.document_with(session.selected, field, value) for value in values]
    names = [called(field, value) for value in values]
    return _with_runs(session.preset, documents, names)


def called(field: Field, value: Any) -> str:
    """What a run is called after the value that sets it apart: 'learning_rate 0.1', or just 'sgd'."""
    if field.key.endswith(".name"):
        return str(value)
    return f"{field.label} {form.written(tuple(value) if isinstance(value, list) else value)}"


def _with_runs(preset: Preset, documents: Sequence[Document], names: Sequence[str]) -> Preset:
    runs = tuple(read_run(document, name) for document, name in zip(documents, names, strict=True))
    return replace(preset, runs=runs, documents=tuple(documents), changed=True)


# Several values in one line -------------------------------------------------------------------------------------------


def parts_of(field: Field, document: Document, text: str) -> list[str]:
    """The values that a line has: parted by commas; where the setting itself is a list, each in brackets.

    One, as it stands, where it is not several.
    """
    if field.key in ("network.hidden", form.START):
        groups = re.findall(r"\[[^\]]*\]|none", text)
        rest = re.sub(r"\[[^\]]*\]|none", "", text)
        return groups if len(groups) > 1 and not rest.strip(" ,") else [text]
    parts = [part.strip() for part in text.strip().rstrip(",").split(",")]
    return parts if len(parts) > 1 else [text]


def several(session: Session, field: Field, text: str) -> list[Any]:
    """The values of a line that has several, each one that the selected run can have; empty where it has one.

    Raises ValueError that says which of them is wrong, and why.
    """
    parts = parts_of(field, session.document, text)
    if len(parts) < 2:
        return []
    values: list[Any] = []
    for part in parts:
        if not part:
            raise ValueError("a value is missing between two commas")
        try:
            value = form.typed(field, session.document, part)
            session.tried(field, value)
        except PresetError as error:
            raise ValueError(f"{part}: {why_not(error)}") from None
        except ValueError as error:
            raise ValueError(f"{part}: {error}") from None
        if value in values:
            raise ValueError(f"{part} is given twice")
        values.append(value)
    if len(values) > MOST:
        raise ValueError(f"{len(values)} values: at most {MOST} runs are compared")
    return values


def setting_line(session: Session, text: str) -> tuple[Field, list[Any]]:
    """A setting and its values from 'learning_rate = 0.1, 0.01' (or with blanks alone). Raises ValueError."""
    found = re.match(r"\s*([A-Za-z_.]+)\s*=?\s*(.*)", text)
    label, values = (found[1], found[2]) if found else ("", "")
    fields = {name: field for field in session.fields for name in (field.label, field.key)}
    if label not in fields:
        import difflib

        known = [field.label for field in session.fields]
        near = difflib.get_close_matches(label, known, n=1) if label else []
        guess = f' Did you mean "{near[0]}"?' if near else ""
        raise ValueError(f'"{label}" is no setting of this run.{guess} It has {", ".join(known)}')
    field = fields[label]
    if why := session.fixed(field):
        raise ValueError(why)
    if not values.strip():
        raise ValueError(f"type two to {MOST} values of {label}, with commas between them")
    if not (chosen := several(session, field, values)):
        apart_by = (
            "each in brackets: [8], [16, 16]" if field.key in ("network.hidden", form.START) else "with commas between them"
        )
        raise ValueError(f"one value is no comparison: type two to {MOST}, {apart_by}")
    return field, chosen


def told(field: Field, values: Sequence[Any]) -> str:
    """'learning_rate 0.1, 0.01, 0.001: 3 runs'."""
    words = (form.written(tuple(value) if isinstance(value, list) else value) for value in values)
    return f"{field.label} {', '.join(words)}: {count(len(values), 'run')}"
