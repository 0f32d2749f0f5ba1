"""All data sets: what each of them promises about shapes, balance, randomness, size and what the network may see."""

from __future__ import annotations

import warnings
from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass, replace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from engine import Trainer
from engine.datasets import DATASETS, Data
from engine.drawings import CatsDogs
from engine.functions import Line, LinReg, Sine, StudyClass
from engine.own_table import OwnTable
from engine.points import Blobs, Circles, Hundred, Moons, Spirals, Xor
from engine.ranges import STRICT, Range
from engine.real_tables import BreastCancer, Diabetes, Digits, Iris, StudyHours, Wine
from engine.rows import Rows
from engine.run import Run, Training
from engine.table import Facts, Table

POINTS = [Blobs, Xor, Circles, Moons, Spirals, Hundred]
LABELLED = [CatsDogs, *POINTS]
DRAWN = [*LABELLED, Line, LinReg, Sine, StudyClass]
REAL = [Iris, Wine, BreastCancer, Digits, Diabetes]
XOR_ROWS = Rows(inputs=((0, 0), (0, 1), (1, 0), (1, 1)), targets=(0, 1, 1, 0))

EVERY_SETTING = [
    *(kind() for kind in DRAWN),
    *(kind(samples=1, validation=1) for kind in DRAWN),
    *(kind(samples=31, validation=0, standardize=True) for kind in DRAWN),
    *(kind(samples=8, validation=31, label_noise=0.5) for kind in LABELLED),
    Blobs(classes=10, sep=0.0, std=0.0),
    Xor(noise=0.0),
    Circles(noise=0.0, ratio=0.9),
    Spirals(arms=5, turns=10.0),
    Hundred(features=1, classes=100),
    LinReg(features=1, noise=0.0),
    StudyHours(),
    StudyHours(validation=0, hours_divisor=1.0),
    StudyHours(validation=7, split="random"),
    *(kind(validation=share) for kind in REAL for share in (0.0, 0.011, 0.2, 0.9)),
    *(kind(standardize=not kind().standardize) for kind in REAL),
    XOR_ROWS,
    replace(XOR_ROWS, task="classes", validation=2, standardize=True),
]
every_setting = pytest.mark.parametrize("data", EVERY_SETTING, ids=str)
every_kind = pytest.mark.parametrize("kind", DATASETS.values(), ids=DATASETS.keys())


def drawn(data: Any, seed: int = 0) -> Table:
    table = data.generate(np.random.default_rng(seed))
    assert isinstance(table, Table)
    return table


def bits(table: Table) -> dict[str, bytes]:
    values = {field.name: getattr(table, field.name) for field in fields(table)}
    return {name: value.tobytes() for name, value in values.items() if isinstance(value, np.ndarray)}


def test_the_settings_above_leave_no_data_set_out():
    assert {type(data) for data in EVERY_SETTING} == set(DATASETS.values()) - {
        OwnTable
    }  # it has a file and tests of its own
    assert {*DRAWN, *REAL, StudyHours, Rows, OwnTable} == set(DATASETS.values())


def test_the_table_of_names_and_the_union_are_one_list():
    assert set(DATASETS) == {
        "cats_dogs",
        *("blobs", "xor", "circles", "moons", "spirals", "hundred"),
        *("line", "linreg", "sine", "study_class"),
        *("study_hours", "iris", "wine", "breast_cancer", "digits", "diabetes"),
        *("rows", "file"),
    }
    assert tuple(DATASETS.values()) == get_args(get_args(Data)[0])


@every_kind
def test_a_preset_can_be_read_from_the_annotations(kind):
    assert is_dataclass(kind) and kind.__pydantic_config__ is STRICT
    assert DATASETS[kind.name] is kind  # the tag is readable on the class
    hints = get_type_hints(kind, include_extras=True)
    assert get_args(hints["name"]) == (kind.name,)
    assert fields(kind)[0].name == "name"  # first where a preset is written out
    for field in fields(kind):
        assert field.kw_only
        if isinstance(field.default, (int, float)) and not isinstance(field.default, bool):
            assert get_origin(hints[field.name]) is Annotated
            (bounds,) = [extra for extra in get_args(hints[field.name]) if isinstance(extra, Range)]
            assert bounds.holds(field.default)


@every_setting
def test_a_data_set_cannot_be_changed(data):
    with pytest.raises(FrozenInstanceError):
        data.validation = 1


def test_all_but_rows_and_files_can_be_had_by_name_alone():
    needy = {
        name
        for name, kind in DATASETS.items()
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    }
    assert needy == {"rows", "file"}


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
            assert np.isfinite(targets).all()
    assert table.task == ("classes" if facts.classes else "regression")
    assert len(table.classes) == len(set(table.classes)) != 1
    assert len(table.features) == len(set(table.features)) == facts.features
    assert table.target and table.target not in table.features
    assert table.picture is None or np.prod(table.picture) == facts.features
    for way_back in (table.input_scale, table.input_offset):
        assert way_back.shape == (facts.features,) and way_back.dtype == np.float64


@every_setting
def test_the_same_generator_state_gives_the_same_bits(data):
    assert bits(drawn(data, seed=3)) == bits(drawn(data, seed=3))


