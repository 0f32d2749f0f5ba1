"""What `descent verify` prints: every claim with what a lesson says, what was seen, and in how many seeds it held.

Lines come preset by preset, in the order that was asked for, as soon as they are known; JSON is one object at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from engine import Preset
from engine.verifying import Finding, seeds_of, verify
from tui.console.bar import Bar
from tui.console.claimed import claim_lines, claim_record, spelt, wrapped
from tui.console.records import json_text
from tui.console.unwatched import Interrupted, Seeds, cores
from tui.figures import count
from tui.listing import read_headings
from tui.loading import Refused, is_table, load
from tui.own_folder import is_bundled

WIDTH = 80  # columns


class Verified(NamedTuple):
    """A preset whose runs are over, and what became of its claims."""

    name: str  # of a preset that comes with descent, or the file
    preset: Preset
    seeds: tuple[int, ...]
    findings: list[Finding]


def load_all(sources: Iterable[str]) -> list[Preset]:
    """The presets of these names and files, each once; all that come with descent, in teaching order, where there are none.

    Raises Refused with every problem of every one.
    """
    headings, broken = read_headings()
    sources = list(dict.fromkeys(sources))
    presets, problems = [], [] if sources else [f"descent: {problem}" for problem in broken]
    for source in sources or [heading.name for heading in headings]:
        try:
            if is_table(source):
                raise Refused(f'descent: "{source}" is a table, not a preset: it claims nothing.')
            presets.append(load(source))
        except Refused as problem:
            problems.append(problem.message)
    if problems:
        raise Refused("\n".join(problems))
    return presets


def report(
    presets: Sequence[Preset], seeds: Seeds, as_json: bool, interrupted: Interrupted, say: Callable[[str], None], bar: Bar
) -> bool:
    """Run the presets and `say` what came out, as lines or one JSON object; whether every claim that was judged held.

    After an interruption that is what is known until then.
    """
    found = []
    try:
        for verified in _in_order(presets, seeds, interrupted, bar):
            found.append(verified)
            bar.clear()
            for line in () if as_json else block(verified, first=len(found) == 1):
                say(line)
    finally:
        bar.clear()
    for line in [json_text({"presets": list(map(record, found))})] if as_json else ["", *summary(found, len(presets))]:
        say(line)
    return all(finding.held for verified in found for finding in verified.findings)


def _in_order(presets: Sequence[Preset], seeds: Seeds, interrupted: Interrupted, bar: Bar) -> Iterator[Verified]:
    """Each preset as soon as it and those before it are known; after an interruption, what is known of the others."""
    known: dict[int, list[Finding]] = {}
    told = 0

    def verified(index: int) -> Verified:
        preset = presets[index]
        name = preset.name if is_bundled(preset.name, preset.source) else preset.source
        return Verified(name, preset, seeds_of(preset, seeds), known[index])

    def progress(share: float) -> None:
        bar.show(share, f"{len(known)} of {count(len(presets), 'preset')}")

    progress(0.0)
    for index, findings in verify(presets, seeds, interrupted, cores(), progress):
        known[index] = findings
        while told in known:
            yield verified(told)
            told += 1
    yield from (verified(index) for index in sorted(known) if index >= told)


def block(verified: Verified, first: bool = True) -> Iterator[str]:
    """A preset in lines: every claim, how it fared, and what was seen."""
    yield from [] if first else [""]
    said = "with " + spelt(verified.seeds) if verified.findings else "no claims"
    yield from wrapped(f"{verified.name}: {said}", WIDTH)
    for finding in verified.findings:
        yield from claim_lines(finding, WIDTH)


def summary(found: Sequence[Verified], presets: int) -> Iterator[str]:
    """'34 presets, 120 claims: 120 held', or which do not hold; of how many `presets` where not all were judged."""
    claims = [(verified.name, finding) for verified in found for finding in verified.findings]
    missed = [(name, finding) for name, finding in claims if not finding.held]
    begin = f"interrupted: {len(found)} of " if len(found) < presets else ""
    begin += f"{count(presets, 'preset')}, {count(len(claims), 'claim') if claims else 'no claims'}"
    if not missed:
        yield f"{begin}: {len(claims)} held" if claims else begin
    elif len(missed) == 1:
        yield from wrapped(f"{begin}: 1 does not hold: {missed[0][0]}: {missed[0][1].claim.says}", WIDTH)
    else:
        yield f"{begin}: {len(missed)} do not hold:"
        for name, finding in missed:
            yield from wrapped(f"{name}: {finding.claim.says}", WIDTH, "  ")


def record(verified: Verified) -> dict[str, Any]:
    """A preset as `descent verify --json` prints it."""
    claims = [claim_record(finding) for finding in verified.findings]
    return {"name": verified.preset.name, "claims": claims, "file": verified.preset.source, "seeds": list(verified.seeds)}
