"""Deleting what is no longer needed, a little at a time, so that receiving never waits for it."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from webhooks.models import Notification

log = logging.getLogger(__name__)
BATCH = 2_000
# A round ends in time for the next; what it did not get to is older then.
ROUND_SECONDS = 120.0
# Of what nobody signed the newest are enough to see what is going on; a flood must not fill the disk.
FORGED_KEPT = 1_000
State = Notification.State


def prune() -> int:
    """How many notifications were deleted: those that are too old, and the crowd of forged ones."""
    ends = time.monotonic() + ROUND_SECONDS
    deleted = _delete(too_old(), ends) + sum(_delete(crowd, ends) for crowd in forged_crowds())
    if deleted:
        log.info("%d notifications deleted", deleted)
    return deleted


def too_old() -> QuerySet[Notification]:
    """Those past their age, but for what still waits to be worked off.

    GoBiz repeats a delivery for six hours at most (gobiz-api.md, "Receiving notifications"), so that
    none of them is needed to recognise a repetition.
    """
    oldest = timezone.now() - timedelta(days=settings.NOTIFICATION_DAYS)
    return Notification.objects.filter(received_at__lt=oldest).exclude(
        state__in=[State.PENDING, State.FAILED]
    )


def forged_crowds() -> list[QuerySet[Notification]]:
    """Per GoBiz app that has too many forged ones, those beyond the newest."""
    forged = Notification.objects.filter(verdict=Notification.Verdict.FORGED)
    apps = forged.order_by().values_list("gobiz_app_id", flat=True).distinct()
    crowds = []
    for app_id in apps:
        of_app = forged.filter(gobiz_app=app_id).order_by("-id")
        oldest_kept = of_app.values_list("pk", flat=True)[FORGED_KEPT - 1 : FORGED_KEPT].first()
        if oldest_kept is not None:
            crowds.append(of_app.filter(pk__lt=oldest_kept))
    return crowds


def _delete(found: QuerySet[Notification], ends: float) -> int:
    deleted = 0
    while time.monotonic() < ends:
        batch = list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])
        Notification.objects.filter(pk__in=batch).delete()
        deleted += len(batch)
        if len(batch) < BATCH:
            break
    return deleted
