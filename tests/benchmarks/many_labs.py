"""Many labs at once on one machine: each trains as fast as it goes in a terminal of its own, and is asked for a sheet at
times. Prints how long each took to answer, so that a machine shared by a class is known.

    .venv/bin/python tests/benchmarks/many_labs.py --labs 20
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import threading
import time

from pseudo_terminal import PseudoTerminal, UnansweredError

COMMAND = (sys.executable, "-m", "tui", "recipe", "--pace", "max", "--set", "training.epochs=900000")


def visit(
    index: int, home: str, keys: int, begin: threading.Barrier, took: list[list[float]], unanswered: list[int]
) -> None:
    """One lab: start it, train, open and close the sheet of views so many times."""
    chance = random.Random(index)
    environment = {"DESCENT_HOME": os.path.join(home, str(index)), "OMP_NUM_THREADS": "1"}
    with PseudoTerminal(COMMAND, 80, 24, environment) as lab:
        lab.until(lambda: b"READY" in lab.written, 120.0)
        lab.press(b" ")
        begin.wait()
        for _ in range(keys):
            lab.listen(chance.uniform(0.5, 2.0))
            before, pressed = len(lab.written), time.perf_counter()
            lab.press(b"v")
            try:
                lab.until(lambda start=before: b"Boundary" in lab.written[start:] or b"boundary" in lab.written[start:])
            except UnansweredError:
                unanswered.append(index)
                continue
            took[index].append(lab.came[-1][0] - pressed)
            lab.press(b"\x1b")
            lab.listen(0.8)
        begin.wait()


def main() -> None:
    """Start them, ask them, say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labs", type=int, default=20)
    parser.add_argument("--keys", type=int, default=8, help="of each lab")
    asked = parser.parse_args()
    took: list[list[float]] = [[] for _ in range(asked.labs)]
    unanswered: list[int] = []
    begin = threading.Barrier(asked.labs)
    with tempfile.TemporaryDirectory() as home:
        given = (home, asked.keys, begin, took, unanswered)
        visitors = [threading.Thread(target=visit, args=(index, *given)) for index in range(asked.labs)]
        for each in visitors:
            each.start()
        for each in visitors:
            each.join()
    all_of_them = sorted(1000.0 * seconds for one in took for seconds in one)
    medians = [1000.0 * statistics.median(one) for one in took if one]
    print(f"{asked.labs} labs on {os.cpu_count()} cores: {len(all_of_them)} keys answered, {len(unanswered)} not")
    if all_of_them:
        worst = all_of_them[-1]
        print(f"key to sheet: median {statistics.median(all_of_them):.0f} ms, worst {worst:.0f} ms;", end=" ")
        print(f"the slowest lab's median {max(medians):.0f} ms")


if __name__ == "__main__":
    main()
