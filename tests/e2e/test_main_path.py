"""The whole path in a real browser: sign in, connect, import, edit, publish, take an order, repair a mapping.

One test walks it, because each step stands on the one before. Pictures of every step, at desk and
phone width, go to test-results/; axe looks at every page at both widths.
"""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PICTURES, Stack
from tests.e2e.walking import Walker, person

OUTLET = "G12345678"
SOON = 30_000


@pytest.fixture
def walker(browser: Browser, stack: Stack) -> Any:
    with person(browser, stack, signed_in=False) as walker:
        yield walker


def test_from_sign_in_to_a_repaired_mapping(walker: Walker) -> None:
    sign_in(walker)
    connect(walker)
    import_and_fix_ids(walker)
    edit_an_item(walker)
    publish(walker)
    number = take_an_order(walker)
    let_the_driver_come(walker, number)
    repair_a_mapping(walker)
    see_that_notifications_come(walker)
    assert walker.faults == []


def sign_in(walker: Walker) -> None:
    page = walker.page
    page.goto(walker.stack.url)
    walker.look("sign-in")
    page.fill("input[name=login]", "owner@demo.example")
    page.fill("input[name=password]", walker.stack.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)
    # Walks that came before made merchants of their own: the owner of several is asked which.
    if page.url.endswith("/merchants/"):
        walker.look("which-merchant")
        page.get_by_role("link", name="Warung Sederhana").click()
    page.wait_for_url("**/m/*/")
    walker.look("home-empty")


def connect(walker: Walker) -> None:
    page, app = walker.page, walker.stack.app()
    page.click("main a[href*='/connect/']")
    page.select_option("[name=environment]", "local")
    values = {
        "app_id": app["app_id"],
        "app_secret": "not-the-secret",
        "partner_id": app["partner_id"],
        "relay_secret": app["relay_secret"],
        "outlet_id": OUTLET,
        "outlet_name": "Tebet",
    }
    for name, value in values.items():
        page.fill(f"[name={name}]", value)
    walker.look("connect")
    page.click("main form button[type=submit]:has-text('')")
    wrong = page.locator("#proof-token.proof-failed")
    expect(wrong).to_contain_text("App Secret", timeout=SOON)
    expect(wrong).to_contain_text("GoBiz Developer Portal")
    expect(page.locator(".proof-running, .proof-waiting")).to_have_count(0, timeout=SOON)
    walker.look("proof-failed")

    page.click("a[href*='/connect/?outlet=']")
    page.fill("[name=app_secret]", app["app_secret"])
    page.fill("[name=relay_secret]", app["relay_secret"])
    page.press("[name=outlet_name]", "Enter")
    expect(page.locator(".proof-passed")).to_have_count(4, timeout=SOON)
    expect(page.locator("#proof-token")).to_contain_text("gofood:catalog:write")
    walker.look("proof-passed")


def import_and_fix_ids(walker: Walker) -> None:
    page = walker.page
    page.click("#proofs a[href*='/import/']")
    walker.look("import")
    page.click("#import-progress button[type=submit]")
    fix = page.locator("#import-progress a[href*='/ids/']")
    expect(fix).to_be_visible(timeout=SOON)
    walker.look("imported")
    fix.click()
    ids = page.locator("main input[name*='-']")
    expect(ids.nth(5)).to_be_visible()
    assert all(
        re.fullmatch(r"[A-Za-z0-9-]+", value) for value in ids.evaluate_all("all => all.map(i => i.value)")
    )
    ids.first.fill("tidak boleh!")
    page.click("main button.id-all")
    expect(page.locator("main [role=alert]")).to_be_visible()
    walker.look("ids-refused")
    page.locator("main input.is-invalid").first.fill("nasi-pilihan-kami")
    page.click("main button.id-all")
    expect(page.locator("main input[name*='-']")).to_have_count(0)
    walker.look("ids-fixed")


