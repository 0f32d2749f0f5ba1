"""Whether the lab can be drawn here, and what Textual has to be told before it is imported."""

from __future__ import annotations

import os
import sys


def on_a_terminal() -> bool:
    """Whether the lab can be drawn and answer keys; in a browser it can (`tui.browser`), with no terminal here."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    return os.environ.get("TERM", "") not in ("", "dumb") and can_answer_keys()


def can_answer_keys() -> bool:
    """Whether somebody is there, on a terminal of any kind."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def prepare_screen() -> None:
    """Set what Textual reads when it is imported: its screen would otherwise lag behind the training, and fade and slide."""
    os.environ.setdefault("TEXTUAL_FPS", "240")
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
