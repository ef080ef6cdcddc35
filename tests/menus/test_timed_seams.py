"""Timed prices beside what other hands do meanwhile: repairs, reviews, rollouts, drift."""

import pytest
from django.utils import timezone

from menus.drift.scanning import compare
from menus.editing import save_item
from menus.models import AlertSetting, Drift, MenuItem, OutletCatalog, Repair, Sync, TimedPlace
from menus.publishing import request_publish
from menus.repairing.automatic import look
from menus.reviewing import review
from menus.rollouts.advancing import advance
from menus.rollouts.starting import Plan, start
from menus.rollouts.stopping import stop
from menus.views.together import lines_of
from tests.factories import OutletFactory
from tests.menus.factories import live_from
from tests.menus.repairs import again, opened, read_live
from tests.menus.test_timed_turns import clock, item, only, outlet, promo, swept
from tests.menus.timed import EVENING, MINUTE, NOON, plan, prices_of, prove, publish

__all__ = ["clock", "item", "outlet", "promo"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def live(outlet, promo, clock, fake_gobiz):
    """The timed price has begun, and GoFood shows it."""
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(NOON + 3 * MINUTE)
    return live_from(fake_gobiz.puts[-1][1])


def reviewed(outlet):
    return review(outlet, OutletCatalog.objects.select_related("catalog").get(outlet=outlet))


def test_an_own_price_under_a_timed_one_is_a_change_that_is_shown(outlet, item, live):
    assert reviewed(outlet).unpublished == []
    save_item(item, {"price": 23_000}, None)
    found = reviewed(outlet)
    assert found.changes == []
    assert [(one.name, one.old, one.new) for one in found.later] == [("Ayam Geprek", 20_000, 23_000)]
    (line,) = lines_of([found])
    assert (line.same, [group["count"] for group in line.groups]) == (False, [1])
    assert line.summary


def test_an_own_price_under_a_timed_one_is_not_published_without_asking(outlet, item, live):
    AlertSetting.objects.create(merchant=outlet.merchant, resync_without_asking=True)
    save_item(item, {"price": 23_000}, None)
    live["menus"][0]["menu_items"][0]["external_id"] = None
    alert = opened(outlet, ["Ayam Geprek"])
    read_live(outlet, live)
    look()
    assert again(alert).auto_code == "changes_more"
    assert not Repair.objects.exists()


def test_a_timed_price_that_runs_keeps_no_repair_from_being_done(outlet, item, live):
    AlertSetting.objects.create(merchant=outlet.merchant, resync_without_asking=True)
    live["menus"][0]["menu_items"][0]["external_id"] = None
    alert = opened(outlet, ["Ayam Geprek"])
    read_live(outlet, live)
    look()
    assert again(alert).auto_code == "started"
    assert Repair.objects.get().sync.version.timed[0]["base"] == 20_000


# --- beside a rollout -------------------------------------------------------------------------


@pytest.fixture
def rollout(outlet, promo, clock):
    """A pilot, whose menu has been queued, and one more outlet."""
    second = OutletFactory(merchant=outlet.merchant, gobiz_app=outlet.gobiz_app)
    OutletCatalog.objects.create(outlet=second, catalog=outlet.selling.catalog, imported_at=timezone.now())
    publish(second)
    clock.move_to(NOON - MINUTE)
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6_000}, None)
    return advanced(start(outlet.merchant, Plan([[outlet], [second]]), None))


def advanced(rollout):
    advance(rollout.pk)
    rollout.refresh_from_db()
    return rollout


def pilot_of(rollout):
    return rollout.rows.select_related("sync", "version").get(stage=0)


@pytest.mark.parametrize("tried", [0, 1])
def test_the_pilot_is_proven_by_the_menu_that_a_timed_price_sent_anew(rollout, outlet, clock, tried):
    Sync.objects.filter(pk=pilot_of(rollout).sync_id).update(attempts=tried)
    clock.move_to(NOON)
    turned = only(swept())
    assert advanced(rollout).stage == 0
    assert pilot_of(rollout).sync == turned
    prove(turned)
    assert advanced(rollout).stage == 1


def test_it_stops_when_the_menu_that_a_timed_price_sent_anew_fails(rollout, outlet, clock):
    clock.move_to(NOON)
    Sync.objects.filter(pk=only(swept()).pk).update(state="failed")
    assert (advanced(rollout).state, rollout.stop_code) == ("stopped", "sync_failed")


