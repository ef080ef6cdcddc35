"""The menu of an outlet and its stock. Source: gobiz-api.md, "Catalog" and "Stock"."""

from collections.abc import Mapping, Sequence
from typing import Any

from gobiz_admin.gobiz import http, scopes
from gobiz_admin.gobiz.answers import Call, data_of, unreadable
from gobiz_admin.gobiz.calls import Caller, path_of
from gobiz_admin.gobiz.errors import RequestRefused

READ = "/integrations/gofood/outlets/{outlet_id}/v2/catalog"
REPLACE = "/integrations/gofood/outlets/{outlet_id}/v1/catalog"
ITEM_STOCKS = "/integrations/gofood/outlets/{outlet_id}/v2/menu_item_stocks"
VARIANT_STOCKS = "/integrations/gofood/outlets/{outlet_id}/v2/variant_stocks"


class CatalogCalls(Caller):
    """Reads and replaces the live menu, and switches stock."""

    def get_catalog(self, outlet_id: str) -> dict[str, Any]:
        """The live menu: `menus` (list of objects, each with the list `menu_items`) and
        `variant_categories` (list of objects), both always there; prices in whole rupiah.

        What else is in it is GoBiz's and unchecked: names, ids, external_ids may be missing or null.
        Raises UnreadableAnswer for a 200 that is not a whole menu: a bad read is never an empty menu.
        """
        call = Call("GET", path_of(READ, outlet_id=outlet_id), scopes.CATALOG_READ, "outlet")
        return _whole_menu(self.call(call))

    def put_catalog(self, outlet_id: str, payload: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """GoBiz's `data` (often {}) once it has taken the menu, which replaces all that was there.

        It may take over a minute. The confirmation comes later, as `menu_mapping_updated` with this
        `request_id`; a repeated PUT keeps it. Raises RequestRefused with the code "empty_menu", and
        sends nothing, for a payload without items: a bug must not empty a restaurant's menu.
        """
        if not _has_items(payload):
            raise RequestRefused("The menu has no items.", code="empty_menu", request_id=request_id)
        answer = self.call(
            Call("PUT", path_of(REPLACE, outlet_id=outlet_id), scopes.CATALOG_WRITE, "outlet"),
            body={**payload, "request_id": request_id},
            request_id=request_id,
            timeout=http.CATALOG_TIMEOUT,
        )
        return data_of(answer)

    def patch_item_stocks(self, outlet_id: str, changes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """GoBiz's `data`, once the stock of the items is switched; takes effect at once.

        Each change is {"external_id": "I-1", "in_stock": false}, or has GoBiz's "id" in place of it.
        """
        return self._patch_stocks(ITEM_STOCKS, outlet_id, changes)

    def patch_variant_stocks(self, outlet_id: str, changes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """As `patch_item_stocks`, for variants."""
        return self._patch_stocks(VARIANT_STOCKS, outlet_id, changes)

    def _patch_stocks(
        self, template: str, outlet_id: str, changes: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        call = Call("PATCH", path_of(template, outlet_id=outlet_id), scopes.CATALOG_WRITE, "outlet")
        return data_of(self.call(call, body=[dict(change) for change in changes]))


def _whole_menu(answer: http.Answer) -> dict[str, Any]:
    """The catalog in the answer, or UnreadableAnswer: nothing in between."""
    try:
        data = data_of(answer)
    except RequestRefused as refused:
        error = unreadable(answer, refused.detail or "The answer says that it failed.")
        raise error from None
    if not _objects(data.get("menus")):
        raise unreadable(answer, "The answer has no menus.")
    if not all(_objects(menu.get("menu_items")) for menu in data["menus"]):
        raise unreadable(answer, "A menu in the answer has no items.")
    categories = data.get("variant_categories")
    if categories is None and not _refers_to_variants(data["menus"]):
        categories = []
    if not _objects(categories):
        raise unreadable(answer, "The answer has no variant categories.")
    return {**data, "variant_categories": categories}


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _refers_to_variants(menus: list[dict[str, Any]]) -> bool:
    items = [item for menu in menus for item in menu["menu_items"]]
    return any(
        item.get("variant_category_ids") or item.get("variant_category_external_ids") for item in items
    )


def _has_items(payload: Mapping[str, Any]) -> bool:
    menus = payload.get("menus")
    return isinstance(menus, list) and any(
        isinstance(menu, Mapping) and menu.get("menu_items") for menu in menus
    )
