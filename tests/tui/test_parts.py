"""The small parts of the screen that are functions: rows of text, figures, pace, nudges, keys, the rules of an edit."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import PresetError, load_preset
from tui.app import DescentApp
from tui.canvas import ends, fit, heading, plain, width_of
from tui.figures import duration, exact, percent, rate, short
from tui.form import FIELDS, choices, nudged, one_two_five, rows_of, typed, written
from tui.keyboard.keys import KEYS, bindings, footer
from tui.keyboard.line import Line
from tui.names import labels, letters
from tui.pace import SPEEDS, Curve, Pace
from tui.screens.lab import LabScreen
from tui.screens.picker import found
from tui.session import Session

FIELD = {field.label: field for field in FIELDS}

# Rows -----------------------------------------------------------------------------------------------------------------

spans = st.lists(st.tuples(st.text("ab ─漢○", max_size=6), st.sampled_from(["text", "dim", "bad"])), max_size=5).map(tuple)


@given(spans, st.integers(0, 30))
def test_fit_never_takes_more_than_its_width(some, width):
    short_row = fit(some, width)
    assert width_of(short_row) <= width
    if width_of(some) <= width:
        assert short_row == some
    elif width:
        assert plain([short_row]).endswith("…")


@given(spans, spans, st.integers(1, 40))
def test_ends_fill_their_width_exactly(left, right, width):
    both = ends(left, right, width)
    assert width_of(both) == width
    if width_of(left) + width_of(right) < width:
        text = "".join(part for part, _ in both)
        assert text.startswith("".join(part for part, _ in left))
        assert text.endswith("".join(part for part, _ in right))


@given(spans, st.integers(1, 60), st.booleans())
def test_a_heading_is_as_wide_as_its_pane_and_says_whether_it_has_the_focus(title, width, focused):
    line = heading((("Loss", "text"), *title), width, focused)
    assert width_of(line) == width
    if width > 3:
        assert ("━" in plain([line])) == focused


def test_a_heading_drops_what_only_explains_before_it_cuts():
    title = (("Loss", "text"), ("  train 0.123", "train"), ("  a long explanation", "dim"))
    assert plain([heading(title, 30, False)]).startswith("─ Loss  train 0.123 ──")


# Figures --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (math.nan, "NaN"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (0.0, "0.000"),
        (0.04, "0.040"),
        (0.9996, "1.000"),
        (9.9996, "10.00"),
        (18.34, "18.34"),
        (99.996, "100.0"),
        (999.96, "1000"),
        (3842.4, "3842"),
        (0.00091, "9.1e-04"),
        (123456.0, "1.2e+05"),
    ],
)
def test_losses(value, text):
    assert short(value) == text


@given(st.floats(min_value=0.0))
def test_a_loss_has_at_most_seven_characters_and_its_size(value):
    text = short(value)
    assert len(text) <= 7
    if value < 1e307:
        coarse = value >= 9.9e99 or value < 1e-99  # an exponent of three digits leaves room for one
        assert float(text) == pytest.approx(value, rel=0.5 if coarse else 0.06, abs=0.0)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (None, 1, "-"),
        (1.0, 1, "100.0%"),
        (0.9999, 1, "99.9%"),
        (0.9999, 0, "99%"),
        (0.5, 1, "50.0%"),
        (0.0, 1, "0.0%"),
        (0.9377, 0, "94%"),
    ],
)
def test_percentages_say_100_only_of_all(value, digits, text):
    assert percent(value, digits) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (13.0, "13 s"), (99.5, "100 s"), (101, "2 min"), (5990, "100 min"), (6001, "2 h"), (math.inf, "")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("speed", "text"), [(4.56, "4.6 it/s"), (9.96, "10 it/s"), (106.8, "107 it/s"), (12_345, "12k it/s")]
)
def test_speeds(speed, text):
    assert rate(speed) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.001, "0.001"), (1e-05, "1e-05"), (32, "32"), (1_000_000, "1000000"), ("full", "full")]
)
def test_settings_are_written_as_one_would_type_them(value, text):
    assert exact(value) == text


@pytest.mark.parametrize(("value", "text"), [((), "none"), ((16,), "16"), ((32, 32), "32 32")])
def test_hidden_layers_are_written_as_one_would_type_them(value, text):
    assert written(value) == text
    assert tuple(typed(FIELD["hidden"], {}, text)) == value


# Pace -----------------------------------------------------------------------------------------------------------------

#: steps, of which the first two epochs, seconds: the presets', and others
PLANS = [
    (1600, 64, 15.0),
    (1350, 90, 15.0),
    (4800, 192, 20.0),
    (50, 2, 12.0),
    (96, 64, 15.0),
    (100_000, 2000, 60.0),
    (1, 1, 15.0),
]


@pytest.mark.parametrize(("steps", "early", "seconds"), PLANS)
def test_all_of_it_takes_the_seconds_of_the_preset(steps, early, seconds):
    curve = Curve(steps, early, seconds)
    assert curve.time(0) == 0.0
    assert curve.time(steps) == pytest.approx(seconds)
    times = [curve.time(step) for step in range(0, steps + 1, max(1, steps // 500))]
    assert all(a < b for a, b in itertools.pairwise(times))
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert all(a >= b * (1 - 1e-9) for a, b in itertools.pairwise(gaps))  # never slower again


@pytest.mark.parametrize(("steps", "early", "seconds"), [plan for plan in PLANS if plan[0] > 3 * plan[1] and plan[1] >= 30])
def test_the_first_two_epochs_take_a_third_of_the_time(steps, early, seconds):
    assert Curve(steps, early, seconds).time(early) == pytest.approx(seconds / 3, rel=0.01)


def test_where_two_epochs_are_most_of_it_the_pace_is_even():
    curve = Curve(96, 64, 15.0)
    assert curve.time(48) == pytest.approx(7.5)


def test_a_run_of_few_steps_does_not_begin_with_a_long_wait():
    curve = Curve(50, 2, 12.0)  # a third of 12 s for two steps would be 2 s each
    assert curve.time(1) <= 0.55
    assert curve.time(50) == pytest.approx(12.0)


@given(st.integers(1, 10**6), st.integers(1, 10**5), st.floats(0.1, 3600.0))
def test_every_plan_ends_in_time_and_goes_forward(steps, early, seconds):
    curve = Curve(steps, early, seconds)
    assert curve.time(steps) == pytest.approx(seconds, rel=1e-6)
    assert 0.0 < curve.time(steps / 2) < curve.time(steps)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def paced(speed: float = 1.0) -> tuple[Pace, Clock]:
    clock = Clock()
    pace = Pace(speed, clock)
    pace.plan(1600, 64, 15.0, 0)
    return pace, clock


def train(pace: Pace, clock: Clock, done: int, until: int) -> float:
    """Seconds that it takes from one step to another."""
    begun = clock.now
    while done < until:
        wait = pace.wait(done)
        if wait > 0:
            clock.now += wait + 1e-9
        else:
            done += 1
    return clock.now - begun


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_a_watched_run_takes_its_seconds_divided_by_the_speed(speed):
    pace, clock = paced(speed)
    assert train(pace, clock, 0, 1600) == pytest.approx(15.0 / speed, rel=0.02)
    assert pace.left(0, 1600) == pytest.approx(15.0 / speed)


def test_a_pause_is_not_caught_up_with():
    pace, clock = paced()
    train(pace, clock, 0, 100)
    clock.now += 3600.0
    pace.resume(100)
    assert pace.wait(101) == pytest.approx(pace.interval(100))
    assert train(pace, clock, 100, 1600) == pytest.approx(15.0 - pace.curve.time(100), rel=0.02)


def test_a_machine_that_was_busy_does_not_sprint_afterwards():
    pace, clock = paced()
    train(pace, clock, 0, 100)
    clock.now += 60.0  # no pause: the process did not come to its turn
    assert train(pace, clock, 100, 1600) == pytest.approx(15.0 - pace.curve.time(100), rel=0.05)


def test_another_speed_holds_from_now_on():
    pace, clock = paced()
    train(pace, clock, 0, 400)
    pace.faster(400)
    assert pace.speed == 2.0
    rest = (15.0 - pace.curve.time(400)) / 2
    assert train(pace, clock, 400, 1600) == pytest.approx(rest, rel=0.02)
    pace, clock = paced()
    train(pace, clock, 0, 400)
    pace.slower(400)
    assert pace.wait(401) == pytest.approx(pace.interval(400))
    assert train(pace, clock, 400, 1600) == pytest.approx(4 * rest, rel=0.02)


def test_as_fast_as_it_goes_waits_for_nothing():
    pace, _ = paced(math.inf)
    assert [pace.wait(done) for done in (0, 100, 1599)] == [-math.inf] * 3
    assert (pace.left(0, 1600), pace.interval(0)) == (0.0, 0.0)
    assert str(pace) == "as fast as it goes"


def test_speeds_double_up_to_as_fast_as_it_goes_also_from_one_between():
    pace, _ = paced(3.0)
    pace.faster(0)
    assert pace.speed == 4.0
    pace, _ = paced(3.0)
    pace.slower(0)
    assert pace.speed == 2.0
    assert [b / a for a, b in itertools.pairwise(SPEEDS[:-1])] == [2.0] * (len(SPEEDS) - 2)
    assert SPEEDS[-1] == math.inf
    assert [str(Pace(speed)) for speed in (0.5, 1.0, 8.0)] == ["1/2x", "1x", "8x"]


# The form -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "up", "down"),
    [
        (0.001, 0.002, 0.0005),
        (0.002, 0.005, 0.001),
        (0.0105, 0.02, 0.01),
        (0.3, 0.5, 0.2),
        (1.0, 2.0, 0.5),
        (1e-05, 2e-05, 5e-06),
        (1, 2, 0),
        (7, 10, 5),
        (50, 100, 20),
        (0, 1, 0),
        (1000, 2000, 500),
    ],
)
def test_the_steps_of_1_2_5(value, up, down):
    assert one_two_five(value, True) == pytest.approx(up)
    assert one_two_five(value, False) == pytest.approx(down)
    assert type(one_two_five(value, True)) is type(value)


@given(st.floats(1e-6, 900.0))
def test_up_and_down_again_is_no_further_than_one_step(value):
    up = one_two_five(value, True)
    assert up > value
    assert one_two_five(up, False) <= value * (1 + 1e-9)
    assert one_two_five(one_two_five(up, False), True) == up


@pytest.mark.parametrize(
    ("label", "value", "up", "new"),
    [
        ("learning_rate", 0.001, True, 0.002),
        ("learning_rate", 1000.0, True, 1000.0),
        ("batch_size", 32, True, 64),
        ("batch_size", 32, False, 16),
        ("batch_size", 1, False, 1),
        ("batch_size", "full", True, "full"),
        ("epochs", 50, True, 100),
        ("epochs", 1, False, 1),
        ("epochs", 1_000_000, True, 1_000_000),
        ("validation", 0, False, 0),
        ("validation", 0, True, 1),
        ("seed", 0, True, 1),
        ("seed", 0, False, 0),
        ("hidden", (16,), True, [32]),
        ("hidden", (16, 8), False, [8, 4]),
        ("hidden", (1,), False, [1]),
        ("hidden", (4096, 1), True, (4096, 1)),
        ("hidden", (), True, [16]),
        ("activation", "relu", True, "leaky_relu"),
        ("optimizer", "adam", True, "adamw"),
        ("optimizer", "adamw", True, "sgd"),
    ],
)
def test_nudges(label, value, up, new):
    document = load_preset("recipe").documents[0]
    assert nudged(FIELD[label], document, value, up) == new


def test_a_share_is_nudged_by_five_hundredths():
    document = load_preset("digits").documents[0]
    assert nudged(FIELD["validation"], document, 0.2, True) == pytest.approx(0.25)
    assert nudged(FIELD["validation"], document, 0.0, False) == 0.0


@pytest.mark.parametrize(
    ("label", "text", "value"),
    [
        ("learning_rate", " 1e-3 ", 0.001),
        ("learning_rate", ".5", 0.5),
        ("learning_rate", "1", 1.0),
        ("batch_size", "full", "full"),
        ("batch_size", "8", 8),
        ("hidden", "16, 8", [16, 8]),
        ("hidden", "[4]", [4]),
        ("hidden", "none", []),
        ("optimizer", "M", "momentum"),
        ("optimizer", "adag", "adagrad"),
        ("optimizer", "adam", "adam"),  # the whole word, though adamw begins with it
        ("optimizer", "sgd", "sgd"),
        ("activation", "T", "tanh"),
        ("data", "study_hours", "study_hours"),
    ],
)
def test_what_is_typed(label, text, value):
    assert typed(FIELD[label], load_preset("recipe").documents[0], text) == value


@pytest.mark.parametrize(
    ("label", "text", "said"),
    [
        ("learning_rate", "nan", "above 0 to 1000"),
        ("learning_rate", "inf", "above 0 to 1000"),
        ("learning_rate", "-1", "above 0 to 1000"),
        ("learning_rate", "", "above 0 to 1000"),
        ("batch_size", "fulll", 'a whole number, 1 to 10000000 or "full"'),
        ("batch_size", "0", "1 to 10000000"),
        ("epochs", "2.5", "a whole number"),
        ("hidden", "16 x", "1 to 4096"),
        ("optimizer", "sdg", "one of"),
        ("optimizer", "", "one of"),
    ],
)
def test_what_is_typed_wrong_is_told_with_what_is_allowed(label, text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        typed(FIELD[label], load_preset("recipe").documents[0], text)


def test_data_that_must_be_written_are_chosen_only_where_they_are_there():
    document = load_preset("recipe").documents[0]
    words = choices(FIELD["data"], document)
    assert "rows" not in words and {"cats_dogs", "moons", "iris", "sine"} <= set(words)
    assert nudged(FIELD["data"], document, words[-1], True) == words[0]
    with pytest.raises(ValueError, match="one of cats_dogs"):
        typed(FIELD["data"], document, "rows")
    written_out = {**document, "data": {"name": "rows", "inputs": [[1.0]], "targets": [2.0]}}
    assert set(choices(FIELD["data"], written_out)) == {*words, "rows"}
    assert typed(FIELD["data"], written_out, "rows") == "rows"


@pytest.mark.parametrize("preset", ["recipe", "digits", "day79-study-hours", "lr-big-medium-tiny"])
def test_every_row_can_be_typed_as_it_is_written(preset):
    session = Session(load_preset(preset))
    for field in rows_of(session.run):
        before = session.runs
        value = typed(field, session.documents[0], written(session.value(field)))
        assert "stays" in session.edit(field, value), field
        assert session.runs == before


# Typing a line --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "left", "cursor"),
    [
        ("x", "abcx", 4),
        ("backspace", "ab", 2),
        ("home backspace", "abc", 0),
        ("home delete", "bc", 0),
        ("delete", "abc", 3),
        ("left x", "abxc", 3),
        ("left left left left left x", "xabc", 1),
        ("right right x", "abcx", 4),
        ("home end x", "abcx", 4),
        ("left ctrl+u", "c", 0),
        ("home right backspace backspace", "bc", 0),
    ],
)
def test_keys_edit_a_line(keys, left, cursor):
    line = Line("abc", 3)
    for key in keys.split():
        assert line.press(key, key if len(key) == 1 else None)
    assert (line.text, line.cursor) == (left, cursor)


@pytest.mark.parametrize(("key", "character"), [("tab", "\t"), ("escape", "\x1b"), ("f1", None), ("up", None)])
def test_other_keys_leave_a_line_alone(key, character):
    line = Line("abc", 1)
    assert not line.press(key, character)
    assert (line.text, line.cursor) == ("abc", 1)


def test_a_pasted_text_loses_what_cannot_be_shown():
    line = Line("15", 1)
    line.insert("2\n\x1b[A3")
    assert line.text == "12[A35"


@given(st.text("abc", max_size=20), st.integers(0, 20), st.integers(1, 25))
def test_the_cursor_of_a_line_is_always_in_sight(text, cursor, width):
    line = Line(text, min(cursor, len(text)))
    before, at, after = line.around(width)
    assert len(before) + len(at) + len(after) <= max(width, 1) + (line.cursor == len(text))
    assert before + (at if line.cursor < len(text) else "") + after in text
    assert len(before) < width


# Keys -----------------------------------------------------------------------------------------------------------------


def test_every_action_of_the_table_exists():
    for key in KEYS:
        name = key.action.partition("(")[0]
        if key.action.startswith("app."):
            assert hasattr(DescentApp, f"action_{name.removeprefix('app.')}"), key
        elif key.action:
            assert callable(getattr(LabScreen, f"action_{name}", None)), key
        else:
            assert not key.keys or key.id.startswith("pane."), key  # a pane's own
        assert key.help
        assert key.shown


def names() -> list[str]:
    return [name for key in KEYS for name in key.keys.split(",") if name]


def test_no_key_stands_for_two_things():
    assert len(names()) == len(set(names()))
    assert len({key.id for key in KEYS}) == len(KEYS)
    assert len({binding.key for binding in bindings()}) == len(bindings())
    assert {binding.id for binding in bindings()} == {key.id for key in KEYS if key.action}


def test_there_are_at_most_twenty_plain_keys():
    plain_keys = [name for name in names() if "+" not in name and name not in ("tab", "escape", "enter")]
    assert 0 < len(plain_keys) <= 20


@pytest.mark.parametrize("name", names())
def test_every_key_arrives_over_every_line(name):
    never = {"left_square_bracket", "right_square_bracket", "[", "]", "O", *"0123456789", *(f"f{n}" for n in range(1, 25))}
    assert name not in never
    assert not name.startswith("alt+")
    assert name not in {f"ctrl+{letter}" for letter in "abchijmwtnz"}
    assert name == "shift+tab" or not name.startswith("shift+")  # a terminal sends N, never shift+n


@pytest.mark.parametrize("state", ["ready", "running", "paused", "finished"])
@pytest.mark.parametrize("width", [20, 40, 80, 100, 120, 200])
def test_the_footer_fits_and_always_tells_where_the_keys_are(state, width):
    entries = footer(state, width)
    assert ("?", "keys") in entries
    if width >= 80:
        assert sum(len(keys) + len(word) + 3 for keys, word in entries) <= width
        assert entries[0][0] == "space"
        assert {"n", "N", ", .", "- +", "p"} <= {keys for keys, _ in entries}
    if width >= 120:
        assert ("q", "quit") in entries


def test_the_footer_says_what_space_does_now():
    words = [footer(state, 120)[0][1] for state in ("ready", "running", "paused", "finished")]
    assert words == ["start", "pause", "go on", "again"]


def test_search_finds_presets_in_which_every_word_occurs():
    from tui.listing import read_headings

    entries, _ = read_headings()
    direct, in_text = found(entries, "LEARNING big")
    assert [entry.name for entry in direct] == ["lr-big-medium-tiny"]
    assert "lr-big-medium-tiny" not in [entry.name for entry in in_text]
    assert found(entries, "") == (entries, [])
    assert found(entries, "learning nowhere-at-all") == ([], [])


# The rules of an edit -------------------------------------------------------------------------------------------------


def test_a_refused_value_changes_nothing():
    session = Session(load_preset("recipe"))
    runs, documents, trainers = list(session.runs), list(session.documents), list(session.trainers)
    with pytest.raises(PresetError):
        session.edit(FIELD["epochs"], 0)
    assert (session.runs, session.documents, session.trainers) == (runs, documents, trainers)
    assert not session.waiting


def test_a_value_that_is_the_same_changes_nothing():
    session = Session(load_preset("recipe"))
    trainers = list(session.trainers)
    assert session.edit(FIELD["epochs"], 50) == "epochs stays 50"
    assert session.trainers == trainers


def test_where_runs_agree_an_edit_holds_for_all_and_where_they_differ_for_the_selected_one():
    session = Session(load_preset("lr-big-medium-tiny"))
    session.selected = 2
    assert not session.differs(FIELD["epochs"])
    assert session.differs(FIELD["learning_rate"])
    session.edit(FIELD["epochs"], 7)
    session.edit(FIELD["learning_rate"], 0.5)
    assert [run.training.epochs for run in session.runs] == [7, 7, 7]
    assert [run.training.optimizer.learning_rate for run in session.runs] == [0.1, 0.001, 0.5]
    assert [trainer.epochs for trainer in session.trainers] == [7, 7, 7]


def test_a_live_change_takes_the_trainers_that_it_is_for():
    session = Session(load_preset("lr-big-medium-tiny"))
    for _ in session.one_batch():
        pass
    session.edit(FIELD["learning_rate"], 0.5)
    assert [trainer.learning_rate for trainer in session.trainers] == [0.5, 0.001, 0.00001]
    session.edit(FIELD["batch_size"], 10)
    assert [trainer.batch_size for trainer in session.trainers] == [10, 10, 10]
    assert not session.waiting


def test_what_waits_is_taken_by_a_restart():
    session = Session(load_preset("recipe"))
    session.advance()
    session.edit(FIELD["seed"], 3)
    session.edit(FIELD["learning_rate"], 0.5)
    assert session.waiting == {"seed"}
    assert session.trainer.run.seed == 0
    session.restart()
    assert not session.waiting
    assert (session.trainer.run.seed, session.trainer.learning_rate) == (3, 0.5)
    assert session.state == "ready"


def test_kept_runs_are_the_last_few_and_never_empty_ones():
    session = Session(load_preset("recipe", [("data.samples", [40])]))
    session.restart()
    assert session.kept == []
    for _ in range(12):
        session.advance()
        session.restart()
    assert [kept.name for kept in session.kept] == [f"recipe #{number}" for number in range(5, 13)]
    assert all(len(kept.history) == 1 for kept in session.kept)


def test_runs_of_unequal_length_end_together():
    session = Session(load_preset("recipe", [("training.batch_size", [100, 10]), ("training.epochs", [2])]))
    shares = []
    for _ in session:
        shares.append([trainer.iteration / trainer.iterations for trainer in session.trainers])
    assert all(abs(a - b) <= 0.06 for a, b in shares)
    assert shares[-1] == [1.0, 1.0]
    assert session.state == "finished"


def test_the_states_of_a_session():
    session = Session(load_preset("recipe", [("training.epochs", [1])]))
    assert session.state == "ready"
    session.advance()
    assert session.state == "paused"
    session.running = True
    assert session.state == "running"
    session.running = False
    for _ in session.one_epoch():
        pass
    assert session.state == "finished"
    assert session.steps == session.all_steps == 32


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["learning_rate 0.1", "learning_rate 0.01"], ["0.1", "0.01"]),
        (["big", "medium"], ["big", "medium"]),
        (["a b 1", "a b 2"], ["1", "2"]),
        (["sgd, seed 1", "sgd, seed 2"], ["1", "2"]),
        (["same", "same x"], ["same", "same x"]),
        (["alone here"], ["alone here"]),
    ],
)
def test_the_names_of_runs_without_what_all_have(names, shown):
    assert labels(names) == shown


def test_the_letters_of_runs():
    assert letters(["big", "medium", "tiny"]) == ["b", "m", "t"]
    assert letters(["learning_rate 0.1", "learning_rate 0.01"]) == ["a", "b"]
    assert letters(["1", "2"]) == ["a", "b"]
