"""The runs of one place: names, limits, what goes to make room, and what a word means."""

from __future__ import annotations

import os
import shutil
import threading
import tomllib

import numpy as np
import pytest
from written_runs import begun, preset_with, trained

from engine import Trainer, load_preset
from engine.on_disk.archive import Archive
from engine.on_disk.facts import differing, facts
from engine.on_disk.folder import EPOCHS, ITERATIONS, RUN, Manifest, RunFolder, RunFolderError
from engine.on_disk.replaying import replay_folder
from engine.on_disk.store import Limits, Store, checked_count, checked_size, delete, star
from engine.on_disk.toml_text import toml_text
from engine.recording import told_of


def several(place, preset):
    """The folders of all runs of a preset, held by nobody."""
    manifests = [
        Manifest(run, preset.name, preset.title, "", index, len(preset.runs)) for index, run in enumerate(preset.runs)
    ]
    made = Store(place).begin(manifests, told_of(preset))
    for _, hold in made:
        hold.let_go()
    return [folder for folder, _ in made]


def test_run_toml_is_a_preset_and_says_with_what_it_was_trained(tmp_path):
    writer = begun(tmp_path, preset_with("digits", training__epochs=3, training__optimizer__learning_rate=0.05))
    writer.close()
    loaded = load_preset(writer.folder.file(RUN))
    assert loaded.runs[0].training == writer.trainer.run.training
    assert loaded.runs[0].data == writer.trainer.run.data
    assert writer.folder.manifest().run == writer.trainer.run
    assert writer.folder.manifest().facts == facts()
    said = tomllib.loads(writer.folder.file(RUN).read_text())["record"]["made_with"]
    assert said["numpy"] == np.__version__
    assert {"python", "blas", "processor", "threads"} <= said.keys()


def test_a_comparison_has_a_folder_for_each_run_named_after_it(tmp_path):
    preset = load_preset("lr-big-medium-tiny")
    names = [folder.id.partition(".")[2] for folder in several(tmp_path, preset)]
    assert names == ["big", "medium", "tiny"]
    starts = {folder.id.partition(".")[0] for folder in [*several(tmp_path, preset), *several(tmp_path, preset)]}
    assert len(starts) == 2  # in the same second


@pytest.mark.parametrize("name", ["a/../b", "..", "", "\x1b[31mred", "Ω" * 90, "x" * 300, "a b", "con.big"])
def test_a_folder_s_name_is_harmless_whatever_a_run_is_called(name, tmp_path):
    preset = load_preset("lr-big-medium-tiny")
    manifest = Manifest(preset.runs[0], name, "title", "", 0, 3)
    [(folder, hold)] = Store(tmp_path / "runs").begin([manifest], told_of(preset))
    hold.let_go()
    assert folder.path.parent == tmp_path / "runs"
    assert folder.id.isascii()
    assert set(folder.id) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.")
    assert len(folder.id) < 160
    assert folder.manifest().preset == name.encode("utf-8", "replace").decode()


def test_beyond_a_limit_the_oldest_goes_that_is_not_starred_and_not_trained(tmp_path):
    preset = load_preset("recipe")
    folders = [several(tmp_path, preset)[0] for _ in range(5)]
    for index, folder in enumerate(folders):  # in one second their names do not say which is older
        folders[index] = RunFolder(folder.path.rename(tmp_path / f"2026010{index}-000000-recipe"))
    store = Store(tmp_path)
    star(folders[0], True)
    trains = begun(tmp_path / "other", preset)
    trains.close()
    store.set_limits(Limits(count=4))
    assert [folder.id for folder in store.make_room()] == [folders[1].id, folders[2].id]
    assert [folder.id for folder in store.folders()] == [folders[0].id, folders[3].id, folders[4].id]
    store.set_limits(Limits(size=1))
    star(folders[3], True)
    assert [folder.id for folder in store.make_room()] == [folders[4].id]
    assert store.make_room() == []
    star(folders[0], False)
    assert [folder.id for folder in store.make_room()] == [folders[0].id]


def test_what_is_being_trained_never_goes(tmp_path):
    writer = begun(tmp_path, preset_with())
    store = Store(tmp_path)
    store.set_limits(Limits(count=1, size=1))
    assert store.make_room() == []
    with pytest.raises(BlockingIOError, match="is being trained"):
        delete(writer.folder)
    writer.close()
    assert [folder.id for folder in store.make_room()] == [writer.folder.id]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("count = 0", "count = 0: a whole number from 1"),
        ("size = true", "size = True"),
        ('size = "4 XB"', '"4 XB" is not a size'),
        ("cuont = 3", 'Did you mean "count"?'),
        ("count =", "cannot be read"),
    ],
)
def test_limits_that_are_none_are_refused_in_words(text, said, tmp_path):
    (tmp_path / "limits.toml").write_text(text)
    with pytest.raises(RunFolderError, match=r"limits\.toml") as error:
        Store(tmp_path).limits()
    assert said in str(error.value)


def test_limits_are_read_as_they_were_set(tmp_path):
    Store(tmp_path).set_limits(Limits(7, checked_size("1.5 GB")))
    assert Store(tmp_path).limits() == Limits(7, 1_500_000_000)
    assert checked_count(3) == 3


