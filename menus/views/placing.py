"""Moving menus, items, variant categories and variants, dragged or step by step, and taking them out."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import editing, ordering
from menus.editing import EditRefused
from menus.models import Menu
from menus.text import number_of
from menus.views import reach
from menus.views.wording import short


@member_view(Action.EDIT_MENU, "POST")
def step(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    """One place up or down; an item at the edge of its menu goes into the next one."""
    thing = reach.thing_of(request, kind, pk)
    ordering.step(thing, request.POST.get("down") == "1", request.user)
    if request.htmx:
        return HttpResponse(status=204)
    return _back(request, thing, kind, f"#{kind}-{pk}")


@member_view(Action.EDIT_MENU, "POST")
def remove(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    """Out of the menu, with all that stands in it; it can be taken back."""
    thing = reach.thing_of(request, kind, pk)
    editing.remove(thing, request.user)
    words = _("“%(name)s” is out of this menu. GoFood still has it until you publish, and you can undo it.")
    messages.success(request, words % {"name": short(thing.name)})
    return _back(request, thing, kind)


@member_view(Action.EDIT_MENU, "POST")
def place(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    """Where it was dropped: before another (`before`), or last; an item perhaps into another menu (`into`)."""
    thing = reach.thing_of(request, kind, pk)
    before, into = request.POST.get("before"), request.POST.get("into")
    other = reach.thing_of(request, kind, number_of(before)) if before else None
    menu = get_object_or_404(Menu, catalog=thing.catalog_id, pk=number_of(into)) if into else None
    try:
        ordering.place(thing, other, request.user, into=menu)
    except EditRefused:
        # Somebody moved it meanwhile: the page shows where everything stands.
        return HttpResponse(status=409)
    return HttpResponse(status=204)


def _back(request: MemberRequest, thing: editing.Thing, kind: str, anchor: str = "") -> HttpResponse:
    if kind in ("variant_category", "variant"):
        return reach.go(request, "library", thing.catalog_id, anchor=anchor)
    return reach.go(request, "menu", anchor=anchor)
