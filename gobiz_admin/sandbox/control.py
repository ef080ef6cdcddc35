"""What tests and demos steer the sandbox with. JSON, no login, no CSRF token: it is a toy on your machine.

* `GET/POST/DELETE /_control/faults`: list; add (a list, or one, of `{match, times, status, body, headers,
  delay, close, apply}`, see `faults.py`); clear.
* `GET/POST /_control/settings`: `retry_speed, confirm_after, acceptance_speed, send_confirmation,
  token_expires_in (null: the app's own), missing_scope_status (401 or 403), duplicates, shuffle,
  fetch_images, delivery_timeout`; a POST changes what it names.
* `GET /_control/calls?since=<id>&match=<words>` → `{calls: [{id, at, method, path, query, status,
  request_id, app, body, milliseconds}], last}`, newest last; `status` is null while the call waits or when
  its connection was dropped. `DELETE` empties the list.
* `GET/POST /_control/apps`: list with all credentials; make or change one: `{slug, name?, app_id?, scopes?,
  ungranted? ("drop"|"refuse"), token_expires_in?, app_secret?, relay_secret?, outlets?: [{outlet_id, name,
  menu: "big"|"small"|"empty"}]}`.
* `GET/POST /_control/outlets/<id>`: with its whole `catalog`; change `name, acceptance, linked,
  force_closed, external_outlet_id, catalog` (the last plays a change made in the GoBiz app).
* `DELETE /_control/tokens`: all tokens become unknown.
* `POST /_control/reset`: back to the seed; the seeded apps keep their secrets.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gobiz_admin.sandbox import faults, seeding, worker
from gobiz_admin.sandbox.answers import PlainError, parse
from gobiz_admin.sandbox.models import ALL_SCOPES, App, Call, Fault, Outlet, Settings, Token

Json = dict[str, Any]

FAULT_FIELDS = ["match", "times", "status", "body", "headers", "delay", "close", "apply"]
SETTING_FIELDS = [field.name for field in Settings._meta.fields if field.name != "id"]
APP_FIELDS = ["name", "app_id", "app_secret", "relay_secret", "scopes", "ungranted", "token_expires_in"]
OUTLET_FIELDS = ["name", "external_outlet_id", "acceptance", "linked", "force_closed", "catalog"]
CALL_FIELDS = ["id", "method", "path", "query", "status", "request_id", "app", "body", "milliseconds"]


def list_faults(request: HttpRequest) -> JsonResponse:
    found = Fault.objects.order_by("pk")
    return JsonResponse({"faults": [_pick(fault, FAULT_FIELDS) for fault in found]})


def add_faults(request: HttpRequest) -> JsonResponse:
    asked = parse(request.body)
    for one in asked if isinstance(asked, list) else [asked]:
        fault = Fault()
        _set(fault, one, FAULT_FIELDS)
        if fault.status is None and not fault.close and not fault.delay:
            raise PlainError(422, "a fault needs a status, a delay, or close")
        fault.save()
    return list_faults(request)


def clear_faults(request: HttpRequest) -> JsonResponse:
    Fault.objects.all().delete()
    return JsonResponse({"faults": []})


def get_settings(request: HttpRequest) -> JsonResponse:
    return JsonResponse(_pick(Settings.load(), SETTING_FIELDS))


def set_settings(request: HttpRequest) -> JsonResponse:
    settings = Settings.load()
    _set(settings, parse(request.body), SETTING_FIELDS)
    if settings.retry_speed <= 0 or settings.acceptance_speed <= 0:
        raise PlainError(422, "retry_speed and acceptance_speed must be more than 0")
    settings.save()
    return get_settings(request)


def list_calls(request: HttpRequest) -> JsonResponse:
    since = request.GET.get("since", "0")
    calls = Call.objects.filter(pk__gt=int(since) if since.isdecimal() else 0).order_by("pk")
    match = request.GET.get("match", "")
    shown = [
        {**_pick(call, CALL_FIELDS), "at": call.at.isoformat()}
        for call in calls
        if faults.matches(match, call.method, call.path)
    ]
    return JsonResponse({"calls": shown, "last": Call.objects.aggregate(last=models.Max("pk"))["last"] or 0})


def clear_calls(request: HttpRequest) -> JsonResponse:
    Call.objects.all().delete()
    return JsonResponse({"calls": []})


def list_apps(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"apps": [app_shape(app) for app in App.objects.order_by("pk")]})


def set_app(request: HttpRequest) -> JsonResponse:
    asked = parse(request.body)
    if not isinstance(asked, dict) or not asked.get("slug"):
        raise PlainError(422, "slug: is required")
    outlets = asked.pop("outlets", [])
    slug = asked.pop("slug")
    app = seeding.make_app(slug, slug.title(), f"{slug}-app", ALL_SCOPES)
    _set(app, asked, APP_FIELDS)
    app.save()
    for outlet in outlets:
        seeding.make_outlet(app, outlet["outlet_id"], outlet["name"], outlet.get("menu", "small"))
    return JsonResponse(app_shape(app))


def get_outlet(request: HttpRequest, outlet_id: str) -> JsonResponse:
    return JsonResponse({"outlet_id": outlet_id, **_pick(_outlet(outlet_id), OUTLET_FIELDS)})


def set_outlet(request: HttpRequest, outlet_id: str) -> JsonResponse:
    outlet = _outlet(outlet_id)
    _set(outlet, parse(request.body), OUTLET_FIELDS)
    outlet.save()
    return get_outlet(request, outlet_id)


def revoke_tokens(request: HttpRequest) -> JsonResponse:
    Token.objects.all().delete()
    return JsonResponse({})


@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def reset(request: HttpRequest) -> JsonResponse:
    with worker.paused():
        seeding.reset()
    return list_apps(request)


def app_shape(app: App) -> Json:
    outlets = [
        {"outlet_id": outlet.outlet_id, **_pick(outlet, ["name", "acceptance", "linked", "force_closed"])}
        for outlet in app.outlets.order_by("pk")
    ]
    return {**_pick(app, ["slug", "partner_id", *APP_FIELDS]), "outlets": outlets}


def _outlet(outlet_id: str) -> Outlet:
    outlet = Outlet.objects.select_for_update().filter(outlet_id=outlet_id).first()
    if outlet is None:
        raise PlainError(404, f"outlet {outlet_id} is unknown")
    return outlet


def _pick(row: models.Model, fields: list[str]) -> Json:
    return {field: getattr(row, field) for field in fields}


def _set(row: models.Model, values: Any, fields: list[str]) -> None:
    """Sets the named fields; an unknown name or an unfit value is refused, not ignored."""
    if not isinstance(values, dict) or not values.keys() <= set(fields):
        raise PlainError(422, f"must be an object with: {', '.join(fields)}")
    for field, value in values.items():
        setattr(row, field, value)
    try:
        row.clean_fields(exclude=[field.name for field in row._meta.fields if field.name not in values])
    except ValidationError as error:
        raise PlainError(
            422, "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
        ) from None
