"""Which outlet sells which catalog: one that they share, or one of its own.

The outlet's lock guards what it sells (`OutletCatalog`); the catalogs are locked after it, by pk. What
an outlet had of its own stays in the catalog that it leaves: going back finds it again.
"""

from django.db import transaction

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus.copying import LONGEST_NAME, copy_with
from menus.importing import request_import
from menus.locking import lock_catalog, lock_outlet
from menus.models import Catalog, IngredientOut, OutletCatalog, OutletOverride
from menus.overrides import Key, Values, save_overrides, stored
from menus.sharing_effects import what_differs
from menus.snapshots import write_rows
from menus.text import clean
from menus.tree import load_tree

SHARE, COPY = "share", "copy"


class SharingRefused(Exception):
    """`code`: sells_nothing, sells_already, own_already, same_outlet, foreign (of another merchant), required."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def give_own_catalog(outlet: Outlet, user: User | None) -> Catalog:
    """The outlet's own copy of what it sells, with the same menu on GoFood as before.

    Its own prices and stock become the copy's values: with one outlet to sell it, there is nothing that
    they differ from. What is hidden stays hidden, as a catalog has no word for it and removing would
    lose it.
    """
    with transaction.atomic():
        lock_outlet(outlet)
        selling = _selling(outlet)
        catalog = lock_catalog(selling.catalog_id)
        if not OutletCatalog.objects.filter(catalog=catalog).exclude(outlet=outlet).exists():
            raise SharingRefused("own_already")
        own = stored(catalog, [outlet.pk])
        copy, pks = _copy_for(outlet, catalog, own, user, ("price", "in_stock"))
        _take_outs(outlet, catalog, pks)
        OutletCatalog.objects.filter(pk=selling.pk).update(catalog=copy)
        _note(outlet, "menu.own_catalog_given", user, {"catalog": catalog.name, "own": copy.name})
    return copy


def share_catalog(outlet: Outlet, catalog: Catalog, user: User | None, keep: bool = False) -> None:
    """From now on the outlet sells this catalog; nothing changes on GoFood until it is published.

    `keep`: what it sells at other prices or has not in stock now becomes what differs there, and what it
    does not sell now is hidden there.
    """
    if catalog.merchant_id != outlet.merchant_id:
        raise SharingRefused("foreign")
    with transaction.atomic():
        lock_outlet(outlet)
        selling = _selling(outlet)
        if selling.catalog_id == catalog.pk:
            return
        locked = {pk: lock_catalog(pk) for pk in sorted((selling.catalog_id, catalog.pk))}
        old, new = locked[selling.catalog_id], locked[catalog.pk]
        kept = what_differs(load_tree(old, outlet), load_tree(new)) if keep else {}
        # Of this catalog it has published nothing.
        OutletCatalog.objects.filter(pk=selling.pk).update(catalog=new, published_revision=None)
        save_overrides(new, {key: {outlet.pk: values} for key, values in kept.items()}, user)
        _note(outlet, "menu.catalog_shared", user, {"from": old.name, "catalog": new.name, "kept": keep})


def start_outlet_from(outlet: Outlet, source: Outlet, mode: str, user: User | None) -> Catalog:
    """The catalog that a new outlet sells from now on: that of `source` (SHARE), or a copy of it (COPY).

    The prices of `source` and what is hidden there are taken over, its stock is not. The live menu of the
    new outlet is kept as version 0 by a worker; until then nothing can be published to it.
    """
    if mode not in (SHARE, COPY):
        raise ValueError(mode)
    if outlet.pk == source.pk:
        raise SharingRefused("same_outlet")
    if outlet.merchant_id != source.merchant_id:
        raise SharingRefused("foreign")
    with transaction.atomic():
        lock_outlet(outlet)
        if OutletCatalog.objects.filter(outlet=outlet).exists():
            raise SharingRefused("sells_already")
        catalog = lock_catalog(_selling(source).catalog_id)
        own = stored(catalog, [source.pk])
        if mode == COPY:
            catalog, _pks = _copy_for(outlet, catalog, own, user, ("price",))
        OutletCatalog.objects.create(outlet=outlet, catalog=catalog)
        if mode == SHARE:
            taken = {key: {outlet.pk: {"price": row.price, "hidden": row.hidden}} for key, row in own}
            save_overrides(catalog, taken, user)
        facts = {"from": source.outlet_id, "mode": mode, "catalog": catalog.name}
        _note(outlet, "menu.outlet_started", user, facts)
        request_import(outlet, user)
    return catalog


def rename_catalog(catalog: Catalog, name: str, user: User | None) -> None:
    """The catalog has this name, which customers never see; SharingRefused without one, and for one too long."""
    name = clean(name)
    if not name or len(name) > LONGEST_NAME:
        raise SharingRefused("too_long" if name else "required")
    with transaction.atomic():
        locked = lock_catalog(catalog.pk)
        if locked.name == name:
            return
        Catalog.objects.filter(pk=locked.pk).update(name=name)
        facts = {"old": locked.name, "name": name}
        AuditEntry.objects.create(
            merchant_id=locked.merchant_id, user=user, action="menu.catalog_renamed", facts=facts
        )
        announce(locked.merchant_id, "menu", catalog=locked.pk)


def _selling(outlet: Outlet) -> OutletCatalog:
    selling = OutletCatalog.objects.filter(outlet=outlet).first()
    if selling is None:
        raise SharingRefused("sells_nothing")
    return selling


def _copy_for(
    outlet: Outlet,
    catalog: Catalog,
    own: list[tuple[Key, OutletOverride]],
    user: User | None,
    fields: tuple[str, ...],
) -> tuple[Catalog, dict[Key, int]]:
    """A copy with the own values of these fields as its own, and hidden at `outlet` what is hidden in `own`."""
    values = {
        key: {field: getattr(row, field) for field in fields if getattr(row, field) is not None}
        for key, row in own
    }
    copy, pks = copy_with(catalog, outlet.name, user, values)
    OutletOverride.objects.bulk_create(
        OutletOverride(outlet=outlet, hidden=True, **{f"{key[0]}_id": pks[key]})
        for key, row in own
        if row.hidden
    )
    return copy, pks


def _take_outs(outlet: Outlet, catalog: Catalog, pks: dict[Key, int]) -> None:
    """What is out at the outlet is out in its own copy: its menu on GoFood stays as it is."""
    outs = list(IngredientOut.objects.filter(outlet=outlet, ingredient__catalog=catalog))
    for out in outs:
        out.ingredient_id = pks["ingredient", out.ingredient_id]
    write_rows(outs, ["ingredient"])


def _note(outlet: Outlet, action: str, user: User | None, facts: Values) -> None:
    facts = {"outlet_id": outlet.outlet_id, **facts}
    AuditEntry.objects.create(merchant_id=outlet.merchant_id, user=user, action=action, facts=facts)
    announce(outlet.merchant_id, "menu", outlet=outlet.outlet_id)
