"""Run folders with anything wrong in them: whoever lists, shows, watches, replays or resumes one gets a run, or words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from written_runs import begun, preset_with, trained

from engine.on_disk.folder import CHECKPOINT, EPOCHS, EVENTS, ITERATIONS, RESULT, RUN, RunFolder, RunFolderError
from engine.on_disk.following import Follower
from engine.on_disk.going_on import take_up
from engine.on_disk.replaying import replay_folder
from tui.run_list import listed, table
from tui.run_shown import shown

quickly = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=200)
TEXTS = (RUN, ITERATIONS, EPOCHS, EVENTS, RESULT)
words = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1e999",
        "nan",
        "inf",
        "x",
        "null",
        "[]",
        "{}",
        '"',
        "9" * 400,
        "\x1b[2J",
        "\u202e",
        "[red]",
        "a.b.c",
        "\n",
        ",",
    ]
)
place, byte = st.integers(0, 10**6), st.integers(0, 255)


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> dict[str, bytes]:
    preset = preset_with("recipe", training__epochs=3, data__samples=40, data__validation=10, training__batch_size=8)
    writer = begun(tmp_path_factory.mktemp("good"), preset)
    trained(writer, 6, [(2, "learning_rate", 0.01)])
    writer.settle()
    trained(writer, 12, [(8, "batch_size", 4)])
    writer.event("verdict", kind="healthy", says="Healthy")
    writer.settle(checkpoint=False)
    writer.close()
    found = {name: writer.folder.file(name).read_bytes() for name in (RUN, ITERATIONS, EPOCHS, EVENTS, CHECKPOINT)}
    return found | {RESULT: json.dumps({"stopped": "completed"}).encode()}


def laid_out(folder: Path, files: dict[str, bytes]) -> RunFolder:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return RunFolder(folder)


def all_of(folder: RunFolder, judge) -> None:
    """Everything that reads a folder, each by itself."""
    one = judge.judge(lambda: listed(folder), ())
    for line in [*table([one], 100), *judge.judge(lambda: shown(folder), ())]:
        assert line.isprintable()
        assert len(line) <= 100
    assert json.dumps(one.record())
    judge.judge(lambda: Follower(folder), (RunFolderError,), str(folder.path))
    judge.judge(lambda: [*replay_folder(folder)], (RunFolderError,), str(folder.path))

    def resumed() -> None:
        taken = take_up(folder)
        try:
            for _ in taken.catch_up():
                pass
            taken.writer().close()
        except RunFolderError:
            taken.hold.let_go()
            raise

    judge.judge(resumed, (RunFolderError,), str(folder.path))


def test_run_folders_with_bytes_spoilt(good, tmp_path, judge):
    @given(
        st.sampled_from(TEXTS), st.lists(st.tuples(place, st.integers(0, 255)), min_size=1, max_size=6), place, st.booleans()
    )
    @quickly
    def spoilt(name, changes, end, cut):
        content = bytearray(good[name])
        for at, value in changes:
            content[at % len(content)] = value
        if cut:
            del content[end % len(content) :]
        all_of(laid_out(tmp_path / "run", {**good, name: bytes(content)}), judge)

    spoilt()


def test_run_folders_with_cells_spoilt(good, tmp_path, judge):
    @given(st.sampled_from(TEXTS), place, words, st.booleans())
    @quickly
    def spoilt(name, at, word, whole_line):
        lines = good[name].decode().split("\n")
        row = at % len(lines)
        if whole_line:
            lines[row] = word
        else:
            cells = lines[row].split("=" if name == RUN else ",")
            cells[at // len(lines) % len(cells)] = word
            lines[row] = ("=" if name == RUN else ",").join(cells)
        content = "\n".join(lines).encode()
        all_of(laid_out(tmp_path / "run", {**good, name: content}), judge)

    spoilt()


def test_run_folders_with_files_missing_or_swapped(good, tmp_path, judge):
    for name in good:
        all_of(laid_out(tmp_path / "run", {key: content for key, content in good.items() if key != name}), judge)
        for other in good:
            all_of(laid_out(tmp_path / "run", {**good, name: good[other]}), judge)
        folder = laid_out(tmp_path / "run", good)
        folder.file(name).unlink()
        folder.file(name).mkdir()
        all_of_folders(folder, judge)


def all_of_folders(folder: RunFolder, judge) -> None:
    """The same where a file is a folder: that may be an OSError, which the commands say in a line."""
    judge.judge(lambda: listed(folder), ())
    for call in (lambda: Follower(folder), lambda: [*replay_folder(folder)], lambda: take_up(folder).hold.let_go()):
        judge.judge(call, (RunFolderError, OSError), str(folder.path))
