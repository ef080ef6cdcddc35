"""Stock at once over HTTP, against GoBiz's sandbox, on good days and bad ones."""

from datetime import timedelta

import pytest
from django.utils import timezone

from menus import stock, stock_sending
from menus.confirming import read_back
from menus.editing import save_item, save_variant, set_stock
from menus.ingredient_outs import switch_ingredient
from menus.models import Ingredient, MenuItem, StockOff, StockSwitch, Sync, Variant
from menus.publishing import request_publish
from menus.sending import send
from tests.menus.test_with_sandbox import imported, outlet, sandbox, sandbox_process, work

__all__ = ["outlet", "sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db


def told(outlet):
    """The switches' states after a worker has come when they were due."""
    StockSwitch.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    stock_sending.send(outlet.pk)
    return set(StockSwitch.objects.values_list("state", flat=True))


def patches(sandbox):
    return [call for call in sandbox.calls() if call["method"] == "PATCH"]


def live_stock(outlet):
    """By name what the live menu shows."""
    from gobiz_admin.merchants.gobiz import client_for

    live = client_for(outlet.gobiz_app).get_catalog(outlet.outlet_id)
    items = [item for menu in live["menus"] for item in menu["menu_items"]]
    variants = [row for category in live["variant_categories"] for row in category["variants"]]
    return {row["name"]: row["in_stock"] for row in [*items, *variants]}


@pytest.fixture
def published(outlet):
    imported(outlet)
    sync = work(request_publish(outlet, None), send)
    work(sync, read_back)
    return outlet


def test_before_the_first_publish_items_with_and_without_external_id(outlet, sandbox):
    imported(outlet)
    items = list(MenuItem.objects.filter(in_stock=True).order_by("pk"))
    for item in items:
        set_stock("item", item, False, None)
    assert told(outlet) == {"done"}
    assert len(patches(sandbox)) == 1
    keys = {key for change in patches(sandbox)[0]["body"] for key in change}
    assert keys == {"id", "external_id", "in_stock"}
    stock_now = live_stock(outlet)
    assert not any(stock_now[item.name] for item in items)


@pytest.mark.parametrize("apply", [True, False])
def test_a_bad_gateway_is_tried_again(published, sandbox, apply):
    item, variant = (
        MenuItem.objects.filter(in_stock=True).first(),
        Variant.objects.filter(in_stock=True).first(),
    )
    set_stock("item", item, False, None)
    set_stock("variant", variant, False, None)
    sandbox.fault("PATCH menu_item_stocks", times=1, status=502, apply=apply)
    assert told(published) == {"done", "queued"}
    assert told(published) == {"done"}
    assert live_stock(published)[item.name] is False
    assert live_stock(published)[variant.name] is False


def test_an_html_answer_and_a_dropped_line_are_no_answer(published, sandbox):
    item = MenuItem.objects.filter(in_stock=True).first()
    set_stock("item", item, False, None)
    sandbox.fault("PATCH menu_item_stocks", times=1, status=200, body="<html>")
    assert told(published) == {"queued"}
    sandbox.fault("PATCH menu_item_stocks", times=1, close=True, apply=True)
    assert told(published) == {"queued"}
    assert told(published) == {"done"}


def test_one_that_gofood_lost_holds_up_no_other(published, sandbox):
    first, lost, last = MenuItem.objects.filter(in_stock=True).order_by("pk")[:3]
    version = Sync.objects.latest("pk").version
    for menu in version.payload["menus"]:
        for row in menu["menu_items"]:
            if row["external_id"] == lost.external_id:
                row["external_id"] = "was-lost"
    version.save()
    MenuItem.objects.filter(pk=lost.pk).update(external_id="was-lost")
    for item in (first, lost, last):
        set_stock("item", MenuItem.objects.get(pk=item.pk), False, None)
    told(published)
    switch = StockSwitch.objects.get(state="failed")
    assert switch.item_id == lost.pk
    now = live_stock(published)
    assert (now[first.name], now[lost.name], now[last.name]) == (False, True, False)


def test_off_for_an_hour_beside_a_late_publish_ends_as_the_catalog_says(published, sandbox):
    item = MenuItem.objects.filter(in_stock=True).first()
    save_item(item, {"price": item.price + 500}, None)
    sync = request_publish(published, None)
    stock.switch("item", item, False, None, published, timezone.now() + timedelta(hours=1))
    assert told(published) == {"done"}
    sandbox.fault("PUT catalog", times=1, status=502, apply=True)
    work(sync, send)
    # The frozen menu came after the switch, and its answer was lost.
    assert live_stock(published)[item.name] is True
    assert work(sync, send).state == "confirmed"
    assert told(published) == {"done"}
    assert live_stock(published)[item.name] is False
    StockOff.objects.update(back_at=timezone.now())
    stock.bring_back()
    assert told(published) == {"done"}
    assert live_stock(published)[item.name] is True


def test_before_the_first_publish_variants_by_gobizs_own_id(outlet, sandbox):
    imported(outlet)
    variants = list(Variant.objects.filter(in_stock=True).order_by("pk"))
    for variant in variants:
        set_stock("variant", variant, False, None)
    assert told(outlet) == {"done"}
    (call,) = patches(sandbox)
    assert "variant_stocks" in call["path"]
    assert any("id" in change for change in call["body"])
    now = live_stock(outlet)
    assert not any(now[variant.name] for variant in variants)


def test_an_ingredient_that_ran_out_and_came_back_while_gobiz_was_down(published, sandbox):
    first, second, third = MenuItem.objects.filter(in_stock=True).order_by("pk")[:3]
    variant = Variant.objects.filter(in_stock=True).first()
    save_item(first, {"ingredients": ["Ayam"]}, None)
    save_item(second, {"ingredients": ["Ayam", "Telur"]}, None)
    save_variant(variant, {"ingredients": ["Telur"]}, None)
    ayam, telur = (Ingredient.objects.get(name=name) for name in ("Ayam", "Telur"))
    sandbox.fault("PATCH menu_item_stocks", times=2, status=503)
    sandbox.fault("PATCH variant_stocks", times=2, status=503)
    switch_ingredient(ayam, True, [published], None)
    set_stock("item", third, False, None)
    told(published)
    switch_ingredient(telur, True, [published], None)
    switch_ingredient(ayam, False, [published], None)
    assert told(published) <= {"queued", "done"}
    for _ in range(3):
        told(published)
    assert set(StockSwitch.objects.values_list("state", flat=True)) == {"done"}
    now = live_stock(published)
    assert [now[thing.name] for thing in (first, second, third, variant)] == [True, False, False, False]
    switch_ingredient(telur, False, [published], None)
    assert told(published) == {"done"}
    now = live_stock(published)
    assert [now[thing.name] for thing in (first, second, third, variant)] == [True, True, False, True]
