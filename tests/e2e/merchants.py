"""Merchants for walks: each with a GoBiz app and outlets of its own, so that no walk sees what another did."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.stack_process import Stack

OWNER = "owner@demo.example"


@dataclass(frozen=True)
class Connected:
    """`app`: the sandbox's own record of the GoBiz app, secrets included; `url`: of the merchant's pages."""

    app: dict[str, Any]
    url: str


def connect(
    stack: Stack,
    merchant: str,
    outlets: Mapping[str, str],
    *,
    menu: str = "small",
    app: dict[str, Any] | None = None,
    notified: bool = False,
) -> Connected:
    """A merchant of the demo's owner with these outlets (name by outlet_id), at a new GoBiz app unless one is given.

    `menu`: what GoFood has there at first (see the sandbox's seed menu). `notified`: GoBiz posts to us.
    """
    if app is None:
        rows = [{"outlet_id": outlet_id, "name": name, "menu": menu} for outlet_id, name in outlets.items()]
        app = stack.post("/_control/apps", {"slug": merchant.lower(), "outlets": rows})
    held = {"GOBIZ_APP_SECRET": app["app_secret"], "GOBIZ_RELAY_SECRET": app["relay_secret"]}
    found: dict[str, Any] = {}
    for outlet_id, name in outlets.items():
        found = stack.manage(
            *("connect_outlet", "--merchant", merchant, "--owner", OWNER),
            *("--app-id", app["app_id"], "--partner-id", app["partner_id"]),
            *("--outlet-id", outlet_id, "--outlet-name", name, "--environment", "local"),
            *(("--no-verify",) if notified else ("--no-verify", "--no-subscribe")),
            secrets=held,
        )
    return Connected(app, f"{stack.url}/m/{found['merchant_id']}/")


def publish(stack: Stack, outlet_id: str) -> None:
    """Import the outlet's menu, publish it, and wait until it is proven and no read-back is to come.

    What is changed on GoFood before that is not told apart from what GoFood has not taken yet.
    """
    stack.manage("import_menu", outlet_id, "--accept-ids")
    stack.manage("publish_menu", outlet_id, "--again", "--wait", "80")
    eventually(lambda: is_proven(stack, outlet_id), 60)


def is_proven(stack: Stack, outlet_id: str) -> bool:
    """Whether the outlet's newest sync is confirmed and read back."""
    newest = stack.manage("show_syncs", outlet_id, "--limit", "1")[0]
    return newest["state"] == "confirmed" and not newest["reading_back"]


def eventually(look: Callable[[], Any], seconds: float = 15) -> Any:
    """The first truthy thing that `look` sees."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
