"""What the lab opens: presets, the picker of them, the keys, the palette, and the question before it closes."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.screen import Screen
from textual.widgets import Markdown

from engine import PresetError, Trainer, load_preset
from tui import glossary, progress
from tui.listing import Heading, read_headings
from tui.panes.curves import Curves
from tui.panes.lesson import LessonPane
from tui.panes.settings import SettingsPane
from tui.screens.conductor import Conductor
from tui.screens.help import WORDS, Group, Help
from tui.screens.picker import Picker
from tui.screens.sheets import Ask
from tui.session import Session, why_not

#: What the second plot is explained by, by its title; any other one is a walk on a surface.
SECOND = {"Accuracy": "accuracy", "Fit": "prediction", "Mean absolute error": "prediction"}


class OpensSheets(Screen[None]):
    """The part of the lab that puts something on top of it, or another preset in it."""

    conductor: Conductor
    remembered: Sequence[Trainer] = ()  # whose end has been looked at
    not_kept = ""  # why what is done could not be kept

    @property
    def session(self) -> Session:
        """What is tried out."""
        return self.conductor.session

    def say(self, *texts: str, role: str = "text") -> None:
        """The newest word; the lab says where."""
        raise NotImplementedError

    def opened(self) -> None:
        """A preset was opened; the lab shows it."""
        raise NotImplementedError

    def entries(self) -> Sequence[Heading]:
        """The presets that can be opened."""
        return read_headings()[0]

    def action_presets(self) -> None:
        """The picker."""

        def picked(name: str | None) -> None:
            if name is not None:
                self.open_preset(name)

        picker = Picker(self.entries(), self.session.preset.name, progress.read(), self.not_kept)
        self.app.push_screen(picker, picked)

    def open_preset(self, name: str) -> None:
        """Leave this preset for another one, ready to start."""
        try:
            preset = load_preset(name)
        except PresetError as error:
            self.say(f"{name}: {why_not(error)}", role="bad")
            return
        self.conductor.open(Session(preset))
        self.opened()

    def remember(self) -> None:
        """Keep that the preset is done, once its runs are over."""
        if self.session.done and self.session.trainers is not self.remembered:
            self.remembered = self.session.trainers
            self.not_kept = progress.remember(self.session.preset, self.session.trainers) or self.not_kept

    def action_help(self) -> None:
        """All keys, and the glossary at the word of the place that has the focus."""
        self.explain(*self.words_here())

    @on(Markdown.LinkClicked)
    def _link_clicked(self, message: Markdown.LinkClicked) -> None:
        slug = message.href.removeprefix(glossary.SCHEME)
        if slug in glossary.terms():
            self.explain(slug, self.words_here()[1])

    def explain(self, at: str, groups: Sequence[Group]) -> None:
        """The glossary at a word, with the words of `groups` first; '': the keys."""

        def picked(name: str | None) -> None:
            if name is not None:
                self.open_preset(name)

        titles = {entry.name: entry.title for entry in self.entries()}
        self.app.push_screen(Help(groups, at, titles), picked)

    def words_here(self) -> tuple[str, list[Group]]:
        """The word that explains what has the focus ('': nothing in particular), and the words of what is in sight."""
        pane, sheet = self.focused, self.session.preset.sheet
        tries, asked = sheet.things_to_try, [question.asks for question in sheet.question]
        lesson = ("In this lesson", glossary.words_in([sheet.story, *tries, *asked]))
        loop = WORDS["loop"]
        if isinstance(pane, SettingsPane):
            labels = [row.label for row in pane.form]
            rows = [glossary.term_of_setting(label) for label in labels]
            return rows[pane.cursor], [("In the settings", [slug for slug in rows if slug]), lesson, loop]
        if isinstance(pane, LessonPane):
            return next(iter(lesson[1]), ""), [lesson, loop]
        here = WORDS.get((pane.id if pane is not None else None) or "")
        at = here[1][0] if here and pane is not self.query_one("#tree") else ""  # the tree shows many words: the keys first
        if isinstance(pane, Curves) and pane.id == "second" and pane.picture is not None:
            at = SECOND.get(pane.picture.titles[0][0][0], "gradient-descent")
        return at, [here, lesson, loop] if here else [lesson, loop]

    def action_palette(self) -> None:
        """The command palette."""
        self.app.action_command_palette()

    def action_leave(self) -> None:
        """Quit; while training, ask first."""
        if not self.session.running:
            self.app.exit()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.conductor.pause()
                self.app.exit()

        self.app.push_screen(Ask("Training is running. Quit?", "quit", "go on training"), answered)
