"""`descent new` writes a preset that is right, `descent schema` what an editor needs to see that one is."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import presets
from engine import Trainer, load_preset
from engine.judging import judge
from engine.schema import describe, hints
from engine.sheet import Sheet
from tui import cli
from tui.loading import load
from tui.writing.about_keys import ABOUT
from tui.writing.json_schema import _classes_in, preset_schema
from tui.writing.new_preset import TABLES, new_text

DESCENT = str(Path(sys.executable).with_name("descent"))


def descent(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, list(arguments), prog_name="descent")
    return done.exit_code, done.output


# new ------------------------------------------------------------------------------------------------------------------


def test_a_new_preset_passes_check_and_is_called_after_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = descent("new", "bend.toml")
    assert (code, said.splitlines()[0][:22]) == (0, "bend.toml: written. de")
    assert descent("check", "bend.toml") == (0, "bend.toml: ok\n")
    preset = load("bend.toml")
    assert (preset.title, len(preset.sheet.question), len(preset.sheet.claim)) == ("bend", 1, 1)


def test_what_a_new_preset_claims_and_says_is_so(tmp_path):
    file = tmp_path / "bend.toml"
    file.write_text(new_text("bend"), encoding="utf-8")
    preset = load_preset(file)
    [claim] = preset.sheet.claim
    held = 0
    for seed in range(10):
        trainer = Trainer(replace(preset.runs[0], seed=seed))
        for _ in trainer:
            pass
        held += bool(judge(claim, [trainer]).held)
    assert held >= 9
    assert preset.sheet.question[0].answer.startswith(f"{preset.runs[0].iterations_per_epoch()}: ")


def test_every_key_and_table_that_is_only_shown_is_right_too(tmp_path):
    """All that stands behind a # as an example, taken in."""
    text = new_text("all").partition("# Two runs or more")[0]
    text = re.sub(r"^# (\[[\w.]+\]|\w+ = .*)$", r"\1", text, flags=re.MULTILINE)
    file = tmp_path / "all.toml"
    file.write_text(text, encoding="utf-8")
    preset = load_preset(file)
    training = preset.runs[0].training
    assert training.memory_limit == "512 KiB"
    assert training.early_stopping is not None
    assert training.schedule.name == "cosine"
    assert preset.sheet.show.lock == ("settings.seed",)
    assert preset.sheet.claim[0].verdict == "right"


def test_the_runs_that_are_only_shown_are_right_too(tmp_path):
    above, _, runs = new_text("runs").partition("# Two runs or more")
    file = tmp_path / "runs.toml"
    file.write_text(above.partition("# What is true")[0] + re.sub(r"^# ?", "", runs.partition("\n")[2], flags=re.MULTILINE))
    assert [run.training.optimizer.learning_rate for run in load_preset(file).runs] == [0.001, 0.1]


def test_the_comments_say_what_the_program_allows():
    text = " ".join(line.removeprefix("#").strip() for line in new_text("x").splitlines() if line.startswith("#"))
    for cls, key in (
        ("Training", "batch_size"),
        ("Training", "loss"),
        ("Architecture", "activation"),
        ("Show", "loss_axis"),
    ):
        found = next(one for one in _classes_in(Sheet) if one.__name__ == cls)
        assert describe(hints(found)[key]) in text
    assert max(map(len, new_text("x").splitlines())) <= 120
    tables = [line for line in new_text("x").splitlines() if re.match(r"(# )?\[\w", line)]
    assert [table.removeprefix("#") for table, _ in TABLES if table] == [line.strip("# []") for line in tables]


def test_every_key_that_is_told_about_exists():
    known = {f"{cls.__name__}.{key}" for cls in _classes_in(Sheet) for key in hints(cls)}
    assert set(ABOUT) <= known


@pytest.mark.parametrize("title", ['a "quoted" name', "back\\slash", "ümlaut"])
def test_whatever_the_file_is_called_its_text_is_toml(title):
    assert tomllib.loads(new_text(title))["title"] == title


