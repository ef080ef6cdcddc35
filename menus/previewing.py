"""What a customer sees of a payload at a moment: menus, items, choices, and what they come to.

It stands on the payload alone, so what would be published is what is shown: prices and stock of the
outlet, without what is hidden there.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime

from gobiz_admin.merchants.models import Outlet
from menus.models import Mapped, Sync
from menus.opening import Opening, is_open, next_opening
from menus.payload import Payload, payload_of
from menus.tree import Tree


@dataclass(frozen=True)
class ShownVariant:
    key: str
    name: str
    price: int
    in_stock: bool


@dataclass(frozen=True)
class ShownCategory:
    """A variant category with how many of it have to be chosen, and may be."""

    key: str
    name: str
    min_quantity: int
    max_quantity: int
    variants: tuple[ShownVariant, ...]

    @property
    def single(self) -> bool:
        """Whether it is exactly one: one choice takes the other's place."""
        return self.min_quantity == 1 and self.max_quantity == 1

    @property
    def enough(self) -> bool:
        """Whether what is in stock allows what has to be chosen."""
        in_stock = sum(variant.in_stock for variant in self.variants)
        return self.min_quantity <= min(in_stock, self.max_quantity)


@dataclass(frozen=True)
class ShownItem:
    key: str
    name: str
    description: str
    price: int
    image: str
    in_stock: bool
    open: bool
    # When it is sold next, where it is not now; None: never, or now.
    opening: Opening | None
    categories: tuple[ShownCategory, ...]

    @property
    def orderable(self) -> bool:
        return self.in_stock and self.open and all(category.enough for category in self.categories)


@dataclass(frozen=True)
class ShownMenu:
    name: str
    items: tuple[ShownItem, ...]


@dataclass(frozen=True)
class Choice:
    """What was chosen of an item, what it costs, and in which categories it is too few or too many."""

    keys: frozenset[str]
    total: int
    too_few: tuple[ShownCategory, ...]
    too_many: tuple[ShownCategory, ...]


def draft_of(tree: Tree) -> Payload:
    """The payload of what would be published; what has no external_id yet gets a stand-in, `~` and its key.

    The stand-ins are only in the tree's rows in memory: without them two categories were the same.
    """
    rows: list[Mapped] = [node.item for node in tree.items]
    rows += [node.category for node in tree.categories]
    rows += [node.variant for node in tree.variants]
    for row in rows:
        row.external_id = row.external_id or f"~{row.pk}"
    return payload_of(tree)


def last_published(outlet: Outlet) -> Sync | None:
    """The outlet's newest confirmed sync, with its version; None when nothing was confirmed yet."""
    rows = Sync.objects.filter(outlet=outlet, state=Sync.State.CONFIRMED, version__number__gt=0)
    return rows.select_related("version").order_by("-pk").first()


def shown_menus(payload: Payload, moment: datetime) -> list[ShownMenu]:
    """The payload's menus at the moment, by the outlet's clock; a menu without items is not shown."""
    categories = {row["external_id"]: _category(row) for row in payload["variant_categories"]}
    menus = [
        ShownMenu(menu["name"], tuple(_item(row, categories, moment) for row in menu["menu_items"]))
        for menu in payload["menus"]
    ]
    return [menu for menu in menus if menu.items]


def item_of(menus: list[ShownMenu], key: str) -> ShownItem | None:
    """The item that has this key; None when none does."""
    return next((item for menu in menus for item in menu.items if item.key == key), None)


def choose(item: ShownItem, wanted: Collection[str]) -> Choice:
    """What the item costs with the variants of these keys; those that are sold out, or not of it, are left."""
    keys: set[str] = set()
    total, too_few, too_many = item.price, [], []
    for category in item.categories:
        chosen = [variant for variant in category.variants if variant.in_stock and variant.key in wanted]
        keys.update(variant.key for variant in chosen)
        total += sum(variant.price for variant in chosen)
        if len(chosen) < category.min_quantity:
            too_few.append(category)
        if len(chosen) > category.max_quantity:
            too_many.append(category)
    return Choice(frozenset(keys), total, tuple(too_few), tuple(too_many))


def moment_of(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment that a `datetime-local` field means by the outlet's clock; None for what is none."""
    try:
        moment = parse_datetime(text.strip())
        if moment is None:
            return None
        return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None


def _item(row: Payload, categories: dict[str, ShownCategory], moment: datetime) -> ShownItem:
    hours = row["operational_hours"]
    opened = is_open(hours, moment)
    # A customer sees no heading without choices, unless a choice from it is asked for.
    linked = [categories[key] for key in row["variant_category_external_ids"] if key in categories]
    return ShownItem(
        key=row["external_id"],
        name=row["name"],
        description=row.get("description", ""),
        price=row["price"],
        image=row.get("image", ""),
        in_stock=row["in_stock"],
        open=opened,
        opening=None if opened else next_opening(hours, moment),
        categories=tuple(category for category in linked if category.variants or category.min_quantity > 0),
    )


def _category(row: dict[str, Any]) -> ShownCategory:
    selection = row["rules"]["selection"]
    variants = tuple(
        ShownVariant(variant["external_id"], variant["name"], variant["price"], variant["in_stock"])
        for variant in row["variants"]
    )
    least, most = selection["min_quantity"], selection["max_quantity"]
    return ShownCategory(row["external_id"], row["name"], least, most, variants)
