"""Confirmation: by notification whenever it comes, or by reading back; final states stay."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable, ScopeMissing
from menus.confirming import due_read_backs, mapping_updated, read_back
from menus.models import LiveReading, MenuItem, Sync
from menus.publishing import request_publish
from menus.sending import send
from tests.menus.factories import MenuItemFactory, live_from, selling_outlet

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    outlet = selling_outlet(external_id="I-1")
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    return outlet


def publish(outlet, **asked):
    sync = request_publish(outlet, None, **asked)
    send(sync.pk)
    return again(sync)


def again(sync):
    sync.refresh_from_db()
    return sync


def notify(sync, menus=None):
    return mapping_updated(sync.outlet, sync.request_id, menus, timezone.now())


def read(sync, age=timedelta(0)):
    now = timezone.now()
    Sync.objects.filter(pk=sync.pk, state="accepted").update(
        accepted_at=now - age, next_attempt_at=now - timedelta(seconds=1)
    )
    read_back(sync.pk)
    return again(sync)


def test_a_notification_of_somebody_elses_put_does_nothing(outlet):
    sync = publish(outlet)
    assert mapping_updated(outlet, "other", None, None) is None
    assert mapping_updated(selling_outlet(), sync.request_id, None, None) is None
    assert again(sync).state == "accepted"


def test_a_notification_cannot_confirm_what_was_never_sent(outlet):
    sync = request_publish(outlet, None)
    assert notify(sync) is None
    assert again(sync).state == "queued"


def test_after_the_answer(outlet):
    sync = publish(outlet)
    notify(sync, [{"id": "gobiz-7", "external_menu_id": "I-1"}, "odd", {"id": None}])
    assert (again(sync).state, sync.proof) == ("confirmed", "notification")
    assert MenuItem.objects.get().gobiz_id == "gobiz-7"
    confirmed_at = sync.confirmed_at
    notify(sync)
    assert again(sync).confirmed_at == confirmed_at


def test_before_the_answer(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    fake_gobiz.during_put = lambda: notify(sync)
    send(sync.pk)
    assert (again(sync).state, sync.proof) == ("confirmed", "notification")
    assert sync.accepted_at is not None


def test_before_an_answer_that_is_lost(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    fake_gobiz.during_put = lambda: notify(sync)
    fake_gobiz.writes = [GobizUnavailable("timeout")]
    send(sync.pk)
    assert (again(sync).state, sync.error_code) == ("confirmed", "")
    assert sync.attempt_log.get().outcome == "gobiz_unavailable"


def test_after_an_answer_that_was_lost(fake_gobiz, outlet):
    sync = request_publish(outlet, None)
    fake_gobiz.writes = [GobizUnavailable("timeout")]
    send(sync.pk)
    notify(sync)
    assert again(sync).state == "confirmed"
    Sync.objects.update(next_attempt_at=timezone.now())
    send(sync.pk)
    assert len(fake_gobiz.puts) == 1


def test_what_is_superseded_stays_so(outlet):
    old = publish(outlet)
    new = publish(outlet, again=True)
    assert (again(old).state, new.state) == ("superseded", "accepted")
    notify(old)
    assert (again(old).state, again(new).state) == ("superseded", "accepted")
    assert old.mapping_updated_at is not None


def test_it_is_read_back_until_it_is_live(fake_gobiz, outlet):
    sync = publish(outlet)
    taken, fake_gobiz.live[outlet.outlet_id] = (
        fake_gobiz.live[outlet.outlet_id],
        {
            "menus": [],
            "variant_categories": [],
        },
    )
    for age, wait in [(0, 5), (50, 5), (70, 30), (590, 30)]:
        before = timezone.now()
        read(sync, timedelta(seconds=age))
        assert sync.state == "accepted"
        assert timedelta(0) <= sync.next_attempt_at - before - timedelta(seconds=wait) < timedelta(seconds=3)
    fake_gobiz.live[outlet.outlet_id] = taken
    assert read(sync, timedelta(seconds=599)).state == "confirmed"


def hours_changed():
    MenuItem.objects.update(operational_hours={"monday": [{"start": "08:00", "end": "20:00"}]})


def picture_changed():
    MenuItem.objects.update(image_url="https://pictures.example/new.png")


def order_changed():
    first, second = MenuItem.objects.order_by("position")
    MenuItem.objects.filter(pk=first.pk).update(position=second.position + 1)


@pytest.fixture
def proven(fake_gobiz, outlet):
    """GoFood has two items, and shows pictures at places of its own."""
    MenuItemFactory(menu=MenuItem.objects.get().menu, name="Es Teh", position=7)
    MenuItem.objects.update(image_url="https://pictures.example/old.png")
    sync = publish(outlet)
    hosted(fake_gobiz, outlet, "https://gofood.example/1.png")
    assert read(sync).state == "confirmed"
    return outlet


def hosted(fake_gobiz, outlet, url):
    for item in fake_gobiz.live[outlet.outlet_id]["menus"][0]["menu_items"]:
        item["image"] = url


@pytest.mark.parametrize("change", [hours_changed, picture_changed, order_changed])
def test_what_gofood_writes_its_own_way_has_to_be_another_before_it_proves_anything(
    fake_gobiz, proven, change
):
    change()
    fake_gobiz.takes_it = False
    sync = publish(proven)
    assert read(sync).state == "accepted"
    assert LiveReading.objects.get().proven_version_id != sync.version_id
    fake_gobiz.live[proven.outlet_id] = live_from(sync.version.payload)
    # Pictures are copied anew, or stay where they were.
    hosted(fake_gobiz, proven, f"https://gofood.example/{2 if change is picture_changed else 1}.png")
    assert read(sync).state == "confirmed"
    assert LiveReading.objects.get().proven_version_id == sync.version_id


@pytest.mark.parametrize("change", [hours_changed, picture_changed, order_changed])
def test_what_gofood_never_shows_otherwise_counts_after_ten_minutes(fake_gobiz, proven, change):
    change()
    fake_gobiz.takes_it = False
    sync = publish(proven)
    assert read(sync, timedelta(seconds=590)).state == "accepted"
    assert read(sync, timedelta(minutes=10)).state == "confirmed"


def test_beside_a_price_nothing_else_has_to_be_another(fake_gobiz, proven):
    hours_changed()
    MenuItem.objects.filter(name="Es Teh").update(price=F("price") + 500)
    sync = publish(proven)
    # GoFood goes on showing the hours its own way.
    for item in fake_gobiz.live[proven.outlet_id]["menus"][0]["menu_items"]:
        item["operational_hours"] = {}
    assert read(sync).state == "confirmed"


def test_the_same_menu_sent_again_is_proven_at_once(fake_gobiz, proven):
    assert read(publish(proven, again=True)).state == "confirmed"


def test_an_internal_name_is_nothing_that_could_be_waited_for(fake_gobiz, proven):
    MenuItem.objects.update(internal_name="Dapur 2")
    assert read(publish(proven)).state == "confirmed"


def test_a_notification_needs_no_other_hours(fake_gobiz, proven):
    hours_changed()
    fake_gobiz.takes_it = False
    sync = publish(proven)
    notify(sync)
    assert again(sync).state == "confirmed"


def test_it_is_read_once_at_a_time(fake_gobiz, outlet):
    sync = publish(outlet)
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    read(sync)
    fake_gobiz.reads = [AssertionError("not due")]
    read_back(sync.pk)


def test_after_ten_minutes_what_differs_is_named(fake_gobiz, outlet):
    sync = publish(outlet)
    live = live_from(sync.version.payload)
    live["menus"][0]["menu_items"][0]["price"] += 1
    fake_gobiz.live[outlet.outlet_id] = live
    read(sync, timedelta(minutes=10))
    assert (sync.state, sync.error_code, sync.error) == ("failed", "not_taken", "Ayam Geprek")
    notify(sync)
    assert (again(sync).state, sync.error_code) == ("confirmed", "")


def test_a_failure_that_a_newer_one_replaced_stays(fake_gobiz, outlet):
    sync = publish(outlet)
    Sync.objects.update(state="failed", error_code="not_taken")
    publish(outlet)
    notify(sync)
    assert again(sync).state == "failed"


def test_with_gobiz_away_nothing_is_decided_for_two_hours(fake_gobiz, outlet):
    sync = publish(outlet)
    fake_gobiz.reads = [GobizUnavailable("down"), GobizUnavailable("down"), GobizUnavailable("down")]
    assert read(sync).state == "accepted"
    assert read(sync, timedelta(minutes=30)).state == "accepted"
    assert sync.next_attempt_at > timezone.now() + timedelta(minutes=4)
    assert (read(sync, timedelta(hours=3)).state, sync.error_code) == ("failed", "not_confirmed")


def test_without_the_right_to_read_it_waits_for_the_notification(fake_gobiz, outlet):
    sync = publish(outlet)
    fake_gobiz.reads = [ScopeMissing("no"), ScopeMissing("no")]
    assert read(sync, timedelta(minutes=9)).state == "accepted"
    assert read(sync, timedelta(minutes=11)).error_code == "not_confirmed"
    notify(sync)
    assert again(sync).state == "confirmed"


def test_an_older_one_is_not_failed_while_a_newer_is_on_its_way(fake_gobiz, outlet):
    old = publish(outlet)
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    request_publish(outlet, None, again=True)
    Sync.objects.exclude(pk=old.pk).update(state="sending", attempts=1)
    assert read(old, timedelta(minutes=11)).state == "accepted"


# --- read back all the same -------------------------------------------------------------------


def read_confirmed(sync, age=timedelta(0)):
    now = timezone.now()
    Sync.objects.filter(pk=sync.pk, next_attempt_at__isnull=False).update(
        confirmed_at=now - age, next_attempt_at=now - timedelta(seconds=1)
    )
    read_back(sync.pk)
    return again(sync)


def without_picture(payload):
    live = live_from(payload)
    live["menus"][0]["menu_items"][0]["image"] = ""
    return live


def test_a_notification_is_followed_by_a_reading(fake_gobiz, outlet):
    sync = publish(outlet)
    notify(sync)
    assert again(sync).next_attempt_at is not None
    assert sync.pk not in due_read_backs()
    fake_gobiz.live[outlet.outlet_id] = live_from(sync.version.payload)
    assert read_confirmed(sync).read_back_at is not None
    assert (sync.state, sync.proof, sync.differs, sync.next_attempt_at) == (
        "confirmed",
        "notification",
        [],
        None,
    )


def test_what_does_not_match_is_named_and_may_come_right(fake_gobiz, outlet):
    sync = publish(outlet)
    notify(sync)
    fake_gobiz.live[outlet.outlet_id] = without_picture(sync.version.payload)
    assert [row["kind"] for row in read_confirmed(sync).differs] == ["pictured"]
    assert (sync.state, sync.next_attempt_at is None) == ("confirmed", False)
    fake_gobiz.live[outlet.outlet_id] = live_from(sync.version.payload)
    assert (read_confirmed(sync).differs, sync.next_attempt_at) == ([], None)


def test_what_stays_different_is_kept(fake_gobiz, outlet):
    sync = publish(outlet)
    notify(sync)
    fake_gobiz.live[outlet.outlet_id] = without_picture(sync.version.payload)
    assert read_confirmed(sync, timedelta(minutes=11)).next_attempt_at is None
    assert (sync.state, len(sync.differs)) == ("confirmed", 1)


def test_a_reading_that_fails_says_nothing(fake_gobiz, outlet):
    sync = publish(outlet)
    notify(sync)
    fake_gobiz.reads = [GobizUnavailable("down")] * 2
    assert read_confirmed(sync).next_attempt_at is not None
    assert read_confirmed(sync, timedelta(minutes=11)).next_attempt_at is None
    assert (sync.state, sync.read_back_at, sync.differs) == ("confirmed", None, [])


def test_with_a_newer_one_on_its_way_the_reading_says_nothing_of_the_older(fake_gobiz, outlet):
    old = publish(outlet)
    notify(old)
    new = publish(outlet, again=True)
    fake_gobiz.live[outlet.outlet_id] = without_picture(new.version.payload)
    assert (read_confirmed(old).differs, old.next_attempt_at) == ([], None)


def test_what_the_notifications_named_is_ticked_off(outlet):
    sync = publish(outlet)
    item = MenuItem.objects.get()
    notify(sync, [{"id": "g-1", "external_menu_id": item.external_id}, {"id": "g-2"}, "nonsense"])
    notify(sync, [{"id": "g-3", "external_menu_id": "other"}])
    assert again(sync).mapped_ids == sorted([item.external_id, "other"])
