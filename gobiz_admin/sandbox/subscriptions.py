"""Notification subscriptions, partner-wide and per outlet (page: "Notification subscriptions").

The page names no scope for them, so any token of the app will do.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from gobiz_admin.sandbox.access import api
from gobiz_admin.sandbox.answers import ApiError, read_json, success
from gobiz_admin.sandbox.events import SUBSCRIBABLE
from gobiz_admin.sandbox.models import App, Outlet, Subscription

Owner = App | Outlet


@api()
def create(request: HttpRequest, owner: Owner) -> JsonResponse:
    body = read_json(request)
    fields = {**_owned_by(owner), **_read(body)}
    active = fields.pop("active")
    # get_or_create, so that of two equal requests at one time one gets the 409.
    subscription, created = Subscription.objects.get_or_create(**fields, defaults={"active": active})
    if not created:
        raise ApiError(409, f"{body['event']} is subscribed already", title="Conflict")
    return success({"subscription": _shape(subscription)}, status=201)


@api()
def index(request: HttpRequest, owner: Owner) -> JsonResponse:
    found = Subscription.objects.filter(**_owned_by(owner)).order_by("created_at", "pk")
    return success({"subscriptions": [_shape(subscription) for subscription in found]})


@api()
def show(request: HttpRequest, owner: Owner, subscription_id: UUID) -> JsonResponse:
    return success({"subscription": _shape(_find(owner, subscription_id))})


@api()
def update(request: HttpRequest, owner: Owner, subscription_id: UUID) -> JsonResponse:
    subscription = _find(owner, subscription_id)
    body = {"event": subscription.event, "url": subscription.url, "active": subscription.active}
    fields = _read({**body, **read_json(request)})
    if _twin({**_owned_by(owner), **fields}).exclude(pk=subscription.pk).exists():
        raise ApiError(409, f"{fields['event']} is subscribed already", title="Conflict")
    Subscription.objects.filter(pk=subscription.pk).update(**fields)
    return success({"subscription": _shape(_find(owner, subscription_id))})


@api()
def delete(request: HttpRequest, owner: Owner, subscription_id: UUID) -> JsonResponse:
    _find(owner, subscription_id).delete()
    return success()


def _owned_by(owner: Owner) -> dict[str, Any]:
    if isinstance(owner, Outlet):
        return {"app": owner.app, "outlet": owner}
    return {"app": owner, "outlet": None}


def _twin(fields: dict[str, Any]) -> QuerySet[Subscription]:
    return Subscription.objects.filter(**{key: value for key, value in fields.items() if key != "active"})


def _find(owner: Owner, subscription_id: UUID) -> Subscription:
    found = Subscription.objects.filter(**_owned_by(owner), pk=subscription_id).first()
    if found is None:
        raise ApiError(404, "subscription not found", title="Not found")
    return found


def _read(body: dict[str, Any]) -> dict[str, Any]:
    event, url, active = body.get("event"), body.get("url"), body.get("active", True)
    if event not in SUBSCRIBABLE:
        raise ApiError(400, f"event: '{event}' is not offered")
    if not isinstance(url, str) or not _is_web_address(url):
        raise ApiError(400, "url: must be an http(s) URL")
    if not isinstance(active, bool):
        raise ApiError(400, "active: must be true or false")
    return {"event": event, "url": url, "active": active}


def _is_web_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= 2000


def _shape(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": str(subscription.pk),
        "event": subscription.event,
        "url": subscription.url,
        "active": subscription.active,
        "created_at": subscription.created_at.isoformat(),
    }


Verbs = dict[str, Callable[..., HttpResponse]]
COLLECTION: Verbs = {"GET": index, "POST": create}
MEMBER: Verbs = {"GET": show, "PUT": update, "DELETE": delete}
