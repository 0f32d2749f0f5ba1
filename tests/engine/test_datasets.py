"""Data sets: what they promise about shapes, balance, randomness and what the network may see."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from importlib.resources import files
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from engine.datasets import DATASETS, CatsDogs, Data, Digits, Facts, Moons, StudyHours, Table, standardize
from engine.own_table import OwnTable
from engine.ranges import STRICT, Range

EVERY_SETTING = [
    CatsDogs(),
    CatsDogs(samples=1, validation=0),
    CatsDogs(samples=31, validation=8, noise=0.0, label_noise=0.5, standardize=True),
    Moons(),
    Moons(samples=1, validation=1),
    Moons(samples=50, validation=0, noise=1.0, standardize=True),
    StudyHours(),
    StudyHours(validation=0, hours_divisor=1.0),
    StudyHours(validation=7, split="random"),
    Digits(),
    Digits(validation=0.0),
    Digits(validation=0.003),
    Digits(validation=0.9, standardize=True),
]
every_setting = pytest.mark.parametrize("data", EVERY_SETTING, ids=str)
every_kind = pytest.mark.parametrize("kind", DATASETS.values(), ids=DATASETS.keys())


def drawn(data: Any, seed: int = 0) -> Table:
    table = data.generate(np.random.default_rng(seed))
    assert isinstance(table, Table)
    return table


def arrays(table: Table) -> dict[str, np.ndarray]:
    values = {field.name: getattr(table, field.name) for field in fields(table)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def bits(table: Table) -> dict[str, bytes]:
    return {name: value.tobytes() for name, value in arrays(table).items()}


def raw(table: Table, inputs: np.ndarray) -> np.ndarray:
    return inputs * table.input_scale + table.input_offset


# What every data set keeps ---------------------------------------------------------------------------------------


def test_the_settings_above_leave_no_data_set_out():
    assert {type(data) for data in EVERY_SETTING} == set(DATASETS.values()) - {OwnTable}  # has a file and tests of its own


def test_the_table_of_names_and_the_union_are_one_list():
    assert set(DATASETS) == {"cats_dogs", "moons", "study_hours", "digits", "file"}
    assert tuple(DATASETS.values()) == get_args(get_args(Data)[0])


@every_kind
def test_a_preset_can_be_read_from_the_annotations(kind):
    assert is_dataclass(kind) and kind.__pydantic_config__ is STRICT
    assert DATASETS[kind.name] is kind  # the tag is readable on the class
    hints = get_type_hints(kind, include_extras=True)
    assert get_args(hints["name"]) == (kind.name,)
    for field in fields(kind):
        assert field.kw_only
        if isinstance(field.default, (int, float)) and not isinstance(field.default, bool):
            assert get_origin(hints[field.name]) is Annotated
            (bounds,) = [extra for extra in get_args(hints[field.name]) if isinstance(extra, Range)]
            assert bounds.holds(field.default)
    with pytest.raises(FrozenInstanceError):
        (kind(file="") if kind is OwnTable else kind()).validation = 1


@every_setting
def test_facts_say_beforehand_what_is_drawn(data):
    table = drawn(data)
    assert data.facts() == Facts(len(table.inputs), len(table.validation_inputs), table.inputs.shape[1], len(table.classes))


@every_setting
def test_shapes_and_dtypes(data):
    table, facts = drawn(data), data.facts()
    parts = [
        (table.inputs, table.targets, facts.samples),
        (table.validation_inputs, table.validation_targets, facts.validation),
    ]
    for inputs, targets, rows in parts:
        assert inputs.shape == (rows, facts.features) and inputs.dtype == np.float64 and inputs.flags.c_contiguous
        assert np.isfinite(inputs).all()
        if table.task == "classes":
            assert targets.shape == (rows,) and targets.dtype == np.int64
            assert np.isin(targets, np.arange(len(table.classes))).all()
        else:
            assert targets.shape == (rows, 1) and targets.dtype == np.float64 and table.classes == ()
    assert len(table.features) == len(set(table.features)) == facts.features
    assert table.picture is None or np.prod(table.picture) == facts.features
    for way_back in (table.input_scale, table.input_offset):
        assert way_back.shape == (facts.features,) and way_back.dtype == np.float64


@every_setting
def test_the_same_generator_state_gives_the_same_bits(data):
    assert bits(drawn(data, seed=3)) == bits(drawn(data, seed=3))


@pytest.mark.parametrize("data", [CatsDogs(), Moons(), StudyHours(split="random"), Digits()], ids=str)
def test_another_seed_gives_other_rows(data):
    assert drawn(data, seed=0).inputs.tobytes() != drawn(data, seed=1).inputs.tobytes()


@every_setting
def test_no_row_is_both_learned_from_and_checked_against(data):
    table = drawn(data)
    assert not {row.tobytes() for row in table.inputs} & {row.tobytes() for row in table.validation_inputs}


@pytest.mark.parametrize("kind", [CatsDogs, Moons])
def test_the_training_rows_do_not_depend_on_how_many_are_kept_for_validation(kind):
    """The lesson on training blind compares both runs number by number."""
    with_it, without = drawn(kind(validation=300)), drawn(kind(validation=0))
    assert with_it.inputs.tobytes() == without.inputs.tobytes()
    assert with_it.targets.tobytes() == without.targets.tobytes()
    assert len(without.validation_inputs) == 0


@pytest.mark.parametrize("kind", [CatsDogs, Moons])
@pytest.mark.parametrize(("samples", "validation"), [(1000, 300), (7, 5), (1, 1)])
def test_classes_are_balanced_in_both_parts(kind, samples, validation):
    table = drawn(kind(samples=samples, validation=validation))
    for targets in (table.targets, table.validation_targets):
        zeros, ones = np.bincount(targets, minlength=2)
        assert abs(zeros - ones) <= 1


# Standardizing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [CatsDogs(standardize=True), Moons(standardize=True), Digits(standardize=True)])
def test_standardizing_is_fitted_on_the_training_rows_alone(data):
    plain, table = drawn(replace(data, standardize=False)), drawn(data)
    varies = np.ptp(plain.inputs, axis=0) > 0
    np.testing.assert_allclose(table.inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(table.inputs.std(axis=0)[varies], 1, rtol=1e-12)
    assert not table.inputs[:, ~varies].any()
    assert np.abs(table.validation_inputs.mean(axis=0)).max() > 0.01  # its own mean would have made this 0
    by_hand = (plain.validation_inputs - plain.inputs.mean(axis=0)) / np.where(varies, plain.inputs.std(axis=0), 1)
    np.testing.assert_allclose(table.validation_inputs, by_hand, atol=1e-12)
    np.testing.assert_array_equal(table.targets, plain.targets)
    for part in ("inputs", "validation_inputs"):
        back, was = raw(table, getattr(table, part)), raw(plain, getattr(plain, part))
        np.testing.assert_allclose(back, was, atol=1e-12)


def test_digits_really_have_constant_pixels():
    assert (np.ptp(drawn(Digits()).inputs, axis=0) == 0).sum() >= 3


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6 / 3])
def test_a_constant_feature_becomes_exactly_zero(constant):
    """The mean of a thousand 0.1 is not 0.1 to the last digit; dividing by that rest would make numbers near 1."""
    inputs = np.column_stack([np.full(1000, constant), np.arange(1000.0)])
    table = replace(
        drawn(Moons(samples=1, validation=0)), inputs=inputs, validation_inputs=inputs[:2] + 0.5, features=("a", "b")
    )
    done = standardize(table)
    assert not done.inputs[:, 0].any()
    np.testing.assert_allclose(done.validation_inputs[:, 0], 0.5, rtol=1e-9)  # divided by 1
    np.testing.assert_allclose(raw(done, done.inputs), inputs, atol=1e-9)


def test_standardizing_looks_through_an_earlier_scale():
    hours = StudyHours(hours_divisor=20.0)
    done = standardize(drawn(hours))
    np.testing.assert_allclose(raw(done, done.inputs)[:, 0], [1, 2, 3, 4, 5, 6], rtol=1e-12)
    np.testing.assert_allclose(raw(done, done.validation_inputs)[:, 0], [7, 8], rtol=1e-12)


# Impossible combinations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [CatsDogs, Moons])
def test_one_sample_cannot_be_standardized(kind):
    with pytest.raises(ValueError, match="at least 2 training samples"):
        kind(samples=1, standardize=True)
    kind(samples=2, standardize=True)


def test_a_share_too_small_for_one_picture_of_each_digit_is_refused():
    with pytest.raises(ValueError, match=r"validation = 0\.002 keeps back no picture of some digit"):
        Digits(validation=0.002)
    assert np.bincount(drawn(Digits(validation=0.003)).validation_targets, minlength=10).min() == 1


# cats_dogs -------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_label_noise_flips_its_share_of_labels_in_both_parts_and_no_pixel(share):
    true = drawn(CatsDogs(samples=2000, validation=2000))
    table = drawn(CatsDogs(samples=2000, validation=2000, label_noise=share))
    assert table.inputs.tobytes() == true.inputs.tobytes()
    assert table.validation_inputs.tobytes() == true.validation_inputs.tobytes()
    bound = 4 * np.sqrt(share * (1 - share) / 2000)
    assert abs((table.targets != true.targets).mean() - share) < bound
    assert abs((table.validation_targets != true.validation_targets).mean() - share) < bound


# moons -----------------------------------------------------------------------------------------------------------


def test_points_lie_on_two_half_circles():
    table = drawn(Moons(noise=0.0))
    points = table.inputs + np.array([0.5, 0.25])
    upper, lower = points[table.targets == 0], points[table.targets == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1, rtol=1e-12)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1, rtol=1e-12)
    assert (upper[:, 1] >= 0).all() and (lower[:, 1] <= 0.5).all()
    assert np.ptp(upper[:, 0]) > 1.9 and np.ptp(lower[:, 0]) > 1.9  # whole half circles
    assert table.classes == ("upper", "lower")


# study_hours -----------------------------------------------------------------------------------------------------


def test_the_lessons_eight_rows():
    table = drawn(StudyHours())
    np.testing.assert_array_equal(table.inputs[:, 0], np.arange(1, 7) / 20)
    np.testing.assert_array_equal(table.targets[:, 0], [45, 55, 62, 71, 80, 85])
    np.testing.assert_array_equal(table.validation_inputs[:, 0], [7 / 20, 8 / 20])
    np.testing.assert_array_equal(table.validation_targets[:, 0], [91, 97])
    assert (table.features, table.target, table.task) == (("hours",), "score", "regression")
    np.testing.assert_allclose(raw(table, table.inputs)[:, 0], np.arange(1, 7), rtol=1e-15)


def test_a_random_split_keeps_every_row_with_its_score():
    kept_back = set()
    for seed in range(20):
        table = drawn(StudyHours(validation=3, split="random", hours_divisor=1.0), seed)
        parts = [(table.inputs, table.targets), (table.validation_inputs, table.validation_targets)]
        rows = [(int(h), int(s)) for inputs, targets in parts for (h,), (s,) in zip(inputs, targets, strict=True)]
        assert sorted(rows) == list(zip(range(1, 9), (45, 55, 62, 71, 80, 85, 91, 97), strict=True))
        kept_back.add(tuple(table.validation_inputs[:, 0]))
    assert len(kept_back) > 10


# digits ----------------------------------------------------------------------------------------------------------


def digits_file() -> tuple[np.ndarray, np.ndarray]:
    with (
        files("engine").joinpath("data", "digits.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as table,
    ):
        assert set(table) == {"images", "labels"}
        return table["images"], table["labels"]


def test_the_file_is_what_is_written_about_it():
    images, labels = digits_file()
    assert images.shape == (1797, 64) and images.dtype == np.uint8 and (images.min(), images.max()) == (0, 16)
    assert labels.shape == (1797,) and labels.dtype == np.uint8
    assert tuple(np.bincount(labels)) == Digits.COUNTS
    note = files("engine").joinpath("data", "README.md").read_text(encoding="utf-8")
    assert "10.24432/C50P49" in note and "CC BY 4.0" in note and ", ".join(map(str, Digits.COUNTS)) in note


def test_facts_read_no_file(monkeypatch):
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("read a file")

    monkeypatch.setattr("engine.datasets.files", refuse)
    monkeypatch.setattr(np, "load", refuse)
    assert Digits().facts() == Facts(samples=1438, validation=359, features=64, classes=10)
    with pytest.raises(AssertionError, match="read a file"):
        drawn(Digits())


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9])
def test_the_split_takes_the_same_share_of_every_digit(share):
    table = drawn(Digits(validation=share))
    kept_back = np.bincount(table.validation_targets, minlength=10)
    assert (np.abs(kept_back - share * np.array(Digits.COUNTS)) <= 1).all()
    np.testing.assert_array_equal(kept_back + np.bincount(table.targets, minlength=10), Digits.COUNTS)


def test_every_picture_of_the_file_is_in_one_of_the_parts_with_its_label():
    images, labels = digits_file()
    table = drawn(Digits(), seed=4)
    parts = [(table.inputs, table.targets), (table.validation_inputs, table.validation_targets)]
    found = sorted(
        (row.tobytes(), int(label))
        for inputs, targets in parts
        for row, label in zip(raw(table, inputs).astype(np.uint8), targets, strict=True)
    )
    assert found == sorted((row.tobytes(), int(label)) for row, label in zip(images, labels, strict=True))
    assert table.inputs.min() == 0 and table.inputs.max() == 1


def test_digits_come_mixed_so_that_training_without_shuffling_sees_them_all():
    targets = drawn(Digits()).targets
    assert all(len(set(targets[start : start + 64])) >= 8 for start in range(0, len(targets) - 63, 64))
