"""Rows of a catalog as JSON values: what stands there, compared with what stood there before."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from menus.models import (
    Ingredient,
    IngredientLink,
    IngredientOut,
    ItemVariantCategory,
    Menu,
    MenuItem,
    OutletOverride,
    Variant,
    VariantCategory,
)

Values = dict[str, Any]
MODELS: dict[str, type[Any]] = {
    "menu": Menu,
    "ingredient": Ingredient,
    "variant_category": VariantCategory,
    "variant": Variant,
    "item": MenuItem,
}
_MAPPED = ("external_id", "gobiz_id", "name", "position")
COLUMNS: dict[str, tuple[str, ...]] = {
    "menu": ("name", "position"),
    "ingredient": ("name",),
    "variant_category": (*_MAPPED, "internal_name", "min_quantity", "max_quantity"),
    "variant": (*_MAPPED, "category_id", "price", "in_stock"),
    "item": (
        *_MAPPED,
        "menu_id",
        "internal_name",
        "description",
        "price",
        "in_stock",
        "picture_id",
        "image_url",
        "operational_hours",
    ),
}
# Rows of other tables that belong to a row: an item's categories in order, what differs at outlets, what it
# is made of; and of an ingredient where it is out.
LISTS: dict[str, tuple[str, ...]] = {
    "ingredient": ("outs",),
    "item": ("categories", "overrides", "ingredients"),
    "variant": ("overrides", "ingredients"),
}
OVERRIDE_COLUMNS = ("outlet_id", "price", "in_stock", "hidden")


def fields_of(kind: str) -> tuple[str, ...]:
    """All that is kept of a row of this kind."""
    return COLUMNS[kind] + LISTS.get(kind, ())


def snapshot(kind: str, pks: Collection[int], fields: Collection[str] | None = None) -> dict[int, Values]:
    """By pk the values of these fields, or of all; one to four queries, however many rows."""
    columns = [name for name in COLUMNS[kind] if fields is None or name in fields]
    rows = MODELS[kind].objects.filter(pk__in=pks).values("pk", *columns)
    found: dict[int, Values] = {row.pop("pk"): row for row in rows}
    for name in LISTS.get(kind, ()):
        if fields is None or name in fields:
            lists = _READ[name](kind, found)
            for pk, values in found.items():
                values[name] = lists[pk]
    return found


def _categories(_kind: str, items: Iterable[int]) -> dict[int, list[int]]:
    lists: dict[int, list[int]] = defaultdict(list)
    links = ItemVariantCategory.objects.filter(item__in=list(items)).order_by("position", "pk")
    for item_id, category_id in links.values_list("item_id", "category_id"):
        lists[item_id].append(category_id)
    return lists


def _overrides(kind: str, pks: Iterable[int]) -> dict[int, list[Values]]:
    lists: dict[int, list[Values]] = defaultdict(list)
    rows = OutletOverride.objects.filter(**{f"{kind}__in": list(pks)}).order_by("outlet_id")
    for row in rows.values(f"{kind}_id", *OVERRIDE_COLUMNS):
        lists[row.pop(f"{kind}_id")].append(row)
    return lists


def _ingredients(kind: str, pks: Iterable[int]) -> dict[int, list[int]]:
    lists: dict[int, list[int]] = defaultdict(list)
    links = IngredientLink.objects.filter(**{f"{kind}__in": list(pks)}).order_by("ingredient_id")
    for pk, ingredient in links.values_list(f"{kind}_id", "ingredient_id"):
        lists[pk].append(ingredient)
    return lists


def _outs(_kind: str, pks: Iterable[int]) -> dict[int, list[Values]]:
    lists: dict[int, list[Values]] = defaultdict(list)
    for row in IngredientOut.objects.filter(ingredient__in=list(pks)).order_by("outlet_id"):
        lists[row.ingredient_id].append(
            {
                "outlet_id": row.outlet_id,
                "back_at": row.back_at.isoformat() if row.back_at else None,
                "since": row.since.isoformat(),
                "by_id": row.by_id,
            }
        )
    return lists


_READ: dict[str, Callable[[str, Iterable[int]], dict[int, list[Any]]]] = {
    "categories": _categories,
    "overrides": _overrides,
    "ingredients": _ingredients,
    "outs": _outs,
}


def write_rows(rows: Sequence[Any], fields: Collection[str]) -> None:
    """Save these columns of many rows of one kind; one query, however many they are.

    Not `bulk_update`, which makes JSON's null of a None where the column has SQL's.
    """
    if rows and fields:
        names = sorted({rows[0]._meta.get_field(name).name for name in fields})
        type(rows[0]).objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=names
        )


def write_lists(kind: str, lists: dict[str, dict[int, Any]]) -> None:
    """Put what belongs to rows in place of what they have: {"categories": {pk: […]}, "overrides": …}."""
    if ingredients := lists.get("ingredients"):
        _write_ingredients(kind, ingredients)
    if outs := lists.get("outs"):
        _write_outs(outs)
    if categories := lists.get("categories"):
        ItemVariantCategory.objects.filter(item__in=list(categories)).delete()
        ItemVariantCategory.objects.bulk_create(
            ItemVariantCategory(item_id=pk, category_id=category, position=position)
            for pk, wanted in categories.items()
            for position, category in enumerate(wanted)
        )
    if overrides := lists.get("overrides"):
        OutletOverride.objects.filter(**{f"{kind}__in": list(overrides)}).delete()
        OutletOverride.objects.bulk_create(
            OutletOverride(**{f"{kind}_id": pk, **values})
            for pk, wanted in overrides.items()
            for values in wanted
        )


def _write_ingredients(kind: str, ingredients: dict[int, list[int]]) -> None:
    IngredientLink.objects.filter(**{f"{kind}__in": list(ingredients)}).delete()
    IngredientLink.objects.bulk_create(
        IngredientLink(ingredient_id=ingredient, **{f"{kind}_id": pk})
        for pk, wanted in ingredients.items()
        for ingredient in wanted
    )


def _write_outs(outs: dict[int, list[Values]]) -> None:
    IngredientOut.objects.filter(ingredient__in=list(outs)).delete()
    IngredientOut.objects.bulk_create(
        IngredientOut(
            ingredient_id=pk,
            outlet_id=row["outlet_id"],
            back_at=row["back_at"] and datetime.fromisoformat(row["back_at"]),
            since=datetime.fromisoformat(row["since"]),
            by_id=row["by_id"],
        )
        for pk, wanted in outs.items()
        for row in wanted
    )
