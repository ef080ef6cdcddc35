"""Drift over HTTP, against GoBiz's sandbox: found, taken over, published, gone; and never by a bad answer."""

from copy import deepcopy

import pytest
from django.utils import timezone

from menus.drift import scanning
from menus.drift.deciding import take_over
from menus.models import Drift, LiveReading, MenuItem
from tests.menus.test_with_sandbox import BAD_ANSWERS, imported, outlet, publish, sandbox, sandbox_process

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