@pytest.mark.parametrize("data", [kind() for kind in (*DRAWN, *REAL)] + [StudyHours(split="random")], ids=str)
def test_another_seed_gives_other_rows(data):
    assert drawn(data, seed=0).inputs.tobytes() != drawn(data, seed=1).inputs.tobytes()


@pytest.mark.parametrize("data", [StudyHours(), XOR_ROWS], ids=str)
def test_what_leaves_nothing_to_chance_draws_nothing(data):
    rng = np.random.default_rng(0)
    data.generate(rng)
    assert rng.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize("kind", [*DRAWN, *REAL])
def test_no_row_is_both_learned_from_and_checked_against(kind):
    table = drawn(kind())
    both = {row.tobytes() for row in table.inputs} & {row.tobytes() for row in table.validation_inputs}
    assert len(both) <= (kind is Iris)  # where two flowers are equal


@pytest.mark.parametrize("kind", DRAWN)
def test_the_training_rows_do_not_depend_on_how_many_are_kept_for_validation(kind):
    """The lesson on training blind compares both runs number by number."""
    with_it, without = drawn(kind(validation=300)), drawn(kind(validation=0))
    assert with_it.inputs.tobytes() == without.inputs.tobytes()
    assert with_it.targets.tobytes() == without.targets.tobytes()
    assert len(without.validation_inputs) == len(without.validation_targets) == 0


@pytest.mark.parametrize("kind", LABELLED)
@pytest.mark.parametrize(("samples", "validation"), [(1000, 300), (7, 5), (1, 1)])
def test_classes_are_balanced_in_both_parts(kind, samples, validation):
    table = drawn(kind(samples=samples, validation=validation))
    for targets in (table.targets, table.validation_targets):
        counts = np.bincount(targets, minlength=len(table.classes))
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("kind", LABELLED)
def test_classes_take_turns_so_that_the_smallest_batch_is_balanced_too(kind):
    table = drawn(kind(samples=100))
    np.testing.assert_array_equal(table.targets, np.arange(100) % len(table.classes))


# Label noise ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
@pytest.mark.parametrize("kind", LABELLED)
def test_label_noise_flips_its_share_of_labels_in_both_parts_and_moves_no_input(kind, share):
    true = drawn(kind(samples=2000, validation=2000))
    table = drawn(kind(samples=2000, validation=2000, label_noise=share))
    assert table.inputs.tobytes() == true.inputs.tobytes()
    assert table.validation_inputs.tobytes() == true.validation_inputs.tobytes()
    bound = 4 * np.sqrt(share * (1 - share) / 2000)
    assert abs((table.targets != true.targets).mean() - share) < bound
    assert abs((table.validation_targets != true.validation_targets).mean() - share) < bound


# Standardizing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*DRAWN, *REAL])
def test_standardizing_is_fitted_on_the_training_rows_alone(kind):
    plain, table = drawn(kind(standardize=False)), drawn(kind(standardize=True))
    varies = np.ptp(plain.inputs, axis=0) > 0
    np.testing.assert_allclose(table.inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(table.inputs.std(axis=0)[varies], 1, rtol=1e-12)
    assert not table.inputs[:, ~varies].any()
    assert np.abs(table.validation_inputs.mean(axis=0)).max() > 1e-3  # its own mean would have made this 0
    by_hand = (plain.validation_inputs - plain.inputs.mean(axis=0)) / np.where(varies, plain.inputs.std(axis=0), 1)
    np.testing.assert_allclose(table.validation_inputs, by_hand, atol=1e-12)
    np.testing.assert_array_equal(table.targets, plain.targets)
    for part in ("inputs", "validation_inputs"):
        back, was = (one.input_scale * getattr(one, part) + one.input_offset for one in (table, plain))
        np.testing.assert_allclose(back, was, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", DRAWN)
def test_one_sample_cannot_be_standardized(kind):
    words = "standardize needs at least 2 training samples: one alone has no spread to divide by"
    with pytest.raises(ValueError, match=f"^{words}$"):
        kind(samples=1, standardize=True)
    kind(samples=2, standardize=True)


@pytest.mark.parametrize("kind", [Hundred, LinReg])
def test_a_table_too_large_for_the_memory_is_refused_before_it_is_drawn(kind):
    assert kind(samples=15_000, validation=5_000, features=1000).facts().samples == 15_000
    words = r"^features = 1000 in 20001 rows make 20001000 numbers; at most 20000000 are allowed$"
    with pytest.raises(ValueError, match=words):
        kind(samples=15_000, validation=5_001, features=1000)


# In training ----------------------------------------------------------------------------------------------------------


def epoch(data: Any) -> Trainer:
    trainer = Trainer(Run(data=data, training=Training(epochs=1)))
    for _ in trainer:
        pass
    return trainer


@every_setting
def test_every_data_set_can_be_trained_on(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer = epoch(data)
    assert trainer.history.stopped is not None
    assert (trainer.history.initial_validation is None) == (data.facts().validation == 0)


@pytest.mark.parametrize("data", [Spirals(arms=5, samples=3, validation=1), Hundred(samples=4, validation=2, classes=90)])
def test_a_class_that_is_missing_from_a_tiny_part_is_no_trouble(data):
    table = drawn(data)
    assert len(set(table.validation_targets)) < len(table.classes)
    assert epoch(data).history.epochs[0].validation.loss > 0
