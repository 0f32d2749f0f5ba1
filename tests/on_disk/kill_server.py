"""Runs the `descent` command in child processes of its own, so that hundreds can be started and killed: a line of JSON on
stdin is the arguments, the pid comes back, and once it has ended a line with how. Nothing is imported anew for each.
"""

import json
import os
import sys

import click

from engine.on_disk import writer
from tui import cli


def child(words: list[str], quick: bool, output: str) -> None:
    """The command, as a process of its own would run it."""
    sink = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(sink, 1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)
    if quick:  # so that a kill meets every kind of write
        writer.EVERY, writer.CHECKPOINTS, writer.SHARE, writer.SYNC = 0.005, 0.01, 1.0, 0.02
    try:
        cli.main(words, standalone_mode=True)
    except SystemExit as ended:
        os._exit(ended.code if isinstance(ended.code, int) else 1)
    except click.ClickException:
        os._exit(2)
    os._exit(0)


for line in sys.stdin:
    asked = json.loads(line)
    pid = os.fork()
    if pid == 0:
        child(asked["words"], asked["quick"], asked["output"])
    print(json.dumps({"pid": pid}), flush=True)
    _, status = os.waitpid(pid, 0)
    print(json.dumps({"status": status}), flush=True)
