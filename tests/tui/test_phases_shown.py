"""Key s: an iteration taken apart on the screen, and that it trains to the same numbers however keys are mixed."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace

import pytest

from engine import IterationMetrics, Trainer, load_preset
from engine.live import replay
from tui.canvas import Canvas
from tui.keyboard.keys import KEYS
from tui.panes.training_loop import TrainingLoop
from tui.plots.landscape import ARROWS, BALL, Ball, surface_picture
from tui.screens import phasing
from tui.screens.phasing import ROLLS
from tui.session import Session

SIZES = [(80, 24), (120, 40), (200, 50)]


def numbers(trainer: Trainer) -> dict[str, object]:
    history = trainer.history
    names = [entry.name for entry in fields(IterationMetrics) if entry.name != "seconds"]
    return {
        "iterations": {name: history.column(name).tobytes() for name in names},
        "epochs": [repr(replace(entry, seconds=0.0)) for entry in history.epochs],
        "ends": repr((history.initial, history.diverged, history.stopped)),
        "weights": trainer.parameters.tobytes(),
    }


def undisturbed(trainer: Trainer) -> dict[str, object]:
    """The numbers of the same run, trained without a screen, with the same live changes."""
    plain = Trainer(trainer.run)
    replay(plain, [change for change in trainer.history.changes if change.key != "pace"])
    return numbers(plain)


def lit(person) -> str:
    (line,) = [line for line in person.read("loop").splitlines() if "forward" in line and "update" in line]
    return line[line.index("[") + 1 : line.index("]")]


async def test_four_times_s_is_one_batch_each_phase_with_its_formulas(lab):
    async with lab("recipe") as person:
        trainer, loop = person.session.trainer, person.lab.query_one("#loop", TrainingLoop)
        before = person.session.films[trainer].frames[-1].iteration
        shown = {}
        for name in ("forward", "loss", "backward", "update"):
            await person.press("s")
            assert lit(person) == name
            shown[name] = person.read("loop")
            assert (person.focus, person.state) == ("loop", "paused")
        assert trainer.iteration == 1
        assert person.session.films[trainer].frames[-1].iteration == 1 > before
        assert "z = sum of w*x + b" in shown["forward"] and "relu(z)" in shown["forward"]
        assert "log(1 + exp(" in shown["loss"] and "mean of L over 32 rows" in shown["loss"]
        assert "delta" in shown["backward"] and "gradient norm" in shown["backward"]
        assert "w := w - " in shown["update"] and "adam, learning_rate 0.001" in shown["update"]
        assert loop.size.height > 15
        assert "iteration 1/96" in person.read("header")
        assert numbers(trainer)["weights"] != Trainer(trainer.run).parameters.tobytes()


async def test_the_second_plot_gives_way_and_comes_back(lab):
    async with lab("recipe") as person:
        loop, second = person.canvas("loop"), person.canvas("second")
        heights = loop.size.height, second.size.height
        for leave in ("escape", "n", "N", "space"):
            await person.press("tab")  # the tree has the focus
            before = person.focus
            await person.press("s")
            await person.settle()
            assert (person.focus, second.display, loop.can_focus) == ("loop", False, True)
            assert loop.size.height > 2 * heights[0]
            await person.press(leave)
            await person.until(lambda: second.display)
            if leave == "space":
                await person.press("space")
            await person.until(lambda: person.state == "paused")
            await person.settle()
            assert (loop.size.height, second.size.height) == heights
            assert (person.focus, loop.can_focus) == (before, False)
            await person.press("shift+tab")


async def test_while_it_runs_s_pauses_first(lab):
    async with lab("recipe", epochs=30) as person:
        await person.press("space")
        await person.until(lambda: person.session.trainer.iteration >= 2)
        await person.press("s")
        assert person.state == "paused"
        assert person.session.trainer.phase == 1
        iteration = person.session.trainer.iteration
        await asyncio.sleep(0.3)
        assert person.session.trainer.iteration == iteration


RUNS = {
    "recipe": (),
    "gd-variants": (),
    "recipe with dropout": (("network.dropout", [0.3]), ("training.optimizer.name", ["nesterov"])),
}


@pytest.mark.parametrize(
    "keys", ["sssssssss", "snsNs", "ss ", "s.sssss,s ", "sssn.ss ", "nsN", "sr s ", "s,n.s.s.s.s ", "nnsssr sNs "]
)
@pytest.mark.parametrize("run", sorted(RUNS))
async def test_mixed_keys_train_to_the_numbers_of_an_undisturbed_run(lab, fast, run, keys):
    async with lab(run.split()[0], epochs=2, pace=fast, settings=RUNS[run], size=(80, 24)) as person:
        session = person.session
        for key in keys:
            await person.press({" ": "space", ".": "full_stop", ",": "comma"}.get(key, key))
            await person.until(lambda key=key: key not in "Nr " or not session.running)
        while not session.done:
            await person.press("N")
            await person.until(lambda: not session.running)
        assert {trainer.epochs for trainer in session.trainers} == {2}
        assert ("." in keys or "," in keys) == any(trainer.history.changes for trainer in session.trainers)
        for trainer in session.trainers:
            assert numbers(trainer) == undisturbed(trainer)


async def test_a_learning_rate_may_change_in_the_first_iteration_and_nothing_begins_again(lab):
    async with lab("recipe") as person:
        trainer = person.session.trainer
        await person.press("s", "s", "full_stop")
        assert person.session.trainer is trainer
        assert trainer.phase == 2
        assert "0.001 → 0.002 from iteration 1 on" in person.note
        await person.press("s", "s")
        assert "learning_rate 0.002" in person.read("loop")
        assert trainer.history[0].learning_rate == 0.002
        assert trainer.history.changes[0].iteration == 0


@pytest.mark.parametrize("label", ["batch_size", "epochs"])
@pytest.mark.parametrize("steps", [0, 1])
async def test_what_cannot_change_in_mid_iteration_says_why(lab, label, steps):
    async with lab("recipe", size=(80, 24)) as person:
        for _ in range(steps):
            await person.press("n")
        await person.press("s")
        await person.at_row(label)
        before = person.setting(label)
        await person.press("right")
        assert person.setting(label) == before
        assert f"{label} can change between two iterations: n finishes the one in progress" in person.note
        await person.press("n", "right")
        assert person.setting(label) != before


async def test_the_panes_keys_choose_layer_unit_weight_and_row(lab):
    async with lab("training-loop-step", epochs=None, size=(200, 50)) as person:
        await person.press("s")
        assert "hidden layer, unit 1 of 2, row 1 of 4, weight from input 1 of 2 (a): w = 0.5, x = 0" in person.read("loop")
        assert "Left Right unit   Up Down layer   Enter weight   PgUp PgDn row" in person.read("loop")
        await person.press("right", "enter", "pagedown")
        assert "unit 2 of 2, row 2 of 4, weight from input 2 of 2 (b): w = 0.8, x = 1" in person.read("loop")
        await person.press("enter")
        assert "unit 2 of 2, row 2 of 4, its bias: b = 0" in person.read("loop")
        await person.press("enter", "down", "pageup", "pageup")
        assert "output, row 4 of 4, weight from unit 1 of 2: w = 0.7" in person.read("loop")
        await person.press("up", "left", "left")
        assert "hidden layer, unit 2 of 2" in person.read("loop")
        await person.press("s", "s")  # what was chosen stays
        assert "hidden layer, unit 2 of 2, row 4 of 4" in person.read("loop")


async def test_runs_of_a_comparison_go_in_lockstep_and_the_selected_one_is_shown(lab):
    async with lab("gd-variants", epochs=2) as person:
        await person.press("s", "s")
        assert [trainer.phase for trainer in person.session.trainers] == [2, 2, 2]
        assert "batch 1 of 1" in person.read("loop")
        person.lab.query_one("#tree").focus()
        await person.press("down")
        assert person.session.selected == 1
        assert "batch 1 of 7" in person.read("loop")
        for _ in range(6):
            await person.press("s")
        assert [trainer.iteration for trainer in person.session.trainers] == [2, 2, 2]
        person.lab.query_one("#tree").focus()
        await person.press("up")
        await person.until(lambda: person.session.selected == 0)
        await person.press("s")
        assert person.session.trainers[0].done
        assert "this run is over" in person.read("loop")
        assert [trainer.phase for trainer in person.session.trainers] == [0, 1, 1]


def test_runs_left_in_mid_iteration_finish_it_before_the_next_phase_of_all():
    session = Session(load_preset("gd-variants", [("training.epochs", [3])]))
    assert session.one_phase() == 0
    session.advance()  # one of them goes on, as after space and a pause
    assert sorted(trainer.phase for trainer in session.trainers) == [0, 1, 1]
    assert session.one_phase() == 0
    assert [trainer.phase for trainer in session.trainers] == [1, 1, 1]
    assert [trainer.iteration for trainer in session.trainers] == [1, 1, 1]
    for trainer in session.trainers:
        assert session.films[trainer].frames[-1].iteration == 1
    assert [session.one_phase() for _ in range(5)] == [1, 2, 3, 0, 1]
    list(session)
    for trainer in session.trainers:
        assert numbers(trainer) == undisturbed(trainer)


async def test_a_restart_and_another_preset_close_the_phases(lab, fast):
    async with lab("recipe", pace=fast) as person:
        await person.press("n", "s", "s", "r")
        await person.until(lambda: person.state == "finished")
        assert person.canvas("second").display and person.focus != "loop"
        assert len(person.session.kept) == 1
        await person.press("s")
        assert "The run is over" in person.note
        assert person.canvas("second").display
        person.lab.open_preset("iris")
        await person.settle()
        await person.press("s")
        assert "batch 1 of 7" in person.read("loop")
        person.lab.open_preset("recipe")
        await person.settle()
        assert person.canvas("second").display and person.focus != "loop"


async def test_the_last_update_of_a_run_stays_to_be_read(lab):
    async with lab("training-loop-step", epochs=None) as person:
        await person.press("s", "s", "s", "s")
        assert person.state == "finished"
        assert lit(person) == "update"
        assert "w := " in person.read("loop")
        await person.press("escape")
        assert person.canvas("second").display


async def test_zoomed_the_loop_has_the_whole_screen(lab):
    async with lab("recipe", size=(80, 24)) as person:
        await person.press("s", "z")
        await person.settle()
        loop = person.canvas("loop")
        assert loop.size.width >= 79 and loop.size.height > 18
        await person.press("escape")
        await person.settle()
        assert loop.size.width < 60 and loop.display and not person.canvas("second").display
        await person.press("z", "n")
        await person.settle()
        assert person.canvas("second").display and person.canvas("settings").display


async def test_a_hidden_learning_rate_is_not_told_by_the_formula(lab):
    preset = load_preset("recipe", [("training.epochs", [3]), ("training.optimizer.learning_rate", [0.0625])])
    sheet = preset.sheet
    preset = replace(preset, sheet=replace(sheet, show=replace(sheet.show, hide=("settings.learning_rate",))))
    async with lab(preset, size=(120, 40)) as person:
        for _ in range(4):
            await person.press("s")
            assert "0.0625" not in person.read("loop")
        assert "learning_rate is hidden" in person.read("loop")
        assert "w shows it" in " ".join(person.read("loop").split())  # not cut off
        await person.press("w")
        assert "0.0625*" in person.read("loop")


# surfaces ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_on_a_surface_the_loss_gives_way_and_the_ball_stays_in_sight(lab, size):
    async with lab("valley", epochs=None, size=size) as person:
        await person.press("n", "s")
        await person.settle()
        assert not person.canvas("loss").display
        assert "the ball lies at w = -3.86" in person.read("loop")
        assert person.read("second").count(BALL) == 2  # in the title and on the surface
        await person.press("s")
        assert "L = curvature/2*(w - 3)^2" in person.read("loop")
        level = person.read("second")
        await person.press("s")
        assert "downhill: 13.7" in person.read("loop")
        assert any(head in person.read("second") for head in "↘↓→")
        assert person.read("second") != level
        await person.press("s")
        assert "the ball rolls" in person.read("loop")
        await at_rest(person)
        assert not any(head in person.read("second") for head in "↘↓→")
        await person.press("escape")
        await person.settle()
        assert person.canvas("loss").display


@pytest.fixture
def balls(monkeypatch) -> list[Ball]:
    """Every ball that is drawn on its way, or with its slope."""
    drawn: list[Ball] = []

    def note(trainers, selected, ball):
        drawn.append(ball)
        return surface_picture(trainers, selected, ball)

    monkeypatch.setattr(phasing, "surface_picture", note)
    return drawn


async def at_rest(person) -> None:
    await person.until(lambda: person.lab._rolling is None and person.lab._rolled == 1.0)


@pytest.mark.parametrize("preset", ["valley", "ravine-momentum"])
async def test_the_ball_is_seen_on_its_way_after_a_step_by_hand(lab, preset, balls):
    async with lab(preset, epochs=None) as person:
        await person.press("n")
        await at_rest(person)
        assert list(dict.fromkeys(balls)) == [Ball(share) for share in ROLLS[:-1]]
        await person.press("s", "s")
        balls.clear()
        await person.press("s")
        assert set(balls) == {Ball(1.0, slope=True)}
        balls.clear()
        await person.press("s")
        await at_rest(person)
        assert list(dict.fromkeys(balls)) == [Ball(share) for share in ROLLS[:-1]]


@pytest.mark.parametrize("preset", ["valley", "ravine-momentum", "hilly-park"])
def test_on_its_way_the_ball_lies_between_two_places_and_on_the_ground(preset):
    trainer = Trainer(load_preset(preset, [("training.optimizer.learning_rate", [0.02])]).runs[0])
    for _ in range(3):
        trainer.step()
    before, now = trainer.objective.path[-2], trainer.objective.path[-1]
    for share in (0.0, 0.25, 0.5, 1.0):
        (ball,) = [one for one in surface_picture([trainer], 0, Ball(share)).series if one.marker == BALL]
        place = before + share * (now - before)
        across, up = (place[0], trainer.run.surface.height(place)) if len(place) == 1 else place
        assert (ball.x.tolist(), ball.y.tolist()) == ([pytest.approx(across)], [pytest.approx(up)])
        # the trail ends where the ball came from, as long as it is on its way
        steps = len(trainer.objective.path) - (share < 1.0)
        if len(place) == 1:
            (trail,) = [one for one in surface_picture([trainer], 0, Ball(share)).series if one.marker == "o"]
            assert len(trail.x) == steps


def test_the_arrow_points_downhill_and_there_is_none_on_level_ground():
    def arrows(start, preset="valley"):
        run = load_preset(preset, [("surface.start", [start])]).runs[0]
        series = surface_picture([Trainer(run)], 0, Ball(slope=True)).series
        return [one.marker for one in series if one.marker in ARROWS]

    assert arrows([-4.0]) in (["↘"], ["↓"])
    assert arrows([9.0]) in (["↙"], ["↓"])
    assert arrows([3.0]) == []
    assert arrows([1e6]) in (["↙"], ["↓"])
    assert arrows([-3.0, 0.0], "ravine-momentum") == ["→"]
    assert arrows([0.0, 0.5], "ravine-momentum") == ["↓"]
    assert arrows([0.0, -0.5], "ravine-momentum") == ["↑"]


async def test_as_fast_as_it_goes_nothing_rolls(lab, fast, balls):
    async with lab("valley", epochs=None, pace=fast) as person:
        await person.press("n", "s", "s")
        assert (balls, person.lab._rolling) == ([], None)
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert (balls, person.lab._rolling) == ([], None)


async def test_no_frame_is_drawn_while_nothing_happens(lab, monkeypatch):
    async with lab("valley", epochs=None) as person:
        await person.press("s", "s", "s", "s")
        await at_rest(person)
        await person.settle()
        painted = []
        monkeypatch.setattr(Canvas, "paint", lambda self, rows: painted.append(self.id))
        await asyncio.sleep(0.4)
        assert painted == []


async def test_a_step_before_the_ball_is_at_rest_and_a_start_while_it_rolls(lab):
    async with lab("valley", epochs=None) as person:
        await person.press("n", "n", "n", "s", "n", "space")
        await person.until(lambda: person.session.trainer.iteration > 6)
        await person.press("space")
        await person.settle()
        assert person.lab._rolled == 1.0
        assert numbers(person.session.trainer)["weights"] != b""
        for trainer in person.session.trainers:
            plain = Trainer(trainer.run)
            for _ in range(trainer.iteration):
                plain.step()
            assert plain.parameters.tobytes() == trainer.parameters.tobytes()


# every size -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "preset",
    ["recipe", "training-loop-step", "day79-study-hours", "iris", "valley", "ravine-momentum", "hilly-park", "gd-variants"],
)
async def test_every_formula_is_whole_at_every_size(lab, preset, size):
    async with lab(preset, epochs=None, size=size) as person:
        for _ in range(5):
            await person.press("s")
            await person.settle()
            loop = person.canvas("loop")
            assert loop.size.height >= 8
            assert "…" not in person.read("loop"), person.read("loop")
            assert len(loop.rows) <= loop.size.height


def test_s_is_in_the_one_table_of_keys():
    (key,) = [key for key in KEYS if key.keys == "s"]
    assert (key.id, key.action) == ("run.phase", "step_phase")
