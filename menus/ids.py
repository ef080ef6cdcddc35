"""external_ids: what lacks one, what we propose, and fixing them for good.

An external_id is unique per catalog and kind, never reused and never changed silently: every one that
was ever in use stands in the ledger (`ExternalId`).
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, User
from menus.locking import lock_catalog
from menus.models import Catalog, ExternalId, Mapped, MenuItem, Variant, VariantCategory
from menus.tree import Tree, load_tree

FORMAT = re.compile(r"[A-Za-z0-9_-]{1,200}")
LONGEST_PROPOSAL = 60
Kind = ExternalId.Kind
MODELS: dict[str, type[Any]] = {
    Kind.ITEM: MenuItem,
    Kind.VARIANT_CATEGORY: VariantCategory,
    Kind.VARIANT: Variant,
}
# What a name of only emoji becomes.
NAMELESS = {Kind.ITEM: "item", Kind.VARIANT_CATEGORY: "pilihan", Kind.VARIANT: "varian"}

Key = tuple[str, int]


@dataclass(frozen=True)
class Unmapped:
    """Something without external_id. `where` is its menu or variant category, if it has one."""

    kind: str
    pk: int
    name: str
    where: str
    proposal: str


class IdsRefused(Exception):
    """`errors`: (kind, pk) → format, taken, doubled, fixed (it has another one), unknown (not in the catalog)."""

    def __init__(self, errors: dict[Key, str]) -> None:
        super().__init__(", ".join(sorted(set(errors.values()))))
        self.errors = errors


def without_external_id(catalog: Catalog) -> list[Unmapped]:
    """What has none, in the order of the menu, each with a proposal that can be fixed as it is."""
    return unmapped_in(load_tree(catalog))


def unmapped_in(tree: Tree) -> list[Unmapped]:
    """As `without_external_id`, of a tree that is loaded already; one query."""
    taken = _taken(tree.catalog)
    return [
        Unmapped(kind, row.pk, row.name, where, propose(kind, row.name, taken[kind]))
        for kind, row, where in rows_of(tree)
        if not row.external_id
    ]


def rows_of(tree: Tree) -> Iterable[tuple[str, Mapped, str]]:
    """Everything that needs an id, in the order of the menu: its kind, its row, where it stands."""
    for menu in tree.menus:
        for item in menu.items:
            yield Kind.ITEM, item.item, menu.menu.name
    for category in tree.categories:
        yield Kind.VARIANT_CATEGORY, category.category, ""
        for variant in category.variants:
            yield Kind.VARIANT, variant.variant, category.category.name


def _taken(catalog: Catalog) -> dict[str, set[str]]:
    """Per kind every external_id that was ever in use, in lower case: ids that look alike are no help."""
    taken: dict[str, set[str]] = {kind: set() for kind in MODELS}
    for kind, value in ExternalId.objects.filter(catalog=catalog).values_list("kind", "external_id"):
        taken[kind].add(value.lower())
    return taken


def propose(kind: str, name: str, taken: set[str]) -> str:
    """A readable id from the name (`ayam-geprek`, the next one `ayam-geprek-2`), then taken itself."""
    base = _slug(name)
    number = 1 if base else 0
    base = base or NAMELESS[Kind(kind)]
    proposal = base if number else ""
    while not proposal or proposal in taken:
        number += 1
        proposal = f"{base}-{number}"
    taken.add(proposal)
    return proposal


def propose_for(catalog: Catalog, rows: Iterable[tuple[str, Mapped]]) -> dict[Key, str]:
    """A proposal for each of these (kind, row), in their order; one query."""
    taken = _taken(catalog)
    return {(kind, row.pk): propose(kind, row.name, taken[kind]) for kind, row in rows}


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    # Room for the number of a second one of that name.
    return words[: LONGEST_PROPOSAL - 8].strip("-")


def fix_ids(catalog: Catalog, choices: dict[Key, str], user: User | None) -> int:
    """How many were fixed now: all, or IdsRefused and none. What has its id already is left as it is."""
    with transaction.atomic():
        lock_catalog(catalog.pk)
        rows = _chosen_rows(catalog, choices)
        errors = _errors(catalog, choices, rows)
        if errors:
            raise IdsRefused(errors)
        new = {key: value for key, value in choices.items() if rows[key].external_id != value}
        _fix(catalog, new, rows)
        if new:
            _note(catalog, new, user)
    return len(new)


def _chosen_rows(catalog: Catalog, choices: dict[Key, str]) -> dict[Key, Mapped]:
    rows: dict[Key, Mapped] = {}
    for kind, model in MODELS.items():
        pks = [pk for chosen, pk in choices if chosen == kind]
        if pks:
            rows.update({(kind, row.pk): row for row in model.objects.filter(catalog=catalog, pk__in=pks)})
    return rows


def _errors(catalog: Catalog, choices: dict[Key, str], rows: dict[Key, Mapped]) -> dict[Key, str]:
    ledger = set(ExternalId.objects.filter(catalog=catalog).values_list("kind", "external_id"))
    chosen: dict[tuple[str, str], int] = {}
    for (kind, _), value in choices.items():
        chosen[kind, value] = chosen.get((kind, value), 0) + 1
    errors = {}
    for key, value in choices.items():
        row = rows.get(key)
        if row is None:
            errors[key] = "unknown"
        elif row.external_id == value:
            continue
        elif row.external_id:
            errors[key] = "fixed"
        elif not FORMAT.fullmatch(value):
            errors[key] = "format"
        elif (key[0], value) in ledger:
            errors[key] = "taken"
        elif chosen[key[0], value] > 1:
            errors[key] = "doubled"
    return errors


def _fix(catalog: Catalog, new: dict[Key, str], rows: dict[Key, Mapped]) -> None:
    ExternalId.objects.bulk_create(
        ExternalId(catalog=catalog, kind=kind, external_id=value, thing=pk)
        for (kind, pk), value in new.items()
    )
    for kind, model in MODELS.items():
        changed = []
        for key, value in new.items():
            if key[0] == kind:
                rows[key].external_id = value
                changed.append(rows[key])
        if changed:
            model.objects.bulk_create(
                changed, update_conflicts=True, unique_fields=["id"], update_fields=["external_id"]
            )


def _note(catalog: Catalog, new: dict[Key, str], user: User | None) -> None:
    Catalog.objects.filter(pk=catalog.pk).update(revision=F("revision") + 1)
    AuditEntry.objects.create(
        merchant_id=catalog.merchant_id,
        user=user,
        action="menu.external_ids_fixed",
        facts={
            "catalog": catalog.name,
            "ids": [{"kind": str(kind), "pk": pk, "external_id": new[kind, pk]} for kind, pk in new],
        },
    )
    announce(catalog.merchant_id, "menu", catalog=catalog.pk)


def accept_proposals(catalog: Catalog, user: User | None) -> int:
    """How many external_ids were fixed as proposed."""
    with transaction.atomic():
        lock_catalog(catalog.pk)
        choices = {(row.kind, row.pk): row.proposal for row in without_external_id(catalog)}
        return fix_ids(catalog, choices, user)
