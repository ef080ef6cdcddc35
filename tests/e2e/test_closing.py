"""Closing outlets on GoFood in a real browser: many at once, and back open while GoBiz is down."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.conftest import Stack
from tests.e2e.merchants import connect
from tests.e2e.walking import Walker

OUTLETS = {
    "G888000111": "Sate Tebet",
    "G888000222": "Sate Kemang",
    "G888000333": "Sate Depok di sebelah stasiun dengan nama yang panjang",
}
SOON = 30_000


@pytest.fixture(scope="module")
def merchant_url(stack: Stack) -> str:
    """A merchant with three outlets of one app."""
    return connect(stack, "Sate", OUTLETS).url


def closed_at_gobiz(stack: Stack) -> list[bool]:
    found = [requests.get(f"{stack.sandbox}/_control/outlets/{pk}", timeout=10).json() for pk in OUTLETS]
    return [row["force_closed"] for row in found]


def test_many_closed_and_opened(walker: Walker, merchant_url: str) -> None:
    page, stack = walker.page, walker.stack
    page.goto(f"{merchant_url}inbox/")
    page.get_by_role("link", name="Tutup di GoFood").click()
    walker.look("closing-none")
    page.get_by_role("button", name="Tutup di GoFood").click()
    # The browser asks for a reason before it sends anything.
    expect(page.locator("#closing-now")).to_contain_text("Tidak ada outlet yang ditutup")
    page.get_by_label("Tidak ada gas atau listrik").check()
    page.get_by_role("button", name="Tutup di GoFood").click()
    expect(page.get_by_role("alert")).to_contain_text("Pilih setidaknya satu outlet")
    walker.look("closing-mistake")
    page.get_by_role("link", name="Pilih semua").click()
    expect(page.locator("input[name=outlets]:checked")).to_have_count(3)
    page.get_by_label("Tidak ada gas atau listrik").check()
    page.fill("#id_words", "Gardu di Tebet mati")
    page.get_by_label("30 menit").check()
    page.get_by_role("button", name="Tutup di GoFood").click()
    expect(page.locator("#closing-now .closing-line", has_text="Diterima GoFood pukul")).to_have_count(
        3, timeout=SOON
    )
    assert closed_at_gobiz(stack) == [True] * 3
    expect(page.locator("#banners")).to_contain_text("3 outlet ditutup di GoFood", timeout=SOON)
    walker.look("closing-many")
    page.goto(merchant_url)
    walker.look("closing-home")
    page.locator("button.outlet-button").click()
    expect(page.locator("#outlet-menu")).to_contain_text("Tutup")
    walker.look("closing-switcher")
    page.goto(f"{merchant_url}inbox/")
    walker.look("closing-inbox")
    page.goto(f"{merchant_url}outlets/")
    walker.look("closing-outlets")
    page.locator("#banners").get_by_role("link", name="Lihat").click()
    page.get_by_role("button", name="Buka semua (3)").click()
    expect(page.locator("#closing-now")).to_contain_text("Tidak ada outlet yang ditutup", timeout=SOON)
    assert closed_at_gobiz(stack) == [False] * 3
    assert not walker.faults


def test_one_opened_from_the_banner_while_gobiz_is_down(walker: Walker, merchant_url: str) -> None:
    page, stack = walker.page, walker.stack
    page.goto(f"{merchant_url}outlets/closed/?outlet=G888000111")
    page.get_by_label("Terlalu ramai").check()
    page.get_by_label("Sampai saya buka lagi").check()
    page.get_by_role("button", name="Tutup di GoFood").press("Enter")
    banner = page.locator("#banners .banner", has_text="Sate Tebet: Ditutup sejak")
    expect(banner).to_be_visible(timeout=SOON)
    walker.look("closing-one")
    stack.post("/_control/faults", [{"match": "PATCH properties", "status": 503, "times": None}])
    banner.get_by_role("button", name="Buka lagi").click()
    line = page.locator("#closing-now .closing-line", has_text="Sate Tebet")
    expect(line).to_contain_text("Dicoba lagi pukul", timeout=SOON)
    expect(page.locator("#banners .banner-danger")).to_contain_text(
        "Sate Tebet tidak bisa dibuka lagi di GoFood", timeout=SOON
    )
    walker.look("closing-not-opened")
    # Pressed first: once GoBiz is back, it may be tried again by itself before anybody presses.
    line.get_by_role("button", name="Coba lagi").click()
    requests.delete(f"{stack.sandbox}/_control/faults", timeout=10)
    expect(page.locator("#closing-now")).to_contain_text("Tidak ada outlet yang ditutup", timeout=SOON)
    expect(page.locator("#banners")).not_to_contain_text("Sate Tebet", timeout=SOON)
    assert not walker.faults
