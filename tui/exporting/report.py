"""A report in Markdown: the picture, how it ended, the settings, what was changed, and what became of the claims.

It ends with the preset as TOML, every default filled in, so that the runs can be trained again from the report alone.
Nothing in it that a teacher's preset hides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.live import PACE
from tui import form
from tui.comparing.compared import changes
from tui.comparing.results import Result, Results, result_of, results
from tui.figures import count, printable
from tui.hidden import WORD
from tui.keyboard.named import named
from tui.panes.lesson import FARES, MARKS, Seen
from tui.session import Session
from tui.words import outcome
from tui.writing.written import toml_text

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
    yield from _kept(session)
    yield from _claims(session, claims)
    yield from _preset(session)


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
    yield ""
    yield from _figures(found, found.runs, ["whole" if one.done else "so far" for one in session.trainers])
    if found.hidden:
        yield from ("", f"Validation is {WORD}.")


def _figures(
    found: Results, runs: Sequence[Result], planned: Sequence[str], apart: tuple[str, Sequence[str]] | None = None
) -> Iterator[str]:
    """A line a run. `planned` says how one stands that did not end early; `apart` is a column more, of the second place."""
    head = ["run", "training loss", "validation loss", found.quality, f"best ({found.unit})"]
    head += ["iterations", "seconds", "ending"]
    rows = [
        [one.name, one.train, one.validation, one.quality, one.best, one.iterations, one.seconds, one.ending or word]
        for one, word in zip(runs, planned, strict=True)
    ]
    if not found.validation:
        for each in (head, *rows):
            del each[2]
    if apart is not None:
        head.insert(1, apart[0])
        for each, words in zip(rows, apart[1], strict=True):
            each.insert(1, words)
    yield from _table(head, rows)


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
    yield from _rows_of_data(session)


def _rows_of_data(session: Session) -> Iterator[str]:
    """How many rows each run trains on and how many it is measured with."""
    if session.hidden.setting("data", "validation") or session.trainer.run.surface is not None:
        return
    said = {}
    for trainer in session.trainers:
        facts = trainer.run.facts
        said[trainer.run.name] = f"{count(facts.samples, 'training row')}, {facts.validation or 'no'} of validation"
    same = len(set(said.values())) == 1
    words = [*said.values()][:1] if same else [f"{plain(name)}: {each}" for name, each in said.items()]
    yield from ("", f"{'; '.join(words)}.")


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


def _kept(session: Session) -> Iterator[str]:
    """The runs that are kept, and how their settings differ from those of the run that took their place."""
    if not session.kept:
        return
    kept, hidden, now = session.kept[::-1], session.hidden, session.now()
    by_name = {one.name: one for one in now}
    after = [by_name.get(one.name.rpartition(" #")[0], now[session.selected]) for one in kept]
    names = [f"{one.name} (ghost {one.mark})" if one.mark else one.name for one in kept]
    rows = [result_of(one, hidden, "", "", name, "") for one, name in zip(kept, names, strict=True)]
    differing = [changes(one, since, hidden) for one, since in zip(kept, after, strict=True)]
    yield from ("", "## Kept runs", "")
    yield from ("Earlier runs, the newest first; an arrow leads from a setting of theirs to that of now.", "")
    yield from _figures(results(session), rows, ["whole"] * len(rows), ("what differs", differing))


def _preset(session: Session) -> Iterator[str]:
    """What trains the same once more."""
    hidden, preset = session.hidden, session.preset
    yield from ("", "## To train it again", "")
    if any(word.startswith("settings.") for word in hidden.words):
        yield "Hidden settings would stand here."
        return
    sheet = replace(preset.sheet, claim=(), question=()) if hidden else preset.sheet  # they tell what is to be seen
    text = toml_text(replace(preset, sheet=sheet, runs=tuple(one.run for one in session.trainers)))
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    changed = any(change.key != PACE for one in session.trainers for change in one.history.changes)
    yield f"Save this as a file: `descent run FILE.toml` trains the same{', but for what was changed on the way' * changed}."
    yield from ("", "<details>", "<summary>The preset, every default filled in</summary>", "")
    yield from (f"{fence}toml", *text.rstrip("\n").split("\n"), fence, "", "</details>")


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
