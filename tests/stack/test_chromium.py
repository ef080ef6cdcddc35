"""Which Chromium the browser tests get."""

import os

import pytest

from gobiz_admin.stack import chromium


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH of our own, and a function that puts a program on it."""
    monkeypatch.setattr(chromium, "playwrights_own", lambda: None)
    monkeypatch.setattr(os, "environ", {"PATH": str(tmp_path)})

    def add(name):
        program = tmp_path / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        return str(program)

    return add


def test_the_order(programs, monkeypatch, tmp_path):
    assert chromium.find() is None
    monkeypatch.setattr(chromium, "playwrights_own", lambda: "/playwright/chrome")
    assert chromium.find() == "/playwright/chrome"
    chrome = programs("google-chrome")
    assert chromium.find() == chrome
    found = programs("chromium")
    assert chromium.find() == found
    assert chromium.find({"CHROMIUM_PATH": chrome, "PATH": str(tmp_path)}) == chrome


def test_a_wrong_path_is_said_and_not_replaced(programs):
    programs("chromium")
    os.environ["CHROMIUM_PATH"] = "/does/not/exist"
    with pytest.raises(chromium.NoChromium, match="CHROMIUM_PATH names /does/not/exist"):
        chromium.find()


def test_none_found_is_installed_with_playwright_then_with_apt(programs, monkeypatch):
    tried = []

    def with_playwright():
        tried.append("playwright")
        return False

    def with_apt():
        tried.append("apt-get")
        programs("chromium")
        return True

    monkeypatch.setattr(chromium, "install_with_playwright", with_playwright)
    monkeypatch.setattr(chromium, "install_with_apt", with_apt)
    assert chromium.ensure(say=lambda text: None).endswith("/chromium")
    assert tried == ["playwright", "apt-get"]


def test_none_installable_fails_with_a_sentence(programs, monkeypatch):
    monkeypatch.setattr(chromium, "install_with_playwright", lambda: False)
    monkeypatch.setattr(chromium, "install_with_apt", lambda: False)
    with pytest.raises(chromium.NoChromium, match="need Chromium"):
        chromium.ensure(say=lambda text: None)
