"""GoBiz's sandbox as a process of its own, for tests: its own database, its own port.

pytest_plugins = ["tests.sandbox_process"]      # in a conftest.py, for the fixture `sandbox`
"""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import requests

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 30.0


class SandboxProcess:
    """`start()` gives a running one; `stop()` ends it and removes its database."""

    def __init__(self, server_url: str, port: int, env: dict[str, str]) -> None:
        self.server_url = server_url
        self.database = f"sandbox_{secrets.token_hex(6)}"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = Path(tempfile.gettempdir()) / f"{self.database}.log"
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "gobiz_admin.sandbox.settings",
            "DATABASE_URL": in_database(server_url, self.database),
            "SANDBOX_PUBLIC_URL": self.url,
            "SANDBOX_CONFIRM_AFTER": "0.2",
            **env,
        }
        self.http = requests.Session()
        self.http.trust_env = False
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, database_url: str, port: int = 0, env: dict[str, str] | None = None) -> Self:
        sandbox = cls(database_url, port, env or {})
        sandbox._sql(f'CREATE DATABASE "{sandbox.database}"')
        try:
            for command in (["migrate", "--verbosity", "0"], ["seed_sandbox"]):
                sandbox._run(sys.executable, "-m", "django", *command)
            sandbox.serve()
        except BaseException:
            sandbox.stop()
            raise
        return sandbox

    def serve(self) -> None:
        """Starts the server and returns when it answers."""
        granian = Path(sys.executable).with_name("granian")
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)]
        options += ["--workers", "1", "--blocking-threads", "16"]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [str(granian), *options, "gobiz_admin.sandbox.wsgi:application"],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_ready()

    def halt(self, kill: bool = False) -> None:
        """Ends the server only; `serve()` starts it again on the same database."""
        if self.process is None:
            return
        if kill:
            self._kill_family()
        else:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self._kill_family()
            self.process.wait()
        self.process = None

    def _kill_family(self) -> None:
        """Granian's worker is a child; killed alone, the parent would leave it behind with the port."""
        assert self.process is not None
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        self.process.kill()
        for pid in children.stdout.split():
            subprocess.run(["kill", "-9", pid], check=False)

    def stop(self) -> None:
        self.halt()
        self.http.close()
        self._sql(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    def app(self, slug: str = "warung") -> dict[str, Any]:
        """`app_id, app_secret, partner_id, relay_secret, scopes, outlets: [{outlet_id, name, …}]`."""
        apps = self.control("GET", "apps")["apps"]
        return next(app for app in apps if app["slug"] == slug)

    def control(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """A control endpoint, e.g. `control("POST", "faults", [{"match": "PUT catalog", "status": 503}])`."""
        return self._json(method, f"/_control/{path}", body, query)

    def fault(self, match: str, **what: Any) -> None:
        self.control("POST", "faults", [{"match": match, **what}])

    def settings(self, **values: Any) -> Any:
        return self.control("POST", "settings", values)

    def calls(self, match: str = "", since: int = 0) -> list[dict[str, Any]]:
        return self.control("GET", "calls", match=match, since=since)["calls"]

    def ids(self, outlet_id: str = "G12345678", slug: str = "warung") -> dict[str, str]:
        """The three ids that the simulator asks for."""
        app = self.app(slug)
        return {"app_id": app["app_id"], "partner_id": app["partner_id"], "outlet_id": outlet_id}

    def simulate(
        self, lines: list[Any], outlet_id: str = "G12345678", slug: str = "warung", **more: Any
    ) -> Any:
        """Makes an order; a line may be just the item's external_id or name."""
        lines = [line if isinstance(line, dict) else {"external_id": line} for line in lines]
        return self._json("POST", "/simulator/orders", {**self.ids(outlet_id, slug), "lines": lines, **more})

    def send_event(self, number: str, event: str, **more: Any) -> Any:
        return self._json("POST", f"/simulator/orders/{number}/events", {"event": event, **more})

    def notify(self, raw: str, slug: str = "warung", **more: Any) -> Any:
        """Sends any text as a signed notification."""
        app_id = self.app(slug)["app_id"]
        return self._json("POST", "/simulator/notifications", {"app_id": app_id, "raw": raw, **more})

    def deliveries(self, number: str) -> list[dict[str, Any]]:
        return self._json("GET", "/simulator/deliveries", query={"order_number": number})["deliveries"]

    def reset(self) -> None:
        self.control("POST", "reset", {})

    def _json(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        answer = self.http.request(method, self.url + path, json=body, params=query, timeout=30)
        if not answer.ok:
            raise AssertionError(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")

    def _sql(self, statement: str) -> None:
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(statement)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                if self.http.get(self.url + "/", timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the sandbox did not start:\n{self.log_path.read_text()[-4000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def in_database(server_url: str, name: str) -> str:
    parts = urlsplit(server_url)
    # urlunsplit would drop the empty host of `postgresql://postgres@/db?host=/socket/dir`.
    return (
        urlunsplit(parts._replace(path=f"/{name}"))
        if parts.netloc
        else f"{parts.scheme}:///{name}?{parts.query}"
    )


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    process = SandboxProcess.start(os.environ["DATABASE_URL"])
    yield process
    process.stop()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The sandbox as after its seed: nothing subscribed, no orders, no faults."""
    sandbox_process.reset()
    return sandbox_process
