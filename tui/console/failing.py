"""How a command ends that goes wrong: in one line and an exit code, whatever it was, never with a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from tui.figures import tidy
from tui.loading import Failed


@contextmanager
def ending_in_words() -> Iterator[None]:
    """Whatever goes wrong inside ends the command with one line and an exit code, never with a traceback."""
    try:
        yield
    except click.ClickException as error:
        error.message = tidy(error.message)  # type: ignore[misc]  # click repeats what was typed as it stands
        raise
    except (click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader has seen enough, as `head` does
        drop_output()
        sys.exit(0)
    except MemoryError as error:
        raise Failed(_one_line("out of memory", str(error))) from None
    except OSError as error:
        drop_output()  # a full disk: what is still buffered would fail once more at the very end
        raise Failed(_one_line(str(error.filename or ""), error.strerror or str(error))) from None
    except Exception as error:
        with suppress(Exception):
            from tui.containing import keep  # not before it is needed: it takes Textual with it

            keep(error, "command", ended=True)
        raise Failed(_one_line(type(error).__name__, str(error))) from None


def drop_output() -> None:
    """Let what is still buffered for stdout go nowhere, so that Python's own last flush cannot fail."""
    with suppress(OSError, ValueError, AttributeError):  # no stdout at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(*parts: str) -> str:
    return "descent: " + ": ".join(" ".join(part.split()) for part in parts if part)
