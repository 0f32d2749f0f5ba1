"""At home on any terminal: layouts for little and much room, panes that hide, and how the screen was left."""

import json
import stat

import pytest
from rich.cells import cell_len

from tui.canvas import Section, plain
from tui.home import remembered
from tui.home.remembered import PANES, Layout
from tui.screens import homing
from tui.viewing import AS_IT_IS, Viewing
from tui.views import VIEWS


def in_sight(person) -> set[str]:
    return {name for name in (*PANES, "inside", "lesson") if person.lab.query_one(f"#{name}").size.width > 0}


def saved(home) -> dict:
    return json.loads((home / "layout.json").read_text(encoding="utf-8"))


# Sizes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "panes"),
    [
        ((60, 20), {"settings", "tree", "loss"}),
        ((80, 24), {"settings", "tree", "loss", "second"}),
        ((120, 40), {"settings", "tree", "loss", "second", "loop", "lesson"}),
        ((200, 50), {"settings", "tree", "loss", "second", "loop", "lesson"}),
    ],
)
async def test_each_size_has_a_layout_of_its_own(lab, size, panes):
    async with lab(size=size) as person:
        assert in_sight(person) == panes
        lines = person.seen().splitlines()
        assert len(lines) <= size[1]
        assert max(map(len, lines)) <= size[0]
        assert person.read("keys").lstrip().startswith("space start")
        assert "? keys" in person.read("keys")


async def test_a_comparison_at_every_size_from_start_to_end(lab, fast):
    """One lab through all sizes: no line is wider than the screen, every pane in sight has its title, the curves stay."""
    titles = {"settings": "Settings", "tree": "Progress", "loss": "Loss", "loop": "Training loop", "results": "Result"}

    async def through(person, second: str, *sizes: tuple[int, int]) -> None:
        for size in sizes:
            await person.resize(*size)
            lines = [strip.text for strip in person.app.screen._compositor.render_strips()]
            assert len(lines) == size[1] and {cell_len(line) for line in lines} == {size[0]}, size
            shown = in_sight(person) | ({"results"} if person.lab.query_one("#results").size.width else set())
            assert {"settings", "loss"} <= shown and person.lab.query_one("#loss").size.height >= 6, (size, shown)
            assert second in shown or size[1] < 32, (size, shown)
            for name, title in titles.items():
                assert name not in shown or person.read(name).splitlines()[0][2:].startswith(title), (size, name)
            lesson = person.lab.query_one("#lesson").size.width
            assert lesson == 0 if size[0] < 110 else lesson >= (62 if size[0] == 400 else 28), (size, lesson)

    async with lab("lr-big-medium-tiny", epochs=9, size=(120, 40), pace=fast) as person:
        await through(person, "second", (60, 20), (400, 100))
        await person.view("l")  # a view of the inside has the place of the second plot, and of both where lines are few
        await person.resize(60, 20)
        assert "inside" in in_sight(person) and "loss" not in in_sight(person)
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await through(person, "inside", (60, 20), (80, 24), (120, 40), (200, 50), (400, 100))
        await person.resize(60, 20)
        following = person.lab.query_one("#next", Section)
        assert plain(following.rows).endswith("?")  # the question is whole, and what has no room beside it left out
        await person.press("w")
        await person.settle()
        assert "closes" in person.seen()


async def test_the_cursor_of_the_settings_is_in_sight_where_not_all_rows_are(lab):
    async with lab("schedule-vs-constant", epochs=None, size=(60, 20)) as person:
        rows = len(person.lab.settings.form)
        for _ in range(rows):
            await person.press("down")
        drawn = person.read("settings").splitlines()[: person.lab.settings.size.height]
        assert any(line.startswith(f"> {person.lab.settings.form[-1].label}") for line in drawn), drawn
        assert drawn[0].startswith("━ Settings")
        await person.press("home")
        drawn = person.read("settings").splitlines()[: person.lab.settings.size.height]
        assert drawn[1].startswith(f"> {person.lab.settings.form[0].label}")


