"""Syncs and alerts as JSON, for commands and scripts."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from gobiz_admin.merchants.models import Outlet
from menus.alerts import remaining
from menus.confirming import READ_BACK
from menus.models import ExternalId, MappingAlert, Sync
from menus.sentences import sync_error

Kind = ExternalId.Kind


def syncs_of(outlet: Outlet) -> QuerySet[Sync]:
    """The outlet's syncs, newest first, with what their JSON needs."""
    return (
        Sync.objects.filter(outlet=outlet).select_related("version").defer("version__payload").order_by("-pk")
    )


def alerts_of(outlet: Outlet) -> QuerySet[MappingAlert]:
    """The outlet's mapping alerts, newest first, with what their JSON needs."""
    return MappingAlert.objects.filter(outlet=outlet).prefetch_related("names")


def sync_as_json(sync: Sync) -> dict[str, Any]:
    """`error` is null unless the last attempt failed; `reading_back`: the live menu is still read to prove it."""
    return {
        "id": sync.pk,
        "version": sync.version.number,
        "state": sync.state,
        "request_id": sync.request_id,
        "attempts": sync.attempts,
        "reading_back": sync.state in READ_BACK and sync.next_attempt_at is not None,
        "error": sync_error(sync) or None,
    }


def alert_as_json(alert: MappingAlert) -> dict[str, Any]:
    """`remaining`: the names that no confirmed sync covers yet."""
    names = list(alert.names.all())
    return {
        "id": alert.pk,
        "order_number": alert.order_number,
        "state": alert.state,
        "items": [row.name for row in names if row.kind == Kind.ITEM],
        "variants": [row.name for row in names if row.kind == Kind.VARIANT],
        "remaining": remaining(alert),
        "opened_at": _time(alert.opened_at),
        "closed_at": _time(alert.closed_at),
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
