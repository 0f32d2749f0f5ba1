"""From a table of one's own to a preset that is ready to train, with every guess about the table written out in it.

`descent houses.csv --target price` opens it, `descent show` writes it, and its lesson says what was guessed and how to say
otherwise.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import tomlkit

from engine.columns import listed, printable
from engine.own_table import OwnTable, usual_target
from engine.preset import Preset, parse_preset, read_run
from tui.figures import count

Settings = Sequence[tuple[str, Sequence[Any]]]

SMALL = 1000  # training rows up to which there are 100 epochs, not 50


class NoTargetError(ValueError):
    """A table, and nothing that says which column is to be predicted; `str()` says which there are."""


def own_preset(file: str, target: str | None, settings: Settings, seed: int | None) -> Preset:
    """A preset for the table in `file`; `settings` that name one value for a key of `data` are guesses no more.

    Raises PresetError with every problem, NoTargetError where none is given and none can be told by its name.
    """
    own = {key.removeprefix("data."): values[0] for key, values in settings if key.startswith("data.") and len(values) == 1}
    own.pop("name", None)  # other data, with this training
    data: dict[str, Any] = {"name": "file", "file": file, "target": target or "", **own}
    if not data["target"]:
        names = OwnTable(file=file).columns_there()
        data["target"] = usual_target(names) if file.lower().endswith(".npz") else ""
        if not data["target"]:
            raise NoTargetError(f"which column is to be predicted? --target one of {listed(names)}")
    if "validation" not in own:
        data["validation"] = 0.0  # what is kept back is decided below: so many rows there may not be
    table = read_run({"data": data}, file).data
    assert isinstance(table, OwnTable)
    if "validation" not in own:
        table = _keeping_back(table)
    if not table.plan.classes and "standardize_target" not in own:
        table = replace(table, standardize_target=True)
    return parse_preset(_text(table, own), printable(Path(file).stem), file, settings, seed)


def _keeping_back(table: OwnTable) -> OwnTable:
    """The usual share of the rows for validation, or none where that is less than one row."""
    usual = replace(table, validation=OwnTable.validation)
    try:
        usual.facts()
    except ValueError:
        return table
    return usual


def _text(table: OwnTable, own: Iterable[str]) -> str:
    plan, facts = table.plan, table.facts()
    rows = facts.samples + facts.validation
    guessed = replace(table, task=table.task if "task" in own else "guess")
    data = {
        "name": "file",
        "file": table.file,
        "target": table.target,
        "features": list(dict.fromkeys(column.source for column in plan.features)),
        "task": plan.task,
        "gaps": table.gaps,
        "validation": table.validation,
        "standardize": table.standardize,
        "standardize_target": table.standardize_target,
    }
    fit = not facts.classes and facts.features == 1
    document = {
        "title": f"{printable(Path(table.file).name)}: {printable(table.target)}",
        "lesson": "Own tables",
        "summary": f"{plan.task.capitalize()} on {count(rows, 'row')} and {count(facts.features, 'input')} of your own.",
        "story": _story(table, guessed.guesses()),
        "things_to_try": [
            "Press , and . while it trains: which learning rate suits this table?",
            "Set hidden to none: what can a straight line say about it?",
            "Does the validation loss rise while the training loss falls? Then fewer epochs, or fewer units, do better.",
        ],
        "data": data,
        "network": {"hidden": [16], "activation": "relu", "initializer": "he_normal"},
        "training": {
            "epochs": 100 if facts.samples <= SMALL else 50,
            "batch_size": 32,
            "optimizer": {"name": "adam", "learning_rate": 0.01},
        },
        "show": {"seconds": 20.0, "second": "accuracy" if facts.classes else "fit" if fit else "error"},
    }
    return tomlkit.dumps(document)


def _story(table: OwnTable, guesses: Sequence[str]) -> str:
    """What was guessed, in Markdown, and what to type to have it otherwise."""
    file, target = shlex.quote(printable(table.file)), shlex.quote(printable(table.target))
    arguments = f" {file} --target {target}"
    units = "Inputs are taken as they are."
    if table.standardize:
        units = "Inputs are shifted and scaled to mean 0 and standard deviation 1 in the training rows, one-hot columns too."
    if table.standardize_target:
        units += "\nSo is the target: the loss is in its standard deviations squared, the mean absolute error in its units."
    lines = [
        f"Your own table, and what was guessed about it:\n\n{_points(guesses)}",
        units,
        f"Say otherwise in the command: {_typed(f'descent{arguments} --set {_other(table)}')}",
        f"Or in a preset of your own, where every guess is a line: {_typed(f'descent show{arguments} > mine.toml')}, "
        f"then {_typed('descent mine.toml')}.",
        "The keys are `task`, `features`, `gaps`, `validation`, `standardize` and `standardize_target`.",
    ]
    return "\n\n".join(lines)


def _other(table: OwnTable) -> str:
    """A setting that says something else of this table, and that it can be read with."""
    task: Literal["classes", "regression"] = "regression" if table.plan.classes else "classes"
    try:
        replace(table, task=task, standardize_target=False).facts()
    except ValueError:
        return "data.validation=0.3"
    return f"data.task={task}"


def _points(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_escaped(sentence)}" for sentence in sentences)


def _typed(command: str) -> str:
    """Code that wraps in a narrow pane, which a block of it does not."""
    return _escaped(command) if "`" in command else f"`{command}`"


def _escaped(text: str) -> str:
    """The text as Markdown that shows it as it stands."""
    return re.sub(r"[\\`*\[\]<>&|~_]", r"\\\g<0>", text)
