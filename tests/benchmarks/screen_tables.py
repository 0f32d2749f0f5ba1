"""The tables of `screen_speed.py`: each measures what it shows, in turns where two things are compared."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from pseudo_terminal import PseudoTerminal
from screen_nets import WATCHED, Headless, write_preset
from tables import table
from watched import Subject, answers, by_place, growth, traffic

Size = tuple[int, int]


def named(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def answer_table(subject: Subject, slow: Subject | None, sizes: Sequence[Size], keys: int) -> str:
    """From a key to the changed screen."""
    rows = []
    for size in sizes:
        with subject.open(*size) as terminal:
            idle = answers(terminal, subject.keys, keys)
            rows.append([named(size), "idle", str(idle), None, None])
            if subject.start:
                subject.work(terminal)
                terminal.listen(1.0)
                rows.append([named(size), "working", *_beside(answers(terminal, subject.keys, keys), idle)])
        if slow is not None:
            with slow.open(*size) as terminal:
                slow.work(terminal)
                terminal.listen(1.0)
                rows.append([named(size), "long steps", *_beside(answers(terminal, slow.keys, keys), idle)])
    return table(
        f"key to changed screen, {keys} keys each: median / 99th percentile / worst, ms",
        ["screen", "app", "ms", "median / idle's", "99th / idle's"],
        rows,
    )


def _beside(here, idle) -> list[object]:
    return [str(here), round(here.middle / idle.middle, 2), round(here.percentile(0.99) / idle.percentile(0.99), 2)]


def traffic_table(subject: Subject, sizes: Sequence[Size], seconds: float, lean: Sequence[str]) -> str:
    """What is written and taken a second, at work and paused, also with options that make it less."""
    rows = []
    for size in sizes:
        for name, more in (("usual", ()), *(((" ".join(lean), lean),) if lean else ())):
            with subject.open(*size, more) as terminal:
                subject.work(terminal)
                terminal.listen(2.0)
                busy = traffic(terminal, seconds)
                terminal.press(subject.start)
                terminal.quiet(1.0)
                still = traffic(terminal, max(1.0, seconds / 4))
            each = busy.bytes / busy.frames if busy.frames else None
            rows.append([named(size), name, busy.rate, busy.frames / busy.seconds, each, still.bytes, f"{still.share:.2f}"])
    names = ["screen", "options", "KB/s", "frames/s", "bytes/frame", "bytes when paused", "of a core when paused"]
    return table(f"written at work, for {seconds:g} s", names, rows)


def pane_tables(subject: Subject, sizes: Sequence[Size], seconds: float) -> str:
    """What each pane of the lab writes."""
    from screen_panes import regions

    tables = []
    for size in sizes:
        with subject.open(*size) as terminal:
            subject.work(terminal)
            terminal.listen(2.0)
            data = terminal.listen(seconds)
        counts = sorted(by_place(data, regions(*size)).items(), key=lambda pair: -pair[1])
        rows = [
            [name, count / seconds / 1000.0, f"{100 * count / max(1, len(data)):.0f} %"] for name, count in counts if count
        ]
        tables.append(table(f"written by each pane at {named(size)}", ["pane", "KB/s", "of all"], rows))
    return "\n".join(tables)


def training_table(
    lab: Sequence[str],
    environment: Mapping[str, str | None],
    folder: Path,
    sizes: Sequence[Size],
    rounds: int,
    seconds: float,
) -> str:
    """Iterations a second with the screen over those without, and what of the processor the screen takes."""
    rows = []
    for net in WATCHED:
        file = write_preset(folder, net)
        for size in sizes:
            bare = Headless(file)
            ratios, shares = [], []
            bare.rate(0.3)
            with PseudoTerminal([*lab, str(file), "--pace", "max"], *size, environment) as terminal:
                terminal.shows("READY")
                terminal.quiet()
                for _ in range(rounds):
                    spent = time.process_time()
                    alone = bare.rate(seconds)
                    each = (time.process_time() - spent) / (alone * seconds)
                    steps, took, spent = watched_steps(terminal, seconds)
                    ratios.append(steps / took / alone)
                    shares.append((spent - steps * each) / took)
            rows.append([net.label, named(size), *_spread(ratios), f"{100 * median(shares):.0f} %"])
    names = ["net", "screen", "with / without a screen", "(worst, best)", "screen's share of a core"]
    return table(f"training at full pace, {rounds} rounds of {seconds:.1f} s in turns", names, rows)


def _spread(ratios: Sequence[float]) -> list[str]:
    return [f"{median(ratios):.2f}", f"({min(ratios):.2f}, {max(ratios):.2f})"]


def watched_steps(terminal: PseudoTerminal, seconds: float) -> tuple[int, float, float]:
    """Iterations that the lab makes between two presses of space, seconds of the clock and of the processor for them."""
    before, spent = iterations(terminal), terminal.cpu()
    started = time.perf_counter()
    terminal.press(b" ")
    terminal.listen(seconds)
    took = time.perf_counter() - started
    terminal.press(b" ")
    terminal.until(lambda: "PAUSED" in terminal.text)
    spent = terminal.cpu() - spent
    terminal.quiet(0.4)
    return iterations(terminal) - before, took, spent


def iterations(terminal: PseudoTerminal) -> int:
    found = re.search(r"(?:it|iteration) (\d+)/\d+", terminal.text)
    return int(found[1]) if found else 0


def start_table(lab: Sequence[str], bare: Sequence[str], subject: Subject, size: Size, rounds: int) -> str:
    """How soon commands end and the first frame is there, over bare Python and over importing textual and numpy alone."""
    imports = [sys.executable, "-c", "import textual.app, numpy"]
    commands = {"bare": bare, "--help": [*lab, "--help"], "list": [*lab, "list"], "imports": imports}
    taken: dict[str, list[float]] = {name: [] for name in (*commands, "first frame", "all of it")}
    for _ in range(rounds):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            taken[name].append(time.perf_counter() - started)
        with PseudoTerminal(lab, *size, subject.environment) as terminal:
            terminal.until(lambda: "descent" in terminal.text)
            taken["first frame"].append(terminal.came[-1][0] - terminal.started)
            terminal.until(lambda: re.search(subject.ready, terminal.text))
            taken["all of it"].append(terminal.came[-1][0] - terminal.started)
    rows = [["python -c pass", 1000 * median(taken["bare"]), None, None]]
    pairs = [
        *((name, "bare") for name in ("--help", "list", "imports")),
        ("first frame", "imports"),
        ("all of it", "imports"),
    ]
    for name, base in pairs:
        ratio = median(a / b for a, b in zip(taken[name], taken[base], strict=True))
        rows.append([name, 1000 * median(taken[name]), f"{ratio:.2f}", "python -c pass" if base == "bare" else base])
    return table(f"start, the median of {rounds} rounds", ["what", "ms", "times", "of"], rows)


def memory_table(subject: Subject, size: Size, seconds: float) -> str:
    """What memory grows by at full pace, after the first minute."""
    with subject.open(*size) as terminal:
        subject.work(terminal)
        terminal.listen(min(60.0, seconds))
        seen = growth(terminal, seconds)
    held = f"{seen.held[0]:.0f} -> {seen.held[-1]:.0f} MB"
    rows = [[named(size), f"{seconds:.0f} s", held, f"{seen.slope:+.0f} MB/h", f"{seen.by_the_hour:.0f} MB"]]
    names = ["screen", "watched for", "held", "second half", "grown after an hour"]
    return table("memory at work, after the first minute", names, rows)
