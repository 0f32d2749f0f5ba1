"""One line of text being typed: what is in it, where the cursor stands, and what a key makes of both.

A pane that owns its line handles every key in the order in which it came, even where a slow link delivers ten at once; a
field that first has to take the focus would lose some of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Line:
    """`cursor` stands before the character of that number."""

    text: str = ""
    cursor: int = 0

    def insert(self, text: str) -> None:
        """Put printable text in at the cursor."""
        clean = "".join(character for character in text if character.isprintable())
        self.text = self.text[: self.cursor] + clean + self.text[self.cursor :]
        self.cursor += len(clean)

    def press(self, key: str, character: str | None) -> bool:
        """What a key does, by Textual's name of it and the character it types; False where it does nothing here."""
        if key == "backspace":
            self.text = self.text[: max(0, self.cursor - 1)] + self.text[self.cursor :]
            self.cursor = max(0, self.cursor - 1)
        elif key == "delete":
            self.text = self.text[: self.cursor] + self.text[self.cursor + 1 :]
        elif key == "ctrl+u":
            self.text, self.cursor = self.text[self.cursor :], 0
        elif key in ("left", "right", "home", "end"):
            moved = {"left": self.cursor - 1, "right": self.cursor + 1, "home": 0, "end": len(self.text)}[key]
            self.cursor = min(max(0, moved), len(self.text))
        elif character is not None and character.isprintable():
            self.insert(character)
        else:
            return False
        return True

    def around(self, width: int) -> tuple[str, str, str]:
        """The text before, at and after the cursor, as much of it as `width` cells show."""
        start = max(0, self.cursor - width + 1)
        shown = self.text[start : start + width]
        at = self.cursor - start
        return shown[:at], shown[at : at + 1] or " ", shown[at + 1 :]
