"""In ASCII alone: what is chosen by itself, what stands for each character, and the whole lab without any other."""

import re
import sys
import unicodedata
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal
from rich.cells import cell_len

import tui
from tui.canvas import ROLES
from tui.keyboard import named
from tui.terminal import encoding
from tui.terminal.ascii import CURVES, UNKNOWN, in_ascii, spelled
from tui.terminal.encoding import Characters, why_ascii

DESCENT = str(Path(sys.executable).with_name("descent"))
ASCII = Characters(ascii_only=True)
FILES = Path(tui.__file__).parent.rglob("*.py")
DRAWN = "".join(sorted({each for file in FILES for each in file.read_text("utf-8") if each != "\n"}))


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"LANG": "en_US.UTF-8"}, ""),
        ({"LANG": "C.utf8"}, ""),
        ({"LC_CTYPE": "UTF-8"}, ""),  # macOS
        ({"LANG": "de_DE.utf-8@euro"}, ""),
        ({}, "no LANG is set"),
        ({"LANG": ""}, "no LANG is set"),
        ({"LANG": "C"}, "LANG=C is not UTF-8"),
        ({"LANG": "en_US"}, "LANG=en_US is not UTF-8"),
        ({"LANG": "de_DE.ISO-8859-1"}, "LANG=de_DE.ISO-8859-1 is not UTF-8"),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "LC_ALL=C is not UTF-8"),  # the first of the three decides
        ({"LC_ALL": "C.UTF-8", "LC_CTYPE": "POSIX", "LANG": "C"}, ""),
        ({"LC_CTYPE": "POSIX", "LANG": "en_US.UTF-8"}, "LC_CTYPE=POSIX is not UTF-8"),
        ({"LC_MESSAGES": "C", "LANG": "en_US.UTF-8"}, ""),  # it says nothing of characters
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, "TERM=linux has no braille"),
        ({"LANG": "en_US.UTF-8", "TERM": "vt100"}, "TERM=vt100 has no braille"),
        ({"LANG": "en_US.UTF-8", "TERM": "screen.linux-16color"}, ""),
        ({"LANG": "en_US.UTF-8", "TERM": "xterm-256color"}, ""),
        ({"LANG": "C", "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}, ""),
    ],
)
def test_the_environment_says_which_characters_there_are(environment, why):
    assert why_ascii(environment) == why


def test_what_python_writes_into_the_environment_does_not_count():
    """Of a locale that is C it makes C.UTF-8, before anything of ours runs."""
    assert why_ascii({"LC_CTYPE": "C.UTF-8"}) == ""
    assert why_ascii({"LC_CTYPE": "C.UTF-8"}, coerced=True) == "no LANG is set"
    assert why_ascii({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, coerced=True) == "LANG=C is not UTF-8"
    assert why_ascii({"LC_CTYPE": "C.UTF-8", "LANG": "en_GB.UTF-8"}, coerced=True) == ""  # a locale that is not installed
    assert why_ascii({"LC_CTYPE": "de_DE.UTF-8"}, coerced=True) == ""


def test_asked_for_it_is_as_asked(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    assert encoding.characters(None) == Characters(ascii_only=True, why="LC_ALL=C is not UTF-8")
    assert encoding.characters(False) == Characters()
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm")
    assert encoding.characters(None) == Characters()
    assert encoding.characters(True) == ASCII  # nobody need be told why


def test_every_character_that_descent_draws_has_one_of_its_own():
    assert {each for each in DRAWN if spelled(each) == UNKNOWN} == {UNKNOWN}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("café 中文 ok", "cafe ???? ok"),
        ("▁▂▃▄▅▆▇█", "_,-=+*%#"),
        ("╭─┬╮│├┤╰┴╯╬\u2571╲", "+-++|++++++/\\"),
        ("⣿⠛⣤⠀⠁⡀", ":'. '."),
        ("½ ① €", "? 1 ?"),
        ("e\u0301 \U0001f469\u200d\U0001f52c.", "e ??."),
        ("a\x1b[31m\tb", "a[31mb"),
    ],
)
def test_whatever_is_on_the_screen_takes_as_many_cells_in_ascii(text, plain):
    assert spelled(text) == plain


def test_every_character_of_a_canvas_is_one_in_every_role():
    roles = (*ROLES, "shade-3/shade-3", "heat-6/heat-1", "class-2-faint/class-1", "strong/heat-1")
    for character in [*DRAWN, *map(chr, range(0x2800, 0x2900)), "é", "中", "\u0301"]:
        for role in roles:
            found, _ = in_ascii(character, role)
            assert len(found) == cell_len(character) and all(" " <= each <= "~" for each in found), (character, role, found)


def test_a_cell_that_is_parted_has_one_colour():
    assert in_ascii("▀▀", "shade-6/shade-2") == ("++", "shade-4/shade-4")
    assert in_ascii("▄", "class-1/class-2") == ("=", "class-1/class-1")
    assert in_ascii("▀", "text") == ('"', "text")


