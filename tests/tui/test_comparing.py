"""Comparing runs: ghosts, the table of runs, runs side by side, seeds as a band; what somebody before the lab sees of it."""

from __future__ import annotations

import pytest

SIZES = [(80, 24), (120, 40), (200, 50)]


async def done(person) -> None:
    await person.press("space")
    await person.until(lambda: person.state == "finished")
    await person.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_k_keeps_the_run_as_a_ghost_and_k_again_opens_the_table(lab, fast, size):
    async with lab("recipe", pace=fast, size=size) as person:
        await person.press("k")
        assert person.note.startswith("Nothing is trained yet")
        await done(person)
        await person.press("k")
        assert "ghost 1" in person.note
        await person.at_row("learning_rate")
        await person.type("0.01")
        await person.press("enter", "r")
        await person.until(lambda: person.state == "finished")
        await person.settle()
        assert person.read("differs").strip().startswith("1: learning_rate 0.001 → 0.01")
        print(person.seen())
        await person.press("k", "k")
        await person.settle()
        print(person.seen())
        assert 0
