"""What taking one item or one menu of an older version back would change in the catalog.

The version is compared as an import is (menus/adopting), and only what belongs to the item or menu is taken.
Stock is of the day and stays. The ingredients of what is still here stay, too; what comes back has those that it had.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.adopting.comparing import compare, row_of
from menus.adopting.plans import NEW, PLACE, Difference, Plan
from menus.live_menu import LiveMenu
from menus.models import Catalog, CatalogVersion, ExternalId, OutletCatalog
from menus.overrides import outlets_selling
from menus.pictures import shown_address
from menus.restoring.ingredients import INGREDIENTS, MadeOf, made_of
from menus.restoring.reading import content_of, menu_of
from menus.tree import Tree, load_tree

ITEM, MENU = "item", "menu"
Place = tuple[str, int]
# Stock is of the day; an id that was ever sent is not changed.
NEVER = {"in_stock", "external_id"}
# What an outlet may have of its own, and `writing` puts where it is wanted.
AT_OUTLET = {"price", "hidden"}


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
    made_of: MadeOf = field(default_factory=MadeOf)

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
        return any(one.field not in AT_OUTLET | {NEW, INGREDIENTS} for one in self.differences)


def restore_plan(version: CatalogVersion, kind: str, index: int) -> Restore:
    """What would change; a constant number of queries. LookupError when the version has no such item or menu,
    or its outlet sells nothing from here."""
    selling = OutletCatalog.objects.select_related("catalog").filter(outlet=version.outlet_id).first()
    if selling is None or kind not in (ITEM, MENU):
        raise LookupError(kind)
    return plan_of(version, selling.catalog, kind, index)


def plan_of(version: CatalogVersion, catalog: Catalog, kind: str, index: int) -> Restore:
    """The same against this catalog, as who holds its lock needs it. LookupError: the version has none such."""
    live = menu_of(version)
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
    found.made_of = made_of(plan, found.differences, gone)
    found.differences += found.made_of.differences
    return found


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
        if content_of(now) != content_of(live.image_url):
            yield Difference(
                "item", index, "picture", live.name, where[index], node.item.pk, now, live.image_url
            )


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
