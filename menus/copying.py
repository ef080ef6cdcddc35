"""A catalog once more, all of it, in a constant number of queries."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from gobiz_admin.merchants.models import AuditEntry, User
from menus.ingredients import copy_ingredients
from menus.locking import lock_catalog
from menus.models import Catalog, ExternalId, ItemVariantCategory, Menu, MenuItem, Variant, VariantCategory
from menus.overrides import Key
from menus.text import clean

# What of a row takes the place of the catalog's own value in the copy, by kind and pk.
Own = dict[Key, dict[str, Any]]
LONGEST_NAME = 150


def copy_catalog(catalog: Catalog, name: str, user: User | None) -> Catalog:
    """The copy, which no outlet sells yet: with the same external_ids, pictures, hours and ledger of ids.

    The ids stay because they are unique per catalog, not per merchant, and because an outlet that goes
    from one to the other must keep those that GoFood knows.
    """
    return copy_with(catalog, name, user, {})[0]


def copy_with(catalog: Catalog, name: str, user: User | None, own: Own) -> tuple[Catalog, dict[Key, int]]:
    """The copy with `own` values in place of the catalog's, and by kind and old pk the pk of the new row."""
    with transaction.atomic():
        catalog = lock_catalog(catalog.pk)
        copy = Catalog.objects.create(
            merchant_id=catalog.merchant_id,
            name=clean(name)[:LONGEST_NAME] or catalog.name,
            # "Not published" is told by it: what the outlet published from the one holds for the other.
            revision=catalog.revision,
        )
        pks = _copy_tree(catalog, copy, own)
        pks |= {("ingredient", old): new for old, new in copy_ingredients(catalog, copy, pks).items()}
        _copy_ledger(catalog, copy, pks)
        facts = {"catalog": catalog.name, "copy": copy.name, "pk": copy.pk}
        AuditEntry.objects.create(
            merchant_id=catalog.merchant_id, user=user, action="menu.catalog_copied", facts=facts
        )
    return copy, pks


def _copy_tree(catalog: Catalog, copy: Catalog, own: Own) -> dict[Key, int]:
    menus = _copy_rows(Menu, catalog, copy)
    categories = _copy_rows(VariantCategory, catalog, copy)
    variants = _copy_rows(Variant, catalog, copy, {"category_id": categories}, _own_of("variant", own))
    items = _copy_rows(MenuItem, catalog, copy, {"menu_id": menus}, _own_of("item", own))
    links = ItemVariantCategory.objects.filter(item__catalog=catalog)
    ItemVariantCategory.objects.bulk_create(
        ItemVariantCategory(
            item_id=items[link.item_id], category_id=categories[link.category_id], position=link.position
        )
        for link in links.order_by("pk")
    )
    return {
        **{("item", old): new for old, new in items.items()},
        **{("variant", old): new for old, new in variants.items()},
        **{("variant_category", old): new for old, new in categories.items()},
    }


def _own_of(kind: str, own: Own) -> dict[int, dict[str, Any]]:
    return {pk: values for (of, pk), values in own.items() if of == kind}


def _copy_rows(
    model: type[Any],
    catalog: Catalog,
    copy: Catalog,
    parents: dict[str, dict[int, int]] | None = None,
    own: dict[int, dict[str, Any]] | None = None,
) -> dict[int, int]:
    """By old pk the new one; two queries."""
    rows = list(model.objects.filter(catalog=catalog).order_by("pk"))
    olds = [row.pk for row in rows]
    for row in rows:
        for name, value in (own or {}).get(row.pk, {}).items():
            setattr(row, name, value)
        for name, pks in (parents or {}).items():
            setattr(row, name, pks[getattr(row, name)])
        row.pk, row.catalog_id = None, copy.pk
        row._state.adding = True
    return dict(zip(olds, _pks(model.objects.bulk_create(rows)), strict=True))


def _pks(rows: Iterable[Any]) -> list[int]:
    return [row.pk for row in rows]


def _copy_ledger(catalog: Catalog, copy: Catalog, pks: dict[Key, int]) -> None:
    """An id that was given out in the one is never given out for something else in the other."""
    ExternalId.objects.bulk_create(
        ExternalId(
            catalog=copy,
            kind=row.kind,
            external_id=row.external_id,
            live=row.live,
            thing=pks.get((row.kind, row.thing or 0)),
            confirmed_at=row.confirmed_at,
        )
        for row in ExternalId.objects.filter(catalog=catalog).order_by("pk")
    )
