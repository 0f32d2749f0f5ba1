"""A run in a file: what comes out is what went in, to the bit, and what is no such file is told in one sentence."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

import presets
from engine import IterationMetrics, Trainer, load_preset
from engine.film import Film
from engine.preset import parse_preset, read_run
from engine.recording import (
    MARK,
    MOST_BYTES,
    Recording,
    RecordingError,
    is_recording,
    load_recording,
    recorded,
    save_recording,
    tables_of,
)


def trained(preset, iterations: int = 40) -> list[Trainer]:
    trainers = [Trainer(run) for run in preset.runs]
    for trainer in trainers:
        while not trainer.done and trainer.iteration < iterations:
            trainer.step()
    return trainers


def numbers(trainer: Trainer, seconds: bool = True) -> str:
    """All that a run came to, as one fingerprint."""
    history = trainer.history
    names = [entry.name for entry in fields(IterationMetrics) if seconds or entry.name != "seconds"]
    said = [history.column(name).tobytes() for name in names]
    epochs = [entry if seconds else replace(entry, seconds=0.0) for entry in history.epochs]
    ends = (
        history.initial,
        history.initial_validation,
        history.diverged,
        history.stopped,
        history.restored,
        history.changes,
    )
    said += [repr((epochs, ends)).encode(), trainer.parameters.tobytes(), history.train_losses().tobytes()]
    return hashlib.sha256(b"".join(said)).hexdigest()


def there_and_back(preset, trainers, folder: Path, **others) -> Recording:
    save_recording(folder / "run.npz", preset, trainers, **others)
    return load_recording(folder / "run.npz")


@pytest.mark.parametrize("name", presets.names())
def test_the_settings_of_every_preset_can_be_written_and_read(name):
    for run in load_preset(name).runs:
        assert read_run(json.loads(json.dumps(tables_of(run))), run.name) == run


@pytest.mark.parametrize(
    "name", ["recipe", "lr-big-medium-tiny", "ravine-momentum", "batch-out-of-memory", "early-stopping", "lr-explodes-fix"]
)
def test_runs_come_back_as_they_were_and_go_on_to_the_same_numbers(name, tmp_path):
    preset = load_preset(name)
    trainers = trained(preset)
    found = there_and_back(preset, trainers, tmp_path)
    assert found.preset == preset
    assert [one.run for one in found.trainers] == [one.run for one in trainers]
    assert [numbers(one) for one in found.trainers] == [numbers(one) for one in trainers]
    for one, again in zip(trainers, found.trainers, strict=True):
        for trainer in (one, again):
            for _ in range(0 if trainer.done else 30):
                if not trainer.done:
                    trainer.step()
        assert numbers(one, seconds=False) == numbers(again, seconds=False)


def test_changes_on_the_way_and_an_iteration_taken_apart(tmp_path):
    preset = load_preset("recipe", [("training.batch_size", [100]), ("show.seconds", [3.0])], seed=5)
    (trainer,) = trained(preset, 13)
    trainer.change("learning_rate", 0.02)
    trainer.change("batch_size", 64)
    trainer.step_phase()
    found = there_and_back(preset, [trainer], tmp_path)
    (again,) = found.trainers
    assert found.preset == preset and found.preset.sheet.show.seconds == 3.0
    assert (again.iteration, again.phase, again.base_rate, again.batch_size) == (13, 0, 0.02, 64)
    for one in (trainer, again):
        while not one.done:
            one.step()
    assert numbers(trainer, seconds=False) == numbers(again, seconds=False)


def test_a_run_that_has_diverged_into_nan_and_one_before_its_first_step(tmp_path):
    preset = load_preset("lr-explodes-fix")
    trainers = trained(preset, 2000)
    assert any(one.history.diverged for one in trainers)
    found = there_and_back(preset, trainers, tmp_path)
    assert [numbers(one) for one in found.trainers] == [numbers(one) for one in trainers]
    fresh = there_and_back(preset, [Trainer(run) for run in preset.runs], tmp_path)
    assert [one.iteration for one in fresh.trainers] == [0] * len(preset.runs)


def test_the_tables_of_the_form_are_kept_beside_those_that_train(tmp_path):
    preset = load_preset("recipe")
    waiting = {**preset.documents[0], "seed": 9}
    assert there_and_back(preset, trained(preset), tmp_path, documents=[waiting]).documents == (waiting,)
    (own,) = there_and_back(preset, trained(preset), tmp_path).documents
    assert read_run(own, "recipe") == preset.runs[0]


TABLE = "x,y\n" + "".join(f"{number / 10},{number / 5}\n" for number in range(40))


def test_a_table_of_ones_own_is_found_from_any_folder_and_must_be_the_same(tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "table.csv").write_text(TABLE)
    text = 'title = "Mine"\n[data]\nname = "file"\nfile = "table.csv"\ntarget = "y"\n[training]\nepochs = 3\n'
    (here / "mine.toml").write_text(text)
    monkeypatch.chdir(here)
    for preset in (load_preset("./mine.toml"), parse_preset(text, "table", "table.csv")):
        trainers = trained(preset, 2)
        save_recording(there / "run.npz", preset, trainers)
        monkeypatch.chdir(there)
        found = load_recording("run.npz")
        assert numbers(found.trainers[0]) == numbers(trainers[0])
        assert found.preset.title == "Mine"
        assert (found.preset.folder is None) == (preset.folder is None)
        monkeypatch.chdir(here)
    (here / "table.csv").write_text(TABLE.replace("0.1,0.2", "0.1,0.3"))
    with pytest.raises(RecordingError, match=r"run\.npz: this state belongs to a run with another content of its file$"):
        load_recording(there / "run.npz")
    (here / "table.csv").unlink()
    with pytest.raises(RecordingError, match=r"run\.npz: its runs cannot be made again \(.*table\.csv"):
        load_recording(there / "run.npz")


def test_a_film_is_kept_with_its_run_and_goes_on(tmp_path):
    preset = load_preset("iris")
    trainers, films = [Trainer(run) for run in preset.runs], []
    for trainer in trainers:
        films.append(Film(trainer))
        for _ in range(90):  # more than it holds: every second frame is gone
            trainer.step()
            films[-1].take()
    found = there_and_back(preset, trainers, tmp_path, films=films)
    for film, again, one, other in zip(films, found.films, trainers, found.trainers, strict=True):
        for _ in range(20):
            for trainer, its in ((one, film), (other, again)):
                trainer.step()
                its.take()
        assert (film.stride, len(film.frames)) == (again.stride, len(again.frames))
        for kept, now in zip(film.frames, again.frames, strict=True):
            assert kept.iteration == now.iteration
            assert (kept.weights == now.weights).all() and (kept.gradient == now.gradient).all()
    without = there_and_back(preset, trainers, tmp_path)
    assert [len(film.frames) for film in without.films] == [1] * len(trainers)


# What is no recording ---------------------------------------------------------------------------------------------------


@pytest.fixture
def good() -> bytes:
    preset = load_preset("recipe")
    return recorded(preset, trained(preset, 3))


def with_text(good: bytes, change) -> bytes:
    """The same file with another text in it: `change` is made to what its JSON holds."""
    arrays = dict(np.load(io.BytesIO(good), allow_pickle=False))
    found = json.loads(arrays[MARK].tobytes())
    changed = change(found) or found
    text = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
    arrays[MARK] = np.frombuffer(text, np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def set_version(found):
    found["version"] = 99


def set_state_version(found):
    found["runs"][0]["state"]["version"] = 1


def other_seed(found):
    found["runs"][0]["tables"]["seed"] = 3


def wrong_setting(found):
    found["runs"][0]["tables"]["training"]["epochs"] = -1


def no_array(found):
    found["runs"][0]["state"]["parameters"] = {"array": "a999"}


def wrong_array(found):
    found["runs"][0]["state"]["parameters"] = found["runs"][0]["state"]["objective"]["order"]


def wrong_film(found):
    found["films"] = [{"stride": 1, "iterations": [0], "weights": [[1.0]], "gradients": [[1.0]]}]


def no_runs(found):
    found["runs"] = []


def a_list(found):
    return [1, 2]


def no_json(found):
    return b"\xff{"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_version, r"version 99, this descent reads version 1$"),
        (set_state_version, r"this state has version 1, this descent reads"),
        (other_seed, r"this state belongs to a run with seed 0, not 3$"),
        (wrong_setting, r"its runs cannot be made again \(training\.epochs: -1 is not"),
        (no_array, r"damaged \('a999' is missing\)$"),
        (wrong_array, r"damaged \(could not broadcast"),
        (wrong_film, r"damaged \(frames of the shapes \(1, 1\)"),
        (no_runs, r"damaged \('runs' is missing\)$"),
        (a_list, r"damaged \("),
        (no_json, r"damaged \("),
    ],
)
def test_a_file_that_was_changed_is_told_in_one_sentence(good, change, message, tmp_path):
    place = tmp_path / "run.npz"
    place.write_bytes(with_text(good, change))
    with pytest.raises(RecordingError, match=rf"^{place}: .*{message}") as caught:
        load_recording(place)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_refused_wherever_it_is_damaged(good, tmp_path):
    place, told = tmp_path / "run.npz", set()
    for at in range(0, len(good), max(1, len(good) // 150)):
        for content in (good[:at], good[:at] + bytes([good[at] ^ 255]) + good[at + 1 :]):
            place.write_bytes(content)
            try:
                load_recording(place)  # a byte that says nothing may be another one
            except RecordingError as error:
                told.add(str(error))
    assert all(text.startswith(f"{place}: ") and "\n" not in text for text in told)
    assert {"is not a recorded ru", "this recording is da"} <= {text.removeprefix(f"{place}: ")[:20] for text in told}


def test_a_table_or_a_text_is_no_recording(good, tmp_path):
    place = tmp_path / "table.npz"
    np.savez(place, X=np.zeros((3, 2)), y=np.zeros(3))
    assert not is_recording(place)
    with pytest.raises(RecordingError, match=r"table\.npz: is not a recorded run \(an NPZ file of something else\)$"):
        load_recording(place)
    place.write_text("hello")
    assert not is_recording(place)
    assert not is_recording(tmp_path / "nowhere.npz") and not is_recording(tmp_path)
    with pytest.raises(RecordingError, match=r"\(no NPZ file\)$"):
        load_recording(place)
    with pytest.raises(FileNotFoundError):
        load_recording(tmp_path / "nowhere.npz")
    place.write_bytes(good)
    assert is_recording(place)


def test_what_would_unpack_to_too_much_is_not_unpacked(good, tmp_path, monkeypatch):
    place = tmp_path / "run.npz"
    place.write_bytes(good)
    monkeypatch.setattr("engine.recording.MOST_BYTES", len(good))
    with pytest.raises(RecordingError, match=rf"would take \d+ bytes when unpacked; at most {len(good)} are read$"):
        load_recording(place)
    assert 10 * sum(entry.file_size for entry in zipfile.ZipFile(place).infolist()) < MOST_BYTES


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("something was unpickled",))


def test_nothing_is_unpickled(good, tmp_path):
    arrays = dict(np.load(io.BytesIO(good), allow_pickle=False))
    place = tmp_path / "run.npz"
    np.savez(place, **{**arrays, "a0": np.array([Trap()], dtype=object)})
    with pytest.raises(RecordingError, match="damaged"):
        load_recording(place)


def test_where_it_cannot_be_written_what_was_there_stays(good, tmp_path):
    preset = load_preset("recipe")
    place = tmp_path / "run.npz"
    place.write_bytes(good)
    with pytest.raises(IsADirectoryError):
        save_recording(tmp_path, preset, trained(preset, 1))
    with pytest.raises(FileNotFoundError):
        save_recording(tmp_path / "nowhere" / "run.npz", preset, trained(preset, 1))
    assert place.read_bytes() == good
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]
