"""A run that is taken up where its files end: whatever became of them, it comes to the very same numbers."""

from __future__ import annotations

import json
import os
import random
import shutil

import numpy as np
import pytest
from written_runs import begun, preset_with, same_run, text_of, trained

from engine import Trainer
from engine.on_disk.folder import CHECKPOINT, EPOCHS, EVENTS, FILES, ITERATIONS, RESULT, RUN, Hold, RunFolder, RunFolderError
from engine.on_disk.going_on import take_up

CHANGES = ((50, "learning_rate", 0.003), (200, "batch_size", 64), (330, "epochs", 14), (400, "learning_rate", 0.001))


def whole(preset, changes=()) -> Trainer:
    """The same run with nobody disturbing it."""
    trainer = Trainer(preset.runs[0], lambda: 0.0)
    while not trainer.done:
        for at, key, value in changes:
            if at == trainer.iteration:
                trainer.change(key, value)
        trainer.step()
    return trainer


def gone_on(folder: RunFolder, changes=()):
    """The run of a folder trained to its end, as whoever resumes it does."""
    taken = take_up(folder, clock=lambda: 0.0)
    for _ in taken.catch_up():
        pass
    writer = taken.writer()
    trained(writer, changes=[change for change in changes if change[0] >= writer.trainer.iteration])
    writer.settle(result={"stopped": "completed"})
    writer.close()
    assert writer.trouble is None
    return taken


@pytest.mark.parametrize(
    "name", ["recipe", "early-stopping", "plateau-lower-lr", "lr-explodes-fix", "valley", "gd-variants"]
)
def test_files_that_are_cut_anywhere_lose_nothing(name, tmp_path, eager):
    chance = random.Random(name)
    short = {} if name in ("lr-explodes-fix", "valley") else {"training__epochs": 12}
    preset = preset_with(name, **short)
    changes = CHANGES if name == "recipe" else ()
    expected = whole(preset, changes)
    writer = begun(tmp_path / "runs", preset)
    copies = []
    moments = sorted(chance.randrange(expected.iteration) for _ in range(10))
    for index, moment in enumerate(moments):
        trained(writer, moment, changes)
        writer.settle(checkpoint=index % 3 == 0)
        copies.append(RunFolder(shutil.copytree(writer.folder.path, tmp_path / f"copy{index}")))
    trained(writer, None, changes)
    writer.settle(result={"stopped": "completed"})
    writer.close()
    assert same_run(writer.trainer, expected)
    cuts = [None, ITERATIONS, EPOCHS, CHECKPOINT, RUN]
    for index, folder in enumerate(copies):
        cut = cuts[index % len(cuts)]
        if cut is not None and folder.file(cut).exists():
            os.truncate(folder.file(cut), chance.randrange(folder.file(cut).stat().st_size + 1))
        with open(folder.file(EVENTS), "ab") as file:
            file.write(b'{"event": "chan')  # torn
        if cut == RUN and not folder.file(CHECKPOINT).exists():
            with pytest.raises(RunFolderError, match=r"run\.toml"):
                take_up(folder)
            continue
        taken = gone_on(folder, changes)
        assert same_run(taken.trainer, expected), (index, cut, taken.damage)
        assert taken.differs_at is None
        for file in (ITERATIONS, EPOCHS):
            assert text_of(folder, file) == text_of(writer.folder, file), (index, cut)


