"""A preset written out: the resolved configuration as TOML, every default filled in.

What is written gives the same runs when it is read again. Of a comparison, the base tables are those of its first run, and
every `[[run]]` names all that is not the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import tomlkit
from tomlkit.items import Item

from engine.overlay import TAGGED
from engine.preset import RUN_TABLES, Preset, default_second
from engine.schema import Document

Leaf = tuple[tuple[str, ...], Any]


def toml_text(preset: Preset) -> str:
    """The TOML text of a preset, which `parse_preset` reads to the same runs."""
    tables = [_plain({key: value for key, value in asdict(run).items() if key in RUN_TABLES}) for run in preset.runs]
    words = {key: value for key, value in asdict(preset.sheet).items() if key not in RUN_TABLES}
    source = "data" if tables[0]["data"] is not None else "surface"  # the base needs one, also where another run has none
    sheet = _plain(words) | _in_all([{source: tables[0][source]}]) | _in_all(tables)
    sheet["title"] = preset.title
    second = {preset.sheet.show.second or default_second(run) for run in preset.runs}
    if len(second) == 1:
        sheet["show"]["second"] = second.pop()
    else:
        del sheet["show"]["second"]  # no one word fits all runs: each has its own

    document = tomlkit.document()
    for key, value in sheet.items():
        if isinstance(value, str):
            document[key] = _text(value)
        elif key == "things_to_try":
            document[key] = tomlkit.item(value).multiline(bool(value))
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
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def varied(documents: Sequence[Document], above: tuple[str, ...] = ()) -> list[list[Leaf]]:
    """For each document, the values that are not the same in all of them, by their path.

    A table that is chosen by its `name` is taken whole where the names differ, as an overlay replaces it whole.
    """
    found: list[list[Leaf]] = [[] for _ in documents]
    for key in documents[0]:
        values, path = [document[key] for document in documents], (*above, key)
        if all(value == values[0] for value in values):
            continue
        if not all(isinstance(value, dict) for value in values):
            parts = [list(_leaves({key: value}, above)) for value in values]
        elif ".".join(path) in TAGGED and len({value["name"] for value in values}) > 1:
            parts = [list(_leaves(value, path)) for value in values]
        else:
            parts = varied(values, path)
        for own, part in zip(found, parts, strict=True):
            own += part
    return found


def _leaves(table: Document, above: tuple[str, ...]) -> Iterator[Leaf]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, key))
        elif value is not None:
            yield (*above, key), value


def _in_all(tables: Sequence[Document]) -> Document:
    """The first of several tables, without what is None in any of them: TOML has no word for that but silence."""
    found: Document = {}
    for key, value in tables[0].items():
        values = [table[key] for table in tables if key in table]
        if any(entry is None for entry in values):
            continue
        if isinstance(value, dict):
            value = _in_all([entry for entry in values if entry.get("name") == value.get("name")])
        found[key] = value
    return found


def _plain(value: Any) -> Any:
    """Tuples as lists, which is what TOML has."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _text(text: str) -> Item:
    if "\n" not in text or "\r" in text:  # any line end of a multi-line string is read as "\n"
        return tomlkit.string(text)
    # the first line end after the quotes is not part of the text: all of it stands at the left margin
    return tomlkit.value('"""\n' + tomlkit.string("x" + text, multiline=True).as_string().removeprefix('"""x'))
