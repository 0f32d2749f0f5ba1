"""Which rows a view of the inside looks at, training or validation, and in which words it says so."""

from __future__ import annotations

from typing import Literal

from engine import Trainer
from engine.table import Table
from tui.hidden import BLIND
from tui.inside.scene import Scene

Part = Literal["train", "validation"]
WORDS: dict[Part, str] = {"train": "training", "validation": "validation"}


def part_of(scene: Scene) -> tuple[Part, str]:
    """The part that the keys have chosen, validation at first; and why it is the training rows, where there is no choice."""
    table = table_of(scene.trainer)
    if scene.blind and len(table.validation_inputs):
        return "train", BLIND
    if not len(table.validation_inputs):
        return "train", "there are no validation rows"
    return ("train" if scene.spot.mode % 2 else "validation"), ""


def briefly(forced: str) -> str:
    """The same in two words."""
    return "validation hidden" if "hidden" in forced else "no validation" if forced else ""


def other(part: Part, forced: str) -> str:
    """What Enter does, for the hint; nothing where there is no choice."""
    return "" if forced else f"<inside.enter>: {WORDS['train' if part == 'validation' else 'validation']}"


def table_of(trainer: Trainer) -> Table:
    """The table of a trainer that has one."""
    assert trainer.table is not None, "asked only where why_not has nothing against it"
    return trainer.table


def things(table: Table, count: int) -> str:
    """'3 pictures' or '1 row'."""
    noun = "picture" if table.picture else "row"
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
