"""Sentences that name keys name those in force: with a keymap of one's own no sentence of the lab says a usual key."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import tui
from engine import load_preset
from tui.canvas import plain
from tui.comparing.compared import Line
from tui.exporting import report
from tui.hidden import UNCOVERS
from tui.keyboard import keymap, named
from tui.keyboard.keys import KEYS
from tui.keyboard.named import ids_in, known
from tui.keyboard.places import places
from tui.palette import Everything
from tui.session import Session
from tui.views import VIEWS
from tui.words import glossary, outcome
from tui.words.verdicts import HINT, Shown, verdict_line

ARROWS = ("left", "right", "up", "down")

#: A key of its own for everything the lab has, none of them a usual one of anything.
OTHERS = dict(zip((key.id for key in KEYS if key.action), "αβγδεζηθικλμνξοπρστυφχ", strict=True))

#: These files speak of keys by themselves, or to somebody who is not in the lab.
APART = ("keyboard", "console", "exporting", "writing", "cli.py", "alone.py")

#: A key that a sentence names: a word or an arrow, or a letter with what it does.
LITERAL = re.compile(
    r"(?<![\w:-])([Ss]pace|Escape|Esc|Tab|Enter|PageUp|PageDown|PgUp|PgDn|arrows|Up Down|Left Right)(?![\w-])"
    r"|(Up|Down|Left|Right|Home|End)\b(?=:|$| [a-z]+s\b)|[←→↑↓] ?[a-z]"
    r"|(?<![\w'`{(-])[nNsrktpwvzqgcx] (?!is\b|has\b)[a-z]+s\b|(?<![\w'`{-])[nNsrktpwvzqgcx] [a-z]\b"
    r"|(?<=[.:,;] )[-?,.+] [a-z]+s\b"
)

#: Keys of a line that is typed in are its own, and no keymap changes them; nor how the keys of the help are scrolled.
TYPED = (
    r"Enter (accepts|makes|opens|saves|records|writes|leads|goes)\b", r"Escape restores", r"^arrows scroll",
)  # fmt: skip


@cache
def constants() -> list[tuple[str, str]]:
    """Every piece of text in tui that is no docstring, with its file."""
    root = Path(tui.__file__).parent
    found: list[tuple[str, str]] = []
    for file in sorted(root.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        bodies = [node.body for node in ast.walk(tree) if hasattr(node, "body") and isinstance(node.body, list)]
        docs = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                found.append((str(file.relative_to(root)), node.value))
    return found


def literal(text: str) -> str:
    """The first usual key that a sentence names itself; empty where it names none."""
    if " " not in text.strip():
        return ""
    for pattern in TYPED:
        text = re.sub(pattern, "", text)
    found = LITERAL.search(re.sub(r"<[\w. -]+>", "", text))
    return found[0] if found else ""


# What stands in the place of an id ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "usual", "own"),
    [
        ("<run.toggle> pauses", "space pauses", "x pauses"),
        ("<Runs.mark> marks", "Space marks", "m marks"),
        ("<any ask.yes>: quit", "Enter or y: quit", "j: quit"),
        ("<any overwrite.no sheet.escape>: keep it", "n, Enter or Escape: keep it", "n, Enter or ctrl+g: keep it"),
        ("<any panes.turn list.enter> turns", "space or Enter turns", "space or Enter turns"),
        ("<brief curves.left> <brief curves.right> cursor", "← → cursor", "h → cursor"),
        ("<brief phase.left phase.right> unit", "←→ unit", "h → unit"),
        ("<brief phase.pageup phase.pagedown> row", "PgUp PgDn row", "PgUp J row"),
        ("<arrows inside>: a cell", "arrows: a cell", "Left l Up Down: a cell"),
        ("<rate.down> lowers the rate", ", lowers the rate", "{ lowers the rate"),
        ("<show.views> <view.log-x> turns it", "v X turns it", "v L turns it"),
    ],
)
def test_ids_become_the_keys_in_force(text, usual, own):
    said = {
        "run.toggle": "x", "runs.mark": "m", "ask.yes": "j", "sheet.escape": "ctrl+g", "curves.left": "h",
        "phase.left": "h", "phase.pagedown": "J", "inside.right": "l", "rate.down": "{", "view.log-x": "L",
    }  # fmt: skip
    assert named.named(text) == usual
    assert named.named(text, keymap.checked(said, "")) == own


@pytest.mark.parametrize(
    "text", ["a < b > c", "<run.togle> x", "<any thing>", "<b>bold</b>", "List<run>", "<arrows x>", "<"]
)
def test_what_is_no_id_stays_as_somebody_wrote_it(text):
    assert named.named(text) == text


def test_every_id_that_a_sentence_names_exists():
    texts = [*constants(), *(("words.toml", term.says) for term in glossary.terms().values())]
    used = [(file, name) for file, text in texts for name in ids_in(text) if file != "keyboard/named.py"]
    assert [one for one in used if not known(one[1])] == []
    assert len({name for _, name in used}) > 40
    assert ids_in("<run.togle> and <arrows insde>")[:2] == ["run.togle", "insde.left"] and not known("run.togle")


def test_no_sentence_names_a_usual_key_itself():
    found = [
        (file, text, key) for file, text in constants() if not set(Path(file).parts) & set(APART) and (key := literal(text))
    ]
    assert found == []
    assert [term.word for term in glossary.terms().values() if "key " in term.says and not ids_in(term.says)] == []


@pytest.mark.parametrize(
    "text",
    ["space starts, then it goes on", "Paused. n takes one batch", "validation hidden: w shows it", "v a goes back",
     "  End: newest", "Esc cursor away", "it fits: r starts again", "arrows: choose", "Left Right: layer", "← → cursor",
     "Up zooms in first", "loss 3. , lowers the rate", "takes one, ? explains words"],
)  # fmt: skip
def test_a_sentence_that_names_a_key_would_be_found(text):
    assert literal(text)


# What is said ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def others():
    named.put_in_force(keymap.checked(OTHERS, ""))
    yield
    named.put_in_force({})


def test_the_line_of_the_verdict_measures_the_key_that_it_shows(others):
    shown = Shown("=", "good", ("Healthy: all is well", "Healthy"), hint=HINT)
    why = OTHERS["show.why"]
    assert "".join(text for text, _ in verdict_line(shown, 60)).endswith(f" {why} = why ")
    usual_room = len(" =  Healthy: all is well") + len(f"{why} = why ") + 1
    assert "all is well" in "".join(text for text, _ in verdict_line(shown, usual_room))
    named.put_in_force({"show.why": ("pagedown",)})
    assert "".join(text for text, _ in verdict_line(shown, usual_room)).rstrip().endswith("PageDown = why")
    assert "all is well" not in "".join(text for text, _ in verdict_line(shown, usual_room))


def test_the_first_word_and_the_refusal_name_the_keys_in_force(others):
    start, batch, explains, why = (OTHERS[name] for name in ("run.toggle", "run.batch", "show.help", "show.why"))
    for name, more in (("recipe", ""), ("no-validation", f", {why} shows what is hidden")):
        told = f"{start} starts, {batch} takes one batch, {explains} explains keys and words{more}"
        assert named.named(outcome.ready(Session(load_preset(name)))[-1]) == told


def test_a_line_that_has_no_room_for_all_and_a_report_name_the_keys_in_force(others):
    line = Line((("1: learning_rate 0.001 → 0.01", "text"), ("2: batch_size 32 → 64", "text")))
    assert plain([line.fitted(45)]).endswith(f"+1: {OTHERS['run.keep']}")
    assert report.plain(f"validation {UNCOVERS}") == f"validation {OTHERS['show.why']} shows it"


@pytest.fixture
def own_keys(home):
    """A keymap file in which every key of the lab is another one, and some of views and sheets."""
    views = {f"view.{entry.id}": letter for entry, letter in zip(VIEWS, "ABCDEFGHIJKLMNPQRSTUV", strict=True)}
    more = {"evidence.w": "W", "list.enter": ["enter", "Y"], "inside.enter": "E", "phase.enter": "E"}
    more |= {f"{pane}.{arrow}": key for pane in ("inside", "phase") for arrow, key in zip(ARROWS, "hljk", strict=True)}
    more |= {"phase.pageup": "u", "phase.pagedown": "d"}
    home.mkdir(exist_ok=True)
    lines = [f'"{name}" = {keys!r}'.replace("'", '"') for name, keys in {**OTHERS, **views, **more}.items()]
    (home / "keymap.toml").write_text("\n".join(lines), encoding="utf-8")


async def test_a_lab_with_other_keys_never_names_the_usual_ones(lab, own_keys):
    """What stands in the lines of the lab and in the sheets, on a way through it that is walked with the other keys."""
    key = OTHERS
    async with lab("no-validation", epochs=2, size=(150, 46), pace=float("inf")) as person:
        heard: list[str] = []

        def hear(*names: str) -> None:
            for name in (*names, "note", "verdict"):
                heard.extend(line.strip() for line in person.read(name).split("   ") if line.strip())

        hear("loop")
        assert person.note.endswith(f"{key['show.why']} shows what is hidden")
        assert f"{key['show.why']} shows it" in person.read("verdict")
        assert f"no batch yet: {key['run.toggle']} starts, {key['run.batch']} takes one batch" in person.read("loop")
        await person.press(key["show.why"])  # uncovers it
        await person.until(lambda: person.app.screen.has_class("evidence"))
        assert "Escape or W closes" not in person.seen() and "W hides it again" in person.seen()
        await person.press("escape")
        await person.press(key["run.batch"])
        hear()
        assert person.note.endswith(f"{key['run.batch']} takes the next")
        await person.press(key["run.phase"])
        hear("loop")
        assert "h l unit   j k layer   E weight   u d row" in person.read("loop")
        assert f"{key['pane.escape']} closes" in person.read("loop")
        await person.press(key["pane.escape"], key["run.keep"])
        hear("differs")
        assert f"{key['run.restart']} starts it, {key['run.keep']} compares runs" in person.note
        await person.press(key["show.views"])
        await person.until(lambda: person.app.screen.has_class("views"))
        assert " B Boundary or fit" in person.seen() and "a letter or Enter takes it   Escape closes" in person.seen()
        await person.press("b", "M")  # nothing's any more; and outliers are left open
        assert person.app.screen.has_class("views")
        await person.press("B")
        await person.until(lambda: person.lab.viewing.second == "boundary")
        hear()
        assert person.note.endswith(f"{key['show.zoom']} makes it large, {key['show.views']} A goes back")
        assert "E: letters" in person.read("inside") or "E: letters" in person.note
        await person.press(key["run.toggle"])
        await person.until(lambda: person.session.done)
        await person.settle()
        hear()
        assert f"{key['run.restart']} starts again" in person.note
        assert f"{key['show.presets']}: next lesson" in person.read("next")
        assert f"{key['show.why']} = why" in person.read("verdict")
        sheet = set()
        for opens in ("preset.save", "run.keep", "show.help"):
            await person.press(key[opens])
            await person.settle()
            assert person.app.screen is not person.lab, opens
            sheet.update(line.strip() for part in person.seen().splitlines() for line in part.split("   ") if line.strip())
            await person.press("escape")
            await person.until(lambda: person.app.screen is person.lab)
        (hit,) = [
            hit async for hit in Everything(person.lab).search("boundary or fit") if hit.text == "View: Boundary or fit"
        ]
        assert hit.help.endswith(f"Keys {key['show.views']} B")
        assert len(heard) > 20 and [line for line in heard if literal(line)] == []
        assert not any("<" in line and ids_in(line) for line in [*heard, *sheet])


async def test_the_letters_of_the_sheets_can_be_swapped(lab, home):
    home.mkdir(exist_ok=True)
    swapped = {"view.boundary": "n", "view.network": "b", "view.panes": "q", "panes.tree": "l", "panes.loss": "p"}
    (home / "keymap.toml").write_text("\n".join(f'"{name}" = "{letter}"' for name, letter in swapped.items()))
    async with lab(size=(120, 40)) as person:
        await person.press("v", "b")
        await person.until(lambda: person.lab.viewing.second == "network")
        await person.press("v", "n")
        await person.until(lambda: person.lab.viewing.second == "boundary")
        await person.press("v", "q")
        await person.until(lambda: person.app.screen.has_class("panes"))
        await person.settle()
        assert "[x] l Progress" in person.seen()
        await person.press("l")
        assert not person.lab.pane_shown("tree") and person.lab.pane_shown("loss")
        await person.press("escape")


@pytest.mark.parametrize(
    ("said", "name", "why"),
    [
        ({"view.boundary": "n"}, "view.boundary", '"n" is taken by view.network'),
        ({"view.boundary": "down"}, "view.boundary", '"Down" is taken by list.down'),
        ({"list.down": "j", "view.gap": "j"}, "view.gap", '"j" is taken by list.down'),
        ({"list.down": "l"}, "list.down", '"l" is taken by'),
        ({"panes.tree": "o"}, "panes.tree", '"o" is taken by panes.loop'),
        ({"view.gap": "escape"}, "view.gap", '"Escape" is taken by sheet.escape'),
        ({"view.gap": "3"}, "view.gap", "a digit"),
    ],
)
def test_two_lines_of_a_sheet_cannot_have_one_letter(said, name, why):
    with pytest.raises(keymap.KeymapError) as caught:
        keymap.checked(said, "")
    assert why in {problem.key: problem.message for problem in caught.value.problems}[name]


def test_every_view_has_a_key_with_an_id_that_may_be_a_key_of_the_lab():
    (place,) = [place for place in places() if place.name == "view"]
    assert [(one.id, one.key) for one in place.bindings] == [(entry.key_id, entry.letter) for entry in VIEWS]
    assert len({one.tooltip for one in place.bindings}) == len(VIEWS)
    assert keymap.checked({"view.boundary": "k"}, "") == {"view.boundary": ("k",)}
