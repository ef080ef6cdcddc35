"""The stream process, as a process: what is published to a merchant reaches that merchant's browsers."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests
import time_machine
from django.conf import settings
from django.core import signing
from django.db import transaction

from gobiz_admin.live.app import TOKEN_SECONDS
from gobiz_admin.merchants.announcing import announce, channel
from gobiz_admin.merchants.context import live_token
from tests.sandbox_process import free_port

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 15.0
# A merchant of this test process alone: Redis hands a message on whatever database it was published in.
SEVEN = 7_000_000 + secrets.randbelow(1_000_000)


class Stream:
    """One open browser: reads what comes, line by line."""

    def __init__(self, url: str, token: str) -> None:
        self.answer = requests.get(
            url, params={"token": token}, stream=True, timeout=WITHIN, headers={"Origin": "http://testserver"}
        )
        self.lines = self.answer.iter_lines(chunk_size=1, decode_unicode=True)

    def __enter__(self) -> Stream:
        assert self.answer.status_code == 200
        assert next(line for line in self.lines if line.startswith(":")) == ": open"
        return self

    def __exit__(self, *exc: object) -> None:
        self.answer.close()

    def next(self) -> dict[str, object]:
        return json.loads(
            next(line for line in self.lines if line.startswith("data: ")).removeprefix("data: ")
        )

    def ended(self) -> bool:
        return not any(line.startswith("data: ") for line in self.lines)


def wait_until(done) -> None:
    deadline = time.monotonic() + WITHIN
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def live() -> Iterator[str]:
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "gobiz_admin.live.app:app", "--port", url.rpartition(":")[2]),
            *("--log-level", "warning", "--timeout-graceful-shutdown", "1"),
        ],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "", "REDIS_URL": settings.REDIS_URL},
    )

    def healthy() -> bool:
        assert process.poll() is None
        try:
            return requests.get(f"{url}/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(healthy)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture
def broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


@pytest.mark.parametrize("path", ["/events/", "/live/events/"])
def test_what_is_published_arrives(live, broker, path):
    with Stream(live + path, live_token(SEVEN)) as stream:
        broker.publish(channel(SEVEN), '{"topic": "orders"}')
        assert stream.next() == {"topic": "orders"}


def test_not_what_is_another_merchants(live, broker):
    with (
        Stream(f"{live}/events/", live_token(SEVEN)) as seven,
        Stream(f"{live}/events/", live_token(SEVEN * 10)) as seventy,
    ):
        for number in (SEVEN + 1, SEVEN * 10, SEVEN * 10 + 7, SEVEN):
            broker.publish(channel(number), json.dumps({"to": number}))
        assert seven.next() == {"to": SEVEN}
        assert seventy.next() == {"to": SEVEN * 10}


@pytest.mark.django_db(transaction=True)
def test_announced_after_the_commit_only(live):
    with Stream(f"{live}/events/", live_token(SEVEN)) as stream:
        with transaction.atomic():
            announce(SEVEN, "never", outlet="G1")
            transaction.set_rollback(True)
        announce(SEVEN, "orders", outlet="G1")
        assert stream.next() == {"topic": "orders", "outlet": "G1"}


@pytest.mark.parametrize("token", ["", "7", "7:x:y", "é", "7" * 5000, live_token.__name__])
def test_a_wrong_token(live, token):
    answer = requests.get(f"{live}/events/", params={"token": token}, timeout=WITHIN)
    assert answer.status_code == 401
    # Else the browser hides from the page that it was a 401.
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_token_that_was_changed(live):
    token = live_token(SEVEN)
    changed = "8" + token[1:]
    assert requests.get(f"{live}/events/", params={"token": changed}, timeout=WITHIN).status_code == 401


def test_an_old_token(live):
    with time_machine.travel(time.time() - TOKEN_SECONDS - 5):
        token = live_token(SEVEN)
    assert requests.get(f"{live}/events/", params={"token": token}, timeout=WITHIN).status_code == 401


def test_no_other_signed_value_is_a_token(live):
    """A session or a reset link is signed with the same key, and opens no stream."""
    token = signing.TimestampSigner(salt="something else").sign("7")
    assert requests.get(f"{live}/events/", params={"token": token}, timeout=WITHIN).status_code == 401


def test_a_lost_subscription_ends_the_streams(live, broker):
    """Messages may have been missed: a browser that comes back looks at everything anew."""
    with Stream(f"{live}/events/", live_token(SEVEN)) as stream:
        database = str(broker.connection_pool.connection_kwargs.get("db", 0))
        ours = [
            client["id"]
            for client in broker.client_list(_type="pubsub")
            if client["db"] == database and client["psub"] != "0"
        ]
        assert ours
        for client_id in ours:
            broker.client_kill_filter(_id=client_id)
        assert stream.ended()
    wait_until(lambda: requests.get(f"{live}/health", timeout=5).ok)
    with Stream(f"{live}/events/", live_token(SEVEN)) as stream:
        broker.publish(channel(SEVEN), '{"topic": "again"}')
        assert stream.next() == {"topic": "again"}


def test_headers_that_keep_proxies_from_holding_it_back(live):
    with Stream(f"{live}/events/", live_token(SEVEN)) as stream:
        headers = stream.answer.headers
        assert headers["Content-Type"].startswith("text/event-stream")
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Accel-Buffering"] == "no"
        assert headers["Access-Control-Allow-Origin"] == "*"
