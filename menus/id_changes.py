"""Changing an external_id that something has already, and what state each id is in.

The old one stays in the ledger and points to the same row, so that an order that still names it is
recognised (menus/mapping.py). GoFood goes on naming it until the next publish is confirmed.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, User
from menus.ids import FORMAT, MODELS, IdsRefused, Key, rows_of
from menus.locking import lock_catalog
from menus.models import Catalog, ExternalId, Mapped
from menus.tree import Tree


@dataclass(frozen=True)
class IdState:
    """An external_id that a row has. `confirmed_at`: since when GoFood has it; None: it is only here."""

    kind: str
    pk: int
    name: str
    where: str
    external_id: str
    confirmed_at: datetime | None


def id_states(tree: Tree) -> list[IdState]:
    """Of everything that has an id, in the order of the menu; one query."""
    ledger = ExternalId.objects.filter(catalog=tree.catalog).exclude(confirmed_at=None)
    since = {
        (kind, external_id): at
        for kind, external_id, at in ledger.values_list("kind", "external_id", "confirmed_at")
    }
    return [
        IdState(kind, row.pk, row.name, where, row.external_id, since.get((kind, row.external_id)))
        for kind, row, where in rows_of(tree)
        if row.external_id
    ]


def change_id(catalog: Catalog, key: Key, value: str, typed: str, user: User | None) -> bool:
    """Whether it was another one; IdsRefused, and nothing is changed, where it cannot be.

    `typed`: the old id, which has to be typed where GoFood has it.
    """
    kind, pk = key
    with transaction.atomic():
        lock_catalog(catalog.pk)
        row = MODELS[kind].objects.filter(catalog=catalog, pk=pk).exclude(external_id=None).first()
        if row is None:
            raise IdsRefused({key: "unknown"})
        old = row.external_id
        if old == value:
            return False
        before = ExternalId.objects.filter(catalog=catalog, kind=kind, external_id=old).first()
        confirmed = before is not None and before.confirmed_at is not None
        code = _refusal(catalog, key, value)
        if not code and confirmed and typed != old:
            code = "not_typed"
        if code:
            raise IdsRefused({key: code})
        _point_to(catalog, kind, pk, old)
        _point_to(catalog, kind, pk, value)
        row.external_id = value
        row.save(update_fields=["external_id"])
        _note(catalog, kind, row, old, confirmed, user)
    return True


def _refusal(catalog: Catalog, key: Key, value: str) -> str:
    """Why the row cannot have this id; "" when it can. What it had before it may have again."""
    kind, pk = key
    if not FORMAT.fullmatch(value):
        return "format"
    others = MODELS[kind].objects.filter(catalog=catalog, external_id=value).exclude(pk=pk)
    used = ExternalId.objects.filter(catalog=catalog, kind=kind, external_id=value)
    if others.exists() or used.exclude(thing=pk).exists():
        return "taken"
    return ""


def _point_to(catalog: Catalog, kind: str, pk: int, external_id: str) -> None:
    ExternalId.objects.update_or_create(
        catalog=catalog, kind=kind, external_id=external_id, defaults={"thing": pk}
    )


def _note(catalog: Catalog, kind: str, row: Mapped, old: str, confirmed: bool, user: User | None) -> None:
    Catalog.objects.filter(pk=catalog.pk).update(revision=F("revision") + 1)
    AuditEntry.objects.create(
        merchant_id=catalog.merchant_id,
        user=user,
        action="menu.external_id_changed",
        facts={
            "catalog": catalog.name,
            "kind": kind,
            "pk": row.pk,
            "name": row.name,
            "old": old,
            "new": row.external_id,
            "confirmed": confirmed,
        },
    )
    announce(catalog.merchant_id, "menu", catalog=catalog.pk)
