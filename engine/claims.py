"""What a lesson claims, as something that can be false.

A `[[claim]]` of a preset has the lesson's words, what is true instead or besides, and checks that a run either passes or
does not. Here are its keys; `measures.py` reads numbers off a run, `judging.py` says whether the checks hold, and
`claim_problems.py` finds a check that names nothing real.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from engine.problems import show
from engine.ranges import STRICT, OrTable, Range
from engine.schema import guess

Take = Literal[
    "min", "max", "mean", "std", "range", "std_of_changes", "share_rising", "sign_changes", "argmin", "not_finite", "changes"
]
RELATIONS = ("above", "below", "between", "equals", "within_factor", "falls", "same_as", "closed_form", "stopped")
#: Metrics that are one number of a whole run: they have no `at` and no `over`.
WHOLE_RUN = ("memory_bytes", "parameters", "iterations_per_epoch", "iterations", "epochs_run", "samples_seen")


class At(NamedTuple):
    """A point of a run: one of the named ones, or the end of an epoch or an iteration, from 1."""

    kind: Literal["initial", "final", "best", "restored", "epoch", "iteration"]
    number: int = 0


class Over(NamedTuple):
    """A stretch of a run: epochs or iterations `first` to `last` (None: to the end), 0 being before training; or the last
    `share` of it."""

    unit: Literal["epoch", "iteration", "last"]
    first: int = 0
    last: int | None = None
    share: float = 1.0


@lru_cache(1000)
def parse_at(text: str) -> At:
    """The point that `text` names. Raises ValueError."""
    if text in ("initial", "final", "best", "restored"):
        return At(text)  # type: ignore[arg-type]
    found = re.fullmatch(r"(epoch|iteration):(\d{1,9})", text)
    if found is None or int(found[2]) < 1:
        near = guess(text.partition(":")[0], ("initial", "final", "best", "restored", "epoch:N", "iteration:N"))
        raise ValueError(
            f"at = {show(text)} is not one of initial, final, best, restored, epoch:N, iteration:N with N from 1.{near}"
        )
    return At(found[1], int(found[2]))  # type: ignore[arg-type]


@lru_cache(1000)
def parse_over(text: str) -> Over:
    """The stretch that `text` names. Raises ValueError."""
    found = re.fullmatch(r"(epoch|iteration)s:(\d{1,9})-(\d{1,9})?", text)
    if found is not None and (found[3] is None or int(found[3]) >= int(found[2])):
        return Over(found[1], int(found[2]), int(found[3]) if found[3] else None)  # type: ignore[arg-type]
    share = re.fullmatch(r"last:(0?\.\d{1,9}|1(?:\.0)?)", text)
    if share is not None and float(share[1]) > 0.0:
        return Over("last", share=float(share[1]))
    raise ValueError(f"over = {show(text)} is not such as epochs:3-6, epochs:0-, iterations:1-100 or last:0.5")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number read off a run, or a list of them: times x the metric `at` a point, or `take`n `over` a stretch, `plus`.

    `at` one or more of initial, final, best, restored, epoch:N, iteration:N; `over` such as epochs:3-6, iterations:0- or
    last:0.5. `input` is what a prediction is asked for (one row or several), `index` which weight (from 0), `axis` which
    parameter of a surface (left out: the first). What the other side of a check leaves out, it has from the check.
    """

    run: str | None = None
    metric: str | None = None
    at: str | tuple[str, ...] | None = None
    over: str | None = None
    take: Take | None = None
    input: tuple[float | tuple[float, ...], ...] | None = None
    index: Annotated[int, Range(0, 100_000_000)] | None = None
    axis: Annotated[int, Range(0, 1)] | None = None
    times: float = 1.0
    plus: Value = 0.0
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if self.at == ():
            raise ValueError("at is an empty list: no number is asked for")
        for text in self.points:
            parse_at(text)
        if self.over is not None:
            parse_over(self.over)
        if self.at is not None and self.over is not None:
            raise ValueError("has both at and over: a point or a stretch")
        if self.take is not None and self.at is not None:
            raise ValueError("take goes with over, not with at")
        if self.times == 0.0:
            raise ValueError("times = 0 makes every metric 0")
        for entry in fields(self):
            check_numbers(entry.name, getattr(self, entry.name))

    @cached_property
    def added(self) -> float | tuple[float, ...] | Measure:
        """`plus`, `completed` from this measure."""
        return completed(self.plus, self)

    @property
    def points(self) -> tuple[str, ...]:
        """`at` as a list; empty where there is none."""
        return () if self.at is None else (self.at,) if isinstance(self.at, str) else self.at


Value = Annotated[float | tuple[float, ...] | Measure, OrTable()]


def check_numbers(key: str, value: object) -> None:
    """Raise ValueError where `value`, or an entry of it, is infinite or NaN, or where it is a list of none: such a side is
    always passed, or never."""
    if value == () and key != "at":
        raise ValueError(f"{key} is an empty list: no number is asked for")
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, tuple):
            check_numbers(key, number)
        elif isinstance(number, float) and not math.isfinite(number):
            raise ValueError(f"{key} = {number} is not a number that something could be compared with")


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """What `same_as` compares with: the same metric of another `run`, `over` a stretch of the same length."""

    run: str | None = None
    over: str | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if self.over is not None:
            parse_over(self.over)


