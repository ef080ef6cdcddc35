"""Subscriptions, address and Relay Secret of each GoBiz app, and the test of the way to us."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from gobiz_admin.merchants.models import GobizApp
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.rotating import RotationUnderWay
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from webhooks import rotating, rotation_ends
from webhooks.app_health import app_health, app_subscriptions
from webhooks.asking import ask
from webhooks.forms import CheckForm, RelaySecretForm, SignatureModeForm, SubscribedPerForm
from webhooks.models import AppCheck
from webhooks.signers import signers_of


@member_view(Action.MANAGE_WEBHOOKS)
@in_outlets_zone
def subscriptions(request: MemberRequest) -> HttpResponse:
    apps = list(_apps(request))
    signers = signers_of(apps)
    sections = [_section(app, app_subscriptions(app, app.checks.all(), signers.get(app.pk))) for app in apps]
    return render(request, "webhooks/subscriptions.html", {"sections": sections})


@member_view(Action.MANAGE_WEBHOOKS)
@in_outlets_zone
def app_state(request: MemberRequest, app_pk: int) -> HttpResponse:
    """The part of the page about one app that changes by itself."""
    return _state(request, _app(request, app_pk))


@member_view(Action.SEE_WEBHOOKS)
@in_outlets_zone
def app_health_part(request: MemberRequest, app_pk: int) -> HttpResponse:
    app = _app(request, app_pk)
    return render(request, "webhooks/_app_health.html", {"health": app_health(app, app.checks.all())})


@member_view(Action.MANAGE_WEBHOOKS, "POST")
@in_outlets_zone
def check_app(request: MemberRequest, app_pk: int) -> HttpResponse:
    """Begin a check: of the subscriptions, which repairs them, or a test of the address."""
    app = _app(request, app_pk)
    form = CheckForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    ask(app, form.cleaned_data["kind"])
    if request.htmx:
        health = app_health(app, AppCheck.objects.filter(gobiz_app=app))
        return render(request, "webhooks/_app_health.html", {"health": health})
    return _back(request, app)


@member_view(Action.MANAGE_WEBHOOKS, "POST")
def choose_subscribed_per(request: MemberRequest, app_pk: int) -> HttpResponse:
    app = _app(request, app_pk)
    form = SubscribedPerForm(request.POST, app=app)
    if not form.is_valid():
        return HttpResponse(status=422)
    if rotating.choose_subscribed_per(app, form.cleaned_data["subscribed_per"], request.user):
        messages.success(request, _("The choice is saved. GoBiz is being asked to subscribe accordingly."))
    return _back(request, app)


@member_view(Action.MANAGE_WEBHOOKS, "POST")
def choose_signature_mode(request: MemberRequest, app_pk: int) -> HttpResponse:
    app = _app(request, app_pk)
    form = SignatureModeForm(request.POST, app=app)
    if not form.is_valid():
        return HttpResponse(status=422)
    try:
        changed = rotating.choose_signature_mode(app, form.cleaned_data["signature_mode"], request.user)
    except rotating.NotInProduction:
        return HttpResponse(status=422)
    if changed:
        messages.success(request, _("The choice is saved. It holds for what GoBiz sends from now on."))
    return _back(request, app)


@member_view(Action.MANAGE_WEBHOOKS, "GET", "POST")
def new_address(request: MemberRequest, app_pk: int) -> HttpResponse:
    """What a new address means, and then the new address."""
    app = _app(request, app_pk)
    if request.method != "POST":
        return render(request, "webhooks/new_address.html", {"app": app})
    try:
        rotating.rotate_address(app, request.user)
    except RotationUnderWay:
        messages.info(
            request,
            _("This app has a new address already, and the old one is valid yet. Nothing more was changed."),
        )
    else:
        messages.success(
            request, _("The app has a new address, and GoBiz is being told. The old one stays valid.")
        )
    return _back(request, app)


@member_view(Action.MANAGE_WEBHOOKS, "POST")
def forget_address(request: MemberRequest, app_pk: int) -> HttpResponse:
    app = _app(request, app_pk)
    if rotation_ends.forget_previous_address(app, request.user):
        messages.success(request, _("The old address is not valid any more."))
    return _back(request, app)


@member_view(Action.MANAGE_WEBHOOKS, "GET", "POST")
def new_relay_secret(request: MemberRequest, app_pk: int) -> HttpResponse:
    app = _app(request, app_pk)
    form = RelaySecretForm(request.POST or None, app=app)
    if request.method == "POST" and form.is_valid():
        if rotating.change_relay_secret(app, form.cleaned_data["relay_secret"], request.user):
            messages.success(request, _("The new Relay Secret is stored. The one before it stays valid."))
        else:
            messages.info(request, _("This Relay Secret was stored already. Nothing was changed."))
        return _back(request, app)
    status = 422 if form.errors or request.method == "POST" else 200
    return render(request, "webhooks/new_relay_secret.html", {"app": app, "form": form}, status=status)


@member_view(Action.MANAGE_WEBHOOKS, "POST")
def forget_relay_secret(request: MemberRequest, app_pk: int) -> HttpResponse:
    app = _app(request, app_pk)
    if rotation_ends.forget_previous_relay_secret(app, request.user):
        messages.success(request, _("The old Relay Secret is not valid any more."))
    return _back(request, app)


def _apps(request: MemberRequest) -> QuerySet[GobizApp]:
    rows = request.merchant.gobiz_apps.select_related("merchant").prefetch_related("checks", "outlets")
    return rows.order_by("environment", "app_id")


def _app(request: MemberRequest, app_pk: int) -> GobizApp:
    return get_object_or_404(_apps(request), pk=app_pk)


def _section(app: GobizApp, shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "app": app,
        "shown": shown,
        "per_form": SubscribedPerForm(initial={"subscribed_per": app.subscribed_per}, app=app),
        "mode_form": SignatureModeForm(initial={"signature_mode": app.signature_mode}, app=app),
    }


def _state(request: MemberRequest, app: GobizApp) -> HttpResponse:
    shown = app_subscriptions(app, app.checks.all(), signers_of([app]).get(app.pk))
    return render(request, "webhooks/_app_subscriptions.html", {"shown": shown})


def _back(request: MemberRequest, app: GobizApp) -> HttpResponse:
    return redirect(reverse("subscriptions", args=[request.merchant.pk]) + f"#app-{app.pk}")
