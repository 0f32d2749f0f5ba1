"""Curves made smooth: the running mean of a comparison, and the exponential moving average that somebody may ask for.

Both go on into the part of a long run that is no longer exact, where they are taken of the means that are kept of it. What
is no number is left out, or makes a gap, and never spoils what comes after it in the average.
"""

from __future__ import annotations

import numpy as np

from engine import History
from tui.plots.ticks import Floats

BLOCK = 64  # values that are averaged at once
HUGE = 1e150  # what is beyond would make infinities of sums


def smoothed(history: History, column: str, window: int) -> tuple[Floats, Floats]:
    """x and the running mean over the last `window` iterations; of iterations that are no longer exact, of their buckets."""
    x, y = history.column("iteration"), running_mean(history.column(column), window)
    old_x, old_y = history.means(column)
    if len(old_x) > 1:
        old_y = running_mean(old_y, round(window / (old_x[1] - old_x[0])))
        begun = min(window, len(x)) - 1  # before that it is a mean of too few
        x, y = np.concatenate([old_x, x[begun:]]), np.concatenate([old_y, y[begun:]])
        y[np.maximum.accumulate(~np.isfinite(y))] = np.nan
    return x, y


def running_mean(values: Floats, window: int) -> Floats:
    """The mean of the last `window` values at each place (of as many as there are at the beginning); NaN stays NaN."""
    if len(values) == 0 or window <= 1:
        return values
    lost = ~np.isfinite(values)
    with np.errstate(over="ignore", invalid="ignore"):  # a run that blows up is still drawn as far as it goes
        sums = np.cumsum(np.where(lost, 0.0, values))
        sums[window:] = sums[window:] - sums[:-window]
    counts = np.minimum(np.arange(1, len(values) + 1), window)
    return np.where(np.maximum.accumulate(lost), np.nan, sums / counts)


def averaged(history: History, column: str, weight: float) -> tuple[Floats, Floats]:
    """Iterations and the debiased exponential moving average of a column over the whole run (see `moving_average`).

    A bucket of iterations that are no longer exact counts as so many times its mean.
    """
    x, y = history.column("iteration"), history.column(column)
    old_x, old_y = history.means(column)
    if not len(old_x):
        return x, moving_average(y, weight)
    size = round(float(old_x[1] - old_x[0])) if len(old_x) > 1 else max(1, round(2 * float(old_x[0]) - 1))
    old = moving_average(old_y, weight**size)
    known = old[np.isfinite(old)]
    count = size * int(np.isfinite(old_y).sum())
    new = moving_average(y, weight, float(known[-1]) if len(known) else 0.0, count)
    return np.concatenate([old_x, x]), np.concatenate([old, new])


def moving_average(values: Floats, weight: float, before: float = 0.0, count: int = 0) -> Floats:
    """The debiased exponential moving average (n,): m = weight * m + (1 - weight) * value, divided by 1 - weight^t.

    As Adam corrects its moments (Kingma and Ba, 2015, section 3), so that it does not begin near 0. t counts the values that
    are numbers; where there is none the average is NaN too, and goes on after it as if that had not been. `before` is the
    average of `count` values that came first. 0 <= weight < 1.
    """
    there = np.isfinite(values) & (np.abs(values) < HUGE)
    found = values[there]
    if not len(found) or weight == 0.0:
        return np.where(there, values, np.nan)
    blocks = -(-len(found) // BLOCK)
    padded = np.zeros(blocks * BLOCK)
    padded[: len(found)] = found
    ages = np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK))
    powers = weight ** np.arange(1.0, BLOCK + 1.0)
    # within a block all at once; from block to block only the last sum is handed on
    sums = padded.reshape(blocks, BLOCK) @ np.where(ages >= 0, (1.0 - weight) * weight ** np.maximum(ages, 0.0), 0.0).T
    carried = np.empty(blocks)
    sum_before = before * (1.0 - weight**count)
    for block, last in enumerate(sums[:, -1].tolist()):
        carried[block] = sum_before
        sum_before = last + powers[-1] * sum_before
    sums += carried[:, None] * powers
    total = sums.ravel()[: len(found)] / -np.expm1(np.log(weight) * (count + np.arange(1.0, len(found) + 1.0)))
    average = np.full(len(values), np.nan)
    average[there] = total
    return average
