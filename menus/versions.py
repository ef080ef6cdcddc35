"""Versions of an outlet's menu: frozen when they are published, compared, and brought back."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import Q

from gobiz_admin.merchants.models import Outlet, User
from menus.checks import Check
from menus.differences import counted, differences, from_live, variant_ids
from menus.models import CatalogVersion, MappingAlert, PriceConfirmation, Sync
from menus.pairing import pair
from menus.payload import Payload, checksum, items_of, payload_of, variants_of
from menus.removals import Removal, removal_in
from menus.stock_told import stock_in, with_told
from menus.timed_now import Entries, entry, retimed
from menus.tree import Tree

State = Sync.State
# Of a row without an external_id, and of where it stands.
MakeId = Callable[[str, dict[str, Any]], str | None]


@dataclass(frozen=True)
class Draft:
    """A payload that is about to be frozen, and what was found about it."""

    payload: Payload
    base: CatalogVersion | None
    changes: dict[str, int]
    removal: Removal | None
    hints: dict[str, int]
    timed: Entries = field(default_factory=list)
    own: Payload | None = None
    # Of the payload, where it is known.
    checksum: str = ""


class NotSendable(Exception):
    """A version cannot be sent: GoFood would not know what orders name. `names` have no external_id."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names[:10]))
        self.names = names


def version_on_gofood(outlet: Outlet) -> CatalogVersion | None:
    """The version that GoFood took last, else the live menu as it was found."""
    return versions_on_gofood([outlet]).get(outlet.pk)


def versions_on_gofood(outlets: Sequence[Outlet]) -> dict[int, CatalogVersion]:
    """The same by outlet pk, in three queries; a payload that several have is read once."""
    taken = Sync.objects.filter(outlet__in=outlets, state__in=[State.ACCEPTED, State.CONFIRMED])
    newest = dict(
        taken.order_by("outlet_id", "-pk").distinct("outlet_id").values_list("outlet_id", "version_id")
    )
    rows = CatalogVersion.objects.filter(Q(pk__in=newest.values()) | Q(number=0, outlet__in=outlets))
    found: dict[int, CatalogVersion] = {}
    for version in rows.defer("payload").order_by("number"):
        if version.outlet_id not in newest or newest[version.outlet_id] == version.pk:
            found[version.outlet_id] = version
    read_payloads(found.values())
    return found


def read_payloads(found: Collection[CatalogVersion]) -> None:
    """Fill in the payloads of versions that were read without; one that several have is read once."""
    first = {version.checksum: version.pk for version in found}
    payloads = dict(CatalogVersion.objects.filter(pk__in=first.values()).values_list("checksum", "payload"))
    for version in found:
        version.payload = payloads[version.checksum]


def version_before(version: CatalogVersion) -> CatalogVersion | None:
    """What GoFood had before it took this one: the newest that it took of another menu, else what was found."""
    taken = Sync.objects.filter(
        outlet=version.outlet_id, accepted_at__isnull=False, version__number__lt=version.number
    )
    other = (
        taken.exclude(version__checksum=version.checksum).select_related("version").order_by("-pk").first()
    )
    if other is not None:
        return other.version
    return CatalogVersion.objects.filter(outlet=version.outlet_id, number=0).first()


def comparable(version: CatalogVersion) -> Payload:
    """What was sent, in the shape of a payload; version 0 was kept as GoFood showed it."""
    return version.payload if version.number else from_live(version.payload)


def draft_of(
    base: CatalogVersion | None, old: Payload, payload: Payload, checks: list[Check], timed: Entries
) -> Draft:
    """What publishing the payload would change of `old`, which GoFood has (menus/on_gofood.py).

    `timed`: which of its prices are for a while.
    """
    changes = differences(old, payload)
    return Draft(payload, base, counted(changes), removal_in(old, changes), hints_in(checks), timed)


def timed_in(tree: Tree) -> Entries:
    """The timed prices that run in the tree, as a version keeps them."""
    return [
        entry(node.timed, node.item.external_id or "", node.base_price)
        for node in tree.items
        if node.timed is not None and not node.hidden
    ]


def hints_in(checks: list[Check]) -> dict[str, int]:
    """How many findings of each code stop nothing."""
    return dict(Counter(check.code for check in checks if not check.blocks))


def freeze(
    outlet: Outlet,
    draft: Draft,
    user: User | None,
    note: str = "",
    restores: CatalogVersion | None = None,
    by_clock: bool = False,
) -> CatalogVersion:
    """The outlet's next version. The caller holds the outlet's lock."""
    version = unsaved(outlet, last_numbers([outlet]).get(outlet.pk, 0) + 1, draft, user, note)
    version.restores, version.by_clock = restores, by_clock
    version.save()
    return version


def last_numbers(outlets: Sequence[Outlet]) -> dict[int, int]:
    """The number of each outlet's newest version, by outlet pk."""
    rows = CatalogVersion.objects.filter(outlet__in=outlets).order_by("outlet_id", "-number")
    return dict(rows.distinct("outlet_id").values_list("outlet_id", "number"))


def unsaved(outlet: Outlet, number: int, draft: Draft, user: User | None, note: str) -> CatalogVersion:
    """A version that is not stored yet."""
    return CatalogVersion(
        outlet=outlet,
        number=number,
        payload=draft.payload,
        checksum=draft.checksum or checksum(draft.payload),
        note=note[:200],
        changes=draft.changes,
        timed=draft.timed,
        own=draft.own,
        hints=draft.hints,
        confirmations=_confirmations(outlet, draft, user),
        created_by=user,
    )


