"""`/healthz`: 200 when web, database, broker and a worker are well, else 503 and what is not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from django.db import InterfaceError, OperationalError
from django.test import Client

from gobiz_admin.merchants import announcing, health
from tests.sandbox_process import free_port

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def healthz() -> tuple[int, dict[str, str]]:
    answer = Client().get("/healthz")
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.status_code, answer.json()


def test_without_a_worker():
    assert healthz() == (
        503,
        {"web": "ok", "database": "ok", "broker": "ok", "worker": "no worker answers"},
    )


def test_with_a_worker():
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "gobiz_admin", "worker", "-P", "solo", "-Q", "nothing"),
            *("--without-gossip", "--without-mingle", "--loglevel", "ERROR"),
        ],
        cwd=ROOT,
        env=dict(os.environ),
    )
    try:
        deadline = time.monotonic() + 30
        while healthz()[0] != 200:
            assert worker.poll() is None
            assert time.monotonic() < deadline
        assert healthz()[1] == dict.fromkeys(("web", "database", "broker", "worker"), "ok")
    finally:
        worker.terminate()
        try:
            worker.wait(10)
        except subprocess.TimeoutExpired:
            worker.kill()


@pytest.mark.parametrize("silent", [False, True])
def test_without_a_broker(monkeypatch, settings, silent):
    """Also one that accepts and never answers: whoever watches gets an answer."""
    monkeypatch.setattr(announcing, "_redis", None)
    with socket.create_server(("127.0.0.1", 0), backlog=8) as listener:
        port = listener.getsockname()[1] if silent else free_port()
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        began = time.monotonic()
        status, parts = healthz()
        assert time.monotonic() - began < 3
    assert (status, parts["database"], parts["worker"]) == (503, "ok", "unknown")
    assert parts["broker"] not in ("ok", "")


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_without_a_database(monkeypatch, error):
    class Gone:
        def cursor(self):
            raise error

        def close(self):
            pass

    monkeypatch.setattr(health, "connection", Gone())
    monkeypatch.setattr(health, "_worker", lambda: "ok")
    status, parts = healthz()
    assert status == 503
    # The kind of failure, and none of its words: they may hold an address or a password.
    assert parts["database"] == type(error).__name__


def test_nothing_of_a_failure_but_its_kind(monkeypatch):
    def ping(self):
        raise redis.ConnectionError("redis://:password@host")

    monkeypatch.setattr(redis.Redis, "ping", ping)
    assert "password" not in str(healthz()[1])
