"""The settings that exist, read off the dataclasses that hold them.

There is one table of settings: the fields of the frozen dataclasses, with their `Range`s and lists of choices. Here it is
walked: which keys a table takes, what a value may be in words, and what a person's typing means.
"""

from __future__ import annotations

import difflib
import math
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Union, cast, get_args, get_origin, get_type_hints

from engine.ranges import OrTable, Range, Tagged, kind_of

Document = dict[str, Any]

LONGEST_WORD = 200  # that is compared with others: nothing is near what is longer


@cache
def hints(cls: type) -> Mapping[str, Any]:
    """The annotation of every field of a settings dataclass."""
    found = get_type_hints(cls, include_extras=True)
    return {name: hint for name, hint in found.items() if get_origin(hint) is not ClassVar}


def choices_of_table(annotation: Any) -> dict[str, type]:
    """The dataclasses that a table may be, by `name`; one with the empty name where there is no choice; {} for a value."""
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return choices_of_table(parts[0]) if len(parts) == 1 else {}
    if is_dataclass(annotation) and isinstance(annotation, type):
        return {"": annotation}
    if get_origin(annotation) is Annotated and any(isinstance(mark, Tagged) for mark in annotation.__metadata__):
        return {choice.name: choice for choice in get_args(get_args(annotation)[0])}
    return {}


def kinds_of(annotation: Any) -> dict[str, Any]:
    """The members of a union marked `OrTable`, also where it may be None, by "table", "list" and "number"; {} for any other
    annotation."""
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return kinds_of(parts[0]) if len(parts) == 1 else {}
    if get_origin(annotation) is Annotated and any(isinstance(mark, OrTable) for mark in annotation.__metadata__):
        return {kind_of(part): part for part in get_args(get_args(annotation)[0])}
    return {}


def table_class(annotation: Any, table: object) -> type | None:
    """The dataclass that describes `table`, chosen by its `name`; None for a value, or for a name that does not exist."""
    if (kinds := kinds_of(annotation)) and isinstance(table, dict):
        return cast(type, kinds["table"])
    choices = choices_of_table(annotation)
    if "" in choices:
        return choices[""]
    return choices.get(table["name"]) if isinstance(table, dict) and isinstance(table.get("name"), str) else None


def annotation_at(root: type, document: Document, key: str) -> Any | None:
    """The annotation of the dotted `key` below `root`, with tables chosen as `document` chooses them; None: no such key.

    An entry of a list is counted from 1, also in a list of lists: `question[2].asks`, `data.inputs[1][2]`.
    """
    annotation: Any = root
    node: Any = document
    for part in key.split("."):
        name, *indices = part.replace("]", "").split("[")
        cls = table_class(annotation, node)
        if cls is None or name not in hints(cls):
            return None
        annotation = hints(cls)[name]
        node = node.get(name, {}) if isinstance(node, dict) else {}
        for index in indices:
            annotation, node = entry_of(annotation), node[int(index) - 1]
    return annotation


def entry_of(annotation: Any) -> Any:
    """The annotation of an entry of a list, also of one that may be left out or is one of several kinds of value."""
    annotation = kinds_of(annotation).get("list", annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next((part for part in get_args(annotation) if get_origin(part) is tuple), annotation)
    return get_args(annotation)[0]


def all_keys(root: type) -> Iterator[str]:
    """Every dotted key of a value below `root`, for all choices of every table."""
    for name, annotation in hints(root).items():
        tables = choices_of_table(annotation)
        if not tables:
            yield name
        for cls in tables.values():
            for key in all_keys(cls):
                yield f"{name}.{key}"


def describe(annotation: Any) -> str:
    """What a value may be, in words: 'a number, above 0 to 1000'."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if choices := choices_of_table(annotation):
        return "a table" + (" with name one of " + ", ".join(sorted(choices)) if "" not in choices else "")
    if kinds_of(annotation):
        return "a number, a list of numbers or a table { run = ..., metric = ..., at = ... }"
    if origin is Annotated:
        bounds = range_of(annotation)
        return describe(arguments[0]) + (f", {bounds}" if bounds else "")
    if origin is Literal:
        words = [f'"{word}"' for word in arguments]
        return words[0] if len(words) == 1 else "one of " + ", ".join(sorted(arguments))
    if origin in (Union, types.UnionType):
        return " or ".join(describe(part) for part in arguments if part is not type(None))
    if origin is tuple:
        return f"a list, each {describe(arguments[0])}"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(annotation, "a table")


def range_of(annotation: Any) -> Range | None:
    """The bounds of a number, or of the numbers in a list or choice; None where there are none."""
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Range):
            return mark
    for part in get_args(annotation):
        if (found := range_of(part)) is not None:
            return found
    return None


def choices_of(annotation: Any) -> tuple[str, ...]:
    """The words that a value may be; for a `name`, give it the table's annotation. Empty: not a choice."""
    if tables := choices_of_table(annotation):
        return tuple(name for name in tables if name)
    if get_origin(annotation) is Literal:
        return tuple(get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
        return tuple(word for part in get_args(annotation) for word in choices_of(part))
    return ()


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The word that was probably meant, however it is capitalised; None where nothing is near."""
    if len(word) > LONGEST_WORD:
        return None
    names = {name.lower(): name for name in allowed}
    low = word.lower()
    near = difflib.get_close_matches(low, names, n=1, cutoff=0.6)
    if not near and len(low) >= 3:
        near = [name for name in names if low.startswith(name) or name.startswith(low)][:1]
    return names[near[0]] if near else None


def guess(word: str, allowed: Iterable[str]) -> str:
    """' Did you mean "sgd"?', or nothing where nothing is near."""
    near = nearest(word, allowed)
    return f' Did you mean "{near}"?' if near else ""


def _words(annotation: Any) -> list[str]:
    """Every word that is allowed somewhere in a value: "full" of a number or "full"."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for part in get_args(annotation) for word in _words(part)]


_READERS: dict[Any, Callable[[str], Any]] = {
    int: int,
    float: float,
    str: str,
    bool: {"true": True, "false": False}.__getitem__,
}


def parse(annotation: Any, text: str) -> Any:
    """What a person typed, as the value that `annotation` asks for. Raises ValueError saying what is allowed instead."""
    text = text.strip()
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal and text in arguments:
        return text
    if origin in (Union, types.UnionType):
        for part in arguments:
            try:
                return parse(part, text)
            except ValueError:
                continue
    elif origin is tuple:
        words = text.strip("[]").replace(",", " ").split()
        return [] if words in ([], ["none"], ["0"], ["-"]) else [parse(arguments[0], word) for word in words]
    else:
        bounds = range_of(annotation)
        plain = arguments[0] if origin is Annotated else annotation
        try:
            value = _READERS[plain](text)
        except (KeyError, ValueError):
            value = None
        if value is not None and not (isinstance(value, float) and math.isnan(value)):
            if bounds is None or bounds.holds(value):
                return value
            raise ValueError(f"{text} is not {bounds}")
    near = guess(text, [*choices_of(annotation), *_words(annotation)]) if text else ""
    raise ValueError(f"{describe(annotation)}.{near}" if near else describe(annotation))
