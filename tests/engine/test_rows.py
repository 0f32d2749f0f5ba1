"""Rows written in a preset: read as they stand, and every way in which they do not fit together is named."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import PresetError, Trainer
from engine.preset import parse_preset
from engine.rows import MOST, Rows
from engine.run import Run
from engine.schema import annotation_at, describe
from engine.sheet import Sheet
from engine.table import Facts, Table

XOR = Rows(inputs=((0, 0), (0, 1), (1, 0), (1, 1)), targets=(0, 1, 1, 0))
TEXT = '[data]\nname = "rows"\ninputs = [[0, 0], [0, 1], [1, 0], [1, 1]]\ntargets = [0, 1, 1, 0]\n'


def drawn(data: Rows) -> Table:
    return data.generate(np.random.default_rng(0))


def problems(text: str) -> dict[str, str]:
    with pytest.raises(PresetError) as refused:
        parse_preset(text, "mine", "mine.toml")
    return {problem.key: problem.message for problem in refused.value.problems}


# What is made of them -------------------------------------------------------------------------------------------------


def test_exclusive_or_as_a_regression():
    table = drawn(XOR)
    assert table.inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert table.targets.tolist() == [[0], [1], [1], [0]]
    assert table.validation_inputs.shape == (0, 2) and table.validation_targets.shape == (0, 1)
    assert (table.task, table.classes, table.features, table.target) == ("regression", (), ("x 1", "x 2"), "target")
    assert XOR.facts() == Facts(4, 0, 2, 0)


def test_exclusive_or_as_classes():
    data = replace(XOR, task="classes")
    table = drawn(data)
    assert table.targets.tolist() == [0, 1, 1, 0] and table.targets.dtype == np.int64
    assert (table.task, table.classes) == ("classes", ("0", "1"))
    assert data.facts() == Facts(4, 0, 2, 2)


def test_the_last_rows_are_kept_back():
    table = drawn(replace(XOR, validation=3, features=("a", "b"), target="a xor b"))
    assert table.inputs.tolist() == [[0, 0]] and table.targets.tolist() == [[0]]
    assert table.validation_inputs.tolist() == [[0, 1], [1, 0], [1, 1]]
    assert table.validation_targets.tolist() == [[1], [1], [0]]
    assert (table.features, table.target) == (("a", "b"), "a xor b")


def test_standardizing_is_fitted_on_the_rows_that_are_left():
    table = drawn(replace(XOR, inputs=((1, 5), (3, 5), (7, 6), (2, 5)), validation=2, standardize=True))
    assert table.inputs.tolist() == [[-1, 0], [1, 0]]
    assert table.validation_inputs.tolist() == [[5, 1], [0, 0]]


@given(
    rows=st.integers(1, 8).flatmap(
        lambda columns: st.lists(
            st.tuples(st.lists(st.floats(-1e100, 1e100), min_size=columns, max_size=columns), st.floats(-1e100, 1e100)),
            min_size=1,
            max_size=20,
        )
    ),
    data=st.data(),
)
def test_any_numbers_come_out_as_they_went_in(rows, data):
    validation = data.draw(st.integers(0, len(rows) - 1))
    inputs, targets = tuple(tuple(row) for row, _ in rows), tuple(target for _, target in rows)
    table = drawn(Rows(inputs=inputs, targets=targets, validation=validation))
    np.testing.assert_array_equal(np.concatenate([table.inputs, table.validation_inputs]), inputs)
    np.testing.assert_array_equal(np.concatenate([table.targets, table.validation_targets])[:, 0], targets)
    assert len(table.validation_inputs) == validation


# What does not fit ----------------------------------------------------------------------------------------------------

MISFITS = [
    ({"inputs": ()}, "inputs has no numbers: write it as a list of rows, such as [[0, 0], [0, 1]]"),
    ({"inputs": ((), ())}, "inputs has no numbers: write it as a list of rows, such as [[0, 0], [0, 1]]"),
    ({"inputs": ((0, 0), (0, 1), (1,), (1, 1))}, "inputs: row 1 is of length 2, row 3 of length 1"),
    ({"targets": (0, 1, 1)}, "targets is of length 3, inputs of length 4"),
    ({"targets": (0, 1, 1, 0, 1)}, "targets is of length 5, inputs of length 4"),
    ({"validation": 4}, "validation = 4 of 4 rows in inputs leaves none to train on"),
    ({"features": ("a",)}, "features is of length 1, a row of inputs of length 2"),
    ({"features": ("a", "a")}, 'features names "a" twice'),
    ({"validation": 3, "standardize": True}, "standardize needs at least 2 training samples: one alone has no spread"),
    (
        {"task": "classes", "targets": (0, 1, 0.5, 0)},
        "targets has 0.5 in row 3: a class is one of the whole numbers 0, 1, 2 ...",
    ),
    (
        {"task": "classes", "targets": (0, 1, float("nan"), 0)},
        "targets has nan in row 3: a class is one of the whole numbers 0, 1, 2 ...",
    ),
    (
        {"task": "classes", "targets": (0, 1, -1, 0)},
        "targets has -1 in row 3: a class is one of the whole numbers 0, 1, 2 ...",
    ),
    ({"task": "classes", "targets": (0, 2, 2, 0)}, "targets has no row of class 1: classes are numbered 0, 1, 2 ..."),
    ({"task": "classes", "targets": (1, 2, 2, 1)}, "targets has no row of class 0: classes are numbered 0, 1, 2 ..."),
    ({"task": "classes", "targets": (0, 0, 0, 0)}, "targets has no row of class 1: classes are numbered 0, 1, 2 ..."),
    ({"task": "classes", "targets": (0, 1e100, 0, 1)}, "targets has no row of class 2: classes are numbered 0, 1, 2 ..."),
]


@pytest.mark.parametrize(("changes", "words"), MISFITS, ids=str)
def test_what_does_not_fit_is_told_in_a_sentence_that_names_the_key(changes, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
        replace(XOR, **changes)


def test_more_numbers_than_a_preset_is_for_are_refused():
    Rows(inputs=((0.0, 0.0, 0.0),) * (MOST // 4), targets=(0.0,) * (MOST // 4))
    with pytest.raises(ValueError, match=r"^inputs and targets have 10004 numbers; at most 10000 are allowed here$"):
        Rows(inputs=((0.0, 0.0, 0.0),) * 2501, targets=(0.0,) * 2501)


# In a preset ----------------------------------------------------------------------------------------------------------


def test_whole_numbers_of_a_preset_are_numbers():
    (run,) = parse_preset(TEXT, "mine", "mine.toml").runs
    assert run.data == XOR
    assert {type(value) for row in run.data.inputs for value in row} == {float}
    assert run.loss == "mean_squared_error"


def test_the_number_of_classes_decides_the_usual_loss():
    texts = [TEXT + "task = 'classes'", TEXT.replace("1, 0]\n", "2, 0]\n") + "task = 'classes'"]
    losses = [parse_preset(text, "mine", "mine.toml").runs[0].loss for text in texts]
    assert losses == ["binary_cross_entropy", "cross_entropy"]


def test_rows_are_set_from_the_command_line_too():
    settings = [("data.name", ["rows"]), ("data.inputs", [[[1], [2]]]), ("data.targets", [[3, 4]])]
    (run,) = parse_preset('[data]\nname = "moons"\n', "mine", "mine.toml", settings).runs
    assert run.data == Rows(inputs=((1.0,), (2.0,)), targets=(3.0, 4.0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[data]\nname = "rows"', {"data.inputs": "missing: a list, each a list, each a number", "data.targets": "missing"}),
        (TEXT.replace("[1, 0]", '[1, "a"]'), {"data.inputs[3][2]": '"a" is not a number'}),
        (TEXT.replace("[1, 0]", "3"), {"data.inputs[3]": "3 is not a list, each a number"}),
        (TEXT.replace("1, 0]\n", "true, 0]\n"), {"data.targets[3]": "true is not a number"}),
        (TEXT.replace("[1, 0]", "[1, true]"), {"data.inputs[3][2]": "true is not a number"}),
        (TEXT.replace("[1, 0]", "[1]"), {"data": "inputs: row 1 is of length 2, row 3 of length 1"}),
        (TEXT.replace("[1, 0]", "[1, nan]"), {"data.inputs[3][2]": "NaN is not a number, -1e+100 to 1e+100"}),
        (TEXT.replace("[1, 0]", "[1, -2e100]"), {"data.inputs[3][2]": "-2e+100 is not a number, -1e+100 to 1e+100"}),
        (TEXT.replace("1, 0]\n", "1, inf]\n"), {"data.targets[4]": "Infinity is not a number"}),
        (TEXT + "task = 'clases'", {"data.task": 'Did you mean "classes"?'}),
        (TEXT + "validation = -1", {"data.validation": "0 to 10000"}),
        (TEXT + "features = ['a', 3]", {"data.features[2]": "3 is not text"}),
        (TEXT + "feature = ['a', 'b']", {"data.feature": 'Did you mean "features"?'}),
        (
            TEXT.replace("[0, 0]", '["a", "b"]') + "[training]\nloss = 'cross_entropy'",
            {"data.inputs[1][1]": '"a"', "data.inputs[1][2]": '"b"'},
        ),
        (TEXT + "[training]\nloss = 'cross_entropy'", {"training.loss": "rows (regression)"}),
    ],
)
def test_a_mistake_in_a_preset_is_named_where_it_stands_and_once(text, expected):
    found = problems(text)
    assert set(found) == set(expected)
    assert [words for key, words in expected.items() if words not in found[key]] == []


def test_what_rows_may_be_is_said_in_words():
    document = {"data": {"name": "rows", "inputs": [[0]]}}
    described = {key: describe(annotation_at(Sheet, document, key)) for key in ("data.inputs", "data.inputs[1][1]")}
    assert described == {
        "data.inputs": "a list, each a list, each a number, -1e+100 to 1e+100",
        "data.inputs[1][1]": "a number, -1e+100 to 1e+100",
    }


def test_a_network_learns_the_rows():
    text = (
        TEXT
        + "[network]\nhidden = [8]\nactivation = 'tanh'\n[training]\nepochs = 300\n[training.optimizer]\nname = 'adam'\n"
    )
    run: Run = parse_preset(text + "learning_rate = 0.05", "mine", "mine.toml").runs[0]
    trainer = Trainer(run)
    for _ in trainer:
        pass
    assert trainer.history.epochs[-1].train.loss < 0.01
