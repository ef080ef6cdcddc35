"""Changing one external_id: simply where GoFood never had it, behind a warning where it has."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.id_changes import change_id
from menus.ids import MODELS, IdsRefused
from menus.models import ExternalId
from menus.sentences import IDS, UNEXPECTED
from menus.views import reach


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def change_external_id(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    thing = reach.thing_of(request, kind, pk)
    external_id = getattr(thing, "external_id", None)
    if kind not in MODELS or not external_id:
        raise Http404
    value, error = external_id, ""
    if request.method == "POST":
        value = request.POST.get("external_id", "").replace("\x00", "").strip()
        typed = request.POST.get("typed", "").replace("\x00", "").strip()
        try:
            if change_id(thing.catalog, (kind, pk), value, typed, request.user):
                words = _("The id is changed. GoFood gets it when you publish.")
                messages.success(request, words)
            return reach.go(request, "menu_ids", thing.catalog_id)
        except IdsRefused as refused:
            error = refused.errors[kind, pk]
    ledger = ExternalId.objects.filter(catalog=thing.catalog_id, kind=kind)
    row = ledger.filter(external_id=external_id).first()
    context = {
        "thing": thing,
        "kind": ExternalId.Kind(kind).label,
        "is_item": kind == ExternalId.Kind.ITEM,
        "external_id": external_id,
        "confirmed_at": row.confirmed_at if row else None,
        "earlier": ledger.filter(thing=pk).exclude(external_id=external_id).order_by("pk"),
        "outlet": reach.outlet_selling(request, thing.catalog),
        "value": value,
        "error": IDS.get(error, UNEXPECTED) if error and error != "not_typed" else "",
        "typed_error": IDS["not_typed"] if error == "not_typed" else "",
    }
    return render(request, "menus/id_change.html", context, status=422 if error else 200)