def test_stopped_it_leaves_a_timed_price_on_its_way(rollout, outlet, clock):
    prove(pilot_of(rollout).sync)
    clock.move_to(NOON)
    turned = only(swept())
    advanced(rollout)
    stop(rollout, None)
    assert Sync.objects.get(pk=turned.pk).state == "queued"


@pytest.mark.parametrize("seen", [True, False])
def test_stopped_nothing_of_it_goes_out_with_a_timed_price(rollout, outlet, clock, seen):
    clock.move_to(NOON)
    swept()
    if seen:
        advanced(rollout)
    stop(rollout, None)
    assert prices_of(prove(only(swept())).version.payload) == {"Ayam Geprek": 15_000, "Es Teh": 5_000}
    assert swept() == []
    clock.move_to(EVENING)
    assert prices_of(only(swept()).version.payload) == {"Ayam Geprek": 20_000, "Es Teh": 5_000}


def test_stopped_nothing_of_it_goes_out_with_the_end_of_a_timed_price(rollout, outlet, clock):
    Sync.objects.all().delete()
    clock.move_to(NOON)
    publish(outlet)
    swept()
    clock.move_to(EVENING - MINUTE)
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 7_000}, None)
    again = advanced(start(outlet.merchant, Plan([[outlet]]), None))
    clock.move_to(EVENING)
    swept()
    stop(again, None)
    assert prices_of(prove(only(swept())).version.payload) == {"Ayam Geprek": 20_000, "Es Teh": 6_000}
    swept()
    assert TimedPlace.objects.get().ended_at == EVENING


def test_stopped_a_timed_price_that_waited_before_it_goes_without_it(rollout, outlet, clock):
    second = rollout.rows.get(stage=1).outlet
    plan(MenuItem.objects.get(name="Ayam Geprek"), second, price=15_000)
    prove(pilot_of(rollout).sync)
    clock.move_to(NOON)
    prove(swept()[0])
    advanced(rollout)
    advanced(rollout)
    assert Sync.objects.filter(outlet=second).latest("pk").version.by_clock is False
    stop(rollout, None)
    assert prices_of(only(swept()).version.payload) == {"Ayam Geprek": 15_000, "Es Teh": 5_000}


def test_stopped_what_a_worker_has_tried_goes_on(rollout, outlet, clock):
    Sync.objects.filter(pk=pilot_of(rollout).sync_id).update(attempts=1)
    clock.move_to(NOON)
    turned = only(swept())
    stop(rollout, None)
    assert Sync.objects.get(pk=turned.pk).state == "queued"
    assert swept() == []


def test_what_somebody_published_meanwhile_is_not_the_rollouts(rollout, outlet, clock):
    mine = pilot_of(rollout).sync
    request_publish(outlet, None, again=True)
    clock.move_to(NOON)
    swept()
    advanced(rollout)
    assert pilot_of(rollout).sync == mine
    assert rollout.stage == 1


def test_following_timed_prices_costs_the_same_for_any_number(rollout, clock, django_assert_max_num_queries):
    clock.move_to(NOON)
    swept()
    with django_assert_max_num_queries(16):
        advanced(rollout)


# --- beside drift -----------------------------------------------------------------------------


def drift_of(outlet, live):
    read_live(outlet, live)
    found = compare(outlet.pk)
    assert all(line["key"] == "" for line in found.lines)
    return [(line["kind"], line["field"], line["old"], line["new"], line["ours"]) for line in found.lines]


def test_a_timed_price_is_no_drift_neither_while_it_runs_nor_before_its_end_arrives(outlet, live, clock):
    assert drift_of(outlet, live) == []
    clock.move_to(EVENING + MINUTE)
    assert drift_of(outlet, live) == []
    only(swept())
    assert drift_of(outlet, live) == []


def test_another_price_than_the_timed_one_is_shown_and_not_taken_over(outlet, live):
    live["menus"][0]["menu_items"][0]["price"] = 99_000
    assert drift_of(outlet, live) == [("edited", "price", 15_000, 99_000, None)]
    assert Drift.objects.get().urgent == 1


def test_a_timed_price_that_gofood_did_not_take(outlet, live):
    live["menus"][0]["menu_items"][0]["price"] = 20_000
    assert drift_of(outlet, live) == [("not_taken", "price", 15_000, 20_000, None)]


def test_the_own_price_before_the_turn_is_sent_is_no_drift(outlet, item, promo, clock, fake_gobiz):
    live = live_from(fake_gobiz.puts[-1][1])
    clock.move_to(NOON)
    assert drift_of(outlet, live) == []
