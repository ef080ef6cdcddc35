"""What an outlet would sell after it changed its catalog, and what would differ there to keep its menu."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from gobiz_admin.merchants.models import Outlet
from menus.models import Catalog, MenuItem, OutletCatalog, OutletOverride, Variant
from menus.overrides import NONE, Key, Values, merged
from menus.text import folded
from menus.tree import ItemNode, Tree, VariantNode, load_tree

Node = TypeVar("Node", ItemNode, VariantNode)
Words = tuple[str, ...]


def tree_after(outlet: Outlet, catalog: Catalog, keep: bool) -> Tree:
    """The catalog as the outlet would sell it after `share_catalog`; nothing is written."""
    tree = load_tree(catalog, outlet)
    selling = OutletCatalog.objects.select_related("catalog").filter(outlet=outlet).first()
    if keep and selling is not None:
        kept = what_differs(load_tree(selling.catalog, outlet), tree)
        for item in tree.items:
            item.override = _as_override(item.item, kept.get(("item", item.item.pk)))
        for variant in tree.variants:
            variant.override = _as_override(variant.variant, kept.get(("variant", variant.variant.pk)))
    return tree


def _as_override(thing: Any, values: Values | None) -> OutletOverride | None:
    row = merged(thing, None, values or {})
    return OutletOverride(**row) if row else None


def what_differs(old: Tree, new: Tree) -> dict[Key, Values]:
    """For what stands in `new` the values that keep at the outlet what it sells from `old`.

    The same thing is what has the same external_id, or else the same name, where only one has it.
    """
    found: dict[Key, Values] = {}
    for item, before in _pairs(new.items, old.items, _item_words):
        found["item", item.item.pk] = _held(before) if before else {**NONE, "hidden": True}
    of_category = {
        id(variant): category.category.name
        for tree in (old, new)
        for category in tree.categories
        for variant in category.variants
    }
    for variant, held in _pairs(
        new.variants, old.variants, lambda node: (of_category[id(node)], node.variant.name)
    ):
        found["variant", variant.variant.pk] = _held(held) if held else dict(NONE)
    return found


def _item_words(node: ItemNode) -> tuple[str, ...]:
    return (node.item.name,)


def _held(node: ItemNode | VariantNode) -> Values:
    return {"price": node.base_price, "in_stock": node.in_stock, "hidden": node.hidden}


def _thing(node: ItemNode | VariantNode) -> MenuItem | Variant:
    return node.item if isinstance(node, ItemNode) else node.variant


def _pairs(
    new: list[Node], old: list[Node], words: Callable[[Node], Words]
) -> list[tuple[Node, Node | None]]:
    """Each of `new` with the one of `old` that is the same thing, if there is one."""
    by_id = {_thing(node).external_id: node for node in old if _thing(node).external_id}
    known = {_thing(node).external_id for node in new} & by_id.keys()
    olds, news = _by_name(old, words, known), _by_name(new, words, known)

    def before(node: Node) -> Node | None:
        if _thing(node).external_id in known:
            return by_id[_thing(node).external_id]
        name = _folded(words(node))
        return olds[name][0] if len(olds[name]) == len(news[name]) == 1 else None

    return [(node, before(node)) for node in new]


def _by_name(
    nodes: list[Node], words: Callable[[Node], Words], known: set[str | None]
) -> dict[Words, list[Node]]:
    """By name those that are not known by their external_id."""
    found: dict[Words, list[Node]] = defaultdict(list)
    for node in nodes:
        if _thing(node).external_id not in known:
            found[_folded(words(node))].append(node)
    return found


def _folded(words: Words) -> Words:
    return tuple(folded(word) for word in words)
