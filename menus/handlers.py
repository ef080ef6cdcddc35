"""What this app does with notifications. Each runs in one transaction, may run twice, never calls GoBiz."""

from menus.alerts import open_alert
from menus.confirming import mapping_updated
from menus.text import clean
from menus.undelivered import read_report
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
    report = read_report(delivery.body)
    open_alert(
        delivery.outlet,
        report.order_number,
        report.error_type,
        report.items,
        report.variants,
        delivery.at or delivery.received_at,
    )
