"""Drift: found within the hour, sorted by how it came about, decided about, and told calmly."""

import random
from copy import deepcopy
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable
from gobiz_admin.merchants import mailing
from gobiz_admin.merchants.banners import banners_for
from gobiz_admin.merchants.models import AuditEntry
from menus.adopting.choosing import AdoptRefused
from menus.confirming import mapping_updated, read_back
from menus.drift import bounds, scanning, telling
from menus.drift.bounds import MOST_KEPT
from menus.drift.deciding import overwrite_later, take_over
from menus.drift.scanning import compare, drift_now, scan
from menus.drift.sorting import Line
from menus.editing import save_item, set_stock
from menus.models import CatalogEdit, Drift, LiveReading, MenuItem, StockSwitch, Sync, Variant
from menus.publishing import request_publish
from menus.sending import send
from menus.undoing import undo
from tests.factories import MemberFactory, OutletFactory
from tests.menus.factories import MenuItemFactory, live_category, live_item, selling_outlet
from tests.menus.test_on_gofood import edited, outlet, publish, shows

__all__ = ["outlet"]
pytestmark = pytest.mark.django_db


def lines(outlet) -> list[Line]:
    drift = compare(outlet.pk)
    return [Line(**line) for line in drift.lines]


def told(outlet):
    return [(line.kind, line.field, line.name, line.old, line.new) for line in lines(outlet)]


def changed(fake_gobiz, outlet, change):
    """Somebody changes the live menu in the GoBiz app by `change`, and we read it."""
    live = deepcopy(fake_gobiz.live[outlet.outlet_id])
    change(live)
    shows(fake_gobiz, outlet, live)


def item_of(live, name):
    return next(item for menu in live["menus"] for item in menu["menu_items"] if item["name"] == name)


# --- sorting ----------------------------------------------------------------------------------


def test_what_is_as_it_was_published_is_no_drift(outlet):
    assert lines(outlet) == []


def test_a_price_edited_in_the_gobiz_app_is_urgent(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    assert told(outlet) == [("edited", "price", "Es Teh", 5000, 6000)]
    drift = Drift.objects.get()
    assert (drift.open, drift.urgent) == (1, 1)


def test_a_change_of_ours_that_gofood_did_not_take(fake_gobiz, outlet):
    """GoBiz says that it is live, and GoFood shows the price from before."""
    before = deepcopy(fake_gobiz.live[outlet.outlet_id])
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6000}, None)
    sync = request_publish(outlet, None)
    send(sync.pk)
    mapping_updated(outlet, sync.request_id, [], None)
    Sync.objects.update(next_attempt_at=None)
    shows(fake_gobiz, outlet, before)
    assert told(outlet) == [("not_taken", "price", "Es Teh", 6000, 5000)]
    again = request_publish(outlet, None, again=True)
    send(again.pk)
    mapping_updated(outlet, again.request_id, [], None)
    Sync.objects.update(next_attempt_at=None)
    shows(fake_gobiz, outlet, before)
    assert told(outlet) == [("not_taken", "price", "Es Teh", 6000, 5000)]


def test_what_gofood_had_otherwise_when_it_was_read_back_was_never_edited(fake_gobiz, outlet):
    """It shortens descriptions, say: neither what we sent, nor what it had before."""
    save_item(MenuItem.objects.get(name="Es Teh"), {"description": "Manis dan segar"}, None)
    sync = request_publish(outlet, None)
    send(sync.pk)
    mapping_updated(outlet, sync.request_id, [], None)
    item_of(fake_gobiz.live[outlet.outlet_id], "Es Teh")["description"] = "Manis"
    Sync.objects.filter(pk=sync.pk).update(
        next_attempt_at=timezone.now(), confirmed_at=timezone.now() - timedelta(minutes=11)
    )
    read_back(sync.pk)
    assert told(outlet) == [("not_taken", "description", "Es Teh", "Manis dan segar", "Manis")]
    edited(fake_gobiz, outlet, "Es Teh", description="Pahit", image="")
    assert {(line.kind, line.field) for line in lines(outlet)} == {
        ("edited", "description"),
        ("edited", "image_url"),
    }


