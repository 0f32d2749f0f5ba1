"""`descent run` and `descent resume`: training with nobody watching, from the beginning or from where it was left.

What is trained is kept on disk as it goes, so that nothing is lost however the command ends.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from tui.console.commands import versioned
from tui.console.interrupted import catching_interrupts
from tui.console.options import out_folder, parse_seeds, set_and_seed, target_column
from tui.loading import load

if TYPE_CHECKING:
    from engine import Preset
    from engine.on_disk.folder import RunFolder
    from tui.console.keeping import Kept, Unkept

STYLES = ("plain", "json", "jsonl")


@click.command(epilog="Example: descent run recipe --set training.batch_size=8,32,full --json")
@click.argument("preset", metavar="PRESET|FILE")
@target_column
@set_and_seed
@click.option("--seeds", callback=parse_seeds, metavar="N|A-B", help="Each run with seeds 0 to N-1, or A to B.")
@out_folder
@click.option("--no-keep", is_flag=True, help="Keep nothing on disk.")
@click.option("--plain", is_flag=True, help="Lines to read (this is the default).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end.")
@click.option("--jsonl", is_flag=True, help="A line of JSON for every iteration, every epoch, the end.")
@versioned
def run(
    preset: str,
    target: str | None,
    settings: tuple[str, ...],
    seed: int | None,
    seeds: tuple[int, ...],
    out: str | None,
    no_keep: bool,
    plain: bool,
    as_json: bool,
    jsonl: bool,
) -> None:
    """Train every run of a preset, without a screen."""
    style = style_of(plain, as_json, jsonl)
    if seeds and (seed is not None or any(setting.partition("=")[0].strip() == "seed" for setting in settings)):
        raise click.UsageError("--seeds says which seeds there are: leave out --seed and --set seed.")
    if no_keep and out is not None:
        raise click.UsageError("--out says where the run is kept, --no-keep that it is not: give one of them.")
    train(style, preset, settings, seed, seeds, target=target, out=out, keep=not no_keep)


def style_of(plain: bool, as_json: bool, jsonl: bool) -> str:
    """Which of three ways to tell what happens was asked for; raises UsageError where several were."""
    if plain + as_json + jsonl > 1:
        raise click.UsageError("--json, --jsonl and --plain exclude each other: give one of them.")
    return "json" if as_json else "jsonl" if jsonl else "plain"


def train(
    style: str,
    preset: str,
    settings: Iterable[str],
    seed: int | None,
    seeds: tuple[int, ...] = (),
    words: Iterable[str] = (),
    target: str | None = None,
    out: str | None = None,
    keep: bool = True,
) -> None:
    """Train without a screen, printing lines as they come; Ctrl-C or `kill` ends the run after the iteration in progress."""
    with catching_interrupts() as interrupted:
        loaded = load(preset, settings, seed, words, target)
        from tui.console.keeping import Unkept, kept_from_now

        _print_all(style, loaded, interrupted, seeds, kept_from_now(loaded, seeds, out, say) if keep else Unkept())


def _print_all(
    style: str, preset: Preset, interrupted: Callable[[], bool], seeds: Sequence[int], keeper: Unkept | Kept
) -> None:
    from tui.console import plain, records

    lines = {"plain": plain.plain_lines, "json": records.json_document, "jsonl": records.json_lines}[style]
    try:
        for line in lines(preset, interrupted, seeds, keeper):
            print(line, flush=True)
    finally:
        keeper.close()
    if interrupted():
        for line in keeper.left():
            say(line)
        sys.exit(130)


def say(line: str) -> None:
    """A line for people, beside what is printed."""
    from tui.figures import printable

    click.echo(f"descent: {printable(line)}", err=True)


@click.command(epilog="Example: descent resume 20261122-063725-recipe")
@click.argument("run", metavar="[RUN]", required=False)
@out_folder
@click.option("--plain", is_flag=True, help="Lines to read, also of what was trained in the lab.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end.")
@click.option("--jsonl", is_flag=True, help="A line of JSON for every iteration from there on, every epoch, the end.")
@versioned
def resume(run: str | None, out: str | None, plain: bool, as_json: bool, jsonl: bool) -> None:
    """Go on with a run where it was left, bit for bit.

    RUN is what `descent runs` calls it, or its folder; without it, the newest that has not ended. What was
    trained in the lab goes on there, where there is a terminal.
    """
    style = style_of(plain, as_json, jsonl)
    with catching_interrupts() as interrupted:
        from tui.console.taking_up import meant, taken_up

        folders = meant(run, out)
        if not (plain or as_json or jsonl) and _belongs_in_lab(folders):
            from tui.console.opening import open_kept

            open_kept(folders, training=True)
            return
        preset, seeds, keeper = taken_up(folders, interrupted, say)
        if interrupted():
            keeper.close()
            sys.exit(130)
        _print_all(style, preset, interrupted, seeds, keeper)


def _belongs_in_lab(folders: Sequence[RunFolder]) -> bool:
    from tui.console.taking_up import trained_by
    from tui.console.terminal import on_a_terminal

    return on_a_terminal() and trained_by(folders[0]) == "lab"
