"""What the pages that list outlets say of each in a word or two. Each app adds its own source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gobiz_admin.merchants.models import Merchant, Outlet


@dataclass(frozen=True)
class Chip:
    kind: str  # "danger", "warning" or ""
    text: str
    url: str = ""


# By outlet pk; outlets of which there is nothing to say are left out.
Source = Callable[[Merchant, Sequence[Outlet]], dict[int, Chip]]
SOURCES: list[Source] = []


def chip_source(source: Source) -> Source:
    """Register a source: one query, however many outlets."""
    SOURCES.append(source)
    return source


def chips_for(merchant: Merchant, outlets: Sequence[Outlet]) -> dict[int, list[Chip]]:
    """By outlet pk its chips, worst first."""
    found: dict[int, list[Chip]] = defaultdict(list)
    for source in SOURCES:
        for pk, chip in source(merchant, outlets).items():
            found[pk].append(chip)
    worst = ("danger", "warning", "")
    return {pk: sorted(chips, key=lambda chip: worst.index(chip.kind)) for pk, chips in found.items()}
