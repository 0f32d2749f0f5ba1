"""Claims on hand-made runs, where every number is known: each metric, each way to take a number, each relation."""

import math
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from engine.claim_problems import check_problems, claim_problems
from engine.claim_words import number
from engine.claims import parse_at, parse_over
from engine.history import History
from engine.judging import judge
from engine.layers import Architecture
from engine.metrics import EpochMetrics, Evaluation, IterationMetrics, Restored, Stopped
from engine.optimizers import SGD, Adam
from engine.points import Moons
from engine.preset import PresetError, _read, parse_preset
from engine.rows import Rows
from engine.run import Run, Training
from engine.sheet import Sheet
from engine.stopping import EarlyStopping
from engine.surfaces import HillyPark, Ravine, Valley
from engine.trainer import Trainer

MOONS = Run(name="a", data=Moons(samples=64, validation=20), training=Training(epochs=5, batch_size=16))


def claim_of(text):
    """A claim with these checks, read as a preset is, whatever run they may fit."""
    document = f'title = "t"\n[surface]\nname = "valley"\n[[claim]]\nsays = "x"\n[[claim.check]]\n{text}\n'
    sheet, problems = _read(Sheet, tomllib.loads(document))
    if problems:
        raise PresetError("p.toml", problems)
    return sheet.claim[0]


def told(train, validation=None, batch=(), stopped="completed", run=MOONS):
    """A trainer whose history says these losses: `train` and `validation` from before training on, `batch` by iteration."""
    trainer = Trainer(run)
    history = trainer.history = History()
    validation = train if validation is None else validation
    sets = [(Evaluation(a, accuracy=1 - a), Evaluation(b, accuracy=1 - b)) for a, b in zip(train, validation, strict=True)]
    history.begin(*sets[0])
    for at, loss in enumerate(batch, 1):
        history.add(IterationMetrics(1, at, at, 4, 16 * at, loss, 0.5, 0.0, 0.1, 1.0, 0.1, 2.0, 0.0))
    for epoch, (a, b) in enumerate(sets[1:], 1):
        history.add_epoch(EpochMetrics(epoch, 4 * epoch, 64 * epoch, 0.1, a, b, 0.0))
    trainer.epoch, trainer.iteration = len(train) - 1, 4 * (len(train) - 1)
    if stopped:
        history.stopped = Stopped(stopped, trainer.epoch, trainer.iteration)
    return trainer


def outcome(text, *trainers):
    return judge(claim_of(text), trainers)


