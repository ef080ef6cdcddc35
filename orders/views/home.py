"""What needs me now, and how each outlet does."""

from django.http import HttpResponse
from django.shortcuts import render

from gobiz_admin.merchants.roles import Action, may
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from orders.home import needs_of, rows_of


@member_view(Action.SEE_HOME)
def merchant_home(request: MemberRequest) -> HttpResponse:
    rows = rows_of(request.place.chosen_outlets)
    needs = [
        (need, need.right is None or may(request.member.role, need.right))
        for need in needs_of(request.merchant, rows)
    ]
    return render(request, "merchants/home.html", {"rows": rows, "needs": needs})
