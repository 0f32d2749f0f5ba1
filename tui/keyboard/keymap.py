"""The user's own keys: `keymap.toml` in the folder of what is the user's own, ids of bindings with their keys.

    "run.toggle" = "space"
    "pace.faster" = ["+", "="]

It is checked as a whole before any of it is used: every problem is reported at once, with what is allowed and a guess.
With a problem in it the lab keeps its own keys and says so, since a slip in this file must not keep anybody from
training; `descent keys` lists the problems. Ctrl-Q quits whatever the file says.
"""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from textual.binding import Binding
from textual.keys import _character_to_key

from engine.problems import MOST_SAID, PresetError, Problem, show
from engine.schema import LONGEST_WORD
from presets.reading import read_text, read_toml
from tui.home.folders import keymap_file
from tui.keyboard.keys import CHARACTERS, typed, written
from tui.keyboard.places import Place, keys_of, places

Keymap = Mapping[str, tuple[str, ...]]  # Textual's names of keys by the ids of bindings

LARGEST = 64 * 1024  # bytes
WITH_LIST = ("view", "panes", "evidence")  # sheets in which a list has the focus, so that its keys work there
LEAVE = "app.leave"  # ctrl+q, which nothing can take away
NAMED = ("space", "enter", "escape", "tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert",
         "delete", "shift+tab")  # fmt: skip
CONTROL = tuple(f"ctrl+{letter}" for letter in "defgklopqrsuvxy")
TAKEN = {
    "a": "is what screen waits for",
    "b": "is what tmux waits for",
    "c": "copies",
    "h": "is Backspace on many terminals",
    "i": "is Tab on every terminal",
    "j": "is Enter on many terminals",
    "m": "is Enter on every terminal",
    "w": "closes the tab of a terminal in a browser",
    "t": "opens a tab where the terminal is in a browser",
    "n": "opens a window where the terminal is in a browser",
    "z": "sends a program to the background",
}
ALLOWED = "a character, space, enter, tab, up, home, pageup ... or ctrl+ with one of d e f g k l o p r s u v x y"


class KeymapError(PresetError):
    """A keymap that cannot be used. `str()` is the whole report, a line a problem."""


def read(file: Path | None = None) -> Keymap:
    """The keymap of the user, empty where there is none. Raises KeymapError with every problem."""
    file = file or keymap_file()
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for
            raise KeymapError(str(file), [Problem("", "is no file")])
        document = read_toml(read_text(file, LARGEST))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise KeymapError(str(file), [Problem("", f"cannot be read: {error.strerror}")]) from None
    except ValueError as error:
        raise KeymapError(str(file), [Problem("", str(error))]) from None
    return checked(dict(_flat(document)), str(file))


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """`[run]` with `toggle` under it, or `run.toggle` without quotes, is the same as "run.toggle"."""
    for key, value in table.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def checked(said: Mapping[str, object], source: str) -> Keymap:
    """The keymap that `said` (keys by ids, as written) comes to. Raises KeymapError with every problem."""
    ids = {binding.id or "": binding for place in places() for binding in place.bindings}
    problems: list[Problem] = []
    keymap: dict[str, tuple[str, ...]] = {}
    for name, value in said.items():
        if len(problems) >= MOST_SAID:
            break
        if name == LEAVE:
            problems.append(Problem(name, "stays ctrl+q, so that there is a way out whatever else stands here"))
        elif name not in ids:
            problems.append(Problem(name, f"unknown id.{_guess(name, [*ids]) or ' descent keys lists them'}"))
        else:
            keys, wrong = _keys(value, ids[name])
            problems += [Problem(name, each) for each in wrong]
            if not wrong:
                keymap[name] = keys
    wrong_ones = {problem.key for problem in problems}  # what is theirs is not known
    problems += [Problem(name, message) for name, message in _clashes(keymap, wrong_ones)]
    if problems:
        raise KeymapError(source, problems)
    return keymap


def _keys(value: object, binding: Binding) -> tuple[tuple[str, ...], list[str]]:
    """The keys that are written there, by Textual's names, and what is wrong with them."""
    words = value if isinstance(value, list) else [value]
    if not words:
        return (), ["[] has no key: name one, or leave the line out to keep what it is"]
    keys, wrong = [], []
    for word in words:
        key, why = _key(word, binding) if isinstance(word, str) else ("", f"{show(word)} is not a key: {ALLOWED}")
        keys.append(key)
        wrong += [why] if why else []
    return tuple(dict.fromkeys(keys)), wrong


def _key(word: str, binding: Binding) -> tuple[str, str]:
    """Textual's name of a key, or what is wrong with it."""
    key = word if len(word) == 1 else word.strip().lower()
    key = _character_to_key(key) if len(key) == 1 else key
    usual = keys_of(binding, {})
    why = _why_not(word, key, usual)
    if not why and binding.priority and typed(key) and key not in usual:
        why = f"{show(word)} is a character, and in this sheet characters are typed"
    return key, why


