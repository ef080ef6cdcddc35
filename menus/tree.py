"""A catalog as it stands, loaded whole with a constant number of queries."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.confirmed import ConfirmedMenu, confirmed_menus
from menus.models import (
    Catalog,
    ExternalId,
    Ingredient,
    IngredientLink,
    IngredientOut,
    ItemVariantCategory,
    Menu,
    MenuItem,
    OutletOverride,
    PriceConfirmation,
    TimedPlace,
    Variant,
    VariantCategory,
)
from menus.picture_checks import bad_pictures
from menus.stock_effect import Key, Outs, by_hand, effective
from menus.timed_now import running_at

Overrides = dict[tuple[str, int], OutletOverride]


@dataclass
class VariantNode:
    """A variant, with what differs at the tree's outlet."""

    variant: Variant
    override: OutletOverride | None = None
    ingredients: list[Ingredient] = field(default_factory=list)
    # Those of its ingredients that are out at the tree's outlet.
    outs: Sequence[IngredientOut] = ()

    @property
    def price(self) -> int:
        return _overridden(self.override, "price", self.variant.price)

    @property
    def by_hand(self) -> bool:
        return by_hand(self.variant.in_stock, self.override.in_stock if self.override else None)

    @property
    def base_price(self) -> int:
        """Only items have timed prices."""
        return self.price

    @property
    def in_stock(self) -> bool:
        return effective(self.by_hand, self.outs)

    @property
    def hidden(self) -> bool:
        return self.override is not None and self.override.hidden


@dataclass
class CategoryNode:
    """A variant category with its variants in order, and how many items use it."""

    category: VariantCategory
    variants: list[VariantNode] = field(default_factory=list)
    used_by: int = 0


@dataclass
class ItemNode:
    """A menu item with its variant categories in order, and what differs at the tree's outlet."""

    item: MenuItem
    categories: list[CategoryNode] = field(default_factory=list)
    override: OutletOverride | None = None
    ingredients: list[Ingredient] = field(default_factory=list)
    # Those of its ingredients that are out at the tree's outlet.
    outs: Sequence[IngredientOut] = ()
    # What it costs for a while, at the moment for which the tree was loaded.
    timed: TimedPlace | None = None

    @property
    def price(self) -> int:
        """What a customer pays at the outlet."""
        return self.base_price if self.timed is None else self.timed.price

    @property
    def base_price(self) -> int:
        """The same without a timed price: the outlet's own, or the catalog's."""
        return _overridden(self.override, "price", self.item.price)

    @property
    def by_hand(self) -> bool:
        return by_hand(self.item.in_stock, self.override.in_stock if self.override else None)

    @property
    def in_stock(self) -> bool:
        return effective(self.by_hand, self.outs)

    @property
    def hidden(self) -> bool:
        return self.override is not None and self.override.hidden


@dataclass
class MenuNode:
    """A menu with its items in order."""

    menu: Menu
    items: list[ItemNode] = field(default_factory=list)


@dataclass
class Tree:
    """A whole catalog; `outlet` is the one whose overrides are in it, if any."""

    catalog: Catalog
    outlet: Outlet | None
    menus: list[MenuNode]
    categories: list[CategoryNode]
    # (kind, external_id) of what came from GoFood: kept even where it breaks the format rule.
    live_ids: set[tuple[str, str]] = field(default_factory=set)
    # What GoFood was last proven to have at the outlet.
    confirmed: ConfirmedMenu = field(default_factory=ConfirmedMenu)
    confirmations: list[PriceConfirmation] = field(default_factory=list)
    # Item → code of what is wrong with the picture that stands at its address.
    bad_pictures: dict[int, str] = field(default_factory=dict)
    # The same for two outlets of the catalog at which the same is sold at the same prices.
    sold: Hashable = None

    @property
    def items(self) -> list[ItemNode]:
        return [item for menu in self.menus for item in menu.items]

    @property
    def variants(self) -> list[VariantNode]:
        return [variant for category in self.categories for variant in category.variants]


def load_tree(catalog: Catalog, outlet: Outlet | None = None, at: datetime | None = None) -> Tree:
    """The catalog's tree, in order, as it is sold at `outlet`: fourteen queries, whatever its size.

    `at`: with the timed prices of that moment, in place of those of now.
    """
    rows = _Rows(catalog)
    return load_trees(catalog, [outlet], at, rows)[outlet.pk] if outlet else rows.tree(None, {})


