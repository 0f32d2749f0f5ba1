"""What is taken away: real files, with the numbers that were trained and nothing that a teacher hides."""

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner

from engine import load_preset
from engine.overlay import overlay
from engine.preset import parse_preset, read_run
from tui import cli
from tui.exporting import files, numbers
from tui.exporting.kinds import KINDS, kind
from tui.exporting.report import plain, report_lines
from tui.figures import short
from tui.form import BY_KEY
from tui.hidden import NOTHING, Hidden
from tui.screens.saving import Overwrite
from tui.screens.taking import TakeAway
from tui.session import Session
from tui.words.judged import seen_claims


def trained(name: str, epochs: int = 3, settings=(), steps: int | None = None) -> Session:
    session = Session(load_preset(name, [("training.epochs", [epochs]), *settings]))
    for number, _ in enumerate(session, 1):
        if number == steps:
            break
    return session


def table(lines) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The folder that descent was started in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


# Numbers --------------------------------------------------------------------------------------------------------------


def without_clock(line: str) -> dict:
    return {key: value for key, value in json.loads(line).items() if key != "seconds"}


@pytest.mark.parametrize("name", ["recipe", "lr-big-medium-tiny", "diabetes", "valley"])
def test_jsonl_is_what_descent_run_prints(name):
    settings = [] if name == "valley" else ["--set", "training.epochs=2"]
    printed = CliRunner().invoke(cli.main, ["run", name, "--jsonl", *settings])
    assert printed.exit_code == 0, printed.output
    session = Session(load_preset(name, [("training.epochs", [2])] if settings else []))
    for _ in session:
        pass
    taken = list(numbers.event_lines(session.trainers, NOTHING))
    assert list(map(without_clock, taken)) == list(map(without_clock, printed.stdout.splitlines()))


def test_csv_has_every_iteration_with_all_digits():
    session = trained("lr-big-medium-tiny", 2)
    rows = table(numbers.iteration_rows(session.trainers, NOTHING))
    expected = [(trainer.run.name, metrics) for trainer in session.trainers for metrics in trainer.history]
    assert len(rows) == len(expected) == sum(trainer.iteration for trainer in session.trainers)
    for row, (name, metrics) in zip(rows, expected, strict=True):
        assert row["run"] == name
        assert int(row["iteration"]) == metrics.iteration
        for column in ("batch_loss", "batch_accuracy", "learning_rate", "gradient_norm", "update_norm"):
            assert float(row[column]) == getattr(metrics, column)  # to the bit


def test_csv_has_every_epoch_from_before_the_first():
    session = trained("recipe", 3)
    rows = table(numbers.epoch_rows(session.trainers, NOTHING))
    history = session.trainer.history
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2, 3]
    assert float(rows[0]["train_loss"]) == history.initial.loss
    assert float(rows[0]["validation_accuracy"]) == history.initial_validation.accuracy
    assert rows[0]["learning_rate"] == ""
    for row, entry in zip(rows[1:], history.epochs, strict=True):
        assert float(row["validation_loss"]) == entry.validation.loss
        assert int(row["iteration"]) == entry.iteration


def test_not_a_number_and_infinity_are_said_as_python_reads_them():
    session = Session(load_preset("lr-explodes-fix"))
    for _ in session:
        pass
    losses = [float(row["batch_loss"]) for row in table(numbers.iteration_rows(session.trainers, NOTHING))]
    assert losses
    assert not all(map(math.isfinite, losses))
    for line in numbers.event_lines(session.trainers, NOTHING):
        json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


@pytest.mark.parametrize(
    ("hide", "empty"),
    [
        ("validation", {"validation_loss", "validation_accuracy"}),
        ("settings.learning_rate", {"learning_rate", "update_norm"}),
        ("settings.batch_size", {"batches", "samples_seen"}),
        ("settings.seed", {"seed"}),
    ],
)
def test_what_is_hidden_is_empty_and_the_rest_is_there(hide, empty):
    session = trained("recipe", 2)
    hidden = Hidden(frozenset({hide}))
    for lines in (numbers.iteration_rows, numbers.epoch_rows):
        shown, covered = table(lines(session.trainers, NOTHING)), table(lines(session.trainers, hidden))
        for before, after in zip(shown, covered, strict=True):
            for name, value in before.items():
                assert after[name] == ("" if name in empty else value), name
    for before, after in zip(
        map(json.loads, numbers.event_lines(session.trainers, NOTHING)),
        map(json.loads, numbers.event_lines(session.trainers, hidden)),
        strict=True,
    ):
        assert after == {key: None if key in empty else value for key, value in before.items()}


