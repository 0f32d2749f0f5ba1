"""Mistakes in preset files: each is named with its key, its value, what is allowed, and a guess."""

from __future__ import annotations

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import PresetError, load_preset
from engine.activations import ACTIVATIONS
from engine.datasets import DATASETS
from engine.optimizers import OPTIMIZERS
from engine.overlay import nest, overlay
from engine.preset import MOST_RUNS, RUN_TABLES, parse_preset
from engine.schema import all_keys
from engine.sheet import Sheet

MOONS = '[data]\nname = "moons"\n'
HOURS = '[data]\nname = "study_hours"\n'
NAMES = ", ".join(sorted(DATASETS))
STEPS = ", ".join(sorted(OPTIMIZERS))
BENDS = ", ".join(sorted(ACTIVATIONS))


def parsed(text: str, changes=(), seed=None):
    return parse_preset(text, "mine", "folder/mine.toml", changes, seed)


def problems(text: str, changes=(), seed=None) -> dict[str, str]:
    with pytest.raises(PresetError) as caught:
        parsed(text, changes, seed)
    found = caught.value.problems
    assert caught.value.source == "folder/mine.toml"
    assert len({problem.key for problem in found}) == len(found), "one problem a key"
    return {problem.key: problem.message for problem in found}


MISTAKES = [
    # unknown keys, with a guess
    (MOONS + "[training]\nbatchsize = 32", "training.batchsize", ["unknown", 'Did you mean "batch_size"?']),
    (MOONS + "[training.optimizer]\nname = 'sgd'\nlearnin_rate = 1.0", "training.optimizer.learnin_rate", ["learning_rate"]),
    (MOONS + "[trainig]\nepochs = 3", "trainig", ["unknown", '"training"']),
    (MOONS + "sampels = 3", "data.sampels", ["unknown", '"samples"']),
    ("epochs = 3\n" + MOONS, "epochs", ["unknown", '"training.epochs"']),  # right name, wrong table
    (MOONS + "[training]\nlearning_rate = 0.1", "training.learning_rate", ["unknown", '"training.optimizer.learning_rate"']),
    (HOURS + "noise = 0.5", "data.noise", ["unknown"]),  # a key of other data
    (MOONS + "[training.optimizer]\nname = 'sgd'\nbeta1 = 0.9", "training.optimizer.beta1", ["unknown"]),
    (MOONS + "[whatever]\nx = 1", "whatever", ["unknown"]),
    # names that are none, with a guess
    ("[data]\nname = 'moon'", "data.name", ['"moon"', NAMES, 'Did you mean "moons"?']),
    (
        MOONS + "[training.optimizer]\nname = 'sdg'",
        "training.optimizer.name",
        ['"sdg"', STEPS, '"sgd"?'],
    ),
    (
        MOONS + "[network]\nactivation = 'rleu'",
        "network.activation",
        ['"rleu"', BENDS, '"relu"?'],
    ),
    (MOONS + "[network]\ninitializer = 'ones'", "network.initializer", ['"ones"', "glorot_uniform, he_normal"]),
    (MOONS + "[show]\nloss_axis = 'lin'", "show.loss_axis", ['"lin"', "linear, log"]),
    (MOONS + "[training]\nloss = 'cross_entropie'", "training.loss", ["cross_entropie", 'Did you mean "cross_entropy"?']),
    (MOONS + "[training]\ndtype = 'float16'", "training.dtype", ["float16", "float32, float64"]),
    # out of range
    (MOONS + "[training]\nepochs = 0", "training.epochs", ["0", "1 to"]),
    (MOONS + "[training]\nbatch_size = -3", "training.batch_size", ["-3", "1 to", '"full"']),
    (MOONS + "[training]\nbatch_size = 'half'", "training.batch_size", ['"half"', "whole number", '"full"']),
    (MOONS + "[training.optimizer]\nname = 'sgd'\nlearning_rate = 0", "training.optimizer.learning_rate", ["above 0"]),
    (MOONS + "[training.optimizer]\nname = 'adam'\nbeta1 = 1.0", "training.optimizer.beta1", ["1.0", "below 1"]),
    (MOONS + "noise = 11.0", "data.noise", ["11.0", "0 to 10"]),
    (MOONS + "samples = 0", "data.samples", ["0", "1 to"]),
    ("seed = -1\n" + MOONS, "seed", ["-1", "0 to"]),
    (MOONS + "[network]\nhidden = [16, 0]", "network.hidden[2]", ["0", "1 to 4096"]),
    (MOONS + f"[network]\nhidden = {[1] * 17}", "network", ["17", "16"]),
    (MOONS + "[training.divergence]\nfactor = 1.0", "training.divergence.factor", ["above 1"]),
    (MOONS + "[training.divergence]\nfactor = inf", "training.divergence.factor", ["above 1"]),
    # wrong types
    (MOONS + "[training]\nepochs = 2.5", "training.epochs", ["2.5", "whole number"]),
    (MOONS + "[training]\nepochs = 3.0", "training.epochs", ["3.0", "whole number"]),
    (MOONS + "[training]\nepochs = '3'", "training.epochs", ['"3"', "whole number"]),
    (MOONS + "[training]\nepochs = true", "training.epochs", ["true", "whole number"]),
    (MOONS + "[training]\nshuffle = 1", "training.shuffle", ["1", "true or false"]),
    (MOONS + "[training]\nshuffle = 'no'", "training.shuffle", ['"no"', "true or false"]),
    (MOONS + "noise = 'much'", "data.noise", ['"much"', "a number"]),
    (MOONS + "[network]\nhidden = 16", "network.hidden", ["16", "list"]),
    (MOONS + "[network]\nhidden = [16, 'a']", "network.hidden[2]", ['"a"', "whole number"]),
    (MOONS + "[network]\nactivation = 3", "network.activation", ["3", "relu"]),
    ("title = 3\n" + MOONS, "title", ["3", "text"]),
    ("story = 1979-05-27\n" + MOONS, "story", ["1979-05-27", "text"]),
    ("things_to_try = 'one'\n" + MOONS, "things_to_try", ["list"]),
    ("data = 3", "data", ["3", "table"]),
    ("training = 3\n" + MOONS, "training", ["3", "table"]),
    (MOONS + "[training]\noptimizer = 'adam'", "training.optimizer", ['"adam"', "table"]),
    ("[[data]]\nname = 'moons'", "data", ["table"]),
    # NaN
    (MOONS + "noise = nan", "data.noise", ["NaN", "0 to 10"]),
    (
        MOONS + "[training.optimizer]\nname='sgd'\nlearning_rate = nan",
        "training.optimizer.learning_rate",
        ["NaN", "above 0"],
    ),
    (MOONS + "[training]\nepochs = nan", "training.epochs", ["NaN", "whole number"]),
    # missing
    ("title = 'x'", "data", ["missing", NAMES]),
    ("[data]\nnoise = 0.5", "data.name", ["missing", NAMES]),
    (
        MOONS + "[training.optimizer]\nlearning_rate = 0.1",
        "training.optimizer.name",
        ["missing", STEPS],
    ),
    (
        MOONS + "[[question]]\nasks = 'why'\nanswer = 'so'\n[[question]]\nasks = 'a'",
        "question[2].answer",
        ["missing", "text"],
    ),
    # not TOML at all
    ("[data\nname = 'moons'", "", ["TOML", "line 1"]),
    (MOONS + "seed 3", "", ["TOML", "line 3"]),
    (MOONS + "name = 'digits'", "", ["TOML"]),  # twice
    ("\x00", "", ["TOML"]),
    pytest.param("order = " + "1" * 5000 + "\n" + MOONS, "", ["digits"], id="5000 digits"),
    pytest.param("order = " + "[" * 5000 + "]" * 5000 + "\n" + MOONS, "", ["too deeply"], id="5000 brackets"),
    # settings that contradict each other
    (MOONS + "[training]\nloss = 'mean_squared_error'", "training.loss", ["moons", "2 classes", "binary_cross_entropy"]),
    (HOURS + "[training]\nloss = 'cross_entropy'", "training.loss", ["study_hours", "regression", "mean_squared_error"]),
    ("[data]\nname = 'digits'\n[training]\nloss = 'binary_cross_entropy'", "training.loss", ["10 classes", "cross_entropy"]),
    (MOONS + "samples = 20\n[training]\ndrop_last = true", "training.drop_last", ["32", "20"]),
    (MOONS + "[show]\nsecond = 'error'", "show.second", ['"error"', "moons", "accuracy"]),
    (MOONS + "[show]\nsecond = 'fit'", "show.second", ['"fit"', "moons", "accuracy"]),
    (HOURS + "[show]\nsecond = 'accuracy'", "show.second", ['"accuracy"', "study_hours", "fit or error"]),
    (MOONS + "samples = 1\nstandardize = true", "data", ["standardize", "2"]),
    ("[data]\nname = 'digits'\nvalidation = 0.001", "data", ["0.001", "0.003"]),
    # runs
    (MOONS + "[[run]]\nname = 'a'\n[[run]]\nname = 'b'\n[[run]]\nname = 'a'", "run", ["two runs", '"a"']),
    (MOONS + "[[run]]\nname = 'a'\n[training]\nepochs = 3", "training", ["below", "[[run]]", "run.training"]),
    (MOONS + "[[run]]\nname = 'a'\n[show]\nseconds = 3", "show", ["below", "[[run]]"]),
    (MOONS + "[run]\nname = 'a'", "run", ["[[run]]", "double"]),
    ("run = 3\n" + MOONS, "run", ["[[run]]"]),
    ("run = [3]\n" + MOONS, "run", ["[[run]]"]),
    (MOONS + "[[run]]\n[[run]]\ntraining.epochs = 0", "run[2].training.epochs", ["0", "1 to"]),
    (MOONS + "[[run]]\n[[run]]\ntraining.epohcs = 1", "run[2].training.epohcs", ["unknown", '"epochs"']),
    (MOONS + "[[run]]\ntitle = 'a'", "run[1].title", ["unknown"]),
    (MOONS + "[[run]]\ntraining.optimizer.name = 'adm'", "run[1].training.optimizer.name", ['"adm"', '"adam"?']),
    (MOONS + "[[run]]\n[[run]]\ntraining.loss = 'mean_squared_error'", "run[2].training.loss", ["moons"]),
    (MOONS + "[show]\nsecond = 'error'\n[[run]]\n[[run]]\ndata.name = 'digits'", "show.second", ['"error"', "accuracy"]),
    (MOONS + "[[run]]\nname = ['a']", "run[1].name", ['["a"]', "text"]),
    (MOONS + "[[run]]\n" * (MOST_RUNS + 1), "run", [str(MOST_RUNS + 1), str(MOST_RUNS)]),
]


