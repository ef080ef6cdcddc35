"""Publishing: nothing wrong is sent, nothing is sent twice, nothing is called published that is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gobiz_admin.gobiz.errors import (
    CredentialsRefused,
    GobizUnavailable,
    RequestRefused,
    ScopeMissing,
    UnreadableAnswer,
)
from gobiz_admin.merchants.models import AuditEntry
from menus import confirming, sending, tasks
from menus.editing import save_item
from menus.importing import request_import
from menus.models import CatalogVersion, MenuItem, OutletCatalog, Sync, SyncAttempt, Variant
from menus.publishing import PublishRefused, request_publish
from menus.sending import free_stuck_syncs, send
from menus.sentences import sync_error
from menus.states import WAITS
from tests.factories import OutletFactory
from tests.menus.factories import live_from, selling_outlet

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    outlet = selling_outlet()
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    return outlet


def make_due(sync):
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def sent(sync):
    """The sync after its next attempt."""
    make_due(sync)
    send(sync.pk)
    sync.refresh_from_db()
    return sync


def unavailable(**facts):
    return GobizUnavailable("down", **facts)


# --- what is never sent -----------------------------------------------------------------------


def test_a_catalog_with_an_error_stores_nothing(fake_gobiz, outlet):
    Variant.objects.update(external_id=None)
    with pytest.raises(PublishRefused) as refused:
        request_publish(outlet, None)
    assert {check.code for check in refused.value.checks} == {"external_id_missing"}
    assert not CatalogVersion.objects.exists()
    assert not Sync.objects.exists()


def test_a_catalog_that_was_never_imported_is_refused(fake_gobiz, outlet):
    for refused_outlet in (OutletFactory(), outlet):
        OutletCatalog.objects.update(imported_at=None)
        with pytest.raises(PublishRefused) as refused:
            request_publish(refused_outlet, None)
        assert [check.code for check in refused.value.checks] == ["never_imported"]


def test_a_catalog_without_items_is_refused(fake_gobiz, outlet):
    MenuItem.objects.all().delete()
    with pytest.raises(PublishRefused) as refused:
        request_publish(outlet, None)
    assert "empty_catalog" in {check.code for check in refused.value.checks}


def test_a_version_that_is_not_what_was_checked_is_not_sent(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    CatalogVersion.objects.update(payload={"menus": [], "variant_categories": []})
    sent(sync)
    assert (sync.state, sync.error_code) == ("failed", "version_damaged")
    assert fake_gobiz.puts == []


def test_version_0_is_never_sent(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    CatalogVersion.objects.update(number=0)
    assert sent(sync).error_code == "version_damaged"
    assert fake_gobiz.puts == []


# --- the way of a sync ------------------------------------------------------------------------


def test_from_queued_to_accepted(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    assert (sync.state, sync.version.number, sync.attempts) == ("queued", 1, 0)
    send(sync.pk)
    sync.refresh_from_db()
    assert (sync.state, sync.attempts, sync.error_code) == ("accepted", 1, "")
    assert fake_gobiz.puts == [(outlet.outlet_id, sync.version.payload, sync.request_id)]
    attempt = SyncAttempt.objects.get()
    assert (attempt.number, attempt.outcome) == (1, "accepted")
    assert attempt.duration_ms is not None


def test_the_payload_is_frozen_with_its_revision_and_author(fake_gobiz, outlet):
    save_item(MenuItem.objects.get(), {"price": 20000}, None)
    sync = request_publish(outlet, None)
    save_item(MenuItem.objects.get(), {"price": 30000}, None)
    sent(sync)
    assert fake_gobiz.puts[0][1]["menus"][0]["menu_items"][0]["price"] == 20000
    assert OutletCatalog.objects.get().published_revision == 1
    assert AuditEntry.objects.filter(action="menu.published").count() == 1


def test_the_attempt_stands_before_the_call_and_outside_a_transaction(fake_gobiz, outlet):
    sync = request_publish(outlet, None)

    def look():
        assert SyncAttempt.objects.get().outcome == ""
        assert Sync.objects.get().state == "sending"

    fake_gobiz.during_put = look
    sent(sync)
    assert sync.state == "accepted"


def test_sending_again_does_nothing(fake_gobiz, outlet):
    sync = sent(request_publish(outlet, None))
    sent(sync)
    assert len(fake_gobiz.puts) == 1
    send(0)


def test_it_is_not_sent_before_it_is_due(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    Sync.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    send(sync.pk)
    assert fake_gobiz.puts == []


def test_a_newer_one_replaces_what_waits(fake_gobiz, outlet):
    old, new = request_publish(outlet, None), request_publish(outlet, None, again=True)
    old.refresh_from_db()
    assert (old.state, new.state, new.version.number) == ("superseded", "queued", 2)
    send(old.pk)
    assert fake_gobiz.puts == []


def test_one_sending_per_outlet(fake_gobiz, outlet):
    first = request_publish(outlet, None)
    second = None

    def publish_again():
        nonlocal second
        fake_gobiz.during_put = None
        second = request_publish(outlet, None, again=True)
        send(second.pk)
        assert Sync.objects.get(pk=second.pk).state == "queued"

    fake_gobiz.during_put = publish_again
    assert sent(first).state == "accepted"
    assert sent(second).state == "accepted"
    first.refresh_from_db()
    assert first.state == "superseded"
    assert [request_id for _, _, request_id in fake_gobiz.puts] == [first.request_id, second.request_id]


# --- bad days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        RequestRefused("price: must be an integer", status=400),
        CredentialsRefused("invalid_client"),
        ScopeMissing("no", scope="gofood:catalog:write"),
    ],
)
def test_what_gobiz_refuses_is_not_sent_again(fake_gobiz, outlet, error):
    fake_gobiz.writes = [error]
    sync = sent(request_publish(outlet, None))
    assert (sync.state, sync.error_code, sync.error) == ("failed", error.code, error.detail)
    assert sync.next_attempt_at is None
    assert error.detail in sync_error(sync)
    sent(sync)
    assert len(fake_gobiz.puts) == 1
    assert SyncAttempt.objects.get().status == error.status


def test_it_waits_longer_each_time_and_then_asks_for_help(fake_gobiz, outlet):
    fake_gobiz.takes_it = False
    sync = request_publish(outlet, None)
    for number, wait in enumerate(WAITS, start=1):
        fake_gobiz.writes = [unavailable(status=503)]
        before = timezone.now()
        sent(sync)
        assert (sync.state, sync.attempts, sync.maybe_applied) == ("queued", number, True)
        assert wait <= sync.next_attempt_at - before < wait + timedelta(seconds=5)
    fake_gobiz.writes = [unavailable()]
    sent(sync)
    assert (sync.state, sync.error_code, sync.attempts) == ("failed", "gobiz_unavailable", len(WAITS) + 1)
    assert {request_id for _, _, request_id in fake_gobiz.puts} == {sync.request_id}
    assert list(SyncAttempt.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_retry_after_is_honoured(fake_gobiz, outlet):
    fake_gobiz.writes = [GobizUnavailable.never_sent("slow down", retry_after=120, code="too_many_requests")]
    before = timezone.now()
    sync = sent(request_publish(outlet, None))
    assert sync.next_attempt_at - before >= timedelta(seconds=120)
    assert not sync.maybe_applied


def test_a_failure_leaves_the_field_to_a_newer_one(fake_gobiz, outlet):
    first = request_publish(outlet, None)
    fake_gobiz.during_put = lambda: request_publish(outlet, None, again=True)
    fake_gobiz.writes = [unavailable()]
    assert sent(first).state == "superseded"
    assert Sync.objects.get(state="queued").version.number == 2


def test_a_put_whose_answer_was_lost_is_looked_for_before_it_is_sent_again(fake_gobiz, outlet):
    fake_gobiz.writes = [UnreadableAnswer("cut short")]
    sync = sent(request_publish(outlet, None))
    assert (sync.state, sync.maybe_applied) == ("queued", True)
    sent(sync)
    assert (sync.state, sync.proof) == ("confirmed", "read_back")
    assert sync.accepted_at is not None
    assert len(fake_gobiz.puts) == 1
    assert SyncAttempt.objects.get(number=2).outcome == "found_live"


def test_it_is_sent_again_when_it_is_not_live(fake_gobiz, outlet):
    fake_gobiz.takes_it = False
    fake_gobiz.writes = [unavailable()]
    sync = sent(request_publish(outlet, None))
    fake_gobiz.takes_it = True
    assert sent(sync).state == "accepted"
    assert len(fake_gobiz.puts) == 2


def test_looking_may_fail_too(fake_gobiz, outlet):
    fake_gobiz.writes = [unavailable()]
    sync = sent(request_publish(outlet, None))
    fake_gobiz.reads = [unavailable()]
    assert sent(sync).state == "queued"
    assert len(fake_gobiz.puts) == 1
    fake_gobiz.reads = [ScopeMissing("no reading")]
    assert sent(sync).state == "accepted"
    assert len(fake_gobiz.puts) == 2


def test_a_dead_worker_is_found_and_its_put_looked_for(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    fake_gobiz.during_put = lambda: (_ for _ in ()).throw(SystemExit)
    with pytest.raises(SystemExit):
        sent(sync)
    fake_gobiz.during_put = None
    assert free_stuck_syncs() == 0
    make_due(sync)
    assert free_stuck_syncs() == 1
    sync.refresh_from_db()
    assert (sync.state, sync.maybe_applied, sync.error_code) == ("queued", True, "worker_lost")
    assert (sent(sync).state, len(fake_gobiz.puts)) == ("confirmed", 1)


def test_a_late_success_counts_after_the_janitor_was_there(fake_gobiz, outlet):
    sync = request_publish(outlet, None)

    def janitor():
        make_due(sync)
        assert free_stuck_syncs() == 1

    fake_gobiz.during_put = janitor
    assert sent(sync).state == "accepted"


def test_a_late_failure_does_not_touch_another_workers_attempt(fake_gobiz, outlet):
    sync = request_publish(outlet, None)

    def tried_again_by_another():
        fake_gobiz.during_put = None
        make_due(sync)
        free_stuck_syncs()
        send(sync.pk)

    fake_gobiz.during_put = tried_again_by_another
    fake_gobiz.writes = [RequestRefused("late")]
    sent(sync)
    assert sync.state == "confirmed"


def test_the_sweep_wakes_what_is_due(fake_gobiz, outlet, monkeypatch):
    woken = []
    for task in (tasks.send_sync, tasks.read_back_sync, tasks.run_menu_import):
        note = lambda name=task.name, args=(), expires=0: woken.append((name, *args))  # noqa: E731
        monkeypatch.setattr(task, "apply_async", note)
    sync = request_publish(outlet, None)
    tasks.sweep_syncs()
    sent(sync)
    tasks.sweep_syncs()
    make_due(sync)
    tasks.sweep_syncs()
    assert woken == [("menus.tasks.send_sync", sync.pk), ("menus.tasks.read_back_sync", sync.pk)]


def test_the_sweep_wakes_waiting_imports(fake_gobiz, outlet, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks.run_menu_import, "apply_async", lambda args, expires: woken.append(args))
    menu_import = request_import(outlet, None)
    tasks.sweep_syncs()
    tasks.run_menu_import(menu_import.pk)
    tasks.sweep_syncs()
    assert woken == [(menu_import.pk,)]


def test_read_back_confirms(fake_gobiz, outlet):
    sync = sent(request_publish(outlet, None))
    make_due(sync)
    confirming.read_back(sync.pk)
    sync.refresh_from_db()
    assert (sync.state, sync.proof) == ("confirmed", "read_back")
    assert live_from(sync.version.payload) == fake_gobiz.live[outlet.outlet_id]
    assert sending.due_syncs() == confirming.due_read_backs() == []


@pytest.mark.parametrize("changed", [{"operational_hours": None}, {"internal_name": "NASI"}])
def test_what_cannot_be_seen_in_the_live_menu_is_not_taken_for_live(fake_gobiz, outlet, changed):
    """It looks the same before and after: whether the lost PUT was applied cannot be told."""
    first = sent(request_publish(outlet, None))
    make_due(first)
    confirming.read_back(first.pk)
    save_item(MenuItem.objects.get(), changed, None)
    fake_gobiz.takes_it, fake_gobiz.writes = False, [GobizUnavailable("timeout")]
    sync = sent(request_publish(outlet, None))
    assert (sync.state, sync.maybe_applied) == ("queued", True)
    fake_gobiz.takes_it = True
    make_due(sync)
    assert sent(sync).state == "accepted"
    assert [request_id for _, _, request_id in fake_gobiz.puts[1:]] == [sync.request_id] * 2
