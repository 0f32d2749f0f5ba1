"""The evidence sheet: what a verdict is based on, fact by fact, a lesson on it, and a setting to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.verdict import Verdict
from tui.canvas import Row, Section, ends, width_of, wrapped
from tui.keyboard.named import named
from tui.screens.sheets import Lines, Sheet, hint


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be done: its id, as in the id of its key, what it does and the reason; where it is not `possible`,
    why not."""

    id: str
    text: str
    reason: str
    possible: bool = True


class EvidenceSheet(Sheet[str]):
    """Gives back the id of the offer that was chosen, or "hide"; it shows the moment at which it was opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "dismiss('hide')", "Close", show=False, id="evidence.w"),
        Binding("s", "take('setting')", "The setting to try, into the form", show=False, id="evidence.setting"),
        Binding("l", "take('lesson')", "Open the lesson that shows the same", show=False, id="evidence.lesson"),
    ]

    def __init__(
        self,
        verdict: Verdict,
        mark: str,
        role: str,
        run: str,
        unit: str,
        offers: Sequence[Offer],
        uncovered: str,
        elsewhere: str = "",
    ) -> None:
        super().__init__("evidence")
        self.verdict, self.mark, self.role, self.run_name, self.unit = verdict, mark, role, run, unit
        self.offers, self.uncovered, self.elsewhere = offers, uncovered, elsewhere

    def compose(self) -> ComposeResult:
        verdict = self.verdict
        who = f"{self.run_name}: " if self.run_name else ""
        at = f", {self.unit} {verdict.epoch}" if verdict.epoch else ""
        with Vertical():
            yield Static(f"Why? {who}{verdict.name}{at}", classes="sheet-title", markup=False)
            yield Section(id="evidence-facts")
            if self.offers:
                yield Lines(*map(_option, self.offers), id="evidence-offers")
            choose = "A letter takes it   " if self.offers else ""
            if self._first is not None:
                choose = "<list.enter> or a letter takes it   "
            yield hint(f"{choose}{'<sheet.escape>' if self.uncovered else '<any sheet.escape evidence.w>'} closes")

    def on_mount(self) -> None:
        self.query_one("#evidence-facts", Section).show(self.rows)
        for options in self.query(OptionList):
            options.highlighted = self._first
            self.set_focus(options)

    @property
    def _first(self) -> int | None:
        """The setting, which Enter takes; a lesson takes the place of the runs, and wants a key of its own."""
        return next((at for at, offer in enumerate(self.offers) if offer.possible and offer.id == "setting"), None)

    def rows(self, width: int) -> list[Row]:
        """The verdict in words, each fact with its figure at the right, what cannot be set here, and what was uncovered."""
        words = wrapped(self.verdict.words[0], width, 2, "text")
        rows: list[Row] = [((f"{self.mark} ", self.role), *words[0][1:]), *words[1:], ()]
        for fact in self.verdict.evidence:
            rows += fact_rows(fact.what, fact.figure, width)
        if self.verdict.suggestion is None and self.verdict.unchanged:
            rows += [(), *wrapped(f"Nothing to set: {self.verdict.unchanged}.", width, 2, "dim")]
        if self.elsewhere:
            rows += [(), *wrapped(self.elsewhere, width, 2, "text")]
        if self.uncovered:
            rows += [(), *wrapped(self.uncovered, width, 2, "key")]
        return [*rows, ()]

    def action_take(self, name: str) -> None:
        """A letter takes its offer, where there is that."""
        if any(offer.id == name and offer.possible for offer in self.offers):
            self.dismiss(name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


def fact_rows(what: str, figure: str, width: int) -> list[Row]:
    """A fact, its figure at the right end; in two lines where one has no room."""
    left: Row = (("  ", "text"), (what, "dim"))
    right: Row = ((figure, "strong"),)
    if width_of(left) + width_of(right) + 2 <= width:
        return [ends(left, right, width)]
    return [*wrapped(what, width, 2, "dim"), ends((), right, width)]


def _option(offer: Offer) -> Option:
    text = Text.assemble((named(f"<evidence.{offer.id}> "), "bold"), offer.text, (f"   {named(offer.reason)}", "dim"))
    text.no_wrap, text.overflow = False, "fold"
    return Option(text, id=offer.id, disabled=not offer.possible)