FALLING = [1.0, 0.8, 0.6, 0.5, 0.45, 0.4]
RISING_AGAIN = [1.0, 0.7, 0.5, 0.55, 0.6, 0.7]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ('metric = "train_loss"\nat = "initial"\nequals = 1.0', True),
        ('metric = "train_loss"\nat = "epoch:3"\nequals = 0.5', True),
        ('metric = "train_loss"\nat = "final"\nequals = 0.4', True),
        ('metric = "validation_loss"\nat = "best"\nequals = 0.5', True),
        ('metric = "train_loss"\nat = "best"\nequals = 0.6', True),
        ('metric = "validation_accuracy"\nat = "final"\nbetween = [0.29, 0.31]', True),
        ('metric = "gap"\nat = "final"\nabove = 0.29', True),
        ('metric = "gap"\nat = "epoch:1"\nbelow = -0.09', True),
        ('metric = "validation_loss"\nat = "final"\nabove = { at = "best", times = 1.4 }', True),
        ('metric = "validation_loss"\nat = "final"\nabove = { at = "best", times = 1.41 }', False),
        ('metric = "validation_loss"\nat = "final"\nabove = { metric = "train_loss", plus = 0.3 }', True),
        ('metric = "validation_loss"\nat = "final"\nabove = { metric = "train_loss", plus = 0.31 }', False),
        ('metric = "train_loss"\nat = ["initial", "epoch:3"]\nequals = [1.0, 0.5]', True),
        ('metric = "train_loss"\nat = ["initial", "epoch:3"]\nequals = [1.0, 0.6]', False),
        ('metric = "train_loss"\nat = ["epoch:1", "final"]\nbelow = 0.8', True),
        ('metric = "train_loss"\nat = ["initial", "epoch:3"]\nwithin_factor = 2\nof = [2.0, 0.25]', True),
        ('metric = "train_loss"\nat = ["initial", "epoch:3"]\nwithin_factor = 1.9\nof = [2.0, 0.25]', False),
        ('metric = "train_loss"\nat = "final"\nequals = 0.41\ntolerance = 0.0101', True),
        ('metric = "train_loss"\nat = "final"\nequals = 0.41\ntolerance = 0.009', False),
        ('metric = "train_loss"\nover = "epochs:3-"\ntake = "mean"\nequals = 0.45\ntolerance = 1e-12', True),
        ('metric = "train_loss"\nover = "epochs:0-2"\ntake = "mean"\nequals = 0.8\ntolerance = 1e-12', True),
        ('metric = "validation_loss"\nover = "epochs:1-"\ntake = "min"\nequals = 0.5', True),
        ('metric = "validation_loss"\nover = "epochs:0-"\ntake = "max"\nequals = 1.0', True),
        ('metric = "validation_loss"\nover = "epochs:1-"\ntake = "range"\nequals = 0.2\ntolerance = 1e-12', True),
        ('metric = "validation_loss"\nover = "epochs:0-"\ntake = "argmin"\nequals = 2', True),
        ('metric = "validation_loss"\nover = "epochs:0-"\ntake = "share_rising"\nequals = 0.6', True),
        ('metric = "validation_loss"\nover = "epochs:0-"\ntake = "not_finite"\nequals = 0', True),
        ('metric = "validation_loss"\nover = "epochs:0-"\ntake = "changes"\nequals = 5', True),
        ('metric = "validation_loss"\nover = "last:0.5"\ntake = "min"\nequals = 0.55', True),
        ('metric = "batch_loss"\nover = "iterations:2-4"\ntake = "std_of_changes"\nequals = 1.0', True),
        ('metric = "batch_loss"\nover = "iterations:1-2"\ntake = "std"\nequals = 0.5', True),
        ('metric = "batch_loss"\nat = "iteration:4"\nequals = 4', True),
        ('metric = "batch_accuracy"\nat = "final"\nequals = 0.5', True),
        ('metric = "learning_rate"\nat = "iteration:1"\nequals = 0.1', True),
        ('metric = "epochs_run"\nequals = 5', True),
        ('metric = "iterations"\nequals = 20', True),
        ('metric = "iterations_per_epoch"\nequals = 4', True),
        ('metric = "parameters"\nequals = 65', True),
        ('metric = "memory_bytes"\nabove = { metric = "parameters", times = 24 }', True),
        ('metric = "train_loss"\nfalls = "epoch"', True),
        ('metric = "validation_loss"\nfalls = "epoch"', False),
        ('metric = "validation_loss"\nfalls = "epoch"\nslack = 0.11', True),
        ('metric = "validation_loss"\nfalls = "epoch"\nslack = 0.09', False),
        ('metric = "validation_loss"\nfalls = "epoch"\nover = "epochs:0-2"', True),
        ('stopped = "completed"', True),
    ],
)
def test_what_a_check_makes_of_a_run_of_which_every_number_is_known(text, held):
    trainer = told(FALLING, RISING_AGAIN, batch=[1.0, 2.0, 2.0, 4.0])
    claim = claim_of(text)
    assert check_problems(claim.check[0], [trainer.run]) == []
    judgement = judge(claim, [trainer])
    assert judgement.held is held, judgement.saw
    assert (judgement.decided, judgement.checks) == (1, 1)


def test_runs_are_compared_by_name_and_what_the_other_side_leaves_out_is_taken_from_the_check():
    one = told(FALLING, run=replace(MOONS, name="one"))
    two = told(RISING_AGAIN, run=replace(MOONS, name="two"))
    seen = outcome('run = "two"\nmetric = "train_loss"\nat = "final"\nabove = { run = "one", times = 1.5 }', one, two)
    assert (seen.held, seen.saw) == (True, "two, training loss: 0.7 is at least 1.5 x 0.4 (one) = 0.6")
    seen = outcome('run = "two"\nmetric = "train_loss"\nat = "final"\nabove = { run = "one", times = 2 }', one, two)
    assert (seen.held, seen.saw) == (False, "two, training loss: 0.7 is not at least 2 x 0.4 (one) = 0.8")
    same = 'run = "two"\nmetric = "train_loss"\nover = "epochs:0-{}"\nsame_as = {{ run = "one" }}'
    assert outcome(same.format(0), one, two).held is True
    differs = outcome(same.format(2), one, two)
    assert differs.held is False
    assert differs.saw == "two, training loss differs from one at epoch 1: 0.7 and 0.8"


