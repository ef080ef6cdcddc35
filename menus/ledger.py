"""The ledger of external_ids: which were ever in use, for what, and which GoFood is known to have.

Callers hold the catalog's lock, so that no two write the same lines at once.
"""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from menus.locking import lock_catalog
from menus.models import Catalog, ExternalId, OutletCatalog, Sync
from menus.payload import items_of, variants_of

Kind = ExternalId.Kind
# Kind and external_id.
Name = tuple[str, str]


def keep_live_ids(catalog: Catalog, owners: dict[Name, int]) -> None:
    """These ids are in use on GoFood, for these rows (by pk); three queries at most."""
    now = timezone.now()
    known = ExternalId.objects.filter(catalog=catalog, external_id__in={name for _kind, name in owners})
    rows = {(row.kind, row.external_id): row for row in known}
    new, changed = [], []
    for (kind, external_id), pk in owners.items():
        row = rows.get((kind, external_id))
        if row is None:
            new.append(
                ExternalId(
                    catalog=catalog,
                    kind=kind,
                    external_id=external_id,
                    live=True,
                    thing=pk,
                    confirmed_at=now,
                )
            )
        elif row.thing != pk or row.confirmed_at is None:
            row.thing, row.confirmed_at = pk, row.confirmed_at or now
            changed.append(row)
    ExternalId.objects.bulk_create(new)
    if changed:
        ExternalId.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["id"], update_fields=["thing", "confirmed_at"]
        )


def note_confirmed(sync: Sync) -> None:
    """GoFood has had the ids of this sync's version; the caller holds the outlet's lock."""
    selling = OutletCatalog.objects.filter(outlet_id=sync.outlet_id).first()
    if selling is None:
        return
    # Two outlets of one catalog may be confirmed at once.
    lock_catalog(selling.catalog_id)
    named = Q()
    for kind, names in ids_in(sync.version.payload).items():
        named |= Q(kind=kind, external_id__in=names)
    ExternalId.objects.filter(named, catalog=selling.catalog_id, confirmed_at=None).update(
        confirmed_at=timezone.now()
    )


def ids_in(payload: dict[str, Any]) -> dict[str, set[str]]:
    """Per kind the external_ids in a version's payload."""
    found = {
        Kind.ITEM: items_of(payload),
        Kind.VARIANT_CATEGORY: payload["variant_categories"],
        Kind.VARIANT: variants_of(payload),
    }
    return {
        str(kind): {row["external_id"] for row in rows if row.get("external_id")}
        for kind, rows in found.items()
    }


def give_to(catalog: Catalog, kind: str, owners: dict[str, int]) -> None:
    """These ids of one kind are those of these rows (by pk) again, whether GoFood has them or not."""
    rows = ExternalId.objects.filter(catalog=catalog, kind=kind, external_id__in=owners)
    known = {row.external_id: row for row in rows} if owners else {}
    new = [name for name in owners if name not in known]
    ExternalId.objects.bulk_create(
        ExternalId(catalog=catalog, kind=kind, external_id=name, thing=owners[name]) for name in new
    )
    changed = [row for name, row in known.items() if row.thing != owners[name]]
    for row in changed:
        row.thing = owners[row.external_id]
    if changed:
        ExternalId.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["id"], update_fields=["thing"]
        )
