"""What a terminal is set to while the lab is on it, and what sets it back.

Textual asks and sets more than old terminals can read: an unknown mode is passed over by all of them, but a sequence with
a `>`, a `<` or a `$` in it leaves its last letter on the screen of a Linux console or a VT100. So those are left out there.
"""

from __future__ import annotations

ASKS = "\x1b[?2026$p"  # whether a frame can be shown all at once
ASKS_SIZES = "\x1b[?2048$p"  # whether it says by itself when its size changes
KITTY_BACK = "\x1b[<u"  # takes back what was put on with `>`, so it must be written as often as that was

#: Terminals, by how their names begin, that read no `>`, `<` and `$` in a sequence.
OLD = ("linux", "vt", "ansi", "cons", "sun", "pcansi", "wy", "xterm-old")

POINTER = "\x1b]22;"  # the shape of a mouse's pointer: the lab has no use for a mouse

#: Back to what a shell expects, in this order: a frame that was cut off is shown; pastes, focus, mouse and sizes are
#: reported no more; lines wrap; no colours; an empty screen, for where there is but one; kitty's keys; the shell's own
#: screen, and its cursor is seen.
SHOWS = "\x1b[?2026l"
REPORTS = "\x1b[?2004l\x1b[?1004l\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
SCREEN = "\x1b[?7h\x1b[0m\x1b[H\x1b[J{}\x1b[?1049l\x1b[0m\x1b[?25h"


def is_old(term: str) -> bool:
    """Whether a terminal of that name is one that cannot read all of Textual's sequences."""
    return term.startswith(OLD)


def understood(data: str, term: str) -> bool:
    """Whether what Textual writes, one sequence at a time, can be read there; frames always can."""
    if data.startswith(POINTER):
        return False
    return not (is_old(term) and (data.startswith(("\x1b[>", "\x1b[<")) or data in (ASKS, ASKS_SIZES)))


def back(term: str, kitty: bool) -> str:
    """All that sets a terminal of that name back; `kitty`: its keys were set to kitty's protocol."""
    return SHOWS + REPORTS + SCREEN.format(KITTY_BACK if kitty and not is_old(term) else "")
