"""Orders as JSON, for scripts."""

from __future__ import annotations

from typing import Any

from gobiz_admin.merchants.models import Outlet
from orders.models import Order, OrderLine


def orders_as_json(outlet: Outlet, limit: int | None = None) -> list[dict[str, Any]]:
    """The outlet's orders, newest first, in the form of `show_orders`; a fixed number of queries."""
    orders = outlet.orders.order_by("-received_at", "-pk").prefetch_related("lines__variants", "timeline")
    return [order_as_json(order, outlet) for order in (orders[:limit] if limit else orders)]


def order_as_json(order: Order, outlet: Outlet) -> dict[str, Any]:
    """One order: amounts in rupiah, times in ISO 8601 with an offset."""
    return {
        "order_number": order.order_number,
        "outlet_id": outlet.outlet_id,
        "status": order.status,
        "service_type": order.service_type,
        "pin": order.pin,
        "order_total": order.order_total,
        "customer": order.customer_name,
        "driver": order.driver_name,
        "created_at": order.created_at.isoformat() if order.created_at else None,
        "lines": [_line(line) for line in order.lines.all()],
        "timeline": [{"at": entry.at.isoformat(), "event": entry.event} for entry in order.timeline.all()],
    }


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "external_id": line.external_id,
        "quantity": line.quantity,
        "price": line.price,
        "notes": line.notes,
        "mapped": line.mapped,
        "variants": [
            {"name": variant.name, "external_id": variant.external_id, "mapped": variant.mapped}
            for variant in line.variants.all()
        ],
    }