@pytest.mark.parametrize(
    "text",
    [
        'metric = "train_loss"\nat = "final"\n{}',
        'metric = "train_loss"\nover = "epochs:1-"\ntake = "mean"\n{}',
        'metric = "train_loss"\nover = "epochs:1-"\ntake = "max"\n{}',
    ],
)
@pytest.mark.parametrize(
    "relation", ["above = 0", "below = 9", "between = [0, 9]", "equals = 1", "within_factor = 9\nof = 1"]
)
def test_what_is_no_number_is_never_held(text, relation):
    trainer = told([1.0, 2.0, math.nan])
    assert outcome(text.format(relation), trainer).held is False
    assert outcome('metric = "train_loss"\nfalls = "epoch"', trainer).held is False


def test_infinity_is_above_every_number_and_counts_as_no_number_where_that_is_asked():
    trainer = told([1.0, math.inf, math.nan])
    assert outcome('metric = "train_loss"\nat = "epoch:1"\nabove = { at = "initial", times = 1000 }', trainer).held is True
    assert outcome('metric = "train_loss"\nover = "epochs:1-"\ntake = "not_finite"\nequals = 2', trainer).held is True


def test_a_claim_is_not_seen_until_its_numbers_are_there_and_says_what_they_are_now():
    going_on = told(FALLING[:3], stopped="")
    final = outcome('metric = "train_loss"\nat = "final"\nbelow = 0.5', going_on)
    assert (final.held, final.saw) == (None, "training loss: now 0.6 (epoch 2 of 5)")
    assert outcome('metric = "train_loss"\nat = "epoch:4"\nbelow = 0.5', going_on).held is None
    assert outcome('metric = "train_loss"\nat = "epoch:2"\nbelow = 0.6', going_on).held is True
    assert outcome('metric = "train_loss"\nat = ["epoch:2", "epoch:3"]\nbelow = 0.6', going_on).held is None
    assert outcome('metric = "train_loss"\nover = "epochs:1-2"\ntake = "mean"\nbelow = 0.7', going_on).held is True
    assert outcome('metric = "train_loss"\nover = "epochs:1-3"\ntake = "mean"\nbelow = 0.7', going_on).held is None
    assert outcome('metric = "train_loss"\nfalls = "epoch"', going_on).held is None
    assert outcome('metric = "train_loss"\nfalls = "epoch"\nover = "epochs:0-2"', going_on).held is True
    assert outcome('metric = "epochs_run"\nequals = 2', going_on).held is None
    assert outcome('stopped = "completed"', going_on).held is None
    assert outcome('metric = "iterations_per_epoch"\nequals = 4', going_on).held is True


def test_a_broken_promise_is_told_at_once_and_a_run_broken_off_shows_nothing():
    assert outcome('metric = "train_loss"\nfalls = "epoch"', told([1.0, 0.5, 0.6], stopped="")).held is False
    broken_off = told(FALLING[:3], stopped="interrupted")
    assert outcome('metric = "train_loss"\nat = "final"\nbelow = 0.9', broken_off).held is None


def test_an_epoch_that_a_run_never_came_to_is_not_held():
    early = told(FALLING[:3], stopped="early_stopping", run=replace(MOONS, training=replace(MOONS.training, epochs=9)))
    assert outcome('metric = "train_loss"\nat = "epoch:4"\nbelow = 9', early).held is False
    assert outcome('metric = "epochs_run"\nbelow = 5', early).held is True


def test_every_check_of_a_claim_has_to_hold_and_the_one_that_does_not_is_told():
    text = 'metric = "train_loss"\nat = "final"\nbelow = 0.5\n[[claim.check]]\n'
    text += 'metric = "validation_loss"\nat = "final"\nbelow = {}'
    both, one = (outcome(text.format(limit), told(FALLING, RISING_AGAIN)) for limit in (0.7, 0.6))
    assert (both.held, both.saw) == (True, "training loss: 0.4 is at most 0.5; validation loss: 0.7 is at most 0.7")
    assert (one.held, one.saw, one.decided) == (False, "validation loss: 0.7 is not at most 0.6", 2)


