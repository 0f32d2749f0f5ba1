"""Keys that come in pieces, or in one piece with the next: what was pressed is what comes out, whatever the link does."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pseudo_terminal import PseudoTerminal
from textual import events
from textual._xterm_parser import XTermParser

from tui.terminal.typed import ESCAPE, FAR, KNOWN, NEAR, Kind, Typed, Unit, link

DESCENT = str(Path(sys.executable).with_name("descent"))
UP = "\x1b[A"
ARROWS = ("[A", "[B", "[C", "[D", "[H", "[F", "[Z", "[5~", "[6~", "[3~", "OA", "OD", "OH", "[1;5C", "[1;2A", "[[A", "[7$")
ANSWERS = ("[?2026;2$y", "[?2048;0$y", "[12;40R", "[?62;22c", "[0n", "[I", "[O", "[?25u", "[>41;388;0c")
IN_WORDS = ("]11;rgb:1e1e/1e1e/2e2e\x1b\\", "]10;rgb:ffff\x07")
NAMES = ("P>|tmux 3.3a\x1b\\", "P1$r0m\x1b\\")  # Escape and P are keys as well, so these are known once four bytes are there
LONG = "[?62;1;2;4;6;9;15;16;17;18;21;22;28;29c"
CHARACTERS = [*"nNqQsrkptwvz?:,.+-5 bfdPX<>_^~", "\r", "\x7f", "\t", "\x10", "\x11", "\x13", "é", "→", "日", "🙂"]

character = st.sampled_from(CHARACTERS)
sequence = st.sampled_from([f"\x1b{each}" for each in (*ARROWS, *ANSWERS, *IN_WORDS, LONG)])
key = st.one_of(st.just("\x1b"), st.just("\x1b"), character, character, sequence)


def unit_of(pressed: str) -> Unit:
    return ESCAPE if pressed == "\x1b" else Unit(Kind.KEY, pressed)


def units_of(pressed: list[str]) -> list[Unit]:
    """What is to be handed on; answers in words, and very long ones, are not."""
    return [unit_of(each) for each in pressed if each[1:] not in (*IN_WORDS, *NAMES, LONG)]


class Line:
    """Bytes come, and time goes by, as in the driver: what is due is given out before anything newer is read."""

    def __init__(self, typed: Typed) -> None:
        self.typed, self.now, self.units = typed, 100.0, list[Unit]()

    def wait(self, seconds: float) -> Line:
        until = self.now + seconds
        while (due := self.typed.due(self.now)) is not None and self.now + due < until:
            self.now += due
            self.units += self.typed.tick(self.now)
        self.now = until
        return self

    def read(self, data: str | bytes) -> Line:
        self.units += self.typed.feed(data.encode() if isinstance(data, str) else data, self.now)
        return self

    def all(self) -> list[Unit]:
        return self.wait(10.0).units


def cut(data: bytes, places: list[int]) -> list[bytes]:
    at = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[first:last] for first, last in pairwise(at)]


@settings(max_examples=400, deadline=None)
@given(st.lists(key, max_size=12), st.lists(st.integers(0, 10_000), max_size=12), st.lists(st.floats(0.0, 0.3), max_size=30))
def test_keys_in_any_pieces_with_pauses_of_a_third_of_a_second_are_the_keys_that_were_pressed(pressed, places, pauses):
    line = Line(Typed(far=True))
    for number, piece in enumerate(cut("".join(pressed).encode(), places)):
        line.read(piece).wait(pauses[number] if number < len(pauses) else 0.0)
    assert line.all() == units_of(pressed)


@settings(max_examples=200, deadline=None)
@given(st.lists(key, max_size=8), st.lists(st.integers(0, 10_000), max_size=8), st.lists(st.floats(0.0, 1.5), max_size=20))
def test_where_pieces_were_not_expected_no_rest_of_an_arrow_is_typed(pressed, places, pauses):
    """At worst there is an Escape too many, and the key after it says that it comes late."""
    pressed = [each for each in pressed if not each.startswith("\x1bO")]  # an O that stands alone was typed
    pressed = [each for each in pressed if each[1:] not in (*IN_WORDS, LONG)]  # these are not handed on
    line = Line(Typed())
    for number, piece in enumerate(cut("".join(pressed).encode(), places)):
        line.read(piece).wait(pauses[number] if number < len(pauses) else 0.0)
    got = [unit.text for unit in line.all() if unit.kind is Kind.KEY]
    assert got == [unit.text for unit in units_of(pressed) if unit != ESCAPE]
    assert sum(unit == ESCAPE for unit in line.units) == sum(unit.late for unit in line.units) + pressed.count("\x1b")


@pytest.mark.parametrize("rest", ARROWS)
def test_an_arrow_whose_first_byte_was_taken_for_escape_is_the_arrow_and_the_link_is_known_from_then_on(rest):
    line = Line(Typed()).read("\x1b").wait(0.3).read(rest)
    assert line.all() == [ESCAPE, Unit(Kind.KEY, f"\x1b{rest}", late=True)]
    assert Line(line.typed).read("\x1b").wait(0.3).read(rest).all() == [Unit(Kind.KEY, f"\x1b{rest}")]


@pytest.mark.parametrize("answer", [*ANSWERS, *IN_WORDS, *NAMES, LONG])
def test_an_answer_of_the_terminal_in_two_pieces_is_never_typed(answer):
    for at in range(4 if answer in NAMES else 0, len(answer)):
        line = Line(Typed(far=True)).read(f"\x1b{answer[:at]}").wait(0.3).read(answer[at:])
        assert line.all() == units_of([f"\x1b{answer}"])


@pytest.mark.parametrize("half", ["[?2026", "[?2026;2$", "[1;", "]11;rgb:1e", "P>|tmux"])
def test_half_an_answer_is_dropped_and_the_next_key_counts(half):
    assert Line(Typed(far=True)).read(f"\x1b{half}").wait(5.0).read("n").all() == [Unit(Kind.KEY, "n")]
    assert Line(Typed(far=True)).read(f"\x1b{half}\x1b[A").all() == [Unit(Kind.KEY, "\x1b[A")]
    if half[0] == "[":
        assert Line(Typed(far=True)).read(f"\x1b{half}\r").all() == [Unit(Kind.KEY, "\r")]


@pytest.mark.parametrize(
    "next_key", ["n", "\r", "\x7f", "b", "f", "d", " ", ",", ".", "5", "q", "N", "<", "P", "\x1b[A", "\x1b"]
)
def test_escape_in_one_piece_with_the_next_key_is_escape_and_that_key(next_key):
    line = Line(Typed()).read(f"\x1b{next_key}")
    if next_key != "\x1b":
        assert line.units == [ESCAPE, unit_of(next_key)]  # at once
    assert line.all() == [ESCAPE, unit_of(next_key)]


def test_how_long_an_escape_is_kept_back():
    near, far, said, unknown = Typed(), Typed(far=True), Typed(wait=0.025, far=True), Typed()
    unknown.asked(100.0)
    for typed, seconds in ((near, NEAR), (far, FAR), (said, 0.025), (unknown, FAR)):
        line = Line(typed).read("\x1b")
        assert typed.due(line.now) == pytest.approx(seconds)
        assert line.wait(seconds - 0.01).units == []
        assert line.wait(0.02).units == [ESCAPE]
    assert typed.due(line.now) is None


@pytest.mark.parametrize(("seconds", "keeps"), [(0.01, NEAR), (0.2, FAR), (5.0, FAR)])
def test_an_answer_tells_how_far_away_the_terminal_is(seconds, keeps):
    typed = Typed()
    typed.asked(100.0)
    line = Line(typed).wait(seconds).read("\x1b[?2026;2$y").wait(5.0).read("\x1b")
    assert typed.due(line.now) == pytest.approx(keeps)


def test_a_terminal_that_never_answers_is_near_unless_it_is_known_not_to_be():
    typed = Typed()
    typed.asked(100.0)
    line = Line(typed).wait(3.0).read("\x1b")
    assert typed.due(line.now) == pytest.approx(NEAR)


def test_where_escape_comes_in_other_words_an_escape_byte_is_not_it():
    line = Line(Typed()).read("\x1b[27u").read("\x1b")
    assert line.typed.due(line.now) == pytest.approx(KNOWN)
    assert line.wait(1.0).read("[A").all() == [Unit(Kind.KEY, "\x1b[27u"), Unit(Kind.KEY, "\x1b[A")]


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab\r\né[\x1b0~"), max_size=30), st.lists(st.integers(0, 10_000), max_size=8))
def test_what_is_pasted_in_pieces_is_one_paste(text, places):
    line = Line(Typed())
    for piece in cut(f"n\x1b[200~{text}\x1b[201~n".encode(), places):
        line.read(piece).wait(0.09)
    assert line.all() == [Unit(Kind.KEY, "n"), Unit(Kind.PASTE, text), Unit(Kind.KEY, "n")]


def test_a_paste_that_never_ends_gives_the_keys_back():
    line = Line(Typed()).read("\x1b[200~half").wait(6.0).read("n").read("\x1b[201~")
    assert line.all() == [Unit(Kind.PASTE, "half"), Unit(Kind.KEY, "n")]


def test_what_is_no_utf8_and_what_is_too_long_ends_nothing():
    assert Line(Typed()).read(b"\xe9\xff").read("n").all() == [Unit(Kind.KEY, "n")]
    assert Line(Typed()).read("\x1b]52;" + "A" * 5000).read("n").all() == [Unit(Kind.KEY, each) for each in "n"]


def test_what_an_environment_says_of_the_link():
    assert link({}) == (None, False)
    assert link({"SSH_CONNECTION": "10.0.0.1 50000 10.0.0.2 22"}) == (None, True)
    assert link({"ESCDELAY": "25", "SSH_TTY": "/dev/pts/3"}) == (0.025, True)
    assert link({"ESCDELAY": "soon"}) == (None, False)


@pytest.mark.parametrize(
    ("rest", "name"), [("[A", "up"), ("OB", "down"), ("[Z", "shift+tab"), ("[5~", "pageup"), ("[1;5C", "ctrl+right")]
)
def test_textual_knows_the_sequences_that_are_handed_to_it(rest, name):
    (unit,) = Line(Typed(far=True)).read("\x1b").wait(0.3).read(rest).all()
    (message,) = XTermParser().feed(unit.text)
    assert isinstance(message, events.Key) and message.key == name


# in a real terminal ---------------------------------------------------------------------------------------------------

GLUED = (  # what is sent, and what the lab shows then: each time an Escape closes or restores something, and a key follows
    (b"5", "Escape restores", "learning_rate          5 "),
    (b"\x1b.", "0.001 → 0.002", "learning_rate       0.002 "),
    (b"7\x1b,", "0.002 → 0.001", "learning_rate       0.001 "),
    (b"7\x1b5", "Escape restores", "learning_rate          5 "),
    (b"\x1b\x7f", "learning_rate stays 0.001", "learning_rate       0.001 "),
    (b"9\x1b\r", "Escape restores", "learning_rate      0.001 "),
    (b"\x1b\x1b", "learning_rate stays 0.001", "> learning_rate       0.001 "),
    (b"8\x1b\x1b[A", "learning_rate stays 0.001", "> optimizer "),
    (b"\x1b\x1bOB", "> learning_rate", "learning_rate       0.001 "),
    (b"?", "type to search", ""),
    (b"\x1bn", "iteration 1/1600", "learning_rate       0.001 "),
    (b"6\x1bN", "iteration 32/1600", "learning_rate       0.001 "),
    (b"6\x1bb\x1bf\x1bd\x1b<", "learning_rate stays 0.001", "learning_rate       0.001 "),
    (b"p", "type to search", ""),
    (b"\x1b ", "RUNNING", "learning_rate       0.001 "),
    (b"\x1b ", "PAUSED", "learning_rate       0.001 "),
)
SPLIT = ((b"[C", "0.001 → 0.002"), (b"[D", "0.002 → 0.001"), (b"OA", "> optimizer"), (b"[B", "> learning_rate"))


@pytest.mark.parametrize("far", [False, True], ids=["near", "far"])
def test_in_a_real_terminal_no_setting_is_changed_by_mistake_and_no_key_is_lost(far):
    environment = {"SSH_CONNECTION": "10.0.0.1 50000 10.0.0.2 22" if far else None, "SSH_CLIENT": None, "SSH_TTY": None}
    with PseudoTerminal([DESCENT], 120, 40, environment) as lab:
        lab.until(lambda: b"\x1b[?1049h" in lab.written)
        lab.press(b"\x1b\x1b")  # before there is anything to close
        lab.shows("READY")
        for keys, *shown in GLUED if far else ():
            lab.press(keys)
            lab.shows(*shown)
        for rest, shown in SPLIT:
            lab.press(b"\x1b")
            lab.listen(0.3)
            lab.press(rest)
            lab.shows(shown)
        for first, rest in ((b"\x1b", b"[?2026;2$y"), (b"\x1b[", b"12;40R"), (b"\x1b]11;rgb:00", b"00/0000/0000\x1b\\")):
            lab.press(first)
            lab.listen(0.3)
            lab.press(rest)
        lab.press(b"?")  # what is pressed in the sheet, and comes in pieces, changes nothing below it
        lab.shows("type to search")
        lab.press(b"\x1b")
        lab.listen(0.3)
        lab.press(b"[C")
        lab.press(b"\x1b")
        lab.shows("learning_rate       0.001 ")
        lab.press(b"p")
        lab.shows("type to search")
        lab.press(b"\x1bq\x1b\x1b")  # and where there is no more
        assert lab.end() == 0
