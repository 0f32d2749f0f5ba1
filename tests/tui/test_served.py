"""`descent serve`: who is answered, what becomes of the labs of visitors, and a real browser that shows one and types.

It needs the extra `web`, and one test Chromium; with DESCENT_BROWSER=required their absence is a failure.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

REQUIRED = os.environ.get("DESCENT_BROWSER") == "required"
if REQUIRED:
    import textual_serve  # noqa: F401
pytest.importorskip("textual_serve", reason="needs the extra web: pip install -e '.[dev,web]'")
aiohttp = pytest.importorskip("aiohttp", reason="needs the extra web: pip install -e '.[dev,web]'")

from tui.browser.server import address, is_own_machine, refusal  # noqa: E402

DESCENT = str(Path(sys.executable).with_name("descent"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIETLY = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0",
    "--window-size=1200,800",
)  # fmt: skip
PATIENCE = 30.0


@contextmanager
def served(*arguments: str) -> Iterator[SimpleNamespace]:
    """A server of the lab on a free port, with its address; it is ended afterwards, whatever it does."""
    command = [DESCENT, "serve", "--port", "0", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ("TERM", "NO_COLOR")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            said = process.stdout.readline()
            url = re.search(r"http://\S+(?=\. )", said)
            assert url, said + process.stderr.read()
            yield SimpleNamespace(process=process, url=url[0], host=url[0].removeprefix("http://"))
        finally:
            if process.poll() is None:
                process.kill()


def parents() -> dict[int, int]:
    """Every process that runs, with the one that has started it."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def labs_of(server: int) -> set[int]:
    """The processes that a server has started, and those that these have."""
    known, found, below = parents(), set(), {server}
    while below:
        below = {child for child, parent in known.items() if parent in below}
        found |= below
    return found


def alive(processes: set[int]) -> set[int]:
    return processes & parents().keys()


async def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)


@asynccontextmanager
async def visit(host: str, **headers: str) -> AsyncIterator[Any]:
    """A visitor without a browser, whose lab has drawn something."""
    address = f"ws://{host}/ws?width=80&height=24"
    async with aiohttp.ClientSession() as session, session.ws_connect(address, headers=headers) as socket:
        drawn = b""
        while b"READY" not in drawn:
            message = await socket.receive(timeout=PATIENCE)
            assert message.type == aiohttp.WSMsgType.BINARY, message
            drawn += message.data
        yield socket


# Who is answered ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "origin", "own_machine", "answered"),
    [
        ("127.0.0.1:8000", None, True, True), ("localhost:8000", "http://localhost:8000", True, True),
        ("[::1]:8000", "http://[::1]:8000", True, True), ("evil.example:8000", None, True, False),
        ("localhost:8000", "http://evil.example", True, False), ("localhost:8000", "http://localhost:9000", True, False),
        ("localhost:8000", "null", True, False), ("lab.example:8000", "http://lab.example:8000", False, True),
        ("lab.example:8000", "http://evil.example", False, False), ("lab.example", "https://lab.example", False, True),
    ],
)  # fmt: skip
def test_other_web_sites_are_not_answered(host, origin, own_machine, answered):
    assert (refusal(host, origin, own_machine) is None) == answered


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("lab", False),
        ("::", False),
    ],
)
def test_what_is_this_machine_alone(host, own):
    assert is_own_machine(host) is own
    assert address("::1", 80) == "http://[::1]:80"


async def test_a_lab_for_each_visitor_who_is_meant_and_none_is_left_behind():
    with served() as server:
        async with aiohttp.ClientSession() as session:
            async with session.get(server.url) as answer:
                page = await answer.text()
            assert f'data-session-websocket-url="ws://{server.host}/ws"' in page
            assert re.findall(r"(?:https?:)?//(?!127\.0\.0\.1)[\w.]+\.\w+", page.replace("// Keys", "")) == []
            async with session.get(server.url, headers={"Host": "evil.example"}) as answer:
                assert answer.status == 403
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(f"ws://{server.host}/ws", headers={"Origin": "http://evil.example"})
        assert labs_of(server.process.pid) == set()
        async with visit(server.host, Origin=server.url) as first:
            one = labs_of(server.process.pid)
            assert one
            await first.send_str('["stdin", " "]')
            async with visit(server.host):
                assert len(labs_of(server.process.pid)) == 2 * len(one)
            await until(lambda: labs_of(server.process.pid) == one, "the second visitor's lab goes on without them")
            server.process.send_signal(signal.SIGTERM)  # with a lab that trains
            while (await first.receive(timeout=PATIENCE)).type == aiohttp.WSMsgType.BINARY:
                pass
            await until(lambda: server.process.poll() is not None, "the server does not end")
        assert server.process.returncode == 0
        assert server.process.stderr.read() == ""
        assert alive(one) == set()


async def test_a_lab_ends_when_its_server_is_killed():
    with served() as server:
        async with visit(server.host):
            labs = labs_of(server.process.pid)
            server.process.kill()
            assert alive(labs) == labs
            await until(lambda: not alive(labs), "a lab trains on for nobody")


