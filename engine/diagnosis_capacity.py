"""What to try where the training loss itself stays high: a hindrance out of the way, longer steps or more units.

A high training loss wants fewer hindrances or a bigger network, one that lies low under the validation loss does not (Ng
2018, Machine Learning Yearning, 20-25). None of these goes on for ever: a hindrance is set to what is usual in one go, steps
grow up to what is usual, and units until there are as many numbers as samples.
"""

from __future__ import annotations

import math
from typing import Any

from engine.course import Course
from engine.diagnosis_figures import counted
from engine.diagnosis_signs import RATE, too_narrow, unscaled
from engine.verdict import Suggestion

#: The most that is usual. Dropout: Srivastava et al. 2014. Weight decay: Loshchilov and Hutter 2019, and AdamW in PyTorch.
USUAL = {"network.dropout": 0.5, "training.optimizer.weight_decay": 0.01, "training.l1": 0.01, "training.l2": 0.01}
DEEP = 3  # hidden layers
FEW_UNITS = 8  # in a layer: fewer are not doubled one by one


def hindrance(course: Course) -> Suggestion | None:
    """The setting, if one stands out, that keeps a network from learning, and what is usual in its place."""
    run = course.run
    network = run.network
    if unscaled(course):
        return Suggestion("data.standardize", True, "columns of one scale: a large one drowns the others")
    if network.hidden and network.initializer == "zeros":
        # Goodfellow et al. 2016, Deep Learning, 8.4: nothing breaks the symmetry
        drawn = "he_normal" if "relu" in network.activation else "glorot_uniform"
        return Suggestion("network.initializer", drawn, "units that begin alike stay alike")
    if network.activation == "sigmoid" and len(network.hidden) >= DEEP:
        # its slope is 1/4 at most; Glorot and Bengio 2010
        layers = counted(len(network.hidden), "layer")
        return Suggestion("network.activation", "relu", f"{layers} of sigmoid let next to no gradient through")
    values = {
        "network.dropout": network.dropout,
        "training.optimizer.weight_decay": run.training.optimizer.weight_decay,
        "training.l1": run.training.l1,
        "training.l2": run.training.l2,
    }
    for key, usual in USUAL.items():
        if values[key] > usual:
            return Suggestion(key, usual, f"more than {usual:g} is unusual, and the training loss itself stays high")
    return None


def steps_are_short(course: Course) -> bool:
    """Whether classes are learned with steps so far below the usual that ten times as long ones are safe.

    The slope of a cross-entropy is never steeper than its inputs are large; that of a squared error grows with the targets,
    so that nothing like it can be said there.
    """
    return bool(course.run.facts.classes) and not course.stepped and 10.0 * course.base_rate <= course.usual_rate


def longer_steps(course: Course, reason: str) -> Suggestion:
    """Ten times the rate."""
    return Suggestion(RATE, float(f"{10.0 * course.base_rate:.1g}"), reason)


def wider(course: Course) -> tuple[Suggestion | None, str]:
    """More units, or why not: a network with as many numbers as samples could learn each by heart, it does not lack size."""
    hidden, numbers, samples = course.run.network.hidden, course.run.parameters, course.run.facts.samples
    if too_narrow(course):
        classes = course.run.facts.classes or 1
        enough = 2 ** math.ceil(math.log2(classes))
        reason = f"{counted(min(hidden), 'unit')} cannot give {classes} classes a pattern each"
        return Suggestion("network.hidden", [max(units, enough) for units in hidden], reason), ""
    if numbers >= samples:
        return None, f"it has {numbers:,} numbers for {samples:,} samples, so that size is not what it lacks"
    more: list[Any] = [max(2 * units, FEW_UNITS) for units in hidden] or [2 * FEW_UNITS]
    reason = "more units may bend more" if hidden else "a hidden layer may bend what a straight cut cannot"
    return Suggestion("network.hidden", more, reason), ""
