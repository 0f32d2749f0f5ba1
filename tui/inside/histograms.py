"""How the weights of a layer, or their gradients, were spread all along the training: time to the right, value upwards.

The shade says how many weights lie there. Gradients are shown by their powers of ten on both sides of zero, so that those
that vanish are seen to run into the middle. What is not a number is told and marked, and not drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine import Trainer
from engine.film import Frame
from engine.objective import NetworkObjective
from tui.canvas import Row, Span, first_shown
from tui.figures import cut, short
from tui.inside.cells import Cells
from tui.inside.marks import number_text
from tui.inside.scene import Look, Scene

MOST = 4096  # numbers of a layer that are counted in a frame, evenly taken
EDGES = 122  # of the bins that are counted, one of them around zero; those on the screen are put together from them
DECADES = 6  # of gradients, below which they count as zero
SHADES = "░▒▓█"
SHADE_ROLES = ("class-1-faint", "class-1-medium", "class-1-strong", "class-1")
BESIDE = 84  # columns from which the layers are listed beside the picture
TINY = 5  # rows below which there is no room for a picture: the layers are listed instead
RISING = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Summary:
    """A layer in a line: Euclidean norms of its weights and of their gradient in each frame, the newest last."""

    name: str
    weights: tuple[float, ...]
    gradients: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Histograms:
    """`shares` (frames, EDGES) is the share of numbers up to each edge, evenly from -1 to 1 of the scale; NaN for a frame
    that has something else than numbers, or nothing. `ticks` are (place from -1 to 1, label). With `powers` the scale is
    one of powers of ten; `characters` are shades that need no colour."""

    titles: tuple[Row, ...]
    hint: str
    iterations: tuple[int, ...]
    shares: NDArray[np.float64]
    lost: tuple[bool, ...]
    ticks: tuple[tuple[float, str], ...]
    layers: tuple[Summary, ...]
    chosen: int
    powers: bool
    characters: bool
    note: str = ""

    def rows(self, width: int, height: int) -> list[Row]:
        """The picture with its axes, and the layers beside it; the layers alone where there is no room for a picture."""
        if width < 8 or height < 1:
            return []
        cells = Cells(width, height)
        if height < TINY:
            cells.paste(0, 0, self._listed(width, height))
            return cells.rows()
        field = width
        if width >= BESIDE and len(self.layers) > 0:
            beside = min(40, width // 3)
            field = width - beside - 3
            cells.paste(field + 3, 0, self._listed(beside, height))
        labels = [label for _, label in self.ticks]
        left = max(map(len, labels)) + 1 if field >= 30 else 0
        columns, lines = field - left - 1, height - 1
        if left:
            self._ticks(cells, left, lines)
        for y in range(lines):
            cells.put(left, y, "┤" if left and cells.filled(left - 2, y) else "│", "axis")
        self._field(cells, left + 1, columns, lines)
        self._axis(cells, left + 1, columns, lines)
        if self.note:
            cells.put(left + 2, 0, cut(f" {self.note} ", columns - 2), "bad")
        return cells.rows()

    def _field(self, cells: Cells, left: int, columns: int, lines: int) -> None:
        frames = self._frames(columns)
        bins = lines if self.characters else 2 * lines
        places = np.linspace(1, -1, bins + 1)
        even = np.linspace(-1, 1, EDGES)
        upto = np.array([np.interp(places, even, shares) for shares in self.shares]).reshape(-1, bins + 1)
        within = -np.diff(upto, axis=1)  # (frames, bins), from the top
        with np.errstate(invalid="ignore"):
            # gradients of exactly zero, of dead units and empty pixels, would make all others faint
            counted = np.delete(within, [(bins - 1) // 2, bins // 2], axis=1) if self.powers and bins > 4 else within
            most = np.nanmax(counted, initial=0.0) or 1.0
            strength = np.sqrt(np.clip(within / most, 0, 1))  # so that the few at the edges are seen as well
            shades = np.where(within > 1e-9, np.digitize(strength, (0.25, 0.5, 0.75)), -1)
        columns_shown = np.array([shades[frame] if frame >= 0 else np.full(bins, -1) for frame in frames]).reshape(-1, bins)
        if self.characters:
            for x, column in enumerate(columns_shown.tolist()):
                for y, shade in enumerate(column):
                    if shade >= 0:
                        cells.put(left + x, y, SHADES[shade], SHADE_ROLES[shade])
        else:
            cells.halves(left, 0, columns_shown.T, SHADE_ROLES, SHADES)
        for x, frame in enumerate(frames):
            if frame >= 0 and self.lost[frame]:
                cells.put(left + x, lines // 2, "x", "bad")

    def _frames(self, columns: int) -> list[int]:
        """Which frame stands in each column: the newest one up to its iteration."""
        if not self.iterations:
            return [-1] * columns
        last = max(1, self.iterations[-1])
        at = (np.arange(columns) + 1) / columns * last
        places: list[int] = (np.searchsorted(np.array(self.iterations), at, side="right") - 1).tolist()
        return places

    def _ticks(self, cells: Cells, left: int, lines: int) -> None:
        taken: set[int] = set()
        for place, label in sorted(self.ticks, key=lambda tick: (abs(tick[0]) not in (0.0, 1.0), abs(tick[0]) != 0.0)):
            y = min(lines - 1, int((1 - place) / 2 * lines + 1e-9))
            if not taken & {y - 1, y, y + 1} or (lines < 9 and y not in taken):
                cells.put(left - 1 - len(label), y, label, "axis")
                taken.add(y)

    def _axis(self, cells: Cells, left: int, columns: int, y: int) -> None:
        last = str(self.iterations[-1]) if self.iterations else "0"
        cells.put(left, y, "0", "axis")
        cells.put(left + columns - len(last), y, last, "axis")
        if columns >= 20 + len(last):
            cells.centred(left + columns / 2, y, "iteration", "dim")

    def _listed(self, width: int, height: int) -> list[Row]:
        """Every layer in a line of its own, or in two, with how its norms came to be what they are."""
        shown = self.layers
        if len(shown) > height:  # those around the chosen one
            start = first_shown(self.chosen, len(shown), height)
            shown = shown[start : start + height]
        found: list[Row] = []
        spread = len(shown) * 3 <= height and width >= 20
        for layer in shown:
            chosen = layer is self.layers[self.chosen]
            called = layer.name if spread or width >= 50 else cut(layer.name.removeprefix("layer "), max(1, width - 28))
            name: Span = (f"{'>' if chosen else ' '} {called}", "strong" if chosen else "text")
            parts = []
            for mark, norms in (("|w|", layer.weights), ("|g|", layer.gradients)):
                now = norms[-1] if norms else math.nan
                line = sparkline(norms, max(0, min(24, width - 18) if spread else (width - 46) // 2))
                text = f"{mark} {short(now) if norms else '-':>7}"
                parts.append(
                    ((text, "bad" if norms and not math.isfinite(now) else "text"), (f" {line}" * bool(line), "class-1"))
                )
            if spread:
                found += [(name,), (("    ", "text"), *parts[0]), (("    ", "text"), *parts[1])]
            else:
                found.append((name, ("  ", "text"), *parts[0], ("  ", "text"), *parts[1]))
        return found


class Spreads:
    """The view itself; `tells` are rows of the form that can be read off it."""

    tells = ("hidden",)

    def why_not(self, trainer: Trainer) -> str:
        """A surface has no layers."""
        return "" if isinstance(trainer.objective, NetworkObjective) else "a surface has no layers"

    def look(self, scene: Scene) -> Look:
        """Count the numbers of the chosen layer in every frame of the film."""
        trainer, spot = scene.trainer, scene.spot
        sizes = list(pairwise(trainer.run.sizes))
        starts = np.cumsum([0, *((inputs + 1) * outputs for inputs, outputs in sizes)]).tolist()
        stretches = [slice(start, start + a * b) for start, (a, b) in zip(starts, sizes, strict=False)]  # without biases
        frames = _with_now(scene)
        names = [f"layer {index + 1}  {a}→{b}" for index, (a, b) in enumerate(sizes)]
        layers = tuple(
            Summary(
                name,
                tuple(_norm(frame.weights[stretch]) for frame in frames),
                tuple(_norm(frame.gradient[stretch]) for frame in frames if frame.iteration),
            )
            for name, stretch in zip(names, stretches, strict=True)
        )
        chosen, gradients = spot.y % len(sizes), bool(spot.mode % 2)
        stretch = stretches[chosen]
        step = max(1, -(-(stretch.stop - stretch.start) // MOST))
        stretch = slice(stretch.start, stretch.stop, step)
        if gradients:
            frames = [frame for frame in frames if frame.iteration]
        numbers = [(frame.gradient if gradients else frame.weights)[stretch].astype(np.float64) for frame in frames]
        lost = tuple(not bool(np.isfinite(one).all()) for one in numbers)
        top = max(
            (float(np.abs(one).max(initial=0.0)) for one, gone in zip(numbers, lost, strict=True) if not gone), default=0.0
        )
        scaled, ticks = (by_powers if gradients else by_size)(numbers, top)
        shares = np.array([_shares(one, gone) for one, gone in zip(scaled, lost, strict=True)]).reshape(-1, EDGES)
        first = next((frame.iteration for frame, gone in zip(frames, lost, strict=True) if gone), None)
        note = "" if first is None else f"x: not a number from iteration {first} on"
        if gradients and not frames:
            note = "no gradient before the first batch"
        kind, other = ("Gradients", "weights") if gradients else ("Weights", "gradients")
        norms: list[Span] = [(f"  |w| {short(layers[chosen].weights[-1])}", "text")]
        if layers[chosen].gradients:
            norms.append((f"  |g| {short(layers[chosen].gradients[-1])}", "text"))
        a, b = sizes[chosen]
        long: Row = ((f"{kind} of layer {chosen + 1} of {len(sizes)}", "text"), (f"  {a}→{b}", "dim"), *norms)
        brief: Row = ((f"{kind}, layer {chosen + 1}", "text"), *norms)
        shaded = scene.plain or bool(spot.x % 2)
        hint = ("<inside.up> <inside.down>: layer   " if len(sizes) > 1 else "") + f"<inside.enter>: {other}"
        if not scene.plain:
            hint += f"   <inside.left> <inside.right>: {'colours' if shaded else 'shades'}"
        iterations = tuple(frame.iteration for frame in frames)
        return Histograms(
            (long, brief, brief[:1]), hint, iterations, shares, lost, ticks, layers, chosen, gradients, shaded, note
        )


HISTOGRAMS = Spreads()


def by_size(
    numbers: list[NDArray[np.float64]], top: float
) -> tuple[list[NDArray[np.float64]], tuple[tuple[float, str], ...]]:
    """Numbers as shares of the largest, -1 to 1, and the ticks of such an axis."""
    top = top or 1.0
    ticks = tuple((place, number_text(place * top) if place else "0") for place in (1.0, 0.5, 0.0, -0.5, -1.0))
    with np.errstate(all="ignore"):
        return [one / top for one in numbers], ticks


def by_powers(
    numbers: list[NDArray[np.float64]], top: float
) -> tuple[list[NDArray[np.float64]], tuple[tuple[float, str], ...]]:
    """Numbers by their powers of ten, -1 to 1 with their sign; 0 for those more than DECADES below the largest."""
    power = math.ceil(math.log10(top)) if top > 0 else 0
    found = []
    for one in numbers:
        with np.errstate(all="ignore"):
            size = np.clip((np.log10(np.abs(one)) - power) / DECADES + 1, 0, 1)
        found.append(np.sign(one) * size)
    places = [(1 - below / DECADES, f"1e{power - below}") for below in range(0, DECADES, 2)]
    return found, (*places, (0.0, "0"), *((-place, f"-{label}") for place, label in reversed(places)))


def sparkline(values: tuple[float, ...], width: int) -> str:
    """Numbers from zero to their largest as bars of eighths, the newest on the right; x for what is not a number."""
    if not values or width <= 0:
        return ""
    taken = [values[round(index)] for index in np.linspace(0, len(values) - 1, min(width, len(values)))]
    top = max((value for value in taken if math.isfinite(value)), default=0.0) or 1.0
    return "".join(RISING[min(7, int(8 * value / top))] if math.isfinite(value) else "x" for value in taken)


def _with_now(scene: Scene) -> list[Frame]:
    now = scene.film.now()
    frames = [frame for frame in scene.film.frames if frame.iteration < now.iteration]
    return [*frames, now]


def _norm(values: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(values.astype(np.float64)))


def _shares(values: NDArray[np.float64], lost: bool) -> NDArray[np.float64]:
    """The share of numbers up to each edge; what lies on the last one is in. NaN where it is lost."""
    if lost or not len(values):
        return np.full(EDGES, np.nan)
    bins = EDGES - 1  # all of one width, so that nothing must be searched
    counts = np.bincount(np.clip(((values + 1) / 2 * bins).astype(np.intp), 0, bins - 1), minlength=bins)
    found: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(counts)]) / len(values)
    return found
