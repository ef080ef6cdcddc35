"""Stock at once: nothing is lost, nothing older comes last, what fails is tried again and shown."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable, OutletUnknown, RequestRefused, ScopeMissing
from menus import confirming, sending, stock, stock_sending, stock_wishes, tasks
from menus.editing import save_item, set_stock
from menus.models import (
    CatalogEdit,
    CatalogVersion,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    StockOff,
    StockSwitch,
    Sync,
    Variant,
)
from menus.overrides import set_override
from menus.payload import build_payload, checksum
from menus.publishing import request_publish
from menus.reviewing import review, reviews
from menus.states import WAITS
from menus.stock_told import as_told
from menus.undoing import undo
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory, live_from, selling_outlet

pytestmark = pytest.mark.django_db
State = StockSwitch.State


@pytest.fixture
def outlet(fake_gobiz):
    """An outlet whose menu GoFood has as it is in the catalog."""
    outlet = selling_outlet()
    know(outlet, fake_gobiz)
    return outlet


def know(outlet, fake_gobiz):
    payload = build_payload(outlet)
    number = CatalogVersion.objects.filter(outlet=outlet).count() + 1
    version = CatalogVersion.objects.create(
        outlet=outlet, number=number, payload=payload, checksum=checksum(payload)
    )
    now = timezone.now()
    Sync.objects.create(
        outlet=outlet,
        version=version,
        request_id=f"r-{version.pk}",
        state="confirmed",
        accepted_at=now,
        confirmed_at=now,
        attempts=1,
    )
    fake_gobiz.live[outlet.outlet_id] = live_from(payload)


def second_outlet(outlet, fake_gobiz):
    other = OutletFactory(gobiz_app=outlet.gobiz_app)
    OutletCatalog.objects.create(outlet=other, catalog=outlet.selling.catalog, imported_at=timezone.now())
    know(other, fake_gobiz)
    return other


def due(outlet):
    StockSwitch.objects.filter(outlet=outlet).update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def sent(outlet):
    """The outlet's switches after a worker was woken when they were due."""
    due(outlet)
    stock_sending.send(outlet.pk)
    return list(StockSwitch.objects.filter(outlet=outlet).order_by("pk"))


def item_of(outlet):
    return MenuItem.objects.get(catalog=outlet.selling.catalog, name="Ayam Geprek")


def off(outlet):
    item = item_of(outlet)
    set_stock("item", item, False, None)
    return item


def down():
    return GobizUnavailable("down")


# --- what fails -------------------------------------------------------------------------------


def test_gobiz_away_is_tried_again_after_each_wait_and_then_shown(fake_gobiz, outlet):
    off(outlet)
    for wait in WAITS:
        fake_gobiz.refusals = [down()]
        (switch,) = sent(outlet)
        assert (switch.state, switch.error_code) == (State.QUEUED, "gobiz_unavailable")
        assert abs(switch.next_attempt_at - timezone.now() - wait) < timedelta(seconds=5)
    fake_gobiz.refusals = [down()]
    (switch,) = sent(outlet)
    assert (switch.state, switch.error) == (State.FAILED, "down")
    stock_sending.try_again(switch)
    assert sent(outlet)[0].state == State.DONE


def test_a_switch_that_waits_for_a_retry_is_not_sent_early(fake_gobiz, outlet):
    off(outlet)
    fake_gobiz.refusals = [down()]
    sent(outlet)
    stock_sending.send(outlet.pk)
    assert len(fake_gobiz.patches) == 1


@pytest.mark.parametrize("error", [RequestRefused("no such dish"), OutletUnknown("no"), ScopeMissing("no")])
def test_what_gobiz_refuses_stops_at_once_with_its_words(fake_gobiz, outlet, error):
    off(outlet)
    fake_gobiz.refusals = [error]
    (switch,) = sent(outlet)
    assert (switch.state, switch.error_code, switch.error) == (State.FAILED, error.code, error.detail)
    assert len(fake_gobiz.patches) == 1


