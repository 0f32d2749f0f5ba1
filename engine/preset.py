"""Preset files: one lesson scenario in TOML, read into frozen runs.

A preset has one base configuration and, for a comparison, a list of runs that each overlay a part of it. The command
line's `--set` and the form on the screen are overlays of the same kind, made by the same function.
"""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import presets
from engine.datasets import DATASETS, Data
from engine.layers import Architecture
from engine.losses import fitting_losses
from engine.problems import PresetError, Problem, find_problems, show
from engine.ranges import STRICT, Range
from engine.run import Run, Seed, Training
from engine.schema import Document, all_keys, guess

MOST_RUNS = 24  # of one comparison: more cannot be told apart
RUN_TABLES = ("seed", "data", "network", "training")
TAGGED = ("data", "training.optimizer")  # tables whose `name` decides what their other keys are
OPTIONAL = ("training.divergence",)  # tables that `false` removes


@dataclass(frozen=True, kw_only=True)
class Show:
    """The `[show]` table: how a run is watched. None of it changes a number.

    `seconds` a watched run takes at the default pace; `second` is what the second plot shows: accuracy for classes, the
    fitted line or the mean absolute error for regression.
    """

    seconds: Annotated[float, Range(0.0, 3600.0)] = 15.0
    loss_axis: Literal["linear", "log"] = "linear"
    second: Literal["accuracy", "fit", "error"] | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True, kw_only=True)
class Question:
    """A `[[question]]`: what the learner is asked, and the answer that a key uncovers."""

    asks: str
    answer: str
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Everything that a preset file may say but its `[[run]]`s."""

    title: str = ""
    lesson: str = "Own presets"
    order: int = 1000
    summary: str = ""
    story: str = ""
    things_to_try: tuple[str, ...] = ()
    seed: Seed = 0
    data: Data
    network: Architecture = field(default_factory=Architecture)
    training: Training = field(default_factory=Training)
    show: Show = field(default_factory=Show)
    question: tuple[Question, ...] = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class Preset:
    """A preset that has been read and found right: `sheet` says what is shown, `runs` what is trained.

    `documents` are the tables that each run was made of, for further overlays.
    """

    name: str
    source: str
    sheet: Sheet
    runs: tuple[Run, ...]
    documents: tuple[Document, ...]

    @property
    def title(self) -> str:
        """The title, or the name where the file gives none."""
        return self.sheet.title or self.name

    @property
    def second(self) -> str:
        """What the second plot shows: 'accuracy', 'fit' or 'error'."""
        return self.sheet.show.second or default_second(self.runs[0])


def default_second(run: Run) -> str:
    """What the second plot shows where the preset does not say."""
    return "accuracy" if run.data.facts().classes else "error"


def load_preset(source: str | Path, settings: Iterable[tuple[str, Sequence[Any]]] = (), seed: int | None = None) -> Preset:
    """Read a preset that comes with descent (by name) or a file (a path), overlaid with `settings`.

    A setting is a dotted key and its values; more than one value makes a comparison. Raises PresetError with every problem
    of the file and the settings; FileNotFoundError where there is no such preset or file.
    """
    name = str(source)
    if "/" in name or name.endswith(".toml") or isinstance(source, Path):
        path = Path(source)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise PresetError(name, [Problem("", f"not a text file in UTF-8 (byte {error.start})")]) from None
        return parse_preset(text, path.stem, name, settings, seed)
    return parse_preset(presets.text(name), name, f"presets/{name}.toml", settings, seed)


def parse_preset(
    text: str, name: str, source: str, settings: Iterable[tuple[str, Sequence[Any]]] = (), seed: int | None = None
) -> Preset:
    """A preset from its TOML text; `name` and `source` are what errors and runs call it."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # beside TOML's own: a number of 5000 digits, tables 5000 deep
        raise PresetError(source, [Problem("", f"not valid TOML: {error}")]) from None
    overlays = document.pop("run", [])
    problems = _misplaced_tables(text) if overlays else []
    if not isinstance(overlays, list) or not all(isinstance(entry, dict) for entry in overlays):
        raise PresetError(source, [Problem("run", "runs are written as [[run]], in double brackets")])
    settings = [*settings, *([("seed", [seed])] if seed is not None else [])]
    for key, _ in settings:
        if key.partition(".")[0] == "run":
            problems.append(Problem(key, "cannot be set: set the key itself and it holds for every run"))
    settings = _names_first([(key, values) for key, values in settings if key.partition(".")[0] != "run"])
    document = overlay(document, *(nest(key, values[0]) for key, values in settings))
    sheet, found = _read(Sheet, document)
    problems += found
    documents, names = _run_documents(document, overlays, settings, name)
    runs = []
    for index, (run_document, run_name) in enumerate(zip(documents, names, strict=True)):
        run, found = _read(Run, {"name": run_name, **run_document})
        if run is not None:
            runs.append(run)
        prefix = f"run[{index + 1}]." if overlays else ""
        known = {(problem.key, problem.message) for problem in problems}
        new = [problem for problem in found if (problem.key, problem.message) not in known]
        problems += [Problem(prefix + problem.key, problem.message) for problem in new]
    if sheet is not None and runs:
        unfit = [_unfit_second(sheet, run) for run in runs]
        problems += unfit[0] if all(unfit) else []  # the runs of a comparison that it does not suit use their default
    problems += [
        Problem("run", f'two runs are named "{twice}"') for twice in sorted({n for n in names if names.count(n) > 1})
    ]
    if len(names) > MOST_RUNS:
        problems.append(Problem("run", f"{len(names)} runs; at most {MOST_RUNS} can be compared"))
    if sheet is None or problems:
        raise PresetError(source, problems)
    return Preset(name, source, sheet, tuple(runs), tuple(documents))


