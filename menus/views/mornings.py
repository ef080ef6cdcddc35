"""What is still off this morning: on again one by one or all of it, or left as it is until tomorrow."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from menus.models import OutletCatalog, StockMorning
from menus.mornings import StillOff, answer, open_mornings
from menus.stock import all_on
from menus.stock_effect import Key
from menus.views import reach


@member_view(Action.SWITCH_STOCK)
@in_outlets_zone
def still_off(request: MemberRequest) -> HttpResponse:
    groups = [{"still": row, **_shown(row)} for row in open_mornings(request.place.chosen_outlets)]
    return render(request, "menus/still_off.html", {"groups": groups, "outlet": request.place.outlet})


@member_view(Action.SWITCH_STOCK, "POST")
def still_off_answer(request: MemberRequest, pk: int) -> HttpResponse:
    """`answer`: on (all that was shown), or off (it stays so for today)."""
    mornings = StockMorning.objects.select_related("outlet")
    morning = get_object_or_404(mornings, outlet__merchant=request.merchant, pk=pk)
    names = {"outlet": morning.outlet.name}
    if request.POST.get("answer") == "on":
        selling = OutletCatalog.objects.filter(outlet=morning.outlet).select_related("catalog").first()
        if selling is None:
            raise Http404
        things, ingredients = _named(request.POST.getlist("thing"))
        all_on(selling.catalog, morning.outlet, things, ingredients, request.user)
        messages.success(request, _("All of it is on again at %(outlet)s. GoFood is told now.") % names)
    else:
        answer(morning, request.user)
        messages.success(request, _("It stays off at %(outlet)s. You are asked again tomorrow.") % names)
    return reach.go(request, "still_off" if open_mornings(request.place.chosen_outlets) else "stock")


def _shown(row: StillOff) -> dict[str, Any]:
    """The lines that have a switch of their own, and the ingredients that hold back the others."""
    outs = {out.pk: out for line in row.lines for out in line.mark.outs if out.back_at is None}
    things = [f"{line.kind}-{line.thing.pk}" for line in row.lines if not line.mark.by_hand]
    return {
        "outs": list(outs.values()),
        "lines": [line for line in row.lines if not line.mark.by_hand],
        "things": [*things, *(f"ingredient-{out.ingredient_id}" for out in outs.values())],
    }


def _named(typed: Collection[str]) -> tuple[set[Key], set[int]]:
    """The things and the ingredients that the form names."""
    things, ingredients = set[Key](), set[int]()
    for name in typed:
        kind, _dash, pk = name.partition("-")
        if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            continue
        if kind == "ingredient":
            ingredients.add(int(pk))
        elif kind in ("item", "variant"):
            things.add((kind, int(pk)))
    return things, ingredients
