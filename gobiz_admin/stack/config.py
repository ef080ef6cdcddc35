"""What the environment asks of a start, and the environment that the parts get."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gobiz_admin.stack import ports

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "gobiz_admin.settings"
SANDBOX = "gobiz_admin.sandbox.settings"
PRODUCT_SECRETS = ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DEMO_PASSWORD", "REDIS_URL", "SENTRY_DSN")
SECRETS = ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DEMO_PASSWORD", "SANDBOX_SECRET_KEY")
# What a second terminal needs so that manage.py finds the running stack.
SHARED = (
    "GOBIZ_STACK", "DEBUG", "DATABASE_URL", "SANDBOX_DATABASE_URL", "REDIS_URL", *SECRETS, "PUBLIC_BASE_URL",
    "LIVE_BASE_URL", "SANDBOX_PUBLIC_URL", "ALLOWED_HOSTS", "GOBIZ_LOCAL_OAUTH_URL", "GOBIZ_LOCAL_API_URL",
    "MEDIA_ROOT",
)  # fmt: skip


class ConfigError(Exception):
    """What is asked for cannot be, in one sentence."""


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where this checkout keeps its data: `.local`, or GOBIZ_DATA_DIR."""
    return Path(environ.get("GOBIZ_DATA_DIR") or ROOT / ".local").expanduser().resolve()


def value_of(environ: Mapping[str, str], name: str) -> str:
    """The variable, or the contents of the file that NAME_FILE names; empty when neither is set."""
    if environ.get(name):
        return environ[name]
    path = environ.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ConfigError(f"{name}_FILE cannot be read: {error.strerror}.") from None


def port_of(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigError(f"{name} must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def switch_of(environ: Mapping[str, str], name: str, default: bool) -> bool:
    text = environ.get(name, "").strip().lower()
    if text not in {"", "0", "1", "true", "false", "yes", "no", "on", "off"}:
        raise ConfigError(f"{name} must be 1 or 0, not {text!r}.")
    return default if not text else text in {"1", "true", "yes", "on"}


@dataclass
class Config:
    """One start of the stack."""

    environ: Mapping[str, str]
    data: Path
    host: str
    port: int
    sandbox_port: int
    live_port: int
    live_port_asked: bool
    demo: bool
    database_url: str
    redis_url: str
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Config:
        """The configuration in the environment; raises ConfigError for what makes no sense."""
        environ = dict(os.environ if environ is None else environ)
        port = port_of(environ, "PORT", 8000)
        sandbox_port = port_of(environ, "SANDBOX_PORT", 8100)
        live_port = port_of(environ, "LIVE_PORT", 0) if environ.get("LIVE_PORT") else 0
        asked = [number for number in (port, sandbox_port, live_port) if number]
        if len(set(asked)) != len(asked):
            raise ConfigError("PORT, SANDBOX_PORT and LIVE_PORT must be different.")
        return cls(
            environ=environ,
            data=data_folder(environ),
            host=environ.get("HOST") or "127.0.0.1",
            port=port,
            sandbox_port=sandbox_port,
            live_port=live_port,
            live_port_asked=bool(live_port),
            demo=switch_of(environ, "DEMO", True),
            database_url=value_of(environ, "DATABASE_URL"),
            redis_url=value_of(environ, "REDIS_URL"),
        )

    @property
    def local_host(self) -> str:
        """The address to reach our own servers at: a wildcard is none."""
        wildcards = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to
        return "127.0.0.1" if self.host in {*wildcards, "localhost"} else self.host

    def address(self, port: int) -> str:
        host = f"[{self.local_host}]" if ":" in self.local_host else self.local_host
        return f"http://{host}:{port}"

    def claim_ports(self) -> None:
        """Choose the live port, and say plainly which port somebody else holds."""
        wanted = [("PORT", self.port, self.host), ("SANDBOX_PORT", self.sandbox_port, "127.0.0.1")]
        if self.live_port_asked:
            wanted.append(("LIVE_PORT", self.live_port, self.host))
        avoid = {self.port, self.sandbox_port, self.live_port}
        for name, port, host in wanted:
            if not ports.is_free(host, port):
                raise ConfigError(port_taken(name, port, host, avoid))
        if not self.live_port_asked:
            self.live_port = ports.first_free(self.host, self.port + 1, {self.sandbox_port})

    def child_environment(self, run: str) -> dict[str, str]:
        """The environment of every part: ours, completed by what was not set."""
        public = self.environ.get("PUBLIC_BASE_URL") or self.address(self.port)
        sandbox = f"http://127.0.0.1:{self.sandbox_port}"
        hosts = ["localhost", "127.0.0.1", "[::1]", self.local_host, urlsplit(public).hostname or "localhost"]
        defaults = {
            "DJANGO_SETTINGS_MODULE": "gobiz_admin.settings",
            "GOBIZ_STACK": "local",
            "DEBUG": "0",
            "PUBLIC_BASE_URL": public,
            "LIVE_BASE_URL": self.address(self.live_port),
            "SANDBOX_PUBLIC_URL": sandbox,
            "ALLOWED_HOSTS": ",".join(dict.fromkeys(hosts)),
            "GOBIZ_LOCAL_OAUTH_URL": sandbox,
            "GOBIZ_LOCAL_API_URL": sandbox,
            "MEDIA_ROOT": str(self.data / "media"),
            **{name: self.secrets[name] for name in SECRETS if name in self.secrets},
        }
        kept = {name: value for name, value in defaults.items() if not self.is_given(name)}
        return {**self.environ, **kept, "PYTHONUNBUFFERED": "1", "GOBIZ_RUN": run}

    @staticmethod
    def for_settings(settings: str, environment: Mapping[str, str]) -> dict[str, str]:
        """What that settings module gets: the sandbox its own database, and no secret of ours."""
        if settings != SANDBOX:
            return {**environment, "DJANGO_SETTINGS_MODULE": settings}
        own = {name: value for name, value in environment.items() if name not in PRODUCT_SECRETS}
        return {
            **own,
            "DJANGO_SETTINGS_MODULE": settings,
            "DATABASE_URL": environment["SANDBOX_DATABASE_URL"],
        }

    def is_given(self, name: str) -> bool:
        return bool(self.environ.get(name) or self.environ.get(f"{name}_FILE"))


def port_taken(name: str, port: int, host: str, avoid: set[int]) -> str:
    if port < 1024 and os.geteuid() != 0:
        return f"Port {port} needs root: choose one above 1023, such as {name}={port + 8000}."
    other = ports.first_free(host, port + 1, avoid)
    return (
        f"Port {port} is in use{ports.holder(port)}: "
        f"stop that program, or choose another port: make run {name}={other}"
    )
