"""Preset files: what is read, how overlays work, and what becomes a run."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

import presets
from engine import PresetError, load_preset
from engine.activations import ACTIVATIONS
from engine.datasets import DATASETS
from engine.drawings import CatsDogs
from engine.layers import Architecture
from engine.live import LIVE
from engine.optimizers import OPTIMIZERS, SGD, Adam
from engine.overlay import nest, overlay, parse_setting
from engine.points import Blobs, Moons
from engine.preset import parse_preset, read_run
from engine.real_tables import Digits, StudyHours
from engine.rows import Rows
from engine.run import Divergence, MisfitError, Run, Training
from engine.schema import all_keys
from engine.sheet import Sheet

MOONS = '[data]\nname = "moons"\n'
HOURS = '[data]\nname = "study_hours"\n'
NAMES = ", ".join(sorted(DATASETS))
STEPS = ", ".join(sorted(OPTIMIZERS))
BENDS = ", ".join(sorted(ACTIVATIONS))


def parsed(text: str, changes=(), seed=None):
    return parse_preset(text, "mine", "folder/mine.toml", changes, seed)


def one(text: str, changes=(), seed=None) -> Run:
    (run,) = parsed(text, changes, seed).runs
    return run


def problems(text: str, changes=(), seed=None) -> dict[str, str]:
    with pytest.raises(PresetError) as caught:
        parsed(text, changes, seed)
    found = caught.value.problems
    assert caught.value.source == "folder/mine.toml"
    assert len({problem.key for problem in found}) == len(found), "one problem a key"
    return {problem.key: problem.message for problem in found}


# What is read ---------------------------------------------------------------------------------------------------------


def test_only_the_data_must_be_named_and_the_rest_has_defaults():
    preset = parsed(MOONS)
    assert preset.runs == (Run(name="mine", data=Moons()),)
    assert preset.runs[0].training == Training(loss="binary_cross_entropy")
    assert preset.runs[0].network == Architecture()
    assert (preset.name, preset.source, preset.title) == ("mine", "folder/mine.toml", "mine")
    assert preset.sheet.lesson == "Own presets"
    assert preset.sheet.question == ()
    assert preset.sheet.order == 1000


def test_every_table_is_read():
    preset = parsed("""
        title = "A title"
        lesson = "A lesson"
        order = 7
        summary = "s"
        story = "t"
        things_to_try = ["one", "two"]
        seed = 3
        [data]
        name = "cats_dogs"
        samples = 10
        validation = 4
        noise = 1
        [network]
        hidden = []
        activation = "tanh"
        initializer = "glorot_uniform"
        [training]
        loss = "cross_entropy"
        epochs = 2
        batch_size = "full"
        shuffle = false
        dtype = "float32"
        optimizer = { name = "adam", beta1 = 0.5 }
        divergence = { factor = 5, stop = true }
        [show]
        seconds = 3
        loss_axis = "log"
        second = "accuracy"
        [[question]]
        asks = "q"
        answer = "a"
    """)
    assert preset.runs == (
        Run(
            name="mine",
            seed=3,
            data=CatsDogs(samples=10, validation=4, noise=1.0),
            network=Architecture(hidden=(), activation="tanh", initializer="glorot_uniform"),
            training=Training(
                loss="cross_entropy",
                epochs=2,
                batch_size="full",
                shuffle=False,
                dtype="float32",
                optimizer=Adam(beta1=0.5),
                divergence=Divergence(factor=5.0, stop=True),
            ),
        ),
    )
    sheet = preset.sheet
    assert (preset.title, sheet.lesson, sheet.order, sheet.summary, sheet.story) == ("A title", "A lesson", 7, "s", "t")
    assert sheet.things_to_try == ("one", "two")
    assert [(question.asks, question.answer) for question in sheet.question] == [("q", "a")]
    assert (sheet.show.seconds, sheet.show.loss_axis, sheet.show.second) == (3.0, "log", "accuracy")


def test_a_second_plot_must_suit_only_one_run_of_a_comparison():
    text = MOONS + "[show]\nsecond = 'accuracy'\n[[run]]\n[[run]]\ndata.name = 'study_hours'"
    assert [run.data.name for run in parsed(text).runs] == ["moons", "study_hours"]


def test_what_is_read_is_frozen():
    preset = parsed(MOONS)
    for value in (preset, preset.sheet, preset.runs[0], preset.runs[0].training, preset.runs[0].data):
        with pytest.raises(FrozenInstanceError):
            value.name = "other"


@pytest.mark.parametrize(
    ("text", "second"), [(MOONS, "accuracy"), (HOURS, "error"), (HOURS + "[show]\nsecond = 'fit'", "fit")]
)
def test_the_second_plot_has_a_default_that_fits_the_data(text, second):
    assert parsed(text).second == second


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_that_comes_with_descent_is_right_and_complete(name):
    preset = load_preset(name)
    assert preset.name == name
    assert preset.source == f"presets/{name}.toml"
    assert preset.runs
    assert preset.sheet.title
    assert preset.sheet.summary
    assert preset.sheet.story
    assert preset.sheet.lesson != "Own presets"


def test_a_preset_is_a_name_or_a_file(tmp_path, monkeypatch):
    path = tmp_path / "own.toml"
    path.write_text(MOONS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for source in (path, str(path), "own.toml", "./own.toml"):
        preset = load_preset(source)
        assert preset.name == "own"
        assert preset.source == str(source)
    for missing in ("own", "no.toml", tmp_path / "no.toml"):
        with pytest.raises(FileNotFoundError):
            load_preset(missing)


def test_a_file_that_is_no_text_is_a_problem(tmp_path):
    path = tmp_path / "own.toml"
    path.write_bytes(b"title = '\xff'")
    with pytest.raises(PresetError, match="UTF-8"):
        load_preset(path)


def test_a_run_can_be_read_from_the_tables_of_another():
    preset = parsed("seed = 4\ntitle = 'x'\n" + MOONS + "noise = 0.3")
    assert read_run(preset.documents[0], "again") == Run(name="again", seed=4, data=Moons(noise=0.3))
    changed = overlay(preset.documents[0], nest("training.epochs", 0))
    with pytest.raises(PresetError, match=r"training\.epochs"):
        read_run(changed, "again")


# Overlays -------------------------------------------------------------------------------------------------------------

BASE = MOONS + "noise = 0.3\n[network]\nhidden = [8, 4]\n[training]\nepochs = 9\n"
ADAM = BASE + "[training.optimizer]\nname = 'adam'\nbeta1 = 0.5\nlearning_rate = 0.02\n"


def test_a_setting_changes_its_key_and_no_other():
    run = one(ADAM, [("training.optimizer.learning_rate", [0.5])])
    assert run.training.optimizer == Adam(learning_rate=0.5, beta1=0.5)
    assert run.training.epochs == 9
    assert run.data == Moons(noise=0.3)


def test_another_name_replaces_the_whole_table():
    assert one(ADAM, [("training.optimizer.name", ["sgd"])]).training.optimizer == SGD()
    assert one(BASE, [("data.name", ["cats_dogs"])]).data == CatsDogs()  # whose noise is its own default


def test_the_same_name_replaces_nothing():
    assert one(ADAM, [("training.optimizer.name", ["adam"])]).training.optimizer == Adam(beta1=0.5, learning_rate=0.02)


def test_after_another_name_the_other_keys_of_the_overlay_apply():
    text = ADAM + "[[run]]\ntraining.optimizer = { name = 'sgd', learning_rate = 0.7 }"
    assert one(text).training.optimizer == SGD(learning_rate=0.7)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("runs", ["", "[[run]]\ntraining.optimizer.name = 'adam'"], ids=["base", "run"])
@pytest.mark.parametrize("base", [BASE, ADAM], ids=["sgd", "adam"])
def test_settings_are_one_overlay_whatever_their_order(base, runs, backwards):
    changes = [("training.optimizer.name", ["sgd"]), ("training.optimizer.learning_rate", [0.7])]
    assert one(base + runs, changes[::-1] if backwards else changes).training.optimizer == SGD(learning_rate=0.7)


def test_lists_are_replaced_whole():
    assert one(BASE, [("network.hidden", [[3]])]).network.hidden == (3,)
    assert one(BASE, [("network.hidden", [[]])]).network.hidden == ()


def test_false_removes_an_optional_table():
    with_table = MOONS + "[training]\nepochs = 2\n[training.divergence]\nfactor = 5\nstop = true\n"
    assert one(with_table).training.divergence == Divergence(factor=5.0, stop=True)
    assert one(with_table, [("training.divergence", [False])]).training == Training(loss="binary_cross_entropy", epochs=2)
    assert one(with_table + "[[run]]\ntraining.divergence = false").training.divergence == Divergence()


@pytest.mark.parametrize("base", [MOONS, MOONS + "[training]\nepochs = 2\n"], ids=["no training", "training"])
def test_false_for_an_optional_table_that_is_not_there_changes_nothing(base):
    assert one(base, [("training.divergence", [False])]) == one(base)


def test_other_data_drop_a_loss_and_a_second_plot_that_do_not_fit_them():
    base = HOURS + "[training]\nloss = 'mean_squared_error'\nepochs = 3\n[show]\nsecond = 'fit'"
    preset = parsed(base, [("data.name", ["moons"])])
    assert preset.runs[0].loss == "binary_cross_entropy"
    assert preset.second == "accuracy"
    assert preset.runs[0].training.epochs == 3


def test_other_data_keep_a_loss_that_fits_them():
    base = MOONS + "[training]\nloss = 'cross_entropy'\n"
    assert one(base, [("data.name", ["cats_dogs"])]).loss == "cross_entropy"
    assert one(base.replace("moons", "digits"), [("data.name", ["moons"])]).loss == "cross_entropy"


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy"])
def test_another_number_of_classes_drops_a_loss_that_does_not_fit_it(loss):
    base = MOONS + f"[training]\nloss = '{loss}'\n"
    runs = parsed(base, [("data.name", ["blobs"]), ("data.classes", [2, 3])]).runs
    assert [(run.data, run.loss) for run in runs] == [(Blobs(classes=2), loss), (Blobs(classes=3), "cross_entropy")]


def test_another_task_for_the_same_rows_drops_loss_and_second_plot():
    base = "[data]\nname = 'rows'\ninputs = [[1], [2]]\ntargets = [0, 1]\n[training]\nloss = 'mean_squared_error'\n"
    preset = parsed(base + "[show]\nsecond = 'fit'", [("data.task", ["classes"])])
    assert preset.runs[0].data == Rows(inputs=((1.0,), (2.0,)), targets=(0.0, 1.0), task="classes")
    assert (preset.runs[0].loss, preset.second) == ("binary_cross_entropy", "accuracy")


@pytest.mark.parametrize("wrong", ["noise = 'x'", "classes = 'x'", "classes = inf", "samples = []", "foo = 3"])
def test_a_loss_is_dropped_also_where_the_other_data_have_a_mistake_of_their_own(wrong):
    base = HOURS + f"[training]\nloss = 'mean_squared_error'\n[[run]]\n[[run]]\ndata.name = 'blobs'\ndata.{wrong}"
    assert set(problems(base)) == {f"run[2].data.{wrong.split()[0]}"}


def test_a_misfit_that_the_overlay_itself_names_is_an_error():
    text = HOURS + "[[run]]\ndata.name = 'moons'\ntraining.loss = 'mean_squared_error'"
    assert list(problems(text)) == ["run[1].training.loss"]


def test_an_overlay_leaves_what_it_is_laid_over_alone():
    base = {"training": {"optimizer": {"name": "sgd", "learning_rate": 0.1}}, "network": {"hidden": [4]}}
    extra = {"training": {"optimizer": {"name": "adam"}}, "network": {"hidden": [8]}}
    result = overlay(base, extra)
    result["network"]["hidden"].append(1)
    result["training"]["optimizer"]["beta1"] = 0.5
    assert base == {"training": {"optimizer": {"name": "sgd", "learning_rate": 0.1}}, "network": {"hidden": [4]}}
    assert extra == {"training": {"optimizer": {"name": "adam"}}, "network": {"hidden": [8]}}


def test_a_later_overlay_wins():
    assert overlay({"seed": 1}, {"seed": 2}, {"seed": 3}) == {"seed": 3}


def test_nest_makes_tables_of_dots():
    assert nest("a.b.c", 1) == {"a": {"b": {"c": 1}}}
    assert nest("seed", 1) == {"seed": 1}


# Runs -----------------------------------------------------------------------------------------------------------------


def test_each_run_overlays_the_base():
    preset = parsed(
        ADAM + "[[run]]\nname = 'big'\ntraining.optimizer.learning_rate = 0.5\nseed = 8\n[[run]]\ndata.noise = 1.0"
    )
    big, other = preset.runs
    assert big.name == "big"
    assert big.seed == 8
    assert big.training.optimizer == Adam(learning_rate=0.5, beta1=0.5)
    assert other.name == "run 2"
    assert other.seed == 0
    assert other.data == Moons(noise=1.0)
    assert big.data == Moons(noise=0.3)
    assert other.training.optimizer == Adam(learning_rate=0.02, beta1=0.5)
    assert len(preset.documents) == 2


def test_a_run_may_have_its_own_tables_below_its_head():
    text = MOONS + "[[run]]\nname = 'a'\n[run.training]\nepochs = 3\n[run.data]\nname = 'digits'\n[[run]]\nname = 'b'"
    a, b = parsed(text).runs
    assert (a.training.epochs, a.data, b.training.epochs, b.data) == (3, Digits(), 50, Moons())


def test_several_values_make_a_run_each():
    preset = parsed(ADAM, [("training.optimizer.learning_rate", [0.1, 0.01, 0.001])])
    assert [run.training.optimizer.learning_rate for run in preset.runs] == [0.1, 0.01, 0.001]
    assert [run.name for run in preset.runs] == ["learning_rate 0.1", "learning_rate 0.01", "learning_rate 0.001"]
    assert {run.training.optimizer.beta1 for run in preset.runs} == {0.5}


def test_several_values_of_several_settings_make_every_combination():
    preset = parsed(BASE, [("training.batch_size", [8, "full"]), ("training.epochs", [4]), ("seed", [1, 2])])
    assert [(run.training.batch_size, run.seed) for run in preset.runs] == [(8, 1), (8, 2), ("full", 1), ("full", 2)]
    assert {run.training.epochs for run in preset.runs} == {4}
    assert [run.name for run in preset.runs][2] == "batch_size full, seed 1"


def test_several_values_vary_every_run():
    text = BASE + "[[run]]\nname = 'a'\n[[run]]\nname = 'b'\ntraining.epochs = 2\n"
    preset = parsed(text, [("seed", [1, 2])])
    assert [(run.name, run.seed, run.training.epochs) for run in preset.runs] == [
        ("a, seed 1", 1, 9),
        ("a, seed 2", 2, 9),
        ("b, seed 1", 1, 2),
        ("b, seed 2", 2, 2),
    ]


def test_several_tags_give_each_run_its_own_table():
    runs = parsed(HOURS + "[show]\nsecond = 'fit'", [("data.name", ["moons", "digits"])]).runs
    assert [run.loss for run in runs] == ["binary_cross_entropy", "cross_entropy"]


@pytest.mark.parametrize("names", [["adam", "sgd"], ["sgd", "adam"]])
def test_of_several_tags_the_one_of_the_file_keeps_its_table_wherever_it_stands(names):
    runs = parsed(ADAM, [("training.optimizer.name", names)]).runs
    assert {run.training.optimizer for run in runs} == {Adam(learning_rate=0.02, beta1=0.5), SGD()}


@pytest.mark.parametrize("names", [["moons", "study_hours"], ["study_hours", "moons"]])
def test_of_several_data_sets_the_one_of_the_file_keeps_its_loss_wherever_it_stands(names):
    runs = parsed(MOONS + "[training]\nloss = 'cross_entropy'", [("data.name", names)]).runs
    assert {(run.data.name, run.loss) for run in runs} == {("moons", "cross_entropy"), ("study_hours", "mean_squared_error")}


def test_a_setting_holds_for_every_run_also_where_the_run_says_otherwise():
    text = BASE + "[[run]]\ntraining.epochs = 2\n[[run]]\ntraining.epochs = 3"
    assert [run.training.epochs for run in parsed(text, [("training.epochs", [7])]).runs] == [7, 7]


def test_the_seed_argument_is_the_seed_of_every_run():
    text = "seed = 3\n" + MOONS + "[[run]]\n[[run]]\nseed = 5"
    assert [run.seed for run in parsed(text).runs] == [3, 5]
    assert [run.seed for run in parsed(text, seed=9).runs] == [9, 9]
    assert [run.seed for run in parsed(text, [("seed", [1])], seed=0).runs] == [0, 0]
    assert load_preset("recipe", seed=4).runs[0].seed == 4


def test_the_learning_rates_of_the_lesson_are_three_runs_that_differ_in_nothing_else():
    runs = load_preset("lr-big-medium-tiny").runs
    assert [(run.name, run.training.optimizer.learning_rate) for run in runs] == [
        ("big", 0.1),
        ("medium", 0.001),
        ("tiny", 0.00001),
    ]
    assert len({(run.seed, run.data, run.network, run.training.epochs, run.training.batch_size) for run in runs}) == 1


# What a run knows about itself ----------------------------------------------------------------------------------------


def test_a_run_counts_its_iterations_and_parameters():
    (run,) = load_preset("recipe").runs
    assert (run.sizes, run.parameters, run.batch_size) == ((144, 16, 1), 2337, 32)
    assert [run.iterations_per_epoch(size) for size in (None, 1, 31, 32, 128, 1000)] == [32, 1000, 33, 32, 8, 1]
    dropping = Run(training=Training(drop_last=True))
    assert [dropping.iterations_per_epoch(size) for size in (None, 128, 1000)] == [31, 7, 1]


@pytest.mark.parametrize(("size", "number"), [("full", 1000), (1, 1), (1000, 1000), (5000, 1000)])
def test_a_batch_has_at_most_all_samples(size, number):
    assert Run(training=Training(batch_size=size)).batch_size == number


@pytest.mark.parametrize(
    ("data", "loss", "sizes"),
    [
        (StudyHours(), "mean_squared_error", (1, 16, 1)),
        (Moons(), "binary_cross_entropy", (2, 16, 1)),
        (Digits(), "cross_entropy", (64, 16, 10)),
    ],
)
def test_a_loss_left_out_is_the_usual_one_for_the_data(data, loss, sizes):
    run = Run(data=data)
    assert run.loss == run.training.loss == loss
    assert run.sizes == sizes
    assert Run(data=Moons(), training=Training(loss="cross_entropy")).sizes == (2, 16, 2)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"data": StudyHours(), "training": Training(loss="cross_entropy")}, "training.loss"),
        ({"training": Training(drop_last=True, batch_size=1001)}, "training.drop_last"),
    ],
)
def test_a_run_made_in_python_refuses_a_misfit_too(changes, key):
    with pytest.raises(MisfitError, match=key) as caught:
        Run(**changes)
    assert caught.value.key == key


def test_what_can_change_while_training_are_settings_that_exist():
    assert set(LIVE) <= set(all_keys(Sheet))


# Settings as they are typed on the command line -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("training.epochs=3", "training.epochs", [3]),
        (" training.epochs = 3 ", "training.epochs", [3]),
        ("training.optimizer.learning_rate=0.1,0.01,1e-3", "training.optimizer.learning_rate", [0.1, 0.01, 0.001]),
        ("training.optimizer.learning_rate=1", "training.optimizer.learning_rate", [1]),
        ("training.optimizer.name=adam", "training.optimizer.name", ["adam"]),
        ("training.optimizer.name=adam,sgd", "training.optimizer.name", ["adam", "sgd"]),
        ('data.name="moons"', "data.name", ["moons"]),
        ("training.batch_size=full,8", "training.batch_size", ["full", 8]),
        ("training.shuffle=false", "training.shuffle", [False]),
        ("network.hidden=[16, 8]", "network.hidden", [[16, 8]]),
        ("network.hidden=[16,8],[4],[]", "network.hidden", [[16, 8], [4], []]),
        ('title="a, b",c', "title", ["a, b", "c"]),
        ("title='[', x", "title", ["[", "x"]),
        ("title=a=b", "title", ["a=b"]),
        ("summary=two words", "summary", ["two words"]),
        ("title=3\nseed = 4", "title", ["3\nseed = 4"]),  # one value, not two lines of TOML
        ("training.divergence.stop=true", "training.divergence.stop", [True]),
        ("training.divergence=false", "training.divergence", [False]),
    ],
)
def test_a_setting_is_a_key_and_its_values(text, key, values):
    found = parse_setting(text)
    assert found == (key, values)
    assert [type(value) for value in found[1]] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("training.epochs", ["training.epochs", "KEY=VALUE"]),
        ("=3", ["KEY=VALUE"]),
        ("training.epochs=", ["KEY=VALUE"]),
        ("seed=  ", ["KEY=VALUE"]),
        ("", ["KEY=VALUE"]),
        ("epochs=3", ['"epochs"', 'Did you mean "training.epochs"?']),
        ("training.learning_rate=3", ['Did you mean "training.optimizer.learning_rate"?']),
        ("training.epohcs=3", ['Did you mean "training.epochs"?']),
        ("nonsense=3", ['"nonsense" is no setting']),
        ("data.COUNTS=3", ["is no setting"]),
    ],
)
def test_a_setting_that_is_none_is_refused_with_a_guess(text, words):
    with pytest.raises(ValueError, match=r"KEY=VALUE|no setting") as caught:
        parse_setting(text)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("key", sorted(set(all_keys(Sheet))))
def test_every_setting_of_a_preset_can_be_named(key):
    assert parse_setting(f"{key}=1") == (key, [1])


def test_a_file_may_begin_with_the_mark_of_its_encoding(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b'\xef\xbb\xbftitle = "Mine"\n[data]\nname = "moons"\n')
    assert load_preset(path).title == "Mine"


def test_a_surface_in_the_place_of_data_leaves_loss_and_second_plot_to_their_defaults():
    text = '[data]\nname = "moons"\n[training]\nloss = "cross_entropy"\n[show]\nsecond = "accuracy"\n'
    preset = parse_preset(text, "mine", "mine.toml", [("surface.name", ["valley"])])
    assert preset.runs[0].training.loss is None
    assert preset.second == "surface"
    with pytest.raises(PresetError, match=r"training\.loss"):  # what is asked for in the same breath is not forgotten
        parse_preset(text, "mine", "mine.toml", [("surface.name", ["valley"]), ("training.loss", ["huber"])])
    back = overlay({"surface": {"name": "valley"}, "show": {"second": "surface"}}, {"data": {"name": "moons"}})
    assert back == {"show": {}, "data": {"name": "moons"}}


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [("training.schedule.warmup_iterations", 10, "constant"), ("training.optimizer.learning_rate", 0.05, "sgd")],
)
def test_a_setting_of_a_table_that_the_preset_leaves_out_means_the_one_that_holds_without_it(key, value, name):
    (run,) = parsed("[data]\nname = 'moons'", [(key, [value])]).runs
    table = run.training.schedule if "schedule" in key else run.training.optimizer
    assert (table.name, getattr(table, key.rpartition(".")[2])) == (name, value)
