"""Themes of descent's own, beside all of Textual's: of high contrast, and safe for eyes that see some colours alike.

The only file with colours in it. Everything on the screen names a variable of the theme, and nothing is told by colour
alone, so any theme will do; these are for those who need more than a usual one gives. A test works out the contrast of
every role in every theme (WCAG 2.2, relative luminance).
"""

from __future__ import annotations

import os

from textual.app import App
from textual.theme import Theme

STANDARD = "ansi-dark"  # where a terminal has 16 colours: the nearest of them to another theme's is mostly grey


def theme(
    name: str, dark: bool, ground: str, text: str, muted: str, colours: dict[str, str], raised: str, line: str
) -> Theme:
    """A theme whose coloured texts are exactly these, not tints worked out from them.

    `ground` lies under everything, `raised` under sheets; `line` is between panes. `colours` are the six that the roles
    are made of, by Textual's names.
    """
    exact = {f"text-{key}": value for key, value in colours.items()}
    return Theme(
        name,
        foreground=text,
        background=ground,
        surface=ground,
        panel=raised,
        dark=dark,
        variables={
            **exact,
            "text": text,
            "text-muted": muted,
            "text-disabled": muted,
            "foreground-muted": muted,
            "surface-lighten-2": line,
            "block-cursor-foreground": ground,
            "block-cursor-background": text,
            "block-cursor-blurred-foreground": text,
            "block-cursor-blurred-background": raised,
            "input-selection-background": f"{colours['primary']} 40%",
        },
        **colours,  # type: ignore[arg-type]  # all of them are colours
    )


#: Okabe and Ito, "Color Universal Design" (2008): eight colours that people who see red and green alike tell apart. Sky
#: blue, orange, bluish green, vermilion and reddish purple as published; on a light ground the same hues, darkened until
#: they can be read (yellow cannot, and is left out).
OKABE_ITO = {
    "primary": "#56B4E9",
    "secondary": "#F0E442",
    "warning": "#E69F00",
    "success": "#009E73",
    "error": "#D55E00",
    "accent": "#CC79A7",
}
OKABE_ITO_DARKENED = {
    "primary": "#0072B2",
    "secondary": "#0072B2",
    "warning": "#8A5F00",
    "success": "#007A59",
    "error": "#B34F00",
    "accent": "#A34C7D",
}

THEMES = (
    theme(
        "descent-contrast", True, "#000000", "#FFFFFF", "#D0D0D0",
        {"primary": "#7FDBFF", "secondary": "#7FDBFF", "warning": "#FFE000", "success": "#7CFF7C", "error": "#FF9E9E",
         "accent": "#FFB3FF"},
        "#262626", "#A0A0A0",
    ),
    theme(
        "descent-contrast-light", False, "#FFFFFF", "#000000", "#383838",
        {"primary": "#003C9E", "secondary": "#003C9E", "warning": "#6B3A00", "success": "#004D1A", "error": "#8F0000",
         "accent": "#6A006A"},
        "#E4E4E4", "#606060",
    ),
    theme("descent-okabe-ito", True, "#101418", "#F2F2F2", "#B4BAC0", OKABE_ITO, "#2A3138", "#59636C"),
    theme("descent-okabe-ito-light", False, "#FFFFFF", "#14181C", "#59636C", OKABE_ITO_DARKENED, "#E8EBEE", "#A8B0B8"),
)  # fmt: skip


def register(app: App[None]) -> None:
    """Make the themes known to an app that is not drawn yet: TEXTUAL_THEME may name one of them."""
    for each in THEMES:
        app.register_theme(each)


def take(app: App[None], remembered: str) -> None:
    """The theme that was chosen last, for an app that is not drawn yet.

    TEXTUAL_THEME goes before it; a terminal with few colours has one made for them. Assigning `theme` would have Textual
    read and apply all of its styles twice, a third of the time until something is to be seen.
    """
    if not os.environ.get("TEXTUAL_THEME", ""):
        if remembered in app.available_themes:
            app.set_reactive(App.theme, remembered)
        elif app.console.color_system == "standard":
            app.set_reactive(App.theme, STANDARD)
    chosen = app.current_theme
    others = {name: False for name in app.classes if name.startswith("-theme-")}
    modes = {"-dark-mode": chosen.dark, "-light-mode": not chosen.dark}
    app.update_classes({**others, f"-theme-{chosen.name}": True, **modes}, update=False)
    app._refresh_truecolor_filter(app.ansi_theme)
    app.stylesheet.set_variables(app.get_css_variables())
