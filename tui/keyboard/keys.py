"""One table of keys: it makes the bindings, the footer, the help and the palette, so that none of them can be out of date.

Never a key that begins an escape sequence (`[`, `]`, `O`), alt, or a function key: over SSH they do not arrive whole. A
keymap of the user's own (`keymap.py`) puts other keys in the place of these.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from textual.binding import Binding, BindingType
from textual.keys import _character_to_key


@dataclass(frozen=True, slots=True)
class Key:
    """A key (or several, by Textual's names), how it is written, the action it runs and what it does in words.

    `footer` is its word in the line at the bottom; empty keys stand in the help alone. `action` empty: a pane's own key.
    """

    id: str
    keys: str
    shown: str
    action: str
    help: str
    footer: str = ""


KEYS = (
    Key("run.toggle", "space", "space", "start_pause", "Start or pause, in every pane; again once it is over", "start"),
    Key("run.batch", "n", "n", "step_batch", "One batch (pauses first)", "batch"),
    Key("run.epoch", "N", "N", "step_epoch", "One epoch (pauses first)", "epoch"),
    Key("run.phase", "s", "s", "step_phase", "One phase: forward, loss, backward, update (pauses first)", "phase"),
    Key("run.restart", "r", "r", "restart", "Start again with the form's settings; the old run is kept", "restart"),
    Key("rate.down", "comma", ",", "rate(False)", "Learning rate down, at once: 1, 0.5, 0.2, 0.1 ...", ""),
    Key("rate.up", "full_stop", ".", "rate(True)", "Learning rate up, at once: 0.1, 0.2, 0.5, 1 ...", "learning rate"),
    Key("pace.slower", "minus", "-", "pace(False)", "Watch at half the pace", ""),
    Key("pace.faster", "plus,equals_sign", "+", "pace(True)", "Watch at twice the pace, at last as fast as it goes", "pace"),
    Key("run.keep", "k", "k", "keep", "Keep the run as a ghost behind the next; again: the table of all runs", "keep"),
    Key("show.lesson", "t", "t", "lesson", "Lesson: the text, things to try, questions", "text"),
    Key("show.presets", "p", "p", "presets", "Lessons: pick another preset; type to search", "lessons"),
    Key("show.why", "w", "w", "why", "Why: the evidence for the verdict, a setting to try; uncovers what is hidden", ""),
    Key("show.views", "v", "v", "views", "Views: inside the model, axes, smoothing, more curves, each a letter", "views"),
    Key("show.zoom", "z", "z", "zoom", "The focused pane on the whole screen, and back", "zoom"),
    Key("show.help", "question_mark", "?", "help", "All keys, and the glossary: what the words mean", "keys"),
    Key("show.palette", "colon,ctrl+p", ":", "palette", "Command palette: themes and everything rare", ""),
    Key("preset.save", "ctrl+s", "ctrl+s", "save", "Save what is on the screen as a preset of your own", ""),
    Key("app.quit", "q,ctrl+q", "q", "leave", "Quit; asks only while training", "quit"),
    Key("pane.next", "tab", "Tab", "app.focus_next", "Next pane", ""),
    Key("pane.previous", "shift+tab", "shift+Tab", "app.focus_previous", "Previous pane", ""),
    Key("pane.arrows", "", "arrows", "", "The focused pane's own: rows of settings, the tree, a cursor on the curves", ""),
    Key("pane.enter", "", "Enter", "", "Edit and accept a setting; open a node of the tree; show an answer", ""),
    Key("pane.escape", "escape", "Escape", "back", "Cancel an edit or long work, close what is open; never quits", ""),
)  # fmt: skip


def told(made: Iterable[BindingType]) -> list[BindingType]:
    """The bindings of a pane or sheet, each with a tooltip: where there is none of its own, what it is described by."""
    return [
        replace(each, tooltip=each.description) if isinstance(each, Binding) and not each.tooltip else each for each in made
    ]


#: How keys are written that are no characters.
WRITTEN = {"space": "space", "tab": "Tab", "enter": "Enter", "escape": "Escape", "pageup": "PageUp", "pagedown": "PageDown"}


#: The characters that Textual calls by a name.
CHARACTERS = {_character_to_key(character): character for character in string.punctuation}


def written(key: str) -> str:
    """A key as it is written for people: '?' for question_mark, 'shift+Tab', 'PageUp'."""
    *modifiers, name = key.split("+") if len(key) > 1 else (key,)
    if len(name) > 1:
        name = CHARACTERS.get(name) or WRITTEN.get(name, name.capitalize())
    return "+".join((*modifiers, name))


def typed(key: str) -> str:
    """The character that a key types, by Textual's name of it; empty where it types none."""
    return " " if key == "space" else key if len(key) == 1 else CHARACTERS.get(key, "")


def in_force(keymap: Mapping[str, Sequence[str]], table: Sequence[Key] = KEYS) -> tuple[Key, ...]:
    """The table with the keys of a keymap: by id, Textual's names of keys."""
    return tuple(
        replace(key, keys=",".join(keymap[key.id]), shown=written(keymap[key.id][0])) if key.id in keymap else key
        for key in table
    )


def bindings() -> list[Binding]:
    """The lab's bindings; their ids are what a keymap would name."""
    return [Binding(key.keys, key.action, key.help, show=False, id=key.id, tooltip=key.help) for key in KEYS if key.action]


#: What the line at the bottom keeps the longest, where there is little room: the way to all other keys first.
USEFUL = (
    "show.help", "run.toggle", "run.batch", "show.views", "rate.up", "show.presets", "run.epoch", "pace.faster",
    "run.phase", "run.keep", "app.quit", "show.lesson", "show.why", "run.restart", "show.zoom",
)  # fmt: skip


#: Keys that change what is trained, which nobody can where another process trains it.
TRAINING = frozenset((
    "run.toggle", "run.batch", "run.epoch", "run.phase", "run.restart", "run.keep", "rate.down", "rate.up", "pace.slower",
    "pace.faster",
))  # fmt: skip


def footer(state: str, width: int, steps: bool = False, table: Sequence[Key] = KEYS) -> list[tuple[str, str]]:
    """(keys, word) for the line at the bottom, as many as fit; pairs such as `, .` stand together.

    `steps`: on a surface a batch, and an epoch as well, is a step. `table`: with the keys in force.
    """
    entries: list[tuple[str, str]] = []
    ids: list[str] = []
    waiting = ""
    for key in table:
        if state == "watching" and key.id in TRAINING:
            continue
        if key.footer and not (steps and key.id == "run.epoch"):
            word = {"running": "pause", "paused": "go on", "finished": "again"}.get(state, "start")
            word = word if key.id == "run.toggle" else key.footer
            if width < 100 and word == "learning rate":
                word = "rate"
            if steps and key.id == "run.batch":
                word = "step"
            entries.append((f"{waiting}{key.shown}", word))
            ids.append(key.id)
            waiting = ""
        elif key.id in ("rate.down", "pace.slower"):  # told together with the key that follows
            waiting = f"{key.shown} "
    while ids and sum(len(keys) + len(word) + 3 for keys, word in entries) > width:
        worst = max(range(len(ids)), key=lambda at: USEFUL.index(ids[at]) if ids[at] in USEFUL else len(USEFUL))
        if ids[worst] == USEFUL[0]:
            break
        del ids[worst], entries[worst]
    return entries
