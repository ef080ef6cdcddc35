"""Orders that GoBiz could not deliver: they stand in the inbox until they are handled, or arrive after all."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.gobiz import events
from gobiz_admin.merchants.models import AuditEntry
from menus.models import MappingAlert
from orders import undelivered
from orders.models import Order, UndeliveredOrder
from tests.factories import MemberFactory, OutletFactory
from tests.orders.factories import OrderFactory
from tests.orders.notifications import order_notification, store
from tests.threads import at_once
from webhooks.models import Notification
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def error(outlet, number: Any = "F-9", event_id: str = "e-1", key: str = "number", **body: Any) -> dict:
    """GoBiz's report, by default as the seed's sample has it."""
    missing = {"items": [], "variants": [{"name": "Paha atas"}, {"name": "Paha bawah"}]}
    return {
        "header": {"event_type": events.WEBHOOK_ERROR, "event_id": event_id, "version": 1},
        "body": {
            "error_type": "mapping_not_found",
            "mapping_not_found": missing,
            "order": {key: number},
            "outlet": {"id": outlet.outlet_id},
            **body,
        },
    }


def report(outlet, *args: Any, **changes: Any) -> None:
    store(outlet, error(outlet, *args, **changes))
    work_off()
    assert not Notification.objects.exclude(state__in=["done", "ignored"]).exists()


@pytest.fixture
def counter(cast) -> Client:
    return browser(cast.cashier)


def browser(user: Any) -> Client:
    client = Client()
    client.cookies["language"] = "en"
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def board(cast, client: Client, **query: str) -> str:
    return client.get(reverse("inbox_board", args=[cast.merchant.pk]), query).content.decode()


def press(cast, client: Client, row: UndeliveredOrder, what: str = "handled", htmx: bool = True):
    address = reverse(f"undelivered_{what}", args=[cast.merchant.pk, row.pk])
    return client.post(address, headers=HTMX if htmx else {})


class TestReports:
    @pytest.mark.parametrize("key", ["number", "order_number"])
    def test_in_both_spellings(self, cast, key):
        message = error(cast.outlet, key=key)
        if key == "order_number":
            message["header"]["event_name"] = message["header"].pop("event_type")
        store(cast.outlet, message)
        work_off()
        row = UndeliveredOrder.objects.get()
        assert (row.order_number, row.names) == ("F-9", ["Paha atas", "Paha bawah"])

    @pytest.mark.parametrize(
        "body",
        [
            {"mapping_not_found": None},
            {"mapping_not_found": []},
            {"mapping_not_found": {"items": "Nasi", "variants": {"name": 1}}},
            {"mapping_not_found": {"items": [None, 7, {"name": None}, {}]}},
            {"error_type": None},
        ],
    )
    def test_hardly_anything_is_told(self, cast, counter, body):
        report(cast.outlet, **body)
        assert "F-9" in board(cast, counter)

    @pytest.mark.parametrize("order", [None, {}, [], {"number": None}])
    def test_without_a_number_each_is_one(self, cast, counter, order):
        for number in range(2):
            report(cast.outlet, event_id=f"e-{number}", order=order)
        assert UndeliveredOrder.objects.count() == 2
        body = board(cast, counter)
        assert body.count("Order without a number") == 2
        assert "?e-" not in body

    def test_told_twice_is_one_with_all_names(self, cast):
        report(cast.outlet)
        report(cast.outlet, event_id="e-2", mapping_not_found={"items": [{"name": "Nasi"}]})
        assert UndeliveredOrder.objects.get().names == ["Paha atas", "Paha bawah", "Nasi"]

    def test_told_again_after_it_was_handled(self, cast, counter):
        report(cast.outlet)
        press(cast, counter, UndeliveredOrder.objects.get())
        report(cast.outlet, event_id="e-2")
        assert UndeliveredOrder.objects.get().handled_at

    def test_of_an_order_that_is_here(self, cast):
        OrderFactory(outlet=cast.outlet, order_number="F-9")
        report(cast.outlet)
        assert not UndeliveredOrder.objects.exists()
        assert MappingAlert.objects.exists()

    def test_the_same_number_at_another_outlet(self, cast):
        second = OutletFactory(gobiz_app=cast.app)
        OrderFactory(outlet=second, order_number="F-9")
        report(cast.outlet)
        assert UndeliveredOrder.objects.get().outlet == cast.outlet

    def test_a_forged_one(self, cast):
        store(cast.outlet, error(cast.outlet), verdict=Notification.Verdict.FORGED)
        work_off()
        assert not UndeliveredOrder.objects.exists()

    def test_another_merchants_outlet(self, cast):
        store(cast.outlet, error(cast.other_outlet))
        work_off()
        assert not UndeliveredOrder.objects.exists()


class TestArriving:
    def arrive(self, cast, event: str = events.ORDER_AWAITING) -> None:
        store(cast.outlet, order_notification(event, cast.outlet, "F-9"))
        work_off()

    @pytest.mark.parametrize("event", [events.ORDER_AWAITING, events.ORDER_CANCELLED])
    def test_the_tile_goes_and_says_so(self, cast, counter, event):
        report(cast.outlet)
        self.arrive(cast, event)
        body = board(cast, counter)
        assert "It has arrived after all." in body
        assert "It was handled" not in body

    def test_after_a_while_it_says_nothing_more(self, cast, counter):
        report(cast.outlet)
        self.arrive(cast)
        UndeliveredOrder.objects.update(arrived_at=timezone.now() - timedelta(minutes=11))
        assert "It has arrived after all." not in board(cast, counter)

    def test_told_again_it_does_not_come_back(self, cast, counter):
        report(cast.outlet)
        self.arrive(cast)
        report(cast.outlet, event_id="e-2")
        assert "It was handled" not in board(cast, counter)

    def test_one_that_was_handled_stays_so(self, cast, counter):
        report(cast.outlet)
        press(cast, counter, UndeliveredOrder.objects.get())
        self.arrive(cast)
        assert "It has arrived after all." not in board(cast, counter)
        assert Order.objects.exists()


class TestHandling:
    @pytest.fixture
    def row(self, cast) -> UndeliveredOrder:
        report(cast.outlet)
        return UndeliveredOrder.objects.get()

    def test_pressed(self, cast, counter, row):
        answer = press(cast, counter, row)
        row.refresh_from_db()
        assert row.handled_by == cast.cashier
        assert f'id="order-u{row.pk}"' in answer.content.decode()
        entry = AuditEntry.objects.get(action="undelivered.handled")
        assert (entry.user, entry.facts["order_number"]) == (cast.cashier, "F-9")

    def test_pressed_twice_and_by_two(self, cast, counter, row):
        press(cast, counter, row)
        at = UndeliveredOrder.objects.get().handled_at
        assert press(cast, browser(cast.owner), row).status_code == 200
        again = UndeliveredOrder.objects.get()
        assert (again.handled_at, again.handled_by) == (at, cast.cashier)
        assert AuditEntry.objects.filter(action__startswith="undelivered").count() == 1

    def test_without_htmx(self, cast, counter, row):
        assert press(cast, counter, row, htmx=False).headers["Location"].endswith("/inbox/")

    def test_taken_back(self, cast, counter, row):
        press(cast, counter, row)
        assert "Not handled after all" in board(cast, counter)
        press(cast, counter, row, "back")
        assert "It was handled" in board(cast, counter)
        assert UndeliveredOrder.objects.get().handled_by is None

    def test_taken_back_too_late(self, cast, counter, row):
        press(cast, counter, row)
        UndeliveredOrder.objects.update(handled_at=timezone.now() - timedelta(minutes=3))
        press(cast, counter, row, "back")
        assert UndeliveredOrder.objects.get().handled_at

    @pytest.mark.parametrize("what", ["handled", "back"])
    def test_by_a_stranger(self, cast, row, what):
        stranger = browser(cast.stranger)
        assert press(cast, stranger, row, what).status_code == 404
        own = reverse(f"undelivered_{what}", args=[cast.other_merchant.pk, row.pk])
        assert stranger.post(own).status_code == 404
        assert UndeliveredOrder.objects.get().is_open


class TestBoard:
    def test_it_stands_first_and_is_counted_and_rings(self, cast, counter):
        OrderFactory(outlet=cast.outlet, order_number="F-here")
        report(cast.outlet)
        row, body = UndeliveredOrder.objects.get(), board(cast, counter)
        assert body.index(f'id="order-u{row.pk}"') < body.index("F-here")
        assert 'data-bell-waiting="2"' in body
        assert f"u{row.pk} " in body
        assert "Handle this one in the GoBiz app." in body
        frame = counter.get(reverse("frame_now", args=[cast.merchant.pk])).content.decode()
        assert 'data-bell-waiting="2"' in frame
        assert f"u{row.pk} " in frame

    def test_what_ended_does_not_ring(self, cast, counter):
        report(cast.outlet)
        press(cast, counter, UndeliveredOrder.objects.get())
        body = board(cast, counter)
        assert 'data-bell-waiting="0"' in body
        assert "Not handled after all" in body

    def test_names_are_shown_as_text(self, cast, counter):
        report(cast.outlet, mapping_not_found={"items": [{"name": "<b>Nasi</b>"}]})
        assert "&lt;b&gt;Nasi" in board(cast, counter)

    def test_another_merchants(self, cast):
        report(cast.other_outlet)
        assert "F-9" not in board(cast, browser(cast.owner))

    def test_of_the_chosen_outlet(self, cast, counter):
        second = OutletFactory(gobiz_app=cast.app)
        report(cast.outlet)
        assert "F-9" not in board(cast, counter, outlet=second.outlet_id)

    @pytest.mark.parametrize("name", ["inbox", "inbox_board", "frame_now"])
    def test_a_constant_number_of_queries(self, cast, counter, name):
        address = reverse(name, args=[cast.merchant.pk])

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert counter.get(address).status_code == 200
            return len(captured)

        def more(count: int) -> None:
            for _ in range(count):
                outlet = OutletFactory(gobiz_app=cast.app)
                UndeliveredOrder.objects.create(
                    outlet=outlet, order_number="F-1", names=["Nasi"], opened_at=timezone.now()
                )

        more(1)
        queries()
        few = queries()
        more(8)
        assert queries() == few

    def test_who_may_only_look_gets_no_button(self, cast, monkeypatch):
        from gobiz_admin.merchants import roles

        viewer = MemberFactory(merchant=cast.merchant, role="cashier").user
        rights = roles.ALLOWED["cashier"] - {roles.Action.ACT_ON_ORDERS}
        monkeypatch.setitem(roles.ALLOWED, "cashier", rights)
        report(cast.outlet)
        body = board(cast, browser(viewer))
        assert "Handle this one" in body
        assert "It was handled" not in body


@pytest.mark.django_db(transaction=True)
def test_two_press_at_once(cast):
    report(cast.outlet)
    row = UndeliveredOrder.objects.select_related("outlet").get()
    users = (cast.owner, cast.cashier)
    assert sorted(at_once(lambda number: undelivered.mark_handled(row, users[number]))) == [False, True]
    assert AuditEntry.objects.filter(action="undelivered.handled").count() == 1


def test_the_migration_keeps_what_the_inbox_showed(cast):
    """Open alerts become tiles, but for an order that is here and for one without a number."""
    for number, state in (("F-1", "open"), ("F-2", "closed"), ("F-here", "open"), ("", "open")):
        alert = MappingAlert.objects.create(
            outlet=cast.outlet, order_number=number, state=state, opened_at=timezone.now()
        )
        alert.names.create(kind="item", name="Nasi")
    OrderFactory(outlet=cast.outlet, order_number="F-here")
    migration = import_module("orders.migrations.0003_undelivered")
    migration.keep_open_alerts(apps, None)
    row = UndeliveredOrder.objects.get()
    assert (row.order_number, row.names, row.is_open) == ("F-1", ["Nasi"], True)
