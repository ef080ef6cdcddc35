"""Timed prices as tests plan them, and the clock that they are tried against."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from menus.models import Catalog, MenuItem, Sync, TimedPrice
from menus.publishing import request_publish
from menus.sending import send
from menus.timed_prices import Wish, make_plan, plan_timed_price

JAKARTA = ZoneInfo("Asia/Jakarta")
# A Friday morning, by the clock of the outlets.
MORNING = datetime(2026, 12, 4, 8, 0, tzinfo=JAKARTA)
NOON, EVENING = MORNING.replace(hour=12), MORNING.replace(hour=18)
MINUTE = timedelta(minutes=1)


def wish(thing, *outlets, starts=NOON, ends=EVENING, price=None, percent=None, label="Promo Jumat"):
    how, amount = ("set", price) if percent is None else ("percent", percent)
    return Wish(
        thing,
        outlets,
        label,
        how,
        Decimal(amount),
        100,
        starts.astimezone(JAKARTA).replace(tzinfo=None),
        ends.astimezone(JAKARTA).replace(tzinfo=None),
    )


def plan(thing, *outlets, user=None, **how) -> TimedPrice:
    """Planned, with what it asks for typed."""
    wanted = wish(thing, *outlets, **how)
    found = make_plan(thing.catalog, wanted)
    return plan_timed_price(thing.catalog, wanted, found.digest, found.asks, user)


def publish(outlet, **asked) -> Sync:
    """The newest menu, proven to be live."""
    return prove(request_publish(outlet, None, **asked))


def prove(sync: Sync) -> Sync:
    send(sync.pk)
    Sync.objects.filter(pk=sync.pk).update(
        state="confirmed", confirmed_at=sync.queued_at, next_attempt_at=None
    )
    sync.refresh_from_db()
    return sync


def prices_of(payload) -> dict[str, int]:
    return {item["name"]: item["price"] for menu in payload["menus"] for item in menu["menu_items"]}


def price_in(payload, item: MenuItem) -> int:
    rows = [row for menu in payload["menus"] for row in menu["menu_items"]]
    return next(row["price"] for row in rows if row["external_id"] == item.external_id)


def catalog_of(outlet) -> Catalog:
    return Catalog.objects.get(sellings__outlet=outlet)
