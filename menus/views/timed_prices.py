"""Prices for a while: the list, planning one for an item or a menu after a look at every change, and ending one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.templatetags.wording import rupiah
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from menus.forms.fields import read_rupiah
from menus.forms.timed import TimedForm
from menus.models import Menu, MenuItem, OutletCatalog
from menus.overrides import outlets_selling
from menus.sentences import TIMED
from menus.timed_lists import Listed, listed
from menus.timed_prices import (
    Line,
    Plan,
    TimedRefused,
    Wish,
    end_timed_price,
    make_plan,
    plan_timed_price,
)
from menus.views import reach
from menus.views.wording import Words, short

REFUSED: dict[str, Words] = {
    "changed": gettext_lazy(
        "The menu was changed while you were looking, so nothing was planned. This is what would be now: look again."
    ),
    "untyped": gettext_lazy("This is not what was asked for, so nothing was planned. Type it once more."),
    "overlap": gettext_lazy(
        "Another timed price holds for one of these items at that time. Choose another time, or end that one first."
    ),
    "below_zero": gettext_lazy(
        "With its cheapest choice of variants an item would cost less than nothing. Choose a higher price."
    ),
    "nothing": gettext_lazy("No price would change. Choose another price, or other outlets."),
    "over": gettext_lazy("This time has passed. Nothing was planned."),
}
MOST_LINES = 200


@member_view(Action.EDIT_MENU)
@in_outlets_zone
def timed_prices(request: MemberRequest) -> HttpResponse:
    """What runs, what is planned, and what is over, at the chosen outlets."""
    outlets = request.place.chosen_outlets
    sellings = OutletCatalog.objects.filter(outlet__in=outlets, imported_at__isnull=False)
    sellings = sellings.select_related("catalog")
    catalogs = {selling.catalog_id: selling.catalog for selling in sellings}
    found = listed(catalogs, outlets, timezone.now())
    context = {
        "groups": [
            {"title": title, "code": code, "rows": [_row(one) for one in found[code]]}
            for code, title in (("running", _("Running")), ("planned", _("Planned")), ("over", _("Over")))
        ],
        "any": any(found.values()),
        "catalog": next(iter(catalogs.values()), None),
        "outlet": request.place.outlet,
    }
    return render(request, "menus/timed_prices.html", context)


def _row(one: Listed) -> dict[str, Any]:
    return {
        "one": one,
        "timed": one.timed_price,
        "rule": "" if one.prices else _rule(one),
        "problems": [(TIMED[code], outlet) for code, outlet in one.problems],
    }


def _rule(one: Listed) -> str:
    """“−10 %”, “+Rp 2.000”."""
    row = one.timed_price
    if row.how == "set":
        return rupiah(int(row.amount))
    sign = "+" if row.amount > 0 else "−"
    if row.how == "percent":
        return f"{sign}{abs(row.amount).normalize():f}\N{NO-BREAK SPACE}%".replace(".", ",")
    return f"{sign}{rupiah(int(abs(row.amount)))}"


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def timed_price_new(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    """Planning one for the item or the menu: it publishes by itself, so that who plans it may publish."""
    thing = _thing(request, kind, pk)
    outlets = outlets_selling(thing.catalog)
    if not outlets:
        raise Http404
    typed = request.POST if request.method == "POST" else None
    how = "set" if kind == "item" else "lower_percent"
    # The clock is each outlet's own: no zone is reckoned with here.
    form = TimedForm(typed, outlets=outlets, initial={"how": how, "round_to": 100})
    if request.method != "POST" or not form.is_valid():
        return _page(request, thing, form)
    wish = _wish(form, thing)
    found = make_plan(thing.catalog, wish)
    if request.POST.get("stage") != "plan":
        return _page(request, thing, form, found, REFUSED.get(found.refused, ""))
    try:
        number = read_rupiah(request.POST.get("typed", ""))
        plan_timed_price(thing.catalog, wish, request.POST.get("shown", ""), number, request.user)
    except TimedRefused as refused:
        found = make_plan(thing.catalog, wish)
        return _page(request, thing, form, found, REFUSED[refused.code], status=422)
    messages.success(
        request,
        _("“%(label)s” is planned. GoFood gets the prices when it begins, and the old ones when it is over.")
        % {"label": short(wish.label)},
    )
    return reach.go(request, "timed_prices")


@member_view(Action.PUBLISH_MENU, "POST")
def timed_price_end(request: MemberRequest, pk: int) -> HttpResponse:
    """It is over now where it runs; what is planned never begins."""
    timed_price = reach.timed_price_of(request, pk)
    label = {"label": short(timed_price.label)}
    try:
        ended = end_timed_price(timed_price, request.user)
    except TimedRefused:
        messages.info(request, _("“%(label)s” was over already.") % label)
    else:
        words = (
            _("“%(label)s” is cancelled. It never began.")
            if ended.state == ended.State.CANCELLED
            else _("“%(label)s” is over. GoFood gets the item's own prices now.")
        )
        messages.success(request, words % label)
    return reach.go(request, "timed_prices")


def _thing(request: MemberRequest, kind: str, pk: int) -> MenuItem | Menu:
    if kind not in ("item", "menu"):
        raise Http404
    return reach.item_of(request, pk) if kind == "item" else reach.menu_of(request, pk)


def _wish(form: TimedForm, thing: MenuItem | Menu) -> Wish:
    how, amount, round_to = form.rule
    typed = form.cleaned_data
    # A price that is set is what was typed.
    round_to = 1 if how == "set" else round_to
    return Wish(thing, form.chosen, typed["label"], how, amount, round_to, typed["starts"], typed["ends"])


def _page(
    request: MemberRequest,
    thing: MenuItem | Menu,
    form: TimedForm,
    found: Plan | None = None,
    refused: Words = "",
    status: int = 200,
) -> HttpResponse:
    lines = _lines(found) if found else []
    context = {
        "thing": thing,
        "is_menu": isinstance(thing, Menu),
        "form": form,
        "plan": found,
        "lines": lines[:MOST_LINES],
        "more": max(0, len(lines) - MOST_LINES),
        "refused": refused,
        "asks": _asks(found) if found else "",
        "catalog": thing.catalog,
    }
    return render(request, "menus/timed_price.html", context, status=422 if form.errors else status)


def _lines(found: Plan) -> list[dict[str, Any]]:
    """A line for each item and price: the outlets where it is the same stand in one."""
    by_change: dict[tuple[Any, ...], list[Line]] = {}
    for line in found.lines:
        key = (line.thing, line.base, line.price, line.guard, line.error, line.overlaps)
        by_change.setdefault(key, []).append(line)
    many = len(found.wish.outlets)
    return [
        {
            "line": lines[0],
            "outlets": [] if len(lines) == many else [line.outlet.name for line in lines],
        }
        for lines in by_change.values()
    ]


def _asks(found: Plan) -> str:
    if found.asks is None:
        return ""
    return rupiah(found.asks) if found.asks_price else str(found.asks)
