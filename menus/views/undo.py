"""Taking back a change of the menu, and taking that back again."""

import json

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.models import CatalogEdit
from menus.undoing import UndoRefused, undo
from menus.views import reach
from menus.views.edit_words import edit_sentence


@member_view(Action.EDIT_MENU, "POST")
def undo_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Back to the page that it was pressed on, with what was taken back, or why it could not be."""
    edits = CatalogEdit.objects.select_related("catalog", "takes_back")
    edit = get_object_or_404(edits, catalog__merchant=request.merchant, pk=pk)
    kind = "success"
    try:
        undo(edit, request.user)
    except UndoRefused as refused:
        words, kind = _refusal(refused), "warning"
    else:
        words = _("Taken back: %(what)s.") if not edit.takes_back_id else _("Done again: %(what)s.")
        words = words % {"what": edit_sentence(edit.takes_back or edit)}
    if request.htmx:
        events = {"toast": {"text": words, "kind": kind}, "menu-changed": {}}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(events)})
    (messages.success if kind == "success" else messages.warning)(request, words)
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(back)
    return reach.go(request, "menu")


def _refusal(refused: UndoRefused) -> str:
    if refused.code == "undone":
        return _("This was taken back already.")
    names = ", ".join(f"“{name[:60]}”" for name in refused.names[:3] if name)
    if not names:
        return _("Something that this change needs was changed since. Nothing was taken back.")
    return _("%(names)s was changed since. Nothing was taken back.") % {"names": names}