def test_what_early_stopping_put_back_is_read_by_its_own_word():
    stopping = replace(MOONS.training, early_stopping=EarlyStopping(restore_best=True))
    trainer = told(FALLING, RISING_AGAIN, stopped="early_stopping", run=replace(MOONS, training=stopping))
    assert outcome('metric = "validation_loss"\nat = "restored"\nbelow = 9', trainer).held is False  # nothing was put back
    trainer.history.restored = Restored(2, Evaluation(0.6), Evaluation(0.5))
    assert outcome('metric = "validation_loss"\nat = "restored"\nequals = 0.5', trainer).held is True
    assert outcome('metric = "train_loss"\nat = "final"\nequals = 0.4', trainer).held is True


# surfaces and vectors: real runs, worked out by hand


def trained(run):
    trainer = Trainer(run)
    for _ in trainer:
        pass
    return trainer


def test_a_walk_is_read_step_by_step():
    # L = (w - 3)^2 from -4 with rate 0.75: w - 3 is -7, 3.5, -1.75, 0.875
    run = Run(name="w", surface=Valley(steps=3), training=Training(optimizer=SGD(learning_rate=0.75)))
    trainer = trained(run)
    for text in (
        'metric = "position"\nat = ["initial", "epoch:1", "final"]\nequals = [-4.0, 6.5, 3.875]',
        'metric = "distance"\nat = "iteration:2"\nequals = 1.75',
        'metric = "side"\nover = "iterations:0-"\ntake = "sign_changes"\nequals = 3',
        'metric = "train_loss"\nat = "final"\nequals = 0.765625',
        "closed_form = 1e-12",
        'metric = "train_loss"\nfalls = "update"',
    ):
        assert outcome(text, trainer).held is True, text
    ravine = trained(Run(surface=Ravine(steps=9), training=Training(optimizer=SGD(learning_rate=0.09))))
    assert outcome("closed_form = 1e-12", ravine).held is True
    assert (
        outcome('metric = "position"\naxis = 1\nover = "iterations:0-"\ntake = "sign_changes"\nequals = 9', ravine).held
        is True
    )


def test_the_closed_form_is_missed_by_anything_else():
    run = Run(surface=Valley(steps=9), training=Training(optimizer=SGD(learning_rate=0.3)))
    trainer = Trainer(run)
    for _ in range(4):
        trainer.step()
    assert outcome("closed_form = 1e-9", trainer).held is None
    trainer.change("learning_rate", 0.31)
    for _ in trainer:
        pass
    assert outcome("closed_form = 1e-9", trainer).held is False


def test_weights_gradients_and_predictions_of_a_step_by_hand():
    # one linear unit, L = mean (w x + b - y)^2 over (1, 2), (3, 4), from w = 1, b = 0: both errors are -1
    run = Run(
        data=Rows(inputs=((1.0,), (3.0,)), targets=(2.0, 4.0), validation=0),
        network=Architecture(hidden=(), initial_parameters=(1.0, 0.0)),
        training=Training(epochs=1, batch_size="full", optimizer=SGD(learning_rate=0.1)),
    )
    trainer = trained(run)
    for text in (
        'metric = "gradient"\nat = "final"\nequals = [-4.0, -2.0]',
        'metric = "weight"\nat = "initial"\nequals = [1.0, 0.0]',
        'metric = "weight"\nindex = 1\nat = "final"\nequals = 0.2',
        'metric = "weight"\nat = "final"\n'
        'equals = { at = "initial", plus = { metric = "gradient", at = "final", times = -0.1 } }',
        'metric = "prediction"\ninput = [[1.0], [3.0]]\nat = "initial"\nequals = [1.0, 3.0]',
        'metric = "prediction"\ninput = [10]\nat = "final"\nequals = 14.2\ntolerance = 1e-12',
        'metric = "train_loss"\nat = "final"\nbelow = { at = "initial" }',
    ):
        seen = outcome(text, trainer)
        assert seen.held is True, (text, seen.saw)
    assert outcome('metric = "weight"\nat = "final"\nequals = [1.4, 0.3]', trainer).held is False


