"""A phone: Chromium as fast as one of that kind, on the network of a mobile, and what it saw when."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gobiz_admin.stack import chromium

SCREEN = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2.75, "is_mobile": True}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# Items' pictures stand elsewhere: nothing of a run leaves this machine.
NOWHERE = "--host-resolver-rules=MAP *.example.com ~NOTFOUND"
PATIENCE_MS = 60_000

SIGN_IN = "/account/login/"
# With an empty cache, which nobody has who signed in here; right after signing in; and another time.
VISITS = COLD, SIGNED_IN, AGAIN = "cold", "signed in", "again"

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


# How fast this browser is, as Lighthouse's BenchmarkIndex counts it: texts of 10,000 characters put together, and
# lists of 100,000 numbers copied, in tenths of a second's count, on average.
SPEED = """() => {
  const count = (work) => {
    const begun = performance.now();
    let done = 0;
    while (done % 10 || performance.now() - begun < 250) work(done++);
    return done / 10 / ((performance.now() - begun) / 1000);
  };
  const numbers = [Array.from({ length: 100000 }, (_, i) => i), Array.from({ length: 100000 }, (_, i) => i)];
  const write = () => {
    let text = "";
    for (let i = 0; i < 10000; i++) text += "a";
    if (text.length === 1) throw new Error("kept, so that it is done");
  };
  const copy = (round) => {
    const [from, to] = [numbers[round % 2], numbers[(round + 1) % 2]];
    for (let i = 0; i < from.length; i++) to[i] = from[i];
  };
  return (count(write) + count(copy)) / 2;
}"""


@dataclass(frozen=True)
class Kind:
    """A kind of phone, and how fast one is (as SPEED counts)."""

    name: str
    speed: float


# The two that Chromium's developer tools slow a computer down to ("like a Pixel 5", "like a Moto G Power 2022"):
# https://github.com/ChromeDevTools/devtools-frontend, front_end/panels/mobile_throttling/CalibrationController.ts
MID_RANGE = Kind("mid-range phone", 1000)
CHEAP = Kind("cheap phone", 264)


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
    """A browser, as slow as is asked."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        tab = browser.new_page()
        # The first is of code that was not compiled yet.
        self.speed = max(tab.evaluate(SPEED) for _ in range(4))
        tab.close()

    def slower(self, kind: Kind) -> float:
        """How many times slower than now this browser has to be; a slow machine is not made faster."""
        return max(1.0, self.speed / kind.speed)

    def visits(
        self, base: str, page: dict[str, Any], kind: Kind, network: Network
    ) -> dict[str, dict[str, float]]:
        """The seconds until first byte, first paint and first row, by VISITS."""
        address = base + page["path"]
        with self._new(base, page) as (context, tab):
            cold = self._open(context, tab, address, kind, network)
            again = self._open(context, tab, address, kind, network)
        with self._new(base, page) as (context, tab):
            tab.goto(base + SIGN_IN, wait_until="load", timeout=PATIENCE_MS)
            signed_in = self._open(context, tab, address, kind, network)
        return dict(zip(VISITS, (cold, signed_in, again), strict=True))

    @contextlib.contextmanager
    def _new(self, base: str, page: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
        """A tab of somebody who may see the page, with nothing in its cache."""
        context = self.browser.new_context(locale="id-ID", **SCREEN)
        try:
            # Sent to this page alone: the sign-in page shows itself only to who is not signed in.
            cookie = {"name": page["name"], "value": page["session"], "path": page["path"]}
            context.add_cookies([{**cookie, "domain": urlsplit(base).hostname}])
            context.add_init_script(FIRST_ROW)
            yield context, context.new_page()
        finally:
            context.close()

    def _open(self, context: Any, tab: Any, address: str, kind: Kind, network: Network) -> dict[str, float]:
        tools = context.new_cdp_session(tab)
        tools.send("Network.enable")
        tools.send("Network.emulateNetworkConditions", network.conditions())
        tools.send("Emulation.setCPUThrottlingRate", {"rate": self.slower(kind)})
        tab.goto(address, wait_until="commit", timeout=PATIENCE_MS)
        tab.wait_for_function(SEEN, timeout=PATIENCE_MS)
        times: dict[str, float] = tab.evaluate(TIMES)
        # To its end: what the server still makes of this visit must not be in the way of the next.
        tab.wait_for_load_state("load", timeout=PATIENCE_MS)
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
