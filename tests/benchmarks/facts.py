"""What a table of times means nothing without: processor, Python, NumPy, BLAS, peers and the load of the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def machine() -> Iterator[tuple[str, str]]:
    """(what, figure), without any path of the machine."""
    yield "processor", f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    yield "Python", platform.python_version()
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    threads = {os.environ.get(name, "not set") for name in THREADS}
    yield "NumPy", f"{np.__version__}, BLAS {blas['name']} {blas['version']}, threads: {', '.join(sorted(threads))}"
    if hasattr(os, "getloadavg"):
        yield "load", f"{os.getloadavg()[0]:.1f} runnable tasks in the last minute, before this run"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
