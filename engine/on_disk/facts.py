"""What the numbers of a run depend on beside its settings: versions, the machine, and how many threads multiply matrices.

They are written down with every run. Where one that is trained again comes to other numbers, what differs here is why.
"""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from pathlib import Path

import numpy as np

ENGINE = Path(__file__).parents[1]
CPU = Path("/proc/cpuinfo")  # of Linux; elsewhere Python's own word for the processor has to do
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@cache
def facts() -> dict[str, str]:
    """The facts of here and now by their names, in the order in which they are told."""
    return {
        "descent": installed("descent-tui") or "unknown",
        "engine": _fingerprint(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": np.__version__,
        "blas": _blas(),
        "threads": next((os.environ[name] for name in THREADS if os.environ.get(name)), "not said"),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": _processor(),
    }


def differing(there: dict[str, str]) -> list[str]:
    """What differs between the facts of a run and those of here, a line each; what is not known of it is left out."""
    here = facts()
    return [f"{name}: {there[name]} there, {here[name]} here" for name in here if there.get(name, here[name]) != here[name]]


def installed(package: str) -> str:
    """The version of a package; empty where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _fingerprint() -> str:
    """Of the engine's own source: two versions of it may train differently without a new number."""
    found = hashlib.sha256()
    for file in sorted(ENGINE.rglob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()[:12]


def _blas() -> str:
    try:
        told = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{told['name']} {told['version']}"
    except (KeyError, TypeError):
        return "unknown"


def _processor() -> str:
    try:
        lines = CPU.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"
