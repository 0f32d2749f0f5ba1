"""What a teacher hides cannot be read anywhere until w uncovers it, and what a teacher locks stays as it is."""

from __future__ import annotations

import re

import pytest

from engine import load_preset
from presets import text
from tui.canvas import Canvas, plain
from tui.comparing.results import results
from tui.figures import short
from tui.keyboard.named import named
from tui.session import Session
from tui.view import derived, form_rows, pictures, standing
from tui.words.outcome import Told, news, outcome, refusal

CLAIM = """
[[claim]]
lesson_says = "learns"
source = "lesson.txt"
verdict = "half"
says = "It learns"
[[claim.check]]
metric = "{metric}"
at = "final"
below = 5.0
"""


@pytest.fixture
def written(tmp_path):
    """A preset file made of a bundled one, with a `[show]` of its own, fewer epochs and a claim."""

    def write(
        name: str = "recipe", hide=(), lock=(), claims=("validation_loss", "train_loss"), epochs: int = 3, more: str = ""
    ):
        document = re.sub(r"(?ms)^\[(show|\[claim\]|\[claim\.check\])\]\n.*?(?=^\[|\Z)", "", text(name))
        document = re.sub(r"(?m)^epochs = .*", f"epochs = {epochs}", document)
        show = f"[show]\nhide = {list(hide)}\nlock = {list(lock)}\n".replace("'", '"')
        before, question, after = document.partition("[[question]]")
        path = tmp_path / "mine.toml"
        path.write_text(before + more + show + "".join(CLAIM.format(metric=one) for one in claims) + question + after)
        return load_preset(path)

    return write


def trained(preset) -> Session:
    session = Session(preset)
    for _ in session:
        pass
    return session


def everything(person) -> str:
    """All that any canvas of the lab has drawn, in sight or not, but for what a teacher wrote."""
    written = ("lesson-try", "lesson-questions")
    return "\n".join(plain(one.rows) for one in person.lab.query(Canvas) if one.id not in written)


