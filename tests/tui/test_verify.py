"""`descent verify`: every claim of a preset with what was seen, and an exit code that says whether all of them hold."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import presets
from engine import jobs, load_preset, verifying
from engine.trainer import Trainer
from engine.verifying import runs_with, seeds_of, verify
from tui import cli
from tui.console.bar import Bar, bar_line
from tui.console.claimed import claim_lines, claim_record
from tui.console.verifying import load_all, report
from tui.listing import read_headings
from tui.loading import Refused

DESCENT = str(Path(sys.executable).with_name("descent"))

RUNS = """
title = "Three rates"
seed = 0
[data]
name = "cats_dogs"
samples = 1000
validation = 300
noise = 0.6
[network]
hidden = [16]
[training]
epochs = 6
[training.optimizer]
name = "adam"
[[run]]
name = "medium"
training.optimizer.learning_rate = 0.001
[[run]]
name = "tiny"
training.optimizer.learning_rate = 0.00001
"""
CLAIM = """
[[claim]]
lesson_says = "very slow"
source = "000_efcc12d55c02df70.txt"
verdict = "right"
says = "The tiny step has learned less"
[[claim.check]]
run = "tiny"
metric = "validation_loss"
at = "final"
above = { run = "medium", times = 1.2 }
"""
HALF = """
[[claim]]
says = "Medium ends below LIMIT"
in_seeds = 0.5
[[claim.check]]
run = "medium"
metric = "validation_loss"
at = "final"
below = LIMIT
"""
NONE = RUNS.partition("[[run]]")[0]


@pytest.fixture
def preset(tmp_path):
    """Writes a preset file, and says where."""

    def write(*parts: str, name: str = "three") -> str:
        file = tmp_path / f"{name}.toml"
        file.write_text("".join(parts), encoding="utf-8")
        return str(file)

    return write


def descent(*arguments: str):
    return CliRunner().invoke(cli.main, ["verify", *arguments], prog_name="descent")


def final_losses(file: str, run: str, count: int) -> list[float]:
    """The last validation losses of a run, seed by seed, trained alone."""
    found = []
    for seed in range(count):
        trainer = Trainer(replace(next(one for one in load_preset(file).runs if one.name == run), seed=seed))
        for _ in trainer:
            pass
        found.append(trainer.history.epochs[-1].validation.loss)
    return found


# What it says ---------------------------------------------------------------------------------------------------------


def test_a_claim_that_holds_with_its_numbers_and_the_lessons_words(preset):
    file = preset(RUNS, CLAIM)
    ended = descent(file)
    assert (ended.exit_code, ended.stderr) == (0, "")
    text = " ".join(ended.stdout.split())  # as one line
    assert f"{file}: with seed 0 held 1/1, needed 0.9: The tiny step has learned less" in text
    assert 'lesson (right): "very slow" seed 0: ' in text
    assert f"{final_losses(file, 'tiny', 1)[0]:.2f}"[:3] in text.partition("seed 0: ")[2]
    assert ended.stdout.splitlines()[-1] == "1 preset, 1 claim: 1 held"


def test_swapped_learning_rates_are_found_out(tmp_path):
    """The bundled lesson, with the rates of big and tiny exchanged."""
    text = presets.text("lr-big-medium-tiny")
    big, tiny = (f'name = "{name}"\ntraining.optimizer.learning_rate = {rate}' for name, rate in RATES)
    assert text.count(big) == text.count(tiny) == 1
    file = tmp_path / "swapped.toml"
    for found, put in ((big, "BIG"), (tiny, tiny.replace("0.00001", "0.1")), ("BIG", big.replace("0.1", "0.00001"))):
        text = text.replace(found, put, 1)
    file.write_text(text, encoding="utf-8")
    claims = {claim.says: {check.run for check in claim.check} for claim in load_preset("lr-big-medium-tiny").sheet.claim}
    assert len(claims) >= 3
    assert descent("lr-big-medium-tiny").exit_code == 0

    broken = descent(str(file))
    assert broken.exit_code == 1
    [said] = re.findall(rf"1 preset, {len(claims)} claims: (.*)", broken.stdout)
    assert "not hold" in said
    shown = json.loads(descent(str(file), "--json").stdout)["presets"][0]["claims"]
    missed = {claim["says"] for claim in shown if not claim["held"]}
    assert any("big" in claims[says] for says in missed) and any("tiny" in claims[says] for says in missed)
    summary = " ".join(broken.stdout.partition(said)[2].split())
    assert all(f"{file}: {says}" in summary for says in missed)


RATES = (("big", "0.1"), ("tiny", "0.00001"))


def test_in_how_many_seeds_and_the_first_that_failed(preset):
    losses = final_losses(preset(RUNS), "medium", 4)
    ordered = sorted(losses)
    for held, limit in ((3, (ordered[2] + ordered[3]) / 2), (1, (ordered[0] + ordered[1]) / 2)):
        file = preset(RUNS, HALF.replace("LIMIT", repr(limit)))
        ended = descent(file, "--seeds", "4")
        assert ended.exit_code == (0 if held >= 2 else 1)
        word = "held" if held >= 2 else "NOT HELD"
        lines = ended.stdout.splitlines()
        assert lines[0] == f"{file}: with seeds 0 to 3" or len(file) > 50
        assert any(line.startswith(f"  {word} {held}/4, needed 0.5: ") for line in lines)
        failing = next(seed for seed, loss in enumerate(losses) if loss > limit)
        assert any(line.startswith(f"    seed {failing}, not held: ") for line in lines)
        assert sum(line.startswith("    seed ") for line in lines) == (1 if failing == 0 else 2)
        [claim] = json.loads(descent(file, "--seeds", "4", "--json").stdout)["presets"][0]["claims"]
        assert (claim["held"], claim["held_in"], claim["failed"]["seed"]) == (held >= 2, f"{held}/4", failing)
        other = json.loads(descent(file, "--seeds", "1-3", "--json").stdout)["presets"][0]
        assert other["seeds"] == [1, 2, 3]
        assert other["claims"][0]["held_in"] == f"{sum(loss <= limit for loss in losses[1:])}/3"


def test_the_first_seed_is_shown_and_the_first_with_which_it_did_not_hold(preset):
    [[_, [finding]]] = verify([load_preset(preset(RUNS, CLAIM))], (0,))
    three = replace(finding, seeds=(7, 8, 9), held_with=(True, False, False), seen=("1 >= 0", "0 not >= 1", "0 not >= 2"))
    assert list(claim_lines(three, 80)) == [
        "  NOT HELD 1/3, needed 0.9: The tiny step has learned less",
        '    lesson (right): "very slow"',
        "    seed 7: 1 >= 0",
        "    seed 8, not held: 0 not >= 1",
    ]
    record = claim_record(three)
    assert (record["saw"], record["failed"]) == ("1 >= 0", {"seed": 8, "saw": "0 not >= 1"})


def test_json_is_one_object_and_nothing_else(preset):
    file = preset(RUNS, CLAIM)
    ended = descent(file, "recipe", "--json", "--seeds", "2")
    assert ended.stderr == ""
    document = json.loads(ended.stdout, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert list(document) == ["presets"]
    assert [entry["name"] for entry in document["presets"]] == ["three", "recipe"]
    first = document["presets"][0]
    assert list(first)[:2] == ["name", "claims"]
    [claim] = first["claims"]
    assert list(claim)[:4] == ["says", "held", "held_in", "saw"]
    assert (claim["says"], claim["held"], claim["held_in"]) == ("The tiny step has learned less", True, "2/2")
    assert (claim["lesson_says"], claim["verdict"], claim["in_seeds"], claim["failed"]) == ("very slow", "right", 0.9, None)
    assert isinstance(claim["saw"], str) and claim["saw"]
    assert ended.exit_code == (0 if all(c["held"] for entry in document["presets"] for c in entry["claims"]) else 1)


def test_a_preset_without_claims_is_named_and_fails_nothing(preset):
    ended = descent(preset(NONE))
    assert ended.exit_code == 0
    assert ended.stdout.splitlines()[-1] == "1 preset, no claims"
    assert "three.toml: no claims" in " ".join(ended.stdout.split())


def test_lines_are_at_most_80_columns_and_of_strangers_texts_no_control_code_is_left(preset):
    claim = CLAIM.replace("The tiny step", "\\u001b[31m" + "the tiny step of a very long sentence " * 10)
    ended = descent(preset(RUNS, claim, HALF.replace("LIMIT", "1e-9")), "--seeds", "2")
    assert max(len(line) for line in ended.stdout.splitlines() if "three.toml" not in line) <= 80  # a path stays whole
    assert "\x1b" not in ended.stdout


def test_a_sentence_of_two_lines_is_told_as_one(preset):
    ended = descent(preset(RUNS, CLAIM.replace("The tiny step", "The tiny\\nstep")))
    assert "The tiny step" in " ".join(ended.stdout.split())


def test_all_presets_in_the_order_in_which_they_are_taught():
    assert [preset.name for preset in load_all([])] == [heading.name for heading in read_headings()[0]]
    assert [preset.name for preset in load_all(["digits", "recipe", "digits"])] == ["digits", "recipe"]


# What is refused ------------------------------------------------------------------------------------------------------


def test_a_claim_that_names_nothing_real_and_every_other_problem_at_once(preset):
    wrong = preset(RUNS, CLAIM.replace('run = "tiny"', 'run = "huge"'), name="wrong")
    other = preset(RUNS.replace("hidden", "hiden"), name="other")
    ended = descent(wrong, other, "recip", "houses.csv", "nowhere.toml", preset(RUNS, CLAIM))
    assert (ended.exit_code, ended.stdout) == (2, "")
    for said in (wrong, "huge", other, "hiden", '"recip"', "houses.csv", "nowhere.toml"):
        assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("seeds", ["0", "5-3", "x", "-1", "3-", "2000000000"])
def test_seeds_that_are_none(seeds):
    ended = descent("recipe", "--seeds", seeds)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "--seeds" in ended.stderr


def test_a_broken_bundled_preset_is_refused_and_not_left_out(monkeypatch):
    monkeypatch.setattr("tui.console.verifying.read_headings", lambda: ([], ["presets/x.toml: not TOML"]))
    with pytest.raises(Refused, match=r"presets/x\.toml"):
        load_all([])


# What is trained ------------------------------------------------------------------------------------------------------


def test_what_two_presets_train_alike_is_trained_once(preset, monkeypatch):
    trained = []
    together = jobs.train_together
    monkeypatch.setattr(jobs, "train_together", lambda runs, *rest: trained.extend(runs) or together(runs, *rest))
    twin = RUNS.replace('"medium"', '"middle"').replace("0.00001", "0.1")
    two = [preset(RUNS, CLAIM), preset(twin, HALF.replace("medium", "middle").replace("LIMIT", "1.0"), name="twin")]
    assert descent(*two, "--seeds", "3").exit_code == 0
    rates = [run.training.optimizer.learning_rate for run in trained]
    assert sorted(rates) == [0.00001] * 3 + [0.001] * 3 + [0.1] * 3
    trained.clear()
    assert descent(preset(NONE)).exit_code == 0
    assert trained == []  # there is nothing to be seen


def test_claims_see_the_runs_of_their_own_preset_with_the_same_seed(preset, monkeypatch):
    seen = []
    judge = verifying.judge
    monkeypatch.setattr(verifying, "judge", lambda claim, trainers: seen.append(list(trainers)) or judge(claim, trainers))
    loaded = [
        load_preset(preset(RUNS, CLAIM)),
        load_preset(preset(RUNS.replace("tiny", "small"), CLAIM.replace('"tiny"', '"small"'))),
    ]
    found = dict(verify(loaded, (4, 7)))
    assert sorted(found) == [0, 1]
    assert [[(trainer.run.name, trainer.run.seed) for trainer in trainers] for trainers in seen] == [
        [("medium", 4), ("tiny", 4)],
        [("medium", 7), ("tiny", 7)],
        [("medium", 4), ("small", 4)],
        [("medium", 7), ("small", 7)],
    ]
    assert all(trainer.done and len(trainer.history.epochs) == 6 for trainers in seen for trainer in trainers)
    assert [finding.held_in for findings in found.values() for finding in findings] == ["2/2", "2/2"]


def test_states_that_nobody_needs_any_more_go(preset):
    loaded = [load_preset(preset(RUNS, CLAIM)), load_preset(preset(RUNS, HALF.replace("LIMIT", "1.0")))]
    shared = verifying._Trainings(loaded, (0, 1))
    assert len(shared.users) == 4
    shared.states = {training: {} for training in shared.users}
    assert shared.whole(shared.users) == [0, 1]
    shared.drop(0)
    assert len(shared.states) == 4
    shared.drop(1)
    assert shared.states == {}


def test_presets_are_whole_one_after_the_other_the_longest_job_first():
    run = load_preset("recipe").runs[0]
    by_epochs = {
        epochs: (replace(run, training=replace(run.training, epochs=epochs)),) for epochs in (100, 90, 80, 70, 60, 50)
    }
    presets_of = {100: {1}, 90: {2}, 80: {0}, 70: {0, 1}, 60: {2}, 50: {1}}
    users = {by_epochs[epochs][0]: indices for epochs, indices in presets_of.items()}
    found = verifying.in_turn(list(by_epochs.values()), users)
    assert [job[0].training.epochs for job in found] == [100, 70, 50, 90, 60, 80]


def test_the_seeds_of_runs_keep_their_distance(preset):
    own = RUNS.replace("seed = 0", "seed = 5") + "seed = 8\n"
    loaded = load_preset(preset(own))
    assert [run.seed for run in loaded.runs] == [5, 8]
    assert (seeds_of(loaded, ()), seeds_of(loaded, (1, 2))) == ((5,), (1, 2))
    assert [run.seed for run in runs_with(loaded, 5)] == [5, 8]
    assert [run.seed for run in runs_with(loaded, 0)] == [0, 3]
    assert all(0 <= run.seed <= 1_000_000_000 for run in runs_with(loaded, 1_000_000_000))


def test_a_claim_must_hold_in_the_share_that_it_names(preset):
    loaded = load_preset(preset(RUNS, CLAIM))
    [[_, [finding]]] = verify([loaded], (0,))
    for held, share, holds in ((9, 0.9, True), (8, 0.9, False), (7, 0.7, True), (10, 1.0, True), (9, 0.95, False)):
        claim = replace(finding.claim, in_seeds=share)
        ten = replace(finding, claim=claim, seeds=tuple(range(10)), held_with=(True,) * held + (False,) * (10 - held))
        assert ten.held is holds
        assert ten.held_in == f"{held}/10"
        assert ten.failed_at == (None if held == 10 else held)
    for others, expected in (
        ((None,), None),
        ((False, None), False),
        ((True, True, None), None),
        ((True,) * 9 + (None,), True),
    ):
        some = replace(finding, seeds=tuple(range(len(others))), held_with=others)
        assert some.held is expected
        assert some.failed_at == next(place for place, held in enumerate(others) if held is not True)


# Progress and interruptions -------------------------------------------------------------------------------------------


class Screen(io.StringIO):
    """A terminal's stream."""

    def isatty(self) -> bool:
        return True


