"""Event names and order statuses (page: "Notification subscriptions", "Receiving notifications")."""

# In the order in which an order passes through them; the short names are those of the simulator.
STATUS_OF = {
    "awaiting_merchant_acceptance": "AWAITING_MERCHANT_ACCEPTANCE",
    "merchant_accepted": "MERCHANT_ACCEPTED",
    "driver_otw_pickup": "DRIVER_OTW_PICKUP",
    "driver_arrived": "DRIVER_ARRIVED",
    "placed": "PLACED",
    "completed": "COMPLETED",
    "cancelled": "CANCELLED",
}
# No longer offered for subscription, but it may still arrive.
CREATED = "created"
AWAITING, ACCEPTED, CANCELLED = "AWAITING_MERCHANT_ACCEPTANCE", "MERCHANT_ACCEPTED", "CANCELLED"
FINAL = {"COMPLETED", CANCELLED}

WEBHOOK_ERROR = "gofood.order.webhook_error"
MENU_CONFIRMED = "gofood.catalog.menu_mapping_updated"
SUBSCRIBABLE = [*(f"gofood.order.{name}" for name in STATUS_OF), WEBHOOK_ERROR, MENU_CONFIRMED]

_RANK = {status: rank for rank, status in enumerate(STATUS_OF.values())}


def status_of(event: str) -> str:
    """The status that an event (short name) stands for; `created` is an order that awaits acceptance."""
    return STATUS_OF.get(event, AWAITING)


def is_ahead(status: str, current: str) -> bool:
    """Whether an order of the current status may still move on to this one."""
    return current not in FINAL and _RANK[status] > _RANK[current]
