"""A person in a real browser, whose pages are looked at at two widths, and by axe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import PICTURES, Stack

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

# Rows out of sight have a guessed height until they are drawn: axe measures what is drawn.
IN_FLOW = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`.sticky-foot, .bottom, .menu-rail { position: static !important; }
        .item-row { content-visibility: visible !important; }`);
    document.adoptedStyleSheets = [sheet];
}"""


class Walker:
    """A person at a desk, whose pages are looked at on a phone as well."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self.stack = stack
        self.page: Page = browser.new_context(viewport=DESK, locale="id-ID").new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._note)
        self.step = 0

    def _note(self, message: Any) -> None:
        # A form with a mistake answers 422, and the browser notes that as an error.
        if message.type == "error" and "status of 422" not in message.text:
            self.faults.append(f"{message.text} {message.location} on {self.page.url}")

    def look(self, name: str) -> None:
        """Picture and accessibility of the page as it stands, at both widths; nothing may stick out."""
        self.step += 1
        expect(self.page.locator(".htmx-request")).to_have_count(0)
        for label, size in (("desk", DESK), ("phone", PHONE)):
            self.page.set_viewport_size(size)
            # What has scrolled half below the bar on top is no target that is too small.
            self.page.evaluate("window.scrollTo(0, 0)")
            # Hiding the caret would leave style attributes behind, which htmx copies and our CSP refuses.
            picture = PICTURES / f"{self.step:02}-{name}-{label}.png"
            self.page.screenshot(path=picture, full_page=True, caret="initial")
            assert self.page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
            # What lies half below a bar or the foot is no target that is too small, either.
            self.page.evaluate(IN_FLOW)
            violations = Axe().run(self.page, options=AXE_OPTIONS).response["violations"]
            self.page.evaluate("() => { document.adoptedStyleSheets = []; }")
            assert not violations, [
                (label, v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"])
                for v in violations
            ]
        self.page.set_viewport_size(DESK)

    def sign_in(self, address: str = "owner@demo.example") -> None:
        self.page.goto(self.stack.url)
        self.page.fill("input[name=login]", address)
        self.page.fill("input[name=password]", self.stack.password)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url(lambda url: "login" not in url)


@contextmanager
def person(browser: Browser, stack: Stack, signed_in: bool = True) -> Iterator[Walker]:
    """One whose browser is closed at the end; the pictures go to test-results/."""
    PICTURES.mkdir(exist_ok=True)
    walker = Walker(browser, stack)
    if signed_in:
        walker.sign_in()
    yield walker
    walker.page.context.close()


def reach(page: Page, target: Locator, key: str = "Tab") -> None:
    """Come to an element with the Tab key alone; to one near the end sooner with "Shift+Tab"."""
    for _ in range(200):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("the Tab key does not lead there")
