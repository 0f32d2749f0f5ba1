"""Stop anywhere, write the state down, go on from it: every later number is bit for bit what it would have been."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import IterationMetrics, Run, Trainer
from engine.layers import Architecture
from engine.optimizers import OPTIMIZERS, Adam
from engine.own_table import OwnTable
from engine.points import Moons
from engine.real_tables import StudyHours
from engine.run import Training
from engine.schedules import SCHEDULES, Cosine, ReduceOnPlateau
from engine.stopping import EarlyStopping
from engine.surfaces import HillyPark, Ravine, Valley


def written(state) -> tuple[bytes, str]:
    """A state as a npz file of arrays, none of them an object, and a JSON text of all the rest."""
    arrays: dict[str, np.ndarray] = {}

    def plain(value):
        if isinstance(value, np.ndarray):
            arrays[f"a{len(arrays)}"] = value
            return {"array": f"a{len(arrays) - 1}"}
        if isinstance(value, dict):
            return {key: plain(entry) for key, entry in value.items()}
        return [plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value

    text = json.dumps(plain(state))
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue(), text


def read(file: bytes, text: str):
    arrays = np.load(io.BytesIO(file), allow_pickle=False)

    def back(value):
        if isinstance(value, dict):
            return arrays[value["array"]] if list(value) == ["array"] else {key: back(entry) for key, entry in value.items()}
        return [back(entry) for entry in value] if isinstance(value, list) else value

    return back(json.loads(text))


def restored(trainer: Trainer) -> Trainer:
    return Trainer.restore(trainer.run, read(*written(trainer.state())))


def numbers(trainer: Trainer) -> dict[str, object]:
    """All that a run came to, as bits, without the seconds."""
    history = trainer.history
    names = [entry.name for entry in fields(IterationMetrics) if entry.name != "seconds"]
    return {
        "iterations": {name: history.column(name).tobytes() for name in names},
        "epochs": [repr(replace(entry, seconds=0.0)) for entry in history.epochs],
        "losses": history.train_losses().tobytes(),
        "changes": history.changes,
        "ends": repr((history.initial, history.initial_validation, history.diverged, history.stopped, history.restored)),
        "best": repr(history.best and replace(history.best, seconds=0.0)),
        "weights": trainer.parameters.tobytes(),
        "path": getattr(trainer.objective, "path", np.empty(0)).tobytes(),
    }


Change = tuple[int, str, object]


def go(trainer: Trainer, changes: list[Change], until: int | None = None) -> Trainer:
    """Train on, making each change after its iteration (not those already made), until an iteration or the end."""
    while until is None or trainer.iteration < until:
        for at, key, value in changes:
            # a change of an earlier life is part of the state
            if at == trainer.iteration and key not in {done.key for done in trainer.history.changes if done.iteration == at}:
                trainer.change(key, value)
        if trainer.done:
            break
        trainer.step()
    return trainer


schedules = st.builds(
    lambda name, warmup: SCHEDULES[name](warmup_iterations=warmup),
    st.sampled_from(sorted(SCHEDULES)),
    st.sampled_from([0, 3]),
)
changes_of_a_run = st.lists(
    st.tuples(
        st.integers(0, 14),
        st.sampled_from(
            [("learning_rate", 0.03), ("weight_decay", 0.2), ("batch_size", 7), ("batch_size", 30), ("epochs", 5)]
        ),
    ).map(lambda pair: (pair[0], *pair[1])),
    max_size=3,
    unique_by=lambda change: change[:2],
)


@st.composite
def runs(draw) -> Run:
    optimizer = OPTIMIZERS[draw(st.sampled_from(sorted(OPTIMIZERS)))](learning_rate=0.02)
    stopping = draw(st.sampled_from([None, EarlyStopping(patience=1, min_delta=0.05), EarlyStopping(patience=3)]))
    schedule = draw(schedules)
    if schedule.name == "reduce_on_plateau":
        schedule = replace(schedule, patience_epochs=0, min_delta=0.2)
    training = Training(
        epochs=4,
        batch_size=16,
        optimizer=optimizer,
        schedule=schedule,
        early_stopping=stopping,
        l1=draw(st.sampled_from([0.0, 0.01])),
        drop_last=draw(st.booleans()),
        shuffle=draw(st.booleans()),
        evaluate=draw(st.sampled_from(["epoch", "iteration"])),
        dtype=draw(st.sampled_from(["float64", "float32"])),
    )
    network = Architecture(hidden=(5,), dropout=draw(st.sampled_from([0.0, 0.3])))
    return Run(data=Moons(samples=50, validation=20), network=network, training=training, seed=draw(st.integers(0, 3)))


@settings(max_examples=120)
@given(run=runs(), stop=st.integers(0, 16), phases=st.integers(0, 3), changes=changes_of_a_run)
def test_from_any_iteration_and_any_phase_of_it_it_goes_on_as_if_nothing_had_been(run, stop, phases, changes):
    undisturbed = go(Trainer(run), changes)
    trainer = go(Trainer(run), changes, stop)
    for at, key, value in changes:
        if at == trainer.iteration and not trainer.done:
            trainer.change(key, value)
    for _ in range(0 if trainer.done else phases):
        trainer.step_phase()
    before = trainer.state()
    again = restored(trainer)
    assert again.phase == 0
    assert numbers(go(again, changes)) == numbers(undisturbed)
    # neither asking for the state nor the other one's training has touched the first
    assert written(before) == written(trainer.state())
    assert numbers(go(trainer, changes)) == numbers(undisturbed)


@pytest.mark.parametrize("stop", [0, 1, 7, 20])
@pytest.mark.parametrize(
    "surface", [Valley(steps=20), Ravine(steps=20), HillyPark(steps=20)], ids=lambda surface: surface.name
)
def test_surfaces_go_on_with_all_of_their_path(surface, stop):
    run = Run(surface=surface, training=Training(optimizer=Adam(learning_rate=0.3), schedule=Cosine()))
    again = restored(go(Trainer(run), [], stop))
    assert len(again.objective.path) == stop + 1
    assert numbers(go(again, [])) == numbers(go(Trainer(run), []))


def test_a_run_that_diverged_into_nan_is_restored_with_its_nan():
    run = Run(data=StudyHours(), network=Architecture(hidden=()), training=Training(epochs=300, batch_size="full"))
    run = replace(run, training=replace(run.training, optimizer=replace(run.training.optimizer, learning_rate=10.0)))
    through = go(Trainer(run), [])
    assert np.isnan(through.parameters).all()
    assert numbers(go(restored(go(Trainer(run), [], 280)), [])) == numbers(through)


def test_a_completed_run_with_its_best_weights_back_is_restored_and_goes_on_from_the_last_ones():
    stopping = EarlyStopping(patience=50, min_delta=0.2)
    training = Training(epochs=12, batch_size=16, optimizer=Adam(learning_rate=1.0), early_stopping=stopping)
    run = Run(data=Moons(samples=50, validation=20), training=training, seed=3)
    trainer = go(Trainer(run), [])
    assert trainer.history.restored.epoch < 12  # or nothing would be put back
    again = restored(trainer)
    assert numbers(again) == numbers(trainer)
    for one in (trainer, again):
        one.change("epochs", 15)
        go(one, [])
    assert numbers(again) == numbers(trainer)
    longer = go(Trainer(replace(run, training=replace(training, epochs=15))), [])
    assert again.history.column("batch_loss").tobytes() == longer.history.column("batch_loss").tobytes()


# In a new process -----------------------------------------------------------------------------------------------------

RUN = """
from engine import Run
from engine.layers import Architecture
from engine.own_table import OwnTable
from engine.optimizers import Nesterov
from engine.points import Moons
from engine.run import Training
from engine.schedules import ReduceOnPlateau
from engine.stopping import EarlyStopping
run = Run(
    data=Moons(samples=50, validation=20),
    network=Architecture(hidden=(6, 4), dropout=0.2),
    training=Training(
        epochs=6, batch_size=16, optimizer=Nesterov(learning_rate=0.05), early_stopping=EarlyStopping(patience=4),
        schedule=ReduceOnPlateau(patience_epochs=0, min_delta=0.1, warmup_iterations=5),
    ),
)
"""
CHILD = """
import hashlib, json, sys
import numpy as np
from engine import Trainer
text = json.load(open("state.json"))
arrays = np.load("state.npz", allow_pickle=False)
def back(value):
    if isinstance(value, dict):
        return arrays[value["array"]] if list(value) == ["array"] else {key: back(entry) for key, entry in value.items()}
    return [back(entry) for entry in value] if isinstance(value, list) else value
