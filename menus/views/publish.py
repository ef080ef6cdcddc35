"""What is published where, what publishing would change, and what was published before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from gobiz_admin.merchants.outlet_chips import chips_for
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.checks import Check, guards_in
from menus.forms.fields import read_rupiah
from menus.models import CatalogVersion, OutletCatalog, Rollout, Sync
from menus.publishing import AlreadyPublished, PublishRefused, request_publish
from menus.readings import readings_of
from menus.removals import RemovalUnconfirmed
from menus.reviewing import Review, review
from menus.text import clean
from menus.timed_now import coming
from menus.views import reach
from menus.views.checking import Refused, groups_of, unplaced
from menus.views.jumping import Jumps
from menus.views.reading import reading_state
from menus.views.wording import LATER, OVERWRITTEN, grouped, summary

RECENT = 10
MOST_TIMED = 20
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
    chips = chips_for(request.merchant, outlets)
    rows = [
        {
            **_row(outlet, sellings.get(outlet.pk), latest.get(outlet.pk)),
            "chips": chips.get(outlet.pk, []),
        }
        for outlet in outlets
    ]
    recent = list(_syncs(request)[: RECENT + 1])
    context = {
        "rows": rows,
        "syncs": recent[:RECENT],
        "more": len(recent) > RECENT,
        "found": _found(request) if len(recent) <= RECENT else [],
        "rollouts": Rollout.objects.filter(merchant=request.merchant, state=Rollout.State.RUNNING).order_by(
            "-pk"
        )[:RECENT],
    }
    return render(request, "menus/publish.html", context)


def _row(outlet: Any, selling: OutletCatalog | None, sync: Sync | None) -> dict[str, Any]:
    edited = selling is not None and selling.published_revision != selling.catalog.revision
    return {"outlet": outlet, "selling": selling, "sync": sync, "edited": edited}


def _syncs(request: MemberRequest) -> QuerySet[Sync]:
    """The syncs of the chosen outlets, newest first, without their payloads."""
    rows = Sync.objects.filter(outlet__merchant=request.merchant, outlet__in=request.place.chosen_outlets)
    rows = rows.select_related("outlet", "version__restores", "requested_by")
    return rows.defer("version__payload", "version__restores__payload").order_by("-pk")


def _found(request: MemberRequest) -> list[CatalogVersion]:
    """The menus as they were found on GoFood: version 0 of the chosen outlets."""
    rows = CatalogVersion.objects.filter(number=0, outlet__in=request.place.chosen_outlets)
    return list(rows.select_related("outlet").defer("payload").order_by("outlet__name", "pk"))


@member_view(Action.PUBLISH_MENU)
def history(request: MemberRequest) -> HttpResponse:
    page = Paginator(_syncs(request), PER_PAGE).get_page(request.GET.get("page"))
    found = [] if page.has_next() else _found(request)
    return render(request, "menus/history.html", {"page": page, "syncs": page.object_list, "found": found})


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def publish_review(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = reach.outlet_of(request, outlet_pk)
    if request.method != "POST":
        return review_page(request, review(outlet, reach.selling_at(outlet)))
    selling = reach.selling_at(outlet)
    seen = request.POST.get("revision", "")
    if selling is not None and seen and seen != str(selling.catalog.revision):
        return review_page(request, review(outlet, selling), changed_meanwhile=True)
    asked = Asked.of(request)
    found = review(outlet, selling)
    if found.on_gofood.is_other(request.POST.get("live")):
        return review_page(request, found, asked=asked, live_changed=True)
    try:
        sync = request_publish(
            outlet, request.user, note=asked.note, again=asked.again, removing=asked.removing
        )
    except PublishRefused as refused:
        return review_page(request, review(outlet, selling), blocking=refused.checks)
    except RemovalUnconfirmed as unconfirmed:
        return review_page(request, review(outlet, selling), asked=asked, unconfirmed=unconfirmed)
    except AlreadyPublished as published:
        sync = published.sync
    return reach.go(request, "sync_page", sync.pk)


@dataclass(frozen=True)
class Asked:
    """What was typed beside the button: a note, the number of items that go, once more the same."""

    note: str = ""
    removing: int | None = None
    again: bool = False

    @classmethod
    def of(cls, request: MemberRequest) -> Asked:
        return cls(
            clean(request.POST.get("note"))[:200],
            read_rupiah(request.POST.get("removing", "")),
            "again" in request.POST,
        )


def _timed(found: Review) -> dict[str, Any]:
    """The timed prices that run at the outlet or come next; the first ones of many."""
    if found.tree is None:
        return {}
    now = timezone.now()
    rows = list(coming([found.outlet], now)[: MOST_TIMED + 1])
    base = {node.item.pk: node.base_price for node in found.tree.items}
    lines = [
        {"place": row, "runs": row.starts_at <= now, "base": base.get(row.thing, row.base)}
        for row in rows[:MOST_TIMED]
    ]
    return {"rows": lines, "more": len(rows) > MOST_TIMED}


def review_page(
    request: MemberRequest,
    found: Review,
    changed_meanwhile: bool = False,
    live_changed: bool = False,
    blocking: list[Check] | None = None,
    refused: Refused | None = None,
    asked: Asked = Asked(),
    unconfirmed: RemovalUnconfirmed | None = None,
) -> HttpResponse:
    """What publishing would change; `refused` is the answer to a guard that was not what it asked for."""
    blocks = found.errors or blocking or []
    errors, guards = [check for check in blocks if not check.confirm], guards_in(blocks)
    jumps = Jumps(request, found.outlet, found.selling, blocks + found.warnings)
    known = found.on_gofood.known
    reading = readings_of([found.outlet]).get(found.outlet.pk)
    context = {
        "review": found,
        "live": reading_state(reading, known),
        "live_changed": live_changed,
        "outlet": found.outlet,
        "errors": jumps.grouped(errors),
        "error_count": len(errors),
        "guards": groups_of(guards, jumps, refused),
        "guard_count": len(guards),
        "refused": unplaced(refused, guards),
        "warnings": jumps.grouped(found.warnings),
        "warning_count": len(found.warnings),
        "summary": summary(found.changes),
        "groups": grouped(found.own_changes) + grouped(found.later, titles=LATER),
        "overwritten": grouped(found.overwritten, titles=OVERWRITTEN),
        "already_there": grouped(found.already_there),
        "asked": asked,
        # GoFood was sent just this: pressing the button means once more.
        "again": bool(found.base and found.base.number) and not (found.changes or found.edited),
        "unconfirmed": unconfirmed,
        "changed_meanwhile": changed_meanwhile,
        "timed": _timed(found),
        "under_way": Sync.objects.filter(
            outlet=found.outlet, state__in=[Sync.State.QUEUED, Sync.State.SENDING]
        ).first(),
    }
    return render(request, "menus/review.html", context)
