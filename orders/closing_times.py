"""Until when an outlet is closed: by its own clock, and by the hours of the menu that it sells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.hours import DAYS, Hours
from menus.models import OutletCatalog
from menus.stock_times import hours_by_catalog, next_opening_day

HALF_HOUR, HOUR, OPENING, UNTIL, SAY = "half", "hour", "opening", "until", "say"


def openings(outlets: Sequence[Outlet]) -> dict[int, datetime]:
    """By outlet when it opens on its next day; without hours, the next midnight. Two queries."""
    sold = dict(OutletCatalog.objects.filter(outlet__in=outlets).values_list("outlet_id", "catalog_id"))
    hours = hours_by_catalog(set(sold.values()))
    never: Hours = {day: [] for day in DAYS}
    return {
        outlet.pk: next_opening_day(
            hours[sold[outlet.pk]] if outlet.pk in sold else never, timezone.localtime(timezone=outlet.zone)
        )
        for outlet in outlets
    }


def reopen_times(
    choice: str, outlets: Sequence[Outlet], clock: datetime | None
) -> dict[int, datetime | None]:
    """By outlet the moment of a choice; None: until somebody says. `clock` is what each outlet's clock shows."""
    now = timezone.now()
    if choice == OPENING:
        return dict(openings(outlets))
    if choice == UNTIL and clock is not None:
        return {outlet.pk: clock.replace(tzinfo=outlet.zone) for outlet in outlets}
    waits = {HALF_HOUR: timedelta(minutes=30), HOUR: timedelta(hours=1)}
    wait = waits.get(choice)
    return {outlet.pk: now + wait if wait else None for outlet in outlets}
