"""An input is typed, and what every network says to it now stands under it, also while it trains."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from engine import Trainer, load_preset
from tui.canvas import Canvas, plain
from tui.figures import short
from tui.predicting import answers, hint, read
from tui.screens.predict import Predict

XOR = [("data.name", ["xor"])]
IRIS = [("data.name", ["iris"]), ("training.loss", ["cross_entropy"])]
DIABETES = [("data.name", ["diabetes"]), ("training.loss", ["mean_squared_error"])]


def trainers(name: str, settings=(), steps: int = 0) -> list[Trainer]:
    made = [Trainer(run) for run in load_preset(name, list(settings)).runs]
    for one in made:
        for _ in range(steps):
            one.step()
    return made


def said(made: list[Trainer], text: str, blind: bool = False) -> str:
    return plain(answers(made, read(made[0], text, blind), 80))


async def ask(person) -> None:
    """From the palette."""
    await person.press("colon")
    await person.until(lambda: person.app.screen is not person.lab)
    await person.type("predict")
    await person.until(lambda: "Predict: type an input" in person.seen())
    await person.press("enter")
    await person.until(lambda: isinstance(person.app.screen, Predict))
    await person.settle()


def answered(person) -> str:
    return plain(person.app.screen.query_one("#answers", Canvas).rows)


# What may be typed ----------------------------------------------------------------------------------------------------


def test_hours_are_typed_and_the_points_of_now_come_back():
    (one,) = made = trainers("day79-study-hours", steps=50)
    wanted = float(one.predict(np.array([[10.0]]))[0, 0])
    assert 90 < wanted < 105
    lines = said(made, "10").splitlines()
    assert lines[0].startswith("hours 10")
    assert "outside of the training rows (1 to 6)" in lines[1]
    assert f"score {short(wanted)}" in lines
    assert "outside" not in said(made, "3.5")
    assert said(made, "10") == said(made, " 10.0 ")


def test_two_features_are_two_numbers_and_classes_have_probabilities():
    (one,) = made = trainers("recipe", XOR, steps=60)
    second = 1 / (1 + math.exp(-float(one.predict(np.array([[0.0, 1.0]]))[0, 0])))
    for text in ("0 1", "0, 1", "0,1"):
        shown = said(made, text)
        assert shown.splitlines()[0] == "x 0, y 1"
        names = one.table.classes
        assert re.search(rf"{names[0]} +{100 * (1 - second):.1f}%", shown)
        assert re.search(rf"{names[1]} +{100 * second:.1f}%", shown)
        assert f"> {names[int(second > 0.5)]}" in shown


def test_a_picture_is_named_by_its_number_and_the_right_answer_stands_beside_it():
    (one,) = made = trainers("digits", steps=200)
    table = one.table
    raw = table.validation_inputs * table.input_scale + table.input_offset
    outputs = one.predict(raw[:40])
    rights = {True: 0, False: 0}
    for number in range(1, 41):
        shown = said(made, str(number))
        truth, best = table.classes[table.validation_targets[number - 1]], table.classes[int(outputs[number - 1].argmax())]
        assert f"validation picture {number}   right answer: {truth}" in shown
        line = next(line for line in shown.splitlines() if line.startswith(">"))
        assert line.split()[1] == best
        assert line.endswith("right" if truth == best else "wrong")
        rights[truth == best] += 1
        assert sum(float(share) for share in re.findall(r"([\d.]+)%", shown)) == pytest.approx(100, abs=0.6)
    assert rights[True] > 20


def test_a_row_of_many_columns_is_named_too_and_where_validation_is_hidden_it_is_one_of_training():
    made = trainers("recipe", DIABETES)
    table = made[0].table
    target = float(table.validation_targets[0, 0]) * table.target_scale + table.target_offset
    assert f"validation row 1   right answer: {table.target} {target:.3g}" in said(made, "1")
    assert "training row 1 " in said(made, "1", blind=True)
    assert f"from 1 to {len(table.validation_inputs)}" in hint(made[0], blind=False)
    assert f"from 1 to {len(table.inputs)}" in hint(made[0], blind=True)


def test_columns_are_called_by_their_names():
    made = trainers("recipe", IRIS)
    assert hint(made[0], False).startswith(
        "sepal length (cm), sepal width (cm), petal length (cm), petal width (cm): such as"
    )
    assert said(made, "5 3 1 0.2").startswith("sepal length (cm) 5, sepal width (cm) 3")
    example = hint(made[0], False).partition("such as ")[2]
    assert read(made[0], example, False).inputs.shape == (1, 4)


@pytest.mark.parametrize(
    ("name", "settings", "text", "message"),
    [
        ("day79-study-hours", (), "ten", '"ten" is not a number'),
        ("day79-study-hours", (), "1 2", "1 number wanted, 2 given: hours"),
        ("day79-study-hours", (), "1e9", "1e9 is too large: from -1,000,000 to 1,000,000 is allowed"),
        ("day79-study-hours", (), "nan", "nan is too large: from -1,000,000 to 1,000,000 is allowed"),
        ("recipe", XOR, "1", "2 numbers wanted, 1 given: x, y"),
        ("recipe", (), "0", "The number of a validation picture is wanted, from 1 to 300"),
        ("recipe", (), "301", "The number of a validation picture is wanted, from 1 to 300"),
        ("recipe", (), "1.5", "The number of a validation picture is wanted, from 1 to 300"),
        ("recipe", (), "9" * 5000, "The number of a validation picture is wanted, from 1 to 300"),
        ("recipe", (), "²", "The number of a validation picture is wanted, from 1 to 300"),
    ],
)
def test_what_cannot_be_an_input_gets_one_clear_line(name, settings, text, message):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 (the message is compared as a whole)
        read(trainers(name, settings)[0], text, False)
    assert str(raised.value) == message


def test_every_run_of_a_comparison_answers():
    made = trainers("lr-big-medium-tiny", steps=64)
    lines = said(made, "3").splitlines()[2:]
    assert [line.split()[0] for line in lines] == ["big", "medium", "tiny"]
    assert len({line.partition("%")[0].split()[-1] for line in lines}) > 1
    assert all("after epoch 2" in line for line in lines)


def test_a_network_that_has_diverged_says_so():
    (one,) = made = trainers("digits", steps=1)
    one.parameters[...] = math.nan
    assert "NaN" in said(made, "1")


# The sheet ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_sheet_comes_from_the_palette_and_remembers_the_last_input(lab, size):
    async with lab("day79-study-hours", epochs=None, size=size) as person:
        await ask(person)
        assert "No input yet" in answered(person)
        assert "hours: such as" in person.seen()
        await person.type("10")
        assert "hours 10" in answered(person)
        assert "not trained yet" in answered(person)
        seen = person.seen()
        assert "score" in seen
        assert all(len(line) <= size[0] for line in seen.splitlines())
        await person.type("x")
        assert answered(person).strip() == '"10x" is not a number'
        await person.press("backspace", "escape")
        assert person.app.screen is person.lab
        assert person.session.steps == 0  # none of the keys reached the lab
        await ask(person)
        assert "hours 10" in answered(person)


async def test_what_is_said_follows_the_training(lab):
    async with lab("day79-study-hours", epochs=None) as person:
        await person.press("space")
        await ask(person)
        await person.type("10")
        before = answered(person)
        await person.until(lambda: answered(person) != before and "after epoch" in answered(person))
        await person.press("escape", "space")
        await ask(person)
        await person.settle()
        now = float(person.session.trainer.predict(np.array([[10.0]]))[0, 0])
        assert f"score {short(now)}" in answered(person)


async def test_a_space_between_two_numbers_is_typed_and_does_not_start_the_run(lab):
    async with lab("recipe", settings=tuple(XOR)) as person:
        await ask(person)
        await person.type("0 1")
        assert answered(person).startswith("x 0, y 1")
        assert person.state == "ready"


async def test_on_a_surface_there_is_nothing_to_predict(lab, tmp_path):
    path = tmp_path / "walk.toml"
    path.write_text('[surface]\nname = "valley"\nsteps = 5\n[training.optimizer]\nname = "sgd"\nlearning_rate = 0.1\n')
    async with lab(load_preset(path), epochs=None) as person:
        await ask(person)
        assert "Nothing to predict" in person.seen()
        await person.type("1")
        assert "it has no network" in answered(person)
