"""`make test` and `make check`: each habit under a heading, and at the end what failed."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass

from gobiz_admin.stack import chromium
from gobiz_admin.stack.config import ConfigError
from gobiz_admin.stack.message import say
from gobiz_admin.stack.postgres import ServerError
from gobiz_admin.stack.signals import StopRequests
from gobiz_admin.stack.test import run_in, run_pytest, throwaway_stack
from gobiz_admin.stack.waiting import Stopped

PYTHON = sys.executable
# Two at a time: this is made for two cores, and the tests keep out of each other's way.
EVERYTHING = ["-n", "2", "-q"]
PACKAGES = ("gobiz_admin", "menus", "orders", "webhooks")
# import-linter has no `python -m` form, and scripts in .venv/bin break where the path is long.
IMPORT_LINTER = (
    "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
)


@dataclass(frozen=True)
class Habit:
    heading: str
    command: list[str]


HABITS = (
    Habit("Lint (ruff)", [PYTHON, "-m", "ruff", "check", "."]),
    Habit("Format (ruff)", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    Habit("Types (mypy)", [PYTHON, "-m", "mypy", *PACKAGES]),
    Habit("Import rules (import-linter)", [PYTHON, "-c", IMPORT_LINTER]),
    Habit("Template format (djlint)", [PYTHON, "-m", "djlint", "--check", "templates"]),
    Habit("Template lint (djlint)", [PYTHON, "-m", "djlint", "--lint", "templates"]),
    Habit("Migrations complete", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]),
)


def heading(text: str) -> None:
    say(f"\n=== {text} {'=' * max(3, 70 - len(text))}")


def run_habits(environment: dict[str, str], stops: StopRequests) -> list[str]:
    """The headings of the habits that failed; one failure does not hide the next."""
    failed = []
    for habit in HABITS:
        heading(habit.heading)
        begun = time.monotonic()
        status = run_in(environment, habit.command, stops)
        if stops.asked():
            raise Stopped
        say(f"{'ok' if status == 0 else f'FAILED (exit status {status})'}, {time.monotonic() - begun:.1f} s")
        if status != 0:
            failed.append(habit.heading)
    return failed


def run_tests(environment: dict[str, str], arguments: list[str], stops: StopRequests) -> list[str]:
    heading("Tests (pytest)")
    try:
        status = run_pytest(environment, arguments, stops)
    except chromium.NoChromium as error:
        say(str(error))
        return ["Chromium for the browser tests"]
    return [] if status == 0 else [f"Tests (pytest, exit status {status})"]


def main(arguments: list[str]) -> int:
    """`--no-tests` leaves pytest out; `--tests-only -- ARGS` runs nothing but pytest."""
    tests_only, no_tests = "--tests-only" in arguments, "--no-tests" in arguments
    rest = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    os.umask(0o077)
    stops = StopRequests()
    failed: list[str] = []
    try:
        with throwaway_stack(stops) as environment:
            if not tests_only:
                failed += run_habits(environment, stops)
            if not no_tests:
                failed += run_tests(environment, rest or EVERYTHING, stops)
    except Stopped:
        return 130
    except (ConfigError, ServerError) as error:
        say(str(error), stream=sys.stderr)
        return 1
    say(f"\nFailed: {', '.join(failed)}." if failed else "\nAll well.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
