"""Stock switches (page: "Stock")."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, JsonResponse

from gobiz_admin.sandbox.access import api
from gobiz_admin.sandbox.answers import ApiError, read_json, success
from gobiz_admin.sandbox.catalog import items_of, variants_of
from gobiz_admin.sandbox.models import Outlet

Things = Callable[[dict[str, Any]], Iterator[dict[str, Any]]]


@api("gofood:catalog:write")
def patch_items(request: HttpRequest, outlet: Outlet) -> JsonResponse:
    return _switch(request, outlet, items_of, "menu item")


@api("gofood:catalog:write")
def patch_variants(request: HttpRequest, outlet: Outlet) -> JsonResponse:
    return _switch(request, outlet, variants_of, "variant")


def _switch(request: HttpRequest, outlet: Outlet, things: Things, kind: str) -> JsonResponse:
    """All of the list or none of it: one unknown key answers 404."""
    changes = read_json(request, list)
    outlet = Outlet.objects.select_for_update().get(pk=outlet.pk)
    by_key: dict[str, dict[str, Any]] = {}
    for thing in things(outlet.catalog):
        by_key[thing["id"]] = thing
        if thing.get("external_id"):
            by_key.setdefault(thing["external_id"], thing)
    for index, change in enumerate(changes):
        thing, in_stock = _read(change, index, by_key, kind)
        thing["in_stock"] = in_stock
    outlet.save(update_fields=["catalog", "updated_at"])
    return success()


def _read(change: Any, index: int, by_key: dict[str, Any], kind: str) -> tuple[dict[str, Any], bool]:
    if not isinstance(change, dict) or not isinstance(change.get("in_stock"), bool):
        raise ApiError(400, f"[{index}].in_stock: must be true or false")
    key = change.get("external_id") or change.get("id")
    if not isinstance(key, str):
        raise ApiError(400, f"[{index}]: external_id or id is required")
    if key not in by_key:
        raise ApiError(404, f"[{index}]: no {kind} '{key}' at this outlet", title="Not found")
    return by_key[key], change["in_stock"]
