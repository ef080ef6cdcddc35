"""Outlets that are closed on GoFood: closing them, opening them again, and how that goes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants import closing as verbs
from gobiz_admin.merchants.closing_words import sentence
from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from orders.closing_form import ClosingForm, closing_of
from orders.closing_page import context_of
from orders.closing_times import HOUR


@member_view(Action.CLOSE_OUTLET, "GET", "HEAD", "POST")
@in_outlets_zone
def closing(request: MemberRequest) -> HttpResponse:
    """Which of the chosen outlets are closed, and the form that closes them."""
    outlets = request.place.chosen_outlets
    form = ClosingForm(
        request.POST if request.method == "POST" else None, outlets=outlets, initial=_as_it_is(outlets)
    )
    if request.method == "POST" and form.is_valid():
        _say_closed(request, verbs.close(form.seen, form.wish, request.user))
        return _back(request)
    everything = len(form.outlets) == 1 or "all" in request.GET
    chosen = set(form.seen) if form.is_bound else {o.pk for o in form.outlets if everything}
    context = {"form": form, **context_of(request.merchant, outlets, chosen)}
    return render(request, "orders/closing.html", context, status=422 if form.is_bound else 200)


@member_view(Action.CLOSE_OUTLET, "POST")
def reopen(request: MemberRequest) -> HttpResponse:
    wanted = set(request.POST.getlist("outlets"))
    pks = [outlet.pk for outlet in request.place.outlets if str(outlet.pk) in wanted]
    _say_opened(request, verbs.reopen(pks, request.user))
    return _back(request)


@member_view(Action.CLOSE_OUTLET, "POST")
def closing_again(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    """Tell GoFood again what it did not take."""
    verbs.try_again(get_object_or_404(request.merchant.outlets, pk=outlet_pk).pk)
    messages.info(request, _("It is sent to GoFood again."))
    return _back(request)


def _as_it_is(outlets: list[Outlet]) -> dict[str, str]:
    """Why the only outlet is closed, to be changed."""
    row = closing_of(outlets[0]) if len(outlets) == 1 else None
    found = {"reason": row.reason, "words": row.words} if row and row.closed else {}
    return {"how_long": HOUR, **found}


def _say_closed(request: MemberRequest, result: verbs.Result) -> None:
    if count := len(result.changed):
        words = ngettext("%(outlet)s: GoFood is told now.", "%(count)d outlets: GoFood is told now.", count)
        messages.success(request, words % {"outlet": result.changed[0].outlet.name, "count": count})
    for row in result.left:
        words = _("%(outlet)s was closed or opened meanwhile, so nothing was changed there. %(state)s")
        messages.warning(request, words % {"outlet": row.outlet.name, "state": sentence(row)})


def _say_opened(request: MemberRequest, result: verbs.Result) -> None:
    if count := len(result.changed):
        words = ngettext(
            "%(outlet)s opens again: GoFood is told now.",
            "%(count)d outlets open again: GoFood is told now.",
            count,
        )
        messages.success(request, words % {"outlet": result.changed[0].outlet.name, "count": count})
    else:
        messages.info(request, _("It is open already, or on its way. Nothing had to be done."))


def _back(request: MemberRequest) -> HttpResponse:
    return redirect(reverse("closing", args=[request.merchant.pk]) + request.place.query)
