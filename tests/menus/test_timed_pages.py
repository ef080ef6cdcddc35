"""The pages of timed prices: planning one after a look at it, the list, and where else they show."""

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.merchants.banners import banners_for
from gobiz_admin.merchants.models import Role
from menus import timed_turns
from menus.models import MenuItem, OutletCatalog, Sync, TimedPlace, TimedPrice
from tests.factories import MemberFactory, OutletFactory
from tests.menus.factories import MenuItemFactory, selling_outlet
from tests.menus.timed import EVENING, MINUTE, MORNING, NOON, plan, prove, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def outlet(fake_gobiz, clock):
    outlet = selling_outlet(price=20_000)
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    return outlet


@pytest.fixture
def item(outlet):
    return MenuItem.objects.get()


def signed_in(merchant, role=Role.OWNER):
    client = Client()
    user = MemberFactory(merchant=merchant, role=role).user
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def page(outlet):
    return signed_in(outlet.merchant)


def address(name, outlet, *args):
    return reverse(name, args=[outlet.merchant_id, *args])


def typed(outlet, **fields):
    return {
        "label": "Promo Jumat",
        "how": "set",
        "amount": "18.000",
        "round_to": "100",
        "starts": "2026-12-04T12:00",
        "ends": "2026-12-04T18:00",
        "outlets": [outlet.pk],
        "stage": "preview",
        **fields,
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"label": " "},
        {"amount": ""},
        {"amount": "murah"},
        {"how": "lower_percent", "amount": "200"},
        {"how": "steal"},
        {"starts": ""},
        {"starts": "besok"},
        {"ends": "2026-12-04T12:00"},
        {"starts": "2026-12-03T08:00", "ends": "2026-12-03T09:00"},
        {"ends": "2027-12-04T18:00"},
        {"starts": "9999-12-31T23:59", "ends": "9999-12-31T23:59"},
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_planned(page, outlet, item, fields):
    answer = page.post(address("timed_price_new", outlet, "item", item.pk), typed(outlet, **fields))
    assert answer.status_code == 422
    assert not TimedPrice.objects.exists()


def test_a_look_at_it_then_the_plan(page, outlet, item):
    url = address("timed_price_new", outlet, "item", item.pk)
    assert page.get(url).status_code == 200
    shown = page.post(url, typed(outlet))
    assert "20.000" in shown.content.decode()
    assert not TimedPrice.objects.exists()
    answer = page.post(url, typed(outlet, stage="plan", shown=shown.context["plan"].digest))
    assert answer["Location"] == address("timed_prices", outlet)
    place = TimedPlace.objects.get()
    assert (place.price, place.starts_at, place.ends_at) == (18_000, NOON, EVENING)
    listed = page.get(answer["Location"]).content.decode()
    assert "Promo Jumat" in listed
    assert "18.000" in listed


def test_a_slip_has_to_be_typed(page, outlet, item):
    url = address("timed_price_new", outlet, "item", item.pk)
    shown = page.post(url, typed(outlet, amount="1.800"))
    digest = shown.context["plan"].digest
    assert b'name="typed"' in shown.content
    for number, done in (("", False), ("18.000", False), ("1.800", True)):
        answer = page.post(url, typed(outlet, amount="1.800", stage="plan", shown=digest, typed=number))
        assert (answer.status_code == 302) == done
        assert TimedPrice.objects.exists() == done


def test_what_was_changed_meanwhile_is_shown_anew(page, outlet, item):
    url = address("timed_price_new", outlet, "item", item.pk)
    answer = page.post(url, typed(outlet, stage="plan", shown="old"))
    assert answer.status_code == 422
    assert b'role="alert"' in answer.content
    assert not TimedPrice.objects.exists()


def test_a_price_that_is_set_is_not_rounded(page, outlet, item):
    url = address("timed_price_new", outlet, "item", item.pk)
    shown = page.post(url, typed(outlet, amount="17.950"))
    assert [line.price for line in shown.context["plan"].lines] == [17_950]


def test_for_a_menu_at_some_of_the_outlets(page, outlet, item):
    other = OutletFactory(merchant=outlet.merchant, gobiz_app=outlet.gobiz_app, name="Cabang")
    OutletCatalog.objects.create(outlet=other, catalog=item.catalog, imported_at=timezone.now())
    MenuItemFactory(menu=item.menu, name="Es Teh", price=5_000)
    url = address("timed_price_new", outlet, "menu", item.menu_id)
    fields = {"how": "lower_percent", "amount": "10"}
    assert page.post(url, typed(outlet, **fields, outlets=[])).status_code == 422
    shown = page.post(url, typed(outlet, **fields, outlets=[other.pk]))
    page.post(
        url, typed(outlet, **fields, outlets=[other.pk], stage="plan", shown=shown.context["plan"].digest)
    )
    assert {place.outlet for place in TimedPlace.objects.all()} == {other}
    assert TimedPlace.objects.count() == 2


def test_ending_it_and_ending_it_twice(page, outlet, item, clock):
    kept = plan(item, outlet, price=18_000)
    url = address("timed_price_end", outlet, kept.pk)
    for _ in range(2):
        assert page.post(url)["Location"] == address("timed_prices", outlet)
    assert TimedPrice.objects.get().state == "cancelled"
    assert page.get(url).status_code == 405


