"""GoBiz posting its notifications, and posting again what was not taken (with shorter waits than GoBiz has)."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.chaos.lives import Delivery, Notification

CONNECTIONS = 8
# gobiz-api.md, "Receiving notifications": how long GoBiz waits for an answer.
ANSWER_SECONDS = 15
FIRST_WAIT, LONGEST_WAIT = 0.2, 2.0
# GoBiz tries for hours; here nothing is away for as long as this.
GIVE_UP_SECONDS = 90.0


@dataclass
class Answers:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    # Refused, reset, timed out: the name of the error.
    unanswered: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    given_up: list[str] = field(default_factory=list)
    slowest: float = 0.0


class Gobiz:
    """Sends the deliveries at `rate` a second over several connections that are kept alive."""

    def __init__(self, port: int, deliveries: list[Delivery], rate: float) -> None:
        self.port = port
        self.deliveries = deliveries
        self.rate = rate
        self.begun = 0
        self.answers = Answers()
        self._lock = threading.Lock()
        self._local = threading.local()
        self._started = 0.0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(CONNECTIONS)]

    def start(self) -> None:
        self._started = time.monotonic()
        for thread in self._threads:
            thread.start()

    def is_sending(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def finish(self) -> Answers:
        """All answers, once the last delivery was taken or given up."""
        for thread in self._threads:
            thread.join()
        return self.answers

    def _work(self) -> None:
        while (index := self._next()) is not None:
            # The pace of GoBiz, so that what goes wrong meanwhile falls among the deliveries.
            time.sleep(max(0.0, self._started + index / self.rate - time.monotonic()))
            self._deliver(self.deliveries[index])
        self._hang_up()

    def _next(self) -> int | None:
        with self._lock:
            if self.begun == len(self.deliveries) or self.answers.given_up:
                return None
            self.begun += 1
            return self.begun - 1

    def _deliver(self, delivery: Delivery) -> None:
        """Once more after 503 or no answer; any other refusal is final, and a fault."""
        event_id, deadline = delivery.notification.event_id, time.monotonic() + GIVE_UP_SECONDS
        wait = FIRST_WAIT
        if delivery.together:
            # A thread that was kept from coming leaves the other to go alone.
            with contextlib.suppress(threading.BrokenBarrierError):
                delivery.together.wait(2)
        while (status := self._post(delivery.notification)) in (None, 503):
            if time.monotonic() > deadline:
                break
            time.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        with self._lock:
            if status is not None and 200 <= status < 300:
                self.answers.acknowledged[event_id] += 1
            else:
                self.answers.given_up.append(f"{event_id}: {status or 'no answer'}")

    def _post(self, notification: Notification) -> int | None:
        """The status of the answer; None when there was none."""
        begun = time.monotonic()
        headers = {"Content-Type": "application/json", "X-Go-Signature": notification.signature}
        try:
            connection = self._connection()
            connection.request("POST", notification.path, notification.raw, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._hang_up()
            with self._lock:
                self.answers.unanswered[type(error).__name__] += 1
            return None
        with self._lock:
            self.answers.statuses[answer.status] += 1
            self.answers.slowest = max(self.answers.slowest, time.monotonic() - begun)
        return answer.status

    def _connection(self) -> http.client.HTTPConnection:
        """This thread's connection; it opens itself again after it was closed."""
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=ANSWER_SECONDS
            )
        connection: http.client.HTTPConnection = self._local.connection
        return connection

    def _hang_up(self) -> None:
        self._connection().close()
