"""Look-ups over HTTP, against GoBiz's sandbox: what it tried to deliver, and we never got."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from gobiz_admin.gobiz.events import ORDER_AWAITING, WEBHOOK_ERROR
from gobiz_admin.merchants.gobiz import client_for
from orders import undelivered
from orders.models import Order, UndeliveredOrder
from tests.menus.test_with_sandbox import outlet, sandbox, sandbox_process
from tests.sandbox.test_orders import GEPREK
from webhooks import lookups
from webhooks.models import Notification, NotificationLookup
from webhooks.working import work_off

__all__ = ["outlet", "sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db
NOBODY_LISTENS = "http://127.0.0.1:9/hook"
State = NotificationLookup.State


@pytest.fixture
def missed(outlet, sandbox):
    """The number of an order whose notifications GoBiz could not bring us."""
    for event in (ORDER_AWAITING, WEBHOOK_ERROR):
        client_for(outlet.gobiz_app).create_subscription(event, NOBODY_LISTENS)
    return sandbox.simulate([GEPREK])["order_number"]


def asked(outlet, number):
    lookup = lookups.ask(outlet.gobiz_app, number)
    lookups.run(lookup.pk)
    lookup.refresh_from_db()
    return lookup


def tried_again(lookup):
    NotificationLookup.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    lookups.run(lookup.pk)
    lookup.refresh_from_db()
    return lookup


def test_an_order_that_never_came_comes_late_and_once(outlet, missed):
    assert asked(outlet, missed).taken_in == 1
    assert asked(outlet, missed).taken_in == 0
    work_off()
    assert Order.objects.get().order_number == missed
    assert Notification.objects.get().verdict == "verified"


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 429}, {"status": 200, "body": "<html>"}, {"close": True}]
)
def test_a_bad_day(outlet, sandbox, missed, fault):
    sandbox.fault("GET partner/notifications", times=1, **fault)
    lookup = asked(outlet, missed)
    assert (lookup.state, lookup.taken_in) == (State.QUEUED, 0)
    assert tried_again(lookup).taken_in == 1


@pytest.mark.parametrize("status", [401, 403])
def test_not_allowed(outlet, sandbox, missed, status):
    sandbox.fault("GET partner/notifications", status=status)
    assert asked(outlet, missed).state == State.FAILED


def test_a_signature_that_does_not_fit(outlet, sandbox, missed):
    sandbox.control("POST", "apps", {"slug": "warung", "relay_secret": "changed-in-the-portal"})
    other = sandbox.simulate([GEPREK])["order_number"]
    lookup = asked(outlet, other)
    assert [row["verdict"] for row in lookup.result] == ["unverified"]
    assert not Notification.objects.exists()


def test_an_order_that_gobiz_does_not_know(outlet, missed):
    lookup = asked(outlet, "F-000")
    assert (lookup.state, lookup.found) == (State.DONE, 0)


def test_an_undelivered_order_arrives_after_all(outlet, missed):
    """GoBiz reports it, the report's look-up finds what it had tried before, and the tile goes by itself."""
    UndeliveredOrder.objects.create(outlet=outlet, order_number=missed, opened_at=timezone.now())
    lookup = lookups.ask(outlet.gobiz_app, missed, reason=NotificationLookup.Reason.UNDELIVERED)
    lookups.run(lookup.pk)
    work_off()
    assert not undelivered.open_at([outlet]).exists()
    assert [row.is_open for row in undelivered.on_the_board([outlet])] == [False]
