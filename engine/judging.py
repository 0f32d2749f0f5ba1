"""Whether what a lesson claims was seen: the checks of a claim against the runs of its preset.

Works in mid-run: a claim is not seen yet, then held or not held, and says the numbers that it is about. A claim is held
where all of its checks are, in the same runs; a check that has failed decides it at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.claim_problems import check_problems
from engine.claim_words import RELATIONS, digits_apart, given_number, label, numbers, side_words, unit_of_number
from engine.claims import Check, Claim, Measure
from engine.measures import Reading, first_of, read, scaled
from engine.series import over_of
from engine.stretch_checks import Seen, closed_form, falls, far, same, trainer_of

if TYPE_CHECKING:
    from engine.trainer import Trainer


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a claim: `held` None while it is not seen yet, and `saw`, the numbers in words.

    `decided` of its `checks` are known.
    """

    held: bool | None
    saw: str
    decided: int
    checks: int


def judge(claim: Claim, trainers: Sequence[Trainer]) -> Judgement:
    """The claim, judged by the trainers of its preset's runs as they stand; their runs tell them apart by name.

    A check that means nothing for these runs (whose settings were changed) can never be seen, and is told so.
    """
    runs = [trainer.run for trainer in trainers]
    seen = []
    for check in claim.check:
        problems = check_problems(check, runs)
        if problems:
            seen.append(Seen(None, f"cannot be seen with these settings: {problems[0][1]}"))
        else:
            seen.append(_checked(check, trainers))
    failed = [one for one in seen if one.held is False]
    waiting = [one for one in seen if one.held is None]
    held = False if failed else None if waiting else True
    told = failed or waiting or seen
    decided = len(seen) - len(waiting)
    return Judgement(held, "; ".join(dict.fromkeys(one.saw for one in told)), decided, len(seen))


def _checked(check: Check, trainers: Sequence[Trainer]) -> Seen:
    trainer, several = trainer_of(check.run, trainers), len(trainers) > 1
    if check.stopped is not None:
        return _stopped(check, trainer, several)
    if check.closed_form is not None:
        return closed_form(check, trainer, several)
    if check.falls is not None:
        return falls(check, trainer, several)
    if check.same_as is not None:
        return same(check, check.same_as, trainers)
    return _compared(check, trainers, several)


# numbers against numbers


def value(measure: Measure, trainers: Sequence[Trainer]) -> Reading:
    """What a measure gives, with its `times` and `plus`."""
    plus = side(measure.added, trainers)
    return scaled(measure, read(measure, trainer_of(measure.run, trainers)), plus)


def side(given: float | tuple[float, ...] | Measure, trainers: Sequence[Trainer]) -> Reading:
    """The other side of a relation: numbers, or what a measure gives."""
    if isinstance(given, Measure):
        return value(given, trainers)
    return Reading(given if isinstance(given, tuple) else (float(given),))


def _compared(check: Check, trainers: Sequence[Trainer], several: bool) -> Seen:
    sides = [given for _, given in check.other_sides]
    own, others = value(check, trainers), [side(given, trainers) for given in sides]
    name, unit = label(check, several), unit_of_number(check)
    known = own.known and all(reading.known for reading in others)
    if why := first_of(reading.why for reading in (own, *others)):
        measures = [(check, own), *zip(sides, others, strict=True)]
        who = first_of(label(one, several) for one, reading in measures if isinstance(one, Measure) and reading.why)
        return Seen(False if known else None, f"{who}: {why}")
    if not known:
        now = f": now {numbers(own.values, unit)}" if own.values else ""
        return Seen(None, f"{name}{now} ({_progress(check, trainers)})")
    limits = [_as_long(reading.values, len(own.values)) for reading in others]
    pairs = list(zip(own.values, *limits, strict=True))
    failed = next((place for place, pair in enumerate(pairs) if not RELATED[check.relation](check, *pair)), None)
    if failed is not None and len(pairs) > 1:  # of a list the first that does not hold
        name = f"{name}, number {failed + 1} of {len(pairs)}"
        pairs = pairs[failed : failed + 1]

    def raw(measure: Measure) -> Sequence[float]:
        values = read(measure, trainer_of(measure.run, trainers)).values
        return values if failed is None or len(values) == 1 else values[failed : failed + 1]

    digits = digits_apart(pairs, unit, exact=failed is None and check.relation == "equals")
    words = []
    for place, given in enumerate(sides, 1):
        values = tuple(pair[place] for pair in pairs)
        if isinstance(given, Measure):
            words.append(side_words(check, given, values, raw, digits))
        else:
            shown = values if isinstance(given, tuple) else values[:1]
            words.append(given_number(shown[0], unit) if len(shown) == 1 else numbers(shown, unit, max(digits, 6)))
    phrase = RELATIONS[check.relation][failed is not None].format(given_number(check.within_factor or 0.0))
    mine = numbers([pair[0] for pair in pairs], unit, digits)
    tolerance = f" to within {given_number(check.tolerance, ' points' if unit else '')}" if check.tolerance else ""
    if check.relation == "equals" and failed is None and [mine] == words:
        return Seen(True, f"{name}: {mine}{tolerance or ', exactly'}")
    return Seen(failed is None, f"{name}: {mine} {phrase} {' and '.join(words)}{tolerance}")


def _as_long(values: tuple[float, ...], count: int) -> tuple[float, ...]:
    return values * count if len(values) == 1 else values


def _equal(check: Check, a: float, b: float) -> bool:
    return a == b or (math.isfinite(b) and abs(a - b) <= check.tolerance * max(1.0, abs(b)))


def _within(check: Check, a: float, b: float) -> bool:
    factor = check.within_factor or 1.0
    low, high = sorted((b / factor, b * factor))
    return low <= a <= high


#: Each relation of one number to another one or two; false where one of them is NaN.
RELATED: dict[str, Callable[..., bool]] = {
    "above": lambda _, a, b: a >= b,
    "below": lambda _, a, b: a <= b,
    "between": lambda _, a, low, high: low <= a <= high,
    "equals": _equal,
    "within_factor": _within,
}


def _progress(check: Check, trainers: Sequence[Trainer]) -> str:
    """How far the run is that has to go furthest: 'epoch 6 of 50'."""
    names = {check.run, *(given.run for _, given in check.other_sides if isinstance(given, Measure))}
    named = [trainer_of(name, trainers) for name in names]
    return far(min(named, key=lambda one: 1.0 if over_of(one) else one.iteration / max(1, one.iterations)))


def _stopped(check: Check, trainer: Trainer, several: bool) -> Seen:
    name = f"{trainer.run.name}:" if several else "the run"
    if not over_of(trainer):
        return Seen(None, f"{name} {'not over yet' if several else 'is not over yet'} ({far(trainer)})")
    assert trainer.history.stopped is not None
    reason = trainer.history.stopped.reason
    at = f" after epoch {trainer.history.stopped.epoch}" if trainer.iteration else " before the first step"
    words = {"out_of_memory": "refused for memory", "early_stopping": "stopped early"}
    said = f"{name} {words.get(reason, reason)}{at if trainer.run.surface is None else ''}"
    wanted = str(check.stopped)
    return Seen(reason == wanted, said if reason == wanted else f"{said}, and not {words.get(wanted, wanted)}")
