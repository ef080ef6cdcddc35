"""Importing an outlet's live menu, and following how it goes."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.importing import request_import
from menus.models import CatalogVersion, MenuImport, OutletCatalog
from menus.reviewing import review
from menus.sentences import IMPORT, import_sentence
from menus.views import reach
from menus.views.wording import read_sentence

State = MenuImport.State


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def import_menu(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = reach.outlet_of(request, outlet_pk)
    if request.method == "POST":
        request_import(outlet, request.user)
        return reach.go(request, "import_menu", outlet.pk)
    selling = OutletCatalog.objects.filter(outlet=outlet).select_related("catalog").first()
    backup = CatalogVersion.objects.filter(outlet=outlet, number=0).first()
    changes = len(review(outlet, selling).changes) if selling and selling.imported_at else 0
    context = {**_progress(outlet), "selling": selling, "backup": backup, "changes": changes}
    return render(request, "menus/import.html", context)


@member_view(Action.PUBLISH_MENU)
def import_progress(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    return render(request, "menus/_import.html", _progress(reach.outlet_of(request, outlet_pk)))


def _progress(outlet: Outlet) -> dict[str, Any]:
    """How the outlet's latest import stands."""
    latest = MenuImport.objects.filter(outlet=outlet).order_by("-pk").first()
    context: dict[str, Any] = {"outlet": outlet, "import": latest, "running": False}
    if latest is None:
        return context
    without = latest.counts.get("without_external_id", {})
    return {
        **context,
        "running": latest.state in (State.QUEUED, State.RUNNING),
        "sentence": read_sentence(latest.counts) if latest.state == State.DONE else "",
        # Its live menu was kept as version 0 and not taken over (menus/sharing.py).
        "kept_only": latest.state == State.DONE and "kept" in latest.counts,
        "without_id": sum(without.values()),
        "only_here": sum(latest.counts.get("only_here", {}).values()),
        # What is at fault by name stands in the sentence; what GoBiz says stands below it.
        "gobiz_says": "" if latest.error_code in IMPORT else latest.error,
        "failure": import_sentence(latest) if latest.state == State.FAILED else "",
        "catalog_pk": OutletCatalog.objects.filter(outlet=outlet)
        .values_list("catalog_id", flat=True)
        .first(),
    }
