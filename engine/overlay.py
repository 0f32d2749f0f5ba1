"""Settings laid over settings: the runs of a comparison, the command line's `--set` and the form are all overlays.

Documents are plain nested dicts, as TOML reads them. An overlay makes a new one and checks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from engine.datasets import DATASETS
from engine.losses import fitting_losses
from engine.problems import show
from engine.schema import Document, all_keys, annotation_at, choices_of, guess, nearest
from engine.sheet import Sheet
from presets.reading import read_toml

TAGGED = (
    "data",
    "surface",
    "training.optimizer",
    "training.schedule",
)  # tables whose `name` decides what their other keys are
# of those, the names that hold where a preset names none: setting another of their keys means that one
UNNAMED = {"training.optimizer": "sgd", "training.schedule": "constant"}
MOST_VALUES = 1000  # of a setting that are read; far fewer can be compared
OPTIONAL = ("training.divergence", "training.early_stopping", "training.schedule")  # tables that `false` removes


def overlay(base: Document, *extras: Document) -> Document:
    """`base` with the tables of each of `extras` laid over it, as a new document.

    Naming another `name` in a tagged table replaces the whole table by that tag's defaults; lists are replaced whole;
    `false` removes an optional table. A loss or second plot that does not exist for a newly named data set, for another
    number of classes, or for a surface that takes the place of data, is left to its default, unless the same overlay names
    it.
    """
    result: Document = {}
    _lay(result, base, "")
    for extra in extras:
        before = _kind_of_data(result)
        for one, other in (("data", "surface"), ("surface", "data")):
            if one in extra and other not in extra and isinstance(extra[one], dict) and "name" in extra[one]:
                result.pop(other, None)  # a run has one of them
        _lay(result, extra, "", unnamed=True)
        if _kind_of_data(result) != before:
            _forget_unfit(result, extra)
        if before[0] is not None and "surface" in result and "data" not in result:
            _forget(result, extra, ("training", "loss"), ("show", "second"))  # a surface has neither
    return result


def _lay(target: Document, extra: Document, above: str, unnamed: bool = False) -> None:
    """Lay `extra` over `target`; where `unnamed`, a table that was not there gets the name that holds without one."""
    for key, value in extra.items():
        path = f"{above}.{key}" if above else key
        old = target.get(key)
        if isinstance(value, dict):
            renamed = path in TAGGED and isinstance(old, dict) and value.get("name", old.get("name")) != old.get("name")
            if not isinstance(old, dict) or renamed:
                target[key] = {"name": UNNAMED[path]} if unnamed and path in UNNAMED and "name" not in value else {}
            _lay(target[key], value, path, unnamed)
        elif value is False and path in OPTIONAL:
            target.pop(key, None)
        else:
            target[key] = copied(value)


def _kind_of_data(document: Document) -> tuple[Any, int | None]:
    """The name of the data and how many classes they have (0: regression; None: nobody can say)."""
    data: Any = document.get("data")
    name = data.get("name") if isinstance(data, dict) else None
    if isinstance(name, str) and name in DATASETS:
        nothing: Document = {}
        for settings in (data, nothing):
            try:
                return name, int(DATASETS[name](**settings).facts().classes)
            except Exception:  # nothing is checked yet: what is wrong is told when the document is read
                continue
    return name, None


def _forget_unfit(document: Document, extra: Document) -> None:
    _, classes = _kind_of_data(document)
    if classes is None:
        return
    fitting = fitting_losses(classes)
    training = document.get("training")
    if isinstance(training, dict) and training.get("loss") not in fitting:
        _forget(document, extra, ("training", "loss"))
    _forget(document, extra, ("show", "second"))


def _forget(document: Document, extra: Document, *keys: tuple[str, str]) -> None:
    """Leave these keys to their defaults, unless `extra` names them."""
    for table, key in keys:
        kept, named = document.get(table), extra.get(table)
        if isinstance(kept, dict) and not (isinstance(named, dict) and key in named):
            kept.pop(key, None)


def nest(key: str, value: Any) -> Document:
    """{'a': {'b': value}} for 'a.b'."""
    *above, last = key.split(".")
    document: Document = {last: value}
    for part in reversed(above):
        document = {part: document}
    return document


def leaves(document: Document, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is no table, by the path of its keys: the other way round from `nest`."""
    for key, value in document.items():
        if isinstance(value, dict):
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def copied(value: Any) -> Any:
    """The value with tables and lists of its own, a tenth of the time that Python's deepcopy takes."""
    if isinstance(value, dict):
        return {key: copied(entry) for key, entry in value.items()}
    return [copied(entry) for entry in value] if isinstance(value, list) else value


def take_out(document: Document, key: str, root: type) -> bool:
    """Take a key that is wrong out of `document`, or put the name there that was meant; False where neither can be."""
    *above, last = [part.partition("[")[0] for part in key.split(".")]
    table: Any = document
    for part in above:
        table = table.get(part) if isinstance(table, dict) else None
        if isinstance(table, list):  # an entry of a list: leave out the list
            return part in document and take_out(document, part, root)
    if not isinstance(table, dict) or last not in table:
        return False
    choices = choices_of(annotation_at(root, document, ".".join(above))) if above and last == "name" else ()
    if choices:
        meant = nearest(str(table[last]), choices)
        if meant is None:
            return False
        table[last] = meant
    else:
        del table[last]
    return True


def parse_setting(text: str) -> tuple[str, list[Any]]:
    """`training.epochs=3`, or `...=0.1,0.01` for several values, as a key and its values. Raises ValueError.

    Values are TOML; a word that is not, such as adam, is taken as text.
    """
    key, equals, values = text.partition("=")
    key = key.strip()
    if not equals or not key or not values.strip():
        raise ValueError(f"{show(text)} is not KEY=VALUE, such as training.epochs=3")
    known = [*_settings(), *(table for table in OPTIONAL if values.strip() == "false")]
    if key not in known and key.partition(".")[0] not in ("run",):
        same_end = [other for other in known if other.rpartition(".")[2] == key.rpartition(".")[2]]
        near = f' Did you mean "{same_end[0]}"?' if same_end else guess(key, known)
        raise ValueError(f"{show(key)} is no setting.{near}")
    parts = _split(values)
    return key, [*map(_toml_value, parts[:MOST_VALUES]), *parts[MOST_VALUES:]]


@cache
def _settings() -> tuple[str, ...]:
    return tuple(all_keys(Sheet))


def _split(text: str) -> list[str]:
    """Cut at commas that are outside of brackets and quotes."""
    parts, depth, quote, begin = [], 0, "", 0
    for index, character in enumerate(text):
        if character == "," and not depth and not quote:
            parts.append(text[begin:index])
            begin = index + 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        else:
            depth += (character in "[{") - (character in "]}")
    return [part.strip() for part in (*parts, text[begin:])]


def _toml_value(text: str) -> Any:
    try:
        document = read_toml(f"value = {text}")
    except ValueError:
        return text
    return document["value"] if len(document) == 1 else text
