"""Menus as this product keeps them, and as GoBiz shows them."""

from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from menus import models
from tests.factories import MerchantFactory, OutletFactory


class CatalogFactory(DjangoModelFactory):
    class Meta:
        model = models.Catalog

    merchant = factory.SubFactory(MerchantFactory)
    name = factory.Sequence(lambda n: f"Catalog {n}")


class MenuFactory(DjangoModelFactory):
    class Meta:
        model = models.Menu

    catalog = factory.SubFactory(CatalogFactory)
    name = factory.Sequence(lambda n: f"Menu {n}")
    position = factory.Sequence(int)


class MenuItemFactory(DjangoModelFactory):
    class Meta:
        model = models.MenuItem

    menu = factory.SubFactory(MenuFactory)
    catalog = factory.SelfAttribute("menu.catalog")
    name = factory.Sequence(lambda n: f"Item {n}")
    external_id = factory.Sequence(lambda n: f"item-{n}")
    price = 15000
    image_url = "https://pictures.example.com/nasi.png"
    operational_hours = factory.LazyFunction(lambda: {"monday": [{"start": "08:00", "end": "14:00"}]})
    position = factory.Sequence(int)


class VariantCategoryFactory(DjangoModelFactory):
    class Meta:
        model = models.VariantCategory

    catalog = factory.SubFactory(CatalogFactory)
    name = factory.Sequence(lambda n: f"Category {n}")
    external_id = factory.Sequence(lambda n: f"category-{n}")
    position = factory.Sequence(int)


class VariantFactory(DjangoModelFactory):
    class Meta:
        model = models.Variant

    category = factory.SubFactory(VariantCategoryFactory)
    catalog = factory.SelfAttribute("category.catalog")
    name = factory.Sequence(lambda n: f"Variant {n}")
    external_id = factory.Sequence(lambda n: f"variant-{n}")
    position = factory.Sequence(int)


def selling_outlet(**item: Any) -> Any:
    """An outlet whose imported catalog has one menu with one item and one variant, all with ids."""
    outlet = OutletFactory()
    catalog = CatalogFactory(merchant=outlet.merchant)
    models.OutletCatalog.objects.create(outlet=outlet, catalog=catalog, imported_at=timezone.now())
    item = MenuItemFactory(**{"menu__catalog": catalog, "name": "Ayam Geprek", **item})
    category = VariantCategoryFactory(catalog=catalog, name="Potongan")
    VariantFactory(category=category, name="Paha atas")
    VariantFactory(category=category, name="Paha bawah")
    models.ItemVariantCategory.objects.create(item=item, category=category)
    return outlet


def live_item(name: str, **fields: Any) -> dict[str, Any]:
    """A menu item in the shape of GET catalog."""
    return {
        "id": f"gobiz-{name}",
        "name": name,
        "description": "",
        "price": 12000,
        "image": "https://gofood.example.com/x.png",
        "in_stock": True,
        "operational_hours": {"sunday": [{"start": "00:00", "end": "23:59"}]},
        "variant_category_ids": [],
        **fields,
    }


def live_category(name: str, *variants: str, **fields: Any) -> dict[str, Any]:
    """A variant category in the shape of GET catalog: with a GoBiz id, without external_id."""
    return {
        "id": f"gobiz-{name}",
        "name": name,
        "internal_name": name,
        "rules": {"selection": {"min_quantity": 0, "max_quantity": 1}},
        "variants": [
            {"id": f"gobiz-{name}-{variant}", "name": variant, "price": 1000, "in_stock": True}
            for variant in variants
        ],
        **fields,
    }


def live_menu(size: int = 0) -> dict[str, Any]:
    """GET catalog's data: a small warung, or one of `size` items."""
    if size:
        items = [
            live_item(f"Item {n}", variant_category_ids=[f"gobiz-Category {n}"], external_id=f"I-{n}")
            for n in range(size)
        ]
        categories = [live_category(f"Category {n}", "Keju", "Telur") for n in range(size)]
        return {"variant_categories": categories, "menus": [{"name": "All", "menu_items": items}]}
    return {
        "variant_categories": [
            live_category("Potongan", "Paha atas", "Paha bawah"),
            live_category("Tidak dipakai", "Keju"),
        ],
        "menus": [
            {
                "name": "Ayam",
                "menu_items": [
                    live_item("Ayam Geprek", external_id="I-1", variant_category_ids=["gobiz-Potongan"]),
                    live_item("Ayam Bakar", variant_category_ids=["gobiz-Potongan"]),
                ],
            },
            {"name": "Minum", "menu_items": [live_item("Es Teh", price="5000", external_id=None)]},
        ],
    }


def live_from(payload: dict[str, Any]) -> dict[str, Any]:
    """What GET catalog shows after a PUT of `payload`: GoBiz ids, and categories without external_id."""
    gobiz_id = {row["external_id"]: f"g-{row['external_id']}" for row in payload["variant_categories"]}

    def item(row: dict[str, Any]) -> dict[str, Any]:
        hidden = {"internal_name", "variant_category_external_ids"}
        links = [gobiz_id[name] for name in row["variant_category_external_ids"]]
        kept = {name: value for name, value in row.items() if name not in hidden}
        return {
            "description": "",
            "image": "",
            **kept,
            "id": f"g-{row['external_id']}",
            "variant_category_ids": links,
        }

    return {
        "menus": [
            {"name": menu["name"], "menu_items": [item(row) for row in menu["menu_items"]]}
            for menu in payload["menus"]
        ],
        "variant_categories": [
            {
                "id": gobiz_id[row["external_id"]],
                "internal_name": row["name"],
                **{name: value for name, value in row.items() if name != "external_id"},
            }
            for row in payload["variant_categories"]
        ],
    }
