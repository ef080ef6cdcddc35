"""Choosing from a later import, as a page."""

import pytest
from django.utils import timezone

from menus.models import CatalogEdit, MenuImport, MenuItem
from tests.menus.factories import live_category, live_from, live_item
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


def reading(shop: Shop, **first: object) -> MenuImport:
    """What GoFood has: our menu as it was published, but for its first item, and one item more."""
    live = live_from(shop.version().payload)
    live["menus"][0]["menu_items"][0].update(first)
    live["menus"][0]["menu_items"].append(live_item("Rica", price=21000, variant_category_ids=["c"]))
    live["variant_categories"].append(live_category("Level", "Pedas", id="c"))
    return MenuImport.objects.create(
        outlet=shop.outlet,
        state="read",
        live=live,
        read_at=timezone.now(),
        counts={"differences": {"all": 3}},
    )


def plan_in(body: str) -> str:
    return body.split('name="plan" value="')[1].split('"')[0]


def test_it_shows_what_differs_and_the_import_page_leads_there(shop: Shop) -> None:
    pk = reading(shop, price=99000).pk
    url = shop.url("import_choice", pk)
    assert url in shop.client().get(shop.url("import_menu", shop.outlet.pk)).content.decode()
    body = shop.client().get(url).content.decode()
    assert "99.000" in body
    assert 'value="item-0-price"' in body
    assert 'value="item-1-new"' in body
    assert "Level" in body


@pytest.mark.parametrize(
    ("how", "price", "items"),
    [("all", 99000, 2), ("chosen", 99000, 1), ("nothing", 15000, 1), ("", 15000, 1)],
)
def test_all_chosen_or_nothing(shop: Shop, how: str, price: int, items: int) -> None:
    url, client = shop.url("import_choice", reading(shop, price=99000).pk), shop.client()
    plan = plan_in(client.get(url).content.decode())
    response = client.post(url, {"plan": plan, "how": how, "adopt": ["item-0-price"]})
    assert response.url == shop.url("menu")
    shop.item.refresh_from_db()
    assert (shop.item.price, MenuItem.objects.filter(catalog=shop.catalog).count()) == (price, items)
    assert CatalogEdit.objects.count() == (price == 99000)
    assert MenuImport.objects.get().state == "done"
    assert client.get(url).url == shop.url("import_menu", shop.outlet.pk)


def test_what_changed_meanwhile_is_shown_anew(shop: Shop) -> None:
    url, client = shop.url("import_choice", reading(shop, price=99000).pk), shop.client()
    plan = plan_in(client.get(url).content.decode())
    MenuItem.objects.filter(pk=shop.item.pk).update(price=17000)
    response = client.post(url, {"plan": plan, "how": "all"})
    assert response.status_code == 409
    assert "look again" in response.content.decode()
    shop.item.refresh_from_db()
    assert shop.item.price == 17000


def test_a_second_answer_does_nothing(shop: Shop) -> None:
    url, client = shop.url("import_choice", reading(shop, price=99000).pk), shop.client()
    plan = plan_in(client.get(url).content.decode())
    client.post(url, {"plan": plan, "how": "nothing"})
    response = client.post(url, {"plan": plan, "how": "all"}, follow=True)
    assert "answered already" in response.content.decode()
    assert not CatalogEdit.objects.exists()


def test_names_are_text(shop: Shop) -> None:
    body = (
        shop.client().get(shop.url("import_choice", reading(shop, name="<b>Geprek</b>").pk)).content.decode()
    )
    assert "&lt;b&gt;Geprek&lt;/b&gt;" in body
    assert "<b>Geprek" not in body


def test_an_expired_one_says_so(shop: Shop) -> None:
    menu_import = reading(shop, price=99000)
    MenuImport.objects.update(state="expired")
    client = shop.client()
    assert client.get(shop.url("import_choice", menu_import.pk)).status_code == 302
    body = client.get(shop.url("import_menu", shop.outlet.pk)).content.decode()
    assert "Nobody chose what to take over" in body