@pytest.mark.parametrize("size", [(59, 20), (60, 19), (50, 15), (20, 5), (3, 2), (1, 1)])
async def test_below_60x20_a_word_says_so_and_training_goes_on(lab, size):
    async with lab(epochs=None, pace=4.0) as person:
        await person.press("tab", "space")
        await person.until(lambda: person.session.steps >= 5)
        focus = person.focus
        before = person.session.steps
        await person.resize(*size)
        if size[0] >= 50:
            assert f"descent needs 60x20, this terminal is {size[0]}x{size[1]}:" in person.seen()
            assert "q quits" in " ".join(person.seen().split())
        assert in_sight(person) == set()
        await person.until(lambda: person.session.steps > before + 5)
        await person.resize(120, 40)
        await person.settle()
        assert person.focus == focus
        assert person.read(focus).startswith("━")
        assert in_sight(person) == {"settings", "tree", "loss", "second", "loop", "lesson"}
        assert "descent needs" not in person.seen()
        history = person.session.trainer.history
        assert len(history) == person.session.steps  # nothing was lost
        await person.press("q")
        await person.press("y")


async def test_q_quits_below_60x20(lab):
    async with lab(size=(40, 10)) as person:
        await person.press("q")
        await person.until(lambda: person.app._exit)


# Hiding ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PANES)
async def test_a_pane_hides_and_comes_back(lab, home, name):
    from tui.screens.panes import LETTERS

    async with lab() as person:
        whole = in_sight(person)
        await person.press("v", "p")
        await person.press(LETTERS[name])
        await person.settle()
        assert in_sight(person) == whole - {name}
        assert "[ ] " in person.seen()
        await person.press("escape")
        assert person.app.screen is person.lab
        assert person.focus is not None and person.focus != name  # a hidden pane has no keys
    assert saved(home)["hidden"] == [name]
    async with lab() as person:
        assert in_sight(person) == whole - {name}
        await person.press("v", "p", LETTERS[name], "escape")
        await person.settle()
        assert in_sight(person) == whole


async def test_one_pane_stays(lab, fast):
    async with lab(pace=fast) as person:
        await person.press("v", "p", "s", "p", "2", "o", "t")
        await person.settle()
        assert in_sight(person) == {"loss"}
        assert person.lab.query_one("#loss").size.width >= 118
        await person.press("l")
        assert "Loss is the last pane there is: it stays" in person.seen()
        assert in_sight(person) == {"loss"}
        await person.press("escape", "space")
        await person.until(lambda: person.state == "finished")


async def test_space_and_enter_turn_the_pane_of_the_line(lab):
    async with lab() as person:
        await person.press("v", "p", "down", "space")
        assert person.lab.hidden_panes == {"tree"}
        await person.press("enter")
        assert person.lab.hidden_panes == frozenset()


async def test_a_view_that_is_asked_for_is_shown(lab):
    async with lab() as person:
        await person.press("v", "p", "2", "escape", "v", "a")
        assert "second" in in_sight(person)


# What is remembered ---------------------------------------------------------------------------------------------------


async def test_what_is_wanted_is_there_the_next_time(lab, home):
    async with lab() as person:
        await person.press("t")
        person.lab.look_at(Viewing(x="samples", smoothing=0.9, clipped=True, cursor=3, window=(1.0, 2.0)))
    kept = saved(home)
    assert kept["lesson"] is False
    assert kept["viewing"]["x"] == "samples"
    assert not {"cursor", "window", "lit", "follow", "riding", "log_y"} & kept["viewing"].keys()
    async with lab() as person:
        assert "lesson" not in in_sight(person)
        viewing = person.lab.viewing
        assert (viewing.x, viewing.smoothing, viewing.clipped) == ("samples", 0.9, True)
        assert (viewing.cursor, viewing.window) == (None, None)


async def test_where_nothing_is_changed_nothing_is_written(lab, home):
    async with lab() as person:
        await person.press("z", "z", "n")
    assert not (home / "layout.json").exists()


async def test_it_is_written_at_most_every_two_seconds_and_at_the_end(lab, home, monkeypatch):
    written = []
    monkeypatch.setattr("tui.home.remembered.keep", lambda layout: written.append(layout) or "")
    assert homing.SECONDS == 2.0
    monkeypatch.setattr(homing, "SECONDS", 60.0)
    async with lab() as person:
        for _ in range(6):
            await person.press("t")
        assert [layout.lesson for layout in written] == [False]
    assert [layout.lesson for layout in written] == [False, True]
    monkeypatch.setattr(homing, "SECONDS", 0.2)
    async with lab() as person:
        await person.press("t", "t", "t")
        await person.until(lambda: written[-1].lesson is False, patience=3.0)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"x" * 70000, b'{"theme": 1}' * 2])
