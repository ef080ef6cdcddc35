"""The databases of a start: made when absent, and whether they still need `migrate`."""

from __future__ import annotations

import hashlib
import json
import sysconfig
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from gobiz_admin.stack.config import ROOT, ConfigError

PRODUCT_DATABASE = "gobiz"
SANDBOX_DATABASE = "gobiz_sandbox"
SEEN_BY_LIBPQ = {"postgres", "postgresql"}


def database_name(url: str) -> str:
    return unquote(urlsplit(url).path.lstrip("/"))


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(name, safe="")))


def libpq_url(url: str) -> str:
    """The address as libpq reads it: Django's also knows schemes such as `psql`, and options of its own."""
    parts = urlsplit(url)
    own = (
        "conn_max_age",
        "conn_health_checks",
        "atomic_requests",
        "autocommit",
        "disable_server_side_cursors",
    )
    query = "&".join(
        item for item in parts.query.split("&") if item and item.split("=")[0].lower() not in own
    )
    return urlunsplit(parts._replace(scheme="postgresql", query=query))


def check_database(url: str) -> None:
    """Say in one sentence why the given database cannot be used."""
    import psycopg

    if urlsplit(url).scheme not in SEEN_BY_LIBPQ | {"psql", "pgsql"}:
        raise ConfigError(
            "DATABASE_URL must begin with postgresql://: PostgreSQL is the one database of this product."
        )
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise ConfigError(f"The database of DATABASE_URL does not answer: {reason}") from None
    if version < 150000:
        raise ConfigError(
            f"PostgreSQL 15 or newer is needed; DATABASE_URL leads to version {version // 10000}."
        )


def create_database(url: str, name: str) -> bool:
    """Make the database `name` on the server of `url` if it is absent; False when that is not permitted."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(libpq_url(url), autocommit=True, connect_timeout=5) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if found:
            return True
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.DuplicateDatabase:
            return True
        except psycopg.errors.InsufficientPrivilege:
            return False
    return True


def sandbox_url(database_url: str) -> str:
    """A database of its own for the sandbox on the same server, or the same one where that is forbidden."""
    import psycopg

    name = f"{database_name(database_url)}_sandbox"
    own = with_database(database_url, name)
    try:
        if create_database(database_url, name):
            psycopg.connect(libpq_url(own), connect_timeout=5).close()
            return own
    except psycopg.Error:
        pass
    return database_url


def migrations_applied(url: str) -> str:
    """A hash of the list of migrations that this database has run; empty when it has none."""
    import psycopg

    try:
        with psycopg.connect(libpq_url(url), connect_timeout=5) as connection:
            rows = connection.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
    except psycopg.Error:
        return ""
    return hashlib.sha256(repr(rows).encode()).hexdigest() if rows else ""


def migrations_known(root: Path = ROOT) -> str:
    """A hash of every migration that there is: our files, and the versions of the packages with theirs."""
    digest = hashlib.sha256()
    for path in sorted(root.glob("*/migrations/*.py")) + sorted(root.glob("gobiz_admin/*/migrations/*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    packages = Path(sysconfig.get_path("purelib"))
    digest.update(repr(sorted(item.name for item in packages.glob("*.dist-info"))).encode())
    return digest.hexdigest()


class MigrationMemory:
    """Which databases were left fully migrated, so that a second start need not load Django to ask.

    It compares what the database itself says has run, not its address: one that was wiped, replaced
    or restored from an older copy is migrated again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def _entries(self) -> dict[str, list[str]]:
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @staticmethod
    def _key(settings: str, url: str) -> str:
        return hashlib.sha256(f"{settings} {url}".encode()).hexdigest()

    def is_current(self, settings: str, url: str) -> bool:
        applied = migrations_applied(url)
        return bool(applied) and self._entries().get(self._key(settings, url)) == [
            migrations_known(),
            applied,
        ]

    def store(self, settings: str, url: str) -> None:
        entries = self._entries()
        entries[self._key(settings, url)] = [migrations_known(), migrations_applied(url)]
        self.path.write_text(json.dumps(entries))
