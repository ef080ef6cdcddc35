"""What needs me now, and how each outlet does."""

from django.http import HttpResponse
from django.shortcuts import render

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from orders.home import needs_of, rows_of


@member_view(Action.SEE_HOME)
def merchant_home(request: MemberRequest) -> HttpResponse:
    rows = rows_of(request.place.chosen_outlets)
    return render(request, "merchants/home.html", {"rows": rows, "needs": needs_of(request.merchant, rows)})
