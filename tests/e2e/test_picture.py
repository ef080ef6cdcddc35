"""A picture in a real browser: cut by keyboard and by mouse, sent, refused; nothing in the way of the CSP or of axe."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PICTURES, Stack

SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SOON = 30_000
OWNER = "foto@demo.example"
MADE = f"""
from gobiz_admin.merchants.models import Member, Merchant, Role, User
from menus.models import Catalog, Menu, MenuItem
merchant = Merchant.objects.create(name="Foto")
user = User.objects.create_user(email="{OWNER}", password="{{password}}")
Member.objects.create(merchant=merchant, user=user, role=Role.OWNER)
catalog = Catalog.objects.create(merchant=merchant, name="Foto")
menu = Menu.objects.create(catalog=catalog, name="Ayam")
item = MenuItem.objects.create(catalog=catalog, menu=menu, name="Ayam Geprek", price=15000)
print(merchant.pk, item.pk)
"""


@pytest.fixture(scope="module")
def page_of_item(stack: Stack) -> str:
    """The address of the picture of a new merchant's only item."""
    done = stack.python("manage.py", "shell", "-v", "0", "-c", MADE.format(password=stack.password))
    assert done.returncode == 0, done.stderr
    merchant, item = done.stdout.split()
    return f"{stack.url}/m/{merchant}/menu/items/{item}/picture/"


@pytest.fixture(params=list(SIZES))
def card(browser: Browser, stack: Stack, page_of_item: str, request: Any) -> Iterator[Page]:
    """The page of an item's picture; it fails when the browser had anything to complain of."""
    PICTURES.mkdir(exist_ok=True)
    phone = request.param == "phone"
    page = browser.new_context(
        viewport=SIZES[request.param], locale="id-ID", has_touch=phone, is_mobile=phone
    ).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(page_of_item)
    page.fill("input[name=login]", OWNER)
    page.fill("input[name=password]", stack.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/picture/")
    yield page
    page.context.close()
    # A refusal answers 422, which the browser notes as an error.
    assert [fault for fault in faults if "status of 422" not in fault] == []


def look(page: Page, name: str) -> None:
    size = page.viewport_size
    assert size is not None
    page.screenshot(path=PICTURES / f"picture-{name}-{size['width']}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
    violations = Axe().run(page, options=AXE_OPTIONS).response["violations"]
    assert not violations, [(v["id"], v["nodes"][0]["html"][:200]) for v in violations]


def photograph(width: int = 2400, height: int = 3200) -> dict[str, Any]:
    """Blue above, red below, with grain: a phone's picture, held upright."""
    picture = Image.effect_noise((width, height), 40).convert("RGB")
    blue = Image.new("RGB", (width, height // 2), "blue")
    red = Image.new("RGB", (width, height - height // 2), "red")
    mixed = Image.new("RGB", (width, height))
    mixed.paste(blue, (0, 0))
    mixed.paste(red, (0, height // 2))
    stream = io.BytesIO()
    Image.blend(mixed, picture, 0.2).save(stream, "JPEG", quality=90)
    return {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


def choose(page: Page, file: dict[str, Any]) -> None:
    page.locator("[name=picture]").set_input_files(file)


def shown(page: Page) -> Image.Image:
    """What customers will see."""
    address = page.locator(".picture-field img").get_attribute("src")
    answer = page.request.get(str(address))
    assert (answer.headers["content-type"], answer.status) == ("image/png", 200)
    return Image.open(io.BytesIO(answer.body())).convert("RGB")


def test_a_photograph_is_cut_by_keyboard_alone(card: Page) -> None:
    choose(card, photograph())
    stage = card.locator("[data-picture-stage]")
    expect(stage).to_be_focused(timeout=SOON)
    look(card, "cut")
    for _ in range(30):
        card.keyboard.press("ArrowDown")
    for _ in range(20):
        card.keyboard.press("-")
    card.keyboard.press("Enter")
    expect(card.locator(".picture-field .field-saved[role=status]")).to_be_visible(timeout=SOON)
    picture = shown(card)
    assert picture.width == picture.height >= 500
    red, _, blue = picture.getpixel((picture.width // 2, picture.height // 2))  # type: ignore[misc]
    assert red > 150 > 90 > blue
    look(card, "saved")


def test_a_photograph_is_cut_by_pulling(card: Page) -> None:
    choose(card, photograph())
    stage = card.locator("[data-picture-stage]")
    expect(stage).to_be_focused(timeout=SOON)
    box = stage.bounding_box()
    assert box is not None
    card.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    card.mouse.down()
    card.mouse.move(box["x"] + box["width"] / 2, box["y"] - 2000, steps=4)
    card.mouse.up()
    card.click("[data-picture-use]")
    expect(card.locator(".picture-field .field-saved[role=status]")).to_be_visible(timeout=SOON)
    picture = shown(card)
    _, _, blue = picture.getpixel((picture.width // 2, 5))  # type: ignore[misc]
    assert blue > 150


def test_refusals_keep_the_picture_and_a_small_one_can_be_insisted_on(card: Page) -> None:
    choose(card, {"name": "a.png", "mimeType": "image/png", "buffer": b"this is no picture"})
    expect(card.locator(".picture-field.field-wrong")).to_be_visible(timeout=SOON)
    look(card, "refused")
    choose(card, photograph(300, 400))
    card.click("[data-picture-use]")
    card.click("[data-picture-anyway]")
    expect(card.locator(".picture-field .picture-warning")).to_be_visible(timeout=SOON)
    assert shown(card).size == (300, 300)
    card.click("button[value=remove]")
    expect(card.locator(".picture-field .thumb-none")).to_be_visible(timeout=SOON)
    look(card, "none")


def test_an_address_is_looked_at_and_fixed(card: Page, stack: Stack) -> None:
    card.click(".picture-more summary")
    card.fill("[name=address]", f"{stack.sandbox}/no-such-picture.jpg")
    card.keyboard.press("Enter")
    expect(card.locator(".picture-field .picture-warning")).to_be_visible(timeout=SOON)
    look(card, "unreachable")
    card.click(".picture-more summary")
    card.fill("[name=address]", f"{stack.sandbox}/pictures/nasi-goreng.png")
    card.keyboard.press("Enter")
    expect(card.locator(".picture-field .field-saved:not([role=status])")).to_be_visible(timeout=SOON)
    look(card, "elsewhere")
