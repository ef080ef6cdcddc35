"""What is around the list of items, in a real browser: several outlets, checks, sheets, choices, hours, preview, ids.

One merchant with two outlets that share a catalog. Each test works on items of its own and takes back
what it did, so that it does not matter which went before.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Stack
from tests.e2e.merchants import connect
from tests.e2e.walking import DESK, PHONE, Walker, person, reach

FIRST, SECOND = "G666000111", "G666000222"
SOON = 30_000

# A second outlet that sells the same, and prices that look like slips of a finger.
PREPARE = f"""
import json
from gobiz_admin.merchants.models import Outlet
from menus import editing
from menus.models import MenuItem, OutletCatalog
first = Outlet.objects.get(outlet_id="{FIRST}")
catalog = first.selling.catalog
second = Outlet.objects.create(merchant=first.merchant, gobiz_app=first.gobiz_app,
    environment=first.environment, outlet_id="{SECOND}", name="Pasar Minggu")
OutletCatalog.objects.create(outlet=second, catalog=catalog, imported_at=first.selling.imported_at)
items = MenuItem.objects.filter(catalog=catalog).order_by("menu__position", "position")[:4]
editing.save_item(items[0], {{"price": items[0].price * 10}}, None)
for item in list(items)[1:]:
    editing.save_item(item, {{"price": item.price + 30}}, None)
print(json.dumps([catalog.pk, first.pk]))
"""


@dataclass
class Place:
    """Where the merchant's pages are."""

    base: str
    catalog: int
    outlet: int

    def at(self, path: str) -> str:
        return f"{self.base}{path}?outlet={FIRST}"


@pytest.fixture(scope="module")
def place(stack: Stack) -> Place:
    merchant = connect(stack, "Perkakas", {FIRST: "Kemang"}, menu="big")
    stack.manage("import_menu", FIRST, "--accept-ids")
    catalog, outlet = stack.manage("shell", "--verbosity=0", "-c", PREPARE)
    return Place(merchant.url, catalog, outlet)


@pytest.fixture(scope="module")
def signed_in(browser: Browser, stack: Stack, place: Place) -> Any:
    with person(browser, stack) as walker:
        yield walker


@pytest.fixture
def walker(signed_in: Walker) -> Any:
    signed_in.page.set_viewport_size(DESK)
    yield signed_in
    assert signed_in.faults == []


def undo(page: Page) -> None:
    page.locator(".undo button").click()
    expect(page.locator("#toasts")).to_contain_text("Dibatalkan")


def place_of(page: Page, row: int, column: int) -> Locator:
    return page.locator("[data-row]").nth(row).locator("[data-col]").nth(column)


def test_prices_and_stock_of_two_outlets(walker: Walker, place: Place) -> None:
    page = walker.page
    page.goto(f"{place.base}menu/matrix/?catalog={place.catalog}")
    second = place_of(page, 5, 1)
    second.locator(".place-price").fill("19.000")
    second.locator(".place-price").press("Enter")
    expect(second).to_have_class(re.compile("place-own"))
    expect(second.locator(".place-price")).to_have_value("Rp\u00a019.000")
    expect(place_of(page, 5, 0)).not_to_have_class(re.compile("place-own"))
    second.locator(".place-price").fill("murah")
    second.locator(".place-price").press("Enter")
    expect(second.locator(".field-error")).to_be_visible()
    walker.look("matrix-refused")
    second.locator(".place-price").fill("19.000")
    second.locator(".place-price").press("Enter")
    expect(second.locator(".field-error")).to_have_count(0)

    page.set_viewport_size(PHONE)
    page.select_option("[data-column]", label="Pasar Minggu")
    second.locator("[data-stock]").click()
    expect(second.locator("[data-stock]")).to_have_attribute("aria-checked", "false")
    second.locator("[data-clear]").click()
    expect(second).not_to_have_class(re.compile("place-own"))
    expect(second.locator("[data-stock]")).to_have_attribute("aria-checked", "true")


