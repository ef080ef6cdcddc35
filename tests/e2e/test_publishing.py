"""Publishing in a real browser: with a note, to two outlets together, and back to how it was found."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stack
from tests.e2e.merchants import connect
from tests.e2e.walking import Walker

OUTLETS = {"G777000111": "Rantai Bogor", "G777000222": "Rantai Cibubur"}
SOON = 60_000


@pytest.fixture(scope="module")
def publish_url(stack: Stack) -> str:
    """The publish page of a merchant with two outlets, both imported and with ids."""
    merchant = connect(stack, "Rantai", OUTLETS)
    for outlet_id in OUTLETS:
        stack.manage("import_menu", outlet_id, "--accept-ids")
    return f"{merchant.url}publish/"


def test_publish_together_and_bring_back(walker: Walker, publish_url: str) -> None:
    page = walker.page
    page.goto(publish_url)
    walker.look("publish-two")
    page.click("text=Terbitkan bersama")
    expect(page.locator("input[name=outlets]:checked")).to_have_count(2)
    walker.look("together")
    page.select_option("#id_pilot", label="Rantai Bogor")
    page.fill("#id_note", "Percobaan")
    page.click("text=Terbitkan ke outlet yang dipilih")
    expect(page.locator("tr", has_text="Rantai Bogor").locator("[data-label=Giliran]")).to_have_text("1")
    expect(page.locator("tr", has_text="Rantai Cibubur").locator("[data-label=Giliran]")).to_have_text("2")
    expect(page.locator("p.summary")).to_contain_text("Terbukti tayang di 2 dari 2", timeout=SOON)
    expect(page.locator("p.summary")).to_contain_text("Selesai", timeout=SOON)
    walker.look("rollout-done")

    page.click("text=Versi 1 >> nth=0")
    expect(page.locator("h1")).to_contain_text("Versi 1 dari Rantai Bogor")
    walker.look("version-live")
    page.click("text=Yang sudah diterbitkan")
    walker.look("history")
    page.locator("tr", has_text="Seperti awalnya").filter(has_text="Cibubur").locator("th a").click()
    walker.look("version-found")
    page.fill("#id_note", "Kembali")
    page.get_by_role("button", name=re.compile("Kembalikan versi 0")).click()
    page.wait_for_url("**/publish/syncs/*/")
    expect(page.locator(".proof-words")).to_contain_text("Menu ini sudah tayang", timeout=SOON)
    walker.look("brought-back")
    assert walker.faults == []
