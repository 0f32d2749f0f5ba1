"""What the command line asks of the terminal for a slow link: fewer frames and colours, or a budget of bytes a second.

It is one for the process, said before Textual is imported, which reads its environment then; what somebody has set there
themselves wins. Nothing is imported here that costs anything.
"""

from __future__ import annotations

import math
import os


class Asked:
    """`slow`: as little as makes sense; `most`: bytes a second, infinity is as many as there are."""

    def __init__(self, slow: bool = False, most: float = math.inf) -> None:
        self.slow, self.most = slow, most

    @property
    def limited(self) -> bool:
        """Whether bytes are counted out."""
        return self.slow or self.most < math.inf


asked = Asked()


def ask(slow_link: bool, max_kbps: float | None) -> None:
    """Remember the options, and set what Textual reads."""
    asked.slow, asked.most = slow_link, math.inf if max_kbps is None else max_kbps * 1000.0
    if slow_link:
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "standard")
