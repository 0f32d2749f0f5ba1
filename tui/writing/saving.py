"""Saving what is on the screen as a preset: the loaded file's own text, with only those values changed that differ.

What is written is read again first: it must give exactly the runs that it was made of, and pass `descent check`. A file is
replaced in one step, so that nothing is lost where writing fails.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from pathlib import Path

from engine.own_table import OwnTable
from engine.preset import RUN_TABLES, Preset, parse_preset
from engine.problems import PresetError
from engine.run import Run
from engine.schema import Document
from engine.sheet import Sheet, Show
from presets.reading import inside
from tui.figures import count
from tui.home.folders import presets_folder, typed_file
from tui.home.replacing import make_file, replace_file
from tui.writing.edited import edited, with_claims_about, without
from tui.writing.settled import Laid, plain, settled
from tui.writing.written import laid_out, toml_text

HEADING = tuple(entry.name for entry in fields(Sheet) if entry.name not in (*RUN_TABLES, "show", "question", "claim"))


@dataclass(frozen=True)
class Copy:
    """A preset as it is to be saved: its text, what it is read to, and what could not be kept, in words."""

    text: str
    preset: Preset
    told: tuple[str, ...] = ()


def own_file(preset: Preset) -> Path | None:
    """The file that a preset was loaded from; None for one that comes with descent, and for a table."""
    return Path(preset.source) if preset.folder is not None else None


def suggested(preset: Preset) -> Path:
    """Where it is saved if nothing else is said: the loaded file itself, or one's own copy in the folder for these."""
    return own_file(preset) or presets_folder() / f"{preset.name}-mine.toml"


def meant(typed: str) -> Path:
    """The file that was typed: a bare word is a name in the folder of one's own presets. Raises ValueError."""
    word = typed.strip()
    if word and "/" not in word and not word.lower().endswith(".toml"):
        return presets_folder() / f"{word}.toml"
    place = typed_file(typed)
    if not word.lower().endswith(".toml"):
        raise ValueError("the name of a preset file ends in .toml")
    return place


def copy_of(preset: Preset, documents: Sequence[Document], runs: Sequence[Run], place: Path) -> Copy:
    """The preset with these runs, made of these tables, as a text that is to stand at `place`.

    Raises PresetError (or TableError) where what results cannot be loaded.
    """
    own_text = preset.folder is not None or preset.source.endswith(".toml")  # a table has none
    text = preset.text if own_text else toml_text(preset)
    for lay in (_laid_as_it_was, _laid_anew):
        with suppress(Exception):  # a layout that tomlkit cannot edit: whatever it raises, there is the next way
            laid = lay(preset, text, documents, runs)
            if laid is not None:
                copy, same = _read_back(preset, _edit(preset, text, laid, runs, place), runs, place)
                if same:
                    return copy
    copy, _ = _read_back(preset, _whole(preset, runs, place), runs, place)
    return replace(copy, told=(*copy.told, "written anew, without the comments of the file")) if own_text else copy


def save(copy: Copy, place: Path) -> None:
    """Write the text in one step; folders that are missing are made. Raises OSError, and then nothing has changed."""
    target = Path(os.path.realpath(place))  # a link stays a link
    if target.exists():
        if not target.is_file():
            raise OSError(errno.EINVAL, "is no file that could be written", str(place))
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, "Not a directory", str(target.parent)) from None
    replace_file(target, copy.text, stat.S_IMODE(target.stat().st_mode) if target.exists() else _usual_mode())


