"""`python -m bench.drift_rounds MERCHANT ROUNDS`: the rounds of the row `drift`, in a process with Django set up."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django


def main(merchant_pk: int, rounds: int) -> None:
    """Print the seconds of each round, and what the process had in memory at most, in KB, as JSON."""
    django.setup()
    from gobiz_admin.merchants.gobiz import client_for
    from gobiz_admin.merchants.models import Outlet
    from menus.drift.scanning import scan

    outlets = list(Outlet.objects.filter(merchant=merchant_pk).select_related("gobiz_app"))
    client = client_for(outlets[0].gobiz_app)
    measured: dict[str, Any] = {"reading alone": [], "the scan": [], "memory before": peak()}
    _found(scan(outlets[0].pk))
    measured["peak after one outlet"] = peak()
    for _ in range(rounds):
        alone = _seconds(lambda: [client.get_catalog(outlet.outlet_id) for outlet in outlets])
        scanned = _seconds(lambda: [_found(scan(outlet.pk)) for outlet in outlets])
        measured["reading alone"].append(alone)
        measured["the scan"].append(scanned)
    measured["peak after all"] = peak()
    print(json.dumps(measured))


def _found(drift: Any) -> None:
    if drift is None or drift.open != 1:
        raise SystemExit(f"One change was made in the GoBiz app; found: {drift and drift.open}")


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak() -> int:
    """The most memory that the process has had so far, in KB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    # Linux counts what the parent had before it became this program into `ru_maxrss`.
    return int(status.read_text().split("VmHWM:")[1].split()[0])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
