"""The map of the lessons, `presets/LESSONS.md`: all 78 rows are there, and every place that they name exists."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

import presets
from engine import load_preset
from engine.preset import Preset

FIRST_ROWS = {"000": 1, "001": 32, "002": 50, "003": 64, "004": 70}  # the row with which each lesson begins
ROWS = 78
SCENARIOS = (
    "lr-big-medium-tiny", "lr-explodes-fix", "lr-too-low-fix", "recipe", "epochs-and-iterations", "batch-8-32-128",
    "too-few-epochs", "too-many-epochs", "early-stopping", "no-validation", "healthy-training", "loss-falls-accuracy-flat",
    "plateau-lower-lr", "gd-variants", "keras-example", "pytorch-double-softmax", "small-batch-generalisation",
    "day79-literal", "day79-study-hours", "day79-closest-numbers", "day79-challenge-3-vs-50", "valley", "hilly-park",
    "batch-out-of-memory", "training-loop-step",
)  # fmt: skip
BEYOND = (
    "batch-and-memory", "plateau-more-epochs", "ravine-momentum", "optimizers-compared", "regularisation",
    "schedule-vs-constant", "digits", "iris", "diabetes", "wine",
)  # fmt: skip

TEXT = (files("presets") / "LESSONS.md").read_text(encoding="utf-8")
PLACES = re.compile(r"`([^`]+)`(?:, `([^`]+)`)*")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the map, without its head."""
    _, _, below = TEXT.partition(f"## {heading}\n")
    lines = [line for line in below.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def places(cell: str) -> list[str]:
    """What a cell names in backticks; nothing else may stand in it."""
    assert PLACES.fullmatch(cell), f"not a list of places: {cell}"
    return re.findall(r"`([^`]+)`", cell)


@cache
def preset(name: str) -> Preset:
    return load_preset(name)


@cache
def glossary() -> dict[str, dict]:
    return tomllib.loads(presets.glossary_text())


def preset_of(place: str) -> str | None:
    """The preset that a place belongs to; None for a word of the glossary."""
    return None if place.startswith("glossary:") else re.split(r"[/#?]", place, maxsplit=1)[0]


def problem(place: str) -> str:
    """What is wrong with a place; empty where it exists."""
    name = preset_of(place)
    if name is None:
        return "" if place.removeprefix("glossary:") in glossary() else "no such word in the glossary"
    if name not in presets.names():
        return "no such preset"
    mark, rest = place[len(name) : len(name) + 1], place[len(name) + 1 :]
    found = preset(name)
    if mark == "/":
        runs = [run.name for run in found.runs]
        return "" if rest in runs else f"no such run; there are {', '.join(runs)}"
    if mark == "?":
        count = len(found.sheet.question)
        return "" if rest.isdecimal() and 1 <= int(rest) <= count else f"no such question; there are {count}"
    if mark == "#":
        return "" if rest == "story" and found.sheet.story.strip() else "no story"
    return ""


THE_78 = rows("The 78 rows")
QUIZZES = rows("Quizzes, interview questions and memory aids")
CONTRADICTIONS = rows("Where the lessons contradict each other, themselves, or what runs show")


def test_all_78_rows_are_there_in_order_each_under_its_lesson() -> None:
    lessons = [max(lesson for lesson, first in FIRST_ROWS.items() if first <= number) for number in range(1, ROWS + 1)]
    assert [row[:2] for row in THE_78] == [[str(number), lesson] for number, lesson in enumerate(lessons, start=1)]
    assert all(len(row) == 4 and len(row[2]) >= 10 for row in THE_78)


@pytest.mark.parametrize("row", THE_78, ids=lambda row: row[0])
def test_every_place_of_a_row_exists(row: list[str]) -> None:
    assert {place: found for place in places(row[3]) if (found := problem(place))} == {}


def test_every_contradiction_is_told_in_presets_that_exist() -> None:
    assert [row[0] for row in CONTRADICTIONS] == [f"C{number}" for number in range(1, 15)]
    for word, what, where in CONTRADICTIONS:
        assert len(what) >= 20, word
        for place in places(where):
            assert place == preset_of(place), f"{word}: {place} is not a preset"
            assert problem(place) == "", f"{word}: {place}"
            assert problem(f"{place}#story") == "", f"{word}: {place}"


def test_every_quiz_and_memory_aid_is_asked_in_a_question_or_said_in_the_glossary() -> None:
    assert sorted({row[0] for row in QUIZZES}) == ["001", "002", "003"]
    assert len(QUIZZES) == 17
    for _, what, where in QUIZZES:
        for place in places(where):
            assert "?" in place or place.startswith("glossary:"), f"{what}: {place}"
            assert problem(place) == "", f"{what}: {place}"


def test_every_scenario_is_reached_by_the_map() -> None:
    reached = {preset_of(place) for row in THE_78 for place in places(row[3])}
    assert set(SCENARIOS) - reached == set()
    assert len(set(SCENARIOS)) == 25


def test_the_presets_beyond_the_scenarios_are_named_as_well() -> None:
    _, _, last = TEXT.partition("## Presets beyond the rows\n")
    named = re.findall(r"`([^`]+)`", last)
    assert sorted(named) == sorted(BEYOND)
    assert [name for name in named if problem(name)] == []


def test_the_readme_lists_every_preset_under_its_lesson_in_teaching_order() -> None:
    """The README's table: a row a lesson, and in it the presets in the order of the picker."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## Presets\n")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| ([A-Z][^|]*) \| (`.*) \|$", section, flags=re.MULTILINE))
    taught: dict[str, list[str]] = {}
    for name in sorted(presets.names(), key=lambda name: preset(name).sheet.order):
        taught.setdefault(preset(name).sheet.lesson, []).append(name)
    assert {lesson: re.findall(r"`([^`]+)`", row) for lesson, row in listed.items()} == taught
    assert list(listed) == list(taught)
    assert f"{len(presets.names())} in {len(taught)} lessons" in section


@pytest.mark.parametrize(
    "place",
    [
        "nowhere", "recipes", "nowhere/big", "lr-big-medium-tiny/huge", "lr-big-medium-tiny/", "recipe?0", "recipe?99",
        "recipe?one", "recipe#tale", "glossary:nothing", "glossary:", "glossary",
    ],
)  # fmt: skip
def test_a_place_that_does_not_exist_is_found_out(place: str) -> None:
    assert problem(place)


def test_every_source_of_a_claim_is_a_lesson_of_the_map() -> None:
    """A claim names the file of its lesson; the map says which lesson that is."""
    lessons = dict(re.findall(r"^\| (\d{3}) \| `([^`]+)` \|", TEXT, flags=re.MULTILINE))
    assert sorted(lessons) == sorted(FIRST_ROWS)
    claims = [(name, claim.source) for name in presets.names() for claim in preset(name).sheet.claim if claim.source]
    assert claims
    assert [(name, source) for name, source in claims if source not in lessons.values()] == []
