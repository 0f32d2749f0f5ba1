"""A table of one's own in the lab: every guess is read in the lesson pane, and the form knows that it is a table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.datasets import DATASETS
from tui.loading import load

LINES = [f"h{i},{i % 7},{'north' if i % 3 else 'south'},{100_000 + 20_000 * (i % 7) + i}" for i in range(60)]


@pytest.fixture
def houses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("houses.csv").write_text("\n".join(["id,rooms,district,price", *LINES, ""]))
    return load("houses.csv", target="price")


def lesson(person) -> str:
    """The words in the lesson pane, in one line."""
    left = person.lab.query_one("#lesson").region.x
    return re.sub(r"\s+", " ", " ".join(line[left:].strip(" │•▁▂▃▄▅▆▇█") for line in person.seen().splitlines()))


async def test_the_lab_opens_ready_with_every_guess_in_the_lesson(lab, houses):
    async with lab(houses, size=(160, 50)) as person:
        assert "READY" in person.read("header")
        assert "houses: learning rate 0.01, batch 32, 100 epochs" in person.read("header")
        seen = lesson(person)
        for guess in houses.runs[0].data.guesses()[:3]:
            assert guess in seen
        assert '"id": left out, a different text in every row' in seen
        assert "descent houses.csv --target price --set data.validation=0.3" in seen
        assert "descent show houses.csv --target price > mine.toml" in seen


async def test_it_trains_and_shows_the_error_in_the_units_of_the_table(lab, houses):
    async with lab(houses) as person:
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        error = person.session.trainer.history.epochs[-1].train.mean_absolute_error
        assert error > 1000
        assert f"train ─ {error:.0f}" in person.read("second")
        assert "48 rows seen" in person.read("loop")


async def test_the_form_does_not_offer_a_table_but_keeps_the_one_that_is_open(lab, houses):
    async with lab("recipe") as person:
        await person.at_row("data")
        seen = set()
        for _ in DATASETS:
            await person.press("right")
            seen.add(person.setting("data").split()[-2])
        assert seen == set(DATASETS) - {"file", "rows"}
    async with lab(houses) as person:
        await person.at_row("data")
        assert person.setting("data").split()[-2] == "file"
        await person.at_row("validation")
        await person.press("left")
        assert person.setting("validation").split()[-2] == "0.15"
        assert person.session.run.data.facts().validation == 9
        await person.at_row("data")
        await person.press("right")
        assert person.setting("data").split()[-2] == "cats_dogs"
        await person.press("r")
        await person.until(lambda: person.session.steps > 0)


async def test_a_file_that_is_gone_is_said_and_the_run_goes_on(lab, houses, fast):
    async with lab(houses, pace=fast) as person:
        Path("houses.csv").unlink()
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        await person.at_row("seed")
        await person.press("right")
        assert "houses.csv: No such file or directory" in person.note
        await person.press("r")
        await person.until(lambda: person.state == "finished")
        assert person.session.trainer.history.stopped.reason == "completed"
