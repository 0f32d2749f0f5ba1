"""How the runs of a session go forward: by iterations, phases, batches and epochs, evenly where there are several.

Whoever trains beside an event loop takes iterations `in_parts`: what takes long comes as functions, to be called in a
thread, before the metrics they lead to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engine import IterationMetrics, Trainer
from engine.film import Film
from engine.in_parts import Work, step_in_parts, takes_long


class Steps:
    """What can be trained, of whoever has trainers and their films."""

    trainers: list[Trainer]
    films: dict[Trainer, Film]
    at_rest: Callable[[], None] = staticmethod(lambda: None)  # finishes what is in flight in a thread, if anything is
    rested: Callable[[], None] = staticmethod(lambda: None)  # a long step is done, and the next one not begun

    @property
    def done(self) -> bool:
        """Whether every run is over."""
        return all(trainer.done for trainer in self.trainers)

    def advance(self) -> IterationMetrics:
        """One iteration of the run that is furthest behind, so that a comparison goes forward evenly."""
        trainer = self._next()
        if trainer is None:
            raise RuntimeError("every run is over")
        return self._step(trainer)

    def _next(self) -> Trainer | None:
        if len(self.trainers) == 1:
            only = self.trainers[0]
            return None if only.done else only
        going = [one for one in self.trainers if not one.done]
        return furthest_behind(going) if going else None

    def _step(self, trainer: Trainer) -> IterationMetrics:
        metrics = trainer.step()
        self.films[trainer].take()
        return metrics

    def __iter__(self) -> Iterator[IterationMetrics]:
        while (trainer := self._next()) is not None:
            yield self._step(trainer)

    def in_parts(self) -> Iterator[IterationMetrics | Work]:
        """As iterating, but an iteration that takes long comes in parts to be called, before its metrics."""
        while (trainer := self._next()) is not None:
            if takes_long(trainer):
                yield from self._long_step(trainer)
            else:
                yield self._step(trainer)

    def _long_step(self, trainer: Trainer) -> Iterator[IterationMetrics | Work]:
        film = self.films[trainer]  # another preset may be opened before it is over
        for part in step_in_parts(trainer):
            if not callable(part):
                film.take()
                self.rested()
            yield part

    def one_batch(self) -> Iterator[IterationMetrics]:
        """One iteration of every run."""
        for trainer in self.trainers:
            if not trainer.done:
                yield self._step(trainer)

    def one_phase(self) -> int:
        """The next phase of every run, and which it was: 0 forward, 1 loss, 2 backward, 3 update.

        Where some are in the middle of an iteration that others have done, as after a pause, they finish it first.
        """
        going = [trainer for trainer in self.trainers if not trainer.done]
        if len({trainer.phase for trainer in going}) > 1:
            for trainer in going:
                if trainer.phase:
                    self._step(trainer)
        going = [trainer for trainer in going if not trainer.done]
        phase = going[0].phase if going else 3
        for trainer in going:
            trainer.step_phase()
            if not trainer.phase:
                self.films[trainer].take()
        return phase

    def one_epoch(self) -> Iterator[IterationMetrics]:
        """Every run to the end of the epoch that the last of them is in, or through the next one."""
        for part in self.epoch_in_parts():
            if callable(part):
                part()
            else:
                yield part

    def epoch_in_parts(self) -> Iterator[IterationMetrics | Work]:
        """The same, as `in_parts` does it."""
        target = min((one.epoch + one.at_epoch_end for one in self.trainers if not one.done), default=0)

        def behind() -> list[Trainer]:
            return [
                one
                for one in self.trainers
                if not one.done and (one.epoch < target or (one.epoch == target and not one.at_epoch_end))
            ]

        while left := behind():
            trainer = furthest_behind(left)
            yield from self._long_step(trainer) if takes_long(trainer) else (self._step(trainer),)


def furthest_behind(trainers: Sequence[Trainer]) -> Trainer:
    """The one that has done the smallest share of its iterations."""
    return min(trainers, key=lambda one: one.iteration / one.iterations)
