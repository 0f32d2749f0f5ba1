"""Many runs on all cores: the runs are dealt out to processes, each of which stacks its share.

A process sends back the states of its trainers, and a state is a run where it stands, to the bit; so nothing tells where a
run was trained but the time that it took. The calling process takes a share itself.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.run import Run
from engine.together import train_together
from engine.trainer import Trainer

WORTH = 2.0  # seconds of work below which starting a process takes longer than it saves
#: Of one core in 2025: operations a second in products; seconds that an iteration costs besides its numbers, and for each
#: parameter that is updated, unit that is activated and number of a row that is copied.
PRODUCTS, OVERHEAD, UPDATE, ACTIVATION, COPY = 3e10, 4e-6, 4e-9, 5e-9, 2e-9
POLL = 0.05  # seconds between two looks at whether somebody interrupts
SPAWN = multiprocessing.get_context("spawn")  # a fork would copy a terminal, threads and locks in any state


def train_all(
    runs: Sequence[Run],
    interrupted: Callable[[], bool] = lambda: False,
    processes: int = 1,
    folders: Sequence[Path] = (),
) -> list[Trainer]:
    """Train all runs to the end, or until `interrupted()`; the trainers come in the order of the runs.

    At most `processes` are used, and one alone where the work is small. With more than one, the main module of the program
    must be importable without side effects, as Python's `multiprocessing` asks for. `folders` are as for `train_together`.
    """
    processes = min(processes, len(runs), 1 + int(estimated_seconds(runs) / WORTH))
    if processes <= 1:
        return train_together(runs, interrupted, folders)
    shares = [list(range(first, len(runs), processes)) for first in range(processes)]
    stop = SPAWN.Event()
    workers = []
    for share in shares[1:]:
        ours, theirs = SPAWN.Pipe(duplex=False)
        dealt = [runs[index] for index in share], [folders[index] for index in share] if folders else []
        process = SPAWN.Process(target=_work, args=(theirs, *dealt, stop), daemon=True)
        process.start()
        theirs.close()
        workers.append((process, ours, share))

    def asked() -> bool:
        if interrupted():
            stop.set()
        return stop.is_set()

    found: dict[int, Trainer] = {}
    try:
        own = [runs[index] for index in shares[0]]
        places = [folders[index] for index in shares[0]] if folders else []
        found.update(zip(shares[0], train_together(own, asked, places), strict=True))
        for _, connection, share in workers:
            for index, trainer in zip(share, _received(connection, [runs[index] for index in share], asked), strict=True):
                found[index] = trainer
    finally:
        stop.set()
        for process, connection, _ in workers:
            connection.close()
            process.join(timeout=1.0)
            if process.is_alive():
                process.kill()
    return [found[index] for index in range(len(runs))]


def estimated_seconds(runs: Sequence[Run]) -> float:
    """About how long the runs take on one core, stacked: good enough to tell little work from much.

    Forward and backward take 6 operations a parameter and row, seeing a set takes 2. Within a factor of 2 of what was
    measured on sixteen runs of all kinds.
    """
    return sum(map(_estimated, runs))


def _estimated(run: Run) -> float:
    facts, units = run.facts, sum(run.network.hidden) + run.sizes[-1]
    product, activation = run.parameters / PRODUCTS, units * ACTIVATION
    iteration = OVERHEAD + run.parameters * UPDATE + run.batch_size * (6 * product + activation + facts.features * COPY)
    seen = facts.samples + facts.validation
    if run.training.evaluate == "iteration":
        seen += facts.samples * run.iterations_per_epoch()
    return run.epochs * (run.iterations_per_epoch() * iteration + OVERHEAD + seen * (2 * product + activation))


def _received(connection: Connection, runs: Sequence[Run], asked: Callable[[], bool]) -> list[Trainer]:
    """The trainers of a share; trained here where the process that had it is gone."""
    try:
        while not connection.poll(POLL):
            asked()
        states = connection.recv()
    except EOFError:
        return train_together(runs, asked)
    return [Trainer.restore(run, state) for run, state in zip(runs, states, strict=True)]


def _work(connection: Connection, runs: Sequence[Run], folders: Sequence[Path], stop: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal: the first one decides
    alone = orphaned()
    trainers = train_together(runs, lambda: stop.is_set() or alone(), folders)
    with suppress(BrokenPipeError):  # nobody is there any more
        connection.send([trainer.state() for trainer in trainers])
    connection.close()


def orphaned() -> Callable[[], bool]:
    """Tells whether the process that started this one is gone, killed perhaps: then nobody waits for what is trained."""
    parent = multiprocessing.parent_process()
    return lambda: parent is not None and not parent.is_alive()