def test_one_that_is_refused_holds_up_no_other(fake_gobiz, outlet, monkeypatch):
    menu = item_of(outlet).menu
    items = MenuItemFactory.create_batch(6, menu=menu)
    know(outlet, fake_gobiz)
    bad = items[3].external_id
    patch = fake_gobiz._patch

    def refuse_the_bad(outlet_id, kind, changes):
        patch(outlet_id, kind, changes)
        if any(change["external_id"] == bad for change in changes):
            raise OutletUnknown("no menu item")
        return {}

    monkeypatch.setattr(fake_gobiz, "_patch", refuse_the_bad)
    for item in items:
        set_stock("item", item, False, None)
    switches = sent(outlet)
    assert [switch.item.external_id for switch in switches if switch.state == State.FAILED] == [bad]
    assert sum(switch.state == State.DONE for switch in switches) == 5


def test_a_worker_that_dies_leaves_it_to_the_sweep(fake_gobiz, outlet):
    off(outlet)

    def killed():
        raise SystemExit

    fake_gobiz.during_patch = killed
    due(outlet)
    with pytest.raises(SystemExit):
        stock_sending.send(outlet.pk)
    assert StockSwitch.objects.get().state == State.SENDING
    assert stock_sending.free_stuck() == 0
    due(outlet)
    fake_gobiz.during_patch = None
    assert stock_sending.free_stuck() == 1
    assert sent(outlet)[0].state == State.DONE


def test_a_dead_workers_late_answer_does_not_count(fake_gobiz, outlet):
    off(outlet)

    def freed():
        fake_gobiz.during_patch = None
        due(outlet)
        stock_sending.free_stuck()

    fake_gobiz.during_patch = freed
    (switch,) = sent(outlet)
    assert switch.state == State.QUEUED
    assert sent(outlet)[0].state == State.DONE


def test_a_batch_in_many_parts_says_that_it_lives_before_each_call(fake_gobiz, outlet):
    items = MenuItemFactory.create_batch(3, menu=item_of(outlet).menu)
    know(outlet, fake_gobiz)
    for item in items:
        set_stock("item", item, False, None)
    fake_gobiz.refusals = [RequestRefused("no")] * 3
    freed = []

    def long_ago():
        freed.append(stock_sending.free_stuck())
        due(outlet)

    fake_gobiz.during_patch = long_ago
    due(outlet)
    stock_sending.send(outlet.pk)
    assert freed == [0] * len(freed)
    assert len(freed) > 2


