"""What the lab knows, with no screen: a preset, its runs as the form has changed them, and their trainers.

Everything that a key does to training is a method here, so that it can be tested without a terminal. Panes read from a
session; only the lab screen changes it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from engine import Preset, PresetError, Run, Trainer
from engine.film import Film
from engine.live import BETWEEN, LIVE, PACE
from engine.overlay import nest, overlay
from engine.preset import read_run
from engine.schema import Document, annotation_at
from tui import form
from tui.comparing.kept import Keeps, Kept
from tui.comparing.seeds import Band
from tui.form import FIELDS, Field
from tui.hidden import NOTHING, UNCOVERS, Hidden
from tui.live_edit import live_changes, refused
from tui.stepping import Steps
from tui.waiting import waiting

State = Literal["ready", "running", "paused", "finished", "refused"]


class Session(Steps, Keeps):
    """A preset being tried out. `selected` is the run (from 0) that the form shows."""

    def __init__(self, preset: Preset) -> None:
        self.preset = preset
        self.documents: list[Document] = [
            _named(document, run) for document, run in zip(preset.documents, preset.runs, strict=True)
        ]
        self.runs: list[Run] = list(preset.runs)
        self.trainers: list[Trainer] = []
        self.films: dict[Trainer, Film] = {}
        self.kept: list[Kept] = []
        self.promised: dict[Trainer, str] = {}
        self.bands: list[Band] = []
        self.selected = 0
        self.running = False
        self.restarts = 0
        self._saved: Preset | None = None
        self.uncovered = False  # what the preset hides is shown
        self.elsewhere = ""  # why nothing can be trained here, where another process does
        self.prepare()

    # what there is

    @property
    def state(self) -> State:
        """Where the training stands."""
        if self.running:
            return "running"
        if self.done:
            return "refused" if all(map(refused, self.trainers)) else "finished"
        return "paused" if self.begun else "ready"

    @property
    def trainer(self) -> Trainer:
        """The trainer of the selected run."""
        return self.trainers[self.selected]

    @property
    def run(self) -> Run:
        """The selected run, as the form has it."""
        return self.runs[self.selected]

    @property
    def document(self) -> Document:
        """The tables of the selected run."""
        return self.documents[self.selected]

    @property
    def steps(self) -> int:
        """Iterations done, over all runs."""
        return sum(trainer.iteration for trainer in self.trainers)

    @property
    def begun(self) -> bool:
        """Whether anything is trained, be it a single phase."""
        return any(trainer.iteration or trainer.phase for trainer in self.trainers)

    @property
    def all_steps(self) -> int:
        """Iterations that all runs will have in all; of one that is over, those that it had."""
        return sum(trainer.iteration if trainer.done else trainer.iterations for trainer in self.trainers)

    @property
    def early_steps(self) -> int:
        """Iterations of the first two epochs, over all runs."""
        return sum(2 * trainer.run.iterations_per_epoch(trainer.batch_size) for trainer in self.trainers)

    @property
    def waiting(self) -> frozenset[str]:
        """The keys of settings that differ from what the selected run trains with: they wait for the next start."""
        return waiting(self.trainer, self.run, self.fields)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The rows of the form, of the selected run."""
        return form.rows_of(self.run, self.trainer.run, self.preset.runs[self.selected])

    @property
    def hidden(self) -> Hidden:
        """What the preset hides and nobody has uncovered yet."""
        return NOTHING if self.uncovered else Hidden(frozenset(self.preset.sheet.show.hide))

    def fixed(self, field: Field) -> str:
        """Why the setting cannot be changed now, in a line; empty where it can."""
        if self.hidden.setting(field.label):
            return f"{field.label} is hidden, so it cannot be changed: {UNCOVERS}"
        if f"settings.{field.label}" in self.preset.sheet.show.lock:
            return f"{field.label} is locked: this preset keeps it at {form.written(self.value(field))}"
        return ""

    @property
    def edited(self) -> bool:
        """Whether something is trained with other settings than the preset's."""
        changed = any(change.key != PACE for one in self.trainers for change in one.history.changes)
        return changed or self.preset.changed or [one.run for one in self.trainers] != list(self.preset.runs)

    def saved_as(self, preset: Preset) -> None:
        """What is tried out is that preset from now on.

        What it claims stays, also where the file has less; a run is called as the file has it from the next start on.
        """
        whole = len(preset.sheet.claim) == len(self.preset.sheet.claim)
        self.preset = replace(preset, sheet=self.preset.sheet)
        self._saved = preset if whole else None
        if not self.begun:
            self.prepare()

    # training

    def prepare(self) -> None:
        """New trainers for the runs as they are now, nothing trained yet."""
        if self._saved is not None:
            self.preset = self._saved
            self.runs = [replace(run, name=named.name) for run, named in zip(self.runs, self._saved.runs, strict=True)]
            self._saved = None
        self.trainers = [Trainer(run) for run in self.runs]
        self.films = {trainer: Film(trainer) for trainer in self.trainers}
        self.begun_with, self.promised = list(self.documents), {}

    def restart(self) -> None:
        """Begin again with the form's settings; the runs so far are kept."""
        if self.steps:
            self.shelve()
        self.prepare()

    def followed_by(self, preset: Preset) -> Session:
        """A session of these runs in place of this one; what is kept, and what is uncovered, comes along."""
        if self.steps:
            self.shelve()
        following = Session(preset)
        for name in ("kept", "restarts", "uncovered", "bands"):
            setattr(following, name, getattr(self, name))
        return following

    # the form

    def differs(self, field: Field) -> bool:
        """Whether the runs of a comparison differ in this setting."""
        return len({form.written(self._value(index, field)) for index in range(len(self.runs))}) > 1

    def value(self, field: Field) -> Any:
        """The setting as the form shows it: of the selected run."""
        return self._value(self.selected, field)

    def _value(self, index: int, field: Field) -> Any:
        return form.value_of(self.runs[index], field)

    def affected(self, field: Field) -> list[int]:
        """The runs that an edit changes: all where they agree, else the selected one."""
        return [self.selected] if self.differs(field) else list(range(len(self.runs)))

    def tried(self, field: Field, value: Any) -> Run:
        """The selected run as it would be with this value; raises PresetError where it cannot be."""
        return read_run(self.document_with(self.selected, field, value), self.run.name)

    def edit(self, field: Field, value: Any) -> str:
        """Take a new value into the form; returns in words what became of it. Raises PresetError, and changes nothing."""
        old = form.written(self.value(field))
        affected = self.affected(field)
        documents = {index: self.document_with(index, field, value) for index in affected}
        runs = {index: read_run(document, self.runs[index].name) for index, document in documents.items()}
        if all(runs[index] == self.runs[index] for index in affected):
            return f"{field.label} stays {old}"
        if LIVE.get(field.key) in BETWEEN:
            self.at_rest()
        changes = live_changes(field, runs, self.trainers) if self.begun else []
        for index in affected:
            self.documents[index], self.runs[index] = documents[index], runs[index]
        new = form.written(self.value(field))
        who = f"{self.run.name}: " if len(affected) < len(self.runs) else ""
        what = f"{who}{field.label} {old} → {new}"
        if not self.begun:
            self.prepare()
            return what
        for trainer, name, value in changes:
            trainer.change(name, value)
        if changes:
            return f"{what} from {'step' if self.run.surface else 'iteration'} {self.trainer.iteration + 1} on"
        return f"{what}: <run.restart> starts again with it" if field.key in self.waiting else f"{what}, as it trains"

    def document_with(self, index: int, field: Field, value: Any) -> Document:
        """A run's tables with a new value; where that empties a table, what sets the runs apart in it stays."""
        document = overlay(self.documents[index], nest(field.key, value))
        table = field.key.rpartition(".")[0]
        for other in FIELDS:
            apart = other is not field and other.key.rpartition(".")[0] == table and self.differs(other)
            own = self._value(index, other)
            if not apart or own is None or annotation_at(Run, document, other.key) is None:
                continue
            if other.key == form.START and len(own) != len(form.axes_of(document["surface"]["name"])):
                continue
            document = overlay(document, nest(other.key, own))
        return document


def why_not(error: PresetError) -> str:
    """The first problem of a refused value, in one line."""
    problem = error.problems[0]
    return f"{problem.key}: {problem.message}" if problem.key else problem.message


def _named(document: Document, run: Run) -> Document:
    """The tables of a run, with the optimizer's name where it is left out: its settings cannot be written without."""
    name = {"training": {"optimizer": {"name": run.training.optimizer.name}}}
    return overlay(name, document)
