"""Which tables of a preset, and which lines of its `[[run]]`s, have to change for its runs to become others.

Where all runs agree on a value it goes into the base tables, where they differ into the `[[run]]`s; what already comes to
the right value is left as it stands. Nothing is written here: documents go in and come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from engine.overlay import OPTIONAL, TAGGED, UNNAMED, overlay
from engine.preset import RUN_TABLES
from engine.schema import Document

Where = tuple[str, ...]
Laid = tuple[Document, list[Document]]

PATIENCE = 1000  # changes after which a way of writing it is given up


def settled(base: Document, own: Sequence[Document], goals: Sequence[Document]) -> Laid | None:
    """`base` and `own` changed so that each of `own`, laid over the base, gives its goal; None where no way was found."""
    goals = [plain({key: value for key, value in goal.items() if key in RUN_TABLES}) for goal in goals]
    base, own = deepcopy(base), [deepcopy(each) for each in own]
    shared: set[Where] = set()  # what was put into the base already: where that did not do, it goes into the runs
    for _ in range(PATIENCE):
        now = [_named(overlay(base, each)) for each in own]
        path = next((path for one, goal in zip(now, goals, strict=True) for path in _differing(one, _named(goal))), None)
        if path is None:
            return _tidied(base), [_tidied(each) for each in own]
        values = [_get(_named(goal), path) for goal in goals]
        if path not in shared and _agree(path, values):
            shared.add(path)
            _share(base, own, path, values)
        else:
            _set_apart(base, own, now, path, values)
    return None


def _differing(now: Document, goal: Document, above: Where = ()) -> Iterator[Where]:
    """Where they differ: the path of each value, or of a whole table that is another by its name or on one side alone."""
    # what takes another table's place comes before what gives way to it
    for key in sorted(dict.fromkeys([*now, *goal]), key=lambda key: goal.get(key) is None):
        path, one, other = (*above, key), now.get(key), goal.get(key)
        if one == other or (not above and key not in RUN_TABLES):
            continue
        tables = isinstance(one, dict) and isinstance(other, dict)
        if tables and not (".".join(path) in TAGGED and one["name"] != other["name"]):  # type: ignore[index]
            yield from _differing(one, other, path)  # type: ignore[arg-type]
        else:
            yield path


def _agree(path: Where, values: Sequence[Any]) -> bool:
    """Whether one value for all can stand in the base: the same one, or a table of the same name."""
    if all(isinstance(value, dict) for value in values) and ".".join(path) in TAGGED:
        return len({value["name"] for value in values}) == 1
    return all(value == values[0] for value in values)


def _share(base: Document, own: Sequence[Document], path: Where, values: Sequence[Any]) -> None:
    """Put what the values have in common into the base, and take out of the runs what says otherwise."""
    first = values[0]
    if isinstance(first, dict):
        common = {key: value for key, value in first.items() if all(other.get(key) == value for other in values)}
        _put(base, path, common)
        for each in own:
            table = _get(each, path)
            for key in [key for key in table if key in common] if isinstance(table, dict) else ():
                del table[key]
            if table is False:
                _put(each, path, None)
    else:
        for document in (base, *own):
            _put(document, path, None)
        _put(base, path, first)
        if (name := UNNAMED.get(".".join(path[:-1]))) is not None and first is not None:
            _get(base, path[:-1]).setdefault("name", name)  # in the base a table of several kinds says which it is


def _set_apart(base: Document, own: Sequence[Document], now: Sequence[Document], path: Where, values: Sequence[Any]) -> None:
    """Let each run that differs say so itself."""
    for each, one, value in zip(own, now, values, strict=True):
        if _get(one, path) == value:
            continue
        if value is not None:
            _put(each, path, deepcopy(value))
        elif ".".join(path) in OPTIONAL:
            _put(each, path, False)
        elif _get(each, path) is not None:
            _put(each, path, None)
        else:
            _put(base, path, None)


def _get(document: Any, path: Where) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _put(document: Document, path: Where, value: Any) -> None:
    """Set the value at `path`; None takes it out."""
    *above, last = path
    table: Any = document
    for key in above:
        inner = table.get(key)
        if not isinstance(inner, dict):
            if value is None:
                return
            inner = table[key] = {}
        table = inner
    if value is None:
        table.pop(last, None)
    else:
        table[last] = deepcopy(value)


def _named(document: Document) -> Document:
    """With the name of the tables that mean one without."""
    for path, name in UNNAMED.items():
        above, last = path.split(".")
        table = _get(document, (above, last))
        if isinstance(table, dict) and "name" not in table:
            document = overlay({above: {last: {"name": name}}}, document)
    if _get(document, ("training", "optimizer")) is None:
        document = overlay(document, {"training": {"optimizer": {"name": UNNAMED["training.optimizer"]}}})
    return document


def _tidied(document: Document) -> Document:
    """Without tables in which nothing is left."""
    inner = {key: _tidied(value) if isinstance(value, dict) else value for key, value in document.items()}
    return {key: value for key, value in inner.items() if value != {} or document[key] == {}}


def plain(value: Any) -> Any:
    """Tuples as lists, which is what TOML has."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value
