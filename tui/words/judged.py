"""What the lesson pane says of claims: judged by the runs so far, with what a teacher hides left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine import Trainer
from engine.claims import Claim
from engine.judging import judge
from tui.hidden import UNCOVERS, WORD, Hidden
from tui.panes.lesson import Seen
from tui.session import Session

Progress = tuple[tuple[int, int, int, bool], ...]


def progress(session: Session) -> Progress:
    """What claims can be seen by: they are judged again when this changes: after an epoch, a change, and at the end."""
    return tuple((id(one.history), len(one.history.epochs), len(one.history.changes), one.done) for one in session.trainers)


def seen_claims(session: Session) -> tuple[Seen, ...]:
    """Every claim of the preset as the runs show it now; before the first epoch is over none is seen."""
    begun = any(one.history.epochs or one.done for one in session.trainers)
    return tuple(_seen(claim, session.trainers if begun else (), session.hidden) for claim in session.preset.sheet.claim)


def unseen(session: Session) -> tuple[Seen, ...]:
    """As many claims as there are, with nothing of what they say."""
    return tuple(Seen("") for _ in session.preset.sheet.claim)


def _seen(claim: Claim, trainers: Sequence[Trainer], hidden: Hidden) -> Seen:
    verdict: str = claim.verdict or ""
    if verdict and hidden.verdict:
        verdict = f"{WORD}, {UNCOVERS}"
    words = (claim.says, claim.lesson_says or "", verdict)
    if covered := _covers(claim, hidden):
        return Seen(*words, saw=f"{covered} {WORD}: {UNCOVERS}")
    if not trainers:
        return Seen(*words)
    found = judge(claim, trainers)
    return Seen(*words, held=found.held, saw=found.saw)


def _covers(claim: Claim, hidden: Hidden) -> str:
    """What of a claim's numbers is hidden; empty where nothing is."""
    if not hidden:
        return ""
    metrics = set(_metrics(asdict(claim)))
    if hidden.validation and any(re.match(r"validation_|gap$", metric) for metric in metrics):
        return "validation"
    return next((metric for metric in sorted(metrics) if hidden.setting(metric)), "")


def _metrics(table: Any) -> list[str]:
    """Every metric that a table or a list of tables names."""
    if isinstance(table, dict):
        named = [table["metric"]] if isinstance(table.get("metric"), str) else []
        return named + [metric for value in table.values() for metric in _metrics(value)]
    return [metric for value in table for metric in _metrics(value)] if isinstance(table, (list, tuple)) else []
