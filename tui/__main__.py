"""Where the `descent` command begins, and `python -m tui`.

Python looks for garbage in cycles whenever some hundreds of objects have come. While click is imported, and all that a short
command needs, that is a tenth of the time, and it finds none; while the lab trains it would keep a key waiting.
"""

from __future__ import annotations

import gc

SELDOM = (20_000, 20, 50)  # objects until it looks; looks until it looks at older ones, and at all


def main() -> None:
    """Do what the command line says."""
    gc.set_threshold(*SELDOM)
    from tui.cli import main as command

    command()


if __name__ == "__main__":
    main()