def test_the_bar_fills_and_is_gone_when_it_is_done():
    screen = Screen()
    bar = Bar(screen)
    for share in (0.0, 0.31, 1.0):
        bar.show(share, "3 of 34 presets")
    drawn = screen.getvalue().split("\r")
    assert [line.count("#") for line in drawn] == [0, 12, 40, 0]
    assert "  31%  3 of 34 presets" in drawn[1]
    bar.clear()
    bar.clear()
    assert screen.getvalue().endswith("\r" + " " * len(drawn[2]) + "\r")
    assert "\n" not in screen.getvalue()


@pytest.mark.parametrize("columns", [0, 1, 10, 27, 28, 40, 79])
def test_the_bar_fits(columns):
    line = bar_line(0.5, "3 of 34 presets", columns)
    assert len(line) <= columns
    assert ("[" in line) == (columns >= 30)


def test_what_is_no_terminal_gets_no_bar(preset):
    for stream in (io.StringIO(), None):
        bar = Bar(stream)
        bar.show(0.5, "")
        bar.clear()
        assert stream is None or stream.getvalue() == ""


def test_the_bar_is_gone_too_where_the_work_fails(preset, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(jobs, "train_together", fail)
    screen = Screen()
    with pytest.raises(MemoryError):
        report([load_preset(preset(RUNS, CLAIM))], (), False, lambda: False, pytest.fail, Bar(screen))
    bar, cleared, rest = screen.getvalue().split("\r")
    assert (bar[0], cleared, rest) == ("[", " " * len(bar), "")


def test_interrupted_it_says_what_is_known(preset, monkeypatch):
    """The first preset is quick; in the middle of the other one, somebody presses Ctrl-C."""
    endless = RUNS.replace("epochs = 6", "epochs = 1000000")
    quick, long = preset(RUNS, CLAIM), preset(endless, CLAIM, name="long")
    monkeypatch.setattr(verifying, "in_turn", lambda found, _: found[::-1])  # the quick one first
    monkeypatch.setattr(verifying, "train_jobs", lambda jobs_, asked, _: jobs.train_jobs(jobs_, asked, 1))
    step = jobs.train_together

    def train(runs, asked):
        if runs[0].training.epochs > 6:
            signal.raise_signal(signal.SIGINT)
        return step(runs, asked)

    monkeypatch.setattr(jobs, "train_together", train)
    ended = descent(long, quick)
    assert ended.exit_code == 130
    assert "three.toml: with seed 0" in " ".join(ended.stdout.split())
    assert ended.stdout.splitlines()[-1] == "interrupted: 1 of 2 presets, 1 claim: 1 held"
    ended = descent(long, quick, "--json")
    assert ended.exit_code == 130
    assert [entry["name"] for entry in json.loads(ended.stdout)["presets"]] == ["three"]


@pytest.mark.parametrize("delay", [0.0, 0.2, 1.0])
def test_ctrl_c_on_a_terminal_ends_all_processes_and_leaves_no_bar(preset, delay):
    """The terminal sends it to every process: to those that are just starting as to those that train."""
    file = preset(RUNS.replace("epochs = 6", "epochs = 1000000"), CLAIM)
    ours, theirs = pty.openpty()
    arguments = [DESCENT, "verify", file, "--seeds", "4"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, text=True, start_new_session=True) as process:
        os.close(theirs)
        seen = os.read(ours, 1000)  # comes with the bar
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGINT)
        try:
            out, _ = process.communicate(timeout=30)  # to the end of what any process could still write
        finally:
            process.kill()
    with suppress(OSError):  # Linux says the end of a terminal so
        while more := os.read(ours, 1000):
            seen += more
    os.close(ours)
    assert process.returncode == 130
    assert out.splitlines()[-1] == "interrupted: 0 of 1 preset, no claims"
    bar = b"[........................................]    0%  0 of 1 preset"
    assert seen == bar + b"\r" + b" " * len(bar) + b"\r"
