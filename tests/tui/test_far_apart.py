"""Plots of runs that are far apart: one that explodes beside one that learns, one with many more epochs than the others."""

import numpy as np

from engine import Trainer, load_preset
from tui.plots.pictures import Picture, loss_picture


def picture(name: str, settings: list[tuple[str, list[object]]], log: bool) -> tuple[Picture, list[Trainer]]:
    """The loss of a preset's runs, each trained to its end."""
    trainers = [Trainer(run) for run in load_preset(name, settings).runs]
    for trainer in trainers:
        while not trainer.done:
            trainer.step()
    return loss_picture(trainers, 0, log), trainers


def test_a_run_that_explodes_is_cut_off_on_a_logarithmic_axis_too() -> None:
    shown, trainers = picture("lr-explodes-fix", [("training.epochs", [5])], log=True)
    initial = trainers[0].history.evaluations("train", "loss")[0, 1]
    highest = max(float(np.nanmax(one.y)) for one in shown.series)
    assert highest > 1e40  # without a cap the axis would have to reach this, and the others would lie flat
    assert shown.axes.y_cap == 1e4 * initial


def test_x_counts_epochs_where_only_the_batch_size_differs() -> None:
    shown, _ = picture("batch-8-32-128", [], log=False)
    assert shown.axes.x_high == 10.0


def test_x_counts_iterations_where_one_run_has_many_times_the_epochs_of_another() -> None:
    runs = load_preset("small-batch-generalisation").runs
    small, full = Trainer(runs[0]), Trainer(runs[-1])
    small.change("epochs", 150)  # the other has 3000, which is 20 times as many
    assert loss_picture([small, full], 0, log=True).axes.x_high == 250.0  # two epochs of the first, in iterations
    small.change("epochs", 151)
    assert loss_picture([small, full], 0, log=True).axes.x_high == 2.0  # in epochs
