"""What the lab opens: presets, the picker of them, the keys, the palette, and the question before it closes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.widgets import Markdown

from engine import Trainer
from tui.figures import printable
from tui.home import progress
from tui.listing import Heading, headings_in, read_headings
from tui.own_folder import called, named
from tui.panes.curves import Curves
from tui.panes.lesson import LessonPane
from tui.panes.settings import SettingsPane
from tui.screens.base import Lab
from tui.screens.help import WORDS, Group, Help
from tui.screens.picker import Picker
from tui.screens.sheets import Ask
from tui.words import glossary

if TYPE_CHECKING:
    from tui.writing.saving import Copy

#: What the second plot is explained by, by its title; any other one is a walk on a surface.
SECOND = {"Accuracy": "accuracy", "Fit": "prediction", "Mean absolute error": "prediction"}


class OpensSheets(Lab):
    """The part of the lab that puts something on top of it, or another preset in it."""

    remembered: Sequence[Trainer] = ()  # whose end has been looked at
    not_kept = ""  # why what is done could not be kept
    folder: Path | None = None  # a teacher's folder that the lab was opened on

    def entries(self) -> Sequence[Heading]:
        """The presets that can be opened: those of the folder it was opened on first."""
        return self._entries()[0]

    def _entries(self, of_folder: bool = False) -> tuple[list[Heading], list[str]]:
        """The presets there are (or those of the folder alone), and what is wrong with other files."""
        found, broken = headings_in(self.folder) if self.folder is not None else ([], [])
        if not of_folder:
            more, also_broken = read_headings()
            found, broken = [*found, *more], broken + also_broken
        return found, broken

    def action_presets(self, of_folder: bool = False) -> None:
        """The picker; files that cannot be read are named."""
        entries, broken = self._entries(of_folder)
        if broken:
            others = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
            self.say(f"Left out: {printable(broken[0])}{others}", f"Left out: {printable(broken[0])}", role="bad")
        self.pick(entries)

    def pick(self, entries: Sequence[Heading]) -> None:
        """Let one of these be chosen, and open it."""

        def picked(name: str | None) -> None:
            if name is not None:
                self.open_preset(name)

        kept = progress.read()
        places = {one.name: one.name if one.name in kept else progress.name_of(*named(one.name)) for one in entries}
        done = {name: kept[place] for name, place in places.items() if place in kept}
        self.app.push_screen(Picker(entries, self.opened_name, done, self.not_kept), picked)

    @property
    def opened_name(self) -> str:
        """What the list calls the preset that is open."""
        preset = self.session.preset
        return preset.name if preset.folder is None else called(Path(preset.source))

    def open_preset(self, name: str) -> None:
        """Leave this preset for another one, ready to start."""
        raise NotImplementedError

    def action_save(self) -> None:
        """Ask where, and save what is on the screen as a preset; a value that is being typed is taken first."""

        from tui.screens.saving import SaveAs, saved_lines

        def saved(copy: Copy | None) -> None:
            if copy is not None:
                self.say(*saved_lines(copy), role="strong")
                self.frame()

        self.query_one(SettingsPane).close(accept=True)
        self.app.push_screen(SaveAs(self.session), saved)

    def remember(self) -> None:
        """Keep that the preset is done, once its runs are over."""
        if self.session.elsewhere:
            return
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
        self.app.push_screen(Help(groups, at, titles, self.keymap), picked)

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
