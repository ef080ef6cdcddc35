"""One item or one menu of an older version, taken back into the catalog: every change first, then done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.models import CatalogVersion
from menus.restoring.comparing import Restore, restore_plan
from menus.restoring.writing import RestoreRefused, restore
from menus.views import reach
from menus.views.adoption_words import rows_of
from menus.views.wording import Words, short

REFUSED: dict[str, Words] = {
    "changed": gettext_lazy(
        "The menu was changed meanwhile, so nothing was taken back. This is what would change now: look again."
    ),
    "id_taken": gettext_lazy(
        "Nothing was taken back: its id belongs to something else in the menu by now (%(names)s). Give that one "
        "another id first, or enter the old values by hand."
    ),
}


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def version_restore(request: MemberRequest, pk: int, kind: str, index: int) -> HttpResponse:
    """What taking it back would change; with a POST it is done, and can be undone as one change."""
    version = reach.version_of(request, pk)
    try:
        found, refused = restore_plan(version, kind, index), None
        if request.method == "POST":
            refused = _restore(request, version, found)
    except LookupError:
        raise Http404 from None
    if request.method == "POST" and refused is None:
        messages.success(
            request,
            _("“%(name)s” is in the menu again as in version %(number)d. GoFood gets it when you publish.")
            % {"name": short(found.name), "number": version.number},
        )
        together = request.POST.get("where") == "all" and found.others
        return (
            reach.go(request, "publish_together")
            if together
            else reach.go(request, "publish_review", version.outlet_id)
        )
    return _page(request, version, restore_plan(version, kind, index), refused)


def _restore(request: MemberRequest, version: CatalogVersion, found: Restore) -> RestoreRefused | None:
    everywhere = request.POST.get("where") == "all"
    try:
        restore(version, found.kind, found.index, request.POST.get("plan", ""), request.user, everywhere)
    except RestoreRefused as refused:
        return refused
    return None


def _page(
    request: MemberRequest, version: CatalogVersion, found: Restore, refused: RestoreRefused | None
) -> HttpResponse:
    if found.taken:
        refused = RestoreRefused("id_taken", found.taken)
    context: dict[str, Any] = {
        "version": version,
        "outlet": version.outlet,
        "found": found,
        "rows": rows_of(found.differences),
        "refused": _sentence(refused) if refused else "",
        "everywhere": request.POST.get("where") == "all",
    }
    return render(request, "menus/restore.html", context, status=422 if request.method == "POST" else 200)


def _sentence(refused: RestoreRefused) -> str:
    return str(REFUSED[refused.code]) % {"names": ", ".join(short(name) for name in refused.names)}
