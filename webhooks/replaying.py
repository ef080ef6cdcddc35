"""Working notifications off again. Safe at any time: handlers are idempotent."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.db.models import QuerySet
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce, wake
from gobiz_admin.merchants.models import Merchant, Outlet
from webhooks.models import Notification
from webhooks.tasks import work_off

State = Notification.State
# Many at once are spread out, so that an order that comes meanwhile waits behind one batch, not behind all.
BATCH = 200
BATCH_EVERY = timedelta(seconds=2)
# What is worked off in under two minutes, so that an order that comes meanwhile is not kept waiting for long.
MOST = 10_000


class TooMany(Exception):
    """More than MOST at once."""


def replayable(notifications: QuerySet[Notification]) -> QuerySet[Notification]:
    """Those among them that may be worked off again: forged ones never have an effect."""
    return notifications.exclude(verdict=Notification.Verdict.FORGED)


def of_merchant(merchant: Merchant, since: datetime, *, only_failed: bool) -> QuerySet[Notification]:
    """What the merchant has received since then that may be worked off again; raises TooMany."""
    found = Notification.objects.filter(gobiz_app__merchant=merchant, received_at__gte=since)
    if only_failed:
        found = found.filter(state__in=[State.FAILED, State.DEAD])
    found = replayable(found)
    if found.order_by()[: MOST + 1].count() > MOST:
        raise TooMany
    return found


def outlets_to_choose(notification: Notification) -> QuerySet[Outlet]:
    """Those of its app that the owner may say it is about; none unless nobody knows."""
    outlets = Outlet.objects.filter(gobiz_app=notification.gobiz_app_id)
    return outlets if notification.note == "no_outlet" else outlets.none()


def replay_about(notification: Notification, outlet: Outlet) -> int:
    """How many are worked off again: 1, as being about that outlet, or 0 when it may not be."""
    this = Notification.objects.filter(pk=notification.pk)
    replayable(this).filter(note="no_outlet").update(outlet=outlet)
    return replay(this)


def replay(notifications: QuerySet[Notification]) -> int:
    """How many of them were put back to be worked off, as if they had just come, the oldest first."""
    found = list(replayable(notifications).order_by("id").values_list("pk", "gobiz_app__merchant_id"))
    replayed, now = 0, timezone.now()
    for number in range(ceil(len(found) / BATCH)):
        batch = found[number * BATCH : (number + 1) * BATCH]
        replayed += Notification.objects.filter(pk__in=[pk for pk, _ in batch]).update(
            state=State.PENDING,
            note="",
            traceback="",
            attempts=0,
            next_attempt_at=now + number * BATCH_EVERY,
            finished_at=None,
        )
    for merchant_id in {merchant for _, merchant in found}:
        announce(merchant_id, "webhooks")
    wake(work_off)
    return replayed
