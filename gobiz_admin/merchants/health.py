"""Whether web, database, broker and a worker are well."""

from __future__ import annotations

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from redis import RedisError

from gobiz_admin.celery import app as celery
from gobiz_admin.merchants.announcing import shared_redis


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when all are well, else 503; the body names each: "ok" or what is not."""
    parts = {"web": "ok", "database": _database(), "broker": _broker()}
    parts["worker"] = _worker() if parts["broker"] == "ok" else "unknown"
    well = all(state == "ok" for state in parts.values())
    return JsonResponse(parts, status=200 if well else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        connection.close()
        return type(error).__name__
    return "ok"


def _broker() -> str:
    try:
        shared_redis().ping()
    except RedisError as error:
        return type(error).__name__
    return "ok"


def _worker() -> str:
    try:
        answers = celery.control.ping(timeout=1.5, limit=1)
    except Exception as error:  # noqa: BLE001 - kombu raises many kinds
        return type(error).__name__
    return "ok" if answers else "no worker answers"
