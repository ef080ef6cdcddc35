"""SKU promos (page: "SKU promo")."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from gobiz_admin.sandbox.access import api
from gobiz_admin.sandbox.answers import ApiError, read_json, success
from gobiz_admin.sandbox.catalog import items_of
from gobiz_admin.sandbox.catalog_rules import DAYS
from gobiz_admin.sandbox.models import IdempotentAnswer, Outlet, Promo
from gobiz_admin.sandbox.notifications import JAKARTA
from gobiz_admin.sandbox.outlets import number

Json = dict[str, Any]
MOST_OF_PRICE = 0.9


@api("promo:food_promo:write")
def create(request: HttpRequest, outlet: Outlet) -> JsonResponse:
    """200 with success and failure lists; a repeat of the idempotency key gets the first answer."""
    key = request.headers.get("X-Idempotency-Key", "")
    if not key or len(key) > 32:
        raise ApiError(400, "X-Idempotency-Key: is required, at most 32 characters")
    body = read_json(request)
    # Locked, so that two requests with one key do not both create.
    outlet = Outlet.objects.select_for_update().get(pk=outlet.pk)
    known = IdempotentAnswer.objects.filter(outlet=outlet, key=key).first()
    if known is not None:
        return success(known.answer)
    if body.get("promo_type") != "sku_promo" or not isinstance(body.get("promo_detail"), dict):
        raise ApiError(400, "promo_type: must be sku_promo, with a promo_detail")
    answer = _create(outlet, body["promo_detail"])
    IdempotentAnswer.objects.create(outlet=outlet, key=key, answer=answer)
    return success(answer)


def _create(outlet: Outlet, detail: Json) -> Json:
    _check_times(detail)
    external_id = detail.get("external_menu_id")
    if not isinstance(external_id, str) or not external_id:
        raise ApiError(400, "promo_detail.external_menu_id: is required")
    problem = _problem(outlet, detail, external_id)
    if problem:
        failure = {"id": None, "external_menu_id": external_id, "errors": problem}
        return {"success": [], "failure": [failure]}
    promo = Promo.objects.create(outlet=outlet, external_menu_id=external_id, detail=detail)
    made = {"id": str(promo.pk), "external_menu_id": external_id, "errors": None}
    return {"success": [made], "failure": []}


def _problem(outlet: Outlet, detail: Json, external_id: str) -> str:
    """Why this item cannot have this promo, in a 200's failure list."""
    items = {item.get("external_id"): item for item in items_of(outlet.catalog)}
    item = items.get(external_id)
    if item is None:
        return "Item is not found"
    if not item["in_stock"]:
        return "Item is not active"
    if detail["selling_price"] > item["price"] * MOST_OF_PRICE:
        return "Discount must be at least 10% of the item price"
    for other in Promo.objects.filter(outlet=outlet, external_menu_id=external_id, active=True):
        if _period(other.detail)[0] <= _period(detail)[1] and _period(detail)[0] <= _period(other.detail)[1]:
            return "Item already has a promo in this period"
    return ""


def _check_times(detail: Json) -> None:
    start, end = _period(detail)
    if end < start:
        raise ApiError(400, "promo_detail.end_date: must not be before start_date")
    for field in ("start_time", "end_time"):
        if detail.get(field) is not None:
            _time(detail, field)
    if not set(detail.get("applicable_days") or []) <= set(DAYS):
        raise ApiError(400, "promo_detail.applicable_days: must be names of days")
    price = detail.get("selling_price")
    if not isinstance(price, int) or isinstance(price, bool) or price <= 0:
        raise ApiError(400, "promo_detail.selling_price: must be an integer of more than 0")


def _period(detail: Json) -> tuple[date, date]:
    try:
        return date.fromisoformat(detail["start_date"]), date.fromisoformat(detail["end_date"])
    except (KeyError, TypeError, ValueError):
        raise ApiError(400, "promo_detail.start_date, end_date: must be YYYY-MM-DD") from None


def _time(detail: Json, field: str) -> time:
    try:
        return datetime.strptime(detail[field], "%H:%M:%S").time()
    except (TypeError, ValueError):
        raise ApiError(400, f"promo_detail.{field}: must be HH:MM:SS") from None


def running(outlet: Outlet) -> dict[str, Promo]:
    """The promos that hold at this moment, by the item's external_id."""
    now = timezone.now().astimezone(JAKARTA)
    promos = Promo.objects.filter(outlet=outlet, active=True).order_by("created_at")
    return {promo.external_menu_id: promo for promo in promos if _holds(promo.detail, now)}


def _holds(detail: Json, now: datetime) -> bool:
    start, end = _period(detail)
    days = detail.get("applicable_days")
    from_time = _time(detail, "start_time") if detail.get("start_time") else time.min
    to_time = _time(detail, "end_time") if detail.get("end_time") else time.max
    day = DAYS[now.isoweekday() % 7]
    return start <= now.date() <= end and from_time <= now.time() <= to_time and (not days or day in days)


@api("promo:food_promo:read")
def index(request: HttpRequest, outlet: Outlet) -> JsonResponse:
    limit, page = number(request, "limit", 10), number(request, "page", 1)
    found = Promo.objects.filter(outlet=outlet).order_by("-created_at")
    shown = [_shape(promo) for promo in found[(page - 1) * limit : page * limit]]
    return success({"promotions": shown, "total_count": found.count(), "limit": limit, "page": page})


@api("promo:food_promo:read")
def show(request: HttpRequest, outlet: Outlet, promo_id: UUID) -> JsonResponse:
    return success(_shape(_find(outlet, promo_id)))


@api("promo:food_promo:write")
def deactivate(request: HttpRequest, outlet: Outlet, promo_id: UUID) -> JsonResponse:
    promo = _find(outlet, promo_id)
    promo.active = False
    promo.save(update_fields=["active"])
    return success(_shape(promo))


@api("promo:food_promo:write")
def delete(request: HttpRequest, outlet: Outlet, promo_id: UUID) -> JsonResponse:
    _find(outlet, promo_id).delete()
    return success()


def _find(outlet: Outlet, promo_id: UUID) -> Promo:
    promo = Promo.objects.filter(outlet=outlet, pk=promo_id).first()
    if promo is None:
        raise ApiError(404, "promo not found", title="Not found")
    return promo


def _shape(promo: Promo) -> Json:
    return {
        "id": str(promo.pk),
        "promo_type": "sku_promo",
        "status": "active" if promo.active else "inactive",
        "promo_detail": promo.detail,
        "created_at": promo.created_at.isoformat(),
    }
