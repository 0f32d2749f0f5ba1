"""Every binding has an id, a tooltip, a place in the help and in `descent keys`; all there is to do is in the palette."""

import pytest
from click.testing import CliRunner
from textual.binding import Binding

from tui import cli
from tui.keyboard import keymap
from tui.keyboard.keys import KEYS, USEFUL, footer, in_force, told, typed, written
from tui.keyboard.places import TITLES, classes, places
from tui.palette import LEFT_OUT, Everything, commands
from tui.screens.help import Help, key_table
from tui.views import VIEWS


def all_bindings() -> list[Binding]:
    """As the classes have them: of every pane, every sheet and the app."""
    return [binding for cls in classes() for binding in vars(cls)["BINDINGS"]]


def test_all_panes_and_sheets_are_walked_through():
    names = {cls.__name__ for cls in classes()}
    assert names >= {"SettingsPane", "ProgressTree", "InsidePane", "LessonPane"}
    assert names >= {"Sheet", "Ask", "Picker", "Help", "DescentApp"}
    assert len(all_bindings()) > 40


def test_every_binding_is_a_binding_with_an_id_a_description_and_a_tooltip():
    for cls in classes():
        for binding in vars(cls)["BINDINGS"]:
            assert isinstance(binding, Binding), (cls, binding)
            assert binding.id and "." in binding.id, (cls, binding)
            assert binding.description, (cls, binding)
            assert len(binding.tooltip) > 1, (cls, binding)


def test_no_id_stands_for_two_things():
    ids = [binding.id for binding in all_bindings()] + [key.id for key in KEYS]
    assert len(ids) == len(set(ids))


def test_a_binding_without_a_tooltip_is_given_its_description():
    plain, own = Binding("a", "b", "Does it", id="x.a"), Binding("a", "b", "Does it", id="x.b", tooltip="Does that")
    assert [each.tooltip for each in told([plain, own])] == ["Does it", "Does that"]


async def test_the_help_tells_every_binding_with_its_keys(lab):
    async with lab(size=(120, 40)) as person:
        await person.press("tab", "?")
        sheet = person.app.screen
        assert isinstance(sheet, Help)
        table = key_table(sheet.table, sheet.keymap)
        keys, says = ([str(cell) for cell in column.cells] for column in table.columns)
        rows = dict(zip(says, keys, strict=True))
        for key in KEYS:
            assert rows[key.help] == key.shown
        for place in places():
            if place.kind != "lab":
                assert place.title in rows
            for binding in place.bindings:
                here = [shown.split() for shown, said in zip(keys, says, strict=True) if said == binding.tooltip]
                for each in binding.key.split(",")[: 1 if place.kind == "lab" else None]:  # = is not shown beside +
                    assert any(written(each) in shown for shown in here), binding


def test_every_place_has_a_heading_of_its_own():
    titles = [place.title for place in places() if place.kind != "lab"]
    assert len(titles) == len(set(titles))
    assert set(TITLES) >= {"settings", "tree", "inside", "lesson", "sheet", "app"}


def test_descent_keys_prints_every_id_with_its_keys():
    ended = CliRunner().invoke(cli.main, ["keys"])
    assert ended.exit_code == 0, ended.output
    lines = ended.stdout.splitlines()
    for place in places():
        for binding in place.bindings:
            (line,) = [one for one in lines if f" {binding.id} " in one]
            assert binding.tooltip in line
            for each in binding.key.split(","):
                assert written(each) in line.split(binding.id)[0].split()


@pytest.mark.parametrize(
    ("key", "shown"),
    [("question_mark", "?"), ("N", "N"), ("n", "n"), ("full_stop", "."), ("minus", "-"), ("shift+tab", "shift+Tab"),
     ("ctrl+s", "ctrl+s"), ("pageup", "PageUp"), ("space", "space"), ("up", "Up"), ("plus", "+"), ("ctrl+q", "ctrl+q")],
)  # fmt: skip
def test_keys_are_written_as_people_write_them(key, shown):
    assert written(key) == shown


def test_what_a_key_types():
    assert [typed(key) for key in ("a", "plus", "space", "up", "ctrl+s")] == ["a", "+", " ", "", ""]


# The footer -----------------------------------------------------------------------------------------------------------


def test_what_is_useful_names_keys_with_a_word_in_the_footer():
    with_words = [key.id for key in KEYS if key.footer]
    assert set(with_words) <= set(USEFUL) | {"show.views"}
    assert USEFUL[0] == "show.help"


