"""“Chicken is out”: one switch for an ingredient at outlets, and what goes off and comes back with it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gobiz_admin.merchants.models import Outlet, User
from menus.ingredients import IngredientRefused
from menus.journal import Change, one_edit
from menus.models import Ingredient, IngredientOut
from menus.stock_effect import MODELS, Key, bearers_of, by_hand, hands_at, outs_at, pks_of


def switch_ingredient(
    ingredient: Ingredient,
    out: bool,
    outlets: Collection[Outlet],
    user: User | None,
    back_at: datetime | None = None,
) -> None:
    """It is out until `back_at` (None: until somebody says) at these outlets, or there again.

    What bears it goes off, or comes back, with it, but for what is off for another reason too.
    IngredientRefused: an outlet does not sell its catalog.
    """
    facts: dict[str, Any] = {
        "kind": "ingredient",
        "pk": ingredient.pk,
        "name": ingredient.name,
        "out": out,
        "outlets": sorted(outlet.outlet_id for outlet in outlets),
        "outlet": next(iter(outlets)).name if len(outlets) == 1 else "",
    }
    with one_edit(ingredient.catalog_id, "ingredient_switched", user, facts) as change:
        pks = [outlet.pk for outlet in outlets]
        if Outlet.objects.filter(selling__catalog=change.catalog, pk__in=pks).count() != len(set(pks)):
            raise IngredientRefused("foreign")
        change.note("ingredient", [ingredient.pk], ["name", "outs"])
        if not out:
            ingredient.outs.filter(outlet__in=pks).delete()
            return
        # One that is out already keeps since when, and gets another end.
        ingredient.outs.filter(outlet__in=pks).update(back_at=back_at)
        IngredientOut.objects.bulk_create(
            [
                IngredientOut(ingredient_id=ingredient.pk, outlet_id=pk, back_at=back_at, by=user)
                for pk in sorted(pks)
            ],
            ignore_conflicts=True,
        )


def end_due(change: Change, now: datetime) -> int:
    """How many ingredients whose time has come are there again, place by place; within `change`."""
    due = list(IngredientOut.objects.filter(ingredient__catalog=change.catalog, back_at__lte=now))
    change.note("ingredient", sorted({out.ingredient_id for out in due}), ["name", "outs"])
    IngredientOut.objects.filter(pk__in=[out.pk for out in due]).delete()
    return len(due)


def due_catalogs(now: datetime) -> set[int]:
    """The catalogs of which something comes back."""
    due = IngredientOut.objects.filter(back_at__lte=now)
    return set(due.values_list("ingredient__catalog_id", flat=True))


@dataclass
class Effect:
    """What follows at an outlet when the ingredient is out there: what goes off, and what is off already."""

    outlet: Outlet
    out: IngredientOut | None
    items: list[Any] = field(default_factory=list)
    variants: list[Any] = field(default_factory=list)
    # Off by hand, or because of another ingredient: they stay off when this one is back.
    off_anyway: list[Any] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.items) + len(self.variants)


def effects(ingredient: Ingredient, outlets: Sequence[Outlet]) -> list[Effect]:
    """Outlet by outlet what goes off with the ingredient, or comes back with it; seven queries."""
    keys = bearers_of([ingredient.pk])
    things: dict[Key, Any] = {}
    for kind, model in MODELS.items():
        rows = model.objects.filter(pk__in=pks_of(keys, kind)).order_by("name", "pk")
        things.update({(kind, row.pk): row for row in rows})
    own, outs = hands_at(outlets), outs_at(outlets)
    found = []
    for outlet in outlets:
        effect = Effect(outlet, outs.by_outlet.get(outlet.pk, {}).get(ingredient.pk))
        for key, thing in things.items():
            others = [out for out in outs.of(outlet.pk, key) if out.ingredient_id != ingredient.pk]
            if others or not by_hand(thing.in_stock, own.get((outlet.pk, key))):
                effect.off_anyway.append(thing)
            else:
                (effect.items if key[0] == "item" else effect.variants).append(thing)
        found.append(effect)
    return found
