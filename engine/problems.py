"""What is wrong with a preset: every problem at once, each with its key, its value, what is allowed and a guess."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

from engine.columns import TableError, printable
from engine.run import MisfitError
from engine.schema import (
    Document,
    all_keys,
    annotation_at,
    choices_of,
    choices_of_table,
    describe,
    entry_of,
    guess,
    hints,
    kinds_of,
    table_class,
)

if TYPE_CHECKING:
    from pydantic import ValidationError


MOST_SAID = 50  # problems of a file; who has put these right is told of the next
LONGEST_KEY, LONGEST_MESSAGE = 80, 500  # characters


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the dotted key it is wrong at (empty: the file as a whole) and what is wrong.

    Both are printable and of a length that somebody reads, whatever the file holds.
    """

    key: str
    message: str

    def __post_init__(self) -> None:
        for name, most in (("key", LONGEST_KEY), ("message", LONGEST_MESSAGE)):
            text = printable(getattr(self, name))
            object.__setattr__(self, name, text if len(text) <= most else text[: most - 3] + "...")


class PresetError(Exception):
    """A preset that cannot be used. `str()` is the whole report, a line a problem."""

    def __init__(self, source: str, problems: list[Problem]) -> None:
        self.source = source
        self.problems = problems
        super().__init__(source, problems)

    def __str__(self) -> str:
        said = self.problems[:MOST_SAID]
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        if len(self.problems) >= MOST_SAID:
            count = f"{MOST_SAID} problems or more"
        width = max(len(problem.key) for problem in said)
        lines = [f"  {problem.key:<{width}}   {problem.message}".rstrip() for problem in said]
        if not width:
            lines = [f"  {problem.message}" for problem in said]
        return "\n".join(printable(line) for line in (f"{self.source}: {count}", *lines))


DATE = "a date"  # the key under which a date, which JSON lacks, comes to us


def show(value: object) -> str:
    """A value as a preset would write it, cut to one short line of printable characters."""
    if isinstance(value, dict) and DATE in value:
        return f"the date {value[DATE]}"
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = printable(text)
    return text if len(text) <= 60 else text[:57] + "..."


def find_problems(error: ValidationError, root: type, document: Document) -> list[Problem]:
    """Pydantic's findings in our words, one a key, at most MOST_SAID."""
    problems: dict[str, Problem] = {}
    for finding in error.errors(include_url=False)[:MOST_SAID]:
        problem = _explain(finding, root, document)
        problems.setdefault(problem.key, problem)
    return list(problems.values())


def _explain(finding: Any, root: type, document: Document) -> Problem:
    kind = finding["type"]
    if kind == "json_invalid":
        return Problem("", "tables or lists stand in each other too deeply")
    key = _key(finding["loc"], root, document)
    if kind == "value_error":
        raised = finding["ctx"]["error"]
        if isinstance(raised, (MisfitError, TableError)):
            return Problem(raised.key, raised.message)
        return Problem(key, str(raised))
    if kind == "unexpected_keyword_argument":
        return Problem(key, "unknown key." + _guess_key(key, root, document))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        allowed = choices_of(annotation_at(root, document, key))
        names = ", ".join(sorted(allowed))
        if kind == "union_tag_not_found":
            return Problem(f"{key}.name", f"missing: one of {names}")
        name = finding["input"]["name"]
        near = guess(name, allowed) if isinstance(name, str) else ""
        return Problem(f"{key}.name", f"{show(name)} is not one of {names}{'.' + near if near else ''}")
    annotation = annotation_at(root, document, key)
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return Problem(key, f"missing: {describe(annotation)}")
    value = finding["input"]
    allowed = choices_of(annotation)
    if choices_of_table(annotation) and value in allowed:
        return Problem(key, f'{show(value)} is not a table. Did you mean "{key}.name"?')
    if allowed and isinstance(value, str):
        near = guess(value, allowed)
        return Problem(key, f"{show(value)} is not {describe(annotation)}{'.' + near if near else ''}")
    if isinstance(value, dict) and get_origin(annotation) is tuple and choices_of_table(get_args(annotation)[0]):
        name = re.sub(r"\[\d+\]", "", key)
        return Problem(key, f"is written as [[{name}]], in double brackets")
    return Problem(key, f"{show(value)} is not {describe(annotation)}")


def _key(location: tuple[Any, ...], root: type, document: Document) -> str:
    """The dotted key of pydantic's location, whose tags of unions and members of choices are left out."""
    parts: list[str] = []
    annotation: Any = root
    node: Any = document
    entered = True  # and no part of it named yet
    for part in location:
        cls = table_class(annotation, node)
        if cls is not None:
            if entered and len(choices_of_table(annotation)) > 1 and part == node.get("name"):
                entered = False
                continue  # the tag of the table that was chosen; a key may be called the same
            if entered and part == "table" and kinds_of(annotation):
                entered = False
                continue
            entered = True
            annotation = hints(cls).get(str(part))
            node = node.get(part, {}) if isinstance(node, dict) else {}
            parts.append(str(part))
        elif isinstance(part, int) and isinstance(node, list):
            annotation, node = entry_of(annotation), node[part]
            parts[-1] += f"[{part + 1}]"
    return ".".join(parts)


def _guess_key(key: str, root: type, document: Document) -> str:
    """Which key may have been meant: one of the same table, or one of the same name elsewhere."""
    *above, last = key.split(".")
    annotation = annotation_at(root, document, ".".join(above)) if above else root
    node: Any = document
    for part in above:
        node = node.get(part, {}) if isinstance(node, dict) else {}
    cls = table_class(annotation, node)
    if cls is not None and (near := guess(last, hints(cls))):
        return near
    owners = [f'"{name}"' for name, choice in choices_of_table(annotation).items() if last in hints(choice)]
    if owners and isinstance(node, dict):
        return f" With name {' or '.join(owners)} there is one"
    elsewhere = [other for other in all_keys(root) if other.rpartition(".")[2] == last and other != key]
    return f' Did you mean "{elsewhere[0]}"?' if elsewhere else ""
