"""A trained network as a PyTorch script that anybody can read and run, without descent.

The script builds the same layers, loads the same weights, brings inputs and outputs into the table's own units, and checks
itself: for a few rows it compares its predictions, and its loss, with those that were made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.losses import Scratch
from engine.objective import NetworkObjective
from engine.trainer import Trainer
from tui.exporting.literals import indented, literal, names_list, number, said

Array = NDArray[Any]

MOST_WRITTEN = 5000  # numbers that are written into the script; more of them go into a file beside it
ROWS = 5  # that the script checks itself with
TOLERANCE = {"float64": 1e-6, "float32": 1e-5}  # of the larger of 1 and the prediction; float32 has seven digits itself

ACTIVATIONS = {
    "relu": "nn.ReLU()",
    "leaky_relu": "nn.LeakyReLU(0.01)",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
    "gelu": 'nn.GELU(approximate="tanh")',
    "softplus": "nn.Softplus()",
    "identity": "nn.Identity()",
}

#: The loss by its name: how it is written, and what there is to say about it.
LOSSES = {
    "mean_squared_error": ("nn.MSELoss()(outputs, targets)", ""),
    "mean_absolute_error": ("nn.L1Loss()(outputs, targets)", ""),
    "huber": ("nn.HuberLoss(delta=1.0)(outputs, targets)", ""),
    "binary_cross_entropy": ("nn.BCEWithLogitsLoss()(outputs, targets)", "takes logits: the sigmoid is in it"),
    "cross_entropy": ("nn.CrossEntropyLoss()(outputs, targets)", "takes logits: the softmax is in it"),
    "double_softmax": (
        "nn.CrossEntropyLoss()(torch.softmax(outputs, dim=1), targets)",
        "softmax twice, a mistake made on purpose: nn.CrossEntropyLoss has one in it already",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class TorchScript:
    """`text` is the script; `arrays` is what belongs into the .npz file beside it (`numpy.savez(path, **arrays)`), by name;
    empty where all numbers are written in the script."""

    text: str
    arrays: Mapping[str, Array] = field(default_factory=dict)


def why_not(trainer: Trainer) -> str:
    """Why there is no script of this trainer, in a line; empty where there is one."""
    return "" if trainer.run.surface is None else "a surface has no network: there is nothing to write for PyTorch"


def torch_script(trainer: Trainer, file: str = "network", blind: bool = False) -> TorchScript:
    """The script for the network as `trainer` has it now.

    `file` is the script's name without .py; numbers that are too many for it belong into `file`.npz, in the same folder.
    The rows that it checks itself with are the first of the validation rows, or of the training rows where there are none
    or `blind`. Raises ValueError for a surface.
    """
    reason = why_not(trainer)
    if reason:
        raise ValueError(reason)
    parts = _Parts(trainer, blind)
    beside = parts.count > MOST_WRITTEN
    sections = [
        _head(trainer, file, beside),
        _model(trainer),
        _functions(trainer),
        _numbers(parts, file, beside),  # what is long comes after what is read
        _check(trainer),
    ]
    return TorchScript("\n\n\n".join(section.strip("\n") for section in sections) + "\n", parts.arrays() if beside else {})


class _Parts:
    """All numbers of a script: the layers, the units, and the rows with what is said of them."""

    def __init__(self, trainer: Trainer, blind: bool) -> None:
        objective = trainer.objective
        assert isinstance(objective, NetworkObjective)
        table, run = objective.table, trainer.run
        self.part = "training" if blind or not len(table.validation_inputs) else "validation"
        train = self.part == "training"
        inputs, targets = (table.inputs, table.targets) if train else (table.validation_inputs, table.validation_targets)
        self.layers = [(layer.weights.T.copy(), layer.bias.copy()) for layer in objective.network.layers]
        self.offset, self.scale = table.input_offset.copy(), table.input_scale.copy()
        self.rows = inputs[:ROWS] * table.input_scale + table.input_offset
        self.predictions = trainer.predict(self.rows)
        self.targets = targets[:ROWS] if table.classes else targets[:ROWS, 0] * table.target_scale + table.target_offset
        prepared = (objective.train if train else objective.validation)[1][:ROWS].T
        with np.errstate(all="ignore"):
            outputs = objective.see((objective.train if train else objective.validation)[0][:ROWS])[0]
            scratch = Scratch((run.sizes[-1], outputs.shape[1]), run.training.dtype)
            self.loss = float(objective.loss_function.value(outputs, np.ascontiguousarray(prepared), scratch))

    def arrays(self) -> dict[str, Array]:
        """Every array by its name in the .npz file."""
        named: dict[str, Array] = {"input_offset": self.offset, "input_scale": self.scale}
        for layer, (weight, bias) in enumerate(self.layers, 1):
            named[f"weight_{layer}"], named[f"bias_{layer}"] = weight, bias
        return {**named, "rows": self.rows, "predictions": self.predictions, "targets": self.targets}

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return sum(array.size for array in self.arrays().values())


def _head(trainer: Trainer, file: str, beside: bool) -> str:
    run, when = trainer.run, "before any training"
    if trainer.iteration:
        when = f"after {trainer.iteration:,} iterations, in epoch {trainer.epoch} of {trainer.epochs}"
    optimizer, training = run.training.optimizer, run.training
    needs = "torch and numpy" if beside else "torch"
    numbers = f"\nIts weights are in {said(file)}.npz, which must stand in the same folder." if beside else ""
    imports = ["from pathlib import Path", "", "import numpy as np"] if beside else []
    lines = [
        '"""The network of a run of descent as a PyTorch model, with the weights that it had then.',
        "",
        f"Run: {said(run.name)}, seed {run.seed}, {when}.",
        f"Data: {said(run.source.name)}, {run.facts.features} features, {_answers(trainer)}.",
        f"Trained with: {optimizer.name}, learning rate {optimizer.learning_rate:g}, batch size {run.batch_size},"
        f" loss {training.loss}, {training.dtype}.",
        "",
        f"It needs {needs}. `python {said(file)}.py` predicts a few rows and compares that with what descent predicted."
        + numbers,
        '"""',
        "",
        *imports,
        "import torch",
        "from torch import nn",
    ]
    return "\n".join(lines)


