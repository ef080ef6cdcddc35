"""Which row of ours a live one is: by external_id, then GoBiz id, then name (gobiz-api.md, "How we read")."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from menus.live_menu import LiveMenu
from menus.models import Mapped
from menus.tree import CategoryNode, ItemNode, MenuNode, Tree, VariantNode

Row = TypeVar("Row", bound=Mapped)
# Kind and place of a live row → pk of the row of ours that somebody says it is; None: it is none of ours.
Told = dict[tuple[str, int], int | None]


@dataclass
class Recognised:
    """For each row of the live menu, in its order, the node of ours that it is, if any."""

    menus: list[MenuNode | None]
    items: list[ItemNode | None]
    categories: list[CategoryNode | None]
    variants: list[VariantNode | None]


def recognise_menu(live: LiveMenu, tree: Tree, told: Told | None = None) -> Recognised:
    """The whole live menu against a loaded tree; nothing is read. What somebody has told comes first."""
    told = told or {}
    category_of = {node.category.pk: node for node in tree.categories}
    rows = [node.category for node in tree.categories]
    found = recognise(live.categories, rows, lambda one, row: one.internal_name == row.internal_name)
    categories = [category_of[row.pk] if row else None for row in found]
    menus = _menus_by_name(live, tree)
    items = _items(live, tree, menus, told)
    _take_renamed_menus(live, tree, menus, items)
    return Recognised(menus, items, categories, _variants(live, tree, categories, told))


def _menus_by_name(live: LiveMenu, tree: Tree) -> list[MenuNode | None]:
    by_name: dict[str, list[MenuNode]] = defaultdict(list)
    for node in tree.menus:
        by_name[node.menu.name].append(node)
    return [by_name[section.name].pop(0) if by_name[section.name] else None for section in live.menus]


def _items(live: LiveMenu, tree: Tree, menus: list[MenuNode | None], told: Told) -> list[ItemNode | None]:
    parent = {
        id(item): node.menu.pk
        for section, node in zip(live.menus, menus, strict=True)
        for item in section.items
        if node
    }
    node_of = {node.item.pk: node for node in tree.items}
    rows = [node.item for node in tree.items]
    found = _with_told(
        "item", told, list(live.items), rows, lambda one, row: parent.get(id(one)) == row.menu_id
    )
    return [node_of[row.pk] if row else None for row in found]


def _variants(
    live: LiveMenu, tree: Tree, categories: list[CategoryNode | None], told: Told
) -> list[VariantNode | None]:
    parent = {
        id(variant): node.category.pk
        for category, node in zip(live.categories, categories, strict=True)
        for variant in category.variants
        if node
    }
    node_of = {node.variant.pk: node for node in tree.variants}
    # "Keju" of another category is another variant.
    found = _with_told(
        "variant",
        told,
        list(live.variants),
        [node.variant for node in tree.variants],
        lambda one, row: parent.get(id(one)) == row.category_id,
        name_needs_likeness=True,
    )
    return [node_of[row.pk] if row else None for row in found]


def _with_told(
    kind: str,
    told: Told,
    lives: list[Any],
    rows: list[Row],
    alike: Callable[[Any, Row], bool],
    name_needs_likeness: bool = False,
) -> list[Row | None]:
    """As `recognise`, of what nobody has told, and with what somebody has."""
    row_of = {row.pk: row for row in rows}
    of_kind = {index: pk for (of, index), pk in told.items() if of == kind}
    taken = set(of_kind.values())
    open_lives = [live for index, live in enumerate(lives) if index not in of_kind]
    found = iter(
        recognise(open_lives, [row for row in rows if row.pk not in taken], alike, name_needs_likeness)
    )
    return [
        row_of.get(of_kind[index] or 0) if index in of_kind else next(found) for index in range(len(lives))
    ]


def _take_renamed_menus(
    live: LiveMenu, tree: Tree, menus: list[MenuNode | None], items: list[ItemNode | None]
) -> None:
    """A menu has no id: one of another name that holds most of the items of ours is ours, renamed."""
    free = {node.menu.pk: node for node in tree.menus if not any(node is taken for taken in menus)}
    found = dict(zip((id(item) for item in live.items), items, strict=True))
    for index, section in enumerate(live.menus):
        if menus[index] is None:
            ours = [node for item in section.items if (node := found[id(item)])]
            homes = Counter(node.item.menu_id for node in ours if node.item.menu_id in free)
            home, count = homes.most_common(1)[0] if homes else (0, 0)
            if count * 2 > len(section.items):
                menus[index] = free.pop(home)


def recognise(
    lives: list[Any],
    rows: list[Row],
    alike: Callable[[Any, Row], bool],
    name_needs_likeness: bool = False,
) -> list[Row | None]:
    """For each live one the row that it is, if any: by external_id, then GoBiz id, then name.

    Of several rows of that name the one that is `alike` is taken first. By name alone nothing is
    recognised that has another external_id.
    """
    found: dict[int, Row] = {}
    free = {row.pk: row for row in rows}

    def take(key_of_live: Callable[[Any], Any], rows_of: dict[Any, list[Row]], fits: Any) -> None:
        for index, live in enumerate(lives):
            if index in found:
                continue
            for row in rows_of.get(key_of_live(live), ()):
                if row.pk in free and fits(live, row):
                    found[index] = free.pop(row.pk)
                    break

    def same_id(live: Any, row: Row) -> bool:
        return not live.external_id or not row.external_id or live.external_id == row.external_id

    by_name = _grouped(rows, lambda row: row.name)
    take(lambda live: live.external_id, _grouped(rows, lambda row: row.external_id), lambda *_: True)
    take(lambda live: live.gobiz_id, _grouped(rows, lambda row: row.gobiz_id), lambda *_: True)
    take(lambda live: live.name, by_name, lambda live, row: same_id(live, row) and alike(live, row))
    if not name_needs_likeness:
        take(lambda live: live.name, by_name, same_id)
    return [found.get(index) for index in range(len(lives))]


def _grouped(rows: list[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    grouped: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        if key(row):
            grouped[key(row)].append(row)
    return grouped