def read_run(document: Document, name: str) -> Run:
    """The run that these tables describe; raises PresetError with every problem."""
    run, problems = _read(Run, {"name": name, **{key: document[key] for key in RUN_TABLES if key in document}})
    if run is None:
        raise PresetError(name, problems)
    assert isinstance(run, Run)
    return run


def overlay(base: Document, *extras: Document) -> Document:
    """`base` with the tables of each of `extras` laid over it, as a new document.

    Naming another `name` in a tagged table replaces the whole table by that tag's defaults; lists are replaced whole;
    `false` removes an optional table. A loss or second plot that does not exist for a newly named data set is left to
    its default, unless the same overlay names it.
    """
    result = deepcopy(base)
    for extra in extras:
        before = _data_name(result)
        _lay(result, extra, "")
        if _data_name(result) != before:
            _forget_unfit(result, extra)
    return result


def _lay(target: Document, extra: Document, above: str) -> None:
    for key, value in extra.items():
        path = f"{above}.{key}" if above else key
        old = target.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            if path in TAGGED and "name" in value and value["name"] != old.get("name"):
                target[key] = deepcopy(value)
            else:
                _lay(old, value, path)
        elif value is False and path in OPTIONAL:
            target.pop(key, None)
        else:
            target[key] = deepcopy(value)


def _data_name(document: Document) -> Any:
    data = document.get("data")
    return data.get("name") if isinstance(data, dict) else None


def _forget_unfit(document: Document, extra: Document) -> None:
    name = _data_name(document)
    if not isinstance(name, str) or name not in DATASETS:
        return
    classes = DATASETS[name]().facts().classes
    training, shown = document.get("training"), document.get("show")
    if isinstance(training, dict) and "loss" not in extra.get("training", {}):
        if training.get("loss") not in fitting_losses(classes):
            training.pop("loss", None)
    if isinstance(shown, dict) and "second" not in extra.get("show", {}):
        shown.pop("second", None)


def nest(key: str, value: Any) -> Document:
    """{'a': {'b': value}} for 'a.b'."""
    *above, last = key.split(".")
    document: Document = {last: value}
    for part in reversed(above):
        document = {part: document}
    return document