def test_runs_that_are_kept_are_in_the_numbers_and_say_so():
    session = trained("recipe", 2)
    before = {lines: list(lines(session.trainers, NOTHING)) for lines in (numbers.iteration_rows, numbers.epoch_rows)}
    events = list(numbers.event_lines(session.trainers, NOTHING))
    session.restart()
    session.advance()
    for lines, alone in before.items():
        written = list(lines(session.trainers, NOTHING, session.kept))
        rows = table(written)
        assert written[0] == f"{alone[0]},kept"
        assert {(row["run"], row["kept"]) for row in rows} == {("recipe", "false"), ("recipe #1", "true")}
        kept = [{**row, "run": "recipe"} for row in rows if row["kept"] == "true"]
        assert [{key: row[key] for key in row if key != "kept"} for row in kept] == table(alone)
    found = [json.loads(line) for line in numbers.event_lines(session.trainers, NOTHING, session.kept)]
    assert [event for event in found if "kept" in event] == [
        {**json.loads(line), "run": "recipe #1", "kept": True} for line in events
    ]
    assert [event["run"] for event in found if "kept" not in event] == ["recipe"]
    hidden = Hidden(frozenset({"settings.seed", "validation"}))
    assert '"seed": 0' not in "\n".join(numbers.event_lines(session.trainers, hidden, session.kept))
    for row in table(numbers.epoch_rows(session.trainers, hidden, session.kept)):
        assert row["seed"] == row["validation_loss"] == ""


def test_iterations_that_are_known_in_sums_alone_are_told_of(monkeypatch):
    session = trained("recipe", 2)
    assert numbers.left_out(session.trainers) == 0
    small = type(session.trainer.history)(capacity=16, buckets=8)
    for metrics in session.trainer.history:
        small.add(metrics)
    monkeypatch.setattr(session.trainer, "history", small)
    gone = numbers.left_out(session.trainers)
    assert 0 < gone < session.trainer.iteration
    assert len(list(numbers.iteration_rows(session.trainers, NOTHING))) == 1 + session.trainer.iteration - gone


# The report -----------------------------------------------------------------------------------------------------------


def report(session: Session, **more) -> str:
    return "\n".join(report_lines(session, seen_claims(session), **more))


def test_a_report_says_how_it_ended_and_what_became_of_the_claims():
    session = trained("recipe", 50)
    said = report(session, picture="recipe.svg", verdict=["Healthy: both losses fall."], written="Written now.")
    last = session.trainer.history.epochs[-1]
    assert said.startswith("# The recipe\n")
    assert "![The screen of the lab](<recipe.svg>)" in said
    assert "## How it ended" in said
    assert f"{100 * last.validation.accuracy:.1f}%" in said
    assert "Healthy: both losses fall." in said
    assert "As the preset has them." in said
    for claim in session.preset.sheet.claim:
        assert f"- ok (held): {plain(claim.says)}" in said
    assert "\x1b" not in said


def test_a_report_says_which_settings_differ_from_the_preset():
    session = Session(load_preset("recipe"))
    session.edit(BY_KEY["training.batch_size"], 64)
    for _ in range(5):
        session.advance()
    session.edit(BY_KEY["training.optimizer.learning_rate"], 0.01)
    said = report(session)
    assert "\\* differs from the preset: 1 setting." in said
    assert re.search(r"\| batch\\_size \\\* \| 64 \| 32 \|", said)
    assert re.search(r"\| epochs \| 50 \|  \|", said)
    assert "Epoch 1 of 50, iteration 5." in said
    assert "recipe, iteration 5: learning\\_rate 0.001 -\\> 0.01" in said
    assert "## Claims, with these settings" in said


def test_a_report_of_a_comparison_has_a_line_for_each_run():
    session = trained("lr-big-medium-tiny", 2)
    said = report(session)
    for name in ("big", "medium", "tiny"):
        assert re.search(rf"(?m)^\| {name} \|", said)
    assert "| learning\\_rate | 0.1 | 0.001 | 1e-05 |" in said


def preset_in(said: str) -> str:
    """The TOML that a report ends with."""
    return re.search(r"(?ms)^(`+)toml\n(.*?\n)\1\n\n</details>", said).group(2)


