"""The benchmarks are run by hand; here only that they still run, with counts too small to mean anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from watched import by_place

HOUSE = Path(__file__).parents[2]


def printed(*arguments: str) -> str:
    """What a benchmark prints, once it has ended well."""
    environment = os.environ | {"PYTHONPATH": str(HOUSE)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=HOUSE, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_benchmark_prints_all_its_tables_without_the_peers_that_may_be_missing():
    command = "tests/benchmarks/engine_speed.py --rounds 1 --slice 0.0005 --long 500 --net 2-16-8-1 --dtype float32"
    said = printed(*command.split(), "--without", "torch", "--without", "sklearn")
    assert "torch: missing, sklearn: missing" in said
    assert re.search(r"ours / matmul floor .*\n-+\n2-16-8-1 +float32 +32 +\d+\.\d\d ", said)
    assert re.search(r"the whole step +\d+\.\d\n", said)
    assert re.search(r"async for / for\n-+\n2-16-8-1 +float32 +\d", said)
    assert "after 500 iterations" in said
    assert "16 seeds in one stack" in said
    assert str(HOUSE) not in said  # a table that is passed on names no folder of this machine


ANOTHER = """
from textual.app import App
from textual.widgets import Static

class Another(App):
    BINDINGS = [("a", "say('after a')", ""), ("b", "say('after b')", ""), ("space", "work", "")]
    count = 0
    def compose(self):
        yield Static("ready to go", id="one")
        yield Static("at rest", id="two")
    def action_say(self, text):
        self.query_one("#one", Static).update(text)
    def action_work(self):
        self.working = self.set_interval(0.1, self.tick) if not self.count else self.working.stop()
    def tick(self):
        self.count += 1
        self.query_one("#two", Static).update(f"WORKING {self.count}")

Another().run()
"""


@pytest.mark.slow
def test_the_screen_of_another_app_is_measured_too(tmp_path):
    app = tmp_path / "another.py"
    app.write_text(ANOTHER)
    options = "--keys 6 --seconds 1 --size 80x24 --only answers --only traffic --ready ready.to --working WORKING"
    keys = ["--start", " ", "--key", "a=after a", "--key", "b=after b"]
    said = printed("tests/benchmarks/screen_speed.py", *options.split(), *keys, "--", sys.executable, str(app))
    assert re.search(r"80x24 +idle +\d+\.\d / \d+\.\d / \d+\.\d +- +-\n", said)
    assert re.search(r"80x24 +working +\d+\.\d / \d+\.\d / \d+\.\d +\d+\.\d+ +\d+\.\d+\n", said)
    found = re.search(r"80x24 +usual +(\d+\.\d) +(\d+\.\d) +(\d+\.\d|-) +(\d+) +\d\.\d\d\n", said)
    assert found, said
    assert float(found[1]) > 0.0
    assert int(found[4]) == 0  # paused


def test_bytes_are_told_by_the_place_they_are_written_to():
    data = b"\x1b[?2026h\x1b[1;1H\x1b[1mab\x1b[0m\x1b[3;5Hcd\x1b[2Cef\x1b[?2026l"
    counts = by_place(data, {"top": (0, 0, 10, 1), "left": (4, 2, 2, 1), "right": (8, 2, 4, 1)})
    assert counts == {"top": 20, "left": 12, "right": 6, "elsewhere": 8}
    assert sum(counts.values()) == len(data)


def test_what_it_costs_to_keep_a_run_is_measured():
    said = printed(*["tests/benchmarks/write_cost.py", "--rounds", "1", "--seconds", "0.05"])
    assert len(re.findall(r"^[-\d]+ +\d\.\d{3} \(.*\) +\d\.\d{3} +\d+", said, re.MULTILINE)) == 3


def test_many_labs_are_asked():
    said = printed(*["tests/benchmarks/many_labs.py", "--labs", "2", "--keys", "1"])
    assert "2 keys answered, 0 not" in said
