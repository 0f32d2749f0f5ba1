"""A run written to one `.npz` file, and read back as the trainer that it was: it goes on from there bit for bit.

The file holds the arrays of `Trainer.state()` and one text, in JSON, with everything else: the preset, the settings of each
run, its counters and events. Nothing is pickled, so reading one runs no code; a comparison is several runs in one file. A
table of one's own is not copied into it, only where it lies.
"""

from __future__ import annotations

import copy
import errno
import io
import json
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from engine.columns import TableError
from engine.film import Film
from engine.own_table import OwnTable
from engine.preset import RUN_TABLES, Preset, parse_preset, read_run, read_sheet
from engine.problems import PresetError
from engine.run import Run
from engine.run_tables import plain, tables_of
from engine.schema import Document
from engine.state import content_of, state_of
from engine.trainer import Trainer
from engine.zip_file import check_promise, open_zip

VERSION = 1
MARK = "descent_recording"  # the array of the text, by which a recording is known from any other NPZ file
MOST_BYTES = 2 * 2**30  # unpacked: a small file can promise a very large array
USUAL_BYTES, MOST_TIMES = 100_000_000, 50  # what any file may come to, and what weights, which hardly shrink, ever do


class RecordingError(ValueError):
    """A file that is no recording of ours, is damaged, or does not fit what is here any more: one sentence."""


@dataclass(frozen=True)
class Recording:
    """Runs as they were: `preset` is what they were opened from, `trainers` are the runs, and `documents` the tables that
    stood in the form for each of them, a change that waits for the next start among them. `films` are theirs; where none
    were recorded, they begin now."""

    preset: Preset
    trainers: tuple[Trainer, ...]
    documents: tuple[Document, ...]
    films: tuple[Film, ...]


# Writing --------------------------------------------------------------------------------------------------------------


def save_recording(
    place: Path,
    preset: Preset,
    trainers: Sequence[Trainer],
    documents: Sequence[Document] | None = None,
    films: Sequence[Film] = (),
) -> None:
    """Write these runs of a preset to a file, in one step: where writing fails, what was there before is still there.

    `documents` are the form's tables; left out, those that the runs train with. `films` are of these runs, or none. A run
    in the middle of an iteration that is taken apart is written as it was just before. Raises OSError.
    """
    write_recording(place, recorded(preset, trainers, documents, films))


def write_recording(place: Path, content: bytes) -> None:
    """Put what `recorded` gave in a file, in one step. Raises OSError."""
    with in_one_step(place) as file:
        file.write(content)


@contextmanager
def in_one_step(place: Path) -> Iterator[IO[bytes]]:
    """A file to be written, which takes the place of what is there once all of it is. Raises OSError."""
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory", str(place))
    handle, beside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave the new name with nothing in it
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(beside, 0o666 & ~mask)
        os.replace(beside, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def recorded(
    preset: Preset,
    trainers: Sequence[Trainer],
    documents: Sequence[Document] | None = None,
    films: Sequence[Film] = (),
) -> bytes:
    """The content of the file: an NPZ with the arrays `a0`, `a1` ... and the text, (bytes,) uint8, in UTF-8."""
    file = io.BytesIO()
    np.savez_compressed(file, **captured(preset, trainers, documents, films))
    return file.getvalue()


def captured(
    preset: Preset,
    trainers: Sequence[Trainer],
    documents: Sequence[Document] | None = None,
    films: Sequence[Film] = (),
) -> dict[str, Any]:
    """The runs as the arrays of an NPZ: what is trained from here on changes none of them."""
    arrays: dict[str, Any] = {}
    runs = [lying_anywhere(trainer.run) for trainer in trainers]
    text = json.dumps(
        {
            "version": VERSION,
            "preset": told_of(preset),
            "form": [_document(document) for document in documents] if documents is not None else [*map(tables_of, runs)],
            "runs": [
                {"name": run.name, "tables": tables_of(run), "state": _without_arrays(_state(trainer, run), arrays)}
                for run, trainer in zip(runs, trainers, strict=True)
            ],
            "films": [_without_arrays(film.state(), arrays) for film in films],
        }
    )
    arrays[MARK] = np.frombuffer(text.encode(), np.uint8)
    return arrays


def told_of(preset: Preset) -> dict[str, Any]:
    """All that makes a preset, as JSON has it: `preset_told` reads it as the same preset anywhere."""
    return {
        "name": preset.name,
        "source": _anywhere(preset.source) if preset.folder is not None else preset.source,
        "own": preset.folder is not None,
        "folder": _anywhere(preset.folder or "."),
        "text": preset.text,
        "changed": preset.changed,
        "sheet": _sheet(preset),
        "runs": [
            {"name": run.name, "tables": _document(document)}
            for run, document in zip(preset.runs, preset.documents, strict=True)
        ],
    }


def _sheet(preset: Preset) -> Document:
    """What the preset says with the settings that were laid over its text; its claims stand in the text alone."""
    said: Document = plain(asdict(replace(preset.sheet, claim=())))
    return {**said, **_document({key: said[key] for key in RUN_TABLES if key in said})}


def _state(trainer: Trainer, run: Run) -> dict[str, Any]:
    """The trainer's state, as that of the same run with its table found from anywhere."""
    content_of(trainer)  # before there is a copy: it is found once
    same = copy.copy(trainer)
    same.run = run
    return state_of(same)


def _anywhere(file: str | Path) -> str:
    return str(Path(file).absolute())


def lying_anywhere(run: Run) -> Run:
    """The run with its table, where it has one of its own, found from any folder; the file need not be there any more."""
    if not isinstance(run.data, OwnTable) or run.data.file == _anywhere(run.data.file):
        return run
    moved, data = copy.copy(run), copy.copy(run.data)  # to make them anew would read the file
    object.__setattr__(data, "file", _anywhere(data.file))
    object.__setattr__(moved, "data", data)
    return moved


def _document(document: Document) -> Document:
    data = document.get("data")
    if isinstance(data, dict) and isinstance(data.get("file"), str):
        document = {**document, "data": {**data, "file": _anywhere(data["file"])}}
    return {key: value for key, value in document.items() if key in RUN_TABLES}


def _without_arrays(value: Any, arrays: dict[str, Any]) -> Any:
    """The same as JSON has it, each array put among the others and named in its place."""
    if isinstance(value, np.ndarray):
        assert not value.dtype.hasobject  # it would be pickled
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _without_arrays(entry, arrays) for key, entry in value.items()}
    return [_without_arrays(entry, arrays) for entry in value] if isinstance(value, (list, tuple)) else value


