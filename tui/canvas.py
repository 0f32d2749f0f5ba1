"""Rows of styled text on the screen, of which only what changed is sent to the terminal.

A pane draws itself as rows of (text, role) pairs, made by a pure function that a test can read. A role is a class of the
stylesheet, so no colour is ever named in Python; `a/b` is the colour of `a` on that of `b`, for half blocks.
`Canvas` compares new rows with those it shows; the lines that differ are painted at once where it lies open on the screen,
else by Textual, and of them only the cells that differ are written (`tui.terminal`). Ids of keys in a text become the keys
in force (`tui.keyboard.named`) where it is measured, cut, wrapped and painted, so whoever makes rows need not know them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.keyboard.keys import told
from tui.keyboard.named import named
from tui.terminal.differences import WritesDifferences

Span = tuple[str, str]  # text, role
Row = tuple[Span, ...]

#: Every role; app.tcss says how each looks.
ROLES = (
    "text", "dim", "strong", "title", "title-focus", "cursor", "cursor-focus", "good", "warn", "bad", "key", "bar",
    "axis", "train", "validation", "run-1", "run-2", "run-3", "run-4", "run-5", "run-6", "lit", "faint",
    # a class and, for fields of its colour, how sure: "class-1", "class-1-strong", "class-1-medium", "class-1-faint"
    *(f"class-{number}{shade}" for number in range(1, 9) for shade in ("", "-strong", "-medium", "-faint")),
    "shade-1", "shade-2", "shade-3", "shade-4", "shade-5", "shade-6",
    "heat-1", "heat-2", "heat-3", "heat-4", "heat-5", "heat-6",
    "ghost", "band",
)  # fmt: skip


#: Roles of these are levels, drawn with characters that can be read without their colours.
RAMPS = ("shade-", "heat-")

#: Fields of these are told by their colours, which greys would mix up: without colour their characters stand alone.
HUES = ("class-", "heat-")

#: What each role looks like in an app, on a background: found once for all canvases. (As component classes Textual would
#: look up all roles of all canvases whenever a class changes on the screen: a second of each start.)
_looks: WeakKeyDictionary[App[object], dict[tuple[object, ...], Style]] = WeakKeyDictionary()

#: Control characters, which a preset's title may hold, are shown as a dot and never reach the terminal.
SHOWN = dict.fromkeys((*range(32), *range(127, 160)), "·")


def row(*spans: Span | str) -> Row:
    """A row from spans; a bare string has the role 'text'."""
    return tuple((span, "text") if isinstance(span, str) else span for span in spans)


def plain(rows: Iterable[Row]) -> str:
    """The rows as text alone."""
    return "\n".join("".join(text for text, _ in filled(spans)).rstrip() for spans in rows)


def filled(spans: Row) -> Row:
    """The row with the keys in force in the place of their ids."""
    return tuple((named(text), role) for text, role in spans) if any("<" in text for text, _ in spans) else spans


def width_of(spans: Row) -> int:
    """How many cells a row takes."""
    return sum(cell_len(named(text)) for text, _ in spans)


def fit(spans: Row, width: int) -> Row:
    """The row cut to `width` cells, with an ellipsis where something is lost."""
    spans = filled(spans)
    if width_of(spans) <= width:
        return spans
    kept: list[Span] = []
    left = width - 1
    for text, role in spans:
        size = cell_len(text)
        if size > left:
            kept.append((set_cell_size(text, left).rstrip() + "…", role))
            break
        kept.append((text, role))
        left -= size
    return tuple(kept) if width > 0 else ()


def first_shown(at: int, count: int, room: int) -> int:
    """The first in sight of `count` lines, so that line `at` is in the middle of the `room` there is, as far as can be."""
    return max(0, min(at - room // 2, count - room))


def ends(left: Row, right: Row, width: int) -> Row:
    """`left` and `right` at the two ends of a row; what does not fit is cut from the left part's end."""
    right = fit(right, width)
    left = fit(left, max(0, width - width_of(right) - (1 if right else 0)))
    gap = width - width_of(left) - width_of(right)
    return (*left, (" " * gap, "text"), *right)


def heading(title: Row, width: int, focused: bool) -> Row:
    """The rule at the top of a pane, with its title in it."""
    role = "title-focus" if focused else "title"
    rule = "━" if focused else "─"
    while len(title) > 1 and title[-1][1] == "dim" and width_of(title) > width - 5:
        title = title[:-1]  # what only explains gives way first, and whole
    spans = fit(((f"{rule} ", role), *((text, role if kind == "text" else kind) for text, kind in title)), width - 2)
    return (*spans, (" " + rule * max(0, width - width_of(spans) - 1), role))


