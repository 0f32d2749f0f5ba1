"""Runs that are kept to be compared: frozen as they were when the next one took their place, some of them as ghosts.

A ghost has a digit for a mark and is drawn behind the curves of the run of now. Few runs are kept, so that memory stays
small; the oldest that is no ghost gives way first, and ghosts are so few that none of them ever has to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from engine import History, Preset, PresetError, Run, Trainer
from engine.overlay import leaves, nest, overlay
from engine.preset import read_run
from engine.schema import Document
from tui.live_edit import refused
from tui.walk import Walk, walk_of

KEPT = 8  # earlier runs that stay
GHOSTS = 6  # of them at most: more curves cannot be told apart
DRAWN = ", drawn faint behind the next run"
#: What may have been changed while a run trained, as `settings_of` writes it.
LIVE = ("training.batch_size", "training.epochs", "surface.steps", "training.optimizer.momentum",
        "training.optimizer.weight_decay")  # fmt: skip
RATE = "training.optimizer.learning_rate"


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A run as it is compared: its name, all that happened, and the settings that it was trained with at last.

    `run` and `document` are these settings as a configuration and as the tables it is read from, `settings` the same by
    dotted key, with what changed while it trained. `mark` is a ghost's digit, or the letter of a run in a comparison.
    """

    name: str
    history: History
    walk: Walk | None  # on a surface
    run: Run
    document: Document
    settings: dict[str, Any]
    iterations: int
    seconds: float
    refused: bool = False
    mark: str = ""

    @property
    def called(self) -> str:
        """Its name, with its mark before it."""
        return f"{self.mark} {self.name}" if self.mark else self.name


def kept_of(trainer: Trainer, document: Document | None = None, name: str = "", mark: str = "") -> Kept:
    """A run as it stands, trained with these tables; its history goes on with it."""
    run = trainer.run
    return Kept(
        name or run.name, trainer.history, walk_of(trainer), run, document or {}, settings_of(trainer),
        trainer.iteration, trainer.seconds, refused(trainer), mark,
    )  # fmt: skip


def with_changes(kept: Kept) -> Kept:
    """The same run, with what was changed while it trained taken into its tables and its configuration."""
    table, before = kept.document, flat(kept.run)
    changed = False
    for key in (RATE, *LIVE):
        value, was = kept.settings.get(key), before.get(key)
        if value is None or (was == "full" and value == kept.run.batch_size):
            continue
        if value != was and not (isinstance(value, float) and was is not None and math.isclose(value, was, rel_tol=1e-9)):
            table, changed = overlay(table, nest(key, value)), True
    if not changed:
        return kept
    try:
        return replace(kept, document=table, run=read_run(table, kept.run.name))
    except PresetError:  # a file that it trained on is gone, say: what it began with is still known
        return kept


def settings_of(trainer: Trainer) -> dict[str, Any]:
    """All settings of a run by their dotted keys, with those that were changed while it trained as they are at last."""
    found = flat(trainer.run)
    found[RATE] = trainer.base_rate
    if trainer.run.surface is None:
        if trainer.batch_size != trainer.run.batch_size:
            found["training.batch_size"] = trainer.batch_size
        found["training.epochs"] = trainer.epochs
    else:
        found["surface.steps"] = trainer.epochs
    for name in ("momentum", "weight_decay"):
        if (key := f"training.optimizer.{name}") in found:
            found[key] = getattr(trainer.optimizer, name)
    return found


def flat(run: Run) -> dict[str, Any]:
    """All settings of a configuration by their dotted keys, without its name."""
    return dict(_flat(run))


@lru_cache(maxsize=64)
def _flat(run: Run) -> dict[str, Any]:
    tables = {key: value for key, value in asdict(run).items() if key != "name"}
    return {".".join(path): value for path, value in leaves(tables)}


