"""Merchants for walks: each with a GoBiz app and outlets of its own, so that no walk sees what another did."""

from __future__ import annotations

from collections.abc import Mapping
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
