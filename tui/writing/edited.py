"""The text of a preset with other settings in it; what does not change stays letter for letter, comments and order too.

tomlkit keeps the layout of what it has read. What it is told here is only where a value differs, so that a file that a
person wrote is still theirs after it was saved.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.items import AoT, Comment, InlineTable, Table, Whitespace

from engine.overlay import leaves
from engine.schema import Document


def edited(text: str, base: Document, runs: Sequence[Document], of: Sequence[int], keys: Collection[str]) -> str:
    """`text` with the values of `base`, and with these `[[run]]`s.

    Of the keys at the top, those among `keys` that `base` lacks are taken out and all others left. Run i is made of the
    entry of[i] (from 0) that is there; where there is none, a new one is written.
    """
    document = tomlkit.parse(_with_dotted(tomlkit.parse(text), base, keys))
    for key, value in base.items():
        if key not in document and isinstance(value, dict):
            document = tomlkit.parse(_with_table(document, key, value))
    _morph(document, base, keys)
    text = tomlkit.dumps(document)
    if not runs:
        return text
    entries = document.get("run")
    if entries is None:
        return text.rstrip() + "\n\n" + "\n".join(_as_text(_entry(run)) for run in runs)
    tails = [_cut(_last_table(entry).value.body) for entry in entries]
    written = []
    for at, (index, run) in enumerate(zip(of, runs, strict=True)):
        entry = entries[index]
        if entry.unwrap() == run:
            body = _as_text(entry)
        elif _is_flat(entry.value.body):
            body = f"[[run]]{entry.trivia.comment_ws}{entry.trivia.comment}\n{_rewritten(entry.value.body, run)}"
        else:
            entry = copy.deepcopy(entry)
            _morph(entry, run)
            body = _as_text(entry)
        again = at + 1 < len(of) and of[at + 1] == index  # what stands above the next entry stays there
        apart = again or (len(runs) > len(entries) and at + 1 < len(runs) and not tails[index])
        written.append(body.rstrip("\n") + "\n" + ("\n" if apart else tails[index]))
    at = next(at for at, (key, _) in enumerate(document.body) if key is not None and key.key == "run")
    head, rest = _part(document, 0, at), _part(document, at + 1)
    return head + "".join(written) + rest


def without(text: str, claims: Collection[int], *keys: tuple[str, str]) -> str:
    """`text` without these `[[claim]]`s (from 0), and without these keys, each given as its table and its name."""
    document = tomlkit.parse(text)
    for index in sorted(claims, reverse=True):
        del document["claim"][index]
    if "claim" in document and not document["claim"]:
        del document["claim"]
    for table, key in keys:
        del document[table][key]
    return tomlkit.dumps(document)


def with_claims_about(text: str, run: str, other: str) -> str:
    """`text` with claims about the run `other` where they were about `run`."""
    document = tomlkit.parse(text)
    _rename(document.get("claim", []), run, other)
    return tomlkit.dumps(document)


def _rename(node: Any, run: str, other: str) -> None:
    if isinstance(node, list):
        for entry in node:
            _rename(entry, run, other)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "run" and value == run:
                node[key] = other
            else:
                _rename(value, run, other)


def _morph(table: Any, goal: Document, keys: Collection[str] | None = None) -> None:
    """Make `table` say what `goal` says; of what `goal` lacks, only `keys` (None: all) are taken out."""
    for key in list(table):
        if key not in goal:
            if keys is None or key in keys:
                del table[key]
            continue
        old, new = table[key], goal[key]
        if isinstance(old, InlineTable) and isinstance(new, dict):
            if _plain(old) != new:
                table[key] = _in_line(new)
        elif isinstance(old, dict) and isinstance(new, dict):
            _morph(old, new)
        elif _plain(old) != new or isinstance(old, bool) != isinstance(new, bool):
            if isinstance(old, dict) != isinstance(new, dict):
                del table[key]
                _add(table, key, new)
            else:
                table[key] = new
    for key, value in goal.items():
        if key not in table:
            _add(table, key, value)


def _in_line(table: Document) -> InlineTable:
    new = tomlkit.inline_table()
    new.update({key: _in_line(value) if isinstance(value, dict) else value for key, value in table.items()})
    return new


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _add(table: Any, key: str, value: Any) -> None:
    """A new key below the last one of its table; blank lines, and the comments of what follows, stay where they are."""
    if isinstance(value, dict) and isinstance(table, Table) and (table.is_aot_element() or _dotted(table)):
        for path, leaf in leaves(value, (key,)):
            table.append(tomlkit.key(list(path)), leaf)
    elif isinstance(value, dict):
        new = tomlkit.table()
        for each, entry in value.items():
            new[each] = entry
        new.trivia.indent = "\n"
        tail = _cut(_last_table(table).value.body)
        table[key] = new
        _end_with(new, tail)
    else:
        body = table.body if isinstance(table, Container) else table.value.body
        first = next(
            (at for at, (one, item) in enumerate(body) if isinstance(item, (Table, AoT)) and not _inline(one)), None
        )
        tail = _cut(body, first)
        item = tomlkit.item(value)
        table.append(key, item)
        if tail:
            item.trivia.trail = "\n" + tail


def _cut(body: list[tuple[Any, Any]], end: int | None = None) -> str:
    """Take away the blank lines, and what comments follow the first of them, that trail what stands before `end`."""
    end = start = len(body) if end is None else end
    while start > 0 and body[start - 1][0] is None:
        start -= 1
    while start < end and not (isinstance(body[start][1], Whitespace) and "\n" in body[start][1].as_string()):
        start += 1
    tail = "".join(_rendered(item) for _, item in body[start:end])
    for at in range(start, end):
        body[at] = (None, Whitespace(""))  # a key is found by its place, which stays the same
    return tail


def _end_with(table: Any, tail: str) -> None:
    """Let `tail` follow the last value of a new table."""
    leaf = next(item for key, item in reversed(table.value.body) if key is not None)
    if isinstance(leaf, Table):
        _end_with(leaf, tail)
    else:
        leaf.trivia.trail = "\n" + tail


def _last_table(table: Any) -> Any:
    """The table, of this one and those inside it, whose lines stand last."""
    keyed = [(key, item) for key, item in table.value.body if key is not None]
    if keyed and isinstance(keyed[-1][1], Table) and not _inline(keyed[-1][0]):
        return _last_table(keyed[-1][1])
    return table


def _with_dotted(document: tomlkit.TOMLDocument, base: Document, keys: Collection[str]) -> str:
    """The text with the values of `base` in what stands above all tables as `table.key = value`."""
    body = document.body
    end = next((at for at, (key, item) in enumerate(body) if isinstance(item, (Table, AoT)) and not _inline(key)), len(body))
    if not any(_inline(key) for key, _ in body[:end]):
        return tomlkit.dumps(document)
    tail = _cut(body, end)
    goal = {}
    for key in dict.fromkeys(key.key for key, _ in body[:end] if key is not None):
        if key in base or key not in keys:
            goal[key] = base.get(key, _plain(document[key]))
    return _rewritten(body[:end], goal) + tail + _part(document, end)


def _with_table(document: tomlkit.TOMLDocument, key: str, value: Document) -> str:
    """The text with another table at the top, before the first `[[...]]` and the comment that stands above it."""
    at = next((at for at, (_, item) in enumerate(document.body) if isinstance(item, AoT)), len(document.body))
    text, head = tomlkit.dumps(document), _part(document, 0, at)
    rest = text.removeprefix(head)
    comment = re.search(r"(?<=\n\n)([ \t]*#[^\n]*\n)+\Z", head) if rest else None
    if comment:
        head, rest = head[: comment.start()], comment[0] + rest
    new = tomlkit.dumps({key: value}).strip("\n")
    return f"{head.rstrip()}\n\n{new}\n" + (f"\n{rest}" if rest else "")


def _inline(key: Any) -> bool:
    return key is not None and key.is_dotted()


def _rendered(item: Any) -> str:
    if isinstance(item, Comment):
        return f"{item.trivia.indent}{item.trivia.comment}{item.trivia.trail}"
    return str(item.as_string())


def _dotted(table: Table) -> bool:
    """Whether a table is written as `above.key = value`, without a line of its own."""
    return table.is_super_table() and all(not isinstance(entry, Table) or _dotted(entry) for _, entry in table.value.body)


def _part(document: tomlkit.TOMLDocument, first: int, end: int | None = None) -> str:
    """The text of some of what stands in a document."""
    part = tomlkit.document()
    part.body.extend(document.body[first:end])
    return tomlkit.dumps(part)


# One [[run]] ----------------------------------------------------------------------------------------------------------


def _as_text(entry: Table) -> str:
    document, array = tomlkit.document(), tomlkit.aot()
    array.append(copy.deepcopy(entry))
    document["run"] = array
    return tomlkit.dumps(document).lstrip("\n")


def _entry(run: Document) -> Table:
    entry = tomlkit.table()
    for path, leaf in leaves(run):
        entry.append(tomlkit.key(list(path)), leaf)
    return entry


def _is_flat(body: list[tuple[Any, Any]]) -> bool:
    """Whether all of it are lines of `key = value`, the keys dotted or not."""
    return all(
        not isinstance(item, (Table, AoT)) or (_inline(key) and isinstance(item, Table) and _is_flat(item.value.body))
        for key, item in body
    )


def _rewritten(body: list[tuple[Any, Any]], goal: Document) -> str:
    """Lines of `key = value` as they stand, with those values changed, added and taken out that `goal` has otherwise."""
    left, lines = dict(leaves(goal)), []
    for path, key, item in _flattened(body, ()):
        if key is None:
            lines.append(_rendered(item))
            continue
        value: Any = goal
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value is None or (isinstance(value, dict) and not isinstance(item, InlineTable)):
            continue
        trivia = item.trivia
        if _plain(item) != value or isinstance(_plain(item), bool) != isinstance(value, bool):
            item = _in_line(value) if isinstance(value, dict) else tomlkit.item(value)
        left = {other: leaf for other, leaf in left.items() if other[: len(path)] != path}
        lines.append(f"{trivia.indent}{key}{item.as_string()}{trivia.comment_ws}{trivia.comment}\n")
    lines += [f"{tomlkit.key(list(path)).as_string()} = {tomlkit.item(leaf).as_string()}\n" for path, leaf in left.items()]
    return "".join(lines)


def _flattened(body: list[tuple[Any, Any]], above: tuple[Any, ...]) -> Iterator[tuple[tuple[str, ...], str | None, Any]]:
    """(path, the key as it is written with its equals sign or None, item) of every line."""
    for key, item in body:
        if key is None:
            yield (), None, item
        elif isinstance(item, Table):
            yield from _flattened(item.value.body, (*above, key))
        else:
            keys = (*above, key)
            yield tuple(each.key for each in keys), ".".join(each.as_string() for each in keys) + key.sep, item
