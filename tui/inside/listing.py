"""Samples as rows of a list: the guess, how sure it is, the truth, and the features that tell most, as many as fit."""

from __future__ import annotations

import numpy as np

from tui.canvas import Row, Span, fit
from tui.figures import cells_of, cut_name, padded, percent, printable, short, widest
from tui.inside.chosen import PANEL, PANEL_FROM, Seen, details, in_a_line, side_by_side

FEATURE = 15  # cells of a feature's column at most
WIDE = 70  # cells from which the bars of errors are long


def listing(seen: Seen, width: int, height: int) -> list[Row]:
    """A page of the list with the chosen sample in it, and that sample's classes as bars below or beside it."""
    classes = seen.answers.probabilities is not None
    panel = PANEL if classes and width >= PANEL_FROM and height >= 5 else 0
    below = 0
    if classes and not panel:
        below = 5 if height >= 12 else 1 if height >= 5 else 0
    head = 1 if height >= 3 else 0
    shown = max(1, height - head - below)
    count = len(seen.answers.order)
    chosen = (seen.spot.y + seen.spot.x * shown) % count
    first = min(chosen // shown * shown, max(0, count - shown))
    places = [int(seen.answers.order[at]) for at in range(first, min(count, first + shown))]
    lines = (_classes if classes else _numbers)(seen, places, int(seen.answers.order[chosen]), width - panel)
    found = [fit(line, width - panel) for line in lines[1 - head :]]
    sample = int(seen.answers.order[chosen])
    if panel:
        return side_by_side(found, _beside(seen, sample, panel - 3, height), width, panel, height)
    if below == 1:
        return [*found, fit(in_a_line(seen, sample, width), width)]
    if below:
        return [*found, (), *details(seen, sample, width, below - 1)]
    return found


def _beside(seen: Seen, sample: int, width: int, height: int) -> list[Row]:
    """The bars, and under them every feature, the most telling first, as far as there is room."""
    found = [*details(seen, sample, width, height), ()]
    raw = seen.raw(sample)
    for index in seen.facts.features[: max(0, height - len(found))]:
        value = short(float(raw[index]))
        found.append(fit(((padded(seen.table.features[index], width - 9), "dim"), (f" {value:>8}", "text")), width))
    return found[:height]


def _classes(seen: Seen, places: list[int], chosen: int, width: int) -> list[Row]:
    answers, names = seen.answers, seen.table.classes
    longest = max(5, min(widest(names), 14))
    heads = f"{'':4}{'guess':<{longest}}   sure  {'truth':<{longest}}"
    features = _columns(seen, width - len(heads))
    found: list[Row] = [((heads, "dim"), *_heads(seen, features))]
    for sample in places:
        wrong, guess = bool(answers.wrong[sample]), int(answers.guess[sample])
        mark = (">" if sample == chosen else " ") + (" x  " if wrong else "    ")[:3]
        said = "NaN" if guess < 0 else names[guess]
        sure = "-" if guess < 0 or np.isnan(answers.certainty[sample]) else percent(float(answers.certainty[sample]), 0)
        truth = padded(names[int(answers.truth[sample])], longest)
        role = "cursor" if sample == chosen else "bad" if wrong else "text"
        plain = "cursor" if sample == chosen else "text" if wrong else "dim"
        spans: list[Span] = [(f"{mark}{padded(said, longest)}  {sure:>5}", role), (f"  {truth}", plain)]
        found.append((*spans, *_values(seen, sample, features, "cursor" if sample == chosen else "text")))
    return found


def _numbers(seen: Seen, places: list[int], chosen: int, width: int) -> list[Row]:
    """For a regression: predicted, true and the error, with a bar to the left where it is too low, to the right too high."""
    answers = seen.answers
    sizes = np.abs(answers.error)
    known = sizes[np.isfinite(sizes)]
    largest = float(known.max()) if len(known) and known.max() > 0 else 1.0
    heads = f"  {'predicted':>9}{'true':>9}{'error':>9}  "
    half, low, high = (8, "too low", "too high") if width >= WIDE else (5, "low", "high")
    head = f"{low:>{half}}│{high:<{half}}  "
    if width < len(heads) + len(head):
        half, head = 0, ""
    features = _columns(seen, width - len(heads) - len(head))
    found: list[Row] = [((heads + head, "dim"), *_heads(seen, features))]
    for sample in places:
        error = float(answers.error[sample])
        role = "cursor" if sample == chosen else "text"
        sign = "+" if error > 0 else ""
        text = f"{'>' if sample == chosen else ' '} {short(float(answers.guess[sample])):>9}"
        text += f"{short(float(answers.truth[sample])):>9}{sign + short(error):>9}  "
        spans: list[Span] = [(text, "bad" if not np.isfinite(error) and role == "text" else role)]
        if half:
            filled = round(half * min(1.0, abs(error) / largest)) if np.isfinite(error) else 0
            left, right = (filled, 0) if error < 0 else (0, filled)
            spans += [(" " * (half - left), "text"), ("█" * left, "validation"), ("│", "axis")]
            spans += [("█" * right, "validation"), (" " * (half - right + 2), "text")]
        found.append((*spans, *_values(seen, sample, features, role)))
    return found


def _columns(seen: Seen, room: int) -> list[tuple[int, int]]:
    """(feature, cells) of the features that have room, the most telling first."""
    found: list[tuple[int, int]] = []
    for index in seen.facts.features:
        wide = max(8, min(FEATURE, cells_of(_name(seen, index)))) + 2
        if room < wide:
            break
        found.append((index, wide))
        room -= wide
    return found


def _heads(seen: Seen, features: list[tuple[int, int]]) -> Row:
    names = [(cut_name(_name(seen, index), wide - 2), wide) for index, wide in features]
    return tuple((" " * (wide - cells_of(name)) + name, "dim") for name, wide in names)


def _name(seen: Seen, index: int) -> str:
    """The name of a feature, without the unit behind it where that is too long."""
    name = printable(seen.table.features[index])
    return name if cells_of(name) <= FEATURE else name.partition(" (")[0]


def _values(seen: Seen, sample: int, features: list[tuple[int, int]], role: str) -> Row:
    raw = seen.raw(sample)
    return tuple((f"{short(float(raw[index])):>{wide}}", role) for index, wide in features)
