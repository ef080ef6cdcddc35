"""A variant category and its variants in one form."""

from typing import Any

import pytest

from menus.models import Variant, VariantCategory
from tests.menus.factories import VariantCategoryFactory, VariantFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


def typed(rows: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    data = {
        "name": "Potongan",
        "internal_name": "",
        "min_quantity": "0",
        "max_quantity": "1",
        "variants-TOTAL_FORMS": str(len(rows)),
        "variants-INITIAL_FORMS": "0",
    }
    for index, row in enumerate(rows):
        data.update({f"variants-{index}-{name}": value for name, value in row.items()})
    return {**data, **changed}


def rows_of(category: VariantCategory, **changed: Any) -> list[dict[str, Any]]:
    return [
        {"pk": row.pk, "name": row.name, "price": str(row.price), "in_stock": "on", **changed}
        for row in category.variants.all()
    ]


def save(shop: Shop, data: dict[str, Any]) -> Any:
    return shop.client().post(shop.url("variant_category", shop.category.pk), data)


def test_everything_is_saved_together(shop: Shop) -> None:
    rows = rows_of(shop.category)
    rows[0]["price"] = "−Rp 1.000"
    rows[1].pop("in_stock")
    rows.append({"name": "Sayap", "price": "2.000", "in_stock": "on"})
    rows.append({"name": "", "price": "Rp 0", "in_stock": "on"})
    assert save(shop, typed(rows, min_quantity="1", max_quantity="2")).status_code == 302
    shop.category.refresh_from_db()
    assert (shop.category.min_quantity, shop.category.max_quantity) == (1, 2)
    found = list(shop.category.variants.values_list("name", "price", "in_stock"))
    assert found == [("Paha atas", -1000, True), ("Paha bawah", 0, False), ("Sayap", 2000, True)]
    assert Variant.objects.get(name="Sayap").external_id


def test_nothing_typed_changes_nothing(shop: Shop) -> None:
    revision = shop.revision()
    assert save(shop, typed(rows_of(shop.category))).status_code == 302
    assert shop.revision() == revision


def test_a_variant_is_removed(shop: Shop) -> None:
    rows = rows_of(shop.category)
    rows[0]["DELETE"] = "on"
    assert save(shop, typed(rows)).status_code == 302
    assert [row.name for row in shop.category.variants.all()] == ["Paha bawah"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"min_quantity": "3", "max_quantity": "2"}, "cannot choose at least 3 and at most 2"),
        ({"min_quantity": "-1"}, "Type 0 or more"),
        ({"max_quantity": "0"}, "Type 1 or more"),
        ({"max_quantity": "1.5"}, "whole number"),
        ({"max_quantity": "9" * 40}, "Type 999 or less"),
        ({"name": ""}, "Type something here"),
        ({"variants-0-name": ""}, "Type something here"),
        ({"variants-0-price": "murah"}, "not an amount we can read"),
        ({"variants-0-pk": "999999999"}, "removed in another window"),
        ({"variants-TOTAL_FORMS": "x"}, "Nothing was saved"),
    ],
)
def test_one_mistake_and_nothing_is_saved(shop: Shop, changed: dict[str, str], words: str) -> None:
    revision = shop.revision()
    rows = rows_of(shop.category)
    rows.append({"name": "Sayap", "price": "0", "in_stock": "on"})
    response = save(shop, typed(rows, **{"internal_name": "Changed", **changed}))
    assert response.status_code == 200
    assert words in response.content.decode()
    assert shop.revision() == revision
    assert not Variant.objects.filter(name="Sayap").exists()


def test_another_categorys_variant_is_not_reached(shop: Shop) -> None:
    other = VariantFactory(category=VariantCategoryFactory(catalog=shop.catalog), name="Keju")
    row = {"pk": other.pk, "name": "Mine", "price": "1", "in_stock": "on"}
    assert save(shop, typed([row])).status_code == 200
    other.refresh_from_db()
    assert other.name == "Keju"


def test_the_page_says_how_many_items_use_it(shop: Shop) -> None:
    body = shop.client().get(shop.url("variant_category", shop.category.pk)).content.decode()
    assert "1 item uses it" in body
    assert 'value="Paha atas"' in body
    assert 'value="Potongan"' in body
    # Two variants, the new row, and the template of more: in stock.
    assert body.count(" checked") == 4
    assert "Nothing was saved" not in body


def test_a_new_one_with_its_variants(shop: Shop) -> None:
    rows = [{"name": "Level 1", "price": "", "in_stock": "on"}, {"name": "Level 2", "price": "500"}]
    data = typed(rows, name="Pedas")
    assert shop.client().post(shop.url("variant_category_new", shop.catalog.pk), data).status_code == 302
    category = VariantCategory.objects.get(name="Pedas")
    assert category.external_id
    assert list(category.variants.values_list("name", "price")) == [("Level 1", 0), ("Level 2", 500)]
