"""Inputs that once took minutes or gigabytes: refused within two seconds and 200 MB, whatever they promise."""

from __future__ import annotations

import os
import struct
import threading
import zipfile
from pathlib import Path

import pytest

from presets import reading
from tui.loading import Refused, load

MOONS = '[data]\nname = "moons"\n'
PRESETS = {
    "a key of many parts": ".".join(["a"] * 100_000) + " = 1\n" + MOONS,
    "such keys, hidden behind odd quotes": 'x = ["""a"""", {' + ".".join(["a"] * 100_000) + " = 1}]\n" + MOONS,
    "many keys below such a table": "[" + ".".join(["a"] * 5000) + "]\n" + "".join(f"k{i} = 1\n" for i in range(5000)),
    "lists in lists": "x = " + "[" * 450 + "]" * 450 + "\n" + MOONS,
    "tables in tables": "x = " + "{a=" * 400 + "1" + "}" * 400 + "\n" + MOONS,
    "a number of many digits": MOONS + "[training]\nepochs = 0x" + "f" * 100_000,
    "many unknown keys": "".join(f"trainin{i} = 1\n" for i in range(20_000)) + MOONS,
    "many wrong numbers": MOONS + "[network]\nhidden = [" + "0," * 100_000 + "]",
    "many runs": MOONS + "[[run]]\n" * 50_000,
    "many claims": MOONS + '[[claim]]\nsays = "x"\n' * 10_000,
    "a long name": MOONS + '[network]\nactivation = "' + "relu" * 100_000 + '"',
    "a long key": "x" * 400_000 + " = 1\n" + MOONS,
    "a long file": "#" * 30_000_000,
}
SETTINGS = {
    "many values": ["seed=" + ",".join(map(str, range(30_000)))],
    "many combinations": [
        f"{key}={','.join(map(str, range(1, 40)))}" for key in ("seed", "training.epochs", "data.samples")
    ],
    "many settings": ["trainng.epochs=1"] * 5000,
    "brackets": ["network.hidden=" + "[" * 50_000],
    "large sizes": ["network.hidden=[1000000000]", "data.samples=1000000000000", "training.batch_size=1e400"],
}
TABLES = {
    "a line of two million names": b"a," * 1_990_000 + b"\n",
    "many long lines": (b"a," * 900_000 + b"\n") * 20,
    "a quote that is never closed": b'x,y\n"' + b"1,2\n" * 400_000,
    "a long line": b"a" * 9_000_000,
    "blank lines": b"\n" * 2_000_000,
}


def npy(descr: str, shape: str, body: bytes = b"") -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}".encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


ARRAYS = {
    "rows that are not there": [("X", npy("<f8", "(1000000000000,)")), ("y", npy("<f8", "(1000000000000,)"))],
    "numbers of thousands of digits": [
        ("X", npy("<f8", f"({'9' * 4000}, {'9' * 4000})")),
        ("y", npy("<f8", "(1,)", bytes(8))),
    ],
    "texts of millions of characters": [
        ("X", npy("<U4000000", "(9,)", bytes(144_000_000))),
        ("y", npy("<i8", "(9,)", bytes(72))),
    ],
    "many arrays": [(f"a{i}", npy("<i8", "(2,)", bytes(16))) for i in range(20_000)],
    "a long header": [("X", b"\x93NUMPY\x02\x00" + struct.pack("<I", 50_000_000) + b" " * 50_000_000), ("y", b"")],
}


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_heavy_presets(judge):
    for text in PRESETS.values():
        Path("heavy.toml").write_text(text, encoding="utf-8")
        judge.judge(lambda: load("./heavy.toml"), (Refused,), "heavy.toml")
    assert judge.refused == len(PRESETS)


def test_heavy_settings(judge):
    for settings in SETTINGS.values():
        judge.judge(lambda settings=settings: load("recipe", settings), (Refused,))
    assert judge.refused == len(SETTINGS)


def test_heavy_csv_files(judge):
    for content in TABLES.values():
        Path("heavy.csv").write_bytes(content)
        judge.judge(lambda: load("heavy.csv", target="y"), (Refused,), "heavy.csv")
    assert judge.refused == len(TABLES)


def test_heavy_npz_files(judge):
    for arrays in ARRAYS.values():
        with zipfile.ZipFile("heavy.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in arrays:
                archive.writestr(f"{name}.npy", content)
        judge.judge(lambda: load("heavy.npz", target="y"), (Refused,), "heavy.npz")
    assert judge.refused == len(ARRAYS)


def test_a_broken_table_is_read_once_for_all_runs_of_a_comparison(judge):
    Path("t.csv").write_text("a,y\n" + "1,2\n" * 50_000 + "3\n")
    Path("p.toml").write_text('[data]\nname = "file"\nfile = "t.csv"\ntarget = "y"\n' + "[[run]]\n" * 24)
    judge.judge(lambda: load("./p.toml"), (Refused,), "t.csv", "line 50002")
    assert judge.refused == 1


def test_a_pipe_is_read_and_one_that_nobody_writes_into_is_not_waited_for(judge, monkeypatch):
    monkeypatch.setattr(reading, "PATIENCE", 0.1)
    os.mkfifo("pipe.toml")
    judge.judge(lambda: load("./pipe.toml"), (Refused,), "pipe.toml")
    assert judge.refused == 1
    monkeypatch.setattr(reading, "PATIENCE", 5.0)
    writer = threading.Thread(target=lambda: Path("pipe.toml").write_text(MOONS))
    writer.start()
    assert load("./pipe.toml").runs[0].data.name == "moons"
    writer.join()
