#!/usr/bin/env python3
"""Django's commands. Beside a running `make run` they find its database and addresses by themselves."""

import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def use_own_interpreter() -> None:
    """Go on in .venv when this Python has no Django: `python3 manage.py` works without activating it."""
    own = ROOT / ".venv" / "bin" / "python"
    if find_spec("django") is None and own.exists() and Path(sys.prefix) != own.parent.parent:
        os.execv(own, [str(own), *sys.argv])  # noqa: S606 - ourselves, with another interpreter


def find_running_stack() -> None:
    """Take from stack.env what is not set here: `make run` writes it, and removes it when it stops."""
    data = os.environ.get("GOBIZ_DATA_DIR") or ROOT / ".local"
    try:
        text = (Path(data).expanduser() / "stack.env").read_text()
    except OSError:
        return
    for word in shlex.split(text, comments=True):
        name, _, value = word.partition("=")
        os.environ.setdefault(name, value)


def main() -> None:
    use_own_interpreter()
    find_running_stack()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gobiz_admin.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A setting that is missing is the operator's to set: a sentence, not a traceback.
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
