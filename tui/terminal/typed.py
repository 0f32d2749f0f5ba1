"""What was read from the terminal, taken apart into keys: between the bytes and Textual's parser.

Escape is also the first byte of every arrow key, and of every answer of the terminal. Two things go wrong with that far
away: an arrow comes in two pieces with a pause between them, and Escape comes in one piece with the key after it. So a lone
escape byte is kept back: a tenth of a second where the terminal is near, half a second where it is reached by SSH, has
answered slowly or has sent a key in pieces, longer where Escape is known to come in other words (kitty's keys), and no
longer than until something comes that no sequence goes on with. That is then a key of its own: Alt is never meant, since
nothing is bound to it. Where the wait was too short all the same, `[A` right after an Escape is still the arrow, as no key
begins with `[`, `]` or `O`. The clock is the caller's: nothing here waits or reads by itself.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

NEAR = 0.1  # seconds that a lone escape byte is kept back where keys come whole, as Textual and vim have it
FAR = 0.5  # where they may come in pieces, as tmux and readline have it
KNOWN = 2.0  # where Escape comes in other words
SLOW = 0.08  # seconds for an answer of the terminal, from which on it is far away
UNANSWERED = 1.0  # seconds after which no answer is expected any more
BEGUN = 2.0  # seconds that a sequence may rest in the middle
MENDED = 2.0  # seconds after an Escape in which the rest of an arrow is known for what it is
PASTING = 5.0  # seconds that what is pasted may rest in the middle
READ = 32  # characters of the longest sequence that Textual reads
LONGEST = 4096  # characters of a sequence; what is longer is none

ESC = "\x1b"
PASTE, PASTED = "\x1b[200~", "\x1b[201~"
STRING = r"[^\x07\x1b]*"  # of an answer that is a text: its end is BEL or ESC \
REPLY = r"P(?:>\||!\||[01][$+]r)"  # tells an answer from Escape and the key P

#: A whole sequence: F1 to F5 of the Linux console, rxvt's shift, any other CSI; SS3; answers in words (OSC, DCS).
WHOLE = re.compile(
    r"\x1b(?:\[\[[A-E]|\[[0-9;]+\$|\[[0-?]*[ -/]*[@-Z\\-~]|O[A-FHMP-S]"
    rf"|\]\d+;{STRING}(?:\x07|\x1b\\)|{REPLY}{STRING}(?:\x07|\x1b\\))"
)
#: What may still become one.
BEGINNING = re.compile(
    rf"\x1b(?:\[(?:\[|[0-?]*[ -/]*)|O|\](?:\d+(?:;{STRING}\x1b?)?)?|{REPLY}{STRING}\x1b?)?\Z",
)
#: What is surely one, and breaks off: the next character cannot go on with it.
BROKEN = re.compile(rf"\x1b(?:\[(?:\[|[0-?]+[ -/]*|[ -/]+)|\]\d+;{STRING}|{REPLY}{STRING})")
ONE_MORE = ("\x1bO", "\x1b[", "\x1b]")  # another character that was typed after Escape, as far as can be seen
ANSWER = re.compile(r"\x1b\[\?\d+;\d\$y")
NAMED = re.compile(r"\x1b\[27(?:;[\d:]*){0,2}u")  # Escape, where it comes unambiguously


class Kind(Enum):
    """What a unit is: `KEY` a character or a whole sequence, `ESCAPE` the key of that name, `PASTE` what was pasted."""

    KEY = "key"
    ESCAPE = "escape"
    PASTE = "paste"


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that came. `late`: an Escape was given out for its first byte."""

    kind: Kind
    text: str = ""
    late: bool = False


ESCAPE = Unit(Kind.ESCAPE, ESC)


