"""The live menu as GET catalog shows it, read field by field: tolerant of each, strict on the whole.

Source: gobiz-api.md, "Catalog" and "How we read": Reading the catalog.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from menus.hours import Hours, read_hours
from menus.text import clean, storable, whole_number

LARGEST_QUANTITY = 2**31 - 1


class ImportRefused(Exception):
    """The live menu was read but cannot be taken; `code`, and `name` of what is at fault."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(f"{code}: {name}" if name else code)
        self.code = code
        self.name = name


@dataclass
class LiveVariant:
    external_id: str | None
    gobiz_id: str
    name: str
    price: int
    in_stock: bool


@dataclass
class LiveCategory:
    external_id: str | None
    gobiz_id: str
    name: str
    internal_name: str
    min_quantity: int
    max_quantity: int
    variants: list[LiveVariant] = field(default_factory=list)


@dataclass
class LiveItem:
    """`categories` are indexes into the menu's variant categories."""

    external_id: str | None
    gobiz_id: str
    name: str
    internal_name: str | None
    description: str
    price: int
    in_stock: bool
    image_url: str
    operational_hours: Hours | None
    categories: list[int] = field(default_factory=list)


@dataclass
class LiveSection:
    """One of GoBiz's `menus[]`."""

    name: str
    items: list[LiveItem] = field(default_factory=list)


@dataclass
class LiveMenu:
    menus: list[LiveSection]
    categories: list[LiveCategory]

    @property
    def items(self) -> Iterator[LiveItem]:
        return (item for menu in self.menus for item in menu.items)

    @property
    def variants(self) -> Iterator[LiveVariant]:
        return (variant for category in self.categories for variant in category.variants)


def read_menu(data: dict[str, Any]) -> LiveMenu:
    """The whole live menu; ImportRefused when something in it has no name or no readable price."""
    categories = [_category(row) for row in data["variant_categories"]]
    index_of = _Index(data["variant_categories"])
    menus = []
    for row in data["menus"]:
        name = _name(row, "menu_without_name", "")
        menus.append(LiveSection(name, [_item(item, name, index_of) for item in row["menu_items"]]))
    menu = LiveMenu(menus, categories)
    # Two equal external_ids: the first keeps it, the second is left without.
    _first_keeps(menu.items)
    _first_keeps(menu.categories)
    _first_keeps(menu.variants)
    return menu


class _Index:
    """Where the variant category stands that an item names, by GoBiz id or by external_id."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.by_gobiz_id: dict[str, int] = {}
        self.by_external_id: dict[str, int] = {}
        for index, row in enumerate(rows):
            self.by_gobiz_id.setdefault(clean(row.get("id")), index)
            self.by_external_id.setdefault(clean(row.get("external_id")), index)

    def of(self, item: dict[str, Any]) -> list[int]:
        named = _list(item.get("variant_category_ids"))
        found = [self.by_gobiz_id.get(clean(name)) for name in named]
        if not named:
            named = _list(item.get("variant_category_external_ids"))
            found = [self.by_external_id.get(clean(name)) for name in named]
        if None in found:
            # A choice that customers have today would be lost with the next publish.
            raise ImportRefused("item_with_unknown_category", clean(item.get("name")))
        return list(dict.fromkeys(index for index in found if index is not None))


def _item(row: dict[str, Any], menu: str, index_of: _Index) -> LiveItem:
    name = _name(row, "item_without_name", menu)
    price = whole_number(row.get("price"))
    if price is None:
        raise ImportRefused("item_without_price", name)
    return LiveItem(
        external_id=external_id_of(row),
        gobiz_id=clean(row.get("id")),
        name=name,
        internal_name=clean(row["internal_name"]) if row.get("internal_name") else None,
        description=clean(row.get("description")),
        price=price,
        in_stock=_switch(row.get("in_stock")),
        image_url=_web_address(row.get("image")),
        operational_hours=read_hours(row.get("operational_hours")),
        categories=index_of.of(row),
    )


def _category(row: dict[str, Any]) -> LiveCategory:
    internal_name = clean(row.get("internal_name"))
    name = clean(row.get("name")) or internal_name
    if not name:
        raise ImportRefused("category_without_name")
    least, most = _selection(row)
    variants = row.get("variants")
    if variants is not None and not _objects(variants):
        raise ImportRefused("category_without_variants", name)
    return LiveCategory(
        external_id=external_id_of(row),
        gobiz_id=clean(row.get("id")),
        name=name,
        internal_name=internal_name,
        min_quantity=least,
        max_quantity=most,
        variants=[_variant(variant, name) for variant in variants or []],
    )


def _variant(row: dict[str, Any], category: str) -> LiveVariant:
    name = _name(row, "variant_without_name", category)
    # Without a price it costs nothing more; one that cannot be read is not guessed.
    price = 0 if row.get("price") is None else whole_number(row["price"])
    if price is None:
        raise ImportRefused("variant_without_price", name)
    return LiveVariant(external_id_of(row), clean(row.get("id")), name, price, _switch(row.get("in_stock")))


def _selection(row: dict[str, Any]) -> tuple[int, int]:
    rules = row.get("rules")
    selection = rules.get("selection") if isinstance(rules, dict) else None
    selection = selection if isinstance(selection, dict) else {}
    return _quantity(selection.get("min_quantity"), 0), _quantity(selection.get("max_quantity"), 1)


def _quantity(value: Any, otherwise: int) -> int:
    number = whole_number(value)
    return number if number is not None and 0 <= number <= LARGEST_QUANTITY else otherwise


def _name(row: dict[str, Any], code: str, inside: str) -> str:
    name = clean(row.get("name"))
    if not name:
        raise ImportRefused(code, inside)
    return name


def external_id_of(row: dict[str, Any]) -> str | None:
    """As GoFood has it, odd as it may be: changing it would break the mapping. Spaces alone are none."""
    value = row.get("external_id")
    if isinstance(value, str):
        value = storable(value)
        return value if value.strip() else None
    return clean(value) or None


def _switch(value: Any) -> bool:
    return clean(value).lower() != "false" if isinstance(value, str) else value is not False


def _web_address(value: Any) -> str:
    text = clean(value)
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.netloc else ""


def _first_keeps(rows: Iterable[LiveItem | LiveCategory | LiveVariant]) -> None:
    seen: set[str] = set()
    for row in rows:
        if row.external_id in seen:
            row.external_id = None
        elif row.external_id is not None:
            seen.add(row.external_id)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)
