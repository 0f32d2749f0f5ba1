"""What is said when the lab opens: the lesson, its runs, and how good they are before training.

What a teacher's preset hides is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import Run
from tui.comparing.results import differences
from tui.figures import count
from tui.hidden import Hidden
from tui.live_edit import refused
from tui.narration.sentences import ending, evaluated, name_of, who
from tui.narration.spoken import after, listed, sentence, setting, spoken
from tui.session import Session
from tui.words.endings import monitored


def opened(session: Session) -> Iterator[str]:
    """What is loaded: the lesson, the runs, the data, the network, the settings, and how good it is before training."""
    sheet, hidden = session.preset.sheet, session.hidden
    yield sentence(spoken(session.preset.title))
    if sheet.summary:
        yield sentence(spoken(sheet.summary))
    trainer, several = session.trainer, len(session.trainers) > 1
    if several:
        apart = zip(session.trainers, differences(session.now(), hidden), strict=True)
        runs = "; ".join(f"{name_of(one)}, {setting(what)}" if what else name_of(one) for one, what in apart)
        yield f"{len(session.trainers)} runs are trained together: {runs}."
    begin = who(trainer, several)  # the first one stands for all
    for said in about(trainer.run, hidden):
        yield sentence(begin + said)
        begin = ""
    for one in filter(refused, session.trainers):
        yield sentence(after(f"{who(one, several)}refused, ", ending(one, hidden)))
    if trainer.history.initial is not None and not trainer.iteration and not refused(trainer):
        figures = evaluated(trainer, trainer.history.initial, trainer.history.initial_validation, hidden)
        yield sentence(f"Before training: {figures}")
    if hidden:
        yield "Some of it is hidden: <show.why> uncovers it."


def about(run: Run, hidden: Hidden) -> Iterator[str]:
    """What a run is: its data and network, then its settings."""
    facts, training, optimizer = run.facts, run.training, run.training.optimizer
    rate = "" if hidden.setting("learning_rate") else f", learning rate {setting(optimizer.learning_rate)}"
    if run.surface is not None:
        yield f"The surface {spoken(run.surface.name)}, optimizer {optimizer.name}{rate}, {count(run.epochs, 'step')}"
        return
    if not hidden.setting("data"):
        held = f"{facts.validation} validation samples" if facts.validation else "no validation samples"
        yield f"Data {spoken(run.source.name)}, {facts.samples} training and {held}"
    said = [count(run.sizes[0], "input")]
    if not hidden.setting("hidden"):
        units = run.network.hidden
        said.append(
            f"{listed(map(str, units))} hidden {'unit' if units == (1,) else 'units'}" if units else "no hidden units"
        )
        said += [count(run.sizes[-1], "output"), count(run.parameters, "parameter")]
    if not hidden.setting("activation"):
        said.append(f"activation {spoken(run.network.activation)}")
    yield f"A network with {', '.join(said)}, loss {spoken(run.loss)}"
    per_epoch = run.iterations_per_epoch()
    size = "" if hidden.setting("batch_size") else f", batch size {run.batch_size}"
    long = "" if hidden.setting("batch_size", "epochs") else f" of {count(per_epoch, 'iteration')}"
    epochs = "" if hidden.setting("epochs") else f", {count(training.epochs, 'epoch')}{long}"
    name = "" if hidden.setting("optimizer") else f" {optimizer.name}"
    schedule = f", schedule {spoken(training.schedule.name)}" if training.schedule.name != "constant" and rate else ""
    yield f"Optimizer{name}{rate}{schedule}{size}{epochs}"
    if (rule := training.early_stopping) is not None:
        yield f"Early stopping on {monitored(rule.monitor)}, patience {rule.patience}"
