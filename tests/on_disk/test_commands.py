"""The commands around runs that are kept: run, resume, runs, replay, watch; on real folders, a full disk among them."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from written_runs import begun, preset_with, trained

from tui import cli

DESCENT = str(Path(sys.executable).with_name("descent"))
SHORT = ("recipe", "--set", "training.epochs=4")


def descent(*words: str) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(cli.main, words, prog_name="descent")


def clockless(place: Path) -> list[list[str]]:
    """The rows of a file without its clock readings."""
    rows = [line.split(",") for line in place.read_text().splitlines()]
    at = rows[0].index("seconds")
    return [row[:at] + row[at + 1 :] for row in rows]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with a run that is over, a comparison, one with two seeds, and one that was left."""
    out = tmp_path_factory.mktemp("kept")
    assert descent("run", *SHORT, "--out", str(out), "--json").exit_code == 0
    time.sleep(1.1)  # names are told apart by the second
    words = ("run", "lr-big-medium-tiny", "--set", "training.epochs=2", "--out", str(out))
    assert descent(*words).exit_code == 0
    assert descent("run", *SHORT, "--seeds", "2", "--out", str(out)).exit_code == 0
    writer = begun(out, preset_with("digits", training__epochs=3))
    trained(writer, 60)
    writer.settle()
    writer.close()
    return out


def folder_of(kept: Path, ending: str) -> Path:
    return next(one for one in sorted(kept.iterdir()) if one.name.endswith(ending))


def test_every_run_has_a_folder_of_its_own(kept):
    names = sorted(one.name.partition("-")[2].partition("-")[2] for one in kept.iterdir() if one.is_dir())
    tiny = "lr-big-medium-tiny"
    assert names == ["digits", f"{tiny}.big", f"{tiny}.medium", f"{tiny}.tiny", "recipe", "recipe.seed0", "recipe.seed1"]
    for one in kept.iterdir():
        files = {entry.name for entry in one.iterdir()}
        over = set() if one.name.endswith("digits") else {"result.json"}
        assert files == {"run.toml", "iterations.csv", "epochs.csv", "events.jsonl", "checkpoint.npz"} | over


def test_files_can_be_read_by_anybody(kept):
    folder = folder_of(kept, "-recipe")
    rows = np.genfromtxt(folder / "iterations.csv", delimiter=",", names=True)
    assert rows["iteration"].tolist() == list(range(1, 129))
    epochs = np.genfromtxt(folder / "epochs.csv", delimiter=",", names=True)
    assert epochs["epoch"].tolist() == [0, 1, 2, 3, 4]
    result = json.loads((folder / "result.json").read_text())
    assert result["final"]["loss"] == epochs["train_loss"][-1]
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["started", "stopped"]


@pytest.mark.parametrize("seeds", [(), ("--seeds", "2")])
def test_a_run_that_is_kept_prints_what_one_that_is_not_prints(seeds, tmp_path):
    words = ("run", *SHORT, *seeds, "--json")
    assert descent(*words, "--out", str(tmp_path)).stdout == descent(*words, "--no-keep").stdout


def test_the_list_the_details_and_json(kept):
    lines = descent("runs", "--out", str(kept)).stdout.splitlines()
    assert len(lines) == 8
    assert lines[0].split() == ["run", "state", "epochs", "loss", "size", "title"]
    assert " completed  " in lines[1]
    assert "1/3" in lines[-1] or "unfinished" in "".join(lines)
    found = json.loads(descent("runs", "--out", str(kept), "--json").stdout)
    assert {one["state"] for one in found} == {"completed", "unfinished"}
    shown = descent("runs", "--out", str(kept), "show", folder_of(kept, "-digits").name).stdout
    assert "unfinished, 1 of 3 epochs" in shown
    assert "seed 0" in shown
    assert json.loads(descent("runs", "--out", str(kept), "show", folder_of(kept, "-recipe").name, "--json").stdout)[
        "result"
    ]


def test_resume_goes_on_and_prints_what_the_whole_run_prints(kept, tmp_path):
    shutil.copytree(folder_of(kept, "-digits"), tmp_path / "20260101-000000-digits")
    resumed = descent("resume", "--json", "--out", str(tmp_path))
    assert resumed.exit_code == 0
    whole = descent("run", "digits", "--set", "training.epochs=3", "--json", "--out", str(tmp_path / "whole"))
    assert json.loads(resumed.stdout)["runs"] == json.loads(whole.stdout)["runs"]
    there = next((tmp_path / "whole").iterdir())
    for name in ("iterations.csv", "epochs.csv"):
        assert clockless(tmp_path / "20260101-000000-digits" / name) == clockless(there / name)
    again = descent("resume", "20260101-000000-digits", "--out", str(tmp_path), "--json")
    assert again.stdout == resumed.stdout
    assert "is over: this is what came of it" in again.stderr
    nothing = descent("resume", "--out", str(tmp_path))
    assert nothing.exit_code == 2
    assert "no run that has not ended is kept" in nothing.stderr


