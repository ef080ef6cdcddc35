"""What stands in a catalog, by what a file calls it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from menus.models import Catalog, ExternalId, Menu, MenuItem, Picture, Variant, VariantCategory
from menus.pictures import public_url
from menus.sheets.cells import as_cell
from menus.text import folded
from menus.tree import CategoryNode, ItemNode, Tree, VariantNode

Kind = ExternalId.Kind
BETWEEN_NAMES = ";"


def fold(text: str) -> str:
    """A name as it is matched: as a cell, without case and doubled spaces."""
    return folded(as_cell(text))


def ingredient_names(node: ItemNode | VariantNode) -> list[str]:
    """What it is made of, in the order in which a cell names it."""
    return sorted((ingredient.name for ingredient in node.ingredients), key=folded)


class Library:
    """The tree, looked up by the ids and names that stand in cells; nothing of it changes."""

    def __init__(
        self, tree: Tree, ledger: Iterable[tuple[str, str]], pictures: Iterable[Picture] = ()
    ) -> None:
        self.tree = tree
        # Every external_id that was ever in use, per kind.
        self.used: dict[str, set[str]] = defaultdict(set)
        for kind, external_id in ledger:
            self.used[kind].add(external_id)
        self.pictures = {public_url(picture): picture for picture in pictures}
        self.menus: dict[str, list[Menu]] = defaultdict(list)
        self.items: dict[tuple[str, str], list[ItemNode]] = defaultdict(list)
        self.items_called: dict[str, list[ItemNode]] = defaultdict(list)
        self.menu_of: dict[int, Menu] = {}
        self.categories: dict[str, list[CategoryNode]] = defaultdict(list)
        self.variants: dict[tuple[int, str], list[VariantNode]] = defaultdict(list)
        self.category_of: dict[int, CategoryNode] = {}
        # kind → external_id as a cell has it → what has it.
        self.by_id: dict[str, dict[str, list[Any]]] = {kind: defaultdict(list) for kind in Kind}
        self._index_menus()
        self._index_categories()
        self.labels = {node.category.pk: self._label(node) for node in tree.categories}

    def _index_menus(self) -> None:
        for menu in self.tree.menus:
            self.menus[fold(menu.menu.name)].append(menu.menu)
            self.menu_of[menu.menu.pk] = menu.menu
            for node in menu.items:
                self.items[fold(menu.menu.name), fold(node.item.name)].append(node)
                self.items_called[fold(node.item.name)].append(node)
                self._index_id(Kind.ITEM, node.item, node)

    def _index_categories(self) -> None:
        for node in self.tree.categories:
            self.categories[fold(node.category.name)].append(node)
            self.category_of[node.category.pk] = node
            self._index_id(Kind.VARIANT_CATEGORY, node.category, node)
            for variant in node.variants:
                self.variants[node.category.pk, fold(variant.variant.name)].append(variant)
                self._index_id(Kind.VARIANT, variant.variant, variant)

    def _index_id(self, kind: str, row: MenuItem | VariantCategory | Variant, node: Any) -> None:
        if row.external_id:
            self.by_id[kind][as_cell(row.external_id)].append(node)

    def _label(self, node: CategoryNode) -> str:
        """What a sheet calls it: its name where that tells it from the others, else its id."""
        name, external_id = as_cell(node.category.name), as_cell(node.category.external_id or "")
        clear = len(self.categories[fold(name)]) == 1 and name not in self.by_id[Kind.VARIANT_CATEGORY]
        if (clear and BETWEEN_NAMES not in name) or not external_id or BETWEEN_NAMES in external_id:
            return name
        return external_id

    def labels_of(self, categories: Sequence[CategoryNode]) -> str:
        """The cell that names these categories, in their order."""
        return f"{BETWEEN_NAMES} ".join(self.labels[node.category.pk] for node in categories)

    def picture_address(self, item: MenuItem) -> str:
        return public_url(item.picture) if item.picture else item.image_url


def library_of(tree: Tree) -> Library:
    """The catalog's library; two queries."""
    catalog = tree.catalog
    return Library(tree, _ledger(catalog), Picture.objects.filter(merchant=catalog.merchant_id))


def _ledger(catalog: Catalog) -> QuerySet[ExternalId, tuple[str, str]]:
    return ExternalId.objects.filter(catalog=catalog).values_list("kind", "external_id")
