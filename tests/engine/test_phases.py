"""One iteration taken apart: every figure of the lesson's worked example, and four phases are one step to the bit."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import IterationMetrics, Run, Trainer
from engine.layers import Architecture
from engine.optimizers import OPTIMIZERS, SGD, Adam
from engine.phases import PHASES
from engine.points import Moons
from engine.rows import Rows
from engine.run import Divergence, Training
from engine.surfaces import Valley

# XOR by a 2-2-1 network, tanh between, one full batch; the figures are from torch.autograd in float64
EXAMPLE = Run(
    data=Rows(inputs=((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)), targets=(0.0, 1.0, 1.0, 0.0)),
    network=Architecture(hidden=(2,), activation="tanh", initial_parameters=(0.5, -0.4, 0.3, 0.8, 0.0, 0.0, 0.7, -0.6, 0.0)),
    training=Training(
        loss="mean_squared_error", optimizer=SGD(learning_rate=0.1), batch_size="full", shuffle=False, epochs=2
    ),
)
OUTPUTS = [0.0, -0.1945032334445958, 0.5514513874351417, 0.23685636183435932]
LOSS, LOSS_AFTER = 0.4210336921712157, 0.33734343023777236
GRADIENTS = [-0.07712049323401085, 0.05433963013135094, -0.33625140039848533, 0.13953891468435625]
GRADIENTS += [-0.45971741421531104, 0.2546775917903738, -0.19898726685906531, -0.2663875802317501, -0.7030977420875474]
WEIGHTS = [0.5077120493234011, -0.4054339630131351, 0.3336251400398485, 0.7860461085315644]
WEIGHTS += [0.045971741421531105, -0.02546775917903738, 0.7198987266859065, -0.5733612419768249, 0.07030977420875474]


def test_the_worked_example_to_nine_decimals():
    trainer = Trainer(EXAMPLE)
    forward, loss, backward, update = (trainer.step_phase() for _ in range(4))
    assert [phase.name for phase in (forward, loss, backward, update)] == list(PHASES)
    exactly = {"rtol": 0, "atol": 1e-9}
    np.testing.assert_allclose(forward.outputs[:, 0], OUTPUTS, **exactly)
    assert loss.loss == pytest.approx(LOSS, abs=1e-9)
    np.testing.assert_allclose(backward.gradients, GRADIENTS, **exactly)
    np.testing.assert_allclose(update.new, WEIGHTS, **exactly)
    np.testing.assert_allclose(trainer.parameters, WEIGHTS, **exactly)
    np.testing.assert_allclose(update.new - update.old, -0.1 * backward.gradients, rtol=1e-14, atol=1e-16)
    trainer.step_phase()
    assert trainer.step_phase().loss == pytest.approx(LOSS_AFTER, abs=1e-9)


def test_what_can_be_read_of_each_phase():
    trainer = Trainer(EXAMPLE)
    forward = trainer.step_phase()
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert forward.inputs.tolist() == x.tolist()
    assert forward.targets.tolist() == [[0], [1], [1], [0]]
    layers = forward.layers(forward.old)
    assert [(layer.weights.tolist(), layer.bias.tolist()) for layer in layers] == [
        ([[0.5, -0.4], [0.3, 0.8]], [0.0, 0.0]),
        ([[0.7], [-0.6]], [0.0]),
    ]
    (z,), (a,) = forward.z, forward.activations
    np.testing.assert_allclose(np.tanh(z), a, rtol=1e-15)
    np.testing.assert_allclose(z, x @ layers[0].weights, rtol=1e-15)
    np.testing.assert_allclose(forward.outputs, a @ layers[1].weights, rtol=0, atol=1e-15)
    assert forward.loss is forward.gradients is forward.new is forward.metrics is None
    loss = trainer.step_phase()
    assert (loss.accuracy, loss.gradients) == (None, None)
    backward = trainer.step_phase()
    assert backward.gradient_norm == pytest.approx(np.linalg.norm(GRADIENTS), abs=1e-9)
    assert (backward.penalty, backward.new, backward.metrics) == (0.0, None, None)
    assert trainer.iteration == 0
    update = trainer.step_phase()
    assert update.learning_rate == 0.1
    assert update.metrics == trainer.history[0]
    # earlier phases are still what they were, and the last one has all of them
    assert update.old.tolist() == list(EXAMPLE.network.initial_parameters)
    assert update.outputs.tobytes() == forward.outputs.tobytes()
    assert update.loss == loss.loss
    kept = forward.outputs.copy()
    for _ in range(4):
        trainer.step_phase()
    assert forward.outputs.tobytes() == kept.tobytes()
    with pytest.raises(RuntimeError, match="over"):
        trainer.step_phase()


def test_inputs_and_targets_are_rows_as_the_network_sees_them():
    forward = Trainer(EXAMPLE).step_phase()
    assert np.shape(forward.inputs) == (4, 2)
    assert np.shape(forward.targets) == (4, 1)
    assert np.shape(forward.outputs) == (4, 1)
    assert [array.shape for array in (*forward.z, *forward.activations)] == [(4, 2), (4, 2)]


def test_a_surface_has_phases_without_data():
    trainer = Trainer(Run(surface=Valley(), training=Training(optimizer=SGD(learning_rate=0.1))))
    forward, loss, backward, update = (trainer.step_phase() for _ in range(4))
    assert forward.inputs is forward.outputs is None
    assert loss.loss == 49.0
    assert backward.gradients.tolist() == [-14.0]
    assert update.new.tolist() == pytest.approx([-2.6])


def numbers(trainer: Trainer) -> dict[str, object]:
    history = trainer.history
    names = [entry.name for entry in fields(IterationMetrics) if entry.name != "seconds"]
    return {
        "iterations": {name: history.column(name).tobytes() for name in names},
        "epochs": [repr(replace(entry, seconds=0.0)) for entry in history.epochs],
        "ends": repr((history.initial, history.diverged, history.stopped)),
        "weights": trainer.parameters.tobytes(),
    }


@settings(max_examples=60)
@given(
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    dropout=st.sampled_from([0.0, 0.4]),
    clip_norm=st.sampled_from([0.0, 0.01]),
    l1=st.sampled_from([0.0, 0.01]),
    drop_last=st.booleans(),
    steps=st.lists(st.sampled_from(["step", "phases", "one phase"]), min_size=1, max_size=20),
)
def test_four_phases_are_a_step_however_they_are_mixed(optimizer, dropout, clip_norm, l1, drop_last, steps):
    training = Training(
        epochs=3, batch_size=16, optimizer=OPTIMIZERS[optimizer](), clip_norm=clip_norm, l1=l1, l2=l1, drop_last=drop_last
    )
    run = Run(data=Moons(samples=50, validation=10), network=Architecture(hidden=(5, 4), dropout=dropout), training=training)
    trainer, plain = Trainer(run), Trainer(run)
    for way in steps:
        if trainer.done:
            break
        if way == "step":
            trainer.step()  # one that was begun by a phase is finished
        else:
            for _ in range(4 if way == "phases" else 1):
                if not trainer.done:
                    trainer.step_phase()
        assert trainer.iterations == plain.iterations
    for one in (trainer, plain):
        list(one)
    assert numbers(trainer) == numbers(plain)


def test_an_epoch_that_ends_early_by_divergence_ends_so_by_phases_too():
    training = Training(epochs=9, batch_size=1, optimizer=SGD(learning_rate=1000.0), dtype="float32", shuffle=False)
    training = replace(training, divergence=Divergence(stop=True), loss="mean_squared_error")
    run = Run(data=EXAMPLE.data, network=Architecture(hidden=(), initializer="glorot_normal"), training=training)
    trainer, plain = Trainer(run), Trainer(run)
    list(plain)
    while not trainer.done:
        trainer.step_phase()
    assert plain.history.stopped.reason == "diverged"
    assert plain.iteration < 36
    assert numbers(trainer) == numbers(plain)


def test_the_gradients_shown_are_those_the_update_uses_after_penalties_and_clipping():
    training = replace(EXAMPLE.training, clip_norm=0.5, l2=1.0)
    trainer = Trainer(replace(EXAMPLE, training=training))
    phases = [trainer.step_phase() for _ in range(4)]
    weights = np.array([0.5, -0.4, 0.3, 0.8, 0.0, 0.0, 0.7, -0.6, 0.0])
    whole = GRADIENTS + weights
    length = np.linalg.norm(whole)
    assert phases[2].gradient_norm == pytest.approx(length, abs=1e-9)
    assert phases[2].penalty == pytest.approx(0.5 * (weights**2).sum(), abs=1e-12)
    np.testing.assert_allclose(phases[2].gradients, whole * 0.5 / (length + 1e-6), rtol=0, atol=1e-9)
    np.testing.assert_allclose(phases[3].new, weights - 0.1 * phases[2].gradients, rtol=0, atol=1e-15)


def test_between_phases_what_would_move_the_rows_or_the_schedule_is_refused_and_the_rate_is_not():
    run = Run(data=Moons(samples=50, validation=10), training=Training(epochs=3, batch_size=16, optimizer=Adam()))
    trainer = Trainer(run)
    trainer.step_phase()
    for key, value in (("batch_size", 10), ("epochs", 2)):
        with pytest.raises(ValueError, match=f"{key} changes between two iterations"):
            trainer.change(key, value)
    assert trainer.history.changes == []
    trainer.change("learning_rate", 0.5)
    assert trainer.step().learning_rate == 0.5
    trainer.change("batch_size", 10)
    assert trainer.batch_size == 10


def test_deltas_times_inputs_are_the_gradients_and_their_mean_is_over_the_rows():
    run = Run(
        data=Moons(samples=50, validation=10),
        network=Architecture(hidden=(5, 4), activation="tanh"),
        training=Training(batch_size=16),
    )
    trainer = Trainer(run)
    phases = [trainer.step_phase() for _ in range(3)]
    assert [delta.shape for delta in phases[2].deltas] == [(16, 5), (16, 4), (16, 1)]
    assert phases[0].deltas == phases[1].deltas == ()
    seen = (phases[0].inputs, *phases[0].activations)
    for x, delta, layer in zip(seen, phases[2].deltas, phases[2].layers(phases[2].gradients), strict=True):
        np.testing.assert_allclose(x.T @ delta, layer.weights, rtol=0, atol=1e-15)
        np.testing.assert_allclose(delta.sum(axis=0), layer.bias, rtol=0, atol=1e-15)
    probability = 1.0 / (1.0 + np.exp(-phases[0].outputs))
    np.testing.assert_allclose(phases[2].deltas[-1], (probability - phases[0].targets) / 16, rtol=0, atol=1e-15)


def test_what_dropout_hid_is_kept_with_the_phase():
    run = Run(
        data=Moons(samples=50, validation=10),
        network=Architecture(hidden=(40,), dropout=0.5, activation="sigmoid"),
        training=Training(batch_size=16),
    )
    forward = Trainer(run).step_phase()
    (mask,), (a,), (z,) = forward.masks, forward.activations, forward.z
    assert set(np.unique(mask)) == {0.0, 2.0}
    np.testing.assert_allclose(a, mask / (1.0 + np.exp(-z)), rtol=1e-14)
    assert Trainer(EXAMPLE).step_phase().masks == ()


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_the_optimizers_memory_is_that_before_the_update(name):
    run = Run(
        data=Moons(samples=50, validation=10),
        training=Training(epochs=3, batch_size=16, optimizer=OPTIMIZERS[name](learning_rate=0.125)),
    )
    trainer = Trainer(run)
    for _ in range(3):
        trainer.step()
    before = [vector.copy() for vector in trainer.optimizer_state.vectors]
    steps = trainer.optimizer_state.steps
    phases = [trainer.step_phase() for _ in range(3)]
    trainer.change("learning_rate", 0.25)
    phases.append(trainer.step_phase())
    assert [vector.tobytes() for vector in phases[3].memory] == [vector.tobytes() for vector in before]
    assert phases[3].steps == steps
    assert (phases[1].memory, phases[2].optimizer) == ((), None)
    assert phases[3].optimizer is trainer.optimizer
    assert phases[3].learning_rate == 0.25
    # the same update once more, from what the phase holds
    state = trainer.optimizer.init(phases[3].old)
    for vector, kept in zip(state.vectors, phases[3].memory, strict=True):
        vector[...] = kept
    state.steps = phases[3].steps
    out = np.empty_like(phases[3].old)
    phases[3].optimizer.update(phases[3].gradients, state, phases[3].learning_rate, out)
    if phases[3].optimizer.weight_decay:
        out -= phases[3].learning_rate * phases[3].optimizer.weight_decay * phases[3].old
    np.testing.assert_allclose(out, phases[3].updates, rtol=1e-13, atol=1e-18)
    assert [(one.epoch, one.iteration, one.batch, one.batches) for one in phases] == [(1, 4, 4, 4)] * 4
