"""What a start that was killed left running: remembered in a file, recognised, and stopped by the next one.

On Linux the kernel stops our parts when we are killed (see supervisor.py); this is for what that
misses: other systems, a part that is slow to stop, a grandchild whose parent was killed too.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import psutil

# In the environment of every process that we start: which run it belongs to.
MARK = "GOBIZ_RUN"


def remember(path: Path, run: str, pids: dict[str, int]) -> None:
    """Write down which processes are ours: a number alone may be another program's tomorrow."""
    parts = {}
    for name, pid in pids.items():
        try:
            parts[name] = [pid, psutil.Process(pid).create_time()]
        except psutil.Error:
            continue
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps({"run": run, "pid": os.getpid(), "parts": parts}))
    unfinished.replace(path)


def recall(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_alive(process: psutil.Process) -> bool:
    """Whether it still does something: in a container, dead orphans may stay zombies for ever."""
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_for(processes: list[psutil.Process], seconds: float) -> None:
    """Until none of them is alive, or the time is over."""
    deadline = time.monotonic() + seconds
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)


def still_ours(pid: int, created: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - created) < 0.5 and is_alive(process):
            return process
    except psutil.Error:
        pass
    return None


def marked(run: str) -> list[psutil.Process]:
    """Every process that carries that run's mark, except ourselves."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == run:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def send(process: psutil.Process, number: int) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(number)


def stop_leftovers(path: Path, patience: float = 6.0) -> int:
    """Stop what the run in that file left behind; how many processes that were."""
    state = recall(path)
    run, parts = state.get("run"), state.get("parts")
    if not isinstance(run, str) or not isinstance(parts, dict):
        return 0
    alive = {}
    for name, (pid, created) in parts.items():
        process = still_ours(pid, created)
        if process is not None:
            alive[process.pid] = process
            # PostgreSQL waits for its clients on SIGTERM, and closes their connections on SIGINT.
            send(process, signal.SIGINT if name == "postgres" else signal.SIGTERM)
    for process in marked(run):
        alive.setdefault(process.pid, process)
    wait_for(list(alive.values()), patience)
    for process in [*alive.values(), *marked(run)]:
        if is_alive(process):
            send(process, signal.SIGKILL)
    wait_for(list(alive.values()), 2.0)
    path.unlink(missing_ok=True)
    return len(alive)


def kill_marked(run: str) -> int:
    """The last look after a stop: what escaped its process group."""
    escaped = marked(run)
    for process in escaped:
        send(process, signal.SIGKILL)
    if escaped:
        time.sleep(0.05)
    return len(escaped)
