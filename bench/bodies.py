"""What is posted: order notifications as GoBiz sends them, and Stripe events of the same size, all distinct."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gobiz_admin.gobiz import events
from gobiz_admin.gobiz.signatures import sign

LENGTH = 2400
LIFE = (
    (events.ORDER_AWAITING, "AWAITING_MERCHANT_ACCEPTANCE"),
    (events.ORDER_ACCEPTED, "MERCHANT_ACCEPTED"),
    (events.ORDER_DRIVER_OTW, "DRIVER_OTW_PICKUP"),
    (events.ORDER_COMPLETED, "COMPLETED"),
)
DISHES = ("Nasi goreng", "Ayam geprek", "Es teh manis", "Soto betawi", "Mie ayam", "Pisang goreng")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Delivery:
    """An event and its request, ready to be sent."""

    event_id: str
    request: bytes


@dataclass(frozen=True)
class Door:
    """Where notifications are posted, and what they are signed with."""

    path: str
    secret: str
    outlet_ids: Sequence[str]

    def deliveries(self, orders: int, events_each: int = 1) -> list[Delivery]:
        """New notifications about as many new orders, the events of each in the order of their life."""
        outlets = itertools.cycle(self.outlet_ids)
        return [
            self._delivery(order, next_outlet, event, status)
            for order, next_outlet in ((new_order(), next(outlets)) for _ in range(orders))
            for event, status in LIFE[:events_each]
        ]

    def shuffled_lives(self, orders: int) -> list[Delivery]:
        """Four notifications an order, in an order of arrival that is the same in every run."""
        deliveries = self.deliveries(orders, len(LIFE))
        random.Random(7).shuffle(deliveries)  # noqa: S311 - an order of arrival, no secret
        return deliveries

    def _delivery(self, order: dict[str, Any], outlet_id: str, event: str, status: str) -> Delivery:
        event_id = str(uuid.uuid4())
        raw = notification(event, event_id, outlet_id, {**order, "status": status})
        return Delivery(event_id, post(self.path, raw, {"X-Go-Signature": sign(self.secret, raw)}))


def new_order() -> dict[str, Any]:
    """An order of four lines with a number of its own."""
    number = next(_numbers)
    return {
        "order_number": f"F-{number:010d}",
        "pin": f"{number % 10000:04d}",
        "order_total": 110000,
        "currency": "IDR",
        "takeaway_charges": 2000,
        "cutlery_requested": True,
        "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "scheduled_flag": None,
        "cancellation_detail": None,
        "applied_promotions": [],
        "order_items": [_line(number, place) for place in range(4)],
    }


def _line(number: int, place: int) -> dict[str, Any]:
    dish = DISHES[(number + place) % len(DISHES)]
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, dish)),
        "external_id": f"I-{dish}",
        "name": dish,
        "quantity": 1 + place,
        "price": 15000 + 1000 * place,
        "notes": "Tidak pedas, tolong sambalnya dipisah",
        "sku_promo_id": None,
        "variants": [{"id": str(uuid.uuid5(uuid.NAMESPACE_URL, "L")), "external_id": "V-L", "name": "Besar"}],
    }


def notification(event: str, event_id: str, outlet_id: str, order: dict[str, Any]) -> bytes:
    """The bytes of a notification, filled up with the customer's address to the usual length."""
    header = {
        "event_name": event,
        "event_id": event_id,
        "version": 1,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    customer = {"id": "C-1", "name": "Budi", "address": ""}
    message = {
        "header": header,
        "body": {
            "service_type": "gofood",
            "outlet": {"id": outlet_id, "external_outlet_id": None},
            "customer": customer,
            "driver": {"name": "Slamet"},
            "order": order,
        },
    }
    return _filled_up(message, customer, "address")


def stripe_event(event_id: str) -> bytes:
    """The bytes of an event as Stripe sends it, of the same length."""
    intent = {
        "id": f"pi_{event_id}",
        "object": "payment_intent",
        "amount": 110000,
        "currency": "idr",
        "customer": "cus_1",
        "description": "",
        "livemode": False,
        "metadata": {"order_number": event_id},
        "status": "succeeded",
    }
    event = {
        "id": event_id,
        "object": "event",
        "api_version": "2026-05-27.dahlia",
        "created": int(time.time()),
        "data": {"object": intent},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_1", "idempotency_key": str(uuid.uuid4())},
        "type": "payment_intent.succeeded",
    }
    return _filled_up(event, intent, "description")


def stripe_deliveries(path: str, secret: str, count: int) -> list[Delivery]:
    """New events, signed as Stripe signs them: over the time and the body."""
    made = []
    for _ in range(count):
        event_id = f"evt_{uuid.uuid4().hex}"
        raw, at = stripe_event(event_id), int(time.time())
        proof = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
        made.append(Delivery(event_id, post(path, raw, {"Stripe-Signature": f"t={at},v1={proof}"})))
    return made


def post(path: str, raw: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a whole HTTP request."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: bench",
        "Content-Type: application/json",
        f"Content-Length: {len(raw)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def _filled_up(message: dict[str, Any], part: dict[str, Any], name: str) -> bytes:
    part[name] = "x" * max(0, LENGTH - len(json.dumps(message)))
    return json.dumps(message).encode()
