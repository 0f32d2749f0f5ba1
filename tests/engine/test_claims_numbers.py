"""Claims on real runs of every kind: each number against one worked out in plain Python from what the run said, and what is
decided in mid-run stays so."""

import math
import statistics
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import presets
from engine import measures
from engine.claim_problems import check_problems
from engine.claims import Check, Claim, Stretch, parse_over
from engine.history import History
from engine.judging import judge, value
from engine.layers import Architecture
from engine.objective import NetworkObjective
from engine.optimizers import SGD, Adam
from engine.points import Moons
from engine.preset import load_preset
from engine.rows import Rows
from engine.run import Run, Training
from engine.series import TAKES
from engine.stopping import Divergence, EarlyStopping
from engine.surfaces import HillyPark, Ravine, Valley
from engine.together import train_together
from engine.trainer import Trainer

SMALL = Training(epochs=6, batch_size=8, optimizer=SGD(learning_rate=0.3))
NOISY = Moons(samples=30, validation=20, noise=0.6)
LINE = Rows(inputs=tuple((float(x),) for x in range(9)), targets=tuple(2.0 * x for x in range(9)), validation=3)
STOPS = replace(SMALL, epochs=80, optimizer=Adam(learning_rate=0.2))
RUNS = {
    "classes": Run(data=NOISY, training=SMALL),
    "regression": Run(
        data=LINE, network=Architecture(hidden=(4,)), training=replace(SMALL, optimizer=SGD(learning_rate=0.01))
    ),
    "blind": Run(data=Moons(samples=30, validation=0), training=SMALL),
    "float32": Run(data=NOISY, training=replace(SMALL, dtype="float32")),
    "drop_last": Run(data=NOISY, training=replace(SMALL, drop_last=True)),
    "every iteration": Run(data=NOISY, training=replace(SMALL, evaluate="iteration")),
    "refused": Run(data=NOISY, training=replace(SMALL, memory_limit="1 KiB")),
    "diverged": Run(data=LINE, training=replace(SMALL, epochs=9, optimizer=SGD(learning_rate=3.0))),
    "diverged, stop": Run(
        data=LINE, training=replace(SMALL, optimizer=SGD(learning_rate=3.0), divergence=Divergence(stop=True))
    ),
    "put back": Run(data=NOISY, training=replace(STOPS, early_stopping=EarlyStopping(patience=2))),
    "stopped": Run(data=NOISY, training=replace(STOPS, early_stopping=EarlyStopping(patience=2, restore_best=False))),
    "valley": Run(surface=Valley(steps=7), training=Training(optimizer=SGD(learning_rate=0.8))),
    "ravine": Run(surface=Ravine(steps=7), training=Training(optimizer=SGD(learning_rate=0.05), dtype="float32")),
    "off the park": Run(surface=HillyPark(steps=12), training=Training(optimizer=SGD(learning_rate=1.2))),
}
PER_EPOCH = [f"{part}_{what}" for part in ("train", "validation") for what in ("loss", "accuracy", "r2", "error")] + ["gap"]
PER_ITERATION = ["batch_loss", "batch_accuracy", "learning_rate", "update_norm"]
POINTS = ["initial", "final", "best", "restored", "epoch:1", "epoch:4", "iteration:1", "iteration:5", "iteration:7"]
OVERS = [
    "epochs:0-",
    "epochs:1-3",
    "epochs:2-5",
    "epochs:4-",
    "iterations:1-",
    "iterations:2-6",
    "iterations:0-",
    "last:0.5",
]
OVERS += ["last:0.3"]


def checks_for(run):
    """Every measure that means something for this run, with a relation that does not matter."""
    metrics = [*PER_EPOCH, *PER_ITERATION, "position", "distance", "side"]
    for metric in metrics:
        for at in POINTS:
            yield Check(metric=metric, at=at, above=0.3)
        for over in OVERS:
            for take in TAKES:
                yield Check(metric=metric, over=over, take=take, above=0.3)
    for over in OVERS:
        for falls in ("epoch", "update"):
            for metric in ("train_loss", "validation_loss", "batch_loss", "distance"):
                yield Check(metric=metric, over=over, falls=falls)
                yield Check(metric=metric, over=over, falls=falls, slack=0.05)
    for metric in ("iterations", "epochs_run", "samples_seen", "memory_bytes", "parameters", "iterations_per_epoch"):
        yield Check(metric=metric, above=40.0)
    for at in ("initial", "final", "restored"):
        yield Check(metric="weight", index=0, at=at, above=0.0)
        yield Check(metric="prediction", input=(1.0,) * run.facts.features, at=at, above=0.3)
    yield Check(metric="gradient", index=0, at="final", above=0.0)
    for word in ("completed", "early_stopping", "diverged", "out_of_memory"):
        yield Check(stopped=word)
    yield Check(closed_form=1e-6)


