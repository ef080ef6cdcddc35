"""A small menu that keeps every rule, never saved, to be broken one thing at a time."""

from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.confirmed import read_confirmed
from menus.models import Catalog, Menu, MenuItem, Variant, VariantCategory
from menus.tree import CategoryNode, ItemNode, MenuNode, Tree, VariantNode

PRICES = [10_000, 12_000, 15_000, 18_000, 20_000, 22_000]
HOURS = {"monday": [{"start": "08:00", "end": "14:00"}]}
PICTURE = "https://pictures.example.com/nasi.png"


def good_tree(confirmed: bool = True) -> Tree:
    """Six items in one menu, each with one variant category of two variants; GoFood has the same prices."""
    catalog = Catalog(pk=1, name="Warung", most_changed_percent=20)
    menu = Menu(pk=1, catalog=catalog, name="Ayam")
    category = VariantCategory(
        pk=1, catalog=catalog, external_id="vc-1", name="Potongan", min_quantity=1, max_quantity=2
    )
    variants = [
        Variant(
            pk=pk, catalog=catalog, category=category, external_id=f"v-{pk}", name=f"Potong {pk}", price=1000
        )
        for pk in (1, 2)
    ]
    choices = CategoryNode(category, [VariantNode(row) for row in variants], used_by=len(PRICES))
    items = [
        MenuItem(
            pk=pk,
            catalog=catalog,
            menu=menu,
            external_id=f"i-{pk}",
            name=f"Ayam {pk}",
            price=price,
            image_url=PICTURE,
            operational_hours=HOURS,
        )
        for pk, price in enumerate(PRICES, 1)
    ]
    tree = Tree(catalog, Outlet(pk=1, name="Warung"), [MenuNode(menu, [])], [choices])
    tree.menus[0].items = [ItemNode(item, [choices]) for item in items]
    if confirmed:
        tree.confirmed = read_confirmed(as_confirmed(tree))
    return tree


def as_confirmed(tree: Tree) -> dict[str, Any]:
    """The payload of a version with the tree's items and variants as they are now."""

    def row(one: Any) -> dict[str, Any]:
        image = getattr(one, "image_url", "")
        return {"external_id": one.external_id, "name": one.name, "price": one.price, "image": image}

    return {
        "menus": [{"name": "Ayam", "menu_items": [row(node.item) for node in tree.items]}],
        "variant_categories": [
            {"name": "Potongan", "variants": [row(node.variant) for node in tree.variants]}
        ],
    }


def item(tree: Tree, number: int = 0) -> MenuItem:
    return tree.items[number].item


def category(tree: Tree) -> VariantCategory:
    return tree.categories[0].category


def variant(tree: Tree, number: int = 0) -> Variant:
    return tree.variants[number].variant
