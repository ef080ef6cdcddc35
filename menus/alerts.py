"""Mapping alerts: orders that GoBiz could not deliver because of missing mappings.

Source: gobiz-api.md, "Receiving notifications" and "How we read": Names.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet
from menus.covering import Kind, State, close_covered
from menus.locking import lock_outlet
from menus.models import MappingAlert, MappingAlertName
from menus.readings import request_readings
from menus.text import clean, folded

__all__ = ["close_covered", "open_alert", "remaining"]


def open_alert(
    outlet: Outlet,
    order_number: str,
    error_type: str,
    items: Iterable[str],
    variants: Iterable[str],
    at: datetime | None,
) -> MappingAlert:
    """The order's open alert with all names that GoBiz reported; one per outlet and order.

    `at` is GoBiz's time of the report: an older or repeated one does not open a closed alert again.
    """
    at = at or timezone.now()
    with transaction.atomic():
        lock_outlet(outlet)
        earlier = MappingAlert.objects.filter(outlet=outlet, order_number=order_number)
        alert = earlier.filter(state=State.OPEN).first()
        if alert is None:
            if known := earlier.filter(event_at__gte=at).first():
                return known
            alert = MappingAlert.objects.create(
                outlet=outlet,
                order_number=order_number,
                error_type=error_type[:100],
                opened_at=timezone.now(),
                event_at=at,
            )
        _add_names(alert, {Kind.ITEM: items, Kind.VARIANT: variants}, at)
        if alert.event_at is None or alert.event_at < at:
            alert.event_at = at
            alert.save(update_fields=["event_at"])
        # What GoFood has now tells what can be done; a worker reads it.
        request_readings([outlet])
        announce(outlet.merchant_id, "alerts", outlet=outlet.outlet_id, alert=alert.pk)
        return alert


def _add_names(alert: MappingAlert, names: dict[Any, Iterable[str]], at: datetime) -> None:
    have = {(row.kind, folded(row.name)): row for row in alert.names.all()}
    is_newer = alert.event_at is not None and alert.event_at < at
    new: dict[tuple[str, str], MappingAlertName] = {}
    again = []
    for kind, given in names.items():
        for name in filter(None, map(clean, given)):
            key = (kind, folded(name))
            if key not in have:
                new.setdefault(key, MappingAlertName(alert=alert, kind=kind, name=name))
            elif is_newer and have[key].covered:
                again.append(have[key].pk)
    MappingAlertName.objects.bulk_create(new.values())
    if again:
        # It was covered, and GoBiz reports it again: what was said of it did not help.
        MappingAlertName.objects.filter(pk__in=again).update(covered=False, stands_for="", gone=False)


def remaining(alert: MappingAlert) -> list[str]:
    """The names that no confirmed sync covers yet; prefetch `names` for lists."""
    return [row.name for row in alert.names.all() if not row.covered]
