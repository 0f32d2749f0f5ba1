"""Start the installed `descent` in a pseudo-terminal, train a little, quit, and look at how it left the terminal.

Standard library only, since it runs where only descent itself is installed: `python open_lab.py PATH_OF_DESCENT`.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time


def main() -> int:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    before = termios.tcgetattr(theirs)
    environment = {**os.environ, "TERM": "xterm-256color"}
    lab = subprocess.Popen([sys.argv[1]], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    seen = b""

    def until(words: bytes, seconds: float = 30.0) -> None:
        nonlocal seen
        deadline = time.monotonic() + seconds
        while words not in seen:
            if time.monotonic() > deadline:
                sys.exit(f"open_lab: {words!r} never came; the last of what did:\n{seen[-2000:]!r}")
            if select.select([ours], [], [], 0.1)[0]:
                seen += os.read(ours, 65536)

    until(b"READY")
    until(b"2337")
    os.write(ours, b" ")
    until(b"RUNNING")
    until(b"it/s")
    seen = b""
    os.write(ours, b" ")
    until(b"PAUSED")
    os.write(ours, b"q")
    deadline = time.monotonic() + 15
    while lab.poll() is None and time.monotonic() < deadline:
        if select.select([ours], [], [], 0.05)[0]:
            seen += os.read(ours, 65536)
    if lab.poll() != 0:
        lab.kill()
        sys.exit(f"open_lab: descent ended with {lab.returncode}")
    if termios.tcgetattr(theirs) != before:
        sys.exit("open_lab: the terminal was not left as it was found")
    print("the lab opened, trained, paused and quit")
    return 0


if __name__ == "__main__":
    sys.exit(main())