class Keeps:
    """The part of a session that keeps runs. `promised` are runs of now that become ghosts, with their marks."""

    preset: Preset
    documents: list[Document]
    runs: list[Run]
    trainers: list[Trainer]
    selected: int
    restarts: int
    kept: list[Kept]
    promised: dict[Trainer, str]
    begun_with: list[Document]  # the tables that the trainers were made of

    @property
    def ghosts(self) -> list[Kept]:
        """The runs that are drawn behind those of now, in the order of their marks."""
        return sorted((one for one in self.kept if one.mark), key=lambda one: one.mark)

    def now(self) -> list[Kept]:
        """The runs of now, as those that are kept are."""
        found = zip(self.trainers, self.begun_with, strict=True)
        return [kept_of(one, document, mark=self.promised.get(one, "")) for one, document in found]

    def keep_ghost(self, index: int | None = None) -> str:
        """Keep a run (the selected one) as a ghost behind the next: from the next start on, when it is frozen.

        Returns in words what became of it; nothing changes where it has not begun, or where there are GHOSTS already.
        """
        trainer = self.trainers[self.selected if index is None else index]
        if not trainer.iteration:
            return "Nothing is trained yet: <run.toggle> starts, then <run.keep> keeps the run"
        if trainer not in self.promised:
            if not (mark := self._free_mark(str(self.restarts + 1))):
                return too_many()
            self.promised[trainer] = mark
        who = f"{trainer.run.name}: kept" if len(self.trainers) > 1 else "Kept"
        return f"{who} as ghost {self.promised[trainer]}{DRAWN}. <run.restart> starts it, <run.keep> compares runs"

    def toggle_ghost(self, kept: Kept) -> str:
        """Make a kept run a ghost, or no longer one; in words what became of it."""
        at = next(index for index, one in enumerate(self.kept) if one.history is kept.history)
        kept = self.kept[at]  # as it is now: several keys may come in one packet
        mark = "" if kept.mark else self._free_mark(kept.name.rpartition("#")[2])
        if not mark and not kept.mark:
            return too_many()
        self.kept[at] = replace(kept, mark=mark)
        return f"{kept.name} is ghost {mark}" if mark else f"{kept.name} is no ghost any more"

    def let_go(self, kept: Kept) -> None:
        """Forget a kept run."""
        self.kept[:] = [one for one in self.kept if one.history is not kept.history]

    def _free_mark(self, usual: str) -> str:
        """The digit that its name has where that is free, else the smallest that is; empty where there are GHOSTS."""
        taken = {one.mark for one in self.ghosts} | set(self.promised.values())
        if len(taken) >= GHOSTS:
            return ""
        return usual if len(usual) == 1 and usual not in taken else min(set("123456789") - taken)

    def shelve(self) -> None:
        """Freeze the runs of now that have begun, since others take their place; beyond KEPT the oldest ones go."""
        self.restarts += 1
        for trainer, document in zip(self.trainers, self.begun_with, strict=True):
            if trainer.iteration:  # else it was refused
                trainer.interrupt()
                name = f"{trainer.run.name} #{self.restarts}"
                self.kept.append(with_changes(kept_of(trainer, document, name, self.promised.get(trainer, ""))))
        while len(self.kept) > KEPT:
            self.kept.remove(self.next_to_go)

    @property
    def next_to_go(self) -> Kept:
        """The kept run that gives way first: the oldest that is no ghost."""
        return next(one for one in self.kept if not one.mark)

    def take_settings(self, kept: Kept) -> None:
        """Put the settings of a run into the form of the selected one, for the next start."""
        table = with_changes(kept).document
        self.documents[self.selected] = table
        self.runs[self.selected] = read_run(table, self.runs[self.selected].name)


def too_many() -> str:
    """Why a run cannot become a ghost."""
    return f"{GHOSTS} ghosts are as many as can be told apart: <run.keep>, then <runs.ghost> puts one away"


def numbered(rows: Sequence[Kept]) -> list[str]:
    """The names of runs, where some are called alike with a number."""
    names = [one.name for one in rows]
    earlier = [names[:index].count(name) for index, name in enumerate(names)]
    return [f"{name} {before + 1}" if names.count(name) > 1 else name for name, before in zip(names, earlier, strict=True)]
