"""What looking for drift costs: each outlet's live menu read, compared, and what differs kept."""

from __future__ import annotations

import json
import sys
from subprocess import PIPE, run
from typing import Any

from bench.chain import chain, change_in_the_app, publish, sandbox
from bench.figures import Result, ratios, spread, table
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import Product
from gobiz_admin.stack.config import ROOT


def measure(place: Place, subject: Product, options: Options) -> Result:
    """The menus are published in this process; the rounds have one of their own, whose memory is looked at."""
    with sandbox(place) as url, chain(url, options) as outlets:
        options.say(f"publishing to {len(outlets)} outlets")
        publish(outlets)
        change_in_the_app(outlets)
        options.say(f"{options.drain_rounds} rounds")
        command = [sys.executable, "-m", "bench.drift_rounds", str(outlets[0].merchant_id)]
        environment = {
            **place.environment(subject.url),
            "GOBIZ_LOCAL_OAUTH_URL": url,
            "GOBIZ_LOCAL_API_URL": url,
        }
        done = run(  # noqa: S603
            [*command, str(options.drain_rounds)],
            cwd=ROOT,
            env=environment,
            stdout=PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        raise BenchError("The rounds of the row `drift` failed; what they said is above.")
    return result(json.loads(done.stdout.splitlines()[-1]), options)


def result(measured: dict[str, Any], options: Options) -> Result:
    bare = measured["reading alone"]
    lines = [
        [label, spread(measured[label], "{:.1f}"), spread(ratios(measured[label], bare))]
        for label in ("reading alone", "the scan")
    ]
    lines += [
        [label, f"{measured[label] / 1024:.0f} MB", ""]
        for label in ("memory before", "peak after one outlet", "peak after all")
    ]
    title = (
        f"Looking for drift at {options.chain_outlets} outlets of {options.chain_items} items, one after the other:"
        " median (least…most)"
    )
    return Result(title, table(["", "s", "of reading alone"], lines))
