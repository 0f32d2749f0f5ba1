"""Curves made by hand, and the verdict that each must get; and when a verdict may take the place of another."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine import History, Run, Trainer, load_preset
from engine.diagnosis import HOLDS, Diagnosis, diagnose
from engine.diagnosis_figures import change, number, share, times
from engine.functions import Line
from engine.layers import Architecture
from engine.metrics import Changed, Diverged, EpochMetrics, Evaluation, IterationMetrics, Restored, Stopped
from engine.optimizers import SGD, Adam
from engine.points import Moons
from engine.run import Training
from engine.stopping import EarlyStopping
from engine.surfaces import HillyPark, Valley
from engine.verdict import KINDS, NAMES

HIGH, LOW = "learning_rate_too_high", "learning_rate_too_low"
GUESS = math.log(2)


def classes(validation=200, batch=32, rate=0.001, epochs=50, samples=1000, **more) -> Run:
    """A run that tells two classes."""
    network, optimizer = more.pop("network", Architecture()), more.pop("optimizer", Adam(learning_rate=rate))
    return Run(
        data=Moons(samples=samples, validation=validation),
        network=network,
        training=Training(epochs=epochs, batch_size=batch, optimizer=optimizer, **more),
    )


def history(run: Run, train, validation=None, start: float = 0.8, rates=None, noise: float = 0.0, accuracy=None) -> History:
    """A history with these losses at the ends of epochs, four batches an epoch whose losses alternate by `noise`."""
    made = History()
    score = None if not run.facts.classes else 0.5

    def seen(loss, right=None) -> Evaluation:
        if run.facts.classes:
            return Evaluation(loss, score if right is None else right)
        return Evaluation(loss, None, 1.0 - loss / 4.0, math.sqrt(abs(loss)) if math.isfinite(loss) else math.nan)

    made.begin(seen(start), None if validation is None else seen(start))
    base = run.training.optimizer.learning_rate
    for at, loss in enumerate(train):
        epoch, rate = at + 1, base if rates is None else rates[at]
        right = None if accuracy is None else accuracy[at]
        for batch in range(4):
            number = 4 * at + batch + 1
            noisy = loss + noise * (-1) ** batch
            made.add(IterationMetrics(epoch, number, batch + 1, 4, number, noisy, None, 0.0, rate, 1.0, 1.0, 1.0, 0.0))
        held = None if validation is None else seen(validation[at], right)
        made.add_epoch(EpochMetrics(epoch, 4 * epoch, 4 * epoch, rate, seen(loss, right), held, 0.0))
    return made


def falling(epochs: int, first: float = 0.7, pace: float = 0.9, floor: float = 0.0) -> list[float]:
    return [floor + (first - floor) * pace**at for at in range(epochs)]


def jumping(epochs: int, level: float, by: float) -> list[float]:
    return [level * (1.0 + by * (-1) ** at) for at in range(epochs)]


def rising(epochs: int, best_at: int, best: float = 0.3, up: float = 0.02) -> list[float]:
    """Down to `best` at an epoch and up again."""
    return [best + 0.04 * (best_at - at) if at < best_at else best + up * (at - best_at) for at in range(1, epochs + 1)]


SGD_RUN = {"optimizer": SGD(learning_rate=0.1)}
BLIND = {"validation": 0}

#: name -> (run, train, validation, further arguments of `history`, verdict)
TABLE = {
    # healthy
    "both fall": (classes(), falling(10), falling(10, 0.72), {}, "healthy"),
    "both fall, and there is a gap": (classes(), falling(10, pace=0.8), falling(10, 0.72, 0.92), {}, "healthy"),
    "both fall by two classes of noise": (classes(epochs=10), falling(4), falling(4), {"noise": 0.05}, "healthy"),
    "settled low": (classes(), falling(50, pace=0.7, floor=0.05), falling(50, pace=0.7, floor=0.06), {}, "healthy"),
    "a hair over its best": (classes(), falling(30, pace=0.85), [*falling(20, pace=0.85), *[0.03] * 10], {}, "healthy"),
    "validation trembles": (
        classes(), falling(20), [loss * (1.03 if at % 2 else 0.97) for at, loss in enumerate(falling(20))], {}, "healthy",
    ),
    "nearly done with one epoch of doubt": (
        classes(), falling(20, pace=0.8), [*falling(10, pace=0.8), 0.13, *falling(9, 0.07)], {}, "healthy",
    ),
    "the loss is next to nothing and jumps": (classes(), jumping(20, 0.002, 0.5), [0.01] * 20, {}, "healthy"),
    "a loss of 0": (classes(), [0.0] * 10, [0.0] * 10, {}, "healthy"),
    # still improving
    "the end comes too soon": (classes(epochs=10), falling(10), falling(10, 0.72), {}, "still_improving"),
    "the end is near": (classes(epochs=20), falling(19), falling(19, 0.72), {}, "still_improving"),
    "three epochs that halve it": (classes(epochs=3), falling(3, 0.5, 0.5), falling(3, 0.5, 0.5), {}, "still_improving"),
    "the end is far": (classes(epochs=100), falling(10), falling(10, 0.72), {}, "healthy"),
    # overfitting
    "it turns": (classes(), falling(30, pace=0.85), rising(30, 10), {}, "overfitting"),
    "it turns at once": (classes(), falling(12, pace=0.7), rising(12, 1), {}, "overfitting"),
    "it turns slowly, for long": (classes(), falling(40, pace=0.9), rising(40, 12, up=0.001), {}, "overfitting"),
    "it turned and lies high": (classes(), falling(40), [*rising(20, 8), *[0.54] * 20], {}, "overfitting"),
    "it turned and came back": (
        classes(), falling(40), [*rising(16, 8), *falling(24, 0.45, 0.9)], {}, "healthy",
    ),
    "it turns while the training loss lies level": (classes(), [0.4] * 30, rising(30, 10), {}, "plateau"),
    "both rise": (classes(), [*falling(8), *rising(8, 1, 0.5)], [*falling(8), *rising(8, 1, 0.5)], {}, HIGH),
    "early stopping ended it": (
        classes(early_stopping=EarlyStopping(patience=10)), falling(20, pace=0.85), rising(20, 10), {}, "overfitting",
    ),
    "never below guessing while it learns": (
        classes(), falling(30, 0.68, 0.98), [0.7 + 0.003 * at for at in range(30)], {}, "overfitting",
    ),
    "above guessing at first": (classes(), falling(8, 0.6), [0.76, 0.75, 0.74, 0.73, 0.72, 0.71, 0.7, 0.69], {}, "healthy"),
    "validation is not a number": (classes(), falling(10), [math.nan] * 10, {}, "healthy"),
    "learned by heart": (classes(), falling(30, pace=0.85), [0.69 - 0.002 * at for at in range(30)], {}, "overfitting"),
    # underfitting and plateau
    "never below guessing": (classes(), [0.69] * 20, [0.69] * 20, {}, "underfitting"),
    "stopped after three epochs, high": (classes(epochs=3), [0.44, 0.435, 0.433], [0.45] * 3, {}, "underfitting"),
    "twenty updates": (classes(batch=1000, epochs=20), [0.5] * 20, [0.5] * 20, {}, "underfitting"),
    "halfway and level": (classes(), [*falling(6, pace=0.9), *[0.4] * 20], [*falling(6), *[0.42] * 20], {}, "plateau"),
    "level with nearly all right": (
        classes(), [0.46] * 30, [0.5] * 30, {"accuracy": [0.99] * 30}, "plateau",
    ),
    "level and blind": (classes(**BLIND), [*falling(6), *[0.4] * 20], None, {}, "training_blind"),
    # the rate
    "it jumps": (classes(), jumping(20, 0.3, 0.2), [0.4] * 20, {}, HIGH),
    "it jumps a little": (classes(), jumping(20, 0.3, 0.02), [0.4] * 20, {}, "plateau"),
    "it jumps and is blind": (classes(**BLIND), jumping(20, 0.3, 0.2), None, {}, HIGH),
    "it crawls": (classes(), [0.8 - 0.001 * at for at in range(1, 21)], [0.8] * 20, {}, LOW),
    "it crawls for two epochs": (classes(), [0.799, 0.798], [0.8, 0.8], {}, LOW),
    "it crawls and is blind": (classes(**BLIND), [0.8 - 0.001 * at for at in range(1, 21)], None, {}, LOW),
    "slow at first, then it goes": (classes(), [0.79, 0.78, 0.7, 0.5, 0.3, 0.2, 0.15], [0.5] * 7, {}, "healthy"),
    # small batches
    "one sample a batch jumps": (classes(batch=1, **SGD_RUN), jumping(20, 0.3, 0.2), [0.4] * 20, {}, "noisy"),
    "eight a batch, noisy": (classes(batch=8), falling(10, 0.6, 0.98), [0.6] * 10, {"noise": 0.15}, "noisy"),
    "eight a batch, calm": (classes(batch=8), falling(10), falling(10), {"noise": 0.02}, "healthy"),
    "32 a batch, as noisy": (classes(), falling(10), falling(10), {"noise": 0.15}, "healthy"),
    "as if by guessing, and a rate of 1": (
        classes(rate=1.0, network=Architecture(activation="tanh")), jumping(20, 0.7, 0.02), [0.7] * 20, {}, HIGH,
    ),
    "validation strays, and a rate of 1": (
        classes(rate=1.0), [0.1] * 20, [0.06, 0.05, *[0.05 + 0.005 * at for at in range(18)]], {}, HIGH,
    ),
    "validation strays, and a rate of 0.01": (
        classes(rate=0.01), [0.1] * 20, [0.06, 0.05, *[0.05 + 0.005 * at for at in range(18)]], {}, "healthy",
    ),
    "a rate of 10, after two epochs": (classes(rate=10.0), [0.746, 0.849], [0.75, 0.9], {}, HIGH),
    "a rate of 10, while it goes up and down": (
        classes(rate=10.0), [0.746, 0.849, 0.394, 0.361, 0.401], [0.8, 0.9, 0.5, 0.4, 0.5], {}, HIGH,
    ),
    "a rate of 1, and it falls smoothly": (
        classes(optimizer=SGD(learning_rate=1.0)), falling(3, 0.7, 0.95), falling(3, 0.7, 0.95), {}, "healthy",
    ),
    "eight a batch and a rate of 0.3": (classes(batch=8, rate=0.3), jumping(20, 0.3, 0.2), [0.4] * 20, {}, HIGH),
    "eight a batch of ten samples": (
        classes(batch=8, samples=10), jumping(20, 0.3, 0.2), [0.4] * 20, {}, HIGH,
    ),
    # diverging
    "it climbs": (classes(), [1.3, 1.5, 1.9, 2.6, 4.0, 7.0], [1.0] * 6, {}, "diverging"),
    "NaN": (classes(), [0.7, 0.6, math.nan], [0.7, 0.6, math.nan], {}, "diverging"),
    "infinity": (classes(), [0.7, 0.6, 0.5, math.inf], [0.7] * 4, {}, "diverging"),
    "NaN from the start": (classes(), [math.nan] * 3, [math.nan] * 3, {}, "diverging"),
    # blind
    "blind and falling": (classes(**BLIND), falling(10), None, {}, "training_blind"),
    "blind at the end": (classes(epochs=10, **BLIND), falling(10), None, {}, "training_blind"),
    # too early
    "before training": (classes(), [], [], {}, "too_early"),
    "after one epoch": (classes(), [0.7], [0.7], {}, "too_early"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_a_curve_gets_its_verdict(name):
    run, train, validation, more, wanted = TABLE[name]
    verdict = diagnose(history(run, train, validation, **more), run)
    assert verdict.kind == wanted, verdict.words[0]
    assert all(len(after) <= len(before) for before, after in pairwise(verdict.words)), verdict.words
    assert len(verdict.words[0]) <= 110
    assert len(verdict.words[-1]) <= 40
    assert any(len(words) <= 66 for words in verdict.words[:2]), verdict.words  # what 80 columns have room for
    assert verdict.suggestion is not None or verdict.unchanged
    if wanted != "too_early":
        assert verdict.words[0].startswith(NAMES[wanted].partition(":")[0])
        assert verdict.evidence


def test_every_kind_is_somewhere_in_these_tests_and_has_a_name():
    elsewhere = {"refused", "dead_units"}
    assert {row[-1] for row in TABLE.values()} | elsewhere == set(KINDS) == set(NAMES)


def test_while_another_verdict_waits_healthy_says_until_when_and_what_it_looks_like():
    """Three epochs decide; until then the line does not call a rising loss healthy as if nothing were."""
    run, train = classes(epochs=50), falling(10, pace=0.6)
    told = [
        diagnose(history(run, train[:at], [*falling(5, 0.72, 0.6), 0.2, 0.3, 0.4, 0.5, 0.6][:at]), run)
        for at in range(5, 11)
    ]
    kinds = [one.kind for one in told]
    turn = kinds.index("overfitting")
    assert kinds == ["healthy"] * turn + ["overfitting"] * (6 - turn)
    doubts = [one for one in told[:turn] if one.words[0].startswith("Healthy until epoch ")]
    assert [one.words[0].rpartition("; ")[2] for one in doubts] == [
        "the last one looks like overfitting.", "the last 2 look like overfitting.",
    ]  # fmt: skip
    for seen, one in enumerate(doubts, 1):
        assert one.evidence[-1].figure == f"{seen} of 3"
        assert len(one.words[0]) <= 110
        assert len(one.words[1]) <= 96
        assert len(one.words[2]) <= 66


REGRESSION = {
    "a line that has learned what it can": (falling(30, 3.0, 0.6, 0.3), falling(30, 3.0, 0.6, 0.35), "healthy"),
    "half of the variance is left": (falling(30, 3.0, 0.5, 2.0), falling(30, 3.0, 0.5, 2.1), "plateau"),
    "the mean each time": ([4.0] * 20, [4.1] * 20, "underfitting"),
    "by heart": (falling(30, 3.0, 0.8), [2.0 + 0.05 * at for at in range(30)], "overfitting"),
    "a jump that does not show on the curve": (jumping(30, 0.02, 0.3), [0.03] * 30, "healthy"),
}


@pytest.mark.parametrize("name", REGRESSION)
def test_a_regression_is_measured_by_the_variance_of_its_targets(name):
    train, validation, wanted = REGRESSION[name]
    run = Run(data=Line(), training=Training(epochs=200, optimizer=SGD(learning_rate=0.1)))
    assert diagnose(history(run, train, validation, start=5.0), run).kind == wanted


def test_what_begins_far_above_guessing_and_crawls_wants_a_larger_rate():
    run = Run(data=Line(), training=Training(epochs=100, optimizer=SGD(learning_rate=0.1)))
    train = [20.0 * 0.996**at for at in range(100)]
    kinds = {diagnose(history(run, train[:epochs], train[:epochs], start=20.1), run).kind for epochs in (5, 20, 60, 100)}
    assert kinds == {LOW}


def test_another_loss_is_measured_by_what_it_was_before_training():
    run = Run(data=Line(), training=Training(epochs=200, loss="huber", optimizer=SGD(learning_rate=0.1)))
    found = Diagnosis(history(run, falling(30, 3.0, 0.7), falling(30, 3.0, 0.7), start=5.0), run)
    assert found.verdict().kind == "healthy"
    assert found.course.scale == 5.0


# Surfaces -------------------------------------------------------------------------------------------------------------


def walked(surface, rate: float, changes: tuple[tuple[int, float], ...] = ()):
    run = Run(surface=surface, training=Training(optimizer=SGD(learning_rate=rate)))
    trainer = Trainer(run)
    for _ in trainer:
        for at, value in changes:
            if trainer.iteration == at:
                trainer.change("learning_rate", value)
    return diagnose(trainer.history, run)


@pytest.mark.parametrize(
    ("surface", "rate", "wanted"),
    [
        (Valley(), 0.01, LOW),
        (Valley(), 0.3, "healthy"),
        (Valley(), 0.6, HIGH),  # beyond 1 / curvature each step lands on the other side
        (Valley(), 0.95, HIGH),
        (Valley(), 1.05, "diverging"),
        (Valley(steps=1), 0.3, "too_early"),
        (Valley(steps=1000), 0.01, "healthy"),
        (HillyPark(), 0.0005, LOW),
        (HillyPark(), 0.05, "healthy"),
        (HillyPark(), 0.8, "plateau"),  # it rests in the valley that is not the deepest
        (HillyPark(), 1.2, "diverging"),
    ],
)
def test_a_walk_gets_its_verdict(surface, rate, wanted):
    assert walked(surface, rate).kind == wanted


def test_a_shorter_step_in_the_middle_of_a_walk_is_judged_by_itself():
    assert walked(Valley(steps=60), 0.95, changes=((10, 0.2),)).kind == "healthy"


# What is at rest ------------------------------------------------------------------------------------------------------


def trembling(level: float, by: float, epochs: int = 30) -> list[float]:
    return [*falling(6, pace=0.9), *jumping(epochs - 6, level, by)]


def stepped(train, validation):
    """A run whose schedule has lowered the rate after epoch 10."""
    run = classes(rate=0.01)
    return run, train, validation, {"rates": [0.01] * 10 + [0.001] * (len(train) - 10)}


WIDE = Architecture(hidden=(40, 40))
SLOPE = [0.45 * 0.995**at for at in range(30)]

#: name -> (run, train, validation, further arguments), the key and value that are suggested, or what is said in its place.
AT_REST = {
    "a small net": ((classes(), [0.4] * 30, [0.41] * 30, {}), ("network.hidden", [32])),
    "no hidden layer": ((classes(network=Architecture(hidden=())), [0.4] * 30, [0.41] * 30, {}), ("network.hidden", [16])),
    "as many numbers as samples": ((classes(network=WIDE), [0.4] * 30, [0.41] * 30, {}), "1,801 numbers for 1,000 samples"),
    "it shakes": ((classes(), trembling(0.4, 0.02), [0.41] * 30, {}), ("training.optimizer.learning_rate", 0.0001)),
    "it trembles by less than counts": ((classes(), trembling(0.4, 0.002), [0.41] * 30, {}), ("network.hidden", [32])),
    "the best is long past": ((classes(), [0.4] * 30, rising(30, 10, 0.4, 0.001), {}), "best at epoch 10"),
    "it still falls a little": ((classes(epochs=40), SLOPE, SLOPE, {}), ("training.epochs", 100)),
    "validation lies above": ((classes(), [0.4] * 30, [0.6] * 30, {}), "neither epochs nor units"),
    "since a step of the schedule": (stepped([*falling(10), *[0.3] * 20], [0.3] * 30), "from 0.01 to 0.001"),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_REST)
def test_a_loss_at_rest_is_told_what_can_help_or_why_nothing_can(name):
    (run, train, validation, more), wanted = AT_REST[name]
    verdict = diagnose(history(run, train, validation, **more), run)
    assert verdict.kind == "plateau"
    if isinstance(wanted, str):
        assert verdict.suggestion is None
        assert wanted in verdict.unchanged
    else:
        assert (verdict.suggestion.key, verdict.suggestion.value) == wanted


def test_a_loss_at_rest_is_not_told_to_train_on_however_long_it_is():
    for epochs in (30, 100, 1000):
        run = classes(epochs=epochs)
        level = [0.4 - 0.01 * at / epochs for at in range(epochs)]
        verdict = diagnose(history(run, [*falling(6), *level[6:]], level), run)
        assert verdict.kind == "plateau"
        assert "is at rest near 0.39" in verdict.words[0]
        assert f"in the last {max(4, epochs // 5)} epochs" in verdict.words[0]
        assert verdict.suggestion is None or verdict.suggestion.key != "training.epochs"


def test_the_diabetes_line_has_come_to_its_floor():
    preset = load_preset("diabetes", [("training.epochs", [60])])
    trainer = Trainer(preset.runs[0])
    for _ in trainer:
        pass
    verdict = diagnose(trainer.history, trainer.run)
    assert verdict.kind == "plateau"
    assert "at rest" in verdict.words[0]
    assert verdict.suggestion is None or verdict.suggestion.key != "training.epochs"


def test_a_layer_too_narrow_for_its_classes_is_named():
    run = load_preset("digits", [("network.hidden", [[1]])]).runs[0]
    crawl = [2.24 * 0.993**at for at in range(30)]
    verdict = diagnose(history(run, crawl, crawl, start=2.4), run)
    assert verdict.kind == "underfitting"
    assert verdict.words[0].endswith("1 unit for 10 classes.")
    assert (verdict.suggestion.key, verdict.suggestion.value) == ("network.hidden", [16])
    assert "hidden" in verdict.tells
    wide = replace(run, network=replace(run.network, hidden=(4,)))
    assert diagnose(history(wide, crawl, crawl, start=2.4), wide).kind == LOW


def test_figures_that_are_not_on_one_scale_come_first():
    run = next(one for one in load_preset("wine").runs if one.name == "as-measured")
    verdict = diagnose(history(run, [1.09] * 30, [1.1] * 30, start=1.2), run)
    assert verdict.kind == "underfitting"
    assert (verdict.suggestion.key, verdict.suggestion.value) == ("data.standardize", True)


@pytest.mark.parametrize(
    ("settings", "key", "value"),
    [
        ({"network": Architecture(initializer="zeros", activation="tanh")}, "network.initializer", "glorot_uniform"),
        ({"network": Architecture(hidden=(8, 8, 8), activation="sigmoid")}, "network.activation", "relu"),
        ({"network": Architecture(dropout=0.9)}, "network.dropout", 0.5),
        ({"l2": 0.5}, "training.l2", 0.01),
        ({"optimizer": Adam(learning_rate=0.01, weight_decay=0.3)}, "training.optimizer.weight_decay", 0.01),
        ({"rate": 0.0001}, "training.optimizer.learning_rate", 0.001),
        ({"rate": 0.01}, "network.hidden", [32]),
    ],
)
def test_what_keeps_a_loss_as_high_as_guessing_is_taken_away_in_one_go(settings, key, value):
    run = classes(**settings)
    verdict = diagnose(history(run, [0.69] * 20, [0.69] * 20), run)
    assert verdict.kind == "underfitting"
    assert (verdict.suggestion.key, verdict.suggestion.value) == (key, value)


def test_dead_units_that_began_at_zero_are_to_begin_elsewhere():
    run = classes(network=Architecture(initializer="zeros", activation="relu"))
    suggestion = diagnose(history(run, [0.69] * 10, [0.69] * 10), run, dead_share=1.0).suggestion
    assert (suggestion.key, suggestion.value) == ("network.initializer", "he_normal")


def test_a_loss_that_jumps_at_the_level_of_guessing_is_not_healthy():
    run = Run(data=Line(), training=Training(epochs=30, optimizer=SGD(learning_rate=0.1)))
    rough = [4.0 * (1.0 + 0.04 * math.sin(2.1 * at)) for at in range(30)]
    for epochs in range(10, 31):
        assert diagnose(history(run, rough[:epochs], rough[:epochs], start=8.0), run).kind == "underfitting"


def test_where_the_first_epoch_was_the_best_no_run_of_one_epoch_is_suggested():
    run = classes(rate=0.01)
    verdict = diagnose(history(run, falling(12, pace=0.7), rising(12, 1)), run)
    assert verdict.kind == "overfitting"
    assert (verdict.suggestion.key, verdict.suggestion.value) == ("training.optimizer.learning_rate", 0.001)


def test_a_run_of_five_epochs_can_still_be_improving():
    assert verdicts(classes(epochs=5), falling(5, 0.7, 0.7), falling(5, 0.7, 0.7))[-1] == "still_improving"


def test_few_updates_want_epochs_and_not_units():
    run, train, validation, more, _ = TABLE["twenty updates"]
    suggestion = diagnose(history(run, train, validation, **more), run).suggestion
    assert (suggestion.key, suggestion.value) == ("training.epochs", 100)


@pytest.mark.parametrize(("rate", "key"), [(0.001, "training.optimizer.learning_rate"), (0.01, "training.epochs")])
def test_what_falls_evenly_for_long_is_told_longer_steps_where_these_are_usual(rate, key):
    run = classes(rate=rate, epochs=200)
    train = [0.6 * 0.997**at for at in range(200)]
    verdict = diagnose(history(run, train, train), run)
    assert verdict.kind == "still_improving"
    assert verdict.suggestion.key == key


# What somebody changed while it trained -------------------------------------------------------------------------------


def altered(run, train, validation, key, old, new, epoch):
    rates = None
    if key == "learning_rate":
        rates = [old] * epoch + [new] * (len(train) - epoch)
    made = history(run, train, validation, rates=rates)
    made.changes = [Changed(4 * epoch, key, old, new)]
    return made


def test_a_rate_that_was_cut_while_the_loss_fell_is_too_low_since_then():
    run = classes(rate=0.001)
    train = [*falling(6, 0.6, 0.75), *[0.142 - 1e-5 * at for at in range(20)]]
    verdict = diagnose(altered(run, train, train, "learning_rate", 0.001, 1e-6, 6), run)
    assert verdict.kind == LOW
    assert verdict.words[0].startswith("Learning rate too low: since it was changed from 0.001 to 1e-06 at epoch 6, ")
    assert (verdict.suggestion.key, verdict.suggestion.value) == ("training.optimizer.learning_rate", 0.001)
    assert ("learning rate changed at epoch 6", "0.001 -> 1e-06") in [(one.what, one.figure) for one in verdict.evidence]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([0.1] * 6, [0.1] * 20),  # it had come to rest
        (falling(6, 0.6, 0.75), falling(20, 0.13, 0.95)),  # it goes on
        ([0.3, 0.1, 0.03, 0.01, 0.003, 0.001], [0.00099] * 20),  # there was nothing left to learn
    ],
)
def test_a_rate_that_was_cut_and_did_no_harm_is_not_too_low(before, after):
    run = classes(rate=0.001)
    train = [*before, *after]
    assert diagnose(altered(run, train, train, "learning_rate", 0.001, 1e-5, 6), run).kind != LOW


def test_overfitting_since_a_change_names_the_change_and_goes_back():
    run = classes(rate=0.001)
    train = [*falling(10, pace=0.85), *falling(20, 0.1, 0.8)]
    validation = [*falling(10, 0.72, 0.88), *[0.3 + 0.02 * at for at in range(20)]]
    verdict = diagnose(altered(run, train, validation, "learning_rate", 0.001, 0.1, 10), run)
    assert verdict.kind == "overfitting"
    assert verdict.words[0].startswith("Overfitting since the learning rate was changed from 0.001 to 0.1 at epoch 10: ")
    assert verdict.words[1] == "Overfitting since epoch 10, when learning rate 0.001 -> 0.1"
    assert (verdict.suggestion.key, verdict.suggestion.value) == ("training.optimizer.learning_rate", 0.001)
    assert "learning_rate" in verdict.tells
    other = diagnose(altered(run, train, validation, "learning_rate", 0.001, 0.1, 4), run)
    assert "changed" not in other.words[0]  # long before
    batch = diagnose(altered(run, train, validation, "batch_size", 32, 8, 10), run)
    assert (batch.suggestion.key, batch.suggestion.value) == ("training.batch_size", 32)


@pytest.mark.parametrize(("after", "kind"), [(jumping(12, 0.3, 0.3), HIGH), ([0.9, 1.5, math.nan, math.nan], "diverging")])
def test_a_rate_that_was_raised_by_hand_is_named_and_taken_back(after, kind):
    run = classes(rate=0.001)
    train = [*falling(10), *after]
    made = altered(run, train, train, "learning_rate", 0.001, 0.2, 10)
    made.diverged = Diverged(13, 52, math.nan) if kind == "diverging" else None
    verdict = diagnose(made, run)
    assert verdict.kind == kind
    assert "was changed from 0.001 to 0.2 at epoch 10" in verdict.words[0]
    assert len(verdict.words[0]) <= 110
    assert verdict.suggestion.value == 0.001


def test_a_rate_that_jumped_before_it_was_raised_is_not_the_one_to_go_back_to():
    run = classes(rate=0.1)
    train = [*jumping(10, 0.3, 0.3), *jumping(12, 0.35, 0.4)]
    verdict = diagnose(altered(run, train, train, "learning_rate", 0.1, 0.5, 10), run)
    assert verdict.kind == HIGH
    assert "changed" not in verdict.words[0]
    assert verdict.suggestion.value == pytest.approx(0.05)


def test_on_a_surface_a_change_is_told_in_steps():
    verdict = walked(Valley(steps=40), 0.2, changes=((4, 0.95),))
    assert verdict.kind == HIGH
    assert "was changed from 0.2 to 0.95 at step 4" in verdict.words[0]
    assert not any("epoch" in fact.what for fact in verdict.evidence)


def test_a_key_pressed_three_times_is_one_change():
    run = classes(rate=0.001)
    made = altered(run, falling(20), falling(20), "learning_rate", 0.001, 0.01, 10)
    made.changes = [Changed(40, "learning_rate", *pair) for pair in ((0.001, 0.002), (0.002, 0.005), (0.005, 0.01))]
    found = Diagnosis(made, run)
    found.verdict()
    assert (found.course.altered.epoch, found.course.altered.old, found.course.altered.new) == (10, 0.001, 0.01)


# When a verdict changes -----------------------------------------------------------------------------------------------


def verdicts(run: Run, train, validation, **more) -> list[str]:
    """The verdict after each epoch, asked after each."""
    whole, kinds = history(run, train, validation, **more), []
    for epochs in range(1, len(train) + 1):
        part = history(run, train[:epochs], validation and validation[:epochs], **more)
        part.changes = [one for one in whole.changes if one.iteration < 4 * epochs]
        kinds.append(diagnose(part, run).kind)
    return kinds


def test_nothing_is_said_before_epoch_2():
    assert verdicts(classes(), [0.5, 0.4, 0.3], [0.5, 0.4, 0.3]) == ["too_early", "healthy", "healthy"]
    assert verdicts(classes(), [math.nan, math.nan], [1.0, 1.0]) == ["too_early", "diverging"]


def test_another_verdict_must_be_true_for_three_epochs():
    run = classes()
    train, validation = falling(30, pace=0.85), [*falling(10, pace=0.85), *[0.3 + 0.05 * at for at in range(20)]]
    kinds = verdicts(run, train, validation)
    first = kinds.index("overfitting")
    assert set(kinds[1:first]) == {"healthy"}
    assert set(kinds[first:]) == {"overfitting"}
    alone = [diagnose_alone(run, train[:epochs], validation[:epochs]) for epochs in range(2, 31)]
    assert alone.index("overfitting") + 2 == first + 1 - (HOLDS - 1)  # two epochs after it was first seen


def diagnose_alone(run: Run, train, validation) -> str | None:
    """What the newest epoch shows by itself."""
    from engine.diagnosis import seen

    found = Diagnosis(history(run, train, validation), run)
    found.verdict()
    return seen(found.course)


def test_it_is_not_overfitting_where_the_training_loss_rises_too():
    train, validation = [0.5, 0.4, 0.1, 0.5], [0.5, 0.3, 0.6, 0.9]
    assert diagnose_alone(classes(), train, validation) != "overfitting"
    assert diagnose_alone(classes(), [*train[:3], 0.2], validation) == "overfitting"


def test_a_single_bad_epoch_changes_nothing():
    train = falling(20, pace=0.85)
    validation = [*falling(10, pace=0.85), 0.5, *falling(9, 0.13, 0.85)]
    assert set(verdicts(classes(), train, validation)[1:]) == {"healthy"}


def test_diverging_waits_for_nothing_and_is_left_after_three_epochs():
    train = [*falling(6), math.nan, *falling(6, 0.3)]
    kinds = verdicts(classes(), train, falling(13))
    assert set(kinds[6:10]) == {"diverging"}  # the first epoch after a break is compared with nothing yet
    assert set(kinds[10:]) == {"healthy"}


def test_it_does_not_matter_when_and_how_often_it_is_asked():
    rng = np.random.default_rng(0)
    run = classes(epochs=60)
    train = (np.geomspace(0.7, 0.1, 60) * rng.uniform(0.8, 1.2, 60)).tolist()
    validation = (np.geomspace(0.7, 0.3, 60) * rng.uniform(0.8, 1.2, 60)).tolist()
    whole = history(run, train, validation, noise=0.1)
    often, seldom = Diagnosis(history(run, [], []), run), Diagnosis(whole, run)
    grown = History()
    grown.begin(whole.initial, whole.initial_validation)
    often = Diagnosis(grown, run)
    for at in range(60):
        for index in range(4 * at, 4 * at + 4):
            grown.add(whole[index])
        grown.add_epoch(whole.epochs[at])
        for _ in range(at % 4):
            often.verdict()
    assert often.verdict() == seldom.verdict() == diagnose(whole, run)


def test_a_run_that_was_put_away_and_taken_up_again_gets_the_same_verdict():
    run = classes(epochs=40)
    made = history(run, falling(30, pace=0.85), rising(30, 10), noise=0.1)
    again = History.from_state(made.state())
    assert diagnose(again, run) == diagnose(made, run)
    assert diagnose(again, run).kind == "overfitting"


def test_a_long_run_is_judged_less_often_and_at_its_end():
    run = classes(epochs=1501)
    train = [0.7 * 0.999**at for at in range(1501)]
    validation = [max(0.4, each) + max(0.0, 1e-4 * (at - 700)) for at, each in enumerate(train)]
    whole = history(run, train, validation)
    seldom, often, judged = Diagnosis(whole, run), Diagnosis(whole, run), []
    while often.behind:
        often.verdict(most=1)
        judged += [often.course.epoch] if often.course.due else []
    assert judged == [*range(1, 513), *range(514, 1025, 2), *range(1028, 1501, 4), 1501]
    assert often.verdict() == seldom.verdict()
    assert often.verdict().kind == "overfitting"
    assert any(fact.what.startswith("validation loss") and "1501" in fact.what for fact in often.verdict().evidence), (
        often.verdict()
    )


def test_a_loss_that_is_no_number_is_seen_at_once_in_a_long_run():
    run = classes(epochs=2000)
    found = Diagnosis(history(run, [*falling(1000, pace=0.999), math.nan], falling(1001, pace=0.999)), run)
    assert found.verdict().kind == "diverging"


def test_so_many_epochs_at_most_are_looked_at_in_a_call():
    run = classes(epochs=40)
    found = Diagnosis(history(run, falling(30, pace=0.85), rising(30, 10)), run)
    assert found.verdict(most=5).kind == "healthy"
    assert found.behind == 25
    assert found.verdict().kind == "overfitting"
    assert found.behind == 0


def test_ten_thousand_epochs_are_remembered_in_little_room_and_the_turn_is_found():
    run = classes(epochs=10_000)
    train = [0.7 * 0.999**at for at in range(10_000)]
    validation = [max(0.4, 0.7 * 0.999**at) + max(0.0, 1e-4 * (at - 1000)) for at in range(10_000)]
    found = Diagnosis(history(run, train, validation), run)
    verdict = found.verdict()
    assert verdict.kind == "overfitting"
    assert len(found.course.blocks) <= 64
    assert sum(block.count for block in found.course.blocks) == 10_000
    assert f"since epoch {found.course.best_epoch}" in verdict.words[0]


# Changes, ends, what is hidden ----------------------------------------------------------------------------------------


def test_a_rate_that_was_lowered_is_judged_from_there_on():
    run = classes(rate=0.1)
    train = [*jumping(12, 0.3, 0.2), *falling(12, 0.25, 0.8, 0.1)]
    validation = [*[0.4] * 12, *falling(12, 0.39, 0.9, 0.1)]
    before = history(run, train, validation)
    assert diagnose(history(run, train[:12], validation[:12]), run).kind == HIGH
    rates = [0.1] * 12 + [0.01] * 12
    changed = history(run, train, validation, rates=rates)
    changed.changes = [Changed(48, "learning_rate", 0.1, 0.01)]
    found = Diagnosis(changed, run)
    assert found.verdict().kind == "healthy"
    assert (found.course.since, found.course.base_rate) == (12, pytest.approx(0.01))
    assert diagnose(before, run).suggestion is None or before.changes == []


def test_a_step_of_a_schedule_counts_as_a_change_and_a_glide_does_not():
    run, train = classes(), falling(20)
    step = Diagnosis(history(run, train, train, rates=[0.1] * 10 + [0.01] * 10), run)
    glide = Diagnosis(history(run, train, train, rates=[0.1 * 0.9**at for at in range(20)]), run)
    step.verdict(), glide.verdict()
    assert (step.course.since, glide.course.since) == (10, 0)


def test_more_epochs_in_mid_run_move_the_end():
    run = classes(epochs=10)
    extended = history(run, falling(14, 0.7, 0.93), falling(14, 0.7, 0.93))
    assert diagnose(extended, run).kind == "still_improving"
    extended.changes = [Changed(20, "epochs", 10, 200)]
    assert diagnose(extended, run).kind == "healthy"


def test_a_change_of_the_batch_size_is_seen_and_undoes_noisy():
    run = classes(batch=8)
    small = history(run, falling(20, 0.6, 0.98), [0.6] * 20, noise=0.15)
    assert diagnose(small, run).kind == "noisy"
    small.changes = [Changed(40, "batch_size", 8, 64)]
    assert diagnose(small, run).kind != "noisy"


def test_early_stopping_that_went_back_is_told_and_nothing_is_suggested():
    run = classes(early_stopping=EarlyStopping(patience=10))
    ended = history(run, falling(20, pace=0.85), rising(20, 10))
    ended.stopped = Stopped("early_stopping", 20, 80)
    ended.restored = Restored(10, Evaluation(0.2, 0.9), Evaluation(0.3, 0.9))
    verdict = diagnose(ended, run)
    # what was told before the end had no restored weights: the last epoch's words are made anew with the next one
    assert verdict.kind == "overfitting"
    assert verdict.suggestion is None
    assert any(fact.figure == "epoch 10" for fact in verdict.evidence)


def test_with_validation_hidden_nothing_of_it_is_told():
    run = classes()
    made = history(run, falling(30, pace=0.85), rising(30, 10))
    seen, blind = diagnose(made, run), diagnose(made, run, sees_validation=False)
    assert (seen.kind, blind.kind) == ("overfitting", "training_blind")
    said = " ".join([*blind.words, *(f"{fact.what} {fact.figure}" for fact in blind.evidence)])
    assert "hidden" in said
    for loss in {number(entry.validation.loss) for entry in made.epochs}:
        assert loss not in said
    assert blind.suggestion is None


def test_a_refused_run_tells_the_bytes_and_what_fits():
    run = load_preset("batch-out-of-memory").runs[0]
    verdict = diagnose(Trainer(run).history, run)
    assert verdict.kind == "refused"
    assert "1,662,712 B of 700 KiB" in verdict.words[0]
    assert (verdict.suggestion.key, verdict.suggestion.value) == ("training.batch_size", 16)
    smaller = replace(run, training=replace(run.training, batch_size=verdict.suggestion.value))
    assert diagnose(Trainer(smaller).history, smaller).kind == "too_early"


def test_a_run_that_diverged_in_its_only_epoch_is_diverging():
    run = classes(epochs=1)
    made = history(run, [50.0], [50.0])
    made.diverged, made.stopped = Diverged(1, 3, 50.0), Stopped("diverged", 1, 4)
    assert diagnose(made, run).kind == "diverging"
    made.stopped = None
    assert diagnose(made, run).kind == "too_early"


@pytest.mark.parametrize(("share", "wanted"), [(None, "underfitting"), (0.5, "underfitting"), (0.95, "dead_units")])
def test_dead_units_explain_a_loss_that_lies_high(share, wanted):
    run = classes(network=Architecture(activation="relu"))
    made = history(run, [0.69] * 10, [0.69] * 10)
    verdict = diagnose(made, run, dead_share=share)
    assert verdict.kind == wanted
    if share == 0.95:
        assert "95 %" in verdict.words[0]
        assert verdict.suggestion.value == "leaky_relu"


def test_dead_units_are_no_explanation_where_the_loss_falls_or_units_cannot_die():
    fell = history(classes(), falling(10), falling(10))
    assert diagnose(fell, classes(network=Architecture(activation="relu")), dead_share=1.0).kind == "healthy"
    tanh = classes(network=Architecture(activation="tanh"))
    assert diagnose(history(tanh, [0.69] * 10, [0.69] * 10), tanh, dead_share=1.0).kind == "underfitting"


# Words and suggestions ------------------------------------------------------------------------------------------------


def test_overfitting_is_told_with_its_epoch_and_both_figures():
    run = classes()
    verdict = diagnose(history(run, [0.5, 0.4, 0.3, 0.2, 0.2, 0.15, 0.1], [0.5, 0.4, 0.35, 0.4, 0.45, 0.5, 0.4585]), run)
    assert verdict.words[0] == (
        "Overfitting since epoch 3: validation loss +31 % over its best while training loss fell 67 %."
    )
    assert verdict.words[1] == "Overfitting since epoch 3: validation +31 %, training -67 %"
    assert (verdict.lesson, verdict.suggestion.key, verdict.suggestion.value) == ("early-stopping", "training.epochs", 3)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("it jumps", "training.optimizer.learning_rate", 0.0001),
        ("it crawls", "training.optimizer.learning_rate", 0.01),
        ("one sample a batch jumps", "training.batch_size", 4),
        ("blind and falling", "data.validation", 250),
        ("the end comes too soon", "training.epochs", 20),
        ("stopped after three epochs, high", "training.epochs", 20),
        ("it climbs", "training.optimizer.learning_rate", 0.0001),
        ("as if by guessing, and a rate of 1", "training.optimizer.learning_rate", 0.1),
    ],
)
def test_what_is_suggested(name, key, value):
    run, train, validation, more, _ = TABLE[name]
    suggestion = diagnose(history(run, train, validation, **more), run).suggestion
    assert (suggestion.key, suggestion.value) == (key, value)
    assert suggestion.reason


def test_what_was_learned_by_heart_is_told_against_guessing_and_wants_no_fewer_epochs():
    run = classes()
    verdict = diagnose(history(run, falling(30, pace=0.85), [0.75] * 30), run)
    assert verdict.words[0] == (
        "Overfitting: training loss 0.006, yet validation loss 0.750, at best no better than guessing."
    )
    assert verdict.words[1] == "Overfitting: training 0.006, validation 0.750, guessing 0.693"  # at most 66: 80 columns
    assert (verdict.suggestion.key, verdict.suggestion.value) == ("data.samples", 5000)
    table = load_preset("iris").runs[0]
    assert "more samples would help" in diagnose(history(table, falling(30, pace=0.85), [1.2] * 30), table).unchanged


def test_a_rate_far_above_what_is_usual_is_to_be_lowered_first():
    run = classes(rate=1.0, network=Architecture(activation="relu"))
    turned = diagnose(history(run, falling(30, pace=0.85), rising(30, 10)), run)
    dead = diagnose(history(run, [0.7] * 10, [0.7] * 10), run, dead_share=1.0)
    assert (turned.kind, dead.kind) == ("overfitting", "dead_units")
    for verdict in (turned, dead):
        assert (verdict.suggestion.key, verdict.suggestion.value) == ("training.optimizer.learning_rate", 0.1)


def test_the_less_it_fell_the_longer_are_the_steps_that_are_suggested():
    for fallen, rate in ((0.1, 1e-8), (0.003, 1e-7), (0.0003, 1e-6), (3e-5, 1e-5)):
        run = classes(rate=1e-9)
        train = [0.8 * (1.0 - fallen * at / 20) for at in range(1, 21)]
        suggestion = diagnose(history(run, train, train), run).suggestion
        assert suggestion.value == pytest.approx(rate)


def test_a_walk_that_flew_far_away_is_brought_back_in_one_suggestion():
    preset = load_preset("valley", [("training.optimizer.learning_rate", [100.0])])
    trainer = Trainer(preset.runs[0])
    for _ in trainer:
        pass
    assert diagnose(trainer.history, trainer.run).suggestion.value == 0.5  # the best there is: 1 / curvature


@pytest.mark.parametrize("name", TABLE)
def test_a_lesson_that_is_named_exists(name):
    import presets

    run, train, validation, more, _ = TABLE[name]
    lesson = diagnose(history(run, train, validation, **more), run).lesson
    assert lesson == "" or lesson in presets.names()


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (change(1.0, 1.31), "+31 %"),
        (change(1.0, 0.38), "-62 %"),
        (change(1.0, 0.0001), "-99.9 %"),
        (change(1.0, 1.0000001), "0.0 %"),
        (change(1.0, 0.97), "-3.0 %"),
        (change(1.0, 2049.0), "2,049 times"),
        (change(0.0, 1.0), "NaN"),
        (times(1.36), "1.4 times"),
        (times(12.3), "12 times"),
        (number(math.inf), "infinite"),
        (number(0.0533), "0.053"),
        (number(18.34), "18.3"),
        (number(3842.0), "3842"),
        (number(0.0), "0"),
        (number(7.02e10), "7.0e+10"),
        (share(0.996), "99.6 %"),
        (share(1.0), "100 %"),
    ],
)
def test_figures_have_as_many_digits_as_say_something(said, wanted):
    assert said == wanted
