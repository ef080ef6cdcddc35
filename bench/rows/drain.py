"""How fast workers work off what has queued up: 1, 2 and 4 processes, the same notifications each time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from bench import product
from bench.bodies import LIFE
from bench.figures import Goal, Result, ratios, spread, table
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import NOTIFICATIONS, ORDERS, Product
from bench.rows.receiver import STORED, of_product

PROCESSES = (1, 2, 4)
QUEUE = "notifications"
LATEST_SECONDS = 600.0
# What the worker did, by its own clock: its start is not in it.
SPAN = (
    "SELECT count(*), extract(epoch FROM max(finished_at) - min(finished_at))::float"  # noqa: S608 - constants
    f" FROM {NOTIFICATIONS} WHERE state = 'done'"
)


def measure(place: Place, subject: Product, options: Options) -> Result:
    missing = _receive(place, subject, options)
    rates: dict[int, list[float]] = {count: [] for count in PROCESSES}
    with _kept(place, subject.url):
        for number in range(options.drain_rounds):
            for count in PROCESSES:
                options.say(f"round {number + 1} of {options.drain_rounds}: {count} processes")
                rates[count].append(_drain(place, subject, count))
    return result(rates, options.queued_orders * len(LIFE), missing)


def _receive(place: Place, subject: Product, options: Options) -> int:
    """Fill the queue through the receiver, with no worker there; how many acknowledged ones it lacks."""
    product.forget(subject.url)
    deliveries = subject.door.shuffled_lives(options.queued_orders)
    with contextlib.ExitStack() as stack:
        receiver = of_product(place, subject, stack, "receiver")
        answers = place.load.run(receiver.address, [made.request for made in deliveries])
    taken = [deliveries[number].event_id for number in answers.taken]
    if len(taken) < len(deliveries):
        raise BenchError(f"The queue could not be filled: {len(taken)} of {len(deliveries)} were taken.")
    return len(product.lost(subject.url, STORED, taken))


@contextlib.contextmanager
def _kept(place: Place, url: str) -> Iterator[None]:
    """A copy of the queue, to begin each round with."""
    with place.connect(url) as connection:
        connection.execute(f"CREATE TABLE bench_queue AS SELECT * FROM {NOTIFICATIONS}")  # noqa: S608
        yield
        connection.execute("DROP TABLE bench_queue")
    product.forget(url)
    place.redis.flushdb()


def _drain(place: Place, subject: Product, processes: int) -> float:
    """Notifications a second, from the first finished to the last."""
    place.redis.flushdb()
    product.forget(subject.url)
    with place.connect(subject.url) as connection:
        connection.execute(f"INSERT INTO {NOTIFICATIONS} SELECT * FROM bench_queue")  # noqa: S608
        connection.execute(f"ANALYZE {NOTIFICATIONS}, {ORDERS}")
        place.settle(subject.url)
        place.start_worker("worker", place.environment(subject.url), processes)
        try:
            _keep_awake(place, subject.url, processes)
        finally:
            place.stop("worker")
        done, seconds = connection.execute(SPAN).fetchone() or (0, 0.0)
    if left := product.unfinished(subject.url):
        raise BenchError(f"{left} notifications were not worked off within {LATEST_SECONDS:.0f} s.")
    return float(done / seconds)


def _keep_awake(place: Place, url: str, processes: int) -> None:
    """A wake-up for each process, and more as they are used up: in life each delivery brings one."""
    from webhooks.tasks import work_off

    deadline = time.monotonic() + LATEST_SECONDS
    while product.unfinished(url) and time.monotonic() < deadline:
        for _ in range(processes - place.redis.llen(QUEUE)):
            work_off.delay()
        time.sleep(0.25)


def result(rates: dict[int, list[float]], queued: int, missing: int) -> Result:
    lines = [
        [str(count), spread(found, "{:.0f}"), spread(ratios(found, rates[PROCESSES[0]]))]
        for count, found in rates.items()
    ]
    return Result(
        f"Working off {queued:,} queued notifications: median of the rounds (least…most)",
        table(["processes", "notifications/s", "of one process"], lines),
        [Goal("every answer of 2xx is in the table afterwards", missing == 0)],
        missing,
    )