# Validation -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
@pytest.mark.parametrize("name", ["recipe", "lr-big-medium-tiny", "day79-study-hours"])
async def test_no_figure_of_validation_is_anywhere_until_w_shows_it(lab, written, fast, name, size):
    preset = written(name, hide=["validation"], claims=())
    async with lab(preset, epochs=None, size=size, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished" and "DONE" in person.read("header"))
        await person.settle()
        epochs = [entry for one in person.session.trainers for entry in one.history.epochs]
        losses = {short(entry.validation.loss) for entry in epochs} - {short(entry.train.loss) for entry in epochs}
        seen = everything(person)
        assert losses
        assert [loss for loss in losses if re.search(rf"(?<![\d.]){re.escape(loss)}", seen)] == []
        assert re.search(r" v +\d", person.read("tree")) is None
        assert " o " not in person.read("loss").splitlines()[0]
        await person.press("w")
        await person.settle()
        assert "w hides it again" in person.note
        shown = everything(person)
        assert any(loss in shown for loss in losses)
        await person.press("w")
        assert person.read("tree") and re.search(r" v +\d", person.read("tree")) is None


def test_titles_and_notes_say_that_validation_is_hidden(written):
    session = trained(written(hide=["validation"]))
    for picture in pictures(session):
        assert "validation hidden: w shows it" in plain(picture.titles[:1])
    assert "validation hidden: w shows it" in named(outcome(session)[0])
    session.uncovered = True
    assert "hidden" not in outcome(session)[0]
    last = session.trainer.history.epochs[-1].validation.loss
    assert f"validation {last:.3f}" in outcome(session)[0]


def test_early_stopping_on_what_is_hidden_does_not_say_why(written):
    more = '[training.early_stopping]\nmonitor = "validation_loss"\npatience = 1\nmin_delta = 1.0\n'
    session = trained(written(hide=["validation"], epochs=9, more=more))
    (said,) = outcome(session)
    assert named(said) == "Stopped early at epoch 2; why is hidden: w shows it"
    session.uncovered = True
    assert "validation loss has not improved" in outcome(session)[0]


def test_the_table_of_a_comparison_has_no_validation_while_it_is_hidden(written):
    session = trained(written("lr-big-medium-tiny", hide=["validation"], claims=()))
    table = results(session)
    assert table.hidden and not table.validation
    assert {one.validation for one in table.runs} == {one.best for one in table.runs} == {"-"}
    for one, trainer in zip(table.runs, session.trainers, strict=True):
        assert one.quality == f"{100 * trainer.history.epochs[-1].train.accuracy:.1f}%"
    session.uncovered = True
    assert "-" not in {one.validation for one in results(session).runs}


# Claims and verdicts --------------------------------------------------------------------------------------------------


async def test_hidden_claims_are_only_counted(lab, written):
    async with lab(written(hide=["claims"]), epochs=None) as person:
        assert "2 claims, hidden" in " ".join(person.read("lesson-claims").split())
        assert "2 claims, hidden" in person.read("lesson-title")
        assert "It learns" not in everything(person)
        await person.press("w")
        assert person.read("lesson-claims").count("It learns") == 2


async def test_a_hidden_verdict_leaves_the_claim(lab, written):
    async with lab(written(hide=["verdict"]), epochs=None) as person:
        words = " ".join(person.read("lesson-claims").split())
        assert "It learns" in words
        assert 'the lesson: "learns": hidden, w shows it' in words
        assert "half" not in words
        await person.press("w")
        assert '"learns": half right' in " ".join(person.read("lesson-claims").split())


async def test_with_validation_hidden_a_claim_about_it_is_covered_and_others_are_not(lab, written, fast):
    async with lab(written(hide=["validation"]), epochs=None, pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished" and "ok" in person.read("lesson-claims"))
        about_validation, about_training = person.lab.lesson.told.claims
        assert (about_validation.held, named(about_validation.saw)) == (None, "validation hidden: w shows it")
        assert about_training.held is True
        await person.press("w")
        assert [claim.held for claim in person.lab.lesson.told.claims] == [True, True]


# Settings -------------------------------------------------------------------------------------------------------------


async def test_a_hidden_setting_is_read_nowhere_and_cannot_be_changed(lab, written):
    hide = ["settings.learning_rate", "settings.batch_size", "settings.epochs", "settings.hidden", "settings.seed"]
    preset = written(hide=hide, epochs=37, claims=())
    async with lab(preset, epochs=None, size=(200, 50)) as person:
        await person.press("n")
        seen = everything(person)
        for label in ("learning_rate", "batch_size", "epochs", "hidden", "seed"):
            assert person.setting(label).split()[-2] == "hidden", label
        assert "learning rate hidden, batch hidden, epochs hidden" in person.read("header")
        for secret in ("0.001", "2337", "37", "1184", "32 pictures", "seed 0"):
            assert re.search(rf"(?<![\d.]){re.escape(secret)}(?!\d)", seen) is None, secret
        for key in ("full_stop", "comma"):
            await person.press(key)
            assert person.note == "learning_rate is hidden, so it cannot be changed: w shows it"
        await person.at_row("batch_size")
        for key in ("right", "enter", "6"):
            await person.press(key)
            assert person.typing is None
            assert person.note.startswith("batch_size is hidden")
        assert person.session.trainer.batch_size == 32
        assert person.session.trainer.learning_rate == 0.001
        await person.press("w", "escape")  # the evidence opens with what was hidden
        assert person.setting("learning_rate").split()[-2] == "0.001"
        assert "learning rate 0.001, batch 32, 37 epochs" in person.read("header")
        await person.press("full_stop")
        assert person.session.trainer.learning_rate == 0.002
        await person.press("r", "space")
        assert person.setting("learning_rate").split()[-2] == "0.002"  # a restart covers nothing again


def test_hidden_settings_take_the_figures_with_them_that_would_tell_them(written):
    session = Session(written(hide=["settings.batch_size"]))
    assert derived(session.run, session.hidden) == ("iterations hidden", "2337 parameters")
    assert standing(session, 0.0, 0.0).iterations == 0
    session = Session(written(hide=["settings.hidden"]))
    assert derived(session.run, session.hidden) == ("32/epoch, 96 in all", "parameters hidden")


def test_a_refused_run_does_not_tell_a_hidden_batch_size(written):
    session = Session(written(hide=["settings.batch_size"], claims=()))
    document = load_preset("recipe", [("training.memory_limit", ["1 KiB"])])
    hidden = Session(document)
    assert "32" in refusal(hidden)[0]
    hidden.preset = session.preset
    assert [*map(named, refusal(hidden))] == ["Refused: a step needs too much memory. batch_size is hidden: w shows it"]
    assert "32" not in " ".join(pictures(hidden)[0].text)


def test_a_plateau_does_not_tell_a_hidden_rate(written):
    more = '[training.schedule]\nname = "reduce_on_plateau"\npatience_epochs = 0\nmin_delta = 0.99\n'
    session = trained(written(hide=["settings.learning_rate"], epochs=4, more=more))
    said, _ = news(session, Told())
    assert named(said) == "epoch 4: learning_rate is down: w shows it"
    row = next(row for row in form_rows(session) if row.label == "learning_rate")
    assert (row.value, row.below) == ("hidden", "")


async def test_a_locked_setting_is_seen_and_stays(lab, written):
    async with lab(written(lock=["settings.learning_rate", "settings.optimizer"]), epochs=None) as person:
        assert person.setting("learning_rate").split()[-2:] == ["0.001", "="]
        for key in ("full_stop", "comma"):
            await person.press(key)
            assert person.note == "learning_rate is locked: this preset keeps it at 0.001"
        await person.at_row("optimizer")
        for key in ("left", "right", "enter"):
            await person.press(key)
            assert person.note == "optimizer is locked: this preset keeps it at adam"
            assert person.app.screen is person.lab
        await person.press("w", "escape")
        assert "Uncovered" not in person.note  # nothing was hidden
        await person.press("full_stop")
        assert person.session.run.training.optimizer.learning_rate == 0.001
        await person.at_row("batch_size")
        await person.press("right")
        assert person.session.run.training.batch_size == 64  # the others can be changed


async def test_opening_a_preset_again_covers_it_again(lab, written):
    preset = written(hide=["claims"])
    async with lab(preset, epochs=None) as person:
        assert "w shows what is hidden" in person.note
        await person.press("w", "escape")
        assert not person.session.hidden
        person.lab.open_preset("digits")
        await person.settle()
        assert not person.session.hidden
        await person.press("w")
        assert "Uncovered" not in person.note
    assert Session(preset).hidden.claims
