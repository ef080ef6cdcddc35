"""What GoBiz refuses in a PUT of the catalog (page: "Catalog", "Field rules").

Each finding names the field by its path: `menus[0].menu_items[2].price: must be an integer in rupiah`.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, TypeGuard
from urllib.parse import urlsplit

DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

Findings = Iterator[str]


class Known:
    """The external_ids that the live menu has, per kind; one in use may break the format rule."""

    def __init__(self, catalog: dict[str, Any]) -> None:
        categories = catalog.get("variant_categories", [])
        self.kinds: dict[str, set[str]] = {
            "menu item": {item.get("external_id") or "" for item in _items(catalog)},
            "variant category": {category.get("external_id") or "" for category in categories},
            "variant": {
                variant.get("external_id") or ""
                for category in categories
                for variant in category["variants"]
            },
        }


class Review:
    """One reading of one body. `findings()` is empty when GoBiz would take it."""

    def __init__(self, body: dict[str, Any], live: dict[str, Any]) -> None:
        self.body = body
        self.known = Known(live).kinds
        self.seen: dict[str, set[str]] = {kind: set() for kind in self.known}

    def findings(self) -> list[str]:
        return [*self._top(), *self._categories(), *self._menus()]

    def _top(self) -> Findings:
        request_id = self.body.get("request_id")
        if not isinstance(request_id, str) or not request_id:
            yield "request_id: is required"
        for field in ("menus", "variant_categories"):
            if not isinstance(self.body.get(field), list):
                yield f"{field}: must be a list"

    def _categories(self) -> Findings:
        for path, category in _objects(self.body.get("variant_categories"), "variant_categories"):
            if not isinstance(category, dict):
                yield f"{path}: must be an object"
                continue
            yield from self._external_id(path, category, "variant category")
            yield from _text(path, category, "name", 150)
            yield from _text(path, category, "internal_name", 200, required=False)
            yield from _selection(path, category)
            yield from self._variants(path, category)

    def _variants(self, parent: str, category: dict[str, Any]) -> Findings:
        if not isinstance(category.get("variants"), list):
            yield f"{parent}.variants: must be a list"
        for path, variant in _objects(category.get("variants"), f"{parent}.variants"):
            if not isinstance(variant, dict):
                yield f"{path}: must be an object"
                continue
            yield from self._external_id(path, variant, "variant")
            yield from _text(path, variant, "name", 150)
            yield from _price(path, variant, lowest=None)
            yield from _stock(path, variant)

    def _menus(self) -> Findings:
        for path, menu in _objects(self.body.get("menus"), "menus"):
            if not isinstance(menu, dict):
                yield f"{path}: must be an object"
                continue
            yield from _text(path, menu, "name", 150)
            if not isinstance(menu.get("menu_items"), list):
                yield f"{path}.menu_items: must be a list"
            for item_path, item in _objects(menu.get("menu_items"), f"{path}.menu_items"):
                yield from self._item(item_path, item)

    def _item(self, path: str, item: Any) -> Findings:
        if not isinstance(item, dict):
            yield f"{path}: must be an object"
            return
        yield from self._external_id(path, item, "menu item")
        yield from _text(path, item, "name", 150)
        yield from _text(path, item, "internal_name", 200, required=False)
        yield from _text(path, item, "description", 200, required=False)
        yield from _price(path, item, lowest=0)
        yield from _stock(path, item)
        yield from _image(path, item)
        yield from _hours(path, item)
        yield from self._references(path, item)

    def _external_id(self, path: str, holder: dict[str, Any], kind: str) -> Findings:
        value, path = holder.get("external_id"), f"{path}.external_id"
        if not isinstance(value, str) or not value:
            yield f"{path}: is required"
            return
        if len(value) > 200:
            yield f"{path}: must have at most 200 characters"
        if not EXTERNAL_ID.fullmatch(value) and value not in self.known[kind]:
            yield f"{path}: must be alphanumeric, hyphens and underscores allowed"
        if value in self.seen[kind]:
            yield f"{path}: '{value}' is used by more than one {kind}"
        self.seen[kind].add(value)

    def _references(self, path: str, item: dict[str, Any]) -> Findings:
        path = f"{path}.variant_category_external_ids"
        names = item.get("variant_category_external_ids", [])
        if not isinstance(names, list):
            yield f"{path}: must be a list"
            return
        for index, name in enumerate(names):
            if not isinstance(name, str) or name not in self.seen["variant category"]:
                yield f"{path}[{index}]: '{name}' is not a variant category of this request"


def _items(catalog: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for menu in catalog.get("menus", []) for item in menu["menu_items"]]


def _objects(values: Any, path: str) -> Iterator[tuple[str, Any]]:
    for index, value in enumerate(values if isinstance(values, list) else []):
        yield f"{path}[{index}]", value


def _text(path: str, holder: dict[str, Any], field: str, limit: int, required: bool = True) -> Findings:
    value = holder.get(field)
    if value is None and not required:
        return
    if not isinstance(value, str) or (required and not value.strip()):
        yield f"{path}.{field}: {'is required' if required else 'must be text'}"
    elif "\x00" in value:
        yield f"{path}.{field}: must not hold a NUL character"
    elif len(value) > limit:
        yield f"{path}.{field}: must have at most {limit} characters"


def _price(path: str, holder: dict[str, Any], lowest: int | None) -> Findings:
    value = holder.get("price")
    if not _is_int(value):
        yield f"{path}.price: must be an integer in rupiah"
    elif lowest is not None and value < lowest:
        yield f"{path}.price: must not be less than {lowest}"


def _stock(path: str, holder: dict[str, Any]) -> Findings:
    if not isinstance(holder.get("in_stock"), bool):
        yield f"{path}.in_stock: must be true or false"


def _image(path: str, item: dict[str, Any]) -> Findings:
    value = item.get("image")
    if value is None:
        return
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        yield f"{path}.image: must be a public http(s) URL"


def _selection(path: str, category: dict[str, Any]) -> Findings:
    rules = category.get("rules")
    selection = rules.get("selection") if isinstance(rules, dict) else None
    path = f"{path}.rules.selection"
    if not isinstance(selection, dict):
        yield f"{path}: is required"
        return
    least, most = selection.get("min_quantity"), selection.get("max_quantity")
    if not _is_int(least) or least < 0:
        yield f"{path}.min_quantity: must be an integer of 0 or more"
    elif not _is_int(most) or most < 1:
        yield f"{path}.max_quantity: must be an integer of 1 or more"
    elif most < least:
        yield f"{path}.max_quantity: must not be less than min_quantity"


def _hours(path: str, item: dict[str, Any]) -> Findings:
    hours, path = item.get("operational_hours"), f"{path}.operational_hours"
    if not isinstance(hours, dict):
        yield f"{path}: is required"
        return
    for day in DAYS:
        if not isinstance(hours.get(day), list):
            yield f"{path}.{day}: must be a list of times"
        else:
            yield from _spans(f"{path}.{day}", hours[day])
    for day in hours.keys() - set(DAYS):
        yield f"{path}.{day}: is not a day"


def _spans(path: str, spans: list[Any]) -> Findings:
    taken: list[tuple[str, str]] = []
    for index, span in enumerate(spans):
        start, end = (span.get("start"), span.get("end")) if isinstance(span, dict) else (None, None)
        if not _is_time(start) or not _is_time(end):
            yield f"{path}[{index}]: start and end must be HH:MM"
        elif start >= end:
            yield f"{path}[{index}]: start must be before end (23:59 at the latest)"
        else:
            taken.append((start, end))
    taken.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(taken)):
        yield f"{path}: times overlap"


def _is_int(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_time(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and TIME.fullmatch(value) is not None
