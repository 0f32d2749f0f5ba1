"""The installed `descent` command: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest
from click.testing import CliRunner

import presets
from engine import Changed, Diverged, Restored, Trainer, load_preset
from engine.sheet import Sheet
from tui import cli
from tui.console import plain, records
from tui.console import terminal as terminal_module
from tui.listing import list_lines, read_headings
from tui.loading import Refused, load
from tui.screens.curtain import Unread
from tui.writing.written import toml_text

DESCENT = str(Path(sys.executable).with_name("descent"))
HEAVY = ("numpy", "engine", "textual", "rich", "pydantic", "tomlkit", "plotext")
QUICK = ("--set", "training.epochs=2")

#: What is said of a run that was interrupted.
LEFT = re.compile(r"descent: descent resume [-.\w]+ goes on there\n")


def descent(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    options = {"stdin": subprocess.DEVNULL, "timeout": 60, "encoding": "utf-8"} | options
    return subprocess.run([DESCENT, *arguments], capture_output=True, check=False, **options)


def parse(text: str):
    """JSON as the standard has it: NaN and Infinity are no part of it."""

    def fail(word: str):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=fail)


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


# What opens -----------------------------------------------------------------------------------------------------------


def test_help_is_short_and_has_examples():
    ended = descent("--help")
    assert ended.returncode == 0
    assert "Usage: descent [OPTIONS] [PRESET|FILE|FOLDER]" in ended.stdout
    assert "--pace" in ended.stdout
    assert re.search(r"check +Report every problem of every preset file\.", ended.stdout)
    assert "Examples:\n    descent " in ended.stdout
    assert len(ended.stdout.splitlines()) <= 50
    assert max(map(len, ended.stdout.splitlines())) <= 80


@pytest.mark.parametrize("command", ["lab", "list", "show", "run", "check", "verify", "new", "schema", "keys", "serve"])
def test_every_command_has_help_with_an_example_and_a_version(command):
    words = [] if command == "lab" else [command]
    runner = CliRunner()
    shown = runner.invoke(cli.main, [*words, "-h"] if words else ["recipe", "--help"], prog_name="descent")
    assert shown.exit_code == 0
    assert "Example" in shown.output
    assert "Usage: descent" in shown.output
    assert "descent lab" not in shown.output
    version = runner.invoke(cli.main, [*words, "--version"], prog_name="descent")
    assert (version.exit_code, version.output[:8]) == (0, "descent ")


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--json"], ["recip"]])
def test_what_needs_no_engine_imports_none(arguments):
    code = (
        "import sys\nfrom tui.cli import main\n"
        f"try: main({arguments!r}, prog_name='descent')\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.splitlines()[-1] == "[]"


def of_runs(output):
    """The lines about the runs: those before the claims."""
    return output.partition("\n\nclaims")[0].splitlines()


@pytest.mark.parametrize("arguments", [(), ("recipe", *QUICK), (*QUICK, "--pace", "max", "recipe")])
def test_the_lab_without_a_terminal_prints_lines_and_ends(arguments):
    ended = descent(*arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("The recipe\n")
    assert of_runs(ended.stdout)[-2].startswith("completed after ")
    assert of_runs(ended.stdout)[-1].startswith("verdict: ")
    assert "\x1b" not in ended.stdout


@pytest.mark.parametrize(("term", "terminal"), [("xterm-256color", True), ("dumb", False), ("", False), (None, False)])
def test_a_terminal_is_one_that_can_draw(monkeypatch, term, terminal):
    stream = types.SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(terminal_module, "sys", types.SimpleNamespace(stdin=stream, stdout=stream))
    monkeypatch.delenv("TERM", raising=False)
    if term is not None:
        monkeypatch.setenv("TERM", term)
    assert cli.on_a_terminal() == terminal
    monkeypatch.setattr(terminal_module, "sys", types.SimpleNamespace(stdin=None, stdout=stream))
    assert not cli.on_a_terminal()


@pytest.mark.parametrize(
    ("arguments", "name", "epochs", "pace"),
    [
        ([], "recipe", 50, 1.0),
        (["digits", "--pace", "0.5"], "digits", 30, 0.5),
        (["--pace", "max", "--set", "training.epochs=3"], "recipe", 3, math.inf),
    ],
)
def test_the_lab_on_a_terminal_opens_the_app(monkeypatch, arguments, name, epochs, pace):
    opened = []
    app = types.ModuleType("tui.app")
    app.run_lab = lambda preset, pace, **_: opened.append((preset, pace, dict(os.environ)))
    monkeypatch.setitem(sys.modules, "tui.app", app)
    monkeypatch.setattr(cli, "on_a_terminal", lambda: True)
    monkeypatch.setenv("TEXTUAL_FPS", "30")  # one's own choice is left alone
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "")
    monkeypatch.delenv("TEXTUAL_ANIMATIONS")  # put back afterwards, whatever the command sets
    assert CliRunner().invoke(cli.main, arguments).exit_code == 0
    [(preset, given, environment)] = opened
    if isinstance(preset, Unread):  # a bundled one as it is: read behind the curtain
        assert preset.name == name
        preset = preset.read()
    assert (preset.name, preset.runs[0].training.epochs, given) == (name, epochs, pace)
    assert (environment["TEXTUAL_FPS"], environment["TEXTUAL_ANIMATIONS"]) == ("30", "none")


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recip"], 'descent: no preset "recip". Did you mean "recipe"? descent list names them all.\n'),
        (["run", "recip"], 'descent: no preset "recip". Did you mean "recipe"? descent list names them all.\n'),
        (["lst"], 'descent: no preset "lst". Did you mean "list"? descent list names them all.\n'),
        (["lab"], 'descent: no preset "lab". descent list names them all.\n'),
        (["show", "zzz"], 'descent: no preset "zzz". descent list names them all.\n'),
        (["run", "own"], 'descent: no preset "own". The file of that name is "./own". descent list names them all.\n'),
        (["run", "nope.toml"], 'descent: there is no file "nope.toml".\n'),
        (["a/b"], 'descent: there is no file "a/b".\n'),
        (["run", "./"], 'descent: "./" is a folder, not a preset file.\n'),
        (["check", "folder.toml"], 'descent: "folder.toml" is a folder, not a preset file.\n'),
        (["run", "/dev/zero"], 'descent: "/dev/zero" is not a file that can be read as text.\n'),
        (["run", "x" * 300 + ".toml"], f'descent: cannot read "{"x" * 300}.toml": File name too long\n'),
        (["run", "a.csv"], 'descent: there is no file "a.csv".\n'),
        (["./A.NPZ"], 'descent: there is no file "./A.NPZ".\n'),
        (["check", "binary.toml"], "binary.toml: 1 problem\n  not a text file in UTF-8 (byte 0)\n"),
        (["check", "digits.toml"], "digits.toml: 1 problem\n  not read: a number has thousands of digits\n"),
        (["check", "deep.toml"], "deep.toml: 1 problem\n  not read: tables or lists stand in each other too deeply\n"),
        (["check"], "Error: Missing argument 'FILE|FOLDER...'."),
        (["run"], "Error: Missing argument 'PRESET|FILE'."),
        (["run", "recipe", "digits"], "Error: Got unexpected extra argument (digits)"),
        (["--sed", "3"], "Error: No such option '--sed'. (Did you mean one of: '--seed', '--set'?)"),
        (["run", "recipe", "--jsn"], "Did you mean"),
        (["--seed", "-1"], "Error: Invalid value for '--seed': -1 is not in the range 0<=x<=1000000000."),
        (["run", "recipe", "--seed", "1000000001"], "1000000001 is not in the range 0<=x<=1000000000."),
        (["--pace", "0"], "Error: Invalid value for '--pace': 0 is not a positive number or max."),
        (["--pace", "inf"], "inf is not a positive number or max."),
        (["--pace", "fast"], "fast is not a positive number or max."),
        (["run", "recipe", "--json", "--jsonl"], "Error: --json, --jsonl and --plain exclude each other: give one of them."),
        (["run", "recipe", "--plain", "--json"], "Error: --json, --jsonl and --plain exclude each other: give one of them."),
        (
            ["run", "recipe", "--seed", "3", "--set", "seed=4"],
            "descent: 1 problem\n  --set seed   says what --seed says as well: give one of them\n",
        ),
        (
            ["show", "recipe", "--set", "learning_rate=1", "--set", "epochs"],
            "descent: 2 problems\n"
            '  --set   "learning_rate" is no setting. Did you mean "training.optimizer.learning_rate"?\n'
            '  --set   "epochs" is not KEY=VALUE, such as training.epochs=3\n',
        ),
    ],
)
def test_bad_input_is_answered_in_words(monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").write_text("")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "digits.toml").write_text(f"seed = {'9' * 5000}")
    (tmp_path / "deep.toml").write_text(f"a = {'[' * 5000}")
    ended = CliRunner().invoke(cli.main, arguments, prog_name="descent")
    assert (ended.exit_code, ended.stdout) == (2, "")
    if message.endswith("\n"):
        assert ended.stderr == message
    else:
        assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_without_permission(monkeypatch, tmp_path):
    file = write(tmp_path / "closed.toml", "")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", file)

    monkeypatch.setattr("presets.reading.os.open", refuse)  # root may read everything
    ended = CliRunner().invoke(cli.main, ["run", file])
    assert (ended.exit_code, ended.stderr) == (2, f'descent: cannot read "{file}": Permission denied\n')


def test_problems_of_flags_and_of_the_file_appear_at_once(tmp_path):
    file = write(tmp_path / "mine.toml", 'titel = "x"\n[data]\nname = "moon"\n')
    settings = ("--set", "foo=1", "--set", "training.epochs=0", "--set", "training.optimizer.name=sdg")
    ended = descent("run", file, *settings)
    assert (ended.returncode, ended.stdout) == (2, "")
    first, *problems = ended.stderr.splitlines()
    assert first == f"{file}: 5 problems"
    assert {line.strip().partition("   ")[0]: line.strip().partition("   ")[2].strip() for line in problems} == {
        "--set": '"foo" is no setting.',
        "titel": 'unknown key. Did you mean "title"?',
        "data.name": '"moon" is not one of blobs, breast_cancer, cats_dogs, circles, diabetes, digits, file, hundred, iris, '
        'line, linreg, moons, rows, sine, spirals, study_class, study_hours, wine, xor. Did you mean "moons"?',
        "--set training.epochs": "0 is not a whole number, 1 to 1000000",
        "--set training.optimizer.name": '"sdg" is not one of adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd. '
        'Did you mean "sgd"?',
    }


def test_no_control_code_of_a_file_reaches_the_terminal(tmp_path):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    write(good, 'title = "\\u001b[31mred"\n[data]\nname = "moons"\n[training]\nepochs = 1\n')
    write(bad, '"\\u001b[2J" = "\\u001b[2J"\n')
    ended = descent("run", str(good))
    assert ended.stdout.splitlines()[0] == "?[31mred"
    ended = descent("check", str(bad))
    assert "?[2J" in ended.stderr
    assert "\x1b" not in ended.stderr


# list, show, check ----------------------------------------------------------------------------------------------------


def test_list_fits_80_columns_and_goes_by_lesson():
    ended = descent("list")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in ended.stdout
    assert lines[0] == "The recipe"
    assert lines[1].split(maxsplit=1) == ["recipe", "The recipe"]
    order = [lines.index(lesson) for lesson in ("The recipe", "Learning rate", "Day 79", "Real data")]
    assert order == sorted(order)


def test_list_as_json():
    entries = parse(descent("list", "--json").stdout)
    assert {entry["name"] for entry in entries} == set(presets.names())
    assert entries[0] == {
        "name": "recipe",
        "lesson": "The recipe",
        "title": "The recipe",
        "summary": "Cats and dogs with the three numbers most people start from: 0.001, 32, 50.",
    }


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_list_lines_fit(columns):
    headings, _ = read_headings()
    lines = list(list_lines(headings, columns))
    longest = max(len(heading.name) for heading in headings)
    assert max(map(len, lines)) <= max(columns, 2 + longest)  # a name is not cut: one types it
    assert all(any(heading.name in line for line in lines) for heading in headings)


def test_a_brief_heading_is_the_beginning_of_the_whole_one():
    brief, whole = read_headings(brief=True)[0], read_headings()[0]
    assert [heading[:5] for heading in brief] == [heading[:5] for heading in whole]
    assert not any(heading.runs > 1 for heading in brief) and any(heading.runs > 1 for heading in whole)


def test_a_broken_file_is_named_and_the_list_goes_on(monkeypatch):
    texts = {"empty": "", "broken": "a = ", "good": "order = 1\nlesson = 'L'", "odd": "title = 3\norder = 'x'"}

    def text(name):
        if name == "bytes":
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
        return texts[name]

    monkeypatch.setattr(presets, "names", lambda: [*texts, "bytes"])
    monkeypatch.setattr(presets, "text", text)
    ended = CliRunner().invoke(cli.main, ["list", "--json"])
    entries = parse(ended.stdout)
    assert [entry["name"] for entry in entries] == ["good", "empty", "odd"]
    assert entries[1] == {"name": "empty", "lesson": Sheet.lesson, "title": "empty", "summary": ""}
    assert read_headings()[0][1].order == Sheet.order
    assert [line.partition(".toml:")[0] for line in ended.stderr.splitlines()] == [
        "descent: presets/broken",
        "descent: presets/bytes",
    ]
    assert ended.exit_code == 0


def test_what_show_prints_passes_check_and_gives_the_same_runs(tmp_path):
    settings = [("training.optimizer.learning_rate", [0.1, 0.01]), ("training.epochs", [3])]
    ended = descent(
        "show", "recipe", "--set", "training.optimizer.learning_rate=0.1,0.01", "--set", "training.epochs=3", "--seed", "5"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\nbeta1 = 0.9\n" in ended.stdout
    assert '\nstory = """\nThree numbers set up a training' in ended.stdout
    file = write(tmp_path / "shown.toml", ended.stdout)
    assert load_preset(file).runs == load_preset("recipe", settings, seed=5).runs
    checked = descent("check", file, "recipe")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, f"{file}: ok\nrecipe: ok\n", "")


