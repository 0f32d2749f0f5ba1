"""Each pane alone: a program of its own on recorded runs, with its own keys, and q to leave."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine import load_preset
from engine.recording import save_recording
from tui import alone_app
from tui.alone_app import PANES, Alone
from tui.canvas import plain, row
from tui.inside.registry import INSIDE
from tui.panes import alone
from tui.panes.alone import command, session_for
from tui.panes.curves import Curves
from tui.panes.progress_tree import ProgressTree
from tui.panes.settings import SettingsPane
from tui.session import Session
from tui.viewing import Lit

FOLDER = Path(alone.__file__).parent
SHOWS = {
    "settings": "learning_rate",
    "progress_tree": "recipe, seed 0",
    "curves": "Loss  train",
    "multiples": "now  loss",
    "training_loop": "forward > loss > backward",
    "lesson": "Three numbers set up",
    "results": "Result",
    "bars": "PAUSED  epoch 2/50",
    "inside": "seen",
}


@pytest.fixture(scope="module")
def run_file(tmp_path_factory) -> str:
    """A run of recipe after an epoch and a half."""
    preset = load_preset("recipe")
    session = Session(preset)
    while session.steps < 48:
        session.advance()
    place = tmp_path_factory.mktemp("runs") / "run.npz"
    save_recording(place, preset, session.trainers)
    return str(place)


class Seen:
    """A look that says that it was taken."""

    titles = (row("seen"),)
    hint = ""

    def __init__(self, x: int) -> None:
        self.x = x

    def rows(self, width: int, height: int) -> list:
        return [row(f"spot {self.x}, {width} wide")]


class Eye:
    def why_not(self, trainer) -> str:
        return "" if trainer.table is not None else "no table"

    def look(self, scene) -> Seen:
        return Seen(scene.spot.x)


@pytest.fixture(autouse=True)
def an_eye(monkeypatch):
    """A view of the inside, first of all."""
    monkeypatch.setattr(alone_app, "INSIDE", {"eye": Eye(), **INSIDE})


def test_every_pane_has_a_way_in_and_nothing_else_has():
    panes = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "alone"}
    assert set(PANES) == panes == set(SHOWS)
    for name in panes:
        assert (
            (FOLDER / f"{name}.py")
            .read_text(encoding="utf-8")
            .endswith('\n\nif __name__ == "__main__":\n    from tui.panes.alone import main\n\n    main(__file__)\n')
        )


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_a_pane_prints_recorded_runs_and_the_same_again(name, run_file):
    first, second = (CliRunner().invoke(command(name), [run_file, "--text", "--size", "70x20"]) for _ in range(2))
    assert first.exit_code == 0, first.output
    assert SHOWS[name] in first.output
    assert first.output == second.output
    lines = first.output.splitlines()
    assert len(lines) <= 20 and max(map(len, lines)) <= 70
    assert len(lines) >= 2


def test_a_file_of_a_pane_is_a_program(run_file):
    done = subprocess.run(
        [sys.executable, "-m", "tui.panes.curves", run_file, "--text", "--size", "90x12"],
        capture_output=True, encoding="utf-8", timeout=60, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Loss  train" in done.stdout and max(map(len, done.stdout.splitlines())) == 90


def test_a_preset_is_trained_first_for_as_many_epochs_as_are_asked_for():
    session = session_for("recipe", 2)
    assert (session.trainer.epoch, session.trainer.at_epoch_end, session.trainer.iteration) == (2, True, 64)
    assert session_for("recipe", 0).steps == 0
    assert session_for("day79-study-hours").done
    ended = CliRunner().invoke(command("bars"), ["valley", "--epochs", "3", "--text"])
    assert "step 3/" in ended.output


def test_the_second_plot_and_a_view_by_its_name(run_file):
    assert "Accuracy" in CliRunner().invoke(command("curves"), [run_file, "--text", "--second"]).output
    assert (
        "spot 0, 50 wide"
        in CliRunner().invoke(command("inside"), [run_file, "--text", "--size", "50x10", "--view", "eye"]).output
    )


def test_small_multiples_without_room_say_so():
    ended = CliRunner().invoke(command("multiples"), ["lr-big-medium-tiny", "--epochs", "1", "--size", "60x14", "--text"])
    assert ended.output.strip() == "There is no room for a plot of each run"


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("curves", ["nowhere"], 'no preset "nowhere"'),
        ("curves", ["nowhere.npz"], "there is no file"),
        ("curves", ["recipe", "--size", "80"], "80 is not like 80x24"),
        ("curves", ["recipe", "--size", "1x1"], "1x1 is not like 80x24"),
        ("curves", ["RUN", "--epochs", "3"], "recorded runs are what they were"),
        ("inside", ["valley", "--epochs", "1", "--text"], "there is no view of the inside of"),
        ("inside", ["RUN", "--view", "nose"], "nose is not one of eye"),
        ("curves", ["RUN", "--view", "nose"], "nose is not one of rate, gradient"),
    ],
)
def test_what_is_wrong_is_said(name, arguments, message, run_file, monkeypatch):
    if name == "inside":
        monkeypatch.setattr(alone_app, "INSIDE", {"eye": Eye()})
    ended = CliRunner().invoke(command(name), [run_file if word == "RUN" else word for word in arguments])
    assert ended.exit_code == 2
    assert message in ended.output


async def test_the_settings_own_keys_work(run_file):
    app = Alone("settings", session_for(run_file))
    async with app.run_test(size=(60, 20)) as pilot:
        pane = app.screen.query_one(SettingsPane)
        await pilot.pause()
        assert pane.has_focus and pane.size == (60, 20)
        await pilot.press("home", *["down"] * [one.label for one in pane.form].index("batch_size"), "right")
        await pilot.pause()
        assert app.session.run.training.batch_size == 64 and "64" in plain(pane.rows)
        await pilot.press("4", "5", "enter")
        await pilot.pause()
        assert app.session.run.training.batch_size == 45
        await pilot.press("home", *["down"] * [one.label for one in pane.form].index("activation"), "enter")
        await pilot.pause()
        assert app.session.run.network.activation != "relu"
        await pilot.press("q")
    assert app.return_code == 0


async def test_the_tree_s_own_keys_work(run_file):
    app = Alone("progress_tree", session_for(run_file))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        tree = app.screen.query_one(ProgressTree)
        await pilot.press("up", "enter")
        await pilot.pause()
        assert "gradient norm" in plain(tree.rows)
        assert app.viewing.lit == Lit(0, 47, 47)


async def test_the_curves_own_keys_work(run_file):
    app = Alone("curves", session_for(run_file))
    async with app.run_test(size=(70, 20)) as pilot:
        await pilot.pause()
        pane = app.screen.query_one(Curves)
        await pilot.press("left", "left", "left")
        await pilot.pause()
        at = app.viewing.cursor
        assert at is not None and at < 48 and f"iteration {at}" in plain(pane.rows).splitlines()[0]
        await pilot.press("up", "up", "pageup")
        await pilot.pause()
        low, high = app.viewing.window
        assert 0 < high - low < 20
        await pilot.press("escape")
        await pilot.pause()
        assert app.viewing.cursor is None and app.viewing.window is not None
        await pilot.press("escape")
        await pilot.pause()
        assert app.viewing.window is None
        await pilot.press("up", "enter")
        await pilot.pause()
        assert app.viewing.window is None


async def test_a_comparison_is_walked_through_in_the_tree():
    app = Alone("progress_tree", session_for("lr-big-medium-tiny", 1))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("down")
        await pilot.pause()
        assert app.session.selected == 1


async def test_a_view_s_own_keys_move_its_spot(run_file):
    app = Alone("inside", session_for(run_file), room=(40, 9))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        assert "spot 0, 40 wide" in app.text()
        await pilot.press("right")
        await pilot.pause()
        assert "spot 1, 40 wide" in app.text()
