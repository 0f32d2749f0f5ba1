"""When a frame may be drawn: over links that are near, far, narrow, silent or broken, by a clock of the test's own."""

from __future__ import annotations

import os
from collections import deque

import click
import pytest

from tui.console.options import parse_kbps
from tui.figures import written
from tui.panes.bars import Standing, header
from tui.screens.conductor import apart
from tui.terminal.answers import LOST, MOST, PATIENCE, QUESTION
from tui.terminal.asked import Asked, ask, asked
from tui.terminal.budget import LONGEST, slow_rate
from tui.terminal.link import Link
from tui.terminal.sent import Sent

TICK = 0.01
OVERHEAD = 60  # bytes that SSH and TCP put around what is written at once


class Wire:
    """A lab that trains at the far end of a link: `far` seconds for a round trip, `rate` bytes a second, frames of `size`
    bytes; a terminal at the near end that answers unless it is `mute`."""

    def __init__(self, far: float, rate: float, size: int, asked: Asked | None = None, shape: tuple[int, int] = (80, 24)):
        self.far, self.rate, self.size, self.mute, self.training = far, rate, size, False, True
        self.now, self.gone = 100.0, 0.0
        self.frames: list[float] = []
        self.questions = 0
        self.most_asked = 0
        self.answers: deque[float] = deque()
        self.sent = Sent()
        self.taken = False
        self.link = Link(self.sent, self.write, lambda: self.taken, asked or Asked(), lambda: shape, clock=lambda: self.now)
        self.link.begin()

    def write(self, data: str) -> None:
        self.sent.add(data)
        self.gone = max(self.now, self.gone) + (len(data) + OVERHEAD) / self.rate
        if data.endswith(QUESTION):
            self.questions += 1
            if not self.mute:
                self.answers.append(self.gone + self.far)

    def press(self, size: int) -> float:
        """A key comes that changes so much; seconds until that has been shown."""
        pressed = self.now - self.far / 2
        self.write("k" * size)
        self.link.drawn()
        return self.gone + self.far / 2 - pressed

    def go(self, seconds: float) -> int:
        """How many frames there were within so many seconds; ten times a second the lab would like to draw one."""
        before = len(self.frames)
        for tick in range(round(seconds / TICK)):
            self.now += TICK
            while self.answers and self.answers[0] <= self.now:
                self.answers.popleft()
                self.link.answered()
            if self.training and tick % 10 == 0 and self.link.free():
                self.frames.append(self.now)
                self.write("f" * self.size)
                self.link.drawn()
            self.most_asked = max(self.most_asked, self.link.answers.unanswered)
        return len(self.frames) - before


def test_over_a_link_that_is_near_every_frame_comes_and_few_are_asked_about():
    wire = Wire(0.002, 10e6, 2000)
    assert wire.go(20.0) == 200
    assert wire.questions <= 20.0 / 0.5 + 3


def test_over_a_wide_link_that_is_far_every_frame_comes():
    wire = Wire(0.3, 1e6, 2000)
    assert wire.go(20.0) >= 195
    assert wire.most_asked <= 5


@pytest.mark.parametrize(("rate", "size"), [(50_000, 2000), (50_000, 6000), (20_000, 2000), (5_000, 3000)])
def test_over_a_narrow_link_a_key_finds_at_most_one_frame_before_it_and_half_of_the_time_none(rate, size):
    wire = Wire(0.2, rate, size)
    wire.go(5.0)
    waits = []
    for press in range(100):
        wire.go(0.35 + press % 7 / 20)
        waits.append(max(0.0, wire.gone - wire.now))
        wire.press(100)
    frame = (size + 2 * OVERHEAD) / rate
    assert max(waits) <= frame + 2 * TICK
    assert sum(wait > 0 for wait in waits) <= 65  # a tenth of a second is what a frame can be early
    drawn = wire.go(40.0) / 40.0
    assert drawn >= 0.3 * min(10.0, 0.5 / frame)  # and what the link has room for is used
    assert wire.most_asked <= MOST


