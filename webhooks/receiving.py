"""Taking a notification in: verify, store, answer. Nothing else happens on the request."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections import defaultdict, deque

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from gobiz_admin.gobiz.signatures import matches
from gobiz_admin.merchants.announcing import wake
from gobiz_admin.merchants.models import GobizApp
from webhooks.envelope import digest, read_envelope
from webhooks.models import Notification
from webhooks.tasks import work_off

log = logging.getLogger(__name__)
LARGEST = 1_048_576
KEPT_HEADERS = ("Content-Type", "User-Agent", "X-Go-Idempotency-Key", "X-Request-ID")
FORGED_TRACES_PER_MINUTE = 30
_forged: defaultdict[str, deque[float]] = defaultdict(deque)


def receive(request: HttpRequest, token: str) -> HttpResponse:
    """GoBiz's answer: 200 stored or known, 401 not signed, 404 no such address, 413 too large, 503 try again.

    503 and not 500 when it cannot be stored: GoBiz then tries four times, not once
    (gobiz-api.md, "Receiving notifications").
    """
    if _declared_length(request) > LARGEST:
        return HttpResponse(status=413)
    try:
        app = GobizApp.objects.filter(webhook_token=token).first()
        if app is None:
            return HttpResponse(status=404)
        raw = _body(request)
        if len(raw) > LARGEST:
            return HttpResponse(status=413)
        return _store(app, raw, request)
    except Exception:
        # Whatever it is, a lost connection to the database or a key that does not decrypt.
        log.exception("a notification could not be stored")
        connection.close()
        return HttpResponse(status=503, headers={"Retry-After": "30"})


def _store(app: GobizApp, raw: bytes, request: HttpRequest) -> HttpResponse:
    verdict = judge(app, raw, request.headers.get("X-Go-Signature"))
    if verdict == Notification.Verdict.FORGED:
        if _may_leave_trace(app.webhook_token):
            insert(app, raw, verdict, request)
        return HttpResponse(status=401)
    insert(app, raw, verdict, request)
    wake(work_off)
    return HttpResponse(status=200)


def judge(app: GobizApp, raw: bytes, signature: str | None) -> str:
    """Whether the app's Relay Secret signed these bytes; an app may record without that, in the sandbox."""
    if matches(app.relay_secrets, raw, signature):
        return Notification.Verdict.VERIFIED
    if app.signature_mode == GobizApp.SignatureMode.RECORD_ONLY:
        return Notification.Verdict.UNVERIFIED
    return Notification.Verdict.FORGED


def insert(app: GobizApp, raw: bytes, verdict: str, request: HttpRequest) -> None:
    """Store the delivery; one that is there already changes nothing."""
    envelope = read_envelope(raw)
    row = Notification(
        gobiz_app=app,
        event_id=envelope.event_id if envelope else digest(raw),
        event_name=envelope.event_name if envelope else "",
        order_number=envelope.order_number if envelope else "",
        raw=raw,
        headers={
            name: request.headers[name].replace("\x00", "")[:300]
            for name in KEPT_HEADERS
            if name in request.headers
        },
        source_address=_address(request),
        verdict=verdict,
    )
    if verdict == Notification.Verdict.FORGED:
        _without_effect(row, "forged")
    elif envelope is None:
        _without_effect(row, "not_json")
    Notification.objects.bulk_create([row], ignore_conflicts=True)


def _without_effect(row: Notification, why: str) -> None:
    row.state, row.note, row.finished_at = Notification.State.IGNORED, why, timezone.now()


def _body(request: HttpRequest) -> bytes:
    """The body, as far as it is not too large to be taken."""
    if "CONTENT_LENGTH" not in request.META and "HTTP_TRANSFER_ENCODING" in request.META:
        # Django reads nothing of a chunked body, for it has no declared length.
        return bytes(request.META["wsgi.input"].read(LARGEST + 1))
    return request.read(LARGEST + 1)


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _address(request: HttpRequest) -> str | None:
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def _may_leave_trace(token: str) -> bool:
    """Whether this process may store one more forged delivery: a flood must not fill the disk."""
    now, times = time.monotonic(), _forged[token]
    while times and times[0] < now - 60:
        times.popleft()
    if len(times) >= FORGED_TRACES_PER_MINUTE:
        return False
    times.append(now)
    return True
