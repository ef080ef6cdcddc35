"""Workers that sleep past their time, and answers that come after somebody else has gone on."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable, RequestRefused
from gobiz_admin.merchants import gobiz
from menus import states
from menus.confirming import mapping_updated, read_back
from menus.editing import save_item, set_stock
from menus.models import MenuItem, StockSwitch, Sync
from menus.publishing import request_publish
from menus.sending import STUCK_AFTER, free_stuck_syncs, send
from menus.versions import version_on_gofood
from tests.menus.factories import live_from, selling_outlet

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    outlet = selling_outlet()
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    return outlet


def work(sync, task=send):
    """The sync after the task, as if it were due."""
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    task(sync.pk)
    sync.refresh_from_db()
    return sync


def republished(outlet, price):
    save_item(MenuItem.objects.get(catalog=outlet.selling.catalog), {"price": price}, None)
    return request_publish(outlet, None)


@pytest.fixture
def asleep(monkeypatch, fake_gobiz):
    """Calls what it is given between the claim of the next worker and its first call to GoBiz."""

    def sleep_through(meanwhile):
        def client_for(app):
            monkeypatch.setattr(gobiz, "client_for", fake_gobiz)
            Sync.objects.filter(state="sending").update(next_attempt_at=timezone.now())
            meanwhile()
            return fake_gobiz

        monkeypatch.setattr(gobiz, "client_for", client_for)

    return sleep_through


# --- before the PUT ---------------------------------------------------------------------------


def test_who_slept_past_the_janitor_does_not_send_after_a_newer_one(fake_gobiz, outlet, asleep):
    old, newer = request_publish(outlet, None), []

    def meanwhile():
        assert free_stuck_syncs() == 1
        newer.append(work(republished(outlet, 20000)))

    asleep(meanwhile)
    work(old)
    assert [request_id for _, _, request_id in fake_gobiz.puts] == [newer[0].request_id]
    newer[0].refresh_from_db()
    assert (old.state, newer[0].state) == ("superseded", "accepted")
    assert old.attempt_log.get().outcome == "overtaken"


def test_who_slept_while_another_tried_does_not_send_it_twice(fake_gobiz, outlet, asleep):
    sync = request_publish(outlet, None)

    def meanwhile():
        free_stuck_syncs()
        send(sync.pk)

    asleep(meanwhile)
    assert work(sync).state == "accepted"
    assert len(fake_gobiz.puts) == 1


def test_who_was_freed_and_not_yet_replaced_leaves_it_to_the_next(fake_gobiz, outlet, asleep):
    sync = request_publish(outlet, None)
    asleep(free_stuck_syncs)
    assert (work(sync).state, fake_gobiz.puts) == ("queued", [])
    assert work(sync).state == "accepted"


def test_what_was_confirmed_meanwhile_is_not_sent_again(fake_gobiz, outlet, asleep):
    sync = request_publish(outlet, None)
    fake_gobiz.writes = [GobizUnavailable("timeout")]
    work(sync)
    asleep(lambda: mapping_updated(outlet, sync.request_id, [], None))
    assert (work(sync).state, len(fake_gobiz.puts)) == ("confirmed", 1)


def test_the_janitors_time_is_counted_from_the_put(fake_gobiz, outlet):
    """Looking for an earlier PUT takes time too, which is not taken from this one's."""
    sync = request_publish(outlet, None)
    fake_gobiz.takes_it = False
    fake_gobiz.writes = [GobizUnavailable("timeout")]
    work(sync)
    due = []

    def slow_reading(outlet_id):
        Sync.objects.update(next_attempt_at=timezone.now() + timedelta(seconds=1))
        return fake_gobiz.live[outlet_id]

    fake_gobiz.get_catalog = slow_reading
    fake_gobiz.during_put = lambda: due.append(Sync.objects.get().next_attempt_at - timezone.now())
    work(sync)
    assert due[0] > STUCK_AFTER - timedelta(seconds=30)


def test_who_is_turned_away_has_not_read_the_menu(outlet):
    """Of a hundred outlets that wait, all but a few are, at each sweep."""
    sync = request_publish(outlet, None)
    Sync.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    with CaptureQueriesContext(connection) as queries:
        send(sync.pk)
    assert not any('"payload"' in query["sql"] for query in queries)


