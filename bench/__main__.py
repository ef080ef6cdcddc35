"""`python -m bench [ROW …]`: measure, and print one table a row; within the throw-away servers of `make bench`.

The exit status is 1 when an acknowledged delivery is missing, and never for a figure: machines are noisy.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import options, product
from bench.figures import Result
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import Product
from bench.rows import (
    checks,
    draft,
    drain,
    drift,
    lag,
    menu_page,
    old_rows,
    paint,
    picture,
    publish,
    receiver,
    sheet,
    streams,
    together,
)

ROWS: dict[str, Callable[[Place, Product, Options], Result]] = {
    "receiver": receiver.measure,
    "rows": old_rows.measure,
    "lag": lag.measure,
    "drain": drain.measure,
    "streams": streams.measure,
    "sheet": sheet.measure,
    "menu": menu_page.measure,
    "paint": paint.measure,
    "picture": picture.measure,
    "checks": checks.measure,
    "draft": draft.measure,
    "publish": publish.measure,
    "drift": drift.measure,
    "together": together.measure,
}


def main(arguments: list[str]) -> int:
    names, chosen = options.read(arguments, list(ROWS))
    if not os.environ.get("DATABASE_URL") or not os.environ.get("REDIS_URL"):
        print("The bench needs servers: make bench, or python -m gobiz_admin.stack.test", file=sys.stderr)
        return 2
    # Asked to stop, it stops what it started and drops its databases, as after a Ctrl-C.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="gobiz-bench-") as folder:
        try:
            return measure(Path(folder), names, chosen)
        except BenchError as error:
            print(error, file=sys.stderr)
            return 2


def measure(folder: Path, names: list[str], chosen: Options) -> int:
    place = Place(folder)
    try:
        subject, missing = product.prepare(place), 0
        for name in names:
            begun = time.monotonic()
            result = ROWS[name](place, subject, chosen)
            print(f"{result}\n  ({name}: {time.monotonic() - begun:.0f} s)", flush=True)
            missing += result.missing
    finally:
        place.close()
    if missing:
        print(f"\n{missing} acknowledged deliveries are missing.", flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
