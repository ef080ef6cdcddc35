"""Which mapping alerts a confirmed sync covers. Source: gobiz-api.md, "How we read": Names."""

from typing import Any

from gobiz_admin.merchants.announcing import announce
from menus.ledger import ids_in
from menus.models import ExternalId, MappingAlert, MappingAlertName, Sync
from menus.payload import items_of, variants_of
from menus.text import folded

State = MappingAlert.State
Kind = ExternalId.Kind
Names = dict[str, set[str]]


def close_covered(sync: Sync) -> None:
    """Close the outlet's alerts that the confirmed sync covers; note what the others still lack.

    Runs in the transaction that confirms the sync.
    """
    alerts = MappingAlert.objects.filter(
        outlet_id=sync.outlet_id, state=State.OPEN, opened_at__lte=sync.confirmed_at
    ).prefetch_related("names")
    sent = sync.version.payload
    names, ids = names_in(sent), ids_in(sent)
    covered, closed = [], []
    for alert in alerts:
        rows = list(alert.names.all())
        found = [row for row in rows if row.covered or _is_covered(row, names, ids)]
        covered += [row.pk for row in found]
        if len(found) == len(rows):
            closed.append(alert.pk)
    MappingAlertName.objects.filter(pk__in=covered).update(covered=True)
    MappingAlert.objects.filter(pk__in=closed).update(
        state=State.CLOSED, closed_at=sync.confirmed_at, closed_by_sync=sync
    )
    if alerts:
        announce(sync.outlet.merchant_id, "alerts", outlet=sync.outlet.outlet_id)


def _is_covered(row: MappingAlertName, names: Names, ids: Names) -> bool:
    """The version has the name, or the row that somebody said it is; or it takes it off the menu, as was said."""
    return folded(row.name) in names[row.kind] or row.stands_for in ids[row.kind] or row.gone


def names_in(payload: dict[str, Any]) -> Names:
    """The folded names, internal ones too, per kind, of what the payload maps."""
    return {Kind.ITEM: _names(items_of(payload)), Kind.VARIANT: _names(variants_of(payload))}


def _names(rows: list[dict[str, Any]]) -> set[str]:
    given = [row.get(field) for row in rows if row.get("external_id") for field in ("name", "internal_name")]
    return {folded(name) for name in given if name}
