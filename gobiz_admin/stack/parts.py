"""The table of what `make run` keeps running."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from gobiz_admin.stack.config import PRODUCT, ROOT, SANDBOX, Config
from gobiz_admin.stack.supervisor import Part

# granian's own way of bringing back a worker that died; the supervisor brings back granian.
GRANIAN = (
    "granian --interface wsgi --no-ws --respawn-failed-workers --workers-kill-timeout 4 --log-level warning"
)
CELERY = "celery -A gobiz_admin"
WORKER = " --without-gossip --without-mingle --loglevel WARNING"


@dataclass(frozen=True)
class Row:
    """One row: `first` parts answer requests and start before the others, so that the page is there soon."""

    name: str
    first: bool
    settings: str
    command: str


TABLE = (
    Row("web", True, PRODUCT, GRANIAN
        + " --host {host} --port {port} --workers 2 --blocking-threads 8 gobiz_admin.wsgi:application"),
    Row("sandbox", True, SANDBOX, GRANIAN
        + " --port {sandbox_port} --workers 1 --blocking-threads 16 gobiz_admin.sandbox.wsgi:application"),
    Row("live", True, PRODUCT,
        "uvicorn gobiz_admin.live.app:app --host {host} --port {live_port} --no-access-log"
        " --log-level warning --timeout-graceful-shutdown 2"),
    Row("worker", False, PRODUCT,
        CELERY + " worker -Q notifications,celery -c 2 -n notifications@%h" + WORKER),
    # By itself: a GoBiz that answers slowly holds up who waits for it, not the next order.
    Row("actions", False, PRODUCT,
        CELERY + " worker -Q actions -P threads -c 8 -n actions@%h" + WORKER),
    Row("publisher", False, PRODUCT,
        CELERY + " worker -Q publishing -P threads -c 4 -n publishing@%h" + WORKER),
    Row("beat", False, PRODUCT,
        CELERY + " beat --schedule {data}/beat-schedule --loglevel WARNING"),
)  # fmt: skip


def python_command(text: str, values: Mapping[str, object]) -> tuple[str, ...]:
    """Run as a module: the scripts in .venv/bin fail where the path of the checkout is long."""
    words = [word.format(**values) for word in text.split()]
    return (sys.executable, "-m", *words)


def build(config: Config, environment: Mapping[str, str], first: bool) -> list[Part]:
    """The parts to start now: those that answer requests, or the rest."""
    values = {
        "host": config.host,
        "port": config.port,
        "sandbox_port": config.sandbox_port,
        "live_port": config.live_port,
        "data": config.data,
    }
    return [
        Part(
            name=row.name,
            command=python_command(row.command, values),
            environment=config.for_settings(row.settings, environment),
            folder=ROOT,
        )
        for row in TABLE
        if row.first is first
    ]
