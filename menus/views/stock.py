"""The stock switches of items and variants."""

from django.http import HttpResponse
from django.shortcuts import render
from django_htmx.http import trigger_client_event

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.editing import set_stock
from menus.models import MenuItem, Variant
from menus.views import reach


@member_view(Action.SWITCH_STOCK, "POST")
def item_stock(request: MemberRequest, pk: int) -> HttpResponse:
    return _switch(request, "item", reach.item_of(request, pk))


@member_view(Action.SWITCH_STOCK, "POST")
def variant_stock(request: MemberRequest, pk: int) -> HttpResponse:
    return _switch(request, "variant", reach.variant_of(request, pk))


def _switch(request: MemberRequest, kind: str, thing: MenuItem | Variant) -> HttpResponse:
    # The wanted state travels with the press: pressed twice, it is switched once.
    set_stock(kind, thing, request.POST.get("in_stock") == "1", request.user)
    if not request.htmx:
        return reach.go(request, "menu", anchor=f"#{kind}-{thing.pk}")
    thing.refresh_from_db(fields=["in_stock"])
    context = {"kind": kind, "thing": thing, "in_stock": thing.in_stock}
    answer = render(request, "menus/_stock.html", context)
    # The foot counts what is not published.
    return trigger_client_event(answer, "menu-switched")
