"""A keymap of one's own: what it changes, and what is said of one that cannot be used."""

import tomllib

import pytest
from click.testing import CliRunner

from tui import cli
from tui.keyboard import keymap
from tui.keyboard.keymap import KeymapError
from tui.keyboard.keys import KEYS
from tui.keyboard.places import places


@pytest.fixture
def write(home):
    def written(text: str):
        home.mkdir(exist_ok=True)
        (home / "keymap.toml").write_text(text, encoding="utf-8")
        return home / "keymap.toml"

    return written


def problems(said: dict) -> dict[str, str]:
    with pytest.raises(KeymapError) as caught:
        keymap.checked(said, "keymap.toml")
    return {problem.key: problem.message for problem in caught.value.problems}


# Reading --------------------------------------------------------------------------------------------------------------


def test_no_file_is_no_keymap():
    assert keymap.read() == {}


@pytest.mark.parametrize("text", ['"run.toggle" = "x"', 'run.toggle = "x"', '[run]\ntoggle = "x"', '"run.toggle" = ["x"]'])
def test_an_id_may_be_written_in_every_way_that_toml_has(write, text):
    write(text)
    assert keymap.read() == {"run.toggle": ("x",)}


def test_keys_are_characters_or_names():
    said = {"run.toggle": ["x", "&", "ampersand"], "run.batch": "X", "tree.up": ["u", "UP"], "preset.save": "ctrl+d"}
    assert keymap.checked(said, "") == {
        "run.toggle": ("x", "ampersand"),
        "run.batch": ("X",),
        "tree.up": ("u", "up"),
        "preset.save": ("ctrl+d",),
    }


def test_two_keys_may_be_swapped():
    assert keymap.checked({"run.batch": "N", "run.epoch": "n"}, "") == {"run.batch": ("N",), "run.epoch": ("n",)}


def test_every_problem_is_reported_at_once(write):
    file = write('"run.togle" = "x"\n"run.batch" = "alt+n"\n"show.zoom" = 3\n')
    with pytest.raises(KeymapError) as caught:
        keymap.read()
    text = str(caught.value)
    assert text.startswith(f"{file}: 3 problems\n")
    assert 'run.togle   unknown id. Did you mean "run.toggle"?' in text
    assert '"alt+n" cannot be used: many terminals send Alt as Escape' in text
    assert "3 is not a key: a character, space, enter" in text


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("[", "follows Escape"), ("]", "follows Escape"), ("O", "follows Escape"), ("left_square_bracket", "follows Escape"),
        ("7", "begins to type a value"), ("alt+x", "Alt"), ("f5", "function keys"), ("F12", "function keys"),
        ("ctrl+a", "screen"), ("ctrl+b", "tmux"), ("ctrl+c", "copies"), ("ctrl+h", "Backspace"), ("ctrl+i", "is Tab"),
        ("ctrl+j", "Enter"), ("ctrl+m", "Enter"), ("ctrl+w", "closes the tab"), ("ctrl+t", "tab"), ("ctrl+n", "window"),
        ("ctrl+z", "background"), ("ctrl+q", "quits, whatever else"), ("shift+n", 'Did you mean "N"?'),
        ("spcae", 'Did you mean "space"?'), ("ctrl+", "is not a key"), ("", "is not a key"),
        ("ctrl+shift+x", "is not a key"), ("\u00a0", "is not a key"), ("\x1b", "is not a key"),
    ],
)  # fmt: skip
def test_a_key_that_does_not_arrive_is_refused_with_the_reason(key, why):
    assert why in problems({"run.toggle": key})["run.toggle"]


def test_every_key_that_is_used_now_would_be_taken():
    for place in places():
        for binding in place.bindings:
            for key in binding.key.split(","):
                if key != "ctrl+q":
                    assert keymap.checked({binding.id: key}, "") == {binding.id: (key,)}, binding


@pytest.mark.parametrize(
    ("said", "key", "why"),
    [
        ({"run.batch": "N"}, "run.batch", '"N" is taken by run.epoch'),
        ({"run.toggle": "up"}, "run.toggle", '"Up" is taken by settings.up and tree.up'),
        ({"tree.up": "n"}, "tree.up", '"n" is taken by run.batch'),
        ({"tree.up": "k", "tree.down": "k"}, "tree.up", '"k" is taken by tree.down'),
        ({"ask.yes": "n"}, "ask.yes", '"n" is taken by ask.no'),
        ({"ask.yes": "escape"}, "ask.yes", '"Escape" is taken by sheet.escape'),
    ],
)
def test_a_key_that_is_taken_in_the_same_place_is_refused(said, key, why):
    assert why in problems(said)[key]


