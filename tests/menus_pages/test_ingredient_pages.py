"""The pages of ingredients: what goes off is shown before it goes, and who may change what is kept apart."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from menus.editing import save_item, set_stock
from menus.ingredient_outs import switch_ingredient
from menus.models import Ingredient, IngredientLink, IngredientOut, OutletCatalog, Variant
from menus.seen import digest
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def ayam(shop: Shop) -> Ingredient:
    save_item(shop.item, {"ingredients": ["Ayam"]}, None)
    return Ingredient.objects.get()


def second(shop: Shop) -> Any:
    other = OutletFactory(gobiz_app=shop.cast.app, name="Kemang")
    OutletCatalog.objects.create(outlet=other, catalog=shop.catalog, imported_at=timezone.now())
    return other


def page(shop: Shop, name: str, *args: int, who: str = "cashier", query: str = "") -> str:
    answer = shop.client(who).get(shop.url(name, *args) + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_without_ingredients_it_says_what_they_are_for(shop: Shop) -> None:
    assert "No ingredients yet" in page(shop, "ingredients")
    assert "Another ingredient" in page(shop, "ingredients", who="owner")
    assert "Another ingredient" not in page(shop, "ingredients")


def test_without_a_menu_it_says_so(shop: Shop) -> None:
    OutletCatalog.objects.all().delete()
    assert "No menu yet" in page(shop, "ingredients")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"how_long": "say"}, "Choose at least one outlet."),
        ({"how_long": "say", "outlets": "0"}, "does not sell this menu any more"),
        ({"how_long": "until", "outlets": "own", "at": "2001-01-01T10:00"}, "This time has passed."),
    ],
)
def test_a_form_that_is_wrong_takes_nothing_off(
    shop: Shop, ayam: Ingredient, typed: dict[str, str], words: str
) -> None:
    typed = {name: str(shop.outlet.pk) if value == "own" else value for name, value in typed.items()}
    answer = shop.client("cashier").post(shop.url("ingredient_out", ayam.pk), typed)
    assert words in answer.content.decode()
    assert not IngredientOut.objects.exists()


def test_what_goes_off_is_shown_before(shop: Shop, ayam: Ingredient) -> None:
    IngredientLink.objects.create(ingredient=ayam, variant=Variant.objects.first())
    shown = page(shop, "ingredient_out", ayam.pk)
    assert "Goes off: 1 item and 1 variant" in shown
    assert "Ayam Geprek" in shown


def test_a_cashier_takes_it_off_at_one_outlet_and_brings_it_back(shop: Shop, ayam: Ingredient) -> None:
    other, client = second(shop), shop.client("cashier")
    client.post(shop.url("ingredient_out", ayam.pk), {"how_long": "hour", "outlets": str(other.pk)})
    (out,) = IngredientOut.objects.all()
    assert (out.outlet, out.by) == (other, shop.cast.cashier)
    assert "at Kemang until" in page(shop, "ingredients")
    query = f"?outlet={other.outlet_id}"
    assert "Ayam is out until" in page(shop, "stock", query=query)
    assert "Ayam is out until" in page(shop, "menu", query=query)
    assert "Ayam is out" not in page(shop, "menu", query=f"?outlet={shop.outlet.outlet_id}")
    client.post(shop.url("ingredient_back", ayam.pk), {"at": str(other.pk)})
    assert not IngredientOut.objects.exists()


def test_back_at_an_outlet_of_others_is_not_found(shop: Shop, ayam: Ingredient) -> None:
    at = {"at": str(shop.cast.other_outlet.pk)}
    assert shop.client().post(shop.url("ingredient_back", ayam.pk), at).status_code == 404


def test_off_by_hand_and_by_an_ingredient_both_are_said(shop: Shop, ayam: Ingredient) -> None:
    set_stock("item", shop.item, False, shop.cast.cashier)
    switch_ingredient(ayam, True, [shop.outlet], shop.cast.cashier)
    shown = page(shop, "stock")
    assert "Ayam is out until somebody says" in shown
    assert "off until I say" in shown
    shown = shop.client().get(f"/m/{shop.merchant.pk}/menu/stock/item/{shop.item.pk}/").content.decode()
    assert "Switch on again" in shown


def test_choosing_what_is_made_of_it(shop: Shop, ayam: Ingredient) -> None:
    variant = Variant.objects.first()
    assert variant is not None
    assert f'value="item-{shop.item.pk}"' in page(shop, "ingredient", ayam.pk, who="manager")
    typed = {"name": "Ayam kampung", "was": f"item-{shop.item.pk}", "bears": [f"variant-{variant.pk}"]}
    shop.client("manager").post(shop.url("ingredient", ayam.pk), typed)
    assert Ingredient.objects.get().name == "Ayam kampung"
    assert [link.key for link in IngredientLink.objects.all()] == [("variant", variant.pk)]


def test_a_name_that_another_has_is_refused_with_words(shop: Shop, ayam: Ingredient) -> None:
    Ingredient.objects.create(catalog=shop.catalog, name="Telur")
    answer = shop.client().post(shop.url("ingredient", ayam.pk), {"name": "TELUR", "was": ""})
    assert "Another ingredient has this name already" in answer.content.decode()
    assert Ingredient.objects.filter(name="Ayam").exists()


def test_a_new_one_of_a_known_name_leads_to_it(shop: Shop, ayam: Ingredient) -> None:
    answer = shop.client().post(shop.url("ingredient_new", shop.catalog.pk), {"name": " ayam "})
    assert answer.headers["Location"] == shop.url("ingredient", ayam.pk)
    shop.client().post(shop.url("ingredient_new", shop.catalog.pk), {"name": " "})
    assert Ingredient.objects.count() == 1


def test_removed_and_undone(shop: Shop, ayam: Ingredient) -> None:
    shop.client().post(shop.url("ingredient", ayam.pk), {"remove": "1"})
    assert not Ingredient.objects.exists()
    assert "removed “Ayam”" in page(shop, "ingredients", who="owner")


def test_another_merchants_ingredient_is_not_found(shop: Shop, ayam: Ingredient) -> None:
    ayam.catalog.merchant = shop.cast.other_merchant
    ayam.catalog.save()
    for name in ("ingredient", "ingredient_out"):
        assert shop.client().get(shop.url(name, ayam.pk)).status_code == 404
    assert shop.client().post(shop.url("ingredient_back", ayam.pk)).status_code == 404


@pytest.mark.parametrize("name", ["ingredients", "ingredient_out", "ingredient"])
def test_the_pages_cost_the_same_for_many(shop: Shop, ayam: Ingredient, name: str) -> None:
    args = () if name == "ingredients" else (ayam.pk,)

    def cost(size: int) -> int:
        for item in MenuItemFactory.create_batch(size, menu=shop.item.menu):
            IngredientLink.objects.create(ingredient=ayam, item=item)
        Ingredient.objects.bulk_create(
            Ingredient(catalog=shop.catalog, name=f"{size} {n}") for n in range(size)
        )
        switch_ingredient(ayam, True, [shop.outlet], None)
        client = shop.client()
        with CaptureQueriesContext(connection) as captured:
            client.get(shop.url(name, *args))
        return len(captured)

    few = cost(2)
    assert cost(20) == few


# --- where items and variants are edited ------------------------------------------------------


def save(shop: Shop, kind: str, pk: int, **typed: Any) -> str:
    answer = shop.client("manager").post(shop.url("save_field", kind, pk), {"field": "ingredients", **typed})
    return answer.content.decode()


def names_of(item: Any) -> list[str]:
    return sorted(item.ingredient_links.values_list("ingredient__name", flat=True))


def test_the_panel_saves_chosen_and_new_ones_by_themselves(shop: Shop, ayam: Ingredient) -> None:
    shown = page(shop, "menu_item", shop.item.pk, who="manager")
    assert 'data-field="ingredients"' in shown
    assert "Saved" in save(shop, "item", shop.item.pk, value=["Ayam", "Telur, tahu"])
    assert names_of(shop.item) == ["Ayam", "Telur", "tahu"]
    save(shop, "item", shop.item.pk)
    assert names_of(shop.item) == []


def test_too_long_a_name_is_refused_beside_the_field(shop: Shop, ayam: Ingredient) -> None:
    assert "at most 60 characters" in save(shop, "item", shop.item.pk, value=["x" * 61])
    assert names_of(shop.item) == ["Ayam"]


def test_two_people_on_the_ingredients_of_one_item_are_told(shop: Shop, ayam: Ingredient) -> None:
    save_item(shop.item, {"ingredients": ["Cabe"]}, shop.cast.owner)
    answer = save(shop, "item", shop.item.pk, value=["Telur"], shown=digest(["Ayam"]))
    assert 'data-result="conflict"' in answer
    assert names_of(shop.item) == ["Cabe"]


def test_without_script_the_whole_form_keeps_them(shop: Shop, ayam: Ingredient) -> None:
    typed = {
        "name": shop.item.name,
        "price": "15000",
        "menu": shop.item.menu_id,
        "ingredients": ["Ayam"],
        "more_ingredients": "Bawang",
    }
    shop.client("manager").post(shop.url("menu_item", shop.item.pk), typed)
    assert names_of(shop.item) == ["Ayam", "Bawang"]


def test_a_variant_gets_them_on_the_page_of_its_category(shop: Shop) -> None:
    variant = Variant.objects.filter(category=shop.category).order_by("pk")[0]
    typed = {
        "name": shop.category.name,
        "min_quantity": "0",
        "max_quantity": "1",
        "variants-TOTAL_FORMS": "1",
        "variants-INITIAL_FORMS": "1",
        "variants-0-pk": variant.pk,
        "variants-0-name": variant.name,
        "variants-0-price": variant.price,
        "variants-0-in_stock": "on",
        "variants-0-ingredients": "Ayam, Cabe",
    }
    shop.client("manager").post(shop.url("variant_category", shop.category.pk), typed)
    assert names_of(variant) == ["Ayam", "Cabe"]
    assert 'value="Ayam, Cabe"' in page(shop, "variant_category", shop.category.pk, who="manager")


@pytest.mark.parametrize(
    ("operation", "names", "after"),
    [("give", "Telur, AYAM", ["Ayam", "Telur"]), ("take", "ayam", [])],
)
def test_many_items_get_or_lose_them_after_a_look(
    shop: Shop, ayam: Ingredient, operation: str, names: str, after: list[str]
) -> None:
    url, typed = shop.url("bulk", shop.catalog.pk), {"operation": operation, "names": names}
    shown = shop.client("manager").post(url, {**typed, "items": [shop.item.pk], "stage": "preview"})
    assert names_of(shop.item) == ["Ayam"]
    seen = shown.context["plan"].digest
    shop.client("manager").post(url, {**typed, "items": [shop.item.pk], "stage": "apply", "shown": seen})
    assert names_of(shop.item) == after


def test_many_items_without_a_name_of_an_ingredient_is_asked_for(shop: Shop) -> None:
    url = shop.url("bulk", shop.catalog.pk)
    answer = shop.client("manager").post(url, {"operation": "give", "items": [shop.item.pk]})
    assert "Type at least one." in answer.content.decode()