trainer = Trainer.restore(run, back(text))
trainer.change("learning_rate", 0.02)
for _ in trainer:
    pass
history = trainer.history
seen = [history.column(name).tobytes() for name in ("batch_loss", "learning_rate", "gradient_norm", "update_norm")]
print(hashlib.sha256(b"".join([*seen, trainer.parameters.tobytes()])).hexdigest(), len(history), history.stopped.reason)
"""


def test_a_new_process_goes_on_with_the_same_numbers(tmp_path):
    scope: dict[str, object] = {}
    exec(RUN, scope)
    trainer = Trainer(scope["run"])
    for _ in range(10):  # in the middle of the third epoch
        trainer.step()
    trainer.step_phase()
    file, text = written(trainer.state())
    (tmp_path / "state.npz").write_bytes(file)
    (tmp_path / "state.json").write_text(text)
    child = subprocess.run([sys.executable, "-c", RUN + CHILD], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert child.returncode == 0, child.stderr
    trainer.change("learning_rate", 0.02)
    for _ in trainer:
        pass
    history = trainer.history
    seen = [history.column(name).tobytes() for name in ("batch_loss", "learning_rate", "gradient_norm", "update_norm")]
    bits = hashlib.sha256(b"".join([*seen, trainer.parameters.tobytes()])).hexdigest()
    assert child.stdout.split() == [bits, str(len(history)), history.stopped.reason]


def test_the_gradient_of_the_last_update_is_there_again():
    run = Run(data=Moons(samples=50, validation=20), training=Training(epochs=2))
    trainer = go(Trainer(run), [], 3)
    again = restored(trainer)
    assert np.array_equal(again.gradients, trainer.gradients)
    assert np.any(again.gradients)
    assert again.snapshot().layers[0].weights_gradient.tobytes() == trainer.snapshot().layers[0].weights_gradient.tobytes()


# What does not fit ----------------------------------------------------------------------------------------------------


def test_a_state_of_another_run_or_another_version_is_refused():
    run = Run(data=Moons(samples=50, validation=20), training=Training(schedule=ReduceOnPlateau()))
    state = go(Trainer(run), [], 1).state()
    with pytest.raises(ValueError, match=r"belongs to a run with seed 0, not 1"):
        Trainer.restore(replace(run, seed=1), state)
    with pytest.raises(ValueError, match=r"belongs to a run with sizes \[2, 16, 1\], not \[2, 3, 1\]"):
        Trainer.restore(replace(run, network=Architecture(hidden=(3,))), state)
    for version in (0, 1, 3, None):
        with pytest.raises(ValueError, match=f"version {version}, this descent reads version 2"):
            Trainer.restore(run, {**state, "version": version})
    with pytest.raises(ValueError, match="version None"):
        Trainer.restore(run, {})


@pytest.mark.parametrize(
    "changed",
    [
        {"optimizer": Adam()},
        {"schedule": Cosine()},
        {"early_stopping": EarlyStopping()},
        {"dtype": "float32"},
        {"shuffle": False},
        {"l2": 0.1},
    ],
    ids=str,
)
def test_a_state_of_a_run_that_is_trained_otherwise_is_refused(changed):
    run = Run(data=Moons(samples=50, validation=20), training=Training(schedule=ReduceOnPlateau()))
    state = go(Trainer(run), [], 1).state()
    with pytest.raises(ValueError, match="belongs to a run with another"):
        Trainer.restore(replace(run, training=replace(run.training, **changed)), state)


def test_a_state_of_other_data_another_network_or_another_surface_is_refused():
    run = Run(data=Moons(samples=50, validation=20))
    with pytest.raises(ValueError, match="belongs to a run with another data set"):
        Trainer.restore(replace(run, data=Moons(samples=40, validation=20)), Trainer(run).state())
    with pytest.raises(ValueError, match="belongs to a run with another network"):
        Trainer.restore(replace(run, network=Architecture(activation="tanh")), Trainer(run).state())
    with pytest.raises(ValueError, match="belongs to a run with another surface"):
        Trainer.restore(Run(surface=Valley(curvature=1.0)), Trainer(Run(surface=Valley())).state())


def test_a_run_of_another_name_is_no_other_run():
    run = Run(data=Moons(samples=50, validation=20))
    trainer = go(Trainer(run), [], 5)
    again = Trainer.restore(replace(run, name="another"), trainer.state())
    assert numbers(go(again, [])) == numbers(go(trainer, []))


def test_a_file_that_has_changed_since_is_another_run(tmp_path):
    file = tmp_path / "houses.csv"
    rows = [f"{area},{3 * area}.5" for area in range(20, 60)]
    file.write_text("area,price\n" + "\n".join(rows))
    run = Run(data=OwnTable(file=str(file), target="price"))
    state = go(Trainer(run), [], 3).state()
    Trainer.restore(run, state)
    file.write_text("area,price\n" + "\n".join([*rows[:-1], "59,1000.5"]))
    with pytest.raises(ValueError, match="belongs to a run with another content of its file"):
        Trainer.restore(Run(data=OwnTable(file=str(file), target="price")), state)


def test_a_state_that_is_not_whole_is_refused_by_name():
    run = Run(data=Moons(samples=10, validation=0))
    state = Trainer(run).state()
    del state["parameters"]
    with pytest.raises(ValueError, match="not whole: parameters missing"):
        Trainer.restore(run, state)
    with pytest.raises(ValueError, match="missing"):
        Trainer.restore(run, {"version": 2})
