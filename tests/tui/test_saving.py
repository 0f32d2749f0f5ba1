"""ctrl+s: what is on the screen becomes a preset that gives the same runs, in the words of the file it came from."""

from __future__ import annotations

import difflib
import errno
import os
import random
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from engine import PresetError, load_preset
from engine.overlay import parse_setting
from tui import form
from tui.loading import load
from tui.screens.saving import Overwrite, SaveAs
from tui.session import Session
from tui.writing import saving
from tui.writing.own_preset import own_preset

OWN_WORDS = """\
# a teacher's file, and how it was meant
title = "Two ways"   # the title
seed = 4

# what is learned
[data]  # moons
name = "moons"
samples = 120  # few
validation = 40

# how
[training]
epochs = 6
batch_size = 16  # small

# the optimizer
[training.optimizer]
name = "sgd"
learning_rate = 0.1  # large

# asked at the end
[[question]]
asks = "Which is faster?"
answer = "Look."

# first run
[[run]]
name = "plain"  # nothing set

# second run
[[run]]
# with memory
name = "momentum"
training.optimizer.name = "momentum"  # another optimizer
training.optimizer.momentum = 0.5
# the end
"""

DOTTED = """\
# all in dots
data = { name = "circles", samples = 80 }  # in one line
training.epochs = 5
training.optimizer.name = "momentum"  # heavy
training.optimizer.momentum = 0.5

# first
[[run]]
name = "one"
[run.training.optimizer]
learning_rate = 0.05  # small

# second
[[run]]
name = "two"
training = { batch_size = 16 }
"""

SURFACE = """\
title = "Ravine"
[surface]  # narrow
name = "ravine"
start = [2.0, 1.0]
steps = 20
[training.optimizer]
name = "sgd"
learning_rate = 0.01
# the runs
[[run]]
name = "plain"
[[run]]
name = "momentum"
training.optimizer.name = "momentum"
training.optimizer.momentum = 0.9
"""

OPTIONAL = """\
[data]
name = "circles"
samples = 60

# last word about the data
[training]
loss = "binary_cross_entropy"
epochs = 6

[training.early_stopping]  # stops
patience = 2

[training.schedule]
name = "step"  # down

[[run]]
name = "with"
[[run]]
name = "without"  # neither
training.early_stopping = false
training.schedule = false
[[run]]
name = "other"
data.name = "study_hours"
training.loss = "mean_squared_error"
"""

TEXTS = {"own-words": OWN_WORDS, "dotted": DOTTED, "surface": SURFACE, "optional": OPTIONAL}
BUNDLED = ("recipe", "lr-big-medium-tiny", "day79-study-hours", "digits")
SETTINGS = (
    (),
    ("training.optimizer.name=sgd,adam",),
    ("training.optimizer.learning_rate=0.1,0.01", "training.epochs=4"),
    ("training.schedule.name=cosine,constant",),
    ("training.early_stopping.patience=3", "seed=1,2"),
    ("show.seconds=3", 'things_to_try=["look"]'),
    ("training.batch_size=8,full", "network.hidden=[3,2]"),
)


def comments(text: str) -> list[str]:
    """The lines that are comments; one that stands behind a value goes where the value goes."""
    return [line for line in text.splitlines() if line.startswith("#")]


def tried_out(source: str, settings: tuple[str, ...], rng: random.Random) -> Session | None:
    """A session in which somebody has changed this and that; None where the settings do not suit the preset."""
    try:
        session = Session(load_preset(source, [parse_setting(setting) for setting in settings]))
    except PresetError:
        return None
    for _ in range(rng.randint(0, 6)):
        session.selected = rng.randrange(len(session.runs))
        field = rng.choice(session.fields)
        words = form.choices(field, session.document)
        try:
            value = (
                rng.choice(words)
                if words
                else form.nudged(field, session.document, session.value(field), rng.random() < 0.5)
            )
            session.edit(field, value)
        except PresetError:
            continue
    return session


