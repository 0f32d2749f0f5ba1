"""The picker: every preset by lesson, what is done already, and a search that finds them by their text as well."""

from __future__ import annotations

import re

import pytest
from textual.widgets import OptionList

from tui.home import progress
from tui.home.progress import Done
from tui.listing import Heading, read_headings
from tui.screens.picker import Picker, described, found, length

RATE = Heading("rate", "Steps", "How long a step is", "Three rates.", 1, 3, 20.0, "Too long a step diverges.")
HEART = Heading("heart", "Steps", "By heart", "It learns its pictures.", 2, 1, 12.5, "This is overfitting: see the o.")
OVER = Heading("over", "Ending", "Overfitting", "Too many epochs.", 3, text="The story.")
ENTRIES = [RATE, HEART, OVER]


# What is found --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "direct", "in_text"),
    [
        ("", ENTRIES, []),
        ("rate", [RATE], []),  # a name
        ("STEPS", [RATE, HEART], []),  # a lesson
        ("by HEART", [HEART], []),  # a title
        ("pictures", [HEART], []),  # a summary
        ("overfitting", [OVER], [HEART]),  # a heading before a story
        ("steps overfitting", [], [HEART]),  # every word, wherever it stands
        ("rate overfitting", [], []),
        ("fitting", [OVER], []),  # within a word of a heading, but of a text only where a word begins
        ("too long", [], [RATE]),
        ("* (", [], []),
        ("  ", ENTRIES, []),
    ],
)
def test_every_word_must_occur_and_headings_come_before_texts(words, direct, in_text):
    assert found(ENTRIES, words) == (direct, in_text)


def test_a_word_of_the_glossary_finds_real_presets_by_their_text():
    direct, in_text = found(read_headings()[0], "loss")
    assert in_text
    assert all("loss" in entry.text.lower() and "loss" not in entry.title.lower() for entry in in_text)
    assert not set(direct) & set(in_text)


# What an entry says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "text"), [(RATE, "3 runs, 20 s"), (HEART, "1 run, 12.5 s"), (OVER, "1 run, 15 s")], ids=lambda one: str(one[0])
)
def test_the_length_of_a_preset(entry, text):
    assert length(entry) == text


def test_the_lengths_of_real_presets_are_those_of_their_files():
    from engine import load_preset

    for entry in read_headings()[0]:
        preset = load_preset(entry.name)
        assert (entry.runs, entry.seconds) == (len(preset.runs), preset.sheet.show.seconds)
        assert preset.sheet.story.strip() in entry.text


def test_a_heading_with_odd_keys_is_read_all_the_same(monkeypatch):
    odd = "run = 3\nthings_to_try = 5\nquestion = [1, {asks = 2, answer = 'yes'}]\nshow = {seconds = 'long'}\nclaim = {}"
    monkeypatch.setattr("presets.names", lambda: ["odd", "odder"])
    monkeypatch.setattr("presets.text", lambda name: odd if name == "odd" else "show = 1\nrun = []\nstory = ''")
    entries, broken = read_headings()
    assert broken == []
    assert [(entry.runs, entry.seconds, entry.text) for entry in entries] == [(1, 15.0, "yes"), (1, 15.0, "")]


@pytest.mark.parametrize(
    ("done", "mark"), [(None, None), (Done(0, 0), "done"), (Done(2, 3), "claims 2/3"), (Done(3, 3), "claims 3/3")]
)
@pytest.mark.parametrize("width", [30, 60, 100])
def test_an_entry_has_title_name_length_summary_and_mark_in_the_width_there_is(done, mark, width):
    lines = described(RATE, done, True, width).plain.split("\n")
    assert lines[0].startswith("* How long a step is")
    assert max(map(len, lines)) <= width
    words = " ".join(" ".join(lines).split())
    assert "rate, 3 runs, 20 s. Three rates." in words
    assert ("claims" in words or "done" in words) == (done is not None)
    if mark:
        assert mark in words
        assert (lines[0].endswith(mark) and len(lines[0]) == width) == (width > 30 or mark == "done")


def test_control_characters_of_a_file_do_not_reach_the_terminal():
    entry = Heading("bell", "L", "Ring\x07ing", "A\x1b[31mred", 1)
    assert described(entry, None, False, 60).plain.replace("\n", "").isprintable()


