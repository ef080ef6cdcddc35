"""Streams one by one, with an ASGI server played: abandoned, slow and old ones."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gobiz_admin.live import app as live
from gobiz_admin.live.app import Hub, Stream

CHANNEL = "live:7"


class Browser:
    """The server's side of a connection; it takes a frame when `takes` is set, and may go away."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.frames, self.ended = hub, [], False
        self.takes, self.gone = asyncio.Event(), asyncio.Event()
        self.takes.set()
        self.task = asyncio.create_task(live._stream(hub, CHANNEL, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await self.takes.wait()
        if message["type"] == "http.response.body":
            assert not self.ended
            self.frames.append(message["body"])
            self.ended = not message["more_body"]
            if self.ended:
                self.gone.set()


async def settle() -> None:
    for _ in range(300):
        await asyncio.sleep(0)


def played(play) -> None:
    async def run() -> None:
        hub = Hub("redis://nobody")
        browser = Browser(hub)
        await settle()
        await play(hub, browser)

    asyncio.run(run())


def test_an_abandoned_stream_is_forgotten():
    async def play(hub: Hub, browser: Browser) -> None:
        browser.takes.clear()
        hub._hand_on(CHANNEL, b"1")
        await settle()
        browser.gone.set()
        await asyncio.wait_for(browser.task, 5)
        await settle()
        assert not hub._streams
        assert asyncio.all_tasks() == {asyncio.current_task()}

    played(play)


def test_messages_come_in_their_order():
    async def play(hub: Hub, browser: Browser) -> None:
        for number in range(20):
            hub._hand_on(CHANNEL, str(number).encode())
        await settle()
        assert browser.frames[1:] == [f"data: {number}\n\n".encode() for number in range(20)]
        browser.gone.set()

    played(play)


def test_a_browser_that_reads_nothing_misses_messages_and_is_ended_all_the_same():
    async def play(hub: Hub, browser: Browser) -> None:
        browser.takes.clear()
        for _ in range(live.WAITING_MESSAGES + 50):
            hub._hand_on(CHANNEL, b"x")
        (stream,) = hub._streams[CHANNEL]
        assert len(stream._waiting) == live.WAITING_MESSAGES
        hub._end(hub._all())
        hub._hand_on(CHANNEL, b"too late")
        browser.takes.set()
        await asyncio.wait_for(browser.task, 5)
        assert browser.ended
        assert not hub._streams

    played(play)


@pytest.mark.parametrize(("age", "ended"), [(0, False), (live.STREAM_SECONDS, True)])
def test_an_old_stream_ends_and_a_young_one_hears_that_we_are_here(monkeypatch, age, ended):
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.01)

    async def play(hub: Hub, browser: Browser) -> None:
        (stream,) = hub._streams[CHANNEL]
        stream.ends_at -= age
        beating = asyncio.create_task(hub.beat())
        await asyncio.sleep(0.1)
        beating.cancel()
        await settle()
        assert browser.ended is ended
        assert (b": still here\n\n" in browser.frames) is not ended
        browser.gone.set()

    played(play)


def test_a_lost_connection_breaks_nothing():
    async def play(hub: Hub, browser: Browser) -> None:
        async def send(message: dict[str, Any]) -> None:
            raise OSError

        stream = Stream(send)
        stream.write(b"1")
        await settle()
        stream.write(b"2")
        await settle()
        assert stream._writer is None
        browser.gone.set()

    played(play)