# What is saved --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*BUNDLED, *TEXTS])
def test_what_is_saved_gives_the_same_runs_and_loses_no_comment(name, tmp_path):
    source = name
    if name in TEXTS:
        source = str(tmp_path / f"{name}.toml")
        Path(source).write_text(TEXTS[name], encoding="utf-8")
    tried = 0
    for number in range(14):
        session = tried_out(source, SETTINGS[number % len(SETTINGS)], random.Random(f"{name} {number}"))
        if session is None:
            continue
        tried += 1
        place = tmp_path / "saved" / f"{name}-{number}.toml"
        copy = saving.copy_of(session.preset, session.documents, session.runs, place)
        saving.save(copy, place)
        again = load(str(place))
        alone = "run" not in tomllib.loads(copy.text)  # then it is called after its file
        assert list(again.runs) == [replace(run, name=place.stem) if alone else run for run in session.runs]
        assert again.sheet.question == session.preset.sheet.question
        assert again.sheet.story == session.preset.sheet.story
        assert again.sheet.things_to_try == session.preset.sheet.things_to_try
        assert again.sheet.show.seconds == session.preset.sheet.show.seconds
        assert not any("anew" in word for word in copy.told)
        kept = [claim.says for claim in again.sheet.claim]
        assert kept == [claim.says for claim in session.preset.sheet.claim if claim.says in kept]
        assert bool(copy.told) == (len(kept) < len(session.preset.sheet.claim))
        assert [comment for comment in comments(session.preset.text) if comment not in copy.text] == []
    assert tried >= 5


def test_only_the_lines_that_differ_are_others(tmp_path):
    session = Session(load_preset("recipe"))
    session.edit(form.BY_KEY["training.batch_size"], 8)
    session.edit(form.BY_KEY["training.optimizer.name"], "sgd")
    place = tmp_path / "mine.toml"
    text = saving.copy_of(session.preset, session.documents, session.runs, place).text
    changed = [line for line in difflib.ndiff(session.preset.text.splitlines(), text.splitlines()) if line[0] in "-+"]
    assert changed == [
        "- batch_size = 32",
        "+ batch_size = 8",
        '- name = "adam"',
        '+ name = "sgd"',
        "- learning_rate = 0.001",
    ]


def test_what_is_not_changed_is_not_a_letter_different(tmp_path):
    for name, text in TEXTS.items():
        file = tmp_path / f"{name}.toml"
        file.write_text(text, encoding="utf-8")
        session = Session(load_preset(file))
        assert saving.copy_of(session.preset, session.documents, session.runs, tmp_path / "other.toml").text == text


