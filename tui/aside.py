"""Long work beside the screen: in a thread of its own that is asked, never waited for, and can be given up.

The thread ends with the program whatever it is doing, so nothing that is loading can keep somebody from leaving.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Aside(Generic[Result]):
    """Work that has begun. It may look at `given_up` and end early, and tell how far it is by `share`, from 0 to 1."""

    def __init__(self, work: Callable[[Aside[Result]], Result], clock: Callable[[], float] = time.monotonic) -> None:
        self.share = 0.0
        self.given_up = False
        self._clock, self._begun = clock, clock()
        self._over = threading.Event()
        self._made: list[Result] = []
        self._error: Exception | None = None
        threading.Thread(target=self._run, args=(work,), name="aside", daemon=True).start()

    def _run(self, work: Callable[[Aside[Result]], Result]) -> None:
        try:
            self._made.append(work(self))
        except Exception as error:  # who asked for it is told, in their own thread
            self._error = error
        finally:
            self._over.set()

    @property
    def over(self) -> bool:
        """Whether there is a result, or an error."""
        return self._over.is_set()

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        return self._clock() - self._begun

    def wait(self, seconds: float) -> bool:
        """Wait for so long at most; whether it is over."""
        return self._over.wait(seconds)

    def result(self) -> Result:
        """What the work came to; raises what the work raised. It must be over."""
        if self._error is not None:
            raise self._error
        return self._made[0]
