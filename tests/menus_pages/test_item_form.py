"""Editing one item: what is taken, what is refused, and that a refusal changes nothing."""

import html
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from menus.models import MenuItem, Picture
from tests.menus.factories import CatalogFactory, MenuFactory, VariantCategoryFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def typed(shop: Shop, **changed: Any) -> dict[str, Any]:
    return {
        "name": "Ayam Geprek",
        "internal_name": "",
        "description": "",
        "price": "Rp 15.000",
        "in_stock": "on",
        "menu": shop.item.menu_id,
        "categories": [shop.category.pk],
        **changed,
    }


def png(side: int = 600) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "orange").save(buffer, "PNG")
    return buffer.getvalue()


def save(shop: Shop, **changed: Any) -> Any:
    return shop.client().post(shop.url("menu_item", shop.item.pk), typed(shop, **changed))


def test_saving_goes_back_to_the_list_and_says_so(shop: Shop) -> None:
    response = shop.client().post(
        shop.url("menu_item", shop.item.pk),
        typed(shop, name="Ayam Geprek 🌶️", description="Pedas", price="17.500"),
        follow=True,
    )
    shop.item.refresh_from_db()
    assert (shop.item.name, shop.item.price, shop.item.description) == ("Ayam Geprek 🌶️", 17500, "Pedas")
    assert response.redirect_chain[0][0].startswith(shop.url("menu"))
    assert "is saved" in response.content.decode()


def shown(body: str) -> dict[str, list[str]]:
    """What a browser would send of the page's first form with a name, as it stands."""
    values: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        box = attributes.get("type") == "checkbox"
        if box and not re.search(r"\bchecked\b", tag):
            continue
        value = attributes.get("value", "on" if box else "")
        values.setdefault(attributes.get("name", ""), []).append(html.unescape(value))
    return values


def test_the_form_shows_what_is_saved(shop: Shop) -> None:
    MenuItem.objects.update(internal_name="Geprek", description="Pedas & gurih")
    body = shop.client().get(shop.url("menu_item", shop.item.pk)).content.decode()
    values = shown(body)
    assert values["name"] == ["Ayam Geprek"]
    assert values["internal_name"] == ["Geprek"]
    assert "Pedas &amp; gurih</textarea>" in body
    assert values["price"] == ["Rp\u00a015.000"]
    assert values["categories"] == [str(shop.category.pk)]
    assert f'value="{shop.item.menu_id}" selected' in body
    assert "Nothing was saved" not in body


def test_saving_it_as_it_is_shown_changes_nothing(shop: Shop) -> None:
    body = shop.client().get(shop.url("menu_item", shop.item.pk)).content.decode()
    before = shop.revision()
    names = ("name", "internal_name", "price", "categories")
    data = {name: values for name, values in shown(body).items() if name in names}
    response = shop.client().post(shop.url("menu_item", shop.item.pk), {**data, "menu": shop.item.menu_id})
    assert response.status_code == 302
    assert shop.revision() == before


def test_a_refused_form_keeps_what_was_ticked(shop: Shop) -> None:
    values = shown(save(shop, price="x").content.decode())
    assert values["categories"] == [str(shop.category.pk)]
    assert values["price"] == ["x"]


def test_a_new_item_starts_in_stock_below_the_chosen_menu(shop: Shop) -> None:
    other = MenuFactory(catalog=shop.catalog)
    body = shop.client().get(f"{shop.url('menu_item_new', shop.catalog.pk)}?in={other.pk}").content.decode()
    assert shown(body)["in_stock"] == ["on"]
    assert f'value="{other.pk}" selected' in body
    assert "Nothing was saved" not in body


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("price", "1.5e4", "type 15000."),
        ("price", "murah", "not an amount we can read"),
        ("price", "-1", "cannot be below zero"),
        ("price", "99999999999999999999999", "Type the price in rupiah"),
        ("price", "", "for example 15.000"),
        ("name", "", "Type something here"),
        ("name", "\x00", "Type something here"),
        ("name", "x" * 10_000, "has 10000 characters, and GoFood takes 150"),
        ("description", "y" * 201, "Leave out 1 character"),
        ("menu", "999999999", "not there any more"),
        ("menu", "x", "not there any more"),
        ("categories", "999999999", "not there any more"),
    ],
)
def test_refusals_stand_at_their_field(shop: Shop, field: str, value: Any, words: str) -> None:
    revision = shop.revision()
    response = save(shop, **{field: value, "name" if field != "name" else "internal_name": "Changed"})
    assert response.status_code == 200
    assert words in response.content.decode()
    assert f'id="id_{field}_error"' in response.content.decode()
    assert shop.revision() == revision
    assert MenuItem.objects.get().name == "Ayam Geprek"


