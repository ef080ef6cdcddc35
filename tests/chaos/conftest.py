"""One storm over a stack with servers of its own; every test looks at what came of it.

CHAOS=full is the long form (`make chaos`); CHAOS_SEED repeats a run's orders and disturbances.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.chaos.outcome import FORMS, Outcome, weather
from tests.stack_process import running_stack

_outcomes: list[Outcome] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The seed and the disturbances stand beside every failure, and with -rP once beside what passed."""
    report = yield
    for outcome in _outcomes:
        if report.failed or (report.when == "call" and not outcome.told):
            report.sections.append(("chaos", outcome.report()))
            outcome.told = True
    return report


@pytest.fixture(scope="session")
def outcome(request: pytest.FixtureRequest) -> Iterator[Outcome]:
    form = FORMS[os.environ.get("CHAOS") or "short"]
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(2**32))
    # Not pytest's own folder: a second pytest closes that to PostgreSQL's user, who could not start again.
    data = Path(tempfile.mkdtemp(prefix="gobiz-chaos-")).resolve()
    # Shown when this very fixture fails.
    print(f"CHAOS={form.name} CHAOS_SEED={seed} {data}")
    begun, failed_before = time.monotonic(), request.session.testsfailed
    with running_stack(data, {"DEMO": "0"}) as stack:
        started = time.monotonic() - begun
        outcome = weather(form, seed, stack)
        outcome.seconds = {"start": started, **outcome.seconds}
        _outcomes.append(outcome)
        yield outcome
    if request.session.testsfailed == failed_before:
        shutil.rmtree(data, ignore_errors=True)