def wrapped(text: str, width: int, indent: int, role: str) -> list[Row]:
    """The text in lines of at most `width` cells, each with so many blanks before it as a span of their own."""
    lines = [line for part in named(text).split("\n") for line in textwrap.wrap(part, max(8, width - indent - 1))]
    return [((" " * indent, "text"), (line, role)) for line in lines or [""]]


class Canvas(Widget):
    """A widget that shows rows; `paint` them, and what differs from before is repainted."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id, classes=classes)
        self.rows: list[Row] = []
        self._styles: dict[str, Style] = {}
        self._theme: object = None

    def paint(self, rows: Sequence[Row]) -> None:
        """Show these rows from the top; what is below stays empty."""
        rows = [filled(one) for one in rows]
        old, self.rows = self.rows, rows
        length = max(len(rows), len(old))
        changed = [y for y in range(length) if (rows[y] if y < len(rows) else ()) != (old[y] if y < len(old) else ())]
        if not changed:
            return
        self._styles_cache.set_dirty(*(Region(0, y, 1, 1) for y in changed))
        app = self.app
        if isinstance(app, WritesDifferences) and app.lies_open(self):
            filters, back = self.get_line_filters(), self.background_colors[1]
            app.at_once(self, ((y, filtered(self.render_line(y), filters, back)) for y in changed))
            return
        self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        width, ground = self.size.width, self._styles.get("")
        if ground is None:
            ground = self._styles[""] = self.rich_style
        if y >= len(self.rows):
            return Strip.blank(width, ground)
        segments = [Segment(text.translate(SHOWN), self.style_of(role)) for text, role in self.rows[y]]
        return Strip(segments).adjust_cell_length(width, ground)

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()
        theme = (self.app.theme, self.app.native_ansi_color)
        if theme != self._theme:
            self._theme = theme
            self.refresh()

    def style_of(self, role: str) -> Style:
        """How a role, or `a/b`, looks here and now; a role that is not one of ROLES is a KeyError."""
        if role not in self._styles:
            front, _, back = role.partition("/")
            style = self._styled(front)
            if self.app.no_color and back.startswith(HUES):
                style = self._styled("text" if front.startswith(HUES) else front)
            elif back.startswith(RAMPS) and self.app.native_ansi_color:
                pass  # sixteen colours have no shades: the characters alone tell them
            elif back:  # a half block: one role above, another below
                style = Style(color=style.color, bgcolor=self._styled(back).color, bold=style.bold)
            self._styles[role] = style
        return self._styles[role]

    def _styled(self, role: str) -> Style:
        if role not in ROLES:
            raise KeyError(role)
        looks = _looks.setdefault(self.app, {})
        key = (role, self.app.theme, self.app.native_ansi_color, self.background_colors)
        if key not in looks:
            node = DOMNode(classes=role)  # as Textual does for component classes
            node._attach(self)
            self.app.stylesheet.apply(node)
            looks[key] = node.rich_style
        return looks[key]


def filtered(strip: Strip, filters: Iterable[LineFilter], back: Color) -> Strip:
    """The strip as Textual would paint it: without colours where there are none, say."""
    for one in filters:
        strip = strip.apply_filter(one, back)
    return strip


class Pane(Canvas):
    """A canvas that draws itself from what it was last shown, whenever its size or focus changes."""

    def __init_subclass__(cls, **options: Any) -> None:
        if "BINDINGS" in vars(cls):
            cls.BINDINGS = told(cls.BINDINGS)
        super().__init_subclass__(**options)

    def draw(self) -> None:
        """Paint what there is for the room there is."""

    def on_resize(self) -> None:
        self.draw()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Not `on_focus` and `on_blur`: they are called while `has_focus` still is what it was."""
        super().watch_has_focus(has_focus)
        self.draw()


class Section(Pane):
    """Rows made for the width there is, as high as they are."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.make: Callable[[int], list[Row]] = lambda width: []

    def show(self, make: Callable[[int], list[Row]]) -> int:
        """Draw these rows, given the width; by how many lines that is more than before."""
        self.make = make
        before = len(self.rows)
        self.draw()
        return len(self.rows) - before

    def draw(self) -> None:
        """Paint the rows, and take as many lines as they are."""
        width = self.size.width
        if not width:
            return
        rows = self.make(width)
        if len(rows) != len(self.rows):
            self.styles.height = len(rows)
        self.paint(rows)
