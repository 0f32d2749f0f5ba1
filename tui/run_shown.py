"""A kept run in words: how it was trained, what was changed meanwhile, and what came of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from engine.byte_sizes import written_size
from engine.on_disk.folder import RunFolder, RunFolderError
from tui.figures import count, printable, short
from tui.run_list import listed

WIDTH = 100
SAID = ("changed", "paused", "went on", "resumed", "diverged", "restored", "verdict", "stopped")


def shown(folder: RunFolder) -> list[str]:
    """The lines of `descent runs show`."""
    one = listed(folder)
    lines = [f"{one.id}{' *' if one.starred else ''}", f"  {printable(one.title)}", f"  {folder.path}"]
    lines.append(f"  {one.state}, {one.epochs} of {count(one.planned, 'epoch')}, {written_size(one.nbytes)}")
    try:
        manifest = folder.manifest()
    except RunFolderError as error:
        lines.append(f"  {error}")
    else:
        run = manifest.run
        optimizer = run.training.optimizer
        how = f"{run.source.name}, {'-'.join(map(str, run.sizes))}, {optimizer.name}, rate {optimizer.learning_rate:g}"
        lines.append(f"  {printable(run.name)}: {how}, seed {run.seed}")
        told = manifest.facts
        made = ", ".join(f"{name} {told[name]}" for name in ("descent", "python", "numpy") if name in told)
        lines.append(f"  begun {manifest.started or 'at an unknown time'} with {made}")
    said = [textwrap.wrap(printable(line), WIDTH, initial_indent="  ", subsequent_indent="    ") for line in _events(folder)]
    lines += [line for wrapped in said for line in wrapped]
    return [line[:WIDTH] for line in lines]


def _events(folder: RunFolder) -> Iterator[str]:
    for event in folder.events():
        if event["event"] in SAID:
            yield f"iteration {event.get('iteration', '?')}: {_said(event)}"


def _said(event: dict[str, Any]) -> str:
    name = str(event["event"])
    if name == "changed":
        return f"{event.get('key')} {event.get('old')} -> {event.get('new')}"
    if name == "verdict":
        return f"verdict: {event.get('says')}"
    if name == "stopped":
        return f"stopped: {str(event.get('reason')).replace('_', ' ')}"
    if name == "diverged":
        loss = event.get("loss")
        return f"diverged, loss {short(loss) if isinstance(loss, float) else loss}"
    if name == "restored":
        return f"the weights of epoch {event.get('epoch')} were put back"
    if name == "resumed":
        return f"resumed from the checkpoint at iteration {event.get('checkpoint')}"
    return name
