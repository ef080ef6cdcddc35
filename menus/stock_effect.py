"""What is in stock at an outlet: the catalog's own value, unless the outlet has one."""

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from menus.models import MenuItem, OutletOverride, Variant

# (kind, pk); kind is "item" or "variant".
Key = tuple[str, int]
MODELS: dict[str, type[Any]] = {"item": MenuItem, "variant": Variant}


def pks_of(keys: Collection[Key], kind: str) -> list[int]:
    return sorted(pk for of, pk in keys if of == kind)


def stock_at(outlet_pk: int, catalog_pk: int, keys: Collection[Key] | None = None) -> dict[Key, bool]:
    """By thing whether it is in stock at the outlet, of these or of all in the catalog; three queries."""
    found: dict[Key, bool] = {}
    for kind, model in MODELS.items():
        rows = model.objects.filter(catalog=catalog_pk)
        if keys is not None:
            rows = rows.filter(pk__in=pks_of(keys, kind))
        found.update({(kind, pk): in_stock for pk, in_stock in rows.values_list("pk", "in_stock")})
    own = OutletOverride.objects.filter(
        Q(item__catalog=catalog_pk) | Q(variant__catalog=catalog_pk), outlet=outlet_pk, in_stock__isnull=False
    )
    for item_id, variant_id, in_stock in own.values_list("item_id", "variant_id", "in_stock"):
        key = ("item", item_id) if item_id else ("variant", variant_id)
        if key in found:
            found[key] = bool(in_stock)
    return found
