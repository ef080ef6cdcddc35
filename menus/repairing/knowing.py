"""What we know of each name that GoFood found no mapping for, and what we propose.

The number of queries is the same for one alert and for hundreds, at however many outlets.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q

from gobiz_admin.merchants.models import Outlet
from menus.confirmed import ConfirmedMenu, confirmed_menus
from menus.ids import propose
from menus.live_menu import external_id_of
from menus.models import ExternalId, MappingAlertName, MenuItem, OutletCatalog, OutletOverride, Variant
from menus.repairing.choices import ADOPT, GONE, LEAVE, RESEND, SHOW, as_row
from menus.repairing.readings import Seen, seen_on_gofood
from menus.text import clean, folded

Kind = ExternalId.Kind
# Kind and folded name.
Key = tuple[str, str]


def key_of(row: MappingAlertName) -> Key:
    return row.kind, folded(row.name)


@dataclass(frozen=True)
class Own:
    """A row of ours. `proposal`: the external_id that it gets, where it has none."""

    kind: str
    pk: int
    name: str
    internal_name: str
    where: str
    external_id: str
    gobiz_id: str
    proposal: str = ""

    @property
    def id_to_be(self) -> str:
        return self.external_id or self.proposal


@dataclass(frozen=True)
class Live:
    """A row of GoFood's menu as it was read; `ours`: the row of ours that has its ids, if any."""

    name: str
    where: str
    external_id: str
    ours: Own | None = None


