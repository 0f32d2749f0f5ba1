"""Comparing runs in the lab: ghosts, the table of all runs, runs side by side in lockstep, and the line of what differs."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on

from engine import Preset, PresetError
from tui import form
from tui.comparing.compared import Line, differing_line
from tui.comparing.kept import DRAWN, Kept, with_changes
from tui.comparing.side_by_side import compared, one_setting, same_seed, several, told
from tui.figures import count
from tui.hidden import NOTHING
from tui.panes.bars import Bar
from tui.panes.settings import Check, SettingsPane
from tui.screens.editing import Edits
from tui.screens.runs import Runs
from tui.screens.sheets import Ask
from tui.screens.training import Trains
from tui.session import why_not


class Compares(Trains, Edits):
    """The part of the lab that keeps runs and puts them beside each other."""

    seeding = ""  # how far seeds are that train for a band, in words

    def compare_frame(self) -> None:
        """Once a frame: the line of what differs, and the table of runs where it is open."""
        self.show_differing()
        if isinstance(self.app.screen, Runs):
            self.app.screen.refresh_rows()

    def show_differing(self) -> None:
        """One line: what sets ghosts, or where it is narrow the runs of a comparison, apart; or how far seeds are."""
        bar, session = self.query_one("#differs", Bar), self.session
        line = differing_line(session, narrow=self.has_class("narrow"))
        if self.seeding:
            line = Line(((self.seeding, "strong"), ("<pane.escape> gives them up", "dim")), "")
        bar.display = bool(line)
        bar.show(lambda width: line.fitted(width) if line else ())

    # ghosts and the table

    def action_keep(self) -> None:
        """Keep the selected run as a ghost; where it is one, or nothing is trained, the table of all runs."""
        session = self.session
        if session.trainer.iteration and session.trainer not in session.promised:
            said = session.keep_ghost()
            self.say(said, said.replace(DRAWN, ""))
            self.frame()
        elif session.kept or session.steps:
            self.action_runs()
        else:
            self.say(session.keep_ghost())

    def action_runs(self) -> None:
        """The table of the runs of now and those that are kept."""

        def chosen(answer: tuple[str, list[Kept]] | None) -> None:
            if answer is not None:
                what, rows = answer
                self._take(rows[0]) if what == "settings" else self._compare(rows)
            self.redraw()

        self.app.push_screen(Runs(self.session), chosen)

    def _take(self, row: Kept) -> None:
        """The settings of a run into the form."""
        session = self.session
        session.take_settings(row)
        if not session.steps:
            session.prepare()
        self.conductor.plan()
        waits = "<run.restart> starts with them" if session.steps else "<run.toggle> starts with them"
        self.say(f"The settings of {row.name} are in the form: {waits}")

    # side by side

    def _compare(self, rows: Sequence[Kept]) -> None:
        """Train these runs side by side, from the start."""
        session = self.session
        rows = [with_changes(row) for row in rows]
        self._go_on_with(compared(session.preset, rows, session.hidden))
        self._begin()
        if self.session.state == "running" and len(rows) > 1:
            batches = "of one seed" if same_seed(rows) else "each with its own seed, so their batches differ"
            self.say(f"{count(len(rows), 'run')} side by side in lockstep, {batches}. <run.keep> keeps, <run.toggle> pauses")

    def _go_on_with(self, preset: Preset) -> None:
        """Other runs in place of those of now, which are kept."""
        self.conductor.pause()
        self.conductor.open(self.session.followed_by(preset))
        self.opened()

    def action_several(self) -> None:
        """Give one setting several values, each a run."""
        from tui.screens.several import Several

        def chosen(answer: tuple[form.Field, list[object]] | None) -> None:
            if answer is not None:
                self._ask_several(*answer)

        row = self.settings.form[self.settings.cursor]
        begun = "" if row.fixed else f"{row.label} = {row.value}, "
        self.app.push_screen(Several(self.session, begun), chosen)

    def _check(self, key: str, text: str) -> Check:
        """What typing comes to; several values are several runs."""
        field, session = form.BY_KEY[key], self.session
        usual = super()._check(key, text)
        try:
            values = several(session, field, text)
        except ValueError as error:
            return Check(("", ""), usual.allowed, str(error))
        if not values:
            return usual
        return Check((f"{len(values)} runs side by side", "Enter makes the comparison"), usual.allowed)

    @on(SettingsPane.Typed)
    def _several_typed(self, message: SettingsPane.Typed) -> None:
        field = form.BY_KEY[message.key]
        try:
            values = several(self.session, field, message.text)
        except ValueError as error:
            self.say(str(error), role="bad")
            message.prevent_default()
            return
        if values:
            message.prevent_default()
            self._ask_several(field, values)

    def _ask_several(self, field: form.Field, values: Sequence[object]) -> None:
        """Make the comparison; asks first where a run is in progress, which would end with it."""
        session = self.session
        if not session.running:
            self._make_several(field, values)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._make_several(field, values)

        what = f"End the run in progress for {told(field, values)}?"
        self.app.push_screen(Ask(f"{what} What it has trained is kept.", "end it and compare", "go on training"), answered)

    def _make_several(self, field: form.Field, values: Sequence[object]) -> None:
        session = self.session
        before, who = len(session.runs), session.run.name
        try:
            preset = one_setting(session, field, values)
        except PresetError as error:
            self.say(why_not(error), role="bad")
            return
        self._go_on_with(preset)
        of = f" of {who} alone" if before > 1 and session.hidden == NOTHING else ""
        if self.session.state != "refused":
            self.say(f"{told(field, values)}{of}. <run.toggle> starts them side by side, same seed, same batches")
