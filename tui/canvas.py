"""Rows of styled text on the screen, of which only what changed is sent to the terminal.

A pane draws itself as rows of (text, role) pairs, made by a pure function that a test can read. A role is a class of the
stylesheet, so no colour is ever named in Python; `a/b` is the colour of `a` on that of `b`, for half blocks.
`Canvas` compares new rows with those it shows; the lines that differ are painted at once where it lies open on the screen,
else by Textual, and of them only the cells that differ are written (`tui.terminal`). Ids of keys in a text become the keys
in force (`tui.keyboard.named`) where it is measured, cut, wrapped and painted, so whoever makes rows need not know them.
A pane that cannot be drawn says so in its place, and is not drawn again before somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.containing import Contained, noted
from tui.home.few_colours import of_256
from tui.keyboard.keys import told
from tui.rows import Row, Span, ends, failing_rows, filled, first_shown, fit, heading, plain, row, width_of, wrapped
from tui.terminal.ascii import in_ascii, only_ascii
from tui.terminal.differences import WritesDifferences
from tui.terminal.fault import told as told_fault

__all__ = (  # rows are made by those who paint them
    "Canvas", "Pane", "Row", "Section", "Span", "ends", "filled", "first_shown", "fit", "heading", "plain", "row",
    "width_of", "wrapped",
)  # fmt: skip

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


class Canvas(Contained, Widget):
    """A widget that shows rows; `paint` them, and what differs from before is repainted."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id, classes=classes)
        self.rows: list[Row] = []
        self._styles: dict[str, Style] = {}
        self._theme: object = None
        self._ascii = False
        self.failed = ""  # why it cannot be drawn

    def fail(self, error: Exception) -> None:
        """Say in its own place that it could not be drawn, until `retry`; raises the error where faults are let through."""
        if not noted(self, error):
            raise error
        self.failed = told_fault(error)
        self.say_failed()

    def say_failed(self) -> None:
        """Paint what went wrong for the room there is."""
        if self.size.width:
            self._paint(failing_rows(self.failed, self.size.width, max(1, self.size.height), self.has_focus))

    def retry(self) -> None:
        """Draw it again, now that something is different."""
        self.failed = ""

    def paint(self, rows: Sequence[Row]) -> None:
        """Show these rows from the top; what is below stays empty."""
        if not self.failed:
            self._paint(rows)

    def _paint(self, rows: Sequence[Row]) -> None:
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
        try:
            return self._line_at(y)
        except Exception as error:
            if not self.failed:  # else not even that can be shown
                self.fail(error)
                self.call_later(self.refresh)
            return Strip.blank(self.size.width)

    def _line_at(self, y: int) -> Strip:
        width, ground = self.size.width, self._styles.get("")
        if ground is None:
            ground = self._styles[""] = self.rich_style
        if y >= len(self.rows):
            return Strip.blank(width, ground)
        spans: Iterable[Span] = ((text.translate(SHOWN), role) for text, role in self.rows[y])
        if self._ascii:
            spans = (in_ascii(*span) for span in spans)
        segments = [Segment(text, self.style_of(role)) for text, role in spans]
        return Strip(segments).adjust_cell_length(width, ground)

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()
        self._ascii = only_ascii(self.app)
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
        field = role.startswith("class-") and self.app.console.color_system == "256"
        if field and role.endswith("-medium"):
            return self._styled(role.replace("medium", "strong"))
        looks = _looks.setdefault(self.app, {})
        key = (role, self.app.theme, self.app.native_ansi_color, self.background_colors)
        if key not in looks:
            node = DOMNode(classes=role)  # as Textual does for component classes
            node._attach(self)
            self.app.stylesheet.apply(node)
            looks[key] = of_256(node.rich_style, grey=role.endswith("-faint")) if field else node.rich_style
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

    def fill(self) -> None:
        """Paint what there is for the room there is."""

    def draw(self) -> None:
        """Fill it; where that fails, say so in its place. What has failed is not tried again before `retry`."""
        if self.failed:
            self.say_failed()
            return
        try:
            self.fill()
        except Exception as error:
            self.fail(error)

    def retry(self) -> None:
        """Draw it again, now that something is different."""
        super().retry()
        self.draw()

    def on_resize(self) -> None:
        self.retry()

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

    def say_failed(self) -> None:
        """As high as it takes."""
        rows = failing_rows(self.failed, max(8, self.size.width), 12)
        self.styles.height = len(rows)
        self._paint(rows)

    def fill(self) -> None:
        """Paint the rows, and take as many lines as they are."""
        width = self.size.width
        if not width:
            return
        rows = self.make(width)
        if len(rows) != len(self.rows):
            self.styles.height = len(rows)
        self.paint(rows)
