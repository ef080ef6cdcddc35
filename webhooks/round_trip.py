"""A notification of our own, sent through the public address, as GoBiz would send it."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from datetime import datetime

import requests
from django.utils import timezone

from gobiz_admin.gobiz.signatures import sign
from gobiz_admin.merchants.models import GobizApp, Outlet
from webhooks import addresses
from webhooks.models import Notification
from webhooks.outcomes import Outcome

# No event of GoBiz's: it never counts as heard from GoBiz.
TEST_EVENT = "gobiz_admin.test"
# GoBiz asks for an answer within 5 s (gobiz-api.md, "Receiving notifications").
TIMEOUT_SECONDS = (3.05, 5)
APPLIED_WITHIN_SECONDS = 5.0
POLL_SECONDS = 0.05
_WORKED_OFF = (Notification.State.DONE, Notification.State.IGNORED)


class RoundTripFailed(Exception):
    """The test did not come back; `code` says where it stopped."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Sent:
    """A test that was answered 200, and that stands in our database."""

    notification_pk: int
    sent_at: datetime
    received_at: datetime
    answered_ms: int
    found_ms: int


def send_test(app: GobizApp, outlet: Outlet | None) -> int:
    """Milliseconds from sending a signed test to our public address to its row; raises RoundTripFailed."""
    return _send(app, outlet).found_ms


def check(app: GobizApp) -> Outcome:
    """How long each part of the way takes: answered, stored, worked off; or where the test stopped."""
    try:
        sent = _send(app, app.outlets.first())
        facts = {"answered": sent.answered_ms, "stored": _between(sent.sent_at, sent.received_at)}
        finished_at = _wait_until_applied(sent.notification_pk)
    except RoundTripFailed as failure:
        # The sentence names the address; its token is nobody's business there.
        return Outcome(False, failure.code, {**failure.facts, "url": addresses.masked(app)})
    if finished_at is None:
        return Outcome(False, "round_trip_not_applied", {**facts, "seconds": int(APPLIED_WITHIN_SECONDS)})
    facts["applied"] = _between(sent.received_at, finished_at)
    return Outcome(True, "round_trip_came_back", facts)


def _send(app: GobizApp, outlet: Outlet | None) -> Sent:
    event_id = str(uuid.uuid4())
    raw = _test(event_id, outlet)
    sent_at, started = timezone.now(), time.monotonic()
    status = _post(app, raw)
    answered = time.monotonic()
    if status != 200:
        raise RoundTripFailed("round_trip_status", url=app.webhook_url, status=status)
    row = Notification.objects.filter(gobiz_app=app, event_id=event_id).values("pk", "received_at").first()
    if row is None:
        raise RoundTripFailed("round_trip_elsewhere", url=app.webhook_url)
    found = time.monotonic()
    return Sent(
        row["pk"],
        sent_at,
        row["received_at"],
        answered_ms=round((answered - started) * 1000),
        found_ms=round((found - started) * 1000),
    )


def _test(event_id: str, outlet: Outlet | None) -> bytes:
    header = {
        "event_name": TEST_EVENT,
        "event_id": event_id,
        "version": 1,
        "timestamp": timezone.now().isoformat(),
    }
    body = {"outlet": {"id": outlet.outlet_id}} if outlet else {}
    return json.dumps({"header": header, "body": body}).encode()


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


def _wait_until_applied(notification_pk: int) -> datetime | None:
    """When a worker was done with it; None when none was in time."""
    deadline = time.monotonic() + APPLIED_WITHIN_SECONDS
    while True:
        row = Notification.objects.filter(pk=notification_pk).values("state", "finished_at").first()
        if row and row["state"] in _WORKED_OFF:
            return row["finished_at"] or timezone.now()
        if row is None or time.monotonic() >= deadline:
            return None
        time.sleep(POLL_SECONDS)


def _between(earlier: datetime, later: datetime) -> int:
    """Whole milliseconds, none below 0: the two clocks may be those of two machines."""
    return max(0, round((later - earlier).total_seconds() * 1000))
