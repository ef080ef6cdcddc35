"""Doing what was chosen for the missing names of outlets that sell one catalog, as one change of it.

External_ids follow `menus.ids`: what has got one keeps it, whatever is taken back.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from gobiz_admin.merchants.models import Outlet, User
from menus.ids import accept_proposals, fix_ids, propose_for
from menus.journal import one_edit
from menus.live_ids import ADOPT as NEW
from menus.live_ids import BindRefused, Reading, live_reading, settle_live
from menus.live_ids import Choices as Places
from menus.models import Catalog, MappingAlertName, Repair
from menus.overrides import set_override
from menus.repairing.choices import ADOPT, GONE, SHOW, row_in
from menus.text import folded
from menus.tree import Tree, load_tree

Key = tuple[str, str]


def apply_choices(catalog: Catalog, repairs: Sequence[Repair]) -> None:
    """The caller holds the locks of the outlets and of the catalog, in a transaction."""
    user = repairs[0].requested_by if repairs else None
    names = sorted({_key(one)[1] for repair in repairs for one in repair.choices})
    facts = {"names": names[:20], "count": len(names), "outlets": [one.outlet.outlet_id for one in repairs]}
    with one_edit(catalog.pk, "mapping_repaired", user, facts):
        for repair in repairs:
            _settle(catalog, repair, user)
            _show(catalog, repair, user)
    _give_ids(catalog, {_key(one) for repair in repairs for one in repair.choices}, user)
    rows = _rows(load_tree(catalog))
    for repair in repairs:
        _note_answers(repair, rows)


def _key(name: str) -> Key:
    kind, _, folded_name = name.partition(":")
    return kind, folded_name


def _rows(tree: Tree) -> dict[tuple[str, int], Any]:
    rows = {("item", node.item.pk): node.item for node in tree.items}
    return rows | {("variant", node.variant.pk): node.variant for node in tree.variants}


def _named(tree: Tree, key: Key) -> list[Any]:
    """The rows of ours that bear the name."""
    return [
        row
        for (kind, _), row in _rows(tree).items()
        if kind == key[0] and key[1] in (folded(row.name), folded(getattr(row, "internal_name", "")))
    ]


def _settle(catalog: Catalog, repair: Repair, user: User | None) -> None:
    """Take over, or bind, what GoFood has of the names for which that was chosen."""
    wanted = {
        _key(one): choice for one, choice in repair.choices.items() if choice == ADOPT or row_in(choice)
    }
    if not wanted:
        return
    tree = load_tree(catalog, repair.outlet)
    reading = live_reading(tree, repair.outlet)
    if reading is None:
        return
    strays: dict[Key, list[Any]] = defaultdict(list)
    for stray in reading.strays:
        strays[stray.kind, folded(stray.name)].append(stray)
    places: Places = {}
    for key, choice in wanted.items():
        for stray in strays[key]:
            pk = _row_for(tree, key, choice, strays[key])
            if pk is None:
                places[stray.kind, stray.index] = NEW
            elif pk not in places.values():
                places[stray.kind, stray.index] = pk
    _bind(repair.outlet, reading, places, user)


def _row_for(tree: Tree, key: Key, choice: str, strays: list[Any]) -> int | None:
    """The row of ours that the stray is; None: a new one. At another outlet it may have been made just now."""
    chosen = row_in(choice)
    if chosen is not None:
        return chosen if (key[0], chosen) in _rows(tree) else None
    named = _named(tree, key)
    return named[0].pk if len(named) == 1 and len(strays) == 1 else None


def _bind(outlet: Outlet, reading: Reading, places: Places, user: User | None) -> None:
    try:
        settle_live(outlet, reading, places, user)
    except BindRefused as refused:
        # What cannot be bound, because GoFood has that row under its own id, is sent all the same.
        left = {place: pk for place, pk in places.items() if place not in refused.errors}
        if refused.errors and left:
            settle_live(outlet, reading, left, user)


def _show(catalog: Catalog, repair: Repair, user: User | None) -> None:
    shown = [_key(one) for one, choice in repair.choices.items() if choice == SHOW]
    if not shown:
        return
    tree = load_tree(catalog, repair.outlet)
    for key in shown:
        for row in _named(tree, key):
            set_override(catalog, key[0], row.pk, [repair.outlet], user, hidden=False)


def _give_ids(catalog: Catalog, keys: set[Key], user: User | None) -> None:
    """First those that the card proposed, as it did, then whatever else lacks one: without, nothing is sent."""
    tree = load_tree(catalog)
    wanted = [(key[0], row) for key in sorted(keys) for row in _named(tree, key) if not row.external_id]
    fix_ids(catalog, propose_for(catalog, wanted), user)
    accept_proposals(catalog, user)


def _note_answers(repair: Repair, rows: dict[tuple[str, int], Any]) -> None:
    """What was said of names that no row of ours bears: the confirmed sync is judged by it."""
    said = {_key(one): choice for one, choice in repair.choices.items()}
    open_names = MappingAlertName.objects.filter(
        alert__outlet=repair.outlet_id, alert__state="open", covered=False
    )
    changed = []
    for name in open_names:
        choice = said.get((name.kind, folded(name.name)), "")
        row = rows.get((name.kind, row_in(choice) or 0))
        stands_for = (row.external_id or "") if row is not None else ""
        gone = choice == GONE
        if (name.stands_for, name.gone) != (stands_for, gone) and choice:
            name.stands_for, name.gone = stands_for, gone
            changed.append(name)
    MappingAlertName.objects.bulk_update(changed, ["stands_for", "gone"])