def test_a_nul_is_left_out(shop: Shop) -> None:
    assert save(shop, name="Ayam\x00 Bakar").status_code == 302
    assert MenuItem.objects.get().name == "Ayam Bakar"


def test_a_name_that_came_too_long_does_not_stop_another_change(shop: Shop) -> None:
    MenuItem.objects.update(name="x" * 180)
    assert save(shop, name="x" * 180, price="20.000").status_code == 302
    assert MenuItem.objects.get().price == 20000


def test_the_external_id_cannot_be_changed_here(shop: Shop) -> None:
    before = shop.item.external_id
    save(shop, external_id="mine")
    assert MenuItem.objects.get().external_id == before


def test_another_merchants_menu_and_categories_are_refused(shop: Shop) -> None:
    foreign = CatalogFactory(merchant=shop.cast.other_merchant)
    menu, category = MenuFactory(catalog=foreign), VariantCategoryFactory(catalog=foreign)
    assert save(shop, menu=menu.pk).status_code == 200
    assert save(shop, categories=[category.pk]).status_code == 200
    assert MenuItem.objects.get().menu_id == shop.item.menu_id


def test_variant_categories_keep_their_order(shop: Shop) -> None:
    first = VariantCategoryFactory(catalog=shop.catalog, position=0, name="First in the library")
    save(shop, categories=[first.pk, shop.category.pk])
    links = shop.item.category_links.values_list("category_id", flat=True)
    assert list(links) == [shop.category.pk, first.pk]
    save(shop, categories=[])
    assert not shop.item.category_links.exists()


def test_a_new_item_may_come_with_its_picture(shop: Shop) -> None:
    data = typed(shop, name="Es Teh", picture=SimpleUploadedFile("a.png", png(), "image/png"))
    shop.client().post(shop.url("menu_item_new", shop.catalog.pk), data)
    assert MenuItem.objects.get(name="Es Teh").picture == Picture.objects.get()


def test_a_good_picture_beside_a_wrong_price_is_asked_for_again(shop: Shop) -> None:
    data = typed(shop, price="x", picture=SimpleUploadedFile("a.png", png(), "image/png"))
    response = shop.client().post(shop.url("menu_item_new", shop.catalog.pk), data)
    assert "Choose the picture again" in response.content.decode()
    assert not Picture.objects.exists()


def test_a_new_item_gets_an_id(shop: Shop) -> None:
    response = shop.client().post(shop.url("menu_item_new", shop.catalog.pk), typed(shop, name="Es Teh"))
    assert response.status_code == 302
    item = MenuItem.objects.get(name="Es Teh")
    assert item.external_id == "es-teh"
    assert item.catalog == shop.catalog


def test_a_first_item_needs_a_menu(shop: Shop) -> None:
    empty = CatalogFactory(merchant=shop.merchant)
    response = shop.client().get(shop.url("menu_item_new", empty.pk))
    assert response.url == shop.url("menu_heading_new", empty.pk)


def test_removing_needs_a_post(shop: Shop) -> None:
    url = shop.url("remove", "item", shop.item.pk)
    assert shop.client().get(url).status_code == 405
    assert shop.client().post(url).status_code == 302
    assert not MenuItem.objects.exists()


def test_a_menu_is_added_and_renamed(shop: Shop) -> None:
    client = shop.client()
    assert client.post(shop.url("menu_heading_new", shop.catalog.pk), {"name": ""}).status_code == 200
    client.post(shop.url("menu_heading_new", shop.catalog.pk), {"name": "Minuman"})
    menu = shop.catalog.menus.get(name="Minuman")
    client.post(shop.url("menu_heading", menu.pk), {"name": "Minum"})
    menu.refresh_from_db()
    assert menu.name == "Minum"
