"""From a basket to the body of an order (page: "Receiving notifications", "GoBiz's own order simulator")."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from gobiz_admin.sandbox.answers import PlainError
from gobiz_admin.sandbox.catalog import items_of, new_id
from gobiz_admin.sandbox.models import Outlet
from gobiz_admin.sandbox.notifications import stamp
from gobiz_admin.sandbox.promos import running

Json = dict[str, Any]

CUSTOMERS = ["Siti Rahmawati", "Budi Santoso", "Dewi Lestari", "Putri Ayu", "Andi Pratama", "Wahyu Nugroho"]


@dataclass
class Line:
    """One line of the basket, its item and variants found in the outlet's menu."""

    item: Json
    variants: list[Json]
    quantity: int
    notes: str
    price: int
    promo_id: str | None = None


def read_lines(outlet: Outlet, lines: Any, force: bool) -> list[Line]:
    """The basket against the menu; what a customer could not order is refused unless forced."""
    if not isinstance(lines, list) or not lines:
        raise PlainError(422, "lines: choose at least one item")
    return [_line(outlet.catalog, line, force) for line in lines]


def _line(catalog: Json, line: Any, force: bool) -> Line:
    if not isinstance(line, dict):
        raise PlainError(422, "lines: each line is an object")
    item = _find(list(items_of(catalog)), line.get("item_id") or line.get("external_id") or line.get("name"))
    quantity = line.get("quantity", 1)
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= 999:
        raise PlainError(422, f"{item['name']}: quantity must be a number from 1 to 999")
    variants = _variants(catalog, item, line.get("variants") or [], force)
    if not force:
        for thing in [item, *variants]:
            if not thing["in_stock"]:
                raise PlainError(422, f"{thing['name']} is out of stock")
    price = item["price"] + sum(variant["price"] for variant in variants)
    return Line(item, variants, quantity, str(line.get("notes") or ""), price)


def _variants(catalog: Json, item: Json, wanted: list[Any], force: bool) -> list[Json]:
    """The variants chosen, in the menu's order, with min and max of each category enforced."""
    by_id = {category["id"]: category for category in catalog["variant_categories"]}
    categories = [by_id[name] for name in item["variant_category_ids"] if name in by_id]
    offered = [variant for category in categories for variant in category["variants"]]
    chosen = [_find(offered, key) for key in wanted]
    for category in categories if not force else []:
        count = sum(variant in category["variants"] for variant in chosen)
        rule = category["rules"]["selection"]
        if not rule["min_quantity"] <= count <= rule["max_quantity"]:
            allowed = f"{rule['min_quantity']} to {rule['max_quantity']}"
            raise PlainError(422, f"{item['name']}: choose {allowed} of {category['name']}, not {count}")
    return chosen


def _find(things: list[Json], key: Any) -> Json:
    """By GoBiz id, by external_id, by name."""
    for field in ("id", "external_id", "name"):
        for thing in things:
            if key and str(thing.get(field) or "").casefold() == str(key).casefold():
                return thing
    raise PlainError(422, f"'{key}' is not on the menu")


def apply_promos(outlet: Outlet, lines: list[Line], wanted: bool) -> list[Json]:
    """Sets the promo prices and gives `applied_promotions`.

    Running SKU promos always hold. With `wanted` and none of them, the first line gets one of GoFood's
    own, 20 % off.
    """
    promos = running(outlet)
    for line in lines:
        promo = promos.get(line.item.get("external_id") or "")
        if promo is not None:
            line.price += promo.detail["selling_price"] - line.item["price"]
            line.promo_id = str(promo.pk)
    if wanted and not any(line.promo_id for line in lines):
        lines[0].price -= lines[0].item["price"] // 5
        lines[0].promo_id = new_id()
    return [
        {"scope": "sku", "detail": {"id": line.promo_id, "item": _reference(line.item)}}
        for line in lines
        if line.promo_id
    ]


def order_body(outlet: Outlet, number: str, lines: list[Line], asked: Json) -> Json:
    """The notification's body without the parts that depend on the status."""
    promotions = apply_promos(outlet, lines, wanted=bool(asked.get("promo")))
    takeaway = asked.get("takeaway_charges", 0)
    return {
        "service_type": asked["service_type"],
        "outlet": outlet.reference(),
        "customer": {"id": str(uuid.uuid4()), "name": secrets.choice(CUSTOMERS)},
        "driver": None,
        "order": {
            "order_number": number,
            "status": "",
            "pin": f"{secrets.randbelow(10_000):04d}",
            "order_total": sum(line.price * line.quantity for line in lines) + takeaway,
            "currency": "IDR",
            "takeaway_charges": takeaway,
            "cutlery_requested": asked.get("cutlery"),
            "created_at": stamp(),
            "scheduled_flag": _schedule() if asked.get("scheduled") else None,
            "cancellation_detail": None,
            "applied_promotions": promotions,
            "order_items": [_order_item(line) for line in lines],
        },
    }


def _schedule() -> Json:
    start = timezone.now() + timedelta(hours=2)
    return {
        "is_catering": False,
        "schedule_delivery_time_start": stamp(start),
        "schedule_delivery_time_end": stamp(start + timedelta(minutes=30)),
    }


def _order_item(line: Line) -> Json:
    return {
        **_reference(line.item),
        "name": line.item["name"],
        "quantity": line.quantity,
        "price": line.price,
        "notes": line.notes,
        "sku_promo_id": line.promo_id,
        "variants": [{**_reference(variant), "name": variant["name"]} for variant in line.variants],
    }


def _reference(thing: Json) -> Json:
    return {"id": thing["id"], "external_id": thing.get("external_id")}


def unmapped(lines: list[Line]) -> Json | None:
    """What of the basket has no external_id, by name, as `mapping_not_found` lists it; None when all have."""
    items = _names([line.item for line in lines])
    variants = _names([variant for line in lines for variant in line.variants])
    return {"items": items, "variants": variants} if items or variants else None


def _names(things: list[Json]) -> list[Json]:
    names = dict.fromkeys(thing["name"] for thing in things if not thing.get("external_id"))
    return [{"name": name} for name in names]
