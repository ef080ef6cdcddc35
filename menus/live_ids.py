"""What GoFood has under an id that we do not know, or under none: whose it is, as somebody tells us.

A stray is on GoFood now, by the newest reading: an order for it is not delivered, or its line is not
recognised. Binding it says which row of ours it is; adopting makes a new one of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from gobiz_admin.merchants.models import Outlet, User
from menus.adopting.comparing import compare, row_of
from menus.adopting.plans import NEW, Plan
from menus.adopting.writing import Adoption
from menus.ids import fix_ids, unmapped_in
from menus.journal import one_edit
from menus.ledger import keep_live_ids
from menus.live_menu import LiveMenu, read_menu
from menus.locking import lock_outlet
from menus.models import Catalog, ExternalId, LiveReading, MenuImport, OutletCatalog, Sync
from menus.recognising import Told, recognise_menu
from menus.tree import Tree, load_tree

# Kind and place of a live row.
Place = tuple[str, int]
ADOPT = "new"
# Place → pk of the row of ours that it is, or ADOPT.
Choices = dict[Place, int | str]


@dataclass(frozen=True)
class Stray:
    """`ours`: the row that we take it for, by GoBiz id or name. `takes_id`: binding it gives that row
    GoFood's id; else ours is kept, and the next publish brings it to GoFood."""

    kind: str
    index: int
    name: str
    where: str
    external_id: str | None
    ours: Any = None
    takes_id: bool = False


@dataclass
class Reading:
    """The outlet's newest reading of GoFood's menu, as far as it still tells what is there."""

    menu_import: MenuImport | None = None
    # The `data` of GET catalog.
    live: dict[str, Any] = field(default_factory=dict)
    strays: list[Stray] = field(default_factory=list)
    # Rows of ours that have an id which GoFood gets with the next publish, and has none for now.
    to_publish: list[Any] = field(default_factory=list)
    # Confirmed since it was read: GoFood has our ids.
    published_since: bool = False


class BindRefused(Exception):
    """`code`: changed (read or published anew); or `errors`: place → unknown, doubled, live_already."""

    def __init__(self, code: str, errors: dict[Place, str] | None = None) -> None:
        super().__init__(code)
        self.code, self.errors = code, errors or {}


def newest_reading(tree: Tree, outlet: Outlet) -> Reading:
    """What the newest reading shows, in four queries at most."""
    menu_import = MenuImport.objects.filter(outlet=outlet, live__isnull=False).order_by("-pk").first()
    if menu_import is None or menu_import.read_at is None:
        return Reading()
    since = Sync.objects.filter(outlet=outlet, confirmed_at__gt=menu_import.read_at)
    if since.exists():
        return Reading(menu_import, published_since=True)
    return _reading_of(tree, menu_import.live or {}, menu_import)


def live_reading(tree: Tree, outlet: Outlet) -> Reading | None:
    """What GoFood's menu showed when it was last looked at; None when that tells nothing of what is there now."""
    row = LiveReading.objects.filter(outlet=outlet, live__isnull=False, read_at__isnull=False).first()
    if row is None or Sync.objects.filter(outlet=outlet, confirmed_at__gt=row.read_at).exists():
        return None
    return _reading_of(tree, row.live or {})


def _reading_of(tree: Tree, live: dict[str, Any], menu_import: MenuImport | None = None) -> Reading:
    reading = Reading(menu_import, live)
    _look(reading, tree, read_menu(live), _Ledger(tree.catalog))
    return reading


class _Ledger:
    def __init__(self, catalog: Catalog) -> None:
        rows = ExternalId.objects.filter(catalog=catalog)
        self.rows = {(row.kind, row.external_id): row for row in rows}

    def is_confirmed(self, kind: str, external_id: str) -> bool:
        row = self.rows.get((kind, external_id))
        return row is not None and row.confirmed_at is not None

    def owner(self, kind: str, external_id: str) -> int | None:
        row = self.rows.get((kind, external_id))
        return row.thing if row else None


def _look(reading: Reading, tree: Tree, live: LiveMenu, ledger: _Ledger) -> None:
    found = recognise_menu(live, tree)
    where = [menu.name for menu in live.menus for _ in menu.items]
    of_variants = [category.name for category in live.categories for _ in category.variants]
    rows: list[tuple[str, list[Any], Any, list[str]]] = [
        ("item", list(live.items), found.items, where),
        ("variant", list(live.variants), found.variants, of_variants),
    ]
    for kind, lives, nodes, names in rows:
        for index, (one, node, name) in enumerate(zip(lives, nodes, names, strict=True)):
            ours = row_of(node) if node else None
            if ours is not None and not one.external_id:
                # Without one it stands among those that lack an id.
                reading.to_publish += [ours] if ours.external_id else []
            elif ours is None or _is_stray(kind, one.external_id, ours, ledger):
                takes_id = ours is not None and _takes_id(kind, one.external_id, ours, ledger)
                reading.strays.append(Stray(kind, index, one.name, name, one.external_id, ours, takes_id))


