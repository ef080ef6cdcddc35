"""A catalog as it stands, loaded whole with a constant number of queries."""

from dataclasses import dataclass, field

from django.db.models import Q

from gobiz_admin.merchants.models import Outlet
from menus.confirmed import ConfirmedMenu, confirmed_menu
from menus.models import (
    Catalog,
    ExternalId,
    ItemVariantCategory,
    Menu,
    MenuItem,
    OutletOverride,
    PriceConfirmation,
    Variant,
    VariantCategory,
)
from menus.picture_checks import bad_pictures


@dataclass
class VariantNode:
    """A variant, with what differs at the tree's outlet."""

    variant: Variant
    override: OutletOverride | None = None

    @property
    def price(self) -> int:
        return _overridden(self.override, "price", self.variant.price)

    @property
    def in_stock(self) -> bool:
        return _overridden(self.override, "in_stock", self.variant.in_stock)

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

    @property
    def price(self) -> int:
        return _overridden(self.override, "price", self.item.price)

    @property
    def in_stock(self) -> bool:
        return _overridden(self.override, "in_stock", self.item.in_stock)

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

    @property
    def items(self) -> list[ItemNode]:
        return [item for menu in self.menus for item in menu.items]

    @property
    def variants(self) -> list[VariantNode]:
        return [variant for category in self.categories for variant in category.variants]


def load_tree(catalog: Catalog, outlet: Outlet | None = None) -> Tree:
    """The catalog's tree, in order, as it is sold at `outlet`: ten queries, whatever its size."""
    overrides = _overrides(catalog, outlet)
    categories = {
        category.pk: CategoryNode(category)
        for category in VariantCategory.objects.filter(catalog=catalog).order_by("position", "pk")
    }
    for variant in Variant.objects.filter(catalog=catalog).order_by("position", "pk"):
        node = VariantNode(variant, overrides.get((ExternalId.Kind.VARIANT, variant.pk)))
        categories[variant.category_id].variants.append(node)
    menus = {menu.pk: MenuNode(menu) for menu in catalog.menus.order_by("position", "pk")}
    items: dict[int, ItemNode] = {}
    rows = MenuItem.objects.filter(catalog=catalog).select_related("picture").order_by("position", "pk")
    for item in rows:
        items[item.pk] = ItemNode(item, override=overrides.get((ExternalId.Kind.ITEM, item.pk)))
        menus[item.menu_id].items.append(items[item.pk])
    for link in ItemVariantCategory.objects.filter(item__catalog=catalog).order_by("position", "pk"):
        items[link.item_id].categories.append(categories[link.category_id])
        categories[link.category_id].used_by += 1
    live = ExternalId.objects.filter(catalog=catalog, live=True).values_list("kind", "external_id")
    tree = Tree(catalog, outlet, list(menus.values()), list(categories.values()), set(live))
    if outlet is not None:
        tree.confirmed = confirmed_menu(outlet)
        given = PriceConfirmation.objects.filter(outlet=outlet).select_related("confirmed_by")
        tree.confirmations = list(given.order_by("pk"))
        tree.bad_pictures = bad_pictures(catalog)
    return tree


def _overrides(catalog: Catalog, outlet: Outlet | None) -> dict[tuple[str, int], OutletOverride]:
    if outlet is None:
        return {}
    rows = OutletOverride.objects.filter(
        Q(item__catalog=catalog) | Q(variant__catalog=catalog), outlet=outlet
    )
    return {
        (ExternalId.Kind.ITEM, row.item_id)
        if row.item_id
        else (ExternalId.Kind.VARIANT, row.variant_id or 0): row
        for row in rows
    }


def _overridden(override: OutletOverride | None, name: str, value):  # type: ignore[no-untyped-def]
    own = None if override is None else getattr(override, name)
    return value if own is None else own
