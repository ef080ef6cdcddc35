"""One change for many things at many outlets: shown first, place by place, then made as it was shown."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction

from gobiz_admin.merchants.models import Outlet, User
from menus.locking import lock_catalog
from menus.matrix import Place, load_matrix
from menus.models import Catalog
from menus.overrides import NONE, Values, Wanted, clear_overrides, merged, save_overrides
from menus.text import HIGHEST_PRICE

ROUNDED_TO = 100


@dataclass(frozen=True)
class Verb:
    """`word`: price (`amount` rupiah), percent (of what holds there), stock, hidden (0 or 1), clear."""

    word: str
    amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class Line:
    """A place that changes: what holds there, and what will."""

    place: Place
    price: int
    in_stock: bool
    hidden: bool


@dataclass
class Plan:
    """What a verb would do; `digest` tells this plan from any other."""

    wanted: Wanted = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    unchanged: int = 0

    @property
    def things(self) -> int:
        return len({line.place.thing.pk for line in self.lines})

    @property
    def outlets(self) -> int:
        return len({line.place.outlet.pk for line in self.lines})

    @property
    def digest(self) -> str:
        facts = [
            (line.place.thing.pk, line.place.outlet.pk, line.place.price, line.price, *_switches(line))
            for line in self.lines
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


class PlanChanged(Exception):
    """The menu changed since the plan was shown: `plan` is what would happen now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("the menu changed since")
        self.plan = plan


def plan_many(
    catalog: Catalog, kind: str, pks: Collection[int], outlets: Sequence[Outlet], verb: Verb
) -> Plan:
    """What would change where; a constant number of queries. Things of other catalogs are left out."""
    plan = Plan()
    for group in load_matrix(catalog, outlets, kind, pks):
        for row in group.rows:
            for place in row.places:
                _plan_place(plan, kind, place, verb)
    return plan


def apply_many(
    catalog: Catalog,
    kind: str,
    pks: Collection[int],
    outlets: Sequence[Outlet],
    verb: Verb,
    digest: str,
    user: User | None,
) -> int:
    """At how many places something changed, as it was shown under `digest`; else PlanChanged, and nothing is."""
    with transaction.atomic():
        lock_catalog(catalog.pk)
        plan = plan_many(catalog, kind, pks, outlets, verb)
        if plan.digest != digest:
            raise PlanChanged(plan)
        if verb.word == "clear":
            chosen = {line.place.outlet.pk: line.place.outlet for line in plan.lines}
            return clear_overrides(catalog, plan.wanted, list(chosen.values()), user)
        return save_overrides(catalog, plan.wanted, user)


def _plan_place(plan: Plan, kind: str, place: Place, verb: Verb) -> None:
    values = values_of(verb, kind, place.price)
    row = place.override
    old = {name: getattr(row, name) for name in NONE} if row else None
    new = merged(place.thing, old, values)
    if new == old:
        plan.unchanged += 1
        return
    plan.wanted.setdefault((kind, place.thing.pk), {})[place.outlet.pk] = values
    after = new or NONE
    plan.lines.append(
        Line(
            place,
            place.thing.price if after["price"] is None else after["price"],
            place.thing.in_stock if after["in_stock"] is None else after["in_stock"],
            after["hidden"],
        )
    )


def values_of(verb: Verb, kind: str, price: int) -> Values:
    """What the verb sets at a place where `price` holds."""
    match verb.word:
        case "price":
            return {"price": int(verb.amount)}
        case "percent":
            return {"price": _changed_by(price, verb.amount, kind)}
        case "stock":
            return {"in_stock": bool(verb.amount)}
        case "hidden":
            return {"hidden": bool(verb.amount)}
        case "clear":
            return dict(NONE)
    raise ValueError(verb.word)


def _changed_by(price: int, percent: Decimal, kind: str) -> int:
    """The price raised or lowered to whole hundreds, up to the highest; by 0 percent it stays odd."""
    if not percent:
        return price
    exact = price * (100 + percent) / 100 / ROUNDED_TO
    highest = HIGHEST_PRICE // ROUNDED_TO
    rounded = max(-highest, min(int(exact.to_integral_value(ROUND_HALF_UP)), highest)) * ROUNDED_TO
    return max(rounded, 0) if kind == "item" else rounded


def _switches(line: Line) -> tuple[Any, ...]:
    return line.place.by_hand, line.in_stock, line.place.hidden, line.hidden
