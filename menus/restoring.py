"""Taking one item or one menu of an older version back into the catalog: one change, which one undo takes back.

The version is compared as an import is (menus/adopting), and only what belongs to the item or menu is written.
Stock is of the day and stays. What was removed comes back with the pk and the external_id that it had.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction

from gobiz_admin.merchants.models import Outlet, User
from menus.adopting.comparing import compare, row_of
from menus.adopting.plans import NEW, PLACE, Difference, Plan
from menus.adopting.writing import Adoption
from menus.journal import Change, one_edit
from menus.ledger import give_to
from menus.live_menu import ImportRefused, LiveMenu, read_menu
from menus.locking import lock_outlet
from menus.models import Catalog, CatalogVersion, ExternalId, OutletCatalog, Picture
from menus.overrides import Wanted, outlets_selling, save_overrides
from menus.pictures import shown_address
from menus.snapshots import MODELS, write_rows
from menus.timed_now import bases_of
from menus.tree import Tree, load_tree

ITEM, MENU = "item", "menu"
Place = tuple[str, int]
# Stock is of the day; an id that was ever sent is not changed.
NEVER = {"in_stock", "external_id"}
# Written by `_Restoration` itself: an outlet may have its own.
AT_OUTLET = {"price", "hidden"}
OURS = re.compile(r"/pictures/([0-9a-f]{64})\.png$")


class RestoreRefused(Exception):
    """Nothing was done. `code`: changed (the menu, since it was shown), id_taken; `names` of what is at fault."""

    def __init__(self, code: str, names: list[str] | None = None) -> None:
        super().__init__(code)
        self.code, self.names = code, names or []


@dataclass
class Restore:
    """What taking an item or a menu back would change. `taken`: names of what has an id of it now."""

    kind: str
    index: int
    name: str
    plan: Plan
    outlet: Outlet
    others: list[Outlet]
    pks: dict[Place, int]
    differences: list[Difference] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """The same for the same differences from the same rows."""
        told = json.dumps([asdict(one) for one in self.differences], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @property
    def prices(self) -> bool:
        """Whether a price of something that is here changes, or something comes back: both may be for one outlet."""
        return any(one.field in AT_OUTLET or one.field == NEW for one in self.differences)

    @property
    def of_all(self) -> bool:
        """Whether anything changes that the outlets which sell the catalog have in common."""
        return any(one.field not in AT_OUTLET and one.field != NEW for one in self.differences)


def restore_plan(version: CatalogVersion, kind: str, index: int) -> Restore:
    """What would change; a constant number of queries. LookupError when the version has no such item or menu,
    or its outlet sells nothing from here."""
    selling = OutletCatalog.objects.select_related("catalog").filter(outlet=version.outlet_id).first()
    if selling is None or kind not in (ITEM, MENU):
        raise LookupError(kind)
    return _plan(version, selling.catalog, kind, index)


def restore(
    version: CatalogVersion,
    kind: str,
    index: int,
    digest: str,
    user: User | None,
    everywhere: bool = False,
) -> int:
    """How many differences were taken back; RestoreRefused, and nothing is done, when it is not what was shown.

    `everywhere`: the prices become the catalog's. Else they are those of the version's outlet alone, and what
    comes back is hidden at the others.
    """
    outlet = version.outlet
    facts: dict[str, Any] = {"kind": kind, "version": version.number, "outlet": outlet.name}
    with transaction.atomic():
        lock_outlet(outlet)
        catalog_id = OutletCatalog.objects.values_list("catalog_id", flat=True).get(outlet=outlet)
        with one_edit(catalog_id, f"{kind}_restored", user, facts) as change:
            found = _plan(version, change.catalog, kind, index)
            if found.taken:
                raise RestoreRefused("id_taken", found.taken)
            if found.digest != digest:
                raise RestoreRefused("changed")
            facts["name"] = found.name
            try:
                with transaction.atomic():
                    _Restoration(change, found, everywhere).write()
                    # Now, not at commit, where nobody would be told in words.
                    connection.check_constraints()
            except IntegrityError as error:
                raise RestoreRefused("id_taken", [found.name]) from error
    return len(found.differences)


def _plan(version: CatalogVersion, catalog: Catalog, kind: str, index: int) -> Restore:
    live = _menu_of(version)
    rows: list[Any] = list(live.items) if kind == ITEM else list(live.menus)
    if not 0 <= index < len(rows):
        raise LookupError(index)
    outlet = version.outlet
    tree = load_tree(catalog, outlet)
    for node in tree.items:
        # What is taken back is the price without a timed one.
        node.timed = None
    gone, taken = _as_named_today(live, tree)
    plan = compare(catalog, outlet, live, tree=tree)
    others = [other for other in outlets_selling(catalog) if other.pk != outlet.pk]
    found = Restore(kind, index, rows[index].name, plan, outlet, others, gone)
    wanted = _concerned(plan, kind, index)
    found.taken = [name for place, name in taken.items() if place in wanted]
    found.differences = [*_chosen(plan, wanted), *_pictures(plan, wanted)]
    if kind == ITEM:
        found.differences += _place(plan, index)
    return found


def _menu_of(version: CatalogVersion) -> LiveMenu:
    """The version as a live menu is read; LookupError for a version 0 that cannot be read in whole."""
    try:
        live = read_menu(version.payload)
    except ImportRefused as refused:
        raise LookupError(refused.code) from refused
    rows: list[Any] = [*live.items, *live.categories, *live.variants]
    for row in rows:
        # GoBiz's ids may be others by now, and are nothing that a merchant takes back.
        row.gobiz_id = ""
    if version.number:
        bases = bases_of(version.timed)
        for item in live.items:
            item.internal_name = item.internal_name or ""
            item.price = bases.get(item.external_id or "", item.price)
    stocked: list[Any] = [*live.items, *live.variants]
    for row in stocked:
        # Stock is of the day: what was out then, perhaps for want of an ingredient, does not come back as off.
        row.in_stock = True
    return live


def _nodes(tree: Tree, live: LiveMenu) -> Iterator[tuple[str, list[Any], list[Any]]]:
    yield "item", tree.items, list(live.items)
    yield "variant_category", tree.categories, list(live.categories)
    yield "variant", tree.variants, list(live.variants)


def _as_named_today(live: LiveMenu, tree: Tree) -> tuple[dict[Place, int], dict[Place, str]]:
    """The pks of what is gone, and the names of what bears an id of something else by now; one query.

    What has another external_id today is given that one in `live`, so that it is recognised.
    """
    names = {row.external_id for _kind, _nodes, lives in _nodes(tree, live) for row in lives}
    ledger = ExternalId.objects.filter(catalog=tree.catalog, external_id__in=names - {None})
    owner = {(row.kind, row.external_id): row.thing for row in ledger}
    gone: dict[Place, int] = {}
    taken: dict[Place, str] = {}
    for kind, nodes, lives in _nodes(tree, live):
        rows = {row.pk: row for row in map(row_of, nodes)}
        bearers = {row.external_id: row for row in rows.values() if row.external_id}
        named = {row.external_id for row in lives}
        for index, one in enumerate(lives):
            thing, bearer = owner.get((kind, one.external_id)), bearers.get(one.external_id)
            if bearer is not None:
                if thing not in (None, bearer.pk):
                    taken[kind, index] = bearer.name
            elif thing in rows:
                now = rows[thing].external_id
                if now in named:
                    taken[kind, index] = rows[thing].name
                elif now:
                    one.external_id = now
                    named.add(now)
            elif thing is not None:
                gone[kind, index] = thing
    return gone, taken


def _concerned(plan: Plan, kind: str, index: int) -> set[Place]:
    """The rows of the version that are taken back: with an item its variant categories and their variants."""
    items = list(plan.live.items)
    of_menu = [place for place, menu in enumerate(plan.menu_of_item) if menu == index]
    chosen = [index] if kind == ITEM else of_menu
    categories = {category for place in chosen for category in items[place].categories}
    found: set[Place] = {("item", place) for place in chosen}
    found |= {("variant_category", place) for place in categories}
    found |= {("variant", place) for place, home in enumerate(plan.category_of_variant) if home in categories}
    return found | ({("menu", index)} if kind == MENU else set())


def _chosen(plan: Plan, wanted: set[Place]) -> list[Difference]:
    keys = {one.key for one in plan.differences if (one.kind, one.index) in wanted and one.field not in NEVER}
    keys = plan.with_needed(keys)
    return [
        one
        for one in plan.differences
        # The picture is compared by what it shows, see `_pictures`.
        if one.key in keys and one.field != "image_url"
    ]


def _pictures(plan: Plan, wanted: set[Place]) -> Iterator[Difference]:
    where = [plan.live.menus[place].name for place in plan.menu_of_item]
    for index, (live, node) in enumerate(zip(plan.live.items, plan.found.items, strict=True)):
        if node is None or ("item", index) not in wanted:
            continue
        now = shown_address(node.item)
        if _content(now) != _content(live.image_url):
            yield Difference(
                "item", index, "picture", live.name, where[index], node.item.pk, now, live.image_url
            )


def _content(address: str) -> str:
    """What tells a picture of ours, wherever we stood when it was sent; else its address."""
    ours = OURS.search(address)
    return ours[1] if ours else address


def _place(plan: Plan, index: int) -> list[Difference]:
    """The item's place, where it has changed sides with another one and would stand elsewhere behind the one
    that it followed."""
    node, menu = plan.found.items[index], plan.menu_of_item[index]
    home = plan.found.menus[menu]
    if node is None or home is None or node.item.menu_id != home.menu.pk:
        return []
    pk, now = node.item.pk, [item.item.pk for item in home.items]
    then = [
        one.item.pk
        for place, one in enumerate(plan.found.items)
        if one is not None and plan.menu_of_item[place] == menu and one.item.pk in now
    ]
    at = then.index(pk)
    if {other for other in now[: now.index(pk)] if other in then} == set(then[:at]):
        return []
    rest = [other for other in now if other != pk]
    behind = rest.index(then[at - 1]) + 1 if at else 0
    if [*rest[:behind], pk, *rest[behind:]] == now:
        return []
    return [Difference("item", index, PLACE, node.item.name, home.menu.name, pk)]


class _Restoration:
    """One writing of what is taken back, within `change`, under whose lock it was compared."""

    def __init__(self, change: Change, found: Restore, everywhere: bool) -> None:
        self.change, self.found = change, found
        self.everywhere = everywhere or not found.others
        plan = found.plan
        plan.differences = found.differences
        keys = {one.key for one in found.differences if one.field not in AT_OUTLET | {"picture"}}
        self.adoption = _Adoption(change, plan, keys, _free(found.pks))

    def write(self) -> None:
        self.adoption.write()
        self._put_pictures()
        self._set_prices()

    def _put_pictures(self) -> None:
        """A picture of ours that is still kept comes back; else its address."""
        lives = self.adoption.lives["item"]
        rows = {
            one.index: self.adoption.rows["item"][one.index]
            for one in self.found.differences
            if one.kind == "item" and one.field in ("picture", NEW)
        }
        sums = {_content(lives[index].image_url): index for index in rows}
        merchant = self.change.catalog.merchant_id
        kept = {row.sha256: row for row in Picture.objects.filter(merchant=merchant, sha256__in=sums)}
        self.change.note("item", [row.pk for row in rows.values()], ["name", "picture_id", "image_url"])
        for index, row in rows.items():
            row.picture = kept.get(_content(lives[index].image_url))
            row.image_url = "" if row.picture else lives[index].image_url
        write_rows(list(rows.values()), ["picture_id", "image_url"])

    def _set_prices(self) -> None:
        """At the outlet alone, or in the catalog, with nothing of the outlet's own any more."""
        pk, wanted = self.found.outlet.pk, dict[tuple[str, int], dict[int, dict[str, Any]]]()
        for one in self.found.differences:
            if one.pk is not None and one.field in AT_OUTLET:
                values = wanted.setdefault((one.kind, one.pk), {pk: {}})[pk]
                values[one.field] = None if one.field == "price" and self.everywhere else one.new
        if self.everywhere:
            for kind in ("item", "variant"):
                self._set_catalog_prices(kind)
        else:
            wanted.update(self._hidden_elsewhere())
        if wanted:
            save_overrides(self.change.catalog, wanted, self.change.user)

    def _set_catalog_prices(self, kind: str) -> None:
        new = {one.pk: one.new for one in self.found.differences if (one.kind, one.field) == (kind, "price")}
        rows = list(MODELS[kind].objects.filter(pk__in=new))
        self.change.note(kind, [row.pk for row in rows], ["name", "price"])
        for row in rows:
            row.price = new[row.pk]
        write_rows(rows, ["price"])

    def _hidden_elsewhere(self) -> Wanted:
        """What came back, at the outlets that did not ask for it; a new variant category is seen by no other item."""
        made = self.adoption.made
        new = {row.pk for _index, row in made["variant_category"]}
        rows = [("item", row.pk) for _index, row in made["item"]]
        rows += [("variant", row.pk) for _index, row in made["variant"] if row.category_id not in new]
        return {key: {outlet.pk: {"hidden": True} for outlet in self.found.others} for key in rows}


class _Adoption(Adoption):
    """As an import's, but that GoFood is not known to have what comes back."""

    def _keep_ids(self) -> None:
        for kind in ExternalId.Kind:
            give_to(
                self.catalog, kind, {row.external_id: row.pk for _, row in self.made[kind] if row.external_id}
            )


def _free(pks: dict[Place, int]) -> dict[Place, int]:
    """Those that no row of any catalog has."""
    used = {
        kind: set(
            MODELS[kind]
            .objects.filter(pk__in=[pk for (of, _), pk in pks.items() if of == kind])
            .values_list("pk", flat=True)
        )
        for kind in {kind for kind, _ in pks}
    }
    return {place: pk for place, pk in pks.items() if pk not in used[place[0]]}


def menus_of(version: CatalogVersion) -> list[dict[str, Any]]:
    """The version's menus, each with its items by their number: what can be taken back."""
    try:
        live = _menu_of(version)
    except LookupError:
        return []
    number, found = 0, []
    for index, menu in enumerate(live.menus):
        rows = [{"index": number + place, "name": item.name} for place, item in enumerate(menu.items)]
        number += len(rows)
        found.append({"index": index, "name": menu.name, "rows": rows})
    return found
