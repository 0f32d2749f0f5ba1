"""The text of a preset file, and the tables in it: read with limits, since the file may be anybody's.

Python's TOML reader takes minutes for a few kilobytes of dots and runs out of stack in brackets; what would do so is told
apart before, or at once after. The standard library alone, so that a list of presets needs no engine.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from typing import Any

MOST_BYTES = 500_000  # of a preset: rows of more than 10,000 numbers stand in a table of their own
MOST_PARTS = 10  # of a dotted key: a.b.c has three
DEEPEST = 32  # lists and tables in each other
MOST_BITS = 1000  # of a whole number: 300 digits
PATIENCE = 10.0  # seconds in which something has to come through a pipe

# What stands in quotes, closed or not, and comments; every one of them matches at once or never, whatever follows
QUOTED = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5})?'
    r"|'''(?:[^']|'(?!''))*+(?:'{3,5})?"
    r'|"(?:[^"\\\n]|\\[^\n])*+"?'
    r"|'[^'\n]*+'?",
    re.DOTALL,
)
COMMENTS = re.compile(QUOTED.pattern + r"|#[^\n]*+", re.DOTALL)
NOT_OF_A_KEY = re.compile(r"[^\w\-. \t]")


def printable(text: str) -> str:
    """The text on one line, with a ? for each character that a terminal might obey, or that turns the text around.

    Spaces of other widths, which French and Japanese texts are full of, are spaces.
    """
    return text if text.isprintable() else "".join(each if each.isprintable() else _instead(each) for each in text)


def _instead(character: str) -> str:
    return " " if unicodedata.category(character) == "Zs" else "?"


def printable_lines(text: str) -> str:
    """The same of a text in lines; a tab is four spaces."""
    return text if text.isprintable() else "\n".join(map(printable, text.replace("\t", "    ").split("\n")))


def read_text(path: str | os.PathLike[str], most: int = MOST_BYTES) -> str:
    """The text of a file, or of a pipe. Raises OSError, and ValueError where it is too long or no text in UTF-8."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb", buffering=0) as file:
        pipe, parts, size = stat.S_ISFIFO(os.fstat(handle).st_mode), [], 0
        while size <= most:
            if pipe:
                _wait(handle, path)
            if not (part := file.read(1 << 16)):
                break
            parts.append(part)
            size += len(part)
    if size > most:
        raise ValueError(f"not read: it is longer than {most} bytes")
    try:
        return b"".join(parts).decode("utf-8-sig")  # some editors begin a file with a mark of its encoding
    except UnicodeDecodeError as error:
        raise ValueError(f"not a text file in UTF-8 (byte {error.start})") from None


def _wait(pipe: int, path: str | os.PathLike[str]) -> None:
    """Until somebody has written into it, or closed it. Raises OSError where nobody does."""
    import select

    if not select.select([pipe], [], [], PATIENCE)[0]:
        raise TimeoutError(errno.ETIMEDOUT, f"nothing has come through this pipe for {PATIENCE:g} s", str(path))


def without_quotes(text: str) -> str:
    """The TOML text without its comments, each text in quotes a bare `q`: where a line begins with [, a table does."""
    return COMMENTS.sub(lambda found: "" if found[0][0] == "#" else "q", text)


def inside(folder: str | os.PathLike[str], file: str) -> bool:
    """Whether a file, named from the folder, lies in it or below, whatever links and `..` there are on the way."""
    root = os.path.realpath(folder)
    return os.path.commonpath([root, os.path.realpath(os.path.join(root, file))]) == root


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text, in which every number can be written out. Raises ValueError, in one sentence."""
    import tomllib

    if len(text) > MOST_BYTES:
        raise ValueError(f"not read: it is longer than {MOST_BYTES} characters")
    if any(line.count(".") >= MOST_PARTS for line in text.split("\n")):
        if any(piece.count(".") >= MOST_PARTS for piece in NOT_OF_A_KEY.split(without_quotes(text))):
            raise ValueError(f"not read: a key has more than {MOST_PARTS} parts")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = printable(str(error))
        raise ValueError(f"not valid TOML: {said if len(said) < 200 else f'{said[:100]} ... {said[-60:]}'}") from None
    except RecursionError:
        raise ValueError("not read: tables or lists stand in each other too deeply") from None
    except ValueError:  # Python's own limit
        raise ValueError("not read: a number has thousands of digits") from None
    _check(document)
    return document


def _check(document: dict[str, Any]) -> None:
    """Raise ValueError for what could be neither copied nor written out."""
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for node in level:
            for value in node.values() if isinstance(node, dict) else node:
                if isinstance(value, (dict, list)):
                    inner.append(value)
                elif isinstance(value, int) and value.bit_length() > MOST_BITS:
                    raise ValueError("not read: a number has hundreds of digits")
        level = inner
        if not level:
            return
    raise ValueError("not read: tables or lists stand in each other too deeply")