def load_trees(
    catalog: Catalog,
    outlets: Sequence[Outlet],
    at: datetime | None = None,
    rows: "_Rows | None" = None,
) -> dict[int, Tree]:
    """By outlet pk the catalog's tree as it is sold there: fourteen queries, however many outlets.

    The trees share the catalog's rows, so nothing may be written through them.
    """
    rows = rows or _Rows(catalog)
    overrides = _overrides(catalog, outlets)
    timed = running_at(catalog.pk, outlets, at or timezone.now())
    confirmed = confirmed_menus(outlets)
    given = PriceConfirmation.objects.filter(outlet__in=outlets).select_related("confirmed_by").order_by("pk")
    confirmations: dict[int, list[PriceConfirmation]] = defaultdict(list)
    for confirmation in given:
        confirmations[confirmation.outlet_id].append(confirmation)
    bad, outs = bad_pictures(catalog), rows.outs_at(outlets)
    trees = {}
    for outlet in outlets:
        tree = rows.tree(outlet, overrides[outlet.pk], outs, timed[outlet.pk])
        tree.confirmed = confirmed[outlet.pk]
        tree.confirmations = confirmations[outlet.pk]
        tree.bad_pictures = bad
        tree.sold = _sold(overrides[outlet.pk], outs.by_outlet.get(outlet.pk, {}), timed[outlet.pk])
        trees[outlet.pk] = tree
    return trees


class _Rows:
    """A catalog's rows in order, read once; a tree of them for each outlet."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.categories = list(VariantCategory.objects.filter(catalog=catalog).order_by("position", "pk"))
        self.variants = list(Variant.objects.filter(catalog=catalog).order_by("position", "pk"))
        self.menus = list(catalog.menus.order_by("position", "pk"))
        items = MenuItem.objects.filter(catalog=catalog).select_related("picture")
        self.items = list(items.order_by("position", "pk"))
        links = ItemVariantCategory.objects.filter(item__catalog=catalog)
        self.links = list(links.order_by("position", "pk"))
        live = ExternalId.objects.filter(catalog=catalog, live=True)
        self.live_ids = set(live.values_list("kind", "external_id"))
        self.ingredients: dict[Key, list[Ingredient]] = defaultdict(list)
        borne = IngredientLink.objects.filter(ingredient__catalog=catalog).select_related("ingredient")
        for tag in borne.order_by("ingredient__name", "pk"):
            self.ingredients[tag.key].append(tag.ingredient)

    def outs_at(self, outlets: Sequence[Outlet]) -> Outs:
        """Which of the catalog's ingredients are out where; one query."""
        rows = IngredientOut.objects.filter(ingredient__catalog=self.catalog, outlet__in=outlets)
        by_outlet: dict[int, dict[int, IngredientOut]] = defaultdict(dict)
        for out in rows.select_related("ingredient", "by"):
            by_outlet[out.outlet_id][out.ingredient_id] = out
        bearing = {key: [tag.pk for tag in tags] for key, tags in self.ingredients.items()}
        return Outs(dict(by_outlet), bearing)

    def tree(
        self,
        outlet: Outlet | None,
        overrides: Overrides,
        outs: Outs | None = None,
        timed: dict[int, TimedPlace] | None = None,
    ) -> Tree:
        outs, outlet_pk = outs or Outs(), outlet.pk if outlet else None
        categories = {category.pk: CategoryNode(category) for category in self.categories}
        for variant in self.variants:
            key: Key = ("variant", variant.pk)
            node = VariantNode(
                variant, overrides.get(key), self.ingredients.get(key, []), outs.of(outlet_pk, key)
            )
            categories[variant.category_id].variants.append(node)
        menus = {menu.pk: MenuNode(menu) for menu in self.menus}
        items: dict[int, ItemNode] = {}
        for item in self.items:
            key = ("item", item.pk)
            items[item.pk] = ItemNode(
                item,
                [],
                overrides.get(key),
                self.ingredients.get(key, []),
                outs.of(outlet_pk, key),
                (timed or {}).get(item.pk),
            )
            menus[item.menu_id].items.append(items[item.pk])
        for link in self.links:
            items[link.item_id].categories.append(categories[link.category_id])
            categories[link.category_id].used_by += 1
        return Tree(self.catalog, outlet, list(menus.values()), list(categories.values()), self.live_ids)


def _overrides(catalog: Catalog, outlets: Sequence[Outlet]) -> dict[int, Overrides]:
    found: dict[int, Overrides] = defaultdict(dict)
    rows = OutletOverride.objects.filter(
        Q(item__catalog=catalog) | Q(variant__catalog=catalog), outlet__in=outlets
    )
    for row in rows:
        kind, pk = (ExternalId.Kind.ITEM, row.item_id)
        if pk is None:
            kind, pk = ExternalId.Kind.VARIANT, row.variant_id or 0
        found[row.outlet_id][kind, pk] = row
    return found


def _sold(overrides: Overrides, outs: Collection[int], timed: dict[int, TimedPlace]) -> Hashable:
    own = frozenset((key, row.price, row.in_stock, row.hidden) for key, row in overrides.items())
    return own, frozenset(outs), frozenset((pk, place.price) for pk, place in timed.items())


def _overridden(override: OutletOverride | None, name: str, value):  # type: ignore[no-untyped-def]
    own = None if override is None else getattr(override, name)
    return value if own is None else own
