"""Whoever kills the program that trains leaves no process behind that trains on for nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

ENDLESS = """
from dataclasses import replace
from engine import jobs, processes
from engine.datasets import DATASETS
from engine.run import Run, Training

def main():
    run = Run(data=DATASETS["moons"](samples=40, validation=20), training=Training(epochs=1_000_000))
    runs = [replace(run, seed=seed) for seed in range(2)]
    print("begun", flush=True)
    {how}

if __name__ == "__main__":
    main()
"""


def children_of(process: int) -> list[int]:
    """Processes below this one, from /proc."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == process:
                found.append(int(entry))
    return found


def still_there(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    "how", ["processes.train_all(runs, processes=2)", "list(jobs.train_jobs([(one,) for one in runs], processes=2))"]
)
def test_killed_it_takes_its_processes_along(tmp_path, how):
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS.replace("{how}", how))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == "begun\n"
    deadline = time.monotonic() + 30
    expected = 2 if "jobs." in how else 1
    children: list[int] = []
    while len(children) < expected + 1 and time.monotonic() < deadline:  # and multiprocessing's own tracker
        children = children_of(parent.pid)
        time.sleep(0.05)
    assert len(children) >= expected + 1
    time.sleep(1.0)  # they train by now
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    while any(map(still_there, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [child for child in children if still_there(child)]
    for child in left:
        os.kill(child, signal.SIGKILL)
    assert left == []
