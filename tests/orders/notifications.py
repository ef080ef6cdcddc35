"""Notifications as GoBiz sends them (gobiz-api.md, "Receiving notifications"), and taking them in."""

from __future__ import annotations

import itertools
import json
import uuid
from typing import Any

from gobiz_admin.gobiz import events
from gobiz_admin.gobiz.signatures import sign
from gobiz_admin.merchants.models import Outlet
from orders.models import Order
from webhooks import receiving
from webhooks.models import Notification
from webhooks.working import work_off

STATUS_OF_EVENT = {
    events.ORDER_CREATED: "AWAITING_MERCHANT_ACCEPTANCE",
    events.ORDER_AWAITING: "AWAITING_MERCHANT_ACCEPTANCE",
    events.ORDER_ACCEPTED: "MERCHANT_ACCEPTED",
    events.ORDER_DRIVER_OTW: "DRIVER_OTW_PICKUP",
    events.ORDER_DRIVER_ARRIVED: "DRIVER_ARRIVED",
    events.ORDER_PLACED: "PLACED",
    events.ORDER_COMPLETED: "COMPLETED",
    events.ORDER_CANCELLED: "CANCELLED",
}
_numbers = itertools.count(1000)


def item(name: str = "Nasi goreng", external_id: str | None = "I-1", **changes: Any) -> dict[str, Any]:
    """One entry of `order_items`."""
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, ascii(name))),
        "external_id": external_id,
        "name": name,
        "quantity": 2,
        "price": 25000,
        "notes": "Tidak pedas",
        "sku_promo_id": None,
        "variants": [],
        **changes,
    }


def order_body(number: str, outlet_id: str, status: str | None, **order: Any) -> dict[str, Any]:
    """The body of every order notification; `order` changes its order."""
    return {
        "service_type": "gofood",
        "outlet": {"id": outlet_id, "external_outlet_id": None},
        "customer": {"id": "C-1", "name": "Budi"},
        "driver": {"name": "Slamet"},
        "order": {
            "order_number": number,
            "status": status,
            "pin": "5178",
            "order_total": 110000,
            "currency": "IDR",
            "takeaway_charges": 0,
            "cutlery_requested": True,
            "created_at": "2026-09-28T21:20:00+07:00",
            "scheduled_flag": None,
            "cancellation_detail": None,
            "applied_promotions": [],
            "order_items": [item()],
            **order,
        },
    }


def order_notification(
    event: str,
    outlet: Outlet,
    number: str = "",
    *,
    timestamp: str | None = "2026-09-28T21:22:50.446+07:00",
    event_id: str = "",
    status: str | None = "by event",
    **order: Any,
) -> dict[str, Any]:
    """A whole notification about one order; a new event id unless one is given."""
    number = number or f"F-{next(_numbers)}"
    told = STATUS_OF_EVENT[event] if status == "by event" else status
    header: dict[str, Any] = {"event_name": event, "event_id": event_id or str(uuid.uuid4()), "version": 1}
    if timestamp is not None:
        header["timestamp"] = timestamp
    return {"header": header, "body": order_body(number, outlet.outlet_id, told, **order)}


def store(outlet: Outlet, message: Any, **fields: Any) -> Notification:
    """The row that the receiver would have stored for it; GoBiz repeats deliveries, so it may be known."""
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    app = outlet.gobiz_app
    delivered = receiving.Delivered(raw, {"X-Go-Signature": sign(app.relay_secret, raw)}, "127.0.0.1")
    receiving.store(app.pk, delivered, fields.pop("verdict", Notification.Verdict.VERIFIED))
    rows = Notification.objects.filter(gobiz_app=app).order_by("-pk")
    if fields:
        rows.filter(pk=rows[0].pk).update(**fields)
    return rows[0]


def take(outlet: Outlet, *messages: Any) -> Order:
    """The order, after the notifications were received and worked off, in this order."""
    for message in messages:
        store(outlet, message)
        work_off()
    work_off()
    dead = Notification.objects.exclude(state__in=["done", "ignored"]).values_list("note", flat=True)
    assert not dead, list(dead)
    return Order.objects.get(outlet=outlet)
