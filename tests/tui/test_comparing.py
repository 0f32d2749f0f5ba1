"""Comparing runs: ghosts, the table of runs, runs side by side, small multiples; what somebody before the lab sees of it."""

from __future__ import annotations

import pytest

from engine import load_preset
from tui.canvas import plain
from tui.comparing.kept import GHOSTS, KEPT
from tui.plots.multiples import draw_multiples, multiples
from tui.screens.runs import Runs
from tui.screens.sheets import Ask
from tui.session import Session
from tui.stepping import furthest_behind
from tui.viewing import AS_IT_IS

SIZES = [(80, 24), (120, 40), (200, 50)]


async def finish(person, *keys: str) -> None:
    """Press keys that start a run, and see it through."""
    before = person.session.trainer
    again = before.done
    await person.press(*(keys or ("space",)))
    await person.until(lambda: person.state == "finished" and (not again or person.session.trainer is not before))
    await person.settle()


async def ghost_of_another_rate(person) -> None:
    """A run that is kept as a ghost, and a second one with a tenth of its rate before it."""
    await finish(person)
    await person.press("k")
    await person.at_row("learning_rate")
    await person.type("0.0001")
    await person.press("enter")
    await finish(person, "r")


def sheet(person) -> Runs:
    assert isinstance(person.app.screen, Runs)
    return person.app.screen


def table(person) -> list[str]:
    """The lines of the table of runs."""

    return plain(sheet(person).pane.rows).splitlines()


def said(person) -> str:
    return str(person.app.screen.query_one("#runs-said").content)


# Ghosts ---------------------------------------------------------------------------------------------------------------


async def test_nothing_is_kept_before_something_is_trained(lab):
    async with lab("recipe") as person:
        await person.press("k")
        assert person.note.startswith("Nothing is trained yet")
        assert person.session.kept == []
        assert person.app.screen is person.lab


@pytest.mark.parametrize("size", SIZES)
async def test_a_finished_run_is_a_ghost_behind_the_next_with_its_digit_and_one_line_says_what_differs(lab, fast, size):
    async with lab("recipe", pace=fast, size=size) as person:
        await finish(person)
        await person.press("k")
        assert person.note.startswith("Kept as ghost 1")
        assert not person.canvas("differs").display
        first = person.session.trainer.history
        await person.at_row("learning_rate")
        await person.type("0.0001")
        await person.press("enter")
        await finish(person, "r")
        (ghost,) = person.session.ghosts
        assert ghost.history is first
        assert ghost.mark == "1"
        for pane in ("loss", "second"):
            title, *plot = person.read(pane).splitlines()
            assert " 1 " in title  # in the legend, with its newest value
            inside = [line.partition("┤")[2] or line.partition("│")[2] for line in plot[1:-2]]
            assert any("1" in line for line in inside)  # and on its line
        assert person.read("differs").strip() == "1: learning_rate 0.001 → 0.0001"
        assert "1: learning_rate 0.001 → 0.0001" in person.seen()
        assert "> 1 recipe #1" in person.read("tree")


async def test_ghosts_are_faint_and_behind_what_trains_now(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await ghost_of_another_rate(person)
        picture = person.lab.query_one("#loss").picture
        roles = [one.role for one in picture.series]
        assert roles[0] == "ghost"
        assert roles.index("ghost") < roles.index("train")
        assert (picture.series[-1].role, picture.series[-1].marker) == ("ghost", "1")  # the digit is over all lines
        await person.press("r")
        await person.until(lambda: person.state == "finished")
        assert person.session.ghosts[0].history is not person.session.trainer.history


async def test_a_run_that_still_trains_is_kept_as_it_is_when_the_next_one_takes_its_place(lab):
    async with lab("recipe", epochs=50) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 3)
        await person.press("k")
        assert person.state == "running"  # it goes on
        assert person.session.ghosts == []
        trainer = person.session.trainer
        at = trainer.iteration
        await person.until(lambda: trainer.iteration > at + 2)
        await person.press("r", "space")
        (ghost,) = person.session.ghosts
        assert ghost.history is trainer.history
        assert ghost.history.stopped.reason == "interrupted"
        length = len(ghost.history)
        await person.press("n", "n")
        assert len(ghost.history) == length == ghost.iterations


async def test_what_was_changed_while_it_trained_is_what_the_line_says(lab):
    async with lab("recipe") as person:
        await person.press("n", "full_stop", "n", "k", "r", "space")
        (ghost,) = person.session.ghosts
        assert ghost.settings["training.optimizer.learning_rate"] == 0.002
        assert ghost.run.training.optimizer.learning_rate == 0.002
        await person.press("comma", "n")
        await person.settle()
        assert "1: learning_rate 0.002 → 0.001" in person.read("differs")


