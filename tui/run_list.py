"""What can be said of a kept run in one line: how far it came, how it ended, how large it is. Read from the ends of its
files, so that a list of hundreds appears at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from engine.byte_sizes import written_size
from engine.on_disk.folder import EPOCHS, RUN, RunFolder
from engine.on_disk.lines import Lines
from engine.on_disk.rows import EPOCH_FILE_COLUMNS
from presets.reading import read_text, read_toml
from tui.figures import cut, padded, printable, short, widest

ENDED = {"early_stopping": "stopped early", "out_of_memory": "refused", "completed": "completed", "diverged": "diverged"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A run as lists show it. `state` is a word: training, unfinished, or how it ended; `loss` that of validation where
    there is any, `epochs` those that are over and `planned` those that were to be."""

    folder: RunFolder
    title: str
    name: str
    state: str
    epochs: int
    planned: int
    loss: float | None
    starred: bool
    nbytes: int
    started: str

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self.folder.id

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "run": self.id, "title": self.title, "name": self.name, "state": self.state, "epochs": self.epochs,
            "planned": self.planned, "loss": self.loss, "starred": self.starred, "bytes": self.nbytes,
            "started": self.started, "folder": str(self.folder.path),
        }  # fmt: skip


def listed(folder: RunFolder) -> Listed:
    """A run in short; what cannot be read of it is left out."""
    found: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        found = read_toml(read_text(folder.file(RUN)))
    record = found.get("record") if isinstance(found.get("record"), dict) else {}
    assert isinstance(record, dict)
    state: str = folder.state
    result = folder.result() if state == "over" else None
    if result is not None:
        state = ENDED.get(str(result.get("stopped")), "over")
    epochs, loss = _last_epoch(folder)
    if not found:
        state = "damaged"
    return Listed(
        folder, str(found.get("title", "")), _own_name(record), state, epochs, _planned(found), loss,
        folder.starred, folder.nbytes, str(record.get("started", "")),
    )  # fmt: skip


def _own_name(record: dict[str, Any]) -> str:
    """What the run is called beside its preset's title: nothing where it is the only one."""
    name = str(record.get("run", ""))
    return "" if name == record.get("preset") else name


def _planned(found: dict[str, Any]) -> int:
    for table, key in (("surface", "steps"), ("training", "epochs")):
        value = found.get(table, {}).get(key) if isinstance(found.get(table), dict) else None
        if isinstance(value, int):
            return value
    return 0


def _last_epoch(folder: RunFolder) -> tuple[int, float | None]:
    """The number of the last epoch that is over, and its loss, of validation where there is any."""
    with suppress(OSError, ValueError), Lines(folder.file(EPOCHS), EPOCH_FILE_COLUMNS, 0, first=0) as file:
        count = file.count
        rows, absent = file.rows(max(0, count - 1), count)
        if len(rows):
            row = dict(zip(EPOCH_FILE_COLUMNS, zip(rows[0].tolist(), absent[0].tolist(), strict=True), strict=True))
            seen = row["train_loss"] if row["validation_loss"][1] else row["validation_loss"]
            return count - 1, None if seen[1] else seen[0]
    return 0, None


def table(runs: Sequence[Listed], width: int) -> list[str]:
    """A line for each, the newest last, under a heading; in at most `width` columns."""
    rows = [["", "run", "state", "epochs", "loss", "size", "title"]]
    for one in runs:
        loss = "" if one.loss is None else short(one.loss)
        title = one.title if one.name in ("", one.title) else f"{one.title}: {one.name}"
        epochs = f"{one.epochs}/{one.planned}"
        rows.append(
            ["*" if one.starred else "", one.id, one.state, epochs, loss, written_size(one.nbytes), printable(title)]
        )
    widths = [widest(column) for column in zip(*rows, strict=True)]
    right = {3, 4, 5}  # numbers
    return [
        cut("  ".join(_cell(cell, widths[at], at in right) for at, cell in enumerate(row)).rstrip(), width) for row in rows
    ]


def _cell(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else padded(text, width)
