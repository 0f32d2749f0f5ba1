"""A slice through a loss, where it can be worked out by hand, and that looking at it leaves training alone."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Trainer, load_preset, loss_slice
from engine.film import Film
from engine.layers import Architecture
from engine.loss_slice import Height, Plane, Survey, limits_around, principal_plane, random_plane, resample
from engine.optimizers import SGD
from engine.rows import Rows
from engine.run import Run, Training

X, T = np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.0, 6.0])


def line(**training) -> Trainer:
    """One weight and one bias: the loss is a quadratic of both, known in closed form."""
    data = Rows(inputs=tuple((x,) for x in X), targets=tuple(T))
    network = Architecture(hidden=(), initial_parameters=(0.5, -1.0))
    return Trainer(
        Run(data=data, network=network, training=Training(batch_size=2, optimizer=SGD(learning_rate=0.02), **training))
    )


def by_hand(w: float, b: float) -> float:
    return float(np.mean((w * X + b - T) ** 2))


def forever() -> bool:
    return False


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_quadratic_has_the_heights_of_its_closed_form(dtype):
    trainer = line(dtype=dtype)
    plane = Plane(np.array([1.0, 0.5]), np.array([0.6, 0.8]), np.array([-0.8, 0.6]), "path")
    survey = Survey(plane, Height(trainer), ((-2.0, 3.0), (-1.0, 4.0)))
    survey.measure(forever)
    values = survey.values()
    assert values.shape == (49, 65)
    for i, b in enumerate(np.linspace(4.0, -1.0, 49)):
        for j, a in enumerate(np.linspace(-2.0, 3.0, 65)):
            expected = by_hand(1.0 + 0.6 * a - 0.8 * b, 0.5 + 0.8 * a + 0.6 * b)
            assert values[i, j] == pytest.approx(expected, rel=1e-12 if dtype == "float64" else 1e-5)


def test_the_lowest_point_of_the_slice_is_that_of_least_squares():
    slope, intercept = np.polyfit(X, T, 1)
    plane = Plane(np.array([slope, intercept]), np.array([1.0, 0.0]), np.array([0.0, 1.0]), "path")
    survey = Survey(plane, Height(line()), ((-1.0, 1.0), (-1.0, 1.0)))
    survey.measure(forever)
    values = survey.values()
    assert np.unravel_index(values.argmin(), values.shape) == (24, 32), "in the middle, where the origin is"
    assert values.min() == pytest.approx(by_hand(slope, intercept), rel=1e-12)


def test_a_way_that_lies_in_a_plane_is_projected_exactly():
    rng = np.random.default_rng(3)
    u, v = np.linalg.qr(rng.standard_normal((50, 2)))[0].T
    where = np.array([[0.0, 0.0], [3.0, 1.0], [5.0, -2.0], [9.0, 1.5]])
    way = rng.standard_normal(50) + where @ np.array([u, v])
    plane = principal_plane(way, way[-1])
    assert plane.kind == "path" and sum(plane.shares) == pytest.approx(1.0)
    found = plane.project(way)
    assert found[-1] == pytest.approx([0.0, 0.0], abs=1e-12)
    for (a, b), weights in zip(found, way, strict=True):
        assert plane.at(a, b) == pytest.approx(weights, abs=1e-12)
    # distances are kept, and the first axis is the one along which the way spreads most
    assert np.linalg.norm(found[1] - found[2]) == pytest.approx(np.hypot(2.0, 3.0))
    centred = where - where.mean(axis=0)
    values = np.linalg.eigvalsh(centred.T @ centred)[::-1]
    assert plane.shares == pytest.approx(tuple(values / values.sum()))
    assert found[0, 0] < found[-1, 0], "it goes to the right"


def test_a_place_beside_the_plane_falls_on_its_nearest_point():
    plane = Plane(np.zeros(3), np.array([2.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.0]), "random")
    found = plane.project(np.array([[5.0, 2.0, 7.0], [np.nan, 0.0, 0.0], [np.inf, 1.0, 1.0]]))
    assert found[0] == pytest.approx([1.5, 2.0])
    assert np.isnan(found[1:]).all()


def test_the_components_are_those_of_a_singular_value_decomposition():
    way = np.random.default_rng(0).standard_normal((9, 40)).cumsum(axis=0)
    plane = principal_plane(way, way[-1])
    _, sizes, axes = np.linalg.svd(way - way.mean(axis=0))
    assert abs(plane.across @ axes[0]) == pytest.approx(1.0) and abs(plane.up @ axes[1]) == pytest.approx(1.0)
    assert plane.shares == pytest.approx(tuple(sizes[:2] ** 2 / (sizes**2).sum()))


@pytest.mark.parametrize(
    "way",
    [
        [[0.0, 0.0, 1.0]],
        [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0]],
        [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [2.0, 0.0, 1.0]],  # straight on
        [[1.0, 2.0, 3.0]] * 5,  # it stands still
        [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [np.nan, 0.0, 1.0], [np.inf, 1.0, 1.0]],
    ],
)
def test_a_way_that_is_too_short_has_no_plane(way):
    assert principal_plane([np.array(place, np.float32) for place in way], np.array(way[0])) is None


def test_random_directions_are_as_long_as_the_weights_of_each_unit():
    sizes = (3, 4, 2)
    weights = np.random.default_rng(1).standard_normal(4 * 4 + 5 * 2)
    weights[[1, 5, 9, 13]] = 0.0  # all weights and the bias of the second hidden unit
    plane = random_plane(weights, sizes)
    for axis in (plane.across, plane.up):
        for own, drawn in (
            (weights[:16].reshape(4, 4), axis[:16].reshape(4, 4)),
            (weights[16:].reshape(5, 2), axis[16:].reshape(5, 2)),
        ):
            lengths = np.linalg.norm(own, axis=0)
            assert np.linalg.norm(drawn, axis=0) == pytest.approx(np.where(lengths > 0, lengths, 1.0))
    assert plane.kind == "random" and plane.shares is None
    again = random_plane(weights, sizes)
    assert np.array_equal(again.across, plane.across) and not np.array_equal(again.across, again.up)
    with pytest.raises(ValueError, match="weights that are numbers"):
        random_plane(np.full(26, np.nan), sizes)


def test_the_height_at_the_weights_of_now_is_the_training_loss():
    for name in ("recipe", "digits", "diabetes", "regularisation"):
        trainer = Trainer(load_preset(name).runs[-1])
        for _ in range(3):
            trainer.step()
        height = Height(trainer)
        if height.rows == height.samples:
            assert height(trainer.parameters) == pytest.approx(trainer.objective.train_loss(), rel=1e-12)
        else:
            assert (height.rows, height.samples) == (1024, 1438)
            assert height(trainer.parameters) == pytest.approx(trainer.objective.train_loss(), rel=0.05)


def test_of_many_rows_some_are_taken_evenly(monkeypatch):
    monkeypatch.setattr(loss_slice, "MOST_ROWS", 2)
    height = Height(line())
    assert (height.rows, height.samples) == (2, 4)
    w, b = 1.5, 0.25
    assert height(np.array([w, b])) == pytest.approx(np.mean((w * X[[0, 3]] + b - T[[0, 3]]) ** 2))


def test_a_grid_becomes_finer_and_keeps_what_it_had():
    asked: list[tuple[float, ...]] = []

    def height(weights):
        asked.append(tuple(weights))
        return float(weights[0] + 10 * weights[1])

    plane = Plane(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]), "path")
    survey = Survey(plane, height, ((0.0, 1.0), (0.0, 1.0)))
    assert survey.values().shape == (0, 0)
    before = np.zeros((0, 0))
    for shape in [(7, 9), (13, 17), (25, 33), (49, 65)]:
        grids = survey.grids
        while survey.grids == grids:
            measured = survey.measured
            survey.measure(lambda: True)  # a point at a time
            assert survey.measured == measured + 1
            assert survey.grids > grids or survey.values().shape == before.shape
        values = survey.values()
        assert values.shape == shape
        assert np.isfinite(values).all()
        if before.size:
            assert np.array_equal(values[::2, ::2], before)
        assert values[0, 0] == 10.0 and values[-1, -1] == 1.0, "the largest b is above, the largest a to the right"
        before = values
    assert survey.complete and len(set(asked)) == len(asked) == 49 * 65
    survey.measure(forever)
    assert len(asked) == 49 * 65


def test_a_plane_of_numbers_is_resampled_to_itself():
    y, x = np.mgrid[0:7, 0:9].astype(float)
    values = 3 * x - 2 * y
    found = resample(values, 40, 10)
    assert found.shape == (10, 40)
    assert found == pytest.approx(
        3 * ((np.arange(40) + 0.5) / 40 * 8)[None, :] - 2 * ((np.arange(10) + 0.5) / 10 * 6)[:, None]
    )


def test_limits_hold_the_whole_way():
    limits = limits_around(np.array([[0.0, 1.0], [4.0, 3.0], [np.nan, np.nan]]))
    assert limits == ((-1.0, 5.0), (0.5, 3.5))
    assert limits_around(np.array([[np.nan, np.nan]])) == ((-1.0, 1.0), (-1.0, 1.0))
    (left, right), (low, high) = limits_around(np.zeros((1, 2)))
    assert left < 0 < right and low < 0 < high


@pytest.mark.parametrize(("name", "run"), [("recipe", 0), ("regularisation", 3), ("optimizers-compared", 2)])
def test_training_that_is_looked_at_is_the_same_to_the_bit(name, run):
    looked, left_alone = (Trainer(load_preset(name).runs[run]) for _ in range(2))
    film = Film(looked)
    for _ in range(12):
        frames = [frame.weights for frame in film.frames]
        plane = principal_plane(frames, looked.parameters) or random_plane(looked.parameters, looked.run.sizes)
        survey = Survey(plane, Height(looked), limits_around(plane.project(np.array(frames))))
        survey.measure(lambda survey=survey: survey.measured >= 3)
        assert looked.step() == left_alone.step()
        film.take()
    assert np.array_equal(looked.parameters, left_alone.parameters)
    assert looked.objective.state()["generators"] == left_alone.objective.state()["generators"]


def test_a_surface_has_no_slice():
    with pytest.raises(TypeError, match="no weights to slice"):
        Height(Trainer(load_preset("valley").runs[0]))


def test_a_diverged_network_has_heights_that_are_no_numbers_and_no_error():
    trainer = Trainer(load_preset("digits").runs[0])
    assert not np.isfinite(Height(trainer)(np.full(trainer.parameters.size, np.nan)))
