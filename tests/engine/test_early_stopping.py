"""Early stopping: when it gives up, by losses made by hand and by real runs, and whose weights come back."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Evaluation, Run, Trainer
from engine.optimizers import Adam
from engine.points import Moons
from engine.real_tables import StudyHours
from engine.run import MisfitError, Training
from engine.stopping import EarlyStopping, Patience
from engine.surfaces import Valley


def watched(rule: EarlyStopping, figures: list[float]) -> tuple[int | None, Patience]:
    """The epoch after which `rule` gives up, seeing these figures one an epoch; None where it never does."""
    patience = Patience()
    part, _, name = rule.monitor.partition("_")
    other = Evaluation(1.0, accuracy=0.5)
    for epoch, figure in enumerate(figures, 1):
        seen = Evaluation(figure if name == "loss" else 1.0, accuracy=figure if name == "accuracy" else 0.5)
        sets = (seen, other) if part == "train" else (other, seen)
        if patience.observe(rule, epoch, *sets, np.array([float(epoch)])):
            return epoch, patience
    return None, patience


NAN = math.nan


@pytest.mark.parametrize(
    ("rule", "figures", "ends", "best"),
    [
        # patience 1: the first epoch that is no better is the last one, as in Keras (waited >= patience)
        ({"patience": 1}, [3, 2, 2], 3, 2),
        ({"patience": 1}, [3, 2, 1], None, 3),
        ({"patience": 2}, [3, 4, 2, 4, 4], 5, 3),
        ({"patience": 3}, [3, 4, 4, 2, 4, 4], None, 4),
        # as good is not better, and better by min_delta is not more than min_delta
        ({"patience": 2, "min_delta": 0.5}, [3, 2.5, 2.75], 3, 1),
        ({"patience": 2, "min_delta": 0.5}, [3, 2.75, 2.25, 2.25], None, 3),
        ({"patience": 2, "min_delta": 0.5}, [3, 2.75, 2.5, 2.25], 3, 1),
        # accuracy: more is better
        ({"monitor": "validation_accuracy", "patience": 1}, [0.5, 0.75, 0.75], 3, 2),
        ({"monitor": "train_accuracy", "patience": 2, "min_delta": 0.25}, [0.5, 0.75, 0.625], 3, 1),
        ({"monitor": "train_loss", "patience": 2}, [1, 2, 3], 3, 1),
        # NaN never is an improvement, nor is infinity
        ({"patience": 2}, [NAN, NAN], 2, 0),
        ({"patience": 2}, [NAN, 5, NAN, NAN], 4, 2),
        ({"patience": 2}, [math.inf, math.inf], 2, 0),
        ({"patience": 2, "min_delta": 1.0}, [math.inf, 5, 4.5, 4.5], 4, 2),
        ({"patience": 2}, [3, NAN, 2, NAN, 1], None, 5),
    ],
)
def test_losses_made_by_hand(rule, figures, ends, best):
    found, patience = watched(EarlyStopping(**rule), figures)
    assert found == ends
    assert patience.epoch == best
    assert (None if patience.weights is None else patience.weights.tolist()) == ([best] if best else None)


@given(
    figures=st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, NAN]), min_size=1, max_size=12),
    patience=st.integers(1, 4),
    min_delta=st.sampled_from([0.0, 0.5]),
)
def test_it_is_the_rule_of_keras(figures, patience, min_delta):
    """keras.callbacks.EarlyStopping in mode "min", written out (with its wait reset by every improvement)."""
    best, wait, ends = math.inf, 0, None
    for epoch, figure in enumerate(figures, 1):
        wait += 1
        if figure < best - min_delta:
            best, wait = figure, 0
        if wait >= patience and ends is None:
            ends = epoch
    assert watched(EarlyStopping(patience=patience, min_delta=min_delta), figures)[0] == ends


# Real runs ------------------------------------------------------------------------------------------------------------


def run(epochs=40, rate=0.3, **rule) -> Run:
    """Few noisy points and a high rate: the validation loss soon has its best behind it."""
    training = Training(epochs=epochs, batch_size=8, optimizer=Adam(learning_rate=rate))
    rule = None if rule.get("none") else EarlyStopping(**rule)
    return Run(data=Moons(samples=40, validation=40, noise=0.4), training=replace(training, early_stopping=rule), seed=1)


def trained(run: Run) -> Trainer:
    trainer = Trainer(run)
    list(trainer)
    return trainer


def test_a_run_ends_patience_epochs_after_its_best_and_has_its_weights():
    without, trainer = Trainer(run(none=True)), trained(run(patience=5))
    losses = [entry.validation.loss for entry in trainer.history.epochs]
    best = int(np.argmin(losses)) + 1
    stopped = trainer.history.stopped
    assert (stopped.reason, stopped.epoch) == ("early_stopping", best + 5)
    assert len(losses) == best + 5 < 40
    for _ in range(5 * best):
        without.step()
    assert trainer.parameters.tobytes() == without.parameters.tobytes()
    restored, end = trainer.history.restored, trainer.history.epochs[best - 1]
    assert (restored.epoch, restored.train, restored.validation) == (best, end.train, end.validation)
    assert trainer.objective.evaluate() == (end.train, end.validation)
    assert trainer.done
    with pytest.raises(RuntimeError, match="over"):
        trainer.step()


def test_without_restore_best_the_last_weights_stay():
    trainer, without = trained(run(patience=5, restore_best=False)), Trainer(run(none=True))
    for _ in range(trainer.iteration):
        without.step()
    assert trainer.history.stopped.reason == "early_stopping"
    assert trainer.history.restored is None
    assert trainer.parameters.tobytes() == without.parameters.tobytes()


def test_until_it_ends_early_stopping_changes_no_number():
    trainer, without = trained(run(patience=5)), trained(run(none=True))
    count = len(trainer.history)
    assert 0 < count < len(without.history)
    assert list(trainer.history) == list(without.history)[:count]


def test_a_run_that_trains_all_its_epochs_gets_its_best_weights_back_too():
    trainer = trained(run(epochs=15, patience=1000))
    losses = [entry.validation.loss for entry in trainer.history.epochs]
    best = int(np.argmin(losses)) + 1
    assert best < 15  # or nothing would be put back
    assert trainer.history.stopped.reason == "completed"
    assert trainer.history.restored.epoch == best
    assert trainer.objective.evaluate()[1] == trainer.history.epochs[best - 1].validation


def test_more_epochs_after_completion_go_on_from_the_last_weights_and_not_from_the_best():
    trainer, longer = trained(run(epochs=15, patience=1000)), trained(run(epochs=25, patience=1000))
    trainer.change("epochs", 25)
    assert trainer.history.restored is None
    list(trainer)
    assert list(trainer.history) == list(longer.history)
    assert trainer.parameters.tobytes() == longer.parameters.tobytes()
    assert trainer.history.restored == longer.history.restored
    assert trainer.history.stopped == longer.history.stopped


def test_more_epochs_do_not_wake_a_run_that_stopped_early():
    trainer = trained(run(patience=5))
    weights = trainer.parameters.tobytes()
    trainer.change("epochs", 100)
    assert trainer.done
    assert trainer.parameters.tobytes() == weights
    assert trainer.history.restored is not None


def test_its_last_epoch_may_be_the_one_in_which_it_gives_up():
    best = trained(run(patience=5)).history.restored.epoch
    trainer = trained(run(patience=5, epochs=best + 5))
    assert trainer.history.stopped.reason == "early_stopping"
    assert trainer.history.restored.epoch == best


def test_a_surface_can_be_watched_by_its_training_loss():
    training = Training(optimizer=Adam(learning_rate=2.0), early_stopping=EarlyStopping(monitor="train_loss", patience=3))
    trainer = trained(Run(surface=Valley(), training=training))
    heights = [entry.train.loss for entry in trainer.history.epochs]
    best = int(np.argmin(heights)) + 1
    assert trainer.history.stopped.epoch == best + 3
    assert trainer.objective.train_loss() == min(heights)


def test_a_run_that_is_nan_from_the_start_is_given_up_with_nothing_to_put_back():
    trainer = Trainer(run(patience=3))
    trainer.parameters[...] = np.nan
    list(trainer)
    assert (trainer.history.stopped.reason, trainer.history.stopped.epoch) == ("early_stopping", 3)
    assert trainer.history.restored is None
    assert trainer.history.diverged is not None


@pytest.mark.parametrize(
    ("data", "monitor", "words"),
    [
        (Moons(validation=0), "validation_loss", 'needs validation samples and there are none; "train_loss" does not'),
        (Moons(validation=0), "validation_accuracy", '"train_accuracy" does not'),
        (StudyHours(), "validation_accuracy", 'study_hours, which is regression; "validation_loss" does'),
        (StudyHours(), "train_accuracy", '"train_loss" does'),
    ],
)
def test_what_does_not_exist_cannot_be_watched(data, monitor, words):
    with pytest.raises(MisfitError) as refused:
        Run(data=data, training=Training(early_stopping=EarlyStopping(monitor=monitor)))
    assert refused.value.key == "training.early_stopping.monitor"
    assert refused.value.value == monitor
    assert words in refused.value.message
    other = monitor.replace("validation", "train").replace("accuracy", "loss")
    Run(data=data, training=Training(early_stopping=EarlyStopping(monitor=other)))
