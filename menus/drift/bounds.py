"""How much of a drift is kept: a menu that was replaced by another one differs in thousands of lines, each hour."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from menus.drift.sorting import URGENT, Line

# Of what costs orders or money, and of the rest. Pages show a few of them, letters tell of what is new among them.
MOST_KEPT = 50
# More than a page shows of a value (templates/menus/_drift_line.html), an address excepted.
MOST_NAMES, MOST_CHARACTERS = 100, 2000


def by_importance(lines: Iterable[Line], decided: Collection[str]) -> list[Line]:
    """What nobody decided about first; of it prices, stock and ids, then what is gone or new, then the rest."""
    return sorted(lines, key=lambda line: (line.print in decided, _rank(line)))


def _rank(line: Line) -> int:
    if not line.urgent:
        return 2
    return 0 if line.field in URGENT else 1


def kept(lines: Iterable[Line], decided: Collection[str]) -> list[dict[str, Any]]:
    """The lines that are stored, as JSON: the most important ones of both kinds, and no value without end."""
    ordered = by_importance(lines, decided)
    urgent = [line for line in ordered if line.urgent][:MOST_KEPT]
    calm = [line for line in ordered if not line.urgent][:MOST_KEPT]
    return [_shortened(line).as_json() for line in by_importance([*urgent, *calm], decided)]


def _shortened(line: Line) -> Line:
    values = {name: _short(getattr(line, name)) for name in ("name", "where", "old", "new", "ours")}
    return replace(line, **values)


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value[:MOST_CHARACTERS]
    return [_short(one) for one in value[:MOST_NAMES]] if isinstance(value, list) else value
