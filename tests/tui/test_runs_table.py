"""The table of runs as a pure function: its rows from kept runs, its order, its widths; and the line of what differs."""

from __future__ import annotations

import numpy as np
import pytest

from engine import load_preset
from tui.canvas import plain
from tui.comparing.compared import Line, changes, differing_line
from tui.comparing.kept import KEPT, kept_of, with_changes
from tui.comparing.runs_table import draw_table, first_column, lines_of, order, table_of
from tui.comparing.side_by_side import compared, parts_of, several
from tui.figures import percent, short
from tui.form import BY_KEY
from tui.hidden import NOTHING, Hidden
from tui.session import Session

RATE = BY_KEY["training.optimizer.learning_rate"]


def session_of(*rates: float, preset: str = "recipe", epochs: int = 2) -> Session:
    """A session in which a run of each rate was trained, one after the other."""
    session = Session(load_preset(preset, [("training.epochs", [epochs])]))
    for rate in rates:
        session.edit(RATE, rate)
        session.restart()
        for _ in session:
            pass
    return session


def made(session: Session, hidden: Hidden = NOTHING):
    return table_of(lines_of(session.now(), session.kept, session.state), hidden, session.state)


def column(table, title: str):
    return next(one for one in table.columns if one.title == title)


def test_every_figure_is_that_of_the_history_of_its_row():
    session = session_of(0.001, 0.1, 0.01)
    table = made(session)
    assert [line.name for line in table.lines] == ["recipe, newest", "recipe #2", "recipe #1"]
    assert column(table, "rate").texts == ("0.01", "0.1", "0.001")
    for index, line in enumerate(table.lines):
        last, history = line.run.history.epochs[-1], line.run.history
        assert column(table, "val. loss").texts[index] == short(last.validation.loss)
        assert column(table, "best loss").texts[index] == short(history.best.validation.loss)
        assert column(table, "val. acc.").texts[index] == percent(last.validation.accuracy)
        best = max(one.validation.accuracy for one in history.epochs)
        assert column(table, "best acc.").texts[index] == percent(best)
        assert column(table, "train loss").texts[index] == short(last.train.loss)
        assert column(table, "epochs").texts[index] == "2"
        assert column(table, "state").texts[index] == "done"
    losses = column(table, "val. loss").keys
    assert column(table, "val. loss").best == {int(np.argmin(losses))}


def test_how_a_run_ended_is_its_state():
    session = session_of(0.001)
    session.edit(RATE, 0.002)
    session.restart()
    for _ in zip(session, range(40), strict=False):
        pass
    assert column(made(session), "state").texts == ("paused", "done")
    assert column(made(session), "epochs").texts == ("2", "2")
    session.restart()
    assert column(made(session), "state").texts == ("ready", "interrupted", "done")
    steep = Session(load_preset("day79-study-hours", [("training.optimizer.learning_rate", [0.5])]))
    for _ in steep:
        pass
    at = steep.trainer.history.diverged.epoch
    assert column(made(steep), "state").texts == (f"diverged, epoch {at}",)
    early = Session(
        load_preset("recipe", [("training.early_stopping.patience", [1]), ("training.early_stopping.min_delta", [0.9])])
    )
    for _ in early:
        pass
    assert column(made(early), "state").texts == (f"stopped early, epoch {early.trainer.history.stopped.epoch}",)


def test_it_is_sorted_by_any_column_and_what_is_no_number_comes_last():
    session = session_of(0.001, 0.1, 0.01)
    table = made(session)
    for index, one in enumerate(table.columns):
        if one.title == "state":
            continue
        keys = [one.keys[row] for row in order(table, index, False)]
        assert keys == sorted(keys)
        assert [one.keys[row] for row in order(table, index, True)] == sorted(keys, reverse=True)
    assert order(table, -1, True) == [0, 1, 2]
    session.restart()  # a run that has nothing yet
    table = made(session)
    loss = table.columns.index(column(table, "val. loss"))
    assert order(table, loss, False)[-1] == order(table, loss, True)[-1] == 0


def test_a_run_that_diverged_to_no_number_has_no_star_and_is_last():
    session = session_of(0.01, preset="day79-study-hours", epochs=60)
    session.edit(RATE, 1000.0)
    session.restart()
    for _ in session:
        pass
    table = made(session)
    loss = column(table, "train loss")
    assert loss.texts[0] in ("NaN", "inf") or float(loss.keys[0]) > float(loss.keys[1])
    assert 0 not in loss.best
    assert order(table, table.columns.index(loss), False)[-1] == 0


@pytest.mark.parametrize("width", [52, 74, 114, 196])
def test_rows_keep_to_the_width_and_every_column_comes_into_sight(width):
    table = made(session_of(0.001, 0.1, 0.01))
    first = 0
    for at, one in enumerate(table.columns):
        first = first_column(table, at, first, width - 2)
        rows = draw_table(table, width, rows=[2, 0, 1], at=1, column=at, first=first, marked={0}, by=at)
        lines = plain(rows).splitlines()
        assert max(map(len, lines)) <= width
        assert f"[{one.title}▼]" in lines[0]
        assert [line[1:].split()[0] for line in lines[1:]] == ["recipe", "+", "recipe"]
        assert lines[2].startswith(">")


