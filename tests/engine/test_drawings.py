"""Drawn pictures: the formula pixel by pixel, and that cats and dogs can be told apart."""

from __future__ import annotations

import numpy as np
import pytest

from engine.drawings import CatsDogs
from engine.table import Table


def drawn(data, seed: int = 0) -> Table:
    return data.generate(np.random.default_rng(seed))


def test_a_cat_has_ears_on_top_and_a_dog_at_the_sides():
    """Means of many noiseless pictures, at single pixels of the formula's grid (row, column)."""
    table = drawn(CatsDogs(samples=2000, validation=0, noise=0.0))
    pictures = table.inputs.reshape(-1, 12, 12) + 0.35
    cat, dog = (pictures[table.targets == label].mean(axis=0) for label in (0, 1))
    np.testing.assert_allclose(cat, cat[:, ::-1], atol=0.05)  # left and right alike
    assert table.classes == ("cat", "dog") and table.picture == (12, 12)
    assert cat[2, 3] > 0.4 > 0.1 > dog[2, 3]  # tip of the left ear
    assert dog[6, 1] > 0.4 > 0.2 > cat[6, 1]  # hanging ear; the edge of a cat's face comes near
    for animal in (cat, dog):
        assert animal[6, 4] < 0.7 * animal[8, 4]  # eye, cheek
        assert animal[8, 5] < 0.7 * animal[8, 4]  # nose, cheek
        assert abs(animal[11, 0]) < 0.01  # outside


def test_a_picture_by_the_written_formula():
    """One pixel at a time, in plain Python: what the vectorised drawing must give."""
    from math import exp, hypot

    def soft(t: float) -> float:
        return 1 / (1 + exp(-14 * t))

    def ellipse(x: float, y: float, a: float, b: float) -> float:
        return soft(1 - hypot(x / a, y / b))

    data = CatsDogs(samples=6, validation=0, noise=0.0)
    table = drawn(data, seed=5)
    rng = np.random.default_rng(5)
    move_x, move_y = rng.uniform(-0.1, 0.1, (2, 6))
    size, light = rng.uniform(0.9, 1.1, 6), rng.uniform(0.8, 1.2, 6)
    for n, label in enumerate(table.targets):
        for pixel in range(144):
            row, column = divmod(pixel, 12)
            x = ((2 * column + 1) / 12 - 1 - move_x[n]) / size[n]
            y = ((2 * row + 1) / 12 - 1 - move_y[n]) / size[n]
            shapes = [ellipse(x, y - 0.15, 0.55, 0.55)]
            for side in (-1, 1):
                if label == 0:
                    half_width = 0.30 * (y + 0.90) / 0.80
                    shapes.append(soft(min(half_width - abs(x - side * 0.40), -0.05 - y)))
                else:
                    shapes.append(0.75 * ellipse(x - side * 0.66, y - 0.10, 0.20, 0.50))
            value = max(shapes)
            value *= 1 - 0.9 * max(ellipse(x - side * 0.22, y - 0.05, 0.10, 0.10) for side in (-1, 1))
            value *= 1 - 0.9 * ellipse(x, y - 0.36, 0.12, 0.12)
            assert table.inputs[n, pixel] == pytest.approx(value * light[n] - 0.35, abs=1e-12)


def test_the_nearest_mean_picture_tells_cats_from_dogs():
    table = drawn(CatsDogs(noise=0.3))
    means = np.stack([table.inputs[table.targets == label].mean(axis=0) for label in (0, 1)])
    distance = ((table.validation_inputs[:, None, :] - means) ** 2).sum(axis=2)
    assert (distance.argmin(axis=1) == table.validation_targets).mean() >= 0.90


def test_noise_is_added_on_every_pixel_with_the_spread_asked_for():
    still, noisy = drawn(CatsDogs(noise=0.0, validation=0)), drawn(CatsDogs(noise=0.5, validation=0))
    np.testing.assert_allclose((noisy.inputs - still.inputs).std(axis=0).mean(), 0.5, rtol=0.02)