def _answers(trainer: Trainer) -> str:
    table = trainer.table
    assert table is not None
    return f"{len(table.classes)} classes" if table.classes else "a number to predict"


def _numbers(parts: _Parts, file: str, beside: bool) -> str:
    """The constants: names of what goes in and comes out, units, weights."""
    arrays = parts.arrays()
    lines = []
    if beside:
        lines += [f"with np.load(Path(__file__).with_name({file + '.npz'!r})) as file:"]
        lines += ["    NUMBERS = {name: torch.from_numpy(file[name]) for name in file.files}", ""]
        get = {name: f'NUMBERS["{name}"]' for name in arrays}
    else:
        if not all(np.isfinite(array).all() for array in arrays.values()):
            lines += ['nan, inf = float("nan"), float("inf")', ""]
        get = {name: literal(array) for name, array in arrays.items()}
    lines += ["# The numbers. Of each layer the weights, a row a unit, and the bias of each unit."]
    lines += ["LAYERS = ["]
    for layer in range(1, len(parts.layers) + 1):
        lines += [f"    ({indented(get[f'weight_{layer}'])}, {indented(get[f'bias_{layer}'])}),"]
    lines += [
        "]",
        "with torch.no_grad():",
        "    for layer, (weight, bias) in zip((part for part in model if isinstance(part, nn.Linear)), LAYERS):",
        "        layer.weight.copy_(weight)",
        "        layer.bias.copy_(bias)",
        "model.eval()  # without dropout, if there is any; model.train() brings it back",
    ]
    lines += ["", "# The network sees (value - INPUT_OFFSET) / INPUT_SCALE of each feature."]
    lines += [f"INPUT_OFFSET = {get['input_offset']}", f"INPUT_SCALE = {get['input_scale']}"]
    lines += ["", f"# Some {parts.part} rows in their own units, what descent predicted for them, and what is right."]
    lines += [f"ROWS = {get['rows']}", f"PREDICTIONS = {get['predictions']}", f"TARGETS = {get['targets']}"]
    lines += [f"LOSS = {number(parts.loss)}  # of these rows"]
    if not np.isfinite(parts.loss):
        lines[-1] = f'LOSS = float("{parts.loss}")  # of these rows'
    return "\n".join(lines)