@pytest.mark.parametrize("state", ["ready", "running", "paused", "finished"])
def test_the_footer_loses_the_least_useful_first_and_keeps_the_order(state):
    whole = [keys for keys, _ in footer(state, 400)]
    for width in range(300, 4, -1):
        entries = footer(state, width)
        shown = [keys for keys, _ in entries]
        assert shown == [keys for keys in whole if keys in shown]  # in the table's order
        assert "?" in shown
        assert len(entries) == 1 or sum(len(keys) + len(word) + 3 for keys, word in entries) <= width
    assert next(keys for keys, _ in footer(state, 44)) == "space"


def test_the_footer_shows_the_keys_in_force():
    table = in_force({"run.toggle": ("x",), "rate.down": ("left_curly_bracket",), "show.help": ("h",)})
    shown = [keys for keys, _ in footer("ready", 200, table=table)]
    assert shown[0] == "x" and "{ ." in shown and "h" in shown and "?" not in shown


# The palette ----------------------------------------------------------------------------------------------------------


async def test_the_palette_has_every_action_view_theme_and_preset(lab):
    async with lab() as person:
        found = list(commands(person.lab))
        titles = [one.title for one in found]
        for key in KEYS:
            if key.action and not key.action.startswith("app.") and key.action not in LEFT_OUT:
                assert key.help in titles
        for entry in VIEWS:
            assert any(title.endswith(entry.title) and title.startswith("View: ") for title in titles), entry
        for theme in person.app.available_themes:
            assert f"Theme: {theme}" in titles
        for heading in person.lab.entries():
            assert f"Open {heading.title}" in titles
        for word in ("Predict", "Verify", "Save"):
            assert any(title.startswith(word) for title in titles), word
        assert len(titles) == len(set(titles))
        assert all(one.help for one in found)


async def test_the_palette_is_searched_by_the_words_of_the_help_too(lab):
    async with lab() as person:
        provider = Everything(person.lab)
        for words, title in (
            ("colour-blind", "View: Theme"),
            ("seeds count", "Verify"),
            ("says to it", "Predict"),
            ("hide panes", "View: Panes"),
            ("hide pane", "Hide the pane: Settings"),
        ):
            hits = [hit async for hit in provider.search(words)]
            assert any(str(hit.text).startswith(title) for hit in hits), (words, [hit.text for hit in hits])
        assert [hit async for hit in provider.search("xyzzy quux")] == []


async def test_the_words_themselves_come_before_letters_that_are_near(lab):
    async with lab() as person:
        hits = sorted([hit async for hit in Everything(person.lab).search("hide")], key=lambda hit: -hit.score)
        said = ["hide" in f"{hit.text} {hit.help}".lower() for hit in hits]
        assert True in said and False in said
        assert said == sorted(said, reverse=True)


async def test_a_pane_is_put_away_and_taken_back_from_the_palette(lab):
    async with lab(size=(120, 40)) as person:
        for word, shown in (("hide", False), ("show", True)):
            await person.press(":")
            await person.type(f"{word} the pane progress")
            await person.until(lambda word=word: f"{word.capitalize()} the pane: Progress" in person.seen())
            await person.press("enter")
            await person.until(lambda shown=shown: bool(person.lab.query_one("#tree").display) is shown)


async def test_the_palette_has_no_character_that_terminals_do_not_agree_on(lab):
    async with lab() as person:
        await person.press(":")
        await person.until(lambda: "Start or pause" in person.seen())
        assert all(ord(character) < 0x10000 for character in person.seen())


async def test_a_view_is_taken_from_the_palette(lab):
    async with lab() as person:
        await person.press(":")
        await person.type("view panes")
        await person.until(lambda: "View: Panes" in person.seen())
        await person.press("enter")
        await person.until(lambda: person.app.screen.has_class("panes"))


async def test_the_views_sheet_has_a_line_an_entry_and_takes_the_room_there_is(lab):
    async with lab(size=(80, 24)) as person:
        await person.press("v")
        await person.until(lambda: person.app.screen.has_class("views"))
        await person.settle()
        drawn = person.app.screen.query_one("#views-list")
        assert drawn.virtual_size.height == len(VIEWS) + len({entry.group for entry in VIEWS})
        assert drawn.size.height == 20
        assert "a letter or Enter takes it" in person.seen()


def test_the_table_of_places_is_what_the_keymap_checks():
    assert {binding.id for place in places() for binding in place.bindings} == {binding.id for binding in all_bindings()} | {
        key.id for key in KEYS if key.action
    }
    assert keymap.read() == {}
