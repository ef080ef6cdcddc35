"""GET /integrations/partner/notifications (page: "Asking GoBiz what it tried to deliver")."""

from typing import Any

from django.http import HttpRequest, JsonResponse

from gobiz_admin.sandbox.access import api
from gobiz_admin.sandbox.answers import ApiError, success
from gobiz_admin.sandbox.models import App, Delivery
from gobiz_admin.sandbox.notifications import stamp

STATUS = {"waiting": "retrying", "delivered": "delivered", "dead": "dead"}


@api()
def list_notifications(request: HttpRequest, app: App) -> JsonResponse:
    """All that was tried for one order number, deliveries that went well included."""
    entity_id = request.GET.get("entity_id", "")
    if not entity_id:
        raise ApiError(400, "entity_id: is required")
    found = Delivery.objects.select_related("app").filter(app=app, entity_id=entity_id).order_by("pk")
    return success({"notifications": [_shape(delivery) for delivery in found]})


def _shape(delivery: Delivery) -> dict[str, Any]:
    return {
        "entity_id": delivery.entity_id,
        "created_at": stamp(delivery.created_at),
        "partner_id": delivery.app.partner_id,
        "event_type": delivery.event,
        "delivery_status": STATUS[delivery.state],
        "endpoint": delivery.url,
        "headers": delivery.headers,
        "payload": bytes(delivery.payload).decode(errors="replace"),
        "history": [_attempt(attempt) for attempt in delivery.attempts],
    }


def _attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    message = attempt["error"] or (None if attempt["delivered"] else f"HTTP {attempt['status']}")
    return {"time": attempt["time"], "exception_message": message, "delivered": attempt["delivered"]}
