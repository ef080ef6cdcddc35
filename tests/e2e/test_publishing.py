"""Publishing in a real browser: with a note, to two outlets together, and back to how it was found."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import PICTURES, Stack
from tests.e2e.walking import Walker

OUTLETS = {"G777000111": "Rantai Bogor", "G777000222": "Rantai Cibubur"}
SOON = 30_000


@pytest.fixture(scope="module")
def publish_url(stack: Stack) -> str:
    """The publish page of a merchant with two outlets, both imported and with ids."""
    outlets = [{"outlet_id": outlet_id, "name": name} for outlet_id, name in OUTLETS.items()]
    app = stack.post("/_control/apps", {"slug": "rantai", "outlets": outlets})
    for outlet_id, name in OUTLETS.items():
        stack.manage(
            *("connect_outlet", "--merchant", "Rantai", "--owner", "owner@demo.example"),
            *("--app-id", app["app_id"], "--partner-id", app["partner_id"]),
            *("--outlet-id", outlet_id, "--outlet-name", name, "--environment", "local"),
            *("--no-verify", "--no-subscribe"),
            secrets={"GOBIZ_APP_SECRET": app["app_secret"], "GOBIZ_RELAY_SECRET": app["relay_secret"]},
        )
        stack.manage("import_menu", outlet_id, "--accept-ids")
    merchant = stack.python(
        *("manage.py", "shell", "--verbosity=0", "-c"),
        "from gobiz_admin.merchants.models import Merchant; print(Merchant.objects.get(name='Rantai').pk)",
    ).stdout.strip()
    return f"{stack.url}/m/{merchant}/publish/"


@pytest.fixture
def walker(browser: Browser, stack: Stack) -> Any:
    PICTURES.mkdir(exist_ok=True)
    walker = Walker(browser, stack)
    walker.sign_in()
    yield walker
    walker.page.context.close()


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
