"""Every pane alone and every layout of the lab as a picture in text, at three sizes, from recorded runs.

A picture that has changed fails, with the lines that differ. `pytest tests/tui/test_pictures.py --renew-pictures` takes all
of them anew, into `pictures/`: look at them before they are committed. Below the text of a pane stands which role each of
its cells has, a letter a role, since two roles may look alike in text.
"""

from __future__ import annotations

import difflib
import math
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Markdown

from engine import load_preset
from tui.alone_app import PANES, Alone
from tui.app import DescentApp
from tui.canvas import Canvas, Row
from tui.inside.registry import INSIDE
from tui.recorded import record, session_from
from tui.screens.explaining import Explains
from tui.session import Session
from tui.terminal.encoding import Characters

FOLDER = Path(__file__).with_name("pictures")
SIZES = [(80, 24), (120, 40), (200, 50)]
LETTERS = string.ascii_letters + string.digits + string.punctuation
RENEW = "renew them with: python -m pytest tests/tui/test_pictures.py --renew-pictures"

#: What is recorded: a preset, settings laid over it, and how many iterations of each run (None: to the end).
RUNS: dict[str, tuple[str, list, int | None]] = {
    "recipe": ("recipe", [], 111),
    "new": ("recipe", [], 0),
    "three": ("lr-big-medium-tiny", [("training.epochs", [3])], None),
    "walk": ("ravine-momentum", [], 12),
    "line": ("day79-study-hours", [], None),
    "refused": ("batch-out-of-memory", [], 4),
    "covered": ("recipe", [("show.hide", [["validation", "claims", "settings.learning_rate"]])], 111),
}

#: Panes alone: which runs, the keys that are pressed, and what the program is told beside them.
ALONE: dict[str, tuple[str, str, str, dict]] = {
    "settings": ("settings", "recipe", "down down down down", {}),
    "settings-typed": ("settings", "recipe", "down down down down down 9 9 9 9", {}),
    "tree": ("progress_tree", "recipe", "up up enter", {}),
    "tree-of-three": ("progress_tree", "three", "", {}),
    "tree-of-steps": ("progress_tree", "walk", "up up enter down", {}),
    "loss": ("curves", "recipe", "", {}),
    "loss-of-three": ("curves", "three", "", {}),
    "loss-with-cursor": ("curves", "recipe", "left left left left up up", {}),
    "gradient": ("curves", "recipe", "", {"curve": "gradient"}),
    "accuracy": ("curves", "recipe", "", {"second": True}),
    "fit": ("curves", "line", "", {"second": True}),
    "surface": ("curves", "walk", "", {"second": True}),
    "refusal": ("curves", "refused", "", {}),
    "multiples": ("multiples", "three", "", {}),
    "loop": ("training_loop", "recipe", "", {}),
    "loop-on-a-surface": ("training_loop", "walk", "", {}),
    "lesson": ("lesson", "recipe", "", {}),
    "results": ("results", "three", "", {}),
    "bars": ("bars", "recipe", "", {}),
}

#: The lab: which runs, and the keys that are pressed.
LAB: dict[str, tuple[str, str]] = {
    "lab": ("recipe", ""),
    "lab-new": ("new", ""),
    "lab-text": ("recipe", "t"),
    "lab-comparison": ("three", ""),
    "lab-surface": ("walk", ""),
    "lab-refused": ("refused", ""),
    "lab-hidden": ("covered", ""),
    "lab-tree-alone": ("recipe", "tab up up enter z"),
    "lab-linked": ("recipe", "tab tab left left left left left left"),
    "lab-why": ("recipe", "w"),
    "lab-runs": ("three", "k k"),
    "lab-phases": ("recipe", "s s s"),
    "lab-ascii": ("recipe", ""),
    "lab-comparison-ascii": ("three", ""),
}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Callable[[str], Path]:
    """The file of some runs: recorded once, with a clock that stands still: no picture shows how fast it was."""
    folder = tmp_path_factory.mktemp("recordings")

    def recording(name: str) -> Path:
        place = folder / f"{name}.npz"
        if not place.exists():
            source, settings, iterations = RUNS[name]
            session = Session(load_preset(source, settings))
            for trainer in session.trainers:
                trainer.clock = lambda: 0.0
                while not trainer.done and (iterations is None or trainer.iteration < iterations):
                    trainer.step()
                    session.films[trainer].take()
            record(session, place)
        return place

    return recording


def compare(pictures: dict[str, str], renew: bool) -> None:
    """Compare pictures, by their names, with those that are kept; or keep them, where they are renewed."""
    said = []
    for name, picture in pictures.items():
        file = FOLDER / f"{name}.txt"
        if renew:
            FOLDER.mkdir(exist_ok=True)
            file.write_text(f"{picture}\n", encoding="utf-8", newline="\n")
        elif not file.exists():
            said.append(f"there is no picture {file.name}")
        elif (kept := file.read_text(encoding="utf-8").splitlines()) != (now := picture.splitlines()):
            said.append(f"{file.name} has changed:")
            said += difflib.unified_diff(kept, now, "kept", "now", lineterm="", n=2)
    if said:
        pytest.fail("\n".join([*said, f"If it should be so, {RENEW}"]), pytrace=False)


