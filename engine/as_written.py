"""What a preset's text says, before any setting is checked: paths, words and the order of its tables.

A preset may be somebody else's. What it has people read is made such that no terminal obeys it, and a path that does not say
in full where it leads stays where the preset lies.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.problems import PresetError, Problem, show
from engine.schema import Document
from presets.reading import inside, printable, printable_lines, without_quotes

RUN_TABLES = ("seed", "data", "surface", "network", "training")
IN_A_LINE = ("title", "lesson", "summary")
IN_LINES = ("story", "things_to_try", "question", "claim")


def count_from(folder: Path, documents: Iterable[Document], source: str) -> None:
    """Write each table's `data.file` as it is found from the working folder, in place.

    Raises PresetError, before any table is read, where a relative one leads out of the preset's own folder.
    """
    for document in documents:
        data = document.get("data")
        if isinstance(data, dict) and isinstance(data.get("file"), str):
            if not _stays(folder, data["file"]):
                said = f"{show(data['file'])} leads out of the preset's folder: put the table there, or write its whole path"
                raise PresetError(source, [Problem("data.file", said)])
            data["file"] = str(folder / data["file"])


def _stays(folder: Path, file: str) -> bool:
    try:
        return os.path.isabs(file) or inside(folder, file)
    except (OSError, ValueError):  # a zero byte: the table says so itself
        return True


def shown(document: Document) -> Document:
    """The document with what is to be read by people as it can be shown: a terminal obeys nothing in it."""
    words = {key: _printable(document[key], key in IN_LINES) for key in (*IN_A_LINE, *IN_LINES) if key in document}
    return {**document, **words}


def _printable(value: Any, lines: bool) -> Any:
    if isinstance(value, str):
        return printable_lines(value) if lines else printable(value)
    if isinstance(value, dict):
        return {key: _printable(entry, lines and key != "run") for key, entry in value.items()}
    return [_printable(entry, lines) for entry in value] if isinstance(value, list) else value


def misplaced_tables(text: str) -> list[Problem]:
    """Base tables that stand below the first [[run]], where a reader takes them for a part of that run."""
    tables = re.findall(r"^[ \t]*\[\[?[ \t]*([\w-]+)", without_quotes(text), re.MULTILINE)
    below = tables[tables.index("run") :] if "run" in tables else []
    return [
        Problem(name, f"[{name}] stands below [[run]]: move it above, or write run.{name} for one run")
        for name in (*RUN_TABLES, "show")
        if name in below
    ]
