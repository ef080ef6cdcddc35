"""Items, or variants, by outlets: what holds where, and where it differs. Seven queries, however many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.models import (
    Catalog,
    IngredientOut,
    Menu,
    MenuItem,
    OutletOverride,
    TimedPlace,
    Variant,
    VariantCategory,
)
from menus.overrides import key_of
from menus.stock_effect import by_hand, effective, outs_at
from menus.timed_now import running_at


@dataclass(frozen=True)
class Place:
    """A thing at an outlet: what holds there, and what of it is the outlet's own."""

    outlet: Outlet
    thing: Any
    override: OutletOverride | None
    # What it is made of and is out there.
    outs: Sequence[IngredientOut] = ()
    # What it costs there for a while, now; `price` is what it costs without.
    timed: TimedPlace | None = None

    @property
    def price(self) -> int:
        return self.thing.price if not self.own_price else self.override.price  # type: ignore[union-attr, return-value]

    @property
    def by_hand(self) -> bool:
        return by_hand(self.thing.in_stock, self.override.in_stock if self.override else None)

    @property
    def in_stock(self) -> bool:
        return effective(self.by_hand, self.outs)

    @property
    def hidden(self) -> bool:
        return self.override is not None and self.override.hidden

    @property
    def own_price(self) -> bool:
        return self.override is not None and self.override.price is not None

    @property
    def own_stock(self) -> bool:
        return self.override is not None and self.override.in_stock is not None

    @property
    def differs(self) -> bool:
        return self.override is not None


@dataclass
class Row:
    """An item or a variant, with its place at each outlet."""

    kind: str
    thing: Any
    places: list[Place]

    @property
    def differs(self) -> bool:
        return any(place.differs for place in self.places)


@dataclass
class Group:
    """A menu with its items, or a variant category with its variants."""

    owner: Menu | VariantCategory
    rows: list[Row] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        return any(row.differs for row in self.rows)


def load_matrix(
    catalog: Catalog, outlets: Sequence[Outlet], kind: str, pks: Collection[int] | None = None
) -> list[Group]:
    """The menus with their items (`kind` item), or the variant categories with their variants, in order.

    `pks`: only these of them, and only the groups that they stand in.
    """
    things, owner_of = _things(catalog, kind, pks)
    overrides = _overrides(kind, [thing.pk for thing in things], outlets)
    outs = outs_at(outlets)
    # Only items have timed prices.
    timed = running_at(catalog.pk, outlets, timezone.now()) if kind == "item" else {}
    groups: dict[int, Group] = {}
    for thing in things:
        owner = owner_of(thing)
        group = groups.setdefault(owner.pk, Group(owner))
        places = [
            Place(
                outlet,
                thing,
                overrides.get((thing.pk, outlet.pk)),
                outs.of(outlet.pk, (kind, thing.pk)),
                timed.get(outlet.pk, {}).get(thing.pk),
            )
            for outlet in outlets
        ]
        group.rows.append(Row(kind, thing, places))
    return list(groups.values())


def _things(catalog: Catalog, kind: str, pks: Collection[int] | None) -> tuple[list[Any], Any]:
    rows: Any
    if kind == "item":
        order = ("menu__position", "menu__pk", "position", "pk")
        rows = MenuItem.objects.filter(catalog=catalog).select_related("menu").order_by(*order)
    else:
        order = ("category__position", "category__pk", "position", "pk")
        rows = Variant.objects.filter(catalog=catalog).select_related("category").order_by(*order)
    if pks is not None:
        rows = rows.filter(pk__in=pks)
    return list(rows), lambda thing: thing.menu if kind == "item" else thing.category


def _overrides(
    kind: str, pks: Collection[int], outlets: Sequence[Outlet]
) -> dict[tuple[int, int], OutletOverride]:
    rows = OutletOverride.objects.filter(**{f"{kind}__in": pks}, outlet__in=[outlet.pk for outlet in outlets])
    return {(key_of(row)[1], row.outlet_id): row for row in rows}
