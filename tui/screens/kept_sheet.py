"""The sheet of the runs that are kept on disk: to open one again, to star it, to delete it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.byte_sizes import written_size
from engine.on_disk.folder import RunFolder
from engine.on_disk.store import Store, delete, star
from tui.figures import cut, printable, short
from tui.run_list import Listed, listed
from tui.screens.sheets import Ask, Lines, Sheet, hint

HINT = "<list.enter> opens   <kept.star> stars: never deleted to make room   <kept.delete> deletes   <sheet.escape> closes"


class KeptSheet(Sheet[RunFolder]):
    """Gives the folder of the run that is to be opened."""

    SAID = "kept-said"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "star", "Star it, or no longer", show=False, id="kept.star"),
        Binding("x,delete", "delete", "Delete it", show=False, id="kept.delete"),
    ]

    def __init__(self, place: Store, own: Sequence[str] = ()) -> None:
        super().__init__("kept")
        self.place, self.own = place, own

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Runs that are kept on disk", classes="sheet-title", markup=False)
            yield Lines()
            yield Static("", id=self.SAID, markup=False)
            yield hint(HINT)

    def on_mount(self) -> None:
        self._fill()
        self.set_focus(self.query_one(OptionList))

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        """Show what there is, the newest first; the cursor stays where it was."""
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        width = (options.scrollable_content_region.width or self.app.size.width) - 4
        self.runs = [listed(folder) for folder in reversed(self.place.folders())]
        options.clear_options()
        options.add_options(Option(described(one, one.id in self.own, width), id=one.id) for one in self.runs)
        if self.runs:
            options.highlighted = min(at, len(self.runs) - 1)
        else:
            options.add_option(Option("none yet: a run is kept as soon as it begins", disabled=True))

    @property
    def _chosen(self) -> Listed | None:
        at = self.query_one(OptionList).highlighted
        return None if at is None or at >= len(self.runs) else self.runs[at]

    def action_star(self) -> None:
        """Star the chosen run, or take the star away."""
        if (one := self._chosen) is not None:
            try:
                star(one.folder, not one.starred)
            except OSError as error:
                self._say(f"{one.id}: {error.strerror or error}")
            else:
                self._say(f"{one.id}: {'no longer starred' if one.starred else 'starred'}")
            self._fill()

    def action_delete(self) -> None:
        """Delete the chosen run, after a question."""
        one = self._chosen
        if one is None:
            return
        if one.state == "training":
            self._say(f"{one.id} is being trained: that ends first")
        elif one.starred:
            self._say(f"{one.id} is starred: <kept.star> takes that away")
        else:

            def answered(yes: bool | None) -> None:
                if yes:
                    self._delete(one)

            self.app.push_screen(Ask(f"Delete {one.id}?", "delete it, with all its files", "keep it"), answered)

    def _delete(self, one: Listed) -> None:
        try:
            delete(one.folder)
        except OSError as error:
            self._say(f"{one.id}: cannot be deleted ({error.strerror or error})")
        else:
            self._say(f"{one.id}: deleted")
        self._fill()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if (one := self._chosen) is not None:
            self.dismiss(one.folder)


def described(one: Listed, own: bool, width: int) -> Content:
    """Two lines: the title and how it stands; the name of the folder, how far it came and its size."""
    mark = f"{'* ' if one.starred else ''}{'open here' if own else one.state}"
    title = printable(one.title if one.name in ("", one.title) else f"{one.title}: {one.name}") or one.id
    title = cut(title, max(10, width - cell_len(mark) - 2))
    gap = max(2, width - cell_len(title) - cell_len(mark))
    loss = "" if one.loss is None else f", loss {short(one.loss).strip()}"
    below = f"    {one.id}, epoch {one.epochs} of {one.planned}{loss}, {written_size(one.nbytes)}"
    return Content.assemble((title, "bold"), " " * gap, (mark, "bold"), "\n" + cut(below, width))
