"""The state of orders: events, the merchant's actions, time limits (page: "Orders")."""

from typing import Any

from django.http import HttpRequest, JsonResponse

from gobiz_admin.sandbox import steps
from gobiz_admin.sandbox.access import api
from gobiz_admin.sandbox.answers import ApiError, read_json, success
from gobiz_admin.sandbox.events import (
    ACCEPTED,
    AWAITING,
    CANCELLED,
    FINAL,
    STATUS_OF,
    WEBHOOK_ERROR,
    is_ahead,
    status_of,
)
from gobiz_admin.sandbox.models import Order, Outlet, Settings
from gobiz_admin.sandbox.notifications import send_event

Json = dict[str, Any]

SERVICE_OF = {"delivery": "gofood", "pickup": "gofood_pickup"}
CANCEL_CODES = ["HIGH_DEMAND", "RESTAURANT_CLOSED", "ITEMS_OUT_OF_STOCK", "OTHERS"]
# Seconds that the merchant has to react, by acceptance mode, and the event that follows.
TIME_LIMITS = {
    Outlet.Acceptance.MANUAL: (180, "cancelled"),
    Outlet.Acceptance.AUTO_ON_TIMEOUT: (60, "merchant_accepted"),
}
COOKING = {ACCEPTED, "DRIVER_OTW_PICKUP", "DRIVER_ARRIVED"}
DRIVEN = {"DRIVER_OTW_PICKUP", "DRIVER_ARRIVED", "PLACED", "COMPLETED"}
DRIVERS = ["Agus Setiawan", "Bambang Hartono", "Dedi Kurniawan", "Rina Marlina", "Yusuf Hidayat"]


@api("gofood:order:write")
def accept(request: HttpRequest, outlet: Outlet, order_type: str, number: str) -> JsonResponse:
    order = _for_action(outlet, order_type, number)
    if order.status != AWAITING:
        raise _moved_on(order)
    happen(order, "merchant_accepted")
    return success()


@api("gofood:order:write")
def cancel(request: HttpRequest, outlet: Outlet, order_type: str, number: str) -> JsonResponse:
    body = read_json(request)
    code, description = body.get("cancel_reason_code"), body.get("cancel_reason_description")
    if code not in CANCEL_CODES:
        raise ApiError(400, f"cancel_reason_code: must be one of {', '.join(CANCEL_CODES)}")
    if not isinstance(description, str) or len(description.strip()) < 3:
        raise ApiError(400, "cancel_reason_description: must have at least 3 characters")
    order = _for_action(outlet, order_type, number)
    if order.status != AWAITING and order.status not in COOKING:
        raise _moved_on(order)
    happen(order, "cancelled", reason=code)
    return success()


@api("gofood:order:write")
def food_prepared(request: HttpRequest, outlet: Outlet, order_type: str, number: str) -> JsonResponse:
    if read_json(request).get("country_code") != "ID":
        raise ApiError(400, "country_code: must be ID")
    order = _for_action(outlet, order_type, number)
    if order.food_prepared or order.status not in COOKING:
        raise _moved_on(order)
    order.food_prepared = True
    order.save(update_fields=["food_prepared"])
    return success()


def _for_action(outlet: Outlet, order_type: str, number: str) -> Order:
    if order_type not in SERVICE_OF:
        raise ApiError(404, f"order type '{order_type}' is unknown", title="Not found")
    order = Order.objects.select_for_update(of=("self",)).filter(outlet=outlet, number=number).first()
    if order is None or order.service_type != SERVICE_OF[order_type]:
        raise ApiError(404, f"order {number} not found", title="Not found")
    return order


def _moved_on(order: Order) -> ApiError:
    return ApiError(409, f"order {order.number} is already {order.status}", title="Order state changed")


def happen(order: Order, event: str, reason: str = "", force: bool = False) -> bool:
    """Moves the order on and notifies; an event that comes too late is left out unless forced.

    The order itself never moves back: a forced late event is only told.
    """
    status = status_of(event)
    ahead = is_ahead(status, order.status)
    if not ahead and not force:
        return False
    order.body = told_as(order, status, reason)
    if ahead:
        order.status = status
    order.save(update_fields=["status", "body"])
    announce(order, event)
    return True


def told_as(order: Order, status: str, reason: str) -> Json:
    """The body that tells of this status: driver and cancellation only from when there is one."""
    details = {**order.body["order"], "status": status, "cancellation_detail": None}
    if status == CANCELLED:
        details["cancellation_detail"] = {"reason": reason or "CUSTOMER_CANCELLED"}
    driver = None
    if order.service_type == "gofood" and status in DRIVEN:
        driver = {"name": DRIVERS[order.pk % len(DRIVERS)]}
    return {**order.body, "driver": driver, "order": details}


def announce(order: Order, event: str) -> None:
    """The event's notification, or a webhook_error in its place when mappings are missing."""
    if order.unmapped is None:
        send_event(order.outlet, f"gofood.order.{event}", order.body, entity_id=order.number)
        return
    body = {
        "error_type": "mapping_not_found",
        "mapping_not_found": order.unmapped,
        "order": {"number": order.number},
        "outlet": order.outlet.reference(),
    }
    send_event(order.outlet, WEBHOOK_ERROR, body, entity_id=order.number)


def watch_acceptance(order: Order) -> None:
    """Starts the time limit of an order that awaits acceptance."""
    limit = TIME_LIMITS.get(Outlet.Acceptance(order.outlet.acceptance))
    if order.status == AWAITING and limit is not None:
        seconds, event = limit
        data = {"number": order.number, "event": event}
        steps.plan("acceptance_deadline", data, after=seconds / Settings.load().acceptance_speed)


def acceptance_deadline(data: Json) -> None:
    """Step: nobody reacted in time."""
    order = locked(data["number"])
    if order is not None and order.status == AWAITING:
        happen(order, data["event"], reason="MERCHANT_TIMEOUT")


def planned_event(data: Json) -> None:
    """Step: the next event of a simulated order."""
    order = locked(data["number"])
    if order is not None:
        happen(order, data["event"], force=data["force"])


def locked(number: str) -> Order | None:
    orders = Order.objects.select_related("outlet__app").select_for_update(of=("self",))
    return orders.filter(number=number).first()


def possible_events(order: Order) -> list[str]:
    """Short names of the events that may still follow, in their natural order."""
    if order.status in FINAL:
        return []
    return [event for event, status in STATUS_OF.items() if is_ahead(status, order.status)]