def test_star_export_and_delete(kept, tmp_path):
    out = tmp_path / "runs"
    shutil.copytree(folder_of(kept, "-recipe"), out / "20260101-000000-recipe")
    name, runs = "20260101-000000-recipe", ("runs", "--out", str(out))
    assert "starred" in descent(*runs, "star", name).stdout
    assert "* " in descent(*runs).stdout
    refused = descent(*runs, "delete", name)
    assert (refused.exit_code, refused.stdout) == (2, "")
    for ending, files in ((".csv", 2), (".jsonl", 1), (".py", 1), (".npz", 1), (".toml", 1), (".zip", 1)):
        target = tmp_path / f"taken{ending}"
        ended = descent(*runs, "export", name, str(target))
        assert ended.exit_code == 0, ended.stderr
        assert len(ended.stdout.splitlines()) == files
        assert descent(*runs, "export", name, str(target)).exit_code == 2  # it is there already
    assert descent("check", str(tmp_path / "taken.toml")).exit_code == 0
    with zipfile.ZipFile(tmp_path / "taken.zip") as archive:
        assert f"{name}/iterations.csv" in archive.namelist()
    assert "ends in one of" in descent(*runs, "export", name, "x.doc").stderr
    assert "no longer" in descent(*runs, "star", name, "--off").stdout
    assert descent(*runs, "delete", name).stdout == f"{name}: deleted\n"
    assert not (out / name).exists()


def test_limits_are_said_and_changed(tmp_path):
    runs = ("runs", "--out", str(tmp_path), "limit")
    assert descent(*runs).stdout == "at most 200 runs and 4.0 GB are kept, starred ones among them\n"
    assert "at most 3 runs and 20 GB" in descent(*runs, "--count", "3", "--size", "20 GB").stdout
    assert "at most 3 runs" in descent(*runs).stdout
    for words, said in ((("--count", "0"), "--count"), (("--count", "x"), "'x'"), (("--size", "3"), '"3" is not a size')):
        ended = descent(*runs, *words)
        assert ended.exit_code == 2
        assert said in ended.stderr


def test_the_oldest_goes_with_a_word(tmp_path):
    assert descent("runs", "--out", str(tmp_path), "limit", "--count", "1").exit_code == 0
    assert descent("run", *SHORT, "--out", str(tmp_path)).stderr == ""
    first = next(one for one in tmp_path.iterdir() if one.is_dir())
    said = descent("run", *SHORT, "--out", str(tmp_path)).stderr
    assert said == f"descent: deleted the oldest run, {first.name}: 1 run and 4.0 GB are kept; " + (
        "one that is starred stays (descent runs star)\n"
    )
    assert len([one for one in tmp_path.iterdir() if one.is_dir()]) == 1
    too_many = descent("run", *SHORT, "--seeds", "3", "--out", str(tmp_path))
    assert (too_many.exit_code, too_many.stdout) == (2, "")
    assert "3 runs are more than the 1 that are kept" in too_many.stderr


def test_replay_says_bit_for_bit_the_same(kept):
    ended = descent("replay", folder_of(kept, "-recipe").name, "--out", str(kept))
    assert ended.exit_code == 0
    assert ended.stdout.endswith(": bit for bit the same, 128 iterations and 4 epochs\n")
    found = json.loads(descent("replay", folder_of(kept, ".seed1").name, "--out", str(kept), "--json").stdout)
    assert [one["same"] for one in found["runs"]] == [True]


def test_replay_names_the_first_iteration_that_differs(kept, tmp_path):
    folder = Path(shutil.copytree(folder_of(kept, "-recipe"), tmp_path / "run"))
    lines = (folder / "iterations.csv").read_text().splitlines()
    lines[100] = lines[100].replace(",0.001,", ",0.002,")
    (folder / "iterations.csv").write_text("\n".join(lines) + "\n")
    ended = descent("replay", str(folder))
    assert ended.exit_code == 1
    assert "differs first at iteration 100 (epoch 4): learning_rate was 0.002, and is 0.001 here" in ended.stdout


@pytest.mark.parametrize("word", ["resume", "replay", "watch"])
@pytest.mark.parametrize("what", ["nothing", "elsewhere/nothing", "empty"])
def test_what_is_no_run_is_refused_in_a_line(word, what, tmp_path):
    (tmp_path / "empty").mkdir()
    named = str(tmp_path / what) if what != "nothing" else what
    ended = descent(word, named, "--out", str(tmp_path))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("descent: ")
    assert ended.stderr.count("\n") == 1


