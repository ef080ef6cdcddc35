"""Migrations and starting data: before the web server when they are needed, beside it when not."""

# ruff: noqa: S603 - starting other programs is what this file does, from lists and without a shell

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gobiz_admin.stack.config import PRODUCT, ROOT, SANDBOX, Config
from gobiz_admin.stack.database import MigrationMemory
from gobiz_admin.stack.logs import open_log, tail
from gobiz_admin.stack.message import say
from gobiz_admin.stack.supervisor import TICK, die_with_parent, has_exited, kill_group

Pulse = Callable[[], None]


class SetupFailed(Exception):
    """The start ends here; the message says why and shows the end of the log."""


@dataclass
class Job:
    """Django commands of one settings module, run in one process."""

    name: str
    settings: str
    commands: list[str]
    process: subprocess.Popen[bytes] | None = None


class Preparation:
    """What the databases need before the product can be used."""

    def __init__(self, config: Config, environment: Mapping[str, str]) -> None:
        self.config = config
        self.environment = environment
        self.logs = config.data / "logs"
        self.memory = MigrationMemory(config.data / "migrated.json")
        self.jobs: list[Job] = []
        self.pending: list[Job] = []

    def url(self, settings: str) -> str:
        return self.environment["SANDBOX_DATABASE_URL" if settings == SANDBOX else "DATABASE_URL"]

    def seeds(self, settings: str) -> list[str]:
        if settings == SANDBOX:
            return ["seed_sandbox"]
        return ["seed_demo"] if self.config.demo else []

    def before(self, pulse: Pulse) -> None:
        """Migrate what is not known to be migrated, and seed it; both databases at the same time."""
        for settings, name in ((PRODUCT, "product"), (SANDBOX, "sandbox")):
            job = Job(f"prepare-{name}", settings, self.seeds(settings))
            if self.memory.is_current(settings, self.url(settings)):
                # Seeding is repeated beside the web server: it changes nothing unless data was wiped.
                self.pending += [job] if job.commands else []
            else:
                job.commands = ["migrate", *job.commands]
                self.jobs.append(job)
        if self.jobs:
            say("Preparing the database …")
        shared = self.url(PRODUCT) == self.url(SANDBOX)
        for group in [[job] for job in self.jobs] if shared else [self.jobs]:
            self.run_together(group, pulse)
        for job in self.jobs:
            self.memory.store(job.settings, self.url(job.settings))

    def beside(self, pulse: Pulse) -> None:
        """The starting data of databases that were ready: while the parts are starting."""
        self.run_together(self.pending, pulse)

    def run_together(self, jobs: list[Job], pulse: Pulse) -> None:
        for job in jobs:
            self.spawn(job)
        while any(job.process is not None and not has_exited(job.process) for job in jobs):
            pulse()
            time.sleep(TICK / 2)
        for job in jobs:
            self.finish(job)

    def spawn(self, job: Job) -> None:
        command = [sys.executable, "-m", "gobiz_admin.stack.prepare", *job.commands]
        with open_log(self.logs, job.name) as log:
            job.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.config.for_settings(job.settings, self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def finish(self, job: Job) -> None:
        process, job.process = job.process, None
        if process is None:
            return
        kill_group(process)
        if process.returncode != 0:
            log = self.logs / f"{job.name}.log"
            done = " and ".join(job.commands)
            raise SetupFailed(
                f"{tail(log)}\n\nPreparing the database failed ({done}); the end of {log} is above."
            )

    def abandon(self) -> None:
        """Stop what still runs, when the start ends early."""
        for job in [*self.jobs, *self.pending]:
            if job.process is not None:
                kill_group(job.process)
                job.process = None
