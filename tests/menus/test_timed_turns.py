"""A timed price begins and ends by itself: late, twice, beside others' publishes, and loudly when it cannot."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from gobiz_admin.gobiz.errors import RequestRefused
from menus import timed_turns
from menus.editing import remove, save_item, set_stock
from menus.id_changes import change_id
from menus.models import (
    CatalogVersion,
    MenuItem,
    OutletCatalog,
    Rollout,
    RolloutOutlet,
    Sync,
    TimedPlace,
    TimedPrice,
)
from menus.publishing import bring_back, request_publish
from menus.rollouts.advancing import advance
from menus.rollouts.starting import Plan, start
from menus.sending import send
from menus.tasks import sweep_timed_prices
from menus.timed_prices import end_timed_price
from menus.undoing import last_edit, undo
from tests.factories import OutletFactory, UserFactory
from tests.menus.factories import MenuItemFactory, selling_outlet
from tests.menus.timed import (
    EVENING,
    MINUTE,
    MORNING,
    NOON,
    catalog_of,
    plan,
    price_in,
    prices_of,
    prove,
    publish,
)
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def outlet(fake_gobiz, clock):
    outlet = selling_outlet(price=20_000)
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    return outlet


@pytest.fixture
def item(outlet):
    MenuItemFactory(menu=MenuItem.objects.get().menu, name="Es Teh", price=5_000)
    return MenuItem.objects.get(name="Ayam Geprek")


@pytest.fixture
def promo(outlet, item):
    """Published in the morning; from noon to the evening it costs 15.000."""
    publish(outlet)
    return plan(item, outlet, price=15_000)


def swept():
    """The syncs that a sweep brought about, once its workers have come."""
    before = set(Sync.objects.values_list("pk", flat=True))
    timed_turns.keep_states()
    for outlet_pk in timed_turns.due_outlets():
        timed_turns.turn(outlet_pk)
    return list(Sync.objects.exclude(pk__in=before).order_by("pk"))


def only(syncs):
    (sync,) = syncs
    return sync


def live(fake_gobiz, outlet, item):
    return price_in(fake_gobiz.live[outlet.outlet_id], item)


# --- bad days ---------------------------------------------------------------------------------


def test_where_nothing_was_ever_published_it_asks_for_help(outlet, item, clock):
    plan(item, outlet, price=15_000)
    clock.move_to(NOON)
    assert swept() == []
    assert TimedPlace.objects.get().problem == "timed_never_published"
    # The first publish carries it, and it ends as any other.
    assert price_in(publish(outlet).version.payload, item) == 15_000
    assert swept() == []
    assert TimedPlace.objects.get().problem == ""
    clock.move_to(EVENING)
    assert price_in(only(swept()).version.payload, item) == 20_000


def test_after_a_publish_that_failed_it_asks_for_help(outlet, item, promo, clock):
    failed = request_publish(outlet, None, again=True)
    Sync.objects.filter(pk=failed.pk).update(state="failed")
    clock.move_to(NOON)
    assert swept() == []
    assert TimedPlace.objects.get().problem == "timed_last_failed"
    assert not timed_turns.stuck(outlet.merchant_id).exists()


def test_an_end_that_gofood_refuses_is_loud_until_it_is_proven(outlet, item, promo, clock, fake_gobiz):
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(EVENING)
    fake_gobiz.takes_it = False
    fake_gobiz.writes = [RequestRefused("No.", code="nonsense")]
    send(only(swept()).pk)
    assert Sync.objects.latest("pk").state == "failed"
    assert swept() == []
    assert [place.name for place in timed_turns.stuck(outlet.merchant_id)] == ["Ayam Geprek"]
    assert live(fake_gobiz, outlet, item) == 15_000
    fake_gobiz.takes_it = True
    sync = request_publish(outlet, None)
    # Not before GoFood has taken it.
    assert swept() == []
    assert TimedPlace.objects.get().ended_at is None
    prove(sync)
    assert swept() == []
    assert not timed_turns.stuck(outlet.merchant_id).exists()
    assert TimedPlace.objects.get().ended_at == EVENING
    assert live(fake_gobiz, outlet, item) == 20_000


def test_what_never_reached_gofood_is_not_loud_when_it_is_over(outlet, item, promo, clock, fake_gobiz):
    clock.move_to(NOON)
    fake_gobiz.takes_it, fake_gobiz.writes = False, [RequestRefused("No.", code="nonsense")]
    send(only(swept()).pk)
    clock.move_to(EVENING)
    assert swept() == []
    assert not timed_turns.stuck(outlet.merchant_id).exists()
    assert TimedPlace.objects.get().ended_at == EVENING


def test_what_may_have_reached_gofood_is_loud_when_it_is_over(outlet, item, promo, clock):
    clock.move_to(NOON)
    Sync.objects.filter(pk=only(swept()).pk).update(state="failed", attempts=6, maybe_applied=True)
    clock.move_to(EVENING)
    assert swept() == []
    assert timed_turns.stuck(outlet.merchant_id).exists()


def test_an_end_that_is_long_under_way_is_loud_too(outlet, item, promo, clock):
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(EVENING)
    swept()
    clock.shift(timedelta(minutes=9))
    assert not timed_turns.stuck(outlet.merchant_id).exists()
    clock.shift(MINUTE)
    assert timed_turns.stuck(outlet.merchant_id).exists()
    prove(Sync.objects.latest("pk"))
    swept()
    assert not timed_turns.stuck(outlet.merchant_id).exists()


def test_beat_stood_still_past_the_beginning(outlet, item, promo, clock):
    clock.move_to(NOON + timedelta(hours=1))
    assert price_in(only(swept()).version.payload, item) == 15_000


def test_beat_stood_still_past_the_end(outlet, item, promo, clock):
    clock.move_to(EVENING + timedelta(hours=1))
    assert swept() == []
    assert TimedPlace.objects.get().ended_at is not None
    assert TimedPrice.objects.get().state == "ended"
    assert CatalogVersion.objects.count() == 1


def test_what_is_over_does_not_run_again_where_a_clock_is_slow(outlet, item, promo, clock):
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(EVENING)
    prove(only(swept()))
    swept()
    clock.move_to(EVENING - MINUTE)
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6_000}, None)
    assert price_in(publish(outlet).version.payload, item) == 20_000


def test_a_second_sweep_and_a_second_worker_do_nothing(outlet, promo, clock):
    clock.move_to(NOON)
    assert len(swept()) == 1
    assert swept() == []
    assert timed_turns.turn(outlet.pk) is None
    clock.move_to(EVENING)
    prove(Sync.objects.latest("pk"))
    assert len(swept()) == 1
    assert swept() == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_version(outlet, promo, clock):
    clock.move_to(NOON)
    syncs = at_once(lambda _: timed_turns.turn(outlet.pk))
    assert [sync is not None for sync in syncs].count(True) == 1
    assert Sync.objects.count() == 2


def test_a_worker_that_dies_before_it_commits_leaves_it_due(outlet, item, promo, clock, monkeypatch):
    clock.move_to(NOON)
    monkeypatch.setattr(timed_turns, "queue_sync", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        timed_turns.turn(outlet.pk)
    monkeypatch.undo()
    assert CatalogVersion.objects.count() == 1
    assert price_in(only(swept()).version.payload, item) == 15_000


def test_an_outlet_that_is_gone():
    assert timed_turns.turn(10**9) is None


# --- the good day -----------------------------------------------------------------------------


def test_only_this_price_goes_and_comes_back(outlet, item, promo, clock, fake_gobiz):
    before = fake_gobiz.live[outlet.outlet_id]
    # Somebody's half-done draft.
    MenuItemFactory(menu=item.menu, name="Belum jadi")
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 7_000, "name": "Teh"}, None)
    clock.move_to(NOON)
    assert swept()[0].version.note == "Harga sementara “Promo Jumat” dimulai"
    prove(Sync.objects.latest("pk"))
    assert prices_of(fake_gobiz.live[outlet.outlet_id]) == {"Ayam Geprek": 15_000, "Es Teh": 5_000}
    assert TimedPrice.objects.get().state == "active"
    clock.move_to(EVENING)
    assert swept()[0].version.note == "Harga sementara “Promo Jumat” berakhir"
    prove(Sync.objects.latest("pk"))
    assert fake_gobiz.live[outlet.outlet_id] == before
    swept()
    assert TimedPrice.objects.get().state == "ended"
    # The draft is as unpublished as it was.
    selling = OutletCatalog.objects.select_related("catalog").get()
    assert selling.published_revision < selling.catalog.revision


def test_it_carries_the_stock_of_the_moment(outlet, item, promo, clock):
    set_stock("item", item, False, None)
    clock.move_to(NOON)
    rows = only(swept()).version.payload["menus"][0]["menu_items"]
    assert [row["in_stock"] for row in rows] == [False, True]


def test_several_at_one_minute_travel_together(outlet, item, promo, clock):
    tea = MenuItem.objects.get(name="Es Teh")
    plan(tea, outlet, price=4_000, label="Teh murah")
    clock.move_to(NOON)
    sync = only(swept())
    assert prices_of(sync.version.payload) == {"Ayam Geprek": 15_000, "Es Teh": 4_000}
    assert "Promo Jumat" in sync.version.note
    assert "Teh murah" in sync.version.note


def test_one_begins_as_another_ends(outlet, item, promo, clock):
    plan(item, outlet, price=16_000, starts=EVENING, ends=EVENING + 5 * MINUTE)
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(EVENING)
    assert price_in(only(swept()).version.payload, item) == 16_000
    prove(Sync.objects.latest("pk"))
    swept()
    clock.move_to(EVENING + 5 * MINUTE)
    sync = only(swept())
    assert price_in(sync.version.payload, item) == 20_000
    prove(sync)
    swept()
    assert not timed_turns.due(timezone.now()).exists()


def test_ended_by_hand(outlet, item, promo, clock):
    clock.move_to(NOON)
    prove(only(swept()))
    clock.shift(MINUTE)
    end_timed_price(promo, None)
    assert price_in(only(swept()).version.payload, item) == 20_000


def test_ended_by_hand_before_a_worker_came(outlet, item, promo, clock):
    clock.move_to(NOON + MINUTE)
    end_timed_price(promo, None)
    clock.shift(MINUTE)
    assert swept() == []
    assert not timed_turns.due(timezone.now()).exists()


def test_the_history_says_whose_it_was(outlet, item, clock):
    user = UserFactory()
    publish(outlet)
    plan(item, outlet, price=15_000, user=user)
    clock.move_to(NOON)
    sync = only(swept())
    assert (sync.requested_by, sync.version.created_by, sync.version.by_clock) == (user, user, True)


# --- beside others' work ----------------------------------------------------------------------


def test_what_waits_to_be_sent_goes_with_it(outlet, item, promo, clock):
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6_000}, None)
    waiting = request_publish(outlet, None)
    clock.move_to(NOON)
    sync = only(swept())
    waiting.refresh_from_db()
    assert waiting.state == "superseded"
    assert prices_of(sync.version.payload) == {"Ayam Geprek": 15_000, "Es Teh": 6_000}


def test_a_publish_that_is_on_its_way_is_followed(outlet, item, promo, clock):
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6_000}, None)
    under_way = request_publish(outlet, None)
    Sync.objects.filter(pk=under_way.pk).update(state="sending")
    clock.move_to(NOON)
    assert prices_of(only(swept()).version.payload) == {"Ayam Geprek": 15_000, "Es Teh": 6_000}


def test_a_publish_of_that_moment_makes_the_turn_needless(outlet, item, promo, clock):
    clock.move_to(NOON)
    assert price_in(publish(outlet).version.payload, item) == 15_000
    assert swept() == []
    clock.move_to(EVENING)
    assert price_in(publish(outlet).version.payload, item) == 20_000
    assert swept() == []
    assert TimedPlace.objects.get().ended_at == EVENING


def test_the_own_price_that_was_published_meanwhile_comes_back(outlet, item, promo, clock):
    clock.move_to(NOON)
    prove(only(swept()))
    save_item(item, {"price": 22_000}, None)
    publish(outlet)
    save_item(item, {"price": 23_000}, None)
    clock.move_to(EVENING)
    # What is still a draft stays one.
    assert price_in(only(swept()).version.payload, item) == 22_000


def test_undone_meanwhile(outlet, item, promo, clock):
    user = UserFactory()
    save_item(item, {"price": 25_000}, user)
    clock.move_to(NOON)
    prove(only(swept()))
    undo(last_edit(catalog_of(outlet), user), user)
    clock.move_to(EVENING)
    assert price_in(only(swept()).version.payload, item) == 20_000


def test_removed_here_and_still_sold_there(outlet, item, promo, clock, fake_gobiz):
    clock.move_to(NOON)
    prove(only(swept()))
    named = item.external_id
    remove(item, None)
    clock.move_to(EVENING)
    prove(only(swept()))
    item.external_id = named
    assert live(fake_gobiz, outlet, item) == 20_000


def test_removed_and_published_meanwhile(outlet, item, promo, clock):
    clock.move_to(NOON)
    prove(only(swept()))
    remove(item, None)
    publish(outlet, removing=1)
    clock.move_to(EVENING)
    assert swept() == []
    assert TimedPlace.objects.get().ended_at == EVENING


def test_an_id_that_was_changed_meanwhile(outlet, item, promo, clock):
    change_id(item.catalog, ("item", item.pk), "geprek-baru", item.external_id, None)
    clock.move_to(NOON)
    assert price_in(only(swept()).version.payload, item) == 15_000
    item.refresh_from_db()
    assert price_in(publish(outlet, removing=1).version.payload, item) == 15_000


def test_what_gofood_does_not_have_yet_gets_it_with_its_first_publish(outlet, item, clock):
    publish(outlet)
    new = MenuItemFactory(menu=item.menu, name="Baru", price=10_000)
    plan(new, outlet, price=9_000)
    clock.move_to(NOON)
    assert swept() == []
    assert TimedPlace.objects.get().problem == "timed_not_there"
    assert swept() == []
    assert price_in(publish(outlet).version.payload, new) == 9_000
    clock.move_to(EVENING)
    assert price_in(only(swept()).version.payload, new) == 10_000


def test_an_older_version_comes_back_without_the_price_it_had_for_a_while(outlet, item, promo, clock):
    clock.move_to(NOON)
    during = only(swept())
    prove(during)
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6_000}, None)
    clock.move_to(EVENING)
    publish(outlet)
    back = bring_back(during.version, None)
    assert prices_of(back.version.payload) == {"Ayam Geprek": 20_000, "Es Teh": 5_000}


def test_an_older_version_that_comes_back_while_it_runs_has_it(outlet, item, promo, clock):
    first = CatalogVersion.objects.get()
    clock.move_to(NOON)
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6_000}, None)
    publish(outlet)
    back = bring_back(first, None)
    assert prices_of(back.version.payload) == {"Ayam Geprek": 15_000, "Es Teh": 5_000}
    prove(back)
    clock.move_to(EVENING)
    assert price_in(only(swept()).version.payload, item) == 20_000


def test_a_rollout_that_was_frozen_before_carries_the_price_of_when_it_is_sent(outlet, item, promo, clock):
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6_000}, None)
    started = start(outlet.merchant, Plan([[outlet]], {outlet.pk: NOON + MINUTE}, "Desember"), None)
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(NOON + MINUTE)
    advance(started.pk)
    row = RolloutOutlet.objects.select_related("sync__version").get()
    assert prices_of(row.sync.version.payload) == {"Ayam Geprek": 15_000, "Es Teh": 6_000}
    assert (row.version_id, row.version.note) == (row.sync.version_id, "Desember")
    assert OutletCatalog.objects.get().published_revision == row.revision
    prove(row.sync)
    advance(started.pk)
    assert Rollout.objects.get().state == "done"
    clock.move_to(EVENING)
    assert prices_of(only(swept()).version.payload) == {"Ayam Geprek": 20_000, "Es Teh": 6_000}


def test_many_outlets_each_for_itself(outlet, item, clock, fake_gobiz):
    others = OutletFactory.create_batch(3, merchant=outlet.merchant, gobiz_app=outlet.gobiz_app)
    for other in others:
        OutletCatalog.objects.create(outlet=other, catalog=item.catalog, imported_at=timezone.now())
    outlets = [outlet, *others]
    for one in outlets[:3]:
        publish(one)
    plan(item, *outlets, price=15_000)
    clock.move_to(NOON)
    assert {sync.outlet_id for sync in swept()} == {one.pk for one in outlets[:3]}
    assert TimedPlace.objects.exclude(problem="").get().outlet == outlets[3]


def test_the_sweep_wakes_a_worker_for_each_outlet(outlet, promo, clock, monkeypatch):
    woken = []
    monkeypatch.setattr("menus.tasks.turn_prices.apply_async", lambda args, **_: woken.append(args))
    sweep_timed_prices()
    assert woken == []
    clock.move_to(NOON)
    sweep_timed_prices()
    assert woken == [(outlet.pk,)]
    assert TimedPrice.objects.get().state == "active"


def test_a_turn_costs_as_much_for_a_large_menu(outlet, item, clock):
    from django.test.utils import CaptureQueriesContext

    def cost():
        clock.move_to(MORNING)
        TimedPrice.objects.all().delete()
        publish(outlet)
        plan(item.menu, outlet, percent=-10)
        clock.move_to(NOON)
        with CaptureQueriesContext(connection) as captured:
            timed_turns.turn(outlet.pk)
        prove(Sync.objects.latest("pk"))
        return len(captured)

    few = cost()
    MenuItemFactory.create_batch(40, menu=item.menu)
    assert cost() == few


# --- open pages -------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch):
    """The topics that open pages are told of."""
    topics = []
    monkeypatch.setattr(timed_turns, "announce", lambda merchant, topic, **facts: topics.append(topic))
    return topics


def test_open_pages_are_told_when_it_begins_when_it_is_over_and_when_that_is_proven(
    outlet, item, promo, clock, told
):
    clock.move_to(NOON)
    begun = only(swept())
    assert told == ["menu"]
    prove(begun)
    clock.move_to(EVENING)
    over = only(swept())
    assert told == ["menu", "menu"]
    prove(over)
    assert swept() == []
    assert told == ["menu", "menu", "syncs"]
    assert swept() == []
    assert told == ["menu", "menu", "syncs"]
