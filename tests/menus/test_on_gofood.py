"""What GoFood has now against what was published: what somebody changed there, and what only looks so."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.utils import timezone

from menus.confirming import mapping_updated, read_back
from menus.editing import save_item, set_stock
from menus.models import LiveReading, MenuItem, OutletCatalog, StockSwitch, Sync
from menus.on_gofood import on_gofood
from menus.publishing import AlreadyPublished, request_publish
from menus.readings import keep
from menus.removals import RemovalUnconfirmed
from menus.reviewing import review, reviews
from menus.sending import send
from tests.factories import GobizAppFactory, OutletFactory
from tests.menus.factories import MenuItemFactory, live_category, live_item, selling_outlet

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    """A published one with three items, whose menu GoFood was proven to have."""
    outlet = selling_outlet(price=15000)
    menu = MenuItem.objects.get().menu
    MenuItemFactory(menu=menu, name="Es Teh", price=5000)
    MenuItemFactory(menu=menu, name="Es Jeruk", price=6000)
    publish(outlet)
    return outlet


def publish(outlet, **how):
    sync = request_publish(outlet, None, **how)
    send(sync.pk)
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now())
    read_back(sync.pk)
    sync.refresh_from_db()
    assert sync.state == "confirmed"
    return sync


def edited(fake_gobiz, outlet, name, **fields):
    """Somebody changes an item in the GoBiz app, and we read it."""
    live = deepcopy(fake_gobiz.live[outlet.outlet_id])
    for menu in live["menus"]:
        for item in menu["menu_items"]:
            if item["name"] == name:
                item.update(fields)
    return shows(fake_gobiz, outlet, live)


def shows(fake_gobiz, outlet, live):
    fake_gobiz.live[outlet.outlet_id] = live
    assert keep(outlet, live, timezone.now())
    return live


def reviewed(outlet):
    return review(outlet, OutletCatalog.objects.select_related("catalog").get(outlet=outlet))


def told(changes):
    return [(change.kind, change.name, change.old, change.new) for change in changes]


def test_a_price_changed_in_the_gobiz_app_will_be_overwritten(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    found = reviewed(outlet)
    assert told(found.overwritten) == [("repriced", "Es Teh", 6000, 5000)]
    assert (found.changes, found.own_changes) == (found.overwritten, [])


def test_what_was_changed_here_stands_beside_it(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    save_item(MenuItem.objects.get(name="Es Jeruk"), {"price": 7000}, None)
    found = reviewed(outlet)
    assert told(found.own_changes) == [("repriced", "Es Jeruk", 6000, 7000)]
    assert told(found.overwritten) == [("repriced", "Es Teh", 6000, 5000)]


def test_the_same_change_on_both_sides_is_there_already(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    save_item(MenuItem.objects.get(name="Es Teh"), {"price": 6000}, None)
    found = reviewed(outlet)
    assert (found.changes, told(found.already_there)) == ([], [("repriced", "Es Teh", 5000, 6000)])


def test_what_was_removed_or_made_there_is_brought_back_or_removed(fake_gobiz, outlet):
    live = deepcopy(fake_gobiz.live[outlet.outlet_id])
    live["menus"][0]["menu_items"] = [
        *[item for item in live["menus"][0]["menu_items"] if item["name"] != "Es Teh"],
        live_item("Es Kopi"),
    ]
    live["variant_categories"].append(live_category("Gula", "Sedikit"))
    shows(fake_gobiz, outlet, live)
    kinds = {(change.kind, change.of, change.name) for change in reviewed(outlet).overwritten}
    assert ("added", "item", "Es Teh") in kinds
    assert ("removed", "item", "Es Kopi") in kinds
    assert ("removed", "variant_category", "Gula") in kinds


def test_gofoods_own_way_of_writing_is_no_change(fake_gobiz, outlet):
    """It was proven although it shows other hours, pictures and another order: that is how it writes them."""
    sync = request_publish(outlet, None, again=True)
    send(sync.pk)
    all_day = {"monday": [{"start": "00:00", "end": "23:59"}]}
    live = fake_gobiz.live[outlet.outlet_id]
    live["menus"][0]["menu_items"].reverse()
    for item in live["menus"][0]["menu_items"]:
        item |= {"operational_hours": all_day, "image": f"https://cdn.example.com/{item['id']}.png?a=1"}
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now())
    read_back(sync.pk)
    assert LiveReading.objects.get().proven_version == sync.version
    assert (reviewed(outlet).changes, on_gofood(outlet).changed_there) == ([], [])
    edited(fake_gobiz, outlet, "Es Teh", image=live["menus"][0]["menu_items"][1]["image"] + "&b=2")
    assert on_gofood(outlet).changed_there == []
    tuesday = {"tuesday": [{"start": "08:00", "end": "12:00"}]}
    edited(fake_gobiz, outlet, "Es Teh", operational_hours=tuesday, image="https://cdn.example.com/new.png")
    changes = on_gofood(outlet).changed_there
    assert {(change.kind, change.name) for change in changes} == {("hours", "Es Teh"), ("pictured", "Es Teh")}
    live = deepcopy(fake_gobiz.live[outlet.outlet_id])
    live["menus"][0]["menu_items"].append(live["menus"][0]["menu_items"].pop(0))
    shows(fake_gobiz, outlet, live)
    assert "moved" in {change.kind for change in on_gofood(outlet).changed_there}


def test_a_picture_that_is_gone_is_a_change_however_it_is_written(fake_gobiz, outlet):
    LiveReading.objects.update(proven=None, proven_version=None)
    edited(fake_gobiz, outlet, "Es Teh", image="")
    assert [(change.kind, change.new) for change in on_gofood(outlet).changed_there] == [("pictured", "")]


def test_stock_that_was_switched_since_the_reading_is_no_change(fake_gobiz, outlet):
    live = deepcopy(fake_gobiz.live[outlet.outlet_id])
    shows(fake_gobiz, outlet, live)
    set_stock("item", MenuItem.objects.get(name="Es Teh"), False, None)
    assert on_gofood(outlet).changed_there == []
    StockSwitch.objects.update(state="done", told=False, told_at=timezone.now())
    assert on_gofood(outlet).changed_there == []
    shows(fake_gobiz, outlet, live)
    assert told(on_gofood(outlet).changed_there) == [("switched", "Es Teh", False, True)]


def test_while_a_menu_is_on_its_way_nothing_is_told_by_a_reading(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    save_item(MenuItem.objects.get(name="Es Jeruk"), {"price": 7000}, None)
    sync = request_publish(outlet, None)
    assert on_gofood(outlet).live is not None
    send(sync.pk)
    edited(fake_gobiz, outlet, "Es Teh", price=6500)
    assert on_gofood(outlet).live is None
    mapping_updated(outlet, sync.request_id, [], None)
    assert on_gofood(outlet).live is None
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=None)
    assert told(on_gofood(outlet).changed_there) == [("repriced", "Es Teh", 5000, 6500)]


def test_an_old_reading_tells_nothing(fake_gobiz, outlet):
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    Sync.objects.update(accepted_at=timezone.now() - timedelta(hours=2))
    LiveReading.objects.update(read_at=timezone.now() - timedelta(minutes=11))
    assert on_gofood(outlet).live is None
    assert reviewed(outlet).overwritten == []


def test_the_same_menu_is_sent_again_where_somebody_changed_it_there(fake_gobiz, outlet):
    with pytest.raises(AlreadyPublished):
        request_publish(outlet, None)
    edited(fake_gobiz, outlet, "Es Teh", price=6000)
    sync = request_publish(outlet, None)
    assert (sync.state, request_publish(outlet, None).pk) == ("queued", sync.pk)


def test_what_goes_is_counted_of_what_is_there_now(fake_gobiz, outlet):
    live = deepcopy(fake_gobiz.live[outlet.outlet_id])
    live["menus"][0]["menu_items"].append(live_item("Es Kopi"))
    shows(fake_gobiz, outlet, live)
    with pytest.raises(RemovalUnconfirmed) as asked:
        request_publish(outlet, None)
    assert (asked.value.removal.count, asked.value.removal.of) == (1, 4)
    assert reviewed(outlet).removal == asked.value.removal
    sync = request_publish(outlet, None, removing=1)
    assert sync.version.confirmations[-1]["value"] == "1"
    # What is gone there already is not asked about.
    MenuItem.objects.filter(name__startswith="Es").delete()
    live["menus"][0]["menu_items"] = live["menus"][0]["menu_items"][:1]
    shows(fake_gobiz, outlet, live)
    assert reviewed(outlet).removal is None


@pytest.mark.parametrize("count", [2, 40])
def test_reviews_of_many_outlets_read_their_readings_at_once(count, django_assert_num_queries, fake_gobiz):
    app = GobizAppFactory()
    outlet = selling_outlet()
    others = [OutletFactory(gobiz_app=app) for _ in range(count - 1)]
    catalog = outlet.selling.catalog
    for other in others:
        OutletCatalog.objects.create(outlet=other, catalog=catalog, imported_at=timezone.now())
        keep(other, {"menus": [], "variant_categories": []}, timezone.now())
    with django_assert_num_queries(21):
        reviews([outlet, *others])
