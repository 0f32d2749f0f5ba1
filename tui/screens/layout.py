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

NARROW, LESSON_BESIDE, WIDE = 100, 110, 180  # columns
LOW = 32  # lines below which two plots and a table are too much


def arrange(
    screen: Screen[None],
    lesson_wanted: bool | None,
    zoomed: Widget | None,
    over: bool = False,
    inside: bool = False,
    apart: Literal["", "data", "surface"] = "",
) -> None:
    """Show and hide the lab's panes; `lesson_wanted` None: the lesson is there where it has room beside the others.

    Once everything is `over` there is a line on what to try next. A comparison then has its table in place of the training
    loop, and of the second plot where there are few lines; of a single run the loop says the loss that it ended with.
    While phases are stepped (`apart`) the loop is large and takes the second plot's place; on a surface, which is that
    plot, the loss's.
    """
    width = screen.app.size.width
    screen.set_class(width < NARROW, "narrow")
    screen.set_class(width >= WIDE, "wide")
    settings = screen.query_one("#settings", SettingsPane)
    progress, lesson = (screen.query_one(name) for name in ("#tree", "#lesson"))
    left, middle, body = (screen.query_one(name) for name in ("#left", "#middle", "#body"))
    for pane in (settings, progress, *screen.query(Curves), screen.query_one(InsidePane)):
        pane.display = zoomed in (None, pane)
    second, within = screen.query_one("#second"), screen.query_one(InsidePane)
    second.display, within.display = second.display and not inside, within.display and inside
    if apart:
        screen.query_one("#loss").display &= apart == "data"
        second.display = apart == "surface" and zoomed in (None, second)
        within.display = False
    screen.set_class(apart == "data", "apart")
    screen.set_class(apart == "surface", "on-surface")
    on_the_left = zoomed in (settings, progress)
    beside = width >= LESSON_BESIDE
    wanted = beside if lesson_wanted is None else lesson_wanted
    swapped = wanted and not beside  # too narrow for three columns: the lesson takes the left one's place
    screen.set_class(wanted and beside and zoomed is None, "beside")
    lesson.display = zoomed is lesson if zoomed else wanted
    left.display = on_the_left if zoomed else not swapped
    middle.display = zoomed is None or isinstance(zoomed, Curves | InsidePane | TrainingLoop)
    table, following = screen.query_one(ResultsPane), screen.query_one("#next")
    table.display = over and zoomed is None and table.results is not None and not apart
    table.room = body.size.height // 2
    if table.display and screen.app.size.height < LOW:
        second.display = within.display = False
    loop = screen.query_one("#loop", TrainingLoop)
    loop.display = zoomed is loop or (zoomed is None and (bool(apart) or (width >= NARROW and not table.display)))
    following.display = over
    screen.query_one("#loop-line").display = width < NARROW and not apart and not (over and table.results is not None)
    table.draw()

    left.styles.width = "1fr" if on_the_left else None
    lesson.styles.width = "1fr" if isinstance(zoomed, LessonPane) else 36 if swapped else None
    settings.styles.height = "1fr" if zoomed is settings else settings.lines
    if swapped:
        body.move_child(lesson, before=middle)
    else:
        body.move_child(lesson, after=middle)
