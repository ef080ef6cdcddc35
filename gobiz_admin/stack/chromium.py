"""A Chromium for the browser tests: found, else installed, else one sentence. They are never skipped."""

# ruff: noqa: S603 - starting other programs is what this file does, from lists and without a shell

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD_SECONDS = 60
APT_SECONDS = 300


class NoChromium(Exception):
    """None found and none installable; the message says what to do."""


def given(environ: Mapping[str, str]) -> str | None:
    """The one that CHROMIUM_PATH names; a wrong path is an error, not a reason to use another."""
    path = environ.get("CHROMIUM_PATH")
    if not path:
        return None
    if not os.access(path, os.X_OK):
        raise NoChromium(f"CHROMIUM_PATH names {path}, which cannot be run.")
    return path


def on_path(environ: Mapping[str, str]) -> str | None:
    for name in NAMES:
        found = shutil.which(name, path=environ.get("PATH", os.defpath))
        if found:
            return found
    return None


def playwrights_own() -> str | None:
    """The browser that playwright downloaded earlier, if it did."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() else None


def find(environ: Mapping[str, str] | None = None) -> str | None:
    """The first of: the given one, the system's, playwright's."""
    environ = os.environ if environ is None else environ
    return given(environ) or on_path(environ) or playwrights_own()


def attempt(command: list[str], seconds: int) -> bool:
    try:
        result = subprocess.run(command, timeout=seconds, stdin=subprocess.DEVNULL, capture_output=True)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def install_with_playwright() -> bool:
    return attempt([sys.executable, "-m", "playwright", "install", "chromium"], DOWNLOAD_SECONDS)


def install_with_apt() -> bool:
    """Debian's package; only root may, and only where apt-get is."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
    attempt(["apt-get", "update"], APT_SECONDS)
    return attempt(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], APT_SECONDS)


def ensure(say: Callable[[str], None] = print) -> str:
    """The path of a Chromium that exists."""
    found = find()
    if found:
        return found
    for name, install in (("playwright", install_with_playwright), ("apt-get", install_with_apt)):
        say(f"No Chromium found: installing one with {name} …")
        if install():
            found = find()
            if found:
                return found
    raise NoChromium(
        "The browser tests need Chromium, and it could neither be found nor installed: "
        "install the package chromium, or set CHROMIUM_PATH."
    )
