"""What the frame of every open page has to know now: who waits, what costs money."""

from django.http import HttpResponse
from django.shortcuts import render

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from orders.models import Order
from orders.undelivered import open_at


@member_view(Action.SEE_ORDERS)
def frame_now(request: MemberRequest) -> HttpResponse:
    outlets = request.place.chosen_outlets
    waiting = Order.objects.filter(outlet__in=outlets, status=Order.Status.AWAITING)
    missed = open_at(outlets)
    waiting_ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:100])
    missed_ids = list(missed.order_by("pk").values_list("pk", flat=True)[:100])
    context = {
        "waiting_ids": waiting_ids,
        "undelivered_ids": missed_ids,
        "ringing": len(waiting_ids) + len(missed_ids),
    }
    return render(request, "frame/now.html", context)