# On the screen --------------------------------------------------------------------------------------------------------


def chosen(person) -> str | None:
    options = person.app.screen.query_one(OptionList)
    return options.get_option_at_index(options.highlighted).id


@pytest.fixture
def many(monkeypatch) -> list[Heading]:
    """More presets than a screen has room for, among them two real ones."""
    real = {entry.name: entry for entry in read_headings()[0]}
    entries = [Heading(f"made-{n}", f"Lesson {n // 4}", f"Preset {n}", f"Summary {n}", n) for n in range(30)]
    entries[20:20] = [real["recipe"], real["digits"]]
    monkeypatch.setattr("tui.screens.opening.read_headings", lambda: (entries, []))
    return entries


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 50)])
async def test_it_opens_at_the_preset_that_is_open_with_it_in_sight(lab, many, size):
    async with lab(size=size) as person:
        await person.press("p")
        assert isinstance(person.app.screen, Picker)
        await person.until(lambda: "* The recipe" in person.seen())
        assert chosen(person) == "recipe"
        assert "type to search" in person.seen()
        assert "Escape closes" in person.seen()
        assert "claims 2/3: 2 of 3 held" in person.seen()  # the legend


async def test_the_keys_of_a_list_move_in_it(lab, many):
    names = [entry.name for entry in many]
    async with lab(size=(80, 24)) as person:
        await person.press("p")
        await person.until(lambda: "* The recipe" in person.seen())
        at = names.index("recipe")
        await person.press("down")
        assert chosen(person) == "digits"
        await person.press("up", "up")
        assert chosen(person) == names[at - 1]
        await person.press("pageup")
        page = at - 1 - names.index(chosen(person))
        assert page >= 3
        await person.press("pagedown")
        assert names.index(chosen(person)) > at - 1 - page
        await person.press("home")
        assert chosen(person) == "made-0"
        await person.until(lambda: "Lesson 0" in person.seen())  # with the name of its lesson
        await person.press("end")
        assert chosen(person) == "made-29"
        await person.until(lambda: "Preset 29" in person.seen())
        await person.press("pageup", "escape")
        assert person.app.screen is person.lab
        assert person.session.preset.name == "recipe"


async def test_the_choice_stays_where_the_window_changes(lab, many):
    async with lab(size=(120, 40)) as person:
        await person.press("p", "end")
        assert chosen(person) == "made-29"
        await person.resize(60, 20)
        await person.until(lambda: "Preset 29" in person.seen())
        assert chosen(person) == "made-29"


async def test_typing_chooses_the_first_that_is_found_and_what_has_it_in_its_text_comes_last(lab, many):
    many[3] = many[3]._replace(text="A story of overfitting.")
    many[-1] = many[-1]._replace(summary="Overfitting, and how to see it.")
    async with lab() as person:
        await person.press("p")
        await person.type("overfitting")
        await person.until(lambda: "In the text of" in person.seen())
        lines = person.seen().splitlines()
        at = [
            index
            for word in ("Preset 29", "In the text of", "Preset 3 ")
            for index, line in enumerate(lines)
            if word in line
        ]
        assert at == sorted(at) and len(at) == 3
        assert chosen(person) == "made-29"
        await person.press(*["backspace"] * len("overfitting"))
        await person.until(lambda: "* The recipe" in person.seen())
        assert chosen(person) == "recipe"
        await person.type("digits")
        assert chosen(person) == "digits"
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)
        assert person.session.preset.name == "digits"


async def test_what_is_done_is_told_in_words(lab, many):
    assert progress.note("recipe", 1, 2) == progress.note("digits", 0, 0) == progress.note("made-20", 3, 3) == ""
    async with lab() as person:
        await person.press("p")
        await person.until(lambda: "* The recipe" in person.seen() and "Preset 21" in person.seen())
        assert f"Lessons   3 of {len(many)} done" in person.seen()
        lines = person.seen().splitlines()
        marks = {
            title: re.findall(r"claims \d+/\d+|done", line)
            for title in ("The recipe", "Handwritten digits", "Preset 20", "Preset 21")
            for line in lines
            if re.search(rf"[ *] {title}  ", line)
        }
        assert marks == {
            "The recipe": ["claims 1/2"], "Handwritten digits": ["done"], "Preset 20": ["claims 3/3"], "Preset 21": []
        }  # fmt: skip
