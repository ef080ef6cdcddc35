"""The real stack, as `make run` starts it, in a data folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from gobiz_admin.stack import envfile, leftovers

ROOT = Path(__file__).resolve().parents[1]
# As in a terminal: nothing of the tests' own environment but where things are.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR")


@dataclass
class Stack:
    """`make run` in its own data folder; `stop()` is Ctrl-C."""

    process: subprocess.Popen[bytes]
    data: Path
    port: int
    sandbox_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def password(self) -> str:
        return envfile.read(self.data / "secrets.env")["DEMO_PASSWORD"]

    @property
    def log(self) -> str:
        """What `make run` said."""
        return (self.data / "run.log").read_text(errors="replace")

    def python(
        self, *words: str, secrets: dict[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Python, run as in a second terminal: with nothing exported."""
        clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**clean, "GOBIZ_DATA_DIR": str(self.data), **(secrets or {})},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            **options,
        )

    def run(self, *words: str, secrets: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """A command of manage.py."""
        return self.python("manage.py", *words, secrets=secrets)

    def manage(self, *words: str, secrets: dict[str, str] | None = None) -> Any:
        """The JSON that a command prints."""
        done = self.run(*words, secrets=secrets)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def app(self, slug: str = "warung") -> dict[str, Any]:
        """The sandbox's own record of an app, secrets included."""
        apps = requests.get(f"{self.sandbox}/_control/apps", timeout=10).json()["apps"]
        return next(app for app in apps if app["slug"] == slug)

    def post(self, path: str, body: Any) -> Any:
        answer = requests.post(f"{self.sandbox}{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def is_well(self) -> bool:
        """Whether web, database, broker and a worker say that they are well."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def becomes_well(self, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not self.is_well():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.2)

    def stop(self) -> None:
        """Ctrl-C, and what a run that does not obey leaves behind."""
        state = self.data / "run.json"
        run = str(leftovers.recall(state).get("run", ""))
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if run:
            leftovers.kill_marked(run)


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@contextmanager
def running_stack(data: Path, asked: Mapping[str, str]) -> Iterator[Stack]:
    """A stack that is well, with `asked` in its environment; stopped at the end."""
    port, sandbox_port = free_port(), free_port()
    environment = {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        "GOBIZ_DATA_DIR": str(data),
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        **asked,
    }
    with (data / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gobiz_admin.stack.run"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    stack = Stack(process, data, port, sandbox_port)
    try:
        stack.becomes_well()
        yield stack
    finally:
        stack.stop()