async def test_the_table_turns_ghosts_off_and_on_and_there_are_never_too_many(lab, fast):
    async with lab("recipe", pace=fast, epochs=1) as person:
        session = person.session
        for _ in range(GHOSTS):
            await finish(person, "space" if not session.steps else "r")
            await person.press("k")
        await finish(person, "r")
        assert sorted(one.mark for one in session.ghosts) == list("123456")
        await person.press("k")
        assert "as many as can be told apart" in person.note
        await person.press("r")
        await person.until(lambda: person.state == "finished")
        await person.press("k")  # says it again: it is no ghost
        assert not session.promised
        person.lab.action_runs()
        await person.settle()
        await person.press("down", "down", "g")
        assert said(person) == "recipe #6 is no ghost any more"
        assert len(session.ghosts) == GHOSTS - 1
        await person.press("g")
        assert said(person) == "recipe #6 is ghost 6"


async def test_beyond_what_is_kept_the_oldest_that_is_no_ghost_goes_and_the_table_says_which_is_next(lab, fast):
    async with lab("recipe", pace=fast, epochs=1) as person:
        session = person.session
        await finish(person)
        await person.press("k")
        for _ in range(KEPT):
            await finish(person, "r")
        assert [one.name for one in session.kept] == [f"recipe #{number}" for number in range(1, KEPT + 1)]
        person.lab.action_runs()
        await person.settle()
        assert f"{KEPT} are kept, recipe #2 goes next" in person.seen()
        await person.press("escape")
        await finish(person, "r")
        assert [one.name for one in session.kept] == ["recipe #1", *(f"recipe #{number}" for number in range(3, KEPT + 2))]


async def test_on_a_surface_the_ghost_is_a_way_of_its_own(lab, fast, tmp_path):
    path = tmp_path / "walk.toml"
    path.write_text('[surface]\nname = "ravine"\nsteps = 9\n[training.optimizer]\nname = "sgd"\nlearning_rate = 0.02\n')
    async with lab(load(path), pace=fast, epochs=None) as person:
        await finish(person)
        await person.press("k", "comma")
        await finish(person, "r")
        picture = person.lab.query_one("#second").picture
        ways = [one for one in picture.series if one.role == "ghost"]
        assert [one.marker for one in ways] == ["path", "1"]
        assert ways[0].x.tolist() == person.session.ghosts[0].walk.path[:, 0].tolist()
        assert "1" in person.read("second").splitlines()[0]


def load(path):
    from engine import load_preset

    return load_preset(path)


# The table of runs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_k_on_a_kept_run_opens_the_table_of_what_differs_in_settings_and_in_outcome(lab, fast, size):
    async with lab("recipe", pace=fast, size=size) as person:
        await ghost_of_another_rate(person)
        await person.press("k", "k")
        heading, now, before = table(person)
        assert heading.split()[:2] == ["run", "[rate"] or heading.split()[:2] == ["run", "[rate]"]
        assert "recipe, newest" in now
        assert "0.0001" in now
        assert before.strip().startswith("1 recipe #1")
        assert "0.001" in before
        assert max(map(len, table(person))) <= size[0] - 4
        titles = [one.title for one in sheet(person).pane.table.columns]
        assert titles == [
            "rate", "state", "epochs", "val. loss", "best loss", "val. acc.", "best acc.", "train loss", "train acc.",
            "time",
        ]  # fmt: skip
        for _ in titles:
            await person.press("right")
        assert "[time]" in table(person)[0]  # columns scroll under the names
        assert "recipe, newest" in table(person)[1]
        await person.press("escape")
        assert person.app.screen is person.lab


