"""Which of many waiting syncs a worker is woken for: as many per GoBiz app as can go, and each in its turn."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from menus import states, tasks
from menus.models import CatalogVersion, MenuItem, OutletCatalog, StockSwitch, Sync
from menus.publishing import request_publish
from menus.sending import due_syncs, send
from tests.factories import GobizAppFactory, OutletFactory
from tests.menus.factories import selling_outlet

pytestmark = pytest.mark.django_db
AT_ONCE = 4


@pytest.fixture(autouse=True)
def _four_at_once(settings):
    settings.GOBIZ_PUTS_AT_ONCE = AT_ONCE


def waiting(app, count, ago=timedelta(hours=1)):
    """The pks of due syncs of as many outlets of the app, the longest waiting first."""
    pks = []
    for number in range(count):
        outlet = OutletFactory(gobiz_app=app)
        version = CatalogVersion.objects.create(outlet=outlet, number=1, payload={}, checksum="x")
        due_at = timezone.now() - ago + timedelta(seconds=number)
        sync = Sync.objects.create(
            outlet=outlet, version=version, request_id=f"r-{outlet.pk}", next_attempt_at=due_at
        )
        pks.append(sync.pk)
    return pks


def begin(*pks):
    later = timezone.now() + timedelta(minutes=3)
    Sync.objects.filter(pk__in=pks).update(state="sending", next_attempt_at=later)


def end(*pks):
    Sync.objects.filter(pk__in=pks).update(state="confirmed", next_attempt_at=None)


def switch(sync_pk, state):
    """A switch of something at the sync's outlet, due."""
    outlet = Sync.objects.get(pk=sync_pk).outlet
    item = (
        MenuItem.objects.first()
        or OutletCatalog.objects.get(outlet=selling_outlet()).catalog.menu_items.get()
    )
    return StockSwitch.objects.create(
        outlet=outlet, item=item, in_stock=False, state=state, next_attempt_at=timezone.now()
    )


def test_of_a_hundred_due_syncs_of_two_apps_as_many_are_woken_as_can_go(monkeypatch):
    first, second = waiting(GobizAppFactory(), 50), waiting(GobizAppFactory(), 50, timedelta(hours=2))
    woken = []
    monkeypatch.setattr(tasks.send_sync, "apply_async", lambda args, expires: woken.append(*args))
    tasks.sweep_syncs()
    assert woken == second[:AT_ONCE] + first[:AT_ONCE]
    begin(*second[:AT_ONCE], *first[:1])
    woken.clear()
    tasks.sweep_syncs()
    assert woken == first[1:AT_ONCE]


def test_each_has_its_turn_in_the_order_of_waiting():
    pks, went = waiting(GobizAppFactory(), 50), []
    while now := due_syncs():
        begin(*now)
        assert due_syncs() == []
        end(*now)
        went += now
    assert went == pks


def test_one_whose_outlet_is_busy_takes_no_others_turn(settings):
    settings.GOBIZ_PUTS_AT_ONCE = 2
    pks = waiting(GobizAppFactory(), 5)
    busy = switch(pks[0], "sending")
    # The batch of switches takes one of two places, and the menu behind it takes none.
    assert due_syncs() == pks[1:2]
    busy.delete()
    assert due_syncs() == pks[:2]
    outlet = Sync.objects.get(pk=pks[0]).outlet
    version = CatalogVersion.objects.get(outlet=outlet)
    Sync.objects.create(outlet=outlet, version=version, request_id="older", state="sending")
    assert due_syncs() == pks[1:2]


def test_stock_that_is_due_keeps_its_room(settings):
    settings.GOBIZ_PUTS_AT_ONCE = 2
    pks = waiting(GobizAppFactory(), 3)
    switch(pks[2], "queued")
    assert due_syncs() == pks[:1]
    switch(pks[1], "queued")
    assert due_syncs() == []


def test_what_is_not_due_or_not_queued_is_left_alone():
    pks = waiting(GobizAppFactory(), 3)
    Sync.objects.filter(pk=pks[0]).update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    Sync.objects.filter(pk=pks[1]).update(state="failed")
    assert due_syncs() == pks[2:]


def test_as_many_queries_for_a_hundred_as_for_ten():
    def queries():
        with CaptureQueriesContext(connection) as found:
            due_syncs()
        return len(found)

    app = GobizAppFactory()
    waiting(app, 10)
    few = queries()
    waiting(app, 45)
    waiting(GobizAppFactory(), 45)
    assert queries() == few


def test_what_ends_wakes_the_next_ones_of_its_app(fake_gobiz, settings, monkeypatch):
    settings.GOBIZ_PUTS_AT_ONCE = 1
    outlet = selling_outlet()
    sync = request_publish(outlet, None)
    pks = waiting(outlet.gobiz_app, 3, timedelta(minutes=1))
    waiting(GobizAppFactory(), 1)
    woken = []
    monkeypatch.setattr(states, "wake_task", lambda name, *args, **_: woken.append((name, *args)))
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now() - timedelta(hours=1))
    send(sync.pk)
    assert [args for args in woken if args[0] == "send_sync"] == [("send_sync", pks[0])]
