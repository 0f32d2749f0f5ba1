"""What may stand in a report that somebody sends away: only what is known to say nothing of whose machine it was made on.

Nothing is searched for what is private: it could be anything. Rather every text is taken apart, and of it stay words that
are known, short numbers and the names of files of descent's own; all else becomes `...`.
"""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

_SAID = """
a allocate already an and another argument arguments arithmetic array arrays as at attribute attributes available be
been boolean bound broadcast broadcastable broken buffer but by bytes call callable called can cannot changed character
characters closed code codec constructor contains convert core could decode deep deleted denied deque descriptor
detected dict dictionary did dimension dimensions directory disk divide divided division does domain dtype during each
elements empty encode encountered ended enough errno error event exceeded exist exists expect expected failed file
finished float float32 float64 for found from function generator got greater had handle has have if implemented in
incompatible index indexing indices infinite infinity inhomogeneous initialized input instance int int64 integer
integers interrupted into invalid is it item iterable iteration its keyword large left length less list literal long
longer loop mapped mapping match matching math matrix maximum memory method mismatch missing module more multiple must
nan ndarray no node none nonetype not number numbers object of on one only open operand operands operation operator or
ordinal other out over overflow own permission permitted pipe pop position positional process raised range read ready
recursion remapped required requires resource returned running same scalar sequence set shape shapes should single size
sizes slice space start started stop stopped str string subscriptable such supported system take task tasks temporarily
than that the thread to together too truth tuple types unable unavailable unexpected unhashable unknown unpack
unsupported use used using valid values was were when with within would write writing wrong yet zero zip
"""

#: Words in which Python, NumPy and the system say what went wrong. No noun that somebody would call a column is among them.
WORDS = frozenset(_SAID.split())

QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\u2018[^\u2019]*\u2019|\u201c[^\u201d]*\u201d|`[^`]*`")
NUMBER = re.compile(r"-?\d{1,6}(\.\d{1,6})?(e[+-]?\d{1,3})?")
EDGES = "()[]{}<>,.;:!?=+-*"
KIND = re.compile(r"[A-Za-z_]{1,60}")
PLACE = re.compile(r"(tui|engine|presets)(/[A-Za-z_0-9]{1,40}){1,4}\.py:\d{1,5}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?")
SETTING = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,39}")
CALLED = ("USER", "LOGNAME", "USERNAME", "SUDO_USER", "HOSTNAME", "HOST", "COMPUTERNAME")
LONGEST = 24  # words of a message
HIDDEN = "..."


def names_of_here() -> frozenset[str]:
    """What this machine and whoever uses it are called, in small letters."""
    found = {os.environ.get(name, "") for name in CALLED}
    with suppress(Exception):
        import getpass

        found.add(getpass.getuser())
    with suppress(Exception):
        found |= {socket.gethostname(), socket.gethostname().partition(".")[0]}
    with suppress(Exception):
        found |= {part for part in Path.home().parts[1:] if part.lower() not in ("home", "users", "var")}
    return frozenset(name.lower() for name in found if len(name) > 1)


def free(text: str) -> bool:
    """Whether a text names neither this machine nor its user."""
    small = text.lower()
    return not any(name in small for name in names_of_here())


def message(text: object) -> str:
    """What an exception says, without anything that is not known to be harmless."""
    if not isinstance(text, str):
        return HIDDEN
    said: list[str] = []
    for word in QUOTED.sub(f" {HIDDEN} ", text).split()[:LONGEST]:
        bare = word.strip(EDGES)
        known = all(part.lower() in WORDS or NUMBER.fullmatch(part) for part in re.split(r"[(),\[\]]+", bare) if part)
        shown = word if known and not re.search(r"[/\\@~_]", word) and free(bare) else HIDDEN
        if shown != HIDDEN or said[-1:] != [HIDDEN]:
            said.append(shown)
    return " ".join(said)


def matching(pattern: re.Pattern[str], text: object) -> str:
    """The text where it is of that form and names nobody, else `...`."""
    return text if isinstance(text, str) and pattern.fullmatch(text) and free(text) else HIDDEN


def setting(text: str) -> str:
    """What an environment variable is set to, where that is a word such as xterm-256color or en_GB.UTF-8."""
    return matching(SETTING, text)


def version(text: object) -> str:
    """The digits that a version begins with: 6.8.0 of 6.8.0-45-generic."""
    found = re.match(r"\d{1,4}(\.\d{1,6}){0,3}", text) if isinstance(text, str) else None
    return found[0] if found else "unknown"


def number(value: Any) -> str | None:
    """A number as it is written; None where it is none."""
    return f"{value:.6g}" if isinstance(value, int | float) and not isinstance(value, bool) else None
