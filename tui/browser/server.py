"""Serves the lab to web browsers: every visitor has a lab of their own, a process of this machine.

textual-serve starts the processes and passes on what they draw. The page and who may use it are ours: its own page asks
another company for a font, and its websocket would answer any web site that is open in the same browser.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
from collections.abc import Awaitable, Callable
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

SHUTDOWN = 2.0  # seconds that the labs of visitors have to end, and their browsers to hear of it
SIZES = range(6, 65)  # of letters, in pixels: `?fontsize=20`


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LabServer:
    """A server of the lab that `command` (for a shell) opens, at this host and port; port 0 is any that is free."""

    def __init__(self, command: str, host: str, port: int, title: str) -> None:
        self.host, self.port, self.title = host, port, title
        self._labs = Server(command, host, port, title)
        self._visits: set[asyncio.Task[object]] = set()
        self._page = Template(files("tui.browser").joinpath("page.html").read_text(encoding="utf-8"))

    async def serve_until_asked(self, ready: Callable[[str], None]) -> None:
        """Serve until SIGINT or SIGTERM; `ready` gets the address. Raises OSError where the port cannot be had."""
        logging.basicConfig(level=logging.WARNING, format="descent: %(message)s")
        asked = asyncio.Event()
        for request in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(request, asked.set)
        application = web.Application()
        application.add_routes(
            [
                web.get("/", self._if_meant(self._index), name="index"),
                web.get("/ws", self._if_meant(self._visit), name="websocket"),
                web.get("/download/{key}", self._if_meant(self._labs.handle_download), name="download"),
                web.static("/static", self._labs.statics_path, name="static"),
            ]
        )
        runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
            ready(address(self.host, runner.addresses[0][1]))
            await asked.wait()
        finally:
            await self._end_visits()
            await runner.cleanup()

    async def _end_visits(self) -> None:
        """Ask every lab to end, then wait for its browser to say goodbye; neither for long."""
        for _ in range(2):
            for visit in self._visits:
                visit.cancel()
            if self._visits:
                await asyncio.wait(self._visits, timeout=SHUTDOWN)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        """The page, with the address by which the visitor has found it: a tunnel may have given it another port."""
        wanted = request.query.get("fontsize", "")
        size = int(wanted) if wanted.isascii() and wanted.isdigit() and int(wanted[:4]) in SIZES else 16
        scheme = "wss" if request.scheme == "https" else "ws"
        page = self._page.substitute(title=self.title, size=size, socket=f"{scheme}://{escape(request.host)}/ws")
        return web.Response(text=page, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def _visit(self, request: web.Request) -> web.StreamResponse:
        """A lab for one visitor, for as long as they stay."""
        visit = asyncio.current_task()
        assert visit is not None
        self._visits.add(visit)
        try:
            answer: web.StreamResponse = await self._labs.handle_websocket(request)
        finally:
            self._visits.discard(visit)
        return answer

    def _if_meant(self, handler: Handler) -> Handler:
        """Refuse what a web site of somebody else has a browser ask, from its own name or by one that leads here."""

        async def answer(request: web.Request) -> web.StreamResponse:
            why = refusal(request.host, request.headers.get("Origin"), is_own_machine(self.host))
            if why is not None:
                raise web.HTTPForbidden(text=why)
            return await handler(request)

        return answer


def refusal(host: str, origin: str | None, own_machine: bool) -> str | None:
    """Why a request for this host, from a page of this origin, is not answered; None where it is.

    `own_machine`: it is served to this machine alone.
    """
    if own_machine and not is_own_machine(urlsplit(f"//{host}").hostname or ""):
        return "This lab is for its own machine: open it as http://localhost."
    if origin is not None and urlsplit(origin).netloc != host:
        return "This lab answers no other web site."
    return None


def is_own_machine(host: str) -> bool:
    """Whether a host is this machine, as nobody else can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(host: str, port: int) -> str:
    """What is typed into a browser."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
