"""Waking the workers: one message for as many notifications as come within a moment.

The request only sets a flag. A thread of this process sends the message, so that the receiver
waits for no broker, and a flood of notifications is no flood of messages: a worker that was woken
works off whatever is due (webhooks/working.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from gobiz_admin.merchants.announcing import wake_now

PAUSE_SECONDS = 0.05


class Waker:
    """Sends a wake-up soon after it is asked to, and at most one every pause."""

    def __init__(self, send: Callable[[], None], pause: float = PAUSE_SECONDS) -> None:
        self._send, self._pause = send, pause
        self._asked = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Ask; returns at once. Nothing is lost with this process: the sweep finds what no message reached."""
        self._asked.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._asked.wait()
            # Before sending: what is asked for from here on gets a message of its own.
            self._asked.clear()
            self._send()
            time.sleep(self._pause)


def _wake_workers() -> None:
    # tasks.py imports the look-ups, which store what they take in as the receiver does.
    from webhooks.tasks import WAKE_EXPIRES_SECONDS, work_off

    wake_now(work_off, expires=WAKE_EXPIRES_SECONDS)


waker = Waker(_wake_workers)
