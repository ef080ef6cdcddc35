"""What is in stock at an outlet: what is switched on by hand there, and has no ingredient that is out there.

By hand it is the catalog's own value, unless the outlet has one. The two reasons are kept apart, so that
each ends for itself (docs/decisions/0010). Whoever asks what is in stock asks here.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.models import IngredientLink, IngredientOut, MenuItem, OutletOverride, Variant

# (kind, pk); kind is "item" or "variant".
Key = tuple[str, int]
MODELS: dict[str, type[Any]] = {"item": MenuItem, "variant": Variant}


def by_hand(base: bool, own: bool | None) -> bool:
    """Whether it is switched on: by the outlet's own value, if it has one, else by the catalog's."""
    return base if own is None else own


def effective(switched_on: bool, outs: Collection[Any]) -> bool:
    """Whether it is in stock: switched on by hand, and nothing that it is made of is out."""
    return switched_on and not outs


@dataclass
class Outs:
    """What is out at outlets, and what bears it."""

    by_outlet: dict[int, dict[int, IngredientOut]] = field(default_factory=dict)
    bearing: dict[Key, list[int]] = field(default_factory=dict)

    def of(self, outlet_pk: int | None, key: Key) -> Sequence[IngredientOut]:
        """Why the thing is off there; what is longest out first."""
        here = self.by_outlet.get(outlet_pk or 0)
        if not here:
            return ()
        found = [here[pk] for pk in self.bearing.get(key, ()) if pk in here]
        return sorted(found, key=lambda out: (out.since, out.pk))

    def keys_at(self, outlet_pk: int) -> set[Key]:
        """All that is off there because something of it is out."""
        return {key for key in self.bearing if self.of(outlet_pk, key)}


def outs_at(outlets: Collection[Outlet] | Collection[int]) -> Outs:
    """What is out at these outlets; two queries, however many."""
    by_outlet: dict[int, dict[int, IngredientOut]] = defaultdict(dict)
    rows = IngredientOut.objects.filter(outlet__in=outlets).select_related("ingredient", "by")
    for out in rows:
        by_outlet[out.outlet_id][out.ingredient_id] = out
    return Outs(dict(by_outlet), bearers_of({pk for here in by_outlet.values() for pk in here}))


def bearers_of(ingredients: Collection[int]) -> dict[Key, list[int]]:
    """By thing which of these ingredients it bears; one query."""
    bearing: dict[Key, list[int]] = defaultdict(list)
    for link in IngredientLink.objects.filter(ingredient__in=ingredients):
        bearing[link.key].append(link.ingredient_id)
    return dict(bearing)


def hands_at(outlets: Collection[Outlet] | Collection[int], **of: Any) -> dict[tuple[int, Key], bool]:
    """What outlets have switched on or off as their own, by outlet and thing; one query."""
    rows = OutletOverride.objects.filter(outlet__in=outlets, in_stock__isnull=False, **of)
    return {
        (outlet, ("item", item) if item else ("variant", variant)): bool(in_stock)
        for outlet, item, variant, in_stock in rows.values_list(
            "outlet_id", "item_id", "variant_id", "in_stock"
        )
    }


def pks_of(keys: Collection[Key], kind: str) -> list[int]:
    return sorted(pk for of, pk in keys if of == kind)


def stock_at(outlet_pk: int, catalog_pk: int, keys: Collection[Key] | None = None) -> dict[Key, bool]:
    """By thing whether it is in stock at the outlet, of these or of all in the catalog; five queries."""
    found: dict[Key, bool] = {}
    for kind, model in MODELS.items():
        rows = model.objects.filter(catalog=catalog_pk)
        if keys is not None:
            rows = rows.filter(pk__in=pks_of(keys, kind))
        found.update({(kind, pk): in_stock for pk, in_stock in rows.values_list("pk", "in_stock")})
    own, outs = hands_at([outlet_pk]), outs_at([outlet_pk])
    return {
        key: effective(by_hand(base, own.get((outlet_pk, key))), outs.of(outlet_pk, key))
        for key, base in found.items()
    }
