"""The lesson beside the lab: claims turn as the run shows them, nothing jumps, the end says what is next."""

from __future__ import annotations

import re

import pytest

import tui.words.judged
from engine import load_preset
from tui.canvas import plain
from tui.listing import read_headings
from tui.panes.lesson import Seen, Told, claim_rows, question_rows, try_rows
from tui.session import Session

CLAIMS = """
[[claim]]
says = "An epoch has 32 iterations"
[[claim.check]]
metric = "iterations_per_epoch"
equals = 32

[[claim]]
lesson_says = "learns"
source = "lesson.txt"
verdict = "right"
says = "The training loss ends below 0.6"
[[claim.check]]
metric = "train_loss"
at = "final"
below = 0.6

[[claim]]
lesson_says = "learns nothing"
source = "lesson.txt"
verdict = "wrong"
says = "The training loss ends above 0.6"
[[claim.check]]
metric = "train_loss"
at = "final"
above = 0.6
"""


@pytest.fixture
def written(tmp_path):
    """A preset file: `recipe` with three epochs, these claims and whatever else."""
    from presets import text

    def write(claims: str = CLAIMS, show: str = "", **replaced: str):
        document = text("recipe").replace("epochs = 50", "epochs = 3")
        document = document[: document.index("[[claim]]")] if "[[claim]]" in document else document
        for old, new in replaced.items():
            document = re.sub(rf"^{old} = .*$", f"{old} = {new}", document, flags=re.MULTILINE)
        path = tmp_path / "mine.toml"
        path.write_text(document.replace("[[question]]", f"{show}\n[[question]]", 1) + claims)
        return load_preset(path)

    return write


def claims_of(person) -> str:
    return person.read("lesson-claims")


def marks(person) -> list[str]:
    return re.findall(r"^(ok|no|\.\.) ", claims_of(person), re.MULTILINE)


# Claims ---------------------------------------------------------------------------------------------------------------


async def test_claims_have_a_section_of_their_own_and_none_is_seen_before_the_run(lab, written):
    async with lab(written(), epochs=None) as person:
        assert "Claims" in claims_of(person).splitlines()[0]
        assert marks(person) == ["..", "..", ".."]
        assert claims_of(person).count("not seen yet") == 3
        words = " ".join(claims_of(person).split())
        assert 'the lesson: "learns": right' in words
        assert 'the lesson: "learns nothing": wrong' in words
        order = [person.lab.query_one(f"#lesson-{name}").virtual_region.y for name in ("text", "claims", "try", "questions")]
        assert order == sorted(order)
        assert person.read("lesson-title").splitlines()[1].split() == ["Claims", "..", "..", ".."]


