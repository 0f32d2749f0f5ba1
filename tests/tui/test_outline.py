"""The rows of the tree: the same as a plain list of all of them, without ever making that list."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import History, IterationMetrics, Stopped
from tui.tree.outline import Node, Outline, newest


def history_of(epochs: list[int], stopped: bool = False) -> History:
    """A history with so many iterations in each epoch, as a trainer would have made it."""
    history = History()
    for epoch, batches in enumerate(epochs, 1):
        for batch in range(1, batches + 1):
            history.add(IterationMetrics(epoch, len(history) + 1, batch, batches, 0, 0.5, 0.5, 0.0, 0.1, 1.0, 1.0, 1.0, 0.0))
    if stopped:
        history.stopped = Stopped("completed", len(epochs), len(history))
    return history


def everything(histories: list[History], opened: set[Node]) -> list[Node]:
    """The reference: all rows, one by one."""
    rows = []
    for run, history in enumerate(histories):
        rows.append(Node(run))
        if Node(run) in opened:
            for epoch in range(1, history.epochs_begun + 1):
                rows.append(Node(run, epoch))
                if Node(run, epoch) in opened:
                    rows += [Node(run, epoch, index) for index in history.epoch_iterations(epoch)]
    return rows


runs = st.lists(st.lists(st.integers(1, 7), max_size=6), min_size=1, max_size=4)
nodes = st.sets(st.builds(Node, st.integers(0, 4), st.integers(0, 8)), max_size=12)


@given(runs, nodes)
def test_its_rows_are_those_of_the_list(epochs, opened):
    histories = [history_of(one) for one in epochs]
    outline, rows = Outline(histories, opened), everything(histories, opened)
    assert len(outline) == len(rows)
    assert [outline.node(index) for index in range(len(outline))] == rows
    assert [outline.index(node) for node in rows] == list(range(len(rows)))


@given(runs, nodes)
def test_a_hidden_node_is_found_in_what_hides_it(epochs, opened):
    histories = [history_of(one) for one in epochs]
    outline, rows = Outline(histories, opened), everything(histories, opened)
    for node in everything(histories, {Node(run, epoch) for run in range(5) for epoch in range(9)}):
        shown = node
        while shown not in rows:
            shown = shown.parent
        assert outline.index(node) == rows.index(shown)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_row_outside(index):
    with pytest.raises(IndexError):
        Outline([history_of([5, 5])], {Node(0)}).node(index)


def test_what_a_closed_run_has_opened_stays_hidden_and_comes_back():
    histories = [history_of([2, 2])]
    assert len(Outline(histories, {Node(0, 1)})) == 1
    assert len(Outline(histories, {Node(0), Node(0, 1)})) == 5


def test_an_epoch_that_has_not_begun_opens_nothing():
    assert len(Outline([history_of([2])], {Node(0), Node(0, 2)})) == 2


@pytest.fixture(scope="module")
def long_history() -> History:
    """100 epochs of 1000 iterations."""
    return history_of([1000] * 100)


@pytest.mark.parametrize(
    "opened", [set(), {Node(0)}, {Node(0), Node(0, 50)}, {Node(0), *(Node(0, n) for n in range(1, 101))}]
)
def test_nothing_is_built_per_iteration(long_history, opened):
    tracemalloc.start()
    outline = Outline([long_history], opened)
    rows = [outline.node(index) for index in range(len(outline) - 20, len(outline)) if index >= 0]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(outline) == 1 + (Node(0) in opened) * 100 + 1000 * sum(1 for node in opened if node.epoch)
    assert rows[-1] == (Node(0, 100, 99_999) if Node(0, 100) in opened else Node(0, 100) if opened else Node(0))
    assert most < 100_000  # bytes; 100 000 rows would take some 10 million


def test_following_a_long_run_builds_what_is_in_sight(long_history):
    tracemalloc.start()
    rows = newest([long_history], 0, 23)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == 23
    assert most < 20_000


@given(runs, st.integers(0, 3), st.integers(1, 30), st.booleans())
def test_newest_fits_and_has_what_is_newest(epochs, run, height, stopped):
    histories = [history_of(one, stopped and bool(one)) for one in epochs]
    run %= len(histories)
    rows = newest(histories, run, height)
    assert len(rows) <= height
    assert len(rows) == len(set(rows))
    assert Node(run) in rows
    history = histories[run]
    if height > len(histories) and history.epochs_begun:
        last = history.epochs_begun
        assert {Node(other) for other in range(len(histories))} <= set(rows)
        assert Node(run, last) in rows
        if height > len(histories) + 1 and not stopped:
            assert Node(run, last, len(history) - 1) in rows
    mine = [node for node in rows if node.run == run]
    assert mine == [
        node
        for node in everything(histories, {Node(run), *(Node(run, n) for n in range(9))})
        if node in rows and node.run == run
    ]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6), st.integers(4, 40))
def test_newest_leaves_no_row_empty_that_it_could_fill(epochs, height):
    history = history_of(epochs)
    assert len(newest([history], 0, height)) == min(height, 1 + len(epochs) + epochs[-1])
