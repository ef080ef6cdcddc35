"""How long a menu takes to reach all outlets of a chain: from the request until each was read back on GoFood.

The workers, beat and the sandbox are the processes of `make run`. GoBiz's notifications are off: the reading decides.
"""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from bench.chain import chain, sandbox
from bench.figures import Result, ratios, spread, table
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import Product

WORKERS = (1, 2, 4)
# The threads of one worker in `make run`, and what GoBiz is made to bear here so that it is not what is measured.
THREADS = 4
PUTS_AT_ONCE = THREADS * max(WORKERS)
LATEST_SECONDS = 600.0
BARE = f"GoBiz alone: its PUTs and GETs, {THREADS} at a time"


def measure(place: Place, subject: Product, options: Options) -> Result:
    """In this process, which works on the bench's database since `product.prepare`."""
    rounds = options.drain_rounds
    taken: dict[str, list[float]] = {label: [] for label in [BARE, *map(_label, WORKERS)]}
    memory: dict[str, list[float]] = {label: [] for label in map(_label, WORKERS)}
    with sandbox(place) as url, chain(url, options) as outlets:
        environment = {
            **place.environment(subject.url),
            "GOBIZ_LOCAL_OAUTH_URL": url,
            "GOBIZ_LOCAL_API_URL": url,
            "GOBIZ_PUTS_AT_ONCE": str(PUTS_AT_ONCE),
        }
        for number in range(rounds):
            options.say(f"round {number + 1} of {rounds}: GoBiz alone")
            taken[BARE].append(_bare(outlets))
            for count in WORKERS:
                options.say(f"round {number + 1} of {rounds}: {count} workers")
                seconds, most = _with_workers(place, environment, count, outlets)
                taken[_label(count)].append(seconds)
                memory[_label(count)].append(most)
    return result(taken, memory, options)


def _label(workers: int) -> str:
    return f"{workers} worker{'s' if workers > 1 else ''}"


def _bare(outlets: list[Any]) -> float:
    """What the same calls take when nothing is kept of them."""
    from gobiz_admin.merchants.gobiz import client_for
    from menus.payload import build_payload

    payload = build_payload(outlets[0])
    client = client_for(outlets[0].gobiz_app)

    def one(outlet: Any) -> None:
        client.put_catalog(outlet.outlet_id, payload, secrets.token_hex(8))
        client.get_catalog(outlet.outlet_id)

    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, outlets))
    return time.perf_counter() - begun


def _with_workers(
    place: Place, environment: dict[str, str], count: int, outlets: list[Any]
) -> tuple[float, float]:
    """The seconds, and what the largest of the workers had in memory at most, in MB."""
    from django.db.models import F

    from menus.models import MenuItem

    place.redis.flushdb()
    names = place.start_publishers(environment, count)
    try:
        _until(lambda: _answering() >= count, "the workers did not start")
        MenuItem.objects.filter(catalog=outlets[0].selling.catalog).update(price=F("price") + 100)
        begun = time.perf_counter()
        rollout, most = _start(outlets), 0
        workers = [psutil.Process(place.pid(name)) for name in names[:count]]

        def done() -> bool:
            nonlocal most
            most = max([most, *(worker.memory_info().rss for worker in workers)])
            return _is_done(rollout)

        _until(done, "not every outlet was confirmed")
        return time.perf_counter() - begun, most / 1e6
    finally:
        place.stop(*names)


def _answering() -> int:
    from celery import current_app

    return len(current_app.control.ping(timeout=0.5))


def _start(outlets: list[Any]) -> Any:
    from menus.rollouts.starting import Plan, start

    return start(outlets[0].merchant, Plan([outlets]), None)


def _is_done(rollout: Any) -> bool:
    rollout.refresh_from_db()
    if rollout.state == "stopped":
        raise BenchError(f"publishing stopped: {rollout.stop_code}")
    return not rollout.rows.exclude(sync__state="confirmed").exists()


def _until(done: Any, trouble: str) -> None:
    deadline = time.monotonic() + LATEST_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise BenchError(f"{trouble} within {LATEST_SECONDS:.0f} s")
        time.sleep(0.05)


def result(taken: dict[str, list[float]], memory: dict[str, list[float]], options: Options) -> Result:
    bare, one = taken[BARE], taken[_label(1)]
    lines = [
        [
            label,
            spread(rounds, "{:.1f}"),
            spread(ratios(rounds, bare)),
            spread(ratios(rounds, one)),
            f"{max(memory[label]):.0f}" if label in memory else "",
        ]
        for label, rounds in taken.items()
    ]
    title = (
        f"Publishing {options.chain_items} items to {options.chain_outlets} outlets, until all were read back:"
        " median (least…most)"
    )
    return Result(
        title, table(["", "s", "of GoBiz alone", "of one worker", "most memory of a worker, MB"], lines)
    )
