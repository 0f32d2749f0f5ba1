"""`descent serve`: the lab in a web browser, for this machine alone unless something else is asked for.

What it needs is an extra of the package, imported inside the command.
"""

from __future__ import annotations

import sys

import click

from tui.console.commands import versioned
from tui.console.options import set_and_seed, target_column
from tui.loading import Failed, Refused, is_recorded, load
from tui.own_folder import is_folder

MISSING = "descent: serve needs the extra web: pip install 'descent-tui[web]'"


@click.command(epilog="Example: descent serve lr-big-medium-tiny --port 8080")
@click.argument("preset", default="recipe", metavar="[PRESET|FILE|FOLDER]")
@target_column
@set_and_seed
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Whom to answer; without it this machine alone.")
@click.option(
    "--port", default=8000, type=click.IntRange(0, 65535), metavar="N", show_default=True, help="0: any that is free."
)
@versioned
def serve(preset: str, target: str | None, settings: tuple[str, ...], seed: int | None, host: str, port: int) -> None:
    """Serve the lab to a web browser (extra web)."""
    import asyncio

    try:
        from tui.browser.server import LabServer, is_own_machine
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "tui":
            raise
        raise Refused(MISSING) from None
    if not is_folder(preset) and not is_recorded(preset):
        load(preset, settings, seed, target=target)  # what is wrong is said here, not in a browser
    if not is_own_machine(host):
        click.echo("\n".join(warning(host, port)), err=True)
    options = [
        *(f"--set={one}" for one in settings),
        *(f"--{name}={value}" for name, value in (("seed", seed), ("target", target)) if value is not None),
    ]
    import shlex

    command = shlex.join([sys.executable, "-P", "-m", "tui", preset, *options])
    try:
        asyncio.run(LabServer(command, host, port, "descent").serve_until_asked(_ready))
    except OSError as error:
        raise Failed(f"descent: cannot serve at {host}, port {port}: {error.strerror or error}") from None


def warning(host: str, port: int) -> list[str]:
    """What somebody should know who serves the lab to other machines."""
    return [
        f"descent: warning: with --host {host} everyone who can reach this machine can use the lab, without a password,",
        "and with it write files as you. Safer: leave --host out here and type on the other machine",
        f"  ssh -L {port}:127.0.0.1:{port} THIS-MACHINE",
    ]


def _ready(address: str) -> None:
    print(f"descent: the lab is at {address}. Ctrl-C ends it.", flush=True)
