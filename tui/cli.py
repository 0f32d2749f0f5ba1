"""The `descent` command: the lab, and what can be done without a screen.

A first word that is a subcommand is that; anything else is the lab's preset or file. NumPy, Textual, pydantic and tomlkit
are imported inside what needs them, so that help and lists appear at once. What a person typed wrong ends in plain words
and exit code 2, what failed on the way in one line and exit code 1.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from presets import names as bundled
from tui.console.bugreport import bugreport
from tui.console.commands import check, keys, list_presets, new, open_folder, print_folder, schema
from tui.console.commands import versioned as _versioned
from tui.console.failing import ending_in_words
from tui.console.interrupted import catching_interrupts
from tui.console.options import characters as _characters
from tui.console.options import link_options, out_folder, parse_pace, parse_seeds
from tui.console.options import set_and_seed as _set_and_seed
from tui.console.options import target_column as _target
from tui.console.replaying import replay
from tui.console.running import resume, run, train
from tui.console.runs import runs
from tui.console.serving import serve
from tui.console.terminal import can_answer_keys, on_a_terminal, prepare_screen
from tui.console.watching import watch
from tui.loading import Refused, is_recorded, load, load_session
from tui.own_folder import is_folder, is_run_folder
from tui.terminal.asked import ask
from tui.terminal.encoding import Characters

EXAMPLES = """\b
Examples:
  descent                            the lab, ready to train cats and dogs
  descent lr-big-medium-tiny         three learning rates side by side
  descent digits --set training.batch_size=8 --pace 2
  descent run recipe --set training.optimizer.learning_rate=0.1,0.001 --plain
  descent run recipe --seeds 16      sixteen runs that differ in their seed
  descent houses.csv --target price  a table of your own, ready to train
  descent lessons/                   a folder of presets, to pick one