def _why_not(word: str, key: str, usual: Sequence[str]) -> str:
    """Why a key cannot be used; empty where it can. `usual` are the keys that the binding has anyway."""
    said = show(word)
    if word in ("[", "]", "O") or key in ("left_square_bracket", "right_square_bracket"):
        return f"{said} cannot be used: over a slow line it follows Escape in what an arrow key sends"
    if len(word) == 1 and word in string.digits and key not in usual:
        return f"{said} cannot be used: in the settings a digit begins to type a value"
    if key.startswith(("alt+", "meta+")):
        return f"{said} cannot be used: many terminals send Alt as Escape and a letter, or keep it for themselves"
    if key[:1] == "f" and key[1:].isdigit() and len(key) > 1:
        return f"{said} cannot be used: function keys are kept by many terminals and missing on many keyboards"
    if key.startswith("ctrl+") and key[5:] in TAKEN:
        return f"{said} cannot be used: ctrl+{key[5:]} {TAKEN[key[5:]]}"
    if key == "ctrl+q":
        return f"{said} cannot be used: it quits, whatever else stands here"
    if key in NAMED or key in CONTROL:
        return ""
    if key.startswith("shift+") and len(key) == 7:
        return f'{said} cannot be used: a terminal sends the capital letter. Did you mean "{key[6:].upper()}"?'
    if len(word) == 1 and word.isprintable() and not word.isspace():
        return ""
    if key in CHARACTERS:
        return ""
    return f"{said} is not a key: {ALLOWED}.{_guess(key, [*NAMED, *CONTROL])}"


def _guess(word: str, names: Sequence[str]) -> str:
    if len(word) > LONGEST_WORD:
        return ""
    near = difflib.get_close_matches(word, names, n=1)
    return f' Did you mean "{near[0]}"?' if near else ""


def _clashes(keymap: Keymap, unknown: set[str]) -> Iterator[tuple[str, str]]:
    """Every id of the keymap with a key that something else has in the same place, and what has it."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for scope in _scopes():
        usual, now = _by_key(scope, {}), _by_key(scope, keymap)
        for key, ids in now.items():
            changed = [name for name in ids if name in keymap]
            if not changed or len(ids) < 2 or set(ids) <= set(usual.get(key, ())):
                continue
            others = [name for name in ids if name != changed[0] and name not in unknown]
            found.setdefault((changed[0], key), {}).update(dict.fromkeys(others))
    for (name, key), taken_by in found.items():
        if taken_by:
            yield name, f'"{written(key)}" is taken by {" and ".join(taken_by)}: both work in the same place'


def _scopes() -> Iterator[tuple[Place, ...]]:
    """The places whose keys work at the same time: the lab with each of its panes, every sheet with what all sheets have."""
    by_name = {place.name: place for place in places()}
    app, lab = by_name["app"], by_name["lab"]
    for place in by_name.values():
        if place.kind == "pane":
            yield place, lab, app
        elif place.kind == "sheet":
            yield place, *([by_name["list"]] if place.name in WITH_LIST else []), by_name["sheet"], app
    yield by_name["list"], by_name["sheet"], app


def _by_key(scope: Sequence[Place], keymap: Keymap) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for binding in (binding for place in dict.fromkeys(scope) for binding in place.bindings):
        for key in keys_of(binding, keymap):
            name = _character_to_key(key) if len(key) == 1 else key
            if binding.id not in made.setdefault(name, []):
                made[name].append(binding.id or "")
    return made


# What `descent keys` prints -------------------------------------------------------------------------------------------


def table_lines(keymap: Keymap) -> Iterator[str]:
    """Every binding: its keys, its id and what it does, place by place; `*` where the keymap has changed it."""
    rows = [(place, list(_rows(place, keymap))) for place in places()]
    first, second = (max(len(row[at]) for _, each in rows for row in each) for at in (0, 1))
    for number, (place, each) in enumerate(rows):
        yield from [""] if number else []
        yield "In the lab, in every pane" if place.kind == "lab" else place.title
        for shown, name, says in each:
            yield f"{'*' if name in keymap else ' '} {shown:<{first}}  {name:<{second}}  {says}".rstrip()


def _rows(place: Place, keymap: Keymap) -> Iterator[tuple[str, str, str]]:
    for binding in place.bindings:
        yield " ".join(map(written, keys_of(binding, keymap))), binding.id or "", binding.tooltip or binding.description


def toml_lines(keymap: Keymap, file: Path) -> Iterator[str]:
    """A keymap file to begin with: every line is a comment, but for what a keymap has changed already."""
    yield f"# The keys of descent: save this as {file}, and take the # away where a key is to change."
    yield f"# A key is {ALLOWED}; several stand in a list."
    yield "# Not [ ] O, digits, alt+ and F keys: they do not arrive whole everywhere. ctrl+q always quits."
    for place in places():
        yield f"\n# {'In the lab, in every pane' if place.kind == 'lab' else place.title}"
        for binding in place.bindings:
            if binding.id == LEAVE:
                continue
            words = [_said(key) for key in keys_of(binding, keymap) if key != "ctrl+q"]
            value = words[0] if len(words) == 1 else f"[{', '.join(words)}]"
            mark = "" if binding.id in keymap else "# "
            yield f'{mark}"{binding.id}" = {value}  # {binding.tooltip or binding.description}'


def _said(key: str) -> str:
    """A key as TOML writes it."""
    return show(key if key == "space" else typed(key) or key)
