"""The first thing to be seen: the name of the preset, before the lab is there; keys wait for it, and none is lost."""

from __future__ import annotations

import subprocess
import sys
import threading

from textual import events

from engine import load_preset
from tui.app import DescentApp
from tui.screens.curtain import Curtain, Name, Unread


class Slow:
    """A preset that is read when it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def read(self):
        assert threading.current_thread() is not threading.main_thread()
        assert self.go.wait(20.0)
        return load_preset("recipe")


def key(app: DescentApp, name: str, character: str | None = None) -> None:
    event = events.Key(name, character)
    event.set_sender(app)
    app.post_message(event)


async def test_keys_that_come_before_the_lab_wait_for_it():
    slow = Slow()
    app = DescentApp(Unread("recipe", slow.read))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, Curtain)
        assert app.screen.query_one(Name).render_line(0).text.startswith(" descent  recipe  opening")
        key(app, "n", "n")
        key(app, "n", "n")
        await pilot.pause(0.05)
        assert isinstance(app.screen, Curtain)
        slow.go.set()
        while not (hasattr(app, "lab") and app.lab.session.steps == 2):
            await pilot.pause(0.01)
        assert app.screen is app.lab
        await pilot.press("n")
        assert app.lab.session.steps == 3


async def test_ctrl_q_leaves_before_there_is_a_lab():
    slow = Slow()
    app = DescentApp(Unread("recipe", slow.read))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        key(app, "space", " ")
        key(app, "ctrl+q")
        while app.is_running and not app._exit:
            await pilot.pause(0.01)
        slow.go.set()
    assert not hasattr(app, "lab")


def test_the_curtain_needs_neither_numpy_nor_the_engine():
    heavy = {"numpy", "engine", "pydantic", "plotext", "tui.screens.lab"}
    code = f"import tui.app, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
