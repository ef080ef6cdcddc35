"""The live menu against ours, as it is sold at the outlet. Nothing is written here."""

from collections.abc import Iterable, Sequence
from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.adopting.baseline import Baseline, baseline
from menus.adopting.plans import NEW, ORDER, Difference, OnlyHere, Plan
from menus.hours import sendable
from menus.live_menu import LiveCategory, LiveItem, LiveMenu, LiveVariant
from menus.models import Catalog
from menus.recognising import Told, recognise_menu
from menus.tree import CategoryNode, ItemNode, Tree, VariantNode, load_tree

Values = dict[str, Any]


def compare(
    catalog: Catalog, outlet: Outlet, live: LiveMenu, told: Told | None = None, tree: Tree | None = None
) -> Plan:
    """What differs, in a constant number of queries, whatever the size of the menus.

    `tree`: the catalog's at the outlet, where it is loaded already.
    """
    comparison = _Comparison(tree or load_tree(catalog, outlet), baseline(outlet), live, told)
    plan = comparison.plan
    plan.differences += [*comparison.menus(), *comparison.items(), *comparison.categories()]
    plan.differences += [*comparison.variants(), *comparison.orders()]
    plan.only_here += comparison.only_here()
    return plan


def live_item_values(live: LiveItem) -> Values:
    """What an item on GoFood has, under the names of our columns."""
    values = {
        "external_id": live.external_id,
        "name": live.name,
        "description": live.description,
        "price": live.price,
        "in_stock": live.in_stock,
        "operational_hours": sendable(live.operational_hours),
        "image_url": live.image_url,
    }
    # GET leaves internal_name out.
    return values if live.internal_name is None else {**values, "internal_name": live.internal_name}


def live_category_values(live: LiveCategory) -> Values:
    return {
        "external_id": live.external_id,
        "name": live.name,
        "internal_name": _own_name(live.internal_name, live.name),
        "quantities": {"min_quantity": live.min_quantity, "max_quantity": live.max_quantity},
    }


def live_variant_values(live: LiveVariant) -> Values:
    return {
        "external_id": live.external_id,
        "name": live.name,
        "price": live.price,
        "in_stock": live.in_stock,
    }


def _own_name(internal_name: str, name: str) -> str:
    """GoFood shows the name where no internal one was given."""
    return "" if internal_name == name else internal_name