def test_an_addition_and_a_removal_that_gofood_did_not_take(fake_gobiz, outlet):
    before = deepcopy(fake_gobiz.live[outlet.outlet_id])
    MenuItemFactory(menu=MenuItem.objects.first().menu, name="Es Kopi")
    MenuItem.objects.get(name="Es Teh").delete()
    publish(outlet, removing=1)
    shows(fake_gobiz, outlet, before)
    assert sorted((line.kind, line.field, line.name) for line in lines(outlet)) == [
        ("not_taken", "gone", "Es Kopi"),
        ("not_taken", "new", "Es Teh"),
    ]


def test_what_was_changed_on_both_sides(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 5500}, None)
    (line,) = lines(outlet)
    assert (line.kind, line.old, line.new, line.ours) == ("newer", 5000, 6000, 5500)


def test_what_was_changed_here_alone_is_no_drift(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh")
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 5500}, None)
    MenuItem.objects.get(name="Es Jeruk").delete()
    assert lines(outlet) == []


@pytest.mark.parametrize("kind", ["item", "variant"])
def test_a_lost_external_id_is_named(fake_gobiz, outlet, kind):
    def lose(live):
        row = item_of(live, "Es Teh") if kind == "item" else live["variant_categories"][0]["variants"][0]
        row["external_id"] = None

    changed(fake_gobiz, outlet, lose)
    (line,) = lines(outlet)
    assert (line.kind, line.of, line.field, line.new, line.urgent) == (
        "edited",
        kind,
        "external_id",
        None,
        True,
    )
    assert (
        line.old
        == (MenuItem.objects.get(name="Es Teh") if kind == "item" else Variant.objects.first()).external_id
    )


@pytest.mark.parametrize("same_gobiz_id", [True, False])
def test_another_external_id_is_one_line(fake_gobiz, outlet, same_gobiz_id):
    def renumber(live):
        item = item_of(live, "Es Teh")
        item["external_id"] = "from-the-app"
        item["id"] = "g-known" if same_gobiz_id else "another"

    MenuItem.objects.filter(name="Es Teh").update(gobiz_id="g-known")
    changed(fake_gobiz, outlet, renumber)
    (line,) = lines(outlet)
    ours = MenuItem.objects.get(name="Es Teh").external_id
    assert (line.kind, line.field, line.old, line.new) == ("edited", "external_id", ours, "from-the-app")
    assert bool(line.key) is same_gobiz_id


def test_what_was_made_or_removed_there(fake_gobiz, outlet):
    def change(live):
        items = live["menus"][0]["menu_items"]
        items[:] = [item for item in items if item["name"] != "Es Teh"] + [live_item("Es Kopi")]
        live["variant_categories"].append(live_category("Gula", "Sedikit"))

    changed(fake_gobiz, outlet, change)
    found = {(line.of, line.field, line.name, line.urgent) for line in lines(outlet)}
    assert found == {
        ("item", "gone", "Es Teh", True),
        ("item", "new", "Es Kopi", True),
        ("variant_category", "new", "Gula", False),
    }


def test_calm_changes_are_calm(fake_gobiz, outlet):
    hours = {"sunday": [{"start": "10:00", "end": "12:00"}]}
    edited(
        fake_gobiz,
        outlet,
        "Es Teh",
        description="Manis",
        image="https://x.example/1.png",
        operational_hours=hours,
    )
    found = {(line.field, line.kind, line.urgent) for line in lines(outlet)}
    assert found == {
        ("description", "edited", False),
        ("image_url", "edited", False),
        ("operational_hours", "edited", False),
    }