def _usual_mode() -> int:
    """The rights of a file that somebody makes."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def write_new(text: str, place: Path) -> None:
    """Write a file that must not be there yet. Raises OSError."""
    make_file(place, text)


def changed_since(preset: Preset, place: Path) -> bool:
    """Whether the loaded file, at `place`, says something else by now."""
    try:
        return place.read_text(encoding="utf-8-sig") != preset.text
    except (OSError, ValueError):
        return True


# How it is laid out ---------------------------------------------------------------------------------------------------


def _laid_as_it_was(preset: Preset, text: str, documents: Sequence[Document], runs: Sequence[Run]) -> Laid | None:
    """The tables and runs of the text, changed where they have to be."""
    base, entries = _tables_of(preset, text)
    every = len(runs) // max(1, len(entries))
    own = [{key: value for key, value in entry.items() if key != "name"} for entry in entries or [{}] for _ in range(every)]
    if len(own) != len(runs):
        return None
    laid = settled(base, own, documents)
    if laid is None or (not entries and len(runs) == 1):
        return laid
    names = [entry.get("name") for entry in entries] if len(entries) == len(runs) else [run.name for run in runs]
    named = [{"name": name} if name is not None else {} for name in names]
    return laid[0], [{**name, **each} for name, each in zip(named, laid[1], strict=True)]


def _laid_anew(preset: Preset, text: str, documents: Sequence[Document], runs: Sequence[Run]) -> Laid | None:
    """Tables and runs with every default filled in, in the text that there is."""
    before, entries = _tables_of(preset, text)
    base, own = laid_out(runs)
    rest = {key: value for key, value in before.items() if key not in RUN_TABLES}
    return {**rest, **base}, own if entries or len(runs) > 1 else []


def _tables_of(preset: Preset, text: str) -> tuple[Document, list[Document]]:
    """The base tables and the `[[run]]`s of the text, each `data.file` as it is found from the working folder."""
    base = tomllib.loads(text)
    entries = base.pop("run", [])
    for document in (base, *entries):
        data = document.get("data")
        if isinstance(data, dict) and isinstance(data.get("file"), str) and preset.folder is not None:
            data["file"] = str(preset.folder / data["file"])
    return base, entries


def _edit(preset: Preset, text: str, laid: Laid, runs: Sequence[Run], place: Path) -> str:
    """`text` with these tables and runs in it, for a file at `place`."""
    base, own = deepcopy(laid)
    written = tomllib.loads(text)
    entries = written.pop("run", [])
    count_of = len(own) // max(1, len(entries))
    of = [index // max(1, count_of) for index in range(len(own))]
    for at, document in enumerate((base, *own)):
        before = written if not at else entries[of[at - 1]] if entries else {}
        _say_file(preset, document, before, place)
    _head(preset, base)
    own = own if entries or len(runs) > 1 else []
    return edited(text, base, own, of, RUN_TABLES)


def _say_file(preset: Preset, document: Document, before: Document, place: Path) -> None:
    """Name a table's file as it is found from the folder of `place`: as `before` where that still finds it."""
    data = document.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("file"), str):
        return
    file, folder, said = Path(data["file"]).absolute(), place.absolute().parent, before.get("data", {})
    stays = inside(folder, str(file))  # else only its whole path is read again
    if stays and isinstance(said, dict) and isinstance(said.get("file"), str) and folder / said["file"] == file:
        data["file"] = said["file"]
    else:
        data["file"] = str(file.relative_to(folder)) if stays and file.is_relative_to(folder) else str(file)


def standing_in(preset: Preset, folder: Path) -> Preset:
    """The preset with each table's file as a preset file in this folder may name it: in full, where it lies elsewhere."""

    def named(run: Run) -> Run:
        stays = not isinstance(run.data, OwnTable) or os.path.isabs(run.data.file) or inside(folder, run.data.file)
        return run if stays else _found(run)

    return replace(preset, runs=tuple(map(named, preset.runs)))


def _head(preset: Preset, base: Document) -> None:
    """What is said and shown, where a setting of the command line changed it."""
    for entry in fields(Show):
        value, table = plain(getattr(preset.sheet.show, entry.name)), base.get("show", {})
        if value != plain(table.get(entry.name, entry.default)):
            base.setdefault("show", {})[entry.name] = value
    for key in HEADING:
        value = plain(getattr(preset.sheet, key))
        if value != base.get(key, plain(getattr(Sheet, key))):
            base[key] = value


def _whole(preset: Preset, runs: Sequence[Run], place: Path) -> str:
    """The preset written from nothing, each file where it is found from anywhere."""
    named = [_found(run) for run in runs]
    alone = len(named) == 1 and "run" not in tomllib.loads(preset.text)
    return toml_text(replace(preset, name=named[0].name if alone else place.stem, runs=tuple(named)))


# Whether it is right --------------------------------------------------------------------------------------------------


def _read_back(preset: Preset, text: str, runs: Sequence[Run], place: Path) -> tuple[Copy, bool]:
    """The text without the claims that its settings make impossible, read; and whether it gives these runs."""
    nameless = "run" not in tomllib.loads(text)
    if nameless:
        for name in (runs[0].name, preset.name):
            text = with_claims_about(text, name, place.stem)
    kept, told = list(range(len(preset.sheet.claim))), []
    while True:
        try:
            read = parse_preset(text, place.stem, str(place), folder=place.parent)
            break
        except PresetError as error:
            keys = [problem.key for problem in error.problems]
            broken = {int(found[1]) - 1 for key in keys if (found := re.match(r"claim\[(\d+)\]", key))}
            unfit = [("show", "second")] if "show.second" in keys else []
            if not broken and not unfit:
                raise
            text = without(text, broken, *unfit)
            kept = [index for at, index in enumerate(kept) if at not in broken]
    gone = len(preset.sheet.claim) - len(kept)
    if gone:
        told.append(f"without {count(gone, 'claim')} that its settings make impossible")
    wanted = [replace(run, name=place.stem) for run in runs] if nameless else list(runs)
    same = [_found(run) for run in read.runs] == [_found(run) for run in wanted]
    return Copy(text, read, tuple(told)), same and _says_the_same(preset.sheet, read.sheet)


def _found(run: Run) -> Run:
    """The run, its table's file by where it is found from anywhere."""
    if not isinstance(run.data, OwnTable):
        return run
    return replace(run, data=replace(run.data, file=str(Path(run.data.file).absolute())))


def _says_the_same(sheet: Sheet, other: Sheet) -> bool:
    keys = (*HEADING, "question")
    shown = [replace(each.show, second=None) for each in (sheet, other)]
    return all(getattr(sheet, key) == getattr(other, key) for key in keys) and shown[0] == shown[1]
