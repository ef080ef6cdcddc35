"""Which external_ids an outlet's orders may name."""

from typing import Any

from django.db.models import QuerySet

from gobiz_admin.merchants.models import Outlet
from menus.models import ExternalId, MenuItem, Variant


def known_external_ids(outlet: Outlet) -> dict[str, set[str]]:
    """Per kind (`item`, `variant`) the external_ids of the catalog that the outlet sells.

    Those too that its rows had before: an order that was under way when an id changed names the old one.
    """
    items = MenuItem.objects.filter(catalog__sellings__outlet=outlet)
    variants = Variant.objects.filter(catalog__sellings__outlet=outlet)
    return {"item": _ids_of(outlet, "item", items), "variant": _ids_of(outlet, "variant", variants)}


def _ids_of(outlet: Outlet, kind: str, rows: QuerySet[Any]) -> set[str]:
    ledger = ExternalId.objects.filter(
        catalog__sellings__outlet=outlet, kind=kind, thing__in=rows.values("pk")
    )
    ids = rows.values_list("external_id", flat=True).union(ledger.values_list("external_id", flat=True))
    return {external_id for external_id in ids if external_id}