def _names_first(settings: list[tuple[str, Sequence[Any]]]) -> list[tuple[str, Sequence[Any]]]:
    """Settings that name a table before those of its other keys: a table is emptied when it is given another name."""
    return sorted(settings, key=lambda setting: not setting[0].endswith(".name"))


def parse_setting(text: str) -> tuple[str, list[Any]]:
    """`training.epochs=3`, or `...=0.1,0.01` for several values, as a key and its values. Raises ValueError.

    Values are TOML; a word that is not, such as adam, is taken as text.
    """
    key, equals, values = text.partition("=")
    key = key.strip()
    if not equals or not key or not values.strip():
        raise ValueError(f"{show(text)} is not KEY=VALUE, such as training.epochs=3")
    known = list(all_keys(Sheet))
    if key not in known and key.partition(".")[0] not in ("run",):
        same_end = [other for other in known if other.rpartition(".")[2] == key.rpartition(".")[2]]
        near = f' Did you mean "{same_end[0]}"?' if same_end else guess(key, known)
        raise ValueError(f"{show(key)} is no setting.{near}")
    return key, [_toml_value(part) for part in _split(values)]


def _split(text: str) -> list[str]:
    """Cut at commas that are outside of brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if character == "," and not depth and not quote:
            parts.append("")
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        else:
            depth += (character in "[{") - (character in "]}")
        parts[-1] += character
    return [part.strip() for part in parts]


def _toml_value(text: str) -> Any:
    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return document["value"] if len(document) == 1 else text


def _run_documents(
    base: Document, overlays: list[Document], settings: list[tuple[str, Sequence[Any]]], name: str
) -> tuple[list[Document], list[str]]:
    """The tables of every run and its name: each [[run]] (or the one run), times every combination of several values."""
    several = [key for key, values in settings if len(values) > 1]
    combinations = list(itertools.product(*(values for _, values in settings)))
    documents, names = [], []
    for index, extra in enumerate(overlays or [{}]):
        own = dict(extra)
        own_name = str(own.pop("name", f"run {index + 1}")) if overlays else ""
        for combination in combinations:
            chosen = [(key, value) for (key, _), value in zip(settings, combination, strict=True)]
            document = overlay(base, own, *(nest(key, value) for key, value in chosen))
            documents.append({key: value for key, value in document.items() if key in RUN_TABLES})
            unknown = {key: value for key, value in own.items() if key not in RUN_TABLES}
            documents[-1].update(unknown)  # left in, so that it is reported
            varied = ", ".join(_called(key, value) for key, value in chosen if key in several)
            names.append(", ".join(part for part in (own_name, varied) if part) or name)
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
    """`document` as a `cls`, or None and why not."""
    from pydantic import ValidationError

    try:
        # as JSON, since pydantic's strict dataclasses take no plain dicts; dates become text and are refused as such
        return _adapter(cls).validate_json(json.dumps(document, default=str)), []
    except ValidationError as error:
        return None, find_problems(error, cls, document)


def _unfit_second(sheet: Sheet, run: Run) -> list[Problem]:
    second, facts = sheet.show.second, run.data.facts()
    if second is None or (second == "accuracy") == bool(facts.classes):
        if second == "fit" and facts.features != 1:
            return [Problem("show.second", f'"fit" draws a line over one input; {run.data.name} has {facts.features}')]
        return []
    kind = "classes: accuracy" if facts.classes else "regression: fit or error"
    return [Problem("show.second", f"{show(second)} does not exist for {run.data.name}, which is {kind}")]


def _misplaced_tables(text: str) -> list[Problem]:
    """Base tables that stand below the first [[run]], where a reader takes them for a part of that run."""
    import tomlkit

    problems, seen_run = [], False
    for key, _ in tomlkit.parse(text).body:
        name = key.key if key is not None else ""
        seen_run = seen_run or name == "run"
        if seen_run and name in (*RUN_TABLES, "show"):
            problems.append(Problem(name, f"[{name}] stands below [[run]]: move it above, or write run.{name} for one run"))
    return problems
