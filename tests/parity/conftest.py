"""PyTorch as a referee: skipped where it is missing, and one table of how far we are from it at the end of the run.

`pip install -e '.[parity]'`, then `pytest tests/parity -n 0`. Where the environment says DESCENT_PARITY=required, as
`.ci/run` does, a missing PyTorch is an error and not a skip.
"""

from __future__ import annotations

import importlib.util
import math
import os
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

MISSING = "needs PyTorch: pip install -e '.[parity]'"
TOLERANCE = 1e-9
KINDS = ("optimizer", "schedule", "loss", "activation", "besides")


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """PyTorch on one thread, imported with the first test that asks for it and never while tests are collected."""
    if importlib.util.find_spec("torch") is None:
        if os.environ.get("DESCENT_PARITY") == "required":
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
    torch.set_num_threads(1)
    return torch


@pytest.fixture(scope="session")
def referee(torch: ModuleType) -> ModuleType:
    """`referee.py` beside this file, which imports torch."""
    spec = importlib.util.spec_from_file_location("parity_referee", Path(__file__).with_name("referee.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def agree(torch, record_property):
    """agree(ours, theirs, optimizer="adam", ...): |a - b| <= 1e-9 x max(1, |b|) everywhere, and a line of the table."""

    def check(ours, theirs, tolerance=TOLERANCE, **names):
        ours, theirs = (np.asarray(values, np.float64).ravel() for values in (ours, theirs))
        assert ours.shape == theirs.shape
        error = float(np.max(np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))))
        assert set(names) <= set(KINDS)
        record_property("parity", [[kind, name, error] for kind, name in names.items()])
        assert error <= tolerance  # so that NaN is none

    return check


def pytest_terminal_summary(terminalreporter) -> None:
    found: dict[tuple[str, str], list[float]] = {}
    for report in (report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)):
        for key, entries in report.user_properties if report.when == "call" else ():
            for kind, name, error in entries if key == "parity" else ():
                found.setdefault((kind, name), []).append(math.inf if math.isnan(error) else error)
    if not found:
        return
    terminalreporter.section(f"PyTorch parity, torch {version('torch')}")
    terminalreporter.line("the largest |a - b| / max(1, |b|) of all losses and parameters, and in how many comparisons;")
    terminalreporter.line(f"allowed is {TOLERANCE:.0e}")
    for kind in KINDS:
        for (of, name), errors in sorted(found.items()):
            if of == kind:
                terminalreporter.line(f"{kind:<12}{name:<34}{max(errors):8.1e}{len(errors):6}")
