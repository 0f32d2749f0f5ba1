"""From what stands on the command line to a preset, or to every problem with it.

An argument with a "/" or ending in .toml is a preset file, one ending in .csv or .npz a table, everything else the name of
a preset, bundled or one's own. The engine is imported only once that is found, so that a misspelt name is answered at once.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from tui.figures import printable, tidy
from tui.own_folder import own_presets, source_of

if TYPE_CHECKING:
    from engine import Preset
    from tui.session import Session

TABLES = (".csv", ".npz")


def is_table(source: str) -> bool:
    """Whether a word on the command line is a table of one's own."""
    return source.lower().endswith(TABLES)


def is_recorded(source: str) -> bool:
    """Whether a word on the command line is a file with recorded runs, and no table."""
    if not source.lower().endswith(".npz") or not os.path.isfile(source):
        return False
    from engine.recording import is_recording

    return is_recording(source)


def load_session(file: str) -> Session:
    """The session in a file with recorded runs; raises Refused."""
    from engine.recording import RecordingError
    from tui.recorded import session_from

    try:
        return session_from(file)
    except RecordingError as error:
        raise Refused(f"descent: {error}") from None
    except OSError as error:
        raise Refused(f'descent: cannot read "{file}": {error.strerror}') from None


class Failed(click.ClickException):
    """The work itself failed: a message for stderr, as it stands."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(tidy(message))

    def show(self, file: Any = None) -> None:
        click.echo(self.message, file=file, err=True)


class Refused(Failed):
    """What was asked for cannot be done as it was asked."""

    exit_code = 2


def load(
    source: str,
    settings: Iterable[str] = (),
    seed: int | None = None,
    words: Iterable[str] = (),
    target: str | None = None,
) -> Preset:
    """The preset of that name or in that file, overlaid, or one made for the table in that file; raises Refused with every
    problem.

    `words` are what else may have been meant by a name that is no preset; `target` is the column of a table to predict.
    """
    if is_recorded(source):
        raise Refused(f'descent: "{source}" holds recorded runs, which open in the lab: descent {source}')
    table = is_table(source)
    source = source if table else source_of(source)
    _look_for(source, words)
    if target is not None and not table:
        raise Refused(
            "descent: --target names a column of a table (.csv or .npz); a preset says it itself, as target under [data]."
        )
    from engine.columns import TableError
    from engine.overlay import parse_setting
    from engine.preset import load_preset
    from engine.problems import MOST_SAID, PresetError, Problem

    chosen: dict[str, list[Any]] = {}
    problems = []
    for setting in settings:
        try:
            key, values = parse_setting(setting)
        except ValueError as error:
            problems.append(Problem("--set", str(error)))
            if len(problems) == MOST_SAID:
                break
        else:
            chosen[key] = values  # of two for one key the later holds, as for other options
    if seed is not None and "seed" in chosen:
        problems.append(Problem("--set seed", "says what --seed says as well: give one of them"))
    if target is not None and "data.target" in chosen:
        problems.append(Problem("--set data.target", "says what --target says as well: give one of them"))
    try:
        if table:
            from tui.writing.own_preset import NoTargetError, own_preset

            try:
                loaded = own_preset(source, target, list(chosen.items()), seed)
            except NoTargetError as error:
                raise Refused(f"descent: {source}: {error}") from None
        else:
            loaded = load_preset(source, chosen.items(), seed)
    except OSError as error:
        raise Refused(f'descent: cannot read "{source}": {error.strerror}') from None
    except TableError as error:
        raise Refused(f"descent: {error}") from None
    except PresetError as error:
        about_table = [problem.message for problem in error.problems if problem.message.startswith(f"{printable(source)}: ")]
        if len(about_table) == len(error.problems + problems):
            raise Refused("\n".join(f"descent: {message}" for message in about_table)) from None
        for problem in error.problems:
            key = problem.key.rpartition("].")[2]
            problems.append(Problem(f"--set {key}", problem.message) if key in chosen else problem)
        raise Refused(str(PresetError(error.source, problems))) from None
    if problems:
        raise Refused(str(PresetError("descent", problems)))
    return loaded


def _look_for(source: str, words: Iterable[str]) -> None:
    """Raise Refused unless `source` is the name of a preset or a file that can be read as text."""
    if "/" not in source and not source.endswith(".toml") and not is_table(source):
        import presets

        _look_for_name(source, [*presets.names(), *own_presets()], words)
        return
    try:
        mode = os.stat(source).st_mode
    except FileNotFoundError:
        raise Refused(f'descent: there is no file "{source}".') from None
    except OSError as error:
        raise Refused(f'descent: cannot read "{source}": {error.strerror}') from None
    except ValueError as error:  # a zero byte
        raise Refused(f'descent: "{source}" can be the name of no file: {error}.') from None
    if stat.S_ISDIR(mode):
        raise Refused(f'descent: "{source}" is a folder, not a {"table" if is_table(source) else "preset file"}.')
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):  # /dev/zero has no end
        raise Refused(f'descent: "{source}" is not a file that can be read as text.')


def _look_for_name(name: str, names: list[str], words: Iterable[str]) -> None:
    if name in names:
        return
    import difflib

    near = difflib.get_close_matches(name, [*names, *words], n=1)
    guess = f' Did you mean "{near[0]}"?' if near else ""
    if not near and os.path.isfile(name):
        guess = f' The file of that name is "./{name}".'
    raise Refused(f'descent: no preset "{name}".{guess} descent list names them all.')
