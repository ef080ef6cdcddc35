"""“Ayam habis” in a browser: named, given, out at an outlet, told to GoFood, there again; and the morning's list."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stack
from tests.e2e.merchants import connect
from tests.e2e.walking import Walker

SOON = 30_000
SHARE = """
from gobiz_admin.merchants.models import Merchant
from menus.models import OutletCatalog
from menus.sharing import share_catalog
merchant = Merchant.objects.get(name="Dapur")
first, second = OutletCatalog.objects.filter(outlet__merchant=merchant).order_by("pk")
share_catalog(second.outlet, first.catalog, None)
OutletCatalog.objects.filter(outlet=second.outlet).update(imported_at=first.imported_at)
"""
OFF_SINCE_LONG = """
from datetime import timedelta
from django.utils import timezone
from menus.models import *
long_ago = timezone.now() - timedelta(days=2)
StockOff.objects.update(since=long_ago, back_at=None)
IngredientOut.objects.update(since=long_ago, back_at=None)
for selling in OutletCatalog.objects.filter(outlet__name__startswith="Dapur ").select_related("outlet"):
    day = timezone.now().astimezone(selling.outlet.zone).date()
    StockMorning.objects.update_or_create(
        outlet=selling.outlet, day=day, defaults={"at": timezone.now() - timedelta(hours=1), "answered_at": None}
    )
"""


OUTLETS = {"G999000111": "Dapur Tebet", "G999000222": "Dapur Kemang"}


@pytest.fixture(scope="module")
def base(stack: Stack) -> str:
    """The address of a merchant with two outlets that share a menu, which GoFood has."""
    merchant = connect(stack, "Dapur", OUTLETS)
    for outlet_id in OUTLETS:
        stack.manage("import_menu", outlet_id, "--accept-ids")
    done = stack.python("manage.py", "shell", "--verbosity=0", "-c", SHARE)
    assert done.returncode == 0, done.stderr
    return merchant.url


def test_an_ingredient_that_is_out(walker: Walker, stack: Stack, base: str) -> None:
    page = walker.page
    page.goto(f"{base}menu/ingredients/")
    walker.look("ingredients-none")
    page.fill("input[name=name]", "Ayam")
    page.get_by_role("button", name="Tambah", exact=True).click()
    page.fill("#choosing-q", "ayam")
    for box in page.locator("[data-choosing-row]:visible input").all():
        box.check()
    walker.look("ingredient")
    page.get_by_role("button", name="Simpan", exact=True).click()
    page.get_by_role("link", name="Habis…").click()
    page.locator("details summary").first.click()
    walker.look("ingredient-out")
    page.get_by_role("button", name="Bahan habis: matikan semuanya").click()
    expect(page.locator(".ingredient.item-off")).to_have_count(1)
    walker.look("ingredients")
    page.goto(f"{base}menu/stock/")
    expect(page.locator(".stock-line", has_text="Ayam habis sampai").first).to_be_visible()
    # GoFood is told by itself, and the page says so by itself.
    expect(page.get_by_text("Mengirim ke GoFood…")).to_have_count(0, timeout=SOON)
    walker.look("stock-with-ingredient")
    page.goto(f"{base}menu/?outlet=G999000111")
    expect(page.locator(".item-row .stock-out").first).to_be_visible()
    expect(page.locator("[data-on-its-way]")).to_have_count(0, timeout=SOON)
    walker.look("menu-with-ingredient")
    page.locator(".item-row.item-off [data-open]").first.click()
    expect(page.locator("#panel [data-field=ingredients]")).to_be_visible()
    more = page.locator("#panel input[name=more_ingredients]")
    more.fill("Cabe")
    more.press("Tab")
    expect(page.locator("#panel [data-field=ingredients] label", has_text="Cabe")).to_be_visible(timeout=SOON)
    walker.look("panel-with-ingredients")
    done = stack.python("manage.py", "shell", "--verbosity=0", "-c", OFF_SINCE_LONG)
    assert done.returncode == 0, done.stderr
    page.goto(f"{base}inbox/")
    expect(page.locator(".still-off")).to_be_visible()
    walker.look("inbox-in-the-morning")
    page.locator(".still-off a").click()
    walker.look("still-off")
    for _ in OUTLETS:
        page.get_by_role("button", name="Nyalakan semuanya").first.click()
    page.goto(f"{base}menu/stock/still-off/")
    walker.look("nothing-still-off")
    expect(page.get_by_text("Tidak ada yang perlu diperiksa")).to_be_visible()
    page.goto(f"{base}menu/stock/")
    expect(page.get_by_text("Mengirim ke GoFood…")).to_have_count(0, timeout=SOON)
    assert walker.faults == []
