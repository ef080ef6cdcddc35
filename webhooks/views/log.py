"""What GoBiz sent us, newest first."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from webhooks.models import Notification
from webhooks.notes import sentence_of

PAGE = 50


@member_view(Action.SEE_WEBHOOKS)
def webhooks(request: MemberRequest) -> HttpResponse:
    found = (
        Notification.objects.filter(gobiz_app__merchant=request.merchant)
        .select_related("outlet", "gobiz_app")
        .defer("raw")
        .order_by("-id")
    )
    if request.place.outlet and "outlet" in request.GET:
        found = found.filter(outlet=request.place.outlet)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    for notification in page:
        notification.result = sentence_of(notification)  # type: ignore[attr-defined]
    apps = request.merchant.gobiz_apps.order_by("environment", "app_id")
    return render(request, "webhooks/log.html", {"notifications": page, "apps": apps})
