"""The stream process: what changed, pushed to open browsers as server-sent events.

A plain ASGI app beside Django: an open stream costs a coroutine here, not a thread and a database
connection. It knows no model; a page hands its browser a signed, short-lived token that names the
merchant, and the message only says what to look at again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import redis.asyncio as redis
from django.core import signing
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

log = logging.getLogger("live")
TOKEN_SALT = "live"  # noqa: S105 - a name, as in merchants/context.py
TOKEN_SECONDS = 300
# The token is not asked for again while a stream is open, so the stream ends and the browser comes
# back with a new one: somebody who left the team is gone by then.
STREAM_SECONDS = 900
HEARTBEAT_SECONDS = 15
WAITING_MESSAGES = 100


def _environment(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ[name]


class Hub:
    """One Redis subscription for the process, handed on to the streams of each merchant."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._streams: defaultdict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self.connected = False

    async def listen(self) -> None:
        """Never returns; reconnects. Streams are closed when messages may have been missed."""
        while True:
            try:
                await self._listen_once()
            except (redis.RedisError, OSError) as error:
                log.warning("Redis is away: %s", type(error).__name__)
            self.connected = False
            self._close_all()
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
                    self._hand_on(message["channel"].decode(), message["data"].decode())

    def _hand_on(self, channel: str, data: str) -> None:
        for queue in self._streams.get(channel, ()):
            # A browser that reads nothing misses messages; its next refresh shows the truth.
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(data)

    def _close_all(self) -> None:
        for queues in self._streams.values():
            for queue in queues:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait("")

    @contextlib.contextmanager
    def stream(self, channel: str):  # type: ignore[no-untyped-def]
        """The queue of one open browser."""
        queue: asyncio.Queue[str] = asyncio.Queue(WAITING_MESSAGES)
        self._streams[channel].add(queue)
        try:
            yield queue
        finally:
            self._streams[channel].discard(queue)
            if not self._streams[channel]:
                del self._streams[channel]


async def events(request: Request) -> Response:
    """The stream of a merchant; 401 for a token that is wrong or old, 503 while Redis is away."""
    hub: Hub = request.app.state.hub
    merchant_id = _merchant_of(request.query_params.get("token", ""))
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if merchant_id is None:
        return PlainTextResponse("token", status_code=401, headers=headers)
    if not hub.connected:
        return PlainTextResponse("redis", status_code=503, headers=headers)
    return StreamingResponse(
        _frames(hub, f"live:{merchant_id}"), media_type="text/event-stream", headers=headers
    )


async def _frames(hub: Hub, channel: str) -> AsyncIterator[str]:
    end = asyncio.get_running_loop().time() + STREAM_SECONDS
    with hub.stream(channel) as queue:
        yield "retry: 1000\n\n: open\n\n"
        while asyncio.get_running_loop().time() < end:
            try:
                data = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if not data:
                return
            yield f"data: {data}\n\n"


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
    listening = asyncio.create_task(app.state.hub.listen())
    yield
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


# Behind a proxy the streams stand under /live/ of the public address; alone, at the root.
app = Starlette(
    routes=[
        Route("/events/", events),
        Route("/live/events/", events),
        Route("/health", health),
    ],
    lifespan=lifespan,
)