def test_what_is_typed_for_another_outlet_stays_through_a_save(walker: Walker, place: Place) -> None:
    page = walker.page
    page.goto(f"{place.base}menu/matrix/?catalog={place.catalog}")
    page.locator("[data-row]").nth(6).locator("a").first.click()
    first, second = (page.locator("form[data-override]").nth(at) for at in (0, 1))
    first.locator("[name=price]").fill("21.000")
    second.locator("[name=price]").fill("19.000")
    second.locator("[name=price]").press("Enter")
    expect(second.locator(".field-saved")).to_be_visible()
    expect(second.locator("[name=price]")).to_be_focused()
    expect(first.locator("[name=price]")).to_have_value("Rp\u00a021.000")
    second.locator("[name=price]").fill("murah")
    reach(page, second.locator("[type=submit]").first)
    page.keyboard.press("Enter")
    expect(second.locator(".field-error")).to_be_visible()
    expect(second.locator("[type=submit]").first).to_be_focused()
    walker.look("outlet-values-refused")
    reach(page, second.locator("[name=clear]"))
    page.keyboard.press("Enter")
    expect(second).not_to_have_class(re.compile("place-own"))
    # What was pressed is gone: the keyboard goes on in the same form.
    expect(second.locator("[type=submit]")).to_be_focused()
    expect(first.locator("[name=price]")).to_have_value("Rp\u00a021.000")


