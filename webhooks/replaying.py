"""Working notifications off again. Safe at any time: handlers are idempotent."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from django.db.models import QuerySet
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce, wake
from webhooks.models import Notification
from webhooks.tasks import work_off

State = Notification.State
# Many at once are spread out, so that an order that comes meanwhile waits behind one batch, not behind all.
BATCH = 200
BATCH_EVERY = timedelta(seconds=2)


def replayable(notifications: QuerySet[Notification]) -> QuerySet[Notification]:
    """Those among them that may be worked off again: forged ones never have an effect."""
    return notifications.exclude(verdict=Notification.Verdict.FORGED)


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
