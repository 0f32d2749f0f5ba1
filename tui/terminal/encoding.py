"""Which characters a terminal can show, as far as its environment says: all of them, or those of ASCII alone.

The locale counts as POSIX has it: LC_ALL, else LC_CTYPE, else LANG; none of them is "C", which knows only ASCII. What Python
says of it is of no use: where a locale is C it speaks UTF-8 all the same (PEP 538 and 540), and writes that into LC_CTYPE.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import NamedTuple

NAMES = ("LC_ALL", "LC_CTYPE", "LANG")  # the first that is set decides
COERCED = ("C.UTF-8", "C.utf8", "UTF-8")  # what Python writes into LC_CTYPE where it was C (PEP 538)
UTF_8 = ("utf8", "utf-8")

#: Terminals whose font has no braille, whatever the locale: the console of Linux, and those of DEC.
BARE = ("linux", "vt")


class Characters(NamedTuple):
    """Whether only ASCII is drawn, and why, where nobody has asked for it."""

    ascii_only: bool = False
    why: str = ""


ALL = Characters()


def characters(asked: bool | None = None) -> Characters:
    """What is to be drawn: as it was asked for, else what the environment says; Windows has no locale to ask."""
    if asked is not None or os.name == "nt":
        return Characters(bool(asked))
    coerced = bool(sys.flags.utf8_mode) and "PYTHONUTF8" not in os.environ and sys.version_info < (3, 15)
    why = why_ascii(os.environ, coerced)
    return Characters(bool(why), why)


def why_ascii(environment: Mapping[str, str], coerced: bool = False) -> str:
    """Why only ASCII can be shown: "LANG=C is not UTF-8"; '' where all characters can. `coerced`: a UTF-8 in LC_CTYPE may be
    Python's own, and then does not count."""
    if environment.get("TEXTUAL_DRIVER", "").endswith(":WebDriver"):
        return ""  # a browser shows all of them, whatever the locale of where this runs
    if (terminal := environment.get("TERM", "")).startswith(BARE):
        return f"TERM={terminal} has no braille"
    for name in NAMES:
        value = environment.get(name, "")
        if not value or (name == "LC_CTYPE" and coerced and value in COERCED):
            continue
        codeset = value.partition("@")[0].rpartition(".")[2]
        return "" if codeset.lower() in UTF_8 else f"{name}={value} is not UTF-8"
    return "no LANG is set"
