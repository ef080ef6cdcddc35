"""Run pytest, or another command, on throw-away servers: `python -m gobiz_admin.stack.test [pytest args]`.

python -m gobiz_admin.stack.test --durable --run python -m bench     as in production, for measurements
"""

# ruff: noqa: S603 - starting other programs is what this file does, from lists and without a shell

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gobiz_admin.stack import chromium, ports, translations
from gobiz_admin.stack.config import ROOT, Config, ConfigError
from gobiz_admin.stack.message import say
from gobiz_admin.stack.postgres import ServerError
from gobiz_admin.stack.servers import Servers
from gobiz_admin.stack.signals import StopRequests
from gobiz_admin.stack.supervisor import Supervisor
from gobiz_admin.stack.waiting import Stopped

# Worthless outside a test, and the same in every run so that a failure can be repeated.
FIXED = {
    "GOBIZ_STACK": "test",
    "DEBUG": "0",
    "SECRET_KEY": "a-fixed-value-for-tests-only-not-a-secret",
    "FIELD_ENCRYPTION_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "SANDBOX_SECRET_KEY": "another-fixed-value-for-tests-only",
    "DEMO_PASSWORD": "demo-for-tests-only",
    "PUBLIC_BASE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1,[::1]",
}
# A developer's own addresses must not leak into a test.
UNSET = (
    "LIVE_BASE_URL",
    "GOBIZ_LOCAL_OAUTH_URL",
    "GOBIZ_LOCAL_API_URL",
    "SENTRY_DSN",
    "GOBIZ_DATA_DIR",
    "PORT",
)


def test_config(data: Path) -> Config:
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    environ = {**kept, **FIXED, "GOBIZ_DATA_DIR": str(data)}
    config = Config.read(environ)
    config.port, config.sandbox_port, config.live_port = (ports.any_free() for _ in range(3))
    config.secrets = {**FIXED, "VALKEY_PASSWORD": "for-tests-only"}
    return config


def until(supervisor: Supervisor, stops: StopRequests) -> Callable[[Callable[[], bool], float], bool]:
    def wait(done: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not done():
            if stops.asked():
                raise Stopped
            if time.monotonic() > deadline:
                return False
            supervisor.tick()
            time.sleep(0.02)
        return True

    return wait


@contextmanager
def throwaway_stack(stops: StopRequests, durable: bool = False) -> Iterator[dict[str, str]]:
    """The environment of servers that vanish with their data at the end."""
    data = Path(tempfile.mkdtemp(prefix="gobiz-test-")).resolve()
    supervisor = Supervisor(data / "logs")
    config = test_config(data)
    servers = Servers(config, supervisor, run=data.name, durable=durable)
    try:
        (data / "media").mkdir()
        yield servers.start(until(supervisor, stops))
    finally:
        supervisor.stop()
        servers.clean_up()
        shutil.rmtree(data, ignore_errors=True)


def run_in(environment: dict[str, str], command: list[str], stops: StopRequests) -> int:
    """The command's exit status. A Ctrl-C reaches it by itself: it is in our process group."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    while True:
        try:
            return process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            if stops.count > 1:
                process.kill()
            elif stops.asked():
                process.terminate()


def pytest_command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def run_pytest(environment: dict[str, str], arguments: list[str], stops: StopRequests) -> int:
    translations.compile_all()
    return run_in({**environment, "CHROMIUM_PATH": chromium.ensure()}, pytest_command(arguments), stops)


def main(arguments: list[str]) -> int:
    stops = StopRequests()
    durable = "--durable" in arguments[:1]
    arguments = arguments[durable:]
    try:
        with throwaway_stack(stops, durable) as environment:
            if arguments[:1] == ["--run"]:
                return run_in(environment, arguments[1:], stops)
            return run_pytest(environment, arguments, stops)
    except Stopped:
        return 130
    except (ConfigError, ServerError, chromium.NoChromium) as error:
        say(str(error), stream=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
