"""The JSON Schema of preset files, for editors that complete and check TOML while it is typed.

It is made from the dataclasses that presets are read into, so that keys, ranges, choices and defaults are theirs. Added is
what a file has besides: `[[run]]`, whose tables name only what differs, and `false`, which takes an optional table away.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args

from engine.claims import RELATIONS
from engine.overlay import OPTIONAL, TAGGED
from engine.preset import MOST_RUNS, RUN_TABLES
from engine.schema import describe, hints
from engine.sheet import COVERED, ROWS, Sheet
from tui.writing.about_keys import ABOUT

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
OVERLAY = "InRun"  # ends the name of a table whose keys may all be left out


def preset_schema() -> Schema:
    """The schema of a preset file, as a new value: draft 2020-12."""
    from pydantic import TypeAdapter

    made = TypeAdapter(Sheet).json_schema()
    tables: Schema = made.pop("$defs")
    classes = {cls.__name__: cls for cls in _classes_in(Sheet)}
    for name, table in tables.items():
        _tidy(table, classes[name])
    _tidy(made, Sheet)
    _say_what_no_type_says(made, tables)
    overlays = {name + OVERLAY: _overlay_of(table) for name, table in tables.items()}
    for path in OPTIONAL:
        above, last = path.split(".")
        assert above == "training"
        for each in (tables["Training"], overlays["Training" + OVERLAY]):
            old = each["properties"][last]
            meaning = {key: old.pop(key) for key in ("description",) if key in old}
            each["properties"][last] = {
                "anyOf": [old, {"const": False, "description": "none, as if it were left out"}],
                **meaning,
            }
    made["properties"]["run"] = _runs(made["properties"])
    used = _used(made, tables | overlays)
    definitions = {name: (tables | overlays)[name] for name in sorted(used)}
    about = {
        "title": "descent preset",
        "description": "One scenario of descent: what is trained, how, and what is said about it.",
    }
    return {"$schema": DIALECT, **made, **about, "$defs": definitions}


def _runs(properties: Schema) -> Schema:
    """`[[run]]`: a name, and of the tables what differs."""
    own = {"name": {"type": "string", "description": "what the run is called"}}
    own |= {key: _pointing_to_overlays(copy.deepcopy(properties[key]), key) for key in RUN_TABLES}
    for value in own.values():
        value.pop("default", None)
    entry = {"type": "object", "properties": own, "additionalProperties": False}
    return {
        "type": "array",
        "maxItems": MOST_RUNS,
        "items": entry,
        "description": "Runs to compare; each says only what it has otherwise than the tables above.",
    }


def _say_what_no_type_says(made: Schema, tables: Schema) -> None:
    """The rules that stand in the code of the dataclasses, as far as a schema can say them."""
    made["oneOf"] = [{"required": ["data"]}, {"required": ["surface"]}]
    rows = [f"settings.{row}" for row in ROWS]
    shown = tables["Show"]["properties"]
    shown["hide"]["items"], shown["lock"]["items"] = {"enum": [*COVERED, *rows]}, {"enum": rows}
    tables["Check"]["oneOf"] = [{"required": [relation]} for relation in RELATIONS]
    tables["Claim"].setdefault("required", []).append("check")
    tables["Claim"]["properties"]["check"]["minItems"] = 1
    words = ["lesson_says", "source", "verdict"]
    tables["Claim"]["dependentRequired"] = {word: [other for other in words if other != word] for word in words}


def _tidy(table: Schema, cls: type) -> None:
    """Say of each key what it may be; nothing may be null, which TOML has not, and no key needs a title."""
    paragraph = inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0]
    table["description"] = " ".join(paragraph.split())
    table.pop("title", None)
    annotations = hints(cls)
    for key, value in table["properties"].items():
        value.pop("title", None)
        if value.get("default", 0) is None:
            del value["default"]
        if "anyOf" in value:
            value["anyOf"] = [part for part in value["anyOf"] if part != {"type": "null"}]
            if len(value["anyOf"]) == 1:
                value.update(value.pop("anyOf")[0])
        value.pop("discriminator", None)
        value["description"] = "; ".join(filter(None, (ABOUT.get(f"{cls.__name__}.{key}"), describe(annotations[key]))))
        if value["description"] == "a table":
            del value["description"]  # the table has one of its own
    if "const" in table["properties"].get("name", {}):
        table["properties"]["name"].pop("default", None)
        table["required"] = ["name", *(key for key in table.get("required", []) if key != "name")]


def _overlay_of(table: Schema) -> Schema:
    """The same table where every key may be left out, as it is laid over another one."""
    laid = copy.deepcopy(table)
    laid.pop("required", None)
    for key, value in laid["properties"].items():
        value.pop("default", None)
        laid["properties"][key] = _pointing_to_overlays(value, f"training.{key}")
    return laid


def _pointing_to_overlays(value: Schema, path: str) -> Schema:
    for node in _nodes(value):
        if "$ref" in node:
            node["$ref"] += OVERLAY
    if path in TAGGED and "oneOf" in value:
        value["anyOf"] = value.pop("oneOf")  # without a name it may be several of them
    return value


def _used(made: Schema, tables: Schema) -> set[str]:
    """The names of the tables that are pointed to, from anywhere."""
    used: set[str] = set()
    waiting: list[Schema] = [made]
    while waiting:
        for node in _nodes(waiting.pop()):
            name = node.get("$ref", "").removeprefix("#/$defs/")
            if name and name not in used:
                used.add(name)
                waiting.append(tables[name])
    return used


def _nodes(value: Any) -> Iterator[Schema]:
    if isinstance(value, dict):
        yield value
        for entry in value.values():
            yield from _nodes(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _nodes(entry)


def _classes_in(annotation: Any) -> set[type]:
    """The settings dataclasses that an annotation names, and those that these name in turn."""
    found: set[type] = set()
    waiting = [annotation]
    while waiting:
        one = waiting.pop()
        if is_dataclass(one) and isinstance(one, type):
            if one not in found:
                found.add(one)
                waiting += hints(one).values()
        else:
            waiting += get_args(one)
    return found
