"""Keys that come in one packet, as over a slow line: each goes to what the one before it has opened."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tui.screens.help import Help
from tui.screens.picker import Picker


async def test_a_letter_that_comes_with_the_key_of_the_views_sheet_is_the_sheets(lab):
    async with lab(epochs=3) as person:
        await person.press("n")
        before = person.session.steps
        await person.burst("vn")  # the network; in the lab n would be a batch
        await person.until(lambda: person.lab.viewing.second == "network")
        assert person.session.steps == before
        assert person.app.screen is person.lab


@pytest.mark.parametrize(("key", "sheet"), [("p", Picker), ("?", Help)])
async def test_what_is_typed_with_the_key_of_a_sheet_is_searched_in_it(lab, key, sheet):
    async with lab(epochs=3) as person:
        await person.burst(f"{key}epoch")
        await person.until(
            lambda: isinstance(person.app.screen, sheet) and person.app.screen.query_one(Input).value == "epoch"
        )
        assert person.state == "ready"


async def test_a_sheet_that_is_closed_and_opened_in_one_packet_is_open(lab):
    async with lab(epochs=3) as person:
        await person.burst("?\x1b?\x1b?")
        await person.until(lambda: isinstance(person.app.screen, Help))
        await person.press("escape", "escape")
        await person.until(lambda: person.app.screen is person.lab)


async def test_hundreds_of_keys_in_one_packet_are_all_answered(lab):
    async with lab(epochs=None) as person:
        await person.burst("n" * 300)
        await person.until(lambda: person.session.steps == 300)


async def test_a_key_whose_pane_goes_away_does_not_keep_the_others(lab):
    async with lab(epochs=3, size=(80, 24)) as person:
        await person.press("tab", "tab")
        await person.burst("ttzznn")
        await person.until(lambda: person.session.steps == 2)
