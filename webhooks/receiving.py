"""Taking a notification in: whose is it, is it theirs, store it. Nothing else happens on the request.

One statement stores it, and a unique constraint makes a repeated delivery no second row. It
bypasses the ORM: with it, the receiver spent more time on building the row than on storing it.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import Error, connection
from django.db.models import Q
from django.utils import timezone

from gobiz_admin.gobiz.signatures import matches
from gobiz_admin.merchants.models import GobizApp
from webhooks.envelope import digest, read_envelope
from webhooks.models import Notification
from webhooks.waking import waker

LARGEST = 1_048_576
# A trace of a forged delivery is kept whole up to here, so that it can be judged again when it was
# the Relay Secret that was wrong; of a larger one only the beginning.
LARGEST_FORGED = 65_536
BEGINNING = 1_024
FORGED_TRACES_PER_MINUTE = 30
# How long this process trusts what it knows of an app; a delivery that does not verify is judged by
# what stands in the database now.
KNOWN_SECONDS = 5.0
MOST_KNOWN = 10_000
State = Notification.State


@dataclass(frozen=True)
class Delivered:
    """What came: the body's bytes, the headers that are kept, the sender's address."""

    raw: bytes
    headers: dict[str, str]
    source: str | None

    @property
    def signature(self) -> str | None:
        return self.headers.get("X-Go-Signature")


@dataclass(frozen=True)
class Receiving:
    """What receiving needs to know of a GoBiz app."""

    app_id: int
    relay_secrets: tuple[str, ...]
    record_only: bool
    read_at: float

    def verdict(self, delivered: Delivered) -> Notification.Verdict:
        """Whether a Relay Secret of the app signed these bytes; in the sandbox an app may record without."""
        if matches(self.relay_secrets, delivered.raw, delivered.signature):
            return Notification.Verdict.VERIFIED
        return Notification.Verdict.UNVERIFIED if self.record_only else Notification.Verdict.FORGED


_known: dict[str, Receiving] = {}
_forged: defaultdict[str, deque[float]] = defaultdict(deque)


def is_known(token: str) -> bool:
    """Whether the token names an app, as far as this process knows or the database says."""
    return bool(_known_app(token) or _look_up(token))


def receive(token: str, delivered: Delivered) -> int:
    """GoBiz's answer: 200 stored or known, 401 not signed, 404 no such address; raises what the database raises."""
    app = _known_app(token) or _look_up(token)
    if app is None:
        return 404
    verdict = app.verdict(delivered)
    if verdict != Notification.Verdict.VERIFIED:
        app = _look_up(token)
        if app is None:
            return 404
        verdict = app.verdict(delivered)
    if verdict == Notification.Verdict.FORGED:
        if _may_leave_trace(token):
            store(app.app_id, delivered, verdict)
        return 401
    store(app.app_id, delivered, verdict)
    waker.wake()
    return 200


def _known_app(token: str) -> Receiving | None:
    app = _known.get(token)
    return app if app and time.monotonic() - app.read_at < KNOWN_SECONDS else None


def _look_up(token: str) -> Receiving | None:
    """What the database says of the address now, old addresses that are still valid included."""
    row = _patiently(
        lambda: GobizApp.objects.filter(Q(webhook_token=token) | Q(previous_webhook_token=token)).first()
    )
    if row is None:
        _known.pop(token, None)
        return None
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    record_only = row.signature_mode == GobizApp.SignatureMode.RECORD_ONLY
    app = _known[token] = Receiving(row.pk, tuple(row.relay_secrets), record_only, time.monotonic())
    return app


def forget_all() -> None:
    """Forget what this process knows of apps and of forged deliveries."""
    _known.clear()
    _forged.clear()


INSERT = """
INSERT INTO webhooks_notification (
    gobiz_app_id, event_id, event_name, order_number, sent_at, raw, headers, source_address, verdict,
    received_at, state, note, finished_at, next_attempt_at, attempts, traceback, unread
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '', '[]')
ON CONFLICT DO NOTHING
"""


def store(app_id: int, delivered: Delivered, verdict: Notification.Verdict) -> bool:
    """Whether the delivery is stored now; one that is there already changes nothing."""
    row = _row(app_id, delivered, verdict, timezone.now())
    return bool(_patiently(lambda: _execute(row)))


def _row(app_id: int, delivered: Delivered, verdict: Notification.Verdict, now: datetime) -> list[Any]:
    envelope, raw = read_envelope(delivered.raw), delivered.raw
    note = "" if envelope else "not_json"
    if verdict == Notification.Verdict.FORGED:
        note = "forged" if len(raw) <= LARGEST_FORGED else "forged_cut"
    return [
        app_id,
        envelope.event_id if envelope else digest(raw),
        envelope.event_name if envelope else "",
        envelope.order_number if envelope else "",
        envelope.at if envelope else None,
        raw if note != "forged_cut" else raw[:BEGINNING],
        json.dumps(delivered.headers),
        delivered.source,
        verdict.value,
        now,
        (State.IGNORED if note else State.PENDING).value,
        note,
        now if note else None,
        now,
    ]


def _execute(row: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, row)
        return int(cursor.rowcount)


def _patiently(call: Any) -> Any:
    """The call's result, tried once more on a new connection when the one that stood open was dead."""
    stood_open = connection.connection is not None and not connection.in_atomic_block
    try:
        return call()
    except Error:
        if not stood_open or connection.is_usable():
            raise
        connection.close()
        return call()


def _may_leave_trace(token: str) -> bool:
    """Whether this process may store one more forged delivery: a flood must not fill the disk."""
    now, times = time.monotonic(), _forged[token]
    while times and times[0] < now - 60:
        times.popleft()
    if len(times) >= FORGED_TRACES_PER_MINUTE:
        return False
    times.append(now)
    return True
