"""The live menu: GET, PUT, and its confirmation (page: "Catalog").

`Outlet.catalog` is `{"variant_categories": […], "menus": […]}` in the shape of the GET answer, with
two additions: variant categories keep their `external_id`, items their `internal_name`; the GET leaves
both out, as GoBiz does. A picture of the seed is stored as a path of this server.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import requests
from django.conf import settings
from django.http import HttpRequest, JsonResponse

from gobiz_admin.sandbox import steps
from gobiz_admin.sandbox.access import api
from gobiz_admin.sandbox.answers import ApiError, read_json, success
from gobiz_admin.sandbox.catalog_rules import Review
from gobiz_admin.sandbox.models import Outlet, Settings

Json = dict[str, Any]


@api("gofood:catalog:read")
def get_catalog(request: HttpRequest, outlet: Outlet) -> JsonResponse:
    return success(as_gobiz_shows(outlet.catalog))


@api("gofood:catalog:write")
def put_catalog(request: HttpRequest, outlet: Outlet) -> JsonResponse:
    """Replaces the whole menu: what is not sent is gone."""
    body = read_json(request)
    outlet = Outlet.objects.select_for_update().get(pk=outlet.pk)
    if findings := Review(body, outlet.catalog).findings():
        raise ApiError(400, *findings, title="Invalid menu")
    outlet.catalog = replacement(body, outlet.catalog)
    outlet.save(update_fields=["catalog", "updated_at"])
    options = Settings.load()
    if options.fetch_images:
        _fetch_images(outlet.catalog)
    if options.send_confirmation:
        data = {"outlet": outlet.pk, "request_id": body["request_id"], "menus": mapping(outlet.catalog)}
        steps.plan("menu_confirmed", data, after=options.confirm_after)
    return success({"request_id": body["request_id"]})


def items_of(catalog: Json) -> Iterator[Json]:
    for menu in catalog.get("menus", []):
        yield from menu["menu_items"]


def variants_of(catalog: Json) -> Iterator[Json]:
    for category in catalog.get("variant_categories", []):
        yield from category["variants"]


def as_gobiz_shows(catalog: Json) -> Json:
    """The GET answer: without what GoBiz keeps to itself, pictures as whole URLs."""
    categories = [
        {key: value for key, value in category.items() if key != "external_id"}
        for category in catalog.get("variant_categories", [])
    ]
    menus = [
        {**menu, "menu_items": [_shown_item(item) for item in menu["menu_items"]]}
        for menu in catalog.get("menus", [])
    ]
    return {"variant_categories": categories, "menus": menus}


def _shown_item(item: Json) -> Json:
    shown = {key: value for key, value in item.items() if key != "internal_name"}
    if str(shown.get("image") or "").startswith("/"):
        shown["image"] = settings.SANDBOX_PUBLIC_URL + shown["image"]
    return shown


def mapping(catalog: Json) -> list[Json]:
    """GoBiz id and external_id of each item, as `menu_mapping_updated` lists them."""
    return [{"id": item["id"], "external_menu_id": item["external_id"]} for item in items_of(catalog)]


def replacement(body: Json, live: Json) -> Json:
    """The catalog that a valid PUT leaves; GoBiz ids stay with the external_ids that are known."""
    ids = _KnownIds(live)
    categories = [_category(category, ids) for category in body["variant_categories"]]
    id_of = {category["external_id"]: category["id"] for category in categories}
    menus = [
        {"name": menu["name"], "menu_items": [_item(item, ids, id_of) for item in menu["menu_items"]]}
        for menu in body["menus"]
    ]
    return {"variant_categories": categories, "menus": menus}


class _KnownIds:
    def __init__(self, live: Json) -> None:
        categories = live.get("variant_categories", [])
        self.items = self._by_external_id(items_of(live))
        self.categories = self._by_external_id(categories)
        self.variants = self._by_external_id(variants_of(live))

    @staticmethod
    def _by_external_id(holders: Any) -> dict[str, str]:
        return {holder["external_id"]: holder["id"] for holder in holders if holder.get("external_id")}


def _category(sent: Json, ids: _KnownIds) -> Json:
    return {
        "id": ids.categories.get(sent["external_id"]) or new_id(),
        "external_id": sent["external_id"],
        "name": sent["name"],
        "internal_name": sent.get("internal_name") or sent["name"],
        "rules": {"selection": sent["rules"]["selection"]},
        "variants": [
            {
                "id": ids.variants.get(variant["external_id"]) or new_id(),
                **{key: variant[key] for key in ("external_id", "name", "price", "in_stock")},
            }
            for variant in sent["variants"]
        ],
    }


def _item(sent: Json, ids: _KnownIds, id_of: dict[str, str]) -> Json:
    return {
        "id": ids.items.get(sent["external_id"]) or new_id(),
        "external_id": sent["external_id"],
        "name": sent["name"],
        "internal_name": sent.get("internal_name"),
        "description": sent.get("description") or "",
        "price": sent["price"],
        "image": sent.get("image") or "",
        "in_stock": sent["in_stock"],
        "operational_hours": sent["operational_hours"],
        "variant_category_ids": [id_of[name] for name in sent.get("variant_category_external_ids", [])],
    }


def new_id() -> str:
    return str(uuid.uuid4())


def _fetch_images(catalog: Json) -> None:
    """Fetches as GoBiz does, for the merchant's server log; a picture that fails changes nothing."""
    for url in {item["image"] for item in items_of(catalog) if item["image"].startswith("http")}:
        try:
            requests.get(url, timeout=5)
        except requests.RequestException:
            continue
