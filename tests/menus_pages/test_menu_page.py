"""The list: what it shows, and what it costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from menus.models import ItemVariantCategory, OutletCatalog, Sync
from tests.factories import OutletFactory
from tests.menus.factories import MenuFactory, MenuItemFactory, VariantCategoryFactory, VariantFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


def grow(shop: Shop, size: int) -> None:
    menu = MenuFactory(catalog=shop.catalog)
    for n in range(size):
        item = MenuItemFactory(menu=menu, external_id=None if n % 5 == 0 else f"grown-{n}-{size}")
        category = VariantCategoryFactory(catalog=shop.catalog)
        VariantFactory(category=category)
        ItemVariantCategory.objects.create(item=item, category=category)


@pytest.mark.parametrize("page", ["menu", "menu_ids", "publish_review", "menu_item", "publish"])
def test_the_cost_does_not_grow_with_the_menu(shop: Shop, page: str) -> None:
    shop.version(0)
    arguments = {
        "menu": [],
        "publish": [],
        "menu_ids": [shop.catalog.pk],
        "publish_review": [shop.outlet.pk],
        "menu_item": [shop.item.pk],
    }[page]
    client, url = shop.client(), shop.url(page, *arguments)
    grow(shop, 5)
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert client.get(url).status_code == 200
    grow(shop, 55)
    with CaptureQueriesContext(connection) as many:
        assert client.get(url).status_code == 200
    assert len(many) == len(few)
    assert len(many) < 40


def test_the_publish_page_costs_the_same_for_many_outlets(shop: Shop) -> None:
    client, url = shop.client(), shop.url("publish")
    shop.sync(Sync.State.CONFIRMED)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(20):
        outlet = OutletFactory(gobiz_app=shop.cast.app)
        OutletCatalog.objects.create(outlet=outlet, catalog=shop.catalog)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) <= len(few)


def test_rows_say_what_is_wrong(shop: Shop) -> None:
    shop.item.external_id = None
    shop.item.save()
    body = shop.client().get(shop.url("menu")).content.decode()
    assert "Ayam Geprek" in body
    assert "1 problem" in body
    assert "orders for it never reach you" in body
    assert "Fix ids" in body


def test_the_library_says_what_customers_must_choose_and_what_a_change_touches(shop: Shop) -> None:
    body = shop.client().get(shop.url("library", shop.catalog.pk)).content.decode()
    assert "May choose up to 1" in body
    assert "a change here changes 1 item" in body
    assert "Paha atas" in body


def test_no_menu_yet_leads_to_the_import(shop: Shop) -> None:
    OutletCatalog.objects.all().delete()
    body = shop.client().get(shop.url("menu")).content.decode()
    assert "No menu yet" in body
    assert shop.url("import_menu", shop.outlet.pk) in body


def test_several_outlets_are_chosen_from_a_list(shop: Shop) -> None:
    OutletFactory(gobiz_app=shop.cast.app, name="Kemang")
    body = shop.client().get(shop.url("menu")).content.decode()
    assert "Kemang" in body
    assert f"{shop.url('menu')}?outlet={shop.outlet.outlet_id}" in body
    chosen = shop.client().get(f"{shop.url('menu')}?outlet={shop.outlet.outlet_id}").content.decode()
    # What is chosen stays chosen.
    assert f"{shop.url('menu_item', shop.item.pk)}?outlet={shop.outlet.outlet_id}" in chosen


def test_a_cashier_switches_stock_once(shop: Shop) -> None:
    client, url = shop.client("cashier"), shop.url("item_stock", shop.item.pk)
    headers = {"hx-request": "true"}
    answer = client.post(url, {"in_stock": "0"}, headers=headers)
    assert 'aria-checked="false"' in answer.content.decode()
    assert "menu-switched" in answer.headers["HX-Trigger"]
    shop.item.refresh_from_db()
    assert shop.item.in_stock is False
    revision = shop.revision()
    client.post(url, {"in_stock": "0"}, headers=headers)
    assert shop.revision() == revision
    assert client.post(url, {"in_stock": "1"}).status_code == 302
    assert client.get(url).status_code == 405


def test_changes_since_the_last_publish_are_counted(shop: Shop) -> None:
    shop.sync(Sync.State.CONFIRMED)
    shop.item.price += 1000
    shop.item.save()
    assert "1 change not published" in shop.client().get(shop.url("menu")).content.decode()


def test_names_are_shown_as_text(shop: Shop) -> None:
    shop.item.name = "<script>alert(1)</script>"
    shop.item.save()
    body = shop.client().get(shop.url("menu")).content.decode()
    assert "<script>alert" not in body
