"""Importing and fixing ids, as pages."""

import pytest

from menus.models import MenuImport, MenuItem, Variant
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
COUNTS = {
    "read": {"menus": 7, "menu_items": 48, "variant_categories": 6, "variants": 21},
    "created": {},
    "without_external_id": {"menu_items": 4, "variant_categories": 2, "variants": 1},
    "only_here": {},
}


def test_the_button_asks_for_one_import(shop: Shop) -> None:
    url = shop.url("import_menu", shop.outlet.pk)
    client = shop.client()
    assert "version 0" in client.get(url).content.decode()
    assert client.post(url).url == url
    client.post(url)
    assert MenuImport.objects.get().requested_by == shop.cast.owner
    assert "every 2s" in client.get(url).content.decode()


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_running_import_is_followed(shop: Shop, state: str) -> None:
    MenuImport.objects.create(outlet=shop.outlet, state=state)
    body = shop.client().get(shop.url("import_progress", shop.outlet.pk)).content.decode()
    assert "hx-get" in body
    assert "live:imports from:body" in body
    assert "<html" not in body


def test_a_done_import_counts_and_stops_asking(shop: Shop) -> None:
    MenuImport.objects.create(outlet=shop.outlet, state="done", counts=COUNTS)
    body = shop.client().get(shop.url("import_progress", shop.outlet.pk)).content.decode()
    assert "48 items in 7 menus, 6 variant categories, 21 variants" in body
    assert "7 without an id" in body
    assert shop.url("menu_ids", shop.catalog.pk) in body
    assert "hx-get" not in body


def test_a_failed_import_says_that_nothing_was_changed(shop: Shop) -> None:
    MenuImport.objects.create(
        outlet=shop.outlet, state="failed", error_code="item_without_price", error="Es <b>Teh</b>"
    )
    body = shop.client().get(shop.url("import_progress", shop.outlet.pk)).content.decode()
    assert "Es &lt;b&gt;Teh&lt;/b&gt;" in body
    assert "Nothing was changed: not here, and not on GoFood." in body
    assert "Try again" in body
    assert "hx-get" not in body


def unmap(shop: Shop) -> tuple[MenuItem, Variant]:
    MenuItem.objects.update(external_id=None)
    Variant.objects.filter(name="Paha atas").update(external_id=None)
    return MenuItem.objects.get(), Variant.objects.get(name="Paha atas")


def test_proposals_are_fixed_as_they_are(shop: Shop) -> None:
    item, variant = unmap(shop)
    url = shop.url("menu_ids", shop.catalog.pk)
    client = shop.client()
    page = client.get(url).content.decode()
    assert 'value="ayam-geprek"' in page
    assert 'value="paha-atas"' in page
    client.post(url, {f"item-{item.pk}": "ayam-geprek", f"variant-{variant.pk}": "paha-atas"})
    item.refresh_from_db()
    assert item.external_id == "ayam-geprek"
    assert "Every item has an id" in client.get(url).content.decode()


@pytest.mark.parametrize("wrong", ["", "has space", "x" * 201, "ayam\u0000geprek!", "é"])
def test_one_wrong_id_and_none_is_fixed(shop: Shop, wrong: str) -> None:
    item, variant = unmap(shop)
    response = shop.client().post(
        shop.url("menu_ids", shop.catalog.pk),
        {f"item-{item.pk}": "kept-as-typed", f"variant-{variant.pk}": wrong},
    )
    assert response.status_code == 200
    body = response.content.decode()
    assert 'value="kept-as-typed"' in body
    assert f'id="id_variant-{variant.pk}_error"' in body
    item.refresh_from_db()
    assert item.external_id is None


def test_what_is_fixed_already_is_left_alone(shop: Shop) -> None:
    before = shop.item.external_id
    url = shop.url("menu_ids", shop.catalog.pk)
    shop.client().post(
        url, {f"item-{shop.item.pk}": "another", "item-x": "?", "item-99999999999999999999": "y"}
    )
    shop.item.refresh_from_db()
    assert shop.item.external_id == before
