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
WAITING = {Notification.State.PENDING, Notification.State.FAILED}


def prune() -> int:
    """How many notifications were deleted: those that are too old, and the crowd of forged ones."""
    ends = time.monotonic() + ROUND_SECONDS
    deleted = _delete_old(ends) + sum(_delete_crowd(crowd, ends) for crowd in forged_crowds())
    if deleted:
        log.info("%d notifications deleted", deleted)
    return deleted


def _delete_old(ends: float) -> int:
    """How many past their age were deleted; what still waits to be worked off stays.

    GoBiz repeats a delivery for six hours at most (gobiz-api.md, "Receiving notifications"), so that
    none of them is needed to recognise a repetition. They are looked at from the lowest id on until
    one is young: asked for by age, PostgreSQL would read all the young ones to find that none is left.
    """
    oldest = timezone.now() - timedelta(days=settings.NOTIFICATION_DAYS)
    deleted, last = 0, 0
    while time.monotonic() < ends:
        batch = list(
            Notification.objects.filter(pk__gt=last)
            .order_by("pk")
            .values_list("pk", "received_at", "state")[:BATCH]
        )
        old = [pk for pk, at, state in batch if at < oldest and state not in WAITING]
        deleted += _delete(old)
        if len(batch) < BATCH or batch[-1][1] >= oldest:
            break
        last = batch[-1][0]
    return deleted


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


def _delete_crowd(crowd: QuerySet[Notification], ends: float) -> int:
    deleted = 0
    while time.monotonic() < ends:
        batch = list(crowd.order_by("pk").values_list("pk", flat=True)[:BATCH])
        deleted += _delete(batch)
        if len(batch) < BATCH:
            break
    return deleted


def _delete(pks: list[int]) -> int:
    # Django reads what it deletes: without the bodies, of which a batch may be hundreds of MB.
    Notification.objects.filter(pk__in=pks).only("pk").delete()
    return len(pks)
