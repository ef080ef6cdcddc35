"""When an order's notifications show a gap, GoBiz is asked; and when they do not, it is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gobiz_admin.gobiz import events
from orders import gaps
from orders.models import Order, OrderAction
from tests.factories import OutletFactory
from tests.orders.factories import OrderActionFactory, OrderFactory
from tests.orders.notifications import order_notification, store
from webhooks.models import Notification, NotificationLookup
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
Reason, State = NotificationLookup.Reason, NotificationLookup.State
A_MINUTE = timedelta(minutes=1)


def came(outlet, *names: str, number: str = "F-1", ago: timedelta = A_MINUTE) -> Order:
    """The order after these notifications, the last of which came that long ago."""
    for name in names:
        store(outlet, order_notification(name, outlet, number))
    work_off()
    Notification.objects.update(received_at=timezone.now() - ago)
    Order.objects.update(received_at=timezone.now() - ago)
    return Order.objects.get(order_number=number, outlet=outlet)


def asked() -> list[str]:
    gaps.sweep()
    return list(NotificationLookup.objects.values_list("order_number", flat=True))


@pytest.mark.parametrize(
    "names",
    [
        (events.ORDER_DRIVER_OTW,),
        (events.ORDER_AWAITING, events.ORDER_DRIVER_ARRIVED),
        (events.ORDER_AWAITING, events.ORDER_PLACED),
        (events.ORDER_COMPLETED,),
        (events.ORDER_CANCELLED,),
    ],
)
def test_a_gap(cast, names):
    came(cast.outlet, *names)
    assert asked() == ["F-1"]
    lookup = NotificationLookup.objects.get()
    assert (lookup.reason, lookup.gobiz_app) == (Reason.GAP, cast.app)


@pytest.mark.parametrize(
    "names",
    [
        (events.ORDER_AWAITING,),
        (events.ORDER_ACCEPTED,),
        (events.ORDER_PLACED, events.ORDER_ACCEPTED),
        (events.ORDER_ACCEPTED, events.ORDER_DRIVER_OTW, events.ORDER_COMPLETED),
        (events.ORDER_AWAITING, events.ORDER_CANCELLED),
    ],
)
def test_no_gap(cast, names):
    came(cast.outlet, *names)
    assert asked() == []


def test_while_more_may_be_on_its_way(cast):
    came(cast.outlet, events.ORDER_PLACED, ago=timedelta(seconds=5))
    assert asked() == []
    came(cast.outlet, events.ORDER_PLACED)
    Notification.objects.filter(pk=Notification.objects.latest("pk").pk).update(received_at=timezone.now())
    assert asked() == []


def test_one_that_was_accepted_here(cast):
    order = came(cast.outlet, events.ORDER_AWAITING, events.ORDER_PLACED)
    OrderActionFactory(order=order, state=OrderAction.State.DONE)
    assert asked() == []


@pytest.mark.parametrize(
    ("status", "minutes", "late"),
    [
        ("AWAITING_MERCHANT_ACCEPTANCE", 4, False),
        ("AWAITING_MERCHANT_ACCEPTANCE", 6, True),
        ("MERCHANT_ACCEPTED", 170, False),
        ("MERCHANT_ACCEPTED", 190, True),
        ("COMPLETED", 600, False),
    ],
)
def test_one_that_must_have_moved_on(cast, status, minutes, late):
    order = came(cast.outlet, events.ORDER_ACCEPTED, ago=timedelta(minutes=minutes))
    Order.objects.filter(pk=order.pk).update(status=status)
    assert asked() == (["F-1"] if late else [])


def test_a_scheduled_one_is_late_by_its_window(cast):
    order = came(cast.outlet, events.ORDER_ACCEPTED, ago=timedelta(hours=8))
    Order.objects.filter(pk=order.pk).update(scheduled_end=timezone.now() - timedelta(hours=1))
    assert asked() == []
    Order.objects.filter(pk=order.pk).update(scheduled_end=timezone.now() - timedelta(hours=4))
    assert asked() == ["F-1"]


def test_old_orders_and_those_without_a_number_are_left_alone(cast):
    came(cast.outlet, events.ORDER_PLACED, ago=timedelta(hours=25))
    OrderFactory(outlet=cast.outlet, order_number="?e-1", status="PLACED")
    Order.objects.filter(order_number="?e-1").update(received_at=timezone.now() - A_MINUTE)
    assert asked() == []


def answered(ago: timedelta) -> None:
    NotificationLookup.objects.update(
        state=State.DONE, requested_at=timezone.now() - ago, finished_at=timezone.now() - ago
    )


def test_a_gap_that_stays_is_not_asked_about_for_ever(cast):
    came(cast.outlet, events.ORDER_PLACED, ago=timedelta(hours=6))
    assert len(asked()) == 1
    assert len(asked()) == 1
    answered(timedelta(minutes=30))
    assert len(asked()) == 1
    for times in (2, 3, 3):
        answered(timedelta(minutes=61))
        assert len(asked()) == times


def test_news_after_the_answer_are_asked_about(cast):
    came(cast.outlet, events.ORDER_DRIVER_OTW)
    assert len(asked()) == 1
    answered(timedelta(minutes=20))
    assert len(asked()) == 2


def test_apps_that_may_not_ask_hold_up_no_other(cast, monkeypatch):
    monkeypatch.setattr(gaps, "MOST_AT_ONCE", 1)
    NotificationLookup.objects.create(
        gobiz_app=cast.app, state=State.FAILED, error_code="scope_missing", finished_at=timezone.now()
    )
    came(cast.outlet, events.ORDER_PLACED, number="F-1")
    came(cast.other_outlet, events.ORDER_PLACED, number="F-2")
    gaps.sweep()
    assert NotificationLookup.objects.filter(order_number="F-2", gobiz_app=cast.other_app).exists()
    assert not NotificationLookup.objects.filter(order_number="F-1").exists()


def test_the_same_number_with_another_app(cast):
    came(cast.outlet, events.ORDER_PLACED)
    came(cast.other_outlet, events.ORDER_ACCEPTED, events.ORDER_PLACED)
    asked()
    assert NotificationLookup.objects.get().gobiz_app == cast.app


def test_where_nothing_is_missing_a_sweep_is_one_query(cast):
    for number in range(5):
        outlet = OutletFactory(gobiz_app=cast.app)
        came(outlet, events.ORDER_ACCEPTED, events.ORDER_PLACED, number=f"F-{number}")
    with CaptureQueriesContext(connection) as captured:
        assert gaps.sweep() == 0
    assert len(captured) == 1
