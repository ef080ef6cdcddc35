"""How an order moves: forward only, and to the same end in whatever order its notifications come.

Each field keeps the stamp of the notification that told it: header timestamp, progress, event id.
The greatest stamp wins, so merging is commutative and may be repeated. The status follows its own
rule (gobiz-api.md, "How we read": Which state): progress decides, and of two final states the
later header timestamp, on a tie CANCELLED.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from gobiz_admin.gobiz import events
from gobiz_admin.merchants.announcing import announce
from menus.mapping import known_external_ids
from orders.models import Order, OrderLine, OrderLineVariant, TimelineEntry
from orders.reading import paths_of, read_order
from webhooks.dispatch import Delivery
from webhooks.models import Notification

Status = Order.Status
RANK = {status: rank for rank, status in enumerate(Status.values)}
FINAL = {Status.COMPLETED, Status.CANCELLED}
STATUS_OF_EVENT = {
    events.ORDER_CREATED: Status.AWAITING,
    events.ORDER_AWAITING: Status.AWAITING,
    events.ORDER_ACCEPTED: Status.ACCEPTED,
    events.ORDER_DRIVER_OTW: Status.DRIVER_OTW_PICKUP,
    events.ORDER_DRIVER_ARRIVED: Status.DRIVER_ARRIVED,
    events.ORDER_PLACED: Status.PLACED,
    events.ORDER_COMPLETED: Status.COMPLETED,
    events.ORDER_CANCELLED: Status.CANCELLED,
}


def take_in(delivery: Delivery) -> Order:
    """The order, after what the notification knows has been merged into it."""
    order = locked_order(delivery.outlet, delivery.order_number or f"?{delivery.event_id}"[:200])
    status = told_status(delivery)
    stamp = stamp_of(delivery, status)
    fields, lines, unread = read_order(delivery.body)
    delivery.notification.unread = paths_of(unread)
    _merge_fields(order, fields, stamp)
    takes_lines = lines is not None and _is_newer(order, "lines", stamp)
    if lines is not None and takes_lines:
        _replace_lines(order, lines)
    advance(order, status, stamp)
    order.unread = _still_unread(order, unread, takes_lines)
    order.unverified |= delivery.notification.verdict == Notification.Verdict.UNVERIFIED
    order.save()
    entry = TimelineEntry(
        order=order,
        event_id=delivery.event_id,
        event=delivery.event_name,
        at=delivery.at or delivery.received_at,
        notification=delivery.notification,
    )
    # A replayed notification is told already.
    TimelineEntry.objects.bulk_create([entry], ignore_conflicts=True)
    announce(delivery.outlet.merchant_id, "orders", outlet=delivery.outlet.outlet_id)
    return order


def locked_order(outlet: Any, order_number: str) -> Order:
    """The order's row, made if need be, locked to the end of the transaction."""
    known = Order.objects.select_for_update().filter(outlet=outlet, order_number=order_number)
    order = known.first()
    if order is None:
        Order.objects.bulk_create([Order(outlet=outlet, order_number=order_number)], ignore_conflicts=True)
        order = known.get()
    order.outlet = outlet
    return order


def told_status(delivery: Delivery) -> str:
    """`order.status` when present and known, else what the event's name says."""
    order = delivery.body.get("order")
    told = order.get("status") if isinstance(order, dict) else None
    if isinstance(told, str) and told.strip().upper() in RANK:
        return told.strip().upper()
    return STATUS_OF_EVENT[delivery.event_name]


def stamp_of(delivery: Delivery, status: str) -> str:
    """What orders the notifications of one order: a text that compares as they do."""
    at = delivery.at.astimezone(UTC) if delivery.at else datetime(1, 1, 1, tzinfo=UTC)
    return f"{at.strftime('%Y-%m-%dT%H:%M:%S.%f').zfill(26)}|{RANK[status]}|{delivery.event_id}"


def advance(order: Order, status: str, stamp: str) -> bool:
    """Move the order to `status` if that is forward; whether it moved."""
    if status in FINAL and order.status in FINAL:
        # The later one; CANCELLED stands last in the table, so it wins a tie.
        forward = stamp > order.told_by.get("status", "")
    else:
        forward = order.status not in FINAL and RANK[status] >= RANK[order.status]
    if not forward:
        return False
    moved = order.status != status
    if moved or stamp > order.told_by.get("status", ""):
        order.told_by["status"] = stamp
    order.status = status
    return moved


def _merge_fields(order: Order, fields: dict[str, Any], stamp: str) -> None:
    for name, value in fields.items():
        if _is_newer(order, name, stamp):
            setattr(order, name, value)


def _is_newer(order: Order, name: str, stamp: str) -> bool:
    if stamp < order.told_by.get(name, ""):
        return False
    order.told_by[name] = stamp
    return True


def _still_unread(order: Order, unread: list[str], takes_lines: bool) -> list[str]:
    """What nobody has told readably yet; of the lines, what is unread in those that stand."""
    before, now = set(order.unread), set(unread)
    standing = now if takes_lines else before if "lines" in order.told_by else before | now
    of_lines = {name for name in standing if _of_lines(name)}
    of_fields = {name for name in before | now if not _of_lines(name)} - order.told_by.keys()
    return sorted(of_lines | of_fields)


def _of_lines(name: str) -> bool:
    return name.partition(".")[0] == "order_items"


def _replace_lines(order: Order, lines: list[dict[str, Any]]) -> None:
    digest = sha256(json.dumps(lines).encode()).hexdigest()
    if digest == order.lines_digest:
        return
    order.lines_digest = digest
    known = known_external_ids(order.outlet)
    order.lines.all().delete()
    rows = OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            mapped=line["external_id"] in known["item"],
            **{name: value for name, value in line.items() if name != "variants"},
        )
        for position, line in enumerate(lines)
    )
    OrderLineVariant.objects.bulk_create(
        OrderLineVariant(
            line=row, position=position, mapped=variant["external_id"] in known["variant"], **variant
        )
        for row, line in zip(rows, lines, strict=True)
        for position, variant in enumerate(line["variants"])
    )