def test_where_runs_differ_each_says_so_itself(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text(OWN_WORDS, encoding="utf-8")
    session = Session(load_preset(file))
    session.selected = 1
    session.edit(form.BY_KEY["training.optimizer.name"], "adam")
    text = saving.copy_of(session.preset, session.documents, session.runs, file).text
    assert text.startswith(OWN_WORDS.partition("# second run")[0])
    assert text.endswith(
        "# second run\n[[run]]\n# with memory\n"
        'name = "momentum"\ntraining.optimizer.name = "adam"  # another optimizer\n# the end\n'
        "training.optimizer.learning_rate = 0.01\n"  # which the form carries over
    )


def test_several_values_become_runs_that_can_be_read(tmp_path):
    preset = load_preset("recipe", [parse_setting("training.optimizer.learning_rate=0.1,0.01")])
    text = saving.copy_of(preset, preset.documents, preset.runs, tmp_path / "two.toml").text
    runs = [
        '[[run]]\nname = "learning_rate 0.1"\ntraining.optimizer.learning_rate = 0.1',
        '[[run]]\nname = "learning_rate 0.01"\ntraining.optimizer.learning_rate = 0.01',
    ]
    before = preset.text.partition("[[claim]]")[0]  # which are about one run, and say no name
    assert text == before + "\n\n".join(runs) + "\n"


def houses(folder: Path) -> Path:
    rows = [f"{number % 5},{number * 3 % 17},{number * 7}" for number in range(40)]
    path = folder / "houses.csv"
    path.write_text("rooms,size,price\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_table_of_ones_own_is_saved_with_every_guess(tmp_path, monkeypatch):
    houses(tmp_path)
    monkeypatch.chdir(tmp_path)
    session = Session(own_preset("houses.csv", "price", [], None))
    session.edit(form.BY_KEY["training.epochs"], 3)
    place = tmp_path / "elsewhere" / "mine.toml"
    saving.save(saving.copy_of(session.preset, session.documents, session.runs, place), place)
    monkeypatch.chdir(place.parent)
    [run] = load("mine.toml").runs
    assert run.data.file == str(tmp_path / "houses.csv")
    assert replace(run, name="houses") == replace(session.run, data=replace(session.run.data, file=run.data.file))
    assert place.read_text(encoding="utf-8").count("gaps = ") == 1


def test_a_table_is_found_from_wherever_the_preset_is_saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lessons").mkdir()
    houses(Path("lessons"))
    Path("lessons/a.toml").write_text(
        '[data]\nname = "file"\nfile = "./houses.csv"  # beside this file\ntarget = "price"\n', encoding="utf-8"
    )
    preset = load_preset("lessons/a.toml")
    for place, said in (
        ("lessons/b.toml", "./houses.csv"),  # as it stands
        ("c.toml", "lessons/houses.csv"),
        ("other/d.toml", str(tmp_path / "lessons" / "houses.csv")),
    ):
        copy = saving.copy_of(preset, preset.documents, preset.runs, Path(place))
        assert f'file = "{said}"  # beside this file\n' in copy.text
        saving.save(copy, Path(place))
        assert Path(load_preset(place).runs[0].data.file).samefile("lessons/houses.csv")


# How it is written ----------------------------------------------------------------------------------------------------


def a_copy(place: Path) -> saving.Copy:
    preset = load_preset("recipe")
    return saving.copy_of(preset, preset.documents, preset.runs, place)


def test_a_file_is_replaced_in_one_step_or_not_at_all(tmp_path, monkeypatch):
    place = tmp_path / "mine.toml"
    place.write_text("before", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(f"tui.writing.saving.os.{step}", full)
            with pytest.raises(OSError, match="No space left"):
                saving.save(a_copy(place), place)
        assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
        assert place.read_text(encoding="utf-8") == "before"
    saving.save(a_copy(place), place)
    assert load(str(place)).title == "The recipe"


def test_a_link_stays_a_link_and_a_file_keeps_its_rights(tmp_path):
    file, link = tmp_path / "file.toml", tmp_path / "link.toml"
    file.write_text("", encoding="utf-8")
    file.chmod(0o640)
    link.symlink_to(file)
    saving.save(a_copy(link), link)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.read_text(encoding="utf-8").startswith("title = ")
    new = tmp_path / "new.toml"
    before = os.umask(0o027)
    try:
        saving.save(a_copy(new), new)
    finally:
        os.umask(before)
    assert new.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "type the name"),
        ("  ", "type the name"),
        ("./", "is a folder"),
        ("./x.txt", "ends in .toml"),
        ("~nobody-here/x.toml", "home"),
    ],
)
def test_what_is_no_name_of_a_file_is_said(typed, said):
    with pytest.raises(ValueError, match=said):
        saving.meant(typed)


def test_a_bare_word_is_a_name_among_ones_own_presets(tmp_path, monkeypatch):
    monkeypatch.setenv("DESCENT_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", "/somebody")
    assert saving.meant("mine") == tmp_path / "presets" / "mine.toml"
    assert saving.meant("mine.toml") == Path("mine.toml")
    assert saving.meant("~/mine.toml") == Path("/somebody/mine.toml")


# With the keys --------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DESCENT_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "presets"


def asked(person) -> str:
    assert isinstance(person.app.screen, SaveAs), person.seen()
    return person.app.screen.query_one(Input).value


