"""What items and variants are made of: given to them, taken from them, renamed, removed.

All of it goes through the journal, so that it is undone as any other change, and what it does to stock goes
to GoFood by itself (menus/stock_wishes.py). Where an ingredient is out stands in menus/ingredient_outs.py.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import IntegrityError

from gobiz_admin.merchants.models import User
from menus.journal import Change, one_edit
from menus.models import Catalog, Ingredient, IngredientLink
from menus.snapshots import snapshot, write_lists
from menus.stock_effect import MODELS, Key, pks_of
from menus.text import clean, folded

LONGEST_NAME = 60
MOST_OF_ONE = 30
BETWEEN = re.compile(r"[;,\n]")


class IngredientRefused(Exception):
    """`code`: required, too_long, taken, too_many, foreign (of another catalog)."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(f"{code} {name}".strip())
        self.code, self.name = code, name


def names_in(text: str) -> list[str]:
    """The names between commas, semicolons or line ends, each once, ignoring case.

    IngredientRefused: a name is too long, or there are too many.
    """
    names: dict[str, str] = {}
    for part in BETWEEN.split(clean(text)):
        name = " ".join(part.split())
        if len(name) > LONGEST_NAME:
            raise IngredientRefused("too_long", name)
        if name:
            names.setdefault(folded(name), name)
    if len(names) > MOST_OF_ONE:
        raise IngredientRefused("too_many")
    return list(names.values())


def joined(ingredients: Iterable[Ingredient]) -> str:
    """The names as `names_in` reads them."""
    return ", ".join(ingredient.name for ingredient in ingredients)


def bear(change: Change, kind: str, wanted: Mapping[int, Collection[str]]) -> list[int]:
    """The pks of what bears other ingredients now than before, by name; unknown ones are made. Within `change`."""
    known = _made_known(change, {name for names in wanted.values() for name in names})
    change.note(kind, list(wanted), ["name", "ingredients"])
    have = {pk: row["ingredients"] for pk, row in snapshot(kind, list(wanted), ["ingredients"]).items()}
    new = {pk: sorted({known[folded(name)] for name in names}) for pk, names in wanted.items() if pk in have}
    changed = {pk: pks for pk, pks in new.items() if pks != have[pk]}
    write_lists(kind, {"ingredients": changed})
    return sorted(changed)


def _made_known(change: Change, names: Iterable[str]) -> dict[str, int]:
    """By folded name the pk of each of the catalog's ingredients, after those that were missing are made."""
    known = {folded(row.name): row.pk for row in Ingredient.objects.filter(catalog=change.catalog)}
    missing = {folded(name): name for name in names if folded(name) not in known}
    made = Ingredient.objects.bulk_create(
        Ingredient(catalog=change.catalog, name=name) for name in sorted(missing.values())
    )
    change.made("ingredient", [row.pk for row in made])
    return known | {folded(row.name): row.pk for row in made}


def add_ingredient(catalog: Catalog, name: str, user: User | None) -> Ingredient:
    """The ingredient of this name: the one that is there, ignoring case, or a new one."""
    facts: dict[str, Any] = {"kind": "ingredient"}
    with one_edit(catalog.pk, "ingredient_added", user, facts) as change:
        name = _fit(name)
        pk = _made_known(change, [name])[folded(name)]
        facts.update(pk=pk, name=name)
    return Ingredient.objects.get(pk=pk)


def rename_ingredient(ingredient: Ingredient, name: str, user: User | None) -> None:
    """It has this name; IngredientRefused where another of the catalog has it."""
    name = _fit(name)
    facts = {"kind": "ingredient", "pk": ingredient.pk, "name": ingredient.name, "fields": ["name"]}
    try:
        with one_edit(ingredient.catalog_id, "ingredient_changed", user, facts) as change:
            change.note("ingredient", [ingredient.pk], ["name"])
            others = Ingredient.objects.filter(catalog=change.catalog).exclude(pk=ingredient.pk)
            if any(folded(other) == folded(name) for other in others.values_list("name", flat=True)):
                raise IngredientRefused("taken", name)
            ingredient.name = name
            ingredient.save(update_fields=["name"])
    except IntegrityError as error:
        # What the database takes for the same letters.
        raise IngredientRefused("taken", name) from error


def _fit(name: str) -> str:
    name = " ".join(clean(name).split())
    if not name:
        raise IngredientRefused("required")
    if len(name) > LONGEST_NAME:
        raise IngredientRefused("too_long", name)
    return name


def remove_ingredient(ingredient: Ingredient, user: User | None) -> None:
    """Nothing bears it any more; what was off because it is out is in stock again."""
    facts = {"kind": "ingredient", "pk": ingredient.pk, "name": ingredient.name}
    with one_edit(ingredient.catalog_id, "ingredient_removed", user, facts) as change:
        change.note("ingredient", [ingredient.pk])
        links = list(IngredientLink.objects.filter(ingredient=ingredient))
        for kind in MODELS:
            change.note(kind, pks_of([link.key for link in links], kind), ["name", "ingredients"])
        Ingredient.objects.filter(pk=ingredient.pk).delete()


def change_bearers(
    ingredient: Ingredient, add: Collection[Key], take: Collection[Key], user: User | None
) -> int:
    """How many items and variants bear it now that did not, or no longer; what others changed meanwhile stays.

    Those that were removed meanwhile are left out.
    """
    facts = {"kind": "ingredient", "pk": ingredient.pk, "name": ingredient.name, "fields": ["bearers"]}
    changed = 0
    with one_edit(ingredient.catalog_id, "ingredient_changed", user, facts) as change:
        for kind, model in MODELS.items():
            pks = {*pks_of(add, kind), *pks_of(take, kind)}
            here = set(model.objects.filter(catalog=change.catalog, pk__in=pks).values_list("pk", flat=True))
            change.note(kind, sorted(here), ["name", "ingredients"])
            links = IngredientLink.objects.filter(ingredient=ingredient, **{f"{kind}__in": here})
            bearing = set(links.values_list(f"{kind}_id", flat=True))
            new = (here & set(pks_of(add, kind))) - bearing
            gone = here & set(pks_of(take, kind)) & bearing
            IngredientLink.objects.bulk_create(
                IngredientLink(ingredient=ingredient, **{f"{kind}_id": pk}) for pk in sorted(new)
            )
            links.filter(**{f"{kind}__in": gone}).delete()
            changed += len(new) + len(gone)
    return changed


def copy_ingredients(catalog: Catalog, copy: Catalog, pks: Mapping[Key, int]) -> dict[int, int]:
    """The copy's ingredients, borne by the same; by old pk the new one. Within the caller's transaction."""
    olds = list(Ingredient.objects.filter(catalog=catalog).order_by("pk"))
    news = Ingredient.objects.bulk_create(Ingredient(catalog=copy, name=old.name) for old in olds)
    found = {old.pk: new.pk for old, new in zip(olds, news, strict=True)}
    IngredientLink.objects.bulk_create(
        IngredientLink(ingredient_id=found[link.ingredient_id], **{f"{link.key[0]}_id": pks[link.key]})
        for link in IngredientLink.objects.filter(ingredient__catalog=catalog).order_by("pk")
    )
    return found
