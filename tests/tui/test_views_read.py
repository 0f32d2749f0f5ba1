"""What stands around curves and views can be read where there is little room: the sheet, the titles, the scale, the keys."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine import load_preset
from tui.canvas import plain
from tui.figures import cut_name
from tui.plots.frame import y_axis
from tui.session import Session
from tui.tree.rows import epoch_row
from tui.view import branches
from tui.views import VIEWS


async def trained(person, iterations: int) -> None:
    for _ in range(iterations):
        for _ in person.session.one_batch():
            pass
    person.lab.frame()
    await person.settle()


def title(person, name: str) -> str:
    return person.read(name).splitlines()[0]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_sheet_is_as_high_as_there_is_room_and_each_entry_is_a_line(lab, size):
    """Of 24 lines a screen of 40 rows shows all, one of 24 rows all but a few; what to press is said below them."""
    async with lab("recipe", size=size) as person:
        await person.press("v")
        await person.settle()
        seen = person.seen()
        letters = [entry.letter for entry in VIEWS if re.search(rf"\b{entry.letter}\b {re.escape(entry.title)}", seen)]
        assert "Escape closes" in seen
        assert len(letters) >= (len(VIEWS) if size[1] >= 40 else len(VIEWS) - 4), seen
        assert (
            len({line.index(title) for line in seen.splitlines() for title in ("Boundary or", "Outliers") if title in line})
            == 1
        )


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_keys_of_a_view_are_said_where_its_title_has_no_room_for_them(lab, size):
    async with lab("iris", size=size) as person:
        await trained(person, 10)
        await person.view("h")
        assert "gradients" not in title(person, "inside")
        assert "Enter: gradients   Left Right: shades   z" in person.note
        assert "v a" in person.note


async def test_runs_keep_their_values_beside_what_is_said_of_the_axes(lab):
    async with lab("lr-big-medium-tiny", size=(120, 40)) as person:
        await trained(person, 70)
        await person.press("v", "e", "e")
        await person.press("escape")
        await person.settle()
        assert re.search(r"b [\d.]+% m [\d.]+% t [\d.]+%  smooth", title(person, "second"))


async def test_a_curve_of_several_runs_has_its_name_while_it_is_read(lab):
    async with lab("lr-big-medium-tiny", size=(120, 40)) as person:
        await trained(person, 70)
        await person.view("r")
        person.lab.query_one("#loss").focus()
        await person.settle()
        await person.press("left")
        await person.settle()
        assert re.search(r"Rate  it \d+  b 0.10000  m 0.0010000  t 1.0000e-05", title(person, "second"))
        await person.view("o")
        assert "Accuracy gap  it " in title(person, "second")


async def test_rates_that_are_far_apart_lie_on_a_logarithmic_axis(lab):
    """On a linear one 0.001 and 0.00001 would be one line, at the bottom."""
    async with lab("lr-big-medium-tiny", size=(120, 40)) as person:
        await trained(person, 70)
        await person.view("r")
        rows = person.read("second").splitlines()
        ends = [
            number for letter in "bmt" for number, line in enumerate(rows[1:]) if line.rstrip("│").rstrip()[-1:] == letter
        ]
        assert len(ends) == 3
        assert ends == sorted(set(ends))
    async with lab("recipe", size=(120, 40)) as person:
        await trained(person, 20)
        await person.view("r")
        assert re.search(r"^ *0\.0*┤", person.read("second"), re.MULTILINE), "one run's rate is drawn from 0"


@pytest.mark.parametrize("high", [0.21, 0.5, 1.1, 2.2, 2.5, 3.0, 22.0, 240.0])
def test_a_scale_has_two_numbers_at_least(high):
    low, top, ticks = y_axis(np.array([0.1, high]), log=False, always=(0.0, np.nan), limits=None, height=7)
    assert len(ticks) >= 2
    assert top >= high * (1 - 1e-9)
    assert all(float(label) == pytest.approx(at) for at, label in ticks)
    assert all(low <= at <= top for at, _ in ticks)


@pytest.mark.parametrize(
    ("width", "shown"), [(17, "petal length (cm)"), (16, "petal length"), (12, "petal length"), (8, "petal l…")]
)
def test_a_name_gives_up_its_unit_first(width, shown):
    assert cut_name("petal length (cm)", width) == shown


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_cursor_reads_all_of_five_runs(lab, size):
    """None of them is cut off, in fewer digits where there is no room for all."""
    async with lab("schedule-vs-constant", size=size) as person:
        await trained(person, 130)
        assert len(re.findall(r" [a-e]:? \d", title(person, "loss"))) == 5
        person.lab.query_one("#loss").focus()
        await person.settle()
        await person.press("left")
        await person.settle()
        for name in ("loss", "second"):
            assert "…" not in title(person, name)
            assert len(re.findall(r" [a-e] [\d.]+", title(person, name))) == 5, title(person, name)


async def test_a_schedule_is_read_off_a_linear_axis(lab):
    async with lab("schedule-vs-constant", size=(120, 40)) as person:
        await trained(person, 130)
        await person.view("r")
        assert re.search(r"^ *0\.0*┤", person.read("second"), re.MULTILINE)


def test_a_curve_has_more_than_half_of_a_low_plot():
    """The validation loss of too-many-epochs: on a scale up to 2 all of its rise would be one row."""
    assert y_axis(np.array([0.0, 1.19]), log=False, always=(0.0, np.nan), limits=None, height=7)[1] == 1.5


def test_the_tree_shows_all_figures_of_an_epoch_of_three_digits():
    session = Session(load_preset("too-many-epochs"))
    for _ in session.trainer:
        pass
    last = len(session.trainer.history.epochs)
    assert last >= 100
    row = plain([epoch_row(branches(session)[0], last, 26, False)])
    assert len(row) <= 26
    assert re.search(r"> 1\d\d +[\d.]+ v [\d.]+ \d+%$", row), row
