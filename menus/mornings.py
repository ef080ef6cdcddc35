"""Each morning, before an outlet opens: what is still off there? Asked once a day, and only of what nobody ends.

What comes back by itself is not asked about. The sweep may come late, twice, or not at all on a day: a row per
outlet and day says what was asked, and the letter is written in the transaction that stores it.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.merchants import mailing
from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Merchant, Outlet, User
from gobiz_admin.merchants.roles import Action
from menus.models import OutletCatalog, StockMorning
from menus.stock_lists import Line, off_lines
from menus.stock_times import hours_by_catalog, morning_at

KEPT_FOR = timedelta(days=30)
# So many names stand in a letter.
MOST_NAMES = 20


@dataclass(frozen=True)
class StillOff:
    """An outlet's open question: the lines that are still off since before its morning."""

    morning: StockMorning
    outlet: Outlet
    lines: list[Line]


def open_mornings(outlets: Sequence[Outlet]) -> list[StillOff]:
    """What is asked of these outlets now; nothing where all of it is back. One query where nothing is asked."""
    found = {
        row.outlet_id: row
        for row in StockMorning.objects.filter(outlet__in=outlets, answered_at=None).order_by("day")
    }
    now = timezone.now()
    asked = [outlet for outlet in outlets if outlet.pk in found and found[outlet.pk].day == _day(outlet, now)]
    if not asked:
        return []
    rows = [(found[outlet.pk], outlet, lines) for outlet, lines in off_lines(asked)]
    still = [StillOff(morning, outlet, _still(lines, morning.at)) for morning, outlet, lines in rows]
    return [row for row in still if row.lines]


def _still(lines: Collection[Line], at: datetime) -> list[Line]:
    """What nobody ends, and is off since before the morning, or since nobody knows when."""
    return [line for line in lines if line.until_somebody_says and (line.since is None or line.since < at)]


def answer(morning: StockMorning, user: User | None) -> None:
    """It stays off for today; tomorrow it is asked again."""
    rows = StockMorning.objects.filter(pk=morning.pk, answered_at=None)
    if rows.update(answered_at=timezone.now(), answered_by=user):
        outlet = morning.outlet
        announce(outlet.merchant_id, "stock", outlet=outlet.outlet_id, things=[])


def ask_due() -> int:
    """At how many outlets something is still off that was not asked about today, now that it is morning there."""
    now = timezone.now()
    due = _due(now)
    by_merchant: dict[int, list[Outlet]] = defaultdict(list)
    for outlet in due:
        by_merchant[outlet.merchant_id].append(outlet)
    return sum(_ask(outlets, due, now) for outlets in by_merchant.values())


def _due(now: datetime) -> dict[Outlet, datetime]:
    """The outlets whose morning has come and was not looked at, each with its moment; three queries."""
    sellings = OutletCatalog.objects.filter(imported_at__isnull=False)
    catalog_of = {row.outlet: row.catalog_id for row in sellings.select_related("outlet__merchant")}
    since = now.date() - timedelta(days=2)
    seen = set(StockMorning.objects.filter(day__gte=since).values_list("outlet_id", "day"))
    left = [outlet for outlet in catalog_of if (outlet.pk, _day(outlet, now)) not in seen]
    hours = hours_by_catalog({catalog_of[outlet] for outlet in left})
    moments = {outlet: morning_at(hours[catalog_of[outlet]], now.astimezone(outlet.zone)) for outlet in left}
    return {outlet: at for outlet, at in moments.items() if at <= now}


def _day(outlet: Outlet, now: datetime) -> date:
    return now.astimezone(outlet.zone).date()


def _ask(outlets: Sequence[Outlet], moments: dict[Outlet, datetime], now: datetime) -> int:
    """At how many of a merchant's outlets something is asked; those where nothing is off are done for today."""
    with transaction.atomic():
        pks = [outlet.pk for outlet in outlets]
        # Two sweeps at once: the second finds the rows of the first.
        locked = Outlet.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
        mine = set(locked.values_list("pk", flat=True))
        days = {outlet.pk: _day(outlet, now) for outlet in outlets}
        for pk, day in StockMorning.objects.filter(outlet__in=pks).values_list("outlet_id", "day"):
            if days[pk] == day:
                mine.discard(pk)
        left = [outlet for outlet in outlets if outlet.pk in mine]
        still = {outlet.pk: _still(lines, moments[outlet]) for outlet, lines in off_lines(left)}
        rows = StockMorning.objects.bulk_create(
            StockMorning(
                outlet=outlet,
                day=days[outlet.pk],
                at=moments[outlet],
                answered_at=None if still.get(outlet.pk) else now,
            )
            for outlet in left
        )
        asked = [row for row in rows if row.answered_at is None]
        if asked:
            _write(outlets[0].merchant, asked, still)
    return len(asked)


def _write(merchant: Merchant, asked: Sequence[StockMorning], still: dict[int, list[Line]]) -> None:
    facts: dict[str, Any] = {
        "path": reverse("still_off", args=[merchant.pk]),
        "count": sum(len(still[row.outlet_id]) for row in asked),
        "outlets": [
            {
                "name": row.outlet.name,
                "count": len(still[row.outlet_id]),
                "names": [line.thing.name[:80] for line in still[row.outlet_id][:MOST_NAMES]],
                "more": max(0, len(still[row.outlet_id]) - MOST_NAMES),
            }
            for row in asked
        ],
    }
    mailing.write(merchant, Action.EDIT_MENU, "still_off", f"still-off-{asked[0].pk}", facts)
    for row in asked:
        announce(merchant.pk, "stock", outlet=row.outlet.outlet_id, things=[])


def forget_old() -> int:
    """How many mornings are too old to be kept."""
    old = timezone.now().date() - KEPT_FOR
    return StockMorning.objects.filter(day__lt=old).delete()[0]