def test_check_reports_every_problem_of_every_file(tmp_path):
    good = write(tmp_path / "good.toml", '[data]\nname = "moons"\n')
    bad = write(tmp_path / "bad.toml", '[data]\nname = "moons"\n[training]\nepochs = 0\nbatchsize = 3\n')
    worse = write(tmp_path / "worse.toml", "a = \n")
    ended = descent("check", bad, good, "recip", worse)
    assert (ended.returncode, ended.stdout) == (2, f"{good}: ok\n")
    assert f"{bad}: 2 problems\n" in ended.stderr
    assert 'training.batchsize   unknown key. Did you mean "batch_size"?' in ended.stderr
    assert 'descent: no preset "recip". Did you mean "recipe"?' in ended.stderr
    assert f"{worse}: 1 problem\n  not valid TOML: " in ended.stderr


# run ------------------------------------------------------------------------------------------------------------------


def test_plain_lines_of_a_run():
    ended = descent("run", "recipe", "--set", "training.epochs=3")
    lines = of_runs(ended.stdout)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert lines[0] == "The recipe"
    assert "run recipe, seed 0; data cats_dogs, 1000 training and 300 validation samples" in lines
    assert "network 144-16-1, 2337 parameters; relu, binary_cross_entropy" in lines
    assert "adam, learning rate 0.001, batch size 32; 3 epochs of 32 iterations, 96 in all" in lines
    assert [line.split("  ")[0] for line in lines if line.startswith("epoch")] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "  iteration 64/96  loss 0." in lines[6]
    assert lines[-2].startswith("completed after ")
    assert lines[-1].startswith("verdict: Still improving: both losses fall")
    explicit = descent("run", "recipe", "--set", "training.epochs=3", "--plain").stdout
    explicit = of_runs(explicit)
    assert explicit[:-2] == lines[:-2]  # the next one has the seconds


