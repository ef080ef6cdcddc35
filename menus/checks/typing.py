"""One row as it would be with what is being typed: what the checks would find then."""

from collections.abc import Mapping
from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.checks.catalog import check_tree
from menus.checks.findings import CATEGORY, ITEM, MENU, VARIANT, Check
from menus.models import Catalog
from menus.tree import Tree, load_tree

# What may be typed, by kind; the name of a field is the name of its column.
TYPED: dict[str, frozenset[str]] = {
    MENU: frozenset({"name"}),
    ITEM: frozenset({"name", "internal_name", "description", "price", "in_stock", "operational_hours"}),
    CATEGORY: frozenset({"name", "internal_name", "min_quantity", "max_quantity"}),
    VARIANT: frozenset({"name", "price", "in_stock"}),
}


def field_findings(
    catalog: Catalog, outlet: Outlet, kind: str, pk: int, values: Mapping[str, Any]
) -> list[Check]:
    """The findings about these fields of the row, if it had these values; nothing is saved.

    As many queries as loading the tree, whatever its size.
    """
    typed = {name: value for name, value in values.items() if name in TYPED[kind]}
    tree = load_tree(catalog, outlet)
    _put(tree, kind, pk, typed)
    return [
        check for check in check_tree(tree) if check.kind == kind and check.pk == pk and check.field in typed
    ]


def _put(tree: Tree, kind: str, pk: int, values: Mapping[str, Any]) -> None:
    for row, override in _rows(tree, kind):
        if row.pk == pk:
            for name, value in values.items():
                setattr(row, name, value)
                # It is typed for all outlets: what differs at this one would hide it.
                if override is not None and name in ("price", "in_stock"):
                    setattr(override, name, None)


def _rows(tree: Tree, kind: str) -> list[tuple[Any, Any]]:
    if kind == MENU:
        return [(node.menu, None) for node in tree.menus]
    if kind == ITEM:
        return [(node.item, node.override) for node in tree.items]
    if kind == CATEGORY:
        return [(node.category, None) for node in tree.categories]
    return [(node.variant, node.override) for node in tree.variants]
