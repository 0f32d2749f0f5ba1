"""The benchmarks are run by hand; here only that they still run, with counts too small to mean anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).parents[2]


def test_the_benchmark_prints_all_its_tables_without_the_peers_that_may_be_missing():
    command = "tests/benchmarks/engine_speed.py --rounds 1 --slice 0.0005 --long 500 --net 2-16-8-1 --dtype float32"
    done = subprocess.run(
        [sys.executable, *command.split(), "--without", "torch", "--without", "sklearn"],
        cwd=HOUSE,
        env=os.environ | {"PYTHONPATH": str(HOUSE)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert "torch: missing, sklearn: missing" in done.stdout
    assert re.search(r"ours / matmul floor .*\n-+\n2-16-8-1 +float32 +32 +\d+\.\d\d ", done.stdout)
    assert re.search(r"the whole step +\d+\.\d\n", done.stdout)
    assert re.search(r"async for / for\n-+\n2-16-8-1 +float32 +\d", done.stdout)
    assert "after 500 iterations" in done.stdout
    assert "16 seeds in one stack" in done.stdout
    assert str(HOUSE) not in done.stdout  # a table that is passed on names no folder of this machine