def test_a_comparison_ends_in_a_table():
    ended = descent("run", "lr-big-medium-tiny", *QUICK)
    table = of_runs(ended.stdout)[-4:]
    assert [line.split()[0] for line in table] == ["run", "big", "medium", "tiny"]
    assert table[0].split("  ")[-1].strip() == "best epoch"
    assert len({line.rindex(line.split()[-1]) for line in table[1:]}) == 1  # aligned
    assert ended.stdout.count("completed after ") == 3


def test_regression_shows_the_mean_absolute_error():
    out = descent("run", "day79-study-hours", "--set", "training.optimizer.learning_rate=0.01,0.02", *QUICK).stdout
    assert "mean absolute error" in out
    assert "accuracy" not in out
    assert "validation mean absolute error" in of_runs(out)[-3]


def test_training_blind():
    ended = descent("run", "recipe", "--set", "data.validation=0", *QUICK)
    assert "no validation samples" in ended.stdout
    assert of_runs(ended.stdout)[-2].endswith("at epoch 2 (no validation)")
    assert of_runs(ended.stdout)[-1].startswith("verdict: Training blind: ")
    record = parse(descent("run", "recipe", "--set", "data.validation=0", *QUICK, "--json").stdout)["runs"][0]
    assert record["best"] == {"epoch": 2, "validation_loss": None}
    assert record["final"]["validation_loss"] is None
    assert record["samples"] == {"train": 1000, "validation": 0}


