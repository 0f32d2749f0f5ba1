"""Every theme can be read: the contrast of each role against what it stands on, as WCAG 2.2 works it out."""

import itertools
import json
import math
import re
from pathlib import Path

import pytest
from rich.color import ColorSystem
from textual.app import App
from textual.theme import BUILTIN_THEMES

import tui
from tui.canvas import ROLES, Canvas
from tui.home import themes
from tui.home.few_colours import nearest
from tui.names import letters

OURS = [theme.name for theme in themes.THEMES]
FAINT = ("dim", "axis", "faint")  # what only explains, and the raw curve under a smoothed one, may be fainter
#: Fields of a picture, which are told by their shade or by a letter: only the others have words in them.
FIELDS = re.compile(r"shade-|heat-|class-\d-|band")
WORDS = [role for role in ROLES if not FIELDS.match(role)]
RUNS = tuple(f"run-{number}" for number in range(1, 6))  # the sixth is told by its letter alone
ON_A_CURVE, WHITE = ("train", "validation", "lit"), (0.95047, 1.0, 1.08883)
ANSI = [name for name, theme in BUILTIN_THEMES.items() if theme.ansi]  # their colours are the terminal's own
MAIN = sorted(set(BUILTIN_THEMES) - set(ANSI))


def luminance(color) -> float:
    """Of red, green and blue from 0 to 255: WCAG 2.2, relative luminance."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other) -> float:
    """From 1 (the same) to 21 (black on white)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_is_that_of_the_standard():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)  # the grey that just fails
    assert contrast((10, 20, 30), (10, 20, 30)) == 1.0