def test_many_places_at_once_and_back_by_keyboard(walker: Walker, place: Place) -> None:
    page = walker.page
    page.goto(f"{place.base}menu/matrix/?catalog={place.catalog}")
    reach(page, page.locator("[data-search]"))
    page.keyboard.type("nasi goreng")
    shown = page.locator("[data-row]:visible")
    count = shown.count()
    price = shown.first.locator("[data-col] .place-price").last
    before = price.input_value()
    reach(page, page.locator("#many-box summary"))
    page.keyboard.press("Enter")
    reach(page, page.locator("[data-all-outlets]"))
    page.keyboard.press("Space")
    verb = page.locator("#many [name=verb]")
    reach(page, verb)
    for _ in range(verb.locator("option").count()):
        if verb.input_value() == "percent":
            break
        page.keyboard.press("ArrowDown")
    reach(page, page.locator("#many [name=amount]"))
    page.keyboard.type("-10")
    reach(page, page.locator("[data-all]"))
    page.keyboard.press("Space")
    reach(page, page.locator("#many .many-verb button[type=submit]"))
    page.keyboard.press("Enter")
    expect(page.locator("#many-plan .change")).to_have_count(2 * count)
    walker.look("matrix-many")
    reach(page, page.locator("#many-plan button[name=digest]"))
    undo = page.locator(".undo button")
    earlier = undo.inner_text() if undo.count() else "nothing yet"
    page.keyboard.press("Enter")
    expect(price).not_to_have_value(before)
    expect(undo).to_be_visible()
    expect(undo).not_to_have_text(earlier)
    reach(page, undo, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(price).to_have_value(before)


def test_checks_are_answered_without_a_mouse(walker: Walker, place: Place) -> None:
    page = walker.page
    page.goto(place.at("menu/checks/"))
    walker.look("checks")
    guard = page.locator("#check-price_tenfold .confirm-form")
    asked = guard.locator("label").inner_text()
    row = guard.locator("[name=typed]")
    reach(page, row)
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.locator("#guards .field-error")).to_be_visible()
    # It has kept the keyboard, and says all the same that it was refused.
    expect(row).to_have_attribute("aria-invalid", "true")
    expect(row).to_be_focused()
    walker.look("checks-not-confirmed")
    price = re.search(r"Rp\s*[\d.]+", asked)
    assert price
    reach(page, row)
    page.keyboard.press("Control+A")
    page.keyboard.type(price[0])
    page.keyboard.press("Enter")
    expect(page.locator("#confirmed")).to_be_visible()

    odd = page.locator("#check-price_not_round")
    expect(odd.locator(".check-row")).to_have_count(3)
    reach(page, odd.locator(".check-row .fix-form button").first)
    page.keyboard.press("Enter")
    expect(odd.locator(".check-row")).to_have_count(2)
    reach(page, odd.locator(".check-head .fix-form button"))
    page.keyboard.press("Enter")
    expect(odd).to_have_count(0)
    # One undo for all of a kind.
    page.goto(place.at("menu/"))
    reach(page, page.locator(".undo button"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Dibatalkan")
    page.goto(place.at("menu/checks/"))
    expect(odd.locator(".check-row")).to_have_count(2)


def with_semicolons(rows: list[list[str]]) -> bytes:
    """As Excel saves a CSV under Indonesian settings: semicolons, and here in UTF-16."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode("utf-16")


def test_a_sheet_there_and_back(walker: Walker, place: Place) -> None:
    page = walker.page
    page.goto(place.at(f"menu/{place.catalog}/sheets/"))
    walker.look("sheets")
    sheet = page.request.get(f"{place.base}menu/{place.catalog}/sheets/items.csv").body()
    rows = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig"))))
    price, name = (
        next(n for n, head in enumerate(rows[0]) if head.lower() in names)
        for names in (("price", "harga"), ("name", "nama"))
    )
    rows[10][price] = "31.500"
    rows[11][price] = "gratis"
    rows[12][name] = "Menu Musim Ini"
    page.set_input_files(
        "#id_file", {"name": "harga.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n"}
    )
    page.click("main form button.btn-primary")
    expect(page.locator("#id_file_error")).to_be_visible()
    page.set_viewport_size(PHONE)
    page.set_input_files(
        "#id_file", {"name": "harga.csv", "mimeType": "text/csv", "buffer": with_semicolons(rows)}
    )
    page.click("main form button.btn-primary")
    expect(page.locator(".sheet-refused .sheet-reason")).to_be_visible()
    expect(page.locator(".sheet-changed")).to_have_count(2)
    walker.look("sheet-plan")
    page.check("[name=without_refused]")
    page.click(".sheet-foot button")
    expect(page.locator("form[action*='/undo/'] button")).to_be_visible()
    walker.look("sheet-applied")
    page.click("form[action*='/undo/'] button")
    page.goto(place.at("menu/"))
    expect(page.locator(".item-row", has_text="Menu Musim Ini")).to_have_count(0)


def test_choices_that_many_items_share(walker: Walker, place: Place) -> None:
    page = walker.page
    page.goto(place.at(f"menu/{place.catalog}/variant-categories/"))
    card = page.locator("[data-thing^=variant_category]").first
    before = card.get_attribute("id")
    reach(page, card.locator(".category-head [data-handle]"))
    page.keyboard.press("ArrowDown")
    expect(page.locator("#menu-says")).to_have_text("Dipindahkan.")
    assert page.locator("[data-thing^=variant_category]").first.get_attribute("id") != before
    price = page.locator(f"#{before} .variant-row [data-field=price]").first
    reach(page, price)
    page.keyboard.press("Control+A")
    page.keyboard.type("-1.500")
    page.keyboard.press("Enter")
    expect(price.locator("xpath=..").locator(".field-saved")).to_be_visible()
    walker.look("library")
    for _ in range(2):
        undo(page)
        page.reload()
    assert page.locator("[data-thing^=variant_category]").first.get_attribute("id") == before

    page.click(f"#{before} a.item-link")
    page.fill("[name=min_quantity]", "4")
    page.fill("[name=max_quantity]", "2")
    page.click("main form button.btn-primary")
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    walker.look("choices-refused")


def test_hours_of_one_for_others(walker: Walker, place: Place) -> None:
    page = walker.page
    page.set_viewport_size(PHONE)
    page.goto(place.at("menu/"))
    page.locator("[data-open]").nth(4).click()
    hours = page.locator("#hours-of-item")
    days = hours.locator(".hours-day input")
    days.first.fill("jam delapan")
    hours.locator("button.btn-primary").click()
    expect(hours.locator(".errorlist")).to_be_visible()
    days.first.fill("8-14, 17.00-02.00")
    hours.locator("button.btn-primary").click()
    expect(hours.locator(".field-saved")).to_be_visible()
    expect(days.first).to_have_value(re.compile("08:00"))
    walker.look("hours")
    page.set_viewport_size(DESK)
    page.locator("#hours-of-item a[href*='operation=hours']").click()
    page.wait_for_url("**/bulk/**")
    page.locator(".bulk-menu").first.locator("[data-bulk-all]").click()
    page.click("button[value=preview]")
    expect(page.locator(".change").first).to_be_visible()
    walker.look("hours-of-many")
    page.click("button[value=apply]")
    for _ in range(2):
        undo(page)
        page.reload()


def test_the_menu_as_a_customer_sees_it(walker: Walker, place: Place) -> None:
    page = walker.page
    page.goto(place.at("menu/preview/"))
    walker.look("preview")
    reach(page, page.locator("#preview-at"))
    page.fill("#preview-at", "2026-11-30T03:00")
    expect(page).to_have_url(re.compile("at=2026-11-30T03"))
    expect(page.locator(".phone-item-link.phone-off .chip").first).to_be_visible()
    geprek = page.locator(".phone-item-link", has_text="Ayam Geprek")
    reach(page, geprek)
    page.keyboard.press("Enter")
    expect(page.locator("[data-phone-title]")).to_be_focused()
    total = page.locator("[data-phone-sheet] [data-phone-total]")
    before = total.inner_text()
    choice = page.locator("[data-phone-sheet] input[type=checkbox][data-adds]:not(:disabled)").first
    reach(page, choice)
    page.keyboard.press("Space")
    expect(total).not_to_have_text(before)
    walker.look("preview-choices")
    page.keyboard.press("Escape")
    expect(geprek).to_be_focused()


def change_in_the_gobiz_app(stack: Stack) -> None:
    """A price, and an item of no id: what GoFood has now and nobody here knows."""
    import requests

    catalog = requests.get(f"{stack.sandbox}/_control/outlets/{FIRST}", timeout=10).json()["catalog"]
    items = catalog["menus"][-1]["menu_items"]
    items[0]["price"] += 4000
    items.append(
        {**items[0], "id": "11111111-1111-4111-8111-111111111111", "external_id": "", "name": "Es Kopi Baru"}
    )
    stack.post(f"/_control/outlets/{FIRST}", {"catalog": catalog})


def test_what_gofood_has_otherwise_is_taken_over_in_part(walker: Walker, place: Place, stack: Stack) -> None:
    page = walker.page
    change_in_the_gobiz_app(stack)
    page.goto(place.at(f"menu/{place.catalog}/ids/"))
    page.click("form[action*='/ids/read/'] button")
    stray = page.locator(".stray", has_text="Es Kopi Baru")
    expect(stray).to_be_visible(timeout=SOON)
    walker.look("ids-unknown")
    page.locator(".ids-all summary").click()
    page.locator(".ids-all a").first.click()
    walker.look("id-change")

    page.goto(place.at(f"outlets/{place.outlet}/import/"))
    page.click("#import-progress form button")
    page.click("#import-progress a[href*='/imports/']", timeout=SOON)
    walker.look("import-choice")
    boxes = page.locator("[name=adopt]")
    for number in range(boxes.count()):
        boxes.nth(number).uncheck()
    new = page.locator(".adopt-row", has_text="Es Kopi Baru").locator("[name=adopt]").first
    reach(page, new)
    page.keyboard.press("Space")
    reach(page, page.locator("button[value=chosen]"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/menu/(\?|$)"))
    expect(page.locator(".item-row", has_text="Es Kopi Baru")).to_have_count(1)
    undo(page)
    expect(page.locator(".item-row", has_text="Es Kopi Baru")).to_have_count(0)