class _Comparison:
    def __init__(self, tree: Tree, base: Baseline, live: LiveMenu, told: Told | None) -> None:
        self.tree, self.base, self.live = tree, base, live
        self.found = recognise_menu(live, tree, told)
        self.plan = Plan(live, tree, self.found)
        self.menu_names = {node.menu.pk: node.menu.name for node in tree.menus}
        self.category_names = {node.category.pk: node.category.name for node in tree.categories}

    def menus(self) -> Iterable[Difference]:
        for index, (section, node) in enumerate(zip(self.live.menus, self.found.menus, strict=True)):
            if node is None:
                yield self._new("menu", index, section, "")
            else:
                ours = {"name": node.menu.name}
                yield from self._changed("menu", index, section, "", node.menu.pk, ours)

    def items(self) -> Iterable[Difference]:
        index = 0
        for section, menu in zip(self.live.menus, self.found.menus, strict=True):
            for live in section.items:
                node = self.found.items[index]
                if node is None:
                    yield self._new("item", index, live, section.name, live.price)
                else:
                    ours = self._item_values(node, live)
                    yield from self._changed("item", index, live, section.name, node.item.pk, ours)
                    yield from self._moved_item(index, live, node, section.name, menu)
                    yield from self._links(index, live, node, section.name)
                index += 1

    def _item_values(self, node: ItemNode, live: LiveItem) -> Values:
        item = node.item
        values = {
            "external_id": item.external_id if live.external_id else None,
            "name": item.name,
            "internal_name": item.internal_name,
            "description": item.description,
            "price": node.price,
            "in_stock": node.in_stock,
            "operational_hours": sendable(item.operational_hours),
            "image_url": item.image_url,
            "hidden": node.hidden,
        }
        if item.picture_id or not live.image_url or (item.image_url and self.base.sent):
            # A picture of ours stays, wherever GoFood keeps its copy of it.
            del values["image_url"]
        if node.timed is not None:
            # What GoFood shows for a while is not what the item costs.
            del values["price"]
        if node.outs:
            # It is off for as long as an ingredient is out, whatever is switched.
            del values["in_stock"]
        return values

    def _moved_item(
        self, index: int, live: LiveItem, node: ItemNode, where: str, menu: Any
    ) -> Iterable[Difference]:
        if menu is not None and menu.menu.pk == node.item.menu_id:
            return
        before = self.base.row_of("item", live)
        by_us = before is not None and self.base.where[id(before)] == where
        old = self.menu_names[node.item.menu_id]
        yield Difference("item", index, "menu", live.name, where, node.item.pk, old, where, by_us)

    def _links(self, index: int, live: LiveItem, node: ItemNode, where: str) -> Iterable[Difference]:
        wanted = [self.found.categories[number] for number in live.categories]
        if [one and one.category.pk for one in wanted] == [one.category.pk for one in node.categories]:
            return
        new = [self.live.categories[number].name for number in live.categories]
        before = self.base.row_of("item", live)
        was = [self.base.menu.categories[number].name for number in before.categories] if before else None
        old = [one.category.name for one in node.categories]
        yield Difference("item", index, "categories", live.name, where, node.item.pk, old, new, was == new)

    def categories(self) -> Iterable[Difference]:
        for index, (live, node) in enumerate(zip(self.live.categories, self.found.categories, strict=True)):
            if node is None:
                yield self._new("variant_category", index, live, "", [one.name for one in live.variants])
                continue
            category = node.category
            ours = {
                "external_id": category.external_id if live.external_id else None,
                "name": category.name,
                "internal_name": _own_name(category.internal_name, category.name),
                "quantities": {
                    "min_quantity": category.min_quantity,
                    "max_quantity": category.max_quantity,
                },
            }
            yield from self._changed("variant_category", index, live, "", category.pk, ours)

    def variants(self) -> Iterable[Difference]:
        index = 0
        for category, home in zip(self.live.categories, self.found.categories, strict=True):
            for live in category.variants:
                node = self.found.variants[index]
                if node is not None:
                    yield from self._of_variant(index, live, node, category.name, home)
                elif home is not None:
                    # Those of a new variant category come with it.
                    yield self._new("variant", index, live, category.name, live.price)
                index += 1

    def _of_variant(
        self, index: int, live: LiveVariant, node: VariantNode, where: str, home: CategoryNode | None
    ) -> Iterable[Difference]:
        variant = node.variant
        ours = {
            "external_id": variant.external_id if live.external_id else None,
            "name": variant.name,
            "price": node.price,
            "in_stock": node.in_stock,
            "hidden": node.hidden,
        }
        if node.outs:
            del ours["in_stock"]
        yield from self._changed("variant", index, live, where, variant.pk, ours)
        if home is None or home.category.pk != variant.category_id:
            before = self.base.row_of("variant", live)
            by_us = before is not None and self.base.where[id(before)] == where
            old = self.category_names[variant.category_id]
            yield Difference("variant", index, "category", live.name, where, variant.pk, old, where, by_us)

    def _new(self, kind: str, index: int, live: Any, where: str, value: Any = None) -> Difference:
        # GoFood had it when we published, or when we first looked: then it was removed here.
        by_us = self.base.row_of(kind, live) is not None
        return Difference(kind, index, NEW, live.name, where, new=value, by_us=by_us)

    def _changed(
        self, kind: str, index: int, live: Any, where: str, pk: int, ours: Values
    ) -> Iterable[Difference]:
        """What differs between the values of a live row and ours; only what both have is compared."""
        values = {**live_values(kind, live), "hidden": False}
        before = self.base.row_of(kind, live)
        was = {**live_values(kind, before), "hidden": False} if before is not None else {}
        for name, old in ours.items():
            if name in values and values[name] != old:
                by_us = name == "hidden" or was.get(name, old) == values[name]
                yield Difference(kind, index, name, live.name, where, pk, old, values[name], by_us)

    def orders(self) -> Iterable[Difference]:
        yield from self._order("catalog", 0, "", self.live.menus, self.found.menus, self.base.menu.menus)
        yield from self._order(
            "catalog", 1, "", self.live.categories, self.found.categories, self.base.menu.categories
        )
        first = 0
        for index, (section, menu) in enumerate(zip(self.live.menus, self.found.menus, strict=True)):
            nodes = self.found.items[first : first + len(section.items)]
            first += len(section.items)
            here = [node if menu and node and node.item.menu_id == menu.menu.pk else None for node in nodes]
            before = self.base.row_of("menu", section)
            yield from self._order(
                "menu", index, section.name, section.items, here, before.items if before else []
            )
        first = 0
        for index, (row, home) in enumerate(zip(self.live.categories, self.found.categories, strict=True)):
            nodes_of = self.found.variants[first : first + len(row.variants)]
            first += len(row.variants)
            here_of = [
                node if home and node and node.variant.category_id == home.category.pk else None
                for node in nodes_of
            ]
            before = self.base.row_of("variant_category", row)
            was = before.variants if before else []
            yield from self._order("variant_category", index, row.name, row.variants, here_of, was)

    def _order(
        self,
        kind: str,
        index: int,
        name: str,
        lives: Sequence[Any],
        nodes: Sequence[Any],
        before: Sequence[Any],
    ) -> Iterable[Difference]:
        """Where the rows that both have stand in another order."""
        both = [(live, row_of(node)) for live, node in zip(lives, nodes, strict=True) if node is not None]
        ours = sorted((row for _live, row in both), key=lambda row: (row.position, row.pk))
        if [row.pk for row in ours] == [row.pk for _live, row in both]:
            return
        new = [live.name for live, _row in both]
        by_us = [row.name for row in before] == [live.name for live in lives]
        yield Difference(kind, index, ORDER, name, "", None, [row.name for row in ours], new, by_us)

    def only_here(self) -> Iterable[OnlyHere]:
        menus, items = _pks(self.found.menus), _pks(self.found.items)
        categories, variants = _pks(self.found.categories), _pks(self.found.variants)
        for menu in self.tree.menus:
            if menu.menu.pk not in menus:
                yield self._only_here("menu", menu.menu, "")
            for item in menu.items:
                if item.item.pk not in items and not item.hidden:
                    yield self._only_here("item", item.item, menu.menu.name)
        for category in self.tree.categories:
            gone = category.category.pk not in categories
            if gone:
                yield self._only_here("variant_category", category.category, "")
            for variant in category.variants:
                if not gone and variant.variant.pk not in variants and not variant.hidden:
                    yield self._only_here("variant", variant.variant, category.category.name)

    def _only_here(self, kind: str, row: Any, where: str) -> OnlyHere:
        return OnlyHere(kind, row.pk, row.name, where, self.base.row_of(kind, row) is not None)


def live_values(kind: str, live: Any) -> Values:
    """What a live row has, under the names of our columns."""
    if kind == "item":
        return live_item_values(live)
    if kind == "variant_category":
        return live_category_values(live)
    return live_variant_values(live) if kind == "variant" else {"name": live.name}


def row_of(node: Any) -> Any:
    """The row in a node of the tree."""
    for name in ("item", "category", "variant", "menu"):
        if hasattr(node, name):
            return getattr(node, name)
    raise TypeError(node)


def _pks(nodes: Iterable[Any]) -> set[int]:
    return {row_of(node).pk for node in nodes if node is not None}
