"""What is off at outlets, until when, and how far each switch is on its way: for the pages and the morning mail."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import F, Q

from gobiz_admin.merchants.models import Outlet
from menus.models import MenuItem, OutletCatalog, OutletOverride, StockOff, StockSwitch, Variant
from menus.stock_effect import Key

Thing = MenuItem | Variant
Place = tuple[int | None, Key]
MOST_FOUND = 60


@dataclass(frozen=True)
class Mark:
    """What a stock switch says beside itself: until when it is off, and the switch that is not done yet."""

    off: StockOff | None = None
    switch: StockSwitch | None = None


@dataclass
class Marks:
    """The marks of outlets: one load for a whole page."""

    offs: dict[Place, StockOff] = field(default_factory=dict)
    switches: dict[Place, StockSwitch] = field(default_factory=dict)

    def at(self, outlet: Outlet | None, kind: str, pk: int, in_stock: bool) -> Mark:
        place = (outlet.pk if outlet else None, (kind, pk))
        off = None if in_stock else self.offs.get(place) or self.offs.get((None, (kind, pk)))
        return Mark(off, self.switches.get(place))


def marks_of(outlets: Collection[Outlet], catalogs: Collection[int]) -> Marks:
    """Two queries, whatever there is."""
    of_catalog = Q(item__catalog__in=catalogs) | Q(variant__catalog__in=catalogs)
    here = Q(outlet__in=outlets) | Q(outlet__isnull=True)
    offs = StockOff.objects.filter(of_catalog, here).select_related("by")
    open_ones = StockSwitch.objects.filter(of_catalog, outlet__in=outlets).exclude(
        state=StockSwitch.State.DONE
    )
    return Marks(
        {(row.outlet_id, row.key): row for row in offs}, {(row.outlet_id, row.key): row for row in open_ones}
    )


@dataclass(frozen=True)
class Line:
    """A thing at an outlet; `outlet` None: at all that sell its catalog. `under`: its menu, or category."""

    outlet: Outlet | None
    kind: str
    thing: Thing
    under: str
    in_stock: bool
    mark: Mark


def off_lines(outlets: Collection[Outlet]) -> list[tuple[Outlet, list[Line]]]:
    """Outlet by outlet what is off there, the longest first; a constant number of queries."""
    catalog_of = dict(
        OutletCatalog.objects.filter(outlet__in=outlets, imported_at__isnull=False).values_list(
            "outlet_id", "catalog_id"
        )
    )
    catalogs = set(catalog_of.values())
    marks = marks_of(outlets, catalogs)
    own = _own_stock(outlets)
    lines: dict[int, list[Line]] = defaultdict(list)
    for kind, things in _maybe_off(catalogs, own).items():
        for thing, under in things:
            for outlet in outlets:
                if catalog_of.get(outlet.pk) != thing.catalog_id:
                    continue
                in_stock = own.get((outlet.pk, (kind, thing.pk)), thing.in_stock)
                if not in_stock:
                    mark = marks.at(outlet, kind, thing.pk, in_stock)
                    lines[outlet.pk].append(Line(outlet, kind, thing, under, in_stock, mark))
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
    own = _own_stock([outlet] if outlet else [])
    marks = marks_of([outlet] if outlet else [], catalogs)
    lines = []
    for kind, rows in (("item", items), ("variant", variants)):
        for thing in rows.order_by("name", "pk")[:MOST_FOUND]:
            at = own.get((outlet.pk if outlet else None, (kind, thing.pk)), thing.in_stock)
            lines.append(Line(outlet, kind, thing, thing.under, at, marks.at(outlet, kind, thing.pk, at)))
    return lines


def _own_stock(outlets: Collection[Outlet]) -> dict[Place, bool]:
    rows = OutletOverride.objects.filter(outlet__in=outlets, in_stock__isnull=False)
    return {
        (outlet, ("item", item) if item else ("variant", variant)): bool(in_stock)
        for outlet, item, variant, in_stock in rows.values_list(
            "outlet_id", "item_id", "variant_id", "in_stock"
        )
    }


def _maybe_off(catalogs: Collection[int], own: dict[Place, bool]) -> dict[str, Iterable[tuple[Thing, str]]]:
    off_here: dict[str, set[int]] = {"item": set(), "variant": set()}
    for (_, (kind, pk)), in_stock in own.items():
        if not in_stock:
            off_here[kind].add(pk)
    found: dict[str, Iterable[tuple[Thing, str]]] = {}
    for kind, rows in (
        ("item", MenuItem.objects.annotate(under=F("menu__name"))),
        ("variant", Variant.objects.annotate(under=F("category__name"))),
    ):
        off = rows.filter(Q(in_stock=False) | Q(pk__in=off_here[kind]), catalog__in=catalogs)  # type: ignore[attr-defined]
        found[kind] = [(thing, thing.under) for thing in off.order_by("name", "pk")]
    return found


def _longest_first(lines: list[Line]) -> list[Line]:
    """What is off since nobody knows when comes first: it is forgotten most easily."""
    return sorted(lines, key=lambda line: line.mark.off.since.timestamp() if line.mark.off else 0)
