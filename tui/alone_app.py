"""The program that shows one pane alone, and what each pane is fed with: the same pure functions as in the lab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Markdown

from engine import PresetError
from tui import form, view
from tui.comparing import results
from tui.inside.registry import INSIDE
from tui.inside.scene import Scene, Spot, unfinished
from tui.panes.bars import Bar, header, key_line, note_line
from tui.panes.curves import Curves
from tui.panes.inside import InsidePane
from tui.panes.lesson import LessonPane, Told
from tui.panes.multiples import MultiplesPane
from tui.panes.progress_tree import ProgressTree
from tui.panes.results import ResultsPane
from tui.panes.settings import SettingsPane
from tui.panes.training_loop import PHASES, TrainingLoop
from tui.plots import windows
from tui.plots.multiples import multiples
from tui.plots.sight import Sight, sight_of
from tui.session import Session, why_not
from tui.terminal.ascii import DrawsCharacters, only_ascii
from tui.terminal.encoding import ALL, Characters
from tui.viewing import AS_IT_IS, OWN, Lit, Viewing
from tui.words import judged


class Alone(DrawsCharacters, App[str]):
    """The pane called `name`; `second` is the plot below the loss, `curve` what it shows beside its own by its id, `inside`
    the view of the model's inside."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", show=False, id="alone.quit"),
        Binding("escape", "put_back", "Cursor away, all of it", show=False, id="alone.escape"),
    ]

    def __init__(
        self,
        name: str,
        session: Session,
        room: tuple[int, int] | None = None,
        second: bool = False,
        curve: str = "",
        inside: str = "",
        as_text: bool = False,
        characters: Characters = ALL,
    ) -> None:
        super().__init__()
        self.characters = characters
        self.pane_name, self.session, self.room, self.as_text = name, session, room, as_text
        self.second = second or bool(curve)
        self.viewing: Viewing = replace(AS_IT_IS, second=curve or OWN)
        self.inside, self.spot = inside or next(iter(views(session)), ""), Spot()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield from PANES[self.pane_name][0]()

    def on_mount(self) -> None:
        for pane in self.screen.query(".alone"):
            pane.display = True
            pane.styles.border = None
            if not isinstance(pane, Bar):
                pane.styles.width, pane.styles.height = "1fr", "1fr"
        if self.room is not None:
            box = self.screen.query_one(Vertical)
            box.styles.width, box.styles.height = self.room
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        pane = self.screen.query(".alone").first()
        if pane.focusable and not self.as_text:
            pane.focus()
        for settings in self.screen.query(SettingsPane):
            settings.check = lambda key, text: view.check(self.session, form.BY_KEY[key], text)
        self.feed()
        if self.as_text:
            self.run_worker(self._leave())

    async def _leave(self) -> None:
        for text in self.screen.query(Markdown):
            await text.update(text.source)  # the first time, nobody waited for it
        self.call_after_refresh(self.call_after_refresh, lambda: self.exit(self.text()))

    def feed(self) -> None:
        """Give the pane what it shows, as the lab does once a frame."""
        PANES[self.pane_name][1](self)

    def text(self) -> str:
        """What is on the screen, line by line."""
        lines = [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]
        return "\n".join(lines).rstrip("\n")

    def look_at(self, viewing: Viewing) -> None:
        """Look at the curves that way from now on."""
        self.viewing = viewing
        self.feed()

    # what panes say

    @on(ProgressTree.Selected)
    def _selected(self, message: ProgressTree.Selected) -> None:
        index = message.index - len(self.session.kept)
        if index >= 0:
            self.session.selected = index
            self.feed()

    @on(ProgressTree.Lighted)
    def _lighted(self, message: ProgressTree.Lighted) -> None:
        run = message.index - len(self.session.kept)
        self.look_at(replace(self.viewing, lit=Lit(run, message.first, message.last) if message.first else None))

    @property
    def _sight(self) -> Sight:
        session = self.session
        return sight_of(session.trainers, session.selected, self.viewing, session.hidden)

    @on(Curves.CursorMoved)
    def _cursor_moved(self, message: Curves.CursorMoved) -> None:
        at = message.iteration
        moved = windows.holding(self._sight, at) if at is not None else self.viewing
        self.look_at(replace(moved, cursor=at))

    @on(Curves.Zoomed)
    def _zoomed(self, message: Curves.Zoomed) -> None:
        self.look_at(windows.zoomed(self._sight, message.closer))

    @on(Curves.Panned)
    def _panned(self, message: Curves.Panned) -> None:
        self.look_at(windows.panned(self._sight, message.pages))

    @on(Curves.Fitted)
    def _fitted(self) -> None:
        self.look_at(windows.whole(self.viewing))

    def action_put_back(self) -> None:
        """Put the cursor away, then show all of x again."""
        if self.viewing.cursor is not None:
            self.look_at(replace(self.viewing, cursor=None))
        else:
            self._fitted()

    @on(InsidePane.Moved)
    def _moved_inside(self, message: InsidePane.Moved) -> None:
        spot = self.spot
        self.spot = Spot(spot.x + message.x, spot.y + message.y, spot.mode + message.mode)
        self.feed()

    @on(SettingsPane.Nudged)
    def _nudged(self, message: SettingsPane.Nudged) -> None:
        field, session = form.BY_KEY[message.key], self.session
        self._edit(message.key, form.nudged(field, session.document, session.value(field), message.up))

    @on(SettingsPane.Typed)
    def _typed(self, message: SettingsPane.Typed) -> None:
        self._edit(message.key, form.typed(form.BY_KEY[message.key], self.session.document, message.text))

    @on(SettingsPane.Choose)
    def _choose(self, message: SettingsPane.Choose) -> None:
        """The next word of the list: the sheet with all of them is the lab's."""
        field, session = form.BY_KEY[message.key], self.session
        words = list(form.choices(field, session.document))
        self._edit(message.key, words[(words.index(str(session.value(field))) + 1) % len(words)])

    def _edit(self, key: str, value: object) -> None:
        try:
            self.session.edit(form.BY_KEY[key], value)
        except PresetError as error:
            self.notify(why_not(error), markup=False)
        self.feed()


