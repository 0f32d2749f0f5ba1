"""Only differences are written, and the terminal (pyte) then shows what it would show if all had been written."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from tui.terminal.pens import PLAIN, after, blank_of, change, pen_of
from tui.terminal.shown import Shown

COLUMNS, LINES = 20, 4

styles = st.builds(
    Style,
    color=st.sampled_from([None, "red", "#ff8800", "color(74)", "bright_blue"]),
    bgcolor=st.sampled_from([None, "black", "#102030", "color(233)"]),
    bold=st.booleans(),
    dim=st.booleans(),
    underline=st.booleans(),
    reverse=st.booleans(),
)
texts = st.text(st.sampled_from("ab  ─⣿1"), max_size=6)
segments = st.lists(st.tuples(texts, styles).map(lambda pair: Segment(*pair)), max_size=3)
pieces = st.tuples(st.integers(0, LINES - 1), st.integers(0, COLUMNS - 18), segments)
updates = st.lists(st.lists(pieces, min_size=1, max_size=4), min_size=1, max_size=6)


def whole(pieces) -> str:
    """Everything, each piece of text with all of its look."""
    out = ""
    for line, column, parts in pieces:
        out += f"\x1b[{line + 1};{column + 1}H"
        for text, style, _ in parts:
            pen = pen_of(style, ColorSystem.TRUECOLOR)
            out += "\x1b[m" + change(PLAIN, pen) + text
    return out


def screen() -> tuple[pyte.Screen, pyte.Stream]:
    one = pyte.Screen(COLUMNS, LINES)
    one.reset_mode(pyte.modes.DECAWM)
    return one, pyte.Stream(one)


def looks(one: pyte.Screen) -> list[list[tuple]]:
    """Every cell with what can be seen of it: a blank has no colour of its own."""
    return [[seen(one.buffer[y][x]) for x in range(COLUMNS)] for y in range(LINES)]


def seen(cell) -> tuple:
    if cell.data == " " and not cell.underscore and not cell.reverse:
        return (" ", cell.bg)
    return tuple(cell)


@given(updates)
@settings(max_examples=50)
def test_the_terminal_shows_what_it_would_if_all_had_been_written(updates):
    shown = Shown(COLUMNS, LINES, ColorSystem.TRUECOLOR)
    (one, to_one), (other, to_other) = screen(), screen()
    blank = [(y, 0, [Segment(" " * COLUMNS)]) for y in range(LINES)]
    for update in [blank, *updates]:
        to_one.feed(shown.written(update))
        to_other.feed(whole(update))
        assert looks(one) == looks(other)
        assert shown.written(update[-1:]) == ""  # what was painted last is there


@settings(max_examples=60)
@given(styles, styles, st.booleans(), st.sampled_from([ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD]))
def test_a_change_of_pen_leaves_the_pen_that_it_is_said_to(now, to, blank, colours):
    now, to = pen_of(now, colours), pen_of(to, colours)
    if blank:
        to = blank_of(to)
    (one, to_one), (other, to_other) = screen(), screen()
    to_one.feed(change(None, now) + change(now, to, blank) + change(after(now, to, blank), now) + "x")
    to_other.feed(change(None, now) + "x")
    assert one.buffer[0][0] == other.buffer[0][0]
    to_one.feed("\x1b[1;1H" + change(now, to, blank) + (" " if blank else "x"))
    to_other.feed("\x1b[1;1H" + change(None, to) + (" " if blank else "x"))
    assert seen(one.buffer[0][0]) == seen(other.buffer[0][0])


@pytest.mark.parametrize(
    ("before", "now", "written"),
    [
        ("epoch 1", "epoch 2", "\x1b[1;7H2"),
        ("99", "100", "\x1b[1;1H100"),
        ("abc", "abc", ""),
        ("a-b-c-d", "A-B-C-D", "\x1b[1;1HA-B-C-D"),  # what stands between is written again: a move is longer
        ("a  0123456789  b", "A  0123456789  B", "\x1b[1;1HA\x1b[14CB"),
        ("漢a", "漢b", "\x1b[1;3Hb"),
        ("漢a", "x a", "\x1b[1;1Hx "),
    ],
)
def test_only_what_differs_is_written(before, now, written):
    shown = Shown(COLUMNS, LINES, ColorSystem.TRUECOLOR)
    shown.written([(0, 0, [Segment(before)])])
    assert shown.written([(0, 0, [Segment(now)])]) == written


def test_a_blank_costs_no_colour_and_a_look_is_said_once():
    shown = Shown(COLUMNS, LINES, ColorSystem.EIGHT_BIT)
    blue, grey = Style(color="color(74)", bgcolor="color(233)"), Style(color="color(247)", bgcolor="color(233)", bold=True)
    shown.written([(0, 0, [Segment("x", blue)])])
    assert shown.written([(1, 0, [Segment("a", blue), Segment(" ", grey), Segment("b", blue)])]) == "\x1b[2;1Ha b"
    assert shown.written([(1, 0, [Segment("A", blue), Segment(" B", grey)])]) == "\x1b[2;1HA \x1b[1;38;5;247mB"


def test_what_is_there_is_not_written_again_unless_nothing_is_known_any_more():
    shown, piece = Shown(COLUMNS, LINES, ColorSystem.STANDARD), [(0, 0, [Segment("abc")])]
    first = shown.written(piece)
    assert "abc" in first and shown.written(piece) == ""
    assert Shown(COLUMNS, LINES, ColorSystem.STANDARD).written(piece) == first
