"""`make run`: start the servers, prepare the databases, start the parts, and stop everything at the end."""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from gobiz_admin.stack import envfile, leftovers, ports, translations
from gobiz_admin.stack.config import SHARED, Config, ConfigError
from gobiz_admin.stack.logs import rotate, tail
from gobiz_admin.stack.message import ready_message, say
from gobiz_admin.stack.parts import build
from gobiz_admin.stack.postgres import ServerError
from gobiz_admin.stack.preparation import Preparation, SetupFailed
from gobiz_admin.stack.servers import Servers
from gobiz_admin.stack.signals import StopRequests
from gobiz_admin.stack.supervisor import TICK, Supervisor
from gobiz_admin.stack.waiting import Stopped, answers

READY_SECONDS = 60.0
ROTATE_EVERY = 30.0


def take_lock(data: Path) -> IO[str]:
    """The lock that one run of this checkout holds; the system lets go of it however that run ends."""
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(data.stat().st_mode & 0o7711 | 0o700)
    lock = (data / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        pid = leftovers.recall(data / "run.json").get("pid", "unknown")
        where = envfile.read(data / "stack.env").get("PUBLIC_BASE_URL", "")
        raise ConfigError(
            f"It is already running in this checkout (process {pid}) {where}".rstrip() + "."
        ) from None
    return lock


class Stack:
    """One run, from the first server to the last process stopped."""

    def __init__(self, config: Config, stops: StopRequests) -> None:
        self.config = config
        self.stops = stops
        self.run_id = secrets.token_hex(8)
        self.supervisor = Supervisor(config.data / "logs", say)
        self.supervisor.on_change = self.remember
        self.servers = Servers(config, self.supervisor, self.run_id)
        self.started = time.monotonic()
        self.rotated = time.monotonic()

    @property
    def stack_env(self) -> Path:
        return self.config.data / "stack.env"

    def remember(self, pids: dict[str, int]) -> None:
        leftovers.remember(self.config.data / "run.json", self.run_id, pids)

    def pulse(self) -> None:
        """What must go on while anything is waited for; raises Stopped once somebody asked to stop."""
        if self.stops.asked():
            raise Stopped
        self.supervisor.tick()
        if time.monotonic() - self.rotated > ROTATE_EVERY:
            self.rotated = time.monotonic()
            rotate(self.config.data / "logs")

    def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until it is so; False when the time is over."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                return False
            self.pulse()
            time.sleep(TICK / 2)
        return True

    def start(self) -> None:
        """Everything up to the printed addresses."""
        data = self.config.data
        stopped = leftovers.stop_leftovers(data / "run.json")
        if stopped:
            say(f"Stopped {stopped} processes that an earlier start left running.")
            ports.becomes_free(self.config.host, self.config.port, 3)
        self.config.claim_ports()
        for name in ("media", "logs"):
            (data / name).mkdir(mode=0o700, exist_ok=True)
        self.config.secrets = envfile.ensure_secrets(data / "secrets.env")
        environment = self.servers.start(self.until)
        envfile.write(self.stack_env, {name: environment[name] for name in SHARED if environment.get(name)})
        translations.compile_all()
        preparation = Preparation(self.config, environment)
        try:
            preparation.before(self.pulse)
            for part in build(self.config, environment, first=True):
                self.supervisor.start(part)
            self.wait_for_answer()
            for part in build(self.config, environment, first=False):
                self.supervisor.start(part)
            preparation.beside(self.pulse)
        finally:
            preparation.abandon()
        self.until(lambda: answers("127.0.0.1", self.config.sandbox_port), 15)
        say(ready_message(self.config, environment, time.monotonic() - self.started))

    def wait_for_answer(self) -> None:
        host, port = self.config.local_host, self.config.port
        if not self.until(lambda: answers(host, port), READY_SECONDS):
            log = self.config.data / "logs" / "web.log"
            reason = f"The web server did not answer within {READY_SECONDS:.0f} s"
            raise SetupFailed(f"{tail(log)}\n\n{reason}; the end of {log} is above.")

    def keep(self) -> None:
        while True:
            self.pulse()
            time.sleep(TICK)

    def stop(self) -> None:
        """Parts first, then the servers that they use; nothing of this run is left."""
        if self.supervisor.running:
            say("\nStopping … (Ctrl-C again kills at once)")
        # From here a further signal does not interrupt: it makes the waiting short.
        self.stops.then(self.kill_at_once)
        servers = self.servers.names
        self.supervisor.stop(name for name in list(self.supervisor.running) if name not in servers)
        self.supervisor.stop()
        self.servers.clean_up()
        leftovers.kill_marked(self.run_id)
        self.stack_env.unlink(missing_ok=True)
        (self.config.data / "run.json").unlink(missing_ok=True)
        if self.stops.asked():
            say("Stopped.")

    def kill_at_once(self) -> None:
        self.supervisor.killing = True


def run() -> int:
    stops = StopRequests()
    config = Config.read()
    lock = take_lock(config.data)
    stack = Stack(config, stops)
    status = 0
    try:
        stack.start()
        stack.keep()
    except Stopped:
        pass
    except (ConfigError, ServerError, SetupFailed) as error:
        say(str(error), stream=sys.stderr)
        status = 1
    finally:
        stack.stop()
        lock.close()
    return status


def main() -> int:
    os.umask(0o077)
    try:
        return run()
    except (ConfigError, ServerError) as error:
        say(str(error), stream=sys.stderr)
        return 1
    except PermissionError as error:
        say(
            f"This user may not write {error.filename}: give the folder to this user, or set GOBIZ_DATA_DIR.",
            stream=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    sys.exit(main())
