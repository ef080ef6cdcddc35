"""Reading and replacing the menu, stock switches, the confirmation."""

import copy
import json
from typing import Any

import pytest

from tests.sandbox.conftest import Client
from tests.sandbox.receiver import Receiver
from tests.sandbox_process import SandboxProcess

DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
ITEM = {
    "external_id": "I-1",
    "name": "Pizza",
    "internal_name": "Pizza (besar)",
    "description": "Enak",
    "in_stock": True,
    "price": 9000,
    "image": "https://example.com/pizza.png",
    "operational_hours": {day: [{"start": "00:00", "end": "23:59"}] for day in DAYS},
    "variant_category_external_ids": ["VC-1"],
}
BODY: dict[str, Any] = {
    "request_id": "req-1",
    "menus": [{"name": "Makanan", "menu_items": [ITEM]}],
    "variant_categories": [
        {
            "external_id": "VC-1",
            "name": "Topping",
            "internal_name": "Topping (promo)",
            "rules": {"selection": {"min_quantity": 0, "max_quantity": 2}},
            "variants": [{"external_id": "V-1", "name": "Keju", "price": -1000, "in_stock": True}],
        }
    ],
}
FIRST = "menus.0.menu_items.0"
HOURS = f"{FIRST}.operational_hours"
SELECTION = "variant_categories.0.rules.selection"


def changed(path: str, value: Any) -> dict[str, Any]:
    """BODY with one field set; the value `...` removes it."""
    body = copy.deepcopy(BODY)
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    place: Any = body
    for part in way:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return body


def test_the_seed_is_a_big_menu_with_gaps(client: Client) -> None:
    catalog = client.catalog()
    items = [item for menu in catalog["menus"] for item in menu["menu_items"]]
    assert len(items) >= 40
    assert 6 <= len(catalog["menus"]) <= 8
    assert all("external_id" not in category for category in catalog["variant_categories"])
    assert {item.get("external_id", "missing") for item in items} >= {None, "", "missing"}
    ids = {category["id"] for category in catalog["variant_categories"]}
    assert all(set(item["variant_category_ids"]) <= ids for item in items)
    chicken = next(c for c in catalog["variant_categories"] if c["name"] == "Pilihan Ayam")
    assert [v["name"] for v in chicken["variants"] if not v.get("external_id")] == ["Paha atas", "Paha bawah"]
    assert items[0]["image"].startswith(client.sandbox.url)


def test_a_put_replaces_everything_and_keeps_known_ids(client: Client) -> None:
    assert client.gofood("PUT", "v1/catalog", BODY).json()["success"] is True
    first = client.catalog()
    (item,) = first["menus"][0]["menu_items"]
    (category,) = first["variant_categories"]
    assert item["variant_category_ids"] == [category["id"]]
    assert "internal_name" not in item
    assert category["internal_name"] == "Topping (promo)"
    again = changed(f"{FIRST}.name", "Piza")
    assert client.gofood("PUT", "v1/catalog", again).ok
    (renamed,) = client.catalog()["menus"][0]["menu_items"]
    assert (renamed["id"], renamed["name"]) == (item["id"], "Piza")
    renumbered = changed(f"{FIRST}.external_id", "I-2")
    assert client.gofood("PUT", "v1/catalog", renumbered).ok
    assert client.catalog()["menus"][0]["menu_items"][0]["id"] != item["id"]


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("request_id", ..., "request_id"),
        ("menus", ..., "menus"),
        ("variant_categories", None, "variant_categories"),
        (f"{FIRST}.external_id", ..., "menus[0].menu_items[0].external_id"),
        (f"{FIRST}.external_id", "I 1", "menus[0].menu_items[0].external_id"),
        (f"{FIRST}.external_id", "I" * 201, "menus[0].menu_items[0].external_id"),
        (f"{FIRST}.name", "", "menus[0].menu_items[0].name"),
        (f"{FIRST}.name", "x" * 151, "menus[0].menu_items[0].name"),
        (f"{FIRST}.internal_name", "x" * 201, "menus[0].menu_items[0].internal_name"),
        (f"{FIRST}.description", "x" * 201, "menus[0].menu_items[0].description"),
        (f"{FIRST}.price", True, "menus[0].menu_items[0].price"),
        (f"{FIRST}.price", "9000", "menus[0].menu_items[0].price"),
        (f"{FIRST}.price", 9000.5, "menus[0].menu_items[0].price"),
        (f"{FIRST}.price", -1, "menus[0].menu_items[0].price"),
        (f"{FIRST}.in_stock", 1, "menus[0].menu_items[0].in_stock"),
        (f"{FIRST}.image", "ftp://x/y.png", "menus[0].menu_items[0].image"),
        (f"{FIRST}.variant_category_external_ids", ["VC-9"], "variant_category_external_ids[0]"),
        (f"{HOURS}.monday", ..., "operational_hours.monday"),
        (f"{HOURS}.monday", [{"start": "9:00", "end": "10:00"}], "operational_hours.monday[0]"),
        (f"{HOURS}.monday", [{"start": "09:00", "end": "24:00"}], "operational_hours.monday[0]"),
        (f"{HOURS}.monday", [{"start": "10:00", "end": "10:00"}], "operational_hours.monday[0]"),
        (
            f"{HOURS}.monday",
            [{"start": "10:00", "end": "12:00"}, {"start": "11:00", "end": "13:00"}],
            "operational_hours.monday: times overlap",
        ),
        (f"{SELECTION}.max_quantity", 0, "variant_categories[0].rules.selection.max_quantity"),
        (f"{SELECTION}.min_quantity", 3, "variant_categories[0].rules.selection.max_quantity"),
        (f"{SELECTION}.min_quantity", -1, "variant_categories[0].rules.selection.min_quantity"),
        ("variant_categories.0.external_id", ..., "variant_categories[0].external_id"),
        ("variant_categories.0.variants.0.price", None, "variant_categories[0].variants[0].price"),
        ("menus.0.menu_items", [ITEM, ITEM], "menus[0].menu_items[1].external_id"),
        ("menus.0.menu_items", [7], "menus[0].menu_items[0]"),
        ("menus.0", None, "menus[0]"),
    ],
)
def test_a_put_that_breaks_a_rule_is_refused_whole(client: Client, path: str, value: Any, named: str) -> None:
    before = client.catalog("G87654321")
    answer = client.gofood("PUT", "v1/catalog", changed(path, value), outlet="G87654321")
    assert answer.status_code == 400
    assert named in answer.json()["errors"][0]["message"]
    assert client.catalog("G87654321") == before


