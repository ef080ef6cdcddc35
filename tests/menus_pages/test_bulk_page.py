"""The page that changes many items."""

from __future__ import annotations

import re

import pytest

from menus import editing
from menus.models import MenuItem
from tests.menus.factories import MenuItemFactory, VariantCategoryFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def items(shop: Shop) -> list[MenuItem]:
    return [MenuItemFactory(menu=shop.item.menu, name=f"Item <{n}>", price=10_000) for n in range(6)]


def post(shop: Shop, items: list[MenuItem], **data: str):
    return shop.client().post(
        shop.url("bulk", shop.catalog.pk), {"items": [item.pk for item in items], **data}
    )


RAISE = {"operation": "price", "how": "raise_percent", "amount": "10", "round_to": "100"}


def digest_in(body: str) -> str:
    found = re.search(r'name="shown"\s+value="(\w+)"', body)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"amount": "banyak"}, "Type a percentage"),
        ({"amount": "-5"}, "Type a percentage"),
        ({"amount": "NaN"}, "Type a percentage"),
        ({"amount": "1e9"}, "Type a percentage"),
        ({"how": "lower_percent", "amount": "101"}, "Type a percentage"),
        ({"how": "set", "amount": "1.5e4"}, "Type whole rupiah"),
        ({"how": "set", "amount": ""}, "Type whole rupiah"),
        ({"operation": "attach"}, "Choose one"),
        ({"operation": "move", "menu": "0"}, "not there any more"),
        ({"operation": "explode"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_meant_is_said_beside_its_field(shop, items, data, words):
    body = post(shop, items, **{**RAISE, **data}).content.decode()
    assert words in body
    assert 'name="shown"' not in body
    # What was chosen stays chosen.
    assert body.count("checked") == 6


def test_from_the_list_it_asks_what_to_do(shop, items):
    body = post(shop, items[:2]).content.decode()
    assert "2 items chosen" in body
    assert "Type a percentage" not in body


def test_every_change_is_shown_then_done(shop, items):
    shown = post(shop, items, **RAISE, stage="preview").content.decode()
    assert "Rp\u00a011.000" in shown
    assert "Item &lt;3&gt;" in shown
    assert "Change 6 items" in shown
    assert MenuItem.objects.filter(price=10_000).count() == 6
    answer = post(shop, items, **RAISE, stage="apply", shown=digest_in(shown))
    assert answer.url == shop.url("menu")
    assert MenuItem.objects.filter(price=11_000).count() == 6
    assert "price of 6 items" in shop.client().get(shop.url("menu")).content.decode()


def test_a_menu_that_changed_meanwhile_is_shown_again(shop, items):
    shown = post(shop, items, **RAISE).content.decode()
    editing.save_item(items[0], {"price": 20_000}, shop.cast.manager)
    again = post(shop, items, **RAISE, stage="apply", shown=digest_in(shown)).content.decode()
    assert "changed meanwhile" in again
    assert "Rp\u00a022.000" in again
    assert MenuItem.objects.filter(price=10_000).count() == 5
    assert post(shop, items, **RAISE, stage="apply", shown=digest_in(again)).status_code == 302


def test_taking_much_away_asks_for_the_number(shop, items):
    shown = post(shop, items, operation="delete").content.decode()
    assert "Type 6 to go on" in shown
    again = post(shop, items, operation="delete", stage="apply", shown=digest_in(shown), typed="5")
    assert "Type how many items go: 6" in again.content.decode()
    assert MenuItem.objects.count() == 7
    post(shop, items, operation="delete", stage="apply", shown=digest_in(shown), typed="6")
    assert MenuItem.objects.count() == 1


def test_nothing_chosen_changes_nothing(shop, items):
    assert "Nothing would change" in post(shop, [], **RAISE).content.decode()


def test_another_merchants_category_cannot_be_attached(shop, items):
    other = VariantCategoryFactory()
    body = post(shop, items, operation="attach", category=str(other.pk)).content.decode()
    assert "not there any more" in body