def said(person) -> str:
    """What the sheet on top says, with no regard to where its lines end."""
    return " ".join(person.seen().replace("│", " ").split())


def where(person) -> str:
    return str(person.app.screen.query_one("#save-where", Static).render())


async def save_as(person, name: str) -> None:
    await person.press("ctrl+s")
    person.app.screen.query_one(Input).value = name
    await person.press("enter")
    await person.settle()


async def test_edit_save_and_open_it_again(lab, home):
    async with lab(epochs=None) as person:
        await person.at_row("batch_size")
        await person.press("left", "ctrl+s")
        assert asked(person) == str(home / "recipe-mine.toml")
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)
        assert "Saved " in person.note
        assert "recipe-mine" in person.read("header")
        [run] = load("recipe-mine").runs  # by its name
        assert run == person.session.run
        assert run.training.batch_size == 16
        await person.press("p")
        assert re.search(r"\* The recipe +│\n *│ *recipe-mine, 1 run", person.seen())  # the open one, beside the bundled one
        await person.press("escape")
        await person.at_row("epochs")
        await person.press("left", "ctrl+s")
        assert asked(person) == str(home / "recipe-mine.toml")  # it is that file now
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)  # and nothing is asked
        assert load("recipe-mine").runs[0].training.epochs == 20


async def test_a_value_that_is_being_typed_is_saved_too(lab, home):
    async with lab(epochs=None) as person:
        await person.at_row("batch_size")
        await person.press("8", "ctrl+s")
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)
        assert load("recipe-mine").runs[0].training.batch_size == 8


async def test_it_is_saved_while_it_trains_and_training_goes_on(lab, home):
    async with lab(epochs=None) as person:
        await person.press("space", "full_stop")
        await person.until(lambda: person.session.steps > 2)
        await save_as(person, "faster")
        await person.until(lambda: person.app.screen is person.lab)
        assert person.state == "running"
        assert load("faster").runs[0].training.optimizer.learning_rate == 0.002
        assert person.session.trainer.run.name == "recipe"  # as it began
        await person.press("r")
        assert person.session.trainer.run == load("faster").runs[0]


async def test_the_palette_saves_too(lab, home):
    async with lab(epochs=None) as person:
        await person.press("colon")
        await person.type("save what")
        await person.settle()
        await person.until(lambda: "Save what is on the screen" in person.seen())
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, SaveAs))


async def test_another_file_is_only_replaced_when_somebody_says_so(lab, home):
    home.mkdir(parents=True)
    (home / "recipe-mine.toml").write_text("# dear to me\n", encoding="utf-8")
    async with lab(epochs=None) as person:
        await person.press("ctrl+s", "enter")
        await person.until(lambda: isinstance(person.app.screen, Overwrite))
        assert "is there already. Replace it?" in said(person)
        await person.press("enter")  # no slip of the finger replaces it
        assert asked(person) == str(home / "recipe-mine.toml")
        assert (home / "recipe-mine.toml").read_text(encoding="utf-8") == "# dear to me\n"
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, Overwrite))
        await person.press("y")
        await person.until(lambda: person.app.screen is person.lab)
        assert load("recipe-mine").title == "The recipe"


async def test_quitting_while_it_is_asked_replaces_nothing(lab, home):
    home.mkdir(parents=True)
    (home / "recipe-mine.toml").write_text("# dear to me\n", encoding="utf-8")
    async with lab(epochs=None) as person:
        await person.press("ctrl+s", "enter")
        await person.until(lambda: isinstance(person.app.screen, Overwrite))
        await person.press("ctrl+q")
        assert (home / "recipe-mine.toml").read_text(encoding="utf-8") == "# dear to me\n"


