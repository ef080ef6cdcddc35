"""A timed price begins and ends beside what others change in the GoBiz app, against GoBiz's sandbox over HTTP."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.utils import timezone

from gobiz_admin.merchants.gobiz import client_for
from menus import sending, timed_turns
from menus.confirming import read_back
from menus.drift import scanning
from menus.models import CatalogVersion, MenuItem, StockSwitch, Sync, TimedPlace
from menus.on_gofood import on_gofood
from menus.publishing import request_publish
from menus.sending import free_stuck_syncs, send
from menus.sentences import sync_sentence
from menus.stock import switch
from tests.menus.test_timed_with_sandbox import begun, item, over
from tests.menus.test_with_sandbox import made_in_the_app, outlet, publish, sandbox, sandbox_process, work
from tests.menus.timed import plan
from tests.threads import at_once

__all__ = ["item", "outlet", "sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def other(item):
    """Another item than the one with the timed price."""
    return MenuItem.objects.exclude(pk=item.pk).order_by("pk").first()


@pytest.fixture
def app(sandbox, outlet):
    """Somebody edits the item in the GoBiz app; with `gone` takes it away."""

    def edit(item, gone=False, **values):
        place = f"outlets/{outlet.outlet_id}"
        live = deepcopy(sandbox.control("GET", place)["catalog"])
        for menu in live["menus"]:
            for row in menu["menu_items"]:
                if row["external_id"] == item.external_id:
                    row.update(values)
            if gone:
                rows = menu["menu_items"]
                menu["menu_items"] = [row for row in rows if row["external_id"] != item.external_id]
        sandbox.control("POST", place, {"catalog": live})

    return edit


@pytest.fixture
def live(sandbox, outlet):
    """What GoFood has of an item, by its external_id; None when it is not there."""

    def row_of(item):
        catalog = sandbox.control("GET", f"outlets/{outlet.outlet_id}")["catalog"]
        rows = [row for menu in catalog["menus"] for row in menu["menu_items"]]
        return next((row for row in rows if row["external_id"] == item.external_id), None)

    return row_of


def gone_on(outlet):
    """The outlet's newest sync when all that waits was sent, and read back."""
    for _ in range(8):
        waiting = Sync.objects.filter(outlet=outlet, state="queued").first()
        if waiting is None:
            break
        work(waiting, send)
    newest = Sync.objects.filter(outlet=outlet).latest("pk")
    return work(newest, read_back) if newest.state == "accepted" else newest


def turned(outlet):
    timed_turns.turn(outlet.pk)
    sync = gone_on(outlet)
    timed_turns.turn(outlet.pk)
    return sync


def begins(outlet, item):
    begun(outlet, item)
    return gone_on(outlet)


def puts(sandbox):
    return sandbox.calls("PUT catalog")


def drift(outlet):
    return {(line["kind"], line["name"], line["field"]) for line in scanning.scan(outlet.pk).lines}


# --- what others changed stays ----------------------------------------------------------------


def test_what_others_changed_before_it_begins_and_before_it_ends_stays(outlet, item, other, app, live):
    third = MenuItem.objects.exclude(pk__in=[item.pk, other.pk]).order_by("pk").first()
    app(other, price=other.price + 700, in_stock=not live(other)["in_stock"], description="Diubah")
    assert begins(outlet, item).state == "confirmed"
    assert live(item)["price"] == item.price + 1000
    assert (live(other)["price"], live(other)["description"]) == (other.price + 700, "Diubah")
    app(third, price=third.price + 300)
    over()
    assert turned(outlet).state == "confirmed"
    assert live(item)["price"] == item.price
    assert (live(other)["price"], live(third)["price"]) == (other.price + 700, third.price + 300)
    assert live(other)["in_stock"] is not other.in_stock
    assert TimedPlace.objects.get().ended_at is not None
    # Nor does stock go back to what we wanted by itself.
    assert not StockSwitch.objects.exists()


def test_drift_and_review_go_on_saying_what_differs(outlet, item, other, app):
    app(other, price=other.price + 700)
    before = drift(outlet)
    assert before == {("edited", other.name, "price")}
    begins(outlet, item)
    assert drift(outlet) == before
    over()
    turned(outlet)
    assert drift(outlet) == before
    assert [change.name for change in on_gofood(outlet).changed_there] == [other.name]
    newest = CatalogVersion.objects.latest("number")
    assert newest.changes == {"repriced": 1}
    # A publish overwrites it, as its review says.
    publish(outlet)
    assert drift(outlet) == set()


def test_what_others_put_back_is_no_drift_any_more(outlet, item, other, app):
    app(other, price=other.price + 700)
    begins(outlet, item)
    app(other, price=other.price)
    over()
    turned(outlet)
    assert CatalogVersion.objects.latest("number").own is None
    assert drift(outlet) == set()


def test_without_changes_by_others_one_version_goes_out_once(outlet, item, sandbox):
    sandbox.control("DELETE", "calls")
    assert begins(outlet, item).version.own is None
    over()
    turned(outlet)
    assert len(puts(sandbox)) == 2
    assert CatalogVersion.objects.filter(by_clock=True).count() == 2


