"""The stock pages: what a cashier sees and does at the counter."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from menus import stock
from menus.models import MenuItem, OutletCatalog, OutletOverride, StockOff, StockSwitch, Variant
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory, VariantFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
JAKARTA = ZoneInfo("Asia/Jakarta")


def page(shop: Shop, query: str = "") -> str:
    answer = shop.client("cashier").get(shop.url("stock") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def second(shop: Shop) -> str:
    """The Outlet ID of another outlet that sells the same."""
    other = OutletFactory(gobiz_app=shop.cast.app, name="Kemang")
    OutletCatalog.objects.create(outlet=other, catalog=shop.catalog, imported_at=timezone.now())
    return str(other.outlet_id)


def failed(shop: Shop) -> StockSwitch:
    return StockSwitch.objects.create(
        outlet=shop.outlet,
        item=shop.item,
        in_stock=False,
        state="failed",
        wish=1,
        error_code="request_refused",
        error="no such dish",
    )


def test_nothing_is_off(shop: Shop) -> None:
    assert "Everything is in stock" in page(shop)


def test_no_menu_yet_says_so(shop: Shop) -> None:
    OutletCatalog.objects.all().delete()
    assert "No menu yet" in page(shop)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"how_long": "until"}, "Choose a date and a time."),
        ({"how_long": "until", "at": "soon"}, "Enter a valid date/time."),
        ({"how_long": "until", "at": "2001-01-01T10:00"}, "This time has passed."),
        ({"how_long": "until", "at": "2099-01-01T10:00"}, "within 60 days"),
        ({"how_long": "for ever"}, "Select a valid choice."),
        ({}, "This field is required."),
    ],
)
def test_a_wrong_time_switches_nothing(shop: Shop, typed: dict[str, str], error: str) -> None:
    answer = shop.client("cashier").post(shop.url("stock_off", "item", shop.item.pk), typed)
    assert error in answer.content.decode()
    assert not StockOff.objects.exists()


def test_off_until_a_time_by_the_outlets_clock(shop: Shop) -> None:
    at = timezone.localtime(timezone=JAKARTA).replace(second=0, microsecond=0) + timedelta(days=2)
    typed = {"how_long": "until", "at": f"{at:%Y-%m-%dT%H:%M}"}
    shop.client("cashier").post(shop.url("stock_off", "item", shop.item.pk), typed)
    off = StockOff.objects.get()
    assert (off.back_at, off.by) == (at, shop.cast.cashier)
    shown = page(shop)
    assert f"off until {at:%a}" in shown
    assert f"by {shop.cast.cashier.email}" in shown
    assert StockSwitch.objects.get().in_stock is False


def test_today_is_until_the_outlet_opens_next(shop: Shop) -> None:
    hours = {day: [{"start": "08:00", "end": "14:00"}] for day in ("monday", "wednesday")}
    MenuItem.objects.update(operational_hours=hours)
    address = shop.url("stock_off", "item", shop.item.pk)
    assert "when the outlet opens next" in shop.client("cashier").get(address).content.decode()
    shop.client("cashier").post(address, {"how_long": "today"})
    off = StockOff.objects.get()
    assert off.back_at is not None
    back = off.back_at.astimezone(JAKARTA)
    assert (back.hour, back.strftime("%A")) in ((8, "Monday"), (8, "Wednesday"))
    assert back.date() > datetime.now(JAKARTA).date()


def test_search_finds_items_and_variants(shop: Shop) -> None:
    shown = page(shop, "?q=paha")
    assert "Paha atas" in shown
    assert "Ayam Geprek" not in shown
    assert "Nothing has these words" in page(shop, "?q=zzz")


def test_search_shows_what_is_off_at_all_outlets_for_a_while(shop: Shop) -> None:
    second(shop)
    stock.switch("item", shop.item, False, None, back_at=timezone.now() + timedelta(hours=2))
    StockSwitch.objects.update(attempts=1, error_code="unavailable", next_attempt_at=timezone.now())
    shown = page(shop, "?q=ayam")
    assert "Ayam Geprek" in shown
    assert "off until" in shown


def test_at_one_of_several_outlets_only_that_one_is_switched(shop: Shop) -> None:
    outlet_id = second(shop)
    url = f"{shop.url('item_stock', shop.item.pk)}?stock=1&outlet={outlet_id}"
    answer = shop.client("cashier").post(url, {"in_stock": "0"})
    assert answer.headers["Location"] == f"{shop.url('stock')}?outlet={outlet_id}"
    shop.item.refresh_from_db()
    assert shop.item.in_stock
    assert OutletOverride.objects.get().outlet.outlet_id == outlet_id
    assert "Everything is in stock" in page(shop, f"?outlet={shop.outlet.outlet_id}")
    assert "Ayam Geprek" in page(shop, f"?outlet={outlet_id}")


def test_without_a_chosen_outlet_all_that_sell_it_are_switched(shop: Shop) -> None:
    second(shop)
    shop.client("cashier").post(shop.url("item_stock", shop.item.pk), {"in_stock": "0"})
    assert StockSwitch.objects.filter(in_stock=False).count() == 2
    assert page(shop).count("off until I say") == 2


def test_the_answer_to_a_press_says_that_it_is_on_its_way(shop: Shop) -> None:
    client = shop.client("cashier")
    url, headers = shop.url("item_stock", shop.item.pk), {"hx-request": "true"}
    answer = client.post(url, {"in_stock": "0"}, headers=headers).content.decode()
    assert "Sending to GoFood" in answer
    assert "off until I say" in answer
    StockSwitch.objects.update(state="done")
    assert "Sending to GoFood" not in client.get(shop.url("menu")).content.decode()


def test_a_failure_is_shown_with_gobizs_words_and_tried_again(shop: Shop) -> None:
    switch = failed(shop)
    for shown in (page(shop), shop.client("cashier").get(shop.url("stock_off", "item", shop.item.pk))):
        words = shown if isinstance(shown, str) else shown.content.decode()
        assert "no such dish" in words
        assert "Try again" in words
    assert "Not on GoFood: see why" in shop.client("cashier").get(shop.url("menu")).content.decode()
    shop.client("cashier").post(shop.url("stock_again", switch.pk))
    switch.refresh_from_db()
    assert (switch.state, switch.error) == ("queued", "")


def test_pressed_again_while_it_is_sent_nothing_happens(shop: Shop) -> None:
    switch = failed(shop)
    StockSwitch.objects.update(state="sending")
    shop.client("cashier").post(shop.url("stock_again", switch.pk))
    switch.refresh_from_db()
    assert switch.state == "sending"


@pytest.mark.parametrize("address", ["stock", "menu", "stock?q=item"])
def test_the_cost_does_not_grow_with_what_is_off(shop: Shop, address: str) -> None:
    name, _, query = address.partition("?")
    url, client = f"{shop.url(name)}?{query}", shop.client("cashier")

    def grow(size: int) -> None:
        for item in MenuItemFactory.create_batch(size, menu=shop.item.menu, in_stock=False):
            StockOff.objects.create(item=item, by=shop.cast.owner)
            StockSwitch.objects.create(outlet=shop.outlet, item=item, in_stock=False, state="failed", wish=1)
        for variant in VariantFactory.create_batch(size, category=shop.category, in_stock=False):
            StockOff.objects.create(variant=variant)

    grow(2)
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        assert client.get(url).status_code == 200
    grow(20)
    with CaptureQueriesContext(connection) as many:
        assert client.get(url).status_code == 200
    assert len(many) == len(few)
    assert Variant.objects.count() > 20


def test_what_is_off_everywhere_gets_a_time_of_its_own_at_the_chosen_outlet(shop: Shop) -> None:
    other = second(shop)
    MenuItem.objects.filter(pk=shop.item.pk).update(in_stock=False)
    url = shop.url("stock_off", "item", shop.item.pk) + f"?outlet={other}"
    assert "At Kemang." in shop.client("cashier").get(url).content.decode()
    shop.client("cashier").post(url, {"how_long": "hour"})
    off = StockOff.objects.get(item=shop.item)
    assert off.outlet is not None
    assert off.outlet.outlet_id == other
    assert off.back_at is not None
