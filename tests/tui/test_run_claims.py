"""What `descent run` says about the claims of a preset once its runs are over, were changed, or were interrupted."""

from __future__ import annotations

import json
import signal

import pytest
from click.testing import CliRunner

from engine import Trainer
from tui import cli

PRESET = """
title = "Three rates"
[data]
name = "cats_dogs"
samples = 200
validation = 100
noise = 0.6
[network]
hidden = [8]
[training]
epochs = 4
[training.optimizer]
name = "adam"
[[run]]
name = "medium"
training.optimizer.learning_rate = 0.01
[[run]]
name = "tiny"
training.optimizer.learning_rate = 0.00001
[[claim]]
lesson_says = "very slow"
source = "000_efcc12d55c02df70.txt"
verdict = "half"
says = "The tiny step has learned less"
[[claim.check]]
run = "tiny"
metric = "validation_loss"
at = "final"
above = { run = "medium" }
[[claim]]
says = "The medium step gets worse"
[[claim.check]]
run = "medium"
metric = "train_loss"
at = "epoch:4"
above = { at = "initial" }
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rates.toml"
    path.write_text(PRESET, encoding="utf-8")
    return str(path)


def run(*arguments: str):
    return CliRunner().invoke(cli.main, ["run", *arguments], prog_name="descent")


def test_lines_end_with_the_claims(file):
    ended = run(file)
    assert ended.exit_code == 0  # a claim that does not hold is what verify is for
    lines = ended.stdout.splitlines()
    said = lines[lines.index("claims") :]
    assert [line for line in said if line.startswith("  ") and line[2] != " "] == [
        "  held: The tiny step has learned less",
        "  NOT HELD: The medium step gets worse",
    ]
    assert '    lesson (half): "very slow"' in said
    assert len(said) == 6  # two lines with what was seen
    assert not any("seed" in line for line in said)


def test_json_ends_with_the_claims(file):
    document = json.loads(run(file, "--json").stdout)
    assert list(document)[-1] == "claims"
    first, second = document["claims"]
    assert list(first)[:3] == ["says", "held", "saw"]
    assert (first["says"], first["held"], first["verdict"]) == ("The tiny step has learned less", True, "half")
    assert (second["says"], second["held"], second["lesson_says"]) == ("The medium step gets worse", False, None)
    losses = [entry["final"]["validation_loss"] for entry in document["runs"]]
    assert all(f"{loss:.2f}" in first["saw"] for loss in losses)
    assert "held_in" not in first


def test_with_seeds_it_says_in_how_many(file):
    first, second = json.loads(run(file, "--seeds", "3", "--json").stdout)["claims"]
    assert list(first)[:4] == ["says", "held", "held_in", "saw"]
    assert (first["held"], first["held_in"], first["failed"]) == (True, "3/3", None)
    assert (second["held"], second["held_in"], second["failed"]["seed"]) == (False, "0/3", 0)
    lines = run(file, "--seeds", "5-7").stdout.splitlines()
    said = lines[lines.index("claims") :]
    assert "  held 3/3, needed 0.9: The tiny step has learned less" in said
    assert any(line.startswith("    seed 5: ") for line in said)
    assert any(line.startswith("    seed 5, not held: ") for line in said)


def test_what_changed_settings_took_away_is_not_seen(file):
    document = json.loads(run(file, "--set", "training.epochs=2", "--json").stdout)
    assert [claim["held"] for claim in document["claims"]] == [True, None]
    assert "  not seen: The medium step gets worse" in run(file, "--set", "training.epochs=2").stdout.splitlines()


@pytest.mark.parametrize("arguments", [[], ["--seeds", "2"]])
def test_interrupted_it_says_what_is_known(file, monkeypatch, arguments):
    """In the middle of the first run, before the second one, which the first claim needs, has begun."""
    began = Trainer.begin_epoch

    def begin(trainer):
        if trainer.epoch == 2 and trainer.run.seed == 0:  # once: a second Ctrl-C ends everything
            signal.raise_signal(signal.SIGINT)
        began(trainer)

    monkeypatch.setattr(Trainer, "begin_epoch", begin)
    ended = run(file, "--json", *arguments)
    assert ended.exit_code == 130
    assert [claim["held"] for claim in json.loads(ended.stdout)["claims"]] == [None, None]


def test_a_preset_without_claims_says_nothing_about_them(tmp_path):
    file = tmp_path / "none.toml"
    file.write_text(PRESET.partition("[[claim]]")[0], encoding="utf-8")
    assert "claims" not in run(str(file)).stdout
    assert json.loads(run(str(file), "--json").stdout)["claims"] == []
