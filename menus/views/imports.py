"""Importing an outlet's live menu, and following how it goes."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.adopting.choosing import AdoptRefused, answer, plan_of
from menus.importing import newest_import, request_import
from menus.models import CatalogVersion, MenuImport, OutletCatalog
from menus.reviewing import draft_review
from menus.sentences import IMPORT, import_sentence
from menus.views import reach
from menus.views.adoption_words import REFUSED, groups_of, only_here_rows
from menus.views.wording import read_sentence

State = MenuImport.State
ALL, CHOSEN = "all", "chosen"


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def import_menu(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = reach.outlet_of(request, outlet_pk)
    if request.method == "POST":
        request_import(outlet, request.user)
        return reach.go(request, "import_menu", outlet.pk)
    selling = OutletCatalog.objects.filter(outlet=outlet).select_related("catalog").first()
    backup = CatalogVersion.objects.filter(outlet=outlet, number=0).first()
    changes = len(draft_review(outlet, selling).changes) if selling and selling.imported_at else 0
    context = {**_progress(outlet), "selling": selling, "backup": backup, "changes": changes}
    return render(request, "menus/import.html", context)


@member_view(Action.PUBLISH_MENU)
def import_progress(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    return render(request, "menus/_import.html", _progress(reach.outlet_of(request, outlet_pk)))


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def import_choice(request: MemberRequest, pk: int) -> HttpResponse:
    """What a later import differs in; with a POST all of it, what was chosen, or nothing is taken over."""
    menu_import = reach.import_of(request, pk)
    refused = ""
    if request.method == "POST":
        try:
            messages.success(request, _taken(_answer(request, menu_import)))
            return reach.go(request, "menu")
        except AdoptRefused as error:
            refused = error.code
    menu_import.refresh_from_db(fields=["state"])
    if menu_import.state != State.READ:
        if refused:
            messages.warning(request, str(REFUSED["answered"]))
        return reach.go(request, "import_menu", menu_import.outlet_id)
    plan = plan_of(menu_import)
    context = {
        "import": menu_import,
        "outlet": menu_import.outlet,
        "plan": plan,
        "groups": groups_of(plan),
        "only_here": only_here_rows(plan.only_here),
        "shared_by": plan.tree.catalog.sellings.count(),
        "refused": REFUSED.get(refused, ""),
    }
    return render(request, "menus/import_choice.html", context, status=409 if refused else 200)


def _answer(request: MemberRequest, menu_import: MenuImport) -> int:
    how, keys = request.POST.get("how"), request.POST.getlist("adopt")
    if how == ALL:
        keys = [one.key for one in plan_of(menu_import).differences]
    elif how != CHOSEN:
        keys = []
    return answer(menu_import, request.POST.get("plan", ""), keys, request.user)


def _taken(count: int) -> str:
    if not count:
        return _("Nothing was taken over. The menu here stays as it is.")
    words = ngettext(
        "%(count)d change is taken over from GoFood. You can undo it.",
        "%(count)d changes are taken over from GoFood. You can undo them.",
        count,
    )
    return words % {"count": count}


def _progress(outlet: Outlet) -> dict[str, Any]:
    """How the outlet's latest import stands."""
    latest = newest_import(outlet)
    context: dict[str, Any] = {"outlet": outlet, "import": latest, "running": False}
    if latest is None:
        return context
    without = latest.counts.get("without_external_id", {})
    return {
        **context,
        "running": latest.state in (State.QUEUED, State.RUNNING),
        "sentence": read_sentence(latest.counts) if latest.state == State.DONE else "",
        # A later one: of how many differences how many were taken over.
        "differences": latest.counts.get("differences", {}).get("all"),
        "adopted": latest.counts.get("adopted", {}).get("all", 0),
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
