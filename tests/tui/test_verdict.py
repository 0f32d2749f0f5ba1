"""The line that says what the curves mean, the sheet with its evidence, and the setting that it writes into the form."""

from __future__ import annotations

import pytest

from engine import load_preset
from engine.verdict import NAMES
from tui.canvas import Canvas, plain
from tui.console.records import run_record
from tui.form import BY_KEY
from tui.keyboard.named import named
from tui.next_run import tried
from tui.screens.evidence import EvidenceSheet
from tui.session import Session
from tui.words.found import dead_share
from tui.words.verdicts import MARKS, Shown, Verdicts, verdict_line

SIZES = [(80, 24), (120, 40), (200, 50)]


def shown_line(person) -> str:
    """The line of the verdict as it is on the screen; empty where the newest word has its place."""
    canvas = person.canvas("verdict")
    return person.read("verdict").strip() if canvas.size.height else ""


def sheet(person) -> str:
    """What the open sheet says of its facts."""
    assert isinstance(person.app.screen, EvidenceSheet)
    return plain(person.app.screen.query_one("#evidence-facts", Canvas).rows)


@pytest.fixture
def no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are few lines, the newest word gives way at once."""
    monkeypatch.setattr("tui.screens.explaining.Explains.word_seconds", 0.02)


async def done(person) -> None:
    await person.press("space")
    await person.until(lambda: person.state == "finished" and not person.lab.conductor.session.running)
    await person.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_there_is_a_line_and_no_verdict_before_epoch_2(lab, fast, size, no_word):
    async with lab("recipe", epochs=6, size=size, pace=fast) as person:
        assert size == (80, 24) or shown_line(person) == ". Too early to say: a verdict needs 2 epochs."
        await person.press("N")
        await person.until(lambda: person.state == "paused" and person.session.trainer.epoch == 1)
        await person.settle()
        assert size == (80, 24) or shown_line(person).startswith(". Too early to say")
        assert "Healthy" not in person.seen()
        await person.press("N")
        await person.until(lambda: person.session.trainer.epoch == 2 and person.state == "paused")
        await person.until(lambda: shown_line(person).startswith("= Healthy:"))
        last = person.session.trainer.history.epochs[-1].validation.loss
        assert f"validation {last:.3f}" in person.read("verdict")
        assert person.read("verdict").rstrip().endswith("w = why")


async def test_with_few_lines_the_word_comes_first_and_gives_way_to_the_verdict(lab, fast, monkeypatch):
    monkeypatch.setattr("tui.screens.explaining.Explains.word_seconds", 0.2)
    async with lab("recipe", epochs=6, size=(80, 24), pace=fast) as person:
        await person.pilot.pause(0.3)
        assert shown_line(person) == ""  # too early: the word stays
        assert "space starts" in person.seen()
        for _ in range(2):
            await person.press("N")
            await person.until(lambda: person.state == "paused" and "is over" in person.note)
        assert shown_line(person) == ""
        assert "Epoch 2 is over" in person.seen()
        await person.until(lambda: shown_line(person).startswith("= Healthy"))
        assert "Epoch 2 is over" not in person.seen()
        assert person.seen().count("\n") == 23
        await person.press("minus")
        assert shown_line(person) == ""
        assert "Pace" in person.seen()


async def test_trouble_stays_while_nothing_trains(lab, fast, monkeypatch):
    monkeypatch.setattr("tui.screens.explaining.Explains.word_seconds", 0.05)
    async with lab("recipe", epochs=4, size=(80, 24), pace=fast) as person:
        for _ in range(2):
            await person.press("N")
            await person.until(lambda: person.state == "paused" and "is over" in person.note)
        person.lab.say("batch_size = 0 is not allowed", role="bad")
        await person.pilot.pause(0.3)
        assert "batch_size = 0" in person.seen()
        person.lab.say("Fine")
        await person.until(lambda: shown_line(person).startswith("= Healthy"))


async def test_with_more_lines_both_have_their_own(lab, fast):
    async with lab("recipe", epochs=4, size=(120, 40), pace=fast) as person:
        await done(person)
        assert shown_line(person)
        assert "Done: training loss" in person.seen()
        await person.resize(80, 24)
        assert "Done: training loss" in person.seen()  # just said
        assert shown_line(person) == ""
        await person.resize(120, 30)
        assert shown_line(person)


@pytest.mark.parametrize("size", SIZES)
async def test_w_opens_the_evidence_and_enter_writes_the_setting_into_the_form(lab, fast, size, no_word):
    async with lab("too-many-epochs", epochs=60, size=size, pace=fast) as person:
        await done(person)
        best = person.session.trainer.history.best
        await person.until(lambda: shown_line(person).startswith(f"! Overfitting since epoch {best.epoch}:"))
        await person.press("w")
        said = sheet(person)
        assert f"validation loss at its best, epoch {best.epoch}" in said
        assert f"{best.validation.loss:.3f}" in said
        screen = person.seen()
        assert f"Set epochs 60 → {best.epoch} for the next run" in screen
        assert "Open the lesson early-stopping" in screen
        await person.press("enter")
        await person.settle()
        assert person.app.screen is person.lab
        assert person.session.run.training.epochs == best.epoch
        assert person.session.trainer.epochs == 60
        assert "training.epochs" in person.session.waiting
        assert person.note == f"epochs 60 → {best.epoch} for the next run: r starts it, this curve stays as ghost 1"
        await person.press("r")
        await person.until(lambda: person.state == "finished")
        assert person.session.trainer.epoch == best.epoch
        assert len(person.session.kept) == 1
        assert person.session.ghosts[0].history.best.epoch == best.epoch
        assert person.session.ghosts == person.session.kept
        assert "ghost" in [one.role for one in person.lab.query_one("#loss").picture.series]


async def test_what_a_ghost_has_shown_already_is_not_offered_again(lab, fast):
    async with lab("too-many-epochs", epochs=40, pace=fast) as person:
        await done(person)
        best = person.session.trainer.history.best.epoch
        await person.press("w", "enter", "r")
        await person.until(lambda: person.state == "finished" and person.session.trainer.epoch == best)
        await person.settle()
        assert "Still improving" in person.read("verdict")
        await person.press("w")
        seen = " ".join(person.seen().replace("│", " ").split())
        assert f"Set epochs {best} →" in seen
        assert f"ghost 1 went on, and its validation loss was lowest at epoch {best}" in seen
        await person.press("s")
        assert isinstance(person.app.screen, EvidenceSheet)
        await person.press("escape")
        again = tried(person.session, BY_KEY["training.epochs"], 40)
        assert again == "ghost 1 was trained with it"
        assert tried(person.session, BY_KEY["training.batch_size"], 8) == ""
        kept = person.session.kept[-1]
        person.session.toggle_ghost(kept)  # put away as a ghost, it is kept all the same
        assert not person.session.ghosts
        assert tried(person.session, BY_KEY["training.epochs"], 40) == f"{kept.name} was trained with it"


async def test_a_setting_that_the_form_has_no_row_for_is_told_with_the_way_to_it(lab, fast):
    async with lab("wine", epochs=12, size=(120, 40), pace=fast) as person:
        person.session.selected = 1
        await done(person)
        await person.press("w")
        assert "To try: --set data.standardize=true at the start" in sheet(person)
        await person.press("s")
        assert isinstance(person.app.screen, EvidenceSheet)


async def test_a_rate_that_could_change_at_once_waits_for_the_next_run(lab, fast):
    settings = (("training.optimizer.learning_rate", [1e-5]),)
    async with lab("lr-too-low-fix", epochs=6, pace=fast, settings=settings) as person:
        person.session.selected = 0
        await done(person)
        assert "Learning rate too low" in person.read("verdict")
        before = person.session.trainer.base_rate
        await person.press("w", "s")
        await person.settle()
        assert person.session.trainer.base_rate == before == 1e-5
        assert person.session.trainer.history.changes == []
        assert person.session.run.training.optimizer.learning_rate == 1e-3
        assert "training.optimizer.learning_rate" in person.session.waiting
        others = {run.training.optimizer.learning_rate for run in person.session.runs[1:]}
        assert others == {1e-5}  # the verdict was on one of them


async def test_the_letter_l_opens_the_lesson_and_escape_changes_nothing(lab, fast):
    async with lab("too-many-epochs", epochs=40, pace=fast) as person:
        await done(person)
        await person.press("w", "escape")
        assert person.app.screen is person.lab
        assert person.session.run.training.epochs == 40
        await person.press("w", "w")
        assert person.app.screen is person.lab
        await person.press("w", "l")
        await person.settle()
        assert person.session.preset.name == "early-stopping"


async def test_enter_never_leaves_the_runs_where_there_is_nothing_to_set(lab, fast):
    async with lab("recipe", epochs=20, pace=fast) as person:
        await done(person)
        assert "Healthy" in person.read("verdict")
        await person.press("w")
        assert "Open the lesson healthy-training" in person.seen()
        assert "A letter takes it" in person.seen()
        await person.press("enter")
        await person.settle()
        assert person.session.preset.name == "recipe"
        assert person.session.trainer.done


async def test_a_locked_setting_is_not_offered(lab, fast):
    preset = load_preset("too-many-epochs", [("training.epochs", [40])])
    async with lab(preset, epochs=None, pace=fast) as person:
        object.__setattr__(preset.sheet.show, "lock", ("settings.epochs",))
        await done(person)
        await person.press("w")
        assert "epochs is locked" in person.seen()
        await person.press("s")
        assert isinstance(person.app.screen, EvidenceSheet)
        assert person.session.run.training.epochs == 40


async def test_in_a_comparison_the_verdict_is_of_the_selected_run_and_named(lab, fast):
    async with lab("lr-big-medium-tiny", epochs=8, size=(120, 40), pace=fast) as person:
        await done(person)
        lines = set()
        for index, run in enumerate(person.session.runs):
            person.session.selected = index
            person.lab.frame()
            assert f" {run.name}  " in person.read("verdict")
            lines.add(person.read("verdict"))
        assert len(lines) == 3
        assert "tiny  Learning rate too low" in person.read("verdict")
        await person.press("w")
        assert "Why? tiny: Learning rate too low" in person.seen()


async def test_a_refused_run_says_so_before_the_first_step(lab):
    async with lab("batch-out-of-memory", epochs=2, size=(120, 40)) as person:
        assert "b128  Refused for memory" in person.read("verdict")
        await person.press("w", "s")
        await person.settle()
        assert person.session.run.batch_size == 16
        assert person.state == "ready"
        assert "Too early" in person.read("verdict")


async def test_on_a_surface_steps_are_spoken_of(lab, fast):
    async with lab("valley", epochs=None, size=(120, 40), pace=fast) as person:
        await done(person)
        assert "Learning rate too low: 40 steps have come 80 % of the way down." in person.read("verdict")


async def test_the_line_of_a_run_that_is_quicker_than_the_screen_comes_after(lab, fast, monkeypatch):
    monkeypatch.setattr("tui.words.verdicts.MOST", 3)
    async with lab("recipe", epochs=20, pace=fast) as person:
        await done(person)
        await person.until(lambda: not person.lab.verdicts.behind(person.session.trainer))
        await person.settle()
        assert shown_line(person).startswith(MARKS[person.lab.verdicts.of(person.session.trainer).kind][0])
        assert "epoch 20" in person.read("verdict")


# What is hidden -------------------------------------------------------------------------------------------------------


def hiding(name: str, *words: str, epochs: int = 30):
    preset = load_preset(name, [("training.epochs", [epochs])])
    object.__setattr__(preset.sheet.show, "hide", words)
    return preset


async def test_hidden_validation_is_not_in_the_line_and_w_uncovers_it_with_the_sheet(lab, fast):
    async with lab(hiding("too-many-epochs", "validation"), epochs=None, pace=fast) as person:
        await done(person)
        line = person.read("verdict")
        assert "Overfitting" not in line
        assert "hidden" in line
        assert line.rstrip().endswith("w shows it")
        await person.press("w")
        assert "Overfitting since epoch" in sheet(person)
        assert "Uncovered: validation. w hides it again" in sheet(person)
        await person.press("escape")
        await person.settle()
        assert "Overfitting since epoch" in person.read("verdict")
        await person.press("w", "w")
        await person.settle()
        assert person.app.screen is person.lab
        assert person.session.hidden.validation
        assert "Overfitting" not in person.read("verdict")


def trained(preset) -> Session:
    session = Session(preset)
    for _ in session:
        pass
    return session


@pytest.mark.parametrize(
    ("name", "word", "told"),
    [
        ("too-many-epochs", "verdict", "The verdict is hidden: what would you say?"),
        ("lr-too-low-fix", "settings.learning_rate", "What the curve shows would tell a hidden setting"),
        ("batch-8-32-128", "settings.batch_size", "What the curve shows would tell a hidden setting"),
    ],
)
def test_a_verdict_does_not_tell_what_is_hidden(name, word, told):
    session = trained(hiding(name, word, epochs=10))
    shown = Verdicts().shown(session)
    assert shown.words[0] == told
    assert named(shown.hint) == "w shows it"
    session.uncovered = True
    assert Verdicts().shown(session).words[0].startswith(tuple(name.partition(":")[0] for name in NAMES.values()))


def test_what_gives_nothing_away_is_told():
    session = trained(hiding("too-many-epochs", "settings.learning_rate", "settings.hidden", epochs=30))
    assert Verdicts().shown(session).words[0].startswith("Overfitting")


# The line by itself ---------------------------------------------------------------------------------------------------


def test_every_kind_has_a_mark_of_its_own():
    assert len({mark for mark, _ in MARKS.values()}) == len(MARKS)
    assert all(mark.isascii() for mark, _ in MARKS.values())


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
def test_the_line_takes_the_longest_wording_that_has_room(width):
    words = ("Overfitting: " + "a" * 80, "Overfitting: " + "b" * 40, "Overfitting")
    line = plain([verdict_line(Shown("!", "warn", words), width)])
    assert len(line) <= width
    assert line.startswith(" ! Overfitting")
    assert ("a" * 80 in line) == (width >= 120)
    assert ("b" * 40 in line) == (width == 80)


def test_dead_units_are_found_and_told():
    session = trained(load_preset("lr-explodes-fix", [("network.activation", ["relu"]), ("training.epochs", [12])]))
    assert dead_share(session.trainer) == 1.0
    shown = Verdicts().shown(session)
    assert (shown.mark, shown.words[0]) == (
        "0",
        "Dead units: 100 % of a hidden layer's units give 0 for every sample, and learn nothing.",
    )


def test_a_record_has_the_verdict_with_its_evidence():
    session = trained(load_preset("too-many-epochs", [("training.epochs", [40])]))
    told = run_record(session.trainer)["verdict"]
    assert told["kind"] == "overfitting"
    assert told["says"].startswith("Overfitting since epoch")
    assert told["lesson"] == "early-stopping"
    assert told["try"]["key"] == "training.epochs"
    assert told["try"]["value"] == session.trainer.history.best.epoch
    assert all(fact["what"] and fact["figure"] for fact in told["evidence"])