# What each pane is, and what it is shown ------------------------------------------------------------------------------


def views(session: Session) -> list[str]:
    """The views of the inside that there are of the selected run."""
    return [name for name, one in INSIDE.items() if not one.why_not(session.trainer)]


def _made(kind: Callable[..., Widget], *ids: str) -> Callable[[], list[Widget]]:
    def make() -> list[Widget]:
        panes = [kind(id=each) for each in ids]
        for pane in panes:
            pane.add_class("alone")
        return panes

    return make


def _settings(app: Alone) -> None:
    session = app.session
    title = session.run.name if len(session.runs) > 1 else ""
    pane = app.screen.query_one(SettingsPane)
    pane.show(view.form_rows(session), view.derived(session.run, session.hidden), title)


def _progress_tree(app: Alone) -> None:
    session = app.session
    app.screen.query_one(ProgressTree).show(view.branches(session), len(session.kept) + session.selected)


def _curves(app: Alone) -> None:
    app.screen.query_one(Curves).show(view.pictures(app.session, app.viewing)[app.second])


def _multiples(app: Alone) -> None:
    app.screen.query_one(MultiplesPane).show(multiples(app.session, app.viewing))


def _training_loop(app: Alone) -> None:
    phase = len(PHASES) - 1 if app.session.steps else -1
    app.screen.query_one(TrainingLoop).show(view.moment(app.session, phase, 0.0, 0.0, "1x"))


def _lesson(app: Alone) -> None:
    session, covered = app.session, app.session.hidden.claims
    seen = judged.unseen(session) if covered else judged.seen_claims(session)
    app.screen.query_one(LessonPane).show(session.preset, Told(seen, covered, session.edited))


def _results(app: Alone) -> None:
    pane = app.screen.query_one(ResultsPane)
    pane.room = pane.size.height
    pane.show(results.results(app.session))


def _bars(app: Alone) -> None:
    session = app.session
    standing, steps = view.standing(session, 0.0, 0.0), session.trainer.run.surface is not None
    top, note, keys = app.screen.query(Bar)
    top.show(lambda width: header(standing, width))
    note.show(lambda width: note_line((session.preset.title,), "text", width))
    keys.show(lambda width: key_line(session.state, width, steps))


def _inside(app: Alone) -> None:
    if not app.inside:
        return
    session, trainer = app.session, app.session.trainer
    plain = app.as_text or app.no_color or only_ascii(app)
    scene = Scene(trainer, session.films[trainer], app.spot, session.hidden.validation, plain=plain)
    look = INSIDE[app.inside].look(scene)
    while unfinished(look):  # in the lab it comes bit by bit; here nothing else waits
        look = INSIDE[app.inside].look(scene)
    app.screen.query_one(InsidePane).show(look)


#: By the name of its module: how a pane is made, and how it is fed.
PANES: dict[str, tuple[Callable[[], list[Widget]], Callable[[Alone], None]]] = {
    "settings": (_made(SettingsPane, "settings"), _settings),
    "progress_tree": (_made(ProgressTree, "tree"), _progress_tree),
    "curves": (_made(Curves, "loss"), _curves),
    "multiples": (_made(MultiplesPane, "multiples"), _multiples),
    "training_loop": (_made(TrainingLoop, "loop"), _training_loop),
    "lesson": (_made(LessonPane, "lesson"), _lesson),
    "results": (_made(ResultsPane, "results"), _results),
    "bars": (_made(Bar, "header", "note", "keys"), _bars),
    "inside": (_made(InsidePane, "inside"), _inside),
}
