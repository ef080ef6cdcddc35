"""The order of menus, items, variant categories and variants, and items that move to another menu."""

from typing import Any

from gobiz_admin.merchants.gone import read_again
from gobiz_admin.merchants.models import User
from menus.editing import WORD, EditRefused, Thing
from menus.journal import Change, one_edit
from menus.models import Catalog, Menu, MenuItem
from menus.snapshots import COLUMNS, MODELS, write_rows

# What a row's place is counted in.
PARENT = {"menu": "catalog_id", "variant_category": "catalog_id", "variant": "category_id", "item": "menu_id"}


def place(thing: Thing, before: Thing | None, user: User | None, into: Menu | None = None) -> bool:
    """Whether it stands elsewhere now: before another of its kind, or last.

    `into`: for an item, the menu that it moves to. EditRefused ("before": foreign) when the other one
    has gone, or stands somewhere else.
    """
    kind = WORD[type(thing)]
    with one_edit(thing.catalog_id, f"{kind}_moved", user, _facts(thing)) as change:
        read_again(thing)
        if isinstance(thing, MenuItem) and into is not None:
            _refuse_foreign(change.catalog, into)
            return _place(change, kind, [thing.pk], before.pk if before else None, into.pk)
        return _place(change, kind, [thing.pk], before.pk if before else None, _parent(thing))


def step(thing: Thing, down: bool, user: User | None) -> bool:
    """Whether it moved by one place; an item at the edge of its menu moves into the next one."""
    kind = WORD[type(thing)]
    with one_edit(thing.catalog_id, f"{kind}_moved", user, _facts(thing)) as change:
        read_again(thing)
        parent = _parent(thing)
        order = _order(kind, parent)
        index = order.index(thing.pk)
        wanted = index + 1 if down else index - 1
        if 0 <= wanted < len(order):
            rest = [pk for pk in order if pk != thing.pk]
            return _place(change, kind, [thing.pk], rest[wanted] if wanted < len(rest) else None, parent)
        return isinstance(thing, MenuItem) and _step_over(change, thing, down)


def move_items(catalog: Catalog, pks: list[int], into: Menu, user: User | None) -> bool:
    """Whether any of these items stands elsewhere now: behind the others of that menu, in their order."""
    facts = {"kind": "item", "count": len(pks), "into": into.name}
    with one_edit(catalog.pk, "items_moved", user, facts) as change:
        _refuse_foreign(change.catalog, into)
        mine = MenuItem.objects.filter(catalog=catalog, pk__in=pks).exclude(menu=into)
        ordered = mine.order_by("menu__position", "menu_id", "position", "pk").values_list("pk", flat=True)
        return _place(change, "item", list(ordered), None, into.pk)


def _facts(thing: Thing) -> dict[str, Any]:
    return {"kind": WORD[type(thing)], "pk": thing.pk, "name": thing.name}


def _parent(thing: Thing) -> int:
    return int(getattr(thing, PARENT[WORD[type(thing)]]))


def _order(kind: str, parent: int) -> list[int]:
    rows = MODELS[kind].objects.filter(**{PARENT[kind]: parent}).order_by("position", "pk")
    return list(rows.values_list("pk", flat=True))


def _refuse_foreign(catalog: Catalog, menu: Menu) -> None:
    if menu.catalog_id != catalog.pk:
        raise EditRefused({"menu": "foreign"})


def _step_over(change: Change, item: MenuItem, down: bool) -> bool:
    menus = _order("menu", change.catalog.pk)
    index = menus.index(item.menu_id) + (1 if down else -1)
    if not 0 <= index < len(menus):
        return False
    order = _order("item", menus[index])
    return _place(change, "item", [item.pk], order[0] if down and order else None, menus[index])


def _place(change: Change, kind: str, pks: list[int], before: int | None, parent: int) -> bool:
    """Put the rows before another of the parent's, or last; only what moves is written."""
    rest = [pk for pk in _order(kind, parent) if pk not in pks]
    if before is not None and before not in rest:
        raise EditRefused({"before": "foreign"})
    at = len(rest) if before is None else rest.index(before)
    order = rest[:at] + pks + rest[at:]
    column = PARENT[kind]
    rows = {row.pk: row for row in MODELS[kind].objects.filter(pk__in=order)}
    moved = []
    for position, row in enumerate(rows[pk] for pk in order):
        if (row.position, getattr(row, column)) != (position, parent):
            row.position = position
            setattr(row, column, parent)
            moved.append(row)
    change.note(kind, [row.pk for row in moved], {"position", column} & {*COLUMNS[kind]})
    write_rows(moved, {"position", column})
    return bool(moved)
