"""Commands around preset files: a folder of them, a new one, all problems of some, and the schema for editors.

`cli.py` puts them beside the others. What they need is imported inside them, so that help appears at once.
"""

from __future__ import annotations

import sys

import click

from tui.console.bar import columns_of
from tui.figures import printable
from tui.loading import Refused, is_table, load
from tui.own_folder import files_in, is_folder
from tui.terminal.encoding import ALL, Characters

versioned = click.version_option(package_name="descent-tui", prog_name="descent", message="%(prog)s %(version)s")


@click.command("list", epilog="Example: descent list --json")
@click.option("--json", "as_json", is_flag=True, help="An array of name, lesson, title and summary.")
@versioned
def list_presets(as_json: bool) -> None:
    """Name every preset, lesson by lesson."""
    from tui.listing import list_lines, read_headings

    headings, broken = read_headings(brief=True)
    if as_json:
        import json

        keys = ("name", "lesson", "title", "summary")
        print(json.dumps([{key: getattr(heading, key) for key in keys} for heading in headings], indent=2), flush=True)
    else:
        for line in list_lines(headings, columns_of(sys.stdout)):
            print(line, flush=True)
    for problem in broken:
        click.echo(f"descent: {problem}", err=True)


@click.command(epilog="Example: descent new lessons/momentum.toml --from recipe")
@click.argument("file", metavar="FILE")
@click.option("--from", "original", metavar="PRESET|FILE", help="Begin with a copy of this one.")
@versioned
def new(file: str, original: str | None) -> None:
    """Write a preset to begin with, a comment beside every key."""
    from pathlib import Path

    try:
        place = Path(file).expanduser()
        there = place.exists() or place.is_symlink()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a zero byte, ~somebody
        raise Refused(f'descent: cannot write "{file}": {getattr(error, "strerror", None) or error}') from None
    if is_table(file):
        raise Refused(f'descent: "{file}" is a table: descent show {file} --target COLUMN writes a preset for one.')
    if place.suffix != ".toml":
        raise Refused(f"descent: the name of a preset file ends in .toml: descent new {file}.toml")
    if there:
        raise Refused(f'descent: "{file}" is there already; nothing was written.')
    if not place.parent.is_dir():
        raise Refused(f'descent: there is no folder "{place.parent}" for "{place.name}".')
    from tui.writing.saving import copy_of, write_new

    if original is None:
        from tui.writing.new_preset import new_text

        text = new_text(printable(place.stem))
    else:
        preset = load(original)
        text = copy_of(preset, preset.documents, preset.runs, place).text
    try:
        write_new(text, place)
    except (OSError, ValueError) as error:  # a zero byte in its name
        raise Refused(f'descent: cannot write "{file}": {getattr(error, "strerror", None) or error}') from None
    shown = printable(_typed(file))
    click.echo(f"{printable(file)}: written. descent {shown} opens it, descent check {shown} looks for problems.")


@click.command(epilog="Example: descent schema > descent.schema.json")
@versioned
def schema() -> None:
    """Print the JSON Schema of preset files, for editors."""
    import json

    from tui.writing.json_schema import preset_schema

    print(json.dumps(preset_schema(), indent=2), flush=True)


@click.command(epilog="Example: descent keys --toml > keymap.toml")
@click.option("--toml", "as_toml", is_flag=True, help="As a keymap file to begin with, a comment beside every key.")
@versioned
def keys(as_toml: bool) -> None:
    """List every key with its id, or every problem of the keymap.

    A file keymap.toml beside one's own presets changes them: "run.toggle" = "x", or a list of keys.
    """
    from tui.home.folders import keymap_file
    from tui.keyboard import keymap

    try:
        found, problems = keymap.read(), None
    except keymap.KeymapError as error:
        found, problems = {}, error
    file = keymap_file()
    for line in keymap.toml_lines(found, file) if as_toml else keymap.table_lines(found):
        print(line, flush=True)
    if problems is not None:
        raise Refused(f"{problems}\nThe lab keeps its own keys until that is put right.")
    if not as_toml:
        said = "* changed by" if found else "Other keys can be said in"
        print(f"\n{said} {file}; descent keys --toml begins one.", flush=True)


@click.command(epilog="Example: descent check my-own.toml lessons/")
@click.argument("files", metavar="FILE|FOLDER...", nargs=-1, required=True)
@versioned
def check(files: tuple[str, ...]) -> None:
    """Report every problem of every preset file."""
    bad = False
    for word in files:
        try:
            for file in _files_of(word):
                bad = not _is_right(file) or bad
        except Refused as problem:
            problem.show()
            bad = True
    if bad:
        sys.exit(2)


def _files_of(word: str) -> list[str]:
    """The preset files that a word means: itself, or those in the folder."""
    from pathlib import Path

    if is_table(word):
        raise Refused(f'descent: "{word}" is a table, not a preset: descent show {word} --target COLUMN writes one.')
    if not is_folder(word):
        return [word]
    if not (files := files_in(Path(word))):
        raise Refused(f'descent: no preset (*.toml) in the folder "{word}".')
    return [_typed(str(file)) for file in files]


def _is_right(file: str) -> bool:
    try:
        load(file)
    except Refused as problems:
        problems.show()
        return False
    print(f"{printable(file)}: ok", flush=True)
    return True


def print_folder(word: str) -> None:
    """Print what presets a folder has, and what is wrong with its other files."""
    from pathlib import Path

    from tui.listing import headings_in, list_lines

    headings, broken = headings_in(Path(word))
    if not headings:
        raise Refused("\n".join(f"descent: {problem}" for problem in broken) or _none_in(word))
    for line in list_lines(headings, columns_of(sys.stdout)):
        print(line, flush=True)
    for problem in broken:
        click.echo(f"descent: {problem}", err=True)


def open_folder(word: str, pace: float, characters: Characters = ALL) -> None:
    """The lab on the first preset of a folder that can be opened, with the picker of them all.

    Raises Refused with every problem where none can.
    """
    from pathlib import Path

    from tui.listing import headings_in

    headings, broken = headings_in(Path(word))
    problems = [f"descent: {problem}" for problem in broken]
    for heading in headings:
        try:
            first = load(heading.name)
        except Refused as error:
            problems.append(error.message)
            continue
        from tui.app import run_lab

        run_lab(first, pace, Path(word), characters=characters)
        return
    raise Refused("\n".join(problems) or _none_in(word))


def _none_in(word: str) -> str:
    return f'descent: no preset (*.toml) in the folder "{word}". descent new {word.rstrip("/")}/NAME.toml writes one.'


def _typed(file: str) -> str:
    return file if "/" in file or file.endswith(".toml") else f"./{file}"
