"""Medians, ratios and percentiles, and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Goal:
    """What a row is asked for, in words, and whether it got there; None: not measured."""

    words: str
    met: bool | None

    def __str__(self) -> str:
        return f"{ {True: 'met', False: 'NOT MET', None: 'not measured'}[self.met] }: {self.words}"


@dataclass
class Result:
    """One row: a table and what it says about the goals."""

    title: str
    table: str
    goals: list[Goal] = field(default_factory=list)
    # Deliveries that were answered with 2xx and are not in the database: the only fault of a run.
    missing: int = 0

    def __str__(self) -> str:
        return "\n".join(["", self.title, "", self.table, "", *map(str, self.goals)]).rstrip()


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of the values do not exceed; 0 of no values."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def ratios(these: Sequence[float], those: Sequence[float]) -> list[float]:
    """Round by round, how much these are of those; 0 where those are nothing."""
    return [this / that if that else 0.0 for this, that in zip(these, those, strict=True)]


def median_ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """The median of the rounds' ratios: what slowed one round down slowed both sides of it."""
    return median(ratios(these, those))


def table(heading: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Columns in plain text: the first to the left, the others to the right."""
    rows = [list(heading), *map(list, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
    shown = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        shown.append("  " + "   ".join(cells).rstrip())
    return "\n".join(shown)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def spread(values: Sequence[float], pattern: str = "{:.2f}") -> str:
    """The median of the rounds, and the least and the most of them."""
    return (
        f"{pattern.format(median(values))} ({pattern.format(min(values))}…{pattern.format(max(values))})"
        if values
        else "-"
    )
