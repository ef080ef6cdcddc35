"""Orders that GoFood could not deliver, what was missing, and how it is put right."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.alerts import knowledge, remaining, resync
from menus.checks import Check
from menus.models import ExternalId, MappingAlert, OutletCatalog, Sync
from menus.publishing import PublishRefused
from menus.views import reach
from menus.views.jumping import Jumps
from menus.views.syncs import progress
from menus.views.wording import Words

State = MappingAlert.State
# Each open card looks at its outlet's menu.
MOST_OPEN = 20
MOST_CLOSED = 20
KNOWN: dict[str, Words] = {
    "in_catalog_never_synced": gettext_lazy(
        "It is in your menu here, and GoFood has not got its id yet. Resync sends it."
    ),
    "synced_but_lost": gettext_lazy(
        "GoFood had its id and lost it, perhaps by a change in the GoBiz app. Resync sends it again."
    ),
    "only_on_gofood_or_unknown": gettext_lazy(
        "It is not in your menu here. Import the live menu first, or add it, then resync."
    ),
}


@member_view(Action.SEE_ALERTS)
def alerts(request: MemberRequest) -> HttpResponse:
    template = "menus/_alerts.html" if request.htmx else "menus/alerts.html"
    return render(request, template, _context(request))


@member_view(Action.PUBLISH_MENU, "POST")
def resync_alert(request: MemberRequest, pk: int) -> HttpResponse:
    alert = reach.alert_of(request, pk)
    try:
        resync(alert.outlet, request.user)
    except PublishRefused as refused:
        return _refused(request, alert, refused.checks)
    if request.htmx:
        return render(request, "menus/_alerts.html", _context(request))
    return reach.go(request, "alerts", anchor=f"#alert-{alert.pk}")


def _refused(request: MemberRequest, alert: MappingAlert, checks: list[Check]) -> HttpResponse:
    selling = OutletCatalog.objects.filter(outlet=alert.outlet).first()
    errors = Jumps(request, alert.outlet, selling, checks).grouped(checks)
    template = "menus/_alerts.html" if request.htmx else "menus/alerts.html"
    return render(request, template, _context(request, {alert.pk: errors}))


def _context(request: MemberRequest, errors: dict[int, list[dict[str, Any]]] | None = None) -> dict[str, Any]:
    outlets = request.place.chosen_outlets
    rows = MappingAlert.objects.filter(outlet__merchant=request.merchant, outlet__in=outlets)
    rows = rows.select_related("outlet", "closed_by_sync__version").prefetch_related("names")
    rows = rows.defer("closed_by_sync__version__payload")
    opened = list(rows.filter(state=State.OPEN)[: MOST_OPEN + 1])
    latest = _latest_syncs(outlets)
    sellings = {
        selling.outlet_id: selling
        for selling in OutletCatalog.objects.filter(outlet__in=outlets).select_related("catalog")
    }
    return {
        "cards": [
            _card(alert, latest.get(alert.outlet_id), sellings.get(alert.outlet_id), errors or {})
            for alert in opened[:MOST_OPEN]
        ],
        "more_open": len(opened) > MOST_OPEN,
        "closed": list(rows.filter(state=State.CLOSED).order_by("-closed_at", "-pk")[:MOST_CLOSED]),
    }


def _latest_syncs(outlets: list[Any]) -> dict[int, Sync]:
    rows = Sync.objects.filter(outlet__in=outlets).select_related("outlet", "version", "requested_by")
    return {sync.outlet_id: sync for sync in rows.order_by("outlet_id", "-pk").distinct("outlet_id")}


def _card(
    alert: MappingAlert, sync: Sync | None, selling: OutletCatalog | None, errors: dict[int, Any]
) -> dict[str, Any]:
    names = [
        {
            "kind": ExternalId.Kind(kind).label,
            "name": name,
            "covered": covered,
            "unknown": known == "only_on_gofood_or_unknown",
            "words": KNOWN.get(known, ""),
        }
        for kind, name, covered, known in knowledge(alert)
    ]
    since = sync is not None and sync.queued_at >= alert.opened_at
    following = progress(sync) if sync is not None and since else None
    return {
        "alert": alert,
        "names": names,
        "all_names": ", ".join(str(row["name"]) for row in names) or "?",
        "remaining": remaining(alert),
        "unknown": any(row["unknown"] and not row["covered"] for row in names),
        "imported": selling is not None and selling.imported_at is not None,
        "edited": selling is not None and selling.published_revision != selling.catalog.revision,
        "sync": following,
        "under_way": following is not None and not following["final"],
        "errors": errors.get(alert.pk, []),
    }
