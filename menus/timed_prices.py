"""Planning prices for a while: what they would be, shown first, and then kept; and ending them early.

What was shown is what holds: each place keeps its price, so a change of the item's own price meanwhile changes
nothing before the end, and what was typed to be right is right for all of its time.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus.bulk import new_price
from menus.checks.catalog import known_of
from menus.checks.findings import Sentence
from menus.checks.planned import planned_findings
from menus.locking import lock_catalog
from menus.models import Catalog, Menu, MenuItem, TimedPlace, TimedPrice
from menus.tree import ItemNode, Tree, load_trees
from menus.waking import wake_task

State = TimedPrice.State


class TimedRefused(Exception):
    """Nothing was stored. `code`: changed (since it was shown), untyped (or another number), overlap, below_zero,
    nothing (no price would change), over (the time has passed), gone (ended already)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Wish:
    """`starts`, `ends`: by the clock of each outlet. `how`, `amount`, `round_to` as in `menus.bulk.new_price`."""

    thing: MenuItem | Menu
    outlets: Sequence[Outlet]
    label: str
    how: str
    amount: Decimal
    round_to: int
    starts: datetime
    ends: datetime

    def from_until(self, outlet: Outlet) -> tuple[datetime, datetime]:
        return self.starts.replace(tzinfo=outlet.zone), self.ends.replace(tzinfo=outlet.zone)


@dataclass(frozen=True)
class Line:
    """What becomes of an item at an outlet. `guard`: the code that asks; `error`: the one that forbids."""

    outlet: Outlet
    thing: int
    name: str
    base: int
    price: int
    guard: str = ""
    why: Sentence = ""
    error: str = ""
    overlaps: str = ""


@dataclass
class Plan:
    """`unchanged`: how many prices would be as they are."""

    wish: Wish
    lines: list[Line] = field(default_factory=list)
    unchanged: int = 0

    @property
    def digest(self) -> str:
        """What tells this plan from one of other prices, times or places."""
        wish = self.wish
        times = [wish.starts.isoformat(), wish.ends.isoformat(), wish.label]
        rows = [[line.outlet.pk, line.thing, line.base, line.price, line.guard] for line in self.lines]
        return hashlib.sha256(json.dumps([times, rows]).encode()).hexdigest()[:32]

    @property
    def guarded(self) -> list[Line]:
        return [line for line in self.lines if line.guard]

    @property
    def asks(self) -> int | None:
        """What has to be typed: the price where it is one, else how many are asked about; None when nothing is."""
        questions = {(line.thing, line.price) for line in self.guarded}
        if not questions:
            return None
        return self.guarded[0].price if len(questions) == 1 else len(questions)

    @property
    def asks_price(self) -> bool:
        return len({(line.thing, line.price) for line in self.guarded}) == 1

    @property
    def refused(self) -> str:
        """The code of what forbids it; "" when it may be planned."""
        if not self.lines:
            return "nothing"
        if any(line.overlaps for line in self.lines):
            return "overlap"
        return "below_zero" if any(line.error for line in self.lines) else ""


def make_plan(catalog: Catalog, wish: Wish) -> Plan:
    """What the timed price would be, item by item and outlet by outlet; queries do not grow with the menu."""
    found = Plan(wish)
    trees = load_trees(catalog, wish.outlets)
    others = _others(wish)
    for outlet in wish.outlets:
        tree = trees[outlet.pk]
        known = known_of(tree)
        for node in _chosen(tree, wish.thing):
            price = new_price(node.base_price, wish_values(wish))
            if price == node.base_price:
                found.unchanged += 1
                continue
            error, guard = planned_findings(known, node, price)
            found.lines.append(
                Line(
                    outlet,
                    node.item.pk,
                    node.item.name,
                    node.base_price,
                    price,
                    guard.code if guard else "",
                    (error or guard).sentence if error or guard else "",  # type: ignore[union-attr]
                    error.code if error else "",
                    others.get((outlet.pk, node.item.pk), ""),
                )
            )
    return found


def wish_values(wish: Wish) -> dict[str, Any]:
    return {"how": wish.how, "amount": wish.amount, "round_to": wish.round_to}


def _chosen(tree: Tree, thing: MenuItem | Menu) -> list[ItemNode]:
    """The item, or what stands in the menu; what is hidden at the outlet is not sold there."""
    if isinstance(thing, Menu):
        return [
            node for menu in tree.menus if menu.menu.pk == thing.pk for node in menu.items if not node.hidden
        ]
    return [node for node in tree.items if node.item.pk == thing.pk and not node.hidden]


