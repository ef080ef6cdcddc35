"""Which timed prices run at a moment: the one place that says so, for trees, versions and pages."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.models import ExternalId, MenuItem, OutletCatalog, TimedPlace

Payload = dict[str, Any]
# What of a version's prices are timed: [{"place", "external_id", "price", "base", "label"}].
Entries = list[dict[str, Any]]


def running(at: datetime) -> QuerySet[TimedPlace]:
    """The places that run at the moment, of the catalogs that their outlets sell.

    What was proven to be over stays over, whatever a clock says that goes after another: nobody would end it again.
    """
    now = TimedPlace.objects.filter(on=True, ended_at__isnull=True, starts_at__lte=at, ends_at__gt=at)
    return now.filter(outlet__selling__catalog=F("timed_price__catalog")).select_related("timed_price")


def running_at(
    catalog_pk: int, outlets: Collection[Outlet], at: datetime
) -> dict[int, dict[int, TimedPlace]]:
    """By outlet pk and item pk what runs there at the moment; one query."""
    found: dict[int, dict[int, TimedPlace]] = defaultdict(dict)
    rows = running(at).filter(timed_price__catalog=catalog_pk, outlet__in=outlets)
    for place in rows:
        found[place.outlet_id][place.thing] = place
    return found


def running_by_id(outlet: Outlet, at: datetime) -> dict[str, TimedPlace]:
    """What runs at the outlet by each external_id that its item has or had; three queries."""
    of = {place.thing: place for place in running(at).filter(outlet=outlet)}
    if not of:
        return {}
    return {name: of[thing] for name, thing in _things_by_id(outlet, of).items()}


def _things_by_id(outlet: Outlet, things: Collection[int]) -> dict[str, int]:
    """The items by each external_id that they have or had; three queries."""
    catalog = OutletCatalog.objects.values_list("catalog_id", flat=True).get(outlet=outlet)
    names = ExternalId.objects.filter(catalog=catalog, kind=ExternalId.Kind.ITEM, thing__in=things)
    found = {name: thing for name, thing in names.values_list("external_id", "thing") if thing}
    items = MenuItem.objects.filter(catalog=catalog, pk__in=things, external_id__isnull=False)
    return found | {name: pk for name, pk in items.values_list("external_id", "pk") if name}


def turning(outlet: Outlet, before: Entries, now: Entries) -> set[str]:
    """The external_ids of the items whose price a turn sets: it begins or ends between the two menus.

    So does one of which a menu may have arrived without our knowing: nobody else's price is taken for it.
    """
    going_on = {row["place"] for row in before} & {row["place"] for row in now}
    begun = TimedPlace.objects.filter(outlet=outlet, begun_at__isnull=False, ended_at__isnull=True)
    things = set(begun.exclude(pk__in=going_on).values_list("thing", flat=True))
    named = {row["external_id"] for row in (*before, *now) if row["place"] not in going_on}
    return named | _things_by_id(outlet, things).keys() if things else named


def is_over(now: datetime) -> Q:
    return Q(ends_at__lte=now) | Q(on=False)


def ends_one(outlet: Outlet) -> bool:
    """Whether a timed price that is over may still be on GoFood."""
    begun = TimedPlace.objects.filter(outlet=outlet, begun_at__isnull=False, ended_at__isnull=True)
    return begun.filter(is_over(timezone.now())).exists()


def entry(place: TimedPlace, external_id: str, base: int) -> dict[str, Any]:
    """How a version keeps that this price of it is a timed one."""
    return {
        "place": place.pk,
        "external_id": external_id,
        "price": place.price,
        "base": base,
        "label": place.timed_price.label,
    }


def bases_of(entries: Entries) -> dict[str, int]:
    """By external_id what is to come back when the timed price is over."""
    return {row["external_id"]: row["base"] for row in entries}


def retimed(payload: Payload, entries: Entries, now: dict[str, TimedPlace]) -> tuple[Payload, Entries]:
    """The payload with the timed prices of `now` in place of those it was frozen with; nothing else differs."""
    bases, found = bases_of(entries), Entries()

    def of_now(item: dict[str, Any]) -> dict[str, Any]:
        name = item["external_id"]
        base = bases.get(name, item["price"])
        place = now.get(name)
        if place is not None:
            found.append(entry(place, name, base))
        return {**item, "price": base if place is None else place.price}

    menus = [
        {**menu, "menu_items": [of_now(item) for item in menu["menu_items"]]} for menu in payload["menus"]
    ]
    return {**payload, "menus": menus}, found


def coming(outlets: Sequence[Outlet], at: datetime) -> QuerySet[TimedPlace]:
    """What runs at these outlets, or is still to come, the next first."""
    rows = TimedPlace.objects.filter(on=True, outlet__in=outlets, ends_at__gt=at)
    rows = rows.filter(outlet__selling__catalog=F("timed_price__catalog"))
    return rows.select_related("timed_price", "outlet").order_by("starts_at", "pk")


def next_turn(outlet: Outlet) -> datetime | None:
    """When a timed price begins or ends next at the outlet: then its menu is sent by itself."""
    now = timezone.now()
    moments = coming([outlet], now).values_list("starts_at", "ends_at")
    return min((at for row in moments for at in row if at > now), default=None)


def note_unsent(outlet: Outlet, entries: Entries) -> None:
    """That menu is not on its way any more: what still runs has to be begun again."""
    places = TimedPlace.objects.filter(pk__in=[row["place"] for row in entries], outlet=outlet)
    if entries:
        places.filter(on=True, ends_at__gt=timezone.now(), ended_at__isnull=True).update(begun_at=None)


def note_queued(outlet: Outlet, entries: Entries) -> None:
    """A menu with these timed prices is on its way: from now on each of them has to be ended."""
    places = TimedPlace.objects.filter(
        pk__in=[row["place"] for row in entries], outlet=outlet, begun_at__isnull=True
    )
    if entries:
        places.update(begun_at=timezone.now(), problem="")
