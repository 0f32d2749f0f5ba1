"""Which rows a network gets wrong, and in which order, against the same worked out from its predictions."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Trainer, load_preset
from engine import answers as answers_module
from engine.answers import answers


def trained(name: str, steps: int = 30, run: int = 0) -> Trainer:
    trainer = Trainer(load_preset(name).runs[run])
    for _ in range(steps):
        trainer.step()
    return trainer


@pytest.mark.parametrize("name", ["recipe", "digits", "iris", "wine", "pytorch-double-softmax"])
@pytest.mark.parametrize("part", ["train", "validation"])
def test_as_many_are_wrong_as_the_accuracy_says(name, part):
    trainer = trained(name)
    seen = answers(trainer, part)
    figures = trainer.objective.evaluate()[part == "validation"]
    assert seen.rows == len(seen.truth) == len(seen.order)
    assert seen.wrong.sum() == round((1 - figures.accuracy) * seen.rows)
    assert seen.wrong.sum() == seen.rows - np.trace(trainer.snapshot(part=part).confusion)


@pytest.mark.parametrize("name", ["recipe", "digits"])
def test_the_surest_wrong_answers_come_first_and_the_least_sure_right_ones_after_them(name):
    trainer = trained(name, 20)
    seen = answers(trainer, "validation")
    wrong = int(seen.wrong.sum())
    assert 0 < wrong < seen.rows
    assert seen.wrong[seen.order].tolist() == [True] * wrong + [False] * (seen.rows - wrong)
    assert (np.diff(seen.certainty[seen.order[:wrong]]) <= 0).all()
    assert (np.diff(seen.certainty[seen.order[wrong:]]) >= 0).all()
    assert sorted(seen.order) == list(range(seen.rows))


def test_certainties_are_the_probabilities_of_the_guess():
    trainer = trained("recipe")
    table, seen = trainer.table, answers(trainer, "validation")
    z = trainer.predict(table.validation_inputs * table.input_scale + table.input_offset)[:, 0]
    dog = 1 / (1 + np.exp(-z))
    assert seen.certainty == pytest.approx(np.maximum(dog, 1 - dog), abs=1e-12)
    assert seen.guess.tolist() == (z > 0).astype(int).tolist()
    assert seen.truth is not table.targets and seen.truth.tolist() == table.validation_targets.tolist()


@pytest.mark.parametrize("name", ["diabetes", "day79-study-hours"])
def test_the_largest_error_of_a_regression_comes_first_in_the_tables_own_units(name):
    trainer = trained(name)
    table, seen = trainer.table, answers(trainer, "train")
    raw = table.inputs * table.input_scale + table.input_offset
    assert seen.guess == pytest.approx(trainer.predict(raw)[:, 0])
    assert seen.truth == pytest.approx(table.targets[:, 0] * table.target_scale + table.target_offset)
    assert seen.error == pytest.approx(seen.guess - seen.truth)
    assert (np.diff(np.abs(seen.error[seen.order])) <= 0).all()
    assert seen.probabilities is None and not seen.wrong.any() and np.isnan(seen.certainty).all()


@pytest.mark.parametrize("name", ["recipe", "digits", "diabetes"])
def test_a_network_without_numbers_gives_no_answer_to_any_row(name):
    trainer = trained(name, 0)
    trainer.parameters[...] = np.nan
    seen = answers(trainer, "train")
    assert np.isnan(seen.guess).all() if seen.probabilities is None else (seen.guess == -1).all() and seen.wrong.all()
    assert np.isnan(seen.certainty).all()
    assert seen.order.tolist() == list(range(len(seen.truth)))


def test_looking_changes_nothing_that_is_learned():
    looked, left_alone = trained("regularisation", 3, run=3), trained("regularisation", 3, run=3)
    for _ in range(6):
        answers(looked, "train"), answers(looked, "validation")
        assert looked.step() == left_alone.step()
    assert np.array_equal(looked.parameters, left_alone.parameters)


def test_a_part_with_no_rows_has_no_answers():
    trainer = trained("training-loop-step", 0)
    seen = answers(trainer, "validation")
    assert seen.rows == len(seen.order) == 0


def test_of_a_very_large_part_the_first_rows_are_looked_at(monkeypatch):
    trainer = trained("recipe")
    whole = answers(trainer, "train")
    monkeypatch.setattr(answers_module, "MOST", 100)
    seen = answers(trainer, "train")
    assert seen.rows == 1000 and seen.guess.tolist() == whole.guess[:100].tolist()


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match='part = "test": "train" or "validation" is allowed'):
        answers(trained("recipe", 0), "test")
    with pytest.raises(ValueError, match="a surface has no rows"):
        answers(trained("valley", 0), "train")