def test_an_odd_external_id_that_is_live_may_stay(client: Client, sandbox: SandboxProcess) -> None:
    assert client.gofood("PUT", "v1/catalog", BODY).ok
    live = sandbox.control("GET", "outlets/G12345678")["catalog"]
    live["menus"][0]["menu_items"][0]["external_id"] = "I 1/a"
    sandbox.control("POST", "outlets/G12345678", {"catalog": live})
    assert client.gofood("PUT", "v1/catalog", changed(f"{FIRST}.external_id", "I 1/a")).ok


def test_the_confirmation_names_the_request(client: Client, receiver: Receiver) -> None:
    client.subscribe("gofood.catalog.menu_mapping_updated", receiver.url)
    assert client.gofood("PUT", "v1/catalog", BODY).ok
    (received,) = receiver.wait_for(1)
    body = json.loads(received.raw)["body"]
    item = client.catalog()["menus"][0]["menu_items"][0]
    assert body["request_id"] == "req-1"
    assert body["outlet"] == {"id": "G12345678", "external_outlet_id": None}
    assert body["menus"] == [{"id": item["id"], "external_menu_id": "I-1"}]


def test_stock_is_switched_by_external_id_or_id(client: Client) -> None:
    catalog = client.catalog()
    items = [item for menu in catalog["menus"] for item in menu["menu_items"]]
    unmapped = next(item for item in items if not item.get("external_id"))
    changes = [{"external_id": "I-BUBUR", "in_stock": False}, {"id": unmapped["id"], "in_stock": False}]
    assert client.gofood("PATCH", "v2/menu_item_stocks", changes).json() == {"success": True, "data": {}}
    assert client.gofood("PATCH", "v2/variant_stocks", [{"external_id": "V-ES-TANPA", "in_stock": False}]).ok
    after = client.catalog()
    off = {item["name"] for menu in after["menus"] for item in menu["menu_items"] if not item["in_stock"]}
    assert off == {"Bubur Ayam Spesial", unmapped["name"], "Es Cendol Durian"}
    assert [
        v["in_stock"] for c in after["variant_categories"] if c["name"] == "Es" for v in c["variants"]
    ] == [
        True,
        True,
        False,
    ]


def test_one_unknown_key_switches_nothing(client: Client) -> None:
    before = client.catalog()
    changes = [{"external_id": "I-BUBUR", "in_stock": False}, {"external_id": "I-NOPE", "in_stock": False}]
    assert client.gofood("PATCH", "v2/menu_item_stocks", changes).status_code == 404
    assert client.gofood("PATCH", "v2/menu_item_stocks", [{"external_id": "I-BUBUR"}]).status_code == 400
    assert client.catalog() == before
