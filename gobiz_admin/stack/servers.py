"""The embedded servers of a start: whichever of PostgreSQL and Valkey the environment does not name."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from gobiz_admin.stack import database, ports
from gobiz_admin.stack.config import Config, ConfigError
from gobiz_admin.stack.leftovers import MARK
from gobiz_admin.stack.logs import tail
from gobiz_admin.stack.message import say
from gobiz_admin.stack.postgres import Postgres, ServerError, plain_environment
from gobiz_admin.stack.supervisor import Part, Supervisor
from gobiz_admin.stack.valkey import Valkey

# Crash recovery of a large database takes its time.
START_SECONDS = 60.0
Until = Callable[[Callable[[], bool], float], bool]


class Servers:
    """Starts what is needed under the supervisor, and says where it is."""

    def __init__(self, config: Config, supervisor: Supervisor, run: str, durable: bool = True) -> None:
        self.config = config
        self.supervisor = supervisor
        self.run = run
        self.durable = durable
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None

    @property
    def names(self) -> set[str]:
        return {"postgres", "valkey"}

    def start(self, until: Until) -> dict[str, str]:
        """The environment of the parts, once both servers answer."""
        environment = self.config.child_environment(self.run)
        if not self.config.redis_url:
            self.start_valkey()
        if not self.config.database_url:
            self.start_postgres()
        self.wait(until)
        environment["REDIS_URL"] = self.valkey.url if self.valkey else self.config.redis_url
        environment.update(self.databases())
        return environment

    def start_postgres(self) -> None:
        self.postgres = Postgres(self.config.data / "postgres", durable=self.durable)
        opened = self.postgres.prepare()
        if opened and self.postgres.account and self.durable:
            shown = ", ".join(map(str, opened))
            say(
                f"As root: PostgreSQL runs as {self.postgres.account.name}, who may now pass through {shown}."
            )
        self.supervisor.start(
            Part(
                name="postgres",
                command=tuple(self.postgres.command()),
                environment={**plain_environment(), MARK: self.run},
                folder=Path("/"),
                stop_signal=signal.SIGINT,
                patience=5.0,
                account=self.postgres.account,
            )
        )

    def start_valkey(self) -> None:
        password = self.config.secrets["VALKEY_PASSWORD"]
        self.valkey = Valkey(self.config.data / "valkey", ports.any_free(), password, durable=self.durable)
        self.valkey.prepare()
        self.supervisor.start(
            Part(
                name="valkey",
                command=tuple(self.valkey.command()),
                environment={**plain_environment(), MARK: self.run},
                folder=self.valkey.data,
                patience=4.0,
            )
        )

    def wait(self, until: Until) -> None:
        for name, server in (("postgres", self.postgres), ("valkey", self.valkey)):
            if server is not None and not until(server.is_ready, START_SECONDS):
                log = self.config.data / "logs" / f"{name}.log"
                reason = f"{name} did not start within {START_SECONDS:.0f} s"
                raise ServerError(f"{tail(log)}\n\n{reason}; the end of {log} is above.")

    def databases(self) -> dict[str, str]:
        """The addresses of both databases, made if absent."""
        given_sandbox = self.config.environ.get("SANDBOX_DATABASE_URL")
        if self.postgres is None:
            database.check_database(self.config.database_url)
            sandbox = given_sandbox or database.sandbox_url(self.config.database_url)
            return {"DATABASE_URL": self.config.database_url, "SANDBOX_DATABASE_URL": sandbox}
        for name in (database.PRODUCT_DATABASE, database.SANDBOX_DATABASE):
            if not database.create_database(self.postgres.url("postgres"), name):
                raise ConfigError(f"The database {name} could not be made.")
        return {
            "DATABASE_URL": self.postgres.url(database.PRODUCT_DATABASE),
            "SANDBOX_DATABASE_URL": given_sandbox or self.postgres.url(database.SANDBOX_DATABASE),
        }

    def clean_up(self) -> None:
        if self.postgres is not None:
            self.postgres.clean_up()
