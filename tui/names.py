"""What the runs of a comparison are called where there is little room: a letter each, and what sets their names apart."""

from __future__ import annotations

from collections.abc import Sequence


def letters(names: Sequence[str]) -> list[str]:
    """A letter a run: its name's own first one where these differ, else a, b, c ..."""
    first = [next((character for character in name if character.isalpha()), "") for name in names]
    return first if all(first) and len(set(first)) == len(first) else [chr(ord("a") + index) for index in range(len(names))]


def marked(letter: str, label: str) -> str:
    """The label with its letter before it, unless it begins with that."""
    return label if label.startswith(letter) else f"{letter} {label}"


def labels(names: Sequence[str]) -> list[str]:
    """The names without the words that all of them begin with: 'learning_rate 0.1' among its like is '0.1'."""
    words = [name.split(" ") for name in names]
    while len(words) > 1 and all(len(each) > 1 for each in words) and len({each[0] for each in words}) == 1:
        words = [each[1:] for each in words]
    return [" ".join(each) for each in words]