async def test_a_loaded_file_that_somebody_changed_meanwhile_is_asked_about(lab, home, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(OWN_WORDS, encoding="utf-8")
    async with lab(str(file), epochs=None) as person:
        file.write_text(OWN_WORDS + "# changed in an editor\n", encoding="utf-8")
        await person.press("ctrl+s", "enter")
        await person.until(lambda: isinstance(person.app.screen, Overwrite))
        assert "was changed since it was loaded" in said(person)


async def test_what_fails_is_said_and_another_name_can_be_typed(lab, home, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "folder.toml").mkdir()
    async with lab(epochs=None) as person:
        await save_as(person, str(tmp_path / "file" / "x.toml"))
        assert "Not a directory" in where(person)
        assert asked(person) == str(tmp_path / "file" / "x.toml")
        person.app.screen.query_one(Input).value = str(tmp_path / "folder.toml")
        await person.settle()
        assert "is a folder: add the name of a file" in where(person)
        await person.press("enter")
        assert asked(person)
        person.app.screen.query_one(Input).value = str(tmp_path / ("long" * 100 + ".toml"))
        await person.settle()
        assert "name too long" in where(person)
        await person.press("enter")
        assert asked(person)
        person.app.screen.query_one(Input).value = str(tmp_path / "new" / "one" / "x.toml")
        await person.press("enter")
        await person.until(lambda: person.app.screen is person.lab)
        assert load(str(tmp_path / "new" / "one" / "x.toml")).title == "The recipe"


async def test_escape_saves_nothing(lab, home):
    async with lab(epochs=None) as person:
        await person.press("ctrl+s", "escape")
        assert person.app.screen is person.lab
        assert not home.exists()


async def test_a_broken_file_among_ones_own_is_named_and_the_lab_goes_on(lab, home):
    home.mkdir(parents=True)
    (home / "broken.toml").write_text("title = [", encoding="utf-8")
    (home / "wrong.toml").write_text('title = "Wrong"\n[data]\nname = "nothing"\n', encoding="utf-8")
    async with lab(epochs=None) as person:
        await person.press("p")
        await person.type("own presets wrong")
        await person.press("enter")
        await person.settle()
        assert "wrong: data.name" in person.note
        await person.press("p", "escape")
        assert "broken.toml" in person.note
        await person.press("n")
        assert person.session.steps == 1


# Claims ---------------------------------------------------------------------------------------------------------------

CLAIMED = """\
title = "Claims"
[data]
name = "moons"
samples = 60
[training]
epochs = 9

# it ends
[[claim]]
says = "it goes on to the end"
[[claim.check]]
run = "RUN"
stopped = "completed"

# the ninth
[[claim]]
says = "the ninth epoch is better than none"
[[claim.check]]
metric = "train_loss"
at = "epoch:9"
below = { run = "RUN", at = "initial" }

# counted
[[claim]]
says = "it counts them"
[[claim.check]]
metric = "iterations_per_epoch"
equals = 2
"""


async def test_a_claim_that_the_edit_made_impossible_is_left_out_and_that_is_said(lab, home, tmp_path):
    file = tmp_path / "claims.toml"
    file.write_text(CLAIMED.replace("RUN", "claims"), encoding="utf-8")
    async with lab(str(file), epochs=None) as person:
        await person.at_row("epochs")
        await person.press("left")
        await save_as(person, "fewer")
        await person.until(lambda: person.app.screen is person.lab)
        assert "without 1 claim that its settings make impossible" in person.note
        saved = load("fewer")
        assert [claim.says for claim in saved.sheet.claim] == ["it goes on to the end", "it counts them"]
        assert saved.runs[0].training.epochs == 5
        assert "# it ends\n[[claim]]" in saved.text
        await person.press("N")  # and what is on the screen goes on, with all its claims
        await person.until(lambda: person.state == "paused")
        assert len(person.session.preset.sheet.claim) == 3


def test_a_claim_about_the_run_by_the_name_of_its_file_follows_the_file(tmp_path):
    file = tmp_path / "claims.toml"
    file.write_text(CLAIMED.replace("RUN", "claims"), encoding="utf-8")
    preset = load_preset(file)
    copy = saving.copy_of(preset, preset.documents, preset.runs, tmp_path / "other.toml")
    assert copy.told == ()
    assert copy.text == CLAIMED.replace("RUN", "other")