class Typed:
    """Bytes in, units out; every method is told what time it is, in seconds of any clock that does not go back.

    `wait` is how long a lone escape byte is kept back where somebody has said so, `far` whether the link may be slow.
    """

    def __init__(self, wait: float | None = None, far: bool = False) -> None:
        self._said, self._far = wait, far
        self._asked: float | None = None  # when the terminal was asked something, and has not answered yet
        self._kitty = False
        self._decode = getincrementaldecoder("utf-8")("ignore").decode
        self._held = ""  # what may be the beginning of a sequence, always from its escape on
        self._since = 0.0  # when the newest of it came
        self._late = False  # the Escape of what is held was given out
        self._given = -MENDED  # when an Escape was, after which nothing came yet
        self._pasted: str | None = None

    # the link

    def asked(self, now: float) -> None:
        """The terminal was asked something: until it answers, nobody knows how far away it is."""
        self._asked = now

    def _keeps(self, now: float) -> float:
        """Seconds that a lone escape byte is kept back."""
        if self._kitty:
            return KNOWN
        if self._said is not None:
            return self._said
        unknown = self._asked is not None and now < self._asked + UNANSWERED
        return FAR if self._far or unknown else NEAR

    # what comes

    def feed(self, data: bytes, now: float) -> list[Unit]:
        """What these bytes complete."""
        text = self._decode(data)
        if not text:
            return []
        units: list[Unit] = []
        if self._given >= now - MENDED and not self._held and self._rest_of_a_key(text):
            self._held, self._late = ESC, True
        self._given = -MENDED
        pieces = bool(self._held) and self._pasted is None
        buffer, self._held = self._held + text, ""
        while buffer:
            if self._pasted is not None:
                buffer = self._paste(buffer, units)
            elif buffer[0] != ESC:
                units.append(Unit(Kind.KEY, buffer[0]))
                buffer = buffer[1:]
            elif whole := WHOLE.match(buffer):
                buffer = buffer[whole.end() :]
                self._sequence(whole[0], units, now)
                self._far = self._far or pieces
                self._late = False
            elif BEGINNING.match(buffer):
                self._held, buffer = buffer if len(buffer) <= LONGEST else "", ""
            else:
                buffer = self._no_sequence(buffer, units)
            pieces = False
        self._since = now
        return units

    def _rest_of_a_key(self, text: str) -> bool:
        """Whether this is what follows the escape byte in a sequence. An O that stands alone was typed."""
        first = ESC + text
        return bool(WHOLE.match(first) or (text[0] in "[]" and BEGINNING.match(first)))

    def _sequence(self, sequence: str, units: list[Unit], now: float) -> None:
        """A sequence is complete: hand it out, and take what it says of the link."""
        if sequence == PASTE:
            self._pasted = ""
            return
        if ANSWER.fullmatch(sequence) and self._asked is not None:
            self._far = self._far or now - self._asked > SLOW
            self._asked = None
        if NAMED.fullmatch(sequence):
            self._kitty = True
        if sequence == PASTED or sequence[1] in "]P" or len(sequence) > READ:
            return  # the end of a paste that was given up; answers to other programs, which Textual would type
        units.append(Unit(Kind.KEY, sequence, self._late))

    def _no_sequence(self, buffer: str, units: list[Unit]) -> str:
        """An escape byte that begins none: the key, and what follows is typed; what is left to be looked at.

        A sequence that breaks off in the middle is dropped: none of it was a key.
        """
        if broken := BROKEN.match(buffer):
            self._late = False
            return buffer[broken.end() :]
        if not self._late:
            units.append(ESCAPE)
        self._late = False
        if buffer[1:2] in ("[", "]", "O"):
            units.append(Unit(Kind.KEY, buffer[1]))
            return buffer[2:]
        return buffer[1:]

    def _paste(self, buffer: str, units: list[Unit]) -> str:
        """Go on with what is pasted; what is left after its end."""
        text = f"{self._pasted}{buffer}"
        inside, end, after = text.partition(PASTED)
        self._pasted = None if end else text
        if end:
            units.append(Unit(Kind.PASTE, inside))
        return after

    # time

    def due(self, now: float) -> float | None:
        """Seconds until `tick` has something to say; None: nothing waits."""
        if self._pasted is not None:
            ends = self._since + PASTING
        elif self._held:
            ends = self._since + (self._keeps(now) if self._held == ESC else BEGUN)
        else:
            return None
        return max(0.0, ends - now)

    def tick(self, now: float) -> list[Unit]:
        """What has waited long enough. To be asked only where nothing is there to be read: it would come first."""
        due = self.due(now)
        if due is None or due > 0.0:
            return []
        held, late = self._held, self._late
        self._held, self._late = "", False
        if self._pasted is not None:
            text, self._pasted = self._pasted, None
            return [Unit(Kind.PASTE, text)]
        if held == ESC:
            self._given = now
            return [ESCAPE]
        if held not in ONE_MORE:
            return []  # half an answer of the terminal
        return [*([] if late else [ESCAPE]), Unit(Kind.KEY, held[1])]


def link(environment: Mapping[str, str]) -> tuple[float | None, bool]:
    """`wait` and `far` of Typed, as an environment has them: ESCDELAY in milliseconds, and whether this is behind SSH."""
    said = environment.get("ESCDELAY", "")
    wait = max(1, int(said)) / 1000 if said.isascii() and said.isdigit() else None
    return wait, any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))
