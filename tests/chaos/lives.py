"""The orders of a run: what GoBiz tells about each, in which order and how often, and what must come of it."""

from __future__ import annotations

import json
import random
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gobiz_admin.gobiz import events
from gobiz_admin.gobiz.signatures import sign
from tests.chaos.cast import Sender
from tests.orders.notifications import STATUS_OF_EVENT, item, order_body

WAY = (
    events.ORDER_AWAITING,
    events.ORDER_ACCEPTED,
    events.ORDER_DRIVER_OTW,
    events.ORDER_DRIVER_ARRIVED,
    events.ORDER_PLACED,
    events.ORDER_COMPLETED,
)
FINAL = {events.ORDER_COMPLETED, events.ORDER_CANCELLED}
FIRST_ORDER_AT = datetime(2026, 9, 28, 9, tzinfo=UTC)
SHARE_OF_DUPLICATES = 10
# Told in one burst, so that two workers meet at the same order; the others are told at any time.
SHARE_OF_BURSTS = 0.3


@dataclass(frozen=True)
class Notification:
    """One notification as GoBiz sends it, however often."""

    event_id: str
    path: str
    raw: bytes
    signature: str


@dataclass
class Delivery:
    """One POST; two that share a `together` set out at the same moment."""

    notification: Notification
    together: threading.Barrier | None = None


@dataclass(frozen=True)
class OrderFacts:
    """What is known of an order in the end: by the plan, or by the database."""

    outlet_id: str
    status: str
    driver: str
    lines: int
    event_ids: tuple[str, ...]


@dataclass
class Plan:
    """All deliveries in the order in which they set out, and the orders that must stand at the end."""

    deliveries: list[Delivery] = field(default_factory=list)
    orders: dict[str, OrderFacts] = field(default_factory=dict)

    @property
    def event_ids(self) -> set[str]:
        return {delivery.notification.event_id for delivery in self.deliveries}


def make_plan(count: int, senders: list[Sender], rng: random.Random) -> Plan:
    """`count` deliveries, a tenth of them duplicates, shuffled."""
    plan, told = Plan(), []
    repeated = count // SHARE_OF_DUPLICATES
    while len(told) < count - repeated:
        number = f"F-{len(plan.orders) + 100_000}"
        life = a_life(rng)[: count - repeated - len(told)]
        told += live(plan, number, life, senders, rng)
    plan.deliveries = shuffled(told, repeated, rng)
    return plan


def a_life(rng: random.Random) -> list[str]:
    """The events of one order, in the order in which they happen; GoBiz may skip some between."""
    kind = rng.choices(("whole", "open", "cancelled", "late cancel", "late end"), (50, 20, 20, 5, 5))[0]
    stop = len(WAY) if kind in ("whole", "late cancel") else rng.randint(1, len(WAY) - 1)
    life = [event for event in WAY[:stop] if event in (WAY[0], WAY[stop - 1]) or rng.random() < 0.85]
    if kind in ("cancelled", "late cancel", "late end"):
        life.append(events.ORDER_CANCELLED)
    if kind == "late end":
        life.append(events.ORDER_COMPLETED)
    return life


def live(
    plan: Plan, number: str, life: list[str], senders: list[Sender], rng: random.Random
) -> list[tuple[float, Notification]]:
    """The life's notifications, each with its place in the shuffled whole; the end goes into the plan."""
    outlets = [(sender, outlet_id) for sender in senders for outlet_id in sender.outlet_ids]
    sender, outlet_id = rng.choice(outlets)
    items = [item(f"Menu {position}", f"I-{position}") for position in range(rng.randint(1, 4))]
    at = FIRST_ORDER_AT + timedelta(seconds=rng.randrange(3600))
    burst, base, told = rng.random() < SHARE_OF_BURSTS, rng.random(), []
    for step, event in enumerate(life):
        at += timedelta(milliseconds=rng.randint(1, 600_000))
        event_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        body = order_body(number, outlet_id, STATUS_OF_EVENT[event], order_items=items)
        body["driver"]["name"] = f"Driver {step}"
        header = {"event_name": event, "event_id": event_id, "version": 1, "timestamp": at.isoformat()}
        raw = json.dumps({"header": header, "body": body}).encode()
        place = base + rng.random() / 10_000 if burst else rng.random()
        told.append((place, Notification(event_id, sender.webhook_path, raw, sign(sender.relay_secret, raw))))
    plan.orders[number] = OrderFacts(
        outlet_id=outlet_id,
        status=STATUS_OF_EVENT[end_of(life)],
        driver=f"Driver {len(life) - 1}",
        lines=len(items),
        event_ids=tuple(sorted(notification.event_id for _, notification in told)),
    )
    return told


def end_of(life: list[str]) -> str:
    """The event that the order ends with: the last of the final ones, else the furthest on the way."""
    final = [event for event in life if event in FINAL]
    return final[-1] if final else max(life, key=WAY.index)


def shuffled(told: list[tuple[float, Notification]], repeated: int, rng: random.Random) -> list[Delivery]:
    """Every notification once, and `repeated` of them twice: half of these at the same moment."""
    again = rng.sample(told, repeated)
    twins = {notification.event_id for _, notification in again[: repeated // 2]}
    late = [(rng.random(), notification) for _, notification in again[repeated // 2 :]]
    deliveries = []
    for _, notification in sorted([*told, *late], key=lambda pair: pair[0]):
        together = threading.Barrier(2) if notification.event_id in twins else None
        deliveries += [Delivery(notification, together)] * (2 if together else 1)
    return deliveries