@pytest.mark.parametrize(("text", "key", "words"), MISTAKES)
def test_a_mistake_is_named_with_its_key_its_value_what_is_allowed_and_a_guess(text, key, words):
    found = problems(text)
    assert list(found) == [key]
    assert [word for word in words if word not in found[key]] == [], found[key]


def test_a_key_that_is_no_setting_is_neither_known_nor_guessed():
    # COUNTS is a constant of the class Digits
    assert "COUNTS" not in problems("[data]\nname = 'digits'\nCOUNTS = [3]")["data.COUNTS"]


BAD_SETTINGS = [
    ([("training.epochs", [0])], "training.epochs", ["0", "1 to"]),
    ([("training.epoch", [3])], "training.epoch", ["unknown", '"epochs"']),
    ([("training.optimizer.name", ["adm"])], "training.optimizer.name", ['"adm"', '"adam"?']),
    ([("data.name", ["study_hours"]), ("data.noise", [0.1])], "data.noise", ["unknown"]),
    ([("training.loss", ["mean_squared_error"])], "training.loss", ["moons"]),
    ([("show.second", ["fit"])], "show.second", ["fit"]),
    ([("data", [False])], "data", ["false", "table"]),
]


@pytest.mark.parametrize(("changes", "key", "words"), BAD_SETTINGS)
def test_a_mistake_in_a_setting_is_named_like_one_in_the_file(changes, key, words):
    found = problems(MOONS, changes)
    assert list(found) == [key]
    assert [word for word in words if word not in found[key]] == [], found[key]


