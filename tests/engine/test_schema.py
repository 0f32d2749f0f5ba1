"""The table of settings: which keys there are, what they may be in words, and what typed text means."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

import pytest

from engine.activations import ACTIVATIONS
from engine.datasets import DATASETS
from engine.layers import Architecture
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS, SGD, Adam, AnyOptimizer
from engine.ranges import Range
from engine.run import Run
from engine.schema import (
    all_keys,
    annotation_at,
    choices_of,
    choices_of_table,
    describe,
    guess,
    hints,
    nearest,
    parse,
    range_of,
    table_class,
)
from engine.sheet import Sheet

DOCUMENT = {
    "data": {"name": "cats_dogs"},
    "training": {"optimizer": {"name": "adam"}},
    "question": [{"asks": "a"}, {"asks": "b"}],
}
SETTINGS = {
    "seed": "a whole number, 0 to 1000000000",
    "title": "text",
    "things_to_try": "a list, each text",
    "data": "a table with name one of blobs, breast_cancer, cats_dogs, circles, diabetes, digits, file, hundred, iris, "
    "line, linreg, moons, rows, sine, spirals, study_class, study_hours, wine, xor",
    "data.noise": "a number, 0 to 10",
    "data.standardize": "true or false",
    "network": "a table",
    "network.hidden": "a list, each a whole number, 1 to 4096",
    "network.activation": "one of gelu, identity, leaky_relu, relu, sigmoid, softplus, tanh",
    "training.loss": "one of binary_cross_entropy, cross_entropy, double_softmax, huber, "
    "mean_absolute_error, mean_squared_error",
    "training.batch_size": 'a whole number, 1 to 10000000 or "full"',
    "training.shuffle": "true or false",
    "training.optimizer": "a table with name one of adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd",
    "training.optimizer.learning_rate": "a number, above 0 to 1000",
    "training.optimizer.beta1": "a number, from 0 to below 1",
    "show.second": "one of accuracy, error, fit, surface",
    "question": "a list, each a table",
    "question[2].answer": "text",
}


def at(key: str):
    annotation = annotation_at(Sheet, DOCUMENT, key)
    assert annotation is not None, key
    return annotation


# Keys -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "words"), SETTINGS.items())
def test_a_setting_is_described_in_words(key, words):
    assert describe(at(key)).replace("from 0 below 1", "from 0 to below 1") == words


@pytest.mark.parametrize(
    "key",
    ["", "sed", "data.hours_divisor", "data.noise.x", "training.optimizer.momentum", "network.hidden.0", "data.COUNTS"],
)
def test_a_key_that_does_not_exist_has_no_annotation(key):
    assert annotation_at(Sheet, DOCUMENT, key) is None


def test_the_name_of_a_table_decides_its_keys():
    assert annotation_at(Sheet, {"data": {"name": "study_hours"}}, "data.hours_divisor") is not None
    assert annotation_at(Sheet, {"data": {"name": "study_hours"}}, "data.noise") is None
    for document in ({}, {"data": {}}, {"data": {"name": "none"}}, {"data": {"name": 3}}, {"data": 3}):
        assert annotation_at(Sheet, document, "data.noise") is None
    assert annotation_at(Sheet, {}, "data") is not None


def test_every_key_is_listed_for_all_choices_of_every_table():
    keys = list(all_keys(Sheet))
    assert {"seed", "network.hidden", "training.optimizer.learning_rate", "training.optimizer.beta1"} <= set(keys)
    assert {"data.noise", "data.hours_divisor", "training.divergence.stop", "show.second", "question"} <= set(keys)
    assert not {"data", "training", "training.optimizer", "network", "show", "data.loss", "noise"} & set(keys)
    assert {key for key in keys if "." not in key} <= {entry.name for entry in fields(Sheet)}


@pytest.mark.parametrize("cls", [Sheet, Run, Architecture, *DATASETS.values(), *OPTIMIZERS.values()])
def test_the_settings_of_a_table_are_its_fields_and_no_constants_of_its_class(cls):
    assert list(hints(cls)) == [entry.name for entry in fields(cls)]


def test_the_class_of_a_table_is_the_one_it_names():
    assert table_class(AnyOptimizer, {"name": "adam"}) is Adam
    assert table_class(Architecture, {}) is Architecture
    for table in ({}, {"name": "adm"}, {"name": 3}, {"name": ["adam"]}, 3, None):
        assert table_class(AnyOptimizer, table) is None
    assert table_class(int, {"name": "adam"}) is None


def test_tables_of_which_one_is_chosen_are_listed_by_name():
    assert choices_of_table(AnyOptimizer) == OPTIMIZERS
    assert (OPTIMIZERS["sgd"], OPTIMIZERS["adam"]) == (SGD, Adam)
    assert choices_of_table(Architecture) == {"": Architecture}
    assert choices_of_table(int) == choices_of_table(at("network.activation")) == {}


# Choices and ranges ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("data", set(DATASETS)),
        ("training.optimizer", set(OPTIMIZERS)),
        ("network.activation", {"relu", "leaky_relu", "tanh", "sigmoid", "gelu", "softplus", "identity"}),
        ("training.dtype", {"float64", "float32"}),
        ("training.loss", set(LOSSES)),  # or left out
        ("show.second", {"accuracy", "fit", "error", "surface"}),
        ("training.batch_size", set()),  # "full" is no choice among words: numbers can be typed
        ("training.epochs", set()),
        ("network", set()),
        ("network.hidden", set()),
        ("title", set()),
    ],
)
def test_a_setting_of_words_has_choices(key, words):
    assert set(choices_of(at(key))) == words


@pytest.mark.parametrize(
    ("key", "bounds"),
    [
        ("training.optimizer.learning_rate", Range(0.0, 1000.0, above=True)),
        ("training.optimizer.beta1", Range(0.0, 1.0, below=True)),
        ("training.batch_size", Range(1, 10_000_000)),
        ("network.hidden", Range(1, 4096)),
        ("training.shuffle", None),
        ("network.activation", None),
        ("title", None),
    ],
)
def test_the_range_of_a_number_also_in_a_list_or_beside_a_word(key, bounds):
    assert range_of(at(key)) == bounds


@pytest.mark.parametrize(
    ("bounds", "inside", "outside"),
    [
        (Range(1, 10), [1, 5, 10], [0, 11, -1]),
        (Range(0.0, 1000.0, above=True), [5e-324, 1000.0], [0.0, -1.0, 1000.1]),
        (Range(0.0, 1.0, below=True), [0.0, 0.999], [1.0, -0.1]),
    ],
)
def test_a_range_holds_what_lies_inside_and_never_nan(bounds, inside, outside):
    assert all(map(bounds.holds, inside))
    assert not any(map(bounds.holds, outside))
    assert not bounds.holds(float("nan"))
    assert not bounds.holds(float("inf"))
    assert not bounds.holds(float("-inf"))


def test_every_number_of_a_preset_has_bounds_but_the_order():
    kinds = {int, float}
    numbers = [
        (cls, name, hint)
        for cls in (Sheet, *DATASETS.values(), *OPTIMIZERS.values(), *map(type, (Run().training, Run().training.divergence)))
        for name, hint in ((entry.name, hints(cls)[entry.name]) for entry in fields(cls))
        if hint in kinds or kinds & set(get_args(hint))
    ]
    assert len(numbers) > 15
    assert [name for _, name, hint in numbers if range_of(hint) is None] == ["order"]


@pytest.mark.parametrize(
    ("word", "allowed", "expected"),
    [
        ("sdg", ["sgd", "adam"], ' Did you mean "sgd"?'),
        ("batchsize", ["batch_size", "epochs"], ' Did you mean "batch_size"?'),
        ("xyz", ["sgd", "adam"], ""),
        ("", ["sgd"], ""),
        ("sgd", [], ""),
    ],
)
def test_a_guess_is_something_near_or_nothing(word, allowed, expected):
    assert guess(word, allowed) == expected


# What a person types --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("training.optimizer.learning_rate", "0.001", 0.001),
        ("training.optimizer.learning_rate", "1e-3", 0.001),
        ("training.optimizer.learning_rate", "  1E2 ", 100.0),
        ("training.optimizer.learning_rate", ".5", 0.5),
        ("training.optimizer.learning_rate", "1", 1.0),
        ("training.optimizer.learning_rate", "1000", 1000.0),
        ("training.optimizer.beta1", "0", 0.0),
        ("data.noise", "10", 10.0),
        ("training.epochs", "3", 3),
        ("training.epochs", " 1000000 ", 1_000_000),
        ("seed", "0", 0),
        ("training.batch_size", "32", 32),
        ("training.batch_size", "full", "full"),
        ("training.batch_size", " full ", "full"),
        ("network.hidden", "16", [16]),
        ("network.hidden", "16 8", [16, 8]),
        ("network.hidden", "16,8", [16, 8]),
        ("network.hidden", "16, 8,", [16, 8]),
        ("network.hidden", "[16, 8]", [16, 8]),
        ("network.hidden", "none", []),
        ("network.hidden", "", []),
        ("network.hidden", "[]", []),
        ("network.hidden", "0", []),
        ("network.hidden", "-", []),
        ("network.activation", "tanh", "tanh"),
        ("training.loss", "cross_entropy", "cross_entropy"),
        ("training.shuffle", "true", True),
        ("training.shuffle", "false", False),
        ("title", " two words ", "two words"),
    ],
)
def test_typed_text_becomes_the_value_that_is_asked_for(key, text, value):
    found = parse(at(key), text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        *[("training.optimizer.learning_rate", text, ["above 0 to 1000"]) for text in ("0", "-1", "1001", "1e400", "inf")],
        *[("training.optimizer.learning_rate", text, ["a number"]) for text in ("nan", "NaN", "", "fast", "0,1", "1 2")],
        *[("training.epochs", text, ["1 to 1000000"]) for text in ("0", "-3", "1000001")],
        *[("training.epochs", text, ["a whole number"]) for text in ("2.5", "3.0", "1e3", "", "nan", "inf", "many")],
        *[("training.batch_size", text, ["whole number", '"full"']) for text in ("0", "ful", "1.5", "", "nan")],
        *[("network.hidden", text, ["1 to 4096"]) for text in ("16 0", "5000", "-1", "0 0")],
        *[("network.hidden", text, ["a whole number"]) for text in ("16 x", "1.5", "none 3")],
        (
            "network.activation",
            "rleu",
            [", ".join(sorted(ACTIVATIONS)), 'Did you mean "relu"?'],
        ),
        ("network.activation", "", [", ".join(sorted(ACTIVATIONS))]),
        ("network.activation", "xyz", [", ".join(sorted(ACTIVATIONS))]),
        ("training.loss", "cross_entropi", ["mean_squared_error", 'Did you mean "cross_entropy"?']),
        ("training.optimizer", "adm", ["adam, adamw, momentum", 'Did you mean "adam"?']),
        ("training.shuffle", "maybe", ["true or false"]),
        ("training.shuffle", "", ["true or false"]),
    ],
)
def test_typed_text_that_does_not_fit_is_refused_with_what_is_allowed(key, text, words):
    with pytest.raises(ValueError, match=r"\S") as caught:
        parse(at(key), text)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_a_word_that_is_not_near_any_is_not_guessed_at():
    with pytest.raises(ValueError, match="relu") as caught:
        parse(at("network.activation"), "xyz")
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("ReLU", "relu"), ("ADAM", "adam"), ("logarithmic", "log"), ("sig", "sigmoid"), ("zzz", None), ("", None)],
)
def test_a_guess_minds_neither_capitals_nor_a_long_form(word, meant):
    assert nearest(word, ["relu", "sigmoid", "tanh", "adam", "log", "linear"]) == meant