def test_its_own_price_that_others_changed_comes_back_all_the_same(outlet, item, app, live):
    begins(outlet, item)
    app(item, price=item.price + 333)
    over()
    turned(outlet)
    assert live(item)["price"] == item.price
    assert TimedPlace.objects.get().ended_at is not None


def test_while_it_runs_another_turn_leaves_its_price_to_others(outlet, item, other, app, live):
    begins(outlet, item)
    app(item, price=item.price + 333)
    now = timezone.now()
    plan(other, outlet, price=other.price + 100, starts=now - timedelta(minutes=2), ends=now + timedelta(1))
    turned(outlet)
    assert (live(item)["price"], live(other)["price"]) == (item.price + 333, other.price + 100)
    over()
    turned(outlet)
    assert (live(item)["price"], live(other)["price"]) == (item.price, other.price)


def test_what_others_removed_stays_away(outlet, item, other, app, live, sandbox):
    app(other, gone=True)
    begins(outlet, item)
    assert live(other) is None
    app(item, gone=True)
    over()
    sandbox.control("DELETE", "calls")
    assert turned(outlet).state == "confirmed"
    # GoFood has just this already.
    assert puts(sandbox) == []
    assert (live(item), live(other)) == (None, None)
    assert TimedPlace.objects.get().ended_at is not None
    assert drift(outlet) == {("edited", item.name, "gone"), ("edited", other.name, "gone")}


def test_what_others_removed_before_it_begins_does_not_come_back_with_it(outlet, item, app, live):
    app(item, gone=True)
    begins(outlet, item)
    assert live(item) is None


def test_what_others_added_stays_and_can_be_ordered(outlet, item, sandbox, live):
    made_in_the_app(
        sandbox, outlet, {"external_id": None, "name": "Bakso"}, {"external_id": None, "name": "Bakso"}
    )
    begins(outlet, item)
    over()
    turned(outlet)
    catalog = sandbox.control("GET", f"outlets/{outlet.outlet_id}")["catalog"]
    rows = [row for menu in catalog["menus"] for row in menu["menu_items"] if row["name"] == "Bakso"]
    assert len({row["external_id"] for row in rows}) == 2
    assert all(row["external_id"].startswith("GOBIZ-") for row in rows)
    assert live(item)["price"] == item.price


def test_under_another_id_it_is_the_same_dish(outlet, item, app, live):
    begins(outlet, item)
    app(item, external_id="Z-9")
    over()
    turned(outlet)
    item.external_id = "Z-9"
    assert live(item)["price"] == item.price


def test_an_id_that_was_lost_comes_back(outlet, item, other, app, live):
    app(other, external_id=None)
    begins(outlet, item)
    assert live(other)["name"] == other.name


def test_what_is_switched_here_since_goes_with_it(outlet, item, other, app, live):
    app(other, in_stock=False)
    begins(outlet, item)
    switch("item", other, False, None)
    switch("item", other, True, None)
    over()
    turned(outlet)
    assert live(other)["in_stock"] is True


# --- what somebody published overwrites -------------------------------------------------------


def test_a_publish_that_waits_goes_with_it_and_overwrites_as_it_was_shown(outlet, item, other, app, live):
    app(other, price=other.price + 700)
    request_publish(outlet, None, again=True)
    begins(outlet, item)
    assert live(other)["price"] == other.price


# --- bad days ---------------------------------------------------------------------------------


def test_gobiz_is_down_when_it_is_read(outlet, item, other, app, live, sandbox):
    app(other, price=other.price + 700)
    sandbox.fault("GET catalog", times=1, status=503)
    sandbox.control("DELETE", "calls")
    sync = work(begun(outlet, item), send)
    assert (sync.state, sync.attempts, sync.maybe_applied, puts(sandbox)) == ("queued", 1, False, [])
    assert sync.next_attempt_at > timezone.now()
    gone_on(outlet)
    assert (live(item)["price"], live(other)["price"]) == (item.price + 1000, other.price + 700)


def test_unread_for_long_a_price_does_not_begin(outlet, item, sandbox):
    sandbox.fault("GET catalog", status=503)
    sandbox.control("DELETE", "calls")
    begun(outlet, item)
    assert gone_on(outlet).state == "failed"
    assert puts(sandbox) == []


def test_unread_for_long_a_price_ends_all_the_same(outlet, item, live, sandbox):
    begins(outlet, item)
    over()
    sandbox.fault("GET catalog", status=503)
    sync = timed_turns.turn(outlet.pk)
    for _ in range(3):
        assert work(sync, send).state == "queued"
    assert work(sync, send).state == "accepted"
    assert live(item)["price"] == item.price


