"""The page that closes outlets and opens them again, and what every page says meanwhile."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable
from gobiz_admin.gobiz.scopes import OUTLET_WRITE
from gobiz_admin.merchants.closing import Wish, close
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.models import AuditEntry
from gobiz_admin.merchants.wording import facts_of
from menus.hours import DAYS
from menus.models import OutletCatalog
from orders.models import Order
from tests.factories import OutletFactory
from tests.menus.factories import CatalogFactory, MenuFactory, MenuItemFactory
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db
BUSY = {"reason": "too_busy", "how_long": "hour"}


def browser(user):
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def world(cast):
    cast.second = OutletFactory(gobiz_app=cast.app, name="Kemang")
    cast.outlet.name = "Tebet"
    cast.outlet.save()
    cast.url = reverse("closing", args=[cast.merchant.pk])
    return cast


def press(world, *outlets, user=None, seen=0, query="", **form):
    values = {"outlets": [f"{outlet.pk}:{seen}" for outlet in outlets], **BUSY, **form}
    return browser(user or world.owner).post(world.url + query, values, follow=True)


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def page(world, name, user=None, query=""):
    return text(browser(user or world.owner).get(reverse(name, args=[world.merchant.pk]) + query))


def row_of(outlet):
    return OutletClosing.objects.filter(outlet=outlet).first()


def done(outlet, user=None, **facts):
    """The outlet, closed and taken by GoFood."""
    close({outlet.pk: 0}, Wish("too_busy", "", {outlet.pk: None}), user)
    facts = {"state": "done", "told": True, "told_at": timezone.now(), "next_attempt_at": None, **facts}
    OutletClosing.objects.filter(outlet=outlet).update(**facts)
    return row_of(outlet)


# What is refused.


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"outlets": []}, "Choose at least one outlet. Nothing was closed."),
        ({"outlets": ["x", "9:9", "1:1:1", "٣:1"]}, "Choose at least one outlet. Nothing was closed."),
        ({"reason": ""}, "Choose why it is closed."),
        ({"reason": "other"}, "Say in a few words why it is closed."),
        ({"how_long": ""}, "Choose until when it is closed."),
        ({"how_long": "until"}, "Choose a date and a time."),
        ({"how_long": "until", "at": "2001-01-01T10:00"}, "This time has passed."),
        ({"how_long": "until", "at": "2099-01-01T10:00"}, "Choose a time within 60 days"),
        ({"how_long": "until", "at": "soon"}, ""),
        ({"words": "x" * 121}, ""),
    ],
)
def test_a_form_with_a_mistake_closes_nothing_and_says_so(world, form, words):
    answer = press(world, world.outlet, **form)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not OutletClosing.objects.exists()


def test_another_merchants_outlet_is_not_closed_or_opened(world):
    done(world.other_outlet)
    press(world, world.other_outlet)
    browser(world.owner).post(
        reverse("reopen", args=[world.merchant.pk]), {"outlets": [world.other_outlet.pk]}
    )
    again = reverse("closing_again", args=[world.merchant.pk, world.other_outlet.pk])
    assert browser(world.owner).post(again).status_code == 404
    row = row_of(world.other_outlet)
    assert (row.closed, row.wish, OutletClosing.objects.count()) == (True, 1, 1)
    assert world.other_outlet.name not in page(world, "closing")


def test_an_app_without_the_right_says_so_and_the_rest_can_be_closed(world):
    other = OutletFactory(merchant=world.merchant, name="Depok")
    other.gobiz_app.merchant = world.merchant
    other.gobiz_app.scopes_missing = [OUTLET_WRITE]
    other.gobiz_app.save()
    answer = press(world, world.outlet, other)
    assert "Closing is not available for this outlet" in text(answer)
    assert (row_of(world.outlet).closed, row_of(other)) == (True, None)


def test_refused_credentials_are_said_before(world):
    world.app.refused_at = timezone.now()
    world.app.save()
    assert "Until it is corrected, outlets cannot be closed or opened from here" in page(world, "closing")


# What is done.


def test_the_cashier_closes_and_sees_what_is_under_way(world):
    OrderFactory(outlet=world.outlet)
    OrderFactory.create_batch(2, outlet=world.outlet, status=Order.Status.ACCEPTED)
    OrderFactory(outlet=world.outlet, status=Order.Status.COMPLETED)
    query = f"?outlet={world.outlet.outlet_id}"
    before = page(world, "closing", world.cashier, query)
    assert "1 order is waiting, 2 are under way" in before
    assert "GoFood shows Tebet as closed: no new orders come in. Orders that are under way go on." in before
    answer = press(world, world.outlet, user=world.cashier, query=query)
    assert "Tebet: GoFood is told now." in text(answer)
    assert "GoFood is being told to close it." in text(answer)
    row = row_of(world.outlet)
    assert (row.by, row.state, row.reason) == (world.cashier, "queued", "too_busy")
    assert timedelta(minutes=59) < row.reopen_at - timezone.now() <= timedelta(hours=1)


def test_a_typed_time_is_by_the_clock_of_each_outlet(world):
    world.second.time_zone = "Asia/Jayapura"
    world.second.save()
    clock = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT10:00")
    press(world, world.outlet, world.second, how_long="until", at=clock)
    typed = datetime.fromisoformat(clock)
    assert row_of(world.outlet).reopen_at == typed.replace(tzinfo=ZoneInfo("Asia/Jakarta"))
    assert row_of(world.second).reopen_at == typed.replace(tzinfo=ZoneInfo("Asia/Jayapura"))


def test_until_it_opens_next_is_by_the_hours_of_its_menu(world):
    hours = {day: [{"start": "09:30", "end": "21:00"}] for day in DAYS}
    catalog = CatalogFactory(merchant=world.merchant)
    MenuItemFactory(menu=MenuFactory(catalog=catalog), operational_hours=hours)
    OutletCatalog.objects.create(outlet=world.outlet, catalog=catalog, imported_at=timezone.now())
    press(world, world.outlet, world.second, how_long="opening")
    local = row_of(world.outlet).reopen_at.astimezone(world.outlet.zone)
    assert f"{local:%H:%M}" == "09:30"
    # Without a menu: at the next midnight.
    assert f"{row_of(world.second).reopen_at.astimezone(world.second.zone):%H:%M}" == "00:00"


def test_until_i_say_has_no_end(world):
    press(world, world.outlet, how_long="say")
    assert row_of(world.outlet).reopen_at is None


def test_the_second_is_told_the_state(world):
    done(world.outlet, world.cashier)
    answer = press(world, world.outlet, world.second, reason="holiday")
    assert "Tebet was closed or opened meanwhile, so nothing was changed there." in text(answer)
    assert world.cashier.email in text(answer)
    assert (row_of(world.outlet).reason, row_of(world.second).reason) == ("too_busy", "holiday")


def test_who_saw_it_closed_does_not_close_it_anew_after_it_was_opened(world):
    row = done(world.outlet)
    browser(world.cashier).post(reverse("reopen", args=[world.merchant.pk]), {"outlets": [world.outlet.pk]})
    press(world, world.outlet, seen=row.wish)
    assert row_of(world.outlet).closed is False


def test_reason_and_words_of_a_closed_outlet_stand_in_its_form(world):
    done(world.outlet, reason="holiday", words="Idul Fitri")
    html = browser(world.owner).get(f"{world.url}?outlet={world.outlet.outlet_id}").content.decode()
    assert 'value="Idul Fitri"' in html
    assert "Change why and until when" in html


def test_opened_twice_the_second_is_told(world):
    done(world.outlet)
    url = reverse("reopen", args=[world.merchant.pk])
    first, second = (
        browser(person).post(url, {"outlets": [world.outlet.pk]}, follow=True)
        for person in (world.owner, world.cashier)
    )
    assert "Tebet opens again: GoFood is told now." in text(first)
    assert "It is open already, or on its way." in text(second)
    assert AuditEntry.objects.filter(action="outlet.opened").count() == 1


def test_what_failed_says_why_and_is_tried_again(world):
    error = GobizUnavailable("x")
    done(world.outlet, state="failed", told=None, error_code=error.code, error_facts=facts_of(error))
    shown = page(world, "closing")
    assert "GoBiz did not answer properly" in shown
    assert "close the outlet in the GoBiz app, or reject what you cannot make" in shown
    browser(world.cashier).post(reverse("closing_again", args=[world.merchant.pk, world.outlet.pk]))
    assert row_of(world.outlet).state == "queued"


def test_the_history_is_shown_in_the_outlets_time(world):
    press(world, world.outlet, reason="other", words="wedding <b>next door</b>", how_long="say")
    browser(world.manager).post(reverse("reopen", args=[world.merchant.pk]), {"outlets": [world.outlet.pk]})
    AuditEntry.objects.update(at=timezone.now() - timedelta(days=40))
    shown = page(world, "closing")
    assert "Closed until somebody opens it. Another reason: wedding &lt;b&gt;next door&lt;/b&gt;" in shown
    assert shown.index(world.manager.email) < shown.rindex(world.owner.email)


# What every page says.


def banner(world, user=None):
    html = browser(user or world.owner).get(reverse("menu", args=[world.merchant.pk])).content.decode()
    found = html[html.index('id="banners"') : html.index("data-bell-banner")]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split()), found


def test_no_banner_while_everything_is_open_or_has_just_been_pressed(world):
    assert "GoFood" not in banner(world)[0]
    press(world, world.outlet)
    assert "GoFood" not in banner(world)[0]


def test_one_closed_outlet_has_its_button_in_the_banner(world):
    done(world.outlet, world.cashier, since=datetime(2026, 1, 5, 7, 2, tzinfo=ZoneInfo("UTC")))
    words, html = banner(world)
    assert f"Tebet: Closed since Mon 5 Jan, 14:02 by {world.cashier.email}. Stays closed" in words
    assert f'value="{world.outlet.pk}"' in html
    assert reverse("reopen", args=[world.merchant.pk]) in html


def test_many_closed_outlets_have_one_banner(world):
    for outlet in (world.outlet, world.second, *(OutletFactory(gobiz_app=world.app) for _ in range(3))):
        done(outlet)
    words, html = banner(world)
    assert "5 outlets are closed on GoFood: Tebet, Kemang" in words
    assert html.count("5 outlets") == html.count("Tebet") == 1
    assert "Open again" not in words


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"closed": False, "state": "failed"}, "Tebet could not be opened again on GoFood"),
        ({"closed": False, "state": "queued", "attempts": 3}, "Tebet could not be opened again on GoFood"),
        ({"reopen_at": "past"}, "Tebet could not be opened again on GoFood"),
        ({"state": "failed"}, "Tebet could not be closed on GoFood: customers can still order"),
        ({"state": "queued", "wished_at": "past", "told": False}, "Tebet could not be closed on GoFood"),
    ],
)
def test_what_did_not_work_is_said_loudly(world, facts, words):
    past = timezone.now() - timedelta(minutes=10)
    done(world.outlet, **{name: past if value == "past" else value for name, value in facts.items()})
    assert words in banner(world)[0]
    assert "banner-danger" in banner(world)[1]


def test_another_merchants_banner_is_not_ours(world):
    done(world.other_outlet)
    assert "closed" not in banner(world)[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("merchant_home", "Closed Close or open Tebet"),
        ("outlets", "Closed Closed since"),
        ("inbox", "1 of 2 outlets closed"),
        ("inbox_board", "1 of 2 outlets closed"),
        ("menu", "Tebet Closed"),
        ("frame_now", "Tebet: Closed since"),
    ],
)
def test_the_state_is_shown_everywhere(world, name, words):
    assert words not in page(world, name)
    done(world.outlet)
    assert words in page(world, name)


def test_constant_queries_for_two_and_forty_outlets(world):
    client = browser(world.owner)

    def cost(method, **values):
        with CaptureQueriesContext(connection) as captured:
            assert getattr(client, method)(world.url, values).status_code in (200, 302)
        return len(captured)

    outlets = [world.outlet, world.second]
    for outlet in outlets:
        done(outlet)
    few = cost("get")
    for _ in range(38):
        outlets.append(OutletFactory(gobiz_app=world.app))
        done(outlets[-1])
    assert cost("get") == few