def test_looking_at_other_weights_leaves_those_of_the_run_alone():
    stopping = EarlyStopping(restore_best=True, patience=1)
    run = Run(
        data=Moons(samples=20, validation=20, noise=0.5),
        training=Training(epochs=300, batch_size=4, optimizer=Adam(learning_rate=0.1), early_stopping=stopping),
    )
    trainer = trained(run)
    assert trainer.undone is not None
    before = trainer.parameters.copy()
    claim = claim_of('metric = "weight"\nindex = 0\nat = "final"\nequals = { at = "restored" }')
    assert judge(claim, [trainer]).held is bool(trainer.undone[0] == before[0])
    assert np.array_equal(trainer.parameters, before)


# what names nothing real


def problems_of(text, *runs):
    return [f"{key}: {message}" for key, message in check_problems(claim_of(text).check[0], runs or [MOONS])]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('run = "b"\nmetric = "train_loss"\nat = "final"\nabove = 0', 'run: "b" is not one of a.'),
        ('metric = "train_los"\nat = "final"\nabove = 0', 'Did you mean "train_loss"?'),
        ('metric = "train_loss"\nabove = 0', "at: missing"),
        ('metric = "train_loss"\nover = "epochs:1-"\nabove = 0', "take: missing"),
        ('metric = "train_loss"\nat = "epoch:6"\nabove = 0', "at: there is no epoch 6: the run has 5"),
        ('metric = "batch_loss"\nat = "iteration:21"\nabove = 0', "at: there is no iteration 21: the run has 20"),
        ('metric = "train_loss"\nover = "epochs:3-6"\ntake = "min"\nabove = 0', "over: there is no epoch 6"),
        (
            'metric = "batch_loss"\nat = "epoch:1"\nabove = 0',
            "at: batch_loss is known after each iteration: write iteration:N",
        ),
        ('metric = "batch_loss"\nat = "initial"\nabove = 0', "at: batch_loss does not exist before the first iteration"),
        ('metric = "validation_loss"\nat = "iteration:1"\nabove = 0', "at: validation_loss is known after each epoch only"),
        (
            'metric = "train_loss"\nfalls = "update"',
            "falls: train_loss is known after each epoch only, unless training.evaluate",
        ),
        ('metric = "train_r2"\nat = "final"\nabove = 0', "metric: train_r2 does not exist for moons, which is classes"),
        ('metric = "position"\nat = "final"\nabove = 0', "metric: position does not exist for moons, which is a network"),
        ('metric = "train_loss"\nat = "restored"\nabove = 0', "at: nothing is restored without [training.early_stopping]"),
        ('metric = "weight"\nindex = 65\nat = "final"\nabove = 0', "index: 65: there are 65 parameters, counted from 0"),
        ('metric = "prediction"\ninput = [1]\nat = "final"\nabove = 0', "input: moons takes 2 numbers a row"),
        ('metric = "prediction"\nat = "final"\nabove = 0', "input: missing"),
        ('metric = "prediction"\ninput = [1, 2]\nat = "epoch:1"\nabove = 0', "at: of a prediction, one of initial, final"),
        ('metric = "train_loss"\ninput = [1, 2]\nat = "final"\nabove = 0', "input: means nothing for train_loss"),
        ('metric = "parameters"\nat = "final"\nabove = 0', "at: parameters is one number of the whole run"),
        ('metric = "train_loss"\nat = "final"\nabove = { run = "b" }', 'above.run: "b" is not one of a.'),
        ('metric = "train_loss"\nat = "final"\nabove = { at = "epoch:7" }', "above.at: there is no epoch 7"),
        ('metric = "train_loss"\nat = "final"\nplus = { at = "epoch:8" }\nabove = 1', "plus.at: there is no epoch 8"),
        ('metric = "train_loss"\nat = "final"\nplus = [1, 2]\nabove = 1', "plus: has 2 numbers and is added to 1"),
        ('metric = "train_loss"\nat = "final"\nequals = [1, 2]', "equals: has 2 numbers and is compared with 1"),
        ('stopped = "early_stopping"', "stopped: a run cannot end"),
        ('stopped = "out_of_memory"', "stopped: a run cannot end"),
        ("closed_form = 1e-9", "closed_form: moons has none"),
        ('metric = "train_loss"\nover = "epochs:1-2"\nsame_as = { run = "a" }', "same_as: compares a run with itself"),
        ('metric = "train_loss"\nat = "final"\nfalls = "epoch"', "at: means nothing for falls"),
        (
            'metric = "train_loss"\nfalls = "epoch"\nover = "iterations:1-3"',
            "over: is counted in epochs for falls",
        ),
        ('metric = "batch_loss"\nfalls = "update"\nover = "iterations:0-0"', "over: batch_loss does not exist before"),
        (
            'metric = "train_loss"\nover = "epochs:2-2"\ntake = "std"\nbelow = 1',
            "over: epochs:2-2 is one epoch, and std needs",
        ),
        (
            'metric = "train_loss"\nover = "last:0.1"\ntake = "range"\nbelow = 1',
            "over: last:0.1 is one epoch, and range needs",
        ),
        ('metric = "iterations"\ntake = "mean"\nabove = 0', "take: iterations is one number of the whole run"),
        (
            'metric = "train_loss"\nat = "final"\nbelow = { metric = "iterations", at = "final" }',
            "below.at: iterations is one",
        ),
        ('metric = "train_loss"\nat = "final"\naxis = 0\nabove = 0', "axis: means nothing for train_loss"),
        ('run = "\\u001b"\nmetric = "train_loss"\nat = "final"\nabove = 0', 'run: "\\u001b" is not one of a.'),
    ],
)
def test_a_check_that_names_nothing_real_is_told(text, says):
    found = problems_of(text)
    assert len(found) == 1 and says in found[0], found


