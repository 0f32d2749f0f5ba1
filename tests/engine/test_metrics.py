"""The events of a run: frozen, compared by what happened and not by when, and quick to make."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.metrics import Changed, Diverged, EpochMetrics, Evaluation, IterationMetrics, Restored, Stopped

FIELDS = tuple(entry.name for entry in fields(IterationMetrics))


def metrics(**changes) -> IterationMetrics:
    made = IterationMetrics(
        epoch=1, iteration=1, batch=1, batches=4, samples_seen=32, batch_loss=1.0, batch_accuracy=0.5, penalty=0.25,
        learning_rate=0.001, gradient_norm=2.0, update_norm=3.0, weight_norm=4.0, seconds=0.001,
    )  # fmt: skip
    return replace(made, **changes)


def ended(epoch: int, train: float) -> EpochMetrics:
    return EpochMetrics(epoch, 4 * epoch, 128 * epoch, 0.001, Evaluation(train), None, 0.0)


EVENTS = [
    metrics(),
    IterationMetrics.quick(*range(13)),
    Evaluation(1.0),
    ended(1, 1.0),
    Changed(1, "epochs", 1, 2),
    Diverged(1, 1, 9.0),
    Stopped("completed", 1, 1),
    Restored(3, Evaluation(1.0), None),
]


def test_seconds_are_no_part_of_a_comparison():
    assert metrics(seconds=1.0) == metrics(seconds=2.0) != metrics(seconds=1.0, batch_loss=9.0)
    assert ended(1, 1.0) == replace(ended(1, 1.0), seconds=9.0)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_are_frozen(event):
    with pytest.raises(FrozenInstanceError):
        setattr(event, fields(event)[0].name, 7)
    with pytest.raises((AttributeError, TypeError)):
        event.other = 7  # slots: no misspelt field


def test_a_change_says_what_changed_when():
    assert str(Changed(40, "batch_size", 32, 8)) == "iteration 40: batch_size 32 -> 8"


def test_a_run_that_stops_says_nothing_more_unless_it_was_refused():
    assert Stopped("completed", 1, 4).message == ""
    assert Stopped("out_of_memory", 0, 0, "needs 2 KiB").message == "needs 2 KiB"


# The quick constructor ------------------------------------------------------------------------------------------------

values = st.tuples(*[st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.text(max_size=3))] * len(FIELDS))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(values, values)
def test_the_quick_constructor_makes_what_the_plain_one_makes(one, other):
    quick, plain = IterationMetrics.quick(*one), IterationMetrics(*one)
    assert type(quick) is IterationMetrics
    assert is_dataclass(quick)
    assert quick == plain
    assert hash(quick) == hash(plain)
    assert repr(quick) == repr(plain)
    assert asdict(quick) == asdict(plain) == dict(zip(FIELDS, one, strict=True))
    assert quick.seconds == plain.seconds
    assert (quick == IterationMetrics.quick(*other)) == (plain == IterationMetrics(*other))
    assert replace(quick, batch_loss=7.0) == replace(plain, batch_loss=7.0)
    assert copy.deepcopy(quick) == pickle.loads(pickle.dumps(quick)) == plain


def test_the_quick_constructor_takes_the_fields_in_their_order():
    assert tuple(inspect.signature(IterationMetrics.quick).parameters) == FIELDS
    assert IterationMetrics.quick(*range(13)) == IterationMetrics(**{name: at for at, name in enumerate(FIELDS)})
    assert metrics() == IterationMetrics.quick(**asdict(metrics()))


def test_what_was_made_quickly_is_as_frozen_and_as_small():
    quick, plain = IterationMetrics.quick(*range(13)), metrics()
    with pytest.raises(FrozenInstanceError):
        quick.epoch = 7
    with pytest.raises(FrozenInstanceError):
        del quick.epoch
    assert quick.__sizeof__() == plain.__sizeof__()
    assert not hasattr(quick, "__dict__")
