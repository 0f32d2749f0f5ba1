"""A file that is replaced in one step, so that nobody ever reads half of it, and nothing is lost where writing fails."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def make_file(file: Path, text: str | bytes) -> None:
    """Write the text, in UTF-8, or these bytes to a file that must not be there yet. Raises OSError, and then it is not."""
    with open(file, "xb") as made:
        try:
            made.write(text if isinstance(text, bytes) else text.encode("utf-8"))
            made.flush()
        except BaseException:  # half of it, of a disk that is full
            with suppress(OSError):
                os.unlink(file)
            raise


def replace_file(file: Path, text: str | bytes, mode: int = 0o600) -> None:
    """Write the text, in UTF-8, or these bytes beside the file's place and put it there with these rights. Raises OSError,
    and then nothing has changed."""
    handle, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(text if isinstance(text, bytes) else text.encode("utf-8"))
            written.flush()
            os.fsync(written.fileno())  # else a power cut could leave the new name with nothing in it
        os.chmod(beside, mode)
        os.replace(beside, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
