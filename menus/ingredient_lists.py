"""The ingredients of catalogs: what bears them, where they are out, until when."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count

from gobiz_admin.merchants.models import Outlet
from menus.models import Catalog, Ingredient, IngredientLink, IngredientOut, OutletCatalog


@dataclass
class Row:
    """An ingredient: how many items and variants bear it, and where of the chosen outlets it is out."""

    ingredient: Ingredient
    items: int = 0
    variants: int = 0
    outs: list[IngredientOut] = field(default_factory=list)


@dataclass
class Group:
    """A catalog's ingredients, and those of the chosen outlets that sell it."""

    catalog: Catalog
    outlets: list[Outlet] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def ingredient_groups(outlets: Collection[Outlet]) -> list[Group]:
    """A group for each catalog that these outlets sell, out first, then by name; four queries."""
    groups: dict[int, Group] = {}
    sellings = OutletCatalog.objects.filter(outlet__in=outlets, imported_at__isnull=False)
    for selling in sellings.select_related("catalog", "outlet").order_by("outlet__name", "pk"):
        group = groups.setdefault(selling.catalog_id, Group(selling.catalog))
        group.outlets.append(selling.outlet)
    counts = _counts(groups)
    outs: dict[int, list[IngredientOut]] = defaultdict(list)
    rows = IngredientOut.objects.filter(ingredient__catalog__in=groups, outlet__in=outlets)
    for out in rows.select_related("outlet", "by").order_by("outlet__name", "pk"):
        outs[out.ingredient_id].append(out)
    for ingredient in Ingredient.objects.filter(catalog__in=groups).order_by("name", "pk"):
        items, variants = counts.get(ingredient.pk, (0, 0))
        row = Row(ingredient, items, variants, outs[ingredient.pk])
        groups[ingredient.catalog_id].rows.append(row)
    for group in groups.values():
        group.rows.sort(key=lambda row: not row.outs)
    return list(groups.values())


def _counts(catalogs: Collection[int]) -> dict[int, tuple[int, int]]:
    counted = IngredientLink.objects.filter(ingredient__catalog__in=catalogs).values("ingredient_id")
    rows = counted.annotate(items=Count("item_id"), variants=Count("variant_id"))
    return {row["ingredient_id"]: (row["items"], row["variants"]) for row in rows}
