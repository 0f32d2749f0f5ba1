"""From the bytes of a terminal to what a key does, and how a key is called aloud.

The usual keys are those of the lab. A keymap of the user's own is read only where there is one: it is checked with all of
the lab's panes, which takes as long as starting the lab.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

#: What the narration does, by the ids of the lab's keys, with the characters that they type.
USUAL: Mapping[str, Sequence[str]] = {
    "run.toggle": (" ",),
    "run.batch": ("n",),
    "run.epoch": ("N",),
    "run.restart": ("r",),
    "rate.down": (",",),
    "rate.up": (".",),
    "pace.slower": ("-",),
    "pace.faster": ("+", "="),
    "show.why": ("w",),
    "show.help": ("?",),
    "app.quit": ("q", "\x11"),
}
SAID = {" ": "space", ",": "comma", ".": "full stop", "?": "question mark", "+": "plus", "-": "minus", "\n": "Enter",
        "\t": "Tab", "\x1b": "Escape"}  # fmt: skip
_PLACE = re.compile(r"<([A-Za-z]+\.[a-z]+)>")


class Keys:
    """The keys in force; `problem` says why those of the user are not."""

    def __init__(self, keymap: Mapping[str, Sequence[str]] | None = None, problem: str = "") -> None:
        self.problem = problem
        self._of = {name: tuple((keymap or {}).get(name, ())) or tuple(usual) for name, usual in USUAL.items()}
        self._does = {character: name for name, characters in self._of.items() for character in characters}
        self._does.setdefault("\x11", "app.quit")  # ctrl+q, whatever a keymap says

    def does(self, character: str) -> str:
        """The id of what a character does; empty where it does nothing."""
        return self._does.get(character, "")

    def name(self, name: str) -> str:
        """The key that does it, aloud: 'space', 'capital N', 'control e'."""
        return called(self._of[name][0])

    def named(self, text: str) -> str:
        """The text with the keys in force in the place of their ids, `<Run.toggle>` at the beginning of a sentence; one that
        is not heard here stays as it is."""
        return _PLACE.sub(self._filled, text)

    def _filled(self, found: re.Match[str]) -> str:
        name = found[1][0].lower() + found[1][1:]
        if name not in self._of:
            return found[0]
        said = self.name(name)
        return said[0].upper() + said[1:] if found[1] != name and len(said) > 1 else said


def read_keys() -> Keys:
    """The usual keys, or those that the user's own keymap says."""
    from tui.home.folders import keymap_file

    if not keymap_file().exists():
        return Keys()
    from tui.keyboard.keymap import KeymapError, read
    from tui.keyboard.keys import typed

    def character(key: str) -> str:
        """What a terminal sends for a key, by Textual's name of it; empty where it is more than one character."""
        if key.startswith("ctrl+") and len(key) == 6:
            return chr(ord(key[5]) - 96)
        return typed(key) or {"enter": "\n", "tab": "\t", "escape": "\x1b"}.get(key, "")

    try:
        found = read()
    except KeymapError:
        return Keys(problem="The keymap has a problem, so the usual keys are in force. The command descent keys tells it.")
    return Keys({name: [one for one in map(character, found[name]) if one] for name in USUAL if name in found})


def called(character: str) -> str:
    """A key by the name that is said."""
    if character in SAID:
        return SAID[character]
    if character < " ":
        return f"control {chr(ord(character) + 96)}"
    if character.isalpha() and character.isupper():
        return f"capital {character}"
    return character if character.isalnum() else unicodedata.name(character, character).lower()


class Decoder:
    """Characters from bytes as they come: a sequence that Escape begins, such as an arrow's, is one key that does nothing.

    A slow line may part it anywhere. Escape before any other character is a key of its own.
    """

    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._sequence = ""

    @property
    def waits(self) -> bool:
        """Whether Escape came last, of which nobody knows yet whether more belongs to it."""
        return self._sequence == "\x1b"

    def rest(self) -> Iterator[str]:
        """Escape itself, where nothing came after it for a while."""
        if self.waits:
            self._sequence = ""
            yield "\x1b"

    def feed(self, data: bytes) -> Iterator[str]:
        """The characters that were typed; a carriage return is Enter's."""
        for character in self._text.decode(data):
            if self.waits and character in "[O":
                self._sequence += character
            elif self._sequence in ("", "\x1b"):
                yield from self.rest()
                if character == "\x1b":
                    self._sequence = character
                else:
                    yield "\n" if character == "\r" else character
            elif self._sequence[1] == "O" or "@" <= character <= "~":  # the last one of a sequence
                self._sequence = ""