def test_a_copy_of_another_preset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert descent("new", "mine.toml", "--from", "recipe")[0] == 0
    assert Path("mine.toml").read_text(encoding="utf-8") == presets.text("recipe")
    Path("lessons").mkdir()
    Path("t.csv").write_text("a,b\n" + "".join(f"{n},{n % 7}\n" for n in range(30)), encoding="utf-8")
    Path("t.toml").write_text('[data]\nname = "file"\nfile = "t.csv"  # here\ntarget = "b"\n', encoding="utf-8")
    assert descent("new", "lessons/t.toml", "--from", "t.toml")[0] == 0
    assert descent("check", "lessons/t.toml") == (0, "lessons/t.toml: ok\n")
    assert descent("new", "mine2.toml", "--from", "recip")[0] == 2
    assert not Path("mine2.toml").exists()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("there.toml", 'descent: "there.toml" is there already; nothing was written.\n'),
        ("dangling.toml", 'descent: "dangling.toml" is there already; nothing was written.\n'),
        ("no/such.toml", 'descent: there is no folder "no" for "such.toml".\n'),
        ("name", "descent: the name of a preset file ends in .toml: descent new name.toml\n"),
        ("t.csv", 'descent: "t.csv" is a table: descent show t.csv --target COLUMN writes a preset for one.\n'),
    ],
)
def test_what_cannot_be_written_is_one_line(tmp_path, monkeypatch, file, message):
    monkeypatch.chdir(tmp_path)
    Path("there.toml").write_text("dear to me", encoding="utf-8")
    Path("dangling.toml").symlink_to("nowhere")
    assert descent("new", file) == (2, message)
    assert Path("there.toml").read_text(encoding="utf-8") == "dear to me"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling.toml", "there.toml"]


# schema ---------------------------------------------------------------------------------------------------------------


def valid(value, schema: dict, root: dict) -> bool:
    """Whether a value is what the schema says: those keywords of draft 2020-12 that this schema uses, and no others."""
    known = {"$schema", "$defs", "title", "description", "default"}
    types = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
    }
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    for key, said in schema.items():
        match key:
            case "$ref":
                holds = valid(value, root["$defs"][said.removeprefix("#/$defs/")], root)
            case "type":
                holds = isinstance(value, types[said]) and (said == "boolean" or not isinstance(value, bool))
            case "properties":
                holds = not isinstance(value, dict) or all(valid(value[k], s, root) for k, s in said.items() if k in value)
            case "additionalProperties":
                assert said is False
                holds = not isinstance(value, dict) or set(value) <= set(schema["properties"])
            case "required":
                holds = not isinstance(value, dict) or set(said) <= set(value)
            case "dependentRequired":
                holds = not isinstance(value, dict) or all(set(need) <= set(value) for k, need in said.items() if k in value)
            case "items":
                holds = not isinstance(value, list) or all(valid(entry, said, root) for entry in value)
            case "minItems":
                holds = not isinstance(value, list) or len(value) >= said
            case "maxItems":
                holds = not isinstance(value, list) or len(value) <= said
            case "enum":
                holds = value in said
            case "const":
                holds = value == said and isinstance(value, bool) == isinstance(said, bool)
            case "minimum":
                holds = not is_number or value >= said
            case "maximum":
                holds = not is_number or value <= said
            case "exclusiveMinimum":
                holds = not is_number or value > said
            case "exclusiveMaximum":
                holds = not is_number or value < said
            case "anyOf":
                holds = any(valid(value, one, root) for one in said)
            case "oneOf":
                holds = sum(valid(value, one, root) for one in said) == 1
            case _:
                assert key in known, key
                continue
        if not holds:
            return False
    return True


@pytest.fixture(scope="module")
def schema() -> dict:
    return preset_schema()


