"""Numbers and signs as they are spoken: a screen reader leaves out an arrow, and reads 9.8e-04 letter by letter.

Figures that change have two or three digits, which is what an ear keeps; settings are said as they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from tui.figures import percent, printable

#: What is written and what is said, one after the other.
SIGNS = (
    (
        re.compile(r"(?<![\w.])([+-]?\d[\d.]*e[+-]?\d+)(?!\w)"),
        lambda found: (figure if "." in found[1] else setting)(float(found[1])),
    ),
    (re.compile(r"(\S+) → (\S+)"), r"from \1 to \2"),
    (re.compile(r"\s*(?:->|→)\s*"), " to "),
    (re.compile(r"(?<![\w.)])\+(\d[\d.,]*) ?%"), r"up \1 percent"),
    (re.compile(r"(?<![\w.)])-(\d[\d.,]*) ?%"), r"down \1 percent"),
    (re.compile(r"(?<=\d) ?%"), " percent"),
    (re.compile(r"(?<=\S) x (?=\S)"), " times "),
    (re.compile(r"(?<=\d) - (?=\w)"), " minus "),
    (re.compile(r"(?<=\d)-(?=\d)"), " to "),
    (re.compile(r"(?<![\w.)])-(?=\d)"), "minus "),
    (re.compile(r"(?<=[a-z0-9])_(?=[a-z0-9])"), " "),
    (re.compile(r"(?<=\d) B\b"), " bytes"),
)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def figure(value: float | None) -> str:
    """A loss, or whatever changes: '0.21', '18.3', '3842', '0.00098', '7.6 times 10 to the minus 8', 'not a number'."""
    if value is None or math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    size = abs(value)
    minus = "minus " if value < 0 else ""
    if size == 0.0:
        return "0"
    if not 1e-4 <= size < 1e6:
        digits, _, power = f"{size:.1e}".partition("e")
        return f"{minus}{digits} times 10 to the {'minus ' if power[0] == '-' else ''}{int(power[1:])}"
    decimals = max(0, (1 if size < 1.0 else 2) - math.floor(math.log10(size)))
    return f"{minus}{_bare(f'{size:.{decimals}f}')}"


def setting(value: float | int | str) -> str:
    """A setting as it is, without an exponent: '0.00001', '32', 'full'."""
    if isinstance(value, float) and 1e-9 <= abs(value) < 1e12:
        value = _bare(f"{value:.12f}" if abs(value) < 1e-4 else f"{float(f'{value:.6g}'):.6f}")
    return spoken(str(value))


def share(value: float | None) -> str:
    """A fraction: '98.7 percent', '100 percent' only where it is all of them."""
    return f"{_bare(percent(value).removesuffix('%'))} percent"


def ordinal(number: int) -> str:
    """'for the third time in a row', '12 times in a row'; empty for the first."""
    if number < 2:
        return ""
    return f"for the {ORDINALS[number - 1]} time in a row" if number <= len(ORDINALS) else f"{number} times in a row"


def spoken(text: str) -> str:
    """A text of the lab without the signs that are read badly or not at all."""
    text = printable(" ".join(text.split()))
    for sign, said in SIGNS:
        text = sign.sub(said, text)
    return " ".join(text.split())


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def after(begin: str, text: str) -> str:
    """A sentence after the words that begin it, 'Run big: '; as it is where there are none."""
    small = text[1:2].islower() or text[1:2] == " "  # no name in capitals
    return sentence(begin + (text[:1].lower() if small else text[:1]) + text[1:]) if begin else sentence(text)


def listed(words: Iterable[str]) -> str:
    """'big, medium and tiny'."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _bare(digits: str) -> str:
    """Without zeros at the end of its decimals."""
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
