"""Resync without asking: only where the merchant wished it and nothing but the mapping can change."""

from datetime import timedelta

import pytest
from django.utils import timezone

from menus.editing import save_item
from menus.models import AlertSetting, LiveReading, MappingAlert, MenuItem, Repair, Sync, Variant
from menus.repairing.automatic import decide, look, set_without_asking
from menus.repairing.fixing import request_repairs
from tests.menus.factories import MenuItemFactory, live_from, live_item, selling_outlet
from tests.menus.repairs import again, confirm, opened, published, read_live

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    """GoFood was proven to have the menu, and shows it; the merchant wishes no questions."""
    outlet = selling_outlet()
    published(outlet)
    Sync.objects.update(next_attempt_at=None)
    AlertSetting.objects.create(merchant=outlet.merchant, resync_without_asking=True)
    return outlet


@pytest.fixture
def live(outlet, fake_gobiz):
    """GoFood shows the menu still, and has lost the ids."""
    live = live_from(fake_gobiz.puts[-1][1])
    for item in live["menus"][0]["menu_items"]:
        item["external_id"] = None
    for category in live["variant_categories"]:
        for variant in category["variants"]:
            variant["external_id"] = None
    return live


def code(alert):
    return again(alert).auto_code


def test_not_wished_nothing_is_done(outlet, live):
    AlertSetting.objects.update(resync_without_asking=False)
    alert = opened(outlet, [], ["Paha atas"])
    read_live(outlet, live)
    look()
    assert (again(alert).auto_at, Repair.objects.count()) == (None, 0)


def test_what_is_open_when_it_is_switched_on_waits_for_a_person(outlet, live, cast):
    AlertSetting.objects.all().delete()
    opened(outlet, [], ["Paha atas"])
    read_live(outlet, live)
    set_without_asking(outlet.merchant, True, cast.owner)
    look()
    assert not Repair.objects.exists()


def test_it_waits_until_gofoods_menu_was_read_and_not_for_long(outlet, live):
    read_live(outlet, live)
    alert = opened(outlet, [], ["Paha atas"])
    look()
    assert (again(alert).auto_at, LiveReading.objects.get().state) == (None, "queued")
    MappingAlert.objects.update(opened_at=timezone.now() - timedelta(minutes=11))
    LiveReading.objects.update(read_at=timezone.now() - timedelta(minutes=12))
    look()
    assert code(alert) == "not_read"
    assert not Repair.objects.exists()


def test_where_nothing_else_changes_it_is_published_at_once_and_once(outlet, live):
    alert = opened(outlet, [], ["Paha atas"])
    read_live(outlet, live)
    look()
    look()
    repair = Repair.objects.get()
    assert (repair.automatic, repair.state, repair.requested_by, code(alert)) == (
        True,
        "sent",
        None,
        "started",
    )
    confirm(repair.sync)
    assert again(alert).state == "closed"


def test_never_confirmed_it_gets_its_id(outlet, live):
    Variant.objects.filter(name="Paha atas").update(external_id=None)
    Sync.objects.update(queued_at=timezone.now() - timedelta(days=1))
    opened(outlet, [], ["Paha atas"])
    read_live(outlet, live)
    assert decide(outlet) == "started"
    assert Variant.objects.get(name="Paha atas").external_id == "paha-atas"


def test_a_half_done_draft_is_not_published(outlet, live):
    save_item(MenuItem.objects.get(), {"price": 16_000}, None)
    alert = opened(outlet, [], ["Paha atas"])
    read_live(outlet, live)
    look()
    assert code(alert) == "changes_more"
    assert Sync.objects.count() == 1


def test_what_was_changed_in_the_gobiz_app_is_not_put_back(outlet, live):
    live["menus"][0]["menu_items"].append(live_item("Es Teh"))
    alert = opened(outlet, [], ["Paha atas"])
    read_live(outlet, live)
    look()
    assert code(alert) == "changes_more"


@pytest.mark.parametrize("names", [(["Es Teh"], []), ([], []), (["Ayam Geprek", "Es Teh"], ["Paha atas"])])
def test_a_name_that_somebody_has_to_tell_of_is_left(outlet, live, names):
    alert = opened(outlet, *names)
    read_live(outlet, live)
    look()
    assert code(alert) == "not_certain"
    assert not Repair.objects.exists()


def test_several_of_a_name_are_left(outlet, live):
    MenuItemFactory(menu=MenuItem.objects.get().menu, name="ayam geprek")
    alert = opened(outlet, ["Ayam Geprek"])
    read_live(outlet, live)
    look()
    assert code(alert) == "not_certain"


def test_an_error_in_the_menu_is_left(outlet, live):
    MenuItem.objects.update(price=-1)
    alert = opened(outlet, [], ["Paha atas"])
    read_live(outlet, live)
    look()
    assert code(alert) == "blocked"


def test_not_while_a_menu_is_on_its_way_and_not_twice_within_15_minutes(outlet, live):
    opened(outlet, [], ["Paha atas"])
    read_live(outlet, live)
    look()
    second = opened(outlet, [], ["Paha bawah"], number="F-2")
    look()
    assert code(second) == "under_way"
    confirm(Repair.objects.get().sync)
    third = opened(outlet, [], ["Paha bawah"], number="F-3")
    read_live(outlet, live)
    look()
    assert code(third) == "too_soon"
    Repair.objects.update(requested_at=timezone.now() - timedelta(minutes=16))
    fourth = opened(outlet, [], ["Paha bawah"], number="F-4")
    Sync.objects.update(next_attempt_at=None)
    read_live(outlet, live)
    look()
    assert code(fourth) == "started"
    assert Repair.objects.count() == 2


def test_somebody_who_pressed_meanwhile_comes_first(outlet, live):
    alert = opened(outlet, [], ["Paha atas"])
    read_live(outlet, live)
    request_repairs({outlet: {}}, None)
    look()
    assert code(alert) == "under_way"
    assert not Repair.objects.filter(automatic=True).exists()
