"""What is installed is remembered by the contents of the lists, so that a second start installs nothing."""

import os
import subprocess
import sys

import pytest

from gobiz_admin.stack import bootstrap


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout whose .venv exists; commands are noted instead of run."""
    (tmp_path / "requirements.txt").write_text("one==1\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\ntwo==2\n")
    (tmp_path / "constraints.txt").write_text("one==1\ntwo==2\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    commands = []

    def note(command, cwd, failure):
        commands.append(command)
        if "ci" in command:
            (tmp_path / "node_modules").mkdir(exist_ok=True)

    monkeypatch.setattr(bootstrap, "run_quietly", note)
    monkeypatch.setattr(bootstrap, "system_npm", lambda: ["npm"])
    return tmp_path, commands


def test_packages_are_installed_once_and_again_when_a_list_changes(checkout):
    root, commands = checkout
    bootstrap.ensure_packages(root, "run")
    bootstrap.ensure_packages(root, "run")
    assert len(commands) == 1
    (root / "constraints.txt").write_text("one==1.1\n")
    bootstrap.ensure_packages(root, "run")
    assert len(commands) == 2


def test_the_packages_for_development_contain_those_for_running(checkout):
    root, commands = checkout
    bootstrap.ensure_packages(root, "dev")
    bootstrap.ensure_packages(root, "run")
    assert [command[command.index("--requirement") + 1] for command in commands] == ["requirements-dev.txt"]


def test_a_failed_installation_is_tried_again(checkout, monkeypatch):
    root, commands = checkout

    def fail(command, cwd, failure):
        raise bootstrap.SetupError(failure)

    with monkeypatch.context() as patched:
        patched.setattr(bootstrap, "run_quietly", fail)
        with pytest.raises(bootstrap.SetupError):
            bootstrap.ensure_packages(root, "run")
    bootstrap.ensure_packages(root, "run")
    assert len(commands) == 1


def test_front_end_libraries_follow_the_lock_file(checkout):
    root, commands = checkout
    bootstrap.ensure_front_end(root)
    assert commands == []
    (root / "package-lock.json").write_text("{}")
    bootstrap.ensure_front_end(root)
    bootstrap.ensure_front_end(root)
    assert len(commands) == 1
    (root / "package-lock.json").write_text('{"lockfileVersion": 3}')
    bootstrap.ensure_front_end(root)
    assert len(commands) == 2


def test_the_same_bytes_in_another_file_are_another_fingerprint(tmp_path):
    (tmp_path / "a").write_text("x")
    one = bootstrap.fingerprint(tmp_path, ("a", "b"))
    (tmp_path / "a").rename(tmp_path / "b")
    assert bootstrap.fingerprint(tmp_path, ("a", "b")) != one


def test_an_npm_that_is_too_old_or_broken_is_not_used(tmp_path, monkeypatch):
    npm = tmp_path / "npm"
    for script, expected in (("echo 8.19.2", None), ("exit 1", None), ("echo 10.1.0", [str(npm)])):
        npm.write_text(f"#!/bin/sh\n{script}\n")
        npm.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
        assert bootstrap.system_npm() == expected


def test_a_python_that_is_too_old_or_missing_is_one_sentence(tmp_path):
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for python in (str(old), "no-such-python"):
        answer = subprocess.run(
            ["make", "python", f"PYTHON={python}"], cwd=bootstrap.ROOT, capture_output=True, text=True
        )
        assert answer.returncode != 0
        assert "Python 3.11 or newer is needed" in answer.stderr.splitlines()[0]
