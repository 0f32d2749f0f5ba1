"""How fast the engine is, and how fast others are, in one table: `python tests/benchmarks/engine_speed.py`.

Everything is measured in turns within one run, on one BLAS thread, so that ratios hold on a busy machine too. It judges
nothing and never fails because something is slow. `--quick` is a look in passing; the default takes some minutes.
"""

from __future__ import annotations

import os

# before NumPy is imported, and whatever the shell says
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", VECLIB_MAXIMUM_THREADS="1")

import argparse

from components import component_tables
from facts import machine
from nets import NETS
from other_claims import dealt_out, long_run, stacked, streaming
from steps import OTHERS, others, step_tables
from timing import CLOCKS, Effort

SECTIONS = ("steps", "parts", "stream", "long", "stacked")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short slices, 9 rounds, a long run of 20000 iterations")
    parser.add_argument("--net", action="append", choices=[net.label for net in NETS], help="only this net; may be repeated")
    parser.add_argument("--dtype", action="append", choices=("float64", "float32"), help="only this dtype")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="only this part (may be repeated)")
    parser.add_argument("--without", action="append", choices=list(OTHERS), default=[], help="leave this peer out")
    parser.add_argument("--rounds", type=int, help="rounds, each of one slice of every peer (default 11, quick 9)")
    parser.add_argument("--slice", type=float, help="seconds of a slice, about (default 0.1, quick 0.02)")
    parser.add_argument("--long", type=int, help="iterations of the long run (default 1000000)")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="time passed, or used by the processor")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    rounds, seconds, iterations = (9, 0.02, 20_000) if given.quick else (11, 0.1, 1_000_000)
    effort = Effort(given.rounds or rounds, given.slice or seconds, CLOCKS[given.clock])
    nets = [net for net in NETS if given.net is None or net.label in given.net]
    dtypes = given.dtype or ["float64", "float32"]
    wanted = given.only or SECTIONS
    makers, said, missing = others(given.without)
    print("descent: how fast the engine is\n")
    facts = dict(machine())
    facts["peers"] = ", ".join([*said, *(f"{name}: missing" for name in missing)])
    facts["measured"] = f"{effort.rounds} rounds of slices of about {effort.slice_seconds:g} s, {given.clock} clock"
    for name, value in facts.items():
        print(f"{name:<10} {value}")
    print(flush=True)
    if "steps" in wanted:
        print(step_tables(nets, dtypes, makers, effort), flush=True)
    if "parts" in wanted:
        print(component_tables([net for net in nets if net.batch < net.samples], dtypes, effort), flush=True)
    if "stream" in wanted:
        print(streaming(dtypes[0], effort), flush=True)
    if "long" in wanted:
        print(long_run(dtypes[0], given.long or iterations, effort), flush=True)
    if "stacked" in wanted:
        print(stacked(dtypes[0], effort), flush=True)
        print(dealt_out(dtypes[0], effort), flush=True)


if __name__ == "__main__":
    main()
