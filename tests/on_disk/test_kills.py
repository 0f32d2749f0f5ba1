"""Real processes, killed at random moments with SIGKILL and resumed, until the run is over: not one bit differs from a run
that nobody disturbed, in what is printed and in every file."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KILLS = 40  # of each preset
RUNS = (
    ("recipe", "--set", "training.epochs=200"),
    ("optimizers-compared", "--set", "training.epochs=15"),
    ("early-stopping",),
    ("schedule-vs-constant", "--set", "training.epochs=60"),
    ("lr-explodes-fix",),
)


class Commands:
    """The command, again and again."""

    def __init__(self) -> None:
        said = [sys.executable, str(HERE / "kill_server.py")]
        self.server = subprocess.Popen(said, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, words: list[str], output: Path, quick: bool = False, kill_after: float | None = None) -> bool:
        """Run it, and kill it after so many seconds; whether it had ended before."""
        assert self.server.stdin is not None and self.server.stdout is not None
        self.server.stdin.write(json.dumps({"words": words, "quick": quick, "output": str(output)}) + "\n")
        self.server.stdin.flush()
        pid = json.loads(self.server.stdout.readline())["pid"]
        if kill_after is not None:
            time.sleep(kill_after)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        status = json.loads(self.server.stdout.readline())["status"]
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0, words
        return not os.WIFSIGNALED(status)


@pytest.fixture(scope="module")
def commands():
    made = Commands()
    with made.server:  # closes its pipes, and waits for it
        yield made


def said_on_disk(folder: Path) -> dict[str, object]:
    """All that the files of a run say, clock readings apart."""
    found: dict[str, object] = {}
    for name in ("iterations.csv", "epochs.csv"):
        rows = [line.split(",") for line in (folder / name).read_text().splitlines()]
        clock = rows[0].index("seconds")
        found[name] = [row[:clock] + row[clock + 1 :] for row in rows]
    found["result.json"] = (folder / "result.json").read_text()
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(5))
def test_a_run_that_is_killed_again_and_again_comes_to_the_same_numbers(part, tmp_path, commands, record_property):
    chance = random.Random(part)
    words = [*RUNS[part], "--json"]
    started = time.perf_counter()
    assert commands.run(["run", *words, "--out", str(tmp_path / "whole")], tmp_path / "whole.json")
    took = time.perf_counter() - started
    whole = sorted((tmp_path / "whole").iterdir())
    kills = runs = 0
    while kills < KILLS:
        runs += 1
        out, printed = tmp_path / f"out{runs}", tmp_path / f"out{runs}.json"
        over = False
        while not over:
            begun = any(out.glob("*/run.toml")) or any(out.glob(".new-*/ready"))
            ask = ["resume", *words_of(out), "--json", "--out", str(out)] if begun else ["run", *words, "--out", str(out)]
            moment = chance.uniform(0.01, chance.choice((0.3, 1.0)) * took) if kills < KILLS else None
            over = commands.run(ask, printed, runs % 3 != 0, moment)
            kills += not over
        found = sorted(one for one in out.iterdir() if one.name[0] != ".")  # a start may have been cut short
        assert [one.name.partition(".")[2] for one in found] == [one.name.partition(".")[2] for one in whole]
        for one, other in zip(found, whole, strict=True):
            assert said_on_disk(one) == said_on_disk(other), one
        assert json.loads(printed.read_text()) == json.loads((tmp_path / "whole.json").read_text())
    said = f"{RUNS[part][0]}: {kills} real kills in {runs} runs, each resumed; differing bits: 0"
    record_property("said", said)


def words_of(out: Path) -> list[str]:
    """The name of the one start in a folder, where it is there already."""
    return sorted({one.name.partition(".")[0] for one in out.iterdir() if one.name[0] != "."})[:1]
