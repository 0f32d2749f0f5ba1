"""Sentences that name keys say them by their ids, as in "<run.toggle> pauses"; here each becomes the key in force.

    <run.toggle>                             the first key that does it: "space"
    <any ask.yes>                            every key that does it: "Enter or y"; of several ids "n, Enter or Escape"
    <brief curves.left curves.right>         the first key of each in the least room: "←→", "PgUp PgDn"
    <arrows inside>                          "arrows", or the four keys that are in their place

With a capital, as in `<Runs.mark>`, it begins a sentence: "Space". Which keys are in force is a value of this module that
the lab sets once when it starts, as a program sets its language: dozens of pure functions make and measure sentences, and
a keymap handed to them would be a parameter that all of them only pass on. An id becomes a key where a text is said or
painted: in `Lab.say`, in the canvas and by the sheets. Text with an unknown id stays as it is: somebody else has written it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from tui.keyboard.keys import KEYS, written

Keymap = Mapping[str, Sequence[str]]  # Textual's names of keys by the ids of bindings

_FORMS = ("", "any", "brief", "arrows")
_NAME = r"[A-Za-z_]+(?:\.[a-z_-]+)?"
_PLACE = re.compile(rf"<(?:({'|'.join(_FORMS[1:])}) )?({_NAME}(?: {_NAME})*)>")
_BRIEF = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "PageUp": "PgUp", "PageDown": "PgDn", "Escape": "Esc"}
_ARROWS = ("left", "right", "up", "down")
_WORDS = ("Left", "Right", "Up", "Down")  # without arrows they stay as they are: ^v would be a key of its own

_now: Keymap = {}
_in_words = False


def put_in_force(keymap: Keymap, in_words: bool = False) -> None:
    """Name the keys of this keymap from now on; {}: the usual ones. `in_words`: no terminal shows the arrows."""
    global _now, _in_words
    _now, _in_words = keymap, in_words


def named(text: str, keymap: Keymap | None = None) -> str:
    """The text with the keys in force, or those of a keymap, in the place of their ids."""
    if "<" not in text:
        return text
    keys = _now if keymap is None else keymap
    return _PLACE.sub(lambda found: _filled(found, keys), text)


def ids_in(text: str) -> list[str]:
    """The ids that a text has placeholders of, also such as do not exist."""
    return [name for found in _PLACE.finditer(text) for name in _ids(found) if "." in name]


def known(name: str) -> bool:
    """Whether there is a binding of that id."""
    return bool(_usual(name))


def _ids(found: re.Match[str]) -> list[str]:
    """The ids of a placeholder."""
    names = [name[:1].lower() + name[1:] for name in found[2].split()]
    return [f"{name}.{arrow}" for name in names for arrow in _ARROWS] if found[1] == "arrows" else names


def _filled(found: re.Match[str], keymap: Keymap) -> str:
    """What stands in the place of a placeholder."""
    ids = _ids(found)
    if not all("." in name and known(name) for name in ids):
        return found[0]
    keys = [[written(key) for key in keymap.get(name) or _usual(name)] for name in ids]
    first = [each[0] for each in keys]
    if found[1] == "any":
        shown = list(dict.fromkeys(key for each in keys for key in each))
        return f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0]
    if found[1] == "brief":
        short = [key if _in_words and key in _WORDS else _BRIEF.get(key, key) for key in first]
        return ("" if set(short) <= set("←→↑↓") else " ").join(short)
    if found[1] == "arrows":
        return "arrows" if first == [written(arrow) for arrow in _ARROWS] else " ".join(first)
    said = " ".join(first)
    return said[0].upper() + said[1:] if found[2][0].isupper() and len(said) > 1 else said


@cache
def _usual(name: str) -> tuple[str, ...]:
    """The keys that a binding has before anybody changes them, by Textual's names; none where there is no such binding."""
    of_lab = {key.id: key.keys for key in KEYS if key.action}
    if name in of_lab:
        return tuple(of_lab[name].split(","))
    from tui.keyboard.places import keys_of, places  # every pane and sheet there is: not before somebody needs it

    return next((tuple(keys_of(one, {})) for place in places() for one in place.bindings if one.id == name), ())
