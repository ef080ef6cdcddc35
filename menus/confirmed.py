"""What GoFood was last proven to have of an outlet's menu: the prices that a new one is compared with.

Of a timed price it is the price that comes back after it: its beginning and its end are no change of price.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q

from gobiz_admin.merchants.models import Outlet
from menus.live_menu import external_id_of
from menus.models import CatalogVersion, ExternalId, Mapped, Sync
from menus.text import clean, folded, whole_number
from menus.timed_now import bases_of

Kind = ExternalId.Kind
Key = tuple[str, str]


@dataclass(frozen=True)
class ConfirmedRow:
    """An item or a variant, as GoFood has it."""

    price: int
    image: str = ""


@dataclass
class ConfirmedMenu:
    """The items and variants of a confirmed version; empty where nothing was ever confirmed or read."""

    by_external_id: dict[Key, ConfirmedRow] = field(default_factory=dict)
    by_gobiz_id: dict[Key, ConfirmedRow] = field(default_factory=dict)
    # None: several have this name, so that none of them can be meant.
    by_name: dict[Key, ConfirmedRow | None] = field(default_factory=dict)
    # Every name, internal ones too, under which it has an external_id.
    mapped: set[Key] = field(default_factory=set)

    def row_of(self, kind: str, row: Mapped) -> ConfirmedRow | None:
        """Recognised as everywhere: by external_id, then by GoBiz id, then by a name that is there once."""
        return (
            self.by_external_id.get((kind, row.external_id or ""))
            or self.by_gobiz_id.get((kind, row.gobiz_id))
            or self.by_name.get((kind, folded(row.name)))
        )

    def add(self, kind: str, row: dict[str, Any], base: int | None = None) -> None:
        if external_id_of(row):
            given = (clean(row.get("name")), clean(row.get("internal_name")))
            self.mapped |= {(kind, folded(name)) for name in given if name}
        price = whole_number(row.get("price")) if base is None else base
        if price is None:
            return
        confirmed = ConfirmedRow(price, clean(row.get("image")))
        # Two with one id: the first keeps it.
        if external_id := external_id_of(row):
            self.by_external_id.setdefault((kind, external_id), confirmed)
        if gobiz_id := clean(row.get("id")):
            self.by_gobiz_id.setdefault((kind, gobiz_id), confirmed)
        name = (kind, folded(clean(row.get("name"))))
        self.by_name[name] = None if name in self.by_name else confirmed


def confirmed_menu(outlet: Outlet) -> ConfirmedMenu:
    """From the version of the newest confirmed sync, else from the live menu as it was found."""
    return confirmed_menus([outlet])[outlet.pk]


def confirmed_menus(outlets: Sequence[Outlet]) -> dict[int, ConfirmedMenu]:
    """The same by outlet pk; two queries, and each menu that several have is read once."""
    known = CatalogVersion.objects.filter(
        Q(number=0) | Q(syncs__state=Sync.State.CONFIRMED), outlet__in=outlets
    )
    newest = known.order_by(
        "outlet_id", F("syncs__confirmed_at").desc(nulls_last=True), F("syncs__pk").desc(nulls_last=True)
    ).distinct("outlet_id")
    of: dict[int, str] = {}
    first: dict[str, int] = {}
    for version in newest.only("outlet_id", "checksum", "timed", "own"):
        # The same menu with another price to come back is another one.
        facts = [bases_of(version.timed), version.own] if version.timed or version.own else None
        of[version.outlet_id] = version.checksum + (json.dumps(facts) if facts else "")
        first.setdefault(of[version.outlet_id], version.pk)
    versions = CatalogVersion.objects.filter(pk__in=first.values())
    read = {row.pk: read_confirmed(row.ours, bases_of(row.timed)) for row in versions}
    menus = {name: read[pk] for name, pk in first.items()}
    nothing = ConfirmedMenu()
    return {outlet.pk: menus[of[outlet.pk]] if outlet.pk in of else nothing for outlet in outlets}


def read_confirmed(payload: dict[str, Any], bases: dict[str, int] | None = None) -> ConfirmedMenu:
    """The menu in a version's payload; version 0 has the shape of GET catalog, the others of PUT catalog.

    `bases`: by external_id the price without the timed one.
    """
    menu, bases = ConfirmedMenu(), bases or {}
    for section in _rows(payload, "menus"):
        for item in _rows(section, "menu_items"):
            menu.add(Kind.ITEM, item, bases.get(external_id_of(item) or ""))
    for category in _rows(payload, "variant_categories"):
        for variant in _rows(category, "variants"):
            # No price is no addition, as the import reads it.
            menu.add(Kind.VARIANT, variant if variant.get("price") is not None else {**variant, "price": 0})
    return menu


def _rows(holder: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    rows = holder.get(name)
    return (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else iter(())