def lab_of(color) -> tuple[float, float, float]:
    """Lightness, green to red, blue to yellow (CIE 1976 L*a*b*, white point D65) of red, green and blue from 0 to 255."""
    shares = [part / 255 for part in color]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares]
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = (sum(a * b for a, b in zip(row, linear, strict=True)) / white for row, white in zip(rows, WHITE, strict=True))
    x, y, z = (one ** (1 / 3) if one > 0.008856 else 7.787 * one + 16 / 116 for one in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def differences(canvas: Canvas) -> dict[tuple[str, str], float]:
    """How far the colours of each two curves are apart: 2 can just be told, 50 are other colours."""
    colours = {role: lab_of(canvas.style_of(role).color.triplet) for role in (*ON_A_CURVE, *RUNS)}
    pairs = [*itertools.combinations(ON_A_CURVE, 2), *itertools.combinations(RUNS, 2)]
    return {(a, b): math.dist(colours[a], colours[b]) for a, b in pairs}


def contrasts(canvas: Canvas) -> dict[str, float]:
    found = {}
    for role in ROLES:
        style = canvas.style_of(role)
        front, back = style.color.triplet, style.bgcolor.triplet
        found[role] = contrast(front, back)
    return found


class Roles(App):
    """All roles, and nothing else to be drawn."""

    CSS_PATH = Path(tui.__file__).with_name("app.tcss")

    def __init__(self) -> None:
        super().__init__()
        themes.register(self)

    def compose(self):
        yield Canvas()


@pytest.fixture
async def in_theme():
    """What is measured of the roles in a theme: their contrasts, if not told otherwise."""
    app = Roles()
    async with app.run_test() as pilot:

        async def take(name: str, measure=contrasts):
            app.theme = name
            await pilot.pause()
            return measure(app.query_one(Canvas))

        yield take


async def test_every_role_of_our_themes_is_legible(in_theme):
    for name in OURS:
        found = await in_theme(name)
        least = {role: 3.0 if role in FAINT and "contrast" not in name else 4.5 for role in WORDS}
        assert {role: round(found[role], 2) for role in WORDS if found[role] < least[role]} == {}, name
        if "contrast" in name:
            assert {role: round(found[role], 2) for role in WORDS if found[role] < 7.0} == {}, name


async def test_every_role_of_textuals_themes_can_be_read(in_theme):
    faint = {}
    for name in MAIN:
        found = await in_theme(name)
        faint |= {(name, role): round(found[role], 2) for role in WORDS if found[role] < 3.0}
    assert faint == {}


async def test_training_validation_and_what_is_lit_are_three_colours_and_five_runs_are_five(in_theme):
    assert math.dist(lab_of((255, 255, 255)), (100, 0, 0)) < 0.1
    near, chosen = {}, (*OURS, "textual-dark", "textual-light")
    for name in [*OURS, *MAIN]:
        for (a, b), apart in (await in_theme(name, differences)).items():
            least = (20 if a in RUNS else 40) if name in chosen else 5 if a in RUNS else 15
            if apart < least:
                near[name, a, b] = round(apart)
    assert near == {}


@pytest.mark.parametrize("name", [*OURS, "textual-dark", "textual-light"])
async def test_shades_of_a_field_rise(in_theme, name):
    found = await in_theme(name)
    for one in ("shade-", "class-1", "class-2", "class-6"):
        levels = [f"{one}{level}" for level in (range(1, 7) if one == "shade-" else ("-faint", "-medium", "-strong", ""))]
        ratios = [found[level] for level in levels]
        assert all(after > 1.1 * before for before, after in itertools.pairwise(ratios)), (levels, ratios)


@pytest.mark.parametrize("name", ["descent-okabe-ito", "descent-okabe-ito-light", "textual-dark", "textual-light"])
async def test_with_256_colours_classes_keep_their_hues(monkeypatch, name):
    """Where it is sure; where it is not, all are grey: never one of the other's colour."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLORTERM", raising=False)
    app = Roles()
    async with app.run_test() as pilot:
        monkeypatch.setattr(app.console, "_color_system", ColorSystem.EIGHT_BIT)
        app.theme = name
        await pilot.pause()
        canvas = app.query_one(Canvas)

        def drawn(role: str) -> tuple[float, float, float]:
            return lab_of(canvas.style_of(role).color.downgrade(ColorSystem.EIGHT_BIT).get_truecolor())

        strong = {number: drawn(f"class-{number}-strong") for number in range(1, 5)}
        for one, other in itertools.combinations(strong, 2):
            assert math.dist(strong[one], strong[other]) > 15, (name, one, other)
        for number in strong:
            assert drawn(f"class-{number}-medium") == strong[number]
            assert math.hypot(*drawn(f"class-{number}-faint")[1:]) < 1, (name, number)
    assert nearest(59, 106, 142) == (0, 95, 135)  # a dull blue is a blue, and no teal
    assert nearest(112, 89, 56) != (95, 95, 0)  # nor a dull orange an olive


@pytest.fixture
def colourful(monkeypatch):
    """A terminal with all colours."""
    monkeypatch.setenv("COLORTERM", "truecolor")


async def test_the_theme_that_was_chosen_is_there_the_next_time(lab, home, colourful):
    async with lab() as person:
        assert person.app.theme == "textual-dark"
        await person.press("v", "t")
        await person.type("descent-okabe-ito-light")
        await person.until(lambda: "descent-okabe-ito-light" in person.seen())
        await person.press("down", "enter")
        await person.until(lambda: person.app.theme == "descent-okabe-ito-light")
    assert json.loads((home / "layout.json").read_text())["theme"] == "descent-okabe-ito-light"
    async with lab() as person:
        assert person.app.theme == "descent-okabe-ito-light"


async def test_the_environment_goes_before_what_was_chosen(lab, home, monkeypatch):
    home.mkdir()
    (home / "layout.json").write_text('{"theme": "descent-contrast"}')
    monkeypatch.setenv("TEXTUAL_THEME", "textual-light")
    monkeypatch.setattr("textual.app.App.theme._default", "textual-light")  # Textual reads it when it is imported
    async with lab() as person:
        assert person.app.theme == "textual-light"
        await person.press("z")
    assert json.loads((home / "layout.json").read_text())["theme"] == "descent-contrast"  # one's own choice stays


async def test_a_theme_that_is_not_there_any_more_is_no_harm(lab, home, colourful):
    home.mkdir()
    (home / "layout.json").write_text('{"theme": "of-long-ago"}')
    async with lab() as person:
        assert person.app.theme == "textual-dark"


async def test_no_color_leaves_no_colour(lab, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with lab("lr-big-medium-tiny", epochs=1) as person:
        strips = person.app.screen._compositor.render_strips()
        filters = person.app._filters
        for strip in strips[:30]:
            for each in filters:
                strip = strip.apply_filter(each, person.app.screen.background_colors[1])
            for segment in strip:
                for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    if color is not None and color.triplet is not None:
                        assert len(set(color.triplet)) == 1, (segment, color)  # a grey


@pytest.mark.parametrize("preset", ["lr-big-medium-tiny", "batch-8-32-128", "optimizers-compared"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_runs_are_told_apart_without_any_colour(lab, preset, size):
    """With all roles the same, the letter of every run is found in the title and on the plot, and no two are the same."""
    async with lab(preset, epochs=None if preset == "optimizers-compared" else 3, size=size, pace=float("inf")) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        runs = person.session.trainers
        marks = letters([one.run.name for one in runs])
        assert len(set(marks)) == len(runs)
        title, *plot = person.read("loss").splitlines()  # text alone: every role is dropped
        assert len(runs) > 1
        for mark in marks:
            assert f" {mark}" in title
            assert any(mark in line.partition("┤")[2] or mark in line.partition("│")[2] for line in plot), (mark, plot)


async def test_what_is_right_and_wrong_and_lit_is_said_in_words_or_marks(lab, fast):
    async with lab(pace=fast) as person:
        await person.press("space")
        await person.until(lambda: person.state == "finished")
        assert "DONE" in person.read("header")
        assert "[" in person.read("loop") and "]" in person.read("loop")  # the phase that is lit
        assert "validation o" in person.read("loss")
        assert any(line.startswith(">") for line in person.read("settings").splitlines())  # the cursor
        assert "━" in person.read("settings").splitlines()[0]  # the focus
        assert "━" not in person.read("tree").splitlines()[0]


async def test_the_line_that_is_chosen_on_a_sheet_has_a_mark(lab):
    """In the text of the screen, so without any colour."""

    def marked() -> list[str]:
        inside = [line.partition("│")[2] for line in person.seen().splitlines()]
        return [line.strip(" │")[2:].lstrip().split("  ")[0] for line in inside if line.strip(" │").startswith("> ")]

    async with lab(size=(100, 30)) as person:
        await person.at_row("optimizer")
        for opening, chosen in (
            (lambda: person.press("v"), ("a Accuracy, fit or error", "b Boundary or fit")),
            (lambda: person.press("p"), ("* The recipe", "Epochs and iterations")),
            (lambda: person.press("enter"), ("adam", "adamw")),
            (person.lab.action_panes, ("[x] s Settings", "[x] p Progress")),
            (person.lab.action_take_away, ("A report", "The screen as a picture")),
        ):
            if (waited := opening()) is not None:
                await waited
            await person.until(lambda: person.app.screen is not person.lab)
            await person.until(lambda chosen=chosen: marked() == [chosen[0]])
            await person.press("down")
            await person.until(lambda chosen=chosen: marked() == [chosen[1]])
            await person.press("escape")
            await person.until(lambda: person.app.screen is person.lab)
