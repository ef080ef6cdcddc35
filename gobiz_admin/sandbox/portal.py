"""`GET /`: the page that stands for the GoBiz Developer Portal, with the sandbox's switches."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from gobiz_admin.sandbox import seeding, worker
from gobiz_admin.sandbox.models import ALL_SCOPES, App, Call, Fault, Outlet, Settings

PRESETS = [
    ("Menu sync: 503 three times", {"match": "PUT catalog", "times": 3, "status": 503}),
    ("Menu sync: done, but the answer is lost once", {
        "match": "PUT catalog", "times": 1, "close": True, "apply": True}),
    ("Reading the menu: 502 with an HTML page, once", {
        "match": "GET catalog", "times": 1, "status": 502, "body": "<html><h1>502 Bad Gateway</h1></html>"}),
    ("Token refused until cleared", {
        "match": "POST oauth2", "status": 401,
        "body": '{"error": "invalid_client", "error_description": "Client authentication failed"}'}),
    ("Accepting an order: 409 once", {
        "match": "PUT accepted", "times": 1, "status": 409,
        "body": '{"success": false, "errors": [{"message_title": "Order state changed", "message": '
        '"order has moved on", "code": "HTTP_409", "message_severity": "error"}]}'}),
    ("Everything is down until cleared (503)", {
        "match": "/", "status": 503, "body": "<html>Unavailable</html>"}),
    ("Everything takes five seconds, until cleared", {"match": "/", "delay": 5.0}),
]  # fmt: skip


@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    context = {
        "apps": App.objects.prefetch_related("outlets").order_by("pk"),
        "all_scopes": ALL_SCOPES,
        "acceptances": Outlet.Acceptance.choices,
        "ungranted": App.Ungranted.choices,
        "faults": Fault.objects.order_by("pk"),
        "presets": [title for title, _ in PRESETS],
        "options": Settings.load(),
        "calls": Call.objects.order_by("-pk")[:15],
        "base_url": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "sandbox/portal.html", context)


@require_POST
def change_app(request: HttpRequest, slug: str) -> HttpResponse:
    app = get_object_or_404(App, slug=slug)
    chosen = request.POST.getlist("scopes")
    app.scopes = [scope for scope in ALL_SCOPES if scope in chosen]
    app.ungranted = request.POST.get("ungranted", app.ungranted)
    return _save(app, slug)


@require_POST
def change_outlet(request: HttpRequest, outlet_id: str) -> HttpResponse:
    outlet = get_object_or_404(Outlet, outlet_id=outlet_id)
    outlet.acceptance = request.POST.get("acceptance", outlet.acceptance)
    outlet.linked = "linked" in request.POST
    outlet.force_closed = "force_closed" in request.POST
    return _save(outlet, outlet.app.slug)


def _save(row: App | Outlet, slug: str) -> HttpResponse:
    try:
        row.clean_fields()
    except ValidationError as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    row.save()
    return redirect(f"{reverse('portal')}#{slug}")


@require_POST
def add_fault(request: HttpRequest) -> HttpResponse:
    chosen = dict(PRESETS).get(request.POST.get("preset", ""))
    if chosen is not None:
        Fault.objects.create(**chosen)
    return redirect(f"{reverse('portal')}#faults")


@require_POST
def clear_faults(request: HttpRequest) -> HttpResponse:
    Fault.objects.all().delete()
    return redirect(f"{reverse('portal')}#faults")


@require_POST
@transaction.non_atomic_requests
def reset(request: HttpRequest) -> HttpResponse:
    with worker.paused():
        seeding.reset()
    return redirect("portal")
