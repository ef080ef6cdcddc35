"""The processes of one running stack, found by what the supervisor wrote down; no others are ever touched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from gobiz_admin.stack import leftovers

COMES_BACK_SECONDS = 60.0
# A worker that was just started again loads Django first.
FORKS_SECONDS = 10.0
Chosen = Callable[[str, list[str]], bool]


def named(name: str) -> Chosen:
    return lambda part, command: part == name


def works_on(queue: str) -> Chosen:
    """Parts whose command line names that queue, whatever they are called."""
    return lambda part, command: any(queue in word.split(",") for word in command)


class Parts:
    """The leaders of the parts, each of them the head of a process group of its own."""

    def __init__(self, data: Path) -> None:
        self._file = data / "run.json"

    def wait_for(self, chosen: Chosen) -> list[psutil.Process]:
        """The leaders that run now; waits for one where the supervisor pauses before it starts it again."""
        deadline = time.monotonic() + COMES_BACK_SECONDS
        while not (found := list(self._running(chosen))):
            assert time.monotonic() < deadline, f"a part did not come back: {leftovers.recall(self._file)}"
            time.sleep(0.05)
        return found

    def _running(self, chosen: Chosen) -> Iterator[psutil.Process]:
        parts = leftovers.recall(self._file).get("parts")
        for name, (pid, created) in (parts if isinstance(parts, dict) else {}).items():
            process = leftovers.still_ours(pid, created)
            try:
                if process is not None and chosen(name, process.cmdline()):
                    yield process
            except psutil.Error:
                continue


def wait_for_children(leader: psutil.Process) -> list[psutil.Process]:
    """Those that do the leader's work, once there are any; the leader where it does the work itself."""
    deadline = time.monotonic() + FORKS_SECONDS
    while time.monotonic() < deadline:
        if found := [child for child in leader.children() if _works(child)]:
            return found
        time.sleep(0.02)
    return [leader]


def _works(child: psutil.Process) -> bool:
    try:
        return not any("resource_tracker" in word for word in child.cmdline())
    except psutil.Error:
        return False
