"""Writing a live menu into a catalog: a constant number of queries, whatever its size.

A row is recognised by external_id, then GoBiz id, then name (gobiz-api.md, "How we read"). What is
recognised takes the live values; what exists only here is kept, behind what is live.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from menus.ledger import keep_live_ids
from menus.live_menu import LiveCategory, LiveItem, LiveMenu, LiveSection, LiveVariant
from menus.models import (
    Catalog,
    ExternalId,
    ItemVariantCategory,
    Mapped,
    Menu,
    MenuItem,
    Variant,
    VariantCategory,
)
from menus.recognising import recognise

Live = LiveItem | LiveCategory | LiveVariant
Counts = dict[str, dict[str, int]]
KINDS = ("menus", "menu_items", "variant_categories", "variants")


@dataclass
class Merge:
    """One writing of one live menu into one catalog, whose row is locked."""

    catalog: Catalog
    live: LiveMenu

    def run(self) -> Counts:
        """The counts of what was read, created, left without external_id, and is only here."""
        self.created: dict[str, int] = dict.fromkeys(KINDS, 0)
        self.only_here: dict[str, int] = dict.fromkeys(KINDS, 0)
        self.replaced_ids: list[dict[str, str]] = []
        self.changed = False
        menus = self._menus()
        categories = self._categories()
        variants = self._variants(categories)
        items = self._items(menus)
        self._links(items, categories)
        self._note_external_ids(items, categories, variants)
        return self._counts()

    def _menus(self) -> list[Menu]:
        rows = list(self.catalog.menus.order_by("position", "pk"))
        by_name: dict[str, list[Menu]] = defaultdict(list)
        for row in rows:
            by_name[row.name].append(row)
        found = [by_name[live.name].pop(0) if by_name[live.name] else None for live in self.live.menus]
        wanted = [{"name": live.name} for live in self.live.menus]
        return self._write("menus", Menu, rows, found, wanted)

    def _categories(self) -> list[VariantCategory]:
        rows = list(VariantCategory.objects.filter(catalog=self.catalog).order_by("position", "pk"))
        lives = self.live.categories
        found = recognise(lives, rows, lambda live, row: live.internal_name == row.internal_name)
        wanted = [
            {
                **self._ids(live, row, ExternalId.Kind.VARIANT_CATEGORY),
                "name": live.name,
                "internal_name": live.internal_name,
                "min_quantity": live.min_quantity,
                "max_quantity": live.max_quantity,
            }
            for live, row in zip(lives, found, strict=True)
        ]
        return self._write("variant_categories", VariantCategory, rows, found, wanted)

    def _variants(self, categories: list[VariantCategory]) -> list[Variant]:
        rows = list(Variant.objects.filter(catalog=self.catalog).order_by("position", "pk"))
        pairs = [
            (live, category)
            for category, live_category in zip(categories, self.live.categories, strict=True)
            for live in live_category.variants
        ]
        parent = {id(live): category.pk for live, category in pairs}
        lives = [live for live, _ in pairs]
        # "Keju" of another category is another variant.
        found = recognise(
            lives, rows, lambda live, row: parent[id(live)] == row.category_id, name_needs_likeness=True
        )
        wanted = [
            {
                **self._ids(live, row, ExternalId.Kind.VARIANT),
                "category_id": category.pk,
                "name": live.name,
                "price": live.price,
                "in_stock": live.in_stock,
            }
            for (live, category), row in zip(pairs, found, strict=True)
        ]
        return self._write("variants", Variant, rows, found, wanted, "category_id")

    def _items(self, menus: list[Menu]) -> list[MenuItem]:
        rows = list(
            MenuItem.objects.filter(catalog=self.catalog).select_related("menu").order_by("position", "pk")
        )
        pairs: list[tuple[LiveItem, Menu, LiveSection]] = [
            (live, menu, section)
            for menu, section in zip(menus, self.live.menus, strict=True)
            for live in section.items
        ]
        parent = {id(live): menu.pk for live, menu, _ in pairs}
        lives = [live for live, _, _ in pairs]
        found = recognise(lives, rows, lambda live, row: parent[id(live)] == row.menu_id)
        wanted = [
            {**self._ids(live, row, ExternalId.Kind.ITEM), **_item_values(live, row), "menu_id": menu.pk}
            for (live, menu, _), row in zip(pairs, found, strict=True)
        ]
        return self._write("menu_items", MenuItem, rows, found, wanted, "menu_id")

    def _ids(self, live: Live, row: Mapped | None, kind: str) -> dict[str, Any]:
        """GoFood's ids where it has them; ours stay where it has none (yet)."""
        own = row.external_id if row else None
        if own and live.external_id and own != live.external_id:
            self.replaced_ids.append({"kind": kind, "name": live.name, "old": own, "new": live.external_id})
        return {
            "external_id": live.external_id or own,
            "gobiz_id": live.gobiz_id or (row.gobiz_id if row else ""),
        }

    def _write(
        self,
        kind: str,
        model: type[Any],
        rows: list[Any],
        found: list[Any],
        wanted: list[dict[str, Any]],
        parent: str = "catalog_id",
    ) -> list[Any]:
        """The rows of what is live, in its order, after creating and changing what differs."""
        created, changed, written = [], [], []
        next_position: dict[Any, int] = defaultdict(int)
        for row, values in zip(found, wanted, strict=True):
            group = values.get(parent)
            values["position"] = next_position[group]
            next_position[group] += 1
            if row is None:
                row = model(catalog=self.catalog, **values)
                created.append(row)
            elif _take(row, values):
                changed.append(row)
            written.append(row)
        kept = {row.pk for row in found if row is not None}
        only_here = [row for row in rows if row.pk not in kept]
        for row in only_here:
            group = None if parent == "catalog_id" else getattr(row, parent)
            if _take(row, {"position": next_position[group]}):
                changed.append(row)
            next_position[group] += 1
        self.created[kind], self.only_here[kind] = len(created), len(only_here)
        self.changed = self.changed or bool(created or changed)
        model.objects.bulk_create(created)
        _update(model, changed, wanted)
        return written

    def _links(self, items: list[MenuItem], categories: list[VariantCategory]) -> None:
        """The variant categories of each live item, as they are live."""
        wanted = {
            (item.pk, categories[index].pk): position
            for item, live in zip(items, self.live.items, strict=True)
            for position, index in enumerate(live.categories)
        }
        rows = ItemVariantCategory.objects.filter(item__in=[item.pk for item in items])
        have = {(row.item_id, row.category_id): row for row in rows}
        gone = [row.pk for key, row in have.items() if key not in wanted]
        new, moved = [], []
        for (item, category), position in wanted.items():
            row = have.get((item, category))
            if row is None:
                new.append(ItemVariantCategory(item_id=item, category_id=category, position=position))
            elif _take(row, {"position": position}):
                moved.append(row)
        self.changed = self.changed or bool(gone or new or moved)
        if gone:
            ItemVariantCategory.objects.filter(pk__in=gone).delete()
        ItemVariantCategory.objects.bulk_create(new)
        _update(ItemVariantCategory, moved, [{"position": 0}])

    def _note_external_ids(
        self, items: list[MenuItem], categories: list[VariantCategory], variants: list[Variant]
    ) -> None:
        """Every external_id in use on GoFood is in the ledger, as it is there."""
        kinds: list[tuple[str, Iterable[Live], Iterable[Mapped]]] = [
            (ExternalId.Kind.ITEM, self.live.items, items),
            (ExternalId.Kind.VARIANT_CATEGORY, self.live.categories, categories),
            (ExternalId.Kind.VARIANT, self.live.variants, variants),
        ]
        keep_live_ids(
            self.catalog,
            {
                (kind, live.external_id): row.pk
                for kind, lives, rows in kinds
                for live, row in zip(lives, rows, strict=True)
                if live.external_id
            },
        )

    def _counts(self) -> Counts:
        read = {
            "menus": len(self.live.menus),
            "menu_items": len(list(self.live.items)),
            "variant_categories": len(self.live.categories),
            "variants": len(list(self.live.variants)),
        }
        return {
            "read": read,
            "created": self.created,
            "without_external_id": count_without_external_id(self.catalog),
            "only_here": self.only_here,
        }


def count_without_external_id(catalog: Catalog) -> dict[str, int]:
    """How many of each kind lack one now."""
    models: dict[str, type[Any]] = {
        "menu_items": MenuItem,
        "variant_categories": VariantCategory,
        "variants": Variant,
    }
    return {
        name: model.objects.filter(catalog=catalog, external_id=None).count()
        for name, model in models.items()
    }


def _item_values(live: LiveItem, row: MenuItem | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": live.name,
        "description": live.description,
        "price": live.price,
        "in_stock": live.in_stock,
        "operational_hours": live.operational_hours,
    }
    # GET leaves internal_name out; a picture of ours stays, wherever GoFood keeps its copy of it.
    if live.internal_name is not None:
        values["internal_name"] = live.internal_name
    if row is None or row.picture_id is None:
        values["image_url"] = live.image_url
    return values


def _take(row: Any, values: dict[str, Any]) -> bool:
    """Whether the row took a value that it had not."""
    changed = False
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed


def _update(model: type[Any], rows: list[Any], values: list[dict[str, Any]]) -> None:
    """One statement for all rows; they exist and are locked with their catalog."""
    if not rows:
        return
    fields = sorted({name for row in values for name in row} | {"position"})
    model.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=fields)