def test_a_batch_that_was_taken_from_its_worker_is_not_gone_on_with(fake_gobiz, outlet):
    items = MenuItemFactory.create_batch(4, menu=item_of(outlet).menu)
    know(outlet, fake_gobiz)
    for item in items:
        set_stock("item", item, False, None)
    fake_gobiz.refusals = [RequestRefused("no")] * 8

    def freed():
        due(outlet)
        stock_sending.free_stuck()

    fake_gobiz.during_patch = freed
    due(outlet)
    stock_sending.send(outlet.pk)
    assert len(fake_gobiz.patches) == 1
    assert set(StockSwitch.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_the_sweep_finds_what_no_wake_up_reached(fake_gobiz, outlet, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks.send_stock, "apply_async", lambda args, **_: woken.append(args))
    off(outlet)
    tasks.sweep_stock()
    assert woken == []
    due(outlet)
    tasks.sweep_stock()
    assert woken == [(outlet.pk,)]


# --- two at once ------------------------------------------------------------------------------


def test_switches_within_a_second_travel_together(fake_gobiz, outlet):
    item = off(outlet)
    for variant in Variant.objects.all():
        set_stock("variant", variant, False, None)
    first = StockSwitch.objects.order_by("pk").first()
    StockSwitch.objects.filter(pk=first.pk).update(next_attempt_at=timezone.now())
    stock_sending.send(outlet.pk)
    assert [(kind, len(changes)) for _, kind, changes in fake_gobiz.patches] == [("item", 1), ("variant", 2)]
    assert fake_gobiz.patches[0][2] == [{"external_id": item.external_id, "in_stock": False}]
    assert set(StockSwitch.objects.values_list("state", flat=True)) == {State.DONE}


def test_off_and_on_again_within_a_second_is_one_row_and_ends_on(fake_gobiz, outlet):
    item = off(outlet)
    set_stock("item", item, True, None)
    (switch,) = sent(outlet)
    assert (switch.state, switch.told) == (State.DONE, True)
    assert [changes[0]["in_stock"] for _, _, changes in fake_gobiz.patches] == [True]


def test_one_that_is_pressed_while_another_is_sent_goes_right_after_it(fake_gobiz, outlet):
    item = off(outlet)

    def pressed():
        fake_gobiz.during_patch = None
        set_stock("item", item, True, None)
        stock_sending.send(outlet.pk)  # a second worker sends nothing beside the first

    fake_gobiz.during_patch = pressed
    (switch,) = sent(outlet)
    assert (switch.state, switch.attempts) == (State.QUEUED, 0)
    assert sent(outlet)[0].told is True
    assert [changes[0]["in_stock"] for _, _, changes in fake_gobiz.patches] == [False, True]


def test_a_failed_switch_is_replaced_by_a_newer_one(fake_gobiz, outlet):
    item = off(outlet)
    fake_gobiz.refusals = [RequestRefused("no")]
    sent(outlet)
    set_stock("item", item, True, None)
    (switch,) = StockSwitch.objects.all()
    assert (switch.state, switch.in_stock, switch.error) == (State.QUEUED, True, "")


# --- as many as GoBiz bears -------------------------------------------------------------------


def test_a_switch_waits_until_the_app_has_room_and_is_woken_then(fake_gobiz, outlet, settings, woken):
    settings.GOBIZ_PUTS_AT_ONCE = 1
    other = second_outlet(outlet, fake_gobiz)
    save_item(item_of(outlet), {"price": 16000}, None)
    sync = request_publish(outlet, None)
    set_override(outlet.selling.catalog, "item", item_of(outlet).pk, [other], None, in_stock=False)
    tries = []

    def meanwhile():
        due(other)
        stock_sending.send(other.pk)
        tries.append(len(fake_gobiz.patches))

    fake_gobiz.during_put = meanwhile
    sending.send(sync.pk)
    assert tries == [0]
    stock_sending.send(other.pk)
    assert len(fake_gobiz.patches) == 1


def test_a_menu_leaves_room_for_stock_that_is_due_elsewhere(fake_gobiz, outlet, settings):
    settings.GOBIZ_PUTS_AT_ONCE = 1
    other = second_outlet(outlet, fake_gobiz)
    save_item(item_of(outlet), {"price": 16000}, None)
    sync = request_publish(outlet, None)
    set_override(outlet.selling.catalog, "item", item_of(outlet).pk, [other], None, in_stock=False)
    due(other)
    sending.send(sync.pk)
    assert fake_gobiz.puts == []
    sent(other)
    sending.send(sync.pk)
    assert len(fake_gobiz.puts) == 1


# --- beside a publish -------------------------------------------------------------------------


def test_a_put_on_its_way_is_waited_for_and_the_switch_follows_it(fake_gobiz, outlet):
    item = item_of(outlet)
    save_item(item, {"price": item.price + 1000}, None)
    sync = request_publish(outlet, None)

    def pressed():
        set_stock("item", item, False, None)
        sent(outlet)
        assert fake_gobiz.patches == []

    fake_gobiz.during_put = pressed
    sending.send(sync.pk)
    assert sent(outlet)[0].state == State.DONE
    assert fake_gobiz.patches[0][2][0]["in_stock"] is False


def test_a_put_waits_for_a_switch_on_its_way(fake_gobiz, outlet):
    item = off(outlet)
    save_item(item, {"price": item.price + 1000}, None)
    sync = request_publish(outlet, None)

    fake_gobiz.during_patch = lambda: sending.send(sync.pk)
    assert sent(outlet)[0].state == State.DONE
    assert fake_gobiz.puts == []
    sending.send(sync.pk)
    assert len(fake_gobiz.puts) == 1


def test_a_frozen_version_that_comes_late_does_not_leave_old_stock(fake_gobiz, outlet):
    item = item_of(outlet)
    save_item(item, {"price": item.price + 1000}, None)
    sync = request_publish(outlet, None)
    off(outlet)
    assert sent(outlet)[0].state == State.DONE
    sending.send(sync.pk)
    assert fake_gobiz.puts[0][1]["menus"][0]["menu_items"][0]["in_stock"] is True
    (switch,) = StockSwitch.objects.all()
    assert (switch.state, switch.in_stock) == (State.QUEUED, False)
    assert sent(outlet)[0].state == State.DONE
    assert len(fake_gobiz.patches) == 2


def test_a_switch_after_the_put_does_not_spoil_its_proof(fake_gobiz, outlet):
    item = item_of(outlet)
    save_item(item, {"price": item.price + 1000}, None)
    sync = request_publish(outlet, None)
    sending.send(sync.pk)
    off(outlet)
    sent(outlet)
    fake_gobiz.live[outlet.outlet_id]["menus"][0]["menu_items"][0]["in_stock"] = False
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now())
    confirming.read_back(sync.pk)
    sync.refresh_from_db()
    assert sync.state == "confirmed"
    shown = as_told(outlet, sync.version.payload)["menus"][0]["menu_items"][0]
    assert shown["in_stock"] is False


