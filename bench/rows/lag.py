"""From received to applied: one delivery every 10 ms, and a worker as `make run` starts it."""

from __future__ import annotations

import contextlib
import time

from bench import product
from bench.figures import Goal, Result, milliseconds, percentile, table
from bench.load import Answers
from bench.options import Options
from bench.place import Place
from bench.product import Product
from bench.rows.receiver import STORED, of_product

PER_SECOND = 100
WORKER_PROCESSES = 2
# Nothing was finished for this long: what is left waits for a sweep, for no wake-up reached a worker.
STILL_SECONDS = 15.0
LAGS = (
    f"SELECT extract(epoch FROM finished_at - received_at)::float FROM {product.NOTIFICATIONS}"  # noqa: S608
    " WHERE event_id = ANY(%s) AND finished_at IS NOT NULL"
)


def measure(place: Place, subject: Product, options: Options) -> Result:
    product.forget(subject.url)
    with contextlib.ExitStack() as stack:
        receiver = of_product(place, subject, stack, "receiver")
        place.start_worker("worker", place.environment(subject.url), WORKER_PROCESSES)
        stack.callback(place.stop, "worker")
        _warm_up(place, receiver.address, subject)
        deliveries = subject.door.deliveries(PER_SECOND * options.lag_seconds)
        options.say(f"{PER_SECOND} deliveries a second for {options.lag_seconds} s")
        answers = place.load.run(receiver.address, [made.request for made in deliveries], PER_SECOND)
        wait_until_applied(subject.url)
    taken = [deliveries[number].event_id for number in answers.taken]
    with place.connect(subject.url) as connection:
        lags = [row[0] for row in connection.execute(LAGS, [taken])]
    return result(answers, lags, len(product.lost(subject.url, STORED, taken)))


def _warm_up(place: Place, address: tuple[str, int], subject: Product) -> None:
    """Until the workers are up and have done some: a start is no lag."""
    place.load.run(address, [made.request for made in subject.door.deliveries(200)])
    wait_until_applied(subject.url)


def wait_until_applied(url: str) -> None:
    """Returns when nothing is left to do, or when nobody does it any more."""
    left, moved_at = product.unfinished(url), time.monotonic()
    while left and time.monotonic() - moved_at < STILL_SECONDS:
        time.sleep(0.1)
        before, left = left, product.unfinished(url)
        if left < before:
            moved_at = time.monotonic()


def result(answers: Answers, lags: list[float], missing: int) -> Result:
    shown = [percentile(lags, 50), percentile(lags, 95), percentile(lags, 99), max(lags, default=0.0)]
    sent = len(answers.statuses)
    lines = [
        ["received to applied", *map(milliseconds, shown)],
        [
            "sent to answered",
            *(milliseconds(percentile(answers.seconds, part)) for part in (50, 95, 99, 100)),
        ],
    ]
    return Result(
        f"Lag at {PER_SECOND} deliveries a second, {sent} in all: milliseconds, {WORKER_PROCESSES} processes",
        table(["", "p50", "p95", "p99", "max"], lines),
        [
            Goal(
                f"every delivery is answered with 2xx and applied: {len(lags)} of {sent}", len(lags) == sent
            ),
            Goal("every answer of 2xx is in the table afterwards", missing == 0),
        ],
        missing,
    )