def test_stock_that_we_switched_is_no_drift_and_what_somebody_switched_there_is(fake_gobiz, outlet):
    set_stock("item", MenuItem.objects.get(name="Es Teh"), False, None)
    StockSwitch.objects.update(state="done", told=False, told_at=timezone.now())
    edited(fake_gobiz, outlet, "Es Teh", in_stock=False)
    assert lines(outlet) == []
    edited(fake_gobiz, outlet, "Es Teh", in_stock=True)
    assert told(outlet) == [("edited", "in_stock", "Es Teh", False, True)]


def test_before_the_first_publish_and_while_a_menu_is_on_its_way_nothing_is_told(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    assert lines(outlet)
    sync = request_publish(outlet, None)
    send(sync.pk)
    assert compare(outlet.pk) is None
    assert Drift.objects.get().open == 1
    other = selling_outlet()
    fake_gobiz.live[other.outlet_id] = fake_gobiz.live[outlet.outlet_id]
    assert scan(other.pk) is None
    assert compare(OutletFactory().pk) is None


# --- deciding ---------------------------------------------------------------------------------


def all_prints(outlet):
    return [line.print for line in drift_now(outlet.pk).lines]


def adopted(outlet, prints=None):
    now = drift_now(outlet.pk)
    return take_over(outlet, now.plan.digest, all_prints(outlet) if prints is None else prints, None)


def scramble(dice, live):
    """A few random edits, as somebody makes them in the GoBiz app."""
    items = live["menus"][0]["menu_items"]
    edits = [
        lambda item: item.update(price=item["price"] + 500),
        lambda item: item.update(name=f"{item['name']} Baru"),
        lambda item: item.update(description="Diubah"),
        lambda item: item.update(in_stock=not item["in_stock"]),
        lambda item: item.update(operational_hours={"monday": [{"start": "01:00", "end": "02:00"}]}),
        lambda item: item.update(variant_category_ids=[]),
        lambda item: items.append(live_item(f"Baru {item['external_id']}")),
        lambda item: items.insert(0, items.pop()),
        lambda item: live["variant_categories"][0]["variants"][0].update(price=7000),
        lambda item: live["variant_categories"].append(
            live_category(f"Gula {item['external_id']}", "Sedikit")
        ),
        lambda item: live["menus"].append(
            {"name": f"Menu {item['external_id']}", "menu_items": [items.pop()]}
        ),
    ]
    for edit in dice.sample(edits, dice.randint(1, 5)):
        edit(items[dice.randrange(len(items))])


@pytest.mark.parametrize("seed", range(8))
def test_what_was_taken_over_differs_no_more_and_comes_back_with_an_undo(fake_gobiz, outlet, seed):
    changed(fake_gobiz, outlet, lambda live: scramble(random.Random(seed), live))
    before = lines(outlet)
    assert before
    assert adopted(outlet) > 0
    assert [line for line in Drift.objects.get().lines if line["key"]] == []
    edit = CatalogEdit.objects.get()
    undo(edit, None)
    assert {line.print for line in lines(outlet)} == {line.print for line in before}


def test_one_line_is_taken_over_and_the_other_stays(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    edited(fake_gobiz, outlet, "Es Jeruk", price=9000)
    (jeruk,) = (line.print for line in lines(outlet) if line.name == "Es Jeruk")
    assert adopted(outlet, [jeruk, "another"]) == 1
    assert MenuItem.objects.get(name="Es Jeruk").price == 9000
    assert told(outlet) == [("edited", "price", "Es Teh", 5000, 6000)]


def test_another_menu_than_was_shown_is_not_taken_over(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    now = drift_now(outlet.pk)
    edited(fake_gobiz, outlet, "Es Teh", price=6500)
    with pytest.raises(AdoptRefused):
        take_over(outlet, now.plan.digest, [line.print for line in now.lines], None)
    Sync.objects.update(state="accepted")
    with pytest.raises(AdoptRefused):
        take_over(outlet, now.plan.digest, [line.print for line in now.lines], None)
    assert MenuItem.objects.get(name="Es Teh").price == 5000


def test_what_the_next_publish_overwrites_is_calm_until_it_changes_again(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    prints = [line.print for line in lines(outlet)]
    assert (overwrite_later(outlet, prints, None), overwrite_later(outlet, prints, None)) == (1, 0)
    assert AuditEntry.objects.filter(action="menu.drift_overwritten").count() == 1
    edited(fake_gobiz, outlet, "Es Teh")
    assert len(lines(outlet)) == 1
    assert (Drift.objects.get().open, banners_for(outlet.merchant)) == (0, [])
    edited(fake_gobiz, outlet, "Es Teh", price=6500)
    assert len(lines(outlet)) == 1
    assert Drift.objects.get().urgent == 1
    publish(outlet)
    compare(outlet.pk)
    drift = Drift.objects.get()
    assert (drift.lines, drift.decided, drift.open) == ([], {}, 0)


def test_two_decide_at_once_and_nothing_of_a_stranger(outlet):
    assert overwrite_later(OutletFactory(), ["x"], None) == 0
    compare(outlet.pk)
    assert overwrite_later(outlet, ["x"], None) == 0


# --- of a menu without end ----------------------------------------------------------------------


def replaced_by_another(live):
    """One price changed, the other items gone, and 120 items and 80 variant categories that nobody here knows."""
    teh = item_of(live, "Es Teh")
    teh["price"] += 500
    live["menus"][0]["menu_items"] = [live_item(f"Lain {number}") for number in range(120)] + [teh]
    live["variant_categories"] += [live_category(f"Pilihan {number}") for number in range(80)]


def test_of_a_menu_that_was_replaced_all_is_counted_and_what_matters_most_is_kept(fake_gobiz, outlet):
    changed(fake_gobiz, outlet, replaced_by_another)
    drift, known = compare(outlet.pk), drift_now(outlet.pk).lines
    assert drift.found == drift.open == len(known) > 200
    assert drift.urgent == len([line for line in known if line.urgent])
    drift.refresh_from_db()
    kept = [Line(**line) for line in drift.lines]
    assert [line.urgent for line in kept] == [True] * MOST_KEPT + [False] * MOST_KEPT
    assert (kept[0].name, kept[0].field) == ("Es Teh", "price")


def test_all_of_it_is_taken_over(fake_gobiz, outlet):
    changed(fake_gobiz, outlet, replaced_by_another)
    compare(outlet.pk)
    assert adopted(outlet) > 200
    assert MenuItem.objects.filter(name__startswith="Lain").count() == 120
    assert MenuItem.objects.get(name="Es Teh").price == 5500


def test_all_of_it_is_left_to_the_next_publish(fake_gobiz, outlet):
    changed(fake_gobiz, outlet, replaced_by_another)
    compare(outlet.pk)
    prints = all_prints(outlet)
    assert overwrite_later(outlet, prints, None) == len(set(prints)) > 200
    drift = compare(outlet.pk)
    assert (drift.found, drift.open, drift.urgent) == (len(prints), 0, 0)
    assert banners_for(outlet.merchant) == []
    changed(fake_gobiz, outlet, lambda live: live["menus"][0]["menu_items"].append(live_item("Satu lagi")))
    drift = compare(outlet.pk)
    assert (drift.open, drift.urgent, drift.lines[0]["name"]) == (1, 1, "Satu lagi")


def test_what_was_left_to_the_next_publish_is_what_gofood_has_now(fake_gobiz, outlet):
    """It was read again since the page was shown, and not compared yet."""
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    compare(outlet.pk)
    prints = all_prints(outlet)
    edited(fake_gobiz, outlet, "Es Teh", price=6500)
    assert overwrite_later(outlet, prints, None) == 0
    assert overwrite_later(outlet, all_prints(outlet), None) == 1


def test_no_value_is_kept_without_end():
    names = [f"Item {number}" for number in range(1000)]
    line = Line("menu-0-order", "edited", "menu", "order", "M" * 9000, old=names, new=names[::-1])
    (kept,) = bounds.kept([line], ())
    assert (len(kept["old"]), len(kept["new"]), len(kept["name"])) == (100, 100, 2000)


# --- the sweep --------------------------------------------------------------------------------


def test_each_published_outlet_has_its_turn_within_the_hour(outlet):
    selling_outlet()
    assert scanning.due() == []
    assert Drift.objects.get().outlet == outlet
    assert timezone.now() <= Drift.objects.get().next_due_at <= timezone.now() + timedelta(hours=1)
    Drift.objects.update(next_due_at=timezone.now())
    assert scanning.due() == [outlet.pk]
    assert scanning.due() == []
    assert Drift.objects.get().next_due_at > timezone.now() + timedelta(minutes=50)


def test_one_with_a_menu_or_a_switch_on_its_way_waits(outlet):
    Drift.objects.create(outlet=outlet, next_due_at=timezone.now())
    set_stock("item", MenuItem.objects.get(name="Es Teh"), False, None)
    assert scanning.due() == []
    StockSwitch.objects.update(state="done")
    Sync.objects.update(state="accepted")
    assert scanning.due() == []
    Sync.objects.update(state="confirmed")
    assert scanning.due() == [outlet.pk]


def test_a_scan_reads_and_compares_and_a_failed_one_leaves_what_was_known(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    assert scan(outlet.pk).urgent == 1
    read_at = LiveReading.objects.get().read_at
    fake_gobiz.reads = [GobizUnavailable("503")]
    drift = scan(outlet.pk)
    assert (drift.urgent, drift.read_at) == (1, read_at)
    assert LiveReading.objects.get().state == "failed"


def test_what_no_wake_up_reached_is_found(fake_gobiz, outlet):
    Drift.objects.create(outlet=outlet, next_due_at=timezone.now())
    assert scanning.stale() == [outlet.pk]
    scanning.compare_new(outlet.pk)
    assert scanning.stale() == []
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    assert scanning.stale() == [outlet.pk]
    scanning.compare_new(outlet.pk)
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6000}, None)
    assert scanning.stale() == [outlet.pk]
    scanning.compare_new(outlet.pk)
    assert Drift.objects.get().open == 0
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6500}, None)
    assert scanning.stale() == []


def test_what_cannot_be_compared_is_not_looked_at_for_ever(fake_gobiz, outlet):
    compare(outlet.pk)
    Sync.objects.update(accepted_at=timezone.now() + timedelta(minutes=1))
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    assert scanning.stale() == [outlet.pk]
    scanning.compare_new(outlet.pk)
    assert scanning.stale() == []
    assert Drift.objects.get().open == 0


def test_what_was_read_while_a_menu_was_on_its_way_is_compared_when_it_has_come_to_rest(fake_gobiz, outlet):
    compare(outlet.pk)
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    # Confirmed by a notification, and its read-back does not match yet.
    Sync.objects.update(next_attempt_at=timezone.now())
    scanning.compare_new(outlet.pk)
    assert (Drift.objects.get().open, scanning.stale()) == (0, [])
    Sync.objects.update(next_attempt_at=None)
    assert scanning.stale() == [outlet.pk]
    scanning.compare_new(outlet.pk)
    assert (Drift.objects.get().open, scanning.stale()) == (1, [])


def test_a_menu_that_comes_to_rest_during_a_comparison_is_compared_again(fake_gobiz, outlet, monkeypatch):
    compare(outlet.pk)
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    Sync.objects.update(next_attempt_at=timezone.now())
    work = scanning.drift_now

    def slow(outlet_pk):
        found = work(outlet_pk)
        Sync.objects.update(next_attempt_at=None)
        return found

    monkeypatch.setattr(scanning, "drift_now", slow)
    scanning.compare_new(outlet.pk)
    assert (Drift.objects.get().open, scanning.stale()) == (0, [outlet.pk])


def test_open_pages_are_told_of_drift_that_is_another(fake_gobiz, outlet, monkeypatch):
    told = []
    monkeypatch.setattr(scanning, "announce", lambda merchant, topic, **facts: told.append(topic))
    compare(outlet.pk)
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    told.clear()
    compare(outlet.pk)
    compare(outlet.pk)
    assert told == ["drift"]


def test_an_older_reading_does_not_take_the_place_of_a_newer(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    compare(outlet.pk)
    LiveReading.objects.update(read_at=LiveReading.objects.get().read_at - timedelta(milliseconds=1))
    Drift.objects.update(lines=[], open=0)
    assert compare(outlet.pk).lines == []


def test_a_comparison_takes_as_many_queries_for_a_large_menu(fake_gobiz, outlet):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as found:
            compare(outlet.pk)
        return len(found)

    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 5500}, None)
    publish(outlet)
    small = queries()
    for number in range(40):
        MenuItemFactory(menu=MenuItem.objects.first().menu, name=f"Item {number}")
    publish(outlet)
    changed(
        fake_gobiz, outlet, lambda live: [item.update(price=1) for item in live["menus"][0]["menu_items"]]
    )
    assert queries() == small
    assert Drift.objects.get().open == 43


