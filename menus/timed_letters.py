"""Telling owner and manager by e-mail of timed prices that are over and that GoFood may still sell at: each once."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.merchants import mailing
from gobiz_admin.merchants.models import Merchant
from gobiz_admin.merchants.roles import Action
from menus.models import TimedPlace
from menus.timed_turns import all_stuck, stuck

# What gets stuck at the outlets of a chain within one minute is one letter.
TOGETHER = timedelta(minutes=1)
MOST_NAMED = 20


def tell() -> None:
    """Write the letters that are due, whoever else is at it."""
    untold = all_stuck().filter(told_at=None)
    for merchant in Merchant.objects.filter(pk__in=untold.values("outlet__merchant")).order_by("pk"):
        _tell(merchant)


def _tell(merchant: Merchant) -> None:
    now = timezone.now()
    with transaction.atomic():
        # One writer per merchant.
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        places = TimedPlace.objects.filter(outlet__merchant=merchant)
        last = places.aggregate(at=Max("told_at"))["at"]
        rows = list(stuck(merchant.pk).filter(told_at=None))
        if not rows or (last is not None and last > now - TOGETHER):
            return
        mailing.write(merchant, Action.PUBLISH_MENU, "timed_stuck", f"timed-stuck-{rows[0].pk}", _facts(rows))
        TimedPlace.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=now)


def _facts(rows: list[TimedPlace]) -> dict[str, Any]:
    merchant, outlets = rows[0].outlet.merchant_id, {row.outlet_id for row in rows}
    one = reverse("publish_review", args=[merchant, rows[0].outlet_id])
    return {
        "count": len(rows),
        "rows": [
            {"name": row.name[:150], "outlet": row.outlet.name, "price": row.price}
            for row in rows[:MOST_NAMED]
        ],
        "more": max(len(rows) - MOST_NAMED, 0),
        "path": one if len(outlets) == 1 else reverse("timed_prices", args=[merchant]),
    }
