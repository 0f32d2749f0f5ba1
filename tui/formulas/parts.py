"""Formulas with their values put in: what is printed can be checked by whoever has a calculator.

A formula is an `Expr`, pieces of text and numbers together with what they come to. Numbers are rounded for printing, so each
is given as many digits as it takes until the printed formula gives the printed result. Nothing here knows a network.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tui.canvas import Row, Span, width_of

MOST_DIGITS = 12  # of a number that is put in
MOST_TERMS = 6  # of a sum that are written out
LEAST_TERMS = 2  # that are, also where they need a second line


@dataclass(frozen=True, slots=True)
class Expr:
    """Text and numbers in the order in which they are printed, and what such numbers come to.

    A number may stand with the digits that it needs beyond what others have, as (value, digits).
    """

    parts: tuple[str | float | tuple[float, int], ...]
    compute: Callable[[Iterator[float]], float]

    @property
    def values(self) -> list[float]:
        """The numbers in it."""
        return [part[0] if isinstance(part, tuple) else part for part in self.parts if not isinstance(part, str)]

    @property
    def value(self) -> float:
        """What it comes to, by the numbers as they are."""
        return self.of(self.values)

    def of(self, values: Sequence[float]) -> float:
        """What it would come to with these numbers; NaN where that is none."""
        try:
            return self.compute(iter(values))
        except (OverflowError, ZeroDivisionError, ValueError):
            return math.nan

    def numbers(self, digits: int) -> list[str]:
        """Every number as it is printed with so many digits, and more where it needs more."""
        return [number(value, digits + more) for value, more in zip(self.values, self.more, strict=True)]

    @property
    def more(self) -> list[int]:
        """How many digits each of them needs beyond what others have."""
        return [part[1] if isinstance(part, tuple) else 0 for part in self.parts if not isinstance(part, str)]

    def text(self, numbers: Sequence[str]) -> str:
        """The pieces and these numbers in a line: a sum with a negative number is a difference, a negative factor has
        brackets."""
        found, waiting = "", iter(numbers)
        for at, part in enumerate(self.parts):
            if isinstance(part, str):
                found += part
                continue
            shown = next(waiting)
            after = self.parts[at + 1] if at + 1 < len(self.parts) else ""
            power = isinstance(after, str) and after.startswith("^")
            if not shown.startswith("-"):
                found += shown
            elif found.endswith((" + ", " - ")) and not power:
                found = found[:-2] + ("- " if found.endswith("+ ") else "+ ") + shown[1:]
            elif power or found.endswith(("*", "/", "^", " + ", " - ")):
                found += f"({shown})"
            else:
                found += shown
        return found


def given(value: float, *, digits: int = 0) -> Expr:
    """A number by itself; with `digits` more than others have."""
    return Expr(((value, digits) if digits else value,), next)


def times(one: float, other: float) -> Expr:
    """one*other."""
    return Expr((one, "*", other), lambda it: next(it) * next(it))


def joined(*pieces: str | Expr | float, compute: Callable[..., float]) -> Expr:
    """Pieces in a row; `compute` takes what the numbers and formulas in it come to, in their order."""
    parts: list[str | float | tuple[float, int]] = []
    inside: list[Expr] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
        else:
            each = piece if isinstance(piece, Expr) else given(float(piece))
            parts += each.parts
            inside.append(each)
    return Expr(tuple(parts), lambda it: compute(*[each.compute(it) for each in inside]))


def summed(terms: Sequence[Expr], shown: Sequence[int], rest: float, last: Expr | None = None) -> Expr:
    """The `shown` terms, what all the others come to in one number, and `last`."""
    left = len(terms) - len(shown)
    pieces: list[str | Expr | float] = []
    for at in shown:
        pieces += [" + ", terms[at]] if pieces else [terms[at]]
    if left:
        pieces += [f"{' + ' if pieces else ''}... ({left} more: ", rest, ")"]
    if last is not None:
        pieces += [" + ", last] if pieces else [last]
    return joined(*pieces, compute=lambda *each: math.fsum(each) if all(map(math.isfinite, each)) else sum(each))


def total(
    terms: Sequence[Expr], chosen: int, room: int, last: Expr | None = None, exact: float | None = None, digits: int = 4
) -> Expr:
    """A sum of which as many terms are written out as have room, the chosen one (where there is that) among them."""
    values = [term.value for term in terms]
    for count in range(min(len(terms), MOST_TERMS), -1, -1):
        shown = list(range(count))
        if count and count <= chosen < len(terms):
            shown[-1] = chosen
        others = set(shown)
        rest = [value for at, value in enumerate(values) if at not in others]
        found = summed(terms, shown, math.fsum(rest) if all(map(math.isfinite, rest)) else sum(rest), last)
        if count <= LEAST_TERMS or len(printed(found, exact, digits)[0]) <= room:
            break
    return found


def printed(expr: Expr, exact: float | None = None, digits: int = 4) -> tuple[str, str]:
    """The formula with its numbers, and its result, which is what those printed numbers come to.

    `exact` is the result where it is known already, as the engine has it.
    """
    value = expr.value if exact is None else exact
    if math.isfinite(value) and all(map(math.isfinite, expr.values)):
        for fewer in range(max(1, digits - 1)):
            result = number(value, digits - fewer)
            for most in range(digits, MOST_DIGITS + 1):
                numbers = expr.numbers(most)
                if _comes_to(expr, numbers, digits - fewer, result):
                    return expr.text(_fewest(expr, numbers, digits, digits - fewer, result)), result
    return expr.text(expr.numbers(digits)), number(value, digits)


def _comes_to(expr: Expr, numbers: Sequence[str], digits: int, result: str) -> bool:
    """Whether these numbers come to the result, and not so near to the next one that it is a matter of adding them up."""
    value = expr.of([float(shown) for shown in numbers])
    return all(float(number(value * off, digits)) == float(result) for off in (1.0 - 1e-10, 1.0 + 1e-10))


def _fewest(expr: Expr, numbers: list[str], digits: int, of_result: int, result: str) -> list[str]:
    """The same numbers with fewer digits, one by one, as long as they come to that result."""
    brief = expr.numbers(digits)
    if brief == numbers:
        return numbers
    for at, short in enumerate(brief):
        tried = [*numbers[:at], short, *numbers[at + 1 :]]
        if _comes_to(expr, tried, of_result, result):
            numbers = tried
    return numbers


def number(value: float, digits: int = 4) -> str:
    """A number with so many significant digits, or fewer where it is exactly that: 0.5, 0.5000, 12.34, 1.235e-05, NaN.

    Unlike a figure of the lab it must tell all that was left out, so that the numbers of a formula come to its result.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0.0:
        return "0"
    size = abs(value)
    brief = f"{value:.{digits}g}"
    text = brief if float(brief) == value else f"{value:#.{digits}g}".rstrip(".")
    if "e" in text and 1.0 <= size < 1e6:
        text = f"{value:.0f}"
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa.rstrip('.')}{mark}{exponent}"