# --- after it ---------------------------------------------------------------------------------


def replaced_while_sending(fake_gobiz, outlet, newer_error):
    """Two syncs: GoFood took the first, its answer was lost and a newer one waited; the newer one failed."""
    first, second = request_publish(outlet, None), []
    fake_gobiz.during_put = lambda: second.append(republished(outlet, 20000))
    fake_gobiz.writes = [GobizUnavailable("timeout")]
    assert work(first).state == "superseded"
    fake_gobiz.during_put, fake_gobiz.takes_it = None, False
    fake_gobiz.writes = [newer_error]
    return first, work(second[0])


def test_gobiz_tells_of_one_that_was_replaced_by_what_never_arrived(fake_gobiz, outlet):
    first, second = replaced_while_sending(fake_gobiz, outlet, RequestRefused("no"))
    assert second.state == "failed"
    assert mapping_updated(outlet, first.request_id, [], None).state == "confirmed"
    assert version_on_gofood(outlet) == first.version


def test_what_gofood_took_after_it_is_not_taken_back_by_a_late_notification(fake_gobiz, outlet):
    first = work(request_publish(outlet, None))
    second = work(republished(outlet, 20000))
    states.fail(second, "not_taken", "")
    mapping_updated(outlet, first.request_id, [], None)
    first.refresh_from_db()
    assert first.state == "superseded"


def test_a_late_answer_counts_though_a_newer_one_waits(fake_gobiz, outlet):
    sync, newer = request_publish(outlet, None), []

    def meanwhile():
        Sync.objects.update(next_attempt_at=timezone.now())
        newer.append(republished(outlet, 20000))
        assert free_stuck_syncs() == 1

    fake_gobiz.during_put = meanwhile
    assert work(sync).state == "accepted"
    fake_gobiz.during_put = None
    assert work(newer[0]).state == "accepted"
    sync.refresh_from_db()
    assert sync.state == "superseded"


def test_an_older_one_is_not_judged_by_what_may_be_the_newer(fake_gobiz, outlet):
    old = work(request_publish(outlet, None))
    newer = republished(outlet, 20000)
    fake_gobiz.writes = [GobizUnavailable("timeout")]
    assert work(newer).state == "queued"
    Sync.objects.filter(pk=old.pk).update(accepted_at=timezone.now() - timedelta(minutes=11))
    assert work(old, read_back).state == "accepted"
    assert work(newer).state == "confirmed"
    old.refresh_from_db()
    assert old.state == "superseded"


# --- stock ------------------------------------------------------------------------------------


@pytest.mark.parametrize("worker_dies", [True, False])
def test_stock_is_told_again_at_once_after_a_put_that_may_have_been_applied(fake_gobiz, outlet, worker_dies):
    """It was frozen with the dish on; the retry may be an hour away."""
    work(request_publish(outlet, None))
    item = MenuItem.objects.get()
    sync = republished(outlet, 20000)
    set_stock("item", item, False, None)
    StockSwitch.objects.update(state="done", told=False, told_at=timezone.now(), next_attempt_at=None)
    if worker_dies:
        fake_gobiz.during_put = lambda: (_ for _ in ()).throw(SystemExit)
        with pytest.raises(SystemExit):
            work(sync)
        Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now())
        free_stuck_syncs()
    else:
        fake_gobiz.writes = [GobizUnavailable("timeout")]
        work(sync)
    switch = StockSwitch.objects.get()
    assert (switch.item_id, switch.in_stock, switch.state) == (item.pk, False, "queued")
    assert fake_gobiz.live[outlet.outlet_id] == live_from(sync.version.payload)


def test_stock_that_was_never_sent_otherwise_is_left_alone(fake_gobiz, outlet):
    work(request_publish(outlet, None))
    fake_gobiz.writes = [GobizUnavailable.never_sent("down"), GobizUnavailable("timeout")]
    sync = republished(outlet, 20000)
    work(sync)
    work(sync)
    assert not StockSwitch.objects.exists()