def fitting(run):
    return [check for check in checks_for(run) if not check_problems(check, [run])]


class Witness:
    """Writes down what a run says while it trains, in dictionaries from epoch or iteration to value."""

    def __init__(self, run):
        self.trainer = Trainer(run)
        self.by_epoch = {name: {} for name in PER_EPOCH}
        self.by_iteration = {name: {} for name in [*PER_ITERATION, "train_loss"]}
        self.path = [self.trainer.parameters.astype(float).tolist()]
        self.note_epoch(0, self.trainer.history.initial, self.trainer.history.initial_validation)
        self.by_iteration["train_loss"][0] = self.trainer.history.initial.loss

    def note_epoch(self, epoch, train, validation):
        for part, seen in (("train", train), ("validation", validation)):
            for word, figure in (("loss", "loss"), ("accuracy", "accuracy"), ("r2", "r2"), ("error", "mean_absolute_error")):
                found = getattr(seen, figure, None)
                self.by_epoch[f"{part}_{word}"][epoch] = math.nan if found is None else found
        self.by_epoch["gap"][epoch] = self.by_epoch["validation_loss"][epoch] - self.by_epoch["train_loss"][epoch]

    def step(self):
        trainer = self.trainer
        metrics = trainer.step()
        for name in PER_ITERATION:
            found = getattr(metrics, name)
            self.by_iteration[name][metrics.iteration] = math.nan if found is None else found
        with np.errstate(all="ignore"):
            last = trainer.parameters if trainer.undone is None else trainer.undone
            kept, trainer.parameters[...] = trainer.parameters.copy(), last
            self.by_iteration["train_loss"][metrics.iteration] = trainer.objective.train_loss()
            trainer.parameters[...] = kept
        self.path.append(last.astype(float).tolist())
        if trainer.at_epoch_end:
            self.note_epoch(trainer.epoch, trainer.history.epochs[-1].train, trainer.history.epochs[-1].validation)

    def place(self, metric, axis):
        minima = self.trainer.run.surface.minima
        for step, position in enumerate(self.path):
            if metric == "position":
                yield step, position[axis]
            elif metric == "side":
                difference = position[axis] - minima[0][axis]
                yield step, difference if math.isnan(difference) else float(np.sign(difference))
            else:
                yield step, min(math.sqrt(sum((a - b) ** 2 for a, b in zip(position, low, strict=True))) for low in minima)

    def expected(self, check):
        """The number of a measure on the finished run, NaN for one that there is not."""
        trainer, metric = self.trainer, check.metric
        surface = trainer.run.surface is not None
        if metric in ("position", "distance", "side"):
            try:
                values = dict(self.place(metric, check.axis or 0))
            except OverflowError:
                return None  # NumPy says infinity, plain Python will not
        elif metric in PER_ITERATION:
            values = self.by_iteration[metric]
        elif not surface and "iteration" in (check.over or check.at):
            values = self.by_iteration["train_loss"]
        else:
            values = self.by_epoch[metric]
        most = max(values, default=0)
        if check.at is not None:
            if check.at in ("best", "restored"):
                losses = self.by_epoch["validation_loss" if trainer.run.facts.validation else "train_loss"]
                finite = [epoch for epoch in losses if epoch and math.isfinite(losses[epoch])]
                if not finite or (check.at == "restored" and trainer.undone is None):
                    return math.nan
                return values[min(finite, key=lambda epoch: losses[epoch])]
            if check.at == "final":
                return values[most] if most else math.nan
            return values.get(0 if check.at == "initial" else int(check.at.partition(":")[2]), math.nan)
        over = parse_over(check.over)
        if over.unit == "last":
            chosen = [x for x in values if x > most - max(1, math.ceil(round(most * over.share, 9)))]
            chosen = [x for x in chosen if x > 0]
        else:
            chosen = [x for x in values if x >= over.first and (over.last is None or x <= over.last)]
            if over.last is not None and over.last > most:
                return math.nan
        if not chosen or max(chosen) == 0:
            return math.nan
        return plainly(check.take, chosen, [values[x] for x in chosen])