async def test_a_damaged_file_is_as_usual_with_a_word(lab, home, content):
    home.mkdir()
    (home / "layout.json").write_bytes(content)
    async with lab(size=(200, 50)) as person:
        assert "layout.json is damaged: the screen is as usual" in person.note
        assert (person.lab.viewing, person.lab.hidden_panes, person.lab.lesson_wanted) == (AS_IT_IS, frozenset(), None)


def test_what_can_be_used_of_a_file_is_used_and_the_rest_is_named(home):
    home.mkdir()
    said = {
        "theme": "nord", "lesson": "yes", "hidden": ["tree", "of-long-ago"],
        "viewing": {"x": "miles", "smoothing": 0.9, "log_x": 1, "second": "nothing", "of_long_ago": 3},
    }  # fmt: skip
    (home / "layout.json").write_text(json.dumps(said))
    layout, why = remembered.read()
    assert layout == Layout("nord", None, frozenset({"tree"}), Viewing(smoothing=0.9))
    assert "lesson, viewing.x, viewing.log_x, viewing.second cannot be used" in why


def test_a_file_that_would_hide_everything_hides_nothing(home):
    home.mkdir()
    (home / "layout.json").write_text(json.dumps({"hidden": list(PANES)}))
    assert remembered.read() == (Layout(), "")


def test_what_is_kept_is_read_again(home):
    layout = Layout("nord", True, frozenset({"loop", "tree"}), Viewing("samples", True, None, 0.99, True, VIEWS[0].id))
    assert remembered.keep(layout) == ""
    assert remembered.read() == (layout, "")
    assert stat.S_IMODE((home / "layout.json").stat().st_mode) == 0o600


async def test_a_folder_that_cannot_be_written_is_said_once_and_no_harm(lab, home):
    home.write_text("a file where the folder should be")
    async with lab(size=(200, 50)) as person:
        await person.press("t")
        assert "How the screen is cannot be kept" in person.note
        await person.press("n")
        assert person.session.steps == 1


async def test_on_a_wide_terminal_a_view_of_the_inside_stands_beside_both_plots(lab):
    async with lab(size=(200, 50)) as person:
        await person.press("n", "v", "n")
        await person.settle()
        assert {"loss", "second", "inside"} <= in_sight(person)
        loss, second, inside = (person.lab.query_one(f"#{name}").region for name in ("loss", "second", "inside"))
        assert loss.right <= inside.x and second.right <= inside.x
        assert inside.height >= loss.height + second.height
        before = person.read("second")
        await person.press("n")
        assert person.read("second") != before  # both go on
        await person.resize(120, 40)
        assert "second" not in in_sight(person)
        assert "inside" in in_sight(person)


async def test_the_leftmost_pane_has_no_line_on_its_left(lab):
    async with lab(size=(80, 24)) as person:
        curves, middle = person.lab.query_one("#loss"), person.lab.query_one("#middle")
        assert curves.region.x == middle.region.x + 1  # the line between the settings and the plots
        curves.focus()
        await person.press("z")
        await person.until(lambda: curves.region.x == 0 and curves.region.width == 80)
        await person.press("z")
        await person.until(lambda: curves.region.x == middle.region.x + 1 > 1)


@pytest.mark.parametrize(("keys", "sheet"), [(":", "taking"), ("vp", "panes"), ("v", "views")])
async def test_sheets_fit_into_60x20(lab, keys, sheet):
    async with lab(size=(60, 20)) as person:
        await person.press(*keys)
        if sheet == "taking":
            await person.type("take it away")
            await person.until(lambda: "Take it away" in person.seen())
            await person.press("enter")
        await person.until(lambda: person.app.screen.has_class(sheet))
        await person.settle()
        box = person.app.screen.query_one("Vertical").region
        assert box.x >= 0 and box.y >= 0 and box.right <= 60 and box.bottom <= 20
