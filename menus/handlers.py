"""What this app does with notifications. Each runs in one transaction, may run twice, never calls GoBiz."""

from typing import Any

from menus.alerts import open_alert
from menus.confirming import mapping_updated
from menus.text import clean
from webhooks.dispatch import Delivery, handles


@handles("gofood.catalog.menu_mapping_updated")
def take_mapping(delivery: Delivery) -> None:
    """Confirm the sync with this request_id."""
    request_id = clean(delivery.body.get("request_id"))
    if request_id:
        mapping_updated(delivery.outlet, request_id, delivery.body.get("menus"), delivery.at)


@handles("gofood.order.webhook_error")
def take_undelivered_order(delivery: Delivery) -> None:
    """Open the mapping alert of the order that GoBiz could not deliver."""
    body = delivery.body
    missing = body.get("mapping_not_found")
    missing = missing if isinstance(missing, dict) else {}
    open_alert(
        delivery.outlet,
        _order_number(body),
        clean(body.get("error_type")),
        _names(missing.get("items")),
        _names(missing.get("variants")),
        delivery.at or delivery.received_at,
    )


def _order_number(body: dict[str, Any]) -> str:
    order = body.get("order")
    if not isinstance(order, dict):
        return ""
    return (clean(order.get("number")) or clean(order.get("order_number")))[:200]


def _names(rows: Any) -> list[str]:
    """The names in a list of objects, or of names, or of anything."""
    rows = rows if isinstance(rows, list) else []
    names = [clean(row.get("name") if isinstance(row, dict) else row) for row in rows]
    return [name for name in names if name]