def _confirmations(outlet: Outlet, draft: Draft, user: User | None) -> list[dict[str, Any]]:
    """What was typed to be right since the version that GoFood has, and the removal, if one was asked for."""
    given = PriceConfirmation.objects.filter(outlet=outlet).select_related("confirmed_by", "item", "variant")
    if draft.base is not None:
        given = given.filter(confirmed_at__gt=draft.base.created_at)
    rows = [
        {
            "code": row.code,
            "name": row.item.name if row.item else row.variant.name if row.variant else "",
            "value": row.value if row.item_id or row.variant_id else "",
            "by": row.confirmed_by.email if row.confirmed_by else "",
            "at": row.confirmed_at.isoformat(),
        }
        for row in given.order_by("pk")
    ]
    if draft.removal is not None:
        by = user.email if user else ""
        rows.append({"code": "removal", "name": "", "value": str(draft.removal.count), "by": by, "at": ""})
    return rows


def same_on_its_way(outlet: Outlet, draft: Draft, changed_there: bool = False) -> Sync | None:
    """The outlet's newest sync if it carries, or has proven, exactly this payload, with the same to come back after
    timed prices.

    None after a failed one, and where GoFood has lost since what it was proven to have, or where somebody
    changed it there (`changed_there`).
    """
    newest = Sync.objects.filter(outlet=outlet).exclude(state=State.SUPERSEDED)
    sync = newest.select_related("version").defer("version__payload").order_by("-pk").first()
    if sync is None or sync.state == State.FAILED or sync.version.checksum != checksum(draft.payload):
        return None
    if sync.version.timed != draft.timed:
        return None
    if sync.state == State.CONFIRMED and (changed_there or _lost_since(sync)):
        return None
    return sync


def _lost_since(sync: Sync) -> bool:
    """An order could not be delivered since: its mapping is not there any more."""
    if sync.confirmed_at is None:
        return False
    alerts = MappingAlert.objects.filter(outlet=sync.outlet_id, state=MappingAlert.State.OPEN)
    return alerts.filter(opened_at__gte=sync.confirmed_at).exists()


def sendable(version: CatalogVersion, tree: Tree) -> tuple[Payload, Entries]:
    """The version as it would be sent today, with the stock and the timed prices of today; and which these are.

    What had no external_id on GoFood when version 0 was kept gets that of the same thing in the catalog;
    NotSendable when there is none.
    """
    now = payload_of(tree)
    payload = comparable(version) if version.number else with_ids(comparable(version), now)
    running = {node.item.external_id or "": node.timed for node in tree.items if node.timed is not None}
    return retimed(with_stock_of(payload, now), version.timed, running)


def with_ids(kept: Payload, now: Payload, make: MakeId = lambda _place, _row: None) -> Payload:
    """A live menu (`from_live`) as it can be sent: what has no external_id gets that of the same thing in `now`.

    Where there is none, the one that is made for a row in its place; NotSendable when none is.
    """
    ids_of_categories = partial(make, "category")
    categories = _named(kept["variant_categories"], now["variant_categories"], ids_of_categories, variant_ids)
    ids = [row["external_id"] for row in categories]
    variants_of = {row["external_id"]: row["variants"] for row in now["variant_categories"]}
    for row in categories:
        place = str(row["external_id"] or row["name"])
        row["variants"] = _named(
            row["variants"], variants_of.get(row["external_id"], []), partial(make, place)
        )
    items = _named(items_of(kept), items_of(now), partial(make, "item"))
    for item in items:
        if "_links" in item:
            item["variant_category_external_ids"] = [ids[index] for index in item.pop("_links")]
    nameless = [row["name"] for row in [*items, *categories] if not row["external_id"]]
    nameless += [
        row["name"] for category in categories for row in category["variants"] if not row["external_id"]
    ]
    if nameless:
        raise NotSendable(nameless)
    left = iter(items)
    menus = [{**menu, "menu_items": [next(left) for _ in menu["menu_items"]]} for menu in kept["menus"]]
    # A menu without items was never sent by us, and GoBiz refuses nothing for lack of it.
    return {"menus": [menu for menu in menus if menu["menu_items"]], "variant_categories": categories}


def _named(
    kept: list[dict[str, Any]],
    now: list[dict[str, Any]],
    make: Callable[[dict[str, Any]], str | None],
    key: Callable[[dict[str, Any]], Any] | None = None,
) -> list[dict[str, Any]]:
    """The kept rows, each with an external_id of its own, that of the same row of today, or one that is made."""
    same = {id(old): new for old, new in pair(kept, now, key=key) if old is not None and new is not None}
    return [
        {
            **row,
            "external_id": row["external_id"] or same.get(id(row), {}).get("external_id") or make(row),
        }
        for row in kept
    ]


def with_stock_of(payload: Payload, now: Payload) -> Payload:
    """What is sold out today stays sold out, and what is back is sold: stock is of the day, not of a version."""
    return with_told(payload, stock_in(now))


def newly_mapped(old: Payload, new: Payload) -> int:
    """How many items and variants of `old` have no external_id there and will have one."""
    without = Counter(row["name"] for row in _mapped_rows(old) if not row["external_id"])
    with_one = Counter(row["name"] for row in _mapped_rows(new) if row["external_id"])
    return sum(min(count, with_one[name]) for name, count in without.items())


def _mapped_rows(payload: Payload) -> list[dict[str, Any]]:
    return items_of(payload) + variants_of(payload)
