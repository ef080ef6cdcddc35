"""A mid-range phone: Chromium with a slower processor, on the network of a mobile, and what it saw when."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gobiz_admin.stack import chromium

# Four times slower than this machine: what Lighthouse takes for a mid-range phone.
SLOWER = 4
SCREEN = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2.75, "is_mobile": True}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# Items' pictures stand elsewhere: nothing of a run leaves this machine.
NOWHERE = "--host-resolver-rules=MAP *.example.com ~NOTFOUND"
PATIENCE_MS = 60_000

# When the first row of the list was drawn: the paint timing knows nothing of rows.
FIRST_ROW = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".item-row")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.firstRow = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""
SEEN = "() => window.firstRow && performance.getEntriesByName('first-contentful-paint').length"
TIMES = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime / 1000,
  row: window.firstRow / 1000,
  first_byte: performance.getEntriesByType("navigation")[0].responseStart / 1000,
})"""


@dataclass(frozen=True)
class Network:
    """As Chromium's own developer tools play it: each request waits `latency`, then bytes come at their pace."""

    name: str
    latency_ms: float
    down_bits: float
    up_bits: float

    def conditions(self) -> dict[str, Any]:
        return {
            "offline": False,
            "latency": self.latency_ms,
            "downloadThroughput": self.down_bits / 8,
            "uploadThroughput": self.up_bits / 8,
        }


# The presets "Fast 4G" and "Slow 4G" (long called "Fast 3G") of Chromium's developer tools:
# https://github.com/ChromeDevTools/devtools-frontend, front_end/core/sdk/NetworkManager.ts
FAST_4G = Network("4G", 165.0, 9e6 * 0.9, 1.5e6 * 0.9)
SLOW_4G = Network("slow 4G", 562.5, 1.6e6 * 0.9, 750e3 * 0.9)


class Phone:
    """A browser; each visit is of a profile of its own, with nothing in its cache."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def visit(self, base: str, page: dict[str, Any], network: Network) -> tuple[dict[str, float], ...]:
        """The seconds until first byte, first paint and first row: of a first visit, and of another soon after."""
        context = self.browser.new_context(locale="id-ID", **SCREEN)
        try:
            context.add_cookies([{"name": page["name"], "value": page["session"], "url": base}])
            context.add_init_script(FIRST_ROW)
            tab = context.new_page()
            return tuple(self._open(context, tab, base + page["path"], network) for _ in ("first", "again"))
        finally:
            context.close()

    def _open(self, context: Any, tab: Any, address: str, network: Network) -> dict[str, float]:
        tools = context.new_cdp_session(tab)
        tools.send("Network.enable")
        tools.send("Network.emulateNetworkConditions", network.conditions())
        tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        tab.goto(address, wait_until="commit", timeout=PATIENCE_MS)
        tab.wait_for_function(SEEN, timeout=PATIENCE_MS)
        times: dict[str, float] = tab.evaluate(TIMES)
        tab.goto("about:blank")
        tools.detach()
        return times


@contextlib.contextmanager
def switched_on() -> Iterator[Phone | None]:
    """The phone; None where this machine has no Chromium."""
    path = chromium.find()
    if path is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, NOWHERE])
        try:
            yield Phone(browser)
        finally:
            browser.close()
