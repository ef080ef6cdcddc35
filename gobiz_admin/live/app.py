"""The stream process: what changed, pushed to open browsers as server-sent events.

A plain ASGI app beside Django: an open stream costs a coroutine here, not a thread and a database
connection. It knows no model; a page hands its browser a signed, short-lived token that names the
merchant, and the message only says what to look at again.

A stream waits for nothing but its browser's going away, and writes only when there is something to
write: a task, a queue and a timer for each would be most of its memory (`make bench`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import redis.asyncio as redis
from django.core import signing
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

log = logging.getLogger("live")
TOKEN_SALT = "live"  # noqa: S105 - a name, as in merchants/context.py
TOKEN_SECONDS = 300
# The token is not asked for again while a stream is open, so the stream ends and the browser comes
# back with a new one: somebody who left the team is gone by then.
STREAM_SECONDS = 900
HEARTBEAT_SECONDS = 15
WAITING_MESSAGES = 100
# Behind a proxy the streams stand under /live/ of the public address; alone, at the root.
STREAM_PATHS = ("/events/", "/live/events/")
END = b""
HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    *((name.lower().encode(), value.encode()) for name, value in HEADERS.items()),
]


def _environment(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ[name]


class Stream:
    """One open browser. What it has not taken yet waits here; while it has taken all, nothing does."""

    __slots__ = ("_send", "_waiting", "_writer", "ends_at")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: list[bytes] = []
        self._writer: asyncio.Task[None] | None = None
        self.ends_at = asyncio.get_running_loop().time() + STREAM_SECONDS

    def write(self, frame: bytes) -> None:
        """Send it as soon as the browser takes it; nobody waits for that."""
        # A browser that reads nothing misses messages; its next refresh shows the truth.
        if len(self._waiting) < WAITING_MESSAGES:
            self._waiting.append(frame)
            self._start_writing()

    def beat(self) -> None:
        """A sign of life, for a browser that has nothing else to read."""
        if not self._waiting:
            self.write(b": still here\n\n")

    def end(self) -> None:
        """Close it, whatever it has not taken yet."""
        self._waiting = [END]
        self._start_writing()

    def abandon(self) -> None:
        """Nobody reads any more."""
        if self._writer is not None:
            self._writer.cancel()

    def _start_writing(self) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """One at a time and in their order."""
        try:
            while self._waiting:
                frame = self._waiting.pop(0)
                more = frame is not END
                await self._send({"type": "http.response.body", "body": frame, "more_body": more})
        except OSError:
            # The browser is gone; the stream is told so itself.
            return
        finally:
            self._writer = None


class Hub:
    """One Redis subscription for the process, handed on to the streams of each merchant."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._streams: defaultdict[str, set[Stream]] = defaultdict(set)
        self.connected = False

    async def listen(self) -> None:
        """Never returns; reconnects. Streams are closed when messages may have been missed."""
        while True:
            try:
                await self._listen_once()
            except (redis.RedisError, OSError) as error:
                log.warning("Redis is away: %s", type(error).__name__)
            self.connected = False
            self._end(self._all())
            await asyncio.sleep(1)

    async def _listen_once(self) -> None:
        async with (
            # Without retries: a subscription that came back by itself would hide what it missed.
            redis.Redis.from_url(self._url, health_check_interval=10, retry=Retry(NoBackoff(), 0)) as client,
            client.pubsub() as pubsub,
        ):
            await pubsub.psubscribe("live:*")
            self.connected = True
            while True:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
                if message:
                    self._hand_on(message["channel"].decode(), message["data"])

    def _hand_on(self, channel: str, data: bytes) -> None:
        frame = b"data: " + data + b"\n\n"
        for stream in self._streams.get(channel, ()):
            stream.write(frame)

    async def beat(self) -> None:
        """Never returns; tells every stream that we are still here, and ends those that are old."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            now = asyncio.get_running_loop().time()
            self._end([(channel, stream) for channel, stream in self._all() if stream.ends_at <= now])
            for _, stream in self._all():
                stream.beat()

    def _all(self) -> list[tuple[str, Stream]]:
        return [(channel, stream) for channel, streams in self._streams.items() for stream in streams]

    def _end(self, streams: list[tuple[str, Stream]]) -> None:
        for channel, stream in streams:
            # Nothing may follow its end.
            self._forget(channel, stream)
            stream.end()

    def _forget(self, channel: str, stream: Stream) -> None:
        self._streams[channel].discard(stream)
        if not self._streams[channel]:
            del self._streams[channel]

    @contextlib.contextmanager
    def opened(self, channel: str, stream: Stream) -> Iterator[None]:
        """The stream gets what is published on the channel."""
        self._streams[channel].add(stream)
        try:
            yield
        finally:
            self._forget(channel, stream)
            stream.abandon()


async def events(scope: Scope, receive: Receive, send: Send) -> None:
    """The stream of a merchant; 401 for a token that is wrong or old, 503 while Redis is away."""
    hub: Hub = pages.state.hub
    merchant_id = _merchant_of(QueryParams(scope["query_string"]).get("token", ""))
    if merchant_id is None:
        await PlainTextResponse("token", 401, HEADERS)(scope, receive, send)
    elif not hub.connected:
        await PlainTextResponse("redis", 503, HEADERS)(scope, receive, send)
    else:
        await _stream(hub, f"live:{merchant_id}", receive, send)


async def _stream(hub: Hub, channel: str, receive: Receive, send: Send) -> None:
    """Returns when the browser went away, or when the stream was ended."""
    await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
    stream = Stream(send)
    with hub.opened(channel, stream):
        stream.write(b"retry: 1000\n\n: open\n\n")
        while (await receive())["type"] != "http.disconnect":
            pass


def _merchant_of(token: str) -> str | None:
    signer = signing.TimestampSigner(key=_environment("SECRET_KEY"), salt=TOKEN_SALT, fallback_keys=[])
    try:
        return signer.unsign(token, max_age=TOKEN_SECONDS)
    except signing.BadSignature:
        return None


async def health(request: Request) -> Response:
    """200 while messages come through."""
    return PlainTextResponse(
        "ok" if request.app.state.hub.connected else "redis", 200 if request.app.state.hub.connected else 503
    )


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.hub = Hub(_environment("REDIS_URL"))
    tasks = [asyncio.create_task(work) for work in (app.state.hub.listen(), app.state.hub.beat())]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


pages = Starlette(routes=[Route("/health", health)], lifespan=lifespan)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Streams go past Starlette: each of its layers would be held for as long as a stream is open."""
    is_stream = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in STREAM_PATHS
    await (events if is_stream else pages)(scope, receive, send)
