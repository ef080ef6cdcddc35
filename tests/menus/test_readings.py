"""Readings of the live menu: one per outlet, limited per app, never an empty menu for a bad answer."""

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable, UnreadableAnswer
from menus import readings
from menus.confirming import read_back
from menus.importing import read_live_menu
from menus.models import LiveReading, Sync
from menus.publishing import request_publish
from menus.readings import keep, likeness, read, request_readings, wants_reading
from menus.sending import send
from menus.sentences import reading_sentence
from tests.factories import GobizAppFactory, OutletFactory
from tests.menus.factories import live_menu, selling_outlet

pytestmark = pytest.mark.django_db
AT = timezone.now()


@pytest.fixture
def outlet(fake_gobiz):
    outlet = OutletFactory()
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    return outlet


def asked(outlet):
    request_readings([outlet])
    read(outlet.pk)
    return LiveReading.objects.get(outlet=outlet)


def test_it_is_asked_for_once_and_read_once(fake_gobiz, outlet):
    assert (request_readings([outlet]), request_readings([outlet])) == (1, 0)
    read(outlet.pk)
    reading = LiveReading.objects.get()
    assert (reading.state, reading.live["menus"][0]["name"]) == ("read", "Ayam")
    fake_gobiz.reads = [AssertionError("nobody asked")]
    read(outlet.pk)
    assert LiveReading.objects.get().ended_at == reading.ended_at
    assert request_readings([outlet]) == 1


def test_a_page_asks_again_when_it_is_old(outlet):
    assert wants_reading(None)
    reading = asked(outlet)
    assert not wants_reading(reading)
    reading.read_at = reading.ended_at = timezone.now() - timedelta(seconds=61)
    assert wants_reading(reading)
    reading.state = LiveReading.State.QUEUED
    assert not wants_reading(reading)


def test_a_bad_answer_leaves_what_was_read_before(fake_gobiz, outlet):
    before = asked(outlet)
    fake_gobiz.reads = [UnreadableAnswer("The answer has no menus.")]
    after = asked(outlet)
    assert (after.state, after.error_code, after.error) == (
        "failed",
        "unreadable_answer",
        "The answer has no menus.",
    )
    assert (after.live, after.read_at, after.checksum) == (before.live, before.read_at, before.checksum)
    assert not wants_reading(after)
    assert asked(outlet).error_code == ""


def test_what_cannot_be_read_in_it_is_named(fake_gobiz, outlet):
    fake_gobiz.live[outlet.outlet_id]["menus"][0]["menu_items"][0]["price"] = None
    reading = asked(outlet)
    assert (reading.state, reading.live) == ("failed", None)
    assert "Ayam Geprek" in str(reading_sentence(reading))


def test_an_unexpected_error_ends_it_too(fake_gobiz, outlet, monkeypatch):
    monkeypatch.setattr(readings, "read_menu", lambda live: 1 / 0)
    request_readings([outlet])
    with pytest.raises(ZeroDivisionError):
        read(outlet.pk)
    assert LiveReading.objects.get().error_code == "internal"


def test_one_of_a_dead_worker_is_read_by_another_and_its_late_answer_is_dropped(fake_gobiz, outlet):
    request_readings([outlet])
    dead = readings._claim(outlet.pk)
    assert readings.free_stuck_readings() == 0
    LiveReading.objects.update(started_at=timezone.now() - timedelta(minutes=4))
    assert readings.free_stuck_readings() == 1
    assert readings.due_readings() == [outlet.pk]
    read(outlet.pk)
    readings._end(dead, LiveReading.State.FAILED, error_code="timeout")
    assert LiveReading.objects.get().state == "read"


def test_an_app_is_not_asked_for_more_at_once_than_it_bears(settings, fake_gobiz):
    settings.GOBIZ_READINGS_AT_ONCE = 2
    app = GobizAppFactory()
    outlets = [OutletFactory(gobiz_app=app) for _ in range(3)] + [OutletFactory()]
    assert request_readings(outlets) == 4
    assert set(readings.due_readings()) == {outlets[0].pk, outlets[1].pk, outlets[3].pk}
    claimed = [readings._claim(outlet.pk) for outlet in outlets]
    assert [reading is not None for reading in claimed] == [True, True, False, True]
    readings._end(claimed[0], LiveReading.State.FAILED, error_code="timeout")
    assert readings._claim(outlets[2].pk) is not None


def test_what_others_read_is_a_reading_unless_it_is_older(fake_gobiz, outlet):
    newer = {**live_menu(), "menus": live_menu()["menus"][:1]}
    assert keep(outlet, live_menu(), AT)
    assert keep(outlet, newer, AT + timedelta(seconds=2))
    assert not keep(outlet, live_menu(), AT + timedelta(seconds=1))
    assert not keep(
        outlet, {"menus": [{"name": "", "menu_items": []}], "variant_categories": []}, timezone.now()
    )
    reading = LiveReading.objects.get()
    assert (reading.state, len(reading.live["menus"])) == ("read", 1)


def test_who_waits_goes_on_waiting_for_its_own(fake_gobiz, outlet):
    request_readings([outlet])
    assert keep(outlet, live_menu(), timezone.now())
    assert LiveReading.objects.get().state == "queued"
    mine = readings._claim(outlet.pk)
    handed_in = timezone.now() + timedelta(seconds=1)
    assert keep(outlet, live_menu(), handed_in)
    readings._end(mine, "read", **readings._facts(live_menu(), mine.started_at))
    reading = LiveReading.objects.get()
    assert (reading.state, reading.read_at) == ("read", handed_in)


def test_an_import_and_a_read_back_are_readings(fake_gobiz):
    outlet = selling_outlet()
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    read_live_menu(outlet)
    assert LiveReading.objects.get().checksum == likeness(live_menu())
    outlet = selling_outlet()
    sync = request_publish(outlet, None)
    send(sync.pk)
    Sync.objects.update(next_attempt_at=timezone.now())
    read_back(sync.pk)
    reading = LiveReading.objects.get(outlet=outlet)
    assert (reading.state, reading.proven_version) == ("read", sync.version)
    assert reading.proven == reading.live


def test_the_likeness_is_of_what_can_be_compared():
    live = live_menu()
    other = deepcopy(live)
    for menu in other["menus"]:
        for item in menu["menu_items"]:
            item["image"] += "?signed=today"
            item["id"] += "-new"
    assert likeness(other) == likeness(live)
    other["menus"][0]["menu_items"][0]["image"] = ""
    assert likeness(other) != likeness(live)


@pytest.mark.parametrize("count", [2, 40])
def test_many_are_asked_for_in_a_constant_number_of_queries(count, django_assert_num_queries):
    app = GobizAppFactory()
    outlets = [OutletFactory(gobiz_app=app) for _ in range(count)]
    with django_assert_num_queries(6):
        request_readings(outlets)


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_are_one_reading(fake_gobiz):
    outlet = OutletFactory()

    def ask(_):
        try:
            return request_readings([outlet])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, range(2))) == [0, 1]
    assert LiveReading.objects.get().state == "queued"


def test_gobiz_away_is_told_without_doubt_about_what_was_sent(fake_gobiz, outlet):
    fake_gobiz.reads = [GobizUnavailable("Bad gateway")]
    reading = asked(outlet)
    assert reading_sentence(reading) == GobizUnavailable.sentence_never_sent
    assert reading.error == "Bad gateway"
