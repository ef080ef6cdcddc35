"""The last step of connecting: a test order, and what is proven by then."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from gobiz_admin.merchants.models import GobizApp, Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from orders.ready import facts_of


@member_view(Action.SEE_OUTLETS)
def connect_ready(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = get_object_or_404(request.merchant.outlets.select_related("gobiz_app"), pk=outlet_pk)
    facts = facts_of(outlet)
    context = {
        "outlet": outlet,
        "facts": facts,
        "all_proven": all(fact.at for fact in facts),
        "simulator_url": _simulator_url(outlet),
        "is_sandbox": outlet.environment == GobizApp.Environment.SANDBOX,
    }
    template = "connect/_ready.html" if request.htmx else "connect/ready.html"
    return render(request, template, context)


def _simulator_url(outlet: Outlet) -> str:
    """The page of the sandbox on this machine that sends a test order; "" for real outlets."""
    if outlet.environment != GobizApp.Environment.LOCAL or not settings.LOCAL_STACK:
        return ""
    ids = {
        "app_id": outlet.gobiz_app.app_id,
        "partner_id": outlet.gobiz_app.partner_id,
        "outlet_id": outlet.outlet_id,
    }
    return f"{settings.GOBIZ_LOCAL_API_URL}/simulator/?{urlencode(ids)}"
