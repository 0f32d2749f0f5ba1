"""What stands in place of the loss of a run that was refused: why it may not begin, with the arithmetic."""

from __future__ import annotations

from engine import Trainer
from engine.byte_sizes import parse_size
from engine.memory import largest_batch, step_memory
from tui.canvas import Row
from tui.plots.pictures import Picture
from tui.plots.plot import Axes


def refused_picture(trainer: Trainer) -> Picture:
    """In place of curves: why a run may not begin, with the arithmetic."""
    run, fits = trainer.run, largest_batch(trainer.run)
    needed, limit = step_memory(run, run.batch_size), run.training.memory_limit or "0 B"
    last = f" + {needed.last_rows:,}" if needed.last_rows else ""  # of the partial batch, which has room of its own
    lines = (
        (needed.itemsize * needed.vectors * needed.parameters,
         f"parameters: {needed.vectors} x {needed.parameters:,} x {needed.itemsize} B"),
        ((needed.rows + needed.last_rows) * needed.row_bytes,
         f"batch: {needed.rows:,}{last} rows x {needed.row_bytes:,} B"),
        (needed.copied_rows * needed.copied_row_bytes + needed.passing_bytes,
         f"copied in: {needed.copied_rows:,} rows x {needed.copied_row_bytes:,} B"),
        (needed.total, "in all"),
        (parse_size(limit), f"allowed by memory_limit {limit}"),
    )  # fmt: skip
    widest = max(len(f"{size:,}") for size, _ in lines)
    text = [f"{size:>{widest},} B  {what}" for size, what in lines]
    hint = f"The largest batch_size that fits: {fits}. Set it:" if fits else "No size fits. Make hidden smaller:"
    title: Row = (("Loss", "text"), ("  refused", "bad"))
    return Picture(
        (title,),
        (),
        Axes(0.0, 1.0),
        text=(
            f"batch_size {run.batch_size} needs too much memory",
            "",
            *text,
            "",
            hint,
            "then <run.toggle> starts the run.",
        ),
    )
