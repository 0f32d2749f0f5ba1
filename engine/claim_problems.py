"""Checks that name nothing real: a run, a metric, an epoch or an input that the preset does not have.

A claim that could never be seen is a mistake of the preset, not something that holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.claims import Check, Claim, Measure, parse_at, parse_over
from engine.history import CAPACITY
from engine.measures import METRICS, NUMBERS, VECTORS
from engine.problems import Problem, show
from engine.run import Run
from engine.schema import guess
from engine.series import EVALUATIONS, EXTREMES, ITERATIONS, PLACES, SEVERAL, last_count, unit_of

Found = tuple[str, str]  # a key below the check, and what is wrong with it


def claim_problems(claims: Sequence[Claim], runs: Sequence[Run]) -> list[Problem]:
    """Every check of `claims` that means nothing for these runs."""
    return [
        Problem(f"claim[{i}].check[{j}]{'.' if key else ''}{key}", message)
        for i, claim in enumerate(claims, 1)
        for j, check in enumerate(claim.check, 1)
        for key, message in check_problems(check, runs)
    ]


def check_problems(check: Check, runs: Sequence[Run]) -> list[Found]:
    """What is wrong with a check for these runs; empty where it can be seen."""
    found = [*_run_problems("run", check.run, runs)]
    if found:
        return found
    run = _run_of(check.run, runs)
    if check.stopped is not None:
        return [*_where(check, "stopped"), *_stop_problems(check, run)]
    if check.closed_form is not None:
        return [*_where(check, "closed_form"), *_closed_form_problems(run)]
    if check.falls is not None or check.same_as is not None:
        found += _stretch_problems(check, run, runs)
    else:
        found += _measure_problems(check, run, runs)
    for key, side in check.other_sides:
        if isinstance(side, Measure):
            wrong = [*_run_problems("run", side.run, runs)] or _measure_problems(side, _run_of(side.run, runs), runs)
            found += [(f"{key}.{below}", message) for below, message in wrong]
        if not found:
            own, other = _length(check, run), _length(side, _run_of(side.run, runs) if isinstance(side, Measure) else run)
            if other not in (1, own):
                found.append((key, f"has {other} numbers and is compared with {own}"))
    return found


def _run_of(name: str | None, runs: Sequence[Run]) -> Run:
    return runs[0] if name is None else next(run for run in runs if run.name == name)


def _run_problems(key: str, name: str | None, runs: Sequence[Run]) -> Iterator[Found]:
    names = [run.name for run in runs]
    if name is None and len(runs) > 1:
        yield key, f"missing: one of {', '.join(names)}"
    elif name is not None and name not in names:
        yield key, f"{show(name)} is not one of {', '.join(names)}.{guess(name, names)}"


def _measure_problems(measure: Measure, run: Run, runs: Sequence[Run]) -> list[Found]:
    metric = measure.metric
    found = [*_metric_problems(measure, run)]
    if found:
        return found
    if metric in NUMBERS:
        for key in ("at", "over", "take"):
            if _has(measure, key):
                found.append((key, f"{metric} is one number of the whole run: take {key} out"))
    elif measure.over is not None and measure.take is None:
        found.append(("take", "missing: what is made of the stretch, such as mean or max"))
    elif measure.at is None and measure.over is None:
        found.append(("at", "missing: one of initial, final, best, restored, epoch:N, iteration:N; or over, a stretch"))
    if metric in VECTORS:
        found += _vector_problems(measure, run)
    else:
        for text in measure.points if metric not in NUMBERS else ():
            found += _point_problems(text, measure, run)
        if measure.over is not None and metric not in NUMBERS:
            found += _over_problems("over", measure, measure.over, run, measure.take)
    if isinstance(plus := measure.added, Measure):
        wrong = [*_run_problems("run", plus.run, runs)]
        wrong = wrong or _measure_problems(plus, _run_of(plus.run, runs), runs)
        found += [(f"plus.{key}", message) for key, message in wrong]
    if not found and (added := _length(plus, run)) not in (1, _length(measure, run)):
        found.append(("plus", f"has {added} numbers and is added to {_length(measure, run)}"))
    return found


def _has(measure: Measure, key: str) -> bool:
    return getattr(measure, key) is not None


def _metric_problems(measure: Measure, run: Run) -> Iterator[Found]:
    metric, facts, surface = measure.metric, run.facts, run.surface
    if metric not in METRICS:
        yield "metric", f"{show(metric)} is not one of {', '.join(sorted(METRICS))}.{guess(str(metric), METRICS)}"
        return
    kind = "a surface" if surface is not None else "classes" if facts.classes else "regression"
    unknown: str | None = None
    if surface is not None:
        unknown = None if metric in (*PLACES, "train_loss", "batch_loss", *ITERATIONS[2:], *NUMBERS, *VECTORS) else kind
    elif metric in PLACES:
        unknown = "a network: only a surface has a place"
    elif (metric.endswith("accuracy") and not facts.classes) or (metric.endswith(("_r2", "_error")) and facts.classes):
        unknown = kind
    elif (metric.startswith("validation") or metric == "gap") and not facts.validation:
        unknown = "data without validation samples"
    if unknown is not None:
        yield "metric", f"{metric} does not exist for {run.source.name}, which is {unknown}"
    if _has(measure, "axis") and (surface is None or metric not in ("position", "side")):
        yield "axis", f"means nothing for {metric}: it is for position or side"
    elif surface is not None and (measure.axis or 0) >= len(surface.axes):
        yield "axis", f"{measure.axis} is not an axis of {run.source.name}"
    for key, of in (("input", "prediction"), ("index", "weight or gradient")):
        if _has(measure, key) and metric not in of.split(" or "):
            yield key, f"means nothing for {metric}: it is for {of}"


def _vector_problems(measure: Measure, run: Run) -> Iterator[Found]:
    metric = measure.metric
    words = ("final",) if metric == "gradient" else ("initial", "final", "restored")
    if measure.over is not None or measure.at not in words:
        yield "at", f"of a {metric}, one of {', '.join(words)}: others are not kept"
    if measure.at == "restored":
        yield from _restored_problems(run)
    if metric == "prediction":
        if measure.input is None:
            yield "input", f"missing: a list of {run.facts.features} numbers, or a list of such lists"
            return
        given: Any = measure.input
        rows = given if given and all(isinstance(row, tuple) for row in given) else (given,)
        for row in rows:
            if any(isinstance(entry, tuple) for entry in row) or len(row) != run.facts.features:
                yield "input", f"{run.source.name} takes {run.facts.features} numbers a row"
                return
        if run.surface is None and run.sizes[-1] != 1:
            yield "metric", f"a prediction is one number, and {run.source.name} has {run.sizes[-1]} outputs"
    elif measure.index is not None and measure.index >= run.parameters:
        yield "index", f"{measure.index}: there are {run.parameters} parameters, counted from 0"


def _restored_problems(run: Run) -> Iterator[Found]:
    rule = run.training.early_stopping
    if rule is None or not rule.restore_best:
        yield "at", "nothing is restored without [training.early_stopping] and restore_best"


def _point_problems(text: str, measure: Measure, run: Run) -> Iterator[Found]:
    at, metric = parse_at(text), measure.metric
    by_iteration = metric in ITERATIONS
    if at.kind in ("best", "restored") and metric not in (*EVALUATIONS, "gap"):
        yield "at", f"{metric} is not known there"
    elif at.kind == "restored":
        yield from _restored_problems(run)
    elif at.kind == "initial" and by_iteration:
        yield "at", f"{metric} does not exist before the first iteration"
    elif at.kind == "epoch":
        if by_iteration:
            yield "at", f"{metric} is known after each iteration: write iteration:N"
        elif at.number > run.epochs:
            yield "at", f"there is no epoch {at.number}: the run has {run.epochs}"
    elif at.kind == "iteration":
        yield from _per_iteration("at", measure, run)
        most = _most("iteration", run)
        if at.number > most:
            yield "at", f"there is no iteration {at.number}: the run has {most}"
    if at.kind in ("epoch", "iteration") and metric not in PLACES:
        yield from _kept("at", at.kind, at.number, run)


def _per_iteration(key: str, measure: Measure, run: Run) -> Iterator[Found]:
    """What keeps a metric from being known after every iteration."""
    if measure.metric in ITERATIONS or run.surface is not None:
        return
    if measure.metric != "train_loss":
        yield key, f"{measure.metric} is known after each epoch only"
    elif run.training.evaluate != "iteration":
        yield key, 'train_loss is known after each epoch only, unless training.evaluate = "iteration"'


def _over_problems(key: str, measure: Measure, text: str, run: Run, take: str | None = None) -> Iterator[Found]:
    over = parse_over(text)
    unit = unit_of(measure, over)
    wrong = [*_per_iteration(key, measure, run)] if unit == "iteration" else []
    if unit != "iteration" and measure.metric in ITERATIONS:
        wrong.append((key, f"{measure.metric} is known after each iteration: write iterations:..."))
    most = _most(unit, run)
    if over.unit != "last" and max(over.first, over.last or 0) > most:
        wrong.append((key, f"there is no {unit} {max(over.first, over.last or 0)}: the run has {most}"))
    yield from wrong
    if wrong:
        return
    least = 1 if measure.metric in ITERATIONS else 0
    last = most if over.last is None else over.last
    first = max(least, over.first) if over.unit != "last" else max(1, most - last_count(over.share, most) + 1)
    if last < first:
        yield key, f"{measure.metric} does not exist before the first iteration"
    elif first == last and take in SEVERAL:
        yield key, f"{text} is one {unit}, and {take} needs several"
    elif measure.metric not in PLACES and not (take in EXTREMES and first <= 1 and over.last is None):
        yield from _kept(key, unit, first, run)


def _most(unit: str, run: Run) -> int:
    """How many epochs or iterations a run has."""
    return run.epochs * (run.iterations_per_epoch() if unit == "iteration" else 1)


def _kept(key: str, unit: str, first: int, run: Run) -> Iterator[Found]:
    """What a run is too long for: an epoch or iteration that is no longer kept by itself when it ends."""
    most = _most(unit, run)
    if most > CAPACITY and first <= most - CAPACITY:
        yield key, f"of {most} {unit}s only the last {CAPACITY} are kept one by one, and {unit} {first} is none of them"


def _stretch_problems(check: Check, run: Run, runs: Sequence[Run]) -> list[Found]:
    """`falls` and `same_as`, which look at a whole series."""
    found = [*_metric_problems(check, run)]
    if found:
        return found
    if check.metric in (*NUMBERS, *VECTORS):
        return [("metric", f"{check.metric} is no series over the run")]
    found += _where(check, check.relation, keep=("metric", "over", "axis"))
    unit = "iteration" if check.metric in ITERATIONS or check.falls == "update" else "epoch"
    if check.falls == "update":
        found += _per_iteration("falls", check, run)
    elif check.falls == "epoch" and check.metric in ITERATIONS:
        found.append(("falls", f'{check.metric} is known after each iteration: write "update"'))
    if check.falls is not None:
        over = f"{unit}s:0-" if check.over is None else check.over
        if not found and run.surface is None and parse_over(over).unit not in (unit, "last"):
            found.append(("over", f'is counted in {unit}s for falls = "{check.falls}": write {unit}s:...'))
        return found or [*_over_problems("over", check, over, run, "changes")]
    other = check.same_as
    assert other is not None
    wrong = [*_run_problems("run", check.run if other.run is None else other.run, runs)]
    mine = check.over or other.over or f"{unit}s:0-"
    found += _over_problems("over", check, mine, run)
    if not wrong:
        theirs = _run_of(check.run if other.run is None else other.run, runs)
        wrong = [*_metric_problems(check, theirs)] or [*_over_problems("over", check, other.over or mine, theirs)]
    found += [(f"same_as.{key}", message) for key, message in wrong]
    if not found and parse_over(mine).unit != parse_over(other.over or mine).unit:
        found.append(("same_as.over", f"{show(other.over)} is counted in another way than {show(mine)}"))
    if other.run in (None, check.run, run.name) and other.over in (None, check.over):
        found.append(("same_as", "compares a run with itself"))
    return found


def _where(check: Check, relation: str, keep: tuple[str, ...] = ()) -> list[Found]:
    """Keys that say which number is meant, and mean nothing for this relation."""
    keys = [
        key for key in ("metric", "at", "over", "take", "input", "index", "axis") if key not in keep and _has(check, key)
    ]
    return [(key, f"means nothing for {relation}: take it out") for key in keys]


def _stop_problems(check: Check, run: Run) -> Iterator[Found]:
    training = run.training
    needs = {
        "early_stopping": (training.early_stopping is not None, "[training.early_stopping]"),
        "out_of_memory": (training.memory_limit is not None, "training.memory_limit"),
    }
    there, table = needs.get(str(check.stopped), (True, ""))
    if not there:
        yield "stopped", f'a run cannot end with "{check.stopped}" without {table}'


def _closed_form_problems(run: Run) -> Iterator[Found]:
    optimizer, schedule = run.training.optimizer, run.training.schedule
    if run.surface is None or not run.surface.curvatures:
        yield "closed_form", f"{run.source.name} has none: it exists for valley and ravine"
    elif optimizer.name != "sgd" or optimizer.weight_decay or schedule.name != "constant" or schedule.warmup_iterations:
        yield "closed_form", "holds for sgd at a constant rate without weight decay"


def _length(side: float | tuple[float, ...] | Measure, run: Run) -> int:
    """How many numbers a side gives."""
    if isinstance(side, tuple):
        return len(side)
    if not isinstance(side, Measure):
        return 1
    if side.metric == "prediction":
        rows: Any = side.input
        return len(rows) if isinstance(rows[0], tuple) else 1
    if side.metric in ("weight", "gradient"):
        return run.parameters if side.index is None else 1
    return max(1, len(side.points))
