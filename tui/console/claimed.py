"""How claims fared, in lines for people and as JSON: held, not held or not seen, with the numbers that were seen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from engine import Preset, Trainer
from engine.verifying import Finding, findings
from tui.figures import printable

WORDS = {True: "held", False: "NOT HELD", None: "not seen"}


def findings_of(preset: Preset, groups: Sequence[Sequence[Trainer]], seeds: Sequence[int]) -> list[Finding]:
    """How the claims of a preset fared, from trainers of its runs: a group a run, of one trainer a seed.

    After an interruption there may be fewer groups than runs: the others have not been seen.
    """
    if not preset.sheet.claim:
        return []
    own = tuple(seeds) or (preset.sheet.seed,)
    trained = [list(group) for group in groups]
    if len(trained) < len(preset.runs):
        if seeds:
            return [Finding(claim, own, (None,) * len(own), ("",) * len(own)) for claim in preset.sheet.claim]
        trained += [[Trainer(run)] for run in preset.runs[len(trained) :]]
    return findings(preset, own, zip(*trained, strict=True))


def claim_lines(finding: Finding, width: int, counted: bool = True) -> Iterator[str]:
    """A claim: how it fared, what is claimed, the lesson's words, and what was seen with the first seed and the first with
    which it did not hold; `counted`: in how many seeds."""
    claim, failed = finding.claim, finding.failed_at
    fared = f"{WORDS[finding.held]} {finding.held_in}, needed {claim.in_seeds:g}" if counted else WORDS[finding.held]
    yield from wrapped(f"{fared}: {claim.says}", width, "  ")
    if claim.lesson_says:
        yield from wrapped(f'lesson ({claim.verdict}): "{claim.lesson_says}"', width, "    ")
    for place in dict.fromkeys([0] if failed is None else [0, failed]):
        held = finding.held_with[place]
        begin = f"seed {finding.seeds[place]}{'' if held else f', {WORDS[held].lower()}'}: " if counted else ""
        yield from wrapped(begin + finding.seen[place], width, "    ")


def claim_record(finding: Finding, counted: bool = True) -> dict[str, Any]:
    """A claim as JSON; `counted`: in how many seeds it held."""
    claim, failed = finding.claim, finding.failed_at
    first = {"says": claim.says, "held": finding.held}
    if counted:
        first["held_in"] = finding.held_in
    lesson = {key: getattr(claim, key) or None for key in ("lesson_says", "source", "verdict")}
    record = {**first, "saw": finding.seen[0], **lesson}
    if counted:
        record["in_seeds"] = claim.in_seeds
        record["failed"] = None if failed is None else {"seed": finding.seeds[failed], "saw": finding.seen[failed]}
    return record


def spelt(seeds: Sequence[int]) -> str:
    """'seeds 0 to 9', or 'seed 7'. Seeds are a range."""
    return f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """The text without control codes, in lines of at most `width`; a line break of its own counts as a space."""
    return textwrap.wrap(
        printable(" ".join(text.splitlines())),
        width,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_on_hyphens=False,
        break_long_words=False,  # a path, which has to stay in one piece
    )