async def test_the_table_is_sorted_by_any_column_and_the_best_has_a_star(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await ghost_of_another_rate(person)
        await person.press("k", "k", "right", "right", "right", "s")

        def names() -> list[str]:
            return ["newest" if "newest" in line else "before" for line in table(person)[1:]]

        assert "[val. loss▼]" in table(person)[0]
        assert names() == ["before", "newest"]
        kept = person.session.kept[0].history.epochs[-1].validation.loss
        assert f"{kept:.3f}*" in table(person)[1]
        assert f"{person.session.trainer.history.epochs[-1].validation.loss:.3f}*" not in table(person)[2]
        await person.press("s")
        assert "[val. loss▲]" in table(person)[0]
        assert names() == ["newest", "before"]
        await person.press("home", "enter")  # on the heading
        assert names() == ["before", "newest"]


async def test_a_run_is_dropped_after_a_question(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await ghost_of_another_rate(person)
        await person.press("k", "k", "x")
        assert said(person).startswith("A run of now cannot be dropped")
        await person.press("down", "x")
        assert isinstance(person.app.screen, Ask)
        await person.press("n")
        assert len(person.session.kept) == 1
        await person.press("delete", "y")
        await person.settle()
        assert person.session.kept == []
        assert said(person) == "recipe #1 is gone"
        await person.press("escape")
        await person.settle()
        assert not person.canvas("differs").display


async def test_enter_puts_the_settings_of_a_run_into_the_form(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await ghost_of_another_rate(person)
        await person.press("k", "k", "down", "enter")
        await person.settle()
        assert person.app.screen is person.lab
        assert "0.001" in person.setting("learning_rate")
        assert "learning_rate*" in person.setting("learning_rate")  # waits for the next start
        assert "are in the form: r starts" in person.note
        await finish(person, "r")
        assert person.session.trainer.history.epochs == person.session.kept[0].history.epochs


async def test_keys_that_come_in_one_packet_are_each_answered_once(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await ghost_of_another_rate(person)
        await person.press("k", "k", "down")
        await person.burst("gg")
        assert [one.mark for one in person.session.ghosts] == ["1"]
        await person.burst("xx")
        await person.press("y")
        await person.settle()
        assert person.session.kept == []
        await person.burst("\r\r")
        await person.settle()
        assert person.app.screen is person.lab
        assert "are in the form" in person.note or person.typing is not None  # the second Enter may have begun to type


async def test_a_single_marked_run_is_trained_alone_so_a_comparison_can_be_left(lab, fast, tmp_path):
    from tui.writing.saving import copy_of

    async with lab("lr-big-medium-tiny", pace=fast) as person:
        await finish(person)
        medium = person.session.trainers[1].history.epochs
        person.lab.action_runs()
        await person.settle()
        await person.press("down", "space")
        assert said(person) == "1 marked: c trains it alone; mark more to compare them"
        await person.press("c")
        await person.until(lambda: person.app.screen is person.lab and person.state == "finished")
        session = person.session
        assert [one.history.epochs for one in session.trainers] == [medium]
        copy = copy_of(session.preset, session.documents, session.runs, tmp_path / "mine.toml")
        assert [run.training for run in copy.preset.runs] == [session.run.training]


async def test_the_table_follows_a_run_that_trains_on(lab):
    async with lab("recipe", epochs=500) as person:
        await person.press("n", "k", "space", "k")
        await person.until(lambda: "running" in table(person)[1])
        before = table(person)[1]
        await person.until(lambda: table(person)[1] != before)  # its epochs and losses
        assert "running" in table(person)[1]
        await person.press("escape", "space", "k")
        await person.until(lambda: "paused" in table(person)[1])
        assert f"{person.session.trainer.epoch}/500" in table(person)[1]


async def test_what_a_teacher_hides_is_not_in_the_table(lab, fast, tmp_path):
    from presets import text

    path = tmp_path / "hidden.toml"
    shown = '[show]\nhide = ["validation", "settings.learning_rate"]\n\n[[claim]]'
    path.write_text(text("recipe").replace("[[claim]]", shown, 1))
    async with lab(load(path), pace=fast, epochs=None) as person:
        person.session.edit(person_field("training.epochs"), 2)
        await finish(person)
        await person.press("k", "comma", "r")
        await person.until(lambda: person.state == "finished")
        ghost = person.session.ghosts[0]
        person.session.kept.append(type(ghost)(**{  # one whose rate differs, as if it had been uncovered in between
            name: getattr(ghost, name) for name in ghost.__slots__ if name not in ("settings", "mark")
        }, settings={**ghost.settings, "training.optimizer.learning_rate": 0.5}))  # fmt: skip
        await person.press("k", "k")
        await person.settle()
        titles = [one.title for one in sheet(person).pane.table.columns]
        assert not [title for title in titles if title.startswith(("val", "best"))]
        rate = next(one for one in sheet(person).pane.table.columns if one.title == "rate")
        assert set(rate.texts) == {"hidden"}
        assert set(rate.keys) == {None}  # nor does sorting tell
        assert "validation hidden: w shows it" in person.seen()
        assert "0.5" not in "\n".join(table(person))


def person_field(key: str):
    from tui.form import BY_KEY

    return BY_KEY[key]


# Side by side ---------------------------------------------------------------------------------------------------------


async def test_marked_runs_are_trained_side_by_side_in_lockstep_from_the_start(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await ghost_of_another_rate(person)
        before = [person.session.kept[0].history.epochs, person.session.trainer.history.epochs]
        await person.press("k", "k", "c")
        assert said(person).startswith("Space marks runs")
        await person.press("space", "down", "space")
        assert said(person) == "2 marked: c trains them side by side"
        await person.press("c")
        await person.until(lambda: person.app.screen is person.lab and person.state == "finished")
        session = person.session
        assert [one.run.name for one in session.trainers] == ["learning_rate 0.0001", "learning_rate 0.001"]
        assert [one.history.epochs for one in session.trainers] == before[::-1]  # same seed, same batches: the same numbers
        assert [one.name for one in session.kept] == ["recipe #1", "recipe #2"]  # what was trained is kept
        assert session.ghosts[0].name == "recipe #1"


async def test_lockstep_goes_by_the_share_of_the_run_where_batches_differ(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await person.at_row("batch_size")
        await person.type("8, 50")
        await person.press("enter")
        trainers = person.session.trainers
        assert [one.batch_size for one in trainers] == [8, 50]
        for _ in range(120):
            behind = furthest_behind(trainers)
            assert behind.iteration / behind.iterations <= min(one.iteration / one.iterations for one in trainers)
            person.session.advance()
        assert abs(trainers[0].iteration / trainers[0].iterations - trainers[1].iteration / trainers[1].iterations) < 1 / 60
        assert {one.epoch for one in trainers} == {1}
        await finish(person)
        assert [one.epoch for one in person.session.trainers] == [3, 3]


@pytest.mark.parametrize("size", SIZES)
async def test_three_values_in_a_field_make_a_comparison_of_three_runs(lab, fast, size):
    async with lab("recipe", pace=fast, size=size) as person:
        await person.at_row("learning_rate")
        await person.type("0.1, 0.01, 0.001")
        assert "3 runs side by side" in person.read("settings")
        await person.press("enter")
        await person.settle()
        session = person.session
        assert [one.run.training.optimizer.learning_rate for one in session.trainers] == [0.1, 0.01, 0.001]
        assert [one.run.seed for one in session.trainers] == [0, 0, 0]
        assert person.state == "ready"
        assert "3 runs" in person.note
        await person.press("n")
        await person.settle()
        line = person.read("differs").strip()
        if size[0] == 80:
            assert line.split() == ["learning_rate", "a", "0.1", "b", "0.01", "c", "0.001"]
        else:
            assert not person.canvas("differs").display  # the legend has them
            assert "0.01" in person.read("loss").splitlines()[0]
        await finish(person)
        assert person.canvas("results").display


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("0.1, nonsense", "nonsense"),
        ("0.1, 0.1", "0.1 is given twice"),
        ("1, 2, 3, 4, 5, 6, 7", "7 values: at most 6 runs are compared"),
        ("0.1,, 0.2", "a value is missing"),
    ],
)
async def test_wrong_values_are_named_while_they_are_typed_and_nothing_changes(lab, typed, wrong):
    async with lab("recipe") as person:
        await person.at_row("learning_rate")
        await person.type(typed)
        await person.settle()
        assert wrong in person.note
        await person.press("enter")
        assert person.typing == typed
        await person.press("escape")
        assert len(person.session.trainers) == 1
        assert "0.001" in person.setting("learning_rate")


async def test_lists_are_several_in_brackets(lab):
    async with lab("recipe") as person:
        await person.at_row("hidden")
        await person.press("enter", *["backspace"] * 4)
        await person.type("8, 4")
        await person.press("enter")
        assert person.session.run.network.hidden == (8, 4)  # one network of two layers
        await person.at_row("hidden")
        await person.press("enter", *["backspace"] * 4)
        await person.type("[8], [16 4], none")
        await person.press("enter")
        await person.settle()
        assert [one.run.network.hidden for one in person.session.trainers] == [(8,), (16, 4), ()]


async def test_the_palette_compares_words_too_and_says_what_is_no_setting(lab):
    async with lab("recipe") as person:
        person.lab.action_several()
        await person.settle()
        line = person.app.screen.query_one("Input")
        line.value = "optimiser = sgd, adam"
        await person.settle()
        assert 'Did you mean "optimizer"?' in person.seen()
        await person.press("enter")
        assert person.app.screen is not person.lab  # stays open
        line.value = "optimizer sgd, momentum, adam"
        await person.settle()
        assert "optimizer sgd, momentum, adam: 3 runs" in person.seen()
        await person.press("enter")
        await person.settle()
        assert [one.run.name for one in person.session.trainers] == ["sgd", "momentum", "adam"]


async def test_a_run_in_progress_is_asked_about_first_and_kept(lab):
    async with lab("recipe", epochs=50) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 3)
        await person.at_row("learning_rate")
        await person.type("0.1, 0.2")
        await person.press("enter")
        await person.settle()
        assert isinstance(person.app.screen, Ask)
        await person.press("n")
        assert len(person.session.trainers) == 1
        assert person.state == "running"
        await person.type("0.1, 0.2")
        await person.press("enter")
        await person.settle()
        await person.press("y")
        await person.settle()
        assert len(person.session.trainers) == 2
        assert [one.name for one in person.session.kept] == ["recipe #1"]


async def test_in_a_comparison_the_selected_run_is_the_one_that_gets_the_values_and_it_says_so(lab):
    async with lab("lr-big-medium-tiny") as person:
        await person.at_row("batch_size")
        await person.type("8, 32")
        await person.press("enter")
        await person.settle()
        assert [one.run.name for one in person.session.trainers] == ["batch_size 8", "batch_size 32"]
        assert {one.run.training.optimizer.learning_rate for one in person.session.trainers} == {0.1}
        assert "of big alone" in person.note


async def test_what_is_compared_can_be_saved_as_a_preset(lab, tmp_path):
    from tui.writing.saving import copy_of

    async with lab("recipe") as person:
        await person.at_row("learning_rate")
        await person.type("0.1, 0.01")
        await person.press("enter")
        session = person.session
        copy = copy_of(session.preset, session.documents, session.runs, tmp_path / "mine.toml")
        assert copy.preset.runs == tuple(session.runs)


# Small multiples ------------------------------------------------------------------------------------------------------


def test_small_multiples_have_the_same_numbers_on_every_row_of_plots():
    found = multiples(Session(load_preset("optimizers-compared")), AS_IT_IS)
    for height in range(34, 50):  # some rows of plots are a line higher than others
        text = plain(draw_multiples(found, 116, height))
        ticks = ["".join(character for character in line if character in "0123456789.┤") for line in text.splitlines()]
        rows = [line for line in ticks if line.count("┤") == 3]
        assert len(rows) >= 4 and rows[: len(rows) // 2] == rows[len(rows) // 2 :], height


@pytest.mark.parametrize("size", SIZES[1:])
async def test_small_multiples_give_each_run_its_own_plot_with_the_same_axes(lab, fast, size):
    async with lab("lr-big-medium-tiny", pace=fast, size=size) as person:
        await person.press("n", "v", "m")
        await person.settle()
        assert person.canvas("multiples").display
        assert not person.canvas("loss").display
        shown = person.read("multiples")
        for name in ("big", "medium", "tiny"):
            assert f"─ {name} " in shown
        plots = [one.pictures[0].axes for one in person.canvas("multiples").found.runs]
        assert plots[0] == plots[1] == plots[2]
        await finish(person)
        assert person.canvas("multiples").display
        lows = [one.pictures[0].axes.y_ceiling for one in person.canvas("multiples").found.runs]
        worst = max(one.history.series("batch_loss")[1].max() for one in person.session.trainers)
        assert lows[0] >= min(worst, 10 * 0.8) * 0.99
        await person.press("v", "m")
        await person.settle()
        assert person.canvas("loss").display


async def test_a_ghost_has_a_small_plot_of_its_own(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await person.press("v", "m")
        assert person.note.startswith("There is one run on the curves")
        await person.press("escape")
        await ghost_of_another_rate(person)
        await person.press("v", "m")
        await person.settle()
        assert "─ now " in person.read("multiples")
        assert "─ 1 recipe #1 " in person.read("multiples")


async def test_at_80_columns_there_is_no_room_it_says_so_and_the_runs_stay_over_each_other(lab, fast):
    async with lab("lr-big-medium-tiny", size=(80, 24)) as person:
        await person.press("n", "v", "m")
        await person.settle()
        assert person.note.startswith("No room for 3 plots: the runs stay over each other")
        assert person.canvas("loss").display
        assert "learning_rate" in person.read("differs")
        await person.resize(200, 50)
        assert person.canvas("loss").display  # it was not wanted any more
        await person.press("escape", "v", "m")
        assert person.canvas("multiples").display
        await person.resize(80, 24)
        assert person.canvas("loss").display
        await person.resize(200, 50)
        assert person.canvas("multiples").display
