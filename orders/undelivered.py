"""Orders that GoBiz could not deliver: a tile in the inbox until somebody says that it was handled.

The tile and the mapping alert have one cause and two ends: the alert ends with the menu, the tile with
the order, which either was handled in the GoBiz app or arrives here after all.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus.undelivered import read_report
from orders.models import Order, UndeliveredOrder
from webhooks.dispatch import Delivery

MOST_NAMES = 50
MOST_TILES = 50
# After its end a tile says for a moment how it ended.
ARRIVED_SHOWN_FOR = timedelta(minutes=10)
UNDO_SHOWN_FOR = timedelta(seconds=10)
# Whoever's page is older than the tile may still press its button.
UNDO_WITHIN = timedelta(minutes=2)
OPEN = Q(handled_at__isnull=True, arrived_at__isnull=True)


def keep(delivery: Delivery) -> UndeliveredOrder | None:
    """The undelivered order with every name that was missing; None for one that is here all the same.

    GoBiz tells it of each of an order's events: told again, a tile that has ended does not come back.
    """
    report = read_report(delivery.body)
    number = report.order_number or f"?{delivery.event_id}"[:200]
    known = UndeliveredOrder.objects.filter(outlet=delivery.outlet, order_number=number)
    if not known.exists() and _is_here(delivery.outlet, number):
        return None
    new_row = UndeliveredOrder(outlet=delivery.outlet, order_number=number, opened_at=timezone.now())
    UndeliveredOrder.objects.bulk_create([new_row], ignore_conflicts=True)
    row = known.select_for_update(no_key=True).get()
    new = [name for name in dict.fromkeys(report.names) if name not in row.names]
    row.names = [*row.names, *new][:MOST_NAMES]
    row.save(update_fields=["names"])
    announce(delivery.outlet.merchant_id, "orders", outlet=delivery.outlet.outlet_id)
    return row


def _is_here(outlet: Outlet, order_number: str) -> bool:
    return Order.objects.filter(outlet=outlet, order_number=order_number).exists()


def arrived(order: Order) -> bool:
    """Whether the order had been reported as undelivered and has arrived with this."""
    waiting = UndeliveredOrder.objects.filter(
        outlet=order.outlet_id, order_number=order.order_number, arrived_at__isnull=True
    )
    return bool(waiting.update(arrived_at=timezone.now()))


def on_the_board(outlets: list[Outlet]) -> list[UndeliveredOrder]:
    """What nobody has handled yet, the newest first, then what ended a moment ago; one query."""
    now = timezone.now()
    ended = Q(arrived_at__gt=now - ARRIVED_SHOWN_FOR, handled_at__isnull=True) | Q(
        handled_at__gt=now - UNDO_SHOWN_FOR, arrived_at__isnull=True
    )
    rows = UndeliveredOrder.objects.filter(OPEN | ended, outlet__in=outlets).select_related(
        "outlet", "handled_by"
    )
    found = list(rows.order_by("-opened_at", "-pk")[:MOST_TILES])
    return sorted(found, key=lambda row: not row.is_open)


def open_at(outlets: list[Outlet]) -> QuerySet[UndeliveredOrder]:
    return UndeliveredOrder.objects.filter(OPEN, outlet__in=outlets)


def mark_handled(row: UndeliveredOrder, user: User) -> bool:
    """Whether this press did it; a second one, from wherever, changes nothing."""
    with transaction.atomic():
        waiting = UndeliveredOrder.objects.filter(OPEN, pk=row.pk)
        if not waiting.update(handled_at=timezone.now(), handled_by=user):
            return False
        _tell(row, user, "undelivered.handled")
        return True


def take_back(row: UndeliveredOrder, user: User) -> bool:
    """Whether it stands in the inbox again: only a moment after it was said to be handled."""
    with transaction.atomic():
        handled = UndeliveredOrder.objects.filter(
            pk=row.pk, arrived_at__isnull=True, handled_at__gt=timezone.now() - UNDO_WITHIN
        )
        if not handled.update(handled_at=None, handled_by=None):
            return False
        _tell(row, user, "undelivered.not_handled")
        return True


def _tell(row: UndeliveredOrder, user: User, action: str) -> None:
    facts = {"order_number": row.order_number, "outlet": row.outlet.outlet_id}
    AuditEntry.objects.create(merchant_id=row.outlet.merchant_id, user=user, action=action, facts=facts)
    announce(row.outlet.merchant_id, "orders", outlet=row.outlet.outlet_id)