def test_one_bad_value_of_several_is_named():
    found = problems(MOONS, [("training.epochs", [3, 0])])
    (message,) = found.values()
    assert message.startswith("0 ")
    assert all(key.endswith("training.epochs") for key in found)


@pytest.mark.parametrize("key", ["run", "run.name", "run.training.epochs"])
def test_runs_cannot_be_set(key):
    assert "cannot be set" in problems(MOONS, [(key, [3])])[key]


def test_a_seed_out_of_range_is_a_problem_too():
    assert list(problems(MOONS, seed=-1)) == ["seed"]


def test_every_problem_is_reported_at_once():
    text = """
        seed = -1
        titel = "x"
        [data]
        name = "cats_dogs"
        noise = "much"
        [network]
        hidden = [16, 0, "a"]
        [training]
        batchsize = 3
        epochs = 0
        [training.optimizer]
        name = "sdg"
        [show]
        loss_axis = "lin"
        [[question]]
        asks = "why"
    """
    expected = {
        *("seed", "titel", "data.noise", "network.hidden[2]", "network.hidden[3]", "training.batchsize"),
        *("training.epochs", "training.optimizer.name", "show.loss_axis", "question[1].answer"),
    }
    assert problems(text).keys() == expected


def test_problems_of_the_base_and_of_the_runs_are_reported_together_and_none_twice():
    text = MOONS + "[training]\nepochs = 0\n[[run]]\nname = 'a'\n[[run]]\nname = 'b'\ntraining.batch_size = 0\nfoo = 1"
    assert problems(text).keys() == {"training.epochs", "run[2].training.batch_size", "run[2].foo"}


