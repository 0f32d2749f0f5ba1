"""From the settings form to the session: what was nudged, typed or chosen becomes a setting, or is refused in words."""

from __future__ import annotations

from textual import on

from engine import PresetError
from tui import form, view
from tui.panes.settings import Check, SettingsPane
from tui.screens.base import Lab
from tui.screens.sheets import Choice
from tui.session import why_not
from tui.words import outcome


class Edits(Lab):
    """The part of the lab that changes settings."""

    def _check(self, key: str, text: str) -> Check:
        return view.check(self.session, form.BY_KEY[key], text)

    def _edit(self, key: str, value: object) -> None:
        session = self.session
        if why := session.fixed(form.BY_KEY[key]):
            self.say(why, role="warn")
            return
        try:
            said = session.edit(form.BY_KEY[key], value)
        except PresetError as error:
            self.say(why_not(error), role="bad")
        else:
            if session.state == "refused":
                self.say(*outcome.refusal(session), role="bad")
            else:
                self.say(said)
        self.conductor.plan()
        self.show_form()
        self.frame()

    @on(SettingsPane.Nudged)
    def _nudged(self, message: SettingsPane.Nudged) -> None:
        field, session = form.BY_KEY[message.key], self.session
        if field in session.fields:
            self._edit(field.key, form.nudged(field, session.document, session.value(field), message.up))

    @on(SettingsPane.Typed)
    def _typed(self, message: SettingsPane.Typed) -> None:
        self._edit(message.key, form.typed(form.BY_KEY[message.key], self.session.document, message.text))

    @on(SettingsPane.Choose)
    def _choose(self, message: SettingsPane.Choose) -> None:
        field, session = form.BY_KEY[message.key], self.session
        words = form.choices(field, session.document)

        def chosen(word: str | None) -> None:
            if word is not None:
                self._edit(message.key, word)

        self.app.push_screen(Choice(field.label, words, str(session.value(field))), chosen)

    @on(SettingsPane.Said)
    def _said(self, message: SettingsPane.Said) -> None:
        self.say(message.text, role=message.role)

    def action_rate(self, up: bool) -> None:
        """The learning rate a step down or up, at once."""
        self._nudged(SettingsPane.Nudged(form.RATE, up))
