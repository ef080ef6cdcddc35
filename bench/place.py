"""Where a run measures: databases of its own on the given server, and the parts, started as `make run` does."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from bench.load import Address, OwnProcess
from gobiz_admin.stack import database, ports
from gobiz_admin.stack.config import PRODUCT, ROOT, SANDBOX
from gobiz_admin.stack.logs import tail
from gobiz_admin.stack.parts import TABLE, python_command
from gobiz_admin.stack.supervisor import Part, Supervisor
from gobiz_admin.stack.waiting import answers

HOST = "127.0.0.1"
START_SECONDS = 60.0
PRODUCT_WSGI = "gobiz_admin.wsgi:application"
# Away from database 0, where whatever else uses this server would be.
REDIS_DATABASE = 9


class BenchError(Exception):
    """Why a row cannot be measured, in one sentence."""


class Place:
    """Makes databases and starts parts; `close` leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        self.logs = folder / "logs"
        self.supervisor = Supervisor(self.logs)
        self.load = OwnProcess()
        self.server_url = os.environ["DATABASE_URL"]
        self.redis_url = os.environ["REDIS_URL"].rpartition("/")[0] + f"/{REDIS_DATABASE}"
        self.redis = redis.Redis.from_url(self.redis_url)
        if self.redis.dbsize():
            raise BenchError(f"Database {REDIS_DATABASE} of REDIS_URL is not empty, and would be emptied.")
        self._databases: list[str] = []

    def close(self) -> None:
        self.load.close()
        self.supervisor.stop()
        self.redis.flushdb()
        for name in self._databases:
            self._on_server(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def new_database(self, purpose: str, template: str = "") -> str:
        """The address of a new database: an empty one, or a copy of that one, which nobody may be using."""
        name = f"bench_{purpose}_{secrets.token_hex(4)}"
        command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            source = sql.Identifier(database.database_name(template))
            command += sql.SQL(" TEMPLATE {}").format(source)
        self._on_server(command)
        self._databases.append(name)
        return database.with_database(self.server_url, name)

    def environment(self, database_url: str, settings: str = PRODUCT) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": self.redis_url,
            "DJANGO_SETTINGS_MODULE": settings,
        }

    def start_web(
        self,
        name: str,
        environment: Mapping[str, str],
        application: str = PRODUCT_WSGI,
        python: Path = Path(sys.executable),
    ) -> Address:
        """Where it listens: that application, under the very options that `make run` gives to `web`."""
        port = ports.any_free(HOST)
        command = row_named("web").replace(PRODUCT_WSGI, application)
        self._start(name, python_command(command, {"host": HOST, "port": port}), environment, python)
        self._until_it_answers(name, port)
        return HOST, port

    def start_worker(self, name: str, environment: Mapping[str, str], processes: int) -> None:
        """The worker that `make run` has for notifications, with that many processes."""
        words = notification_worker().split()
        words[words.index("-c") + 1] = str(processes)
        self._start(name, python_command(" ".join(words), {}), environment)

    def start_publishers(self, environment: Mapping[str, str], workers: int) -> list[str]:
        """So many workers that publish, and beat, each as `make run` has it; their names."""
        names = [f"publisher-{number}" for number in range(workers)]
        for name in names:
            command = row_named("publisher").replace("publishing@%h", f"{name}@%h")
            self._start(name, python_command(command, {}), environment)
        self._start("beat", python_command(row_named("beat"), {"data": self.logs}), environment)
        return [*names, "beat"]

    def start_sandbox(self, name: str) -> str:
        """Where a sandbox with a database of its own listens."""
        port = ports.any_free(HOST)
        url = f"http://{HOST}:{port}"
        environment = {
            **self.environment(self.new_database("sandbox"), SANDBOX),
            "SANDBOX_PUBLIC_URL": url,
        }
        for words in (("migrate", "--verbosity", "0"), ("seed_sandbox",)):
            subprocess.run([sys.executable, "-m", "django", *words], cwd=ROOT, env=environment, check=True)  # noqa: S603
        self._start(name, python_command(row_named("sandbox"), {"sandbox_port": port}), environment)
        self._until_it_answers(name, port)
        return url

    def start_live(self, name: str, environment: Mapping[str, str]) -> Address:
        port = ports.any_free(HOST)
        self._start(name, python_command(row_named("live"), {"host": HOST, "live_port": port}), environment)
        self._until_it_answers(name, port, "/health")
        return HOST, port

    def pid(self, name: str) -> int:
        return self.supervisor.pids()[name]

    def stop(self, *names: str) -> None:
        self.supervisor.stop(names)

    def connect(self, database_url: str) -> psycopg.Connection:
        return connect(database_url)

    def settle(self, database_url: str) -> None:
        """Write out what earlier rounds changed, so that no checkpoint of theirs falls into this one."""
        with connect(database_url) as connection:
            connection.execute("CHECKPOINT")

    def _start(
        self,
        name: str,
        command: tuple[str, ...],
        environment: Mapping[str, str],
        python: Path = Path(sys.executable),
    ) -> None:
        part = Part(name=name, command=(str(python), *command[1:]), environment=environment, folder=ROOT)
        self.supervisor.start(part)

    def _until_it_answers(self, name: str, port: int, path: str = "/") -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(HOST, port, path):
            if not self.supervisor.is_running(name) or time.monotonic() > deadline:
                raise BenchError(
                    f"{tail(self.logs / f'{name}.log')}\n{name} did not start; its log is above."
                )
            time.sleep(0.1)

    def _on_server(self, command: sql.Composed) -> None:
        with connect(self.server_url) as connection:
            connection.execute(command)


def connect(database_url: str) -> psycopg.Connection:
    """A connection on which each statement is its own transaction."""
    return psycopg.connect(database.libpq_url(database_url), autocommit=True)


def row_named(name: str) -> str:
    """The command that `make run` starts this part with."""
    return next(row.command for row in TABLE if row.name == name)


def notification_worker() -> str:
    """The command of the part whose queues hold `notifications`."""
    for row in TABLE:
        words = row.command.split()
        if "-Q" in words and "notifications" in words[words.index("-Q") + 1].split(","):
            return row.command
    raise BenchError("No worker of gobiz_admin/stack/parts.py takes notifications.")
