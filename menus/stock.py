"""Switching items and variants off and on: in the catalog or at one outlet, for a while or until somebody says.

What is switched goes to GoFood by itself (menus/stock_wishes.py), as every other change of stock does.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet, User
from menus import ingredient_outs
from menus.editing import set_stock
from menus.journal import one_edit
from menus.locking import lock_catalog
from menus.models import Catalog, Ingredient, MenuItem, OutletCatalog, OutletOverride, StockOff, Variant
from menus.overrides import save_overrides, set_override
from menus.snapshots import write_rows
from menus.stock_effect import MODELS, Key, pks_of

Thing = MenuItem | Variant


def switch(
    kind: str,
    thing: Thing,
    in_stock: bool,
    user: User | None,
    outlet: Outlet | None = None,
    back_at: datetime | None = None,
) -> None:
    """It is in stock, or off until `back_at` (None: until somebody says), at `outlet` or in the catalog.

    At the only outlet that sells the catalog, the catalog's own value is switched: there is no other.
    """
    with transaction.atomic():
        catalog = lock_catalog(thing.catalog_id)
        others = OutletCatalog.objects.filter(catalog=catalog).exclude(outlet=outlet) if outlet else None
        alone = others is not None and not others.exists()
        if outlet is None or alone:
            _in_the_catalog(catalog, kind, thing, in_stock, user, outlet)
            _until(kind, thing, None, in_stock, user, back_at)
        else:
            # What is off for a while here is on here after it, also where the catalog has it off.
            ends = not in_stock and back_at is not None
            set_override(catalog, kind, thing.pk, [outlet], user, keep=ends, in_stock=in_stock)
            _until(kind, thing, outlet, in_stock, user, back_at)
        announce(
            catalog.merchant_id,
            "stock",
            outlet=outlet.outlet_id if outlet else None,
            things=[f"{kind}-{thing.pk}"],
        )


def _in_the_catalog(
    catalog: Catalog, kind: str, thing: Thing, in_stock: bool, user: User | None, alone: Outlet | None
) -> None:
    with one_edit(catalog.pk, f"{kind}_changed", user, _facts(kind, thing)):
        set_stock(kind, thing, in_stock, user)
        if alone is not None:
            set_override(catalog, kind, thing.pk, [alone], user, in_stock=None)


def _facts(kind: str, thing: Thing) -> dict[str, Any]:
    return {"kind": kind, "pk": thing.pk, "name": thing.name, "fields": ["in_stock"]}


def _until(
    kind: str,
    thing: Thing,
    outlet: Outlet | None,
    in_stock: bool,
    user: User | None,
    back_at: datetime | None,
) -> None:
    """Keep when it comes back; the row stands already where the switch changed something."""
    place = {"outlet": outlet, f"{kind}_id": thing.pk}
    if in_stock:
        StockOff.objects.filter(**place).delete()
    elif outlet is None or OutletOverride.objects.filter(**place, in_stock=False).exists():
        fields = {"back_at": back_at}
        StockOff.objects.update_or_create(**place, defaults=fields, create_defaults={**fields, "by": user})
    # Else it is off in the catalog, with nothing of its own here: there is nothing to come back from.


def all_on(
    catalog: Catalog, outlet: Outlet, keys: Collection[Key], ingredients: Collection[int], user: User | None
) -> None:
    """These things are switched on, and these ingredients there again, at the outlet: one change, one undo."""
    facts = {"count": len(keys) + len(ingredients), "outlet": outlet.name}
    with one_edit(catalog.pk, "stock_all_on", user, facts) as change:
        alone = not OutletCatalog.objects.filter(catalog=catalog).exclude(outlet=outlet).exists()
        if alone:
            for kind, model in MODELS.items():
                here = model.objects.filter(catalog=catalog, pk__in=pks_of(keys, kind))
                pks = list(here.values_list("pk", flat=True))
                change.note(kind, pks, ["name", "in_stock"])
                _on_in_the_catalog(model, pks)
        values = {"in_stock": None if alone else True}
        save_overrides(catalog, {key: {outlet.pk: values} for key in _still_there(catalog, keys)}, user)
        for ingredient in Ingredient.objects.filter(catalog=catalog, pk__in=ingredients):
            ingredient_outs.switch_ingredient(ingredient, False, [outlet], user)


def _still_there(catalog: Catalog, keys: Collection[Key]) -> list[Key]:
    return [
        (kind, pk)
        for kind, model in MODELS.items()
        for pk in model.objects.filter(catalog=catalog, pk__in=pks_of(keys, kind)).values_list(
            "pk", flat=True
        )
    ]


def bring_back() -> int:
    """How many things, and ingredients, whose time has come are there again, or follow their catalog again."""
    now = timezone.now()
    due = StockOff.objects.filter(back_at__lte=now)
    items = due.filter(item__isnull=False).values_list("item__catalog_id", flat=True)
    variants = due.filter(variant__isnull=False).values_list("variant__catalog_id", flat=True)
    catalogs = {*items, *variants, *ingredient_outs.due_catalogs(now)}
    return sum(_bring_back(catalog_pk) for catalog_pk in sorted(catalogs))


def _bring_back(catalog_pk: int) -> int:
    with transaction.atomic():
        lock_catalog(catalog_pk)
        now, of_catalog = timezone.now(), Q(item__catalog=catalog_pk) | Q(variant__catalog=catalog_pk)
        due = list(StockOff.objects.filter(of_catalog, back_at__lte=now))
        keys, facts = {row.key for row in due}, {"count": 0}
        with one_edit(catalog_pk, "stock_back", None, facts) as change:
            for kind, model in MODELS.items():
                pks = pks_of(keys, kind)
                change.note(kind, pks, ["name", "in_stock", "overrides"])
                base = [row.key[1] for row in due if row.outlet_id is None and row.key[0] == kind]
                _on_in_the_catalog(model, base)
                _on_at_outlets(kind, [row for row in due if row.outlet_id and row.key[0] == kind])
            back = ingredient_outs.end_due(change, now)
            facts["count"] = len(keys) + back
        StockOff.objects.filter(pk__in=[row.pk for row in due]).delete()
    return len(due) + back


def _on_in_the_catalog(model: type[Any], pks: Collection[int]) -> None:
    rows = list(model.objects.filter(pk__in=pks))
    for row in rows:
        row.in_stock = True
    write_rows(rows, ["in_stock"])


def _on_at_outlets(kind: str, offs: Collection[StockOff]) -> None:
    """The catalog's stock holds there again; where that is off, it is on as the outlet's own."""
    by_outlet: dict[int | None, list[int]] = defaultdict(list)
    for row in offs:
        by_outlet[row.outlet_id].append(row.key[1])
    for outlet_pk, pks in by_outlet.items():
        own = OutletOverride.objects.filter(outlet=outlet_pk, in_stock=False, **{f"{kind}__in": pks})
        own.filter(**{f"{kind}__in_stock": False}).update(in_stock=True)
        own.filter(price__isnull=True, hidden=False).delete()
        own.update(in_stock=None)
