"""The lesson beside the lab: its text, its claims as the run shows them, things to try, and questions with answers.

One Tab stop. What changes while it trains are the claims, and they change in place: no line of the pane moves for them
that is in sight, and a tally of them stays under the title wherever the text is scrolled to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from engine import Preset
from engine.sheet import Question
from tui.canvas import Canvas, Row, Section, Span, fit, heading, row, wrapped
from tui.containing import Contained, noted
from tui.figures import count
from tui.hidden import UNCOVERS
from tui.rows import failing_rows
from tui.terminal.fault import told
from tui.words.glossary import linked

MARKS: dict[bool | None, tuple[str, str]] = {None: ("..", "dim"), True: ("ok", "good"), False: ("no", "bad")}
FARES = {"right": "right", "half": "half right", "wrong": "wrong"}
USUAL = 55  # characters that the numbers of a claim often are: lines for them are kept free


@dataclass(frozen=True, slots=True)
class Seen:
    """A claim as the run shows it: what it says, the lesson's words and how they fare (empty: covered or none), whether it
    held (None: not seen yet) and the numbers."""

    says: str
    lesson_says: str = ""
    verdict: str = ""
    held: bool | None = None
    saw: str = ""
    seeds: str = ""  # in how many seeds it held, once somebody has had that tried


@dataclass(frozen=True, slots=True)
class Told:
    """What the pane shows besides the text: claims (`covered`: only how many there are), whether they are seen with other
    settings than the preset's, what to try next (from 1; 0: nothing yet), and which lesson of how many it is."""

    claims: tuple[Seen, ...] = ()
    covered: bool = False
    edited: bool = False
    next_thing: int = 0
    place: int = 0
    places: int = 0
    answered: int = 0


class Text(Contained, Markdown):
    """The lesson's own text."""


class Title(Canvas):
    """The rule over the lesson, and the tally of its claims; both stay where the text is scrolled."""


class LessonPane(Contained, VerticalScroll, can_focus=True, inherit_bindings=False):
    """One Tab stop: arrows scroll, Enter uncovers the next answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer", "Show the next answer", show=False, id="lesson.enter", tooltip="Show the next answer"),
        Binding("up", "scroll_up", "Up", show=False, id="lesson.up", tooltip="Scroll the text"),
        Binding("down", "scroll_down", "Down", show=False, id="lesson.down", tooltip="Scroll the text"),
        Binding("pageup", "page_up", "Page up", show=False, id="lesson.page_up", tooltip="A page further"),
        Binding("pagedown", "page_down", "Page down", show=False, id="lesson.page_down", tooltip="A page further"),
        Binding("home", "scroll_home", "Home", show=False, id="lesson.home", tooltip="To the beginning, and the end"),
        Binding("end", "scroll_end", "End", show=False, id="lesson.end", tooltip="To the beginning, and the end"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self.preset: Preset | None = None
        self.told = Told()
        self.failed = ""  # why it cannot be drawn
        self._kept: dict[tuple[int, int], int] = {}  # lines that the numbers of a claim have had, by width and claim

    def compose(self) -> ComposeResult:
        yield Title(id="lesson-title")
        yield Text(id="lesson-text", open_links=False)  # the lab opens what they lead to
        yield Section(id="lesson-claims")
        yield Section(id="lesson-try")
        yield Section(id="lesson-questions")

    @property
    def answered(self) -> int:
        """How many answers are uncovered."""
        return self.told.answered

    def show(self, preset: Preset, told: Told) -> None:
        """The text of this preset, all answers covered, and what there is besides it."""
        self.preset, self.told, self._kept = preset, replace(told, answered=0), {}
        text = linked(preset.sheet.story.strip() or preset.sheet.summary or "This preset has no text.")
        if not self._fits(self._whole):  # the rule above has no room for it
            text = f"**{preset.title}**\n\n{text}"
        self.query_one(Markdown).update(text)
        self.scroll_home(animate=False)
        self._draw()

    def tell(self, told: Told) -> None:
        """Show what the run has shown by now; what is in sight stays where it is."""
        told = replace(told, answered=self.told.answered)
        if told == self.told:
            return
        self.told = told
        self._draw()

    def action_answer(self) -> None:
        """Uncover the next answer and bring it into sight; after the last one, cover all again."""
        if self.preset is None or not self.preset.sheet.question:
            return
        questions = self.preset.sheet.question
        self.told = replace(self.told, answered=(self.told.answered + 1) % (len(questions) + 1))
        self._draw()
        self.call_after_refresh(self._to_answer)

    def _to_answer(self) -> None:
        assert self.preset is not None
        section = self.query_one("#lesson-questions", Section)
        until = max(1, self.told.answered)
        rows = question_rows(self.preset.sheet.question[:until], self.told.answered, section.size.width)
        start = len(question_rows(self.preset.sheet.question[: until - 1], self.told.answered, section.size.width))
        top, end = section.virtual_region.y + max(0, start - 1), section.virtual_region.y + len(rows) + 2
        height = self.scrollable_content_region.height - self._title_lines
        # the end of the answer is in sight, and where both fit its question
        if not self.scroll_y <= top <= end <= self.scroll_y + height:
            self.scroll_to(y=min(top, max(0, end - height)) if end - top <= height else top, animate=False)

    @property
    def _number(self) -> str:
        return f"Lesson {self.told.place} of {self.told.places}" if self.told.place else "Lesson"

    @property
    def _whole(self) -> str:
        return f"{self._number}: {self.preset.title}" if self.preset is not None else ""

    def _fits(self, title: str) -> bool:
        return len(title) + 5 <= self.query_one(Title).size.width

    @property
    def _title_lines(self) -> int:
        return 2 if self.told.claims else 1

    def _draw(self) -> None:
        if self.preset is None or not self.is_mounted or self.failed:
            return
        try:
            self._fill()
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Say in its own place that it could not be drawn, until `retry`; raises the error where faults are let through."""
        if not noted(self, error):
            raise error
        self.failed = failed = told(error)
        said, *others = self.query(Section).results()
        self.query_one(Markdown).display = False
        for other in others:
            other.show(lambda width: [])
        said.show(lambda width: failing_rows(failed, width, 12))

    def retry(self) -> None:
        """Draw it again, now that something is different."""
        if self.failed:
            self.failed = ""
            self.query_one(Markdown).display = True
            self._draw()

    def _fill(self) -> None:
        assert self.preset is not None
        sheet, told = self.preset.sheet, self.told
        claims, tries, questions = self.query(Section).results()
        grown = claims.show(lambda width: claim_rows(told, width, self._kept))
        if grown and claims.virtual_region.bottom <= self.scroll_y:  # they are above what is read
            self.call_after_refresh(self.scroll_to, y=self.scroll_y + grown, animate=False)
        tries.show(lambda width: try_rows(sheet.things_to_try, told.next_thing, width))
        questions.show(lambda width: question_rows(sheet.question, told.answered, width))
        title = self.query_one(Title)
        width = max(1, title.size.width)
        named = self._whole if self._fits(self._whole) else self._number
        rows = [heading(((named, "text"),), width, self.has_focus)]
        title.styles.height = self._title_lines
        title.paint(rows + ([fit(tally(told), width)] if told.claims else []))

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._draw()

    def on_resize(self) -> None:
        self.retry()
        self.call_after_refresh(self._draw)


