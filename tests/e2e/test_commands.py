"""The main path from a second terminal, beside the running stack: real workers, real HTTP, real broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from gobiz_admin.gobiz.signatures import sign
from tests.e2e.conftest import Stack
from tests.e2e.merchants import eventually

SEED = Path(__file__).resolve().parents[1] / "webhook_error.json"
OUTLET = "G222000333"


@pytest.fixture(scope="module")
def connected(stack: Stack) -> dict[str, Any]:
    # An app of its own: GoBiz tells every merchant who connected an app of all its outlets.
    app = stack.post("/_control/apps", {"slug": "skrip", "outlets": [{"outlet_id": OUTLET, "name": "Depok"}]})
    words = (
        "connect_outlet",
        *("--merchant", "Dari Skrip", "--owner", "skrip@example.com"),
        *("--app-id", app["app_id"], "--partner-id", app["partner_id"]),
        *("--outlet-id", OUTLET, "--outlet-name", "Depok", "--environment", "local"),
    )
    held = {"GOBIZ_APP_SECRET": app["app_secret"], "GOBIZ_RELAY_SECRET": app["relay_secret"]}
    first = stack.manage(*words, secrets=held)
    assert stack.manage(*words, secrets=held) == first
    return first | app


def test_from_credentials_to_a_repaired_mapping(stack: Stack, connected: dict[str, Any]) -> None:
    assert connected["outlet_id"] == OUTLET
    assert connected["scopes_missing"] == []
    read = stack.manage("import_menu", OUTLET)
    assert read["read"] == read["created"] > 0
    again = stack.manage("import_menu", OUTLET, "--accept-ids")
    assert (again["created"], again["without_external_id"]) == (0, 0)

    sync = stack.manage("publish_menu", OUTLET, "--wait", "40")
    assert sync["state"] == "confirmed", sync
    shown = stack.manage("show_syncs", OUTLET)[0]
    # It may have been read back since.
    assert shown | {"reading_back": None} == sync | {"reading_back": None}

    number = order_something(stack, connected)
    order = eventually(lambda: next(iter(orders_with(stack, number)), None))
    assert order["outlet_id"] == OUTLET
    assert order["pin"]
    assert all(line["mapped"] for line in order["lines"])

    raise_alert(connected)
    alert = eventually(lambda: next(iter(stack.manage("show_alerts", OUTLET)), None))
    assert (alert["order_number"], alert["state"]) == ("F-12345678", "open")
    assert alert["variants"] == alert["remaining"] == ["Paha atas", "Paha bawah"]

    assert stack.manage("publish_menu", OUTLET, "--wait", "40")["state"] == "confirmed"
    closed = stack.manage("show_alerts", OUTLET)[0]
    assert (closed["id"], closed["state"], closed["remaining"]) == (alert["id"], "closed", [])
    assert closed["closed_at"] is not None


def order_something(stack: Stack, app: dict[str, Any]) -> str:
    menu = requests.get(
        f"{stack.sandbox}/simulator/menu",
        params={"app_id": app["app_id"], "partner_id": app["partner_id"], "outlet_id": OUTLET},
        timeout=10,
    ).json()
    plain = next(
        item
        for group in menu["catalog"]["menus"]
        for item in group["menu_items"]
        if not item["variant_category_ids"]
    )
    order = stack.post(
        "/simulator/orders",
        {
            "app_id": app["app_id"],
            "partner_id": app["partner_id"],
            "outlet_id": OUTLET,
            "service_type": "gofood",
            "lines": [{"item_id": plain["id"], "quantity": 2, "notes": "Tidak pedas"}],
        },
    )
    return str(order["order_number"])


def orders_with(stack: Stack, number: str) -> list[dict[str, Any]]:
    return [order for order in stack.manage("show_orders", OUTLET) if order["order_number"] == number]


def raise_alert(app: dict[str, Any]) -> None:
    """The seed's own sample, for this outlet, signed as GoBiz signs."""
    raw = SEED.read_text().replace("G12345678", OUTLET).encode()
    answer = requests.post(
        app["webhook_url"],
        data=raw,
        headers={"X-Go-Signature": sign(app["relay_secret"], raw), "Content-Type": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("show_orders", "G404404404"), 2),
        (("show_orders",), 2),
        (("show_syncs", OUTLET, "--limit", "0"), 2),
        (("publish_menu", "G404404404"), 2),
        (("connect_outlet", "--merchant", "Tanpa rahasia"), 2),
    ],
)
def test_a_refusal_is_one_line_and_nothing_else(stack: Stack, words: tuple[str, ...], status: int) -> None:
    done = stack.run(*words)
    assert done.returncode == status
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