def test_a_word_means_a_run_a_start_or_the_beginning_of_one(tmp_path):
    store = Store(tmp_path)
    comparison, single = several(tmp_path, load_preset("lr-big-medium-tiny")), several(tmp_path, load_preset("digits"))
    assert store.meant(single[0].id) == single
    assert store.meant(comparison[1].id) == [comparison[1]]
    assert store.meant(comparison[0].id.partition(".")[0]) == sorted(comparison, key=lambda one: one.id)
    assert store.meant(str(comparison[2].path)) == [comparison[2]]
    assert store.meant(str(comparison[2].file(RUN))) == [comparison[2]]
    assert len(store.meant(single[0].id[:-2])) == 1
    with pytest.raises(RunFolderError, match="fits 4 runs"):
        store.meant("2")
    with pytest.raises(RunFolderError, match="Did you mean"):
        store.meant(single[0].id + "s")
    with pytest.raises(RunFolderError, match="is no run folder"):
        store.meant(str(tmp_path / "nothing"))


def test_a_start_that_was_cut_short_leaves_all_of_its_runs_or_none(tmp_path):
    folders = several(tmp_path, load_preset("lr-big-medium-tiny"))
    ready, torn = tmp_path / ".new-ready", tmp_path / ".new-torn"
    for nest in (ready, torn):
        nest.mkdir()
    shutil.copytree(folders[0].path, torn / "20260101-000000-half")
    (ready / "ready").touch()
    for folder in folders[1:]:
        folder.path.rename(ready / folder.path.name)
    os.utime(torn, (0, 0))
    assert [folder.id for folder in Store(tmp_path).folders()] == sorted(folder.id for folder in folders)
    assert not torn.exists()
    assert not ready.exists()


def test_many_that_begin_in_the_same_moment_have_names_of_their_own(tmp_path):
    preset, made, trouble = load_preset("recipe"), [], []
    together = threading.Barrier(12)

    def begin():
        together.wait()
        try:
            made.extend(several(tmp_path, preset))
        except OSError as error:
            trouble.append(error)

    threads = [threading.Thread(target=begin) for _ in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert trouble == []
    assert len({folder.id for folder in made}) == 12
    assert {folder.manifest().start for folder in made} == {folder.id for folder in made}
    (tmp_path / f".new-{made[0].id}").mkdir()  # left by one that was killed
    assert several(tmp_path, preset)[0].id not in {folder.id for folder in made}


def test_toml_that_is_written_reads_the_same():
    document = {
        "title": 'a "b"\n\x7f\x1b\u202e\\',
        "number": 1e-05,
        "whole": 3,
        "yes": True,
        "list": [1, 2.5, "x"],
        "none": [],
        "table": {"deep": {"odd key.": "é", "n": float("inf")}, "own": 1},
    }
    assert tomllib.loads(toml_text(document)) == document


def test_a_replay_says_the_same_or_where_it_differs_first(tmp_path):
    preset = preset_with("recipe", training__epochs=4)
    writer = begun(tmp_path, preset)
    trained(writer, changes=[(40, "learning_rate", 0.01)])
    writer.settle(result={})
    writer.close()
    folder = writer.folder
    *_, (share, found) = replay_folder(folder)
    assert share == 1.0
    assert found.same
    assert (found.iterations, found.epochs, found.facts) == (128, 4, ())
    kept = {name: folder.file(name).read_bytes() for name in (ITERATIONS, EPOCHS, RUN)}
    for name, row, column, figure in ((ITERATIONS, 77, 9, "gradient_norm"), (EPOCHS, 3, 5, "train_loss")):
        lines = kept[name].split(b"\n")
        cells = lines[row].split(b",")
        cells[column] = repr(float(np.nextafter(float(cells[column]), 9.0))).encode()
        lines[row] = b",".join(cells)
        folder.file(name).write_bytes(b"\n".join(lines))
        *_, (_, found) = replay_folder(folder)
        assert found.first is not None
        assert found.first.name == figure
        assert found.first.iteration == (77 if name == ITERATIONS else 64)
        folder.file(name).write_bytes(kept[name])
    folder.file(RUN).write_bytes(kept[RUN].replace(np.__version__.encode(), b"1.0.0"))
    *_, (_, found) = replay_folder(folder)
    assert found.same
    assert found.facts == (f"numpy: 1.0.0 there, {np.__version__} here",)
    assert differing({"numpy": "1.0.0", "unknown": "x"}) == list(found.facts)


def test_what_a_history_no_longer_keeps_is_read_from_the_files(tmp_path, eager):
    preset = preset_with("recipe", training__epochs=20)
    writer = begun(tmp_path, preset)
    small = type(writer.trainer.history)(capacity=64, buckets=8)
    small.begin(writer.trainer.history.initial, writer.trainer.history.initial_validation)
    writer.trainer.history = small
    for until in range(30, 671, 30):  # not more than it keeps at a time
        trained(writer, until)
        writer.settle(checkpoint=False)
    exact = Trainer(preset.runs[0])
    for _ in exact:
        pass
    assert small.kept.start > 500
    small.archive = Archive(writer.folder, writer.trainer.run)
    assert [small[index] for index in range(len(small))] == [exact.history[index] for index in range(len(small))]
    assert [small.epoch_iterations(epoch) for epoch in range(1, 21)] == [
        exact.history.epoch_iterations(epoch) for epoch in range(1, 21)
    ]
    assert small.epochs[:] == exact.history.epochs[:]
    writer.close()