# Reading --------------------------------------------------------------------------------------------------------------


def is_recording(place: str | Path) -> bool:
    """Whether the file is an NPZ that says it is a recording; False where it cannot be read at all."""
    try:
        with open_zip(place) as archive:
            return f"{MARK}.npy" in archive.namelist()
    except Exception:  # damaged bytes make zipfile raise a dozen kinds; the reader of whatever else it is will say so
        return False


def load_recording(place: str | Path, clock: Callable[[], float] | None = None) -> Recording:
    """The runs of a file, each a trainer in the state that it was written in; `clock` as for `Trainer`.

    Raises RecordingError, in one sentence that names the file, and OSError where it cannot be opened.
    """
    file = str(place)
    with open(file, "rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise RecordingError(f"{file}: has more than the {MOST_BYTES} bytes that are read")
    try:
        arrays = _arrays(content, file)
        found = json.loads(arrays.pop(MARK).tobytes().decode())
        version = found["version"]
    except RecordingError:
        raise
    except Exception as error:  # damaged bytes make zipfile, zlib, NumPy and JSON raise a dozen kinds
        raise RecordingError(f"{file}: this recording is damaged ({_brief(error)})") from None
    if version != VERSION:
        raise RecordingError(f"{file}: this recording has version {version}, this descent reads version {VERSION}")
    try:
        return _recording(found, arrays, clock)
    except (PresetError, TableError, OSError) as error:
        raise RecordingError(f"{file}: its runs cannot be made again ({_brief(error)})") from None
    except Exception as error:
        if str(error).startswith("this state"):  # it says itself what does not fit
            raise RecordingError(f"{file}: {_brief(error)}") from None
        raise RecordingError(f"{file}: this recording is damaged ({_brief(error)})") from None


def _arrays(content: bytes, file: str) -> dict[str, Any]:
    try:
        archive = open_zip(io.BytesIO(content))
        entries = archive.infolist()
    except Exception:
        raise RecordingError(f"{file}: is not a recorded run (no NPZ file)") from None
    if f"{MARK}.npy" not in [entry.filename for entry in entries]:
        raise RecordingError(f"{file}: is not a recorded run (an NPZ file of something else)")
    size = sum(entry.file_size for entry in entries)
    most = min(MOST_BYTES, max(USUAL_BYTES, MOST_TIMES * len(content)))
    if size > most:
        raise RecordingError(f"{file}: would take {size} bytes when unpacked; at most {most} are read")
    for entry in entries:
        with archive.open(entry) as member:
            check_promise(member, entry)
    with warnings.catch_warnings(action="ignore"), np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _recording(found: Any, arrays: dict[str, Any], clock: Callable[[], float] | None) -> Recording:
    preset = preset_told(found["preset"])
    trainers = []
    for each in found["runs"]:
        run = read_run(each["tables"], each["name"])
        state = _with_arrays(each["state"], arrays)
        trainers.append(Trainer.restore(run, state, *([clock] if clock is not None else [])))
    if not trainers or len(trainers) != len(found["form"]):
        raise KeyError("runs")
    films = tuple(map(Film, trainers))
    for film, state in zip(films, found["films"], strict=True) if found["films"] else ():
        film.restore(_with_arrays(state, arrays))
    return Recording(preset, tuple(trainers), tuple(found["form"]), films)


def preset_told(said: Any) -> Preset:
    """The preset that `told_of` was given. Raises PresetError, and KeyError and the like where it is something else."""
    read = parse_preset(said["text"], said["name"], said["source"], folder=Path(said["folder"]))
    runs = tuple(read_run(each["tables"], each["name"]) for each in said["runs"])
    documents = tuple(each["tables"] for each in said["runs"])
    sheet = replace(read_sheet(said["sheet"], said["name"]), claim=read.sheet.claim)
    folder = read.folder if said["own"] else None  # of a table there is no preset file: it lay where one was
    return replace(read, sheet=sheet, runs=runs, documents=documents, folder=folder, changed=bool(said["changed"]))


def _with_arrays(value: Any, arrays: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if list(value) == ["array"]:
            return arrays[value["array"]]
        return {key: _with_arrays(entry, arrays) for key, entry in value.items()}
    return [_with_arrays(entry, arrays) for entry in value] if isinstance(value, list) else value


def _brief(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing"
    if isinstance(error, PresetError):
        problem = error.problems[0]
        return f"{problem.key}: {problem.message}" if problem.key else problem.message
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.strerror else str(error)
    return " ".join(str(error).split()) or type(error).__name__