def test_json_is_one_object_and_the_same_each_time():
    ended = descent("run", "recipe", *QUICK, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    document = parse(ended.stdout)
    assert list(document) == ["preset", "runs", "claims"]
    assert (document["preset"], [claim["held"] for claim in document["claims"]].count(True)) == ("recipe", 0)
    [record] = document["runs"]
    assert {key: record[key] for key in ("name", "seed", "stopped", "epochs_run", "iterations", "restored", "diverged")} == {
        "name": "recipe",
        "seed": 0,
        "stopped": "completed",
        "epochs_run": 2,
        "iterations": 64,
        "restored": None,
        "diverged": None,
    }
    assert (record["iterations_per_epoch"], record["parameters"]) == (32, 2337)
    assert set(record["initial"]) == {"loss", "accuracy", "validation_loss", "validation_accuracy"}
    assert set(record["epochs"][0]) == {"epoch", "learning_rate", *record["initial"]}
    assert record["final"].items() <= record["epochs"][-1].items()
    assert record["best"] == {"epoch": 2, "validation_loss": record["final"]["validation_loss"]}
    assert descent("run", "recipe", *QUICK, "--json").stdout == ended.stdout


def test_several_values_make_a_comparison_and_a_new_name_comes_first():
    ended = descent(
        "run", "recipe", "--json", *QUICK, "--seed", "7",
        "--set", "training.optimizer.learning_rate=0.1,0.01", "--set", "training.optimizer.name=sgd",
    )  # fmt: skip
    runs = parse(ended.stdout)["runs"]
    assert [(run["name"], run["seed"]) for run in runs] == [("learning_rate 0.1", 7), ("learning_rate 0.01", 7)]
    assert [run["epochs"][0]["learning_rate"] for run in runs] == [0.1, 0.01]


def test_a_diverging_run_is_a_result_and_valid_json():
    diverging = ("--set", "training.optimizer.learning_rate=1", "--set", "training.epochs=100")
    ended = descent("run", "day79-study-hours", *diverging, "--json")
    assert ended.returncode == 0
    [record] = parse(ended.stdout)["runs"]
    assert record["stopped"] == "diverged"
    assert record["diverged"] == {"epoch": 1, "iteration": 1}
    assert record["final"]["loss"] is None
    assert record["final"]["validation_mean_absolute_error"] is None
    assert record["initial"]["mean_absolute_error"] > 60
    assert record["best"]["epoch"] == 1
    lines = descent("run", "day79-study-hours", *diverging, "--jsonl").stdout.splitlines()
    assert len(lines) == 201
    assert parse(lines[-1])["reason"] == "diverged"
    assert any(parse(line).get("batch_loss", 0) is None for line in lines)
    out = descent("run", "day79-study-hours", *diverging).stdout.splitlines()
    assert sum(line.startswith("diverged at epoch 1, iteration 1: the loss is ") for line in out) == 1
    assert of_runs("\n".join(out))[-2].startswith("diverged after ")
    assert of_runs("\n".join(out))[-1] == "verdict: Diverging: the training loss is NaN."
    assert max(map(len, out)) <= plain.WIDTH
    assert not any(line.endswith("...") for line in out)


def test_the_weights_that_were_restored_are_in_the_record():
    trainer = Trainer(load_preset("recipe", [("training.epochs", [2])]).runs[0])
    for _ in trainer:
        pass
    assert records.run_record(trainer)["restored"] is None
    first = trainer.history.epochs[0]
    trainer.history.restored = Restored(1, first.train, first.validation)
    record = records.run_record(trainer)
    expected = {key: value for key, value in record["epochs"][0].items() if key != "learning_rate"}
    assert record["restored"] == expected
    assert expected["validation_loss"] == first.validation.loss


def test_json_lines_are_the_events():
    ended = descent("run", "lr-big-medium-tiny", *QUICK, "--set", "training.batch_size=500", "--jsonl")
    events = [parse(line) for line in ended.stdout.splitlines()]
    assert [event["event"] for event in events] == (["iteration", "iteration", "epoch"] * 2 + ["stopped"]) * 3
    assert [event["run"] for event in events[::7]] == ["big", "medium", "tiny"]
    assert events[0].keys() == {"event", "run", "seed", *Trainer(load_preset("recipe").runs[0]).step().__slots__}
    assert events[2]["validation_loss"] > 0
    assert events[6] == {
        "event": "stopped", "run": "big", "seed": 0, "reason": "completed", "epoch": 2, "iteration": 4, "message": "",
        "diverged": None,
    }  # fmt: skip


@pytest.mark.parametrize("style", ["--plain", "--jsonl"])
def test_interrupting_by_signal(style):
    arguments = [DESCENT, "run", "recipe", "--set", "training.epochs=1000000", style]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()  # it has begun, and catches the signal by now
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert LEFT.fullmatch(err)
    lines = out.splitlines()
    if style == "--plain":  # a verdict follows where it came as far as that
        assert any(line.startswith("interrupted after ") for line in lines)
    else:
        assert (parse(lines[-1])["event"], parse(lines[-1])["reason"]) == ("stopped", "interrupted")


@pytest.mark.parametrize(("iteration", "epochs_run"), [(40, 1), (5, 0)])
def test_an_interrupted_run_prints_its_json(iteration, epochs_run):
    code = f"""
import signal
from engine import Trainer
from tui.cli import main
step = Trainer.step
def interrupted_step(trainer):
    if trainer.iteration + 1 == {iteration} and trainer.run.name == "medium":
        signal.raise_signal(signal.SIGINT)  # in the middle of the iteration, which is finished all the same
    return step(trainer)
Trainer.step = interrupted_step
main(["run", "lr-big-medium-tiny", "--set", "training.epochs=3", "--json"], prog_name="descent")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 130
    assert LEFT.fullmatch(ended.stderr)
    big, medium = parse(ended.stdout)["runs"]  # the third has not begun
    assert (big["stopped"], medium["stopped"]) == ("completed", "interrupted")
    assert (medium["iterations"], medium["epochs_run"]) == (iteration, epochs_run)
    assert medium["final"].keys() == big["final"].keys()
    assert (medium["final"]["loss"] is None) == (epochs_run == 0)


def test_a_second_interrupt_ends_at_once():
    code = """
import signal
from engine import Trainer
from tui.cli import main
def endless_step(trainer):
    while True:
        signal.raise_signal(signal.SIGINT)
Trainer.step = endless_step
main(["run", "recipe", "--json"], prog_name="descent")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


@pytest.mark.parametrize("arguments", [["run", "recipe"], ["run", "recipe", "--jsonl"], ["list"], ["--help"]])
def test_a_closed_pipe_ends_quietly(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([DESCENT, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["run", "recipe", "--json"], ["--help"], ["show", "recipe"]])
def test_a_full_disk_is_one_line(arguments):
    with open("/dev/full", "w") as full:
        ended = subprocess.run([DESCENT, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "descent: No space left on device\n")


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (MemoryError("Unable to allocate 3 TiB"), "descent: out of memory: Unable to allocate 3 TiB\n"),
        (RuntimeError("two\nlines"), "descent: RuntimeError: two lines\n"),
        (FileNotFoundError(2, "No such file", "digits.npz"), "descent: digits.npz: No such file\n"),
    ],
)
def test_work_that_fails_is_one_line(monkeypatch, raised, message):
    def fail(trainer):
        raise raised

    monkeypatch.setattr(Trainer, "step", fail)
    ended = CliRunner().invoke(cli.main, ["run", "recipe", "--json"])
    assert (ended.exit_code, ended.stdout, ended.stderr) == (1, "", message)


# Figures to text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.041, "0.0410"), (0.00182, "0.00182"), (18.34, "18.3"), (3842.4, "3842"), (-0.5, "-0.500"),
        (1.0, "1.00"), (9.999, "10.00"), (0.0001, "0.000100"), (1.5e-7, "1.50e-07"), (7.02e10, "7.02e+10"),
        (math.nan, "NaN"), (None, "NaN"), (math.inf, "inf"), (-math.inf, "-inf"),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert plain.number(value) == text


@pytest.mark.parametrize(("epochs", "lines"), [(1, 1), (2, 2), (60, 60), (61, 32), (100, 51), (1000, 51), (50_000, 51)])
def test_long_runs_are_thinned(epochs, lines):
    shown = [epoch for epoch in range(1, epochs + 1) if plain.has_line(epoch, epochs)]
    assert len(shown) == lines
    assert (shown[0], shown[-1]) == (1, epochs)


def test_what_happens_on_the_way_is_said_in_words():
    infinite = plain.divergence_line(Diverged(2, 41, math.inf), 10.0)
    assert infinite == "diverged at epoch 2, iteration 41: the loss is infinite"
    assert plain.divergence_line(Diverged(2, 41, math.nan), 10.0).endswith("the loss is not a number (NaN)")
    assert plain.divergence_line(Diverged(2, 64, 9.0), 10.0).endswith("9.00, more than 10 times what it was before training")
    changed = plain.change_line(Changed(40, "learning_rate", 0.001, 0.01))
    assert changed == "after iteration 40 learning_rate was changed from 0.001 to 0.01"


def test_progress_tells_changes_and_the_interruption():
    trainer = Trainer(load_preset("recipe", [("training.epochs", [3])]).runs[0])

    def training():
        yield trainer.step()
        trainer.change("learning_rate", 0.01)
        yield trainer.step()
        trainer.interrupt()

    assert list(plain.progress(trainer, training())) == [
        "after iteration 1 learning_rate was changed from 0.001 to 0.01",
        "interrupted at epoch 1, iteration 2",
    ]
    assert plain.ending(trainer).endswith("s: no epoch was finished")


def test_an_interruption_before_the_first_iteration():
    lines = list(plain.plain_lines(load_preset("lr-big-medium-tiny"), lambda: True))
    assert lines[-1].endswith("no epoch was finished")
    assert "run big" in lines[1]
    assert not any(line.startswith("run medium") for line in lines)
    [line] = records.json_document(load_preset("recipe"), lambda: True)
    assert parse(line)["runs"][0]["final"] == dict.fromkeys(["loss", "accuracy", "validation_loss", "validation_accuracy"])


# A table of one's own -------------------------------------------------------------------------------------------------


def houses(path: Path, count: int = 60) -> str:
    lines = [f"h{i},{i % 7},{'north' if i % 3 else 'south'},{100_000 + 20_000 * (i % 7) + i}" for i in range(count)]
    return write(path, "\n".join(["id,rooms,district,price", *lines, "h,,north,1", ""]))


@pytest.fixture
def table(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    houses(tmp_path / "houses.csv")
    return "houses.csv"


def test_a_table_trains_and_every_guess_is_said(table):
    ended = descent("run", table, "--target", "price", *QUICK)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert lines[:2] == ["houses.csv: price", "run houses, seed 0; data file, 48 training and 12 validation samples"]
    assert [line.strip() for line in lines[2:8]] == [
        'target "price": regression (whole numbers, 60 different)',
        '"rooms": numbers',
        '"district": text, one-hot, 2 columns',
        '1 of 61 rows has gaps ("rooms" 1): dropped',
        "left out: id",
        "12 of 60 rows are kept back for validation, drawn at random",
    ]
    last = max(at for at, line in enumerate(lines) if line.startswith("epoch"))
    assert float(lines[last].partition("mean absolute error ")[2].split()[0]) > 1000  # in the target's own units
    without_a_terminal = descent(table, "--target", "price", *QUICK).stdout
    assert without_a_terminal.splitlines()[: last + 1] == lines[: last + 1]  # the next one has the seconds


def test_what_show_writes_of_a_table_runs_to_the_same_numbers(table, tmp_path):
    shown = descent("show", table, "--target", "price")
    assert (shown.returncode, shown.stderr) == (0, "")
    for line in (
        'lesson = "Own tables"', 'name = "file"', 'file = "houses.csv"', 'target = "price"',
        'features = ["rooms", "district"]', 'task = "regression"', 'gaps = "drop"', "validation = 0.2",
        "standardize = true", "standardize_target = true", 'second = "error"',
    ):  # fmt: skip
        assert f"\n{line}\n" in shown.stdout
    file = write(tmp_path / "houses.toml", shown.stdout)
    checked = descent("check", "houses.toml")
    assert (checked.returncode, checked.stdout) == (0, "houses.toml: ok\n")
    assert descent("show", "houses.toml").stdout == shown.stdout
    numbers = descent("run", table, "--target", "price", "--json", *QUICK).stdout
    assert parse(numbers)["runs"][0]["final"]["validation_mean_absolute_error"] > 1000
    assert descent("run", "houses.toml", "--json", *QUICK).stdout == numbers
    elsewhere = descent("run", file, "--json", *QUICK, cwd="/")
    assert elsewhere.stdout == numbers


def test_what_is_set_is_no_guess_any_more(table):
    assert "too many to be classes" in descent("run", table, "--target", "id").stderr
    settings = ("--set", "data.task=classes", "--set", 'data.features=["rooms"]', "--set", "data.validation=0")
    shown = descent("show", table, "--target", "price", *settings).stdout
    assert '- target "price": classes (whole numbers, 60 different: ' in shown
    for line in ('task = "classes"', 'features = ["rooms"]', "validation = 0", "standardize_target = false"):
        assert f"\n{line}" in shown
    assert '\nloss = "cross_entropy"\n' in shown
    assert '\nsecond = "accuracy"\n' in shown
    assert "no rows are kept back for validation" in shown
    refused = descent("run", table, "--target", "price", "--set", "data.gaps=refuse")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert 'descent: houses.csv: 1 of 61 rows has gaps ("rooms" 1), the first in line 62;' in refused.stderr


def test_one_input_is_drawn_as_a_line_in_the_units_of_the_table(table):
    from tui.plots.fit import fit_picture

    preset = load(table, ('data.features=["rooms"]',), target="price")
    assert preset.second == "fit"
    picture = fit_picture([Trainer(preset.runs[0])], 0)
    train = picture.series[1]
    assert train.x.max() == pytest.approx(6)
    assert train.y.min() == pytest.approx(100_000)
    assert 0 < picture.axes.y_limits[1] - 230_000 < 200_000


def test_a_table_with_too_few_rows_to_keep_any_back_is_trained_blind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "xor.CSV", "a,b,out\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n")
    preset = load("xor.CSV", target="out")
    assert preset.runs[0].data.validation == 0.0
    assert (preset.runs[0].loss, preset.name) == ("binary_cross_entropy", "xor")
    assert load("xor.CSV", ("data.validation=0.5",), target="out").runs[0].data.facts().validation == 2


def test_of_arrays_the_answers_are_known_by_their_name(tmp_path, monkeypatch):
    import numpy as np

    monkeypatch.chdir(tmp_path)
    np.savez("points.npz", X=np.arange(40.0).reshape(20, 2), y=np.arange(20) % 2, z=np.arange(20))
    preset = load("./points.npz")
    assert (preset.runs[0].data.target, preset.runs[0].data.features) == ("y", ("X",))
    assert load("points.npz", target="z").runs[0].data.features == ("X",)
    np.savez("points.npz", a=np.arange(20.0), b=np.arange(20))
    with pytest.raises(Refused, match=r"^descent: points.npz: which column is to be predicted\? --target one of a, b$"):
        load("points.npz")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["houses.csv"], "houses.csv: which column is to be predicted? --target one of id, rooms, district, price\n"),
        (["run", "houses.csv", "--target", "pric"], 'houses.csv: there is no column "pric". Did you mean "price"?\n'),
        (["show", "./bad.csv", "--target", "a"], "./bad.csv: line 3 has 1 cell; the header names 2 columns\n"),
        (["check", "houses.csv"],
         '"houses.csv" is a table, not a preset: descent show houses.csv --target COLUMN writes one.\n'),
        (["run", "recipe", "--target", "a"],
         "--target names a column of a table (.csv or .npz); a preset says it itself, as target under [data].\n"),
        (["folder.csv"], '"folder.csv" is a folder, not a table.\n'),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_opened_is_one_line(table, arguments, message):
    Path("bad.csv").write_text("a,b\n1,2\n3\n")
    Path("folder.csv").mkdir()
    ended = CliRunner().invoke(cli.main, arguments, prog_name="descent")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (2, "", f"descent: {message}")