@dataclass(frozen=True)
class Known:
    """Of one name at one outlet. `code`:

    never_confirmed (here, and no confirmed menu had it), lost (a confirmed menu had it), hidden (here, and
    hidden at this outlet), only_on_gofood, ambiguous (several of that name), unknown (nowhere), no_menu (the
    outlet's menu was never imported). `choices`: what can be done, the proposed one first.
    """

    code: str
    own: tuple[Own, ...] = ()
    live: tuple[Live, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def proposed(self) -> str:
        return self.choices[0] if self.choices else LEAVE

    @property
    def shown(self) -> tuple[Any, ...]:
        """The same where a person sees the same and chooses the same, in whichever catalog it is."""
        own = tuple((row.name, row.where, row.external_id, row.proposal) for row in self.own)
        live = tuple((row.name, row.where, row.external_id, row.ours is None) for row in self.live)
        return self.code, own, live, self.choices

    @property
    def is_certain(self) -> bool:
        """Whether there is nothing to choose: it only has to be sent."""
        return self.code in ("never_confirmed", "lost") and self.proposed == RESEND


@dataclass
class _Catalog:
    """A catalog's rows by the names that they bear and the ids that they have."""

    by_name: dict[Key, list[Own]] = field(default_factory=lambda: defaultdict(list))
    by_external_id: dict[tuple[str, str], Own] = field(default_factory=dict)
    by_gobiz_id: dict[tuple[str, str], Own] = field(default_factory=dict)
    rows: dict[str, list[Own]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: Own) -> None:
        self.rows[row.kind].append(row)
        for name in {folded(row.name), folded(row.internal_name)} - {""}:
            self.by_name[row.kind, name].append(row)
        if row.external_id:
            self.by_external_id[row.kind, row.external_id] = row
        if row.gobiz_id:
            self.by_gobiz_id[row.kind, row.gobiz_id] = row


class Knowledge:
    """Of these outlets' menus, here and on GoFood; ask it with `of`."""

    def __init__(self, outlets: Sequence[Outlet], keys: Iterable[Key]) -> None:
        self.keys = set(keys)
        rows = OutletCatalog.objects.filter(outlet__in=outlets).select_related("catalog")
        self.sellings = {selling.outlet_id: selling for selling in rows}
        self.catalogs = _catalogs({selling.catalog_id for selling in self.sellings.values()}, self.keys)
        self.hidden = _hidden(outlets)
        self.confirmed = confirmed_menus(outlets)
        self.readings = seen_on_gofood(outlets)
        self._live = {pk: _live_rows(reading, self.keys) for pk, reading in self.readings.items()}

    def selling(self, outlet_pk: int) -> OutletCatalog | None:
        """What the outlet sells, once its live menu was read in whole."""
        selling = self.sellings.get(outlet_pk)
        return selling if selling is not None and selling.imported_at is not None else None

    def names_here(self, outlet_pk: int, kind: str) -> list[str]:
        """The names of ours of that kind, of which a name of GoFood's may be another one."""
        return sorted({row.name for row in self._rows_here(outlet_pk, kind)})

    def here(self, outlet_pk: int, kind: str, typed: str) -> list[Own]:
        """The rows of ours of that kind with this id, else with this name."""
        rows = self._rows_here(outlet_pk, kind)
        by_id = [row for row in rows if row.external_id and row.external_id == typed]
        return by_id or [row for row in rows if folded(row.name) == folded(typed)]

    def _rows_here(self, outlet_pk: int, kind: str) -> list[Own]:
        selling = self.selling(outlet_pk)
        return self.catalogs[selling.catalog_id].rows[kind] if selling else []

    def of(self, outlet_pk: int, key: Key) -> Known:
        """What is known of the name at the outlet."""
        selling = self.selling(outlet_pk)
        if selling is None:
            return Known("no_menu")
        catalog = self.catalogs[selling.catalog_id]
        own = catalog.by_name.get(key, [])
        shown = [row for row in own if (outlet_pk, row.kind, row.pk) not in self.hidden]
        live = [_recognised(row, catalog, key[0]) for row in self._live.get(outlet_pk, {}).get(key, ())]
        if shown:
            return _known_here(shown, live, key in self.confirmed.get(outlet_pk, ConfirmedMenu()).mapped)
        if own:
            return Known(
                "hidden", tuple(own), tuple(live), (SHOW, GONE, LEAVE) if len(own) == 1 else (LEAVE,)
            )
        return _known_there(live) if live else Known("unknown", choices=(LEAVE, GONE))


def _known_here(shown: list[Own], live: list[Live], was_confirmed: bool) -> Known:
    strays = [row for row in live if row.ours is None]
    if len(shown) > 1:
        # Each is sent with an id of its own. Which of them GoFood's is, somebody has to say.
        which = tuple(as_row(row.pk) for row in shown) if strays else ()
        return Known("ambiguous", tuple(shown), tuple(live), (RESEND, *which))
    if len(live) > 1 and strays:
        return Known("ambiguous", tuple(shown), tuple(live), (RESEND, ADOPT))
    code = "lost" if was_confirmed else "never_confirmed"
    if strays and strays[0].external_id and not shown[0].external_id:
        # The row takes GoFood's id: orders that name it are recognised at once.
        return Known(code, tuple(shown), tuple(live), (as_row(shown[0].pk), RESEND))
    return Known(code, tuple(shown), tuple(live), (RESEND,))


def _known_there(live: list[Live]) -> Known:
    ours = {row.ours.pk: row.ours for row in live if row.ours is not None}
    if len(live) > 1:
        which = tuple(as_row(pk) for pk in ours)
        return Known("ambiguous", tuple(ours.values()), tuple(live), (ADOPT, *which, GONE, LEAVE))
    if ours:
        # It was given another name in the GoBiz app.
        (row,) = ours.values()
        return Known("only_on_gofood", (row,), tuple(live), (as_row(row.pk), LEAVE))
    return Known("only_on_gofood", (), tuple(live), (ADOPT, GONE, LEAVE))


def _recognised(row: dict[str, Any], catalog: _Catalog, kind: str) -> Live:
    """By GoFood's external_id, else by GoBiz's own id."""
    external_id = external_id_of(row) or ""
    ours = catalog.by_external_id.get((kind, external_id)) or catalog.by_gobiz_id.get(
        (kind, clean(row.get("id")))
    )
    return Live(clean(row.get("name")), row["_where"], external_id, ours)


def _live_rows(reading: Seen, keys: Collection[Key]) -> dict[Key, list[dict[str, Any]]]:
    """GoFood's rows of these names."""
    found: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for kind, row, where in reading.rows():
        names = {folded(clean(row.get(field))) for field in ("name", "internal_name")}
        for name in names - {""}:
            if (kind, name) in keys:
                found[kind, name].append({**row, "_where": where})
    return found


def _hidden(outlets: Sequence[Outlet]) -> set[tuple[int, str, int]]:
    rows = OutletOverride.objects.filter(outlet__in=outlets, hidden=True)
    return {
        (outlet, str(Kind.ITEM if item else Kind.VARIANT), item or variant)
        for outlet, item, variant in rows.values_list("outlet_id", "item_id", "variant_id")
    }


def _catalogs(pks: Collection[int], keys: Collection[Key]) -> dict[int, _Catalog]:
    """By pk; three queries. What bears one of the names and has no id is given the one that it will get."""
    of_items = MenuItem.objects.filter(catalog__in=pks).order_by(
        "menu__position", "menu_id", "position", "pk"
    )
    of_variants = Variant.objects.filter(catalog__in=pks).order_by(
        "category__position", "category_id", "position", "pk"
    )
    taken: dict[tuple[int, str], set[str]] = defaultdict(set)
    ledger = ExternalId.objects.filter(Q(kind=Kind.ITEM) | Q(kind=Kind.VARIANT), catalog__in=pks)
    for catalog, kind, external_id in ledger.values_list("catalog_id", "kind", "external_id"):
        taken[catalog, kind].add(external_id.lower())
    found = {pk: _Catalog() for pk in pks}
    columns = ("catalog_id", "pk", "name", "external_id", "gobiz_id")
    items = of_items.values_list(*columns, F("internal_name"), F("menu__name"))
    variants = of_variants.values_list(*columns, F("category__internal_name"), F("category__name"))
    for kind, rows in ((str(Kind.ITEM), items), (str(Kind.VARIANT), variants)):
        for catalog, pk, name, external_id, gobiz_id, internal_name, where in rows:
            # A variant has no internal name of its own.
            internal = internal_name if kind == Kind.ITEM else ""
            named = {(kind, folded(name)), (kind, folded(internal))}
            proposal = ""
            if not external_id and named & set(keys):
                proposal = propose(kind, name, taken[catalog, kind])
            found[catalog].add(Own(kind, pk, name, internal, where, external_id or "", gobiz_id, proposal))
    return found
