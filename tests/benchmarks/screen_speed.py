"""How light the screen is, measured from the terminal's side: `python tests/benchmarks/screen_speed.py`.

Keys' answers, bytes and processor time, the training that is left beside the screen, the start, and memory; each with its
ratio to the same app idle, to training without a screen, or to bare Python, taken in one run. It judges nothing and never
fails because something is slow. Another Textual app is measured with its command after `--`:

    python tests/benchmarks/screen_speed.py --ready 'text of the first screen' --start ' ' --working RUNNING \\
        --key '\\t=a pattern that the screen shows after Tab' --key '\\x1b[Z=and after shift+Tab' -- my-app --its options
"""

from __future__ import annotations

import os

# before NumPy is imported, and whatever the shell says
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", VECLIB_MAXIMUM_THREADS="1")

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from facts import machine
from screen_tables import answer_table, memory_table, pane_tables, start_table, traffic_table, training_table
from watched import Subject

SECTIONS = ("answers", "traffic", "panes", "training", "start", "memory")
BARE = [sys.executable, "-c", "pass"]
LAB = [sys.executable, "-m", "tui"]
FOR_EVER = ["--pace", "max", "--set", "training.epochs=1000000"]

#: What each key does is plain to see: another pane, another setting, another rate.
KEYS = (
    (b"\t", "━ Progress"),
    (b".", r"0\.001 → 0\.002|0\.002 ~"),
    (b"\x1b[Z", "━ Settings"),
    (b",", r"0\.002 → 0\.001|0\.001 ~"),
    (b"\x1b[B", r"(?m)^> batch_size"),
    (b"\x1b[A", r"(?m)^> learning_rate"),
)


def size(text: str) -> tuple[int, int]:
    columns, _, lines = text.partition("x")
    return int(columns), int(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", action="append", type=size, help="COLUMNSxLINES (default 80x24 and 200x50)")
    parser.add_argument("--keys", type=int, default=300, help="keys for each figure (default 300)")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds for each figure of traffic (default 10)")
    parser.add_argument("--minutes", type=float, default=12.0, help="that memory is watched for, after the first")
    parser.add_argument("--rounds", type=int, default=5, help="of training with and without a screen (default 5)")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="only this part (may be repeated)")
    parser.add_argument("--ready", default="READY", help="what the app shows when it is ready (a pattern)")
    parser.add_argument("--start", default=" ", help="keys that set it to work")
    parser.add_argument("--working", default="RUNNING", help="what it shows then (a pattern)")
    parser.add_argument("--key", action="append", help="KEY=PATTERN: a key, and what the screen shows after it, not before")
    parser.add_argument("command", nargs="*", help="another app, after --")
    return parser.parse_args()


def typed(text: str) -> bytes:
    """Keys as they are written in a shell: \\t, \\x1b and so on stand for what they are in Python."""
    return text.encode().decode("unicode_escape").encode()


def subjects(given: argparse.Namespace, folder: Path) -> tuple[Subject, Subject | None]:
    """What is measured, and the same with a step that takes long (descent alone)."""
    start, own = typed(given.start), {"DESCENT_HOME": str(folder / "home")}
    if given.command:
        keys = [(typed(key), pattern) for key, _, pattern in (text.partition("=") for text in given.key or [])]
        return Subject(given.command, given.ready, start, given.working, keys), None
    from screen_nets import SLOW, write_preset

    slow = [*LAB, str(write_preset(folder, SLOW)), *FOR_EVER]
    return (
        Subject([*LAB, "recipe", *FOR_EVER], given.ready, start, given.working, KEYS, own),
        Subject(slow, given.ready, start, given.working, KEYS, own),
    )


def main() -> None:
    given = arguments()
    sizes = given.size or [(80, 24), (200, 50)]
    wanted = given.only or SECTIONS
    for name, value in dict(machine()).items():
        print(f"{name:<10} {value}")
    print(flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subject, slow = subjects(given, folder)
        parts: dict[str, Callable[[], str]] = {
            "answers": lambda: answer_table(subject, slow, sizes, given.keys),
            "traffic": lambda: traffic_table(subject, sizes, given.seconds, () if given.command else ("--slow-link",)),
            "memory": lambda: memory_table(subject, sizes[0], 60.0 * given.minutes),
        }
        if not given.command:
            own = subject.environment
            parts["panes"] = lambda: pane_tables(subject, sizes, given.seconds)
            parts["training"] = lambda: training_table(LAB, own, folder, sizes, given.rounds, given.seconds / 3)
            parts["start"] = lambda: start_table(LAB, BARE, subject, sizes[0], 2 * given.rounds)
        for part in SECTIONS:
            if part in wanted and part in parts:
                print(parts[part](), flush=True)


if __name__ == "__main__":
    main()