def test_problems_of_settings_and_of_a_table_appear_at_once(table):
    ended = descent("run", table, "--target", "pric", "--set", "foo=1", "--set", "data.target=x")
    assert ended.returncode == 2
    assert '"foo" is no setting.' in ended.stderr
    assert "--set data.target" in ended.stderr
    ended = descent("run", table, "--target", "price", "--set", "data.taks=classes", "--set", "training.epochs=0")
    assert '"data.taks" is no setting. Did you mean "data.task"?' in ended.stderr


def test_names_that_could_hurt_a_terminal_or_markdown_are_shown_as_they_stand(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "t`a *b*.csv"
    write(tmp_path / name, '"*x*","<y>\x1b[2J",_z_\n1,2,a\n2,3,b\n3,1,a\n4,5,b\n' * 1)
    preset = load(name, target="_z_")
    assert preset.runs[0].data.features == ("*x*", "<y>\x1b[2J")
    assert preset.sheet.story.replace("\n", "").isprintable()
    assert '"\\*x\\*", "\\<y\\>\\\\u001b\\[2J": numbers' in preset.sheet.story
    written = toml_text(preset)
    assert "\x1b" not in written
    write(tmp_path / "again.toml", written)
    assert load("again.toml").runs[0].data == preset.runs[0].data


def test_the_module_is_the_command():
    ran = subprocess.run(
        [sys.executable, "-m", "tui", "list"], capture_output=True, check=False, timeout=60, encoding="utf-8"
    )
    assert (ran.returncode, ran.stdout) == (0, descent("list").stdout)
