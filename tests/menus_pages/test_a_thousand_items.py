"""What pages and changes cost is counted in queries: as many for ten items as for a thousand."""

import re
from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from menus.hours import all_day
from menus.models import ItemVariantCategory, MenuItem, Variant, VariantCategory
from menus.seen import seen
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
FEW, MANY = 10, 1000
PAGES = [
    "menu",
    "menu_foot",
    "library",
    "menu_checks",
    "menu_ids",
    "publish_review",
    "bulk",
    "matrix",
    "menu_preview",
]


def grow(shop: Shop, size: int) -> None:
    """So many items, a tenth of them with a choice of their own, and some with something wrong."""
    first = MenuItem.objects.filter(catalog=shop.catalog).count()
    catalog = shop.catalog
    items = MenuItem.objects.bulk_create(
        MenuItem(
            catalog=catalog,
            menu=shop.item.menu,
            name=f"Nasi {n}",
            price=15_000 + n % 7,
            external_id=None if n % 5 == 0 else f"grown-{n}",
            operational_hours=None if n % 3 == 0 else all_day(),
            position=n,
        )
        for n in range(first, size)
    )
    categories = VariantCategory.objects.bulk_create(
        VariantCategory(catalog=catalog, name=f"Pilihan {item.pk}", external_id=f"c-{item.pk}")
        for item in items[::10]
    )
    Variant.objects.bulk_create(
        Variant(catalog=catalog, category=category, name="Keju", external_id=f"v-{category.external_id}")
        for category in categories
    )
    ItemVariantCategory.objects.bulk_create(
        ItemVariantCategory(item=item, category=category)
        for item, category in zip(items[::10], categories, strict=True)
    )


def queries_of(act: Any) -> Counter[str]:
    """The statements, without their values: how many of each."""
    with CaptureQueriesContext(connection) as queries:
        answer = act()
        assert answer.status_code in (200, 302), answer.status_code
        if answer.streaming:
            answer.getvalue()
    return Counter(re.sub(r"\d+|'[^']*'", "?", query["sql"])[:60] for query in queries)


def acts(shop: Shop, client: Client) -> dict[str, Any]:
    """Every page and every kind of change, each done anew each time it is called."""

    def look(name: str) -> Any:
        arguments = {"publish_review": [shop.outlet.pk]}.get(
            name, [shop.catalog.pk] if name in ("library", "menu_ids", "bulk") else []
        )
        return lambda: client.get(shop.url(name, *arguments))

    def edit() -> Any:
        shop.item.refresh_from_db()
        data = {"field": "price", "value": str(shop.item.price + 500), "shown": seen(shop.item, "price")}
        return client.post(shop.url("save_field", "item", shop.item.pk), data)

    def many() -> Any:
        pks = MenuItem.objects.filter(catalog=shop.catalog).values_list("pk", flat=True)
        data = {
            "items": list(pks),
            "operation": "price",
            "how": "raise_rupiah",
            "amount": "500",
            "round_to": "1",
        }
        shown = re.search(
            r'name="shown" value="([^"]+)"',
            client.post(shop.url("bulk", shop.catalog.pk), {**data, "stage": "preview"}).content.decode(),
        )
        assert shown
        return client.post(shop.url("bulk", shop.catalog.pk), {**data, "stage": "apply", "shown": shown[1]})

    def fix() -> Any:
        MenuItem.objects.filter(catalog=shop.catalog, position__gt=0).update(operational_hours=None)
        data = {"code": "hours_missing", "row": ""}
        return client.post(shop.url("fix_checks", shop.outlet.pk), data)

    def undo() -> Any:
        return client.post(shop.url("undo_edit", shop.catalog.edits.latest("pk").pk))

    return {**{name: look(name) for name in PAGES}, "edit": edit, "many": many, "fix": fix, "undo": undo}


def test_as_many_queries_for_ten_items_as_for_a_thousand(shop: Shop) -> None:
    shop.version(0)
    client = shop.client()
    done = acts(shop, client)
    grow(shop, FEW)
    for act in done.values():
        act()
    few = {name: queries_of(act) for name, act in done.items()}
    grow(shop, MANY)
    many = {name: queries_of(act) for name, act in done.items()}
    more = {name: many[name] - few[name] for name in done if many[name].total() > few[name].total()}
    assert more == {}