def test_curves_differ_in_their_characters():
    full = {role: in_ascii("⣿⠛⣤", role)[0] for role in ("train", *CURVES) if role not in ("axis", "dim")}
    runs = [full[f"run-{number}"] for number in range(2, 7)] + [full["train"]]
    assert len(set(runs)) == 6 and not any(set(one) & set(other) for one in runs for other in runs if one != other)
    assert not set(full["train"]) & set(full["ghost"]) and not set(full["train"]) & set(full["faint"])
    assert in_ascii("─ 0.1", "train") == (": 0.1", "train")  # what a legend calls it is what is drawn


def test_without_arrows_keys_are_in_words():
    try:
        named.put_in_force({}, in_words=True)
        assert named.named("<brief curves.up curves.down> <brief curves.page_up>") == "Up Down PgUp"
    finally:
        named.put_in_force({})
    assert named.named("<brief curves.up curves.down>") == "↑↓"


# the lab ----------------------------------------------------------------------------------------------------------------


def lines_of(person) -> list[str]:
    """The screen as it goes to the terminal."""
    return [strip.text for strip in person.app.screen._compositor.render_strips()]


def all_ascii(person, where: str) -> None:
    width, height = person.app.size
    lines = lines_of(person)
    assert len(lines) == height
    for line in lines:
        strange = {each: unicodedata.name(each, "?") for each in line if not " " <= each <= "~"}
        assert not strange and len(line) == width, (where, (width, height), strange, line)


async def test_the_whole_lab_is_in_ascii(lab, fast):
    async with lab("lr-big-medium-tiny", epochs=2, size=(120, 40), pace=fast, characters=ASCII) as person:
        all_ascii(person, "ready")
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.press("k")
        sheets = ("v", "p", "question_mark", "question_mark tab", "w", "k", "ctrl+p", "ctrl+s", "enter", "s s s", "v m", "t")
        for size, views, opened in (((80, 24), "nhcru", sheets[::2]), ((120, 40), "bilgoa", sheets[1::2])):
            await person.resize(*size)
            for letter in views:
                await person.press("v", letter)
                await person.settle()
                all_ascii(person, f"view {letter}")
            for keys in opened:
                await person.press(*keys.split())
                await person.settle()
                all_ascii(person, keys)
                if person.app.screen is not person.lab:
                    await person.press("escape", "escape")
                    await person.settle()


async def test_each_run_has_characters_of_its_own_on_the_plot(lab, fast):
    async with lab("lr-big-medium-tiny", epochs=3, pace=fast, characters=ASCII) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        await person.settle()
        pane = person.canvas("loss").region
        plot = [line[pane.x + 6 : pane.right - 1] for line in lines_of(person)[pane.y + 2 : pane.bottom - 2]]
        drawn = "".join(plot)
        for own in ("'.:", '",;', "~-="):
            assert sum(drawn.count(each) for each in own) >= 10, (own, plot)
        loss = person.read("loss")
        assert re.search("[\u2801-\u28ff]", loss)  # made as ever: only what is drawn in its place differs


# in a terminal ----------------------------------------------------------------------------------------------------------


def lab_in(environment: dict[str, str | None], *arguments: str) -> PseudoTerminal:
    usual = dict.fromkeys(("LC_ALL", "LC_CTYPE", "LANG"))
    return PseudoTerminal([DESCENT, "--pace", "max", *arguments], 100, 30, usual | environment)


def test_a_terminal_that_is_not_utf_8_gets_ascii_by_itself():
    with lab_in({"LC_ALL": "C", "NO_COLOR": "1"}) as terminal:
        terminal.shows("READY", "Drawn in ASCII: LC_ALL=C is not UTF-8", "+---")
        terminal.press(b" ")
        terminal.until(lambda: re.search(r"epoch [2-9]\d?/50", terminal.text))
        terminal.press(b" ?")
        terminal.shows("Keys", "Escape closes")
        terminal.press(b"\x1b")
        terminal.quiet()
        terminal.press(b"q")
        terminal.listen(0.3)
        terminal.press(b"y")
        assert terminal.end() == 0
        assert {byte for byte in terminal.written if not 0x20 <= byte <= 0x7E} <= set(b"\x1b\x07\r\n")
        colours = re.findall(rb"\x1b\[[0-9;]*38;2;(\d+);(\d+);(\d+)", terminal.written)
        assert all(len(set(each)) == 1 for each in colours)


@pytest.mark.parametrize(("environment", "option"), [({}, "--no-ascii"), ({"LC_ALL": "C.UTF-8"}, "")])
def test_a_terminal_that_can_do_more_or_is_said_to_gets_braille(environment, option):
    with lab_in(environment, *option.split()) as terminal:
        terminal.shows("READY", "─ Progress")
        assert "ASCII" not in terminal.text
        terminal.press(b" ")
        terminal.until(lambda: re.search("[\u2801-\u28ff]{2}", terminal.text))
