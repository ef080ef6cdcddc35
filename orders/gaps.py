"""Orders whose notifications show a gap: GoBiz is asked what it tried to deliver (webhooks/lookups.py).

Notifications come out of order, so an order is looked at when nothing about it has come for a moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.db.models.lookups import LessThan
from django.utils import timezone

from gobiz_admin.gobiz import events
from orders.models import Order, OrderAction, TimelineEntry
from webhooks import lookups
from webhooks.models import Notification, NotificationLookup

Status, Reason = Order.Status, NotificationLookup.Reason
YOUNGER_THAN = timedelta(hours=24)
SETTLED_AFTER = timedelta(seconds=30)
# A merchant has three minutes to accept at most (gobiz-api.md, "Orders"): then the order has moved on.
DECIDED_AFTER = timedelta(minutes=5)
# From being accepted, or from the end of its delivery window, to being handed over.
HANDED_OVER_AFTER = timedelta(hours=3)
# Where the answer did not close the gap, and nothing has come since.
AGAIN_AFTER = timedelta(hours=1)
MOST_PER_ORDER = 3
MOST_AT_ONCE = 100
ON_ITS_WAY = (Status.ACCEPTED, Status.DRIVER_OTW_PICKUP, Status.DRIVER_ARRIVED)
AFTER_ACCEPTANCE = (Status.DRIVER_OTW_PICKUP, Status.DRIVER_ARRIVED, Status.PLACED, Status.COMPLETED)
BEGINNINGS = (events.ORDER_CREATED, events.ORDER_AWAITING, events.ORDER_ACCEPTED)


def sweep() -> int:
    """How many orders GoBiz is now asked about; a fixed number of queries finds them."""
    orders = to_ask_about(timezone.now()).select_related("outlet__gobiz_app")[:MOST_AT_ONCE]
    asked = [lookups.ask(order.outlet.gobiz_app, order.order_number, reason=Reason.GAP) for order in orders]
    return sum(lookup is not None for lookup in asked)


def to_ask_about(now: datetime) -> QuerySet[Order]:
    """Young orders with a gap, about which nothing is on its way and GoBiz was not asked enough, oldest first."""
    of_app = {"gobiz_app": OuterRef("outlet__gobiz_app")}
    of_order = {**of_app, "order_number": OuterRef("order_number")}
    newest = Notification.objects.filter(**of_order).order_by("-received_at").values("received_at")[:1]
    asked = NotificationLookup.objects.filter(**of_order, reason=Reason.GAP)
    times = asked.order_by().values("order_number").annotate(times=Count("pk")).values("times")
    return (
        Order.objects.filter(received_at__gt=now - YOUNGER_THAN, received_at__lt=now - SETTLED_AFTER)
        # One without a number has only a stand-in for it.
        .exclude(order_number__startswith="?")
        .filter(has_gap(now))
        .annotate(
            told_at=Subquery(newest),
            asked_at=Subquery(asked.order_by("-requested_at").values("requested_at")[:1]),
            asked_times=Coalesce(Subquery(times), 0),
        )
        .exclude(told_at__gt=now - SETTLED_AFTER)
        .filter(asked_times__lt=MOST_PER_ORDER)
        .filter(
            Q(asked_at=None) | Q(asked_at__lt=F("told_at")) | Q(asked_at__lt=now - AGAIN_AFTER),
            ~Exists(lookups.lately_or_open(now).filter(**of_order)),
            ~Exists(lookups.lately_refused(now).filter(**of_app)),
        )
        .order_by("received_at", "pk")
    )


def has_gap(now: datetime) -> Q:
    """What a row of an order with a gap is like: no acceptance, no beginning, or no news though it is late."""
    told = TimelineEntry.objects.filter(order=OuterRef("pk"))
    accepted_here = OrderAction.objects.filter(
        order=OuterRef("pk"), kind=OrderAction.Kind.ACCEPT, state=OrderAction.State.DONE
    )
    never_accepted = (
        Q(status__in=AFTER_ACCEPTANCE)
        & ~Exists(told.filter(event=events.ORDER_ACCEPTED))
        & ~Exists(accepted_here)
    )
    without_beginning = Q(status=Status.CANCELLED) & ~Exists(told.filter(event__in=BEGINNINGS))
    return never_accepted | without_beginning | is_late(now)


def is_late(now: datetime) -> Q:
    """It must have moved on by now, so that somebody must have told us."""
    due = Greatest("received_at", Coalesce("scheduled_end", "scheduled_start", "received_at"))
    undecided = Q(status=Status.AWAITING, received_at__lt=now - DECIDED_AFTER)
    overdue = Q(LessThan(due, now - HANDED_OVER_AFTER))
    return undecided | Q(status__in=ON_ITS_WAY) & overdue
