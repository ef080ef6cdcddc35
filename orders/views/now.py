"""What the frame of every open page has to know now: who waits, what costs money."""

from django.http import HttpResponse
from django.shortcuts import render

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from orders.models import Order


@member_view(Action.SEE_ORDERS)
def frame_now(request: MemberRequest) -> HttpResponse:
    waiting = Order.objects.filter(
        outlet__in=request.place.chosen_outlets, status=Order.Status.AWAITING
    ).order_by("pk")
    return render(
        request, "frame/now.html", {"waiting_ids": list(waiting.values_list("pk", flat=True)[:100])}
    )
