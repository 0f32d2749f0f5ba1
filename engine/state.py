"""Where a run stands, as plain values and arrays: enough to go on from there in another process, bit for bit.

Weights, the optimizer's memory, the schedule's and early stopping's, every random generator, the counters, and the
history. Nothing in it is an object of ours, so it can be written to a file of any kind and read without running code.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.history import History
from engine.metrics import Evaluation
from engine.own_table import OwnTable
from engine.schedules import PlateauState
from engine.stopping import Patience

if TYPE_CHECKING:
    from engine.trainer import Trainer

VERSION = 2
COUNTERS = ("epoch", "iteration", "samples_seen", "seconds", "base_rate", "batch_size", "epochs", "warmup_ended_at")
PROGRESS = ("batch", "in_epoch")


def _settings(trainer: Trainer) -> dict[str, str]:
    """A fingerprint of each table of settings: one that differs would lead to other numbers from here on.

    Of a table of one's own, the settings say only where it lies: its rows have a fingerprint too.
    """
    run = trainer.run
    tables = {"data set": run.data, "surface": run.surface, "network": run.network, "training table": run.training}
    found = {name: hashlib.sha256(repr(table).encode()).hexdigest() for name, table in tables.items()}
    if isinstance(run.data, OwnTable):
        found["content of its file"] = content_of(trainer)
    return found


def content_of(trainer: Trainer) -> str:
    """A fingerprint of the rows that it trains on, found once: they never change, and there may be many."""
    table = trainer.table
    if not trainer.content and table is not None:
        arrays = (table.inputs, table.targets, table.validation_inputs, table.validation_targets)
        trainer.content = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    return trainer.content


def state_of(trainer: Trainer) -> dict[str, Any]:
    """The state of a trainer. In the middle of an iteration that is taken apart: that of just before it."""
    optimizer, kept = trainer.optimizer, trainer.patience
    patience: dict[str, Any] | None = None
    if kept is not None:
        patience = {name: getattr(kept, name) for name in ("best", "epoch", "waited")}
        patience["weights"] = None if kept.weights is None else kept.weights.copy()
        patience["train"], patience["validation"] = (seen and asdict(seen) for seen in (kept.train, kept.validation))
    return {
        "version": VERSION,
        "sizes": list(trainer.run.sizes),
        "seed": trainer.run.seed,
        "settings": _settings(trainer),
        **{name: getattr(trainer, name) for name in (*COUNTERS, *PROGRESS)},
        "optimizer": {name: getattr(optimizer, name) for name in ("momentum", "weight_decay") if hasattr(optimizer, name)},
        "parameters": trainer.parameters.copy(),
        "gradients": trainer.gradients.copy(),  # of the last update: nothing is learned from them, but they are looked at
        "optimizer_vectors": [vector.copy() for vector in trainer.optimizer_state.vectors],
        "optimizer_steps": trainer.optimizer_state.steps,
        "plateau": None if trainer.plateau is None else asdict(trainer.plateau),
        "patience": patience,
        "undone": None if trainer.undone is None else trainer.undone.copy(),
        "objective": trainer.marked if trainer.phase else trainer.objective.state(),
        "history": trainer.history.state(),
    }


def broke_off(trainer: Trainer) -> None:
    """A step of it has raised: from now on its state has the iteration that this broke off as not begun.

    What its dropout has drawn is gone, so it is `broken`: no longer to the bit what it would have been.
    """
    trainer.broken = True
    if trainer.phase and not trainer.taken_apart:
        state = trainer.objective.state()
        trainer.marked = state | ({"taken": state["taken"] - trainer.rows} if "taken" in state else {"left": 1})
        trainer.taken_apart = True


def restore_trainer(trainer: Trainer, state: dict[str, Any]) -> None:
    """Put a fresh trainer of the same run into `state`. Raises ValueError where it belongs to another run."""
    if state.get("version") != VERSION:
        raise ValueError(f"this state has version {state.get('version')}, this descent reads version {VERSION}")
    missing = state_of(trainer).keys() - state.keys()
    if missing:
        raise ValueError(f"this state is not whole: {', '.join(sorted(missing))} missing")
    for name, own in (("sizes", list(trainer.run.sizes)), ("seed", trainer.run.seed)):
        if state[name] != own:
            raise ValueError(f"this state belongs to a run with {name} {state[name]}, not {own}")
    for name, digest in _settings(trainer).items():
        if state["settings"].get(name) != digest:
            raise ValueError(f"this state belongs to a run with another {name}")
    for name in (*COUNTERS, *PROGRESS):
        setattr(trainer, name, state[name])
    trainer.optimizer = replace(trainer.optimizer, **state["optimizer"])
    trainer.parameters[...] = state["parameters"]
    trainer.gradients[...] = state["gradients"]
    for vector, kept in zip(trainer.optimizer_state.vectors, state["optimizer_vectors"], strict=True):
        vector[...] = kept
    trainer.optimizer_state.steps = state["optimizer_steps"]
    if state["plateau"] is not None:
        trainer.plateau = PlateauState(**state["plateau"])
    if state["patience"] is not None:
        kept = dict(state["patience"])
        kept["weights"] = None if kept["weights"] is None else np.array(kept["weights"])
        for name in ("train", "validation"):
            kept[name] = None if kept[name] is None else Evaluation(**kept[name])
        trainer.patience = Patience(**kept)
    trainer.undone = None if state["undone"] is None else np.array(state["undone"])
    trainer.objective.restore(state["objective"])
    trainer.history = History.from_state(state["history"])