def plainly(take, xs, ys):
    """A take without NumPy."""
    lost = any(map(math.isnan, ys))
    if take == "not_finite":
        return sum(not math.isfinite(y) for y in ys)
    if take == "argmin":
        left = [(y, x) for x, y in zip(xs, ys, strict=True) if not math.isnan(y)]
        return min(left)[1] if left else math.nan
    if lost or (len(ys) < 2 and take not in ("min", "max", "mean")):
        return math.nan
    if take in ("min", "max"):
        return {"min": min, "max": max}[take](ys)
    steps = list(pairwise(ys))
    if take == "share_rising":
        return sum(b > a for a, b in steps) / len(steps)
    if take == "changes":
        return sum(a != b for a, b in steps)
    if not all(map(math.isfinite, ys)):
        return math.inf if take == "mean" and math.inf in ys and -math.inf not in ys else None
    if take == "sign_changes":
        signs = [y > 0 for y in ys if y]
        return sum(a != b for a, b in pairwise(signs))
    try:
        if take == "mean":
            return statistics.fmean(ys)
        if take == "range":
            return max(ys) - min(ys)
        return statistics.pstdev(ys if take == "std" else [b - a for a, b in steps])
    except OverflowError:
        return None


@pytest.mark.parametrize("kind", RUNS)
def test_every_number_is_what_plain_python_makes_of_the_run_and_nothing_decided_is_taken_back(kind):
    run = RUNS[kind]
    checks = fitting(run)
    assert len(checks) > 50
    claims = [Claim(says="x", check=(check,)) for check in checks]
    witness = Witness(run)
    trainer = witness.trainer
    decided = {}

    def look():
        for index, claim in enumerate(claims):
            if trainer.done or index not in decided:
                seen = judge(claim, [trainer])
                if seen.held is not None:
                    assert decided.setdefault(index, seen.held) is seen.held, (checks[index], seen.saw)

    look()
    while not trainer.done:
        witness.step()
        if trainer.at_epoch_end or trainer.iteration < 8:
            look()
    look()
    assert len(decided) == len(claims)
    compared = 0
    for check in checks:
        if check.above is None or check.metric in ("weight", "gradient", "prediction") or not (check.at or check.over):
            continue
        found, wanted = value(check, [trainer]).values[0], witness.expected(check)
        if wanted is None:
            continue
        compared += 1
        same = math.isnan(found) if math.isnan(wanted) else math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-9)
        assert same or found == wanted, (check, found, wanted)
    assert compared > 50


@pytest.mark.parametrize("name", presets.names())
def test_the_claims_of_a_preset_that_are_decided_in_mid_run_are_not_taken_back(name):
    preset = load_preset(name)
    trainers = [Trainer(run) for run in preset.runs]
    decided = {}
    epoch = 0
    while True:
        over = all(trainer.done for trainer in trainers)
        for index, claim in enumerate(preset.sheet.claim if over or epoch < 50 or epoch % 50 == 0 else ()):
            found = judge(claim, trainers).held
            assert found is not None or index not in decided
            assert found is None or decided.setdefault(index, found) is found, claim.says
        if over:
            break
        epoch += 1
        for trainer in trainers:
            while not trainer.done:
                trainer.step()
                if trainer.at_epoch_end:
                    break
    assert decided == dict.fromkeys(range(len(preset.sheet.claim)), True)


@pytest.mark.parametrize("name", ["batch-out-of-memory", "early-stopping", "training-loop-step", "valley"])
def test_runs_that_train_together_are_judged_like_runs_that_train_alone(name):
    preset = load_preset(name)
    together, alone = train_together(preset.runs), [finished(run) for run in preset.runs]
    assert [judge(claim, together) for claim in preset.sheet.claim] == [judge(claim, alone) for claim in preset.sheet.claim]


