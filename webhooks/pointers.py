"""Where the order of a notification is shown; who keeps orders says it, for this app knows none."""

from __future__ import annotations

from collections.abc import Callable

from gobiz_admin.merchants.models import Outlet

Pointer = Callable[[Outlet, str], str]
POINTERS: list[Pointer] = []


def points_to_orders(pointer: Pointer) -> Pointer:
    """Register a function that gives the address of an outlet's order by its number, or ""."""
    POINTERS.append(pointer)
    return pointer


def address_of_order(outlet: Outlet | None, order_number: str) -> str:
    """The address of the page that shows the order; "" when none does."""
    if outlet is None or not order_number:
        return ""
    return next((address for pointer in POINTERS if (address := pointer(outlet, order_number))), "")
