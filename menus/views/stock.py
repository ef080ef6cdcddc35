"""The stock switches of items and variants, and what is off: for how long, since when, by whom."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from gobiz_admin.merchants.gone import read_again
from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.moments import when
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from menus.forms.stock import OffForm
from menus.models import MenuItem, OutletCatalog, StockSwitch, Variant
from menus.mornings import open_mornings
from menus.sentences import stock_sentence
from menus.stock import switch
from menus.stock_effect import by_hand, hands_at
from menus.stock_lists import Line, failed_lines, found_lines, marks_of, off_lines
from menus.stock_sending import try_again
from menus.stock_times import HOUR, hours_of, next_opening_day
from menus.views import reach
from menus.views.wording import short

LONGEST_SEARCH = 60


@member_view(Action.SWITCH_STOCK, "POST")
def item_stock(request: MemberRequest, pk: int) -> HttpResponse:
    return _switch(request, "item", reach.item_of(request, pk))


@member_view(Action.SWITCH_STOCK, "POST")
def variant_stock(request: MemberRequest, pk: int) -> HttpResponse:
    return _switch(request, "variant", reach.variant_of(request, pk))


@member_view(Action.SWITCH_STOCK)
@in_outlets_zone
def stock(request: MemberRequest) -> HttpResponse:
    """What is off at the chosen outlets; with `?q=`, what has these words in its name, to be switched."""
    outlets, words = request.place.chosen_outlets, request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    sellings = OutletCatalog.objects.filter(outlet__in=outlets, imported_at__isnull=False)
    catalogs = set(sellings.values_list("catalog_id", flat=True))
    context = {
        "q": words,
        "found": found_lines(request.place.outlet, catalogs, words) if words else [],
        "groups": off_lines(outlets),
        "failed": [(row, stock_sentence(row)) for row in failed_lines(outlets)],
        "outlet": request.place.outlet,
        "mornings": open_mornings(outlets),
        "catalog": sellings[0].catalog if catalogs else None,
    }
    return render(request, "menus/stock.html", context)


@member_view(Action.SWITCH_STOCK, "GET", "HEAD", "POST")
@in_outlets_zone
def stock_off(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    """For how long the item or variant is off, at the chosen outlet or at all that sell it."""
    thing = _thing_of(request, kind, pk)
    outlet = _outlet_of(request, thing)
    now = timezone.localtime()
    typed = request.POST if request.method == "POST" else None
    form = OffForm(
        typed, now=now, opening=next_opening_day(hours_of(thing.catalog_id), now), initial={"how_long": HOUR}
    )
    if request.method == "POST" and form.is_valid():
        switch(kind, thing, False, request.user, outlet, form.back_at)
        messages.success(request, _off_words(thing, form.back_at))
        return reach.go(request, "stock")
    line = _line(kind, thing, outlet)
    return render(
        request, "menus/stock_off.html", {"form": form, "line": line, **_why(line), "outlet": outlet}
    )


@member_view(Action.SWITCH_STOCK, "POST")
def stock_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Send a switch again that GoFood did not take."""
    rows = StockSwitch.objects.filter(outlet__merchant=request.merchant)
    try_again(get_object_or_404(rows, pk=pk))
    messages.info(request, _("It is sent to GoFood again."))
    return reach.go(request, "stock")


def _switch(request: MemberRequest, kind: str, thing: MenuItem | Variant) -> HttpResponse:
    # The wanted state travels with the press: pressed twice, it is switched once.
    outlet = _outlet_of(request, thing)
    switch(kind, thing, request.POST.get("in_stock") == "1", request.user, outlet)
    if not request.htmx:
        return (
            reach.go(request, "stock")
            if "stock" in request.GET
            else reach.go(request, "menu", anchor=f"#{kind}-{thing.pk}")
        )
    read_again(thing, ["in_stock"])
    line = _line(kind, thing, outlet)
    context = {
        "kind": kind,
        "thing": thing,
        "in_stock": line.in_stock,
        "mark": line.mark,
        "outlet": outlet,
        "query": f"?{request.GET.urlencode()}" if request.GET else "",
        "at": _place_on_page(request, outlet),
    }
    answer = render(request, "menus/_stock.html", context)
    # The foot counts what is not published.
    return trigger_client_event(answer, "menu-switched")


def _place_on_page(request: MemberRequest, outlet: Outlet | None) -> str:
    """The end of the switch's id: the stock page may have a thing in two lists, and at many outlets."""
    found = request.headers.get("hx-trigger", "").split("-", 3)
    return f"-{found[3]}" if "stock" in request.GET and len(found) == 4 else ""


def _thing_of(request: MemberRequest, kind: str, pk: int) -> MenuItem | Variant:
    if kind not in ("item", "variant"):
        raise Http404
    return reach.item_of(request, pk) if kind == "item" else reach.variant_of(request, pk)


def _outlet_of(request: MemberRequest, thing: MenuItem | Variant) -> Outlet | None:
    """The chosen outlet where it sells the thing; None: all that sell it."""
    outlet = request.place.outlet
    sells = outlet and OutletCatalog.objects.filter(outlet=outlet, catalog=thing.catalog_id).exists()
    return outlet if sells else None


def _line(kind: str, thing: MenuItem | Variant, outlet: Outlet | None) -> Line:
    """The thing as it stands at the outlet now."""
    own = hands_at([outlet], **{f"{kind}_id": thing.pk}) if outlet else {}
    hand = by_hand(thing.in_stock, own.get((outlet.pk, (kind, thing.pk))) if outlet else None)
    marks = marks_of([outlet] if outlet else [], [thing.catalog_id])
    return Line(outlet, kind, thing, "", marks.at(outlet, kind, thing.pk, hand))


def _why(line: Line) -> dict[str, Any]:
    return {"why": stock_sentence(line.mark.switch) if line.mark.switch else ""}


def _off_words(thing: MenuItem | Variant, back_at: datetime | None) -> str:
    name = short(thing.name)
    if back_at is None:
        return _("“%(name)s” is off until you switch it on. GoFood is told now.") % {"name": name}
    return _("“%(name)s” is off until %(when)s. GoFood is told now.") % {"name": name, "when": when(back_at)}