def _model(trainer: Trainer) -> str:
    run = trainer.run
    table = trainer.table
    assert table is not None
    activation = ACTIVATIONS[run.network.activation]
    lines = [f"FEATURES = {names_list(table.features)}"]
    if table.picture:
        high, wide = table.picture
        lines = [f"# A row is a picture of {high} x {wide} pixels, from the top left, line by line."]
    lines += [f"CLASSES = {names_list(table.classes)}"] if table.classes else [f"TARGET = {table.target!r}"]
    lines += ["", "model = nn.Sequential("]
    for layer, (inputs, outputs) in enumerate(pairwise(run.sizes), 1):
        lines.append(f"    nn.Linear({inputs}, {outputs}),")
        if layer < len(run.sizes) - 1:
            lines.append(f"    {activation},")
            if run.network.dropout > 0.0:
                lines.append(f"    nn.Dropout({run.network.dropout!r}),")
    lines += [f").to(torch.{run.training.dtype})"]
    return "\n".join(lines)


def _functions(trainer: Trainer) -> str:
    run, table = trainer.run, trainer.table
    assert table is not None
    written, remark = LOSSES[run.loss]
    dtype = f"torch.{run.training.dtype}"
    lines = [
        "def outputs_of(rows):",
        '    """What the last layer gives, (rows, outputs), for rows (rows, features) in their own units."""',
        f"    return model(((rows - INPUT_OFFSET) / INPUT_SCALE).to({dtype}))",
        "",
        "",
        "def predict(rows):",
    ]
    if table.classes:
        lines += [
            '    """The logits (rows, outputs)."""',
            "    return outputs_of(rows)",
            "",
            "",
            "def probabilities(rows):",
            '    """The probability of each class, (rows, classes)."""',
        ]
        if run.sizes[-1] == 1:
            lines += ["    second = torch.sigmoid(predict(rows))", "    return torch.hstack([1 - second, second])"]
        else:
            lines += ["    return torch.softmax(predict(rows), dim=1)"]
        wanted = ["targets.to(outputs.dtype).reshape(-1, 1)"] if run.sizes[-1] == 1 else []
        note = "class numbers from 0"
    else:
        lines += [
            f'    """{said(table.target)} in its own unit, (rows, 1)."""',
            f"    return outputs_of(rows) * {number(table.target_scale)} + {number(table.target_offset)}",
        ]
        wanted = [
            f"((targets - {number(table.target_offset)}) / {number(table.target_scale)}).to(outputs.dtype).reshape(-1, 1)"
        ]
        note = "numbers in the table's own unit"
    lines += ["", "", "def loss(outputs, targets):"]
    lines += [f'    """What training makes small: the mean {said(run.loss)} of targets (rows,), {note}."""']
    lines += [f"    targets = {one}" for one in wanted]
    lines += [f"    # {remark}"] if remark else []
    return "\n".join([*lines, f"    return {written}"])


def _check(trainer: Trainer) -> str:
    table, run = trainer.table, trainer.run
    assert table is not None
    lines = [
        "def furthest(ours, theirs):",
        '    """The largest difference, as a share of the larger of 1 and the number; where both are NaN there is none."""',
        "    ours, theirs = torch.as_tensor(ours).double(), torch.as_tensor(theirs).double()",
        "    same = (ours == theirs) | (ours.isnan() & theirs.isnan())",
        "    apart = (ours - theirs).abs() / theirs.abs().clamp(min=1)",
        "    return torch.where(same, torch.zeros_like(apart), apart).max().item()",
        "",
        "",
        'if __name__ == "__main__":',
        "    with torch.no_grad():",
        "        predictions = predict(ROWS)",
        "        difference = furthest(predictions, PREDICTIONS)",
        "        off = furthest(loss(outputs_of(ROWS), TARGETS), LOSS)",
    ]
    if table.classes:
        lines += [
            "        for number, shares in enumerate(probabilities(ROWS), 1):",
            "            best, right = int(shares.argmax()), CLASSES[int(TARGETS[number - 1])]",
            '            print(f"row {number}: {CLASSES[best]} {float(shares[best]):.1%}, right is {right}")',
        ]
    else:
        lines += [
            "        for number, (guess, right) in enumerate(zip(predictions[:, 0], TARGETS), 1):",
            '            print(f"row {number}: {TARGET} {float(guess):.4g}, right is {float(right):.4g}")',
        ]
    return "\n".join(
        [
            *lines,
            '    print(f"largest difference to the predictions of descent: {difference:.1e}")',
            '    print(f"difference of the loss: {off:.1e}")',
            f"    if not max(difference, off) <= {TOLERANCE[run.training.dtype]:g}:",
            '        raise SystemExit("these are not the same predictions")',
        ]
    )
