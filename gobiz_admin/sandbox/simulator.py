"""The order simulator (page: "GoBiz's own order simulator"; seed: "Simulate GoFood Orders").

`GET /simulator/` is the page, `static/sandbox/simulator.mjs` its program. All of it works over HTTP:

* `GET /simulator/menu?app_id=&partner_id=&outlet_id=` → `{outlet, acceptance, force_closed, catalog,
  default_events}`; 404 says which of the three ids is wrong.
* `POST /simulator/orders` `{app_id, partner_id, outlet_id, service_type: "gofood"|"gofood_pickup", lines: [
  {item_id|external_id|name, quantity, notes, variants: [id|external_id|name]}], events: [short names],
  pause: seconds between events, scheduled, cutlery, promo, takeaway_charges, force}` → 201 `{order_number,
  pin, order: <body>, undelivered: null|{items, variants}, deliveries_url}`. Without `events`: the first
  event that the outlet's acceptance mode brings. Events in their natural order are left out when the order
  has moved on meanwhile; in any other order, or with `force`, they are all sent. `force` also allows what
  no customer could order (out of stock, outlet closed, min and max not kept).
* `POST /simulator/orders/{number}/events` `{event, reason?, force?}` → the order; 409 when it has moved on.
* `GET /simulator/deliveries?order_number=` (or `?id=…&id=…`) → `{order, deliveries: [{id, event, url, state,
  due_at, attempts: [{time, url, status, error, answer, milliseconds, delivered}]}]}`.
* `POST /simulator/notifications` `{app_id, raw, outlet_id?, event?, url?, signature?}` sends the text as it
  is, signed, to the URLs subscribed to its event (all active ones when the event cannot be told), or to `url`.
* `POST /simulator/webhook-error` `{app_id, partner_id, outlet_id}` sends the seed's webhook_error sample.
"""

import json
import secrets
import uuid
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from gobiz_admin.sandbox import orders, steps
from gobiz_admin.sandbox.answers import PlainError, read_json
from gobiz_admin.sandbox.baskets import order_body, read_lines, unmapped
from gobiz_admin.sandbox.catalog import as_gobiz_shows
from gobiz_admin.sandbox.events import CREATED, STATUS_OF, WEBHOOK_ERROR, is_ahead, status_of
from gobiz_admin.sandbox.models import App, Delivery, Order, Outlet, Step, Subscription
from gobiz_admin.sandbox.notifications import queue, stamp, urls_for

Json = dict[str, Any]

SAMPLE = Path(__file__).with_name("webhook_error.json").read_text()
SAMPLE_OUTLET, SAMPLE_EVENT_ID = "G12345678", "67235bd0-c963-4c32-aca1-27a52ec963e5"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    events = [{"name": name, "title": TITLES[name]} for name in STATUS_OF]
    return render(request, "sandbox/simulator.html", {"events": events, "example": Outlet.objects.first()})


TITLES = {
    "awaiting_merchant_acceptance": "Awaiting acceptance",
    "merchant_accepted": "Merchant accepted",
    "driver_otw_pickup": "Driver on the way",
    "driver_arrived": "Driver arrived",
    "placed": "PIN given (placed)",
    "completed": "Completed",
    "cancelled": "Cancelled by customer",
}


def menu(request: HttpRequest) -> JsonResponse:
    outlet = _outlet(request.GET.dict())
    return JsonResponse(
        {
            "outlet": {"id": outlet.outlet_id, "name": outlet.name},
            "acceptance": outlet.acceptance,
            "force_closed": outlet.force_closed,
            "default_events": _default_events(outlet),
            "catalog": as_gobiz_shows(outlet.catalog),
        }
    )


def create_order(request: HttpRequest) -> JsonResponse:
    asked = read_json(request)
    outlet = _outlet(asked)
    force = bool(asked.get("force"))
    if asked.setdefault("service_type", "gofood") not in orders.SERVICE_OF.values():
        raise PlainError(422, "service_type: must be gofood or gofood_pickup")
    if outlet.force_closed and not force:
        raise PlainError(409, f"{outlet.name} is closed")
    events = _events(asked, outlet)
    lines = read_lines(outlet, asked.get("lines"), force)
    number = f"F-{secrets.randbelow(900_000_000) + 100_000_000}"
    order = Order.objects.create(
        number=number,
        outlet=outlet,
        service_type=asked["service_type"],
        status=status_of(events[0]) if events else orders.AWAITING,
        unmapped=unmapped(lines),
        body=order_body(outlet, number, lines, asked),
    )
    _begin(order, events, _pause(asked), force)
    return JsonResponse(_created(order), status=201)


def _begin(order: Order, events: list[str], pause: float, force: bool) -> None:
    """Sends the first event now and plans the others; of an undeliverable order only one error is sent."""
    natural = all(is_ahead(status_of(later), status_of(earlier)) for earlier, later in pairwise(events))
    if events:
        orders.happen(order, events[0], force=True)
    for index, event in enumerate(events[1:] if order.unmapped is None else [], start=1):
        if pause:
            data = {"number": order.number, "event": event, "force": force or not natural}
            steps.plan("order_event", data, after=index * pause)
        else:
            orders.happen(order, event, force=True)
    orders.watch_acceptance(order)


def _created(order: Order) -> Json:
    return {
        "order_number": order.number,
        "pin": order.body["order"]["pin"],
        "order": order.body,
        "undelivered": order.unmapped,
        "deliveries_url": f"/simulator/deliveries?order_number={order.number}",
    }


