"""What somebody changes in the GoBiz app, in a real browser: in the review before it is overwritten, and as drift."""

from __future__ import annotations

from copy import deepcopy

import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.conftest import Stack
from tests.e2e.merchants import connect, publish
from tests.e2e.walking import Walker

OUTLETS = {"G777000333": "Hanyut Depok", "G777000444": "Hanyut Serpong"}
DEPOK = "G777000333"
SOON = 30_000


@pytest.fixture(scope="module")
def merchant_url(stack: Stack) -> str:
    """A merchant with two outlets whose menus are live as they were published."""
    merchant = connect(stack, "Hanyut", OUTLETS)
    for outlet_id in OUTLETS:
        publish(stack, outlet_id)
    return merchant.url


def edit_in_the_gobiz_app(stack: Stack) -> None:
    """A price, a description, a lost id, an item less and an item more."""
    place = f"{stack.sandbox}/_control/outlets/{DEPOK}"
    live = deepcopy(requests.get(place, timeout=10).json()["catalog"])
    items = live["menus"][0]["menu_items"]
    items[0]["price"] += 1000
    items[0]["description"] = "Diubah di aplikasi GoBiz"
    items[1]["external_id"] = None
    gone = live["menus"][1]["menu_items"].pop()
    live["menus"][1]["menu_items"].append(
        {**gone, "id": "app-1", "external_id": "app-1", "name": "Baru dari aplikasi"}
    )
    stack.post(f"/_control/outlets/{DEPOK}", {"catalog": live})


def test_what_was_changed_in_the_gobiz_app(walker: Walker, merchant_url: str) -> None:
    page = walker.page
    page.goto(f"{merchant_url}publish/drift/")
    expect(page.locator("h1")).to_contain_text("Yang berbeda di GoFood")
    page.click("text=Baca sekarang")
    expect(page.locator(".empty-state")).to_contain_text(
        "GoFood sesuai dengan yang diterbitkan", timeout=SOON
    )
    walker.look("drift-none")

    edit_in_the_gobiz_app(walker.stack)
    page.goto(f"{merchant_url}publish/")
    page.locator("li.row-line", has_text="Hanyut Depok").get_by_role("link", name="Tinjau").click()
    expect(page.locator("#reading")).to_contain_text("Dibandingkan dengan menu GoFood", timeout=SOON)
    # It was read just before the edit: a page asks again by itself after a minute.
    page.get_by_role("button", name="Baca lagi").click()
    expect(page.locator("#overwritten")).to_contain_text("dibuat di aplikasi GoBiz", timeout=SOON)
    walker.look("review-foreign")
    page.goto(f"{merchant_url}publish/together/")
    expect(page.locator("#reading")).to_contain_text("di tiap outlet", timeout=SOON)
    walker.look("together-foreign")

    page.goto(f"{merchant_url}publish/drift/")
    expect(page.locator("#drift")).to_contain_text("Diubah di aplikasi GoBiz", timeout=SOON)
    walker.look("drift-all")
    page.get_by_role("link", name="Putuskan").click()
    walker.look("drift-outlet")
    page.get_by_role("button", name="Ambil yang dipilih").click()
    expect(page.locator("body")).to_contain_text("perubahan diambil dari GoFood")
    page.get_by_role("button", name="Timpa pada penerbitan berikutnya").click()
    expect(page.locator(".chip", has_text="ditimpa pada penerbitan berikutnya").first).to_be_visible()
    walker.look("drift-decided")
    page.get_by_role("link", name="Terbitkan sekarang").click()
    expect(page.locator("#reading")).to_contain_text("Dibandingkan dengan menu GoFood", timeout=SOON)
    page.get_by_role("button", name="Terbitkan ke").click()
    expect(page.locator(".proof-words")).to_contain_text("Menu ini sudah tayang", timeout=SOON)
    page.goto(f"{merchant_url}publish/drift/")
    expect(page.locator(".empty-state")).to_contain_text(
        "GoFood sesuai dengan yang diterbitkan", timeout=SOON
    )

    walker.stack.post("/_control/faults", [{"match": "GET catalog", "times": 20, "status": 503}])
    page.goto(f"{merchant_url}publish/")
    page.locator("li.row-line", has_text="Hanyut Serpong").get_by_role("link", name="Tinjau").click()
    expect(page.locator("#reading")).to_be_visible()
    if page.get_by_role("button", name="Baca lagi").count():
        page.get_by_role("button", name="Baca lagi").click()
    expect(page.locator("#reading")).to_contain_text("tidak dapat dibaca sekarang", timeout=60_000)
    walker.look("review-away")
    requests.delete(f"{walker.stack.sandbox}/_control/faults", timeout=10)
    assert walker.faults == []
