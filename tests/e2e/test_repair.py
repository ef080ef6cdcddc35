"""Missing mappings in a browser: what is known of each name, one fix for two outlets, and how it closes."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stack
from tests.e2e.merchants import Connected, connect, eventually, publish
from tests.e2e.walking import Walker

OUTLETS = {"G55502001": "Warung Peta Satu", "G55502002": "Warung Peta Dua"}
FIRST, SECOND = OUTLETS
# A sync is confirmed by a notification, or read back after some seconds.
SOON = 60_000
MADE_THERE, NOWHERE = "Rica di Aplikasi", "Menu Rahasia"


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Connected:
    """A merchant with two outlets, whose menus were imported and published."""
    merchant = connect(stack, "Peta", OUTLETS, notified=True)
    for outlet_id in OUTLETS:
        publish(stack, outlet_id)
    return merchant


def catalog_of(stack: Stack, outlet_id: str) -> dict[str, Any]:
    catalog: dict[str, Any] = stack.post(f"/_control/outlets/{outlet_id}", {})["catalog"]
    return catalog


def report(stack: Stack, app: dict[str, Any], outlet_id: str, number: str, *names: str) -> None:
    event = "gofood.order.webhook_error"
    header = {"event_type": event, "event_id": str(uuid.uuid4()), "version": 1}
    missing = {"items": [{"name": name} for name in names], "variants": []}
    body = {"outlet": {"id": outlet_id}, "order": {"number": number}, "mapping_not_found": missing}
    raw = json.dumps({"header": header, "body": body})
    asked = {"app_id": app["app_id"], "outlet_id": outlet_id, "raw": raw, "event": event}
    stack.post("/simulator/notifications", asked)


def alerts_of(stack: Stack, outlet_id: str) -> dict[str, str]:
    return {alert["order_number"]: alert["state"] for alert in stack.manage("show_alerts", outlet_id)}


def test_repaired_at_two_outlets_and_taken_over(walker: Walker, merchant: Connected) -> None:
    page, stack, app = walker.page, walker.stack, merchant.app
    catalog = catalog_of(stack, FIRST)
    items = catalog["menus"][0]["menu_items"]
    lost = items[0]["name"]
    items.append({**items[0], "id": "app-1", "name": MADE_THERE, "external_id": "app-rica"})
    stack.post(f"/_control/outlets/{FIRST}", {"catalog": catalog})
    for number, outlet_id in enumerate(OUTLETS, 1):
        report(stack, app, outlet_id, f"F-60{number}", lost)
    report(stack, app, FIRST, "F-603", MADE_THERE, NOWHERE)
    page.goto(f"{merchant.url}alerts/")
    both = page.locator(".alert-card", has_text="2 pesanan")
    expect(both).to_contain_text("GoFood pernah punya ID-nya", timeout=SOON)
    third = page.locator(".alert-card", has_text="F-603")
    expect(third).to_contain_text("ID dari GoFood, app-rica", timeout=SOON)
    # What keeps the frame up to date puts the banners where they were, side by side.
    expect(page.locator("#banners > .banner")).to_have_count(2, timeout=SOON)
    walker.look("repair-cards")

    third.locator(".alert-name", has_text=NOWHERE).get_by_label("Sudah tidak saya jual").check()
    # The page is read again meanwhile: what was chosen stays chosen.
    both.get_by_role("button", name="Perbaiki dan sinkronkan ulang di 2 outlet").click()
    expect(both.locator(".way, .note-warning").first).to_be_visible(timeout=SOON)
    expect(both).to_have_count(0, timeout=SOON)
    # What only GoFood had was taken over with it.
    expect(third.locator(".alert-name", has_text=MADE_THERE)).to_contain_text("Terpetakan", timeout=SOON)
    expect(
        third.locator(".alert-name", has_text=NOWHERE).get_by_label("Sudah tidak saya jual")
    ).to_be_checked()
    # The card is one of a single order when the first outlet is done.
    eventually(lambda: alerts_of(stack, SECOND) == {"F-602": "closed"}, 60)

    fix = third.get_by_role("button", name="Perbaiki dan sinkronkan ulang")
    expect(fix).to_be_visible(timeout=SOON)
    walker.look("repair-remaining")
    fix.press("Enter")
    expect(third).to_have_count(0, timeout=SOON)
    assert set(alerts_of(stack, FIRST).values()) == {"closed"}
    expect(page.locator("main")).to_contain_text("mencakup semua nama")
    walker.look("repair-closed")
    page.get_by_role("button", name="Sinkronkan ulang tanpa bertanya").click()
    expect(page.get_by_role("button", name="Selalu tanya dulu")).to_be_visible()
    walker.look("repair-without-asking")
    assert not walker.faults
