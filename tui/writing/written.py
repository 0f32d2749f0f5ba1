"""A preset written out: the resolved configuration as TOML, every default filled in.

What is written gives the same runs when it is read again. Of a comparison, the base tables are those of its first run, and
every `[[run]]` names all that is not the same in all of them. A setting that is left out has no line; where only some runs
leave it out, the base does as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import tomlkit
from tomlkit.items import Item, Table

from engine.claim_problems import claim_problems
from engine.claims import Claim
from engine.overlay import TAGGED, leaves
from engine.preset import RUN_TABLES, Preset, default_second
from engine.run import Run
from engine.run_tables import plain, tables_of
from engine.schema import Document
from tui.figures import printable

Leaf = tuple[tuple[str, ...], Any]

SOURCES = ("data", "surface")  # a run has one of them, and naming one takes the other away


def toml_text(preset: Preset) -> str:
    """The TOML text of a preset, which `parse_preset` reads to the same runs."""
    tables = [tables_of(run) for run in preset.runs]
    base = _shared(tables)
    sheet: Document = plain(asdict(preset.sheet), True)
    for key in RUN_TABLES:  # where they stand in the order of the sheet
        sheet[key] = base.get(key)
    sheet = {key: value for key, value in sheet.items() if value is not None}
    sheet["title"] = preset.title
    second = {preset.sheet.show.second or default_second(run) for run in preset.runs}
    show = asdict(preset.sheet.show)
    show["second"] = second.pop() if len(second) == 1 else None  # no one word fits all runs: each has its own
    sheet["show"] = {key: value for key, value in plain(show).items() if value != []}
    del sheet["claim"]

    document = tomlkit.document()
    for key, value in sheet.items():
        if isinstance(value, str):
            document[key] = _text(value)
        elif key == "things_to_try":
            document[key] = tomlkit.item(list(value)).multiline(bool(value))
        elif value != []:
            document[key] = value
    if len(preset.runs) > 1 or preset.runs[0].name != preset.name:
        if not tomlkit.dumps(document).endswith("\n\n"):
            document.add(tomlkit.nl())
        document["run"] = entries = tomlkit.aot()
        for run, own in zip(preset.runs, varied(tables), strict=True):
            entry = tomlkit.table()
            entry["name"] = run.name
            for path, value in own:
                entry.append(tomlkit.key(list(path)), value)
            entries.append(entry)
    if preset.sheet.claim and not claim_problems(preset.sheet.claim, preset.runs):  # settings may have taken a run away
        document.add(tomlkit.nl())
        document["claim"] = claims = tomlkit.aot()
        for claim in preset.sheet.claim:
            claims.append(_claim(claim))
    return _escaped(tomlkit.dumps(document).rstrip("\n") + "\n")


def _escaped(text: str) -> str:
    """The TOML text with what a terminal might obey, all of which stands in quotes, as TOML can say it in letters."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(each if each in "\n " or not _obeyed(each) else f"\\U{ord(each):08x}" for each in text)


def _obeyed(character: str) -> bool:
    return not character.isprintable() and printable(character) == "?"


def _claim(claim: Claim) -> Table:
    """A claim with what is not left to its default; measures stand in one line each."""
    entry = tomlkit.table()
    for key, value in _given(claim):
        entry[key] = _text(value) if isinstance(value, str) else value
    entry.add(tomlkit.nl())
    entry["check"] = checks = tomlkit.aot()
    for check in claim.check:
        table = tomlkit.table()
        for key, value in _given(check):
            table[key] = _inline(value)
        checks.append(table)
    return entry


def _given(table: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a settings dataclass, in order, that differ from their defaults; checks apart."""
    for entry in fields(table):
        value = getattr(table, entry.name)
        if value != entry.default and entry.name != "check":
            yield entry.name, value


def _inline(value: Any) -> Any:
    """A value in one line: a measure as { run = "big", times = 1.5 }."""
    if isinstance(value, tuple):
        return [_inline(entry) for entry in value]
    if not is_dataclass(value):
        return value
    table = tomlkit.inline_table()
    table.update({key: _inline(entry) for key, entry in _given(value)})
    return table


def laid_out(runs: Sequence[Run]) -> tuple[Document, list[Document]]:
    """The base tables and the `[[run]]`s that come to these runs, every default filled in."""
    tables = [tables_of(run) for run in runs]
    own: list[Document] = []
    for run, differing in zip(runs, varied(tables), strict=True):
        own.append({"name": run.name})
        for path, value in differing:
            table = own[-1]
            for key in path[:-1]:
                table = table.setdefault(key, {})
            table[path[-1]] = value
    return _shared(tables), own


def varied(documents: Sequence[Document], above: tuple[str, ...] = ()) -> list[list[Leaf]]:
    """For each document, the values that are not the same in all of them, by their path.

    A table that is chosen by its `name` is taken whole where the names differ, as an overlay replaces it whole.
    """
    found: list[list[Leaf]] = [[] for _ in documents]
    for key in dict.fromkeys(key for document in documents for key in document):
        values: list[Any] = [document.get(key) for document in documents]
        path = (*above, key)
        if all(value == values[0] for value in values):
            continue
        if any(value is None for value in values):
            parts = [list(leaves({key: value}, above)) if value is not None else [] for value in values]
        elif not isinstance(values[0], dict):
            parts = [[(path, value)] for value in values]
        elif ".".join(path) in TAGGED and len({value["name"] for value in values}) > 1:
            parts = [list(leaves(value, path)) for value in values]
        else:
            parts = varied(values, path)
        for own, part in zip(found, parts, strict=True):
            own += part
    return found


def _shared(tables: Sequence[Document], above: str = "") -> Document:
    """The tables of the first, without what another one leaves out: laid over it, that could not be taken away again."""
    first, shared = tables[0], {}
    for key, value in first.items():
        path = f"{above}.{key}" if above else key
        others: list[Any] = [other.get(key) for other in tables]
        if any(other is None for other in others) and path not in SOURCES:
            continue
        # a table that another name replaces may lose what it likes
        replaced = path in TAGGED and len({other["name"] for other in others if other}) > 1
        whole = not isinstance(value, dict) or replaced or (path in SOURCES and None in others)
        shared[key] = value if whole else _shared(others, path)
    return shared


def _text(text: str) -> Item:
    if "\n" not in text or "\r" in text:  # any line end of a multi-line string is read as "\n"
        return tomlkit.string(text)
    # the first line end after the quotes is not part of the text: all of it stands at the left margin
    return tomlkit.value('"""\n' + tomlkit.string("x" + text, multiline=True).as_string().removeprefix('"""x'))
