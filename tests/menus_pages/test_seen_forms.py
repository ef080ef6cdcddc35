"""Whole forms on a page that was open while somebody else changed the same row."""

import html
import re
from typing import Any

import pytest

from menus import editing
from menus.models import CatalogEdit, Variant
from menus.undoing import undo
from tests.menus.factories import MenuFactory, VariantCategoryFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


def form_of(body: str) -> dict[str, Any]:
    """What a browser sends of the page's first form, as it is shown."""
    form = body.split("novalidate", 1)[1].split("</form>", 1)[0].split("<template", 1)[0]
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        box = attributes.get("type") == "checkbox"
        if not box or re.search(r"\bchecked\b", tag):
            value = attributes.get("value", "on" if box else "")
            values.setdefault(attributes["name"], []).append(html.unescape(value))
    for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>\s*([^<]*)</textarea>', form):
        values[name] = [text]
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        values[name] = re.findall(r'value="(\d+)" selected', options)
    return values


def opened(shop: Shop, name: str, pk: int) -> dict[str, Any]:
    return form_of(shop.client().get(shop.url(name, pk)).content.decode())


def test_what_was_not_typed_does_not_undo_anothers_change(shop: Shop) -> None:
    form = opened(shop, "menu_item", shop.item.pk)
    editing.save_item(shop.item, {"price": 17_000, "description": "Pedas"}, shop.cast.manager)
    answer = shop.client().post(
        shop.url("menu_item", shop.item.pk), {**form, "name": "Ayam Geprek Sambal Matah"}
    )
    assert answer.status_code == 302
    shop.item.refresh_from_db()
    assert (shop.item.name, shop.item.price) == ("Ayam Geprek Sambal Matah", 17_000)
    assert shop.item.description == "Pedas"


def test_what_both_typed_is_asked_about_and_then_saved(shop: Shop) -> None:
    form = opened(shop, "menu_item", shop.item.pk)
    editing.save_item(shop.item, {"price": 17_000}, shop.cast.manager)
    mine = {**form, "price": "18.000", "name": "Other"}
    body = shop.client().post(shop.url("menu_item", shop.item.pk), mine).content.decode()
    assert "changed this to “Rp\u00a017.000” meanwhile" in body
    shop.item.refresh_from_db()
    assert (shop.item.price, shop.item.name) == (17_000, "Ayam Geprek")
    again = form_of(body)
    assert again["price"] == ["18.000"]
    assert shop.client().post(shop.url("menu_item", shop.item.pk), again).status_code == 302
    shop.item.refresh_from_db()
    assert (shop.item.price, shop.item.name) == (18_000, "Other")


def test_a_menu_that_both_chose_is_told_by_its_name(shop: Shop) -> None:
    drinks, soups = MenuFactory(catalog=shop.catalog, name="Minuman"), MenuFactory(catalog=shop.catalog)
    form = opened(shop, "menu_item", shop.item.pk)
    editing.save_item(shop.item, {"menu": drinks}, shop.cast.manager)
    answer = shop.client().post(shop.url("menu_item", shop.item.pk), {**form, "menu": soups.pk})
    assert "changed this to “Minuman” meanwhile" in answer.content.decode()
    shop.item.refresh_from_db()
    assert shop.item.menu == drinks


def test_variant_categories_that_both_chose(shop: Shop) -> None:
    other = VariantCategoryFactory(catalog=shop.catalog)
    form = opened(shop, "menu_item", shop.item.pk)
    editing.save_item(shop.item, {"categories": [shop.category, other]}, shop.cast.manager)
    answer = shop.client().post(shop.url("menu_item", shop.item.pk), {**form, "categories": []})
    assert "Somebody else changed this meanwhile" in answer.content.decode()
    assert shop.item.category_links.count() == 2


def test_a_variant_category_and_its_variants(shop: Shop) -> None:
    form = opened(shop, "variant_category", shop.category.pk)
    first, second = shop.category.variants.all()
    editing.save_variant_category(shop.category, {"name": "Bagian"}, shop.cast.manager)
    editing.save_variant(first, {"price": 3_000}, shop.cast.manager)
    # Not typed over: only the most that may be chosen is.
    assert (
        shop.client()
        .post(shop.url("variant_category", shop.category.pk), {**form, "max_quantity": "2"})
        .status_code
        == 302
    )
    shop.category.refresh_from_db()
    first.refresh_from_db()
    assert (shop.category.name, shop.category.max_quantity, first.price) == ("Bagian", 2, 3_000)

    mine = {**form, "variants-0-price": "5.000", "variants-1-name": "Sayap", "max_quantity": "3"}
    body = shop.client().post(shop.url("variant_category", shop.category.pk), mine).content.decode()
    assert "Nothing was saved" in body
    shop.category.refresh_from_db()
    second.refresh_from_db()
    assert (shop.category.max_quantity, second.name) == (2, "Paha bawah")


def test_the_name_of_a_menu(shop: Shop) -> None:
    menu = shop.item.menu
    form = opened(shop, "menu_heading", menu.pk)
    editing.save_menu(menu, {"name": "Theirs"}, shop.cast.manager)
    url = shop.url("menu_heading", menu.pk)
    body = shop.client().post(url, {**form, "name": "Mine"}).content.decode()
    assert "changed this to “Theirs” meanwhile" in body
    menu.refresh_from_db()
    assert menu.name == "Theirs"
    assert shop.client().post(url, form_of(body)).status_code == 302
    menu.refresh_from_db()
    assert menu.name == "Mine"


def test_one_press_of_save_is_one_change_to_take_back(shop: Shop) -> None:
    form = opened(shop, "variant_category", shop.category.pk)
    changed = {
        "name": "Bagian",
        "variants-0-price": "5.000",
        "variants-1-DELETE": "on",
        "variants-2-name": "Sayap",
    }
    before = list(shop.category.variants.values_list("name", "price"))
    assert (
        shop.client().post(shop.url("variant_category", shop.category.pk), {**form, **changed}).status_code
        == 302
    )
    assert list(shop.category.variants.values_list("name", "price")) == [("Paha atas", 5_000), ("Sayap", 0)]
    undo(CatalogEdit.objects.get(), shop.cast.owner)
    shop.category.refresh_from_db()
    assert list(Variant.objects.filter(category=shop.category).values_list("name", "price")) == before
    assert shop.category.name == "Potongan"
