"""A notification of our own, sent through the public address, as GoBiz would send it."""

from __future__ import annotations

import json
import time
import uuid

import requests
from django.utils import timezone

from gobiz_admin.gobiz.signatures import sign
from gobiz_admin.merchants.models import GobizApp, Outlet
from webhooks.models import Notification

TEST_EVENT = "gobiz_admin.test"
# GoBiz asks for an answer within 5 s (gobiz-api.md, "Receiving notifications").
TIMEOUT_SECONDS = (3.05, 5)


class RoundTripFailed(Exception):
    """The test did not come back; `code` says where it stopped."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def send_test(app: GobizApp, outlet: Outlet) -> int:
    """Milliseconds from sending a signed test to our public address to its row; raises RoundTripFailed."""
    event_id = str(uuid.uuid4())
    raw = json.dumps(
        {
            "header": {
                "event_name": TEST_EVENT,
                "event_id": event_id,
                "version": 1,
                "timestamp": timezone.now().isoformat(),
            },
            "body": {"outlet": {"id": outlet.outlet_id}},
        }
    ).encode()
    started = time.monotonic()
    status = _post(app, raw)
    if status != 200:
        raise RoundTripFailed("round_trip_status", url=app.webhook_url, status=status)
    if not Notification.objects.filter(gobiz_app=app, event_id=event_id).exists():
        raise RoundTripFailed("round_trip_elsewhere", url=app.webhook_url)
    return round((time.monotonic() - started) * 1000)


def _post(app: GobizApp, raw: bytes) -> int:
    headers = {"Content-Type": "application/json", "X-Go-Signature": sign(app.relay_secret, raw)}
    try:
        answer = requests.post(
            app.webhook_url, data=raw, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        raise RoundTripFailed(
            "round_trip_unreachable", url=app.webhook_url, reason=type(error).__name__
        ) from error
    return answer.status_code