def document(text: str) -> dict:
    return tomllib.loads(text)


@pytest.mark.parametrize("name", presets.names())
def test_every_bundled_preset_is_valid(schema, name):
    assert valid(document(presets.text(name)), schema, schema)


def test_a_new_preset_is_valid(schema):
    assert valid(document(new_text("x")), schema, schema)


OPTIONS = """\
[surface]
name = "ravine"
[training]
schedule = false
[[run]]
name = "plain"
[[run]]
training.optimizer = { name = "momentum", momentum = 0.9 }
training.early_stopping = false
surface.steps = 3
[[claim]]
says = "it ends"
[[claim.check]]
run = "plain"
metric = "distance"
at = "final"
below = { at = "initial", times = 2 }
"""


def test_what_runs_may_leave_out_or_take_away_is_valid(schema):
    assert valid(document(OPTIONS), schema, schema)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('name = "ravine"', 'name = "ravin"'),
        ("surface.steps = 3", "surface.steps = 0"),
        ("surface.steps = 3", 'surface.steps = "3"'),
        ("surface.steps = 3", "surface.step = 3"),
        ("momentum = 0.9", "momentum = 1.5"),
        ('{ name = "momentum",', '{ name = "sgd",'),
        ("schedule = false", "schedule = true"),
        ("schedule = false", "optimizer = false"),
        ("schedule = false", "batchsize = 3"),
        ("[surface]", '[data]\nname = "moons"\n[surface]'),
        ('says = "it ends"', 'says = "it ends"\nlesson_says = "so"'),
        ('at = "final"', 'at = "final"\nabove = 3'),
        ("below = {", "under = {"),
        ('[[run]]\nname = "plain"', "[[run]]\nname = 3"),
        ('[[run]]\nname = "plain"', '[[run]]\ntitle = "plain"'),
        ("[surface]", '[show]\nhide = ["everything"]\n[surface]'),
        ("[surface]", "order = true\n[surface]"),
        ("[training]", "[training.optimizer]\nlearning_rate = 0.1\n[training]"),
    ],
)
def test_a_mistake_is_not_valid(schema, right, wrong):
    assert OPTIONS.count(right) >= 1
    text = OPTIONS.replace(right, wrong, 1)
    assert not valid(document(text), schema, schema)


def test_all_that_check_refuses_by_a_range_or_a_word_the_schema_refuses_too(schema):
    """Each number of each table just outside of its bounds."""
    tried = 0
    for table in schema["$defs"].values():
        for key, said in table["properties"].items():
            for bound, step in (("minimum", -1), ("exclusiveMinimum", 0), ("maximum", 1), ("exclusiveMaximum", 0)):
                if bound in said:
                    tried += 1
                    assert not valid(said[bound] + step, said, schema), (key, bound)
    assert tried > 100


def test_it_describes_ranges_choices_and_defaults(schema):
    training = schema["$defs"]["Training"]["properties"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert training["epochs"]["description"] == "how many times through all samples; a whole number, 1 to 1000000"
    assert (training["epochs"]["default"], training["epochs"]["maximum"]) == (50, 1_000_000)
    assert schema["$defs"]["Adam"]["properties"]["name"] == {"const": "adam", "type": "string", "description": '"adam"'}
    assert "TrainingInRun" in schema["properties"]["run"]["items"]["properties"]["training"]["$ref"]
    text = json.dumps(schema)
    assert "null" not in text
    assert text.count('"title": "') == 1  # of the whole; a key is called by its name
    assert set(re.findall(r"#/\$defs/(\w+)", text)) == set(schema["$defs"])


def test_it_is_made_anew_each_time(schema):
    before = copy.deepcopy(schema)
    preset_schema()["properties"].clear()
    assert preset_schema() == before


def test_the_command_prints_it(schema):
    done = subprocess.run([DESCENT, "schema"], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == schema
    assert done.stderr == ""