# --- telling ----------------------------------------------------------------------------------


def test_what_costs_money_or_orders_is_said_on_every_page(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", description="Manis")
    compare(outlet.pk)
    assert banners_for(outlet.merchant) == []
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    compare(outlet.pk)
    (banner,) = banners_for(outlet.merchant)
    assert banner.kind == "warning"
    assert banners_for(OutletFactory().merchant) == []


NINE = "2027-03-01T09:30:00+07:00"


def test_the_rest_is_one_letter_a_day_and_only_of_what_is_new(fake_gobiz, outlet):
    owner = MemberFactory(merchant=outlet.merchant).user
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    compare(outlet.pk)
    with time_machine.travel(NINE, tick=False):
        assert telling.tell() == 0
    edited(fake_gobiz, outlet, "Es Jeruk", description="Segar")
    compare(outlet.pk)
    with time_machine.travel("2027-03-01T08:59:00+07:00", tick=False):
        assert telling.tell() == 0
    with time_machine.travel(NINE, tick=False):
        assert (telling.tell(), telling.tell()) == (1, 0)
        mailing.send_due()
    (letter,) = mail.outbox
    assert letter.to == [owner.email]
    assert letter.subject.startswith("1 ")
    assert outlet.name in letter.body
    assert f"/m/{outlet.merchant_id}/publish/drift/" in letter.body
    with time_machine.travel("2027-03-02T10:00:00+07:00", tick=False):
        assert telling.tell() == 0
        drift = Drift.objects.get()
        drift.told = []
        drift.save()
        assert telling.tell() == 1


def test_a_letter_counts_all_that_differs_though_less_is_kept(fake_gobiz, outlet):
    MemberFactory(merchant=outlet.merchant)
    changed(
        fake_gobiz,
        outlet,
        lambda live: live["variant_categories"].extend(live_category(f"Pilihan {n}") for n in range(80)),
    )
    drift = compare(outlet.pk)
    assert len(drift.lines) == MOST_KEPT
    with time_machine.travel(NINE, tick=False):
        assert telling.tell() == 1
        mailing.send_due()
    assert mail.outbox[0].subject.startswith(f"{drift.open} ")
    assert drift.open > MOST_KEPT
    with time_machine.travel("2027-03-02T10:00:00+07:00", tick=False):
        assert telling.tell() == 0


def test_what_was_decided_is_not_told(fake_gobiz, outlet):
    MemberFactory(merchant=outlet.merchant)
    edited(fake_gobiz, outlet, "Es Jeruk", description="Segar")
    overwrite_later(outlet, [line.print for line in lines(outlet)], None)
    with time_machine.travel(NINE, tick=False):
        assert telling.tell() == 0
