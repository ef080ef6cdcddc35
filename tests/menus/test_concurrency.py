"""Two at once, in real transactions: locks and constraints, not luck."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.alerts import open_alert
from menus.confirming import mapping_updated
from menus.editing import add_item, save_item
from menus.ids import IdsRefused, accept_proposals, fix_ids
from menus.importing import read_live_menu, request_import, run_import
from menus.models import (
    Catalog,
    CatalogVersion,
    MappingAlert,
    Menu,
    MenuImport,
    MenuItem,
    Repair,
    Sync,
    SyncAttempt,
)
from menus.publishing import request_publish
from menus.repairing.fixing import request_repairs, run_repairs
from menus.rollouts.advancing import advance
from menus.rollouts.starting import Plan, start
from menus.rollouts.stopping import stop
from menus.sending import send
from tests.factories import OutletFactory
from tests.menus.factories import live_menu, selling_outlet
from tests.menus.test_rollouts import make_chain

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each came to, the error included, when all start together in threads of their own."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int) -> None:
        try:
            barrier.wait(timeout=10)
            results[index] = works[index]()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@pytest.fixture
def outlet(fake_gobiz):
    outlet = selling_outlet()
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    return outlet


def test_publishing_at_once_leaves_one_waiting_and_no_number_twice(outlet):
    syncs = at_once(*[lambda: request_publish(outlet, None, again=True)] * 5)
    assert all(isinstance(sync, Sync) for sync in syncs), syncs
    assert sorted(CatalogVersion.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    assert Sync.objects.filter(state="queued").get().version.number == 5
    assert Sync.objects.filter(state="superseded").count() == 4


def test_pressed_by_five_at_once_is_one_version(outlet):
    syncs = at_once(*[lambda: request_publish(outlet, None)] * 5)
    assert {sync.pk for sync in syncs} == {Sync.objects.get().pk}
    assert CatalogVersion.objects.count() == 1


def test_five_workers_send_one_sync_once(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    assert at_once(*[lambda: send(sync.pk)] * 5) == [None] * 5
    assert len(fake_gobiz.puts) == SyncAttempt.objects.count() == 1


def test_one_app_is_sent_no_more_than_it_bears(fake_gobiz, outlet, settings):
    settings.GOBIZ_PUTS_AT_ONCE = 2
    others = [selling_outlet() for _ in range(4)]
    Outlet.objects.filter(pk__in=[other.pk for other in others]).update(gobiz_app=outlet.gobiz_app)
    syncs = [request_publish(one, None) for one in [outlet, *others]]
    # Two are on their way until the other three have been turned away.
    turned_away, all_turned_away = [], threading.Event()
    most = []

    def during_put():
        most.append(Sync.objects.filter(state="sending").count())
        assert all_turned_away.wait(timeout=20)

    def one(pk):
        send(pk)
        turned_away.append(pk)
        if len(turned_away) == 3:
            all_turned_away.set()

    fake_gobiz.during_put = during_put
    assert at_once(*[partial(one, sync.pk) for sync in syncs]) == [None] * 5
    assert len(fake_gobiz.puts) == max(most) == 2
    assert Sync.objects.filter(state="queued").count() == 3
    # What ended made room.
    fake_gobiz.during_put = None
    for sync in syncs:
        send(sync.pk)
    assert len(fake_gobiz.puts) == 5


def test_two_syncs_of_an_outlet_are_never_on_their_way_together(fake_gobiz, outlet):
    first = request_publish(outlet, None)
    on_their_way, most = [], []

    def during_put():
        on_their_way.append(1)
        most.append(len(on_their_way))
        at_once(lambda: send(request_publish(outlet, None, again=True).pk))
        on_their_way.pop()

    fake_gobiz.during_put = during_put
    send(first.pk)
    assert max(most) == 1
    assert Sync.objects.filter(state="queued").count() == 1


def test_the_notification_and_the_answer_at_once(fake_gobiz, outlet):
    for _ in range(5):
        sync = request_publish(outlet, None, again=True)
        notify = partial(mapping_updated, outlet, sync.request_id, [], timezone.now())
        notifying = threading.Thread(target=at_once, args=(notify, notify))
        fake_gobiz.during_put = notifying.start
        send(sync.pk)
        notifying.join()
        sync.refresh_from_db()
        assert (sync.state, sync.proof) == ("confirmed", "notification")


def test_one_import_at_a_time_and_it_runs_once(fake_gobiz, outlet):
    imports = at_once(*[lambda: request_import(outlet, None)] * 4)
    assert len({menu_import.pk for menu_import in imports}) == 1
    fake_gobiz_reads = []
    fake_gobiz.get_catalog = lambda outlet_id: fake_gobiz_reads.append(1) or live_menu()
    at_once(*[lambda: run_import(imports[0].pk)] * 4)
    assert len(fake_gobiz_reads) == 1
    assert MenuImport.objects.get().state == "read"


def test_first_imports_at_once_make_one_catalog(fake_gobiz):
    outlet = OutletFactory()
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    results = at_once(*[lambda: read_live_menu(outlet)] * 3)
    assert sorted(sum(result["created"].values()) for result in results) == [0, 0, 10]
    assert Catalog.objects.count() == 1
    assert CatalogVersion.objects.count() == 1


def test_edits_at_once_are_all_counted(outlet):
    item = MenuItem.objects.get()
    before = Catalog.objects.get().revision
    works = [
        lambda price=price: save_item(MenuItem.objects.get(), {"price": price}, None) for price in range(1, 6)
    ]
    results = at_once(*works)
    assert all(result == ["price"] for result in results), results
    item.refresh_from_db()
    assert item.price in range(1, 6)
    assert Catalog.objects.get().revision == before + 5


def test_new_items_of_one_name_at_once_get_different_ids(outlet):
    menu = Menu.objects.get()
    items = at_once(*[lambda: add_item(menu, {"name": "Es Teh", "price": 1}, None)] * 4)
    assert sorted(item.external_id for item in items) == ["es-teh", "es-teh-2", "es-teh-3", "es-teh-4"]
    assert len({item.position for item in items}) == 4


def test_one_id_fixed_for_two_at_once_goes_to_one(outlet):
    menu = Menu.objects.get()
    items = [MenuItem.objects.create(catalog=menu.catalog, menu=menu, name=str(n), price=1) for n in range(2)]
    results = at_once(
        *[lambda item=item: fix_ids(menu.catalog, {("item", item.pk): "x"}, None) for item in items]
    )
    assert sorted(str(type(result)) for result in results) == sorted([str(int), str(IdsRefused)])


def test_accepting_at_once_accepts_once(outlet):
    MenuItem.objects.update(external_id=None)
    catalog = Catalog.objects.get()
    assert sorted(at_once(*[lambda: accept_proposals(catalog, None)] * 3)) == [0, 0, 1]


def test_reports_at_once_are_one_alert(outlet):
    works = [
        lambda name=name: open_alert(outlet, "F-1", "mapping_not_found", [name], [], timezone.now())
        for name in ("A", "B", "a", "C")
    ]
    results = at_once(*works)
    assert all(isinstance(result, MappingAlert) for result in results), results
    alert = MappingAlert.objects.get()
    assert sorted(row.name.lower() for row in alert.names.all()) == ["a", "b", "c"]


def test_two_rollouts_never_wait_for_each_other_in_a_circle(fake_gobiz, monkeypatch):
    """In one transaction outlets are locked in one order, whatever the order of the stages."""
    outlets = make_chain(3)
    rollout = start(outlets[0].merchant, Plan([outlets[2:], outlets[:2]]), None)
    # At the first stage something newer is proven already: it goes on at once.
    newer = request_publish(outlets[2], None, again=True)
    Sync.objects.filter(pk=newer.pk).update(state="confirmed", next_attempt_at=None)
    locked: dict[Any, list[int]] = {}

    def noted(one):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text")
            locked.setdefault(cursor.fetchone(), []).append(one.pk)

    monkeypatch.setattr("menus.rollouts.advancing.lock_outlet", noted)
    advance(rollout.pk)
    assert sum(map(len, locked.values())) == 3
    assert all(pks == sorted(pks) for pks in locked.values())


def test_stopping_while_it_is_sent_leaves_nothing_half_taken_back(fake_gobiz):
    outlets = make_chain(3)
    rollout = start(outlets[0].merchant, Plan([outlets]), None)
    advance(rollout.pk)
    syncs = [row.sync_id for row in rollout.rows.all()]
    at_once(lambda: stop(rollout, None), *[partial(send, pk) for pk in syncs])
    sent = {request_id for _, _, request_id in fake_gobiz.puts}
    assert set(Sync.objects.filter(attempts__gt=0).values_list("request_id", flat=True)) == sent
    assert not Sync.objects.filter(state__in=["queued", "sending"]).exists()
    assert rollout.rows.filter(sync__isnull=False).count() == len(sent)


def test_an_import_and_a_publish_and_an_edit_at_once_do_not_block_each_other_for_ever(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    send(sync.pk)
    fake_gobiz.live[outlet.outlet_id] = {**live_menu(), "menus": []}
    results = at_once(
        lambda: read_live_menu(outlet),
        lambda: request_publish(outlet, None),
        lambda: save_item(MenuItem.objects.first(), {"price": 7}, None),
        lambda: mapping_updated(outlet, sync.request_id, [{"id": "1", "external_menu_id": "x"}], None),
    )
    unexpected = [
        result
        for result in results
        if isinstance(result, Exception) and type(result).__name__ != "PublishRefused"
    ]
    assert not unexpected


def test_one_fix_by_two_people_and_three_workers_is_one_sync(outlet):
    open_alert(outlet, "F-1", "mapping_not_found", [], ["Paha atas"], timezone.now())
    asked = at_once(*[lambda: request_repairs({outlet: {"variant:paha atas": "resend"}}, None)] * 2)
    assert all(isinstance(count, int) for count in asked), asked
    assert at_once(*[run_repairs] * 3) == [None] * 3
    assert Repair.objects.get().state == "sent"
    assert Sync.objects.count() == CatalogVersion.objects.count() == 1
