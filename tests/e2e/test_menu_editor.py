"""The menu editor in a real browser: without a mouse, with a bad connection, with somebody else in it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from menus.forms.fields import read_rupiah
from tests.e2e.conftest import Stack
from tests.e2e.merchants import connect
from tests.e2e.walking import PHONE, Walker, reach

OUTLET = "G555000111"
SOON = 30_000


@pytest.fixture(scope="module")
def menu_url(stack: Stack) -> str:
    """The menu of an outlet of its own, imported and with ids."""
    merchant = connect(stack, "Penyunting", {OUTLET: "Kedai"}, app=stack.app("terbatas"))
    stack.manage("import_menu", OUTLET, "--accept-ids")
    return f"{merchant.url}menu/"


def rows(page: Page) -> list[str]:
    return page.locator(".item-row .item-link").all_inner_texts()


def price_of(page: Page, number: int = 0) -> Locator:
    return page.locator(".item-row").nth(number).locator("[data-field=price]")


def saved(field: Locator) -> Locator:
    return field.locator("xpath=..").locator(".field-saved")


def test_with_the_keyboard_alone(walker: Walker, menu_url: str) -> None:
    page = walker.page
    page.goto(menu_url)
    expect(page.locator("body")).to_have_attribute("data-live-state", "live", timeout=SOON)
    before = rows(page)
    reach(page, page.locator(".item-row [data-handle]").first)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#menu-says")).to_have_text("Dipindahkan.")
    assert rows(page)[:2] == [before[1], before[0]]

    reach(page, price_of(page, 1))
    page.keyboard.press("Control+A")
    page.keyboard.type("12.500")
    page.keyboard.press("Enter")
    expect(saved(price_of(page, 1))).to_be_visible()

    reach(page, page.locator(".item-row").nth(1).locator("[role=switch]"))
    page.keyboard.press("Space")
    expect(page.locator(".item-row").nth(1).locator("[role=switch]")).to_have_attribute(
        "aria-checked", "false"
    )

    reach(page, page.locator(".item-row").nth(2).locator("[data-open]"))
    page.keyboard.press("Enter")
    expect(page.locator("[data-panel-title]")).to_be_focused()
    reach(page, page.locator("#panel [name=description]"))
    page.keyboard.type("Segar")
    reach(page, page.locator("#panel [name=internal_name]"))
    expect(page.locator("#panel .field-saved").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#panel[open]")).to_have_count(0)
    expect(page.locator(".item-row").nth(2).locator("[data-open]")).to_be_focused()
    expect(page.locator(".item-row").nth(2)).to_contain_text("Segar")

    expect(page.locator(".undo button")).to_contain_text("deskripsi")
    for _ in range(3):
        reach(page, page.locator(".undo button"))
        label = page.locator(".undo button").inner_text()
        page.keyboard.press("Enter")
        expect(page.locator(".undo button")).not_to_have_text(label)
    expect(page.locator(".item-row").nth(2)).not_to_contain_text("Segar")
    assert walker.faults == []


def test_nothing_typed_is_lost_without_a_connection(walker: Walker, menu_url: str) -> None:
    page = walker.page
    page.goto(menu_url)
    page.context.set_offline(True)
    price_of(page).fill("31.000")
    expect(page.locator(".item-row").first.locator(".field-error")).to_contain_text("tidak ada koneksi")
    page.context.set_offline(False)
    expect(saved(price_of(page))).to_be_visible(timeout=SOON)
    page.reload()
    expect(price_of(page)).to_have_value("Rp\u00a031.000")


def test_two_people_are_told_of_each_other(walker: Walker, menu_url: str) -> None:
    page, other = walker.page, walker.page.context.new_page()
    page.goto(menu_url)
    other.goto(menu_url)
    price_of(page).focus()
    price_of(other).fill("21.000")
    price_of(other).press("Tab")
    expect(saved(price_of(other))).to_be_visible()
    price_of(page).fill("22.000")
    expect(page.locator(".field-conflict")).to_contain_text("Rp\u00a021.000")
    walker.look("two-people")
    page.click("[data-overwrite]")
    expect(saved(price_of(page))).to_be_visible()
    # The other page is told without being reloaded.
    expect(price_of(other)).to_have_value("Rp\u00a022.000", timeout=SOON)
    assert walker.faults == []


def test_many_items_on_a_phone(walker: Walker, menu_url: str) -> None:
    page = walker.page
    page.set_viewport_size(PHONE)
    page.goto(menu_url)
    names = rows(page)
    page.click("[data-choose]")
    for number in range(2):
        page.locator("[data-pick]").nth(number).check()
    page.click(".bulk-bar .btn-primary")
    page.fill("[name=amount]", "10")
    page.click("button[value=preview]")
    expect(page.locator(".change")).to_have_count(2)
    walker.look("many-items")
    page.set_viewport_size(PHONE)
    page.click("button[value=apply]")
    expect(page.locator(".undo button")).to_contain_text("2")
    page.click(".undo button")
    expect(page.locator("#toasts")).to_contain_text("Dibatalkan")
    assert rows(page) == names


def test_the_sheet_closes_with_the_phones_back_button(walker: Walker, menu_url: str) -> None:
    page = walker.page
    page.set_viewport_size(PHONE)
    page.goto(menu_url)
    page.locator("[data-open]").first.click()
    expect(page.locator("[data-panel-title]")).to_be_focused()
    walker.look("item-panel")
    page.set_viewport_size(PHONE)
    page.go_back()
    expect(page.locator("#panel[open]")).to_have_count(0)
    assert page.url == menu_url


def test_a_menu_of_an_item_is_dragged_to_another_place(walker: Walker, menu_url: str) -> None:
    page = walker.page
    page.goto(menu_url)
    before = rows(page)
    handle, goal = page.locator(".item-row [data-handle]").nth(2), page.locator(".item-row").first
    start, end = handle.bounding_box(), goal.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 8, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(end["x"] + 20, end["y"] + 30, steps=8)
    page.mouse.move(end["x"] + 20, end["y"] + 4, steps=4)
    page.mouse.up()
    expect(page.locator("#menu-says")).to_have_text("Dipindahkan.")
    dropped = rows(page)
    assert sorted(dropped) == sorted(before)
    assert dropped.index(before[2]) < 2
    page.reload()
    assert rows(page) == dropped


def test_what_is_typed_while_a_save_is_under_way_is_saved_too(walker: Walker, menu_url: str) -> None:
    page, held = walker.page, []
    page.goto(menu_url)
    page.route("**/field/", lambda route: held.append(route), times=1)
    with page.expect_request("**/field/"):
        price_of(page).fill("41.000")
    price_of(page).fill("42.000")
    with page.expect_request("**/field/") as later:
        held[0].continue_()
    assert "value=42.000" in (later.value.post_data or "")
    expect(price_of(page)).not_to_have_attribute("data-unsaved", "")
    page.reload()
    expect(price_of(page)).to_have_value("Rp\u00a042.000")


def test_a_draft_does_not_overwrite_what_was_saved_after_it(
    walker: Walker, browser: Browser, menu_url: str
) -> None:
    page = walker.page
    page.goto(menu_url)
    page.context.set_offline(True)
    price_of(page).fill("51.000")
    expect(page.locator(".item-row").first.locator(".field-error")).to_be_visible()
    page.close()
    page.context.set_offline(False)
    other = browser.new_context()
    other.add_cookies(page.context.cookies())
    theirs = other.new_page()
    theirs.goto(menu_url)
    price_of(theirs).fill("52.000")
    expect(saved(price_of(theirs))).to_be_visible()
    other.close()

    back = page.context.new_page()
    back.goto(menu_url)
    expect(price_of(back)).to_have_value("51.000")
    price_of(back).press("Enter")
    expect(back.locator(".field-conflict")).to_contain_text("Rp\u00a052.000")
    back.click("[data-take]")
    expect(price_of(back)).to_have_value("Rp\u00a052.000")


def test_a_draft_is_sent_when_somebody_says_so_and_not_by_leaving_the_page(
    walker: Walker, menu_url: str
) -> None:
    page, context, posts = walker.page, walker.page.context, []
    page.goto(menu_url)
    before = price_of(page).input_value()
    context.set_offline(True)
    price_of(page).fill("61.000")
    expect(page.locator(".item-row").first.locator(".field-error")).to_be_visible()
    page.close()
    context.set_offline(False)
    context.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

    walker.page = back = context.new_page()
    back.goto(menu_url)
    expect(price_of(back)).to_have_value("61.000")
    walker.look("draft-kept")
    back.reload()
    expect(price_of(back)).to_have_value("61.000")
    assert [url for url in posts if "/field/" in url] == []
    row = back.locator(".item-row").first
    row.get_by_role("button", name="Buang").click()
    expect(price_of(back)).to_have_value(before)
    expect(price_of(back)).to_be_focused()
    back.reload()
    expect(price_of(back)).to_have_value(before)

    context.set_offline(True)
    price_of(back).fill("62.000")
    expect(row.locator(".field-error")).to_be_visible()
    back.close()
    context.set_offline(False)
    walker.page = back = context.new_page()
    back.goto(menu_url)
    row = back.locator(".item-row").first
    row.get_by_role("button", name="Simpan").click()
    expect(saved(price_of(back))).to_be_visible()
    expect(price_of(back)).not_to_have_attribute("data-unsaved", "")


def test_theirs_is_kept_of_a_choice_too(walker: Walker, menu_url: str) -> None:
    page, other = walker.page, walker.page.context.new_page()
    for each in (page, other):
        each.goto(menu_url)
        each.locator("[data-open]").first.click()
        expect(each.locator("[data-panel-title]")).to_be_focused()
    ours, theirs = page.locator("#panel"), other.locator("#panel")
    boxes = "[data-field=categories] input"

    # Ours is sent first and comes second.
    held: list[Any] = []
    page.route("**/field/", lambda route: held.append(route), times=1)
    with page.expect_request("**/field/"):
        ours.locator(boxes).nth(0).click()
    theirs.locator(boxes).nth(1).click()
    expect(theirs.locator(".field-saved")).to_be_visible()
    held[0].continue_()
    ours.locator("[data-take]").click()
    expect(ours.locator(".field-conflict")).to_have_count(0)
    states = "all => all.map(one => one.checked)"
    assert ours.locator(boxes).evaluate_all(states) == theirs.locator(boxes).evaluate_all(states)
    assert walker.faults == []


def test_the_browser_reads_a_price_as_the_server_does(walker: Walker, menu_url: str) -> None:
    page = walker.page
    page.goto(menu_url)
    typed = [
        *(
            "15000",
            "15.000",
            "15,000",
            "Rp 15.000",
            "rp15.000",
            "Rp. 15.000,-",
            "Rp\u00a015.000",
            "IDR 1.250.000",
        ),
        *("15.000,00", "15,000.00", "-1.000", "\u2212Rp 1.000", "\u2013500", "+500", "0", "-0", ""),
        *(
            "15.00",
            "1.50",
            "15,50",
            "15.0000",
            "1.000,000",
            "1.500.0",
            "15.000.00",
            "15,000,00",
            "1.5e4",
            "15rb",
        ),
        *("--5", "5-", "\u0663\u0660\u0660\u0660", "Rp", "Rp Rp 5"),
    ]
    read = page.evaluate(
        "typed => import('/static/js/price.js').then(price => typed.map(price.rupiahOf))", typed
    )
    assert dict(zip(typed, read, strict=True)) == {each: read_rupiah(each) for each in typed}
    price_of(page).fill("15.00")
    price_of(page).press("Tab")
    expect(page.locator(".item-row").first.locator(".field-error")).to_contain_text("15.00")
    expect(price_of(page)).to_have_value("15.00")
    price_of(page).fill("15.000")
    price_of(page).press("Tab")
    expect(saved(price_of(page))).to_be_visible()


def test_a_text_that_is_too_long_is_counted_as_the_server_counts_and_not_cut(
    walker: Walker, menu_url: str
) -> None:
    page = walker.page
    page.goto(menu_url)
    page.locator(".item-row [data-edit]").first.click()
    name = page.locator(".item-row [data-field=name]").first
    counter = name.locator("xpath=..").locator("[data-count]")
    before = name.input_value()
    emoji = "🍗" * 150
    name.fill(emoji + "x")
    expect(counter).to_have_text("151 / 150")
    assert name.input_value() == emoji + "x"
    name.fill(emoji)
    expect(counter).to_have_text("150 / 150")
    name.fill(before)
    name.press("Enter")
    expect(counter).to_have_text(f"{len(before)} / 150")
