"""Pictures side by side, each with the guess under it; the chosen one has its likeliest classes as bars."""

from __future__ import annotations

from tui.canvas import Row, Span, fit
from tui.figures import cut, padded, widest
from tui.inside.chosen import PANEL, PANEL_FROM, Seen, details, guess_words, in_a_line, side_by_side
from tui.inside.shading import cells, joined, levels_of, shrunk

GAP = 2  # cells between two pictures
CAPTION = 2  # lines: the guess, and where that is wrong the truth


def gallery(seen: Seen, width: int, height: int) -> list[Row]:
    """The pictures of a page, and the bars of the chosen one below or beside them."""
    assert seen.table.picture is not None
    high, wide = seen.table.picture
    beside = height < (high + 1) // 2 + CAPTION  # too low for a line under a picture: the caption stands beside it
    panel = PANEL if width >= PANEL_FROM and height >= 5 and not beside else 0
    tall = max(1, min((high + 1) // 2, height if beside else height - CAPTION))
    wide = min(wide, max(2, 2 * tall * wide // high), max(2, width - 2))
    names = widest(seen.table.classes)
    caption = min(names, 9) + 7
    tile = (wide + 1 + caption if beside else max(wide, caption)) + GAP
    line = tall + (0 if beside else CAPTION)
    columns, lines = max(1, (width - panel + GAP) // tile), max(1, (height - (not panel)) // line)
    order, chosen = seen.answers.order, (seen.spot.x + seen.spot.y * columns) % len(seen.answers.order)
    first = chosen // columns // lines * lines * columns
    found: list[Row] = []
    for start in range(first, min(len(order), first + columns * lines), columns):
        places = range(start, min(len(order), start + columns))
        tiles = [_tile(seen, int(order[at]), at == chosen, wide, tall, tile, beside) for at in places]
        found += [tuple(span for one in tiles for span in one[index]) for index in range(line)]
    found = [fit(_stripped(line), width) for line in found[:height]]
    sample = int(order[chosen])
    if panel:
        bars = details(seen, sample, panel - 3, height)
        return side_by_side(found, bars, width, panel, height)
    below = height - len(found)
    if below == 1:
        return [*found, fit(in_a_line(seen, sample, width), width)]
    return [*found, *details(seen, sample, width, below)]


def _tile(seen: Seen, sample: int, chosen: bool, wide: int, tall: int, tile: int, beside: bool) -> list[Row]:
    """The rows of one picture with its caption, each `tile` cells."""
    picture = shrunk(seen.raw(sample).reshape(seen.table.picture or (1, -1)), wide, 2 * tall)
    drawn = [joined(line)[:] for line in cells(levels_of(picture, seen.facts.low, seen.facts.high), "shade")]
    drawn = [*drawn, *[((" " * picture.shape[1], "text"),)] * tall][:tall]
    space = picture.shape[1]
    captions = _caption(seen, sample, chosen, tile - GAP - (space + 1 if beside else 0))
    if beside:
        room = tile - space - 1
        texts = [*captions, *[("", "text")] * tall][:tall]
        return [(*line, (" ", "text"), _padded(text, room)) for line, text in zip(drawn, texts, strict=True)]
    pictures = [(*line, (" " * (tile - space), "text")) for line in drawn]
    return [*pictures, *((_padded(text, tile),) for text in captions)]


def _caption(seen: Seen, sample: int, chosen: bool, width: int) -> list[Span]:
    """'cat 93%', or 'x dog 71%' and 'is cat'; the chosen one has a mark before it."""
    answers, names = seen.answers, seen.table.classes
    wrong, guess = bool(answers.wrong[sample]), int(answers.guess[sample])
    mark = (">" if chosen else " ") + ("x" if wrong else "")
    said = "NaN" if guess < 0 else guess_words(names[guess], float(answers.certainty[sample]), width - len(mark) - 1)
    role = "cursor" if chosen else "bad" if wrong else "text"
    truth = f"{' ' * len(mark)} is {names[int(answers.truth[sample])]}" if wrong else ""
    return [
        (cut(f"{mark} {said}" if wrong else f"{mark}{said}", width), role),
        (cut(truth, width), "text" if chosen else "dim"),
    ]


def _padded(span: Span, width: int) -> Span:
    return padded(span[0], width), span[1]


def _stripped(line: Row) -> Row:
    """The row without the blanks at its end."""
    *before, (text, role) = line
    return (*before, (text.rstrip(), role)) if role in ("text", "dim", "bad", "cursor") else line
