"""Runs of a folder, found by what a person calls them and taken up where they end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from engine import Preset, Run
from engine.columns import TableError
from engine.on_disk.folder import RunFolder, RunFolderError
from engine.on_disk.going_on import TakenUp, take_up
from engine.on_disk.store import newest, start_of
from engine.run_tables import tables_of
from tui.console.bar import Bar
from tui.console.keeping import Kept, Say
from tui.kept_runs import store
from tui.loading import Refused


def meant(run: str | None, out: str | None, unfinished: bool = True) -> list[RunFolder]:
    """The folders of the run that a person means; without one, of the newest start, or of the newest that has not ended.
    Raises Refused."""
    place = store(out)
    try:
        if run is not None:
            return place.meant(run)
    except RunFolderError as error:
        raise Refused(f"descent: {error}") from None
    folders = place.folders()
    if unfinished:
        left = next((folder for folder in reversed(folders) if folder.state == "unfinished"), None)
        found = [] if left is None else [folder for folder in folders if start_of(folder) == start_of(left)]
    else:
        found = newest(folders)
    if not found:
        kind = "no run that has not ended" if unfinished and folders else "no run"
        raise Refused(f'descent: {kind} is kept in "{place.place}".')
    return found


def trained_by(folder: RunFolder) -> str:
    """Who trained it: "lab", "run" or "engine"; "" where that is not known any more."""
    try:
        return folder.manifest().by
    except RunFolderError:
        return ""


def held(folders: Sequence[RunFolder]) -> list[TakenUp]:
    """The runs of these folders, this process's own from now on. Raises Refused with the reason, and then none is held."""
    try:
        return take_all(folders)
    except BlockingIOError as error:
        raise Refused(f"descent: {error}: descent watch {folders[0].id} shows it.") from None
    except OSError as error:
        raise Refused(f'descent: cannot take up "{error.filename}": {error.strerror}') from None
    except (RunFolderError, TableError) as error:
        raise Refused(f"descent: {error}") from None


def take_all(folders: Sequence[RunFolder]) -> list[TakenUp]:
    """The same; raises BlockingIOError, OSError, RunFolderError, and TableError where a table is gone."""
    taken: list[TakenUp] = []
    try:
        for folder in folders:
            taken.append(take_up(folder))
    except BaseException:
        let_go(taken)
        raise
    return sorted(taken, key=place_of)


def place_of(one: TakenUp) -> int:
    """Its place among the runs that were started together."""
    return one.manifest.place if one.manifest is not None else 0


def let_go(taken: Sequence[TakenUp]) -> None:
    """Let others have them."""
    for one in taken:
        if one.hold is not None:
            one.hold.let_go()


class Belongs(Protocol):
    """A run, and the preset that it belongs to."""

    @property
    def run(self) -> Run:
        """The run."""

    @property
    def preset(self) -> Preset:
        """What it was opened from."""


def preset_of_all(taken: Sequence[Belongs]) -> Preset:
    """The preset that these runs belong to, with each as it was trained."""
    preset = taken[0].preset
    named = {one.run.name: one for one in taken}
    pairs = [(run, tables) for run, tables in zip(preset.runs, preset.documents, strict=True) if run.name in named]
    if not pairs:
        pairs = [(taken[0].run, tables_of(taken[0].run))]
    runs = tuple(replace(named[run.name].run, seed=run.seed) for run, _ in pairs)
    whole = len(pairs) == len(preset.runs)
    sheet = preset.sheet if whole else replace(preset.sheet, claim=())
    changed = preset.changed or list(runs) != [run for run, _ in pairs]
    return replace(preset, runs=runs, documents=tuple(tables for _, tables in pairs), sheet=sheet, changed=changed)


def preset_of_each(taken: Sequence[Belongs]) -> Preset:
    """The same with a run for each of them, whatever preset or seed it has; then without claims."""
    preset = taken[0].preset
    if all(one.preset.text == preset.text for one in taken) and len({one.run.name for one in taken}) == len(taken):
        return preset_of_all(taken)
    documents = tuple(tables_of(one.run) for one in taken)
    sheet = replace(preset.sheet, claim=())
    return replace(preset, runs=tuple(one.run for one in taken), documents=documents, sheet=sheet, changed=True)


def taken_up(
    folders: Sequence[RunFolder], interrupted: Callable[[], bool], say: Say
) -> tuple[Preset, tuple[int, ...], Kept]:
    """What is gone on with: the preset, the seeds where there were several, and the runs, caught up. Raises Refused."""
    taken = held(folders)
    try:
        for damage in (line for one in taken for line in one.damage):
            say(damage)
        catch_up(taken, interrupted)
        preset = preset_of_all(taken)
        seeds = tuple(one.run.seed for one in taken if one.manifest is not None and one.manifest.seeds)
        if len(taken) > 1 and all(one.trainer.done for one in taken):
            say("these runs are over: this is what came of them")
        elif taken[0].trainer.done and len(taken) == 1:
            say(f"{taken[0].folder.id} is over: this is what came of it")
        return preset, tuple(dict.fromkeys(seeds)), Kept.resumed(preset, taken, say)
    except RunFolderError as error:
        let_go(taken)
        raise Refused(f"descent: {error}") from None


def catch_up(taken: Sequence[TakenUp], interrupted: Callable[[], bool]) -> None:
    """Train again what lies between the checkpoints and the last rows, with a bar where there is a terminal."""
    from tui.console.keeping import caught_up

    bar = Bar(sys.stderr)
    for share in caught_up(taken, interrupted):
        bar.show(share, "is trained again since the last checkpoint")
    bar.clear()
