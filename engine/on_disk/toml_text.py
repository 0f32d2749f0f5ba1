"""Plain values as TOML: what run.toml needs, with the standard library alone, which reads TOML and does not write it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def toml_text(document: dict[str, Any]) -> str:
    """The document as TOML, its tables in dotted headers; values are text, numbers, truths, lists of these, and tables."""
    return "\n".join(_table(document, ())).strip("\n") + "\n"


def _table(table: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    own = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if path and (own or len(own) == len(table)):
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in own.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _table(value, (*path, key))


def _key(key: str) -> str:
    return key if key and key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)  # of a float the fewest digits that are enough; inf and nan are called so in TOML as well


def _text(text: str) -> str:
    """In double quotes, as JSON has it, but for DEL, which TOML does not allow as it is; half a pair of UTF-16 is lost."""
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
