"""One notification: what its page says, and where it leads."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from gobiz_admin.gobiz import events
from orders.models import Order
from tests.factories import GobizAppFactory, OutletFactory
from tests.orders.notifications import item, order_notification, store
from webhooks.models import Notification
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
Verdict, State = Notification.Verdict, Notification.State
PAGES = {
    "notification": "get",
    "notification_raw": "get",
    "notification_again": "post",
}


def browser(user) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    client.cookies["language"] = "en"
    return client


def shown(cast, row, name="notification", user=None) -> str:
    answer = browser(user or cast.owner).get(reverse(name, args=[cast.merchant.pk, row.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def taken(cast, **order) -> Notification:
    row = store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", **order))
    work_off()
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("person", ["manager", "cashier"])
def test_for_the_owner_only(cast, name, person):
    row = store(cast.outlet, b"{}", state=State.DEAD)
    url = reverse(name, args=[cast.merchant.pk, row.pk])
    assert getattr(browser(getattr(cast, person)), PAGES[name])(url).status_code == 403
    row.refresh_from_db()
    assert row.state == State.DEAD


@pytest.mark.parametrize("name", PAGES)
def test_anothers_is_not_there(cast, name):
    row = store(cast.other_outlet, b"{}", state=State.DEAD)
    for merchant, user in ((cast.merchant, cast.owner), (cast.other_merchant, cast.owner)):
        url = reverse(name, args=[merchant.pk, row.pk])
        assert getattr(browser(user), PAGES[name])(url).status_code == 404
    row.refresh_from_db()
    assert row.state == State.DEAD


@pytest.mark.parametrize("chosen", ["", "x", "-1", "٣", "9" * 18, "9" * 5000, "\x00", "1; --"])
def test_an_outlet_that_is_none(cast, chosen):
    OutletFactory(gobiz_app=cast.app)
    message = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1")
    message["body"]["outlet"] = None
    row = store(cast.outlet, message)
    work_off()
    url = reverse("notification_again", args=[cast.merchant.pk, row.pk])
    assert browser(cast.owner).post(url, {"outlet": chosen}).status_code == 404
    row.refresh_from_db()
    assert (row.state, row.note, row.outlet) == (State.IGNORED, "no_outlet", None)


def test_an_outlet_of_another_app_of_the_same_merchant(cast):
    OutletFactory(gobiz_app=cast.app)
    elsewhere = OutletFactory(gobiz_app=GobizAppFactory(merchant=cast.merchant))
    message = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1")
    message["body"]["outlet"] = None
    row = store(cast.outlet, message)
    work_off()
    url = reverse("notification_again", args=[cast.merchant.pk, row.pk])
    assert browser(cast.owner).post(url, {"outlet": elsewhere.pk}).status_code == 404
    assert f'<option value="{elsewhere.pk}"' not in shown(cast, row)
    assert not Order.objects.exists()


class TestTheOrder:
    def test_it_leads_to_its_tile(self, cast):
        row = taken(cast)
        inbox = reverse("inbox", args=[cast.merchant.pk])
        tile = f"{inbox}?outlet={cast.outlet.outlet_id}#order-{Order.objects.get().pk}"
        assert f'href="{tile}"' in shown(cast, row)

    def test_not_where_the_board_has_it_no_more(self, cast):
        row = taken(cast)
        Order.objects.update(status="COMPLETED", received_at="2026-01-01T00:00Z")
        assert "#order-" not in shown(cast, row)
        assert "F-1" in shown(cast, row)

    def test_not_to_an_order_of_another_outlet_of_that_number(self, cast):
        row = store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1"))
        Order.objects.create(outlet=cast.other_outlet, order_number="F-1")
        assert "#order-" not in shown(cast, row)


class TestUnknownOutlet:
    def named(self, cast, outlet_id) -> str:
        message = order_notification(events.ORDER_ACCEPTED, cast.outlet)
        message["body"]["outlet"] = {"id": outlet_id}
        row = store(cast.outlet, message)
        work_off()
        return shown(cast, row)

    def test_it_can_be_connected(self, cast):
        second = OutletFactory(gobiz_app=GobizAppFactory(merchant=cast.merchant))
        page = self.named(cast, "G777000111")
        url = f"{reverse('connect', args=[cast.merchant.pk])}?add=G777000111&amp;app={cast.app.pk}"
        assert f'href="{url}"' in page
        form = browser(cast.owner).get(url.replace("&amp;", "&")).context["form"]
        assert (form.initial["outlet_id"], form.initial["app_id"]) == ("G777000111", cast.app.app_id)
        other = browser(cast.owner).get(f"{url.split('?')[0]}?add=G1&app={second.gobiz_app_id}")
        assert other.context["form"].initial["app_id"] == second.gobiz_app.app_id

    @pytest.mark.parametrize("outlet_id", ["<b>", "G1?outlet=x", "x" * 5000, 7])
    def test_what_is_no_outlet_id(self, cast, outlet_id):
        page = self.named(cast, outlet_id)
        assert "?add=" not in page
        assert "is no Outlet ID" in page

    @pytest.mark.parametrize("app", ["", "x", "0", "999999"])
    def test_the_app_of_another_merchant_is_not_filled_in(self, cast, app):
        url = reverse("connect", args=[cast.merchant.pk])
        for asked in (app, cast.other_app.pk):
            answer = browser(cast.owner).get(url, {"add": "G777000111", "app": asked})
            assert answer.context["form"].initial["app_id"] == cast.app.app_id


class TestUnread:
    def test_marked_in_words_too(self, cast):
        page = shown(cast, taken(cast, order_total="banyak", order_items=[item(price=[])]))
        assert "<code>order.order_total</code>" in page
        assert "<code>order.order_items.0.price</code>" in page
        assert page.count("not read</em></mark>") == 2

    def test_as_many_as_a_page_can_show(self, cast):
        row = taken(cast, order_items=[item(price="x", quantity="y") for _ in range(1000)])
        assert len(row.unread) == 1000
        assert shown(cast, row).count("<code>order.") == 20


@pytest.mark.parametrize("verdict", Verdict.values)
def test_the_verdict_in_words(cast, verdict):
    page = shown(cast, store(cast.outlet, b"{}", verdict=Verdict(verdict)))
    assert {
        "verified": "so it is from GoBiz",
        "unverified": "only records signatures",
        "forged": "changed nothing",
    }[verdict] in page


@pytest.mark.parametrize(
    ("state", "asks"), [("pending", True), ("failed", True), ("done", False), ("dead", False)]
)
def test_it_follows_what_goes_on(cast, state, asks):
    page = shown(cast, store(cast.outlet, b"{}", state=state))
    assert ('hx-select="#notification"' in page) is asks


def test_nothing_of_it_is_run(cast):
    evil = "<script>alert(1)</script>"
    row = store(cast.outlet, f'{{"header": {{"event_name": "{evil}"}}, "body": "{evil}"}}'.encode())
    work_off()
    Notification.objects.update(
        headers={evil: evil}, order_number=evil, event_id=evil, unread=[evil], note=evil
    )
    cast.outlet.name = evil
    cast.outlet.save()
    Notification.objects.update(outlet=cast.outlet)
    assert evil not in shown(cast, row)
    assert evil not in browser(cast.owner).get(reverse("webhooks", args=[cast.merchant.pk])).content.decode()
