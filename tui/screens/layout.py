"""Which panes are in sight, and where: from the size of the terminal, the zoomed pane and whether the lesson is wanted."""

from __future__ import annotations

from typing import Literal

from textual.screen import Screen
from textual.widget import Widget

from tui.panes.curves import Curves
from tui.panes.inside import InsidePane
from tui.panes.lesson import LessonPane
from tui.panes.results import ResultsPane
from tui.panes.settings import SettingsPane
from tui.panes.training_loop import TrainingLoop
from tui.screens.too_small import LEAST, TooSmall

NARROW, LESSON_BESIDE, WIDE, VAST = 100, 110, 180, 280  # columns
LOW = 32  # lines below which two plots and a table are too much
LOWEST = 23  # lines below which two plots are
LEAST_TREE = 3  # lines without which the tree shows nothing


def arrange(
    screen: Screen[None],
    lesson_wanted: bool | None,
    zoomed: Widget | None,
    over: bool = False,
    inside: bool = False,
    hidden: frozenset[str] = frozenset(),
    apart: Literal["", "data", "surface"] = "",
) -> None:
    """Show and hide the lab's panes; `lesson_wanted` None: the lesson is there where it has room beside the others.

    Once everything is `over` there is a line on what to try next. A comparison then has its table in place of the training
    loop, and of the second plot where there are few lines; of a single run the loop says the loss that it ended with.
    `hidden` are the ids of the panes that somebody has put away; one that is zoomed is there all the same. A view of the
    inside stands in place of the second plot, and beside both where the terminal is wide.
    While phases are stepped (`apart`) the loop is large and takes the second plot's place; on a surface, which is that
    plot, the loss's.
    """
    width, height = screen.app.size
    small = width < LEAST[0] or height < LEAST[1]
    screen.query_one(TooSmall).display = small
    for name in ("#header", "#body", "#verdict", "#note", "#keys"):
        screen.query_one(name).display = not small
    if small:
        screen.query_one("#next").display = screen.query_one("#loop-line").display = False
        return
    screen.set_class(width < NARROW, "narrow")
    screen.set_class(width >= WIDE, "wide")
    screen.set_class(width >= VAST, "vast")
    settings = screen.query_one("#settings", SettingsPane)
    progress, lesson = (screen.query_one(name) for name in ("#tree", "#lesson"))
    left, middle, body = (screen.query_one(name) for name in ("#left", "#middle", "#body"))
    for pane in (settings, progress, *screen.query(Curves), screen.query_one(InsidePane)):
        pane.display = zoomed is pane or (zoomed is None and pane.id not in hidden)
    loss, second, within = (screen.query_one(name) for name in ("#loss", "#second", "#inside"))
    table, following = screen.query_one(ResultsPane), screen.query_one("#next")
    table.display = over and zoomed is None and table.results is not None and not apart
    within.display = inside and (zoomed is within or (zoomed is None and "second" not in hidden))
    if table.display and height < LOW:  # before anything gives way to the second plot: the loss stays
        second.display = within.display = False
    if zoomed is None:
        if apart:
            loss.display = loss.display and apart == "data"
            second.display, within.display = apart == "surface", False  # the phases are seen on the surface itself
        second.display = second.display and (width >= WIDE or not within.display)
        if height < LOWEST:  # one plot with lines to read is worth more than two without
            loss.display = loss.display and not within.display
            second.display = second.display and not loss.display and not within.display
    screen.set_class(apart == "data", "apart")
    screen.set_class(apart == "surface", "on-surface")
    on_the_left = zoomed in (settings, progress)
    beside = width >= LESSON_BESIDE
    wanted = beside if lesson_wanted is None else lesson_wanted
    swapped = wanted and not beside  # too narrow for three columns: the lesson takes the left one's place
    screen.set_class(wanted and beside and zoomed is None, "beside")
    lesson.display = zoomed is lesson if zoomed else wanted
    table.room = body.size.height // 2
    loop, line = screen.query_one("#loop", TrainingLoop), screen.query_one("#loop-line")
    usual = width >= NARROW and not table.display and "loop" not in hidden
    loop.display = zoomed is loop or (zoomed is None and (bool(apart) or usual))
    line.display = width < NARROW and not apart and not (over and table.results is not None) and "loop" not in hidden
    following.display = over
    curves, plots = screen.query_one("#curves"), screen.query_one("#plots")
    curves.display = loss.display or second.display
    plots.display = curves.display or within.display
    middle.display = plots.display or loop.display or table.display
    left.display = on_the_left if zoomed else not swapped and (settings.display or progress.display)
    screen.set_class(not left.display and not swapped, "leftmost")  # nothing to draw a line between
    table.draw()

    room = height - 3 - line.display - 2 * over
    if zoomed is None and room - settings.lines < LEAST_TREE and settings.display:
        progress.display = False
    alone = not middle.display  # what is beside the curves has their room
    left.styles.width = "1fr" if on_the_left or (alone and not lesson.display) else None
    lesson.styles.width = "1fr" if isinstance(zoomed, LessonPane) or alone else 36 if swapped else None
    settings.styles.height = "1fr" if zoomed is settings or not progress.display else settings.lines
    if swapped:
        body.move_child(lesson, before=middle)
    else:
        body.move_child(lesson, after=middle)
