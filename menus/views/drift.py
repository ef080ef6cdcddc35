"""What differs on GoFood from what was published: at all outlets, and at one, where it is decided about."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.adopting.choosing import AdoptRefused
from menus.arriving import arrived
from menus.drift.bounds import by_importance
from menus.drift.deciding import overwrite_later, take_over
from menus.drift.scanning import DriftNow, drift_now
from menus.drift.sorting import Line
from menus.models import Drift, OutletCatalog, Sync
from menus.readings import readings_of, request_readings
from menus.sentences import reading_sentence
from menus.states import ARRIVED
from menus.timed_now import next_turn
from menus.views import reach
from menus.views.adoption_words import REFUSED
from menus.views.drift_words import drift_groups, drift_row

NAMED = 5
ADOPT, OVERWRITE = "adopt", "overwrite"


@member_view(Action.PUBLISH_MENU)
def drift(request: MemberRequest) -> HttpResponse:
    """Each outlet with what its last reading differed in, as it was stored then."""
    outlets = request.place.chosen_outlets
    rows = Drift.objects.filter(outlet__in=outlets).select_related("outlet")
    by_outlet = {row.outlet_id: row for row in rows}
    readings = readings_of(outlets)
    late = {sync.outlet_id: sync for sync in late_in([row.version_id for row in rows if row.version_id])}
    cards = [
        {**_card(outlet, by_outlet.get(outlet.pk), readings.get(outlet.pk)), "arrived": late.get(outlet.pk)}
        for outlet in outlets
    ]
    context = {
        "differing": sorted((card for card in cards if card["lines"]), key=lambda card: -card["open"]),
        "same": [card for card in cards if card["read_at"] and not card["lines"]],
        "unknown": [card for card in cards if not card["read_at"]],
        "failed": [card for card in cards if card["failure"]],
        "moving": any(reading.is_open for reading in readings.values()),
    }
    return render(request, "menus/drift.html", context)


def _card(outlet: Outlet, row: Drift | None, reading: Any) -> dict[str, Any]:
    decided = row.decided if row else {}
    lines = by_importance((Line(**line) for line in row.lines) if row else (), decided)
    return {
        "outlet": outlet,
        "lines": [drift_row(line, line.print in decided) for line in lines[:NAMED]],
        "more": max(0, row.found - NAMED) if row else 0,
        "open": row.open if row else 0,
        "urgent": row.urgent if row else 0,
        "read_at": row.read_at if row else None,
        "failure": reading_sentence(reading) if reading and reading.state == "failed" else "",
    }


@member_view(Action.PUBLISH_MENU, "POST")
def read_all(request: MemberRequest) -> HttpResponse:
    selling = OutletCatalog.objects.filter(
        outlet__in=request.place.chosen_outlets, imported_at__isnull=False
    ).select_related("outlet")
    request_readings([row.outlet for row in selling])
    return reach.go(request, "drift")


@member_view(Action.PUBLISH_MENU, "POST")
def read_drift(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = reach.outlet_of(request, outlet_pk)
    request_readings([outlet])
    return reach.go(request, "drift_outlet", outlet.pk)


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def drift_outlet(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    """What differs at one outlet; with a POST what is chosen is taken over, or left to the next publish."""
    outlet = reach.outlet_of(request, outlet_pk)
    if request.method != "POST":
        return _page(request, outlet)
    prints = request.POST.getlist("line")
    if not prints:
        messages.warning(request, _("Choose at least one line. Nothing was done."))
        return reach.go(request, "drift_outlet", outlet.pk)
    if request.POST.get("how") == OVERWRITE:
        _say_decided(request, overwrite_later(outlet, prints, request.user))
        return reach.go(request, "drift_outlet", outlet.pk)
    try:
        _say_taken(request, take_over(outlet, request.POST.get("plan", ""), prints, request.user))
    except AdoptRefused as refused:
        return _page(request, outlet, str(REFUSED[refused.code]))
    return reach.go(request, "drift_outlet", outlet.pk)


def _page(request: MemberRequest, outlet: Outlet, refused: str = "") -> HttpResponse:
    row = Drift.objects.filter(outlet=outlet).defer("lines").first()
    now: DriftNow | None = drift_now(outlet.pk)
    reading = readings_of([outlet]).get(outlet.pk)
    # A worker is about to confirm it (menus/arriving.py): it is ours, and nothing is to be decided about it.
    arriving = arrived(outlet, now.there) if now else None
    groups = drift_groups(now.lines, row.decided if row else {}) if now and arriving is None else []
    context = {
        "outlet": outlet,
        "now": now,
        "groups": groups,
        "open": sum(group["open"] for group in groups),
        "adoptable": any(line["adoptable"] for group in groups for line in group["rows"]),
        "reading": reading,
        "moving": reading is not None and reading.is_open,
        "arriving": arriving is not None,
        "arrived": arriving or (late_in([now.there.base.pk]).first() if now and now.there.base else None),
        "failure": reading_sentence(reading) if reading and reading.state == "failed" else "",
        "read_at": now.reading if now else None,
        "shared_by": now.plan.tree.catalog.sellings.count() if now else 0,
        "next_turn": next_turn(outlet) if groups else None,
        "refused": refused,
    }
    return render(request, "menus/drift_outlet.html", context, status=409 if refused else 200)


def late_in(version_pks: Collection[int]) -> QuerySet[Sync]:
    """The syncs of these versions that had been given up before they were found to be live."""
    late = Sync.objects.filter(version__in=version_pks, state=Sync.State.CONFIRMED, proof=ARRIVED)
    return late.select_related("version").defer("version__payload").order_by("-pk")


def _say_taken(request: MemberRequest, count: int) -> None:
    if not count:
        messages.warning(request, _("None of the chosen can be taken over. Nothing was done."))
        return
    words = ngettext(
        "%(count)d change is taken over from GoFood. You can undo it in the menu.",
        "%(count)d changes are taken over from GoFood. You can undo them in the menu.",
        count,
    )
    messages.success(request, words % {"count": count})


def _say_decided(request: MemberRequest, count: int) -> None:
    if not count:
        messages.warning(
            request,
            _("None of the chosen is open any more: it was decided, or GoFood has it otherwise by now."),
        )
        return
    words = ngettext(
        "The next publish overwrites %(count)d difference. Until then it is left in peace.",
        "The next publish overwrites %(count)d differences. Until then they are left in peace.",
        count,
    )
    messages.success(request, words % {"count": count})
