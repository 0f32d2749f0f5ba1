"""All keys, and one Tab away the glossary: words on the left, what the chosen one means on the right, with where it leads.

The sheet opens at the word of the place that has the focus, with the words of that place and of the lesson first. The
search keeps the focus, so that typing searches at any time and the arrows choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.figures import printable
from tui.keyboard.keys import Key, in_force
from tui.keyboard.named import named
from tui.keyboard.places import help_rows
from tui.screens.sheets import Choices, Sheet, choosing, heading, hint, typing_line
from tui.words import glossary

Keymap = Mapping[str, Sequence[str]]
NO_KEYMAP: Keymap = {}
Group = tuple[str, Sequence[str]]  # what the words have in common, and their slugs

#: The words of each pane, by its id. Those of the settings are their rows, those of the lesson are in its text.
WORDS: dict[str, Group] = {
    "tree": ("In the progress", ("epoch", "iteration", "batch", "loss", "accuracy", "validation-set")),
    "loss": ("In the curves", ("loss", "validation-set", "epoch", "overfitting", "divergence", "plateau")),
    "second": ("In the curves", ("accuracy", "prediction", "gradient-descent", "validation-set", "epoch")),
    "loop": (
        "In the training loop",
        ("training-loop", "forward-pass", "prediction", "loss", "backward-pass", "gradient", "weight", "learning-rate"),
    ),
}
NOTES = """\
In the settings ~ takes effect at once, ↻ with the next start (<run.restart>). Several values with commas (0.1, 0.01) \
make a run of each, side by side.
In the lesson, words that are underlined stand in the glossary: <pane.next>, or <show.help> from there.
Any of these keys can be another one: descent keys says how."""


class Help(Sheet[str]):
    """Gives the name of a preset to open, where one was chosen.

    `groups` are the words that come first, in groups; all others follow. `at` is the word it opens at; '': at the keys.
    `titles` are those of the presets there are, by name. `keymap` has the user's own keys, by the ids of bindings.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "dismiss(None)", "Close", show=False, priority=True, id="help.close", tooltip="Close it"),
        Binding("escape", "back", "Back", show=False, id="help.escape", tooltip="Back to the words; close it"),
        Binding("tab,shift+tab", "turn", "Keys or words", show=False, priority=True, id="help.tab", tooltip="Keys or words"),
        *choosing("help"),
    ]

    def __init__(
        self,
        groups: Sequence[Group],
        at: str,
        titles: Mapping[str, str],
        keymap: Keymap = NO_KEYMAP,
    ) -> None:
        super().__init__("help")
        self.table, self.keymap = in_force(keymap), keymap
        self.groups, self.at, self.titles = groups, at, titles
        self.words = bool(at)  # which of the two parts is shown
        self.within = False  # whether the arrows choose among the links of the entry
        self._slugs: list[str] = []  # of each line of the list, '' for a heading

    def compose(self) -> ComposeResult:
        self.list, self.entry = Choices(id="help-list"), Choices(id="help-entry")
        with Vertical():
            yield Static(id="help-title", classes="sheet-title", markup=False)
            with VerticalScroll(id="help-keys"):
                yield Static(key_table(self.table, self.keymap))
                yield Static(named(f"\n{NOTES}"), markup=False)
            yield typing_line(placeholder="type to search")
            with Horizontal(id="help-words"):
                yield self.list
                yield self.entry
            yield hint(id="help-hint")

    def on_mount(self) -> None:
        self._fill("", self.at)
        self._show()

    def on_resize(self) -> None:
        self.call_after_refresh(self.list.scroll_to_highlight)

    def _show(self) -> None:
        """Show the part and the keys that are of use in it."""
        self.query_one("#help-keys").display = not self.words
        for part in (self.query_one(Input), self.query_one("#help-words")):
            part.display = self.words
        self.list.set_class(not self.within, "active")
        self.entry.set_class(self.within, "active")
        title = " Keys   [Words]" if self.words else "[Keys]   Words "
        self.query_one("#help-title", Static).update(named(f"{title}   <help.tab> turns the page"))
        said = "arrows scroll   type to search the words   <help.escape> closes"
        if self.words:
            said = "<help.up> <help.down> choose   Enter leads on   <help.escape> closes"
        if self.within:
            said = "<help.up> <help.down> choose   Enter goes there   <help.escape>: back to the words"
        self.query_one("#help-hint", Static).update(named(said))
        self.set_focus(self.query_one(Input) if self.words else self.query_one("#help-keys"))

    # the words

    def _fill(self, words: str, at: str = "") -> None:
        """List what was found, with the word `at` chosen, or the first where it is not among them."""
        groups = [("", glossary.search(words))] if words.strip() else complete(self.groups)
        self.list.clear_options()
        self._slugs = []
        for title, slugs in groups:
            if title:
                self.list.add_option(heading(title))
                self._slugs.append("")
            self.list.add_options(Option(Content(glossary.terms()[slug].word)) for slug in slugs)
            self._slugs += slugs
        self.within = False
        if any(self._slugs):
            slug = at if at and at in self._slugs else next(filter(None, self._slugs))
            self.list.highlighted = self._slugs.index(slug)
            self.call_after_refresh(self._in_sight)
            self._explain(slug)
        else:
            self.entry.clear_options()
            self.entry.add_option(Option(Content(f"nothing has {words!r} in it"), disabled=True))

    def _in_sight(self) -> None:
        """The chosen word is in sight, and the name of its group where it is the first of it."""
        if self.list.highlighted == 1:
            self.list.scroll_home(animate=False)
        else:
            self.list.scroll_to_highlight()

    def _explain(self, slug: str) -> None:
        """Show what a word means, and where it leads."""
        term = glossary.terms()[slug]
        self.entry.clear_options()
        self.entry.add_option(Option(Content.assemble((term.word, "bold"), f"\n{named(term.says)}"), disabled=True))
        presets = [(f"preset {name}", self.titles[name]) for name in term.presets if name in self.titles]
        words = [(f"word {other}", glossary.terms()[other].word) for other in term.see]
        for title, links in (("Shown by", presets), ("See", words)):
            if links:
                self.entry.add_option(Option(Content.styled(f"\n{title}", "$text-primary"), disabled=True))
                self.entry.add_options(Option(Content(f"→ {printable(text)}"), id=link) for link, text in links)
        self.entry.highlighted = None
        self.entry.scroll_home(animate=False)

    @on(OptionList.OptionHighlighted, "#help-list")
    def _chosen(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self._slugs) and event.option_index == self.list.highlighted:
            self._explain(self._slugs[event.option_index])

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value, "" if event.value.strip() else self.at)
        self._show()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The arrows choose among the words; the keys are scrolled with them."""
        return self.words if action == "choose" else super().check_action(action, parameters)

    def action_turn(self) -> None:
        """The other part."""
        self.words, self.within = not self.words, False
        self._show()
        if self.words:
            self.call_after_refresh(self._in_sight)

    def action_choose(self, move: str) -> None:
        """The choice somewhere else, while the search keeps the focus."""
        chosen = self.entry if self.within else self.list
        getattr(chosen, f"action_{move}")()
        if move == "first" or chosen.highlighted == 1:
            chosen.scroll_home(animate=False)  # with what stands above it

    def action_back(self) -> None:
        """From the links to the words, from the words to the lab."""
        if not self.within:
            self.dismiss(None)
            return
        self.within = False
        self.entry.highlighted = None
        self.entry.scroll_home(animate=False)
        self._show()

    def on_key(self, event: events.Key) -> None:
        """Typing searches, from the keys as well."""
        if not self.words and event.character and event.character.isprintable() and not event.character.isspace():
            event.stop()
            self.action_turn()
            search = self.query_one(Input)
            search.value = event.character
            search.cursor_position = 1

    def on_input_submitted(self) -> None:
        """Enter: to the links of the word; there, to where the link leads."""
        if not self.within:
            self.within = any(option.id for option in self.entry.options)
            if self.within:
                self.entry.action_first()
                self._show()
        elif self.entry.highlighted is not None:
            self._follow(self.entry.get_option_at_index(self.entry.highlighted).id or "")

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._follow(event.option_id or "")

    def _follow(self, link: str) -> None:
        kind, _, name = link.partition(" ")
        if kind == "preset":
            self.dismiss(name)
        elif kind == "word":
            with self.prevent(Input.Changed):
                self.query_one(Input).value = ""
            self._fill("", name)
            self._show()


def key_table(table: Sequence[Key], keymap: Keymap) -> Table:
    """The keys in force and what they do: the lab's from their table, then each pane's and sheet's from its bindings."""
    made = Table.grid(padding=(0, 3))
    made.add_column(justify="right", max_width=15)
    made.add_column()
    for key in table:
        made.add_row(Text(key.shown, style="bold"), key.help)
    for title, rows in help_rows(keymap):
        made.add_row("", "")
        made.add_row("", Text(title, style="bold underline"))
        for shown, says in rows:
            made.add_row(Text(shown, style="bold"), says)
    return made


def complete(groups: Sequence[Group]) -> list[Group]:
    """The groups, each word only in the first that has it, and all other words after them."""
    seen: set[str] = set()
    made: list[Group] = []
    for title, slugs in (*groups, ("All other words" if groups else "", tuple(glossary.terms()))):
        left = [slug for slug in dict.fromkeys(slugs) if slug not in seen]
        seen.update(left)
        if left:
            made.append((title, left))
    return made
