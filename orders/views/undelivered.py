"""A "not delivered" tile of the inbox: it was handled in the GoBiz app, or was not, after all."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from orders.models import UndeliveredOrder
from orders.undelivered import mark_handled, take_back


@member_view(Action.ACT_ON_ORDERS, "POST")
def undelivered_handled(request: MemberRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    mark_handled(row, request.user)
    return _tile(request, row)


@member_view(Action.ACT_ON_ORDERS, "POST")
def undelivered_back(request: MemberRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    take_back(row, request.user)
    return _tile(request, row)


def _find(request: MemberRequest, pk: int) -> UndeliveredOrder:
    rows = UndeliveredOrder.objects.select_related("outlet").filter(outlet__merchant=request.merchant)
    return get_object_or_404(rows, pk=pk)


def _tile(request: MemberRequest, row: UndeliveredOrder) -> HttpResponse:
    """The tile as it stands now, whoever pressed first."""
    if not request.htmx:
        return redirect(reverse("inbox", args=[request.merchant.pk]) + request.place.query)
    row.refresh_from_db()
    return render(request, "orders/_undelivered.html", {"missed": row})
