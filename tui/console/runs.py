"""`descent runs`: the runs that are kept on disk. It lists, shows, stars, deletes and exports them, opens one in the lab,
and says how many of them may be kept.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from tui.console.bar import columns_of
from tui.console.commands import versioned
from tui.console.options import out_folder
from tui.loading import Failed, Refused

if TYPE_CHECKING:
    from engine.on_disk.folder import RunFolder

NARROWEST = 100  # columns of a list that goes to a file or a pipe


@click.group(invoke_without_command=True, epilog="Example: descent runs star 20261122-063725-recipe")
@out_folder
@click.option("--json", "as_json", is_flag=True, help="An array with what is in the list.")
@versioned
@click.pass_context
def runs(ctx: click.Context, out: str | None, as_json: bool) -> None:
    """List the runs that are kept, the newest last; star, delete or export them.

    RUN is a name from the list, its beginning, or a folder. * is starred: never deleted to make room.
    """
    ctx.obj = out
    if ctx.invoked_subcommand is not None:
        if as_json:
            raise click.UsageError("--json is for the list: descent runs --json, or descent runs show RUN --json.")
        return
    from tui.kept_runs import store
    from tui.run_list import listed, table

    place = store(out)
    found = [listed(folder) for folder in place.folders()]
    if as_json:
        print(json.dumps([one.record() for one in found], indent=1), flush=True)
        return
    if not found:
        print(f'no run is kept in "{place.place}": descent run PRESET trains one', flush=True)
        return
    width = columns_of(sys.stdout) if sys.stdout.isatty() else NARROWEST
    for line in table(found, width):
        print(line, flush=True)


@runs.command(epilog="Example: descent runs show 20261122-063725-recipe")
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def show(out: str | None, run: str, as_json: bool) -> None:
    """Say how a run was trained, what was changed meanwhile, and what came of it."""
    from tui.run_list import listed
    from tui.run_shown import shown

    folders = _meant(run, out)
    if as_json:
        found = [{**listed(one).record(), "events": one.events()[1:], "result": one.result()} for one in folders]
        print(json.dumps(found if len(found) > 1 else found[0], indent=1), flush=True)
        return
    for index, folder in enumerate(folders):
        print("\n".join([*([""] if index else []), *shown(folder)]), flush=True)


@runs.command(epilog="Example: descent runs star 20261122-063725-recipe")
@click.argument("run", metavar="RUN...", nargs=-1, required=True)
@click.option("--off", is_flag=True, help="No longer.")
@click.pass_obj
def star(out: str | None, run: tuple[str, ...], off: bool) -> None:
    """Have runs never deleted to make room."""
    from engine.on_disk import store as stored

    for folder in [folder for word in run for folder in _meant(word, out)]:
        try:
            stored.star(folder, not off)
        except OSError as error:
            raise Failed(f"descent: {folder.path}: {error.strerror}") from None
        print(f"{folder.id}: {'no longer starred' if off else 'starred'}", flush=True)


@runs.command(epilog="Example: descent runs delete 20261122-063725-recipe")
@click.argument("run", metavar="RUN...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask, not even for a starred one.")
@click.pass_obj
def delete(out: str | None, run: tuple[str, ...], yes: bool) -> None:
    """Delete runs, with all their files."""
    from engine.on_disk import store as stored

    folders = list(dict.fromkeys(folder for word in run for folder in _meant(word, out)))
    starred = [folder.id for folder in folders if folder.starred]
    if starred and not yes:
        raise Refused(f"descent: {starred[0]} is starred: descent runs star --off takes that away, --yes deletes it.")
    for folder in folders:
        if folder.state == "training":
            raise Refused(f"descent: {folder.id} is being trained: nothing was deleted.")
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {len(folders)} run{'s' if len(folders) > 1 else ''}?", abort=True, err=True)
    for folder in folders:
        try:
            stored.delete(folder)
        except OSError as error:
            raise Failed(f"descent: cannot delete {folder.path}: {error.strerror or error}") from None
        print(f"{folder.id}: deleted", flush=True)


@runs.command("open", epilog="Example: descent runs open 20261122-063725-recipe")
@click.argument("run", metavar="RUN")
@click.pass_obj
def open_run(out: str | None, run: str) -> None:
    """Open a run in the lab again: curves, tree and all."""
    from tui.console.opening import open_kept
    from tui.console.terminal import on_a_terminal

    folders = _meant(run, out)
    if not on_a_terminal():
        raise Refused(f"descent: the lab needs a terminal; descent runs show {run} says what came of it.")
    open_kept(folders)


@runs.command(epilog="Example: descent runs export 20261122-063725-recipe recipe.csv")
@click.argument("run", metavar="RUN")
@click.argument("file", metavar="FILE")
@click.pass_obj
def export(out: str | None, run: str, file: str) -> None:
    """Write a run to a file of another kind, by its ending.

    .csv two tables, .jsonl a line an event, .py a PyTorch script with the weights, .npz a recording that the
    lab opens anywhere, .toml its settings as a preset, .zip the whole folder.
    """
    from tui.run_export import export_runs

    for place in export_runs(_meant(run, out), file):
        print(f"{place}: written", flush=True)


@runs.command(epilog="Example: descent runs limit --count 500 --size '20 GB'")
@click.option("--count", metavar="N", help="How many runs.")
@click.option("--size", metavar="SIZE", help='How much of the disk, such as "4 GB".')
@click.pass_obj
def limit(out: str | None, count: str | None, size: str | None) -> None:
    """Say or change how much is kept; beyond it the oldest that is not starred goes."""
    from dataclasses import replace

    from engine.byte_sizes import written_size
    from engine.on_disk.folder import RunFolderError
    from engine.on_disk.store import checked_count, checked_size
    from tui.kept_runs import store

    place = store(out)
    try:
        limits = place.limits() if count is None or size is None else None
    except RunFolderError as error:
        raise Refused(f"descent: {error}") from None
    from engine.on_disk.store import Limits

    limits = limits or Limits()
    try:
        if count is not None:
            limits = replace(limits, count=checked_count(int(count) if count.isascii() and count.isdigit() else count))
        if size is not None:
            limits = replace(limits, size=checked_size(size))
    except ValueError as error:
        raise Refused(f"descent: --{'count' if str(error).startswith('count') else 'size'}: {error}.") from None
    if count is not None or size is not None:
        try:
            place.set_limits(limits)
        except OSError as error:
            raise Failed(f'descent: cannot write "{place.place}": {error.strerror}') from None
    print(f"at most {limits.count} runs and {written_size(limits.size)} are kept, starred ones among them", flush=True)


def _meant(run: str, out: str | None) -> list[RunFolder]:
    from tui.console.taking_up import meant

    return meant(run, out)