"""


class LabContext(click.Context):
    """The lab is what the bare command does: its usage is `descent ...`, without a word for it."""

    command_path = "descent"


class Lab(click.Command):
    context_class = LabContext


class Commands(click.Group):
    """Subcommands, with the lab for whatever else the first word may be."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        if first not in (*self.list_commands(ctx), *ctx.help_option_names, "--version"):
            args = ["lab", *args]
        with ending_in_words():  # --help and --version print from here
            return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in self.commands if name != "lab"]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage("descent", "[OPTIONS] [PRESET|FILE|FOLDER]")
        formatter.write_usage("descent", "COMMAND ...", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.commands["lab"].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # what the terminal's encoding lacks is no reason to end
                stream.reconfigure(errors="backslashreplace")
        with ending_in_words():
            return super().invoke(ctx)


@click.group(cls=Commands, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@_versioned
def main() -> None:
    """Train a neural network in the terminal, and watch every batch land.

    PRESET is a name that `descent list` shows; an argument with a "/" or ending in .toml is a FILE, one
    ending in .csv or .npz a table of your own, or runs that were recorded in the lab; of a FOLDER the lab
    shows the presets. Without any, it opens on recipe.
    """


@main.command(cls=Lab, epilog=EXAMPLES)
@click.argument("preset", default="recipe", metavar="[PRESET|FILE|FOLDER]")
@_target
@_set_and_seed
@click.option(
    "--pace", default="1", callback=parse_pace, metavar="N|max", help="Times the usual speed, or as fast as it goes."
)
@out_folder
@link_options
@click.option("--plain", is_flag=True, help="In words, for a screen reader; the keys work.")
@_characters
@_versioned
def lab(
    preset: str,
    target: str | None,
    settings: tuple[str, ...],
    seed: int | None,
    pace: float,
    out: str | None,
    slow_link: bool,
    max_kbps: float | None,
    plain: bool,
    characters: Characters,
) -> None:
    """Open the lab on a preset; plain lines where there is no terminal."""
    ask(slow_link, max_kbps)
    if plain and os.name == "posix" and can_answer_keys() and not is_folder(preset):
        _narrate(preset, target, settings, seed, pace)
        return
    if is_run_folder(preset):
        _open_run_folder(preset, pace, bool(target or settings or seed is not None), characters)
        return
    if is_folder(preset):
        _open_folder(preset, pace, bool(target or settings or seed is not None), plain, characters)
        return
    if is_recorded(preset):
        _open_recorded(preset, pace, bool(target or settings or seed is not None), characters)
        return
    words = main.list_commands(click.get_current_context())  # "descent lst" is a preset that does not exist
    if plain or not on_a_terminal():
        train("plain", preset, settings, seed, words=words, target=target, out=out)
        return
    prepare_screen()
    plainly = preset in bundled() and not settings and seed is None and target is None  # nothing in it can be wrong
    loaded = None if plainly else load(preset, settings, seed, words, target)
    from tui.app import run_lab
    from tui.screens.curtain import Unread

    place = None if out is None else os.path.expanduser(out)
    run_lab(loaded or Unread(preset, lambda: load(preset)), pace, characters=characters, out=place)


def _refuse_settings_of_recorded(with_settings: bool) -> None:
    if with_settings:
        raise click.UsageError("--set, --seed and --target are for a preset or a table: recorded runs are what they were.")


def _open_folder(folder: str, pace: float, with_settings: bool, plain: bool, characters: Characters) -> None:
    """The lab with the picker of a folder's presets; their list where there is no screen."""
    if with_settings:
        raise click.UsageError("--set, --seed and --target are for one preset: name a file of the folder.")
    if plain or not on_a_terminal():
        print_folder(folder)
        return
    prepare_screen()
    open_folder(folder, pace, characters)


def _open_run_folder(folder: str, pace: float, with_settings: bool, characters: Characters) -> None:
    """The lab on a run that is kept on disk, paused where it was."""
    _refuse_settings_of_recorded(with_settings)
    from tui.console.opening import open_kept
    from tui.console.taking_up import meant

    if not on_a_terminal():
        raise Refused(f'descent: "{folder}" holds a run, which opens in the lab: it needs a terminal.')
    open_kept(meant(folder if "/" in folder else f"./{folder}", None), pace, characters=characters)


def _open_recorded(file: str, pace: float, with_settings: bool, characters: Characters) -> None:
    """The lab on recorded runs, paused where they were."""
    _refuse_settings_of_recorded(with_settings)
    if not on_a_terminal():
        raise Refused(f'descent: "{file}" holds recorded runs, which open in the lab: it needs a terminal.')
    prepare_screen()
    session = load_session(file)
    from tui.app import run_lab

    run_lab(session.preset, pace, recorded=(file, session), characters=characters)


def _narrate(preset: str, target: str | None, settings: tuple[str, ...], seed: int | None, pace: float) -> None:
    """The lab in words."""
    with_settings = bool(target or settings or seed is not None)
    if is_recorded(preset):
        _refuse_settings_of_recorded(with_settings)
        session = load_session(preset)
    else:
        loaded = load(preset, settings, seed, main.list_commands(click.get_current_context()), target)
        from tui.session import Session

        session = Session(loaded)
    from tui.narration.narrate import narrate

    sys.exit(narrate(session, pace))


main.add_command(list_presets)


@main.command(epilog="Example: descent show recipe > my-own.toml")
@click.argument("preset", metavar="PRESET|FILE")
@_target
@_set_and_seed
@_versioned
def show(preset: str, target: str | None, settings: tuple[str, ...], seed: int | None) -> None:
    """Print a preset as TOML, every default filled in."""
    loaded = load(preset, settings, seed, target=target)
    from pathlib import Path

    from tui.writing.saving import standing_in
    from tui.writing.written import toml_text

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")  # TOML is UTF-8, whatever the terminal speaks
    _print(toml_text(standing_in(loaded, Path.cwd())), end="")


for command in (run, resume, watch, replay, runs, check, keys, new, schema, serve, bugreport):
    main.add_command(command)


@main.command(epilog="Example: descent verify lr-big-medium-tiny --seeds 10")
@click.argument("presets", metavar="[PRESET|FILE]...", nargs=-1)
@click.option("--seeds", callback=parse_seeds, metavar="N|A-B", help="With seeds 0 to N-1, or A to B, not each its own.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end.")
@_versioned
def verify(presets: tuple[str, ...], seeds: tuple[int, ...], as_json: bool) -> None:
    """Run presets, all or these, and say which claims hold."""
    with catching_interrupts() as interrupted:
        from tui.console.bar import Bar
        from tui.console.verifying import load_all, report

        held = report(load_all(presets), seeds, as_json, interrupted, _print, Bar(sys.stderr))
        if interrupted() or not held:
            sys.exit(130 if interrupted() else 1)


def _print(text: str, end: str = "\n") -> None:
    print(text, end=end, flush=True)
