"""A kept run as a file of another kind: the kinds that the lab can take away without its screen, and the folder itself."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from engine.on_disk.folder import RUN, RunFolder, RunFolderError
from engine.on_disk.going_on import TakenUp, take_up
from engine.recording import save_recording
from tui.console.taking_up import place_of, preset_of_all
from tui.exporting.files import places, there, write
from tui.exporting.kinds import KINDS, Taken
from tui.loading import Failed, Refused
from tui.on_disk import session_of_folders

ENDINGS = (".csv", ".jsonl", ".py", ".npz", ".toml", ".zip")


def export_runs(folders: Sequence[RunFolder], file: str) -> list[Path]:
    """Write these runs; returns the files. Raises Refused and Failed, and then none is half written."""
    place = Path(file).expanduser()
    if place.suffix not in ENDINGS:
        raise Refused(f'descent: "{file}": the name of the file ends in one of {", ".join(ENDINGS)}.')
    if place.suffix in (".toml", ".zip", ".npz") and (place.exists() or place.is_symlink()):
        raise Refused(f'descent: "{file}" is there already; nothing was written.')
    if not place.parent.is_dir():
        raise Refused(f'descent: there is no folder "{place.parent}" for "{place.name}".')
    try:
        if place.suffix == ".zip":
            return _zipped(folders, place)
        if place.suffix == ".toml":
            if len(folders) > 1:
                raise Refused(f"descent: {len(folders)} runs are meant; name one of them for a preset: {folders[0].id}.")
            write(place, folders[0].file(RUN).read_bytes(), replace=False)
            return [place]
        taken = sorted((take_up(folder, hold=False) for folder in folders), key=place_of)
        for one in taken:
            for _ in one.catch_up():
                pass
        if place.suffix == ".npz":
            save_recording(
                place,
                preset_of_all(taken),
                [one.trainer for one in taken],
                [one.document for one in taken],
                [one.film for one in taken],
            )
            return [place]
        return _of_kind(taken, file, place)
    except RunFolderError as error:
        raise Refused(f"descent: {error}") from None
    except OSError as error:
        raise Failed(f'descent: cannot write "{file}": {error.strerror or error}') from None


def _of_kind(taken: Sequence[TakenUp], file: str, place: Path) -> list[Path]:
    session = session_of_folders(taken, preset_of_all(taken))
    session.uncovered = True  # whoever has the folder has all that is in it
    kind = next(one for one in KINDS if one.ending == place.suffix)
    if why := kind.why_not(session):
        raise Refused(f"descent: {why}.")
    made = kind.make(Taken(session), place.stem)
    try:
        files = places(kind, file, made)
    except ValueError as error:
        raise Refused(f"descent: {error}.") from None
    if found := there(files):
        raise Refused(f'descent: "{found[0]}" is there already; nothing was written.')
    for ending, content in made.items():
        whole = content if isinstance(content, bytes) else "\n".join(content) + "\n"
        write(files[ending], whole, replace=False)
    return list(files.values())


def _zipped(folders: Sequence[RunFolder], place: Path) -> list[Path]:
    with zipfile.ZipFile(place, "x", zipfile.ZIP_DEFLATED) as archive:
        for folder in folders:
            for entry in sorted(folder.path.iterdir()):
                if entry.is_file():
                    archive.write(entry, f"{folder.id}/{entry.name}")
    return [place]