def test_what_gofood_does_not_have_goes_with_the_publish(fake_gobiz, outlet):
    new = MenuItemFactory(menu=item_of(outlet).menu)
    set_stock("item", new, False, None)
    assert sent(outlet) == []
    assert fake_gobiz.patches == []


def test_before_the_first_publish_gobizs_own_id_is_the_key(fake_gobiz, outlet):
    Sync.objects.all().delete()
    item = item_of(outlet)
    live = live_from(build_payload(outlet))
    live["menus"][0]["menu_items"][0]["external_id"] = None
    live["menus"][0]["menu_items"][0]["id"] = item.gobiz_id = "uuid-1"
    item.save()
    CatalogVersion.objects.update(number=0, payload=live)
    set_stock("item", item, False, None)
    assert sent(outlet)[0].state == State.DONE
    assert fake_gobiz.patches[0][2] == [{"id": "uuid-1", "in_stock": False}]


def test_what_gofood_does_not_have_no_longer_waits_on_any_page(fake_gobiz, outlet, monkeypatch):
    told = []
    monkeypatch.setattr(stock_sending, "announce", lambda *_, **facts: told.append(facts["things"]))
    new = MenuItemFactory(menu=item_of(outlet).menu)
    set_stock("item", new, False, None)
    sent(outlet)
    assert told == [[f"item-{new.pk}"]]


def test_stock_alone_is_nothing_to_publish(fake_gobiz, outlet):
    catalog, item = outlet.selling.catalog, item_of(outlet)
    OutletCatalog.objects.update(published_revision=catalog.revision)
    set_stock("item", item, False, None)
    set_override(catalog, "item", item.pk, [outlet], None, in_stock=True)
    save_item(item, {"ingredients": ["Ayam"]}, None)
    selling = OutletCatalog.objects.select_related("catalog").get(outlet=outlet)
    assert not review(outlet, selling).edited
    set_override(catalog, "item", item.pk, [outlet], None, price=1, in_stock=False)
    selling.catalog.refresh_from_db()
    assert review(outlet, selling).edited


# --- where it is seen -------------------------------------------------------------------------


def test_an_override_is_switched_at_its_outlet_only(fake_gobiz, outlet):
    other = second_outlet(outlet, fake_gobiz)
    set_override(outlet.selling.catalog, "item", item_of(outlet).pk, [other], None, in_stock=False)
    assert list(StockSwitch.objects.values_list("outlet", "in_stock")) == [(other.pk, False)]


def test_an_outlet_with_stock_of_its_own_is_left_alone_by_the_catalog(fake_gobiz, outlet):
    other = second_outlet(outlet, fake_gobiz)
    item = item_of(outlet)
    set_override(outlet.selling.catalog, "item", item.pk, [other], None, in_stock=False)
    sent(other)
    set_stock("item", item, False, None)
    assert list(StockSwitch.objects.filter(state=State.QUEUED).values_list("outlet", flat=True)) == [
        outlet.pk
    ]


