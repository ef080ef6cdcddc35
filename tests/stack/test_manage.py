"""`manage.py` finds the running stack by itself."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gobiz_admin.stack import envfile

ROOT = Path(__file__).resolve().parents[2]
# Stands in for Django: prints what manage.py handed over.
STAND_IN = """
import json, os
def execute_from_command_line(argv):
    print(json.dumps([argv[1:], dict(os.environ)]))
"""


@pytest.fixture
def checkout(tmp_path):
    shutil.copy(ROOT / "manage.py", tmp_path)
    package = tmp_path / "django" / "core" / "management"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    (package / "__init__.py").write_text(STAND_IN)
    (package.parent / "exceptions.py").write_text("class ImproperlyConfigured(Exception): pass\n")
    return tmp_path


def manage(checkout, **environ):
    kept = {"PATH": os.environ["PATH"], **environ}
    command = [sys.executable, str(checkout / "manage.py"), "show_syncs", "G1"]
    answer = subprocess.run(command, cwd="/", env=kept, capture_output=True, text=True, check=True)
    assert answer.stderr == ""
    return json.loads(answer.stdout)


def test_it_takes_what_is_not_set_from_the_running_stack(checkout):
    (checkout / ".local").mkdir()
    envfile.write(checkout / ".local" / "stack.env", {"DATABASE_URL": "from stack", "REDIS_URL": "a b'c"})
    arguments, environ = manage(checkout, DATABASE_URL="exported")
    assert arguments == ["show_syncs", "G1"]
    assert environ["DATABASE_URL"] == "exported"
    assert environ["REDIS_URL"] == "a b'c"
    assert environ["DJANGO_SETTINGS_MODULE"] == "gobiz_admin.settings"


def test_it_honours_another_data_folder(checkout, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    envfile.write(other / "stack.env", {"REDIS_URL": "other"})
    assert manage(checkout, GOBIZ_DATA_DIR=str(other))[1]["REDIS_URL"] == "other"


def test_without_a_running_stack_it_adds_nothing(checkout):
    assert "DATABASE_URL" not in manage(checkout)[1]
