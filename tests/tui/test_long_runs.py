"""A run so long that its oldest iterations and epochs are no longer exact: what the screen still shows of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import EpochMetrics, Evaluation, History, IterationMetrics, Trainer, load_preset
from tui.canvas import plain
from tui.plots.pictures import loss_picture
from tui.plots.plot import draw
from tui.plots.smoothing import running_mean, smoothed
from tui.plots.ticks import epoch_ticks
from tui.tree.outline import Node, Outline
from tui.tree.rows import Branch, epoch_row, iteration_row


def history_of(losses, per_epoch: int = 2, capacity: int = 8, buckets: int = 8) -> History:
    """A history with these losses, of which the newest 8 (or 9) iterations and epochs are exact."""
    history = History(capacity, buckets)
    history.begin(Evaluation(1.0), Evaluation(1.0))
    for iteration, loss in enumerate(losses, 1):
        epoch, batch = (iteration - 1) // per_epoch + 1, (iteration - 1) % per_epoch + 1
        history.add(IterationMetrics(epoch, iteration, batch, per_epoch, 0, loss, 0.5, 0.0, 0.1, 1.0, 1.0, 1.0, 0.0))
        if batch == per_epoch:
            history.add_epoch(EpochMetrics(epoch, iteration, 0, 0.1, Evaluation(loss), Evaluation(loss), 0.0))
    assert history.kept.stop == len(history) and history.epochs.kept.stop == len(history.epochs)  # none is waiting any more
    return history


def trained(losses, per_epoch: int = 2, **limits) -> Trainer:
    """A trainer that looks as if it had trained so."""
    epochs = len(losses) // per_epoch
    settings = [("data.samples", [per_epoch]), ("training.batch_size", [1]), ("training.epochs", [epochs])]
    trainer = Trainer(load_preset("recipe", settings).runs[0])
    trainer.history = history_of(losses, per_epoch, **limits)
    trainer.iteration, trainer.epoch = len(losses), epochs
    return trainer


# Curves ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("spike", [math.nan, math.inf, -math.inf])
def test_what_was_lost_long_ago_is_still_marked(spike, runs):
    losses = [0.5] * 200
    losses[60] = spike
    picture = loss_picture([trained(losses)] * runs, 0, log=False)
    rows = plain(draw(picture.series, picture.axes, 80, 14))
    marked = [line.index("x") for line in rows.splitlines() if "x" in line]
    assert len(marked) == 1
    assert marked[0] == pytest.approx(80 * 61 / 200, abs=6 if runs == 1 else 12)
    assert "x" not in plain(draw(loss_picture([trained([0.5] * 200)], 0, log=False).series, picture.axes, 80, 14))


def test_a_spike_of_long_ago_is_a_point_of_the_curve():
    losses = [0.5] * 200
    losses[60] = 7.0
    line = loss_picture([trained(losses)], 0, log=False).series[0]
    assert line.y[line.x == 61].tolist() == [7.0]
    assert len(line.x) < 40
    assert line.x[-8:].tolist() == list(range(193, 201))


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0, math.nan, math.inf]), max_size=60), st.integers(1, 5))
def test_smoothed_is_the_running_mean_while_everything_is_exact(losses, window):
    history = history_of(losses, capacity=1000)
    x, y = smoothed(history, "batch_loss", window)
    assert x.tolist() == list(range(1, len(losses) + 1))
    np.testing.assert_array_equal(y, running_mean(np.array(losses, dtype=float), window))


def test_smoothed_of_a_long_run_goes_on_from_old_means_to_new_ones():
    losses = np.linspace(1.0, 0.0, 200) + 0.2 * (-1.0) ** np.arange(200)  # a line that goes down in saw teeth
    x, y = smoothed(history_of(losses.tolist()), "batch_loss", 4)
    assert len(x) < 20
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) < 0).all()  # no tooth is left, nor a jump between old and new
    np.testing.assert_allclose(y, 1.0 - x / 200, atol=0.08)


@given(st.integers(1, 400), st.integers(1, 30), st.integers(5, 120), st.data())
def test_epochs_that_are_left_out_have_their_ticks_where_they_would_be(epochs, per_epoch, columns, data):
    numbers = np.arange(1.0, epochs + 1.0)
    ends = numbers * per_epoch
    some = sorted({1, epochs, *data.draw(st.lists(st.integers(1, epochs), max_size=10))})
    expected = epoch_ticks(ends, 0.0, float(ends[-1]), columns)
    found = epoch_ticks(ends[np.array(some) - 1], 0.0, float(ends[-1]), columns, numbers[np.array(some) - 1])
    assert [label for _, label in found] == [label for _, label in expected]
    assert [x for x, _ in found] == pytest.approx([x for x, _ in expected])


@pytest.mark.parametrize("count", [2, 16, 200])
def test_a_picture_has_the_ends_of_all_epochs(count):
    picture = loss_picture([trained([0.5] * count, per_epoch=2)], 0, log=False)
    numbers, ends = picture.epochs
    assert (np.diff(numbers) > 0).all()
    np.testing.assert_array_equal(ends, 2 * numbers)
    assert ends[-1] == picture.axes.x_high


def test_the_epochs_to_come_are_in_the_picture():
    trainer = Trainer(load_preset("recipe", [("training.epochs", [10])]).runs[0])
    for expected in ([32, 64], [32, 64], [32, 64, 96, 128]):
        numbers, ends = loss_picture([trainer], 0, log=False).epochs
        assert np.interp(np.arange(1, numbers[-1] + 1), numbers, ends).tolist() == expected
        for _ in range(40):
            trainer.step()


# The tree -------------------------------------------------------------------------------------------------------------


def test_a_row_says_that_it_is_not_kept():
    history = history_of([0.5] * 20, per_epoch=4, capacity=8)
    assert plain([iteration_row(history, Node(0, 2, 5))]) == "     2     not kept"
    assert plain([iteration_row(history, Node(0, 5, 19))]) == "   * 4     0.500   50.0%"
    old = history_of([0.5] * 20, per_epoch=1)
    assert plain([epoch_row(Branch("a", old), 3, 30, is_open=False)]) == " > 3   not kept"
    assert "0.500" in plain([epoch_row(Branch("a", old), 20, 30, is_open=False)])


@pytest.mark.parametrize("per_epoch", [1, 4])
def test_every_row_of_an_open_tree_can_be_drawn(per_epoch):
    history = history_of([0.5] * 60, per_epoch)
    branch = Branch("a", history)
    opened = {Node(0), *(Node(0, epoch) for epoch in range(1, 60 // per_epoch + 1))}
    outline = Outline([history], opened)
    for index in range(1, len(outline)):
        node = outline.node(index)
        made = iteration_row(history, node) if node.iteration >= 0 else epoch_row(branch, node.epoch, 30, is_open=True)
        kept = node.iteration in history.kept if node.iteration >= 0 else node.epoch - 1 in history.epochs.kept
        assert ("not kept" in plain([made])) != kept


async def test_the_lab_shows_a_run_of_which_the_beginning_is_gone(lab, fast):
    async with lab("recipe", epochs=6, pace=fast, size=(80, 24)) as person:
        trainer = person.session.trainer
        shorter = History(capacity=16, buckets=8)
        shorter.begin(trainer.history.initial, trainer.history.initial_validation)
        trainer.history = shorter
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert shorter.kept.start >= 32 * 6 - 18
        person.lab.progress.focus()
        await person.press("home", "down", "right", "down")
        tree = person.read("tree").splitlines()
        assert tree[2].startswith(" v 1 ")
        assert tree[3].split() == [">", "1", "not", "kept"]  # the cursor
        assert max(map(len, tree)) <= 80
        await person.press("end")
        assert "not kept" not in person.read("tree")
