"""The real stack, as `make run` starts it, and a real browser."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "test-results"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A real browser asks for one press before it may sound; a test presses too, but headless audio
    # has no device to wait for.
    "--use-fake-device-for-media-stream",
]


@dataclass
class Stack:
    """`make run` in its own data folder; `stop()` is Ctrl-C."""

    process: subprocess.Popen[bytes]
    data: Path
    port: int
    sandbox_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def password(self) -> str:
        lines = (self.data / "secrets.env").read_text().splitlines()
        found = dict(line.split("=", 1) for line in lines if "=" in line)
        return found["DEMO_PASSWORD"].strip("'\"")

    def run(self, *words: str, secrets: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """A command, run as in a second terminal: with nothing exported."""
        clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env={**clean, "GOBIZ_DATA_DIR": str(self.data), **(secrets or {})},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def manage(self, *words: str, secrets: dict[str, str] | None = None) -> Any:
        """The JSON that a command prints."""
        done = self.run(*words, secrets=secrets)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def app(self, slug: str = "warung") -> dict[str, Any]:
        """The sandbox's own record of an app, secrets included."""
        apps = requests.get(f"{self.sandbox}/_control/apps", timeout=10).json()["apps"]
        return next(app for app in apps if app["slug"] == slug)

    def post(self, path: str, body: Any) -> Any:
        answer = requests.post(f"{self.sandbox}{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def _own_database() -> str:
    """The URL of a new database on the tests' server."""
    url, name = os.environ["DATABASE_URL"], f"e2e_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _own_redis() -> str:
    """A Redis database beside those of tests/conftest.py: workers of one stack must not hear another's."""
    base, _, number = os.environ["REDIS_URL"].rpartition("/")
    return f"{base}/{int(number) + 8}"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    data = tmp_path_factory.mktemp("stack")
    port, sandbox_port = _free_port(), _free_port()
    # As in a terminal: nothing of the tests' own environment but where things are.
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR")
    environment = {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "DATABASE_URL": _own_database(),
        "REDIS_URL": _own_redis(),
        "GOBIZ_DATA_DIR": str(data),
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
    }
    log = (data / "run.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "gobiz_admin.stack.run"],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    running = Stack(process, data, port, sandbox_port)
    try:
        _wait_until_well(running)
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def _wait_until_well(stack: Stack) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert stack.process.poll() is None, (stack.data / "run.log").read_text()
        try:
            if requests.get(f"{stack.url}/healthz", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise AssertionError((stack.data / "run.log").read_text())


@pytest.fixture(scope="session")
def browser(stack: Stack) -> Iterator[Any]:
    # After `stack`: Playwright's loop must not be running where Django's ORM is used.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM_PATH"], args=CHROMIUM_FLAGS
        )
        yield chromium
        chromium.close()