# Rows -----------------------------------------------------------------------------------------------------------------


def tally(told: Told) -> Row:
    """'Claims  ok  ok  ..  no': how each claim stands, in a line."""
    if told.covered:
        return row((f" {_many(told)}, hidden", "dim"))
    spans: list[Span] = [(" Claims", "dim")]
    for seen in told.claims:
        mark, role = MARKS[seen.held]
        spans.append((f" {mark}", role))
    return tuple(spans)


def _many(told: Told) -> str:
    return count(len(told.claims), "claim")


def claim_rows(told: Told, width: int, kept: dict[tuple[int, int], int]) -> list[Row]:
    """The section of claims: each with its mark, what it says, the lesson's own words and how they fare, and the numbers.

    `kept` remembers how many lines numbers have had, by width and claim: they never have fewer, so nothing jumps.
    """
    if not told.claims:
        return []
    title: Row = (("Claims", "text"), (", with your settings" if told.edited else "", "text"))
    rows = [heading(title, width, False)]
    if told.covered:
        return [*rows, *wrapped(f"{_many(told)}, hidden: {UNCOVERS}", width, 1, "dim"), ()]
    for index, seen in enumerate(told.claims):
        mark, role = MARKS[seen.held]
        said = wrapped(seen.says, width, 4, "text")
        rows += [((f"{mark:<4}", role), *said[0][1:]), *said[1:]]
        if seen.lesson_says:
            fares = f": {FARES[seen.verdict]}" if seen.verdict in FARES else f": {seen.verdict}" if seen.verdict else ""
            rows += wrapped(f'the lesson: "{seen.lesson_says}"{fares}', width, 4, "dim")
        numbers = wrapped(seen.saw or "not seen yet", width, 4, "strong" if seen.held is not None else "dim")
        lines = kept[(width, index)] = max(len(numbers), -(-USUAL // max(8, width - 5)), kept.get((width, index), 0))
        rows += [*numbers, *[()] * (lines - len(numbers))]
        if seen.seeds:
            rows += wrapped(seen.seeds, width, 4, "strong")
    return rows


def try_rows(things: Sequence[str], following: int, width: int) -> list[Row]:
    """The section of things to try; the next one has a `>`."""
    if not things:
        return []
    rows = [heading((("Try", "text"),), width, False)]
    for number, thing in enumerate(things, 1):
        lines = wrapped(thing, width, 4, "text")
        start = f"{'>' if number == following else ' '}{number}"
        rows += [((f"{start:<4}", "strong" if number == following else "dim"), *lines[0][1:]), *lines[1:]]
    return [*rows, ()]


def question_rows(questions: Sequence[Question], answered: int, width: int) -> list[Row]:
    """The section of questions, the first `answered` with their answers."""
    if not questions:
        return []
    rows = [heading((("Questions" if len(questions) > 1 else "Question", "text"),), width, False)]
    for number, question in enumerate(questions):
        asked = wrapped(question.asks, width, 2, "text")
        rows += [(("? ", "key"), *asked[0][1:]), *asked[1:]]
        if number < answered:
            rows += wrapped(question.answer, width, 2, "strong")
        elif number == answered:
            rows += wrapped("> <lesson.enter> shows the answer", width, 2, "dim")
        rows.append(())
    return rows


if __name__ == "__main__":
    from tui.panes.alone import main

    main(__file__)
