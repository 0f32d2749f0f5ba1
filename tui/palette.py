"""The command palette: every key, every view, every pane, every theme, every preset, and what has no key.

It is made from the tables, and what is typed is looked for in titles and in what stands below them, every word by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape

from tui.exporting.kinds import KINDS
from tui.figures import printable
from tui.keyboard.named import named
from tui.views import VIEWS

if TYPE_CHECKING:
    from tui.screens.lab import LabScreen

LEFT_OUT = ("palette", "back")  # a key to open what is open, and one that does nothing there
SEEDS = 10


@dataclass(frozen=True, slots=True)
class Command:
    """A line of the palette: its title, what stands below it, and what it does (which may be a coroutine)."""

    title: str
    help: str
    run: Callable[[], Any]


def commands(lab: LabScreen) -> Iterator[Command]:
    """Everything that there is to do in this lab now."""
    for key in lab.keys:
        if key.action and not key.action.startswith("app.") and key.action not in LEFT_OUT:
            yield Command(key.help, f"key {key.shown}", partial(lab.run_action, key.action))
    yield Command("Predict: type an input", "What the network says to it now", lab.action_predict)
    yield Command("Record the runs in a file", "Save them: descent FILE.npz goes on from there", lab.action_record)
    yield Command("Runs on disk: open one again", "All that was trained: look at it, go on", lab.action_kept_runs)
    yield Command("Compare: one setting with several values", "Each a run, side by side", lab.action_several)
    yield Command("Compare: the table of all runs", "Of now and kept, sorted, marked", lab.action_runs)
    yield Command("Train with more seeds", "Their median and a band behind the curves", lab.action_seeds)
    yield Command(
        f"Verify: do this lesson's claims hold with {SEEDS} seeds?",
        "Trains in the background with seeds 0 to 9, and counts; <pane.escape> cancels",
        partial(lab.action_verify, SEEDS),
    )
    yield Command(
        "Take it away: pictures, numbers, report, script",
        "Export: save them as files, in this folder if nothing else is said",
        lab.action_take_away,
    )
    for kind in KINDS:
        yield Command(f"Take away: {kind.title}", f"Export, save: {kind.help}", partial(lab.action_take_away, kind.id))
    for entry in VIEWS:
        now, why_not = lab.status_of(entry)
        help_ = why_not or f"{entry.help}{f' (now: {now})' if now else ''}. Keys <show.views> <{entry.key_id}>"
        yield Command(f"View: {entry.title}", help_, partial(lab.action_view, entry.id))
    for name, title in lab.panes().items():
        turn = "Hide" if lab.pane_shown(name) else "Show"
        yield Command(f"{turn} the pane: {title}", "Keys <show.views> <view.panes>", partial(lab.take_pane, name))
    for name in sorted(lab.app.available_themes):
        yield Command(f"Theme: {name}", "Colours, dark and light", partial(setattr, lab.app, "theme", name))
    for heading in lab.entries():
        yield Command(f"Open {printable(heading.title)}", printable(heading.summary), partial(lab.open_preset, heading.name))


class Everything(Provider):
    """What the palette asks for commands."""

    _made: Sequence[Command] = ()

    async def discover(self) -> Hits:
        """All of them, in the order of the tables."""
        for command in self._commands():
            shown = Content(command.title)  # no markup, as a title may be anybody's
            yield DiscoveryHit(shown, command.run, text=command.title, help=escape(command.help))

    async def search(self, query: str) -> Hits:
        """Those in which every word stands, in the title first; then those whose letters are near."""
        words, matcher = query.lower().split(), self.matcher(query)
        for command in self._commands():
            title, below = command.title.lower(), command.help.lower()
            score = matcher.match(command.title)
            score /= 1.0 + score  # below 1, so that letters that are near never come before the words themselves
            if words and all(word in title for word in words):
                score = 2.0 + score
            elif words and all(word in title or word in below for word in words):
                score = 1.0 + score
            if score > 0:
                shown = matcher.highlight(command.title) if score >= 2.0 else Content(command.title)
                yield Hit(score, shown, command.run, text=command.title, help=escape(command.help))

    def _commands(self) -> Sequence[Command]:
        if not self._made:  # once for all that is typed
            self._made = [replace(one, help=named(one.help)) for one in commands(self.app.lab)]  # type: ignore[attr-defined]  # the one app there is
        return self._made
