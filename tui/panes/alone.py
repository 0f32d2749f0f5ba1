"""One pane alone on runs that are over or paused, full-screen: to work on it, and to take its picture.

    python -m tui.panes.curves RUN [--epochs N] [--size WxH] [--text]

RUN is a file that the lab has recorded, or a preset, which is trained first. The pane gets what it shows from the same pure
functions as in the lab, and its own keys work; q quits. No pane knows this module: it is their way in from outside.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from tui.alone_app import Alone, views
from tui.loading import Refused, is_recorded, load, load_session
from tui.plots.more_curves import MORE, why_not
from tui.session import Session
from tui.terminal.encoding import ALL, characters

SMALLEST, LARGEST = 10, 1000  # cells along each side


def session_for(run: str, epochs: int | None = None) -> Session:
    """The session recorded in a file, or that of a preset, trained for so many epochs (None: to its end). Raises Refused."""
    if is_recorded(run):
        return load_session(run)
    session = Session(load(run))
    for trainer in session.trainers:
        trainer.clock = lambda: 0.0  # so that the same command gives the same text
        while not trainer.done and (epochs is None or trainer.epoch < epochs or not trainer.at_epoch_end):
            trainer.step()
            session.films[trainer].take()
    return session


def _room(context: click.Context, option: click.Parameter, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found or not all(SMALLEST <= int(side) <= LARGEST for side in found.groups()):
        raise click.BadParameter(f"{text} is not like 80x24, each from {SMALLEST} to {LARGEST}")
    return int(found[1]), int(found[2])


def command(name: str) -> click.Command:
    """The command line of a pane."""

    @click.command(help=f"The pane {name} alone, on a recorded RUN (.npz) or a preset, which is trained first. q quits.")
    @click.argument("run")
    @click.option("--epochs", type=click.IntRange(0), metavar="N", help="Train a preset for so many epochs, not to its end.")
    @click.option("--size", "room", callback=_room, metavar="WxH", help="Columns and lines of the pane.")
    @click.option("--text", "as_text", is_flag=True, help="Print it and end.")
    def show(run: str, epochs: int | None, room: tuple[int, int] | None, as_text: bool, **chosen: Any) -> None:
        if epochs is not None and is_recorded(run):
            raise click.UsageError("--epochs is for a preset: recorded runs are what they were.")
        session = session_for(run, epochs)
        wanted, found = chosen.get("inside") or chosen.get("curve") or "", []
        if name == "inside" and not (found := views(session)):
            raise Refused(f"descent: there is no view of the inside of {session.trainer.run.name}.")
        if name == "curves":
            found = [one for one in MORE if not why_not(one, session.trainer, session.hidden)]
        if wanted and wanted not in found:
            raise click.BadParameter(f"{wanted} is not one of {', '.join(found)}", param_hint="--view")
        app = Alone(name, session, room, as_text=as_text, characters=ALL if as_text else characters(), **chosen)
        if as_text:
            click.echo(app.run(headless=True, size=room or (80, 24)))
        else:
            app.run(mouse=False)

    if name == "curves":
        click.option("--second", is_flag=True, help="The plot below the loss.")(show)
        click.option("--view", "curve", default="", metavar="ID", help="Another curve, such as rate or gradient.")(show)
    if name == "inside":
        click.option("--view", "inside", default="", metavar="ID", help="Which view; else the first there is.")(show)
    return show


def main(file: str) -> None:
    """Run the pane in that file, as the last line of each of them does."""
    name = Path(file).stem
    command(name)(prog_name=f"python -m tui.panes.{name}")