def test_a_price_of_its_own_switches_nothing(outlet):
    item = item_of(outlet)
    set_override(outlet.selling.catalog, "item", item.pk, [outlet], None, price=1)
    save_item(item, {"price": 2}, None)
    assert not StockSwitch.objects.exists()


def test_an_outlet_that_was_never_imported_is_told_nothing(outlet):
    OutletCatalog.objects.update(imported_at=None)
    off(outlet)
    assert not StockSwitch.objects.exists()


def test_undo_is_told_too(fake_gobiz, outlet):
    off(outlet)
    sent(outlet)
    undo(CatalogEdit.objects.latest("pk"), None)
    (switch,) = sent(outlet)
    assert switch.told is True
    assert not StockOff.objects.exists()


# --- off for a while --------------------------------------------------------------------------


def test_off_until_a_time_comes_back_by_itself(fake_gobiz, outlet):
    item = item_of(outlet)
    stock.switch("item", item, False, None, outlet, timezone.now() + timedelta(hours=1))
    assert sent(outlet)[0].told is False
    assert stock.bring_back() == 0
    StockOff.objects.update(back_at=timezone.now())
    assert stock.bring_back() == 1
    assert stock.bring_back() == 0
    assert sent(outlet)[0].told is True
    assert not StockOff.objects.exists()


def test_at_one_of_several_outlets_only_that_one_is_off_and_back(fake_gobiz, outlet):
    other = second_outlet(outlet, fake_gobiz)
    item = item_of(outlet)
    stock.switch("item", item, False, None, other, timezone.now() - timedelta(seconds=1))
    item.refresh_from_db()
    assert item.in_stock
    assert list(StockSwitch.objects.values_list("outlet", "in_stock")) == [(other.pk, False)]
    stock.bring_back()
    assert not OutletOverride.objects.exists()
    assert list(StockSwitch.objects.values_list("outlet", "in_stock")) == [(other.pk, True)]


def test_switched_on_by_hand_it_has_no_end_to_wait_for(outlet):
    item = item_of(outlet)
    stock.switch("item", item, False, None, outlet, timezone.now() + timedelta(hours=1))
    set_stock("item", item, True, None)
    assert not StockOff.objects.exists()
    set_stock("item", item, False, None)
    assert StockOff.objects.get().back_at is None


def test_the_end_of_one_that_is_off_can_be_changed(outlet):
    item = item_of(outlet)
    stock.switch("item", item, False, None, outlet)
    since = StockOff.objects.get().since
    later = timezone.now() + timedelta(hours=2)
    stock.switch("item", item, False, None, outlet, later)
    assert (StockOff.objects.get().back_at, StockOff.objects.get().since) == (later, since)
    assert CatalogEdit.objects.count() == 1


# --- what it costs ----------------------------------------------------------------------------


def test_the_cost_does_not_grow_with_the_catalog(fake_gobiz, outlet):
    def cost(size):
        MenuItemFactory.create_batch(size, menu=item_of(outlet).menu)
        know(outlet, fake_gobiz)
        MenuItem.objects.update(in_stock=False)
        with CaptureQueriesContext(connection) as noting:
            stock_wishes.note_all(outlet)
        due(outlet)
        with CaptureQueriesContext(connection) as sending:
            stock_sending.send(outlet.pk)
        MenuItem.objects.update(in_stock=True)
        StockSwitch.objects.all().delete()
        return len(noting), len(sending)

    few = cost(3)
    assert cost(40) == few


def test_what_was_switched_since_is_no_longer_to_be_published(fake_gobiz, outlet):
    off(outlet)
    selling = OutletCatalog.objects.select_related("catalog").get(outlet=outlet)
    assert [change.kind for change in review(outlet, selling).changes] == ["switched"]
    sent(outlet)
    assert review(outlet, selling).changes == []
    assert reviews([outlet])[0].changes == []
    set_stock("item", item_of(outlet), True, None)
    assert [change.kind for change in review(outlet, selling).changes] == ["switched"]
