"""The list of each morning: asked once a day of what nobody ends, whether the sweep is late, doubled or away."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gobiz_admin.merchants import mailing
from gobiz_admin.merchants.models import Letter
from menus import mornings, stock
from menus.editing import save_item, set_stock
from menus.hours import DAYS
from menus.ingredient_outs import switch_ingredient
from menus.models import CatalogEdit, Ingredient, IngredientOut, MenuItem, StockMorning, StockOff, Variant
from menus.overrides import set_override
from menus.stock_effect import stock_at
from menus.stock_times import morning_at
from menus.undoing import undo
from orders.home import needs_of, rows_of
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory
from tests.menus.test_stock import second_outlet
from tests.menus_pages.conftest import selling_outlet_of
from tests.threads import at_once

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Jakarta")
OPEN = {day: [{"start": "09:00", "end": "21:00"}] for day in DAYS}


def at(clock, day=24):
    hour, minute = clock.split(":")
    return datetime(2026, 11, day, int(hour), int(minute), tzinfo=ZONE)


def travel(clock, day=24):
    return time_machine.travel(at(clock, day), tick=False)


@pytest.fixture
def outlet(cast):
    """An outlet in Jakarta that opens at 09:00; its chicken is off since yesterday evening."""
    selling_outlet_of(cast.outlet)
    item = item_of(cast.outlet)
    MenuItem.objects.filter(pk=item.pk).update(operational_hours=OPEN)
    with travel("20:00", 23):
        set_stock("item", item, False, cast.cashier)
    return cast.outlet


def item_of(outlet):
    return MenuItem.objects.get(catalog=outlet.selling.catalog, name="Ayam Geprek")


def asked(outlet):
    return [line.thing.name for row in mornings.open_mornings([outlet]) for line in row.lines]


# --- when -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "moment"),
    [
        (OPEN, at("08:00")),
        ({}, at("07:00")),
        ({day: [] for day in DAYS}, at("07:00")),
        ({day: [{"start": "00:30", "end": "05:00"}] for day in DAYS}, at("00:00")),
        # The night that goes on is no opening.
        (
            {day: [{"start": "00:00", "end": "02:00"}, {"start": "18:00", "end": "23:59"}] for day in DAYS},
            at("17:00"),
        ),
    ],
)
def test_the_hour_before_the_first_opening(hours, moment):
    assert morning_at(hours, at("12:00")) == moment


def test_not_before_its_hour_and_once_after_it(outlet):
    with travel("07:59"):
        assert mornings.ask_due() == 0
        assert asked(outlet) == []
    with travel("08:00"):
        assert mornings.ask_due() == 1
        assert mornings.ask_due() == 0
        assert asked(outlet) == ["Ayam Geprek"]


def test_each_outlet_by_its_own_clock(outlet):
    outlet.time_zone = "Asia/Jayapura"
    outlet.save()
    with travel("06:01"):
        assert mornings.ask_due() == 1
    assert StockMorning.objects.get().day == date(2026, 11, 24)


def test_a_sweep_that_comes_late_does_not_ask_of_what_went_off_meanwhile(outlet):
    with travel("10:00"):
        set_stock("variant", Variant.objects.get(name="Paha atas"), False, None)
    with travel("15:00"):
        assert mornings.ask_due() == 1
        assert asked(outlet) == ["Ayam Geprek"]


def test_a_morning_without_a_sweep_is_not_made_up_for_the_next_day(outlet):
    with travel("08:30", 26):
        assert mornings.ask_due() == 1
    assert [row.day.day for row in StockMorning.objects.all()] == [26]


def test_with_nothing_off_nobody_is_asked_that_day(outlet):
    with travel("07:00"):
        set_stock("item", item_of(outlet), True, None)
    with travel("08:00"):
        assert mornings.ask_due() == 0
        set_stock("item", item_of(outlet), False, None)
    with travel("11:00"):
        assert mornings.ask_due() == 0
        assert asked(outlet) == []
    assert not Letter.objects.exists()


def test_what_comes_back_by_itself_is_not_asked_about(outlet):
    StockOff.objects.update(back_at=at("09:00"))
    with travel("08:00"):
        assert mornings.ask_due() == 0


def test_an_ingredient_that_nobody_ends_is_asked_about(outlet):
    with travel("20:00", 23):
        set_stock("item", item_of(outlet), True, None)
        save_item(item_of(outlet), {"ingredients": ["Ayam"]}, None)
        switch_ingredient(Ingredient.objects.get(), True, [outlet], None)
    with travel("08:00"):
        assert mornings.ask_due() == 1
        assert asked(outlet) == ["Ayam Geprek"]
        IngredientOut.objects.all().delete()
        assert asked(outlet) == []


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_ask_once_and_write_one_letter_each(cast, monkeypatch):
    selling_outlet_of(cast.outlet)
    MenuItem.objects.update(in_stock=False)
    # Whatever the clock says now, this morning has come.
    monkeypatch.setattr(mornings, "morning_at", lambda _, now: now - timedelta(seconds=1))
    at_once(lambda _: mornings.ask_due())
    assert StockMorning.objects.count() == 1
    assert Letter.objects.count() == 2


# --- the letter -------------------------------------------------------------------------------


def test_owner_and_manager_get_one_letter_in_their_language(cast, outlet):
    cast.owner.language = "en"
    cast.owner.save()
    with travel("08:00"):
        mornings.ask_due()
        mailing.send_due()
    assert {message.to[0] for message in mail.outbox} == {cast.owner.email, cast.manager.email}
    (letter,) = (message for message in mail.outbox if message.to == [cast.owner.email])
    assert letter.subject == f"Still off this morning at {cast.merchant.name}: 1 item or variant"
    assert f"{outlet.name}:\n- Ayam Geprek\n" in letter.body
    assert reverse("still_off", args=[cast.merchant.pk]) in letter.body
    assert cast.other_merchant.name not in letter.body


def test_outlets_of_one_merchant_are_one_letter(cast, outlet, fake_gobiz):
    other = second_outlet(outlet, fake_gobiz)
    with travel("08:00"):
        assert mornings.ask_due() == 2
    assert Letter.objects.filter(user=cast.owner).count() == 1
    assert {row["name"] for row in Letter.objects.first().facts["outlets"]} == {outlet.name, other.name}


# --- answers ----------------------------------------------------------------------------------


def test_still_off_is_quiet_until_tomorrow(cast, outlet):
    with travel("08:00"):
        mornings.ask_due()
        mornings.answer(StockMorning.objects.get(), cast.cashier)
        assert asked(outlet) == []
        assert mornings.ask_due() == 0
    with travel("08:00", 25):
        assert mornings.ask_due() == 1
        assert asked(outlet) == ["Ayam Geprek"]


def test_a_question_of_yesterday_is_gone(outlet):
    with travel("08:00"):
        mornings.ask_due()
    with travel("00:10", 25):
        assert asked(outlet) == []


def test_all_of_it_on_at_the_only_outlet_is_the_catalogs(cast, outlet):
    item = item_of(outlet)
    stock.all_on(item.catalog, outlet, [("item", item.pk)], [], cast.cashier)
    item.refresh_from_db()
    assert item.in_stock
    undo(CatalogEdit.objects.latest("pk"), cast.owner)
    item.refresh_from_db()
    assert not item.in_stock


def test_all_of_it_on_at_one_of_several_is_its_own(cast, outlet, fake_gobiz):
    other, item = second_outlet(outlet, fake_gobiz), item_of(outlet)
    stock.all_on(item.catalog, other, [("item", item.pk)], [], cast.cashier)
    assert stock_at(other.pk, item.catalog_id)["item", item.pk]
    assert not stock_at(outlet.pk, item.catalog_id)["item", item.pk]


def test_things_of_another_catalog_are_not_switched(cast, outlet):
    foreign = MenuItemFactory(in_stock=False)
    stock.all_on(item_of(outlet).catalog, outlet, [("item", foreign.pk)], [0], cast.cashier)
    foreign.refresh_from_db()
    assert not foreign.in_stock


# --- pages ------------------------------------------------------------------------------------


def test_a_cashier_finds_it_on_top_and_answers_it(cast, outlet, client):
    client.force_login(cast.cashier)
    with travel("08:00"):
        mornings.ask_due()
        for name in ("inbox", "stock"):
            page = client.get(reverse(name, args=[cast.merchant.pk])).content.decode()
            assert reverse("still_off", args=[cast.merchant.pk]) in page
        url = reverse("still_off", args=[cast.merchant.pk])
        assert "Ayam Geprek" in client.get(url).content.decode()
        answer = reverse("still_off_answer", args=[cast.merchant.pk, StockMorning.objects.get().pk])
        client.post(
            answer, {"answer": "on", "thing": [f"item-{item_of(outlet).pk}", "ingredient-x", "shop-1"]}
        )
        assert "Ayam Geprek" not in client.get(url).content.decode()
        item = item_of(outlet)
        assert item.in_stock


def test_home_says_it_calmly(cast, outlet):
    with travel("08:00"):
        mornings.ask_due()
        needs = needs_of(cast.merchant, rows_of([outlet]))
        assert [need.kind for need in needs if "still_off" in need.url or "still-off" in need.url] == [
            "warning"
        ]


def test_another_merchants_morning_is_not_found(cast, outlet, client):
    client.force_login(cast.owner)
    theirs = StockMorning.objects.create(outlet=cast.other_outlet, day=date(2026, 11, 24), at=at("08:00"))
    url = reverse("still_off_answer", args=[cast.merchant.pk, theirs.pk])
    assert client.post(url, {"answer": "off"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.answered_at is None


# --- what it costs ----------------------------------------------------------------------------


def test_the_sweep_and_home_cost_the_same_for_many_outlets(cast, outlet, fake_gobiz):
    def cost(size):
        StockMorning.objects.all().delete()
        Letter.objects.all().delete()
        catalog = outlet.selling.catalog
        outlets = [second_outlet(outlet, fake_gobiz) for _ in range(size)]
        for one in outlets:
            set_override(catalog, "variant", Variant.objects.first().pk, [one], None, in_stock=False)
        counts = []
        with travel("09:00", 28):
            for work in (
                mornings.ask_due,
                lambda: mornings.open_mornings(outlets),
                lambda: rows_of([outlet, *outlets]),
            ):
                with CaptureQueriesContext(connection) as captured:
                    work()
                counts.append(len(captured))
        return counts

    few = cost(2)
    assert cost(12) == few


def test_what_is_old_is_forgotten(cast):
    StockMorning.objects.create(outlet=cast.outlet, day=date(2020, 1, 1), at=at("08:00"))
    assert mornings.forget_old() == 1


def test_outlets_that_sell_nothing_yet_are_left_alone():
    OutletFactory()
    with travel("08:00"):
        assert mornings.ask_due() == 0
    assert StockMorning.objects.count() == 0
