"""One line that says what sets the runs on the curves apart.

Of a ghost it says what has changed since: '1: learning_rate 0.001 → 0.01', from the ghost to the run of now.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui.canvas import Row, Span, fit, width_of
from tui.comparing.kept import Kept
from tui.comparing.results import apart, differences
from tui.hidden import Hidden
from tui.names import letters
from tui.session import Session


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be said, a part a run; and a word for those that have no room."""

    parts: tuple[Span, ...]
    more: str = "<run.keep>"

    def fitted(self, width: int) -> Row:
        """As many parts as have room, the last one cut where not even one has."""
        for shown in range(len(self.parts), 0, -1):
            left = len(self.parts) - shown
            spans: list[Span] = [(f" {text} ", role) for text, role in self.parts[:shown]]
            if left:
                spans.append((f" +{left}: {self.more}", "dim"))
            if width_of(tuple(spans)) <= width:
                return tuple(spans)
        return fit(tuple(spans), width)


def differing_line(session: Session, narrow: bool) -> Line | None:
    """The line for what is on the curves now; None where nothing needs one.

    The runs of a comparison have their names in the legend, but for where it is `narrow`.
    """
    several = len(session.trainers) > 1 and narrow and not session.done
    if not (several or session.ghosts):
        return None
    now, hidden = session.now(), session.hidden
    ghosts = [(f"{one.mark}: {changes(one, now[session.selected], hidden)}", "text") for one in reversed(session.ghosts)]
    if several:
        return Line((*_of_comparison(now, hidden), *ghosts))
    if ghosts and not (narrow and session.done and len(now) > 1):  # then a table has their room
        return Line(tuple(ghosts))
    return None


def _of_comparison(now: list[Kept], hidden: Hidden) -> list[Span]:
    """'a: learning_rate 0.1, batch_size 8' of each run; where one setting is all that differs, its name stands once."""
    marks, found = letters([one.name for one in now]), apart(now, hidden)
    said = [f"{mark}: {words}" for mark, words in zip(marks, differences(now, hidden), strict=True)]
    if len(found) == 1:
        said = [f"{mark} {value or 'none'}" for mark, value in zip(marks, found[0].values, strict=True)]
        said[0] = f"{found[0].label}  {said[0]}"
    return [(words, f"run-{index % 6 + 1}") for index, words in enumerate(said)]


def changes(before: Kept, now: Kept, hidden: Hidden) -> str:
    """'learning_rate 0.001 → 0.01, batch_size 8 → 32', from one run to another; or that nothing differs."""
    found = apart([before, now], hidden)
    said = [
        f"{each.label} hidden" if each.bare == (None, None) and hidden.setting(each.label)
        else f"{each.label} {each.values[0] or 'none'} → {each.values[1] or 'none'}"
        for each in found
    ]  # fmt: skip
    return ", ".join(said) or "the same settings"
