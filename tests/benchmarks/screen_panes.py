"""Where the panes of the lab are on a screen of some size: asked of the app itself, without a terminal."""

from __future__ import annotations

import asyncio

from tui.app import DescentApp
from tui.canvas import Canvas
from tui.loading import load


def regions(columns: int, lines: int) -> dict[str, tuple[int, int, int, int]]:
    """The panes in sight by their ids: x, y, columns, lines."""

    async def found() -> dict[str, tuple[int, int, int, int]]:
        app = DescentApp(load("recipe"))
        async with app.run_test(size=(columns, lines)) as pilot:
            await pilot.pause()
            panes = [pane for pane in app.screen.query(Canvas) if pane.region.area]
            return {pane.id or type(pane).__name__: tuple(pane.region) for pane in panes}

    return asyncio.run(found())