@pytest.mark.parametrize("name", ["recipe", "lr-big-medium-tiny", "diabetes", "valley"])
def test_a_report_alone_is_enough_to_train_the_same_again(name):
    session = Session(load_preset(name))
    said = report(session)
    assert preset_in(said) == CliRunner().invoke(cli.main, ["show", name]).output
    first = session.preset.runs[0]
    if first.surface is None:
        rows = f"{first.facts.samples} training rows, {first.facts.validation} of validation."
        assert rows in said
    again = parse_preset(preset_in(said), name, "report.md")
    assert again.runs == session.preset.runs


def test_a_report_has_the_settings_that_were_trained_and_a_story_ends_no_block():
    session = trained("recipe", 1)
    object.__setattr__(session.preset.sheet, "story", "```\n# Not a heading\n````\n")
    session.edit(BY_KEY["training.optimizer.learning_rate"], 0.02)  # waits for the next start
    assert "learning_rate = 0.001\n" in preset_in(report(session))
    session.restart()
    said = report(session)
    again = parse_preset(preset_in(said), "recipe", "report.md")
    assert again.runs == tuple(trainer.run for trainer in session.trainers)
    assert again.sheet.story == session.preset.sheet.story
    assert said.rstrip().endswith("</details>")


def test_a_report_says_which_runs_are_kept_and_what_differs_from_them():
    session = trained("recipe", 2)
    assert "Kept runs" not in report(session)
    session.keep_ghost()
    session.edit(BY_KEY["training.batch_size"], 64)
    session.restart()
    session.advance()
    said = report(session)
    loss = short(session.kept[0].history.epochs[-1].train.loss)
    assert re.search(rf"(?m)^\| recipe \\#1 \(ghost 1\) \| batch\\_size 32 → 64 \| {loss} \|", said)
    object.__setattr__(session.preset.sheet.show, "hide", ("settings.batch_size", "validation"))
    said = report(session)
    assert "| batch\\_size hidden |" in said
    assert short(session.kept[0].history.epochs[-1].validation.loss) not in said


def test_what_only_one_optimizer_has_does_not_tell_which_is_hidden():
    session = trained("recipe", 1)
    session.keep_ghost()
    session.documents[0] = overlay(session.documents[0], {"training": {"optimizer": {"beta1": 0.5}}})
    session.runs[0] = read_run(session.documents[0], "recipe")
    session.restart()
    assert "beta1 0.9 → 0.5" in report(session)
    object.__setattr__(session.preset.sheet.show, "hide", ("settings.optimizer",))
    said = report(session)
    assert "| optimizer hidden |" in said
    assert "beta" not in said
    assert "adam" not in said.lower()


def test_a_report_of_what_is_refused_has_the_reason():
    said = report(Session(load_preset("batch-out-of-memory")))
    assert "Refused" in said or "refused" in said


def test_a_report_keeps_what_is_hidden():
    session = trained("recipe", 2, [("training.optimizer.learning_rate", [0.00317])])
    object.__setattr__(
        session.preset.sheet.show, "hide", ("validation", "settings.learning_rate", "claims")
    )  # as a teacher's preset has it
    assert session.hidden.claims
    said = report(session)
    last = session.trainer.history.epochs[-1]
    assert "0.00317" not in said
    assert f"{last.validation.loss:.3f}" not in said
    assert "| learning\\_rate | hidden |" in said
    assert "Validation is hidden." in said
    assert f"{len(session.preset.sheet.claim)} claims, hidden." in said
    assert "Hidden settings would stand here." in said
    assert all(plain(claim.says) not in said for claim in session.preset.sheet.claim)
    session.uncovered = True
    assert "0.00317" in report(session)
    session.uncovered = False
    object.__setattr__(session.preset.sheet.show, "hide", ("validation",))
    again = parse_preset(preset_in(report(session)), "recipe", "report.md")  # without what tells what is to be seen
    assert (again.runs, again.sheet.claim, again.sheet.question) == (session.preset.runs, (), ())


def test_text_of_a_preset_is_never_markdown():
    assert plain("a|b *c* <img> `d` [e](f) _g_\n# h\x1b") == r"a\|b \*c\* \<img\> \`d\` \[e\](f) \_g\_ \# h?"


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "offered"),
    [("recipe", "recipe.md"), ("a b/c", "a-b-c.md"), ("../..", "descent.md"), ("", "descent.md"), ("über", "ber.md")],
)
def test_a_name_is_offered_that_is_a_file_here(name, offered):
    assert files.suggested(kind("report"), name) == offered