def test_a_key_may_mean_two_things_in_two_places():
    said = {"tree.up": ["up", "u"], "settings.up": ["up", "u"], "ask.yes": "j", "run.toggle": "j"}
    assert set(keymap.checked(said, "")) == set(said)


def test_where_one_types_a_character_is_refused():
    assert "characters are typed" in problems({"picker.down": "j"})["picker.down"]


def test_quitting_cannot_be_taken_away():
    assert "stays ctrl+q" in problems({"app.leave": "x"})["app.leave"]
    assert keymap.checked({"app.quit": "Q"}, "") == {"app.quit": ("Q",)}  # ctrl+q is there all the same


def test_a_key_there_must_be():
    assert "has no key" in problems({"run.toggle": []})["run.toggle"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a = ", "not valid TOML"), (b"\xff", "not a text file in UTF-8"), (b"#" * 70000, "is longer than 65536 bytes")],
)
def test_what_is_no_toml_is_said(home, content, said):
    home.mkdir()
    (home / "keymap.toml").write_bytes(content)
    with pytest.raises(KeymapError, match=said):
        keymap.read()


# In the lab -----------------------------------------------------------------------------------------------------------


async def test_other_keys_work_and_are_shown_in_footer_and_help(lab, write):
    write('"run.batch" = "x"\n"tree.up" = ["u", "up"]\n"run.epoch" = "n"\n"settings.enter" = "e"\n')
    async with lab(size=(120, 50)) as person:
        assert "x batch  n epoch" in person.read("keys")
        await person.press("x")
        assert person.session.steps == 1
        await person.press("n")
        await person.until(lambda: person.state == "paused" and person.session.trainer.at_epoch_end)
        await person.press("N")  # nothing's any more
        assert person.session.trainer.epoch == 1
        await person.press("tab", "u")
        assert not person.lab.progress.following
        await person.press("shift+tab", "e")
        assert person.typing is not None or person.app.screen is not person.lab
        await person.press("escape", "tab", "?")
        assert "x   One batch (pauses first)" in person.seen()
        await person.press("?", "q")


async def test_with_a_problem_in_it_all_keys_are_as_usual_and_that_is_said(lab, write):
    write('"run.batch" = "x"\n"run.togle" = "y"\n')
    async with lab(size=(160, 40)) as person:
        assert "keymap.toml: 1 problem, so all keys are as usual. descent keys lists them" in person.note
        await person.press("x")
        assert person.session.steps == 0
        await person.press("n")
        assert person.session.steps == 1


async def test_ctrl_q_quits_whatever_q_is(lab, write):
    write('"app.quit" = "Q"\n')
    async with lab() as person:
        await person.press("q")
        assert person.app._exit is False
        await person.press("?", "ctrl+q")
        await person.until(lambda: person.app._exit)


# descent keys ---------------------------------------------------------------------------------------------------------


def keys(*options: str):
    return CliRunner().invoke(cli.main, ["keys", *options])


def test_descent_keys_marks_what_is_changed(write):
    file = write('"run.batch" = ["x", "-"]\n"pace.slower" = "_"\n')
    ended = keys()
    assert ended.exit_code == 0
    assert any(line.startswith("* x -") and " run.batch " in line for line in ended.stdout.splitlines())
    assert f"* changed by {file}" in ended.stdout


def test_descent_keys_reports_every_problem_and_ends_with_2(write):
    file = write('"run.batch" = "F1"\n"x" = "y"\n')
    ended = keys()
    assert ended.exit_code == 2
    assert f"{file}: 2 problems" in ended.stderr
    assert "The lab keeps its own keys" in ended.stderr
    assert " run.batch " in ended.stdout  # the table is there all the same


def test_the_file_that_is_printed_changes_nothing_and_names_everything(write):
    write("")
    text = keys("--toml").stdout
    assert tomllib.loads(text) == {}
    whole = "\n".join(line.removeprefix("# ") if line.startswith('# "') else line for line in text.splitlines())
    file = write(whole)
    made = keymap.read(file)
    assert set(made) == {binding.id for place in places() for binding in place.bindings} - {"app.leave"}
    usual = {key.id: key.keys for key in KEYS if key.action}
    assert all(",".join(made[name]) == usual[name].replace(",ctrl+q", "") for name in usual)


def test_the_file_that_is_printed_keeps_what_was_changed(write):
    write('"run.batch" = "x"\n')
    assert tomllib.loads(keys("--toml").stdout) == {"run.batch": "x"}
