"""Requests to stop: Ctrl-C, SIGTERM, SIGHUP, and the end of the `make` that started us."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequests:
    """Counts the requests; a second one does what `then` was given."""

    def __init__(self) -> None:
        self.count = 0
        self.again: Callable[[], None] | None = None
        # A make that is killed, or is sent the signal alone, tells its child nothing.
        self.make = os.getppid() if os.environ.get("MAKELEVEL") else None
        self.make_caught = self.make is not None and catches_interrupt(self.make)
        for number in STOPPING:
            # nohup means: go on without the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._arrived)

    def _arrived(self, number: int, frame: object) -> None:
        self.count += 1
        if self.again is not None:
            self.again()

    def asked(self) -> bool:
        return self.count > 0 or self.make_ended()

    def make_ended(self) -> bool:
        """Whether the make above us is gone, or was interrupted and now waits for us to end.

        GNU make, interrupted, gives the signal its default action back and waits for its children
        without telling them.
        """
        if self.make is None:
            return False
        return os.getppid() != self.make or (self.make_caught and not catches_interrupt(self.make))

    def then(self, again: Callable[[], None]) -> None:
        """What another request does from now on; done at once when two have come already."""
        if self.count > 1:
            again()
        self.again = again


def catches_interrupt(pid: int) -> bool:
    """Whether that process is a make with a handler for Ctrl-C, as far as Linux tells."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    if fields.get("Name", "").strip() not in {"make", "gmake"}:
        return False
    return bool(int(fields.get("SigCgt", "0").strip(), 16) >> (signal.SIGINT - 1) & 1)
