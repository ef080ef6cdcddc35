"""When a phone shows the menu page: of 500 items beside one of 50, served as in production."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from statistics import median
from subprocess import PIPE, run
from typing import Any

import requests

from bench import phone
from bench.figures import Goal, Result, milliseconds, ratios, spread, table
from bench.options import Options
from bench.phone import CHEAP, FAST_4G, MID_RANGE, SIGNED_IN, SLOW_4G, Kind, Network, Phone
from bench.place import BenchError, Place
from bench.product import Product
from gobiz_admin.stack.config import ROOT

GOAL_SECONDS = 1.0
# Its beginning is sent before its rows are made.
MOST_TIMES = 1.5
GOAL = "500 items: first paint under 1 s on a mid-range phone with 4G, right after signing in"
TITLE = "The menu page on a phone, 390 px: milliseconds since the tap, median (least…most)"
# Templates are compiled once in the life of a process, and there are two.
WARMING = 4
CASES = [(MID_RANGE, FAST_4G), (MID_RANGE, SLOW_4G), (CHEAP, FAST_4G)]

Times = dict[tuple[Kind, Network, str, int], list[dict[str, float]]]


def measure(place: Place, subject: Product, options: Options) -> Result:
    """Rounds in one browser against one server; each visits the small page, then the large one."""
    environment = production(place, place.new_database("paint", template=subject.url))
    pages = json.loads(_python(environment, "-m", "bench.paint_pages").splitlines()[-1])
    host, port = place.start_web("paint-web", environment)
    try:
        with phone.switched_on() as found:
            if found is None:
                return Result(TITLE, "  no Chromium here", [Goal(GOAL, None)])
            times = _rounds(found, f"http://{host}:{port}", pages, max(options.rounds, 3))
            return result(times, found.slower(MID_RANGE))
    finally:
        place.stop("paint-web")


def production(place: Place, url: str) -> dict[str, str]:
    """Static files collected, compressed and kept by browsers, as where merchants are."""
    folder = str(place.logs.parent / "static")
    environment = {**place.environment(url), "GOBIZ_STACK": "", "STATIC_ROOT": folder}
    _python(environment, "manage.py", "collectstatic", "--noinput", "--verbosity=0")
    return environment


def _python(environment: Mapping[str, str], *words: str) -> str:
    done = run([sys.executable, *words], cwd=ROOT, env=environment, stdout=PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BenchError(f"The row `paint` failed at {' '.join(words)}; what it said is above.")
    return done.stdout


def _rounds(visitor: Phone, base: str, pages: list[dict[str, Any]], rounds: int) -> Times:
    times: Times = defaultdict(list)
    for page in pages * WARMING:
        requests.get(
            base + page["path"], cookies={page["name"]: page["session"]}, timeout=60
        ).raise_for_status()
    for kind, network in CASES:
        for _ in range(rounds):
            for page in pages:
                for visit, one in visitor.visits(base, page, kind, network).items():
                    times[kind, network, visit, page["items"]].append(one)
    return times


def result(times: Times, slower: float) -> Result:
    small, large = (
        [one["paint"] for one in times[MID_RANGE, FAST_4G, SIGNED_IN, items]] for items in (50, 500)
    )
    paint, later = median(large), median(ratios(large, small))
    heading = ["phone, network, visit, items", "first byte", "first paint", "of the small one", "first row"]
    goals = [
        Goal(f"{GOAL}: {paint:.2f} s", paint < GOAL_SECONDS),
        Goal(
            f"ten times the items are seen at most {MOST_TIMES} times as late: {later:.2f}",
            later <= MOST_TIMES,
        ),
    ]
    title = f"{TITLE}\nThis machine was slowed {slower:.1f} times to be as fast as a {MID_RANGE.name}."
    return Result(title, table(heading, [_line(times, *key) for key in times]), goals)


def _line(times: Times, kind: Kind, network: Network, visit: str, items: int) -> list[str]:
    these, small = times[kind, network, visit, items], times[kind, network, visit, 50]
    paints = [one["paint"] for one in these]
    return [
        f"{kind.name}, {network.name}, {visit}, {items}",
        milliseconds(median(one["first_byte"] for one in these)),
        spread([1000 * paint for paint in paints], "{:.0f}"),
        spread(ratios(paints, [one["paint"] for one in small])),
        milliseconds(median(one["row"] for one in these)),
    ]