@dataclass(frozen=True, slots=True)
class Equation:
    """left = form = form ... = result, and a word on it; `forms` end with the result."""

    left: str
    forms: tuple[str, ...]
    note: str = ""
    sign: str = "="
    rank: int = 1  # where rows are few, those of the highest rank go first

    @property
    def brief(self) -> Equation:
        """The same without the symbols and the word, where numbers are put in."""
        return replace(self, forms=self.forms[-2:], note="") if len(self.forms) > 2 else replace(self, note="")

    def rows(self, width: int, indent: int = 2) -> list[Row]:
        """In as few rows as the width allows, broken before a sign of equality."""
        start = indent + len(self.left)
        line: list[Span] = [(f"{' ' * indent}{self.left}", "text")]
        rows: list[Row] = []
        for at, form in enumerate(self.forms):
            role = "strong" if at == len(self.forms) - 1 else "text"
            sign = f" {self.sign if at == 0 else '='} "
            # a result stays with its numbers where that is possible
            result = len(self.forms[-1]) + 3 if at == len(self.forms) - 2 else 0
            if at and width_of(tuple(line)) + len(sign) + len(form) + result > width:
                rows.append(tuple(line))
                line = [(" " * start, "text")]
            *whole, last = broken(form, width - width_of(tuple(line)) - len(sign), width - start - 5)
            for piece in whole:
                rows.append((*line, (sign, "dim"), (piece, role)))
                line, sign = [(" " * start, "text")], "     "
            line += [(sign, "dim"), (last, role)]
        rows.append(tuple(line))
        if self.note:
            for index in (-1, 0):
                if width_of(rows[index]) + 3 + len(self.note) <= width:
                    rows[index] = (*rows[index], (f"   {self.note}", "dim"))
                    break
        return rows


def broken(form: str, first: int, others: int) -> list[str]:
    """A formula in lines of at most so many cells, the first and the others, each begun by a plus or a minus."""
    lines: list[str] = []
    line = ""
    for piece in re.split(r"(?= [+-] |(?<=[\w)])/\()", form):
        if line and len(line) + len(piece) > (others if lines else first):
            lines.append(line)
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line]


def equation(
    left: str, symbols: str, expr: Expr, exact: float | None = None, *, digits: int = 4, note: str = "", sign: str = "=",
    rank: int = 1,
) -> Equation:  # fmt: skip
    """The formula in symbols, with its values put in, and its result."""
    text, result = printed(expr, exact, digits)
    forms = tuple(form for form in (symbols, text) if form)
    return Equation(left, (*forms, result) if text != result else (*forms[:-1], result), note, sign, rank)
