"""Did GoFood send it? What GoBiz tried to deliver about an order, beside what we have of it."""

from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.forms import no_control_characters
from gobiz_admin.merchants.models import GobizApp
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from webhooks import lookups
from webhooks.lining_up import lined_up, newest_lookups


class OrderNumberForm(forms.Form):
    """Which order is asked about."""

    order = forms.CharField(
        label=_("Order number"),
        max_length=200,
        validators=[no_control_characters],
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "F-123456789"}),
        help_text=_("As the GoBiz app shows it, for example F-123456789."),
    )


@member_view(Action.ACT_ON_ORDERS, "GET", "HEAD", "POST")
@in_outlets_zone
def lookup(request: MemberRequest) -> HttpResponse:
    apps = _apps(request)
    form = OrderNumberForm(request.POST or request.GET if _names_an_order(request) else None)
    number = form.cleaned_data["order"] if form.is_bound and form.is_valid() else ""
    if request.method == "POST":
        form = form if form.is_bound else OrderNumberForm(request.POST)
        if number:
            for app in apps:
                lookups.ask(app, number, user=request.user)
            return redirect(_address(request, number))
    context = {
        "form": form,
        "number": number,
        "apps": apps,
        "found": lined_up(apps, number) if number else None,
        "newest": newest_lookups(apps) if not number else [],
    }
    return render(request, "webhooks/lookup.html", context, status=422 if form.errors else 200)


def _names_an_order(request: MemberRequest) -> bool:
    return "order" in (request.POST if request.method == "POST" else request.GET)


def _apps(request: MemberRequest) -> list[GobizApp]:
    """The apps of the chosen outlets: only GoBiz knows which of them had the order."""
    pks = {outlet.gobiz_app_id for outlet in request.place.chosen_outlets}
    return list(request.merchant.gobiz_apps.filter(pk__in=pks).order_by("environment", "app_id", "pk"))


def _address(request: MemberRequest, number: str) -> str:
    query = {"order": number}
    if request.place.query and request.place.outlet:
        query["outlet"] = request.place.outlet.outlet_id
    return f"{reverse('lookup', args=[request.merchant.pk])}?{urlencode(query)}"
