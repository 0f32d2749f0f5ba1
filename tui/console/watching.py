"""`descent watch`: runs that another process trains, live, in the lab or as lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from tui.console.commands import versioned
from tui.console.interrupted import catching_interrupts
from tui.console.options import characters as _characters
from tui.console.options import link_options, out_folder
from tui.loading import Refused
from tui.terminal.encoding import Characters

if TYPE_CHECKING:
    from engine import IterationMetrics
    from engine.on_disk.folder import RunFolder
    from engine.on_disk.following import Follower

LOOK = 0.2  # seconds between two looks at the files


@click.command(epilog="Example: descent watch 20261122-063725-recipe")
@click.argument("run", metavar="[RUN]...", nargs=-1)
@out_folder
@link_options
@click.option("--plain", is_flag=True, help="Lines to read, until it is over.")
@_characters
@versioned
def watch(
    run: tuple[str, ...], out: str | None, slow_link: bool, max_kbps: float | None, plain: bool, characters: Characters
) -> None:
    """Show runs that another process is training, live and read-only.

    RUN is what `descent runs` calls it, or its folder; several are shown side by side; without one, the
    newest. What is seen comes from the run's files alone, so it goes on over any connection that shows them.
    """
    from tui.terminal.asked import ask

    ask(slow_link, max_kbps)
    from tui.console.taking_up import meant
    from tui.console.terminal import on_a_terminal, prepare_screen

    folders = list(dict.fromkeys(folder for word in run or (None,) for folder in meant(word, out, unfinished=False)))
    if not plain and on_a_terminal():
        prepare_screen()
        followers = followers_of(folders)
        from tui.app import run_lab
        from tui.on_disk import called
        from tui.watching import Watched

        session = Watched(followers)
        run_lab(session.preset, recorded=(called(folders), session), characters=characters)
        return
    followers = followers_of(folders)
    with catching_interrupts() as interrupted:
        for follower in followers:
            for line in lines(follower, interrupted):
                print(line, flush=True)
        if interrupted():
            sys.exit(130)


def followers_of(folders: Sequence[RunFolder]) -> list[Follower]:
    """The runs of these folders, in the order in which they were started. Raises Refused."""
    from engine.columns import TableError
    from engine.on_disk.folder import RunFolderError
    from engine.on_disk.following import Follower

    try:
        found = [Follower(folder) for folder in folders]
    except (RunFolderError, TableError) as error:
        raise Refused(f"descent: {error}") from None
    except OSError as error:
        raise Refused(f'descent: cannot read "{error.filename}": {error.strerror}') from None
    return sorted(found, key=lambda one: (one.manifest.start, one.manifest.place))


def lines(follower: Follower, interrupted: Callable[[], bool]) -> Iterator[str]:
    """What `descent run` would print of it, from here on; the last line says how it ended."""
    from tui.console.plain import ending, heading, progress
    from tui.console.tables import fit

    trainer = follower.trainer
    yield from map(fit, heading(follower.preset.title, trainer))
    yield from map(fit, progress(trainer, _metrics(follower, interrupted)))
    if trainer.done:
        yield ending(trainer)
    elif not interrupted():
        yield f"nobody trains {follower.folder.id} any more: descent resume {follower.folder.id} goes on with it"


def _metrics(follower: Follower, interrupted: Callable[[], bool]) -> Iterator[IterationMetrics]:
    """The newest iteration, as often as there is a new one, until nobody trains any more."""
    history, seen = follower.trainer.history, 0
    while not interrupted():
        follower.look()
        history = follower.trainer.history
        if len(history) > seen:
            seen = len(history)
            yield history[-1]
        if follower.trainer.done or not follower.alive:
            return
        time.sleep(LOOK)