@pytest.mark.parametrize("broken", ["no price", "emptied"])
def test_a_menu_that_cannot_be_read_in_whole_asks_for_help(outlet, item, other, app, sandbox, broken):
    if broken == "emptied":
        empty = {"menus": [], "variant_categories": []}
        sandbox.control("POST", f"outlets/{outlet.outlet_id}", {"catalog": empty})
    else:
        app(other, price="?")
    begun(outlet, item)
    sync = gone_on(outlet)
    assert (sync.state, sync.error_code) == ("failed", "live_unreadable")
    assert "GoFood" in str(sync_sentence(sync))


def test_a_menu_that_cannot_be_read_in_whole_holds_up_no_end(outlet, item, other, app, live):
    begins(outlet, item)
    app(other, price="?")
    over()
    assert gone_on_after(timed_turns.turn(outlet.pk), outlet).state == "confirmed"
    assert live(item)["price"] == item.price


def gone_on_after(sync, outlet):
    assert sync is not None
    return gone_on(outlet)


def test_what_gofood_refuses_of_others_holds_up_no_end(outlet, item, other, app, live, sandbox):
    begins(outlet, item)
    app(other, price=other.price + 700)
    over()
    sandbox.fault("PUT catalog", times=1, status=400)
    assert turned(outlet).state == "confirmed"
    assert (live(item)["price"], live(other)["price"]) == (item.price, other.price)
    assert TimedPlace.objects.get().ended_at is not None


def test_what_gofood_refuses_of_others_begins_nothing(outlet, item, other, app, live, sandbox):
    app(other, price=other.price + 700)
    sandbox.fault("PUT catalog", times=1, status=400)
    begun(outlet, item)
    assert gone_on(outlet).state == "failed"
    assert (live(item)["price"], live(other)["price"]) == (item.price, other.price + 700)


class WorkerDied(Exception):
    pass


def test_a_worker_that_dies_between_reading_and_sending(outlet, item, other, app, live, monkeypatch):
    def dies(_attempt):
        raise WorkerDied

    monkeypatch.setattr(sending, "_is_still_ours", dies)
    sync = begun(outlet, item)
    with pytest.raises(WorkerDied):
        work(sync, send)
    monkeypatch.undo()
    app(other, price=other.price + 700)
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now())
    assert free_stuck_syncs() == 1
    assert gone_on(outlet).state == "confirmed"
    assert (live(item)["price"], live(other)["price"]) == (item.price + 1000, other.price + 700)


def test_a_beginning_whose_answer_was_lost_leaves_no_price_behind(outlet, item, other, app, live, sandbox):
    app(other, price=other.price + 700)
    work(begun(outlet, item), send)
    sandbox.fault("PUT catalog", times=1, status=502, apply=True)
    waiting = Sync.objects.get(outlet=outlet, state="queued")
    assert work(waiting, send).maybe_applied
    assert live(item)["price"] == item.price + 1000
    # What GoFood shows is no price that others made.
    over()
    turned(outlet)
    assert (live(item)["price"], live(other)["price"]) == (item.price, other.price + 700)


def test_who_published_while_it_was_read_comes_first(outlet, item, other, app, live, monkeypatch):
    app(other, price=other.price + 700)
    sync, client = begun(outlet, item), client_for(outlet.gobiz_app)
    read = client.get_catalog

    def read_while_somebody_publishes(outlet_id):
        monkeypatch.undo()
        request_publish(outlet, None, again=True)
        return read(outlet_id)

    monkeypatch.setattr(client, "get_catalog", read_while_somebody_publishes)
    monkeypatch.setattr(sending.gobiz, "client_for", lambda _: client)
    assert work(sync, send).state == "superseded"
    gone_on(outlet)
    assert (live(item)["price"], live(other)["price"]) == (item.price + 1000, other.price)


def test_who_edits_on_and_on_holds_nothing_up(outlet, item, other, app, live, monkeypatch):
    client, prices = client_for(outlet.gobiz_app), iter(range(other.price + 1, other.price + 100))
    read = client.get_catalog

    def read_and_edited(outlet_id):
        app(other, price=next(prices))
        return read(outlet_id)

    monkeypatch.setattr(client, "get_catalog", read_and_edited)
    monkeypatch.setattr(sending.gobiz, "client_for", lambda _: client)
    begun(outlet, item)
    gone_on(outlet)
    assert live(item)["price"] == item.price + 1000


@pytest.mark.django_db(transaction=True)
def test_two_turns_at_once_are_one_menu(outlet, item, other, app, live, sandbox):
    app(other, price=other.price + 700)
    third = MenuItem.objects.exclude(pk__in=[item.pk, other.pk]).order_by("pk").first()
    now = timezone.now()
    for one in (item, third):
        plan(one, outlet, price=one.price + 1000, starts=now - timedelta(minutes=2), ends=now + timedelta(1))
    sandbox.control("DELETE", "calls")
    at_once(lambda _: timed_turns.turn(outlet.pk))
    for _ in range(2):
        sync = Sync.objects.get(outlet=outlet, state="queued")
        at_once(lambda _, pk=sync.pk: send(pk))
    assert len(puts(sandbox)) == 1
    assert [live(one)["price"] for one in (item, other, third)] == [
        item.price + 1000,
        other.price + 700,
        third.price + 1000,
    ]
