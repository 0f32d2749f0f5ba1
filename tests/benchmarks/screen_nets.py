"""The engine benchmark's nets as presets for the lab, and how fast each trains without a screen.

The rows are written as a table (NPZ) beside the preset, so that the lab trains what anybody could give it.
"""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

import numpy as np
from nets import LEARNING_RATE, NETS, Net

from engine import Trainer, load_preset

#: A step over all its rows takes some tenths of a second: what keys have to be answered beside.
SLOW = Net((16, 64, 10), 50_000, 50_000)

WATCHED = NETS[:3]


def write_preset(folder: Path, net: Net) -> Path:
    """The net's table and preset in `folder`; the preset's file."""
    inputs, targets = net.rows("float64")
    name = net.label.replace(" ", "-")
    np.savez(folder / f"{name}.npz", X=inputs, y=targets)
    batch = '"full"' if net.batch == net.samples else net.batch
    file = folder / f"{name}.toml"
    file.write_text(
        f"""title = "{net.label}"
[data]
name = "file"
file = "{name}.npz"
target = "y"
task = "classes"
validation = 0
[network]
hidden = {list(net.sizes[1:-1])}
[training]
loss = "{"binary_cross_entropy" if net.sizes[-1] == 1 else "cross_entropy"}"
epochs = 100000
batch_size = {batch}
[training.optimizer]
name = "adam"
learning_rate = {LEARNING_RATE}
"""
    )
    return file


class Headless:
    """The preset's run without a screen, for as long as it is asked to go."""

    def __init__(self, file: Path) -> None:
        (run,) = load_preset(str(file)).runs
        self._steps = iter(Trainer(run))

    def rate(self, seconds: float) -> float:
        """Iterations a second of processor time and of the clock are the same here: nothing is waited for."""
        started = time.perf_counter()
        steps = 0
        while (passed := time.perf_counter() - started) < seconds:
            steps += sum(1 for _ in islice(self._steps, 16))
        return steps / passed
