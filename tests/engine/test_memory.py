"""Memory: the stated formula is what is really allocated, and a step that needs more than the limit is never made."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Run, Trainer
from engine.activations import ACTIVATIONS
from engine.byte_sizes import parse_size
from engine.layers import Architecture
from engine.losses import LOSSES
from engine.memory import largest_batch, step_memory
from engine.optimizers import OPTIMIZERS, SGD, Adam
from engine.points import Blobs, Moons
from engine.real_tables import Diabetes, Digits
from engine.run import MisfitError, Training
from engine.surfaces import Ravine

PYTHON_OBJECTS = 10_000  # bytes: what objects and constants of a step take beside the arrays, whatever their size


def arrays_of(thing: object, found: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Every array that a trainer's part holds, by the memory that it owns: views count once, constants not at all."""
    if isinstance(thing, np.ndarray):
        while isinstance(thing.base, np.ndarray):
            thing = thing.base
        if thing.ndim:
            found[id(thing)] = thing
    elif isinstance(thing, dict):
        for entry in thing.values():
            arrays_of(entry, found)
    elif isinstance(thing, (list, tuple)):
        for entry in thing:
            arrays_of(entry, found)
    elif hasattr(thing, "__dict__") and type(thing).__module__.startswith("engine"):
        arrays_of({name: value for name, value in vars(thing).items() if name != "column"}, found)  # a number an output
    return found


def held(trainer: Trainer) -> int:
    """Bytes of all arrays that the steps of this trainer work in."""
    objective = trainer.objective
    parts = [trainer.parameters, trainer.gradients, trainer.updates, trainer.optimizer_state.vectors]
    parts += [trainer._penalty, trainer._decayed]
    if trainer.run.surface is None:
        parts += [objective.batches.block, objective._work, objective._scratch]
    return sum(array.nbytes for array in arrays_of(parts, {}).values())


def epochs(trainer: Trainer, count: int = 1) -> Trainer:
    while len(trainer.history.epochs) < count and not trainer.done:
        trainer.step()
    return trainer


@st.composite
def runs(draw) -> Run:
    data = draw(
        st.sampled_from([
            Moons(samples=draw(st.integers(1, 60)), validation=draw(st.integers(0, 5))),
            Blobs(samples=60, validation=0),
            Diabetes(),
        ])
    )  # fmt: skip
    classes = data.facts().classes
    losses = [name for name, loss in LOSSES.items() if (loss.task == "classes") == bool(classes)]
    losses = [name for name in losses if name != "binary_cross_entropy" or classes == 2]
    hidden = tuple(draw(st.lists(st.integers(1, 9), max_size=3)))
    optimizer = OPTIMIZERS[draw(st.sampled_from(sorted(OPTIMIZERS)))](weight_decay=draw(st.sampled_from([0.0, 0.01])))
    training = Training(
        loss=draw(st.sampled_from(losses)),
        epochs=3,
        batch_size=draw(st.one_of(st.integers(1, min(70, data.facts().samples)), st.just("full"))),
        drop_last=draw(st.booleans()),
        dtype=draw(st.sampled_from(["float64", "float32"])),
        clip_norm=draw(st.sampled_from([0.0, 1.0])),
        l1=draw(st.sampled_from([0.0, 0.01])),
        l2=draw(st.sampled_from([0.0, 0.01])),
        optimizer=optimizer,
    )
    network = Architecture(
        hidden=hidden,
        activation=draw(st.sampled_from(sorted(ACTIVATIONS))),
        dropout=draw(st.sampled_from([0.0, 0.5])) if hidden else 0.0,
    )
    return Run(data=data, network=network, training=training)


@settings(max_examples=150)
@given(run=runs())
def test_the_formula_is_the_sum_of_all_arrays_that_a_trainer_steps_in(run):
    trainer = epochs(Trainer(run))
    needed = step_memory(run, run.batch_size)
    assert held(trainer) == needed.total - needed.passing_bytes


@settings(max_examples=40)
@given(run=runs(), size=st.integers(1, 70))
def test_the_formula_holds_for_another_batch_size_from_the_epoch_after_the_change_on(run, size):
    trainer = epochs(Trainer(run))
    size = min(size, run.facts.samples)
    trainer.change("batch_size", size)
    epochs(trainer, 2)
    needed = step_memory(run, size)
    assert held(trainer) == needed.total - needed.passing_bytes


def test_a_surface_needs_its_vectors_and_no_rows():
    run = Run(surface=Ravine(), training=Training(optimizer=Adam(weight_decay=0.1)))
    assert held(epochs(Trainer(run))) == step_memory(run, 1).total == 8 * 6 * 2