def _is_stray(kind: str, external_id: str, ours: Any, ledger: _Ledger) -> bool:
    return bool(ours.external_id != external_id and ledger.owner(kind, external_id) != ours.pk)


def _takes_id(kind: str, external_id: str | None, ours: Any, ledger: _Ledger) -> bool:
    """GoFood's id is taken where GoFood does not have another one of ours."""
    return bool(external_id) and not (ours.external_id and ledger.is_confirmed(kind, ours.external_id))


def settle(outlet: Outlet, import_pk: int, choices: Choices, user: User | None) -> int:
    """How many strays are bound or adopted now: all that were chosen, as one change, or BindRefused."""

    def newest(tree: Tree) -> Reading:
        reading = newest_reading(tree, outlet)
        if reading.menu_import is None or reading.menu_import.pk != import_pk:
            raise BindRefused("changed")
        return reading

    return _settle(outlet, newest, choices, user)


def settle_live(outlet: Outlet, reading: Reading, choices: Choices, user: User | None) -> int:
    """As `settle`, of a `live_reading`; the caller holds the locks under which it was looked at."""
    return _settle(outlet, lambda tree: reading, choices, user)


def _settle(
    outlet: Outlet, reading_in: Callable[[Tree], Reading], choices: Choices, user: User | None
) -> int:
    if not choices:
        return 0
    with transaction.atomic():
        lock_outlet(outlet)
        selling = OutletCatalog.objects.get(outlet=outlet)
        facts = {"outlet": outlet.name, "outlet_id": outlet.outlet_id, "count": len(choices)}
        with one_edit(selling.catalog_id, "live_bound", user, facts) as change:
            tree = load_tree(change.catalog, outlet)
            reading = reading_in(tree)
            strays = {(stray.kind, stray.index): stray for stray in reading.strays}
            if not choices.keys() <= strays.keys():
                raise BindRefused("changed")
            live, ledger = read_menu(reading.live), _Ledger(change.catalog)
            told: Told = {place: None if pk == ADOPT else int(pk) for place, pk in choices.items()}
            _refuse_wrong(told, tree, live)
            plan = compare(change.catalog, outlet, live, told)
            Adoption(change, plan, plan.with_needed(_keys(plan, choices, ledger))).write()
            _remember(change.catalog, plan, choices)
            _give_ids(change.catalog, plan, user)
    return len(choices)


def _refuse_wrong(told: Told, tree: Tree, live: LiveMenu) -> None:
    """BindRefused where a choice is not of this catalog, made twice, or on GoFood under its own id."""
    rows: dict[Place, Any] = {("item", node.item.pk): node.item for node in tree.items}
    rows |= {("variant", node.variant.pk): node.variant for node in tree.variants}
    live_ids = {
        "item": {item.external_id for item in live.items},
        "variant": {variant.external_id for variant in live.variants},
    }
    errors, seen = {}, set()
    for (kind, index), pk in told.items():
        row = rows.get((kind, pk or 0))
        if pk is None:
            continue
        if row is None:
            errors[kind, index] = "unknown"
        elif (kind, pk) in seen:
            errors[kind, index] = "doubled"
        elif row.external_id and row.external_id in live_ids[kind]:
            errors[kind, index] = "live_already"
        seen.add((kind, pk))
    if errors:
        raise BindRefused("wrong", errors)


def _keys(plan: Plan, choices: Choices, ledger: _Ledger) -> list[str]:
    keys = []
    nodes: dict[str, Any] = {"item": plan.found.items, "variant": plan.found.variants}
    lives: dict[str, list[Any]] = {"item": list(plan.live.items), "variant": list(plan.live.variants)}
    for (kind, index), pk in choices.items():
        if pk == ADOPT:
            keys.append(f"{kind}-{index}-{NEW}")
            if kind == "variant":
                keys.append(f"variant_category-{plan.category_of_variant[index]}-{NEW}")
        elif _takes_id(kind, lives[kind][index].external_id, row_of(nodes[kind][index]), ledger):
            keys.append(f"{kind}-{index}-external_id")
    return keys


def _remember(catalog: Catalog, plan: Plan, choices: Choices) -> None:
    """Until the next publish is confirmed, orders name GoFood's id: it stands for the row that it is bound to."""
    lives: dict[str, list[Any]] = {"item": list(plan.live.items), "variant": list(plan.live.variants)}
    owners = {
        (kind, external_id): int(pk)
        for (kind, index), pk in choices.items()
        if pk != ADOPT and (external_id := lives[kind][index].external_id)
    }
    keep_live_ids(catalog, owners)


def _give_ids(catalog: Catalog, plan: Plan, user: User | None) -> None:
    """What was made and has no id on GoFood gets the one that we propose."""
    before = {
        *(("item", node.item.pk) for node in plan.tree.items),
        *(("variant", node.variant.pk) for node in plan.tree.variants),
        *(("variant_category", node.category.pk) for node in plan.tree.categories),
    }
    unmapped = unmapped_in(load_tree(catalog))
    made = {(row.kind, row.pk): row.proposal for row in unmapped if (str(row.kind), row.pk) not in before}
    if made:
        fix_ids(catalog, made, user)