def test_whom_else_it_answers_is_warned_of():
    with served("--host", "0.0.0.0") as server:
        server.process.terminate()
        assert server.process.wait(PATIENCE) == 0
        said = server.process.stderr.read()
    assert "everyone who can reach this machine can use the lab, without a password" in said
    assert "ssh -L " in said


def test_a_port_that_is_taken_and_a_preset_that_does_not_exist_are_one_line():
    with served() as server:
        taken = server.url.rpartition(":")[2]
        for arguments, code, words in ((["--port", taken], 1, f"port {taken}"), (["recipee"], 2, 'Did you mean "recipe"?')):
            ended = subprocess.run([DESCENT, "serve", *arguments], capture_output=True, text=True, timeout=PATIENCE)
            assert (ended.returncode, ended.stdout) == (code, "")
            assert words in ended.stderr
            assert ended.stderr.count("\n") == 1


# A real browser -------------------------------------------------------------------------------------------------------

#: Runs before the page: the object that the page gives its terminal to is made known as `lab`.
FIND = """Object.defineProperty(Object.prototype, "fitAddon", {configurable: true, set(value) {
  window.lab = this;
  Object.defineProperty(this, "fitAddon", {value, writable: true, configurable: true});
}});"""
SCREEN = """window.lab ? [...Array(lab.terminal.rows).keys()]
  .map(y => lab.terminal.buffer.active.getLine(y).translateToString()).join("\\n") : "" """


class Page:
    """A page of a browser, by its DevTools protocol."""

    def __init__(self, socket: Any) -> None:
        self._socket, self._asked = socket, 0
        self.requests: list[str] = []

    async def call(self, method: str, **options: object) -> dict[str, Any]:
        self._asked += 1
        await self._socket.send_json({"id": self._asked, "method": method, "params": options})
        while True:
            answer = json.loads((await self._socket.receive(timeout=PATIENCE)).data)
            if answer.get("method") == "Network.requestWillBeSent":
                self.requests.append(answer["params"]["request"]["url"])
            if answer.get("id") == self._asked:
                assert "error" not in answer, answer
                return answer["result"]

    async def evaluate(self, code: str) -> Any:
        return (await self.call("Runtime.evaluate", expression=code, returnByValue=True))["result"].get("value")

    async def shows(self, *words: str) -> str:
        """Wait until the terminal of the page has all of this."""
        deadline = time.monotonic() + PATIENCE
        while True:
            text = await self.evaluate(SCREEN)
            if all(word in text for word in words):
                return text
            assert time.monotonic() < deadline, (words, text)
            await asyncio.sleep(0.05)

    async def type(self, key: str, code: str, number: int) -> None:
        what = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=key, **what)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **what)

    async def picture(self) -> bytes:
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"])


@asynccontextmanager
async def page_of_chromium() -> AsyncIterator[Page]:
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [CHROMIUM, *QUIETLY, f"--user-data-dir={profile}", "about:blank"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as browser:
            try:
                said = next((line for line in browser.stderr if "DevTools listening on" in line), "")
                assert said, "the browser did not start"
                tabs = re.sub(r"^.*ws://([^/]+)/.*$", r"http://\1/json", said.strip())
                async with aiohttp.ClientSession() as session:
                    async with session.get(tabs) as answer:
                        url = next(tab for tab in json.loads(await answer.text()) if tab["type"] == "page")[
                            "webSocketDebuggerUrl"
                        ]
                    async with session.ws_connect(url, max_msg_size=0) as socket:
                        yield Page(socket)
            finally:
                browser.terminate()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="needs Chromium: apt-get install chromium")
async def test_a_browser_shows_the_lab_and_a_key_changes_it():
    with served("recipe", "--set", "training.epochs=40") as server:
        async with page_of_chromium() as page:
            await page.call("Page.enable")
            await page.call("Network.enable")
            await page.call("Page.addScriptToEvaluateOnNewDocument", source=FIND)
            await page.call("Page.navigate", url=server.url)
            ready = await page.shows("READY", "Settings", "learning_rate", "Loss", "0/1280", "q quit")
            before = await page.picture()
            await page.type(" ", "Space", 32)  # nobody has clicked into the page
            running = await page.shows("RUNNING", "space pause")
            assert "READY" not in running and "RUNNING" not in ready
            await page.type(".", "Period", 190)
            await page.shows("0.001 → 0.002")
            after = await page.picture()
            assert before != after and min(len(before), len(after)) > 20_000  # something is painted, and it has changed
            assert {url.partition("/static")[0].rstrip("/") for url in page.requests} == {server.url}
            await page.type(" ", "Space", 32)
            await page.shows("PAUSED")
            await page.type("q", "KeyQ", 81)
            deadline = time.monotonic() + PATIENCE
            while not await page.evaluate("document.activeElement.textContent === 'Open it again'"):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