def _others(wish: Wish) -> dict[tuple[int, int], str]:
    """By outlet and item the timed price that runs at some time of this one; one query."""
    times = Q(pk__in=[])
    for outlet in wish.outlets:
        starts_at, ends_at = wish.from_until(outlet)
        times |= Q(outlet=outlet, starts_at__lt=ends_at, ends_at__gt=starts_at)
    rows = TimedPlace.objects.filter(times, on=True).select_related("timed_price")
    return {(row.outlet_id, row.thing): row.timed_price.label for row in rows}


def plan_timed_price(
    catalog: Catalog, wish: Wish, shown: str, typed: int | None, user: User | None
) -> TimedPrice:
    """The planned price, if it is what was shown and what looks wrong was typed; TimedRefused, and nothing is kept."""
    with transaction.atomic():
        found = make_plan(lock_catalog(catalog.pk), wish)
        _refuse(found, shown, typed)
        timed_price = _keep(catalog, found, user)
        try:
            with transaction.atomic():
                TimedPlace.objects.bulk_create(_places(timed_price, found))
        except IntegrityError as error:
            raise TimedRefused("overlap") from error
        facts = {"label": wish.label, "name": wish.thing.name, "count": len(found.lines)}
        AuditEntry.objects.create(
            merchant_id=catalog.merchant_id, user=user, action="menu.timed_price_planned", facts=facts
        )
        _wake(catalog, {line.outlet.pk for line in found.lines})
    return timed_price


def _refuse(found: Plan, shown: str, typed: int | None) -> None:
    if any(found.wish.from_until(outlet)[1] <= timezone.now() for outlet in found.wish.outlets):
        raise TimedRefused("over")
    if found.refused:
        raise TimedRefused(found.refused)
    if found.digest != shown:
        raise TimedRefused("changed")
    if found.asks is not None and typed != found.asks:
        raise TimedRefused("untyped")


def _keep(catalog: Catalog, found: Plan, user: User | None) -> TimedPrice:
    wish = found.wish
    spans = [wish.from_until(line.outlet) for line in found.lines]
    menu = wish.thing if isinstance(wish.thing, Menu) else None
    return TimedPrice.objects.create(
        catalog=catalog,
        label=wish.label,
        thing=None if menu else wish.thing.pk,
        menu=menu,
        name=wish.thing.name,
        how=wish.how,
        amount=wish.amount,
        round_to=wish.round_to,
        starts_at=min(start for start, _end in spans),
        ends_at=max(end for _start, end in spans),
        confirmations=[
            {
                "code": line.guard,
                "name": line.name,
                "outlet": line.outlet.outlet_id,
                "value": line.price,
                "last": line.base,
            }
            for line in found.guarded
        ],
        created_by=user,
    )


def _places(timed_price: TimedPrice, found: Plan) -> list[TimedPlace]:
    rows = []
    for line in found.lines:
        starts_at, ends_at = found.wish.from_until(line.outlet)
        rows.append(
            TimedPlace(
                timed_price=timed_price,
                outlet=line.outlet,
                thing=line.thing,
                name=line.name,
                price=line.price,
                base=line.base,
                starts_at=starts_at,
                ends_at=ends_at,
            )
        )
    return rows


def end_timed_price(timed_price: TimedPrice, user: User | None) -> TimedPrice:
    """It is over now where it runs, and never begins elsewhere; TimedRefused ("gone") when it was over already."""
    with transaction.atomic():
        lock_catalog(timed_price.catalog_id)
        current = TimedPrice.objects.get(pk=timed_price.pk)
        now = timezone.now()
        if current.state in (State.CANCELLED, State.ENDED) or current.ends_at <= now:
            raise TimedRefused("gone")
        places = TimedPlace.objects.filter(timed_price=current, on=True)
        begun = places.filter(starts_at__lt=now).exists()
        outlets = set(places.values_list("outlet_id", flat=True))
        # Where a menu with it may be on its way it has to be taken out again, begun by the clock or not.
        places.filter(starts_at__gte=now, begun_at__isnull=True).update(on=False, ended_at=now)
        places.filter(starts_at__gte=now).update(on=False)
        places.filter(starts_at__lt=now, ends_at__gt=now).update(ends_at=now)
        current.state, current.ended_by = State.ENDED if begun else State.CANCELLED, user
        if begun:
            current.ends_at = now
        current.save(update_fields=["state", "ended_by", "ends_at"])
        AuditEntry.objects.create(
            merchant_id=current.catalog.merchant_id,
            user=user,
            action="menu.timed_price_ended",
            facts={"label": current.label, "name": current.name},
        )
        _wake(current.catalog, outlets)
    return current


def _wake(catalog: Catalog, outlets: Collection[int]) -> None:
    for outlet in sorted(outlets):
        wake_task("turn_prices", outlet)
    announce(catalog.merchant_id, "menu", catalog=catalog.pk)
