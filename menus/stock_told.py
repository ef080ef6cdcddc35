"""What GoFood was last told about stock: by the menu that it took, and by the switches since.

Version 0 is the live menu as it was found: its rows may have no external_id, and then GoBiz's own id is
the key of a switch (gobiz-api.md, "Stock").
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from gobiz_admin.merchants.models import Outlet
from menus.live_menu import external_id_of
from menus.models import CatalogVersion, Mapped, StockSwitch, Sync
from menus.text import clean

Row = dict[str, Any]
# By (kind, external_id) whether it is in stock.
Told = dict[tuple[str, str | None], bool]
State = StockSwitch.State


@dataclass(frozen=True)
class Known:
    """A thing that GoFood has: how a switch names it, and what the menu that it took said of its stock."""

    key: dict[str, str]
    in_stock: bool


@dataclass
class KnownMenu:
    """The items and variants that GoFood has of an outlet's menu."""

    by_external_id: dict[tuple[str, str], Known] = field(default_factory=dict)
    by_gobiz_id: dict[tuple[str, str], Known] = field(default_factory=dict)

    def row_of(self, kind: str, thing: Mapped) -> Known | None:
        """By external_id, then by GoBiz id; never by name: a wrong switch takes a dish off the menu."""
        return self.by_external_id.get((kind, thing.external_id or "")) or self.by_gobiz_id.get(
            (kind, thing.gobiz_id)
        )

    def add(self, kind: str, row: Row) -> None:
        external_id, gobiz_id = external_id_of(row), clean(row.get("id"))
        in_stock = row.get("in_stock") is not False
        if external_id:
            known = Known({"external_id": external_id}, in_stock)
            self.by_external_id.setdefault((kind, external_id), known)
        elif gobiz_id:
            known = Known({"id": gobiz_id}, in_stock)
        else:
            return
        if gobiz_id:
            self.by_gobiz_id.setdefault((kind, gobiz_id), known)


def known_menu(outlet: Outlet) -> KnownMenu:
    """What GoFood took last, else the live menu as it was found; two queries. Empty: nothing is known."""
    sync = _taken(outlet).select_related("version").first()
    version = sync.version if sync else CatalogVersion.objects.filter(outlet=outlet, number=0).first()
    menu = KnownMenu()
    for kind, row in stock_rows(_with_our_stock(version) if version else {}):
        menu.add(kind, row)
    return menu


def _with_our_stock(version: CatalogVersion) -> Row:
    """What was sent, with the stock that we wanted: what others switched on GoFood is not switched back for that."""
    payload: Row = version.payload
    return with_told(payload, stock_in(version.own or {}))


def stock_rows(payload: Row) -> Iterator[tuple[str, Row]]:
    """(kind, row) of each item and variant in a payload, or in the data of GET catalog."""
    for menu in _rows(payload, "menus"):
        yield from (("item", item) for item in _rows(menu, "menu_items"))
    for category in _rows(payload, "variant_categories"):
        yield from (("variant", variant) for variant in _rows(category, "variants"))


def stock_in(payload: Row) -> Told:
    """What a payload, or the data of GET catalog, says of stock."""
    return {
        (kind, external_id_of(row)): row.get("in_stock") is not False for kind, row in stock_rows(payload)
    }


def with_switches(outlet: Outlet, payload: Row, since: datetime | None, live: Row | None = None) -> Row:
    """The payload of a version with what was switched at the outlet since `since` (None: ever).

    With `live`, a reading of the menu, the stock that it shows is right wherever a switch was sent or is
    open since: whether the menu is there does not hang on which of the two came last.
    """
    shown, wanted = stock_in(live or {}), Told()
    for name, told in switched_since(outlet, since).items():
        stands = told if live is None else shown.get(name)
        if stands is not None:
            wanted[name] = stands
    return with_told(payload, wanted)


def switched_since(outlet: Outlet, since: datetime | None) -> dict[tuple[str, str | None], bool | None]:
    """Of what was switched at the outlet since `since` (None: ever), or is being switched: what GoFood was told."""
    older = Q(state=State.DONE, told_at__lt=since) if since else Q(pk__in=[])
    touched = StockSwitch.objects.filter(outlet=outlet).exclude(older).select_related("item", "variant")
    named = ((switch, switch.item or switch.variant) for switch in touched)
    return {
        (switch.key[0], thing.external_id): switch.told
        for switch, thing in named
        if thing is not None and thing.external_id
    }


def as_told(outlet: Outlet, payload: Row) -> Row:
    """The payload that GoFood took last, with what was switched there since: what it should show now."""
    return with_told(payload, told_since_taken([outlet]).get(outlet.pk, {}))


def with_told(payload: Row, told: Told) -> Row:
    """The payload with this stock; what is not named stays as it is."""
    return _overlaid(payload, told) if told else payload


def told_since_taken(outlets: Collection[Outlet]) -> dict[int, Told]:
    """By outlet pk what GoFood was told by switches since it took a menu last; two queries."""
    taken = dict(
        Sync.objects.filter(outlet__in=outlets, accepted_at__isnull=False)
        .order_by("outlet_id", "-accepted_at", "-pk")
        .distinct("outlet_id")
        .values_list("outlet_id", "accepted_at")
    )
    switches = StockSwitch.objects.filter(outlet__in=outlets, told__isnull=False)
    found: dict[int, Told] = defaultdict(dict)
    for switch in switches.select_related("item", "variant"):
        since = taken.get(switch.outlet_id)
        if since is None or (switch.told_at and switch.told_at >= since):
            external_id = switch.thing.external_id if switch.thing else None
            if external_id:
                found[switch.outlet_id][switch.key[0], external_id] = bool(switch.told)
    return dict(found)


def _taken(outlet: Outlet) -> QuerySet[Sync]:
    """What GoFood took of the outlet, the newest first."""
    return Sync.objects.filter(outlet=outlet, accepted_at__isnull=False).order_by("-accepted_at", "-pk")


def _overlaid(payload: Row, wanted: Told) -> Row:
    def of(kind: str, row: Row) -> Row:
        in_stock = wanted.get((kind, external_id_of(row)))
        return row if in_stock is None else {**row, "in_stock": in_stock}

    def inner(kind: str, holder: Row, name: str) -> Row:
        return {**holder, name: [of(kind, row) for row in _rows(holder, name)]}

    return {
        **payload,
        "menus": [inner("item", menu, "menu_items") for menu in _rows(payload, "menus")],
        "variant_categories": [
            inner("variant", category, "variants") for category in _rows(payload, "variant_categories")
        ],
    }


def _rows(holder: Row, name: str) -> list[Row]:
    rows = holder.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
