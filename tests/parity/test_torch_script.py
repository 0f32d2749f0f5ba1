"""The script that a network is written as: run in a Python of its own, it says what our network says, to 1e-6."""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import Trainer, load_preset
from engine.activations import ACTIVATIONS
from engine.functions import Sine
from engine.layers import Architecture
from engine.losses import LOSSES
from engine.optimizers import Adam
from engine.points import Blobs, Moons
from engine.real_tables import Digits, Iris, StudyHours
from engine.rows import Rows
from engine.run import Run, Training
from tui.exporting import torch_script as module
from tui.exporting.torch_script import torch_script, why_not

pytestmark = pytest.mark.parity


def trained(run: Run, steps: int = 25) -> Trainer:
    trainer = Trainer(run)
    for _ in range(steps):
        if not trainer.done:
            trainer.step()
    return trainer


def written(trainer: Trainer, folder: Path, name: str = "network", **options) -> Path:
    script = torch_script(trainer, name, **options)
    path = folder / f"{name}.py"
    path.write_text(script.text, encoding="utf-8")
    if script.arrays:
        np.savez(folder / f"{name}.npz", **script.arrays)
    return path


def said(path: Path, good: bool = True) -> str:
    """What the script prints, run in this Python: one of its own takes seconds until PyTorch is there."""
    printed, words = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit as stopped:
            words = str(stopped)
    assert (not words) == good, printed.getvalue() + words
    return printed.getvalue() + words


def said_alone(path: Path) -> str:
    """What the script prints, run as somebody would who has never heard of descent."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, path.name], cwd=path.parent, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def difference(text: str) -> float:
    return float(re.search(r"predictions of descent: (\S+)", text)[1])


def loss_off(text: str) -> float:
    return float(re.search(r"difference of the loss: (\S+)", text)[1])


def run_of(data=None, loss=None, activation="tanh", hidden=(6, 5), dropout=0.0, **training) -> Run:
    return Run(
        data=data or Moons(samples=40, validation=10),
        network=Architecture(hidden=hidden, activation=activation, dropout=dropout),
        training=Training(loss=loss, batch_size=8, optimizer=Adam(learning_rate=0.02), **training),
    )


def test_every_activation_and_every_loss_is_known():
    assert set(module.ACTIVATIONS) == set(ACTIVATIONS)
    assert set(module.LOSSES) == set(LOSSES)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation(torch, tmp_path, activation):
    text = said(written(trained(run_of(activation=activation)), tmp_path))
    assert difference(text) <= 1e-6 and loss_off(text) <= 1e-6


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_every_loss(torch, tmp_path, loss):
    classes = 2 if loss == "binary_cross_entropy" else 3
    regression = LOSSES[loss].task == "regression"
    data = Sine(samples=40, validation=10) if regression else Blobs(samples=40, validation=10, classes=classes)
    text = said(written(trained(run_of(data, loss)), tmp_path))
    assert difference(text) <= 1e-6 and loss_off(text) <= 1e-6


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (Iris(), "setosa"),  # standardised
        (StudyHours(), "score"),  # inputs and outputs with units
        (Rows(inputs=((0.0, 1.0), (2.0, 3.0)), targets=(0.5, -1.0), features=("a b", 'x"y'), target="t\nu"), "right is"),
    ],
)
def test_every_kind_of_data(torch, tmp_path, data, word):
    text = said(written(trained(run_of(data)), tmp_path))
    assert difference(text) <= 1e-6 and loss_off(text) <= 1e-6
    assert word in text


@pytest.mark.parametrize("name", ["recipe", "digits", "diabetes", "regularisation", "pytorch-double-softmax"])
def test_presets(torch, tmp_path, name):
    trainer = trained(load_preset(name).runs[-1])
    text = said(written(trainer, tmp_path, name))
    assert difference(text) <= 1e-6 and loss_off(text) <= 1e-6
    assert (tmp_path / f"{name}.npz").exists() == (trainer.parameters.size > 4000)


def test_numbers_beside_the_script_and_in_it_say_the_same(torch, tmp_path, monkeypatch):
    trainer = trained(run_of(Digits(), hidden=(8,)))
    inside = said_alone(written(trainer, tmp_path, "inside"))
    monkeypatch.setattr(module, "MOST_WRITTEN", 10)
    beside = said_alone(written(trainer, tmp_path, "beside"))
    assert (tmp_path / "beside.npz").exists() and not (tmp_path / "inside.npz").exists()
    assert inside == beside and difference(inside) <= 1e-6


def test_weights_come_back_to_the_last_bit(torch, tmp_path):
    trainer = trained(run_of())
    namespace = {"__name__": "imported"}
    exec(compile(written(trainer, tmp_path).read_text(encoding="utf-8"), "network.py", "exec"), namespace)
    layers = [part for part in namespace["model"] if isinstance(part, torch.nn.Linear)]
    for layer, ours in zip(layers, trainer.objective.network.layers, strict=True):
        assert np.array_equal(layer.weight.detach().numpy(), ours.weights.T)
        assert np.array_equal(layer.bias.detach().numpy(), ours.bias)


def test_float32(torch, tmp_path):
    text = said(written(trained(run_of(dtype="float32")), tmp_path))
    assert difference(text) <= 1e-5 and loss_off(text) <= 1e-5


def test_dropout_is_in_the_model_and_left_out_of_predictions(torch, tmp_path):
    path = written(trained(run_of(dropout=0.25)), tmp_path)
    assert path.read_text(encoding="utf-8").count("nn.Dropout(0.25)") == 2
    assert difference(said(path)) <= 1e-6


def test_a_network_without_a_hidden_layer_and_one_that_never_trained(torch, tmp_path):
    assert difference(said(written(trained(run_of(hidden=()), 0), tmp_path))) <= 1e-6


@pytest.mark.parametrize("data", [Moons(samples=40, validation=10), Sine(samples=40, validation=10)])
def test_a_diverged_network_says_nan_there_too(torch, tmp_path, data):
    trainer = trained(run_of(data))
    trainer.parameters[...] = np.nan
    assert difference(said(written(trainer, tmp_path))) == 0.0


def test_another_number_in_the_script_is_noticed(torch, tmp_path):
    path = written(trained(run_of()), tmp_path)
    text = path.read_text(encoding="utf-8")
    first = re.search(r"torch\.tensor\(\[\s*\[(-?[\d.e-]+)", text)[1]
    path.write_text(text.replace(first, str(float(first) + 0.01), 1), encoding="utf-8")
    assert "not the same predictions" in said(path, good=False)


def test_names_from_a_file_cannot_break_out_of_the_script(torch, tmp_path):
    run = replace(run_of(), name='x"""\nimport os\n\\')
    trainer = trained(run, 2)
    path = written(trainer, tmp_path)
    assert "import os" not in path.read_text(encoding="utf-8").split('"""')[2]
    assert difference(said(path)) <= 1e-6


def test_hidden_validation_rows_stay_out_of_the_script():
    trainer = trained(run_of(Iris()), 2)
    for blind, part in ((False, "validation"), (True, "training")):
        assert f"Some {part} rows" in torch_script(trainer, blind=blind).text


def test_a_surface_has_no_script():
    trainer = Trainer(load_preset("valley").runs[0])
    assert why_not(trainer)
    with pytest.raises(ValueError, match="a surface has no network"):
        torch_script(trainer)
