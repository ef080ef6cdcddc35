"""A menu that was given up and arrived after all: confirmed by a reading that shows it in whole, and by no other."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable
from menus.arriving import confirm_arrived
from menus.drift import scanning
from menus.drift.scanning import compare
from menus.editing import save_item, set_stock
from menus.models import Drift, LiveReading, MenuItem, StockSwitch, Sync
from menus.publishing import request_publish
from menus.readings import keep
from menus.sending import send
from menus.states import LOOK_AFTER, WAITS
from tests.menus.test_on_gofood import outlet, publish, shows

__all__ = ["outlet"]
pytestmark = pytest.mark.django_db
NIGHT = {"monday": [{"start": "18:00", "end": "22:00"}]}


def given_up(fake_gobiz, outlet, applied):
    """The sync of what is in the catalog now, whose last try came to no answer."""
    sync = request_publish(outlet, None)
    Sync.objects.filter(pk=sync.pk).update(attempts=len(WAITS))
    fake_gobiz.takes_it, fake_gobiz.writes = applied, [GobizUnavailable("timeout")]
    send(sync.pk)
    sync.refresh_from_db()
    assert (sync.state, sync.maybe_applied) == ("failed", True)
    return sync


def item(name="Es Teh"):
    return MenuItem.objects.get(name=name)


def state(sync):
    sync.refresh_from_db()
    return sync.state


def read_now(fake_gobiz, outlet, change=None):
    """What is compared after the live menu was read, with somebody's change in the GoBiz app."""
    live = deepcopy(fake_gobiz.live[outlet.outlet_id])
    if change:
        change(live)
    shows(fake_gobiz, outlet, live)
    return compare(outlet.pk)


def items_of(live):
    return live["menus"][0]["menu_items"]


def test_it_is_confirmed_by_the_reading_and_nothing_differs(fake_gobiz, outlet):
    save_item(item(), {"price": 5500}, None)
    sync = given_up(fake_gobiz, outlet, applied=True)
    drift = read_now(fake_gobiz, outlet)
    assert (state(sync), sync.proof, sync.error_code) == ("confirmed", "arrived", "")
    reading = LiveReading.objects.get()
    assert sync.read_back_at == reading.read_at > sync.accepted_at
    assert (drift.lines, drift.found, drift.version) == ([], 0, sync.version)
    assert reading.proven_version == sync.version
    assert reading.proven == reading.live
    assert confirm_arrived(outlet.pk) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"price": 5500},
        {"operational_hours": NIGHT},
        {"image_url": "https://pictures.example.com/new.png"},
        {"internal_name": "ES TEH"},
        {"description": "Manis"},
    ],
)
def test_what_did_not_arrive_stays_given_up(fake_gobiz, outlet, changed):
    save_item(item(), changed, None)
    sync = given_up(fake_gobiz, outlet, applied=False)
    read_now(fake_gobiz, outlet)
    assert state(sync) == "failed"


def test_hours_and_a_picture_that_arrived_are_seen_though_gofood_keeps_its_own_copy(fake_gobiz, outlet):
    save_item(item(), {"operational_hours": NIGHT, "image_url": "https://pictures.example.com/new.png"}, None)
    sync = given_up(fake_gobiz, outlet, applied=True)

    def copied(live):
        for row in items_of(live):
            row["image"] = f"https://gofood.example.com/{row['name']}"

    read_now(fake_gobiz, outlet, copied)
    assert state(sync) == "confirmed"


@pytest.mark.parametrize(
    "there",
    [
        lambda live: items_of(live)[0].update(price=1),
        lambda live: items_of(live)[0].update(external_id=None),
        lambda live: items_of(live)[0].update(operational_hours=NIGHT),
        lambda live: items_of(live)[0].update(image=""),
        lambda live: items_of(live).pop(),
        lambda live: items_of(live).reverse(),
        lambda live: live["variant_categories"][0]["variants"][0].update(price=1),
    ],
)
def test_what_is_not_there_in_whole_is_not_published(fake_gobiz, outlet, there):
    save_item(item(), {"price": 5500}, None)
    sync = given_up(fake_gobiz, outlet, applied=True)
    read_now(fake_gobiz, outlet, there)
    assert state(sync) == "failed"


def test_a_reading_from_before_it_was_given_up_proves_nothing(fake_gobiz, outlet):
    save_item(item(), {"price": 5500}, None)
    sync = given_up(fake_gobiz, outlet, applied=True)
    assert keep(outlet, fake_gobiz.live[outlet.outlet_id], sync.ended_at - timedelta(milliseconds=1))
    compare(outlet.pk)
    assert state(sync) == "failed"


def test_while_a_newer_one_is_on_its_way_and_after_it_was_taken_the_older_is_left_alone(fake_gobiz, outlet):
    save_item(item(), {"price": 5500}, None)
    sync = given_up(fake_gobiz, outlet, applied=True)
    live = deepcopy(fake_gobiz.live[outlet.outlet_id])
    save_item(item(), {"price": 6000}, None)
    newer = request_publish(outlet, None)
    Sync.objects.filter(pk=newer.pk).update(state="sending")
    assert read_now(fake_gobiz, outlet) is None
    assert state(sync) == "failed"
    Sync.objects.filter(pk=newer.pk).update(state="queued")
    fake_gobiz.takes_it = True
    publish(outlet)
    shows(fake_gobiz, outlet, live)
    assert compare(outlet.pk).open == 1
    assert state(sync) == "failed"


def test_of_two_that_were_given_up_the_one_that_is_there_is_confirmed(fake_gobiz, outlet):
    save_item(item(), {"price": 5500}, None)
    first = given_up(fake_gobiz, outlet, applied=True)
    save_item(item(), {"price": 6000}, None)
    second = given_up(fake_gobiz, outlet, applied=False)
    drift = read_now(fake_gobiz, outlet)
    assert (state(first), state(second), drift.lines) == ("confirmed", "failed", [])


def test_stock_that_was_switched_since_is_told_again(fake_gobiz, outlet):
    save_item(item(), {"price": 5500}, None)
    sync = given_up(fake_gobiz, outlet, applied=True)
    set_stock("item", item("Es Jeruk"), False, None)
    StockSwitch.objects.update(state="failed")
    read_now(fake_gobiz, outlet)
    assert state(sync) == "confirmed"
    assert StockSwitch.objects.get().state == "queued"


def test_what_was_given_up_is_looked_for_soon(fake_gobiz, outlet):
    compare(outlet.pk)
    shows(fake_gobiz, outlet, deepcopy(fake_gobiz.live[outlet.outlet_id]))
    later = timezone.now() + timedelta(minutes=50)
    Drift.objects.update_or_create(outlet=outlet, defaults={"next_due_at": later})
    save_item(item(), {"price": 5500}, None)
    given_up(fake_gobiz, outlet, applied=True)
    assert Drift.objects.get().next_due_at <= timezone.now() + LOOK_AFTER
    Drift.objects.all().delete()
    Sync.objects.exclude(state="failed").delete()
    scanning.due()
    assert Drift.objects.get().outlet == outlet