def test_more_of_what_names_nothing_real():
    park, two = Run(surface=HillyPark()), [MOONS, replace(MOONS, name="b")]
    assert "has none" in problems_of("closed_form = 1e-9", park)[0]
    assert (
        "holds for sgd" in problems_of("closed_form = 1e-9", Run(surface=Valley(), training=Training(optimizer=Adam())))[0]
    )
    assert problems_of('metric = "train_loss"\nat = "final"\nabove = 0', *two) == ["run: missing: one of a, b"]
    assert (
        "without validation"
        in problems_of('metric = "gap"\nat = "final"\nabove = 0', Run(data=Moons(samples=9, validation=0)))[0]
    )
    assert problems_of('metric = "position"\naxis = 1\nat = "final"\nabove = 0', park) == [
        "axis: 1 is not an axis of hilly_park"
    ]
    claim = claim_of('metric = "train_loss"\nat = "epoch:9"\nabove = 0')
    assert [problem.key for problem in claim_problems([claim, claim], [MOONS])] == [
        "claim[1].check[1].at",
        "claim[2].check[1].at",
    ]


@pytest.mark.parametrize("text", ["epoch", "epoch:0", "epochs:1", "epoch:-1", "end", "iteration:", ""])
def test_points_that_do_not_exist(text):
    with pytest.raises(ValueError, match="is not one of initial, final"):
        parse_at(text)


