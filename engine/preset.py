"""Preset files: one lesson scenario in TOML, read into frozen runs.

A preset has one base configuration and, for a comparison, a list of runs that each overlay a part of it. The command
line's `--set` and the form on the screen are overlays of the same kind, made by the same function.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import presets
from engine.as_written import RUN_TABLES as RUN_TABLES
from engine.as_written import count_from, misplaced_tables, shown
from engine.claim_problems import claim_problems
from engine.overlay import copied, nest, overlay, take_out
from engine.problems import DATE, MOST_SAID, PresetError, Problem, find_problems, show
from engine.run import Run
from engine.schema import Document
from engine.sheet import Sheet
from presets.reading import printable, read_text, read_toml

MOST_RUNS = 24  # of one comparison: more cannot be told apart
ROUNDS = 20  # in which mistakes are looked for that only show when others are gone


@dataclass(frozen=True)
class Preset:
    """A preset that has been read and found right: `sheet` says what is shown, `runs` what is trained.

    `documents` are the tables that each run was made of, for further overlays. `text` is what was read, before any setting
    was laid over it, and `folder` where the file lies that it stood in (None: it came from no file of one's own). `changed`
    tells whether settings beside the seed were laid over it: its claims are about what it is without them.
    """

    name: str
    source: str
    sheet: Sheet
    runs: tuple[Run, ...]
    documents: tuple[Document, ...]
    text: str = field(default="", repr=False)
    folder: Path | None = None
    changed: bool = False

    @property
    def title(self) -> str:
        """The title, or the name where the file gives none."""
        return self.sheet.title or self.name

    @property
    def second(self) -> str:
        """What the second plot shows: 'accuracy', 'fit', 'error' or 'surface'."""
        return self.sheet.show.second or default_second(self.runs[0])


def default_second(run: Run) -> str:
    """What the second plot shows where the preset does not say."""
    if run.surface is not None:
        return "surface"
    return "accuracy" if run.facts.classes else "error"


def load_preset(source: str | Path, settings: Iterable[tuple[str, Sequence[Any]]] = (), seed: int | None = None) -> Preset:
    """Read a preset that comes with descent (by name) or a file (a path), overlaid with `settings`.

    A setting is a dotted key and its values; more than one value makes a comparison. A relative `data.file` counts from the
    folder of the preset file that names it, one among the settings from the working folder. Raises PresetError with every
    problem of the file and the settings; FileNotFoundError where there is no such preset or file.
    """
    name = str(source)
    if "/" in name or name.endswith(".toml") or isinstance(source, Path):
        path = Path(source)
        try:
            text = read_text(path)
        except ValueError as error:
            raise PresetError(name, [Problem("", str(error))]) from None
        return parse_preset(text, path.stem, name, settings, seed, path.parent)
    return parse_preset(presets.text(name), name, f"presets/{name}.toml", settings, seed)


def parse_preset(
    text: str,
    name: str,
    source: str,
    settings: Iterable[tuple[str, Sequence[Any]]] = (),
    seed: int | None = None,
    folder: Path | None = None,
) -> Preset:
    """A preset from its TOML text; `name` and `source` are what errors and runs call it, `folder` where it lies."""
    try:
        document = read_toml(text)
    except ValueError as error:
        raise PresetError(source, [Problem("", str(error))]) from None
    if isinstance(record := document.get("record"), dict) and "format" in record:
        del document["record"]  # how and when it was trained: it is run.toml of a run folder (engine/on_disk)
    overlays = document.pop("run", [])
    problems = misplaced_tables(text) if overlays else []
    if not isinstance(overlays, list) or not all(isinstance(entry, dict) for entry in overlays):
        raise PresetError(source, [Problem("run", "runs are written as [[run]], in double brackets")])
    if folder is not None:
        count_from(folder, [document, *overlays], source)
    settings = [*settings, *([("seed", [seed])] if seed is not None else [])]
    planned = math.prod([max(1, len(overlays)), *(len(values) for _, values in settings)])
    overlays, settings = overlays[:MOST_RUNS], [(key, values[: MOST_RUNS + 1]) for key, values in settings]
    for key, values in settings:
        twice = [value for index, value in enumerate(values) if value in values[:index]]
        problems += [Problem(key, f"{show(value)} is given twice") for value in twice[:1]]
        if key.partition(".")[0] == "run":
            problems.append(Problem(key, "cannot be set: set the key itself and it holds for every run"))
    settings = _names_first([(key, values) for key, values in settings if key.partition(".")[0] != "run"])
    sheet, found = _read(Sheet, shown(overlay(document, *(nest(key, values[0]) for key, values in settings))))
    problems += found
    documents, names = _run_documents(document, overlays, settings, name, source)
    runs = []
    known = {(problem.key, problem.message) for problem in problems}
    for index, (run_document, run_name) in enumerate(zip(documents, names, strict=True)):
        run, found = _read(Run, {"name": run_name, **run_document})
        if run is not None:
            runs.append(run)
        prefix = f"run[{index + 1}]." if overlays else ""
        new = [problem for problem in found if (problem.key, problem.message) not in known]
        problems += [Problem(prefix + problem.key, problem.message) for problem in new]
        known |= {(problem.key, problem.message) for problem in new}  # the same mistake is told of the first run alone
    if sheet is not None and runs:
        unfit = [_unfit_second(sheet, run) for run in runs]
        problems += unfit[0] if all(unfit) else []  # the runs of a comparison that it does not suit use their default
    problems += [
        Problem("run", f'two runs are named "{twice}"') for twice in sorted({n for n in names if names.count(n) > 1})
    ]
    if planned > MOST_RUNS:
        problems.append(Problem("run", f"{planned} runs; at most {MOST_RUNS} can be compared"))
    changed = any(key != "seed" or len(values) > 1 for key, values in settings)
    if sheet is not None and not problems and not changed:
        problems += claim_problems(sheet.claim, runs)  # of the file as it is: settings may take away what a claim is about
    if sheet is None or problems:
        raise PresetError(source, problems)
    return Preset(name, source, sheet, tuple(runs), tuple(documents), text, folder, changed)


def read_run(document: Document, name: str) -> Run:
    """The run that these tables describe; raises PresetError with every problem."""
    run, problems = _read(Run, {"name": name, **{key: document[key] for key in RUN_TABLES if key in document}})
    if problems:
        raise PresetError(name, problems)
    assert isinstance(run, Run)
    return run


def read_sheet(document: Document, name: str) -> Sheet:
    """What these tables say beside their `[[run]]`s; raises PresetError with every problem."""
    sheet, problems = _read(Sheet, document)
    if problems:
        raise PresetError(name, problems)
    assert isinstance(sheet, Sheet)
    return sheet


def _names_first(settings: list[tuple[str, Sequence[Any]]]) -> list[tuple[str, Sequence[Any]]]:
    """Settings that name a table before those of its other keys: a table is emptied when it is given another name."""
    return sorted(settings, key=lambda setting: not setting[0].endswith(".name"))


def _run_documents(
    base: Document, overlays: list[Document], settings: list[tuple[str, Sequence[Any]]], name: str, source: str
) -> tuple[list[Document], list[str]]:
    """The tables of every run and its name: each [[run]] (or the one run), times every combination of several values.

    Of too many runs these are the first.
    """
    several = [key for key, values in settings if len(values) > 1]
    combinations = list(itertools.islice(itertools.product(*(values for _, values in settings)), MOST_RUNS))
    documents, names = [], []
    for index, extra in enumerate(overlays or [{}]):
        own = dict(extra)
        own_name = own.pop("name", f"run {index + 1}") if overlays else ""
        if not isinstance(own_name, str):
            raise PresetError(source, [Problem(f"run[{index + 1}].name", f"{show(own_name)} is not text")])
        for combination in combinations:
            chosen = [(key, value) for (key, _), value in zip(settings, combination, strict=True)]
            extras = [nest(key, value) for key, value in chosen]
            # before the run's own tables, so that these are laid over a newly named one; and after, since settings win
            document = overlay(base, *extras, own, *extras)
            documents.append({key: value for key, value in document.items() if key in RUN_TABLES})
            unknown = {key: value for key, value in own.items() if key not in RUN_TABLES}
            documents[-1].update(unknown)  # left in, so that it is reported
            varied = ", ".join(_called(key, value) for key, value in chosen if key in several)
            names.append(printable(", ".join(part for part in (own_name, varied) if part) or name))
            if len(names) == MOST_RUNS:
                return documents, names
    return documents, names


def _called(key: str, value: Any) -> str:
    """What a run is called after the setting that sets it apart: 'learning_rate 0.1', or just 'sgd' for a name."""
    word = value if isinstance(value, str) else show(value)
    last = key.rpartition(".")[2]
    return str(word) if last == "name" else f"{last} {word}"


@cache
def _adapter(cls: type) -> Any:
    """Pydantic's reader of a settings dataclass, made once; importing pydantic takes a while, so it waits until here."""
    from pydantic import TypeAdapter

    return TypeAdapter(cls)


def _read(cls: type, document: Document) -> tuple[Any, list[Problem]]:
    """`document` as a `cls`, and what is wrong with it.

    What is wrong is mended (left out, or taken for what was probably meant) and the rest read again, since some mistakes
    only show when others are gone. The object is of the mended document, None where it could not be mended.
    """
    from pydantic import ValidationError

    problems: list[Problem] = []
    mended = copied(document)
    for _ in range(ROUNDS):
        try:
            # as JSON, since pydantic's strict dataclasses take no plain dicts; JSON has no dates, and no setting is one
            return _adapter(cls).validate_json(json.dumps(mended, default=lambda date: {DATE: str(date)})), problems
        except ValidationError as error:
            # of a list with a wrong entry, which is left out whole, it is not told that it is missing
            known = {problem.key.partition("[")[0] for problem in problems}
            found = [problem for problem in find_problems(error, cls, mended) if problem.key.partition("[")[0] not in known]
        problems += found
        keys = dict.fromkeys(problem.key.partition("[")[0] for problem in found)
        mendable = [take_out(mended, key, cls) for key in keys]
        if not found or len(problems) >= MOST_SAID or not all(mendable):
            break
    return None, problems


def _unfit_second(sheet: Sheet, run: Run) -> list[Problem]:
    second, facts = sheet.show.second, run.facts
    if (second == "surface") != (run.surface is not None) and second is not None:
        kind = f"the surface {run.source.name}: surface" if run.surface else f"{run.source.name}, which is no surface"
        return [Problem("show.second", f"{show(second)} does not exist for {kind}")]
    if run.surface is not None:
        return []
    if second is None or (second == "accuracy") == bool(facts.classes):
        if second == "fit" and facts.features != 1:
            return [Problem("show.second", f'"fit" draws a line over one input; {run.source.name} has {facts.features}')]
        return []
    kind = "classes: accuracy" if facts.classes else "regression: fit or error"
    return [Problem("show.second", f"{show(second)} does not exist for {run.source.name}, which is {kind}")]
