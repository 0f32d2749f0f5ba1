"""Runs of a session in a file, and the session that comes out of such a file: paused where it was."""

from __future__ import annotations

from pathlib import Path

from engine.preset import read_run
from engine.recording import Recording, load_recording, save_recording
from engine.run_tables import tables_of
from tui.home.folders import typed_file
from tui.session import Session

SUFFIX = ".npz"


def suggested(session: Session) -> Path:
    """Where the runs are recorded if nothing else is said: a name in the current folder that nothing has yet."""
    stem = f"{session.preset.name}-run"
    places = (Path(f"{stem}{number}{SUFFIX}") for number in ("", *(f"-{count}" for count in range(2, 1000))))
    return next((place for place in places if not place.exists()), Path(stem + SUFFIX))


def meant(typed: str) -> Path:
    """The file that was typed; its name ends in .npz whether that was typed or not. Raises ValueError."""
    place = typed_file(typed)
    return place if place.suffix.lower() == SUFFIX else place.with_name(place.name + SUFFIX)


def record(session: Session, place: Path) -> None:
    """Write the runs of now, as they stand, to a file. Raises OSError, and then nothing has changed."""
    session.at_rest()
    films = [session.films[trainer] for trainer in session.trainers]
    save_recording(place, session.preset, session.trainers, session.documents, films)


def session_from(file: str | Path) -> Session:
    """The session that was recorded in a file, paused. Raises RecordingError and OSError."""
    return session_of(load_recording(file))


def session_of(recording: Recording) -> Session:
    """A session with these runs; the form says what it said then."""
    session = Session(recording.preset)
    session.trainers = list(recording.trainers)
    session.documents = list(recording.documents)
    pairs = zip(session.documents, session.trainers, strict=True)
    session.runs = [read_run(document, trainer.run.name) for document, trainer in pairs]
    session.begun_with = [tables_of(trainer.run) for trainer in session.trainers]
    session.films = dict(zip(session.trainers, recording.films, strict=True))
    return session