def test_two_files_have_two_names(here):
    made = files.places(kind("csv"), "mine.csv", {"-iterations.csv": 1, "-epochs.csv": 1})
    assert [str(place) for place in made.values()] == ["mine-iterations.csv", "mine-epochs.csv"]
    assert [str(place) for place in files.places(kind("svg"), "mine", {".svg": 1}).values()] == ["mine.svg"]


@pytest.mark.parametrize(
    ("typed", "why"), [("", "type the name"), ("  ", "type the name"), ("nowhere/x.md", "no folder"), (".md", "no name"),
                       (".", "is a folder"), ("~nobody-of-that-name/x", "home")],
)  # fmt: skip
def test_what_is_no_file_name_is_said(typed, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        files.places(kind("report"), typed, {".md": 1})


def test_a_file_is_not_written_over_unless_that_was_said(here):
    (here / "x.md").write_text("mine")
    with pytest.raises(FileExistsError):
        files.write(here / "x.md", "new", replace=False)
    assert (here / "x.md").read_text() == "mine"
    files.write(here / "x.md", "new", replace=True)
    assert (here / "x.md").read_text() == "new"


def test_a_link_stays_a_link(here):
    (here / "real.md").write_text("mine")
    (here / "x.md").symlink_to("real.md")
    files.write(here / "x.md", "new", replace=True)
    assert (here / "x.md").is_symlink()
    assert (here / "real.md").read_text() == "new"


# In the lab -----------------------------------------------------------------------------------------------------------


async def take(person, what: str) -> TakeAway:
    """From the palette, as a person would; a kind by its id at once."""
    if what in [one.id for one in KINDS]:
        person.lab.action_take_away(what)
    else:
        await person.press("colon")
        await person.until(lambda: person.app.screen is not person.lab)
        await person.type(what)
        await person.until(lambda: "Take away: " in person.seen() or "Take it away: " in person.seen())
        await person.press("enter")
    await person.until(lambda: isinstance(person.app.screen, TakeAway))
    await person.settle()
    return person.app.screen


async def test_the_screen_is_taken_as_a_picture_and_as_text(lab, here):
    async with lab(size=(100, 30)) as person:
        await person.press("n")
        await person.settle()
        seen = person.seen()
        await take(person, "take away screen picture")
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)
        assert person.note.startswith("Written: ")
        assert "recipe.svg" in person.note
        root = ET.parse(here / "recipe.svg").getroot()
        assert root.tag.endswith("svg")
        assert root.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"  # columns
        words = "".join(root.itertext()).replace("\xa0", " ")
        assert "Settings" in words and "learning_rate" in words
        assert "Take it away" not in words  # the lab, not the sheet over it
        await take(person, "take away screen text")
        await person.press("enter")
        await person.until(lambda: (here / "recipe.txt").exists())
        text = (here / "recipe.txt").read_text(encoding="utf-8")
        assert len(text.splitlines()) == 30
        for line in seen.splitlines()[:10]:
            assert "".join(line.split()) in "".join(text.split())


async def test_a_report_is_written_with_its_picture(lab, here, fast):
    async with lab(pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await take(person, "take it away")
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)
        said = (here / "recipe.md").read_text(encoding="utf-8")
        assert "![The screen of the lab](<recipe.svg>)" in said
        ET.parse(here / "recipe.svg")
        assert re.search(r"Written by descent [\d.]+ on \d{4}-\d\d-\d\d at \d\d:\d\d\.", said)
        assert "## Claims" in said


async def test_numbers_are_written_while_it_trains(lab, here):
    async with lab(epochs=None, pace=1.0) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps > 20)
        await take(person, "numbers csv")
        await person.press("enter")
        await person.until(lambda: (here / "recipe-epochs.csv").exists())
        assert person.state == "running"
        rows = table((here / "recipe-iterations.csv").read_text().splitlines())
        assert [int(row["iteration"]) for row in rows] == list(range(1, len(rows) + 1))
        assert len(rows) > 20
        await person.press("space")


