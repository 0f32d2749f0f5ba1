"""The lesson beside the lab: its text, things to try, and questions whose answers a key uncovers."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Markdown, Static

from engine import Preset
from tui.canvas import Canvas, heading
from tui.glossary import linked


class Title(Canvas):
    """The rule over the lesson."""


class LessonPane(VerticalScroll, can_focus=True):
    """One Tab stop: arrows scroll, Enter uncovers the next answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer", "Show the next answer", show=False, id="lesson.enter"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self.preset: Preset | None = None
        self.answered = 0

    def compose(self) -> ComposeResult:
        yield Title(id="lesson-title")
        yield Markdown(id="lesson-text", open_links=False)  # the lab opens what they lead to
        yield Static(id="lesson-questions", markup=False)

    def show(self, preset: Preset) -> None:
        """The text of this preset, all answers covered."""
        self.preset, self.answered = preset, 0
        tries = "\n".join(f"{number}. {thing}" for number, thing in enumerate(preset.sheet.things_to_try, 1))
        text = preset.sheet.story.strip() or preset.sheet.summary or "This preset has no text."
        self.query_one(Markdown).update(linked(text) + (f"\n\n### Try\n\n{tries}" if tries else ""))
        self.scroll_home(animate=False)
        self._draw()

    def action_answer(self) -> None:
        """Uncover the next answer; after the last one, cover all again."""
        if self.preset is None or not self.preset.sheet.question:
            return
        self.answered = (self.answered + 1) % (len(self.preset.sheet.question) + 1)
        self._draw()
        self.scroll_end(animate=False)

    def _draw(self) -> None:
        if self.preset is None or not self.is_mounted:
            return
        lines = []
        for number, question in enumerate(self.preset.sheet.question):
            lines.append(f"? {question.asks}")
            if number < self.answered:
                lines.append(f"  {question.answer}")
            elif number == self.answered:
                lines.append("  > Enter here shows the answer")
            lines.append("")
        self.query_one("#lesson-questions", Static).update("\n".join(lines))
        title = self.query_one(Title)
        title.paint([heading(((f"Lesson: {self.preset.title}", "text"),), max(1, title.size.width), self.has_focus)])

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)
