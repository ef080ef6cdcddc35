"""One version of an outlet's menu: what it holds, how it differs from another, and bringing it back."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.differences import Change, differences
from menus.models import CatalogVersion, OutletCatalog, Sync
from menus.on_gofood import OnGofood, on_gofood
from menus.publishing import AlreadyPublished, MenuMoved, Shown, bring_back
from menus.removals import RemovalUnconfirmed, removal_in
from menus.restoring.reading import menus_of
from menus.tree import load_tree
from menus.versions import NotSendable, comparable, sendable
from menus.views import reach
from menus.views.publish import Asked
from menus.views.wording import grouped, summary

MOST_TO_CHOOSE_FROM = 100
NAMES_SHOWN = 10


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def version_page(request: MemberRequest, pk: int) -> HttpResponse:
    version = reach.version_of(request, pk)
    if request.method != "POST":
        return _page(request, version)
    asked = Asked.of(request)
    try:
        sync = bring_back(
            version, request.user, note=asked.note, removing=asked.removing, shown=_shown(request)
        )
    except MenuMoved:
        return _page(request, version, asked=asked, moved=True)
    except RemovalUnconfirmed as unconfirmed:
        return _page(request, version, asked=asked, unconfirmed=unconfirmed)
    except NotSendable:
        return _page(request, version)
    except AlreadyPublished as published:
        sync = published.sync
    return reach.go(request, "sync_page", sync.pk)


def _shown(request: MemberRequest) -> Shown | None:
    """What the page compared with; None when it does not say."""
    taken = request.POST.get("taken")
    return Shown(taken, request.POST.get("live")) if taken is not None else None


def _page(request: MemberRequest, version: CatalogVersion, **shown: Any) -> HttpResponse:
    outlet = version.outlet
    there = on_gofood(outlet)
    live = there.base
    other = _other(request, version, live)
    changes = differences(comparable(other), comparable(version)) if other else []
    context = {
        "version": version,
        "outlet": outlet,
        "live": live,
        "other": other,
        "others": _others(version),
        "syncs": Sync.objects.filter(version=version).order_by("pk"),
        "items": sum(len(menu["menu_items"]) for menu in comparable(version)["menus"]),
        "summary": summary(changes),
        "groups": grouped(changes),
        "changes": changes,
        "return": _way_back(version, there, changes),
        "menus": menus_of(version) if OutletCatalog.objects.filter(outlet=outlet).exists() else [],
        "asked": Asked(),
        **shown,
    }
    return render(request, "menus/version.html", context)


def _others(version: CatalogVersion) -> list[CatalogVersion]:
    """What it can be compared with, newest first, without payloads."""
    rows = CatalogVersion.objects.filter(outlet=version.outlet_id).exclude(pk=version.pk)
    return list(rows.defer("payload").order_by("-number")[:MOST_TO_CHOOSE_FROM])


def _other(
    request: MemberRequest, version: CatalogVersion, live: CatalogVersion | None
) -> CatalogVersion | None:
    """The version to compare with: the chosen one, else what GoFood has, else the one before."""
    rows = CatalogVersion.objects.filter(outlet=version.outlet_id)
    chosen = request.GET.get("with", "")
    if chosen:
        number = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else -1
        return get_object_or_404(rows, number=number)
    if live is not None and live.pk != version.pk:
        return live
    return rows.filter(number__lt=version.number).order_by("-number").first()


def _way_back(version: CatalogVersion, there: OnGofood, compared: list[Change]) -> dict[str, Any] | None:
    """What bringing it back would change of what GoFood has; None for what it has already.

    `apart`: whether that is another list than the one of the versions that are `compared`.
    """
    selling = OutletCatalog.objects.select_related("catalog").filter(outlet=version.outlet_id).first()
    if selling is None or there.base is None or there.base.pk == version.pk:
        return None
    try:
        payload, _timed = sendable(version, load_tree(selling.catalog, version.outlet))
    except NotSendable as refused:
        more = max(0, len(refused.names) - NAMES_SHOWN)
        return {"nameless": refused.names[:NAMES_SHOWN], "more": more, "catalog": selling.catalog_id}
    changes = differences(there.now, payload)
    return {
        "summary": summary(changes),
        "changes": changes,
        "groups": grouped(changes),
        "apart": changes != compared,
        "changed_there": bool(there.changed_there),
        "removal": removal_in(there.now, changes),
        "coming": _coming(version),
        "shown": Shown.of(version.outlet, there),
    }


def _coming(version: CatalogVersion) -> Sync | None:
    """What GoFood is about to get at the outlet, which this would take the place of."""
    under_way = Sync.objects.filter(
        outlet=version.outlet_id, state__in=[Sync.State.QUEUED, Sync.State.SENDING]
    )
    return under_way.select_related("version").defer("version__payload").order_by("-pk").first()