@pytest.mark.parametrize("text", ["epochs:6-3", "epochs", "last:0", "last:2", "epoch:1-2", "iterations:-3"])
def test_stretches_that_do_not_exist(text):
    with pytest.raises(ValueError, match="is not such as"):
        parse_over(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('metric = "train_loss"\nat = "final"', "has no relation; exactly one of"),
        ('metric = "train_loss"\nat = "final"\nabove = 1\nbelow = 2', "has above and below; exactly one"),
        ('metric = "train_loss"\nat = "final"\nabove = 1\ntolerance = 2', "tolerance means nothing without equals"),
        ('metric = "train_loss"\nat = "final"\nbetween = [1]', "between takes two sides"),
        ('metric = "train_loss"\nat = "final"\nwithin_factor = 2', "within_factor needs of"),
        ('at = "final"\nabove = 1', "has no metric"),
        ('metric = "train_loss"\nstopped = "completed"', "stopped needs no metric"),
        ('metric = "train_loss"\nat = "final"\nover = "epochs:1-"\nabove = 1', "has both at and over"),
        ('metric = "train_loss"\nat = "finl"\nabove = 1', 'at = "finl" is not one of'),
        ('metric = "train_loss"\nat = "final"\nabove = { tims = 1 }', 'unknown key. Did you mean "times"?'),
        ('metric = "train_loss"\nat = "final"\nabove = "x"', '"x" is not a number, a list of numbers or a table'),
        ('metric = "train_loss"\nat = "final"\nbetween = [0, "x"]', '"x" is not a number, a list of numbers or a table'),
        (
            'metric = "train_loss"\nat = "final"\nbetween = [{ tims = 1 }, 2]',
            'between[1].tims   unknown key. Did you mean "times"',
        ),
        ('metric = "train_loss"\nat = "final"\nbetween = [2, 1]', "between = [2, 1]: the lower side comes first"),
        ('metric = "train_loss"\nat = []\nabove = 1', "at is an empty list"),
        ('metric = "train_loss"\nat = "final"\nequals = []', "equals is an empty list"),
        ('metric = "train_loss"\nat = "final"\nabove = -inf', "above = -inf is not a number that"),
        ('metric = "train_loss"\nat = "final"\nbetween = [nan, 1]', "between = nan is not a number that"),
        ('metric = "train_loss"\nat = "final"\nabove = { times = inf }', "times = inf is not a number that"),
        ('metric = "train_loss"\nat = "final"\ntimes = 0\nabove = 0', "times = 0 makes every metric 0"),
        ('metric = "train_loss"\nfalls = "epoch"\ntimes = -1', "times and plus mean nothing for falls"),
        (
            'metric = "train_loss"\nat = "final"\nabove = { take = "mean" }',
            'take = "mean" goes with over, and there is none',
        ),
        ('metric = "train_loss"\nat = "Final"\nabove = 1', 'Did you mean "final"?'),
    ],
)
def test_a_check_that_is_written_wrong_is_told(text, says):
    with pytest.raises(PresetError) as error:
        claim_of(text)
    assert says in str(error.value)


def test_a_claim_has_to_be_whole():
    head = 'title = "t"\n[surface]\nname = "valley"\n[[claim]]\n'
    check = '\n[[claim.check]]\nmetric = "train_loss"\nat = "final"\nabove = 0'
    for text, says in (
        ('says = "x"', "nothing could show that it is false"),
        ('says = " "' + check, "says is empty"),
        ('says = "x"\nlesson_says = "y"' + check, "go together"),
        ('says = "x"\nlesson_says = "y"\nsource = "z"\nverdict = "rigth"' + check, 'Did you mean "right"?'),
        ('says = "x"\nin_seeds = 0' + check, "is not a number, above 0 to 1"),
        (
            'says = "x"' + check.replace("[[claim.check]]", "[claim.check]"),
            "is written as [[claim.check]], in double brackets",
        ),
    ):
        with pytest.raises(PresetError) as error:
            parse_preset(head + text, "p", "p.toml")
        assert says in str(error.value), str(error.value)


def test_settings_that_take_away_what_a_claim_is_about_leave_it_unseen():
    text = (
        'title = "t"\n[data]\nname = "moons"\nsamples = 32\n[training]\nepochs = 5\n[[claim]]\nsays = "x"\n'
        '[[claim.check]]\nmetric = "train_loss"\nat = "epoch:4"\nbelow = 9'
    )
    preset = parse_preset(text, "p", "p.toml", [("training.epochs", [3])])
    seen = judge(preset.sheet.claim[0], [trained(preset.runs[0])])
    assert (seen.held, seen.saw) == (None, "cannot be seen with these settings: there is no epoch 4: the run has 3")
    with pytest.raises(PresetError, match=r"claim\[1\]\.check\[1\]\.at"):
        parse_preset(text.replace("epochs = 5", "epochs = 3"), "p", "p.toml", seed=4)


# in words


