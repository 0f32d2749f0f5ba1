"""Ticks on the axes, and how a round number is written: as many as have room, on 1-2-5, and none that touches another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ticks = tuple[tuple[float, str], ...]


def epoch_ticks(
    ends: Floats, low: float, high: float, columns: int, numbers: Floats | None = None, log: bool = False
) -> Ticks:
    """Ticks at the ends of epochs, thinned on 1-2-5 until their labels have room; on a logarithmic axis 1, 2, 5, 10 ...

    `ends` are those of epochs 1, 2, 3, ... or, rising, of the epochs in `numbers`; between them epochs are evenly apart.
    """
    room = columns / (high - low) if high > low else 0.0
    numbers = np.arange(1.0, len(ends) + 1.0) if numbers is None else numbers
    last = int(numbers[-1]) if len(numbers) else 0
    if log and last:
        wanted = np.array([epoch for epoch in _ones_twos_fives(1.0, last) if epoch == int(epoch)])
        return _with_room(np.interp(wanted, numbers, ends), [f"{epoch:.0f}" for epoch in wanted], low, high, columns)
    first = max(1, int(np.interp(low, ends, numbers))) if last and low > 0 else 1  # of a window: not all before it
    for step in (factor * 10**power for power in range(8) for factor in (1, 2, 5)):
        if (last - first) // step > max(1, columns):  # not even a digit of each has room: don't look at them one by one
            continue
        labels = np.arange(-(-first // step) * step, last + 1.0, step)
        places = np.interp(labels, numbers, ends) if last else ends
        widest = len(str(last // step * step))
        inside = (places > low) & (places <= high)
        if not inside.any():
            break
        if len(places) < 2 or float(np.diff(places[inside]).min(initial=np.inf)) * room - widest >= 2:
            return tuple((float(places[at]), f"{labels[at]:.0f}") for at in np.flatnonzero(inside).tolist())
    return ()


def number_ticks(low: float, high: float, columns: int, log: bool = False, least: float = 0.0, before: str = "") -> Ticks:
    """Ticks at round numbers from `low` to `high`, as many as have room: 200, 400, ... or 1, 2, 5, 10, ...

    On a linear axis they are at least `least` apart, and `before` stands before each.
    """
    if not high > low:
        return ()
    if log:
        places = _ones_twos_fives(low, high)
        return _with_room(np.array(places), [before + round_label(at, top=at) for at in places], low, high, columns)
    for count in range(max(1, columns // 6), 0, -1):
        step = max(least, nice_step((high - low) / count))
        numbers = np.arange(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
        places = [float(number * step) for number in numbers.tolist() if number]
        labels = [before + round_label(at, step, high) for at in places]
        if labels and (max(map(len, labels)) + 2) * (high - low) <= step * columns:
            return tuple(zip(places, labels, strict=True))
    return ()


def step_ticks(low: float, high: float, step: float) -> Ticks:
    """Ticks at every multiple of `step` from `low` to `high`, for an axis that was made to have room for them."""
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return tuple((number * step, f"{round(number * step, 10):g}") for number in numbers)


def round_label(value: float, step: float = 0.0, top: float = 0.0) -> str:
    """A round number in few characters: 0.05, 0.5, 20, 1000, 200k, 2M; all on an axis that goes up to `top` and has a `step`
    are written alike."""
    size = abs(value)
    if size >= 1e9 or 0 < size < 1e-4:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if top >= 100 * unit or (not step and size >= 10 * unit):
            return f"{value / unit:.6g}{letter}"
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    return f"{value:.{digits}f}" if step else f"{value:.10g}"


def power_label(exponent: float) -> str:
    """A power of ten on an axis, or 2 or 5 times one: 1000, 100, 50, 10, 1, 0.1, 0.01, 1e-5."""
    if -3 <= exponent < 4.99:
        return f"{10.0**exponent:.3g}" if exponent < 3 else f"{10.0**exponent:.0f}"
    power = math.floor(exponent + 1e-9)  # 10**exponent itself may be too large or too small a number
    return f"{10.0 ** (exponent - power):.0f}e{power}"


def _ones_twos_fives(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = (float(f"{factor}e{power}") for power in powers for factor in (1, 2, 5))
    return [number for number in found if low * (1 - 1e-9) <= number <= high * (1 + 1e-9)]


def _with_room(places: Floats, labels: Sequence[str], low: float, high: float, columns: int) -> Ticks:
    """Of these ticks on a logarithmic axis, those in it, powers of ten before others, and none that would touch another."""
    taken: list[tuple[float, float, float, str]] = []
    room = columns / math.log10(high / low)
    order = sorted(range(len(labels)), key=lambda at: (labels[at].strip("0.kM") not in ("1", ""), at))
    for at in order:
        if not low <= places[at] <= high:
            continue
        middle = math.log10(places[at] / low) * room
        start, end = middle - len(labels[at]) / 2 - 1, middle + len(labels[at]) / 2 + 1
        if all(end <= other or start >= stop for other, stop, _, _ in taken):
            taken.append((start, end, float(places[at]), labels[at]))
    return tuple((place, label) for _, _, place, label in sorted(taken))


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
