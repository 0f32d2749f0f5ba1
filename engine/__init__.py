"""The training engine of descent: NumPy and the standard library, no screen.

`for metrics in Trainer(run)` trains; `async for metrics in stream(Trainer(run))` does so beside other tasks;
`load_preset("recipe").runs` are the runs of a preset file.
"""

from __future__ import annotations

import os
import sys

if "numpy" not in sys.modules:
    # With small matrices a second BLAS thread costs more than it brings, and results would depend on how many there are.
    for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(_variable, "1")

from engine.history import History
from engine.metrics import Changed, Diverged, EpochMetrics, Evaluation, IterationMetrics, Restored, Stopped
from engine.preset import Preset, load_preset
from engine.problems import PresetError
from engine.run import Run
from engine.stream import stream
from engine.trainer import Trainer

__all__ = [
    "Changed",
    "Diverged",
    "EpochMetrics",
    "Evaluation",
    "History",
    "IterationMetrics",
    "Preset",
    "PresetError",
    "Restored",
    "Run",
    "Stopped",
    "Trainer",
    "load_preset",
    "stream",
]
