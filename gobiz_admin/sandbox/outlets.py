"""Outlets: closing, and what the partner API tells of them (page: "Orders", last paragraphs)."""

from typing import Any

from django.http import HttpRequest, JsonResponse

from gobiz_admin.sandbox.access import api
from gobiz_admin.sandbox.answers import ApiError, read_json, success
from gobiz_admin.sandbox.models import App, Outlet


@api("gofood:outlet:write")
def patch_properties(request: HttpRequest, outlet: Outlet) -> JsonResponse:
    closed = read_json(request).get("force_close")
    if not isinstance(closed, bool):
        raise ApiError(400, "force_close: must be true or false")
    outlet.force_closed = closed
    outlet.save(update_fields=["force_closed", "updated_at"])
    return success()


@api("partner:outlet:read")
def get_outlet(request: HttpRequest, outlet: Outlet) -> JsonResponse:
    return success(
        {
            "outlet": {
                "id": outlet.outlet_id,
                "name": outlet.name,
                "merchant_name": outlet.app.name,
                "status": "inactive" if outlet.force_closed else "active",
                "email": f"{outlet.app.slug}@example.com",
                "payment_settings": [],
                "applications": [{"id": outlet.app.app_id, "name": outlet.app.name}],
            }
        }
    )


@api("partner:outlet:read")
def list_linked(request: HttpRequest, app: App) -> JsonResponse:
    per, page = number(request, "per", 10), number(request, "page", 1)
    outlets = app.outlets.filter(linked=True).order_by("pk")[(page - 1) * per : page * per]
    return success({"outlets": [_linked(outlet) for outlet in outlets]})


def _linked(outlet: Outlet) -> dict[str, Any]:
    return {
        "id": outlet.outlet_id,
        "external_outlet_id": outlet.external_outlet_id,
        "created_at": outlet.created_at.isoformat(),
        "updated_at": outlet.updated_at.isoformat(),
    }


def number(request: HttpRequest, name: str, default: int) -> int:
    """A positive number of the query string."""
    try:
        value = int(request.GET.get(name, default))
    except ValueError:
        value = 0
    if value < 1:
        raise ApiError(400, f"{name}: must be a number of 1 or more")
    return value