async def test_a_claim_turns_to_held_or_not_held_with_its_numbers(lab, written, fast):
    async with lab(written(), epochs=None, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished" and ".." not in marks(person))
        assert marks(person) == ["ok", "ok", "no"]
        loss = person.session.trainer.history.epochs[-1].train.loss
        assert loss < 0.6
        assert claims_of(person).count(f"{loss:.3g}") == 2
        assert "0.6" in claims_of(person)
        assert person.read("lesson-title").splitlines()[1].split() == ["Claims", "ok", "ok", "no"]


async def test_in_mid_run_a_claim_about_the_end_is_open(lab, written):
    async with lab(written(), epochs=None) as person:
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        assert marks(person)[1:] == ["..", ".."]
        assert "not seen yet" not in claims_of(person).partition("iterations")[2]  # what is known so far stands there


async def test_claims_are_judged_after_epochs_and_not_after_batches(lab, written, monkeypatch):
    calls = []
    real = tui.words.judged.judge
    monkeypatch.setattr(tui.words.judged, "judge", lambda *given: calls.append(1) or real(*given))
    async with lab(written(), epochs=None) as person:
        for _ in range(31):
            await person.press("n")
        assert calls == []
        await person.press("n")
        assert len(calls) == 3
        await person.press("tab", "n", "n")
        assert len(calls) == 3


async def test_what_is_read_stays_where_it_is_while_claims_change(lab, written, fast):
    long = "[[claim]]\nsays = 'Several at once'\n" + "".join(
        f"[[claim.check]]\nmetric = 'train_loss'\nat = 'final'\nbelow = {bound}\n" for bound in (5.1, 5.2, 5.3, 5.4, 5.5)
    )
    async with lab(written(long), epochs=None, pace=fast, size=(120, 24)) as person:
        pane, tries = person.lab.lesson, person.lab.query_one("#lesson-try")
        before = len(claims_of(person).splitlines())
        pane.scroll_to(y=tries.virtual_region.y, animate=False)
        await person.settle()
        seen = tries.region.y
        await person.press("space")
        await person.until(lambda: person.state == "finished" and marks(person) == ["ok"])
        await person.settle()
        assert len(claims_of(person).splitlines()) > before  # they have grown, above
        assert tries.region.y == seen


async def test_from_above_the_claims_nothing_scrolls(lab, written, fast):
    async with lab(written(), epochs=None, pace=fast) as person:
        person.lab.lesson.scroll_to(y=3, animate=False)
        await person.settle()
        await person.press("space")
        await person.until(lambda: person.state == "finished" and ".." not in marks(person))
        await person.settle()
        assert person.lab.lesson.scroll_y == 3


async def test_with_other_settings_than_the_presets_the_heading_says_so(lab, written):
    async with lab(written(), epochs=None) as person:
        await person.press("n")
        assert "with your settings" not in claims_of(person)
        await person.press("full_stop")
        assert "Claims, with your settings" in claims_of(person)
        await person.press("comma")  # as it was, but this run has trained with another rate
        assert "with your settings" in claims_of(person)


def test_pace_is_not_a_setting_that_counts():
    session = Session(load_preset("recipe"))
    session.trainer.step()
    session.trainer.note("pace", "1x", "2x")
    assert not session.edited
    session.trainer.change("learning_rate", 0.1)
    assert session.edited


def test_the_lines_of_a_claim_never_become_fewer():
    kept: dict = {}

    def lines(saw: str) -> int:
        return len(claim_rows(Told((Seen("It falls", saw=saw),)), 30, kept))

    first, short = lines("0.814 is above 1.5 x 0.0873 = 0.131; 0.99 is above 0.95 and more"), lines("now 0.9")
    assert first == short
    assert lines("0.9 " * 60) > first


def test_how_the_words_fare_is_said_in_words():
    for verdict, words in (("right", "right"), ("half", "half right"), ("wrong", "wrong")):
        rows = plain(claim_rows(Told((Seen("It is so", "is it?", verdict),)), 60, {}))
        assert f'the lesson: "is it?": {words}' in rows
    assert "the lesson" not in plain(claim_rows(Told((Seen("Ours alone"),)), 60, {}))
    assert claim_rows(Told(), 30, {}) == []


def test_rows_keep_to_the_width():
    told = Told((Seen("word " * 20, "quoted words " * 5, "half", True, "0.123456 is above 0.0001 " * 4),))
    for width in (20, 30, 42):
        rows = [*claim_rows(told, width, {}), *try_rows(["do this " * 9], 1, width)]
        rows += question_rows(load_preset("recipe").sheet.question, 1, width)
        assert max(len(line) for line in plain(rows).splitlines()) <= width


# Title, questions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(120, 40), (200, 50)])
async def test_the_title_says_which_lesson_of_how_many(lab, size):
    names = [entry.name for entry in read_headings()[0]]
    async with lab("digits", size=size) as person:
        assert f"Lesson {names.index('digits') + 1} of {len(names)}" in person.read("lesson-title")
        assert "Handwritten digits" in person.seen()


async def test_a_preset_that_is_no_lesson_has_no_number(lab, written):
    async with lab(written(), epochs=None) as person:
        assert re.search(r"Lesson(:| ━| ─)", person.read("lesson-title"))
        assert " of " not in person.read("lesson-title")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_each_answer_that_enter_opens_is_in_sight(lab, size):
    async with lab("recipe", size=size) as person:
        if size[0] < 100:
            await person.press("t")
        person.lab.lesson.focus()
        await person.settle()
        for question in person.session.preset.sheet.question:
            await person.press("enter")
            await person.settle()
            left = person.lab.lesson.region.x
            width = person.lab.lesson.region.width
            pane = [line[left : left + width].strip(" │▁▂▃▄▅▆▇█") for line in person.seen().splitlines()]
            assert " ".join(question.answer.split()[:4]) in " ".join(" ".join(pane).split())


# What comes next ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_run_that_is_over_says_what_to_try_next_one_thing_after_another(lab, fast, size):
    headings = read_headings()[0]
    names = [entry.name for entry in headings]
    following = headings[names.index("recipe") + 1]
    async with lab("recipe", epochs=2, pace=fast, size=size) as person:
        assert not person.canvas("next").display
        things = person.session.preset.sheet.things_to_try
        for turn in range(len(things) + 1):
            thing = things[turn % len(things)]
            await person.press("space")
            await person.until(lambda: person.state == "finished" and "Try next" in person.read("next"))
            await person.settle()
            said = " ".join(person.read("next").split())
            assert said.startswith(f"Try next: {thing[:60]}")
            if len(thing) < 60:
                assert f"p: next lesson, {following.title[:10]}" in said
            assert person.note.startswith("Done:")
            tried = person.read("lesson-try") if size[0] > 100 else ""
            assert not tried or f">{turn % len(things) + 1}" in tried
        person.session.restart()
        person.lab.redraw()
        assert not person.canvas("next").display
        assert person.canvas("loop-line").display == (size[0] < 100)


async def test_the_last_batch_taken_alone_is_an_end_as_well(lab):
    async with lab("day79-study-hours", epochs=2) as person:
        await person.press("n")
        assert not person.canvas("next").display
        await person.press("n")
        await person.settle()
        assert person.canvas("next").display
        assert person.note.startswith("Done:")
        assert f"Try next: {person.session.preset.sheet.things_to_try[0][:40]}" in person.read("next")


# After each epoch -----------------------------------------------------------------------------------------------------


async def test_the_line_of_the_lesson_shows_the_last_batch_and_the_whole_epoch(lab):
    async with lab("recipe") as person:
        assert "Epoch" not in person.read("loop")
        await person.press("N")
        await person.until(lambda: person.state == "paused")
        history = person.session.trainer.history
        last, whole = history[-1].batch_loss, history.epochs[-1].train.loss
        assert f"{last:.3f}" != f"{whole:.3f}"
        assert f"Epoch 1 done! Loss: {last:.3f} (batch) {whole:.3f} (all)" in person.read("loop")
        await person.press("n")  # it stays through the next epoch
        assert f"Epoch 1 done! Loss: {last:.3f}" in person.read("loop")
        await person.resize(200, 50)
        assert f"Loss: {last:.3f} (last batch)  {whole:.3f} (all 1000)" in person.read("loop")
        await person.resize(80, 24)
        assert f"Epoch 1 done! Loss: {last:.3f}, all {whole:.3f}" in person.read("loop-line")


async def test_the_one_step_by_hand_ends_with_both_losses_in_sight_on_a_small_screen_too(lab):
    async with lab("training-loop-step", epochs=None, size=(80, 24)) as person:
        await person.press("n")
        await person.settle()
        assert person.state == "finished" and person.canvas("next").display
        assert "Epoch 1 done! Loss: 0.421, all 0.337" in person.read("loop-line")


async def test_how_a_comparison_ended_is_the_last_word_even_where_a_run_diverged_in_the_same_frame(lab, fast):
    rates = [("training.optimizer.learning_rate", [0.0105, 0.5])]
    async with lab("day79-study-hours", epochs=6, pace=fast, settings=tuple(rates)) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished" and person.canvas("next").display)
        await person.settle()
        assert person.note.startswith("Done.")
        assert "diverged at epoch" in person.note