LARGE = [
    Run(data=Digits(), network=Architecture(hidden=(64,)), training=Training(batch_size=500, epochs=3)),
    Run(
        data=Digits(), network=Architecture(hidden=(64, 9)), training=Training(batch_size="full", epochs=3, dtype="float32")
    ),
    Run(
        data=Moons(samples=3000, validation=0),
        network=Architecture(hidden=(300, 40), activation="gelu", dropout=0.2),
        training=Training(batch_size=1700, epochs=3, optimizer=Adam(weight_decay=0.1), l1=0.1, l2=0.1),
    ),
    Run(
        data=Diabetes(),
        network=Architecture(hidden=(200,), activation="tanh"),
        training=Training(loss="huber", batch_size=100, epochs=3, drop_last=True, l1=0.1),
    ),
]


@pytest.mark.parametrize("run", LARGE, ids=["digits", "full float32", "moons with everything", "drop_last"])
def test_the_most_that_steps_really_take_at_a_time_is_what_the_formula_says(run):
    """Measured by `tracemalloc`, to which NumPy reports every allocation, down to those that pass."""
    epochs(Trainer(run))  # what is made once for all trainers
    gc.collect()
    tracemalloc.start()
    trainer = Trainer(run)
    # the weights, the gradients, the updates and the optimizer's memory are there by now
    made = sum(array.nbytes for array in arrays_of([trainer.parameters, trainer.gradients, trainer.updates], {}).values())
    made += sum(array.nbytes for array in trainer.optimizer_state.vectors)
    made += 0 if trainer._penalty is None else 2 * trainer.parameters.nbytes
    made += sum(part.nbytes for part in trainer.objective.batches.block)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    peak = 0
    for _ in range(run.iterations_per_epoch()):
        trainer.quietly(trainer._forward)  # no evaluation of whole sets, which the formula leaves out
        trainer.quietly(trainer._measure)
        trainer.quietly(trainer._backward)
        trainer.quietly(trainer.update, 0.0)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    order = trainer.objective.batches.order.nbytes  # every epoch draws one
    needed = step_memory(run, run.batch_size)
    assert needed.total > 100_000
    assert peak + made == pytest.approx(needed.total + order, abs=PYTHON_OBJECTS + 0.01 * needed.total)


def test_the_arithmetic_of_a_small_network_by_hand():
    run = Run(
        data=Moons(samples=10, validation=0),
        network=Architecture(hidden=(3,), activation="tanh"),
        training=Training(batch_size=4, optimizer=Adam()),
    )
    needed = step_memory(run, 4)
    assert run.parameters == (2 + 1) * 3 + (3 + 1) * 1 == needed.parameters
    assert needed.vectors == 5  # weights, gradients, updates, and Adam's two
    assert (needed.rows, needed.last_rows) == (4, 2)  # 4, 4 and 2
    # z and delta of 3 units and of 1, a with its 1; 4 in the loss, a number a row and its one
    numbers = 2 * 3 + 2 * 1 + 4 + 4 + 2
    assert needed.row_bytes == 8 * numbers + 2 * 1 + 2 * 8  # two booleans, two class numbers
    assert needed.copied_rows == 10  # all of them, since 16 KiB have room for more
    assert needed.copied_row_bytes == 8 * (2 + 1 + 1)
    assert needed.total == 8 * 5 * 13 + 6 * 162 + 10 * 32 == 1812
    assert str(needed) == (
        "8 B x 5 vectors x 13 parameters + (4 + 2) rows x 162 B + 10 rows copied x 32 B + 0 B in passing = 1,812 B"
    )


# Refusal --------------------------------------------------------------------------------------------------------------


def limited(limit: str, **training) -> Run:
    settings = {"batch_size": 64, "optimizer": Adam(), **training}
    return Run(data=Moons(samples=200, validation=20), training=Training(memory_limit=limit, **settings))


def test_a_run_that_needs_more_than_its_limit_is_over_before_anything_has_changed():
    run = limited("20 KiB")
    trainer, free = Trainer(run), Trainer(limited("1 GB"))
    stopped = trainer.history.stopped
    assert (stopped.reason, stopped.epoch, stopped.iteration) == ("out_of_memory", 0, 0)
    assert list(trainer) == []
    assert len(trainer.history) == len(trainer.history.epochs) == trainer.iteration == 0
    assert trainer.parameters.tobytes() == free.parameters.tobytes()
    assert trainer.history.initial == free.history.initial
    with pytest.raises(RuntimeError, match="over"):
        trainer.step()
    with pytest.raises(RuntimeError, match="over"):
        trainer.step_phase()
    needed = step_memory(run, 64)
    for words in (
        "batch_size 64",
        str(needed),
        f"{needed.total:,} B",
        "20 KiB",
        "20,480 B",
        f"fits is {largest_batch(run)}",
    ):
        assert words in stopped.message


