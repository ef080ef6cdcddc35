"""What an order notification tells, field by field, as far as it can be read.

Every field may be absent, null, of another type, or a number as text; none of that may lose an
order (gobiz-api.md, "Receiving notifications"). A field that is there but cannot be read is named
in `unread`; one that is absent or null tells nothing.
"""

from __future__ import annotations

import re
from typing import Any

from webhooks.envelope import moment, text

# PostgreSQL's bigint; the quantity's column is a 32-bit integer.
LARGEST_AMOUNT = 2**63 - 1
LARGEST_QUANTITY = 2**31 - 1
# No order has more lines, and no line more variants; what goes beyond is named in `unread`.
MOST_LINES = 1000
MOST_PATHS = 1000
# "15.000" may be fifteen or fifteen thousand: it is not guessed at.
WHOLE_NUMBER = re.compile(r"-?[0-9]+(\.0{1,2})?")


# Where in the body a field of Order is told, if not in `order` under its own name.
PATHS = {
    "service_type": "service_type",
    "customer": "customer",
    "customer_name": "customer.name",
    "driver": "driver",
    "driver_name": "driver.name",
    "order": "order",
    "scheduled_start": "order.scheduled_flag.schedule_delivery_time_start",
    "scheduled_end": "order.scheduled_flag.schedule_delivery_time_end",
    "cancellation_reason": "order.cancellation_detail.reason",
    "has_promotion": "order.applied_promotions",
}


def paths_of(unread: list[str]) -> list[str]:
    """The paths in the body of what read_order could not read, as many as a page can show."""
    return [PATHS.get(name, f"order.{name}") for name in unread[:MOST_PATHS]]


class Reader:
    """Reads values out of foreign JSON and remembers what it could not read."""

    def __init__(self) -> None:
        # A dict for its order and its speed: a body of 1 MB may hold 100,000 unreadable fields.
        self._unread: dict[str, None] = {}

    @property
    def unread(self) -> list[str]:
        return list(self._unread)

    def text(self, holder: Any, key: str, name: str = "") -> str | None:
        value = self._get(holder, key)
        if value is None:
            return None
        if isinstance(value, bool | dict | list):
            return self.mark(name or key)
        return text(value)

    def whole_number(
        self, holder: Any, key: str, name: str = "", largest: int = LARGEST_AMOUNT
    ) -> int | None:
        value = self._get(holder, key)
        if value is None:
            return None
        number = _as_whole_number(value)
        if number is None or abs(number) > largest:
            return self.mark(name or key)
        return number

    def yes_or_no(self, holder: Any, key: str, name: str = "") -> bool | None:
        value = self._get(holder, key)
        if value is None or isinstance(value, bool):
            return value
        known = {"true": True, "1": True, "false": False, "0": False}
        answer = known.get(text(value).lower())
        return self.mark(name or key) if answer is None else answer

    def moment(self, holder: Any, key: str, name: str = "") -> Any:
        value = self._get(holder, key)
        if value is None:
            return None
        return moment(value) or self.mark(name or key)

    def objects(self, holder: Any, key: str, name: str = "") -> list[Any] | None:
        value = self._get(holder, key)
        if value is None:
            return None
        if not isinstance(value, list):
            return self.mark(name or key)
        if len(value) > MOST_LINES:
            self.mark(name or key)
        return value[:MOST_LINES]

    def part(self, holder: Any, key: str) -> dict[str, Any]:
        value = self._get(holder, key)
        if value is not None and not isinstance(value, dict):
            self.mark(key)
        return value if isinstance(value, dict) else {}

    def _get(self, holder: Any, key: str) -> Any:
        value = holder.get(key) if isinstance(holder, dict) else None
        return None if value == "" else value

    def mark(self, name: str) -> Any:
        """None, and the name remembered."""
        self._unread[name] = None
        return None


def _as_whole_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    digits = text(value).partition(".")[0]
    if not WHOLE_NUMBER.fullmatch(text(value)) or len(digits) > 30:
        return None
    return int(digits)


def read_order(body: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]] | None, list[str]]:
    """Fields of Order that the body tells, its lines (None: it tells none), and what could not be read.

    What could not be read is named as the field of Order that it would have been told for.
    """
    reader = Reader()
    order = reader.part(body, "order")
    schedule = reader.part(order, "scheduled_flag")
    fields = {
        "service_type": reader.text(body, "service_type"),
        "pin": reader.text(order, "pin"),
        "order_total": reader.whole_number(order, "order_total"),
        "currency": reader.text(order, "currency"),
        "takeaway_charges": reader.whole_number(order, "takeaway_charges"),
        "cutlery_requested": reader.yes_or_no(order, "cutlery_requested"),
        "customer_name": reader.text(reader.part(body, "customer"), "name", "customer_name"),
        "driver_name": reader.text(reader.part(body, "driver"), "name", "driver_name"),
        "created_at": reader.moment(order, "created_at"),
        "scheduled_start": reader.moment(schedule, "schedule_delivery_time_start", "scheduled_start"),
        "scheduled_end": reader.moment(schedule, "schedule_delivery_time_end", "scheduled_end"),
        "cancellation_reason": reader.text(
            reader.part(order, "cancellation_detail"), "reason", "cancellation_reason"
        ),
        "has_promotion": bool(reader.objects(order, "applied_promotions", "has_promotion")) or None,
    }
    lines = reader.objects(order, "order_items")
    told = {name: value for name, value in fields.items() if value is not None and value != ""}
    return told, read_lines(reader, lines) if lines else None, reader.unread


def read_lines(reader: Reader, items: list[Any]) -> list[dict[str, Any]]:
    """One dict per order line, in order; an entry that is no object is a line without a name, never dropped."""
    return [
        {
            "name": reader.text(item, "name", f"order_items.{index}.name") or "",
            "external_id": reader.text(item, "external_id", f"order_items.{index}.external_id") or "",
            "gobiz_id": reader.text(item, "id", f"order_items.{index}.id") or "",
            "quantity": _quantity(reader, item, f"order_items.{index}.quantity"),
            "price": reader.whole_number(item, "price", f"order_items.{index}.price"),
            "notes": reader.text(item, "notes", f"order_items.{index}.notes") or "",
            "variants": _variants(reader, item, f"order_items.{index}.variants"),
        }
        for index, item in enumerate(items)
    ]


def _quantity(reader: Reader, item: Any, name: str) -> int | None:
    quantity = reader.whole_number(item, "quantity", name, LARGEST_QUANTITY)
    if quantity is not None and quantity < 0:
        reader.mark(name)
        return None
    return quantity


def _variants(reader: Reader, item: Any, name: str) -> list[dict[str, str]]:
    return [
        {
            "name": reader.text(variant, "name", f"{name}.{index}.name") or "",
            "external_id": reader.text(variant, "external_id", f"{name}.{index}.external_id") or "",
            "gobiz_id": reader.text(variant, "id", f"{name}.{index}.id") or "",
        }
        for index, variant in enumerate(reader.objects(item, "variants", name) or [])
    ]