def test_what_a_key_has_written_holds_the_next_frame_too():
    wire = Wire(0.2, 50_000, 500)
    wire.go(5.0)
    wire.press(25_000)  # a whole screen: half a second
    before = wire.now
    while wire.go(0.1) == 0 or wire.frames[-1] < before + 0.2:
        assert wire.now < before + 2.0
    assert wire.gone - wire.now < 0.4


def test_a_terminal_that_never_answers_is_asked_once():
    wire = Wire(0.2, 50_000, 1000)
    wire.mute = True
    wire.answers.clear()
    assert wire.go(PATIENCE + 10.0) == 10 * (PATIENCE + 10)
    assert wire.questions == 1
    assert wire.link.answers.unanswered == 0  # nobody waits for that at the end
    wire.link.answered()
    wire.mute = False
    wire.go(1.0)
    assert wire.questions > 1  # it was only slow


def test_frames_stop_with_the_answers_and_come_back_with_them():
    wire = Wire(0.2, 50_000, 1000)
    wire.go(5.0)
    wire.mute = True
    wire.answers.clear()
    assert wire.go(LOST - 0.5) <= 3
    wire.mute = False
    assert wire.go(2.0) >= 1  # one question counts as lost, and the next is answered
    assert wire.go(5.0) >= 20
    wire.mute = True
    wire.answers.clear()
    wire.go(4 * LOST)
    asked_before = wire.questions
    assert wire.go(5.0) == 50  # it will never answer again, so that nobody waits for it
    assert wire.questions == asked_before


def test_another_way_to_the_terminal_is_noticed():
    wire = Wire(0.02, 1e6, 1000)
    wire.go(5.0)
    wire.far = 0.25  # the machine was carried to another network
    wire.go(45.0)
    assert wire.link.answers.round_trip == pytest.approx(0.25, abs=0.03)
    assert wire.go(5.0) >= 45
    wire.far = 0.02
    wire.go(1.0)
    assert wire.link.answers.round_trip == pytest.approx(0.02, abs=0.02)


def test_a_lab_that_does_not_train_asks_nothing():
    wire = Wire(0.2, 50_000, 1000)
    wire.go(5.0)
    wire.training = False
    wire.go(2.0)
    before = wire.sent.bytes
    wire.go(60.0)
    wire.press(300)
    assert wire.sent.bytes == before + 300
    assert wire.link.answers.unanswered == 0


def test_the_end_waits_for_answers_and_no_longer_than_a_second():
    wire = Wire(0.2, 50_000, 1000)
    wire.go(5.0)
    wire.link.drawn()
    assert wire.link.answers.unanswered
    times = iter(range(100))
    wire.link.clock = lambda: 0.3 * next(times)
    wire.link.end()  # the clock runs, no answer comes
    assert wire.link.answers.unanswered == 0
    assert next(times) < 8


@pytest.mark.parametrize("rate", [20_000.0, 6_000.0, 1_000.0])
def test_a_budget_is_kept_by_giving_up_frames_and_keys_count(rate):
    wire = Wire(0.01, 1e6, 1800, Asked(most=rate))
    wire.go(10.0)
    before = wire.sent.bytes
    for _ in range(20):
        wire.go(2.0)
        wire.press(200)
    assert wire.sent.bytes - before <= rate * 40.0 + 2000
    assert wire.sent.bytes - before >= 0.8 * min(rate, 18_000) * 40.0  # and it is used


def test_however_small_a_budget_is_there_is_a_frame_now_and_then():
    wire = Wire(0.01, 1e6, 1800, Asked(most=1.0))
    assert 4 <= wire.go(4 * LONGEST + 2.0) <= 6


