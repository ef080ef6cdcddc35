"""The real stack, as `make run` starts it, and a real browser."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from playwright.sync_api import expect

from tests.stack_process import ROOT, Stack, running_stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.e2e.walking import Walker

__all__ = ["Stack"]

# The browser, the stack and the other tests share two cores.
expect.set_options(timeout=15_000)
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
    servers = {"DATABASE_URL": _own_database(), "REDIS_URL": _own_redis()}
    with running_stack(tmp_path_factory.mktemp("stack"), servers) as running:
        yield running


# Of a module: while it is open, its loop runs, and no test beside it may have one.
@pytest.fixture(scope="module")
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


@pytest.fixture
def walker(browser: Browser, stack: Stack) -> Iterator[Walker]:
    """A person at a desk, signed in as the demo's owner."""
    from tests.e2e.walking import person

    with person(browser, stack) as walker:
        yield walker
