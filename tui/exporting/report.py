"""A report in Markdown: the picture, how it ended, what was changed, and what became of the claims with their numbers.

Nothing in it that a teacher's preset hides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.live import PACE
from tui import form
from tui.comparing.results import results
from tui.figures import count, printable
from tui.hidden import WORD
from tui.keyboard.named import named
from tui.panes.lesson import FARES, MARKS, Seen
from tui.session import Session
from tui.words import outcome

NAMES = {True: "held", False: "did not hold", None: "not seen"}


def report_lines(
    session: Session, claims: Sequence[Seen], verdict: Sequence[str] = (), picture: str = "", written: str = ""
) -> Iterator[str]:
    """The report. `claims` as the lesson shows them, `verdict` what the curves say, line by line; `picture` is the file of
    one, `written` says when and by what."""
    preset = session.preset
    yield f"# {plain(preset.title)}"
    yield ""
    yield plain(preset.sheet.summary) or f"Preset {plain(preset.name)}."
    if written:
        yield from ("", f"{plain(written)}")
    if picture:
        yield from ("", f"![The screen of the lab](<{picture}>)")
    yield from ("", "## How it ended" if session.done else "## How far it is", "")
    yield from _outcome(session)
    if verdict:
        yield from ("", "## What the curves say", "", *map(plain, verdict))
    yield from ("", "## Settings", "")
    yield from _settings(session)
    yield from _changes(session)
    yield from _claims(session, claims)


def _outcome(session: Session) -> Iterator[str]:
    trainer = session.trainer
    if session.done and session.steps:
        yield plain(outcome.outcome(session)[-1])
    elif session.done:
        yield plain(outcome.refusal(session)[0])
    else:
        covered = session.hidden.setting("epochs", "steps")
        of = "" if covered else f" of {trainer.epochs}"
        yield f"Epoch {trainer.epoch}{of}, iteration {trainer.iteration}."
    if not session.steps:
        return
    found = results(session)
    seen = ("validation loss",) if found.validation else ()
    yield ""
    yield from _table(
        ["run", "training loss", *seen, found.quality, f"best ({found.unit})", "iterations", "seconds", "ending"],
        [
            [one.name, one.train, *([one.validation] if seen else []), one.quality, one.best, one.iterations, one.seconds,
             one.ending or ("whole" if session.done else "so far")]
            for one in found.runs
        ],
    )  # fmt: skip
    if found.hidden:
        yield from ("", f"Validation is {WORD}.")


def _settings(session: Session) -> Iterator[str]:
    """Every setting of every run as it was trained; what the preset has, where that differs."""
    hidden, own = session.hidden, session.preset.runs
    runs = [trainer.run for trainer in session.trainers]
    fields = tuple(dict.fromkeys(field for run in runs for field in form.rows_of(run)))
    rows, differ = [], 0
    for field in fields:
        values = [_value(run, field) for run in runs]
        before = [_value(run, field) for run in own]
        changed = values != before
        differ += changed
        said = "" if not changed else WORD if hidden.setting(field.label) else ", ".join(dict.fromkeys(before))
        shown = [hidden.of(field.label, value) for value in values]
        rows.append([field.label + (" \\*" if changed else ""), *shown, said])
    yield f"\\* differs from the preset: {count(differ, 'setting')}." if differ else "As the preset has them."
    yield ""
    head = ["setting", *(run.name for run in runs), *(["the preset has"] if differ else [])]
    yield from _table(head, [each[: len(head)] for each in rows], marked=True)


def _value(run: object, field: form.Field) -> str:
    value = form.value_of(run, field)  # type: ignore[arg-type]  # a run
    return "-" if value is None else form.written(value)


def _changes(session: Session) -> Iterator[str]:
    """What was changed while it trained."""
    said = []
    for trainer in session.trainers:
        for change in trainer.history.changes:
            if change.key != PACE:
                label = change.key.rpartition(".")[2]
                words = f"iteration {change.iteration}: {label} {WORD}" if session.hidden.setting(label) else str(change)
                said.append(f"- {plain(trainer.run.name)}, {plain(words)}")
    if said:
        yield from ("", "Changed while it trained:", "", *said)


def _claims(session: Session, claims: Sequence[Seen]) -> Iterator[str]:
    if not claims:
        return
    yield from ("", f"## Claims{', with these settings' if session.edited else ''}", "")
    if session.hidden.claims:
        yield f"{count(len(claims), 'claim')}, {WORD}."
        return
    for seen in claims:
        said = [f"- {MARKS[seen.held][0]} ({NAMES[seen.held]}): {plain(seen.says)}"]
        if seen.lesson_says:
            fares = plain(FARES.get(seen.verdict, seen.verdict))
            said.append(f'  The lesson: "{plain(seen.lesson_says)}"' + (f": {fares}." if fares else "."))
        said += [f"  {plain(seen.saw)}."] if seen.saw else []
        said += [f"  With many seeds: {plain(seen.seeds)}."] if seen.seeds else []
        yield "\\\n".join(said)  # each on a line of its own


def plain(text: str) -> str:
    """The text on one line, as it stands: nothing in it is taken for Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|#~&])", r"\\\1", printable(" ".join(named(text).split())))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], marked: bool = False) -> Iterator[str]:
    """A table; `marked`: the first column is Markdown already, but for what is in a name."""
    yield f"| {' | '.join(map(plain, head))} |"
    yield f"|{' --- |' * len(head)}"
    for first, *rest in rows:
        begin = first.replace("_", "\\_") if marked else plain(first)
        yield f"| {' | '.join([begin, *map(plain, rest)])} |"