def test_the_report_is_a_line_a_problem_below_the_name_of_the_file():
    with pytest.raises(PresetError) as caught:
        parsed(MOONS + "[training]\nbatchsize = 3\n[training.optimizer]\nname = 'sdg'")
    first, *lines = str(caught.value).splitlines()
    assert first == "folder/mine.toml: 2 problems"
    assert sorted(line.split()[0] for line in lines) == ["training.batchsize", "training.optimizer.name"]
    assert len({len(line) - len(line.lstrip().partition("   ")[2].lstrip()) for line in lines}) == 1  # one column

    with pytest.raises(PresetError, match=r"^folder/mine.toml: 1 problem\n  not valid TOML"):
        parsed("[data")


def test_a_long_or_unprintable_value_is_shown_on_one_short_line():
    message = problems(MOONS + '[network]\nactivation = "' + r"x\u0007\n" * 500 + '"')["network.activation"]
    assert message.isprintable()
    assert len(message) < 200


junk = st.sampled_from(
    [
        0,
        1,
        -1,
        0.5,
        1e30,
        10**30,
        float("nan"),
        float("inf"),
        True,
        False,
        "",
        "sgd",
        "adam",
        "moons",
        "digits",
        "full",
        "study_hours",
        "cross_entropy",
        "fit",
        [],
        [16, 8],
        ["a"],
        [[1]],
        [[0, 1], [1, 0]],
        "rows",
        "classes",
        {},
        {"name": "moons"},
        {"a": 1},
        [{}],
    ]
)
somewhere = st.sampled_from(
    sorted(
        {*all_keys(Sheet), *RUN_TABLES, "training.optimizer", "training.divergence", "show", "question", "foo", "data.x.y"}
    )
)
junk_tables = st.lists(st.tuples(somewhere, junk), max_size=4).map(
    lambda pairs: overlay({}, *(nest(key, value) for key, value in pairs))
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    base=junk_tables,
    name=st.sampled_from(["moons", "study_hours", "digits", "rows", "hundred"]),
    runs=st.lists(junk_tables, max_size=2),
    changes=st.lists(st.tuples(somewhere, st.lists(junk, min_size=1, max_size=2)), max_size=2),
)
def test_whatever_is_written_is_a_preset_or_a_list_of_problems(base, name, runs, changes):
    document = overlay({"data": {"name": name}}, base)
    text = tomlkit.dumps(document | ({"run": runs} if runs else {}))
    try:
        found = parsed(text, changes)
    except PresetError as error:
        found = error
    if isinstance(found, PresetError):
        assert len(str(found).splitlines()) == 1 + len(found.problems) > 1
    else:
        assert found.runs


def test_mistakes_that_only_show_when_others_are_gone_are_told_in_the_same_breath():
    text = """
lesson = 3
[data]
name = "digits"
[training]
epochs = "x"
loss = "mean_squared_error"
[show]
second = "fit"
"""
    with pytest.raises(PresetError) as refused:
        parse_preset(text, "mine", "mine.toml")
    assert {problem.key for problem in refused.value.problems} == {
        "lesson",
        "training.epochs",
        "training.loss",
        "show.second",
    }


def test_the_values_of_a_table_are_looked_at_although_its_name_is_misspelt():
    text = """
[data]
name = "cats-dogs"
samples = "1000"
[training.optimizer]
name = "Adam"
learning_rate = "0.1"
"""
    with pytest.raises(PresetError) as refused:
        parse_preset(text, "mine", "mine.toml")
    problems = {problem.key: problem.message for problem in refused.value.problems}
    assert set(problems) == {"data.name", "data.samples", "training.optimizer.name", "training.optimizer.learning_rate"}
    assert problems["data.name"].endswith('Did you mean "cats_dogs"?')
    assert problems["training.optimizer.name"].endswith('Did you mean "adam"?')


def test_a_value_given_twice_is_named():
    with pytest.raises(PresetError) as refused:
        load_preset("recipe", [("training.epochs", [3, 5, 3])])
    assert refused.value.problems[0].key == "training.epochs"
    assert refused.value.problems[0].message == "3 is given twice"


def test_without_a_guess_the_sentence_ends_with_what_is_allowed():
    assert problems(MOONS + '[training]\nevaluate = "batch"') == {
        "training.evaluate": '"batch" is not one of epoch, iteration'
    }


def test_a_key_of_another_optimizer_says_which_ones_have_it():
    assert problems(MOONS + '[training.optimizer]\nname = "adam"\nmomentum = 0.5') == {
        "training.optimizer.momentum": 'unknown key. With name "momentum" or "nesterov" there is one'
    }
