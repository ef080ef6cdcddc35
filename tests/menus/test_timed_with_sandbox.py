"""A price for a while over HTTP, against GoBiz's sandbox: it is on GoFood, and off again, on bad days too."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gobiz_admin.merchants.gobiz import client_for
from menus import timed_turns
from menus.confirming import read_back
from menus.editing import save_item
from menus.models import MenuItem, TimedPlace
from menus.publishing import request_publish
from menus.restoring.comparing import restore_plan
from menus.restoring.writing import restore
from menus.sending import send
from tests.menus.test_with_sandbox import imported, outlet, publish, sandbox, sandbox_process, work
from tests.menus.timed import plan

__all__ = ["outlet", "sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def item(outlet):
    imported(outlet)
    publish(outlet)
    return MenuItem.objects.order_by("pk").first()


def live_price(outlet, item):
    live = client_for(outlet.gobiz_app).get_catalog(outlet.outlet_id)
    rows = [row for menu in live["menus"] for row in menu["menu_items"]]
    return next(row["price"] for row in rows if row["external_id"] == item.external_id)


def begun(outlet, item):
    now = timezone.now()
    plan(
        item,
        outlet,
        price=item.price + 1000,
        starts=now - timedelta(minutes=2),
        ends=now + timedelta(hours=1),
    )
    return timed_turns.turn(outlet.pk)


def over():
    TimedPlace.objects.update(ends_at=timezone.now() - timedelta(seconds=1))


def test_it_is_on_gofood_and_off_again(outlet, item):
    sync = work(work(begun(outlet, item), send), read_back)
    assert (sync.state, sync.proof) == ("confirmed", "read_back")
    assert live_price(outlet, item) == item.price + 1000
    over()
    work(work(timed_turns.turn(outlet.pk), send), read_back)
    assert live_price(outlet, item) == item.price
    assert timed_turns.turn(outlet.pk) is None
    assert TimedPlace.objects.get().ended_at is not None


@pytest.mark.parametrize("apply", [True, False])
def test_a_bad_gateway_at_its_end(outlet, item, sandbox, apply):
    work(work(begun(outlet, item), send), read_back)
    over()
    sandbox.fault("PUT catalog", times=1, status=502, apply=apply)
    sync = work(timed_turns.turn(outlet.pk), send)
    assert sync.state == "queued"
    # While it is tried again nothing else is made, and it is not said to be over.
    assert timed_turns.turn(outlet.pk) is None
    assert TimedPlace.objects.get().ended_at is None
    work(sync, send)
    assert live_price(outlet, item) == item.price
    if sync.state == "accepted":
        # What GoBiz took is not yet proven to be there.
        assert timed_turns.turn(outlet.pk) is None
        assert TimedPlace.objects.get().ended_at is None
        work(sync, read_back)
    timed_turns.turn(outlet.pk)
    assert TimedPlace.objects.get().ended_at is not None


def test_an_end_that_is_refused_is_stuck_until_somebody_publishes(outlet, item, sandbox):
    work(work(begun(outlet, item), send), read_back)
    over()
    sandbox.fault("PUT catalog", times=1, status=400)
    assert work(timed_turns.turn(outlet.pk), send).state == "failed"
    timed_turns.turn(outlet.pk)
    assert timed_turns.stuck(outlet.merchant_id).count() == 1
    assert live_price(outlet, item) == item.price + 1000
    work(request_publish(outlet, None), send)
    timed_turns.turn(outlet.pk)
    assert timed_turns.stuck(outlet.merchant_id).count() == 0
    assert live_price(outlet, item) == item.price


def test_what_is_taken_back_from_a_version_is_on_gofood_again(outlet, item):
    version = publish_again(outlet)
    save_item(item, {"name": "Lain", "price": item.price + 5000}, None)
    publish(outlet)
    found = restore_plan(version, "item", 0)
    assert restore(version, "item", 0, found.digest, None)
    publish(outlet)
    assert live_price(outlet, item) == version.payload["menus"][0]["menu_items"][0]["price"]


def publish_again(outlet):
    return request_publish(outlet, None, again=True).version