@pytest.mark.parametrize(("shape", "size", "most"), [((80, 24), 2500, 6_000), ((200, 50), 6000, 15_000)])
def test_a_slow_link_gets_four_frames_a_second_at_most_and_its_budget(shape, size, most):
    wire = Wire(0.2, 50_000, size, Asked(slow=True), shape)
    wire.go(5.0)
    before = wire.sent.bytes
    assert 20 <= wire.go(20.0) <= 80
    assert wire.sent.bytes - before <= 20.0 * most
    assert slow_rate(*shape) < most
    light = Wire(0.02, 1e6, 200, Asked(slow=True), shape)
    assert light.go(20.0) <= 80


@pytest.mark.parametrize(
    ("cost", "frames"), [(0.001, 10.0), (0.008, 10.0), (0.012, 6.67), (0.017, 5.0), (0.032, 5.0), (0.064, 2.5)]
)
def test_the_dearer_a_frame_the_fewer_there_are_and_none_takes_the_training_away(cost, frames):
    assert 1 / apart(cost) == pytest.approx(frames, rel=0.01)
    assert cost / apart(cost) <= 0.16


def test_nothing_is_drawn_while_the_system_has_no_room():
    wire = Wire(0.02, 1e6, 500)
    wire.go(1.0)
    wire.taken = True
    assert wire.go(60.0) == 0
    wire.taken = False
    assert wire.go(1.0) == 10


def test_bytes_are_counted_as_they_are_written():
    sent = Sent()
    sent.add("\x1b[1m")
    sent.add("ä⠛")
    assert (sent.bytes, sent.writes) == (4 + 2 + 3, 2)


def test_rates_are_over_the_last_seconds_and_change_once_a_second():
    sent = Sent()
    assert sent.rates(0.0, 0) == (0.0, 0.0)
    said = []
    for step in range(1, 101):
        sent.add("x" * 300)
        said.append(sent.rates(step / 10, step // 2))
    assert said[-1] == pytest.approx((3000.0, 5.0), rel=0.1)
    assert len(set(said)) <= 11
    assert sent.rates(60.0, 50) == (0.0, 0.0)  # it was paused, of which nothing is to be said


@pytest.mark.parametrize("name", ["digits", "a-preset-with-a-name-that-is-rather-long"])
@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_line_at_the_top_has_room_for_what_is_written(width, name):
    settings = ("learning rate 0.002, batch 32, 3000 epochs", "0.002, 32, 3000")
    standing = Standing(name, *settings, "running", 602, 3000, 27046, 135000, 5929.0, 12.0, written=(39_900.0, 9.9))
    row = header(standing, width)
    text = "".join(text for text, _ in row)
    assert len(text) == width
    assert written(39_900.0, 9.9, width >= 110) in text
    assert "RUNNING  epoch 602/3000" in text
    assert text.startswith((" digits", " a-pre", " descent"))


@pytest.mark.parametrize("value", ["0", "-3", "ten", "nan", "inf", ""])
def test_a_budget_that_is_none_is_refused_in_one_sentence(value):
    with pytest.raises(click.BadParameter, match="is not a positive number of KB a second, such as 20"):
        parse_kbps(None, None, value)


def test_what_is_asked_for_is_set_and_what_somebody_has_set_wins(monkeypatch):
    monkeypatch.delenv("TEXTUAL_COLOR_SYSTEM", raising=False)
    before = (asked.slow, asked.most)
    try:
        ask(False, parse_kbps(None, None, "2.5"))
        assert (asked.slow, asked.most, asked.limited) == (False, 2500.0, True)
        assert "TEXTUAL_COLOR_SYSTEM" not in os.environ
        ask(True, parse_kbps(None, None, None))
        assert os.environ["TEXTUAL_COLOR_SYSTEM"] == "standard"
        monkeypatch.setenv("TEXTUAL_COLOR_SYSTEM", "256")
        ask(True, None)
        assert os.environ["TEXTUAL_COLOR_SYSTEM"] == "256"
        ask(False, None)
        assert not asked.limited
    finally:
        asked.slow, asked.most = before
