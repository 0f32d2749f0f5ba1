"""Somebody who sits before the lab: presses keys, and reads what the screen says."""

from __future__ import annotations

import asyncio
import html
import math
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.css.stylesheet import Stylesheet

from engine import Preset, load_preset
from tui.app import DescentApp
from tui.canvas import Canvas, plain
from tui.session import Session
from tui.terminal.encoding import ALL, Characters

PERIOD = 1 / 400  # seconds from one picture to the next; Textual's own 1/60 would be a third of the time of all tests
DRAWN = 2.5 * PERIOD  # seconds in which what was asked for is drawn
PATIENCE = 20.0  # seconds until something that must happen counts as not happening


def read_once(read: Callable[..., object]) -> Callable[..., object]:
    """A stylesheet's way to read CSS, for which the same text with the same variables is read once for all apps of all
    tests: each would otherwise take a third of its start for it."""
    known: dict[tuple[object, ...], object] = {}

    def reading(sheet: Stylesheet, *text: object, **options: object) -> object:
        key = (*text, *sorted(options.items()), *sorted(sheet._variables.items()))
        if key not in known:
            known[key] = read(sheet, *text, **options)
        return known[key]

    return reading


Stylesheet._parse_rules = read_once(Stylesheet._parse_rules)


class Person:
    """Keys go in through the pilot; what comes out is read as text."""

    def __init__(self, app: DescentApp, pilot) -> None:
        self.app, self.pilot, self.lab = app, pilot, app.lab
        self.expected: list[str] = []  # the faults that the app is to contain

    @property
    def session(self):
        return self.lab.session

    @property
    def state(self) -> str:
        return self.session.state

    @property
    def focus(self) -> str | None:
        focused = self.app.focused
        return focused.id if focused is not None else None

    def canvas(self, name: str) -> Canvas:
        return self.lab.query_one(f"#{name}", Canvas)

    def read(self, name: str) -> str:
        """The text that one pane has drawn."""
        return plain(self.canvas(name).rows)

    def setting(self, label: str) -> str:
        """The row of the form with this label."""
        rows = [line for line in self.read("settings").splitlines() if re.match(rf"[> ] {label}\*? ", line)]
        assert len(rows) == 1, self.read("settings")
        return rows[0]

    @property
    def note(self) -> str:
        return self.read("note").strip()

    @property
    def typing(self) -> str | None:
        """What stands in the field that is typed in; None where none is open."""
        line = self.lab.settings.line
        return line.text if line is not None else None

    def seen(self) -> str:
        """The whole screen as it is composed, line by line."""
        svg = self.app.export_screenshot(simplify=True)
        lines: dict[float, str] = {}
        for x, y, text in re.findall(r'<text class="[^"]*-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
            column = round(float(x) / 12.2)  # an SVG leaves out what is empty
            before = lines.get(float(y), "")
            lines[float(y)] = before.ljust(column) + html.unescape(text).replace("\xa0", " ").strip("\n")
        return "\n".join(lines[y].rstrip() for y in sorted(lines))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause(DRAWN)

    async def view(self, *letters: str) -> None:
        """Take entries of the views sheet, each by its letter, and come back to the lab."""
        for letter in letters:
            await self.press("v")
            await self.settle()
            await self.press(letter)
            await self.settle()
            if self.app.screen is not self.lab:
                await self.press("escape")
                await self.settle()

    async def type(self, text: str) -> None:
        await self.press(*["space" if character == " " else character for character in text])

    async def burst(self, keys: str) -> None:
        """Keys that arrive in one packet, as over a slow line: the next is there before the last one was answered."""
        names = {"\r": "enter", "\x7f": "backspace", "\x1b": "escape", ".": "full_stop", "-": "minus", " ": "space"}
        names["?"] = "question_mark"
        for key in keys:
            event = events.Key(names.get(key, key), key if key.isprintable() else None)
            event.set_sender(self.app)
            self.app.post_message(event)
        await self.settle()
        await self.until(lambda: not self.app._keys)  # all of them have had their turn
        await self.settle()

    async def until(self, holds: Callable[[], object], patience: float = PATIENCE) -> None:
        """Go on as soon as something holds; fail, with the screen, where it never does."""
        deadline = time.monotonic() + patience
        while not holds():
            if time.monotonic() > deadline:
                pytest.fail(f"waited in vain; the screen:\n{self.seen()}")
            await self.pilot.pause(0.005)

    async def settle(self) -> None:
        """Everything that was asked for is drawn."""
        await self.pilot.pause(DRAWN)
        await self.pilot.pause(DRAWN)

    async def at_row(self, label: str) -> None:
        """The settings pane has the focus, its cursor on this row."""
        self.lab.settings.focus()
        await self.press("home")
        for _ in range([row.label for row in self.lab.settings.form].index(label)):
            await self.press("down")
        assert self.setting(label).startswith(">")

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.settle()


async def quiet(*_: float) -> None:
    """The event loop has nothing left to do: three turns in a row are short. (Textual's own wait takes 40 ms a key.)"""
    short, turns = 0, 0
    while short < 3 and turns < 60:
        before = time.perf_counter()
        await asyncio.sleep(0)
        short = short + 1 if time.perf_counter() - before < 60e-6 else 0
        turns += 1


@asynccontextmanager
async def before_the_lab(
    preset: str | Preset = "recipe",
    *,
    epochs: int | None = 3,
    size: tuple[int, int] = (120, 40),
    pace: float = 1.0,
    settings: tuple[tuple[str, list], ...] = (),
    recorded: tuple[str, Session] | None = None,
    characters: Characters = ALL,
) -> AsyncIterator[Person]:
    chosen = [*([("training.epochs", [epochs])] if epochs else []), *settings]
    app = DescentApp(
        load_preset(preset, chosen) if isinstance(preset, str) else preset, pace, recorded=recorded, characters=characters
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual.app.wait_for_idle", quiet)
        patch.setattr("textual.screen.UPDATE_PERIOD", PERIOD)
        async with app.run_test(size=size) as pilot:
            person = Person(app, pilot)
            await person.settle()
            yield person
    assert [*app.faults] == person.expected  # what the app has contained would else go by unseen


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for each test: nothing is read from, or written to, that of whoever runs the tests."""
    folder = tmp_path / "home-of-descent"
    monkeypatch.setenv("DESCENT_HOME", str(folder))
    return folder


@pytest.fixture
def lab():
    """`async with lab("recipe", epochs=3, size=(120, 40), pace=1.0) as person:`"""
    return before_the_lab


@pytest.fixture
def fast() -> float:
    """As fast as it goes."""
    return math.inf


@pytest.fixture
def tasks() -> Callable[[], set[asyncio.Task]]:
    """The tasks that are still going on."""
    return lambda: {task for task in asyncio.all_tasks() if not task.done()}
