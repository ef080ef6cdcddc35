"""The load: keep-alive connections, served by one thread, that post what was prepared and time each answer.

It shares the cores with what it measures, so it does little else than wait, send and receive.
"""

from __future__ import annotations

import contextlib
import gc
import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

CONNECTIONS = 32
# Nothing heard on any connection for this long: whatever is still open gets no answer any more.
PATIENCE_SECONDS = 30.0
NO_ANSWER = 0
Address = tuple[str, int]


@dataclass(frozen=True)
class Answers:
    """What came back, by request."""

    # HTTP statuses; NO_ANSWER where the connection broke or stayed silent.
    statuses: list[int]
    # Seconds from when the request was due until its answer was there.
    seconds: list[float]
    # Seconds from the first request to the last answer.
    elapsed: float

    @property
    def taken(self) -> list[int]:
        """Which requests were answered with 2xx."""
        return [number for number, status in enumerate(self.statuses) if 200 <= status < 300]

    @property
    def rate(self) -> float:
        """Requests a second that were answered with 2xx."""
        return len(self.taken) / self.elapsed if self.elapsed else 0.0


def run(
    address: Address, requests: Sequence[bytes], connections: int = CONNECTIONS, per_second: float = 0.0
) -> Answers:
    """The answers to all requests: sent as fast as they are answered, or `per_second`."""
    gc.disable()
    try:
        return _Run(address, requests, connections, per_second).answers()
    finally:
        gc.enable()


class OwnProcess:
    """A process that generates the load, started once; its memory and its garbage are its own."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))

    def run(self, address: Address, requests: Sequence[bytes], per_second: float = 0.0) -> Answers:
        return self._pool.submit(run, address, requests, per_second=per_second).result()

    def close(self) -> None:
        self._pool.shutdown()


class _Connection:
    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = -1
        self.received = b""

    def fileno(self) -> int:
        return self.socket.fileno()


class _Run:
    def __init__(
        self, address: Address, requests: Sequence[bytes], connections: int, per_second: float
    ) -> None:
        self.address, self.requests = address, requests
        self.pause = 1 / per_second if per_second else 0.0
        self.statuses = [NO_ANSWER] * len(requests)
        self.due = [0.0] * len(requests)
        self.seconds = [0.0] * len(requests)
        self.selector = selectors.DefaultSelector()
        self.connections: set[_Connection] = set()
        self.idle: deque[_Connection] = deque()
        self.sent = 0
        for _ in range(connections):
            self._connect()

    def answers(self) -> Answers:
        self.begun = self.last = time.perf_counter()
        try:
            while self._unfinished():
                self._send_what_is_due()
                ready = self.selector.select(self._seconds_to_wait())
                for key, _ in ready:
                    self._receive(key.fileobj)  # type: ignore[arg-type]
                if not ready and time.perf_counter() - self.last > PATIENCE_SECONDS:
                    break
        finally:
            for connection in self.connections:
                connection.socket.close()
            self.selector.close()
        return Answers(self.statuses, self.seconds, self.last - self.begun)

    def _unfinished(self) -> bool:
        more = self.sent < len(self.requests) or len(self.idle) < len(self.connections)
        return more and bool(self.connections)

    def _connect(self) -> None:
        connection = _Connection(self.address)
        self.selector.register(connection, selectors.EVENT_READ)
        self.connections.add(connection)
        self.idle.append(connection)

    def _send_what_is_due(self) -> None:
        while self.idle and self.sent < len(self.requests):
            now = time.perf_counter()
            due = self.begun + self.sent * self.pause if self.pause else now
            if due > now:
                return
            connection = self.idle.popleft()
            connection.request, self.due[self.sent] = self.sent, due
            self.sent += 1
            try:
                connection.socket.sendall(self.requests[connection.request])
            except OSError:
                self._broken(connection)

    def _seconds_to_wait(self) -> float:
        if self.pause and self.idle and self.sent < len(self.requests):
            return max(0.0, self.begun + self.sent * self.pause - time.perf_counter())
        return PATIENCE_SECONDS

    def _receive(self, connection: _Connection) -> None:
        try:
            received = connection.socket.recv(65536)
        except OSError:
            received = b""
        if not received:
            self._broken(connection)
            return
        connection.received += received
        status = status_of(connection.received)
        if status:
            self.last = time.perf_counter()
            self.statuses[connection.request] = status
            self.seconds[connection.request] = self.last - self.due[connection.request]
            connection.request, connection.received = -1, b""
            self.idle.append(connection)

    def _broken(self, connection: _Connection) -> None:
        """Its request stays without an answer; another connection takes its place, if one can be had."""
        self.selector.unregister(connection)
        connection.socket.close()
        self.connections.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)
        with contextlib.suppress(OSError):
            self._connect()


def status_of(received: bytes) -> int:
    """The status of an answer that is there as a whole; 0 while some of it is missing."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return 0
    fields = head.lower()
    if b"\r\ntransfer-encoding: chunked" in fields:
        whole = body.endswith(b"0\r\n\r\n")
    else:
        _, named, value = fields.partition(b"\r\ncontent-length:")
        whole = len(body) >= (int(value.partition(b"\r\n")[0]) if named else 0)
    return int(head.split(b" ", 2)[1]) if whole else 0
