"""The lab on runs that are kept on disk: paused where they are, or going on at once."""

from __future__ import annotations

from collections.abc import Sequence

from engine.on_disk.folder import RunFolder, RunFolderError
from tui.console.taking_up import catch_up, held, let_go, preset_of_all
from tui.console.terminal import prepare_screen
from tui.loading import Refused
from tui.terminal.encoding import ALL, Characters


def open_kept(folders: Sequence[RunFolder], pace: float = 1.0, training: bool = False, characters: Characters = ALL) -> None:
    """Open the lab on the runs of these folders; `training`: they go on as soon as it is there. Raises Refused."""
    prepare_screen()
    taken = held(folders)
    try:
        catch_up(taken, lambda: False)
    except RunFolderError as error:
        let_go(taken)
        raise Refused(f"descent: {error}") from None
    from tui.app import run_lab
    from tui.on_disk import called, session_of_folders

    session = session_of_folders(taken, preset_of_all(taken))
    recorded = called(folders), session
    run_lab(session.preset, pace, recorded=recorded, characters=characters, taken=taken, going_on=training)