def edit_an_item(walker: Walker) -> None:
    page = walker.page
    page.goto(f"{walker.stack.url}{path_of(page)}menu/")
    walker.look("menu")
    page.click("a.item-link >> nth=0")
    panel = page.locator("#panel")
    panel.locator("[name=name]").fill("Bubur Ayam Istimewa")
    panel.locator("[name=internal_name]").fill("Bubur ist.")
    panel.locator("[name=description]").fill("Bubur ayam dengan telur dan cakwe")
    panel.locator("[name=price]").fill("19.500")
    panel.locator("[name=price]").press("Tab")
    expect(panel.locator("[data-autosaves] .field-saved")).to_have_count(4)
    panel.locator("[name=picture]").set_input_files(
        {"name": "foto.png", "mimeType": "image/png", "buffer": b"this is no picture"}
    )
    expect(panel.locator(".picture-field.field-wrong")).to_be_visible()
    walker.look("picture-refused")
    panel.locator("[name=picture]").set_input_files(
        {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": photograph()}
    )
    panel.locator("[data-picture-use]").click()
    expect(panel.locator(".picture-field .field-saved[role=status]")).to_be_visible(timeout=SOON)
    page.keyboard.press("Escape")
    row = page.locator(".item-row", has_text="Bubur Ayam Istimewa")
    expect(row.locator("[data-field=price]")).to_have_value("Rp\u00a019.500")
    row.locator(".switch").click()
    expect(row.locator(".switch")).to_have_attribute("aria-checked", "false")
    row.locator(".switch").click()
    expect(row.locator(".switch")).to_have_attribute("aria-checked", "true")
    page.click(".tabs a[href*='/variant-categories/']")
    walker.look("variant-categories")
    page.click(".category a.item-link >> nth=0")
    page.locator("input[name$='-price']:visible").first.fill("2.500")
    walker.look("variant-category")
    page.locator("main form button[type=submit]").first.click()
    page.goto(f"{walker.stack.url}{path_of(page)}menu/")
    walker.look("menu-changed")


def photograph() -> bytes:
    """A picture as a phone takes it: not square, JPEG."""
    stream = io.BytesIO()
    Image.effect_noise((1200, 900), 60).convert("RGB").save(stream, "JPEG")
    return stream.getvalue()


def publish(walker: Walker) -> None:
    page = walker.page
    page.goto(f"{walker.stack.url}{path_of(page)}publish/")
    page.click("main .rows a[href*='/publish/outlets/']")
    expect(page.locator(".changes").first).to_be_visible()
    walker.look("review")
    page.click("#publish-form button[type=submit]")
    page.wait_for_url("**/syncs/**")
    seen = page.url
    expect(page.locator(".sync .proof-words")).to_be_visible(timeout=30_000)
    assert page.url == seen
    walker.look("published")
    newest = walker.stack.manage("show_syncs", OUTLET)[0]
    assert newest["state"] == "confirmed"


def take_an_order(walker: Walker) -> str:
    page = walker.page
    page.goto(f"{walker.stack.url}{path_of(page)}inbox/")
    expect(page.locator("body")).to_have_attribute("data-live-state", "live", timeout=SOON)
    page.click("[data-bell-switch]")
    expect(page.locator("#bell")).to_have_attribute("data-bell", "armed")
    walker.look("inbox-empty")
    rings = int(page.get_attribute("#bell", "data-rings") or 0)

    number = order_at_the_simulator(walker)
    tile = page.locator(".tile", has_text=number)
    # Open all the time, and no reload: the bell keeps its state. How soon it comes is the bench's business.
    expect(tile).to_be_visible()
    page.wait_for_function(
        "before => Number(document.querySelector('#bell').dataset.rings) > before", arg=rings, timeout=SOON
    )
    expect(tile.locator(".pin")).to_have_text(re.compile(r"^\d{4}$"))
    walker.look("inbox-new-order")
    tile.locator("[data-kind=accept]").click()
    expect(tile.locator("[data-kind=food_ready]")).to_be_visible(timeout=SOON)
    walker.look("inbox-accepted")
    tile.locator("[data-kind=food_ready]").click()
    expect(tile.locator("[data-kind=food_ready]")).to_have_count(0, timeout=SOON)
    return number


def order_at_the_simulator(walker: Walker) -> str:
    """The number of an order, picked from the menu on the simulator's page as a person would."""
    app = walker.stack.app()
    simulator = walker.page.context.new_page()
    simulator.goto(
        f"{walker.stack.sandbox}/simulator/?app_id={app['app_id']}&partner_id={app['partner_id']}"
        f"&outlet_id={OUTLET}"
    )
    item = simulator.locator("[data-item]", has_text="Bubur Ayam Istimewa")
    # With all ids in its address it shows the menu by itself.
    item.locator("button").first.click()
    item.locator("form.choices button.main").click()
    simulator.get_by_role("button", name="Create order").click()
    number = simulator.locator("#number")
    expect(number).to_have_text(re.compile(r"^F-\d+"), timeout=SOON)
    simulator.screenshot(path=PICTURES / "00-simulator.png", full_page=True)
    found = number.inner_text()
    simulator.close()
    return found


def let_the_driver_come(walker: Walker, number: str) -> None:
    page = walker.page
    tile = page.locator(".tile", has_text=number)
    # A tile that has the focus, because it was pressed, stays as true as the others.
    tile.locator(".tile-number").click()
    for event, seen in (
        ("driver_otw_pickup", "tile-driver_otw_pickup"),
        ("driver_arrived", "tile-driver_arrived"),
    ):
        walker.stack.post(f"/simulator/orders/{number}/events", {"event": event})
        expect(tile).to_have_class(re.compile(seen), timeout=SOON)
    expect(tile).to_contain_text("Driver sudah tiba")
    walker.look("inbox-driver-arrived")
    walker.stack.post(f"/simulator/orders/{number}/events", {"event": "placed"})
    walker.stack.post(f"/simulator/orders/{number}/events", {"event": "completed"})
    expect(tile).to_have_class(re.compile("tile-completed"), timeout=SOON)
    order = next(o for o in walker.stack.manage("show_orders", OUTLET) if o["order_number"] == number)
    assert order["status"] == "COMPLETED"
    assert [entry["event"].split(".")[-1] for entry in order["timeline"]][-2:] == ["placed", "completed"]


def repair_a_mapping(walker: Walker) -> None:
    page, app = walker.page, walker.stack.app()
    walker.stack.post(
        "/simulator/webhook-error",
        {"app_id": app["app_id"], "partner_id": app["partner_id"], "outlet_id": OUTLET},
    )
    undelivered = page.locator("main", has_text="F-12345678")
    expect(undelivered).to_contain_text("Paha atas", timeout=SOON)
    walker.look("inbox-undelivered")
    page.goto(f"{walker.stack.url}{path_of(page)}alerts/")
    card = page.locator(".alert-card", has_text="F-12345678")
    expect(card).to_contain_text("Paha bawah")
    walker.look("alert")
    card.locator("form[action*='/resync/'] button").click()
    # The page itself says so, without a reload, once GoFood has confirmed the resync.
    expect(card).to_have_count(0, timeout=30_000)
    expect(page.locator("main")).to_contain_text("F-12345678")
    alert = walker.stack.manage("show_alerts", OUTLET)[0]
    assert (alert["state"], alert["remaining"]) == ("closed", [])
    walker.look("alert-closed")


def see_that_notifications_come(walker: Walker) -> None:
    page = walker.page
    page.goto(f"{walker.stack.url}{path_of(page)}webhooks/")
    expect(page.locator("#health")).to_contain_text("Semua baik")
    page.get_by_role("button", name="Kirim uji coba").click()
    expect(page.locator("#health")).to_contain_text("Uji coba berhasil", timeout=45_000)
    walker.look("webhooks")
    page.locator("#log tbody a").first.click()
    expect(page.locator("pre.raw-body")).to_contain_text("header")
    walker.look("notification")
    page.get_by_role("button", name="Proses ulang").click()
    expect(page.get_by_text("Sedang diproses ulang")).to_be_visible()
    page.goto(f"{walker.stack.url}{path_of(page)}webhooks/again/")
    page.get_by_role("button", name="Hitung").click()
    expect(page.locator("#counted")).to_be_visible()
    walker.look("work-off-again")
    page.goto(f"{walker.stack.url}{path_of(page)}subscriptions/")
    expect(page.locator("main")).to_contain_text("Semua 9 peristiwa sampai ke kami")
    walker.look("subscriptions")


def path_of(page: Page) -> str:
    """`/m/<merchant_id>/` of the page."""
    found = re.search(r"/m/\d+/", page.url)
    assert found
    return found.group()
