"""Drift over HTTP, against GoBiz's sandbox: found, taken over, published, gone; and never by a bad answer."""

from copy import deepcopy

import pytest
from django.utils import timezone

from gobiz_admin.gobiz import http
from menus.drift import scanning
from menus.drift.deciding import take_over
from menus.editing import save_item
from menus.models import Drift, LiveReading, MenuItem, Sync
from menus.publishing import request_publish
from menus.sending import send
from menus.states import WAITS
from tests.menus.test_bad_days import until_answered
from tests.menus.test_with_sandbox import (
    BAD_ANSWERS,
    imported,
    outlet,
    publish,
    sandbox,
    sandbox_process,
    work,
)

__all__ = ["outlet", "sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def published(outlet):
    imported(outlet)
    assert publish(outlet).state == "confirmed"
    return outlet


def edit(sandbox, outlet):
    """Somebody edits in the GoBiz app: a price, a description, and an external_id that gets lost."""
    place = f"outlets/{outlet.outlet_id}"
    live = deepcopy(sandbox.control("GET", place)["catalog"])
    first, second = live["menus"][0]["menu_items"][:2]
    first["price"] += 1000
    first["description"] = "Diubah"
    second["external_id"] = None
    sandbox.control("POST", place, {"catalog": live})
    return first, second


def test_what_was_proven_is_no_drift(published):
    assert scanning.scan(published.pk).lines == []


def test_it_is_found_taken_over_and_gone_with_the_next_publish(published, sandbox):
    first, second = edit(sandbox, published)
    drift = scanning.scan(published.pk)
    assert {(line["field"], line["name"], line["urgent"]) for line in drift.lines} == {
        ("price", first["name"], True),
        ("description", first["name"], False),
        ("external_id", second["name"], True),
    }
    now = scanning.drift_now(published.pk)
    assert take_over(published, now.plan.digest, [line.print for line in now.lines], None) == 2
    assert MenuItem.objects.get(external_id=first["external_id"]).price == first["price"]
    assert [line["field"] for line in Drift.objects.get().lines] == ["external_id"]
    assert publish(published).state == "confirmed"
    assert scanning.scan(published.pk).lines == []


@pytest.mark.parametrize("fault", BAD_ANSWERS)
def test_a_bad_answer_is_no_drift_and_hides_none(published, sandbox, fault):
    edit(sandbox, published)
    before = scanning.scan(published.pk)
    sandbox.fault("GET catalog", times=5, **fault)
    after = scanning.scan(published.pk)
    assert (after.lines, after.read_at) == (before.lines, before.read_at)
    assert LiveReading.objects.get().state == "failed"


def test_an_emptied_menu_is_told_item_by_item(published, sandbox):
    place = f"outlets/{published.outlet_id}"
    sandbox.control("POST", place, {"catalog": {"menus": [], "variant_categories": []}})
    drift = scanning.scan(published.pk)
    gone = [line for line in drift.lines if line["of"] == "item"]
    assert len(gone) == MenuItem.objects.count()
    assert {line["field"] for line in gone} == {"gone"}


def test_no_reading_is_asked_for_before_its_turn(published, sandbox):
    scanning.due()
    Drift.objects.update(next_due_at=timezone.now())
    (due,) = scanning.due()
    sandbox.control("DELETE", "calls")
    scanning.scan(due)
    assert len(sandbox.calls("GET catalog")) == 1
    assert scanning.due() == []


def given_up(sandbox, outlet, **fault):
    """The sync whose last try came to no answer."""
    sync = request_publish(outlet, None)
    Sync.objects.filter(pk=sync.pk).update(attempts=len(WAITS))
    sandbox.fault("PUT catalog", times=1, **fault)
    assert (work(sync, send).state, sync.maybe_applied) == ("failed", True)
    return sync


def reprice(more):
    item = MenuItem.objects.order_by("pk").first()
    save_item(item, {"price": item.price + more}, None)


@pytest.mark.parametrize("fault", [{"close": True}, {"status": 504}, {"status": 200, "body": "<html>"}])
def test_our_change_that_arrived_after_all_is_ours_and_published(published, sandbox, fault):
    reprice(1000)
    sync = given_up(sandbox, published, apply=True, **fault)
    drift = scanning.scan(published.pk)
    sync.refresh_from_db()
    assert (sync.state, sync.proof, drift.lines) == ("confirmed", "arrived", [])
    edit(sandbox, published)
    assert {line["kind"] for line in scanning.scan(published.pk).lines} == {"edited"}
    assert len(sandbox.calls("PUT catalog")) == 2


def test_a_timeout_after_which_it_was_applied(published, sandbox, monkeypatch):
    monkeypatch.setattr(http, "CATALOG_TIMEOUT", (5.0, 0.1, 0.2))
    reprice(1000)
    sync = given_up(sandbox, published, delay=0.6)
    assert sync.error_code == "timeout"
    until_answered(sandbox)
    monkeypatch.undo()
    assert scanning.scan(published.pk).lines == []
    sync.refresh_from_db()
    assert (sync.state, sync.proof) == ("confirmed", "arrived")


def test_the_first_publish_that_arrived_after_all(outlet, sandbox):
    imported(outlet)
    sync = given_up(sandbox, outlet, close=True, apply=True)
    assert scanning.scan(outlet.pk).lines == []
    sync.refresh_from_db()
    assert sync.state == "confirmed"


def test_what_was_not_applied_or_not_in_whole_stays_given_up(published, sandbox):
    reprice(1000)
    sync = given_up(sandbox, published, close=True)
    assert scanning.scan(published.pk).lines == []
    sync.refresh_from_db()
    assert sync.state == "failed"
    again = given_up(sandbox, published, close=True, apply=True)
    edit(sandbox, published)
    assert scanning.scan(published.pk).open > 0
    again.refresh_from_db()
    assert again.state == "failed"
