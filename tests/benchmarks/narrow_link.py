"""A link between two ports of this machine that is as far and as narrow as is asked for: a small relay for TCP.

Each way a byte takes half of the round trip, and bytes go one after another at so many a second. What waits to go is
bounded, as in a real link: then nothing more is read, and TCP holds the sender back. Standard library only.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time

PIECE = 512  # bytes that go at once: at 50 KB/s 10 ms
KERNEL = 8192  # bytes that the kernel may keep for us on either side: the link's own buffer is what counts


class Way:
    """One direction of one connection."""

    def __init__(self, source: socket.socket, target: socket.socket, seconds: float, rate: float, room: int) -> None:
        self.source, self.target = source, target
        self.seconds, self.rate, self.room = seconds, rate, room
        self.bytes = 0
        self.longest = 0.0  # seconds that a byte has waited to go, at most
        self._under_way: queue.Queue[tuple[float, bytes]] = queue.Queue()
        for work in (self._take, self._hand_over):
            threading.Thread(target=work, name="narrow-link", daemon=True).start()

    def _take(self) -> None:
        """Read what there is as soon as there is room for it, and say when it will be there."""
        gone = time.monotonic()  # when all that was read will have gone
        while True:
            time.sleep(max(0.0, gone - time.monotonic() - self.room / self.rate))
            try:
                data = self.source.recv(PIECE)
            except OSError:
                data = b""
            now = time.monotonic()
            self.longest = max(self.longest, gone - now)
            gone = max(now, gone) + len(data) / self.rate
            self.bytes += len(data)
            self._under_way.put((gone + self.seconds, data))
            if not data:
                return

    def _hand_over(self) -> None:
        """Write each piece when its time has come."""
        while True:
            arrives, data = self._under_way.get()
            time.sleep(max(0.0, arrives - time.monotonic()))
            try:
                if data:
                    self.target.sendall(data)
                    continue
                self.target.shutdown(socket.SHUT_WR)
            except OSError:
                with contextlib.suppress(OSError):
                    self.source.shutdown(socket.SHUT_RD)
            return


class NarrowLink:
    """Leads from a port of its own, `port`, to the port `target`: `round_trip` in seconds, `rate` in bytes a second each
    way, `room` for so many bytes that wait."""

    def __init__(self, target: int, round_trip: float = 0.2, rate: float = 50_000.0, room: int = 32_768) -> None:
        self.target, self.round_trip, self.rate, self.room = target, round_trip, rate, room
        self.up: list[Way] = []
        self.down: list[Way] = []
        self._sockets: list[socket.socket] = []
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL)  # what is accepted inherits it
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="narrow-link", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket()
            self._sockets += [near, far]
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL)
            far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                far.connect(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            self.up.append(Way(near, far, self.round_trip / 2, self.rate, self.room))
            self.down.append(Way(far, near, self.round_trip / 2, self.rate, self.room))

    def close(self) -> None:
        """Cut the connections, and take no more of them."""
        for end in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for it
            end.close()
        self._thread.join()

    def __enter__(self) -> NarrowLink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
