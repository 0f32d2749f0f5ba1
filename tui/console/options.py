"""What stands behind an option of the command line, read or refused in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from tui.terminal import encoding

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

MOST_SEED = 1_000_000_000
MOST_SEEDS = 10_000  # of one command


def parse_pace(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """A positive number, or `max`, which is infinity."""
    return math.inf if value == "max" else _positive(value, "a positive number or max", ctx, param)


def parse_kbps(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """A positive number of KB (1000 bytes) a second; nothing is no limit."""
    return None if value is None else _positive(value, "a positive number of KB a second, such as 20", ctx, param)


def _positive(value: str, allowed: str, ctx: click.Context, param: click.Parameter) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0.0 < number < math.inf:
        raise click.BadParameter(f"{value} is not {allowed}.", ctx, param)
    return number


def parse_seeds(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...]:
    """`16` is seeds 0 to 15, `3-7` seeds 3 to 7; nothing is none."""
    if value is None:
        return ()
    first, dash, last = value.partition("-")
    if not (first.isascii() and first.isdigit() and len(first) < 11) or (dash and not (last.isascii() and last.isdigit())):
        raise click.BadParameter(f"{value} is not a number of seeds, such as 16, or a range, such as 3-7.", ctx, param)
    low, high = (int(first), int(last[:11])) if dash else (0, int(first) - 1)
    if low > high:
        raise click.BadParameter(f"{value} has no seeds in it.", ctx, param)
    if high > MOST_SEED:
        raise click.BadParameter(f"{value}: a seed is at most {MOST_SEED}.", ctx, param)
    if high - low >= MOST_SEEDS:
        raise click.BadParameter(f"{value} are {high - low + 1} seeds; at most {MOST_SEEDS} go at once.", ctx, param)
    return tuple(range(low, high + 1))


def set_and_seed(command: Decorated) -> Decorated:
    """The options that change what is trained."""
    command = click.option("--seed", type=click.IntRange(0, MOST_SEED), metavar="N", help="Where all chance comes from.")(
        command
    )
    return click.option(
        "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change a setting; several values (A,B) compare them."
    )(command)


def target_column(command: Decorated) -> Decorated:
    """The option that makes a preset of a table."""
    return click.option("--target", metavar="COLUMN", help="The column of a table (.csv, .npz) to predict.")(command)


def out_folder(command: Decorated) -> Decorated:
    """The option that says where runs are kept."""
    return click.option("--out", metavar="DIR", help="The folder that runs are kept in, each in one of its own.")(command)


def link_options(command: Decorated) -> Decorated:
    """The options that say how little the line to the terminal takes."""
    command = click.option(
        "--max-kbps", callback=parse_kbps, metavar="N", help="At most N KB a second to the terminal; frames give way."
    )(command)
    return click.option("--slow-link", is_flag=True, help="Fewer frames, sixteen colours: a few KB a second.")(command)


def characters(command: Decorated) -> Decorated:
    """The option that says which characters the terminal has; without it the environment does."""
    return click.option(
        "--ascii/--no-ascii",
        "characters",
        default=None,
        callback=lambda ctx, param, asked: encoding.characters(asked),
        help="ASCII alone; by itself where the locale is not UTF-8.",
    )(command)
