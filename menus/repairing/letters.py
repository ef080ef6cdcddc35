"""Telling owner and manager by e-mail of orders that GoFood could not deliver: at once, and again when nobody looks."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.merchants import mailing
from gobiz_admin.merchants.models import Merchant, Outlet, User
from gobiz_admin.merchants.roles import Action
from menus.models import MappingAlert

State = MappingAlert.State
AGAIN_AFTER = timedelta(minutes=10)
# A chain's alerts of one minute are one letter.
TOGETHER = timedelta(minutes=1)
# What is older was not told because nothing ran; the pages tell it.
AT_MOST = timedelta(hours=2)
MOST_NAMED = 20


def mark_seen(outlets: Sequence[Outlet], user: User) -> int:
    """How many open alerts are looked at for the first time now."""
    unseen = MappingAlert.objects.filter(outlet__in=outlets, state=State.OPEN, seen_at=None)
    return unseen.update(seen_at=timezone.now(), seen_by=user)


def tell() -> None:
    """Write the letters that are due; each once, whoever else is at it."""
    now = timezone.now()
    lately = MappingAlert.objects.filter(opened_at__gt=now - AT_MOST)
    first = lately.filter(told_at=None)
    again = lately.filter(state=State.OPEN, seen_at=None, told_again_at=None, told_at__lt=now - AGAIN_AFTER)
    for merchant in Merchant.objects.filter(outlets__mapping_alerts__in=first | again).distinct():
        _tell(merchant)


def _tell(merchant: Merchant) -> None:
    now = timezone.now()
    with transaction.atomic():
        # One writer per merchant.
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        alerts = MappingAlert.objects.filter(outlet__merchant=merchant, opened_at__gt=now - AT_MOST)
        last = alerts.aggregate(at=Max("told_at"))["at"]
        if last is None or last < now - TOGETHER:
            told = _write(merchant, "mapping_alert", alerts.filter(told_at=None))
            alerts.filter(pk__in=told).update(told_at=now)
        unseen = alerts.filter(
            state=State.OPEN, seen_at=None, told_again_at=None, told_at__lt=now - AGAIN_AFTER
        )
        told = _write(merchant, "mapping_alert_again", unseen)
        alerts.filter(pk__in=told).update(told_again_at=now)


def _write(merchant: Merchant, template: str, rows: QuerySet[MappingAlert]) -> list[int]:
    """The alerts that the letter names: one that is opened meanwhile waits for the next."""
    alerts = list(rows.select_related("outlet").prefetch_related("names"))
    if not alerts:
        return []
    names = dict.fromkeys(row.name[:150] for alert in alerts for row in alert.names.all())
    facts = {
        "count": len(alerts),
        "orders": [
            {"number": alert.order_number, "outlet": alert.outlet.name} for alert in alerts[:MOST_NAMED]
        ],
        "more": max(len(alerts) - MOST_NAMED, 0),
        "names": list(names)[:MOST_NAMED],
        "closed": all(alert.state == State.CLOSED for alert in alerts),
        "path": reverse("alerts", args=[merchant.pk]),
    }
    newest = max(alert.pk for alert in alerts)
    mailing.write(merchant, Action.PUBLISH_MENU, template, f"{template}-{newest}", facts)
    return [alert.pk for alert in alerts]