def test_exactly_the_limit_is_allowed_and_a_byte_less_is_not():
    total = step_memory(limited("1 GB"), 64).total
    assert epochs(Trainer(limited(f"{total} B"))).history.stopped is None
    assert Trainer(limited(f"{total - 1} B")).history.stopped.reason == "out_of_memory"


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("kilobytes", [6, 9, 20, 33, 60, 100, 200])
def test_the_largest_batch_that_fits_does_and_no_larger_one(kilobytes, drop_last):
    run = limited(f"{kilobytes} KB", drop_last=drop_last)
    best = largest_batch(run)
    fitting = [size for size in range(1, 201) if step_memory(run, size).total <= 1000 * kilobytes]
    assert best == max(fitting, default=0)
    if best:
        fits = replace(run, training=replace(run.training, batch_size=best))
        assert epochs(Trainer(fits)).history.stopped is None
    if best < 200:
        more = replace(run, training=replace(run.training, batch_size=best + 1))
        assert Trainer(more).history.stopped.reason == "out_of_memory"


def test_those_limits_are_of_every_kind():
    found = [largest_batch(limited(f"{kilobytes} KB")) for kilobytes in (6, 9, 20, 33, 60, 100, 200)]
    assert found == sorted(found)
    assert found[0] == 0
    assert 0 < found[2] < 64 < found[4]
    assert found[-1] == 200


def test_where_not_even_one_sample_fits_only_a_smaller_network_helps():
    run = limited("2 KB")
    assert largest_batch(run) == 0
    assert "no batch_size fits, only a smaller network does" in Trainer(run).history.stopped.message


def test_without_a_limit_everything_fits():
    run = Run(data=Moons(samples=200, validation=0))
    assert largest_batch(run) == 200
    assert Trainer(run).history.stopped is None


def test_a_batch_size_above_the_limit_is_refused_while_it_trains_and_changes_nothing():
    run = limited("40 KB", batch_size=20)
    best = largest_batch(run)
    assert 20 < best < 200
    trainer, undisturbed = Trainer(run), Trainer(run)
    for _ in range(3):
        trainer.step()
    for size in (best + 1, 150, "full"):
        with pytest.raises(ValueError, match=f"the largest batch_size that fits is {best}$"):
            trainer.change("batch_size", size)
    assert trainer.batch_size == 20
    assert trainer.history.changes == []
    assert list(trainer) == list(undisturbed)[3:]
    assert trainer.parameters.tobytes() == undisturbed.parameters.tobytes()


def test_the_largest_that_fits_is_taken_while_it_trains():
    trainer = Trainer(limited("40 KB", batch_size=20))
    trainer.step()
    trainer.change("batch_size", largest_batch(trainer.run))
    assert epochs(trainer, 2).history.stopped is None


def test_weight_decay_that_begins_while_it_trains_needs_a_vector_more():
    needed = step_memory(limited("1 GB"), 64)
    trainer = Trainer(limited(f"{needed.total} B"))
    trainer.step()
    with pytest.raises(ValueError, match=r"^weight_decay = 0\.1: out of memory: a step with batch_size 64 needs"):
        trainer.change("weight_decay", 0.1)
    assert trainer.optimizer.weight_decay == 0.0
    assert trainer.history.changes == []
    trainer.change("batch_size", 50)  # 200 rows leave no partial batch
    trainer.change("weight_decay", 0.1)
    with pytest.raises(ValueError, match="out of memory"):
        trainer.change("batch_size", 64)
    assert [change.key for change in trainer.history.changes] == ["batch_size", "weight_decay"]
    assert epochs(trainer).history.stopped is None


# Sizes in words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512 KiB", 512 * 1024),
        ("0.5 MB", 500_000),
        ("1.5 MiB", 1536 * 1024),
        ("4096 B", 4096),
        ("4096b", 4096),
        ("  2gb ", 2_000_000_000),
        ("1 GiB", 2**30),
        ("3kb", 3000),
    ],
)
def test_a_size_is_a_number_and_a_unit(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "512", "KiB", "-1 KB", "0 B", "0.0 MB", "1 TB", "1,5 MB", "1e3 B", "nan B", "1 K B", "much"]
)
def test_what_is_no_size_is_refused_by_the_run_too(text):
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)
    with pytest.raises(MisfitError, match=r"training\.memory_limit.*is not a size such as") as refused:
        Training(memory_limit=text, optimizer=SGD())
    assert refused.value.key == "training.memory_limit"


def test_on_a_surface_nothing_is_said_of_batches_and_networks():
    run = Run(surface=Ravine(), training=Training(memory_limit="8 B"))
    message = Trainer(run).history.stopped.message
    assert "= 48 B, more than memory_limit 8 B" in message
    assert "batch_size" not in message and "network" not in message