def test_hidden_settings_and_validation_are_not_in_it():
    session = session_of(0.001, 0.1)
    hidden = Hidden(frozenset(["settings.learning_rate", "validation"]))
    table = made(session, hidden)
    assert table.covered
    assert set(column(table, "rate").texts) == {"hidden"}
    assert order(table, 0, True) == order(table, 0, False) == [0, 1]
    assert [one.title for one in table.columns if "val" in one.title or "best" in one.title] == []


# The line of what differs ---------------------------------------------------------------------------------------------


def test_the_line_says_what_changed_since_each_ghost():
    session = session_of(0.001, 0.01)
    assert differing_line(session, narrow=True) is None
    session.toggle_ghost(session.kept[0])
    assert plain([differing_line(session, narrow=True).fitted(52)]) == " 1: learning_rate 0.001 → 0.01"
    session.edit(BY_KEY["network.hidden"], [8, 8])
    session.edit(BY_KEY["training.batch_size"], 8)
    session.restart()
    line = differing_line(session, narrow=False)
    found = changes(session.ghosts[0], session.now()[0], NOTHING)
    assert set(found.split(", ")) == {"hidden 16 → 8 8", "learning_rate 0.001 → 0.01", "batch_size 32 → 8"}
    assert plain([line.fitted(200)]).strip() == f"1: {found}"
    hidden = Hidden(frozenset(["settings.learning_rate"]))
    assert "learning_rate hidden" in changes(session.ghosts[0], session.now()[0], hidden)
    assert "0.001" not in changes(session.ghosts[0], session.now()[0], hidden)
    assert changes(session.now()[0], session.now()[0], NOTHING) == "the same settings"


def test_the_line_keeps_to_its_room_and_counts_what_has_none():
    line = Line(
        (("1: learning_rate 0.001 → 0.01", "text"), ("2: batch_size 32 → 8", "text"), ("3: the same settings", "text"))
    )
    assert plain([line.fitted(100)]).split("  ")[-1].strip() == "3: the same settings"
    assert plain([line.fitted(64)]).endswith("2: batch_size 32 → 8  +1: k")
    for width in range(8, 100):
        assert len(plain([line.fitted(width)])) <= width


# What is kept ---------------------------------------------------------------------------------------------------------


def test_few_runs_are_kept_and_a_ghost_never_has_to_go():
    session = session_of(*[0.001] * 3, epochs=1)
    session.toggle_ghost(session.kept[0])
    for _ in range(KEPT + 3):
        session.restart()
        session.advance()
    assert len(session.kept) == KEPT
    assert session.ghosts == [session.kept[0]]
    assert session.kept[0].name == "recipe #1"


def test_a_kept_run_is_trained_again_with_what_it_was_changed_to_on_the_way():
    session = Session(load_preset("recipe", [("training.epochs", [2])]))
    session.advance()
    session.edit(BY_KEY["training.batch_size"], 8)
    session.edit(RATE, 0.02)
    kept = with_changes(kept_of(session.trainer, session.begun_with[0]))
    assert (kept.run.batch_size, kept.run.training.optimizer.learning_rate) == (8, 0.02)
    session.keep_ghost()
    session.restart()
    session.edit(RATE, 0.5)
    session.take_settings(session.kept[0])
    assert (session.run.batch_size, session.run.training.optimizer.learning_rate) == (8, 0.02)
    assert session.run.name == "recipe"


def test_the_schedule_of_a_run_is_not_taken_for_a_change():
    session = Session(load_preset("schedule-vs-constant"))
    for _ in zip(session, range(50), strict=False):
        pass
    for index, run in enumerate(session.runs):
        assert with_changes(session.now()[index]).run == run


def test_runs_side_by_side_are_called_after_what_sets_them_apart():
    session = session_of(0.001, 0.01, 0.01)
    names = [run.name for run in compared(session.preset, session.kept, NOTHING).runs]
    assert names == ["learning_rate 0.001", "learning_rate 0.01"]
    same = [run.name for run in compared(session.preset, [session.kept[1], session.now()[0]], NOTHING).runs]
    assert len(set(same)) == 2
    hidden = Hidden(frozenset(["settings.learning_rate"]))
    assert "0.01" not in " ".join(run.name for run in compared(session.preset, session.kept, hidden).runs)


@pytest.mark.parametrize(
    ("key", "text", "parts"),
    [
        ("training.optimizer.learning_rate", "0.1, 0.01", ["0.1", "0.01"]),
        ("training.optimizer.learning_rate", "0.1", ["0.1"]),
        ("training.optimizer.learning_rate", "0.1,", ["0.1,"]),
        ("network.hidden", "8, 8", ["8, 8"]),
        ("network.hidden", "[8], [8 8]", ["[8]", "[8 8]"]),
        ("network.hidden", "none, [4]", ["none", "[4]"]),
        ("training.batch_size", "8,full", ["8", "full"]),
    ],
)
def test_a_line_is_parted_into_its_values(key, text, parts):
    session = Session(load_preset("recipe"))
    assert parts_of(BY_KEY[key], session.document, text) == parts
    if len(parts) > 1:
        assert len(several(session, BY_KEY[key], text)) == len(parts)
