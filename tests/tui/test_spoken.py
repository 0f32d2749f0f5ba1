"""What the narration says: numbers and signs as they are spoken, sentences about epochs, keys by their names."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from engine import EpochMetrics, Evaluation, Trainer, load_preset
from engine.history import History
from tui.figures import printable
from tui.hidden import NOTHING, Hidden
from tui.keyboard import keymap
from tui.keyboard.keys import KEYS, typed
from tui.narration import closing, keys, opening, sentences, spoken
from tui.narration.teller import EVERY, SLOW, Teller
from tui.session import Session

UNSPOKEN = re.compile(r"[→%_<>|]|->|\d[eE][+-]?\d|\x1b")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.2134, "0.21"), (0.0363, "0.036"), (0.00098, "0.00098"), (0.5, "0.5"), (1.0, "1"), (18.34, "18.3"), (9.999, "10"),
        (3842.4, "3842"), (5000.0, "5000"), (-0.96, "minus 0.96"), (0.0, "0"), (7.6e-8, "7.6 times 10 to the minus 8"),
        (1.7e10, "1.7 times 10 to the 10"), (math.nan, "not a number"), (None, "not a number"), (math.inf, "infinite"),
    ],
)  # fmt: skip
def test_a_figure(value, said):
    assert spoken.figure(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.001, "0.001"), (1e-5, "0.00001"), (32, "32"), ("full", "full"), (0.15, "0.15"), (200.0, "200"), ("a_b", "a b")],
)
def test_a_setting_is_said_as_it_is(value, said):
    assert spoken.setting(value) == said


@pytest.mark.parametrize(("value", "said"), [(0.987, "98.7 percent"), (1.0, "100 percent"), (0.9999, "99.9 percent")])
def test_a_share(value, said):
    assert spoken.share(value) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("learning_rate 0.001 → 0.002", "learning rate from 0.001 to 0.002"),
        ("training loss, epoch 1 -> 9: 0.748 -> 9.8e-04 (-99.9 %)",
         "training loss, epoch 1 to 9: 0.748 to 0.00098 (down 99.9 percent)"),
        ("validation +12 % over its best", "validation up 12 percent over its best"),
        ("at most 0.01 x 0.748", "at most 0.01 times 0.748"),
        ("w -2.600", "w minus 2.600"), ("fix-0.0001", "fix-0.0001"), ("epochs 21-25", "epochs 21 to 25"),
        ("rate 1e-05", "rate 0.00001"), ("98.7% of cats_dogs", "98.7 percent of cats dogs"), ("1 - rate", "1 minus rate"),
        ("needs 1,051,128 B of 700 KiB", "needs 1,051,128 bytes of 700 KiB"), ("two\nlines\x1b[2J", "two lines?[2J"),
    ],
)  # fmt: skip
def test_signs_in_words(written, said):
    assert spoken.spoken(written) == said


def with_losses(train: list[float], validation: list[float] | None, epochs: int = 50) -> Trainer:
    """A trainer of recipe with these losses, the first of them before training."""
    preset = load_preset("recipe" if validation else "training-loop-step", [("training.epochs", [epochs])])
    trainer = Trainer(preset.runs[0])
    held = validation or [None] * len(train)
    trainer.history = History()
    for epoch, (loss, other) in enumerate(zip(train, held, strict=True)):
        seen = Evaluation(loss, accuracy=0.91), None if other is None else Evaluation(other, accuracy=0.875)
        if epoch:
            trainer.history.add_epoch(EpochMetrics(epoch, 32 * epoch, 0, 0.001, *seen, 0.0))
        else:
            trainer.history.begin(*seen)
    return trainer


@pytest.mark.parametrize(
    ("train", "validation", "told", "said"),
    [
        ([0.7, 0.39], [0.71, 0.4], 0,
         "Epoch 1 of 50: training loss 0.39, lower; validation loss 0.4, lower, the best so far, accuracy 87.5 percent."),
        ([0.7, 0.3, 0.2, 0.1, 0.05], [0.7, 0.31, 0.32, 0.33, 0.35], 3,
         "Epoch 4 of 50: training loss 0.05, lower; validation loss 0.35, rose for the third time in a row, "
         "accuracy 87.5 percent."),
        ([0.7, 0.3, 0.4], [0.7, 0.4, 0.4001], 1,
         "Epoch 2 of 50: training loss 0.4, rose; validation loss 0.4, hardly changed, accuracy 87.5 percent."),
        ([0.7, 0.6, 0.3, 0.2], [0.7, 0.5, 0.33, 0.4], 1,
         "Epochs 2 and 3 of 50: training loss fell from 0.6 to 0.2; validation loss fell from 0.5 to 0.4, "
         "with its best so far, 0.33, at epoch 2, accuracy 87.5 percent."),
        ([0.7, 0.6, 0.5, 0.5], [0.7, 0.5, 0.6, 0.61], 0,
         "Epochs 1 to 3 of 50: training loss fell from 0.7 to 0.5; validation loss fell from 0.7 to 0.61, "
         "with its best so far, 0.5, at epoch 1, accuracy 87.5 percent."),
        ([0.7, math.nan], [0.7, math.inf], 0,
         "Epoch 1 of 50: training loss not a number; validation loss infinite, accuracy 87.5 percent."),
        ([0.7, 0.6], None, 0, "Epoch 1 of 50: training loss 0.6, lower, the best so far, accuracy 91 percent."),
    ],
)  # fmt: skip
def test_epochs(train, validation, told, said):
    assert sentences.epochs(with_losses(train, validation), told, NOTHING) == said


def test_validation_that_is_hidden_is_not_said():
    trainer = with_losses([0.7, 0.39], [0.71, 0.4])
    said = sentences.epochs(trainer, 0, Hidden(frozenset(["validation"])))
    assert said == "Epoch 1 of 50: training loss 0.39, lower, accuracy 91 percent."


@pytest.mark.parametrize(
    "name", ["recipe", "lr-explodes-fix", "ravine-momentum", "batch-out-of-memory", "no-validation", "diabetes"]
)
def test_a_whole_lesson_is_said_without_a_sign(name):
    session = Session(load_preset(name))
    teller = Teller(session)
    teller.up_to_now()
    said = [*opening.opened(session)]
    assert session.state == "ready"
    for now, _ in enumerate(session):
        said += teller.news(0.05 * now)
    said += [*teller.end(), *closing.closed(session, teller), *closing.why(session, teller), *closing.standing(session)]
    hidden = bool(session.hidden)
    session.uncovered = True
    said += closing.claims(session)
    assert [line for line in map(keys.Keys().named, said) if UNSPOKEN.search(line)] == []
    assert [line for line in said if not line.endswith((".", "?", "!")) or line != printable(line)] == []
    assert any("held" in line for line in said)
    assert hidden == (name == "no-validation")
    assert any("Some of it is hidden" in line for line in said) == hidden


# When it is said ------------------------------------------------------------------------------------------------------


def test_epochs_are_told_every_few_seconds_and_what_matters_at_once():
    preset = load_preset("lr-explodes-fix")
    session = Session(replace(preset, runs=preset.runs[:1], documents=preset.documents[:1]))
    teller = Teller(session)
    teller.up_to_now()
    teller.heard(0.0)
    for _ in session.one_epoch():
        pass
    [diverged, epoch] = teller.news(0.1)  # far too early for an epoch alone
    assert diverged.startswith("Diverged at epoch 1, iteration 7: the loss is ")
    assert epoch.startswith("Epoch 1 of 50: training loss ")
    for _ in session.one_epoch():
        pass
    assert list(teller.news(0.1 + EVERY - 0.01)) == []
    [epoch, verdict] = teller.news(0.1 + EVERY)
    assert epoch.startswith("Epoch 2 of 50: ")
    assert verdict.startswith("Verdict: Diverging")
    session.advance()
    assert list(teller.news(0.1 + EVERY + SLOW - 0.01)) == []
    [batch] = teller.news(0.1 + EVERY + SLOW)
    assert batch.startswith("Epoch 3 of 50, iteration 15 of 350: batch loss ")
    assert list(teller.news(100.0)) == []  # nothing has happened since


def test_a_schedule_says_its_rate():
    session = Session(load_preset("recipe", [("training.schedule.name", ["cosine"]), ("training.epochs", [3])]))
    teller = Teller(session)
    teller.up_to_now()
    said = []
    for epoch in range(1, 4):
        for _ in session.one_epoch():
            pass
        said += teller.news(10.0 * epoch)
    assert said[0].endswith(" Learning rate now 0.00075.")
    assert not said[-1].endswith("0.")  # at the end the rate is of no use any more


# Keys -----------------------------------------------------------------------------------------------------------------


def test_the_usual_keys_are_those_of_the_lab():
    lab = {key.id: [each for each in key.keys.split(",") if each != "ctrl+q"] for key in KEYS if key.id in keys.USUAL}
    assert {name: [typed(each) for each in each_key] for name, each_key in lab.items()} == {
        name: [each for each in characters if each != "\x11"] for name, characters in keys.USUAL.items()
    }


@pytest.mark.parametrize(
    ("chunks", "typed_keys"),
    [
        ([b"n,.q"], "n,.q"), ([b"\x1b[A", b"n"], "n"), ([b"\x1b", b"[", b"A", b"n"], "n"), ([b"\x1b[1;5Cn"], "n"),
        ([b"\x1bOAn"], "n"), ([b"\x1bq"], "\x1bq"), ([b"\x1b\x1b[Bn"], "\x1bn"), ([b"\r"], "\n"),
        (["é".encode()[:1], "é".encode()[1:]], "é"),
        ([b"\xff"], "�"), ([b"\x1b[200~n\x1b[201~"], "n"),
    ],
)  # fmt: skip
def test_keys_that_come_in_pieces(chunks, typed_keys):
    decoder = keys.Decoder()
    assert "".join(character for chunk in chunks for character in decoder.feed(chunk)) == typed_keys


def test_escape_alone_is_a_key_after_a_while():
    decoder = keys.Decoder()
    assert [*decoder.feed(b"\x1b")] == []
    assert decoder.waits
    assert [*decoder.rest()] == ["\x1b"]
    assert [*decoder.feed(b"[A")] == ["[", "A"]


@pytest.mark.parametrize(
    ("character", "said"),
    [
        (" ", "space"),
        (",", "comma"),
        ("N", "capital N"),
        ("n", "n"),
        ("\x05", "control e"),
        ("#", "number sign"),
        ("\n", "Enter"),
    ],
)
def test_a_key_by_its_name(character, said):
    assert keys.called(character) == said


def test_a_keymap_of_ones_own_is_in_force_and_named(tmp_path, monkeypatch):
    monkeypatch.setenv("DESCENT_HOME", str(tmp_path))
    assert keys.read_keys().does(" ") == "run.toggle"
    (tmp_path / "keymap.toml").write_text(
        '"run.toggle" = "x"\n"show.why" = "ctrl+e"\n"run.batch" = "insert"\n', encoding="utf-8"
    )
    assert keymap.read()  # as the lab reads it
    found = keys.read_keys()
    assert (found.does("x"), found.does(" "), found.does("\x05"), found.does("\x11")) == (
        "run.toggle",
        "",
        "show.why",
        "app.quit",
    )
    assert found.does("n") == "run.batch"  # a key of several characters is not heard here: the usual one is
    assert (
        found.named("<Run.toggle> starts, <show.why> says why, <other.thing>")
        == "x starts, control e says why, <other.thing>"
    )
    (tmp_path / "keymap.toml").write_text('"run.toggle" = "q"\n', encoding="utf-8")
    assert keys.read_keys().does(" ") == "run.toggle"
    assert "descent keys" in keys.read_keys().problem
