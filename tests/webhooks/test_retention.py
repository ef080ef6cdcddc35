"""What is deleted by age, what is kept, and that a flood of forged ones does not stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gobiz_admin.gobiz import events
from orders.models import Order
from tests.orders.notifications import order_notification, store, take
from webhooks import retention
from webhooks.models import Notification
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
State, Verdict = Notification.State, Notification.Verdict


def message(event_id):
    return {"header": {"event_name": "x", "event_id": event_id}, "body": {}}


def aged(days, event_id="e-1", outlet=None, **fields):
    fields = {"state": State.DONE, **fields}
    return store(outlet, message(event_id), received_at=timezone.now() - timedelta(days=days), **fields)


def test_the_old_go_and_the_young_stay(cast, settings):
    settings.NOTIFICATION_DAYS = 35
    aged(35.1, "old", cast.outlet)
    young = aged(34.9, "young", cast.outlet)
    assert retention.prune() == 1
    assert Notification.objects.get() == young


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED])
def test_what_still_waits_is_never_deleted(cast, state):
    aged(1000, outlet=cast.outlet, state=state)
    assert retention.prune() == 0


def test_an_order_stays_whole_when_its_notifications_go(cast):
    order = take(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1"))
    Notification.objects.update(received_at=timezone.now() - timedelta(days=1000))
    assert retention.prune() == 1
    order = Order.objects.get(pk=order.pk)
    assert (order.lines.count(), order.timeline.count()) == (1, 1)


def test_a_notification_that_comes_again_after_its_row_was_deleted_changes_nothing(cast):
    message = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1")
    take(cast.outlet, message, order_notification(events.ORDER_COMPLETED, cast.outlet, "F-1"))
    Notification.objects.all().delete()
    store(cast.outlet, message)
    work_off()
    order = Order.objects.get()
    assert (order.status, order.timeline.count(), order.lines.count()) == ("COMPLETED", 2, 1)


def test_of_forged_ones_the_newest_are_kept_per_app(cast, monkeypatch):
    monkeypatch.setattr(retention, "FORGED_KEPT", 2)
    for number in range(4):
        store(cast.outlet, message(f"e-{number}"), verdict=Verdict.FORGED)
    store(cast.other_outlet, message("e-0"), verdict=Verdict.FORGED)
    store(cast.outlet, message("real"))
    assert retention.prune() == 2
    kept = Notification.objects.filter(gobiz_app=cast.app, verdict=Verdict.FORGED)
    assert sorted(kept.values_list("event_id", flat=True)) == ["e-2", "e-3"]
    assert Notification.objects.count() == 4


def test_a_round_deletes_in_batches_until_its_time_is_over(cast, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        aged(1000, f"e-{number}", cast.outlet)
    monkeypatch.setattr(retention, "ROUND_SECONDS", 0)
    assert retention.prune() == 0
    monkeypatch.setattr(retention, "ROUND_SECONDS", 60)
    assert retention.prune() == 5


def test_bodies_are_not_read_to_be_deleted(cast):
    """A batch of large ones would be more than a worker has memory for."""
    aged(1000, outlet=cast.outlet)
    with CaptureQueriesContext(connection) as queries:
        assert retention.prune() == 1
    assert not [query for query in queries if '"raw"' in query["sql"]]


def test_the_old_behind_many_that_wait_are_reached(cast, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        aged(1000, f"waits-{number}", cast.outlet, state=State.FAILED)
    aged(1000, "old", cast.outlet)
    assert retention.prune() == 1
    assert Notification.objects.count() == 5