def held(check, *trainers):
    return judge(Claim(says="x", check=(check,)), trainers)


def test_what_a_run_is_too_long_to_keep_is_never_held_nor_denied():
    run = Run(surface=Valley(steps=400), training=Training(optimizer=SGD(learning_rate=0.01)))
    trainer = Trainer(run)
    trainer.history = History(capacity=50, buckets=4)
    trainer.history.begin(*trainer.objective.evaluate())
    heights = [trainer.history.initial.loss]
    for _ in trainer:
        heights.append(trainer.objective.train_loss())
    for check in (
        Check(metric="train_loss", at="epoch:5", below=1e9),
        Check(metric="train_loss", over="epochs:0-", take="mean", above=0.0),
        Check(metric="train_loss", over="epochs:9-200", take="min", above=0.0),
        Check(metric="train_loss", falls="epoch"),
        Check(metric="batch_loss", over="iterations:1-", take="std_of_changes", above=0.0),
        Check(metric="batch_loss", over="last:0.9", take="max", above=0.0),
    ):
        seen = held(check, trainer)
        assert (seen.held, "no longer kept" in seen.saw) == (None, True), check
    for take in ("min", "max", "range", "argmin"):
        wanted = {"min": min(heights), "max": max(heights), "range": max(heights) - min(heights), "argmin": 400.0}[take]
        assert held(Check(metric="train_loss", over="epochs:0-", take=take, equals=wanted), trainer).held is True, take
    assert held(Check(metric="train_loss", at="epoch:399", equals=heights[399]), trainer).held is True
    assert held(Check(metric="train_loss", over="epochs:360-", falls="epoch"), trainer).held is True
    assert held(Check(metric="position", over="epochs:0-", take="changes", equals=400.0), trainer).held is True


@pytest.mark.parametrize(
    ("check", "fits"),
    [
        (Check(metric="train_loss", at="epoch:5", below=1.0), False),
        (Check(metric="train_loss", at="epoch:150001", below=1.0), True),
        (Check(metric="train_loss", at="final", below=1.0), True),
        (Check(metric="train_loss", over="epochs:1-", take="min", below=1.0), True),
        (Check(metric="train_loss", over="epochs:5-", take="min", below=1.0), False),
        (Check(metric="train_loss", over="epochs:1-", take="mean", below=1.0), False),
        (Check(metric="train_loss", over="last:0.4", take="mean", below=1.0), True),
        (Check(metric="train_loss", over="last:0.9", take="mean", below=1.0), False),
        (Check(metric="train_loss", falls="epoch"), False),
        (Check(metric="position", at="epoch:5", below=1.0), True),
    ],
)
def test_a_preset_cannot_ask_for_what_its_runs_are_too_long_to_keep(check, fits):
    problems = check_problems(check, [Run(surface=Valley(steps=200_000))])
    assert (problems == []) is fits and all("kept one by one" in message for _, message in problems), problems


def finished(run):
    trainer = Trainer(run)
    for _ in trainer:
        pass
    return trainer


def test_a_run_that_was_refused_shows_nothing_of_what_it_never_was():
    trainer = finished(RUNS["refused"])
    for check in (
        Check(metric="prediction", input=(1.0, 1.0), at="final", below=1e9),
        Check(metric="weight", at="final", below=1e9),
        Check(metric="weight", index=0, at="final", equals=Check(metric="weight", at="initial", above=0.0)),
        Check(metric="train_loss", over="epochs:0-", take="min", above=0.0),
        Check(metric="train_loss", at="final", above=0.0),
        Check(metric="train_loss", falls="epoch"),
    ):
        seen = held(check, trainer)
        assert (seen.held, "refused before the first step" in seen.saw) == (False, True), (check, seen.saw)
    assert held(Check(metric="train_loss", at="initial", above=0.0), trainer).held is True
    other = finished(replace(RUNS["refused"], name="b"))
    assert held(Check(run="run", metric="train_loss", same_as=Stretch(run="b")), trainer, other).held is False


