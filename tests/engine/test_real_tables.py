"""Real tables: that the files are what is written about them, and that every row is split off once."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from engine.real_tables import BreastCancer, Diabetes, Digits, Iris, StudyHours, Wine
from engine.table import Facts, Table

CLASSES = [Iris, Wine, BreastCancer, Digits]
TABLES = [*CLASSES, Diabetes]
FOLDER = files("engine").joinpath("data")
NOTE = FOLDER.joinpath("README.md").read_text(encoding="utf-8")


def drawn(data: Any, seed: int = 0) -> Table:
    return data.generate(np.random.default_rng(seed))


def bundled(name: str) -> tuple[np.ndarray, np.ndarray]:
    with FOLDER.joinpath(f"{name}.npz").open("rb") as file, np.load(file, allow_pickle=False) as table:
        assert set(table) == ({"images", "labels"} if name == "digits" else {"inputs", "targets"})
        return tuple(table[array] for array in sorted(table))


def whole(table: Table) -> list[tuple[bytes, float]]:
    """All rows of both parts in their own units, with their answers, sorted."""
    parts = [(table.inputs, table.targets), (table.validation_inputs, table.validation_targets)]
    return sorted(
        (np.round(row * table.input_scale + table.input_offset, 6).tobytes(), float(np.squeeze(target)))
        for inputs, targets in parts
        for row, target in zip(inputs, targets, strict=True)
    )


# The files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [path for path in FOLDER.iterdir() if path.name.endswith(".npz")], ids=lambda path: path.name
)
def test_a_file_has_the_size_and_the_checksum_that_are_written_about_it(path):
    row = re.search(rf"^\| `{path.name}` \| (\d+), (\d+) \| `([0-9a-f]{{64}})` \|$", NOTE, re.MULTILINE)
    assert row is not None
    assert hashlib.sha256(path.read_bytes()).hexdigest() == row[3]
    inputs, targets = bundled(path.name.removesuffix(".npz"))
    assert inputs.shape == (int(row[1]), int(row[2])) and targets.shape == (int(row[1]),)
    assert np.isfinite(inputs).all() and np.isfinite(targets).all()


@pytest.mark.parametrize("kind", CLASSES)
def test_the_rows_of_each_class_are_known_without_the_file(kind):
    inputs, targets = bundled(kind.name)
    assert targets.dtype == np.uint8
    assert tuple(np.bincount(targets)) == kind.COUNTS
    assert inputs.shape == (sum(kind.COUNTS), len(kind.FEATURES))
    assert len(kind.CLASSES) == len(kind.COUNTS)
    assert ", ".join(map(str, kind.COUNTS)) in NOTE


def test_the_patients_are_known_without_the_file():
    inputs, targets = bundled("diabetes")
    assert inputs.shape == (Diabetes.ROWS, len(Diabetes.FEATURES)) and targets.dtype == np.float64


@pytest.mark.parametrize("kind", TABLES)
def test_source_and_licence_are_written_down(kind):
    said = NOTE.partition(f"## {kind.name}.npz")[2].partition("\n## ")[0]
    assert "Source:" in said and "Licence:" in said and "Changed:" in said and "https://doi.org/10." in said


def test_the_digits_are_ink():
    images, _ = bundled("digits")
    assert images.dtype == np.uint8 and (images.min(), images.max()) == (0, 16)


def test_the_flowers_are_those_of_fisher():
    """Two flowers, 35 and 38 of setosa, by which the table of his paper is told from a common copy with mistakes."""
    inputs, targets = bundled("iris")
    rows = [row.tolist() for row in inputs[targets == 0]]
    assert [4.9, 3.1, 1.5, 0.2] in rows and [4.9, 3.6, 1.4, 0.1] in rows
    assert [4.9, 3.1, 1.5, 0.1] in rows  # another flower, 10, which the mistaken copy has three times
    assert rows.count([4.9, 3.1, 1.5, 0.1]) == 1
    np.testing.assert_allclose(inputs.mean(axis=0), [5.8433, 3.0573, 3.758, 1.1993], atol=1e-4)
    assert inputs.min(axis=0).tolist() == [4.3, 2.0, 1.0, 0.1] and inputs.max(axis=0).tolist() == [7.9, 4.4, 6.9, 2.5]


def test_the_wines_are_those_of_the_source():
    inputs, targets = bundled("wine")
    first = [14.23, 1.71, 2.43, 15.6, 127, 2.8, 3.06, 0.28, 2.29, 5.64, 1.04, 3.92, 1065]
    assert targets[(inputs == first).all(axis=1)].tolist() == [0]
    assert (inputs[:, 0].min(), inputs[:, 0].max()) == (11.03, 14.83)
    assert (inputs[:, 12].min(), inputs[:, 12].max()) == (278, 1680)


def test_the_samples_of_tissue_are_those_of_the_source():
    inputs, targets = bundled("breast_cancer")
    assert inputs[0, :4].tolist() == [17.99, 10.38, 122.8, 1001.0] and targets[0] == 0
    columns = [BreastCancer.FEATURES.index(name) for name in ("mean radius", "error of area", "worst fractal dimension")]
    assert inputs[:, columns].min(axis=0) == pytest.approx([6.981, 6.802, 0.05504])
    assert inputs[:, columns].max(axis=0) == pytest.approx([28.11, 542.2, 0.2075])


def test_the_patients_are_in_the_units_of_the_source():
    inputs, targets = bundled("diabetes")
    assert inputs[0].tolist() == [59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87] and targets[0] == 151
    assert set(inputs[:, 1]) == {1, 2} and (inputs[:, 0].min(), inputs[:, 0].max()) == (19, 79)
    assert (targets.min(), targets.max()) == (25, 346) and targets.mean() == pytest.approx(152.1335, abs=1e-4)


# What is made of them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (Iris, Facts(120, 30, 4, 3)),
        (Wine, Facts(142, 36, 13, 3)),
        (BreastCancer, Facts(456, 113, 30, 2)),
        (Digits, Facts(1438, 359, 64, 10)),
        (Diabetes, Facts(354, 88, 10, 0)),
    ],
)
def test_facts_read_no_file(kind, facts, monkeypatch):
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("read a file")

    monkeypatch.setattr("engine.real_tables.files", refuse)
    monkeypatch.setattr(np, "load", refuse)
    assert kind().facts() == facts
    with pytest.raises(AssertionError, match="read a file"):
        drawn(kind())


@pytest.mark.parametrize("kind", TABLES)
def test_every_row_of_the_file_is_in_one_of_the_parts_with_its_answer(kind):
    inputs, targets = bundled(kind.name)
    rows = sorted(
        (np.round(row.astype(float), 6).tobytes(), float(target)) for row, target in zip(inputs, targets, strict=True)
    )
    assert whole(drawn(kind(standardize=False), seed=4)) == rows
    everything = drawn(kind(validation=0, standardize=False))
    np.testing.assert_array_equal(everything.inputs * everything.input_scale, inputs)  # in the order of the file
    np.testing.assert_array_equal(np.ravel(everything.targets), targets)
    assert len(everything.validation_inputs) == 0


@pytest.mark.parametrize("share", [0.011, 0.02, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("kind", CLASSES)
def test_the_split_takes_the_same_share_of_every_class(kind, share):
    table = drawn(kind(validation=share))
    kept_back = np.bincount(table.validation_targets, minlength=len(kind.COUNTS))
    assert (np.abs(kept_back - share * np.array(kind.COUNTS)) <= 0.5).all() and kept_back.min() >= 1
    np.testing.assert_array_equal(kept_back + np.bincount(table.targets, minlength=len(kind.COUNTS)), kind.COUNTS)


def test_of_the_patients_any_may_be_kept_back():
    targets = bundled("diabetes")[1]
    table = drawn(Diabetes(validation=0.5))
    assert len(table.validation_targets) == 221
    assert abs(table.validation_targets.mean() - targets.mean()) < 4 * targets.std() / np.sqrt(221)
    kept_back = {row.tobytes() for seed in range(40) for row in drawn(Diabetes(standardize=False), seed).validation_inputs}
    assert len(kept_back) > 0.99 * 442


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_come_mixed_so_that_training_without_shuffling_sees_them_all(kind):
    targets = drawn(kind()).targets
    every = len(kind.CLASSES) - 2 * (kind is Digits)
    assert all(len(set(targets[start : start + 64])) >= every for start in range(0, len(targets) - 63, 64))


@pytest.mark.parametrize("kind", TABLES)
def test_what_has_units_is_standardized_unless_told_otherwise(kind):
    assert kind().standardize == (kind is not Digits)


def test_the_network_sees_digits_as_shares_of_all_ink():
    table = drawn(Digits())
    assert (table.inputs.min(), table.inputs.max(), table.picture) == (0, 1, (8, 8))
    assert (np.ptp(table.inputs, axis=0) == 0).sum() >= 3  # pixels that nobody ever writes on


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ((Digits, 0.002), "validation = 0.002 keeps back no picture of some digit: take 0.003 or more, or 0"),
        ((Iris, 0.01), "validation = 0.01 keeps back no flower of some species: take 0.011 or more, or 0"),
        ((Wine, 0.01), "validation = 0.01 keeps back no wine of some cultivar: take 0.011 or more, or 0"),
        ((BreastCancer, 1e-9), "validation = 1e-09 keeps back no sample of some diagnosis: take 0.003 or more, or 0"),
        ((Diabetes, 0.001), "validation = 0.001 keeps back no patient: take 0.002 or more, or 0"),
    ],
)
def test_a_share_too_small_for_one_row_is_refused_with_one_that_is_not(data, words):
    kind, share = data
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        kind(validation=share)
    least = float(words.split("take ")[1].split()[0])
    table = drawn(kind(validation=least))
    kept_back = np.bincount(table.validation_targets) if table.classes else np.array([len(table.validation_targets)])
    assert kept_back.min() == 1
    with pytest.raises(ValueError, match="keeps back no"):
        kind(validation=least - 0.001)


# study_hours ----------------------------------------------------------------------------------------------------------


def test_the_lessons_eight_rows():
    table = drawn(StudyHours())
    np.testing.assert_array_equal(table.inputs[:, 0], np.arange(1, 7) / 20)
    np.testing.assert_array_equal(table.targets[:, 0], [45, 55, 62, 71, 80, 85])
    np.testing.assert_array_equal(table.validation_inputs[:, 0], [7 / 20, 8 / 20])
    np.testing.assert_array_equal(table.validation_targets[:, 0], [91, 97])
    assert (table.features, table.target, table.task) == (("hours",), "score", "regression")
    np.testing.assert_allclose(table.inputs[:, 0] * table.input_scale, np.arange(1, 7), rtol=1e-15)


def test_a_random_split_keeps_every_row_with_its_score():
    kept_back = set()
    for seed in range(20):
        table = drawn(StudyHours(validation=3, split="random", hours_divisor=1.0), seed)
        parts = [(table.inputs, table.targets), (table.validation_inputs, table.validation_targets)]
        rows = [(int(h), int(s)) for inputs, targets in parts for (h,), (s,) in zip(inputs, targets, strict=True)]
        assert sorted(rows) == list(zip(range(1, 9), (45, 55, 62, 71, 80, 85, 91, 97), strict=True))
        kept_back.add(tuple(table.validation_inputs[:, 0]))
    assert len(kept_back) > 10
