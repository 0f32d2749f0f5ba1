"""Long work beside the lab: it shows how far it is, can be cancelled, and keeps nobody from anything."""

import threading
import time

import pytest

from engine import load_preset, verifying
from tui.aside import Aside
from tui.console import unwatched
from tui.screens import loading


@pytest.fixture
def slow(monkeypatch):
    """A preset that loads for as long as the test wants."""
    go_on, begun = threading.Event(), []

    def load(source):
        begun.append(source)
        assert go_on.wait(20.0)
        return load_preset(source)

    monkeypatch.setattr(loading, "load_preset", load)
    monkeypatch.setattr(loading, "AT_ONCE", 0.02)
    yield go_on, begun
    go_on.set()


def test_work_beside_gives_its_result_or_its_error():
    done = Aside(lambda aside: 3)
    assert done.wait(5.0) and done.over
    assert done.result() == 3
    failed = Aside(lambda aside: 1 // 0)
    assert failed.wait(5.0)
    with pytest.raises(ZeroDivisionError):
        failed.result()


def test_work_that_is_given_up_can_see_it():
    def work(aside: Aside[int]) -> int:
        while not aside.given_up:
            time.sleep(0.001)
        return 7

    aside = Aside(work)
    assert not aside.wait(0.01)
    aside.given_up = True
    assert aside.wait(5.0)
    assert aside.result() == 7


async def test_a_preset_that_loads_for_long_says_so_and_the_lab_goes_on(lab, slow):
    go_on, begun = slow
    async with lab(epochs=None, pace=4.0) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps > 2)
        old = person.session
        person.lab.open_preset("iris")
        assert person.note == "Loading iris ... 0 s. Escape cancels"
        steps = person.session.steps
        await person.until(lambda: person.session.steps > steps + 2)  # it trains meanwhile
        assert person.session is old
        await person.press("z", "z", "tab")  # and answers keys
        go_on.set()
        await person.until(lambda: person.session is not old)
        assert person.session.preset.name == "iris"
        assert person.state == "ready"
        assert begun == ["iris"]


async def test_escape_cancels_loading(lab, slow):
    go_on, _ = slow
    async with lab() as person:
        old = person.session
        await person.press("n", "n", "tab", "tab", "left")  # a cursor on the curves, which Escape puts away
        person.lab.open_preset("iris")
        await person.press("escape")
        assert person.lab.viewing.cursor is not None
        assert person.note == "Loading iris was cancelled: recipe is open still"
        go_on.set()
        await person.pilot.pause(0.3)
        assert person.session is old
        assert person.note == "Loading iris was cancelled: recipe is open still"


async def test_a_second_preset_is_loaded_in_place_of_the_first(lab, slow):
    go_on, begun = slow
    async with lab() as person:
        person.lab.open_preset("iris")
        person.lab.open_preset("wine")
        go_on.set()
        await person.until(lambda: person.session.preset.name == "wine")
        await person.pilot.pause(0.3)
        assert person.session.preset.name == "wine"
        assert begun == ["iris", "wine"]


async def test_what_cannot_be_loaded_is_said(lab, slow, tmp_path):
    go_on, _ = slow
    file = tmp_path / "bad.toml"
    file.write_text('[data]\nname = "moon"\n')
    async with lab(size=(200, 50)) as person:
        person.lab.open_preset(str(file))
        assert "Escape cancels" in person.note
        go_on.set()
        await person.until(lambda: "data.name" in person.note)
        assert person.session.preset.name == "recipe"


async def test_leaving_while_it_loads_does_not_wait_for_it(lab, slow):
    started = time.monotonic()
    async with lab() as person:
        person.lab.open_preset("iris")
        await person.press("q")
        await person.until(lambda: person.app._exit)
    assert time.monotonic() - started < 15.0  # the load itself would take 20


async def test_a_large_table_of_ones_own_does_not_freeze_the_screen(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "AT_ONCE", 0.05)
    table = tmp_path / "large.csv"
    rows = "\n".join(f"{n % 97},{n % 89},{n % 83},{(n % 97) * 2 + n % 7}" for n in range(60_000))
    table.write_text(f"a,b,c,y\n{rows}\n")
    preset = tmp_path / "large.toml"
    preset.write_text('[data]\nname = "file"\nfile = "large.csv"\ntarget = "y"\n[training]\nepochs = 1\n')
    async with lab() as person:
        person.lab.open_preset(str(preset))
        assert "Loading" in person.note
        await person.press("tab")
        assert person.focus == "tree"  # a key is answered while the table is read
        assert person.session.preset.name == "recipe"
        await person.until(lambda: person.session.preset.name == "large", patience=60.0)


# Verifying ------------------------------------------------------------------------------------------------------------


async def verify(person) -> None:
    await person.press(":")
    await person.type("verify")
    await person.until(lambda: "claims hold with 10 seeds" in person.seen())
    await person.press("enter")


async def test_claims_are_verified_beside_the_lab_and_the_lesson_tells(lab, monkeypatch):
    monkeypatch.setattr(unwatched, "cores", lambda: 1)
    async with lab("training-loop-step", epochs=None) as person:
        assert person.session.preset.sheet.claim
        await verify(person)
        await person.until(lambda: "held. The lesson says in how many seeds" in person.note, patience=60.0)
        claims = "".join(person.read("lesson-claims").split())
        assert claims.count("seeds,needed") == len(person.session.preset.sheet.claim)
        assert "heldin10/10seeds,needed1ofthem" in claims
        assert person.session.steps == 0  # what is on the screen has not been trained
        await person.press("n")
        assert "heldin" in "".join(person.read("lesson-claims").split())


async def test_escape_cancels_verifying(lab, monkeypatch):
    asked = []

    def endless(presets, seeds, interrupted, processes, progress):
        asked.append(list(seeds))
        progress(0.4)
        while not interrupted():
            time.sleep(0.002)
        return iter(())

    monkeypatch.setattr(verifying, "verify", endless)
    async with lab() as person:
        person.lab.action_verify(10)
        await person.until(lambda: " 40%  verifying with 10 seeds" in person.note)
        await person.press("n")  # the lab goes on
        assert person.session.steps == 1
        await person.press("escape")
        assert person.note == "Verifying was cancelled"
        await person.until(lambda: not [one for one in threading.enumerate() if one.name == "aside"])
        assert asked == [list(range(10))]


async def test_claims_that_are_hidden_are_not_verified(lab, tmp_path):
    file = tmp_path / "hidden.toml"
    file.write_text(
        '[data]\nname = "moons"\n[training]\nepochs = 1\n[show]\nhide = ["claims"]\n[[claim]]\nsays = "It ends"\n'
        '[[claim.check]]\nmetric = "train_loss"\nat = "final"\nbelow = 9.0\n'
    )
    async with lab(load_preset(str(file)), epochs=None) as person:
        person.lab.action_verify(10)
        assert person.note.startswith("The claims are hidden")
        assert not [one for one in threading.enumerate() if one.name == "aside"]


async def test_a_preset_that_claims_nothing_says_so(lab, tmp_path):
    file = tmp_path / "plain.toml"
    file.write_text('[data]\nname = "moons"\n[training]\nepochs = 1\n')
    async with lab(load_preset(str(file)), epochs=None) as person:
        person.lab.action_verify(10)
        assert person.note == "This preset claims nothing, so there is nothing to verify"