@dataclass(frozen=True, kw_only=True)
class Check(Measure):
    """A `[[claim.check]]`: a measure and exactly one relation that it must stand in.

    `above` and `below` hold for equal numbers too; `equals` to within `tolerance` x max(1, |other side|), `within_factor`
    between `of` / factor and `of` x factor. `falls`: without `slack` the metric is lower at every epoch (or update), with it
    never higher by more than that. `same_as`: bit for bit. `closed_form`: gradient descent on a quadratic surface, to within
    this tolerance at every step. What a run that is over never came to (an epoch, the end of a stretch) does not hold.
    """

    above: Value | None = None
    below: Value | None = None
    between: tuple[Value, ...] | None = None
    equals: Value | None = None
    tolerance: Annotated[float, Range(0.0, 1e9)] = 0.0
    within_factor: Annotated[float, Range(1.0, 1e9)] | None = None
    of: Value | None = None
    falls: Literal["epoch", "update"] | None = None
    slack: Annotated[float, Range(0.0, 1e9)] = 0.0
    same_as: Stretch | None = None
    closed_form: Annotated[float, Range(0.0, 1.0, above=True)] | None = None
    stopped: Literal["completed", "early_stopping", "diverged", "out_of_memory"] | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        super().__post_init__()
        relations = [name for name in RELATIONS if getattr(self, name) is not None]
        if len(relations) != 1:
            found = " and ".join(relations) if relations else "no relation"
            raise ValueError(f"has {found}; exactly one of {', '.join(RELATIONS)} is needed")
        for key, default, relation in (("tolerance", 0.0, "equals"), ("of", None, "within_factor"), ("slack", 0.0, "falls")):
            if getattr(self, key) != default and relations != [relation]:
                raise ValueError(f"{key} means nothing without {relation}")
        if self.between is not None:
            if len(self.between) != 2:
                raise ValueError(f"between takes two sides, the lower one first, and has {len(self.between)}")
            low, high = self.between
            if isinstance(low, float) and isinstance(high, float) and low > high:
                raise ValueError(f"between = [{low:g}, {high:g}]: the lower side comes first")
        if self.within_factor is not None and self.of is None:
            raise ValueError("within_factor needs of: the number or measure that it is a factor of")
        if (self.stopped is not None or self.closed_form is not None) and self.metric is not None:
            raise ValueError(f"{relations[0]} needs no metric: take it out")
        if relations[0] in ("falls", "same_as", "closed_form", "stopped") and (self.times != 1.0 or self.plus != 0.0):
            raise ValueError(f"times and plus mean nothing for {relations[0]}: take them out")
        if self.stopped is None and self.closed_form is None and self.metric is None:
            raise ValueError("has no metric")
        for side in (self.added, *(side for _, side in self.other_sides)):
            while isinstance(side, Measure):  # raises ValueError where they do not go together
                side = side.added

    @property
    def relation(self) -> str:
        """The one relation that is given."""
        return next(name for name in RELATIONS if getattr(self, name) is not None)

    @cached_property
    def other_sides(self) -> tuple[tuple[str, float | tuple[float, ...] | Measure], ...]:
        """What the measure is compared with, by its key, in full: `completed` from this check where it leaves things out."""
        given = [(key, getattr(self, key)) for key in ("above", "below", "equals", "of")]
        given += [(f"between[{number}]", side) for number, side in enumerate(self.between or (), 1)]
        return tuple((key, completed(side, self)) for key, side in given if side is not None)


def completed(side: float | tuple[float, ...] | Measure, check: Measure) -> float | tuple[float, ...] | Measure:
    """`side` with what it leaves out taken from `check`: run, metric, where in the run, and of the same metric the input,
    index and axis. Raises ValueError where that contradicts itself."""
    if not isinstance(side, Measure):
        return side
    values = {entry.name: getattr(side, entry.name) for entry in fields(Measure)}
    values["run"] = check.run if side.run is None else side.run
    values["metric"] = check.metric if side.metric is None else side.metric
    if side.at is None and side.over is None and values["metric"] not in WHOLE_RUN:
        values["at"], values["over"] = check.at, check.over
    if values["over"] is not None and side.take is None:
        values["take"] = check.take
    if values["metric"] == check.metric:
        for key in ("input", "index", "axis"):
            values[key] = getattr(check, key) if values[key] is None else values[key]
    if side.take is not None and values["at"] is not None:
        raise ValueError(f'take = "{side.take}" goes with over, and there is none')
    return Measure(**values)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A `[[claim]]`: what a lesson says (and in which file), what is true and tested, how the lesson's words fare, and the
    share of seeds in which every check must hold in the same seed."""

    lesson_says: str = ""
    source: str = ""
    says: str
    verdict: Literal["right", "half", "wrong"] | None = None
    in_seeds: Annotated[float, Range(0.0, 1.0, above=True)] = 0.9
    check: tuple[Check, ...] = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if not self.check:
            raise ValueError("has no [[claim.check]]: nothing could show that it is false")
        if not self.says.strip():
            raise ValueError("says is empty: say in a sentence what is tested")
        if bool(self.lesson_says) != bool(self.verdict) or bool(self.lesson_says) != bool(self.source):
            raise ValueError("lesson_says, source and verdict go together: give all three or none")