def screen_text(app) -> str:
    """What is on the screen, line by line."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips()).rstrip("\n")


def roles_of(canvases: list[list[Row]]) -> str:
    """Which role each cell has: a letter each in the order in which they come, nothing for plain text."""
    letters: dict[str, str] = {"text": " "}
    lines = []
    for row in (row for rows in canvases for row in rows):
        line = ""
        for text, role in row:
            shown = text if role.startswith("cursor-focus") or "/" in role else text.replace(" ", "")  # these have a ground
            if shown and role not in letters:
                letters[role] = LETTERS[len(letters) - 1]
            line += "".join(letters[role] if shown == text or cell != " " else " " for cell in text)
        lines.append(line.rstrip())
    named = "  ".join(f"{letter} {role}" for role, letter in letters.items() if role != "text")
    return "\n".join([f"--- roles: {named}", *lines]).rstrip("\n")


async def taken(app, name: str, keys: str = "", with_roles: bool = False) -> dict[str, str]:
    """The pictures of an app at every size, by their names, after these keys."""
    found = {}
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.pause()
        for text in app.screen.query(Markdown):
            await text.update(text.source)  # the first time, nobody waited for it
        for key in keys.split():
            await pilot.press(key)
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            await pilot.pause()
            found[f"{name}-{width}x{height}"] = screen_text(app)
            if with_roles and (width, height) == SIZES[0]:  # they do not depend on the size
                found[f"{name}-{width}x{height}"] += "\n" + roles_of([one.rows for one in app.screen.query(Canvas)])
    return found


@pytest.fixture
def renew(request) -> bool:
    """Whether the pictures are taken anew."""
    return request.config.getoption("--renew-pictures")


@pytest.mark.parametrize("name", sorted(ALONE))
async def test_a_pane_alone_looks_as_it_did(name, recordings, renew):
    pane, runs, keys, told = ALONE[name]
    app = Alone(pane, session_from(recordings(runs)), **told)
    compare(await taken(app, f"pane-{name}", keys, with_roles=pane != "lesson"), renew)


@pytest.mark.parametrize("name", sorted(INSIDE))
async def test_a_view_of_the_inside_alone_looks_as_it_did(name, recordings, renew):
    sessions = (session_from(recordings(runs)) for runs in ("recipe", "three", "walk", "line"))
    app = next((Alone("inside", one, inside=name) for one in sessions if not INSIDE[name].why_not(one.trainer)), None)
    assert app is not None, f"none of the runs has the view {name}: record one that has it"
    compare(await taken(app, f"inside-{name}", with_roles=True), renew)


@pytest.mark.parametrize("name", sorted(LAB))
async def test_a_layout_of_the_lab_looks_as_it_did(name, recordings, renew, monkeypatch):
    monkeypatch.setattr(Explains, "word_seconds", math.inf)  # at 80x24 the newest word stands, however slow the machine
    monkeypatch.setattr(Explains, "trouble_seconds", math.inf)
    runs, keys = LAB[name]
    session = session_from(recordings(runs))
    characters = Characters(ascii_only=name.endswith("-ascii"))
    app = DescentApp(session.preset, 1.0, recorded=("run.npz", session), characters=characters)
    compare(await taken(app, name, keys), renew)


def test_every_pane_has_a_picture_and_no_picture_is_left_over(renew):
    assert {pane for pane, *_ in ALONE.values()} | {"inside"} == set(PANES)
    names = [*(f"pane-{name}" for name in ALONE), *(f"inside-{name}" for name in INSIDE), *LAB]
    wanted = {f"{name}-{width}x{height}.txt" for name in names for width, height in SIZES}
    there = {file.name for file in FOLDER.glob("*")}
    for name in there - wanted if renew else ():
        (FOLDER / name).unlink()
    if not renew:  # a worker beside this one may not have taken all of them yet
        assert there == wanted


def test_a_picture_that_is_not_the_same_fails_with_what_differs(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "FOLDER", tmp_path)
    (tmp_path / "loss.txt").write_text("one\ntwo\n", encoding="utf-8")
    compare({"loss": "one\ntwo"}, renew=False)
    with pytest.raises(pytest.fail.Exception, match=r"(?s)loss\.txt has changed.*\n-two\n\+three.*--renew-pictures"):
        compare({"loss": "one\nthree"}, renew=False)
    with pytest.raises(pytest.fail.Exception, match=r"(?s)there is no picture other\.txt.*loss\.txt has changed"):
        compare({"other": "one", "loss": "two"}, renew=False)
    compare({"other": "one"}, renew=True)
    compare({"other": "one"}, renew=False)
