"""Env files and the secrets that are made once."""

import stat
import subprocess

import pytest

from gobiz_admin.stack import envfile

ODD = {
    "PLAIN": "value",
    "SPACES": "two words",
    "QUOTES": 'it\'s "quoted"',
    "DOLLAR": "$HOME `id` #no",
    "EMPTY": "",
}


def test_a_written_file_reads_back_the_same(tmp_path):
    envfile.write(tmp_path / "a.env", ODD)
    assert envfile.read(tmp_path / "a.env") == ODD


def test_a_shell_reads_the_same_values(tmp_path):
    envfile.write(tmp_path / "a.env", ODD)
    script = '. "$0"; printf "%s|%s|%s|%s" "$SPACES" "$QUOTES" "$DOLLAR" "$EMPTY"'
    answer = subprocess.run(["sh", "-c", script, str(tmp_path / "a.env")], capture_output=True, text=True)
    assert answer.stdout == 'two words|it\'s "quoted"|$HOME `id` #no|'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\n# note\n\nB=2 # after", {"A": "1", "B": "2"}),
        ("export A='x y'", {"A": "x y"}),
        ("not a variable\nA=1=2", {"A": "1=2"}),
        ("A='unfinished\nB=2", {"B": "2"}),
    ],
)
def test_parsing(text, expected):
    assert envfile.parse(text) == expected


def test_a_missing_file_has_no_variables(tmp_path):
    assert envfile.read(tmp_path / "none.env") == {}


def test_secrets_are_made_once_for_their_owner_only(tmp_path):
    path = tmp_path / "secrets.env"
    first = envfile.ensure_secrets(path)
    assert set(first) == set(envfile.MAKERS)
    assert all(len(value) >= 16 for value in first.values())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert envfile.ensure_secrets(path) == first


def test_a_secret_that_is_missing_is_added_and_the_others_stay(tmp_path):
    path = tmp_path / "secrets.env"
    envfile.write(path, {"SECRET_KEY": "kept"})
    path.chmod(0o644)
    secrets = envfile.ensure_secrets(path)
    assert secrets["SECRET_KEY"] == "kept"
    assert secrets["DEMO_PASSWORD"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
