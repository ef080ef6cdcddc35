"""Publishing to several outlets: frozen together, stage by stage, stopped by the first trouble."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from menus import states
from menus.alerts import open_alert
from menus.models import (
    Catalog,
    CatalogVersion,
    LiveReading,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    Rollout,
    Sync,
    Variant,
)
from menus.payload import build_payload
from menus.publishing import request_publish
from menus.readings import keep
from menus.reviewing import reviews
from menus.rollouts.advancing import advance, under_way
from menus.rollouts.starting import Plan, RolloutRefused, Seen, start
from menus.rollouts.stopping import bring_all_back, stop
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory, live_from, selling_outlet

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(fake_gobiz):
    """Four outlets that sell one catalog; GoFood has version 1 of it at each."""
    return make_chain(4)


def make_chain(size):
    first = selling_outlet()
    catalog = first.selling.catalog
    more = OutletFactory.create_batch(size - 1, merchant=first.merchant, gobiz_app=first.gobiz_app)
    for outlet in more:
        OutletCatalog.objects.create(outlet=outlet, catalog=catalog, imported_at=timezone.now())
    outlets = [first, *more]
    for outlet in outlets:
        confirm(request_publish(outlet, None))
    MenuItem.objects.update(price=16000)
    return outlets


def confirm(sync):
    Sync.objects.filter(pk=sync.pk).update(state="sending")
    sync.refresh_from_db()
    with transaction.atomic():
        states.confirm(sync, "read_back")


def sent(rollout):
    """The outlets that it was sent to so far, in the order of their stages."""
    rows = rollout.rows.filter(sync__isnull=False).order_by("stage", "pk")
    return [row.outlet for row in rows.select_related("outlet")]


def again(rollout):
    advance(rollout.pk)
    rollout.refresh_from_db()
    return rollout


def tried():
    """A worker has begun with everything that waits."""
    Sync.objects.filter(state="queued").update(attempts=1)


def prove(rollout):
    for row in rollout.rows.filter(sync__state="queued").select_related("sync__outlet", "sync__version"):
        confirm(row.sync)


# --- what is refused --------------------------------------------------------------------------


def refused(*args, **kwargs):
    with pytest.raises(RolloutRefused) as info:
        start(*args, **kwargs)
    assert not Rollout.objects.exists()
    return info.value


def test_pressed_twice_it_is_one(chain):
    first = start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None)
    assert start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None) == first
    advance(first.pk)
    assert start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None) == first
    assert Rollout.objects.count() == 1


def test_another_menu_order_or_time_is_another_one(chain):
    merchant, later = chain[0].merchant, timezone.now() + timedelta(hours=1)
    first = start(merchant, Plan([chain[:1], chain[1:]]), None)
    at_once = start(merchant, Plan([chain]), None)
    timed = start(merchant, Plan([chain], {outlet.pk: later for outlet in chain}), None)
    MenuItem.objects.update(price=17000)
    edited = start(merchant, Plan([chain]), None)
    assert len({first.pk, at_once.pk, timed.pk, edited.pk}) == 4


def test_nobody_chosen(chain):
    assert refused(chain[0].merchant, Plan([[]]), None).code == "nothing_chosen"


def test_one_that_is_blocked_stops_all(chain):
    OutletOverride.objects.create(outlet=chain[2], variant=Variant.objects.first(), price=-90000)
    found = refused(chain[0].merchant, Plan([chain]), None)
    assert (found.code, found.outlets) == ("blocked", [chain[2]])
    assert CatalogVersion.objects.count() == 4


def test_one_that_was_never_imported(chain):
    new = OutletFactory(merchant=chain[0].merchant, gobiz_app=chain[0].gobiz_app)
    found = refused(chain[0].merchant, Plan([[*chain, new]]), None)
    assert (found.code, found.outlets) == ("blocked", [new])


def test_many_items_gone_are_typed_outlet_by_outlet(chain):
    item = MenuItem.objects.get()
    MenuItemFactory(menu=item.menu)
    OutletOverride.objects.create(outlet=chain[1], item=item, hidden=True)
    found = refused(chain[0].merchant, Plan([chain]), None)
    assert (found.code, found.outlets) == ("removal", [chain[1]])


def test_a_menu_that_changed_since_it_was_shown(chain):
    catalog = chain[0].selling.catalog
    assert refused(chain[0].merchant, Plan([chain]), None, Seen({catalog.pk: 99})).code == "changed"


def test_a_live_menu_that_is_another_than_was_shown(chain):
    live = live_from(build_payload(chain[1]))
    live["menus"][0]["menu_items"][0]["price"] += 1000
    assert keep(chain[1], live, timezone.now())
    seen = Seen(live={outlet.pk: "" for outlet in chain})
    found = refused(chain[0].merchant, Plan([chain]), None, seen)
    assert (found.code, found.outlets) == ("live_changed", [chain[1]])
    shown = LiveReading.objects.get().checksum
    assert start(chain[0].merchant, Plan([chain]), None, Seen(live={chain[1].pk: shown})).pk


# --- the way ----------------------------------------------------------------------------------


def test_all_at_once(chain):
    rollout = start(chain[0].merchant, Plan([chain], note="Desember"), None)
    assert {row.version.note for row in rollout.rows.all()} == {"Desember"}
    assert {row.version.number for row in rollout.rows.all()} == {2}
    assert sent(again(rollout)) == chain
    assert rollout.state == "running"
    prove(rollout)
    assert again(rollout).state == "done"


def test_the_pilot_first_then_group_by_group(chain):
    rollout = start(chain[0].merchant, Plan([chain[:1], chain[1:3], chain[3:]]), None)
    assert sent(again(rollout)) == chain[:1]
    assert sent(again(rollout)) == chain[:1]
    prove(rollout)
    assert sent(again(rollout)) == chain[:3]
    prove(rollout)
    assert sent(again(rollout)) == chain
    prove(rollout)
    assert again(rollout).state == "done"


def test_what_the_last_group_gets_is_what_the_pilot_proved(chain):
    rollout = start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None)
    again(rollout)
    MenuItem.objects.update(price=99000)
    prove(rollout)
    again(rollout)
    prices = {
        sync.version.payload["menus"][0]["menu_items"][0]["price"]
        for sync in Sync.objects.filter(state="queued")
    }
    assert prices == {16000}


def test_each_outlet_at_its_time(chain):
    later = timezone.now() + timedelta(hours=2)
    rollout = start(chain[0].merchant, Plan([chain], due_at={chain[1].pk: later}), None)
    assert chain[1] not in sent(again(rollout))
    prove(rollout)
    assert again(rollout).state == "running"
    rollout.rows.update(due_at=timezone.now())
    assert chain[1] in sent(again(rollout))


def test_a_failure_stops_it(chain):
    rollout = again(start(chain[0].merchant, Plan([chain[:2], chain[2:]]), None))
    tried()
    first = rollout.rows.select_related("sync__outlet").first()
    states.fail(first.sync, "not_taken", "Es Teh")
    assert (again(rollout).state, rollout.stop_code) == ("stopped", "sync_failed")
    prove(rollout)
    assert sent(again(rollout)) == chain[:2]
    # Where nothing was sent, the menu still counts as not published.
    Catalog.objects.update(revision=5)
    assert all(review.edited for review in reviews(chain[2:]))


def test_a_mapping_alert_stops_it(chain):
    rollout = again(start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None))
    open_alert(chain[3], "F-0", "mapping_not_found", ["Nasi"], [], None)
    assert again(rollout).state == "running"
    open_alert(chain[0], "F-1", "mapping_not_found", ["Nasi"], [], None)
    assert (again(rollout).state, rollout.stop_code) == ("stopped", "mapping_alert")


def test_what_was_published_since_is_not_replaced_by_the_older(chain):
    rollout = again(start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None))
    MenuItem.objects.update(price=17000)
    newer = request_publish(chain[2], None)
    prove(rollout)
    again(rollout)
    assert rollout.rows.get(outlet=chain[2]).sync == newer


def test_running_twice_sends_once(chain):
    rollout = start(chain[0].merchant, Plan([chain]), None)
    again(rollout)
    again(rollout)
    assert Sync.objects.filter(state="queued").count() == 4
    assert under_way() == [rollout.pk]


# --- by hand ----------------------------------------------------------------------------------


def test_stopped_by_hand_sends_nothing_more(chain):
    rollout = again(start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None))
    tried()
    assert stop(rollout, None)
    assert not stop(rollout, None)
    prove(rollout)
    assert sent(again(rollout)) == chain[:1]
    assert (rollout.state, rollout.stop_code) == ("stopped", "")


def test_the_last_version_comes_back_where_it_was_sent(chain):
    rollout = again(start(chain[0].merchant, Plan([chain[:2], chain[2:]]), None))
    prove(rollout)
    returned = bring_all_back(rollout, None)
    assert {sync.outlet for sync in returned.syncs} == set(chain[:2])
    assert {sync.version.restores.number for sync in returned.syncs} == {1}
    assert returned.refused == []
    rollout.refresh_from_db()
    assert rollout.state == "stopped"


@pytest.mark.parametrize("size", [2, 12])
def test_reviews_cost_the_same_for_any_number_of_outlets(fake_gobiz, size, django_assert_max_num_queries):
    outlets = make_chain(size)
    with django_assert_max_num_queries(22):
        found = reviews(outlets)
    assert [review.outlet for review in found] == outlets
    assert all(len(review.changes) == 1 for review in found)


def test_stopped_by_hand_takes_back_what_only_waits(chain):
    rollout = again(start(chain[0].merchant, Plan([chain]), None))
    rows = rollout.rows.order_by("pk").select_related("sync")
    on_its_way, tried, waiting, other = [row.sync for row in rows]
    Sync.objects.filter(pk=on_its_way.pk).update(state="sending", attempts=1)
    Sync.objects.filter(pk=tried.pk).update(attempts=1)
    newer = request_publish(other.outlet, None, again=True)
    assert stop(rollout, None)
    assert sent(rollout) == [on_its_way.outlet, tried.outlet, other.outlet]
    assert not Sync.objects.filter(pk=waiting.pk).exists()
    assert set(Sync.objects.filter(state="queued")) == {tried, newer}
    # Where nothing was sent, the menu still counts as not published.
    assert OutletCatalog.objects.get(outlet=waiting.outlet).published_revision is None


def test_trouble_takes_back_what_only_waits(chain):
    rollout = again(start(chain[0].merchant, Plan([chain]), None))
    first = rollout.rows.select_related("sync__outlet").first()
    Sync.objects.filter(pk=first.sync_id).update(attempts=1)
    states.fail(first.sync, "not_taken", "Es Teh")
    assert sent(again(rollout)) == [first.outlet]
    assert not Sync.objects.filter(state="queued").exists()


def test_what_somebody_else_published_meanwhile_is_not_taken_back(chain):
    rollout = start(chain[0].merchant, Plan([chain]), None)
    newer = request_publish(chain[1], None, again=True)
    again(rollout)
    assert rollout.rows.get(outlet=chain[1]).sync == newer
    stop(rollout, None)
    assert Sync.objects.filter(state="queued").get() == newer


def test_what_somebody_published_since_is_not_replaced_by_what_was_before(chain):
    rollout = again(start(chain[0].merchant, Plan([chain[:3], chain[3:]]), None))
    prove(rollout)
    MenuItem.objects.update(price=18000)
    confirm(request_publish(chain[1], None))
    returned = bring_all_back(rollout, None)
    assert {sync.outlet for sync in returned.syncs} == {chain[0], chain[2]}
    # Pressed twice it is on its way once.
    assert {sync.pk for sync in bring_all_back(rollout, None).syncs} == {sync.pk for sync in returned.syncs}


def test_what_took_the_place_of_another_goes_on(chain):
    """The other may be live: its answer was lost."""
    older = request_publish(chain[0], None, again=True)
    Sync.objects.filter(pk=older.pk).update(attempts=1, maybe_applied=True)
    rollout = again(start(chain[0].merchant, Plan([chain[:2]]), None))
    assert stop(rollout, None)
    assert sent(rollout) == chain[:1]
    assert Sync.objects.get(state="queued").outlet == chain[0]


def test_where_somebody_published_since_the_same_menu_is_sent_once_more(chain):
    first = start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None)
    advance(first.pk)
    prove(first)
    MenuItem.objects.update(price=19000)
    confirm(request_publish(chain[0], None))
    MenuItem.objects.update(price=16000)
    assert start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None) != first


def test_stopped_nothing_goes_out_that_took_the_place_of_what_was_never_tried(chain):
    start(chain[0].merchant, Plan([chain]), None)
    first = Rollout.objects.get()
    advance(first.pk)
    MenuItem.objects.update(price=17000)
    second = start(chain[0].merchant, Plan([chain]), None)
    advance(second.pk)
    assert stop(second, None)
    assert not Sync.objects.filter(state="queued").exists()


# --- going on at once --------------------------------------------------------------------------


@pytest.fixture
def advanced(monkeypatch):
    """The rollouts that a change of a sync wakes."""
    woken = []
    monkeypatch.setattr(
        states,
        "wake_task",
        lambda name, *args, **_: woken.append(args[0]) if name == "advance_rollout" else None,
    )
    return woken


def test_the_last_proof_of_a_stage_lets_its_rollout_go_on(chain, advanced):
    rollout = again(start(chain[0].merchant, Plan([chain[:2], chain[2:]]), None))
    first, second = [row.sync for row in rollout.rows.filter(stage=0).order_by("pk")]
    confirm(first)
    assert advanced == []
    confirm(second)
    assert advanced == [rollout.pk]
    again(rollout)
    third, _fourth = [row.sync for row in rollout.rows.filter(stage=1).order_by("pk")]
    states.fail(third, "not_taken", "Es Teh")
    assert advanced == [rollout.pk, rollout.pk]


def test_a_notification_alone_lets_nothing_go_on(chain, advanced):
    rollout = again(start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None))
    sync = rollout.rows.get(stage=0).sync
    states.confirm(sync, states.NOTIFICATION)
    assert advanced == []
    states.note_reading(sync, [], at_last=False)
    assert advanced == [rollout.pk]


def test_another_rollout_is_left_alone(chain, advanced):
    rollout = again(start(chain[0].merchant, Plan([chain]), None))
    tried()
    stop(rollout, None)
    states.fail(rollout.rows.select_related("sync__outlet").first().sync, "not_taken", "Es Teh")
    assert advanced == []
