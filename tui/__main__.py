"""Where the `descent` command begins, and `python -m tui`.

Python looks for garbage whenever some hundreds of objects have come. While click is imported, and all that a short command
needs, that is a tenth of the time, and it finds none.
"""

from __future__ import annotations

import gc

SELDOM = 20_000  # objects until it looks


def main() -> None:
    """Do what the command line says."""
    gc.set_threshold(SELDOM)
    from tui.cli import main as command

    command()


if __name__ == "__main__":
    main()
