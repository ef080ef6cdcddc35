"""Bringing everything back at several outlets, in a real browser: to before a publish that was a mistake."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stack
from tests.e2e.merchants import connect
from tests.e2e.walking import Walker

# The third one is connected, and nothing was imported there yet.
BOGOR, DEPOK = "G444000111", "G444000222"
OUTLETS = {BOGOR: "Kembali Bogor", DEPOK: "Kembali Depok", "G444000333": "Kembali Ciawi"}
SOON = 60_000
ROLLOUTS = "from menus.models import Rollout; print(Rollout.objects.filter(merchant__name='Kembali').count())"
# The same at both: a price higher, and words that nobody meant.
MISTAKE = """
from menus.editing import save_item
from menus.models import MenuItem
for item in MenuItem.objects.filter(catalog__merchant__name="Kembali", menu__position=0, position__lt=2):
    save_item(item, {"description": "%s", "price": item.price + 1000 * (1 - item.position)}, None)
"""


@pytest.fixture(scope="module")
def merchant_url(stack: Stack) -> str:
    """A merchant with three outlets, two of them imported and with ids."""
    merchant = connect(stack, "Kembali", OUTLETS)
    for outlet_id in (BOGOR, DEPOK):
        stack.manage("import_menu", outlet_id, "--accept-ids")
    return merchant.url


def shell(stack: Stack, code: str) -> str:
    done = stack.python("manage.py", "shell", "--verbosity=0", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def publish_both(walker: Walker, url: str, note: str) -> None:
    page = walker.page
    page.goto(f"{url}publish/together/")
    for name in ("Kembali Bogor", "Kembali Depok"):
        page.get_by_role("checkbox", name=re.compile(name)).check()
    page.fill("#id_note", note)
    page.click("text=Terbitkan ke outlet yang dipilih")
    proven(walker)


def proven(walker: Walker) -> None:
    expect(walker.page.locator("p.summary")).to_contain_text("Terbukti tayang di 2 dari 2", timeout=SOON)
    expect(walker.page.locator("p.summary")).to_contain_text("Selesai", timeout=SOON)
    expect(walker.page.locator(".htmx-request")).to_have_count(0)


def test_a_mistake_at_two_outlets_is_brought_back(walker: Walker, merchant_url: str, stack: Stack) -> None:
    page, back = walker.page, f"{merchant_url}publish/back/"
    page.goto(back)
    walker.look("back-nothing-published")
    publish_both(walker, merchant_url, "Menu biasa")
    shell(stack, MISTAKE % "Salah ketik")
    publish_both(walker, merchant_url, "Salah ketik")

    # Where to begin, and times that lead nowhere.
    page.goto(f"{merchant_url}publish/history/")
    page.get_by_role("link", name="Kembalikan semuanya").click()
    expect(page.locator("a[href*='before=']")).to_have_count(2)
    walker.look("back-where-to-begin")
    page.fill("#id_at", "2020-01-01T08:00")
    page.click("text=Tampilkan yang akan berubah")
    expect(page.locator(".note[role=status]")).to_contain_text("Tidak ada yang bisa dikembalikan dari sini")
    walker.look("back-unknown")
    page.get_by_role("link", name="Waktu lain").click()

    # What would change, and pressing it.
    page.get_by_role("link", name=re.compile("Salah ketik")).click()
    expect(page.locator("input[name=outlets]:checked")).to_have_count(2)
    page.locator("summary", has_text="Lihat semua perubahan").click()
    walker.look("back-what-changes")
    before = page.url
    page.locator("input[name=outlets]").evaluate_all(
        "boxes => boxes.forEach((box) => { box.checked = false; })"
    )
    page.get_by_role("button", name="Kembalikan di outlet yang dipilih").click()
    expect(page.locator(".note[role=alert]")).to_contain_text("Pilih setidaknya satu outlet")
    walker.look("back-none-chosen")
    page.goto(before)
    # GoBiz is away for one call, and for a while: what waits there is seen on the page.
    away = {"match": f"PUT {BOGOR}", "times": 1, "status": 503, "headers": {"Retry-After": "25"}}
    stack.post("/_control/faults", away)
    page.get_by_role("button", name="Kembalikan di outlet yang dipilih").click()
    page.wait_for_url(re.compile(r"/publish/together/\d+/"))
    started = page.url
    page.goto(before)
    expect(page.locator(".note[role=status]")).to_contain_text("sedang dalam perjalanan")
    walker.look("back-on-its-way")
    page.goto(started)
    proven(walker)
    page.goto(before)
    expect(page.locator(".note[role=status]")).to_contain_text("Tidak ada yang perlu dikembalikan")
    walker.look("back-nothing-to-do")
    assert walker.faults == []


def test_pressed_twice_it_is_one(walker: Walker, merchant_url: str, stack: Stack) -> None:
    page = walker.page
    shell(stack, MISTAKE % "Salah lagi")
    publish_both(walker, merchant_url, "Salah lagi")
    before = int(shell(stack, ROLLOUTS))
    page.goto(f"{merchant_url}publish/back/")
    page.get_by_role("link", name=re.compile("Salah lagi")).click()
    page.get_by_role("button", name="Kembalikan di outlet yang dipilih").dblclick()
    page.wait_for_url(re.compile(r"/publish/together/\d+/"))
    proven(walker)
    assert int(shell(stack, ROLLOUTS)) == before + 1
    assert walker.faults == []
