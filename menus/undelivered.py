"""What GoBiz's report of an order that it could not deliver says; every part of it may be missing.

Source: gobiz-api.md, "Receiving notifications" (`gofood.order.webhook_error`, both spellings).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from menus.text import clean


@dataclass(frozen=True)
class Report:
    """The order's number, and the names for which GoBiz found no mapping."""

    order_number: str
    error_type: str
    items: list[str]
    variants: list[str]

    @property
    def names(self) -> list[str]:
        return [*self.items, *self.variants]


def read_report(body: dict[str, Any]) -> Report:
    """The report; never raises."""
    missing = body.get("mapping_not_found")
    missing = missing if isinstance(missing, dict) else {}
    return Report(
        _order_number(body),
        clean(body.get("error_type")),
        _names(missing.get("items")),
        _names(missing.get("variants")),
    )


def _order_number(body: dict[str, Any]) -> str:
    order = body.get("order")
    if not isinstance(order, dict):
        return ""
    return (clean(order.get("number")) or clean(order.get("order_number")))[:200]


def _names(rows: Any) -> list[str]:
    """The names in a list of objects, or of names, or of anything."""
    rows = rows if isinstance(rows, list) else []
    names = [clean(row.get("name") if isinstance(row, dict) else row) for row in rows]
    return [name for name in names if name]
