"""Somebody who presses anything: thousands of keys in no order, and other sizes of the terminal, while it trains.

Nothing may crash, no iteration may be lost or trained otherwise than its settings say, and every key must be answered.
A walk is made from a seed, so that one that fails can be walked again; the failure names the keys that led to it.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter

import numpy as np
import pytest
from textual.widgets import Input

from engine import Trainer
from engine.history import COLUMNS
from tui.keyboard.keys import KEYS
from tui.screens.sheets import Ask

PANES = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "enter", "escape", "tab", "shift+tab")
TYPED = (*"abcdefghiklmoxy", *"0123456789", "backspace", "delete", "ctrl+u", "full_stop")
SIZES = ((80, 24), (120, 40), (200, 50), (60, 20), (50, 12), (100, 30), (137, 33), (20, 5))
OFTEN = (6, 2, 1, 4, 1, 4, 1, 1)  # a large screen takes ten times as long to draw, and tells no more
PLAIN = tuple(key for entry in KEYS if entry.action for key in entry.keys.split(","))
LEAVE = ("q", "ctrl+q")
AT_HOME = 20  # so many keys, and then the lab must still answer
SLOW = 5.0  # seconds for one key: more counts as unanswered


class Walk:
    """Random keys, weighted so that some of each kind are pressed, and what came of them."""

    def __init__(self, seed: int, keys: int) -> None:
        self.random, self.left = random.Random(seed), keys
        self.pressed: list[str] = []
        self.counts: Counter[str] = Counter()
        self.slowest = (0.0, "")

    def key(self) -> str:
        kinds = (PLAIN, PANES, TYPED, ("n", "space", "escape"))
        return self.random.choice(self.random.choices(kinds, (8, 8, 3, 2))[0])

    async def go(self, person) -> None:
        """Press keys until there are none left, or the lab is closed."""
        while self.left > 0 and not person.app._exit:
            self.left -= 1
            if self.random.random() < 0.02:
                size = self.random.choices(SIZES, OFTEN)[0]
                self.pressed.append(f"{size[0]}x{size[1]}")
                self.counts["sizes"] += 1
                await person.pilot.resize_terminal(*size)
                continue
            await self.press(person, "escape" if isinstance(person.app.screen, Ask) else self.key())
            if self.left % AT_HOME == 0 and not person.app._exit:
                await self.answers(person)

    async def press(self, person, key: str) -> None:
        """One key; it must be done with in time."""
        if key in LEAVE and not person.session.running and self.random.random() < 0.9:
            return
        self.pressed.append(key)
        self.counts["keys"] += 1
        started = time.perf_counter()
        await person.pilot.press(key)
        await person.pilot.pause(0.002)  # it trains on meanwhile
        self.slowest = max(self.slowest, (time.perf_counter() - started, key))

    async def answers(self, person) -> None:
        """Back in the lab, space still starts and pauses."""
        for _ in range(12):
            typing = person.lab.settings.line is not None or isinstance(person.app.focused, Input)
            if person.app.screen is person.lab and not typing:
                break
            await self.press(person, "escape")
        assert person.app.screen is person.lab, self.story("did not come back to the lab")
        before, turn = person.state, person.lab.conductor._turn
        await self.press(person, "space")
        self.counts["asked"] += 1
        ended = person.lab.conductor._turn > turn + 1  # it came to an end by itself before the key, which then started it
        going = {"running", "finished", "paused"}
        anew = going | {"refused"}  # with the form's settings, which may need more memory than there is
        paused = anew if ended else {"paused", "finished"}
        allowed = {"refused": {"refused"}, "running": paused, "finished": anew}.get(before, going)
        assert person.state in allowed, self.story(f"space in {before} led to {person.state}")
        whole(person, self)

    def story(self, what: str) -> str:
        return f"{what}, after: {' '.join(self.pressed[-60:])}"


def whole(person, walk: Walk) -> None:
    """No iteration is missing in any run, of now or kept."""
    histories = [(trainer.history, trainer.iteration) for trainer in person.session.trainers]
    histories += [(kept.history, len(kept.history)) for kept in person.session.kept]
    for history, iterations in histories:
        assert len(history) == iterations, walk.story("an iteration was lost")
        kept = np.arange(history.kept.start + 1, iterations + 1)
        assert np.array_equal(history.column("iteration"), kept), walk.story("iterations out of order")


def same_again(person, walk: Walk) -> None:
    """Each run of now, trained again with its changes, gives the same numbers: keys only ever did what they say."""
    for trainer in person.session.trainers:
        if not trainer.iteration or trainer.iteration > 20_000:
            continue
        again = Trainer(trainer.run)
        done = trainer.iteration
        for change in trainer.history.changes:
            while again.iteration < change.iteration and not again.done:
                again.step()
            replayed(again, change)
        while again.iteration < done:
            again.step()
        for name in COLUMNS:
            if name != "seconds":
                one, other = trainer.history.column(name), again.history.column(name)
                assert np.array_equal(one, other, equal_nan=True), walk.story(f"{name} differs when trained again")
        walk.counts["iterations trained again"] += done


def replayed(trainer: Trainer, change) -> None:
    """Make one change again, by the engine's own replay, without training on to the end."""
    if change.key == "pace":
        trainer.note(change.key, change.old, change.new)
    else:
        trainer.change(change.key, change.new)


async def walked(lab, seed: int, keys: int, preset: str) -> Walk:
    walk = Walk(seed, keys)
    while walk.left > 0:
        size = walk.random.choices(SIZES[:3], OFTEN[:3])[0]
        async with lab(preset, epochs=None, size=size, pace=math.inf) as person:
            await walk.go(person)
            walk.counts["labs"] += 1
            if not person.app._exit:
                person.lab.conductor.pause()
                await person.settle()
            whole(person, walk)
            same_again(person, walk)
    return walk


@pytest.mark.parametrize(("seed", "preset"), [(1, "recipe"), (2, "lr-big-medium-tiny"), (3, "valley")])
async def test_any_keys_in_any_order(lab, tmp_path, monkeypatch, seed, preset):
    monkeypatch.chdir(tmp_path)  # what is saved on the way is saved there
    walk = await walked(lab, seed, 150, preset)
    assert walk.counts["asked"] >= 5
    assert walk.slowest[0] < SLOW, walk.slowest


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("seed", "preset"), [(20261121, "recipe"), (20261122, "lr-big-medium-tiny")])
async def test_five_thousand_keys_in_two_walks(lab, tmp_path, monkeypatch, record_property, seed, preset):
    """Two, so that both cores walk: one alone closes and opens the lab every few hundred keys as well."""
    monkeypatch.chdir(tmp_path)
    walk = await walked(lab, seed, 2500, preset)
    record_property("said", f"{preset}: {dict(walk.counts)}, slowest key {walk.slowest[1]}, {walk.slowest[0]:.1f} s")
    assert walk.counts["keys"] + walk.counts["sizes"] >= 2500
    assert walk.counts["asked"] >= 50
    assert walk.slowest[0] < SLOW, walk.slowest