def test_a_stranger_and_a_cashier(outlet, item):
    kept = plan(item, outlet, price=18_000)
    new = address("timed_price_new", outlet, "item", item.pk)
    end = address("timed_price_end", outlet, kept.pk)
    for client, status in (
        (signed_in(outlet.merchant, Role.CASHIER), 403),
        (signed_in(OutletFactory().merchant), 404),
    ):
        assert client.get(new).status_code == status
        assert client.post(end).status_code == status
    own = signed_in(outlet.merchant)
    other = selling_outlet()
    foreign = MenuItem.objects.get(catalog__sellings__outlet=other)
    assert own.get(address("timed_price_new", outlet, "item", foreign.pk)).status_code == 404
    assert own.post(new, typed(other)).status_code in (200, 422)
    assert TimedPrice.objects.get().state == "planned"


def test_where_else_it_shows(page, outlet, item, clock):
    publish(outlet)
    plan(item, outlet, price=18_000)
    review = page.get(address("publish_review", outlet, outlet.pk)).content.decode()
    assert "Promo Jumat" in review
    clock.move_to(NOON)
    review = page.get(address("publish_review", outlet, outlet.pk)).content.decode()
    assert "Promo Jumat" in review
    query = f"?outlet={outlet.outlet_id}"
    for name in ("menu", "menu_item"):
        args = [item.pk] if name == "menu_item" else []
        shown = page.get(
            address(name, outlet, *args) + query, headers={"hx-request": "true"}
        ).content.decode()
        assert "18.000 sampai 18:00" in shown.replace("\N{NO-BREAK SPACE}", " "), name
    # The field holds the item's own price.
    assert 'value="Rp\N{NO-BREAK SPACE}20.000"' in page.get(address("menu", outlet) + query).content.decode()


@pytest.fixture
def branch(outlet, item):
    """It sells the same, an hour further east."""
    other = OutletFactory(
        merchant=outlet.merchant, gobiz_app=outlet.gobiz_app, name="Cabang", time_zone="Asia/Makassar"
    )
    OutletCatalog.objects.create(outlet=other, catalog=item.catalog, imported_at=timezone.now())
    return other


def test_the_table_of_outlets_marks_where_it_runs(page, outlet, branch, item, clock):
    mark = "18.000 sampai 18:00"

    def marks(client=page, name="matrix", *args):
        shown = client.get(address(name, outlet, *args)).content.decode()
        return shown.replace("\N{NO-BREAK SPACE}", " ").count(mark)

    plan(item, branch, price=18_000)
    assert marks() == 0
    # Noon comes an hour earlier there, and six o'clock as well.
    clock.move_to(NOON - 30 * MINUTE)
    assert marks() == 1
    assert marks(signed_in(outlet.merchant, Role.CASHIER)) == 1
    assert marks(page, "outlet_values", "item", item.pk) == 1
    # What is typed there is its own price, and the mark stays beside it.
    place = address("place_values", outlet, "item", item.pk, branch.pk)
    seen = {"field": "price", "value": "21000", "seen": "20000"}
    saved = page.post(place, seen, headers={"hx-request": "true"}).content.decode()
    assert mark in saved.replace("\N{NO-BREAK SPACE}", " ")
    assert "21.000" in saved
    clock.move_to(EVENING - 59 * MINUTE)
    assert marks() == 0


def test_the_marks_cost_one_query_for_any_number(page, outlet, branch, item, clock):
    def cost():
        page.get(address("matrix", outlet))
        with CaptureQueriesContext(connection) as captured:
            assert page.get(address("matrix", outlet)).status_code == 200
        return len(captured)

    none = cost()
    for number in range(8):
        plan(MenuItemFactory(menu=item.menu, name=f"Es {number}", price=5_000), outlet, branch, price=4_500)
    clock.move_to(NOON + MINUTE)
    assert cost() == none


def test_a_price_that_is_stuck_is_said_on_every_page(outlet, item, clock, page):
    publish(outlet)
    plan(item, outlet, price=18_000)
    clock.move_to(NOON)
    prove(timed_turns.turn(outlet.pk))
    assert banners_for(outlet.merchant) == []
    clock.move_to(EVENING)
    Sync.objects.filter(pk=timed_turns.turn(outlet.pk).pk).update(state="failed")
    timed_turns.turn(outlet.pk)
    (banner,) = banners_for(outlet.merchant)
    assert banner.kind == "danger"
    assert item.name in banner.text
    assert item.name in page.get(address("timed_prices", outlet)).content.decode()
    prove(Sync.objects.get(pk=publish(outlet).pk))
    timed_turns.turn(outlet.pk)
    assert banners_for(outlet.merchant) == []


def test_the_list_costs_the_same_for_any_number(page, outlet, item):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert page.get(address("timed_prices", outlet)).status_code == 200
        return len(captured)

    plan(item, outlet, price=18_000)
    cost()
    few = cost()
    for number in range(1, 8):
        plan(
            item, outlet, price=17_000, starts=EVENING + number * MINUTE, ends=EVENING + (number + 1) * MINUTE
        )
    assert cost() == few
