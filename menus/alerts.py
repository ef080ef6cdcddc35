"""Mapping alerts: orders that GoBiz could not deliver because of missing mappings.

Source: gobiz-api.md, "Receiving notifications" and "How we read": Names.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet, User
from menus.covering import Kind, Names, State, close_covered, names_in
from menus.ids import accept_proposals
from menus.locking import lock_outlet
from menus.models import Catalog, MappingAlert, MappingAlertName, MenuItem, OutletCatalog, Sync, Variant
from menus.publishing import PublishRefused, request_publish
from menus.text import clean, folded

__all__ = ["close_covered", "knowledge", "open_alert", "remaining", "resync"]


def open_alert(
    outlet: Outlet,
    order_number: str,
    error_type: str,
    items: Iterable[str],
    variants: Iterable[str],
    at: datetime | None,
) -> MappingAlert:
    """The order's open alert with all names that GoBiz reported; one per outlet and order.

    `at` is GoBiz's time of the report: an older or repeated one does not open a closed alert again.
    """
    at = at or timezone.now()
    with transaction.atomic():
        lock_outlet(outlet)
        earlier = MappingAlert.objects.filter(outlet=outlet, order_number=order_number)
        alert = earlier.filter(state=State.OPEN).first()
        if alert is None:
            if known := earlier.filter(event_at__gte=at).first():
                return known
            alert = MappingAlert.objects.create(
                outlet=outlet,
                order_number=order_number,
                error_type=error_type[:100],
                opened_at=timezone.now(),
                event_at=at,
            )
        _add_names(alert, {Kind.ITEM: items, Kind.VARIANT: variants}, at)
        if alert.event_at is None or alert.event_at < at:
            alert.event_at = at
            alert.save(update_fields=["event_at"])
        announce(outlet.merchant_id, "alerts", outlet=outlet.outlet_id, alert=alert.pk)
        return alert


def _add_names(alert: MappingAlert, names: dict[Any, Iterable[str]], at: datetime) -> None:
    have = {(row.kind, folded(row.name)): row for row in alert.names.all()}
    is_newer = alert.event_at is not None and alert.event_at < at
    new: dict[tuple[str, str], MappingAlertName] = {}
    again = []
    for kind, given in names.items():
        for name in filter(None, map(clean, given)):
            key = (kind, folded(name))
            if key not in have:
                new.setdefault(key, MappingAlertName(alert=alert, kind=kind, name=name))
            elif is_newer and have[key].covered:
                again.append(have[key].pk)
    MappingAlertName.objects.bulk_create(new.values())
    if again:
        # It was covered, and GoBiz reports it again.
        MappingAlertName.objects.filter(pk__in=again).update(covered=False)


def remaining(alert: MappingAlert) -> list[str]:
    """The names that no confirmed sync covers yet; prefetch `names` for lists."""
    return [row.name for row in alert.names.all() if not row.covered]


def knowledge(alert: MappingAlert) -> list[tuple[str, str, bool, str]]:
    """(kind, name, covered, what we know) per name.

    What we know: `in_catalog_never_synced` (publishing will map it), `synced_but_lost` (the last
    confirmed version has it), `only_on_gofood_or_unknown` (it has to be added or imported first).
    """
    live = _confirmed_names(alert.outlet_id)
    catalog = _catalog_names(alert.outlet_id)

    def known(row: MappingAlertName) -> str:
        if folded(row.name) in live[row.kind]:
            return "synced_but_lost"
        return (
            "in_catalog_never_synced"
            if folded(row.name) in catalog[row.kind]
            else "only_on_gofood_or_unknown"
        )

    return [(row.kind, row.name, row.covered, known(row)) for row in alert.names.all()]


def _confirmed_names(outlet_id: int) -> Names:
    confirmed = Sync.objects.filter(outlet=outlet_id, state=Sync.State.CONFIRMED)
    sync = confirmed.select_related("version").order_by("-confirmed_at").first()
    return names_in(sync.version.payload) if sync else {Kind.ITEM: set(), Kind.VARIANT: set()}


def _catalog_names(outlet_id: int) -> Names:
    catalog = Catalog.objects.filter(sellings__outlet=outlet_id).first()
    items = MenuItem.objects.filter(catalog=catalog).values_list("name", "internal_name")
    variants = Variant.objects.filter(catalog=catalog).values_list("name", flat=True)
    return {
        Kind.ITEM: {folded(name) for names in items for name in names if name},
        Kind.VARIANT: {folded(name) for name in variants},
    }


def resync(outlet: Outlet, user: User | None) -> Sync:
    """The queued sync that will map what the outlet sells.

    When nothing but missing external_ids blocks it, our proposals for them are accepted first: that
    is the cure that the merchant asked for. Any other error raises PublishRefused and changes nothing.
    """
    try:
        return request_publish(outlet, user, again=True)
    except PublishRefused as refused:
        if any(check.code != "external_id_missing" for check in refused.checks):
            raise
    with transaction.atomic():
        lock_outlet(outlet)
        selling = OutletCatalog.objects.select_related("catalog").get(outlet=outlet)
        accept_proposals(selling.catalog, user)
        return request_publish(outlet, user, again=True)
