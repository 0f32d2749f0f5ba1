"""What a snapshot shows, against the same figures worked out the long way."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets import DATASETS
from engine.layers import Architecture
from engine.optimizers import SGD
from engine.run import Run, Training
from engine.snapshot import grid
from engine.surfaces import Ravine
from engine.trainer import Trainer


def trained(
    data: str = "moons", steps: int = 5, activation: str = "relu", hidden: tuple[int, ...] = (6, 4), **network
) -> Trainer:
    settings = {"samples": 40, "validation": 20} if data in ("moons", "line") else {}
    run = Run(
        data=DATASETS[data](**settings),
        network=Architecture(hidden=hidden, activation=activation, **network),
        training=Training(batch_size=8, optimizer=SGD(learning_rate=0.1 if data != "line" else 0.01)),
    )
    trainer = Trainer(run)
    for _ in range(steps):
        trainer.step()
    return trainer


def by_hand(trainer: Trainer, x: np.ndarray) -> list[np.ndarray]:
    """The activations of every layer, (rows, units), from weights and biases alone."""
    layers, seen = trainer.snapshot().layers, []
    for index, layer in enumerate(layers):
        x = x @ layer.weights + layer.bias
        if index < len(layers) - 1:
            x = np.maximum(x, 0)
        seen.append(x)
    return seen


def test_layers_show_weights_and_gradients_as_they_are():
    trainer = trained()
    snapshot = trainer.snapshot()
    assert [layer.weights.shape for layer in snapshot.layers] == [(2, 6), (6, 4), (4, 1)]
    flat = np.concatenate([part.ravel() for layer in snapshot.layers for part in (layer.weights, layer.bias)])
    assert np.array_equal(flat, trainer.parameters) and np.array_equal(snapshot.position, trainer.parameters)
    flat = np.concatenate(
        [part.ravel() for layer in snapshot.layers for part in (layer.weights_gradient, layer.bias_gradient)]
    )
    assert np.array_equal(flat, trainer.gradients)


def test_statistics_of_units_are_those_of_the_training_rows():
    trainer = trained()
    for layer, answers in zip(trainer.snapshot().layers, by_hand(trainer, trainer.table.inputs), strict=True):
        seen = layer.activations
        assert [seen.mean, seen.std, seen.low, seen.high] == pytest.approx(
            [answers.mean(), answers.std(), answers.min(), answers.max()], rel=1e-12
        )


def test_a_snapshot_stays_what_it_was():
    trainer = trained()
    snapshot = trainer.snapshot(trainer.table.inputs)
    kept = [layer.weights.copy() for layer in snapshot.layers], snapshot.outputs.copy(), snapshot.gradient.copy()
    trainer.step()
    assert all(np.array_equal(layer.weights, was) for layer, was in zip(snapshot.layers, kept[0], strict=True))
    assert np.array_equal(snapshot.outputs, kept[1]) and np.array_equal(snapshot.gradient, kept[2])
    assert not np.array_equal(snapshot.position, trainer.parameters)


def test_taking_snapshots_changes_nothing_that_is_learned():
    looked, left_alone = trained(dropout=0.3), trained(dropout=0.3)
    for _ in range(10):
        looked.snapshot(looked.table.inputs)
        assert looked.step() == left_alone.step()
    assert np.array_equal(looked.parameters, left_alone.parameters)


def test_dead_units_are_those_that_never_answer():
    trainer = trained(steps=0)
    first = trainer.objective.network.layers[0]
    first.weights[:, 2] = 0.0
    first.bias[2] = -1.0
    dead = trainer.snapshot().layers[0].dead
    assert dead[2] and list(dead) == [not answers.any() for answers in by_hand(trainer, trainer.table.inputs)[0].T]
    assert trainer.snapshot().layers[0].dead_share == dead.mean()
    assert not trained(activation="tanh").snapshot().layers[0].dead.any()


def test_confusion_counts_rows_by_what_they_are_and_what_is_said():
    trainer = trained(steps=60)
    for part in ("train", "validation"):
        table = trainer.table
        inputs, targets = (
            (table.inputs, table.targets) if part == "train" else (table.validation_inputs, table.validation_targets)
        )
        said = (trainer.predict(inputs)[:, 0] > 0).astype(int)
        counts = trainer.snapshot(part=part).confusion
        assert counts.tolist() == [[int(((targets == a) & (said == b)).sum()) for b in (0, 1)] for a in (0, 1)]
    seen = trainer.objective.evaluate()[1]
    assert np.trace(counts) / counts.sum() == seen.accuracy


def test_confusion_of_many_classes():
    trainer = trained("iris", steps=40)
    counts = trainer.snapshot().confusion
    assert counts.shape == (3, 3) and counts.sum(axis=1).tolist() == np.bincount(trainer.table.validation_targets).tolist()
    assert np.trace(counts) / counts.sum() == trainer.objective.evaluate()[1].accuracy


@pytest.mark.parametrize(("data", "classes"), [("moons", 2), ("iris", 3)])
def test_probabilities_are_what_the_outputs_mean(data, classes):
    trainer = trained(data, steps=20)
    table = trainer.table
    snapshot = trainer.snapshot(table.inputs * table.input_scale + table.input_offset)
    assert snapshot.probabilities.shape == (len(table.inputs), classes)
    assert snapshot.probabilities.sum(axis=1) == pytest.approx(np.ones(len(table.inputs)), abs=1e-12)
    z = snapshot.outputs
    expected = 1 / (1 + np.exp(-z)) if classes == 2 else (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))
    assert snapshot.probabilities[:, -expected.shape[1] :] == pytest.approx(expected, abs=1e-12)


def test_regression_has_outputs_but_no_classes():
    trainer = trained("line")
    snapshot = trainer.snapshot(np.array([[0.0], [1.0]]))
    assert snapshot.outputs.shape == (2, 1) and snapshot.probabilities is None and snapshot.confusion is None


def test_a_surface_shows_position_and_gradient():
    trainer = Trainer(Run(surface=Ravine(), training=Training(optimizer=SGD(learning_rate=0.04))))
    trainer.step()
    snapshot = trainer.snapshot(np.array([[1.0, 1.0]]))
    assert snapshot.layers == () and snapshot.position.tolist() == trainer.parameters.tolist()
    assert snapshot.gradient.tolist() == [-4.0, 20.0] and snapshot.outputs.tolist() == [[10.5]]


def test_a_network_that_diverged_has_a_snapshot_too():
    trainer = trained("line")
    trainer.parameters[:] = np.nan
    snapshot = trainer.snapshot()
    assert np.isnan(snapshot.layers[0].activations.mean)


def test_a_grid_goes_over_the_table_and_a_tenth_beyond():
    table = trained().table
    points = grid(table, 5, 3)
    assert points.shape == (15, 2)
    low, high = (edge(np.concatenate([table.inputs, table.validation_inputs])[:, 0]) for edge in (np.min, np.max))
    assert points[:5, 0] == pytest.approx(np.linspace(low - 0.1 * (high - low), high + 0.1 * (high - low), 5))
    assert points[0, 1] > points[5, 1] > points[10, 1], "the top row comes first"
    assert len(trained().snapshot(points).outputs) == 15


def test_a_grid_of_many_features_keeps_the_others_at_their_mean():
    table = trained("iris", hidden=(4,)).table
    points = grid(table, 4, 4, features=(2, 3))
    raw = np.concatenate([table.inputs, table.validation_inputs]) * table.input_scale + table.input_offset
    assert points[:, :2] == pytest.approx(np.tile(raw.mean(axis=0)[:2], (16, 1)))
    assert np.ptp(points[:, 2]) == pytest.approx(1.2 * np.ptp(raw[:, 2]))
    with pytest.raises(ValueError, match="this table has 4"):
        grid(table, 4, 4, features=(0, 4))
    assert grid(trained("line").table, 6, 1).shape == (6, 1)


def test_a_part_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match='part = "test": "train" or "validation" is allowed'):
        trained().snapshot(part="test")


def test_predictions_for_inputs_of_another_shape_are_refused_in_words():
    trainer = trained()
    for shape in ((2,), (3, 5), (1, 2, 2)):
        with pytest.raises(ValueError, match=r"inputs have the shape .*; \(rows, 2\) is allowed"):
            trainer.predict(np.zeros(shape))
    assert trainer.predict([[0.5, 1.0]]).shape == (1, 1)


@pytest.mark.parametrize("data", ["moons", "iris"])
def test_the_confusion_of_a_network_without_numbers_agrees_with_its_accuracy(data):
    trainer = trained(data)
    right = np.trace(trainer.snapshot(part="train").confusion)
    assert right == round(trainer.objective.evaluate()[0].accuracy * trainer.run.facts.samples) > 0
    trainer.parameters[...] = np.nan
    assert trainer.snapshot(part="train").confusion.sum() == 0
    assert trainer.quietly(trainer.objective.evaluate)[0].accuracy == 0.0
