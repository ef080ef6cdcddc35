"""How long a photograph of 12 megapixels takes to become a PNG that GoFood takes."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from statistics import median
from subprocess import PIPE, run

from bench.figures import Goal, Result, median_ratio, milliseconds, ratios, spread, table
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import Product
from gobiz_admin.stack.config import ROOT

LARGEST_BYTES = 1_000_000
# Fitting may take a second and a third saving; a photograph that fits at once must cost nothing more.
MOST_OF_PLAIN = {"calm": 1.0, "grainy": 2.0}


@dataclass
class Measured:
    """Seconds, round by round, of our way and of plain Pillow; and what our way made."""

    name: str
    sent: int
    ours: list[float]
    plain: list[float]
    side: int
    bytes: int
    colours: int
    plain_bytes: int


def measure(place: Place, subject: Product, options: Options) -> Result:
    """Rounds in a process of their own, with one processor as a worker or a request has it."""
    options.say(f"a photograph of 12 megapixels, {options.rounds} rounds")
    command = [sys.executable, "-m", "bench.picture_rounds", str(options.rounds)]
    environment = place.environment(subject.url)
    done = run(command, cwd=ROOT, env=environment, stdout=PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BenchError("The rounds of the row `picture` failed; what they said is above.")
    return result([Measured(**row) for row in json.loads(done.stdout.splitlines()[-1])])


def result(measured: list[Measured]) -> Result:
    lines = [
        [
            one.name,
            f"{one.sent / 1e6:.1f}",
            milliseconds(median(one.ours)),
            milliseconds(median(one.plain)),
            spread(ratios(one.ours, one.plain)),
            f"{one.side} / {one.colours or 'all'} / {one.bytes / 1000:.0f}",
            f"{one.plain_bytes / 1000:.0f}",
        ]
        for one in measured
    ]
    heading = ["photograph", "JPEG MB", "ours ms", "plain ms", "of plain", "side / colours / KB", "plain KB"]
    goals = [
        Goal(
            f"{one.name}: at most {MOST_OF_PLAIN[one.name]:.1f} of plain Pillow, and within 1 MB: {ratio:.2f}",
            ratio <= MOST_OF_PLAIN[one.name] and one.bytes <= LARGEST_BYTES,
        )
        for one in measured
        for ratio in [median_ratio(one.ours, one.plain)]
    ]
    title = "12 megapixels to a square PNG of at most 1 MB, beside plain Pillow: median (least…most)"
    return Result(title, table(heading, lines), goals)
