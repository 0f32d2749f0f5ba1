"""What it costs to keep a run on disk: iterations a second of `descent run`, over those with `--no-keep`, in turns.

    .venv/bin/python tests/benchmarks/write_cost.py

It is one trainer, once with its writer and once without: of two trainers, alike to the last bit, one may be 4 % faster only
because of where its arrays lie. Writing down what came without the writer is not counted, waiting for the disk at the end of
a turn is, and checkpoints, due by the clock, come twice as often as they would. Printed are the medians of the ratios of
rounds, by the clock (and their middle half) and by the processor time of all threads, and how large the files became.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from screen_nets import WATCHED, write_preset

from engine import Preset, load_preset
from engine.byte_sizes import written_size
from tui.console.keeping import Kept, Unkept, kept_from_now
from tui.console.unwatched import UNKEPT, steps


class Turns:
    """A run as the command trains it, for so many seconds at a time, kept or not."""

    def __init__(self, preset: Preset, kept: Kept) -> None:
        self._kept = kept
        trainer = kept.trainer(preset.runs[0])
        self._steps = {keeper: steps(trainer, lambda: False, keeper) for keeper in (kept, UNKEPT)}

    def rates(self, keeper: Unkept, seconds: float) -> tuple[float, float]:
        """Iterations a second of the clock, and of the processor."""
        assert self._kept.writer is not None
        self._kept.writer.settle(checkpoint=False)
        iterations, done = self._steps[keeper], 0
        clock, processor = time.perf_counter(), time.process_time()
        while time.perf_counter() - clock < seconds:
            for _ in range(16):
                next(iterations)
            done += 16
        if keeper is self._kept:
            self._kept.writer.settle(checkpoint=False)
        return done / (time.perf_counter() - clock), done / (time.process_time() - processor)


def main() -> None:
    """Measure every net, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2.0, help="of a turn")
    asked = parser.parse_args()
    print("net                  kept / not kept: clock (middle half)   processor   on disk")
    for net in WATCHED:
        with tempfile.TemporaryDirectory() as folder:
            preset = load_preset(write_preset(Path(folder), net), [("training.epochs", [300_000])])
            kept = kept_from_now(preset, (), str(Path(folder) / "runs"), print)
            assert isinstance(kept, Kept)
            turns = Turns(preset, kept)
            turns.rates(UNKEPT, asked.seconds)  # the first steps are slower than those that follow
            ratios = []
            for turn in range(asked.rounds):
                order: tuple[Unkept, Unkept] = (kept, UNKEPT) if turn % 2 else (UNKEPT, kept)
                found = {keeper: turns.rates(keeper, asked.seconds) for keeper in order}
                ratios.append([with_it / without for with_it, without in zip(found[kept], found[UNKEPT], strict=True)])
            kept.close()
            size = sum(file.stat().st_size for file in (Path(folder) / "runs").rglob("*") if file.is_file())
        clock, processor = zip(*ratios, strict=True)
        ordered, quarter = sorted(clock), len(clock) // 4
        low, high = ordered[quarter], ordered[-1 - quarter]
        figures = f"{median(clock):.3f} ({low:.3f}-{high:.3f})".ljust(39)
        print(f"{net.label:<21}{figures}{median(processor):.3f}       {written_size(size)}", flush=True)


if __name__ == "__main__":
    main()