def test_a_stretch_that_a_run_did_not_reach_the_end_of_is_not_held():
    trainer = finished(RUNS["stopped"])
    assert len(trainer.history.epochs) < 40
    for check in (
        Check(metric="train_loss", over="epochs:1-40", take="max", below=1e9),
        Check(metric="train_loss", over="epochs:1-40", falls="epoch", slack=1e9),
        Check(metric="train_loss", over="epochs:40-", take="max", below=1e9),
    ):
        seen = held(check, trainer)
        assert (seen.held, seen.saw.endswith(f"the run ended after epoch {len(trainer.history.epochs)}")) == (False, True)


def test_stretches_of_two_runs_are_each_told_by_their_own_end():
    one, two = Trainer(replace(RUNS["classes"], name="a")), Trainer(replace(RUNS["classes"], name="b"))
    shifted = Check(run="a", metric="learning_rate", over="iterations:1-4", same_as=Stretch(run="b", over="iterations:5-8"))
    last = Check(run="a", metric="batch_loss", over="last:0.5", same_as=Stretch(run="b"))
    while not (one.done and two.done):
        for trainer in (one, *([two] if one.iteration > 9 else [])):  # the second is behind
            if not trainer.done:
                trainer.step()
        wanted = True if two.iteration >= 8 else None
        assert held(shifted, one, two).held is wanted
        assert held(last, one, two).held is (True if one.done and two.done else None)


def test_a_run_made_shorter_leaves_open_what_it_has_not_come_to():
    trainer = Trainer(RUNS["classes"])
    later = Check(metric="train_loss", at="epoch:5", below=1e9)
    falls = Check(metric="train_loss", over="epochs:0-5", falls="epoch", slack=1e9)
    trainer.step()
    trainer.change("epochs", 2)
    while not trainer.done:
        trainer.step()
    for check in (later, falls):
        seen = held(check, trainer)
        assert seen.held is None and seen.saw.endswith("the run ended after epoch 2")
    trainer.change("epochs", 6)
    trainer.change("batch_size", 30)
    while not trainer.done:
        trainer.step()
    assert held(later, trainer).held is True and held(falls, trainer).held is True
    assert held(Check(metric="iterations", equals=trainer.iteration), trainer).held is True
    broken = Trainer(RUNS["classes"])
    broken.step()
    broken.interrupt()
    assert held(later, broken).held is None


# what judging costs


def test_the_network_before_training_is_made_once_however_often_it_is_asked(monkeypatch):
    made = []
    monkeypatch.setattr(measures, "NetworkObjective", lambda run: made.append(run) or NetworkObjective(run))
    trainer = Trainer(RUNS["classes"])
    weight = Check(metric="weight", index=3, at="initial", equals=float(trainer.parameters[3]))
    for _ in trainer:
        assert held(weight, trainer).held is True
    assert held(replace(weight, index=4, equals=float(Trainer(RUNS["classes"]).parameters[4])), trainer).held is True
    assert len(made) == 1


@pytest.mark.parametrize("metric", ["train_loss", "validation_loss", "gap", "batch_loss", "position", "distance"])
def test_one_point_of_a_long_run_is_read_without_the_others(metric, monkeypatch):
    trainer = finished(RUNS["valley" if metric in ("position", "distance") else "classes"])
    checks = [
        Check(metric=metric, at=at, above=0.0) for at in ("final", "iteration:3" if metric == "batch_loss" else "epoch:3")
    ]
    wanted = [value(check, [trainer]) for check in checks]
    monkeypatch.setattr(measures, "series_of", None)
    assert [value(check, [trainer]) for check in checks] == wanted


def test_the_closed_form_is_compared_with_new_steps_only_and_an_old_fault_stays_one(monkeypatch):
    trainer = Trainer(Run(surface=Valley(steps=60), training=Training(optimizer=SGD(learning_rate=0.3))))
    formula, seen = Check(closed_form=1e-6), []
    monkeypatch.setattr(np, "arange", lambda *given, **kept: seen.append(given) or np.array(range(*given), **kept))
    for rate in (0.3, 0.2, 0.3):
        trainer.change("learning_rate", rate)
        trainer.step()
        assert held(formula, trainer).held is (None if len(seen) == 1 else False)
    assert seen == [(0, 2), (2, 3), (3, 4)]
    for _ in trainer:
        pass
    assert held(formula, trainer).held is False  # although it ends at the lowest point, as the formula does
