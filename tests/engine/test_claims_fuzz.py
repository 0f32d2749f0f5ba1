"""Claims that nobody would write: what is wrong is told in one line a problem, and what is let through can be judged."""

import math
from dataclasses import fields
from functools import cache

import tomlkit
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.claims import RELATIONS, Check
from engine.judging import judge
from engine.preset import PresetError, parse_preset
from engine.series import TAKES
from engine.trainer import Trainer

PRESETS = {
    "network": 'title = "t"\n[data]\nname = "moons"\nsamples = 12\nvalidation = 6\n[network]\nhidden = [2]\n'
    '[training]\nepochs = 3\nbatch_size = 5\nevaluate = "iteration"\n[training.early_stopping]\npatience = 1\n',
    "runs": 'title = "t"\n[data]\nname = "rows"\ninputs = [[1], [2], [3]]\ntargets = [1, 2, 3]\nvalidation = 1\n'
    '[network]\nhidden = []\n[training]\nepochs = 2\nmemory_limit = "2 KiB"\n[[run]]\nname = "a"\n'
    '[[run]]\nname = "b"\ntraining.memory_limit = "20 B"\n[[run]]\nname = "c"\ntraining.optimizer.learning_rate = 999\n',
    "surface": 'title = "t"\n[surface]\nname = "ravine"\nsteps = 4\n',
}
METRICS = ["train_loss", "validation_loss", "gap", "batch_loss", "train_accuracy", "validation_r2", "position", "side"]
METRICS += ["iterations", "memory_bytes", "weight", "gradient", "prediction", "distance", "penalty", "epochs_run"]
POINTS = ["initial", "final", "best", "restored", "epoch:1", "epoch:2", "epoch:3", "iteration:1", "iteration:4", "epoch:9"]
OVERS = ["epochs:0-", "epochs:1-2", "epochs:2-3", "iterations:0-", "iterations:1-3", "last:0.5", "last:0.01", "epochs:0-0"]
NUMBERS = st.floats() | st.integers(-3, 10**30) | st.sampled_from([0, 1, -1, 0.5, 1e308, -1e308, 1e-320, 10**400])
# anything that TOML can hold; characters that are not text in UTF-8 (halves of pairs) it cannot
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JUNK = st.recursive(
    st.booleans() | NUMBERS | TEXT | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def right_values(sides):
    """Values for each key of a check that are at least of the right kind."""
    rows = st.lists(st.floats(-9, 9), min_size=1, max_size=2)
    side = st.floats(-9, 9) | st.lists(st.floats(-9, 9), max_size=3) | sides
    return {
        "run": st.sampled_from(["a", "b", "c"]),
        "metric": st.sampled_from(METRICS),
        "at": st.sampled_from(POINTS) | st.lists(st.sampled_from(POINTS), max_size=3),
        "over": st.sampled_from(OVERS),
        "take": st.sampled_from(list(TAKES)),
        "input": rows | st.lists(rows, max_size=2),
        "index": st.integers(0, 20),
        "axis": st.integers(0, 1),
        "times": NUMBERS,
        "plus": side,
        "above": side,
        "below": side,
        "between": st.lists(side, min_size=1, max_size=3),
        "equals": side,
        "tolerance": st.floats(0, 2),
        "within_factor": st.floats(1, 9),
        "of": side,
        "falls": st.sampled_from(["epoch", "update"]),
        "slack": st.floats(0, 2),
        "same_as": st.fixed_dictionaries({}, optional={"run": st.sampled_from(["a", "b"]), "over": st.sampled_from(OVERS)}),
        "closed_form": st.just(1e-9),
        "stopped": st.sampled_from(["completed", "early_stopping", "diverged", "out_of_memory", "interrupted"]),
    }


def tables(values, names, most=3):
    optional = {name: values[name] for name in names}
    return st.fixed_dictionaries({}, optional=optional).map(lambda table: dict(list(table.items())[:most]))


PLAIN = right_values(st.nothing())
SIDE_KEYS = ["run", "metric", "at", "over", "take", "times", "plus", "input", "index", "axis"]
SIDES = st.recursive(
    tables(PLAIN, SIDE_KEYS),
    lambda inner: st.builds(lambda table, plus: table | {"plus": plus}, tables(PLAIN, SIDE_KEYS), inner),
    max_leaves=3,
)
RIGHT = right_values(SIDES)


KINDS = st.sampled_from(list(PRESETS))
FITTING = {
    "network": ["train_loss", "validation_loss", "gap", "batch_loss", "train_accuracy", "iterations", "weight", "gradient"],
    "runs": [
        "train_loss",
        "validation_loss",
        "train_r2",
        "update_norm",
        "prediction",
        "memory_bytes",
        "weight",
        "epochs_run",
    ],
    "surface": ["train_loss", "position", "side", "distance", "batch_loss", "penalty", "weight", "prediction"],
}


@st.composite
def checks(draw, kind):
    """A check that is mostly right: a metric that exists, somewhere in the run, and a relation."""
    metric = draw(st.sampled_from(FITTING[kind]))
    table = {"metric": metric} | ({"run": draw(RIGHT["run"])} if kind == "runs" else {})
    by_iteration = metric in ("batch_loss", "update_norm", "penalty")
    if metric == "prediction":
        table["input"] = [1.0] if kind == "runs" else draw(st.sampled_from([[1.0, 2.0], [[1.0, 2.0], [0.0, 0.0]]]))
    if metric in ("weight", "gradient") and draw(st.booleans()):
        table["index"] = draw(st.integers(0, 2))
    relation = draw(st.sampled_from(RELATIONS[:5] if metric in METRICS[-8:] and draw(st.booleans()) else RELATIONS))
    over = draw(st.sampled_from([over for over in OVERS if over.startswith(("last", "iter" if by_iteration else "epoch"))]))
    if relation in ("falls", "same_as"):
        table |= {"over": over} if draw(st.booleans()) else {}
    elif metric in ("weight", "gradient", "prediction"):
        table["at"] = "final" if metric == "gradient" else draw(st.sampled_from(["initial", "final"]))
    elif metric not in ("iterations", "memory_bytes", "epochs_run") and draw(st.booleans()):
        table |= {"over": over, "take": draw(RIGHT["take"])}
    elif metric not in ("iterations", "memory_bytes", "epochs_run"):
        points = [point for point in POINTS if not point.startswith("epoch" if by_iteration else "iter")]
        table["at"] = draw(st.sampled_from(points) | st.lists(st.sampled_from(points[:3]), min_size=1, max_size=2))
    if relation in ("closed_form", "stopped"):
        table = {key: table[key] for key in table if key == "run"}
    table[relation] = draw(RIGHT[relation])
    if relation in RELATIONS[:5] and draw(st.booleans()):
        side = st.floats(-2, 2) | st.sampled_from([{"times": 2}, {"plus": 1, "times": -0.5}, {"plus": {"times": 2}}])
        table[relation] = draw(st.lists(side, min_size=2, max_size=2) if relation == "between" else side)
    if relation == "within_factor":
        table |= {"within_factor": 2, "of": draw(RIGHT["of"])}
    for key in draw(st.lists(st.sampled_from(["plus", "times", "axis", "tolerance", "slack"]), max_size=1)):
        table[key] = draw(RIGHT[key])
    return table


@st.composite
def spoilt_claims(draw, kind):
    """A claim of which something may be anything at all."""
    table = draw(checks(kind))
    claim = {"says": "x", "check": [table]}
    keys = [entry.name for entry in fields(Check)] + ["abuv", ""]
    for _ in range(draw(st.integers(0, 2))):
        target = draw(st.sampled_from(["claim", "check", "side"]))
        if target == "claim":
            key = draw(st.sampled_from(["says", "lesson_says", "source", "verdict", "in_seeds", "check", "sais"]))
            claim[key] = draw(JUNK | TEXT)
        elif target == "check":
            table[draw(st.sampled_from(keys))] = draw(JUNK)
        else:
            table[draw(st.sampled_from(["above", "plus", "same_as"]))] = {draw(st.sampled_from(keys)): draw(JUNK)}
    return claim


def written(kind, claim):
    """A preset with this claim, as TOML."""
    return PRESETS[kind] + "\n" + tomlkit.dumps({"claim": [claim]})


@cache
def moments(kind):
    """Trainers of the preset's runs: before training, in its midst, over, broken off."""
    preset = parse_preset(PRESETS[kind], "p", "p.toml")
    found = []
    for steps, broken in ((0, False), (2, False), (99, False), (2, True)):
        trainers = [Trainer(run) for run in preset.runs]
        for trainer in trainers:
            for _ in range(steps):
                if not trainer.done:
                    trainer.step()
            if broken:
                trainer.interrupt()
        found.append(trainers)
    return found


FUZZ = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@FUZZ
@given(case=KINDS.flatmap(lambda kind: st.tuples(st.just(kind), spoilt_claims(kind))))
@example(case=("surface", {"says": "x", "check": [{"metric": "position", "at": [], "above": 0}]}))
@example(case=("surface", {"says": "x", "check": [{"metric": "position", "at": "final", "above": math.nan}]}))
@example(case=("surface", {"says": "x", "check": [{"metric": "position", "at": "final", "above": {"take": "mean"}}]}))
@example(case=("surface", {"says": "x\x1b[2J", "check": [{"metric": "position", "at": "final", "above": 0}]}))
@example(case=("surface", {"says": "x", "check": [{"metric": "\x1b[2J\n", "at": "a\nb", "above": 0}]}))
@example(case=("surface", {"says": "x", "check": {"metric": "position"}}))
def test_a_preset_with_a_spoilt_claim_is_read_or_refused_in_lines_that_name_the_file_and_the_key(case):
    kind, claim = case
    try:
        text = written(kind, claim)
    except Exception:  # what TOML itself has no way to write
        return
    preset, error = read(text)
    if preset is not None:
        judged(preset.sheet.claim, kind)
        return
    assert str(error).startswith("p.toml: ")
    for problem in error.problems:
        assert problem.message.isprintable() and 0 < len(problem.message) < 700, repr(problem)
        assert problem.key.startswith("claim") or not problem.key
    lines = str(error).split("\n")
    assert len(lines) == len(error.problems) + 1 and all(line.isprintable() for line in lines)


def read(text):
    """The preset of a text, or why it is none."""
    try:
        return parse_preset(text, "p", "p.toml"), None
    except PresetError as error:
        return None, error


@FUZZ
@given(case=KINDS.flatmap(lambda kind: st.tuples(st.just(kind), checks(kind))))
def test_what_is_accepted_can_be_judged_at_any_time(case):
    kind, table = case
    preset, _ = read(written(kind, {"says": "x", "check": [table]}))
    judged(preset.sheet.claim if preset else (), kind)


def judged(claims, kind):
    for claim in claims:
        before, midst, over, broken = (judge(claim, trainers) for trainers in moments(kind))
        assert over.held is not None, over.saw
        assert before.held in (None, midst.held) and midst.held in (None, over.held)
        assert broken.held is midst.held
        for seen in (before, midst, over, broken):
            assert seen.saw.isprintable() and seen.saw
            assert (seen.held is None) <= (seen.decided < seen.checks)


def test_the_fuzz_lets_enough_through_to_say_something():
    found = []

    @settings(FUZZ, database=None, derandomize=True)
    @given(case=KINDS.flatmap(lambda kind: st.tuples(st.just(kind), checks(kind))))
    def count(case):
        kind, table = case
        preset, _ = read(written(kind, {"says": "x", "check": [table]}))
        found.append(judge(preset.sheet.claim[0], moments(kind)[2]).held if preset else None)

    count()
    assert found.count(True) > 10 and found.count(False) > 10, found