@pytest.mark.parametrize(
    ("text", "saw"),
    [
        ('metric = "train_loss"\nat = "final"\nabove = 0.4000001', "training loss: 0.4 is not at least 0.4000001"),
        ('metric = "train_loss"\nat = "final"\nbelow = 0.39999999', "training loss: 0.4 is not at most 0.39999999"),
        ('metric = "train_loss"\nat = "epoch:3"\nabove = { at = "final", times = 1.2501 }', None),
        ('metric = "train_loss"\nat = "final"\nequals = 0.4', "training loss: 0.4, exactly"),
        ('metric = "validation_accuracy"\nat = "final"\nabove = 0.25', "validation accuracy: 30 % is at least 25 %"),
        (
            'metric = "validation_accuracy"\nat = "final"\nabove = { at = "epoch:1", plus = -0.05 }',
            "validation accuracy: 30 % is at least 30 % (after epoch 1) - 5 points = 25 %",
        ),
        (
            'metric = "validation_loss"\nover = "last:0.5"\ntake = "share_rising"\nbelow = { over = "epochs:1-2" }',
            "validation loss, share of rises over the 2nd half: 100 % is not at most 0 % "
            "(share of rises over epochs 1 to 2)",
        ),
        (
            'metric = "train_loss"\nat = "final"\nbelow = '
            '{ at = "initial", times = 2, plus = { metric = "gap", at = "final", times = -3 } }',
            "training loss: 0.4 is at most 2 x 1 (before training) - 3 x 0.3 (gap) = 1.1",
        ),
        (
            'metric = "train_loss"\nat = ["epoch:1", "epoch:2", "final"]\nbelow = [0.9, 0.5, 0.9]',
            "training loss after epoch 1, after epoch 2, at the end, number 2 of 3: 0.6 is not at most 0.5",
        ),
    ],
)
def test_what_was_seen_in_words(text, saw):
    seen = outcome(text, told(FALLING, [1.0, 0.7, 0.5, 0.55, 0.6, 0.7], batch=[1.0, 2.0, 2.0, 4.0]))
    if saw is None:  # 0.5 and 1.2501 x 0.4 = 0.50004 must not look equal
        value, limit = seen.saw.split(" is not at least ")
        assert seen.held is False and value.rsplit(" ", 1)[1] != limit.rsplit(" ", 1)[1], seen.saw
    else:
        assert seen.saw == saw


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.98667, "0.987"),
        (2523688.0, "2,523,688"),
        (8408.77, "8,409"),
        (1.7e10, "1.7e10"),
        (1e-9, "1e-9"),
        (0.0, "0"),
        (-0.6, "-0.6"),
        (math.nan, "NaN"),
        (-math.inf, "-infinity"),
    ],
)
def test_a_number_is_written_as_a_person_would(value, text):
    assert number(value) == text


def test_an_accuracy_is_100_percent_only_where_it_is_all_of_them_and_one_point_is_one():
    assert number(1.0, " %") == "100 %"
    assert number(0.99996, " %") == "99.996 %"
    assert (number(0.01, " points"), number(-0.02, " points")) == ("1 point", "-2 points")


def test_how_a_run_ended_is_told_with_its_name_apart():
    runs = [told(FALLING, stopped="early_stopping", run=replace(MOONS, name=name)) for name in ("stopped", "b")]
    seen = outcome('run = "stopped"\nstopped = "diverged"', *runs)
    assert (seen.held, seen.saw) == (False, "stopped: stopped early after epoch 5, and not diverged")
    assert outcome('stopped = "diverged"', told(FALLING, stopped="diverged")).saw == "the run diverged after epoch 5"


def test_an_axis_an_index_and_an_input_go_over_to_the_same_metric_only_where_it_has_none_of_its_own():
    ravine = trained(Run(surface=Ravine(steps=2), training=Training(optimizer=SGD(learning_rate=0.01))))
    u, v = ravine.parameters
    at = 'metric = "position"\naxis = 1\nat = "final"\nequals = '
    assert outcome(at + '{ metric = "position" }', ravine).held is True
    assert outcome(at + "{ axis = 0 }", ravine).held is bool(u == v) is False
    assert outcome('metric = "position"\naxis = 0\nat = "final"\nbelow = { axis = 1 }', ravine).held is bool(u <= v)


def test_nothing_but_infinity_equals_infinity():
    trainer = told([1.0, math.inf])
    text = 'metric = "train_loss"\nat = "initial"\nequals = { at = "final" }\ntolerance = 0.5'
    assert outcome(text, trainer).held is False
    assert outcome(text.replace('"initial"', '"epoch:1"'), trainer).held is True
