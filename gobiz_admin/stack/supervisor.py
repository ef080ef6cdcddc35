"""Keeps a table of processes running, and leaves none behind.

Written here after reading circus 0.19, which design.md names first: its control socket (a fixed TCP
port by default) takes commands from every user of the machine, SIGHUP reloads instead of stopping, a
stop asked for while parts start is ignored (its open issue 935), a part that dies at once is started
again every second for ever, and its plugin against that restarts parts that were stopped on purpose
(open issue 965). What we need is smaller than what would work around these.

Each part leads a process group of its own and writes straight into its log file, so it never blocks
on us. A leader that died is left a zombie until its group is killed: its number cannot be given to
somebody else meanwhile, so that only processes started here are ever signalled.
"""

# ruff: noqa: S603 - starting other programs is what this file does, from lists and without a shell

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gobiz_admin.stack.logs import open_log
from gobiz_admin.stack.unprivileged import Account

FIRST_PAUSE = 0.3
LONGEST_PAUSE = 20.0
# A part that ran this long and then died starts again without a longer pause.
STEADY_SECONDS = 30.0
TICK = 0.1
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Part:
    """One process to keep running."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM
    # How long it may take to stop before it is killed.
    patience: float = 5.0
    account: Account | None = None


@dataclass
class Running:
    """A part and the process that it has now, if any."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    start_at: float | None = None
    exit_codes: list[int] = field(default_factory=list)


def die_with_parent(number: int) -> Callable[[], None] | None:
    """Has the kernel send `number` when we are killed without a chance to stop our parts (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def has_exited(process: subprocess.Popen[bytes]) -> bool:
    """Whether it ended; it stays a zombie, so that its group's number stays its own."""
    if process.returncode is not None:
        return True
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return process.poll() is not None


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the process's group, then let it go."""
    if process.returncode is None:
        # Nobody but the zombie may be left (macOS says EPERM for that).
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def describe_exit(code: int) -> str:
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit status {code}"


def ignore(_: str) -> None:
    """Says nothing."""


class Supervisor:
    """Start parts, start them again when they die, stop them all."""

    def __init__(self, logs: Path, say: Callable[[str], None] = ignore) -> None:
        self.logs = logs
        self.say = say
        self.running: dict[str, Running] = {}
        # Told after every change of processes: the list that a next start cleans up by.
        self.on_change: Callable[[dict[str, int]], None] | None = None
        self.killing = False

    def start(self, part: Part) -> None:
        entry = Running(part)
        self.running[part.name] = entry
        self._spawn(entry)

    def pids(self) -> dict[str, int]:
        return {name: entry.process.pid for name, entry in self.running.items() if entry.process}

    def is_running(self, name: str) -> bool:
        entry = self.running.get(name)
        return entry is not None and entry.process is not None and not has_exited(entry.process)

    def _spawn(self, entry: Running) -> None:
        part = entry.part
        entry.start_at = None
        entry.started = time.monotonic()
        try:
            entry.process = self._popen(part)
        except OSError as error:
            self._start_later(entry, f"{part.name} could not be started: {error}")
        self._changed()

    def _popen(self, part: Part) -> subprocess.Popen[bytes]:
        account = part.account
        with open_log(self.logs, part.name) as log:
            return subprocess.Popen(
                part.command,
                env=dict(part.environment),
                cwd=part.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=die_with_parent(part.stop_signal),
            )

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change(self.pids())

    def _start_later(self, entry: Running, reason: str) -> None:
        if time.monotonic() - entry.started > STEADY_SECONDS:
            entry.pause = FIRST_PAUSE
        entry.process = None
        entry.start_at = time.monotonic() + entry.pause
        wait = "" if entry.pause < 1 else f" in {entry.pause:.0f} s"
        self.say(f"{reason}; starting it again{wait} (see {self.logs / entry.part.name}.log).")
        entry.pause = min(entry.pause * 2, LONGEST_PAUSE)

    def tick(self) -> None:
        """Look at every part once: start what died, or what waited long enough."""
        for entry in list(self.running.values()):
            if entry.process is not None and has_exited(entry.process):
                kill_group(entry.process)
                code = entry.process.returncode
                entry.exit_codes.append(code)
                self._start_later(entry, f"{entry.part.name} stopped ({describe_exit(code)})")
                self._changed()
            elif entry.process is None and entry.start_at is not None and time.monotonic() >= entry.start_at:
                self._spawn(entry)

    def stop(self, names: Iterable[str] | None = None) -> None:
        """Stop those parts (all by default) together, and return when none of their processes is left."""
        chosen = [self.running[name] for name in (list(self.running) if names is None else names)]
        begun = time.monotonic()
        for entry in chosen:
            if entry.process is not None and not has_exited(entry.process):
                self._signal(entry.process, entry.part.stop_signal)
        waiting = [entry for entry in chosen if entry.process is not None]
        while waiting:
            for entry in list(waiting):
                late = time.monotonic() - begun > entry.part.patience
                if entry.process is None or has_exited(entry.process) or late or self.killing:
                    waiting.remove(entry)
                    self._finish(entry)
            if waiting:
                time.sleep(0.05)
        for entry in chosen:
            self.running.pop(entry.part.name, None)
        self._changed()

    def _signal(self, process: subprocess.Popen[bytes], number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)

    def _finish(self, entry: Running) -> None:
        if entry.process is not None:
            kill_group(entry.process)
            entry.process = None
        entry.start_at = None
