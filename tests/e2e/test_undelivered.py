"""An order that GoBiz could not deliver, in a browser: it rings, is handled, or comes after all."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stack
from tests.e2e.merchants import Connected, connect
from tests.e2e.walking import DESK, PHONE, Walker

OUTLET = "G55501001"
NOBODY_LISTENS = "http://127.0.0.1:9/hook"
SOON = 30_000


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Connected:
    """A merchant with one outlet, which GoBiz notifies."""
    return connect(stack, "Hilang", {OUTLET: "Warung Hilang"}, notified=True)


@pytest.fixture
def app(merchant: Connected) -> dict[str, Any]:
    return merchant.app


@pytest.fixture
def merchant_url(merchant: Connected) -> str:
    return merchant.url


def send(stack: Stack, app: dict[str, Any], event: str, number: str, url: str = "", **body: Any) -> None:
    """GoBiz's signed notification, to our address or to one where nobody listens."""
    name = "event_type" if event.endswith("webhook_error") else "event_name"
    header = {name: event, "event_id": str(uuid.uuid4()), "version": 1}
    raw = {"header": header, "body": {"outlet": {"id": OUTLET}, **body}}
    raw["body"].setdefault("order", {"order_number": number})
    asked = {"app_id": app["app_id"], "outlet_id": OUTLET, "raw": json.dumps(raw), "event": event}
    stack.post("/simulator/notifications", {**asked, "url": url} if url else asked)


def report(stack: Stack, app: dict[str, Any], number: str, *names: str) -> None:
    missing = {"items": [{"name": name} for name in names], "variants": []}
    event = "gofood.order.webhook_error"
    send(stack, app, event, number, order={"number": number}, mapping_not_found=missing)


def test_handled_and_taken_back(walker: Walker, app: dict[str, Any], merchant_url: str) -> None:
    page, stack = walker.page, walker.stack
    page.goto(f"{merchant_url}inbox/")
    expect(page.locator("#board-now")).to_have_attribute("data-bell-waiting", "0")
    report(stack, app, "F-501", "Paha atas", "Ayam Geprek Sambal Bawang dengan nama yang panjang sekali")
    tile = page.locator(".tile", has_text="F-501")
    # It comes by itself, and rings.
    expect(tile).to_contain_text("Tangani pesanan ini di aplikasi GoBiz", timeout=SOON)
    expect(page.locator("#board-now")).to_have_attribute("data-bell-waiting", "1")
    expect(page.locator("#tab-waiting .board-tab-count")).to_have_text("1")
    walker.look("undelivered")
    page.set_viewport_size(PHONE)
    expect(tile).to_be_visible()
    tile.get_by_role("button", name="Sudah ditangani").click()
    tile.get_by_role("button", name="Ternyata belum ditangani").click()
    expect(tile.get_by_role("button", name="Sudah ditangani")).to_be_visible(timeout=SOON)
    page.set_viewport_size(DESK)
    tile.get_by_role("button", name="Sudah ditangani").press("Enter")
    expect(page.locator("#board-now")).to_have_attribute("data-bell-waiting", "0", timeout=SOON)
    walker.look("undelivered-handled")
    assert not walker.faults


def test_it_comes_after_all(walker: Walker, app: dict[str, Any], merchant_url: str) -> None:
    page, stack = walker.page, walker.stack
    page.goto(f"{merchant_url}inbox/")
    report(stack, app, "F-502", "Paha bawah")
    tile = page.locator(".tile-undelivered", has_text="F-502")
    expect(tile).to_be_visible(timeout=SOON)
    # GoBiz has something of it after all, which it could not bring us.
    order = {"order_number": "F-502", "order_items": [{"name": "Paha bawah", "quantity": 1}]}
    send(stack, app, "gofood.order.merchant_accepted", "F-502", NOBODY_LISTENS, order=order)
    tile.get_by_role("link", name="Apakah GoFood mengirimnya?").click()
    page.get_by_role("button", name="Tanya GoBiz").click()
    expect(page.locator("#lookup")).to_contain_text("sudah diambil", timeout=SOON)
    walker.look("look-up")
    page.goto(f"{merchant_url}inbox/")
    expect(page.locator("#board")).to_contain_text("Pesanan ini akhirnya masuk", timeout=SOON)
    expect(page.locator(".tile-merchant_accepted", has_text="F-502")).to_be_visible()
    walker.look("undelivered-arrived")
    assert not walker.faults
