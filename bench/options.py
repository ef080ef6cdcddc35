"""How much is measured."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """The sizes of a run."""

    rounds: int = 5
    drain_rounds: int = 3
    requests: int = 5000
    old_rows: int = 1_000_000
    lag_seconds: int = 60
    queued_orders: int = 2500
    streams: int = 1000
    sheet_rows: int = 2000
    menu_items: int = 2000
    chain_outlets: int = 100
    chain_items: int = 200

    def say(self, text: str) -> None:
        """Progress, beside the tables."""
        print(text, file=sys.stderr, flush=True)


QUICK = Options(
    rounds=2,
    drain_rounds=1,
    requests=300,
    old_rows=20_000,
    lag_seconds=5,
    queued_orders=100,
    streams=100,
    sheet_rows=200,
    menu_items=100,
    chain_outlets=6,
    chain_items=20,
)


def read(arguments: Sequence[str], names: Sequence[str]) -> tuple[list[str], Options]:
    """Which rows, in their own order, and how much of each."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", metavar="ROW", help=f"{', '.join(names)}; all when none is named")
    parser.add_argument(
        "--quick", action="store_true", help="few of everything: whether it runs, not how fast"
    )
    parser.add_argument("--rounds", type=int, help="rounds of each row (5, drain 3)")
    parser.add_argument("--requests", type=int, help="requests a round (5000)")
    parser.add_argument("--rows", type=int, help="old rows in the row `rows` (1000000)")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(names):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; rows: {', '.join(names)}")
    usual = QUICK if given.quick else Options()
    options = Options(
        rounds=given.rounds or usual.rounds,
        drain_rounds=given.rounds or usual.drain_rounds,
        requests=given.requests or usual.requests,
        old_rows=given.rows or usual.old_rows,
        lag_seconds=usual.lag_seconds,
        queued_orders=usual.queued_orders,
        streams=usual.streams,
        sheet_rows=usual.sheet_rows,
        menu_items=usual.menu_items,
        chain_outlets=usual.chain_outlets,
        chain_items=usual.chain_items,
    )
    return [name for name in names if not given.names or name in given.names], options
