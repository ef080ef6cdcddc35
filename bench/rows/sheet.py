"""How long the import of a sheet takes, from the file's bytes to the change of the menu."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from statistics import median
from subprocess import PIPE, run

from bench.figures import Goal, Result, milliseconds, ratios, spread, table
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import Product
from gobiz_admin.stack.config import ROOT

GOAL_SECONDS = 10.0
STAGES = ("read", "plan", "apply")
LABELS = {
    "read": "read the file and keep its rows",
    "plan": "dry run",
    "apply": "plan again under the lock, and apply",
}


@dataclass
class Measured:
    """Seconds of each stage, round by round, and of what tablib takes to parse the same bytes."""

    name: str
    tablib: list[float] = field(default_factory=list)
    stages: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in STAGES})

    @property
    def totals(self) -> list[float]:
        return [sum(times) for times in zip(*self.stages.values(), strict=True)]


def measure(place: Place, subject: Product, options: Options) -> Result:
    """Rounds in a process of Django's own, each on a catalog of its own: all rows new, then all changed."""
    url = place.new_database("sheet", template=subject.url)
    options.say(f"{options.sheet_rows:,} rows, {options.rounds} rounds")
    command = [sys.executable, "-m", "bench.sheet_rounds", str(options.sheet_rows), str(options.rounds)]
    done = run(command, cwd=ROOT, env=place.environment(url), stdout=PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BenchError("The rounds of the row `sheet` failed; what they said is above.")
    return result([Measured(**row) for row in json.loads(done.stdout.splitlines()[-1])], options.sheet_rows)


def result(measured: list[Measured], rows: int) -> Result:
    lines = [
        [
            one.name,
            *(milliseconds(median(one.stages[stage])) for stage in STAGES),
            spread([seconds * 1000 for seconds in one.totals], "{:.0f}"),
            milliseconds(median(one.tablib)),
            spread(ratios(one.totals, one.tablib), "{:.1f}"),
        ]
        for one in measured
    ]
    heading = ["", *(f"{stage} ms" for stage in STAGES), "all ms", "tablib parses, ms", "of tablib's parsing"]
    slowest = max(max(one.totals) for one in measured)
    stages = "; ".join(f"{stage}: {words}" for stage, words in LABELS.items())
    title = f"Import of a sheet of {rows:,} rows ({stages}): median (least…most)"
    goal = f"{rows:,} rows in under {GOAL_SECONDS:.0f} s: {slowest:.1f} s at most"
    return Result(title, table(heading, lines), [Goal(goal, slowest < GOAL_SECONDS)])
