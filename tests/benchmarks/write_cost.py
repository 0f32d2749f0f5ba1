"""What it costs to keep a run on disk: iterations a second of `descent run`, over those with `--no-keep`, in turns.

    .venv/bin/python tests/benchmarks/write_cost.py

Both trainers go on from round to round, so checkpoints, full histories and long files are in it. Printed are the medians of
the ratios of rounds, by the clock and by the processor time of all threads, and how large the files became.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from screen_nets import WATCHED, write_preset

from engine import IterationMetrics, Preset, load_preset
from engine.byte_sizes import written_size
from tui.console.keeping import Unkept, kept_from_now
from tui.console.unwatched import steps


def training(preset: Preset, keeper: Unkept) -> Iterator[IterationMetrics]:
    """The run as the command trains it."""
    trainer = keeper.trainer(preset.runs[0])
    return steps(trainer, lambda: False, keeper)


def rates(iterations: Iterator[IterationMetrics], seconds: float) -> tuple[float, float]:
    """Iterations a second of the clock, and of the processor, over so many seconds."""
    clock, processor, done = time.perf_counter(), time.process_time(), 0
    while (passed := time.perf_counter() - clock) < seconds:
        for _ in range(16):
            next(iterations)
        done += 16
    return done / passed, done / (time.process_time() - processor)


def main() -> None:
    """Measure every net, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=14)
    parser.add_argument("--seconds", type=float, default=1.5, help="of a turn")
    asked = parser.parse_args()
    print("net                  kept / not kept: clock (lowest-highest)   processor   on disk")
    for net in WATCHED:
        with tempfile.TemporaryDirectory() as folder:
            preset = load_preset(write_preset(Path(folder), net))
            kept = kept_from_now(preset, (), str(Path(folder) / "runs"), print)
            peers = training(preset, kept), training(preset, Unkept())
            ratios = []
            for turn in range(asked.rounds):
                order = (0, 1) if turn % 2 else (1, 0)
                found = {index: rates(peers[index], asked.seconds) for index in order}
                ratios.append([kept_rate / rate for kept_rate, rate in zip(found[0], found[1], strict=True)])
            kept.close()
            size = sum(file.stat().st_size for file in (Path(folder) / "runs").rglob("*") if file.is_file())
        clock, processor = zip(*ratios, strict=True)
        figures = f"{median(clock):.3f} ({min(clock):.3f}-{max(clock):.3f})".ljust(42)
        print(f"{net.label:<21}{figures}{median(processor):.3f}       {written_size(size)}", flush=True)


if __name__ == "__main__":
    main()
