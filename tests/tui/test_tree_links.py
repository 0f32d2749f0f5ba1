"""The tree and the curves are one thing, and an opened iteration shows its batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import History, IterationMetrics, Trainer, load_preset
from engine.points import Moons
from engine.real_tables import Iris, StudyHours
from engine.run import Run, Training
from tui import view
from tui.canvas import plain, width_of
from tui.figures import percent, short
from tui.hidden import Hidden
from tui.panes.curves import Curves
from tui.panes.progress_tree import ProgressTree
from tui.session import Session
from tui.tree.in_batch import FURTHER, LINES, OPENED, batch_rows, has_rest, in_lines, samples_of, step_rows
from tui.tree.outline import Node, Outline
from tui.tree.rows import epoch_of
from tui.viewing import AS_IT_IS, Lit
from tui.walk import walk_of

# Rows below an opened node ----------------------------------------------------------------------------------------------


def history_of(epochs: list[int], capacity: int = 100_000) -> History:
    history = History(capacity)
    for epoch, batches in enumerate(epochs, 1):
        for batch in range(1, batches + 1):
            history.add(IterationMetrics(epoch, len(history) + 1, batch, batches, 0, 0.5, 0.5, 0.0, 0.1, 1.0, 1.0, 1.0, 0.0))
    return history


def details(node: Node) -> int:
    """Steps of the run 1, which is a surface, and every second iteration have some."""
    if node.run == 1:
        return 3 if node.epoch and node.iteration < 0 else 0
    return 2 + node.iteration % 3 if node.iteration >= 0 and node.iteration % 2 == 0 else 0


def everything(histories: list[History], opened: set[Node]) -> list[Node]:
    """The reference: all rows, one by one."""
    rows = []
    for run, history in enumerate(histories):
        rows.append(Node(run))
        for epoch in range(1, history.epochs_begun + 1) if Node(run) in opened else ():
            rows.append(Node(run, epoch))
            if Node(run, epoch) not in opened:
                continue
            if count := details(Node(run, epoch)):
                rows += [Node(run, epoch, detail=number) for number in range(count)]
                continue
            for index in history.epoch_iterations(epoch):
                node = Node(run, epoch, index)
                rows.append(node)
                if node in opened:
                    rows += [replace(node, detail=number) for number in range(details(node))]
    return rows


runs = st.lists(st.lists(st.integers(1, 5), max_size=4), min_size=1, max_size=3)
some_nodes = st.sets(
    st.one_of(
        st.builds(Node, st.integers(0, 2), st.integers(0, 4)),
        st.builds(Node, st.integers(0, 2), st.integers(1, 4), st.integers(0, 18)),
    ),
    max_size=16,
)


@given(runs, some_nodes)
def test_the_rows_are_those_of_a_plain_list(epochs, opened):
    histories = [history_of(one) for one in epochs]
    outline, rows = Outline(histories, opened, details), everything(histories, opened)
    assert [outline.node(index) for index in range(len(outline))] == rows
    assert [outline.index(node) for node in rows] == list(range(len(rows)))
    for node in rows:
        if node.detail >= 0:  # once it is closed, a detail is found in what it was a detail of
            closed = Outline(histories, opened - {node.parent}, details)
            assert closed.node(closed.index(node)) == node.parent


@pytest.mark.parametrize("name", ["recipe", "iris", "day79-study-hours", "digits"])
def test_the_samples_are_those_that_the_network_had_before_it(name):
    run = load_preset(name).runs[0]
    trainer = Trainer(run)
    samples, table = samples_of(trainer.history, trainer), trainer.table
    assert samples_of(trainer.history) is samples
    for index in range(min(40, trainer.iterations)):
        had = trainer.step_phase()
        for _ in range(3):
            trainer.step_phase()
        said = samples.of(trainer.history, index)
        assert len(said) == len(had.inputs)
        for words, inputs, target in zip(said, had.inputs, had.targets, strict=True):
            number = next(int(word.lstrip("#")) for word in words.split() if word.lstrip("#").isdigit())
            assert np.array_equal(table.inputs[number - 1].astype(inputs.dtype), inputs)
            if table.classes:
                right = int(table.targets[number - 1])
                assert table.classes[right] in words
                assert right == (int(target[0]) if len(target) == 1 else int(target.argmax()))
            else:
                raw = float(table.targets[number - 1, 0]) * table.target_scale + table.target_offset
                assert words.endswith(f"= {short(raw)}")


@pytest.mark.parametrize(
    ("name", "first"), [("recipe", "cat 739"), ("iris", "#60 versicolor"), ("digits", "#"), ("day79-study-hours", "#")]
)
def test_what_samples_are_called(name, first):
    trainer = Trainer(load_preset(name).runs[0])
    for _ in range(35 if name == "recipe" else 1):
        trainer.step()
    words = samples_of(trainer.history, trainer).of(trainer.history, len(trainer.history) - 1)[0]
    assert words.startswith(first)
    if first == "#":  # a number, or a class called by one, is told from the row's own number
        assert " = " in words


@pytest.mark.parametrize("width", [26, 29, 37, 120])
def test_an_opened_iteration_says_its_figures_in_every_width(width):
    trainer = Trainer(load_preset("recipe").runs[0])
    for _ in range(40):
        trainer.step()
    metrics = trainer.history[33]
    rows = batch_rows(trainer.history, samples_of(trainer.history, trainer), 33, width)
    assert all(width_of(row) <= width for row in rows)
    lines = plain(rows).splitlines()
    said = [(line.rsplit(None, 1)[0].strip(), line.split()[-1]) for line in lines[:5]]
    assert said == [
        ("loss", short(metrics.batch_loss)),
        ("accuracy", percent(metrics.batch_accuracy)),
        ("gradient norm", short(metrics.gradient_norm)),
        ("learning rate", "0.001"),
        ("update/weights", short(metrics.update_norm / metrics.weight_norm)),
    ]
    assert lines[5].strip() == "32 samples"
    assert 1 <= len(lines) - 6 <= LINES
    names = samples_of(trainer.history).of(trainer.history, 33)
    assert lines[6].strip().startswith(names[0])
    shown = sum(line.count("cat ") + line.count("dog ") for line in lines[6:])
    assert (lines[-1].endswith(f"+{32 - shown} more")) == (shown < 32)
    assert has_rest(rows[-1]) == (shown < 32)
    whole = batch_rows(trainer.history, samples_of(trainer.history), 33, width, opened=1)
    text = " ".join(plain(whole).split("samples")[1].replace(" v ", " ").split())
    assert text == ", ".join(names)  # every one, once, in order
    assert not any(map(has_rest, whole))


def test_of_a_very_large_batch_the_rest_is_opened_bit_by_bit():
    trainer = Trainer(load_preset("recipe", [("data.samples", [30_000]), ("training.batch_size", ["full"])]).runs[0])
    trainer.step()
    counts = []
    for opened in range(3):
        rows = batch_rows(trainer.history, samples_of(trainer.history, trainer), 0, 26, opened=opened)
        assert [at for at, one in enumerate(rows) if has_rest(one)] == [len(rows) - 1]
        assert [at for at, one in enumerate(rows) if one[0][0] == OPENED] == [8 + FURTHER * each for each in range(opened)]
        counts.append(len(rows))
    assert counts == [9, 9 + FURTHER, 9 + 2 * FURTHER]


def test_a_regression_has_no_accuracy_and_a_lone_sample_is_one():
    run = Run(data=StudyHours(), training=Training(batch_size=1, epochs=1))
    trainer = Trainer(run)
    trainer.step()
    text = plain(batch_rows(trainer.history, samples_of(trainer.history, trainer), 0, 30))
    assert "accuracy" not in text and "1 sample\n" in text and "more" not in text


def test_what_is_no_longer_kept_opens_nothing_and_what_is_too_late_is_said(monkeypatch):
    run = Run(data=Iris(), training=Training(batch_size="full", epochs=3))
    trainer = Trainer(run)
    list(trainer)
    samples = samples_of(trainer.history, trainer)
    assert "too late" not in plain(batch_rows(trainer.history, samples, 1, 30))
    trainer = Trainer(run)
    list(trainer)
    monkeypatch.setattr("engine.batch_rows.MOST_SHUFFLED", 10)
    lines = plain(batch_rows(trainer.history, samples_of(trainer.history, trainer), 1, 30)).splitlines()
    assert " ".join(line.strip() for line in lines[5:]) == "samples: epoch 2 is too late to draw its order again"
    assert batch_rows(history_of([900], capacity=8), samples, 0, 30) == []


HIDES = [
    ("learning_rate", lambda text: "0.001" not in text and text.count("hidden") == 2),  # the ratio would tell it
    ("batch_size", lambda text: "32" not in text and "samples hidden" in text),
    ("data", lambda text: "cat" not in text and "dog" not in text and "#739," in text),
]


@pytest.mark.parametrize(("label", "covered"), HIDES, ids=[label for label, _ in HIDES])
def test_what_is_hidden_stays_hidden_in_an_opened_batch(label, covered):
    trainer = Trainer(load_preset("recipe").runs[0])
    for _ in range(35):
        trainer.step()
    samples, index = samples_of(trainer.history, trainer), 34
    open_text = plain(batch_rows(trainer.history, samples, index, 30))
    hidden_text = plain(batch_rows(trainer.history, samples, index, 30, Hidden(frozenset([f"settings.{label}"]))))
    assert covered(hidden_text), hidden_text
    assert not covered(open_text)


@pytest.mark.parametrize("name", ["valley", "ravine-momentum"])
def test_an_opened_step_says_where_it_went(name):
    trainer = Trainer(load_preset(name).runs[0])
    for _ in range(3):
        trainer.step()
    walk, metrics = walk_of(trainer), trainer.history[1]
    for width in (26, 37):
        rows = step_rows(trainer.history, walk, 2, width)
        assert all(width_of(row) <= width for row in rows)
        text = [" ".join(line.split()) for line in plain(rows).splitlines()]
        assert text == [
            f"loss {short(metrics.batch_loss)}",
            f"gradient norm {short(metrics.gradient_norm)}",
            f"learning rate {short(metrics.learning_rate)}",
            f"before {walk.at(1) if width > 30 or name == 'valley' else walk.bare(1)}",
            f"after {walk.at(2) if width > 30 or name == 'valley' else walk.bare(2)}",
        ]


@given(st.lists(st.text("abcdef ", min_size=1, max_size=9).map(str.strip).filter(bool), max_size=40), st.integers(12, 60))
def test_names_fill_their_lines_and_what_has_no_room_is_counted(names, width):
    lines = in_lines(names, width, 3)
    assert len(lines) <= 3
    assert all(len(line) <= width for line in lines)
    text = " ".join(lines)
    shown, _, more = text.rpartition("+") if text.endswith(" more") else (text, "", "0 more")
    shown = shown.strip().rstrip(",")
    count = len(names) - int(more.split()[0])
    assert shown == ", ".join(names[:count])
    if count < len(names):  # one more would not have fitted
        assert len(lines) == 3


def test_the_epoch_of_an_iteration_is_found_also_where_it_is_no_longer_kept():
    trainer = Trainer(Run(data=Moons(samples=20, validation=0), training=Training(epochs=200, batch_size=8)))
    trainer.history, begun = History(capacity=250), trainer.history
    trainer.history.begin(begun.initial, begun.initial_validation)
    list(trainer)
    assert 0 not in trainer.history.kept and 0 in trainer.history.epochs.kept
    assert [epoch_of(trainer.history, iteration) for iteration in range(1, 601)] == [1 + at // 3 for at in range(600)]
    assert epoch_of(history_of([900], capacity=8), 3) is None


# In the lab -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def heard(monkeypatch) -> list:
    """Every message that the tree has posted of the two kinds that move something else."""
    messages: list = []
    post = ProgressTree.post_message

    def listen(self, message):
        if isinstance(message, (ProgressTree.Lighted, ProgressTree.Selected)):
            messages.append(message)
        return post(self, message)

    monkeypatch.setattr(ProgressTree, "post_message", listen)
    return messages


async def epochs_of(person, count: int) -> None:
    for _ in range(count):
        before = person.session.steps
        await person.press("N")
        await person.until(
            lambda before=before: (
                person.session.steps > before
                and person.state != "running"
                and all(one.at_epoch_end for one in person.session.trainers)
            )
        )


def move_cursor(person, iteration: int | None) -> None:
    person.lab.query_one("#loss", Curves).post_message(Curves.CursorMoved(iteration))


async def test_moving_in_the_tree_lights_the_stretch_on_the_curves(lab, heard):
    async with lab("recipe", epochs=4) as person:
        await epochs_of(person, 2)
        await person.press("n", "n", "n")
        assert person.lab.viewing.lit is None and not heard
        person.lab.progress.focus()
        await person.press("up")
        assert person.lab.viewing.lit == Lit(0, 66, 66)
        await person.press("up", "up")
        assert person.lab.viewing.lit == Lit(0, 65, 67)  # the epoch in progress, as far as it is
        await person.press("up")
        assert person.lab.viewing.lit == Lit(0, 33, 64)
        await person.press("up", "enter", "down", "down")
        assert person.lab.viewing.lit == Lit(0, 2, 2)
        await person.press("home")
        assert person.lab.viewing.lit is None  # a whole run
        await person.press("down")
        assert person.lab.viewing.lit == Lit(0, 1, 32)
        await person.press("end")
        assert person.lab.viewing.lit is None and person.lab.progress.following
        assert [(one.first, one.last) for one in heard[-3:]] == [(0, 0), (1, 32), (0, 0)]


async def test_the_rest_of_a_batch_is_opened_and_closed_again(lab):
    async with lab("recipe", epochs=4) as person:
        await person.press("n", "n")
        tree = person.lab.progress
        tree.focus()
        await person.press("up", "enter")
        closed = len(tree._outline())
        await person.press(*["down"] * 9)
        assert has_rest(tree._rows_below(tree.cursor.parent)[tree.cursor.detail])
        for keys in (("enter", "enter"), ("right", "left"), ("enter", "left")):
            await person.press(keys[0])
            assert len(tree._outline()) > closed + 5
            assert not any(map(has_rest, tree._rows_below(tree.cursor.parent)))
            await person.press(keys[1])
            assert len(tree._outline()) == closed
        await person.press("enter", "down", "left", "enter")  # the iteration is closed, and all that was in it
        assert len(tree._outline()) == closed


async def test_on_a_surface_a_step_is_lit(lab):
    async with lab("valley", epochs=None) as person:
        await person.press("n", "n", "n", "n")
        person.lab.progress.focus()
        await person.press("up")
        assert person.lab.viewing.lit == Lit(0, 3, 3)
        await person.press("enter")
        assert "before" in person.read("tree") and "vstep 3" in person.read("tree")
        await person.press("down", "down")
        assert person.lab.viewing.lit == Lit(0, 3, 3)  # a detail belongs to its step
        await person.press("left")
        assert "before" not in person.read("tree")
        move_cursor(person, 2)
        await person.settle()
        assert person.lab.progress.cursor == Node(0, 2)


async def test_the_curves_cursor_selects_its_iteration_in_the_tree_without_taking_the_focus(lab, heard):
    async with lab("recipe", epochs=4) as person:
        await epochs_of(person, 3)
        person.lab.settings.focus()
        await person.settle()
        move_cursor(person, 40)
        await person.settle()
        tree = person.lab.progress
        assert tree.cursor == Node(0, 2, 39) and not tree.following
        assert person.focus == "settings"
        metrics = person.session.trainer.history[39]
        at = [index for index, row in enumerate(tree.rows) if any(role == "cursor" for _, role in row)]
        assert len(at) == 1
        assert plain([tree.rows[at[0]]]).split() == [">", "8", short(metrics.batch_loss), percent(metrics.batch_accuracy)]
        move_cursor(person, 41)
        await person.settle()
        assert tree.cursor == Node(0, 2, 40)
        move_cursor(person, 70)  # another epoch: the one that was opened for the cursor closes again
        await person.settle()
        assert tree.cursor == Node(0, 3, 69) and tree.opened == {Node(0), Node(0, 3)}
        move_cursor(person, None)
        await person.settle()
        assert tree.following and tree.opened == {Node(0)}
        assert not heard  # what the link moves says nothing, so nothing comes back
        assert person.lab.viewing == AS_IT_IS


async def test_the_tree_rides_along_where_the_curves_cursor_does(lab, fast):
    async with lab("recipe", epochs=6, pace=fast) as person:
        await epochs_of(person, 2)
        loss, tree = person.lab.query_one("#loss", Curves), person.lab.progress
        loss.focus()
        await person.press("left", "left", "left")
        before = tree.cursor
        assert before == Node(0, 2, person.lab.viewing.cursor - 1) and tree.led
        await person.press("end")
        assert person.lab.viewing.riding and tree.cursor == Node(0, 2, 63)
        await person.press("n", "n")
        assert tree.cursor == Node(0, 3, 65)
        tree.focus()
        await person.press("up", "n")
        assert tree.cursor == Node(0, 3, 64) and not tree.led  # theirs, wherever the curves' cursor goes
        loss.focus()
        await person.press("escape")
        assert person.lab.viewing.cursor is None and tree.cursor == Node(0, 3, 64)


async def test_a_tree_in_which_somebody_moves_is_theirs_and_its_open_epochs_stay(lab):
    async with lab("recipe", epochs=4) as person:
        await epochs_of(person, 3)
        tree = person.lab.progress
        tree.focus()
        await person.press("home", "down", "enter", "down")
        assert tree.cursor == Node(0, 1, 0) and person.lab.viewing.lit == Lit(0, 1, 1)
        move_cursor(person, 50)
        await person.settle()
        assert tree.cursor == Node(0, 2, 49)
        assert person.lab.viewing.lit is None  # the cursor shows the place now
        assert Node(0, 1) in tree.opened
        move_cursor(person, None)
        await person.settle()
        assert not tree.following and tree.cursor == Node(0, 2, 49)  # it did not follow before
        move_cursor(person, 33)
        await person.settle()
        await person.press("down")  # in an epoch that was opened for the cursor: from now on it is theirs
        assert tree.cursor == Node(0, 2, 33) and person.lab.viewing.lit == Lit(0, 34, 34)
        move_cursor(person, 10)
        move_cursor(person, None)
        await person.settle()
        assert not tree.following and {Node(0, 1), Node(0, 2)} <= tree.opened


async def test_the_same_place_is_lit_again_after_the_curves_had_it(lab):
    async with lab("recipe", epochs=4) as person:
        await epochs_of(person, 2)
        tree = person.lab.progress
        tree.focus()
        await person.press("home", "down")
        assert person.lab.viewing.lit == Lit(0, 1, 32)
        move_cursor(person, 33)
        await person.settle()
        assert person.lab.viewing.lit is None
        await person.press("home", "down")
        assert person.lab.viewing.lit == Lit(0, 1, 32)


async def test_of_several_runs_the_selected_one_is_meant_and_kept_ones_stand_before_it(lab):
    async with lab("lr-big-medium-tiny", epochs=2) as person:
        await epochs_of(person, 1)
        await person.press("r", "space")
        await person.until(lambda: person.state == "paused")
        await epochs_of(person, 1)
        kept, tree = len(person.session.kept), person.lab.progress
        assert kept == 3
        tree.focus()
        await person.press("down")
        assert person.session.selected == 1
        move_cursor(person, 5)
        await person.settle()
        assert tree.cursor == Node(kept + 1, 1, 4)
        await person.press("down")
        assert person.lab.viewing.lit == Lit(1, 6, 6)
        await person.press("home", "enter", "down")
        assert tree.cursor == Node(0, 1)
        assert person.lab.viewing.lit is None  # a run from before has no curve
        assert person.session.selected == 1
        for iteration in (0, 10**9, -3):
            move_cursor(person, iteration)
        await person.settle()
        assert tree.cursor == Node(0, 1)


@pytest.mark.parametrize("leave", ["r", "another preset"])
async def test_a_start_or_another_preset_lights_nothing(lab, leave):
    async with lab("recipe", epochs=4) as person:
        await epochs_of(person, 1)
        person.lab.progress.focus()
        await person.press("home", "down")
        assert person.lab.viewing.lit == Lit(0, 1, 32)
        if leave == "r":
            await person.press("r")
        else:
            person.lab.open_preset("valley")
        await person.settle()
        assert person.lab.viewing.lit is None and person.lab.progress.following


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_enter_on_an_iteration_shows_its_batch_and_enter_again_closes_it(lab, size):
    async with lab("recipe", epochs=3, size=size) as person:
        await epochs_of(person, 1)
        await person.press("n", "n", "n")
        tree = person.lab.progress
        tree.focus()
        before = person.read("tree")
        assert "gradient norm" not in before
        await person.press("enter")
        seen = person.read("tree")
        metrics = person.session.trainer.history[-1]
        assert ">  v 3 " in seen
        assert f"gradient norm {short(metrics.gradient_norm):>7}".split() == next(
            line.split() for line in seen.splitlines() if "gradient" in line
        )
        if size == (80, 24):  # seven lines: what is below is reached with the arrows
            await person.press(*["down"] * 7)
            seen = person.read("tree")
            await person.press(*["up"] * 7)
        assert "32 samples" in seen
        assert samples_of(person.session.trainer.history).of(person.session.trainer.history, 34)[0] in seen
        assert all(width_of(row) <= tree.size.width for row in tree.rows)
        await person.press("down")
        await person.press("enter")  # on one of its lines: nothing
        assert "gradient norm" in person.read("tree")
        await person.press("left")
        assert "gradient norm" not in person.read("tree")
        assert tree.cursor == Node(0, 2, 34)
        await person.press("right", "enter")
        assert "gradient norm" not in person.read("tree")
        await person.press("left")
        assert tree.cursor == Node(0, 2)


async def test_every_line_of_an_opened_batch_can_be_reached_and_left_while_it_trains(lab, fast):
    async with lab("recipe", epochs=8, pace=fast) as person:
        await epochs_of(person, 1)
        person.lab.progress.focus()
        tree = person.lab.progress
        await person.press("home", "down", "down", "enter")  # the newest epoch is open
        await person.press("space")
        seen = []
        for _ in range(9):
            seen.append(tree.cursor)
            await person.press("down")
        assert seen[0] == Node(0, 1, 0)
        assert seen[1:] == [Node(0, 1, 0, at) for at in range(8)]
        rows = plain(tree.rows)
        await person.until(lambda: person.state == "finished")
        assert "gradient norm" in rows and "gradient norm" in plain(tree.rows)


async def test_a_run_from_before_still_tells_its_samples(lab):
    async with lab("recipe", epochs=3) as person:
        await person.press("n", "n")
        history = person.session.trainer.history
        expected = samples_of(history).of(history, 1)[0]
        await person.press("r", "space")
        person.lab.progress.focus()
        await person.press("home", "enter", "down", "enter", "down", "down", "enter")
        assert person.lab.progress.cursor == Node(0, 1, 1)
        assert expected in person.read("tree")


async def test_a_hidden_learning_rate_is_not_in_an_opened_batch_until_it_is_uncovered(lab):
    async with lab("recipe", epochs=3, settings=(("show.hide", [["settings.learning_rate"]]),)) as person:
        await person.press("n")
        person.lab.progress.focus()
        await person.press("enter")
        assert "learning rate" in person.read("tree") and "0.001" not in person.read("tree")
        await person.press("w")
        await person.until(lambda: "0.001" in person.read("tree"))


def test_branches_tell_what_is_hidden_and_which_are_kept():
    session = Session(load_preset("recipe"))
    session.advance()
    view.branches(session)  # as the lab does with every frame: the trainer is asked while it is there
    session.restart()
    kept, live = view.branches(session)
    assert kept.kept and not live.kept
    assert kept.samples is not None and live.samples is not None and kept.samples is not live.samples
