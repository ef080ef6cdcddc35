"""The receiver, between its limit and its like: a bare INSERT view, and dj-stripe with deferred processing.

One after the other in each round, under the same server with the same options, posted to by the same
load: only the ratios within a round mean something.
"""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import packages, product
from bench.bodies import Delivery, stripe_deliveries
from bench.figures import Goal, Result, median_ratio, milliseconds, percentile, ratios, spread, table
from bench.load import Address
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import Product
from gobiz_admin.stack.config import ROOT

BARE, DJSTRIPE, RECEIVER, DRAINING = (
    "bare INSERT view",
    "dj-stripe, deferred",
    "receiver",
    "receiver, workers draining",
)
STORED = f"SELECT event_id FROM {product.NOTIFICATIONS} WHERE event_id = ANY(%s)"  # noqa: S608 - a constant
STORED_BARE = "SELECT event_id FROM bare_delivery WHERE event_id = ANY(%s)"
STORED_DJSTRIPE = (
    "SELECT id FROM (SELECT body::json ->> 'id' AS id FROM djstripe_webhookeventtrigger WHERE valid) AS ids"
    " WHERE id = ANY(%s)"
)
WARM_UP = 300


@dataclass
class Subject:
    """What is measured: where it listens, what is posted to it, and what it stored."""

    name: str
    address: Address
    database: str
    stored: str
    deliveries: Callable[[int], list[Delivery]]
    rates: list[float] = field(default_factory=list)
    seconds: list[list[float]] = field(default_factory=list)
    acknowledged: int = 0
    refused: int = 0
    missing: int = 0

    def measure(self, place: Place, requests: int) -> None:
        """One round: a warm-up, the load, and whether all that was acknowledged is in the table."""
        warm_up = place.load.run(self.address, [made.request for made in self.deliveries(WARM_UP)])
        if not warm_up.taken:
            raise BenchError(f"{self.name} took nothing: it answered {warm_up.statuses[0]}.")
        deliveries = self.deliveries(requests)
        place.settle(self.database)
        answers = place.load.run(self.address, [made.request for made in deliveries])
        taken = [deliveries[number].event_id for number in answers.taken]
        self.rates.append(answers.rate)
        self.seconds.append(answers.seconds)
        self.acknowledged += len(taken)
        self.refused += len(deliveries) - len(taken)
        self.missing += len(product.lost(self.database, self.stored, taken))

    def percentiles(self, percent: float) -> list[float]:
        """Of the answers' seconds, round by round."""
        return [percentile(seconds, percent) for seconds in self.seconds]


def measure(place: Place, subject: Product, options: Options) -> Result:
    with contextlib.ExitStack() as stack:
        receiver = of_product(place, subject, stack, RECEIVER)
        subjects = [_bare(place, subject, stack), receiver]
        with contextlib.suppress(packages.SetupError):
            subjects.insert(1, _djstripe(place, stack))
        draining = Subject(DRAINING, receiver.address, subject.url, STORED, subject.door.deliveries)
        for number in range(options.rounds):
            options.say(f"round {number + 1} of {options.rounds}")
            for one in subjects:
                one.measure(place, options.requests)
            place.start_worker("worker", place.environment(subject.url), 2)
            draining.measure(place, options.requests)
            place.stop("worker")
            product.forget(subject.url)
            place.redis.flushdb()
    return result([*subjects, draining])


def of_product(place: Place, subject: Product, stack: contextlib.ExitStack, name: str) -> Subject:
    """The receiver on that database, running until the stack is left."""
    address = place.start_web(name, place.environment(subject.url))
    stack.callback(place.stop, name)
    return Subject(name, address, subject.url, STORED, subject.door.deliveries)


def _bare(place: Place, subject: Product, stack: contextlib.ExitStack) -> Subject:
    from bench.bare.urls import TABLE

    url = place.new_database("bare")
    with place.connect(url) as connection:
        connection.execute(TABLE)
    environment = place.environment(url, "bench.bare.settings")
    environment["BENCH_RELAY_SECRET"] = subject.door.secret
    address = place.start_web("bare", environment, "bench.bare.wsgi:application")
    stack.callback(place.stop, "bare")
    door = type(subject.door)("/take/", subject.door.secret, subject.door.outlet_ids)
    return Subject(BARE, address, url, STORED_BARE, door.deliveries)


def _djstripe(place: Place, stack: contextlib.ExitStack) -> Subject:
    """dj-stripe's own view; raises SetupError, after saying so, when its packages cannot be had."""
    try:
        python = packages.ensure()
    except packages.SetupError as error:
        print(f"{error} The row of dj-stripe is left out.", file=sys.stderr)
        raise
    url, secret = place.new_database("djstripe"), f"whsec_{secrets.token_hex(16)}"
    environment = {**place.environment(url, "bench.djstripe_site.settings"), "BENCH_STRIPE_SECRET": secret}
    path = _prepare_djstripe(python, environment)
    address = place.start_web("djstripe", environment, "bench.djstripe_site.wsgi:application", python)
    stack.callback(place.stop, "djstripe")
    return Subject(
        DJSTRIPE, address, url, STORED_DJSTRIPE, lambda count: stripe_deliveries(path, secret, count)
    )


def _prepare_djstripe(python: Path, environment: dict[str, str]) -> str:
    """The path of its webhook endpoint, in a migrated database."""
    command = [str(python), "-m", "bench.djstripe_site.prepare"]
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def result(subjects: list[Subject]) -> Result:
    named = {subject.name: subject for subject in subjects}
    bare = named[BARE]
    lines = [
        [
            one.name,
            spread(one.rates, "{:.0f}"),
            spread(ratios(one.rates, bare.rates)),
            milliseconds(median(one.percentiles(50))),
            milliseconds(median(one.percentiles(99))),
            str(one.acknowledged),
            str(one.refused),
            str(one.missing),
        ]
        for one in subjects
    ]
    if DJSTRIPE not in named:
        lines.insert(1, [DJSTRIPE, "not measured", *["-"] * 6])
    heading = ["", "answers/s", "of the bare view", "p50 ms", "p99 ms", "2xx", "others", "2xx but missing"]
    missing = sum(one.missing for one in subjects)
    return Result(
        "Taking in: median of the rounds (least…most), 32 connections, one new signed body a request",
        table(heading, lines),
        [*_goals(named), Goal("every answer of 2xx is in the table afterwards", missing == 0)],
        missing,
    )


def _goals(named: dict[str, Subject]) -> list[Goal]:
    receiver, bare, like = named[RECEIVER], named[BARE], named.get(DJSTRIPE)
    of_bare = median_ratio(receiver.rates, bare.rates)
    slow = median_ratio(receiver.percentiles(99), receiver.percentiles(50))
    of_like = median_ratio(receiver.rates, like.rates) if like else 0.0
    return [
        Goal(f"the receiver takes at least 0.5 of the bare INSERT view: {of_bare:.2f}", of_bare >= 0.5),
        Goal(
            f"the receiver takes at least 4 times dj-stripe deferred: {of_like:.1f}",
            of_like >= 4 if like else None,
        ),
        Goal(f"the receiver's p99 stays below 5 times its p50: {slow:.1f}", slow < 5),
    ]
