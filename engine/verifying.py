"""Whether presets keep what they say: every run with every seed, and every claim judged in each.

What several presets train is trained once. A claim holds where the share of seeds in which all its checks hold is at least
its `in_seeds`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.claims import Claim
from engine.jobs import Job, State, jobs_for, train_jobs, training_of
from engine.judging import judge
from engine.preset import Preset
from engine.processes import estimated_seconds
from engine.run import Run
from engine.trainer import Trainer

SEEDS = 1_000_000_001  # there are this many, from 0


@dataclass(frozen=True, slots=True)
class Finding:
    """How a claim fared with each of the `seeds`: whether it `held` (None: not seen), and what was `seen`, in numbers."""

    claim: Claim
    seeds: tuple[int, ...]
    held_with: tuple[bool | None, ...]
    seen: tuple[str, ...]

    @property
    def held(self) -> bool | None:
        """Whether it held with enough of the seeds; None while those with which it was not seen could decide it."""
        held, open_ = self.held_with.count(True), self.held_with.count(None)
        if held / len(self.seeds) >= self.claim.in_seeds:
            return True
        return None if (held + open_) / len(self.seeds) >= self.claim.in_seeds else False

    @property
    def held_in(self) -> str:
        """'9/10': with how many of the seeds it held."""
        return f"{self.held_with.count(True)}/{len(self.seeds)}"

    @property
    def failed_at(self) -> int | None:
        """The place among the seeds of the first with which it did not hold, or was not seen."""
        return next((place for place, held in enumerate(self.held_with) if not held), None)


def verify(
    presets: Sequence[Preset],
    seeds: Sequence[int] = (),
    interrupted: Callable[[], bool] = lambda: False,
    processes: int = 1,
    progress: Callable[[float], None] = lambda share: None,
) -> Iterator[tuple[int, list[Finding]]]:
    """Each preset's index and a finding for each of its claims, as soon as all its runs are over.

    With no `seeds` each preset has its own. `progress` is told the share of the work that is done, from 0 to 1. Nothing
    more comes once `interrupted()`. For `processes` see `engine.jobs.train_jobs`.
    """
    shared = _Trainings(presets, seeds)
    yield from ((index, []) for index, preset in enumerate(presets) if not preset.sheet.claim)
    jobs = in_turn(jobs_for(shared.users), shared.users)
    work, done = sum(map(estimated_seconds, jobs)), 0.0
    for job, states in train_jobs(jobs, interrupted, processes):
        shared.states.update(zip(jobs[job], states, strict=True))
        for index in shared.whole(jobs[job]):
            preset, own = presets[index], seeds_of(presets[index], seeds)
            # one seed after the other, since trainers with their data are large
            trainings = ([_trainer(run, shared.states) for run in runs_with(preset, seed)] for seed in own)
            yield index, findings(preset, own, trainings)
            shared.drop(index)
        done += estimated_seconds(jobs[job])
        progress(done / work)


def in_turn(jobs: Sequence[Job], users: Mapping[Run, Iterable[int]]) -> list[Job]:
    """The jobs preset by preset, those with the longest job first: so presets are whole one after the other, and to the end
    there are short jobs left that keep all cores busy."""
    longest: dict[int, float] = {}
    needed = [{index for run in job for index in users[run]} for job in jobs]
    for job, presets in zip(jobs, needed, strict=True):
        longest |= {index: max(longest.get(index, 0.0), estimated_seconds(job)) for index in presets}
    turns = [max((longest[index], -index) for index in presets) for presets in needed]
    order = sorted(range(len(jobs)), key=lambda place: (turns[place], estimated_seconds(jobs[place])), reverse=True)
    return [jobs[place] for place in order]


class _Trainings:
    """Who needs which training, and the `states` of those that are over and still needed.

    `users` has, for each training, the presets that are not judged yet (by their index).
    """

    def __init__(self, presets: Sequence[Preset], seeds: Sequence[int]) -> None:
        self.users: dict[Run, set[int]] = {}
        self.states: dict[Run, State] = {}
        self._of: dict[int, list[Run]] = {}
        for index, preset in enumerate(presets):
            if preset.sheet.claim:
                runs = [run for seed in seeds_of(preset, seeds) for run in runs_with(preset, seed)]
                self._of[index] = list(dict.fromkeys(map(training_of, runs)))
                for training in self._of[index]:
                    self.users.setdefault(training, set()).add(index)
        self._missing = {index: len(trainings) for index, trainings in self._of.items()}

    def whole(self, trained: Iterable[Run]) -> list[int]:
        """The presets that wait for nothing more, now that these are `trained`."""
        found = []
        for training in trained:
            for index in sorted(self.users[training]):
                self._missing[index] -= 1
                if not self._missing[index]:
                    found.append(index)
        return found

    def drop(self, index: int) -> None:
        """A preset is judged: what nobody else needs goes."""
        for training in self._of[index]:
            self.users[training].discard(index)
            if not self.users[training]:
                del self.states[training]


def seeds_of(preset: Preset, seeds: Sequence[int]) -> tuple[int, ...]:
    """`seeds`, or the preset's own where there are none."""
    return tuple(seeds) or (preset.sheet.seed,)


def runs_with(preset: Preset, seed: int) -> list[Run]:
    """The preset's runs with another seed; a run with a seed of its own stays as far from the preset's as it is."""
    return [replace(run, seed=(run.seed - preset.sheet.seed + seed) % SEEDS) for run in preset.runs]


def findings(preset: Preset, seeds: Sequence[int], trainings: Iterable[Sequence[Trainer]]) -> list[Finding]:
    """One for each claim of the preset, from the trainers of all its runs, seed after seed."""
    judgements = [[judge(claim, trainers) for claim in preset.sheet.claim] for trainers in trainings]
    return [
        Finding(claim, tuple(seeds), tuple(one.held for one in judged), tuple(one.saw for one in judged))
        for claim, judged in zip(preset.sheet.claim, zip(*judgements, strict=True), strict=True)
    ]


def _trainer(run: Run, states: dict[Run, State]) -> Trainer:
    """The trainer of a run that was trained, perhaps under another name."""
    training = training_of(run)
    return Trainer.restore(replace(training, name=run.name), states[training])
