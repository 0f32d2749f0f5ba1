"""`descent replay`: train a kept run again, and say whether every number came out the same."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tui.console.commands import versioned
from tui.console.interrupted import catching_interrupts
from tui.console.options import out_folder
from tui.loading import Refused

if TYPE_CHECKING:
    from engine.on_disk.folder import RunFolder
    from engine.on_disk.replaying import Replay


@click.command(epilog="Example: descent replay 20261122-063725-recipe")
@click.argument("run", metavar="[RUN]", required=False)
@out_folder
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end.")
@versioned
def replay(run: str | None, out: str | None, as_json: bool) -> None:
    """Train a run again and compare every number with its files.

    RUN is what `descent runs` calls it, or its folder; without it, the newest. Exit code 1 where a number
    differs.
    """
    with catching_interrupts() as interrupted:
        import json

        from engine.columns import TableError
        from engine.on_disk.folder import RunFolderError
        from engine.on_disk.replaying import replay_folder
        from tui.console.bar import Bar
        from tui.console.taking_up import meant

        records, same = [], True
        bar = Bar(sys.stderr)
        for folder in meant(run, out, unfinished=False):
            try:
                for progress in replay_folder(folder, interrupted):
                    share, found = progress
                    bar.show(share, folder.id)
            except (RunFolderError, TableError) as error:
                raise Refused(f"descent: {error}") from None
            finally:
                bar.clear()
            if interrupted():
                sys.exit(130)
            same = same and found.same
            records.append({"run": folder.id, **record(found)})
            if not as_json:
                print("\n".join(lines(folder, found)), flush=True)
        if as_json:
            print(json.dumps({"runs": records}), flush=True)
        if not same:
            sys.exit(1)


def lines(folder: RunFolder, found: Replay) -> list[str]:
    """What a comparison came to, for people."""
    compared = f"{found.iterations} iterations and {found.epochs} epochs"
    if found.first is None:
        return [f"{folder.id}: bit for bit the same, {compared}"]
    first = found.first
    where = f"iteration {first.iteration} (epoch {first.epoch})" if first.iteration else "before training"
    told = [f"{folder.id}: differs first at {where}: {first.name} was {first.there!r}, and is {first.here!r} here"]
    if first.name == "the end of the run":
        told = [f"{folder.id}: differs first at {where}: it was trained there, and the run is over before it here"]
    told.append(f"  the same before that: {compared}")
    told += [f"  {fact}" for fact in found.facts] or [
        "  no version and no fact about the machine differs: files were changed"
    ]
    return told


def record(found: Replay) -> dict[str, object]:
    """The same for programs."""
    first = found.first
    return {
        "same": found.same,
        "iterations": found.iterations,
        "epochs": found.epochs,
        "differs": None
        if first is None
        else {
            "iteration": first.iteration,
            "epoch": first.epoch,
            "figure": first.name,
            "there": repr(first.there),
            "here": repr(first.here),
        },
        "facts": list(found.facts),
    }
