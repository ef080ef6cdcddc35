"""One view: it checks the signature, inserts the body, answers."""

import hashlib
import hmac
import json

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLE = """
CREATE TABLE bare_delivery (
    id bigserial PRIMARY KEY,
    event_id text NOT NULL UNIQUE,
    raw bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
)
"""
INSERT = "INSERT INTO bare_delivery (event_id, raw) VALUES (%s, %s) ON CONFLICT DO NOTHING"


def take(request: HttpRequest) -> HttpResponse:
    """200 for what is in the table by then, 401 for what is not signed."""
    raw = request.body
    expected = hmac.new(settings.RELAY_SECRET.encode(), raw, hashlib.sha256).hexdigest()  # type: ignore[misc]
    if not hmac.compare_digest(expected, request.headers.get("X-Go-Signature", "")):
        return HttpResponse(status=401)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [json.loads(raw)["header"]["event_id"], raw])
    return HttpResponse(headers={"Content-Length": "0"})


urlpatterns = [path("take/", take)]
