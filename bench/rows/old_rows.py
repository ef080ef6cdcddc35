"""Whether a table of old notifications slows the receiver down: an empty one against a full one."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from statistics import median

from bench import product
from bench.figures import Result, milliseconds, ratios, spread, table
from bench.options import Options
from bench.place import Place
from bench.product import Product
from bench.rows.receiver import Subject, of_product

DAYS = 90
# What an old row has that its template has not. Event ids are random, as GoBiz's are.
OLD = {
    "event_id": "gen_random_uuid()::text",
    "order_number": "'F-old-' || (n / 4)",
    "raw": "''::bytea",
    "state": "'done'",
    "received_at": "now() - n * (interval '{days} days' / {count})",
    "next_attempt_at": "now() - n * (interval '{days} days' / {count})",
    "finished_at": "now() - n * (interval '{days} days' / {count})",
}


def measure(place: Place, subject: Product, options: Options) -> Result:
    product.forget(subject.url)
    full = replace(subject, url=place.new_database("full", template=subject.url))
    with contextlib.ExitStack() as stack:
        empty = of_product(place, subject, stack, "empty table")
        filled = of_product(place, full, stack, f"{options.old_rows:,} old rows")
        options.say(f"storing {options.old_rows:,} old notifications")
        filled.measure(place, 1)
        fill(place, full.url, options.old_rows)
        one = Subject(filled.name, filled.address, full.url, filled.stored, filled.deliveries)
        for number in range(options.rounds):
            options.say(f"round {number + 1} of {options.rounds}")
            empty.measure(place, options.requests)
            one.measure(place, options.requests)
    product.forget(subject.url)
    place.redis.flushdb()
    return result(empty, one)


def fill(place: Place, url: str, count: int) -> None:
    """Copies of one notification that is there, spread over the days before now."""
    with place.connect(url) as connection:
        question = f"SELECT * FROM {product.NOTIFICATIONS} LIMIT 0"  # noqa: S608 - a constant
        columns = [column.name for column in connection.execute(question).description or ()]
        columns.remove("id")
        values = [OLD.get(name, f"template.{name}").format(days=DAYS, count=count) for name in columns]
        connection.execute(
            f"INSERT INTO {product.NOTIFICATIONS} ({', '.join(columns)}) SELECT {', '.join(values)}"  # noqa: S608
            f" FROM generate_series(1, {count}) AS n,"
            f" (SELECT * FROM {product.NOTIFICATIONS} LIMIT 1) AS template"
        )
        connection.execute(f"VACUUM ANALYZE {product.NOTIFICATIONS}")


def result(empty: Subject, full: Subject) -> Result:
    lines = [
        [
            one.name,
            spread(one.rates, "{:.0f}"),
            spread(ratios(one.rates, empty.rates)),
            milliseconds(median(one.percentiles(50))),
            milliseconds(median(one.percentiles(99))),
            str(one.missing),
        ]
        for one in (empty, full)
    ]
    heading = ["", "answers/s", "of the empty table", "p50 ms", "p99 ms", "2xx but missing"]
    title = "The receiver on an empty table, and on one with old notifications: median (least…most)"
    return Result(title, table(heading, lines), missing=empty.missing + full.missing)
