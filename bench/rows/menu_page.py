"""What the menu page costs on the server: of 500 items beside one of 50."""

from __future__ import annotations

import json
import sys
from statistics import median
from subprocess import PIPE, run
from typing import Any

from bench.figures import Goal, Result, milliseconds, ratios, spread, table
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import Product
from gobiz_admin.stack.config import ROOT

# Ten times the items may cost a little more than ten times as much, never their square.
MOST_TIMES = 12.0


def measure(place: Place, subject: Product, options: Options) -> Result:
    """Rounds in a process of Django's own; each asks for the small page, then for the large one."""
    url = place.new_database("menu", template=subject.url)
    command = [sys.executable, "-m", "bench.menu_page_rounds", str(max(options.rounds, 3))]
    done = run(command, cwd=ROOT, env=place.environment(url), stdout=PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BenchError("The rounds of the row `menu` failed; what they said is above.")
    small, large = json.loads(done.stdout.splitlines()[-1])
    return result(small, large)


def result(small: dict[str, Any], large: dict[str, Any]) -> Result:
    times = ratios(large["seconds"], small["seconds"])
    lines = [
        [
            f"{one['items']} items",
            milliseconds(median(one["seconds"])),
            f"{one['bytes'] / 1024:.0f}",
            f"{one['gzipped'] / 1024:.0f}",
            spread(ratios(one["seconds"], small["seconds"]), "{:.1f}"),
        ]
        for one in (small, large)
    ]
    heading = ["", "ms", "KB", "KB gzipped", "of the small one"]
    goal = f"ten times the items cost at most {MOST_TIMES:.0f} times as much: {median(times):.1f}"
    return Result(
        "The menu page, from the request to the last byte: median (least…most)",
        table(heading, lines),
        [Goal(goal, median(times) <= MOST_TIMES)],
    )
