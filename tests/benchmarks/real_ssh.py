"""A real sshd of our own on loopback: a high port, keys made for it, a folder for all it needs; ended by its own id.

Debian's `openssh-server` and `openssh-client` are needed. `why_not` says what is missing.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

TOOLS = ("sshd", "ssh", "ssh-keygen")
SEPARATED = Path("/run/sshd")  # where sshd lets its unprivileged half live; the system makes it when it starts the service
PATIENCE = 10.0


class SshdError(Exception):
    """It did not start."""


def _find(tool: str) -> str | None:
    return shutil.which(tool, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))


def why_not() -> str:
    """Why there can be no sshd here; '' where there can."""
    missing = [tool for tool in TOOLS if _find(tool) is None]
    if missing:
        return f"no {', '.join(missing)} here (Debian: openssh-server, openssh-client)"
    if not SEPARATED.is_dir() and os.geteuid() != 0:
        return f"sshd needs {SEPARATED}, which only root can make"
    return ""


class Sshd:
    """An sshd that lets whoever started it in, with a key of its own."""

    def __enter__(self) -> Sshd:
        if os.geteuid() == 0:
            SEPARATED.mkdir(mode=0o755, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="descent-sshd-"))
        for key in ("host", "user"):
            make = [str(_find("ssh-keygen")), "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / key)]
            subprocess.run(make, check=True, stdin=subprocess.DEVNULL)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        settings = {
            "ListenAddress": "127.0.0.1",
            "Port": self.port,
            "HostKey": self.folder / "host",
            "AuthorizedKeysFile": self.folder / "user.pub",
            "PidFile": self.folder / "pid",
            "AuthenticationMethods": "publickey",
            "PermitRootLogin": "prohibit-password",
            "StrictModes": "no",
            "UsePAM": "no",
            "UseDNS": "no",
            "PrintMotd": "no",
            "PermitUserEnvironment": "no",
            "AcceptEnv": "LANG LC_*",
        }
        config = self.folder / "config"
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8")
        self.log = self.folder / "log"
        command = [str(_find("sshd")), "-D", "-f", str(config), "-E", str(self.log)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        ends = time.monotonic() + PATIENCE
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > ends:
                said = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
                self.close()
                raise SshdError(f"sshd did not start: {said}")
            time.sleep(0.02)
        return self

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        """End it, and those of its connections that are left; all that was made for it goes."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        left = [int(pid) for pid in children.read_text().split()] if children.exists() else []
        self._process.terminate()
        self._process.wait()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(self, *_: object) -> None:
        self.close()

    def login(self, command: list[str], environment: Mapping[str, str], port: int | None = None) -> list[str]:
        """The ssh command that logs in over `port` (None: straight), and runs a command there in a terminal."""
        said = {
            "IdentityFile": self.folder / "user",
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": self.folder / "known",
            "StrictHostKeyChecking": "no",
            "SendEnv": "LANG LC_*",
            "LogLevel": "ERROR",
            "BatchMode": "yes",
        }
        options = [part for name, value in said.items() for part in ("-o", f"{name}={value}")]
        there = shlex.join(["env", *(f"{name}={value}" for name, value in environment.items()), *command])
        where = ["-p", str(port or self.port), f"{getpass.getuser()}@127.0.0.1"]
        return [str(_find("ssh")), "-tt", "-F", os.devnull, *options, *where, there]
