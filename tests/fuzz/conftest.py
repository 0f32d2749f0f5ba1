"""What every kind of bad input is judged by: it works, or it is refused in words, soon and in little room."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

SECONDS, MEGABYTES = 2.0, 200  # that any one input may take
LONGEST = 760  # characters of a line of an error


class Judge:
    """Counts inputs of a kind; one that is neither accepted nor refused well fails the test at once."""

    def __init__(self) -> None:
        self.tried = self.refused = 0
        self.slowest = 0.0
        self._before = peak()

    def judge(self, call: Callable[[], Any], refusals: tuple[type[Exception], ...], *named: str) -> Any:
        """What `call` gives; None where it raised one of `refusals`, whose text must name these words."""
        self.tried += 1
        began = time.perf_counter()
        try:
            found = call()
        except refusals as error:
            self.refused += 1
            self.say(str(getattr(error, "message", None) or error), *named)
            found = None
        took = time.perf_counter() - began
        self.slowest = max(self.slowest, took)
        assert took < SECONDS, f"took {took:.1f} s"
        return found

    def say(self, said: str, *named: str) -> None:
        """That somebody can read it: what and where, in printable lines that are not too long."""
        lines = said.rstrip("\n").split("\n")
        assert all(line.isprintable() for line in lines), said
        assert max(map(len, lines)) <= LONGEST, said[:2000]
        assert len(lines) <= 60
        assert [word for word in named if word not in said] == [], said
        assert "Traceback" not in said
        assert len(said) > 8

    def room(self) -> None:
        """That all of them together did not take the room that each may."""
        assert peak() - self._before < MEGABYTES


def peak() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


@pytest.fixture
def judge() -> Judge:
    """A judge for a test, which says in a line what it came to."""
    return Judge()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """When the test is over, what the judge has counted."""
    yield
    one = getattr(item, "funcargs", {}).get("judge")
    if one is not None:
        one.room()
        kind = item.name.removeprefix("test_").replace("_", " ")
        said = f"fuzz: {kind}: {one.tried} inputs, {one.refused} refused, the slowest took {one.slowest:.2f} s"
        item.user_properties.append(("said", said))
