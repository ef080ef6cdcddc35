"""What is published where, what publishing would change, and what was published before."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.checks import Check, guards_in
from menus.models import OutletCatalog, Sync
from menus.publishing import PublishRefused, request_publish
from menus.views import reach
from menus.views.checking import Refused, groups_of, unplaced
from menus.views.jumping import Jumps
from menus.views.reviewing import Review, review
from menus.views.wording import grouped, summary

RECENT = 10
PER_PAGE = 50


@member_view(Action.PUBLISH_MENU)
def publish(request: MemberRequest) -> HttpResponse:
    outlets = request.place.chosen_outlets
    sellings = {
        selling.outlet_id: selling
        for selling in OutletCatalog.objects.filter(
            outlet__in=outlets, imported_at__isnull=False
        ).select_related("catalog")
    }
    latest = {
        sync.outlet_id: sync for sync in _syncs(request).order_by("outlet_id", "-pk").distinct("outlet_id")
    }
    rows = [_row(outlet, sellings.get(outlet.pk), latest.get(outlet.pk)) for outlet in outlets]
    recent = list(_syncs(request)[: RECENT + 1])
    context = {"rows": rows, "syncs": recent[:RECENT], "more": len(recent) > RECENT}
    return render(request, "menus/publish.html", context)


def _row(outlet: Any, selling: OutletCatalog | None, sync: Sync | None) -> dict[str, Any]:
    edited = selling is not None and selling.published_revision != selling.catalog.revision
    return {"outlet": outlet, "selling": selling, "sync": sync, "edited": edited}


def _syncs(request: MemberRequest) -> QuerySet[Sync]:
    """The syncs of the chosen outlets, newest first, without their payloads."""
    rows = Sync.objects.filter(outlet__merchant=request.merchant, outlet__in=request.place.chosen_outlets)
    return rows.select_related("outlet", "version", "requested_by").defer("version__payload").order_by("-pk")


@member_view(Action.PUBLISH_MENU)
def history(request: MemberRequest) -> HttpResponse:
    page = Paginator(_syncs(request), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "menus/history.html", {"page": page, "syncs": page.object_list})


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def publish_review(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = reach.outlet_of(request, outlet_pk)
    if request.method != "POST":
        return review_page(request, review(outlet, reach.selling_at(outlet)))
    selling = reach.selling_at(outlet)
    seen = request.POST.get("revision", "")
    if selling is not None and seen and seen != str(selling.catalog.revision):
        return review_page(request, review(outlet, selling), changed_meanwhile=True)
    try:
        sync = request_publish(outlet, request.user)
    except PublishRefused as refused:
        return review_page(request, review(outlet, selling), blocking=refused.checks)
    return reach.go(request, "sync_page", sync.pk)


def review_page(
    request: MemberRequest,
    found: Review,
    changed_meanwhile: bool = False,
    blocking: list[Check] | None = None,
    refused: Refused | None = None,
) -> HttpResponse:
    """What publishing would change; `refused` is the answer to a guard that was not what it asked for."""
    blocks = found.errors or blocking or []
    errors, guards = [check for check in blocks if not check.confirm], guards_in(blocks)
    jumps = Jumps(request, found.outlet, found.selling, blocks + found.warnings)
    context = {
        "review": found,
        "outlet": found.outlet,
        "errors": jumps.grouped(errors),
        "error_count": len(errors),
        "guards": groups_of(guards, jumps, refused),
        "guard_count": len(guards),
        "refused": unplaced(refused, guards),
        "warnings": jumps.grouped(found.warnings),
        "warning_count": len(found.warnings),
        "summary": summary(found.changes),
        "groups": grouped(found.changes),
        "changed_meanwhile": changed_meanwhile,
        "under_way": Sync.objects.filter(
            outlet=found.outlet, state__in=[Sync.State.QUEUED, Sync.State.SENDING]
        ).first(),
    }
    return render(request, "menus/review.html", context)
