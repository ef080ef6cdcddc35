"""What is off at outlets, until when, and how far each switch is on its way: for the pages and the morning mail."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from gobiz_admin.merchants.models import Outlet, User
from menus.models import IngredientOut, MenuItem, OutletCatalog, StockOff, StockSwitch, Variant
from menus.stock_effect import MODELS, Key, Outs, by_hand, effective, hands_at, outs_at, pks_of

Thing = MenuItem | Variant
Place = tuple[int | None, Key]
MOST_FOUND = 60


@dataclass(frozen=True)
class Mark:
    """What a stock switch says beside itself: why it is off, until when, and the switch that is not done yet.

    `off`: by hand, where anything is known of that; `outs`: what it is made of and is out there.
    """

    off: StockOff | None = None
    switch: StockSwitch | None = None
    outs: Sequence[IngredientOut] = ()
    by_hand: bool = True

    @property
    def in_stock(self) -> bool:
        return effective(self.by_hand, self.outs)


@dataclass
class Marks:
    """The marks of outlets: one load for a whole page."""

    offs: dict[Place, StockOff] = field(default_factory=dict)
    switches: dict[Place, StockSwitch] = field(default_factory=dict)
    outs: Outs = field(default_factory=Outs)

    def at(self, outlet: Outlet | None, kind: str, pk: int, switched_on: bool) -> Mark:
        """`switched_on`: by hand, at the outlet."""
        key = (kind, pk)
        place = (outlet.pk if outlet else None, key)
        off = None if switched_on else self.offs.get(place) or self.offs.get((None, key))
        return Mark(off, self.switches.get(place), self.outs.of(place[0], key), switched_on)


def marks_of(outlets: Collection[Outlet], catalogs: Collection[int]) -> Marks:
    """Four queries, whatever there is."""
    of_catalog = Q(item__catalog__in=catalogs) | Q(variant__catalog__in=catalogs)
    here = Q(outlet__in=outlets) | Q(outlet__isnull=True)
    offs = StockOff.objects.filter(of_catalog, here).select_related("by")
    open_ones = StockSwitch.objects.filter(of_catalog, outlet__in=outlets).exclude(
        state=StockSwitch.State.DONE
    )
    return Marks(
        {(row.outlet_id, row.key): row for row in offs},
        {(row.outlet_id, row.key): row for row in open_ones},
        outs_at(outlets),
    )


@dataclass(frozen=True)
class Line:
    """A thing at an outlet; `outlet` None: at all that sell its catalog. `under`: its menu, or category."""

    outlet: Outlet | None
    kind: str
    thing: Thing
    under: str
    mark: Mark

    @property
    def in_stock(self) -> bool:
        return self.mark.in_stock

    @property
    def since(self) -> datetime | None:
        """Since when it is off, whatever the reason; None: nobody knows."""
        if not self.mark.by_hand:
            return self.mark.off.since if self.mark.off else None
        return min((out.since for out in self.mark.outs), default=None)

    @property
    def until_somebody_says(self) -> bool:
        """Whether nothing ends it by itself: neither the hand that switched it off, nor what it is made of."""
        by_itself = self.mark.by_hand or (self.mark.off is not None and self.mark.off.back_at is not None)
        return not by_itself or any(out.back_at is None for out in self.mark.outs)

    @property
    def by(self) -> User | None:
        """Who switched it, or what it is made of, off."""
        if not self.mark.by_hand:
            return self.mark.off.by if self.mark.off else None
        return self.mark.outs[0].by if self.mark.outs else None


def off_lines(outlets: Collection[Outlet]) -> list[tuple[Outlet, list[Line]]]:
    """Outlet by outlet what is off there, the longest first; a constant number of queries."""
    catalog_of = dict(
        OutletCatalog.objects.filter(outlet__in=outlets, imported_at__isnull=False).values_list(
            "outlet_id", "catalog_id"
        )
    )
    catalogs = set(catalog_of.values())
    marks = marks_of(outlets, catalogs)
    own = hands_at(outlets)
    lines: dict[int, list[Line]] = defaultdict(list)
    for kind, things in _maybe_off(catalogs, own, marks.outs).items():
        for thing, under in things:
            for outlet in outlets:
                if catalog_of.get(outlet.pk) != thing.catalog_id:
                    continue
                hand = by_hand(thing.in_stock, own.get((outlet.pk, (kind, thing.pk))))
                mark = marks.at(outlet, kind, thing.pk, hand)
                if not mark.in_stock:
                    lines[outlet.pk].append(Line(outlet, kind, thing, under, mark))
    return [(outlet, _longest_first(lines[outlet.pk])) for outlet in outlets if outlet.pk in catalog_of]


def failed_lines(outlets: Collection[Outlet]) -> list[StockSwitch]:
    """The switches that GoFood did not take, and that nobody has tried again."""
    failed = StockSwitch.objects.filter(outlet__in=outlets, state=StockSwitch.State.FAILED)
    return list(failed.select_related("outlet", "item", "variant").order_by("-requested_at", "pk"))


def found_lines(outlet: Outlet | None, catalogs: Collection[int], words: str) -> list[Line]:
    """What has all the words in its name, at the outlet or at all; at most MOST_FOUND of each kind."""
    matching = Q()
    for word in words.split()[:8]:
        matching &= Q(name__icontains=word) | Q(external_id__iexact=word)
    items = MenuItem.objects.filter(matching, catalog__in=catalogs).annotate(under=F("menu__name"))
    variants = Variant.objects.filter(matching, catalog__in=catalogs).annotate(under=F("category__name"))
    own = hands_at([outlet] if outlet else [])
    marks = marks_of([outlet] if outlet else [], catalogs)
    lines = []
    for kind, rows in (("item", items), ("variant", variants)):
        for thing in rows.order_by("name", "pk")[:MOST_FOUND]:
            hand = by_hand(thing.in_stock, own.get((outlet.pk, (kind, thing.pk))) if outlet else None)
            lines.append(Line(outlet, kind, thing, thing.under, marks.at(outlet, kind, thing.pk, hand)))
    return lines


def items_off(outlets: Collection[Outlet]) -> dict[int, int]:
    """How many items are off at each outlet that has a menu; five queries."""
    rows = OutletCatalog.objects.filter(outlet__in=outlets)
    catalog_of = dict(rows.values_list("outlet_id", "catalog_id"))
    own, outs = hands_at(outlets, item__isnull=False), outs_at(outlets)
    off = _maybe_off_of("item", set(catalog_of.values()), _off_keys(own, outs)).values_list(
        "pk", "catalog_id", "in_stock"
    )
    count = dict.fromkeys(catalog_of, 0)
    by_catalog: dict[int, list[tuple[Key, bool]]] = defaultdict(list)
    for pk, catalog, in_stock in off:
        by_catalog[catalog].append((("item", pk), in_stock))
    for outlet, catalog in catalog_of.items():
        for key, base in by_catalog[catalog]:
            count[outlet] += not effective(by_hand(base, own.get((outlet, key))), outs.of(outlet, key))
    return count


def _maybe_off(
    catalogs: Collection[int], own: Mapping[tuple[int, Key], bool], outs: Outs
) -> dict[str, Iterable[tuple[Thing, str]]]:
    """Whatever may be off somewhere, with what it stands under."""
    keys = _off_keys(own, outs)
    found: dict[str, Iterable[tuple[Thing, str]]] = {}
    for kind, above in (("item", "menu__name"), ("variant", "category__name")):
        rows = _maybe_off_of(kind, catalogs, keys).annotate(under=F(above))
        found[kind] = [(thing, thing.under) for thing in rows.order_by("name", "pk")]
    return found


def _off_keys(own: Mapping[tuple[int, Key], bool], outs: Outs) -> set[Key]:
    return {key for (_, key), in_stock in own.items() if not in_stock} | outs.bearing.keys()


def _maybe_off_of(kind: str, catalogs: Collection[int], keys: Collection[Key]) -> QuerySet[Any]:
    rows: QuerySet[Any] = MODELS[kind].objects.filter(catalog__in=catalogs)
    return rows.filter(Q(in_stock=False) | Q(pk__in=pks_of(keys, kind)))


def _longest_first(lines: list[Line]) -> list[Line]:
    """What is off since nobody knows when comes first: it is forgotten most easily."""
    return sorted(lines, key=lambda line: line.since.timestamp() if line.since else 0)
