"""Recordings with anything wrong in them: damaged, lying about what they hold, and never unpickled."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spoilt_places import inner

from engine import Trainer, load_preset
from engine.film import Film
from engine.recording import MARK, RecordingError, is_recording, load_recording, recorded

quickly = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
place = st.integers(0, 10**6)
junk = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1,
        3,
        10**30,
        0.5,
        float("nan"),
        float("inf"),
        "",
        "x",
        "\x1b[2J",
        [],
        [1],
        {},
        {"array": "a0"},
        {"array": "no"},
        {"array": 3},
        [[[]]],
    ]
)
arrays = st.sampled_from(
    [
        np.zeros(0),
        np.zeros(3),
        np.zeros((2, 2)),
        np.full(9, np.nan),
        np.array(["a"]),
        np.array([1 + 1j]),
        np.arange(5),
        np.float64(3),
    ]
)


class Payload:
    """What would make a file if it were ever unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("it_ran", "w"))


@pytest.fixture(scope="module")
def good() -> bytes:
    preset = load_preset("recipe", [("training.epochs", [2]), ("data.samples", [40]), ("data.validation", [10])])
    trainers = [Trainer(run) for run in preset.runs]
    films = [Film(trainer) for trainer in trainers]
    trainers[0].step()
    return recorded(preset, trainers, None, films)


def taken_apart(content: bytes) -> tuple[Any, dict[str, np.ndarray]]:
    with np.load(io.BytesIO(content)) as file:
        found = {name: file[name] for name in file.files}
    return json.loads(found.pop(MARK).tobytes()), found


def put_together(said: Any, found: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **found, **{MARK: np.frombuffer(json.dumps(said).encode(), np.uint8)})
    return file.getvalue()


def looked_at(judge: Any, content: bytes) -> None:
    file = Path("run.npz")
    file.write_bytes(content)
    is_recording(file)
    judge.judge(lambda: load_recording(file), (RecordingError,), "run.npz")


def test_recordings(judge, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    @quickly
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["flip", "cut", "put", "text", "text", "drop", "array"]),
                place,
                st.integers(1, 255),
                junk,
                arrays,
            ),
            min_size=8,
            max_size=8,
        )
    )
    def fuzz(spoils):
        for what, at, by, value, array in spoils:
            made = good
            if what == "flip":
                at %= len(good)
                made = good[:at] + bytes([good[at] ^ by]) + good[at + 1 :]
            elif what == "cut":
                made = good[: at % len(good)]
            elif what == "put":
                made = good[: at % len(good)] + bytes([by]) * by + good[at % len(good) :]
            else:
                said, found = taken_apart(good)
                if what == "array":
                    found[f"a{at % len(found)}"] = array
                else:
                    places = inner(said)
                    holder, key = places[at % len(places)]
                    if what == "text":
                        holder[key] = value
                    else:
                        del holder[key]
                made = put_together(said, found)
            looked_at(judge, made)

    fuzz()


def test_a_recording_with_a_pickle_in_it_runs_nothing(judge, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said, found = taken_apart(good)
    for name in found:
        looked_at(judge, put_together(said, {**found, name: np.array([Payload()], dtype=object)}))
        with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile("new.npz", "w") as new:
            for entry in old.infolist():
                new.writestr(entry.filename, pickle.dumps(Payload()) if entry.filename == f"{name}.npy" else old.read(entry))
        looked_at(judge, Path("new.npz").read_bytes())
    assert judge.refused == judge.tried
    assert not Path("it_ran").exists()
