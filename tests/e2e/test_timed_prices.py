"""A price for a while in a real browser, from the plan to the price that comes back; and an item taken back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stack
from tests.e2e.merchants import connect
from tests.e2e.walking import Walker

OUTLET_ID = "G333000111"
SOON = 60_000


@pytest.fixture(scope="module")
def merchant_url(stack: Stack) -> str:
    """A merchant with one outlet, whose menu is imported and has ids."""
    merchant = connect(stack, "Promo", {OUTLET_ID: "Warung Promo"})
    stack.manage("import_menu", OUTLET_ID, "--accept-ids")
    return merchant.url


def clock(minutes: int) -> str:
    at = datetime.now(ZoneInfo("Asia/Jakarta")) + timedelta(minutes=minutes)
    return at.strftime("%Y-%m-%dT%H:%M")


def publish(walker: Walker, url: str) -> None:
    page = walker.page
    page.goto(f"{url}publish/")
    page.locator("a[href*='/publish/outlets/']").first.click()
    page.locator("#publish-form button[type=submit]").click()
    expect(page.locator(".proof-words")).to_contain_text("Menu ini sudah tayang", timeout=SOON)


def test_a_price_begins_and_comes_back_by_itself(walker: Walker, merchant_url: str) -> None:
    page = walker.page
    page.goto(f"{merchant_url}menu/timed-prices/")
    walker.look("timed-none")
    publish(walker, merchant_url)
    page.goto(f"{merchant_url}menu/")
    page.locator(".item-link").first.click()
    page.locator("#panel").get_by_role("link", name="Harga sementara").click()
    page.wait_for_url(re.compile("timed-prices/new/item/"))
    walker.look("timed-form")
    page.fill("#id_label", "Promo Jumat")
    page.fill("#id_amount", "10.000")
    page.fill("#id_starts", clock(-1))
    page.fill("#id_ends", clock(90))
    page.click("text=Tampilkan semua perubahan")
    expect(page.locator("#preview")).to_contain_text("10.000")
    walker.look("timed-preview")
    page.get_by_role("button", name="Rencanakan").click()
    expect(page.locator("#preview [role=alert]")).to_contain_text("Ketik sekali lagi")
    page.fill("#id_typed", "10.000")
    page.get_by_role("button", name="Rencanakan").click()
    page.wait_for_url(re.compile("timed-prices/$"))
    expect(page.locator(".timed-row")).to_contain_text("Promo Jumat")
    page.goto(f"{merchant_url}menu/timed-prices/")
    walker.look("timed-list")
    page.goto(f"{merchant_url}publish/history/")
    published(page, "dimulai")
    page.goto(f"{merchant_url}menu/")
    expect(page.locator(".item-row .chip-accent").first).to_contain_text("sampai")
    walker.look("timed-in-menu")
    page.goto(f"{merchant_url}menu/matrix/")
    expect(page.locator(".place .chip-accent")).to_contain_text("sampai")
    walker.look("timed-in-matrix")
    page.goto(f"{merchant_url}menu/")
    page.locator(".item-link").first.click()
    expect(page.locator("#panel .chip-accent")).to_contain_text("sampai")
    page.goto(f"{merchant_url}publish/")
    page.locator("a[href*='/publish/outlets/']").first.click()
    expect(page.locator("#timed-title")).to_be_visible()
    walker.look("timed-in-review")
    page.goto(f"{merchant_url}menu/timed-prices/")
    page.get_by_role("button", name=re.compile("Akhiri sekarang")).click()
    expect(page.locator("#timed-over")).to_be_visible()
    page.goto(f"{merchant_url}publish/history/")
    published(page, "berakhir")
    assert walker.faults == []


def published(page: Any, words: str) -> None:
    """The history says so, sooner or later; it is loaded again until then."""
    for _ in range(20):
        try:
            expect(page.locator("tr", has_text=words).first).to_be_visible(timeout=3_000)
        except AssertionError:
            page.reload()
        else:
            return
    raise AssertionError(words)


def test_an_item_is_taken_back(walker: Walker, merchant_url: str) -> None:
    page = walker.page
    page.goto(f"{merchant_url}publish/history/")
    page.locator("tr", has_text="Seperti awalnya").locator("th a").click()
    page.click("text=Kembalikan satu item atau satu menu")
    walker.look("version-restore-list")
    here = page.url
    page.goto(f"{merchant_url}menu/")
    price = page.locator(".item-row [data-price]").first
    price.fill("99.000")
    with page.expect_response(lambda answer: answer.url.rstrip("/").endswith("/field")):
        price.press("Tab")
    name = page.locator(".item-link").first.inner_text()
    page.goto(here)
    page.click("text=Kembalikan satu item atau satu menu")
    page.locator(".restore-list").get_by_role("link", name=name, exact=True).first.click()
    expect(page.locator(".adopt-row").first).to_contain_text("99.000")
    walker.look("restore")
    page.click("text=Kembalikan lalu tinjau")
    page.wait_for_url(re.compile("publish/outlets/"))
    walker.look("restored-review")
    assert walker.faults == []