@pytest.mark.parametrize("seed", range(3))
def test_files_of_random_bytes_are_refused_or_gone_on_with(seed, tmp_path, eager):
    chance = random.Random(seed)
    preset = preset_with("recipe", training__epochs=3)
    writer = begun(tmp_path / "runs", preset)
    trained(writer, 60)
    writer.settle()
    writer.close()
    expected = whole(preset)
    outcomes, messages = set(), []
    for index in range(60):
        folder = RunFolder(shutil.copytree(writer.folder.path, tmp_path / f"copy{index}"))
        name = chance.choice([name for name in FILES if folder.file(name).exists()])
        content = bytearray(text_of(folder, name))
        for _ in range(chance.choice([1, 3, 200])):
            content[chance.randrange(len(content))] = chance.randrange(256)
        folder.file(name).write_bytes(bytes(content))
        try:
            taken = gone_on(folder)
        except RunFolderError as error:
            messages.append(str(error))
            outcomes.add("refused")
        else:
            outcomes.add("gone on" if same_run(taken.trainer, expected) else f"otherwise {name}")
        shutil.rmtree(folder.path)
    assert all("\n" not in message and str(tmp_path) in message for message in messages)
    assert "gone on" in outcomes
    assert outcomes <= {"gone on", "refused", f"otherwise {RUN}", f"otherwise {CHECKPOINT}", f"otherwise {EVENTS}"}


def test_a_change_that_no_checkpoint_has_is_made_again(tmp_path):
    preset = preset_with("recipe", training__epochs=4)
    writer = begun(tmp_path, preset)
    trained(writer, 30)
    writer.settle(checkpoint=True)
    trained(writer, 60, [(40, "learning_rate", 0.02), (50, "weight_decay", 0.1)])
    writer.settle(checkpoint=False)
    writer.close()
    taken = take_up(writer.folder, clock=lambda: 0.0)
    assert taken.begun_at == 30
    assert [change.iteration for change in taken.changes] == [40, 50]
    for _ in taken.catch_up():
        pass
    assert taken.trainer.iteration == 60
    assert same_run(taken.trainer, writer.trainer)
    taken.hold.let_go()


def test_a_machine_that_comes_to_other_numbers_is_told_from_the_rows(tmp_path):
    preset = preset_with("recipe", training__epochs=2)
    writer = begun(tmp_path, preset)
    trained(writer, 40)
    writer.settle(checkpoint=False)
    writer.close()
    place = writer.folder.file(ITERATIONS)
    lines = place.read_bytes().split(b"\n")
    cells = lines[21].split(b",")
    cells[5] = b"0.125"
    lines[21] = b",".join(cells)
    place.write_bytes(b"\n".join(lines))
    taken = gone_on(writer.folder)
    assert taken.differs_at == 21
    assert same_run(taken.trainer, whole(preset))
    with_clock = np.loadtxt(place, delimiter=",", skiprows=1)
    assert with_clock[:, 1].tolist() == list(range(1, 65))


def test_a_run_is_one_process_s_at_a_time(tmp_path):
    writer = begun(tmp_path, preset_with())
    assert writer.folder.state == "training"
    with pytest.raises(BlockingIOError, match="another process trains"):
        take_up(writer.folder)
    writer.close()
    assert writer.folder.state == "unfinished"
    Hold(writer.folder).let_go()


def test_what_was_over_and_goes_on_has_no_result_meanwhile(tmp_path, eager):
    writer = begun(tmp_path, preset_with("recipe", training__epochs=2))
    trained(writer)
    writer.settle(result={"stopped": "completed", "loss": float("nan")})
    assert json.loads(text_of(writer.folder, RESULT)) == {"stopped": "completed", "loss": None}
    writer.trainer.change("epochs", 3)
    trained(writer)
    writer.settle()
    assert not writer.folder.file(RESULT).exists()
    names = [event["event"] for event in writer.folder.events()]
    assert names == ["started", "stopped", "changed", "went on", "stopped"]
    writer.close()


def test_a_whole_training_loss_after_every_update_is_a_column(tmp_path, eager):
    preset = preset_with("recipe", training__epochs=2, training__evaluate="iteration")
    writer = begun(tmp_path, preset)
    trained(writer)
    writer.settle()
    writer.close()
    rows = np.genfromtxt(writer.folder.file(ITERATIONS), delimiter=",", names=True)
    assert rows["train_loss"].tolist() == writer.trainer.history.train_losses()[:, 1].tolist()