def limited(size: int):
    """As `preexec_fn`: no file of the process may be larger."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [20_000, 120_000])
def test_a_disk_that_is_full_costs_no_number(size, tmp_path):
    words = [DESCENT, "run", "recipe", "--set", "training.epochs=60", "--json", "--out"]
    full = subprocess.run(
        [*words, str(tmp_path / "full")], capture_output=True, text=True, preexec_fn=limited(size), timeout=60
    )
    assert full.returncode == 0
    assert "cannot be written to" in full.stderr
    assert "training goes on" in full.stderr
    whole = subprocess.run([*words, str(tmp_path / "whole")], capture_output=True, text=True, timeout=60, check=True)
    assert full.stdout == whole.stdout
    [folder], [other] = (list((tmp_path / name).iterdir()) for name in ("full", "whole"))
    assert (folder / "iterations.csv").read_bytes()[-1:] == b"\n"
    assert not (folder / "result.json").exists()
    resumed = descent("resume", folder.name, "--json", "--out", str(tmp_path / "full"))
    assert json.loads(resumed.stdout) == json.loads(whole.stdout)
    for name in ("iterations.csv", "epochs.csv"):
        assert clockless(folder / name) == clockless(other / name)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 60 MB, where there is a right to mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=60m", "descent-test", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_meanwhile_and_is_emptied_again(small_disk, tmp_path):
    words = ["run", "recipe", "--set", "training.epochs=900", "--json", "--out"]
    with subprocess.Popen(
        [DESCENT, *words, str(small_disk / "runs")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not any(small_disk.glob("runs/*/iterations.csv")):
            time.sleep(0.01)
        filler = open(small_disk / "filler", "wb", buffering=0)  # noqa: SIM115
        with suppress(OSError):
            while True:
                filler.write(bytes(4096))
        assert "No space left on device" in process.stderr.readline()
        filler.close()
        (small_disk / "filler").unlink()
        out, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "is written again" in said
    whole = descent(*words, str(tmp_path / "whole"))
    assert json.loads(out) == json.loads(whole.stdout)
    [folder], [other] = (list(place.iterdir()) for place in (small_disk / "runs", tmp_path / "whole"))
    for name in ("iterations.csv", "epochs.csv"):
        assert clockless(folder / name) == clockless(other / name)


def test_a_run_that_the_disk_has_no_room_for_is_refused_with_the_arithmetic(small_disk):
    ended = descent("run", "recipe", "--set", "training.epochs=100000", "--out", str(small_disk))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "on disk it may take 500 MB (3,200,000 iterations x 150 bytes + 100,000 epochs x 200 bytes" in ended.stderr
    assert "63 MB of the disk are free. --no-keep trains without keeping it." in ended.stderr


def test_a_signal_leaves_a_checkpoint_and_says_how_to_go_on(tmp_path):
    words = [DESCENT, "run", "recipe", "--set", "training.epochs=1000000", "--out", str(tmp_path)]
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            for _ in range(6):
                process.stdout.readline()
            process.send_signal(number)
            _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        folder = Path(said.split("resume ")[1].split(" goes")[0])
        assert (folder / "checkpoint.npz").exists()
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        assert (events[-1]["event"], events[-1]["reason"]) == ("stopped", "interrupted")
        rows = (folder / "iterations.csv").read_text().splitlines()
        assert int(rows[-1].split(",")[1]) == events[-1]["iteration"]
        shutil.rmtree(folder)


def test_at_most_a_second_or_an_epoch_of_figures_is_lost(tmp_path):
    words = [DESCENT, "run", "recipe", "--set", "training.epochs=1000000", "--jsonl", "--out", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        said: list[tuple[float, int]] = []  # when each iteration was printed: it was trained before that
        until = time.monotonic() + 3.0
        while time.monotonic() < until:
            line = json.loads(process.stdout.readline())
            if line["event"] == "iteration":
                said.append((time.monotonic(), line["iteration"]))
        killed = time.monotonic()
        process.kill()
    [folder] = tmp_path.iterdir()
    rows = (folder / "iterations.csv").read_text().splitlines()
    epochs = (folder / "epochs.csv").read_text().splitlines()
    owed = max(iteration for at, iteration in said if at < killed - 1.0) - 32
    assert int(rows[-1].split(",")[1]) >= owed
    assert int(epochs[-1].split(",")[1]) >= owed - 32


def test_watch_follows_in_lines_and_says_when_the_trainer_is_gone(tmp_path):
    words = ["run", "recipe", "--set", "training.epochs=1000000", "--out", str(tmp_path)]
    with subprocess.Popen([DESCENT, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as trains:
        for _ in range(6):
            trains.stdout.readline()
        watch = [DESCENT, "watch", "--plain", "--out", str(tmp_path)]
        with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as follows:
            lines = [follows.stdout.readline() for _ in range(6)]
            trains.kill()
            rest, _ = follows.communicate(timeout=30)
    assert lines[0] == "The recipe\n"
    assert any(line.startswith("epoch ") for line in lines)
    assert rest.splitlines()[-1].startswith("nobody trains ")
    assert follows.returncode == 0
    with suppress(ProcessLookupError):
        trains.kill()
