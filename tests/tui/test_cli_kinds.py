"""The command line with many seeds, on surfaces, with early stopping and a memory limit, and with every new setting."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine import load_preset
from engine.memory import largest_batch
from engine.preset import parse_preset
from tui.cli import main
from tui.console import plain, records
from tui.console.tables import seeds_table
from tui.loading import load
from tui.writing.written import toml_text

DESCENT = str(Path(sys.executable).with_name("descent"))
VALLEY = '[surface]\nname = "valley"\nstart = [-4.0]\nsteps = 6\n[training.optimizer]\nname = "sgd"\nlearning_rate = 0.1\n'
REFUSED = '[data]\nname = "cats_dogs"\n[training]\nbatch_size = "full"\nmemory_limit = "256 KiB"\n'

#: What is said of a run that was interrupted.
LEFT = re.compile(r"descent: descent resume [-.\w]+ goes on there\n")


def descent(*arguments: str) -> tuple[int, str, str]:
    ended = CliRunner().invoke(main, arguments)
    return ended.exit_code, ended.stdout, ended.stderr


def never() -> bool:
    return False


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


# Many seeds -----------------------------------------------------------------------------------------------------------


def test_every_run_with_every_seed_is_an_entry_and_is_what_it_is_alone():
    quick = ("--set", "training.epochs=2")
    code, out, _ = descent("run", "lr-big-medium-tiny", *quick, "--seeds", "2-4", "--json")
    runs = json.loads(out)["runs"]
    assert code == 0
    assert [(run["name"], run["seed"]) for run in runs] == [(n, s) for n in ("big", "medium", "tiny") for s in (2, 3, 4)]
    _, alone, _ = descent("run", "lr-big-medium-tiny", *quick, "--seed", "3", "--json")
    for run, other in zip(runs[1::3], json.loads(alone)["runs"], strict=True):
        assert run["final"]["loss"] == pytest.approx(other["final"]["loss"], rel=1e-9)
        assert run["epochs"][0]["validation_accuracy"] == other["epochs"][0]["validation_accuracy"]


def test_seeds_in_plain_lines_have_a_line_each_and_a_summary():
    code, out, _ = descent("run", "recipe", "--set", "training.epochs=2", "--seeds", "3")
    lines = out.partition("\n\nclaims")[0].splitlines()
    assert code == 0
    assert "seeds 0 to 2" in lines[1]
    rows = {line.split()[0]: line.split()[1:] for line in lines[4:]}
    assert list(rows) == ["seed", "0", "1", "2", "median", "min", "max"]
    losses = [float(rows[seed][0]) for seed in "012"]
    assert [float(rows[word][0]) for word in ("median", "min", "max")] == [
        statistics.median(losses), min(losses), max(losses)
    ]  # fmt: skip
    assert all(cell.endswith("%") for cell in (rows["0"][2], rows["max"][2]))


def test_several_runs_with_seeds_end_in_their_medians():
    _, out, _ = descent("run", "lr-big-medium-tiny", "--set", "training.epochs=1", "--seeds", "2", "--plain")
    lines = out.partition("\n\nclaims")[0].splitlines()
    assert [line.split()[0] for line in lines[-4:]] == ["run", "big", "medium", "tiny"]


def test_json_lines_with_seeds_say_which():
    _, out, _ = descent("run", "recipe", "--set", "training.epochs=1", "--seeds", "2", "--jsonl")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["seed"] for event in events if event["event"] == "stopped"] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--seeds", "0"), "0 has no seeds in it"),
        (("--seeds", "5-3"), "5-3 has no seeds in it"),
        (("--seeds", "many"), "many is not a number of seeds, such as 16, or a range, such as 3-7"),
        (("--seeds", "-3"), "not a number of seeds"),
        (("--seeds", "3-"), "not a number of seeds"),
        (("--seeds", "1-2000000000"), "a seed is at most 1000000000"),
        (("--seeds", "100000"), "100000 seeds; at most 10000"),
        (("--seeds", "3", "--seed", "1"), "leave out --seed"),
        (("--seeds", "3", "--set", "seed=1"), "leave out --seed"),
    ],
)
def test_seeds_that_are_none_are_answered_in_words(arguments, message):
    code, _, err = descent("run", "recipe", *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("style", ["--plain", "--json"])
def test_interrupting_many_seeds(style):
    arguments = [DESCENT, "run", "recipe", "--set", "training.epochs=1000000", "--seeds", "2", style]
    code = (
        "import sys, threading, os, signal, time\n"
        f"sys.argv = {arguments!r}\n"
        "threading.Timer(3.0, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "from tui.cli import main\nmain()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 130
    assert LEFT.fullmatch(ended.stderr)
    if style == "--json":
        runs = json.loads(ended.stdout)["runs"]
        assert [run["stopped"] for run in runs] == ["interrupted", "interrupted"]
    else:
        assert ended.stdout.splitlines()[-1] == "interrupted"
        assert "interrupted" in ended.stdout.splitlines()[-6]


def test_a_seed_that_diverged_is_said_and_is_the_largest():
    preset = load_preset("recipe", [("training.epochs", [2])])
    [document] = records.json_document(preset, never, (0, 1))
    entries = json.loads(document)["runs"]
    entries[1]["final"]["loss"], entries[1]["stopped"] = None, "diverged"
    lines = seeds_table(entries)
    assert lines[0].endswith("ended") and lines[2].endswith("diverged")
    entries[1]["final"]["loss"] = float("nan")
    assert seeds_table(entries)[-1].split()[1] == "inf"


# Surfaces -------------------------------------------------------------------------------------------------------------


def test_a_surface_in_plain_lines(written):
    code, out, _ = descent("run", written(VALLEY))
    lines = out.splitlines()
    assert code == 0
    assert lines[1:3] == ["run mine; surface valley, start -4, 6 steps", "sgd, learning rate 0.1"]
    assert lines[3].split() == ["before", "training", "loss", "49.0", "w", "-4.000"]
    assert lines[4].split() == ["step", "1/6", "loss", "31.4", "w", "-2.600"]
    assert "final loss 3.37 at w 1.165" in lines[-2]
    assert lines[-1] == "verdict: Still improving: the loss is 3.367 and falling at step 6 of 6."
    assert "epoch" not in out and "accuracy" not in out


def test_a_surface_as_json_has_its_position(written):
    _, out, _ = descent("run", written(VALLEY), "--json")
    [run] = json.loads(out)["runs"]
    assert run["samples"] == {"train": 1, "validation": 0}
    assert run["initial"]["position"] == [-4.0]
    assert run["final"]["position"] == [pytest.approx(3 - 7 * 0.8**6)]
    assert (run["epochs_run"], run["iterations"], run["parameters"]) == (6, 6, 1)


def test_surfaces_side_by_side_end_in_a_table(written):
    _, out, _ = descent("run", written(VALLEY), "--set", "training.optimizer.learning_rate=0.1,0.5")
    table = out.splitlines()[-3:]
    assert table[0].split() == ["run", "final", "loss", "position", "best", "epoch"]
    assert table[2].split() == ["learning_rate", "0.5", "0", "3.00", "1"]


# Refused, stopped early, reduced --------------------------------------------------------------------------------------


def test_a_refused_run_is_a_result_in_every_style(written):
    file = written(REFUSED)
    fits = largest_batch(load(file).runs[0])
    code, out, err = descent("run", file, "--plain")
    assert (code, err) == (0, "")
    said = " ".join(line.strip() for line in out.splitlines())
    assert "refused, out of memory: a step with batch_size 1000 needs" in said
    assert f"the largest batch_size that fits is {fits}" in said
    assert all(len(line) <= plain.WIDTH for line in out.splitlines())

    code, out, _ = descent("run", file, "--json")
    [run] = json.loads(out)["runs"]
    assert code == 0
    assert (run["stopped"], run["final"], run["restored"], run["epochs"]) == ("out_of_memory", None, None, [])
    assert str(fits) in run["message"]

    code, out, _ = descent("run", file, "--jsonl")
    [event] = map(json.loads, out.splitlines())
    assert code == 0
    assert (event["event"], event["reason"], event["iteration"]) == ("stopped", "out_of_memory", 0)
    assert str(fits) in event["message"]


def test_of_a_comparison_with_a_refused_run_the_other_has_its_figures(written):
    settings = ("--set", "training.batch_size=1000,50", "--set", "training.epochs=1")
    code, out, _ = descent("run", written(REFUSED), *settings)
    table = out.splitlines()[-3:]
    assert code == 0
    assert table[1].split()[2:] == ["none"] * 4
    assert "none" not in table[2]
    code, out, _ = descent("run", written(REFUSED), *settings, "--seeds", "2")
    assert code == 0
    assert out.count("refused, out of memory") == 1


def test_an_early_stop_in_plain_lines_and_json():
    settings = ("--set", "training.early_stopping.patience=2", "--set", "training.optimizer.learning_rate=0.05")
    _, out, _ = descent("run", "recipe", *settings)
    _, text, _ = descent("run", "recipe", *settings, "--json")
    [run] = json.loads(text)["runs"]
    last, back = run["epochs_run"], run["restored"]["epoch"]
    assert run["stopped"] == "early_stopping" and last == back + 2
    said = f"stopped early at epoch {last}: validation loss has not improved for 2 epochs; weights of epoch {back} are back"
    assert said in out.splitlines()
    assert "early stopping on validation loss, patience 2" in out
    kept = run["epochs"][back - 1]
    assert run["restored"] == {key: value for key, value in kept.items() if key != "learning_rate"}
    assert run["final"]["loss"] == run["epochs"][-1]["loss"]


def test_a_reduction_on_a_plateau_has_a_line():
    settings = ("training.schedule.name=reduce_on_plateau", "training.schedule.patience_epochs=0", "training.epochs=40")
    _, out, _ = descent("run", "recipe", *(part for setting in settings for part in ("--set", setting)))
    assert "learning_rate is down to 0.0001: validation loss has not fallen for 1 epoch" in out
    _, text, _ = descent("run", "recipe", *(part for setting in settings for part in ("--set", setting)), "--json")
    rates = [entry["learning_rate"] for entry in json.loads(text)["runs"][0]["epochs"]]
    assert rates[0] == 0.001 and min(rates) < 0.0005


# Every new setting ----------------------------------------------------------------------------------------------------

NEW = [
    ("training.schedule.name", "cosine"),
    ("training.schedule.name", "one_cycle"),
    ("training.early_stopping.patience", "3"),
    ("training.memory_limit", "512 KiB"),
    ("training.clip_norm", "1.5"),
    ("training.l1", "0.001"),
    ("training.l2", "0.001"),
    ("training.evaluate", "iteration"),
    ("training.optimizer.weight_decay", "0.01"),
    ("training.optimizer.name", "nesterov"),
    ("training.divergence.stop", "true"),
    ("network.dropout", "0.2"),
    ("network.initializer", "glorot_uniform"),
    ("network.activation", "gelu"),
    ("data.label_noise", "0.1"),
]


@pytest.mark.parametrize(("key", "value"), NEW)
def test_every_new_key_can_be_set_and_is_written_back(key, value):
    loaded = load("recipe", [f"{key}={value}"])
    found = loaded.runs[0]
    for part in key.split("."):
        found = getattr(found, part)
    assert str(found).lower() == value.lower()
    again = parse_preset(toml_text(loaded), "recipe", "recipe.toml")
    assert again.runs == loaded.runs
    assert toml_text(again) == toml_text(loaded)


def test_false_takes_early_stopping_away(written):
    file = written('[data]\nname = "cats_dogs"\n[training]\nearly_stopping.patience = 3\n')
    assert load(file).runs[0].training.early_stopping.patience == 3
    assert load(file, ["training.early_stopping=false"]).runs[0].training.early_stopping is None
    assert "early_stopping" not in toml_text(load(file, ["training.early_stopping=false"]))


def test_the_start_of_a_surface_is_set_and_written(written):
    loaded = load(written(VALLEY), ["surface.start=[-3]", "surface.curvature=1.5"])
    assert loaded.runs[0].surface.start == (-3.0,)
    text = toml_text(loaded)
    assert "[network]" not in text and "batch_size" not in text and "[data]" not in text
    assert parse_preset(text, "mine", "mine.toml").runs == loaded.runs


@pytest.mark.parametrize(
    "runs",
    [
        'training.early_stopping.patience = 3\n[[run]]\nname = "b"',  # a table that one run has
        'training.memory_limit = "1 MiB"\n[[run]]\nname = "b"',  # a value that one run has
        'surface.name = "valley"\n[[run]]\nname = "b"',
        'data.name = "moons"\ntraining.schedule.name = "cosine"\ntraining.schedule.over_epochs = 3\n[[run]]\nname = "b"\n'
        'training.schedule.name = "cosine"',
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_what_only_one_run_of_a_comparison_has_is_written_for_it_alone(runs, turned):
    entries = f'[[run]]\nname = "a"\n{runs}'.split("[[run]]")[1:]
    entries = entries[::-1] if turned else entries
    loaded = parse_preset(
        "[data]\nname = 'cats_dogs'\n" + "".join(f"[[run]]{entry}\n" for entry in entries), "mine", "mine.toml"
    )
    again = parse_preset(toml_text(loaded), "mine", "mine.toml")
    assert again.runs == loaded.runs
    assert toml_text(again) == toml_text(loaded)


def test_plain_lines_say_all_of_them_only_where_it_is_all_as_the_lab_does():
    preset = load_preset("recipe", [("training.epochs", [1])])
    [document] = records.json_document(preset, never, (0,))
    entries = json.loads(document)["runs"]
    entries[0]["final"]["validation_accuracy"] = 0.9999
    lines = seeds_table(entries)
    assert "99.9%" in lines[1] and "100.0%" not in lines[1]
