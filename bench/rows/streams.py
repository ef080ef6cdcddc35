"""What an open live stream costs in memory, and whether each gets what is published."""

from __future__ import annotations

import contextlib
import gc
import resource
import selectors
import socket
import time
from dataclasses import dataclass

import psutil

from bench import product
from bench.figures import Goal, Result, milliseconds, table
from bench.load import Address
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import Product

LARGEST_KB = 15
MESSAGE = b'{"topic": "bench"}'
PATIENCE_SECONDS = 30.0
# What was freed is given back, and what is started lazily has started.
SETTLE_SECONDS = 3.0


@dataclass(frozen=True)
class Measured:
    """The process's own memory in bytes, at each stage, and how a message to all streams fared."""

    before: int
    opened: int
    after: int
    abandoned: int
    opened_again: int
    # Streams that got it, and seconds until the last had it.
    reached: int
    seconds: float
    # Open files of the process: before the first stream, and once all were abandoned.
    files_before: int
    files_after: int


def measure(place: Place, subject: Product, options: Options) -> Result:
    _allow_files(options.streams + 200)
    address = place.start_live("live", place.environment(subject.url))
    try:
        token = product.live_token(subject.merchant_id)
        channel = f"live:{subject.merchant_id}"
        return result(options.streams, _measured(place, address, token, channel, options.streams))
    finally:
        place.stop("live")


def _measured(place: Place, address: Address, token: str, channel: str, count: int) -> Measured:
    process = psutil.Process(place.pid("live"))
    with contextlib.closing(Browsers(address, token, 20)):
        pass
    before, files_before = _settled(process), process.num_fds()
    with contextlib.closing(Browsers(address, token, count)) as browsers:
        opened = _settled(process)
        reached, seconds = browsers.published(place, channel)
        after = _settled(process)
    abandoned, files_after = _settled(process), process.num_fds()
    with contextlib.closing(Browsers(address, token, count)):
        again = _settled(process)
    return Measured(before, opened, after, abandoned, again, reached, seconds, files_before, files_after)


class Browsers:
    """Streams that are open, and read by nobody until something is published."""

    def __init__(self, address: Address, token: str, count: int) -> None:
        request = f"GET /events/?token={token} HTTP/1.1\r\nHost: {address[0]}\r\n\r\n".encode()
        self.selector = selectors.DefaultSelector()
        for _ in range(count):
            stream = socket.create_connection(address, timeout=PATIENCE_SECONDS)
            stream.sendall(request)
            self.selector.register(stream, selectors.EVENT_READ)
        if (opened := self._hear(b": open")) < count:
            raise BenchError(f"Only {opened} of {count} streams were opened.")

    def published(self, place: Place, channel: str) -> tuple[int, float]:
        """How many streams a message reached, and the seconds until the last of them had it."""
        begun = time.monotonic()
        place.redis.publish(channel, MESSAGE)
        reached = self._hear(MESSAGE)
        return reached, self.heard_at - begun

    def close(self) -> None:
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self.selector.close()

    def _hear(self, words: bytes) -> int:
        """How many streams said these words, before all did or patience ended."""
        waiting = {key.fd: b"" for key in self.selector.get_map().values()}
        heard, deadline = 0, time.monotonic() + PATIENCE_SECONDS
        self.heard_at = time.monotonic()
        while waiting and time.monotonic() < deadline:
            for key, _ in self.selector.select(1.0):
                piece = key.fileobj.recv(65536)  # type: ignore[union-attr]
                if not piece:
                    raise BenchError("The stream process closed a stream.")
                if key.fd in waiting:
                    waiting[key.fd] += piece
                    if words in waiting[key.fd]:
                        del waiting[key.fd]
                        heard, self.heard_at = heard + 1, time.monotonic()
        return heard


def _allow_files(count: int) -> None:
    """Here and in what is started from here: each stream is an open file at both of its ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count and (hard == resource.RLIM_INFINITY or hard >= count):
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def _settled(process: psutil.Process) -> int:
    """The bytes that the process has for itself, after a pause."""
    gc.collect()
    time.sleep(SETTLE_SECONDS)
    return int(process.memory_full_info().uss)


def result(count: int, measured: Measured) -> Result:
    each = (max(measured.opened, measured.after) - measured.before) / count / 1024
    stages = {
        "before the first": measured.before,
        f"{count} open": measured.opened,
        "after a message to all": measured.after,
        "all abandoned": measured.abandoned,
        "as many open again": measured.opened_again,
    }
    lines = [
        [name, f"{size / 1024:.0f}", f"{(size - measured.before) / count / 1024:.1f}"]
        for name, size in stages.items()
    ]
    return Result(
        f"{count} open live streams; the last got a message after {milliseconds(measured.seconds)} ms",
        table(["memory of the process", "KB", "KB a stream"], lines),
        [
            Goal(f"a stream takes less than {LARGEST_KB} KB: {each:.1f}", each < LARGEST_KB),
            Goal(f"a message reaches every stream: {measured.reached}", measured.reached == count),
            Goal("no file is left open of abandoned streams", measured.files_after <= measured.files_before),
        ],
    )
