"""Numbers and words as they are written into a Python script: read back to the last bit, and unable to break out of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

WIDTH = 100  # characters of a line of numbers


def literal(array: Array) -> str:
    """The array as torch.tensor([...]), its numbers written so that they are read back to the last bit."""
    kind = "torch.int64" if array.dtype.kind == "i" else f"torch.{array.dtype.name}"
    if array.ndim == 1 and array.size > 4 and (array == array[0]).all():
        return f"torch.full(({array.size},), {array[0]!s}, dtype={kind})"
    if array.ndim == 2:
        rows = [f"[{', '.join(words(row))}]" for row in array]
        inner = [line for row in rows for line in wrapped(row + ",")]
    else:
        inner = wrapped(", ".join(words(array)))
    short = " ".join(inner).rstrip(",")
    if len(short) < WIDTH - 40:
        return f"torch.tensor([{short}], dtype={kind})"
    return "\n".join(["torch.tensor([", *(f"    {line}" for line in inner), f"], dtype={kind})"])


def words(array: Array) -> Iterator[str]:
    """Each number of (n,) in the fewest digits that mean it in its own precision."""
    return (str(value) for value in array)


def wrapped(text: str) -> list[str]:
    """The text in lines of at most WIDTH characters, broken after commas."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def indented(text: str) -> str:
    """The text as it stands inside a bracket that opened on an indented line."""
    return text.replace("\n", "\n    ")


def number(value: float) -> str:
    """A float in Python."""
    return repr(float(value))


def names_list(names: tuple[str, ...]) -> str:
    """The names as a list in Python."""
    inner = wrapped(", ".join(repr(name).replace(" ", "\0") for name in names))
    text = "\n".join(f"    {line}" for line in inner) if len(inner) > 1 else inner[0]
    return (f"[\n{text},\n]" if len(inner) > 1 else f"[{text}]").replace("\0", " ")


def said(text: str) -> str:
    """Words that come from a file, as they may stand in a docstring: no quotes, backslashes or control characters."""
    return "".join("?" if letter in '"\\' or not letter.isprintable() else letter for letter in text)