def send_next(request: HttpRequest, number: str) -> JsonResponse:
    asked = read_json(request)
    order = orders.locked(number)
    if order is None:
        raise PlainError(404, f"order {number} is unknown")
    event = asked.get("event")
    if event not in STATUS_OF and event != CREATED:
        raise PlainError(422, f"event: must be one of {', '.join(STATUS_OF)}")
    if not orders.happen(order, event, reason=asked.get("reason") or "", force=bool(asked.get("force"))):
        raise PlainError(409, f"{number} is already {order.status}")
    return JsonResponse(_shape(order))


def deliveries(request: HttpRequest) -> JsonResponse:
    number = request.GET.get("order_number", "")
    order = Order.objects.filter(number=number).first() if number else None
    ids = [int(value) for value in request.GET.getlist("id") if value.isdecimal()]
    found = Delivery.objects.filter(entity_id=number) if number else Delivery.objects.filter(pk__in=ids)
    return JsonResponse(
        {
            "order": _shape(order) if order else None,
            "deliveries": [_delivery(delivery) for delivery in found.order_by("pk")],
        }
    )


def send_raw(request: HttpRequest) -> JsonResponse:
    asked = read_json(request)
    app = _app(asked)
    raw = asked.get("raw")
    if not isinstance(raw, str):
        raise PlainError(422, "raw: must be the text to send")
    outlet = Outlet.objects.filter(app=app, outlet_id=asked.get("outlet_id")).first()
    return _send(app, outlet, raw, asked)


def send_webhook_error(request: HttpRequest) -> JsonResponse:
    """The seed's sample, byte for byte; for other outlets than its own with their id and another event id."""
    outlet = _outlet(read_json(request))
    raw = SAMPLE
    if outlet.outlet_id != SAMPLE_OUTLET:
        event_id = str(uuid.uuid5(uuid.UUID(SAMPLE_EVENT_ID), outlet.outlet_id))
        raw = raw.replace(SAMPLE_OUTLET, outlet.outlet_id).replace(SAMPLE_EVENT_ID, event_id)
    return _send(outlet.app, outlet, raw, {"event": WEBHOOK_ERROR})


def _send(app: App, outlet: Outlet | None, raw: str, asked: Json) -> JsonResponse:
    told = _told_by(raw)
    event = asked.get("event") or told["event"]
    urls = [asked["url"]] if asked.get("url") else urls_for(app, event, outlet) if event else _all_urls(app)
    made = queue(app, event or "raw", told["entity_id"], raw.encode(), urls, asked.get("signature"))
    return JsonResponse({"deliveries": [_delivery(delivery) for delivery in made], **told}, status=201)


def _all_urls(app: App) -> list[str]:
    active = Subscription.objects.filter(app=app, active=True)
    return list(active.order_by("url").values_list("url", flat=True).distinct())


def _told_by(raw: str) -> dict[str, str]:
    """The event and the order number that a raw body names, as far as it can be read."""
    try:
        value = json.loads(raw)
        header, order = value.get("header") or {}, (value.get("body") or {}).get("order") or {}
        event = header.get("event_name") or header.get("event_type") or ""
        return {"event": str(event), "entity_id": str(order.get("order_number") or order.get("number") or "")}
    except (ValueError, AttributeError):
        return {"event": "", "entity_id": ""}


def _app(ids: Json) -> App:
    app = App.objects.filter(app_id=ids.get("app_id")).first()
    if app is None:
        raise PlainError(404, "No app has this App ID")
    return app


def _outlet(ids: Json) -> Outlet:
    app = _app(ids)
    if app.partner_id != ids.get("partner_id"):
        raise PlainError(404, "The Partner ID does not belong to this app")
    outlet = Outlet.objects.filter(app=app, outlet_id=ids.get("outlet_id"), linked=True).first()
    if outlet is None:
        raise PlainError(404, "No outlet with this Outlet ID is linked to the app")
    return outlet


def _default_events(outlet: Outlet) -> list[str]:
    automatic = outlet.acceptance == Outlet.Acceptance.AUTO
    return ["merchant_accepted" if automatic else "awaiting_merchant_acceptance"]


def _events(asked: Json, outlet: Outlet) -> list[str]:
    events = asked.get("events")
    if events is None:
        return _default_events(outlet)
    if not isinstance(events, list) or not set(map(str, events)) <= {*STATUS_OF, CREATED}:
        raise PlainError(422, f"events: must be a list of {', '.join(STATUS_OF)}")
    return events


def _pause(asked: Json) -> float:
    pause = asked.get("pause") or 0
    if not isinstance(pause, int | float) or not 0 <= pause <= 600:
        raise PlainError(422, "pause: must be seconds, from 0 to 600")
    return float(pause)


def _shape(order: Order) -> Json:
    return {
        "order_number": order.number,
        "status": order.status,
        "pin": order.body["order"]["pin"],
        "food_prepared": order.food_prepared,
        "undelivered": order.unmapped,
        "possible_events": orders.possible_events(order),
        "planned_events": list(
            Step.objects.filter(kind="order_event", data__number=order.number)
            .order_by("due_at")
            .values_list("data__event", flat=True)
        ),
        "order": order.body,
    }


def _delivery(delivery: Delivery) -> Json:
    return {
        "id": delivery.pk,
        "event": delivery.event,
        "url": delivery.url,
        "state": delivery.state,
        "due_at": stamp(delivery.due_at),
        "attempts": delivery.attempts,
    }
