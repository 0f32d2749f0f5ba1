"""The lab takes itself away: its picture and what it knows at the moment, for the sheet that writes files."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from engine.on_disk.facts import installed
from tui.figures import printable
from tui.screens.teaching import Teaches
from tui.screens.viewing import LooksAt
from tui.words.verdicts import Verdicts

if TYPE_CHECKING:
    from tui.exporting.kinds import Taken


class TakesAway(Teaches, LooksAt):
    """The part of the lab that exports."""

    verdicts: Verdicts  # those that the line shows

    def action_take_away(self, kind: str = "") -> None:
        """Ask what is to be written (of a `kind`, else the first), and where."""
        from tui.exporting.kinds import KINDS
        from tui.screens.taking import TakeAway

        def written(said: str | None) -> None:
            if said is not None:
                self.say(printable(said), role="strong")

        self.settings.close(accept=True)
        self.app.push_screen(TakeAway(self.taken(), kind or KINDS[0].id), written)

    def taken(self) -> Taken:
        """The lab as it is on the screen now."""
        from tui.exporting.kinds import Taken

        return Taken(
            self.session,
            _spaced(self.app.export_screenshot(title=f"descent: {printable(self.session.preset.title)}")),
            self.in_plain_lines(),
            self._told_now().claims,
            self.verdict_lines(),
            f"Written by {' '.join(('descent', installed('descent-tui'))).rstrip()} on {datetime.now():%Y-%m-%d at %H:%M}.",
        )

    def verdict_lines(self) -> list[str]:
        """What the curves say of the selected run, as the line of the verdict has it."""
        shown = self.verdicts.shown(self.session)
        return [f"{shown.run}: {shown.words[0]}" if shown.run else shown.words[0]]


def _spaced(svg: str) -> str:
    """The same picture, whose spaces no reader of SVG takes away: some drop even those that do not break."""
    return svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
