"""A start without its secrets, or with a mistyped switch: refused with one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from gobiz_admin import environment

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {
    "SECRET_KEY": "k" * 50,
    "FIELD_ENCRYPTION_KEYS": "f" * 40,
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "PUBLIC_BASE_URL": "https://gobiz.example.com",
}


def check(folder: Path, **env: str | None) -> subprocess.CompletedProcess[str]:
    """`manage.py check` with nothing exported but this."""
    wanted = {name: value for name, value in {**NEEDED, **env}.items() if value is not None}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "GOBIZ_DATA_DIR": str(folder), **wanted},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_production_starts_with_its_secrets_and_not_without_one_of_them(tmp_path):
    key = tmp_path / "key"
    key.write_text("from a file " * 4 + "\n")
    changes: dict[str, dict[str, str | None]] = {
        "all": {},
        "file": {"SECRET_KEY": None, "SECRET_KEY_FILE": str(key)},
        **{name: {name: None} for name in NEEDED},
    }
    with ThreadPoolExecutor(2) as pool:
        done = dict(
            zip(changes, pool.map(lambda change: check(tmp_path, **change), changes.values()), strict=True)
        )
    for name in ("all", "file"):
        assert done[name].returncode == 0, done[name].stderr
    for name in NEEDED:
        assert done[name].returncode != 0, name
        # One sentence that names what is missing; not a traceback.
        assert done[name].stderr.count("\n") == 1, done[name].stderr
        assert name in done[name].stderr
        assert not done[name].stdout


class TestFlag:
    @pytest.mark.parametrize(
        ("word", "value"),
        [("1", True), ("TRUE", True), ("yes", True), ("on", True), ("0", False), ("", False)],
    )
    def test_known(self, monkeypatch, word, value):
        monkeypatch.setenv("DEBUG", word)
        assert environment.flag("DEBUG", default=not value) is value

    @pytest.mark.parametrize("word", ["ture", "2", "y", "enabled", "None"])
    def test_mistyped(self, monkeypatch, word):
        monkeypatch.setenv("DEBUG", word)
        with pytest.raises(ImproperlyConfigured, match="DEBUG must be 1 or 0"):
            environment.flag("DEBUG", default=False)


class TestSecret:
    def test_from_a_file(self, monkeypatch, tmp_path):
        (tmp_path / "secret").write_text("word\n")
        monkeypatch.setenv("NAME_FILE", str(tmp_path / "secret"))
        assert environment.secret("NAME") == "word"

    def test_a_file_that_is_not_there(self, monkeypatch):
        monkeypatch.setenv("NAME_FILE", "/nowhere/secret")
        with pytest.raises(ImproperlyConfigured, match="NAME_FILE cannot be read"):
            environment.secret("NAME")

    def test_an_empty_file(self, monkeypatch, tmp_path):
        (tmp_path / "secret").write_text("\n")
        monkeypatch.setenv("NAME_FILE", str(tmp_path / "secret"))
        with pytest.raises(ImproperlyConfigured):
            environment.secret("NAME")

    @pytest.mark.parametrize("value", [None, ""])
    def test_missing(self, monkeypatch, value):
        if value is not None:
            monkeypatch.setenv("NAME", value)
        with pytest.raises(ImproperlyConfigured, match="NAME is not set"):
            environment.secret("NAME")

    def test_a_list(self, monkeypatch):
        monkeypatch.setenv("NAME", "a" * 16 + ", " + "b" * 20 + ",")
        assert environment.secret_list("NAME") == ["a" * 16, "b" * 20]

    @pytest.mark.parametrize("value", [",", "short", "a" * 16 + ",short"])
    def test_a_list_that_is_too_weak(self, monkeypatch, value):
        monkeypatch.setenv("NAME", value)
        with pytest.raises(ImproperlyConfigured, match="16 characters"):
            environment.secret_list("NAME")
