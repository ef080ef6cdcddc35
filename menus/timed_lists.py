"""Timed prices as the pages list them: a constant number of queries, however many items and outlets they are for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from gobiz_admin.merchants.models import Outlet
from menus.models import TimedPlace, TimedPrice
from menus.timed_now import coming

State = TimedPrice.State
# Of what is over.
MOST_OVER = 50


@dataclass
class Listed:
    """A timed price with what it comes to. `prices`: base and price where they are the same everywhere."""

    timed_price: TimedPrice
    running: bool
    items: int
    outlets: list[Outlet]
    everywhere: bool
    prices: tuple[int, int] | None
    problems: list[tuple[str, Outlet]]


def listed(catalogs: Collection[int], outlets: Sequence[Outlet], now: datetime) -> dict[str, list[Listed]]:
    """What runs, what is planned, and what is over, of these catalogs at these outlets; six queries."""
    rows = TimedPrice.objects.filter(catalog__in=catalogs, places__outlet__in=outlets).distinct()
    rows = rows.select_related("created_by", "ended_by", "catalog")
    open_ = rows.filter(state__in=[State.PLANNED, State.ACTIVE], ends_at__gt=now)
    over = rows.filter(Q(ends_at__lte=now) | Q(state__in=[State.ENDED, State.CANCELLED]))
    running = list(open_.filter(starts_at__lte=now).order_by("ends_at", "pk"))
    planned = list(open_.filter(starts_at__gt=now).order_by("starts_at", "pk"))
    past = list(over.order_by("-ends_at", "-pk")[:MOST_OVER])
    facts = _facts([row.pk for row in (*running, *planned, *past)])
    sellers = _sellers(catalogs)
    return {
        "running": [_listed(row, facts, sellers, running=True) for row in running],
        "planned": [_listed(row, facts, sellers) for row in planned],
        "over": [_listed(row, facts, sellers) for row in past],
    }


def _facts(pks: list[int]) -> dict[str, Any]:
    places = TimedPlace.objects.filter(timed_price__in=pks)
    sums = places.values("timed_price").annotate(
        items=Count("thing", distinct=True),
        low=Min("price"),
        high=Max("price"),
        base_low=Min("base"),
        base_high=Max("base"),
    )
    at = places.order_by("timed_price_id", "outlet_id").distinct("timed_price_id", "outlet_id")
    outlets: dict[int, set[int]] = {}
    for timed_price, outlet in at.values_list("timed_price_id", "outlet_id"):
        outlets.setdefault(timed_price, set()).add(outlet)
    problems: dict[int, set[tuple[str, int]]] = {}
    for timed_price, problem, outlet in (
        places.exclude(problem="").values_list("timed_price_id", "problem", "outlet_id").distinct()
    ):
        problems.setdefault(timed_price, set()).add((problem, outlet))
    return {"sums": {row["timed_price"]: row for row in sums}, "outlets": outlets, "problems": problems}


def _sellers(catalogs: Collection[int]) -> dict[int, list[Outlet]]:
    found: dict[int, list[Outlet]] = {pk: [] for pk in catalogs}
    rows = Outlet.objects.filter(selling__catalog__in=catalogs).select_related("selling")
    for outlet in rows.order_by("name", "pk"):
        found[outlet.selling.catalog_id].append(outlet)
    return found


def _listed(
    row: TimedPrice, facts: dict[str, Any], sellers: dict[int, list[Outlet]], running: bool = False
) -> Listed:
    sums, pks = facts["sums"][row.pk], facts["outlets"].get(row.pk, set())
    at = [outlet for outlet in sellers[row.catalog_id] if outlet.pk in pks]
    same = sums["low"] == sums["high"] and sums["base_low"] == sums["base_high"]
    of = {outlet.pk: outlet for outlet in at}
    problems = sorted(facts["problems"].get(row.pk, ()))
    return Listed(
        row,
        running,
        sums["items"],
        at,
        len(at) == len(sellers[row.catalog_id]),
        (sums["base_low"], sums["low"]) if same else None,
        [(code, of[outlet]) for code, outlet in problems if outlet in of],
    )


def next_at(outlet: Outlet, now: datetime, things: Collection[int] | None = None) -> QuerySet[TimedPlace]:
    """What runs at the outlet or comes next, of these items or of all."""
    rows = coming([outlet], now)
    return rows if things is None else rows.filter(thing__in=things)
