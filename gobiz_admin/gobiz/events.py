"""The names of GoBiz's notifications. Source: gobiz-api.md, "Notification subscriptions"."""

ORDER_AWAITING = "gofood.order.awaiting_merchant_acceptance"
ORDER_ACCEPTED = "gofood.order.merchant_accepted"
ORDER_DRIVER_OTW = "gofood.order.driver_otw_pickup"
ORDER_DRIVER_ARRIVED = "gofood.order.driver_arrived"
ORDER_PLACED = "gofood.order.placed"
ORDER_COMPLETED = "gofood.order.completed"
ORDER_CANCELLED = "gofood.order.cancelled"
# No longer offered for subscription, but it may still arrive.
ORDER_CREATED = "gofood.order.created"
WEBHOOK_ERROR = "gofood.order.webhook_error"
MENU_MAPPING_UPDATED = "gofood.catalog.menu_mapping_updated"

# The notifications that carry an order, in the order of its life.
ORDER_EVENTS: tuple[str, ...] = (
    ORDER_CREATED,
    ORDER_AWAITING,
    ORDER_ACCEPTED,
    ORDER_DRIVER_OTW,
    ORDER_DRIVER_ARRIVED,
    ORDER_PLACED,
    ORDER_COMPLETED,
    ORDER_CANCELLED,
)

# What we subscribe to.
EVENTS: tuple[str, ...] = (
    ORDER_AWAITING,
    ORDER_ACCEPTED,
    ORDER_DRIVER_OTW,
    ORDER_DRIVER_ARRIVED,
    ORDER_PLACED,
    ORDER_COMPLETED,
    ORDER_CANCELLED,
    WEBHOOK_ERROR,
    MENU_MAPPING_UPDATED,
)
