"""The inbox: what came, what waits, and the buttons for it."""

from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.mornings import open_mornings
from orders import actions
from orders.board import board, dressed
from orders.closing_page import is_closed
from orders.forms import REASONS, ActionForm
from orders.models import Order, OrderAction


@member_view(Action.SEE_ORDERS)
def inbox(request: MemberRequest) -> HttpResponse:
    mornings = open_mornings(request.place.chosen_outlets)
    return render(request, "orders/inbox.html", {**_board_of(request), "mornings": mornings})


@member_view(Action.SEE_ORDERS)
def inbox_board(request: MemberRequest) -> HttpResponse:
    return render(request, "orders/_board.html", _board_of(request))


def _board_of(request: MemberRequest) -> dict[str, Any]:
    outlets = request.place.chosen_outlets
    return {**board(outlets), "reasons": REASONS, "closed": sum(map(is_closed, outlets))}


@member_view(Action.ACT_ON_ORDERS, "POST")
def order_act(request: MemberRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order, pk=pk, outlet__merchant=request.merchant)
    form = ActionForm(request.POST)
    problem = ""
    if not form.is_valid():
        problem = " ".join(str(message) for messages in form.errors.values() for message in messages)
    else:
        try:
            actions.request_action(
                order,
                form.cleaned_data["kind"],
                request.user,
                form.cleaned_data["reason_code"],
                form.cleaned_data["reason"],
            )
        except actions.NotPossible:
            problem = _("The order has moved on, so this can no longer be done. Its newest state is shown.")
    if not request.htmx:
        return redirect(reverse("inbox", args=[request.merchant.pk]) + request.place.query)
    return render(
        request, "orders/_tile.html", {"order": _tile(order.pk), "problem": problem, "reasons": REASONS}
    )


def _tile(pk: int) -> Order:
    newest = Prefetch("actions", OrderAction.objects.order_by("-pk"), to_attr="newest_actions")
    return dressed(
        Order.objects.select_related("outlet").prefetch_related("lines__variants", newest).get(pk=pk)
    )