async def test_what_cannot_be_taken_yet_and_what_goes_wrong_is_said_and_the_arrows_choose(lab, here):
    async with lab() as person:
        sheet = await take(person, "report")
        assert "nothing is trained yet" in person.seen()
        await person.press("end")
        assert not kind(sheet.chosen).why_not(person.session)  # the arrows pass what cannot be chosen
        await person.press("home", "down")
        await person.press(*["backspace"] * 10)
        await person.type("nowhere/x.svg")
        await person.press("enter")
        await person.until(lambda: "there is no folder nowhere" in person.seen())
        assert person.app.screen is sheet
        await person.press("escape")
        assert list(here.iterdir()) == []
        await person.press("n")
        sheet = await take(person, "report")  # the name follows the kind, unless one was typed
        line = sheet.query_one("Input")
        assert line.value == "recipe.md"
        await person.press("down")
        assert (sheet.chosen, line.value) == ("svg", "recipe.svg")
        await person.press("end")
        assert line.value == f"recipe{KINDS[-1].ending}"
        await person.press(*["backspace"] * len(line.value))
        await person.type("mine.jsonl")
        await person.press("up", "down", "home")
        assert line.value == "mine.jsonl"


async def test_a_file_that_is_there_is_replaced_only_after_a_yes(lab, here):
    (here / "recipe.svg").write_text("mine")
    async with lab() as person:
        await take(person, "svg")
        for answer, left in (("n", "mine"), ("escape", "mine"), ("enter", "mine"), ("y", "")):
            await person.press("enter")
            await person.until(lambda: isinstance(person.app.screen, Overwrite))
            assert "recipe.svg is there already. Replace it?" in person.seen()
            await person.press(answer)
            await person.settle()
            if left:
                assert (here / "recipe.svg").read_text() == left
                assert isinstance(person.app.screen, TakeAway)  # another name can be typed
        await person.until(lambda: person.app.screen is person.lab)
        assert (here / "recipe.svg").read_text().startswith("<svg")


async def test_nothing_hidden_is_in_any_file(lab, here, tmp_path):
    file = tmp_path / "asked.toml"
    file.write_text(
        'title = "Asked"\n[data]\nname = "cats_dogs"\nsamples = 64\nvalidation = 50\n[training]\nepochs = 2\n'
        '[training.optimizer]\nname = "adam"\nlearning_rate = 0.00317\n'
        '[show]\nhide = ["validation", "settings.learning_rate", "claims"]\n'
        '[[claim]]\nsays = "Secretly it learns"\n[[claim.check]]\nmetric = "validation_loss"\nat = "final"\nbelow = 9.0\n'
    )
    async with lab(load_preset(str(file)), epochs=None, pace=math.inf) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        for one in KINDS:
            if one.why_not(person.session):
                continue
            await take(person, one.id)
            await person.press("enter")
            await person.until(lambda: isinstance(person.app.screen, Overwrite) or person.app.screen is person.lab)
            if isinstance(person.app.screen, Overwrite):
                await person.press("y")
                await person.until(lambda: person.app.screen is person.lab)
            assert "without what is hidden" in person.note
        history = person.session.trainer.history
        secrets = ["0.00317", "Secretly", "0.003170"]
        secrets += [f"{entry.validation.loss:.3f}" for entry in history.epochs] + [repr(history.best.validation.loss)]
        texts = {place.name: place.read_text() for place in here.iterdir()}
        assert {"asked.md", "asked.svg", "asked.txt", "asked.jsonl", "asked-epochs.csv"} <= set(texts)
        for name, text in texts.items():
            if name.endswith(".svg"):
                text = "".join(ET.fromstring(text).itertext())
            assert [secret for secret in secrets if secret in text] == [], name


async def test_the_network_is_taken_as_a_script(lab, here, monkeypatch):
    async with lab() as person:
        await person.press("n")
        sheet = await take(person, "network in PyTorch")
        assert sheet.query_one("Input").value == "recipe.py"
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)
        compile((here / "recipe.py").read_text(encoding="utf-8"), "recipe", "exec")
        assert not (here / "recipe.npz").exists()
        monkeypatch.setattr("tui.exporting.torch_script.MOST_WRITTEN", 10)  # more numbers belong into a file of their own
        await take(person, "torch")
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, Overwrite))
        await person.press("y")
        await person.until(lambda: (here / "recipe.npz").exists())
        compile((here / "recipe.py").read_text(encoding="utf-8"), "recipe", "exec")
        with np.load(here / "recipe.npz") as arrays:
            assert sum(arrays[key].size for key in arrays.files) >= person.session.run.parameters
