"""Working notifications off: claim one, hand it to its handler, finish it, in one transaction.

The claim is a row lock, so a worker that dies gives it back, and the effect of a handler and the
end of its notification are committed together or not at all.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from django.db import Error, connection, transaction
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import GobizApp, Outlet
from webhooks.dispatch import FOLLOWERS, HANDLERS, Delivery
from webhooks.envelope import Envelope, read_envelope
from webhooks.models import Notification

log = logging.getLogger(__name__)
WAITS = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
# After so many in a row there is a crowd: somebody else may help.
FEW = 20
# How long a worker goes on before it lets the queue decide again what is next.
TURN_SECONDS = 1.0
BUSY_PAUSE_SECONDS = 0.02
LONGEST_ERROR, LONGEST_TRACEBACK = 2_000, 10_000
State = Notification.State


class Step(Enum):
    WORKED_OFF = auto()
    PASSED_OVER = auto()
    NONE_DUE = auto()


def take_turn(wake_another: Callable[[], None]) -> None:
    """Work off what is due, for a moment; where there is more, another is woken to help and to go on.

    A turn is much shorter than a worker's time limit: only a handler that hangs itself comes to feel that.
    """
    ends = time.monotonic() + TURN_SECONDS
    if work_off(FEW, TURN_SECONDS) == FEW or time.monotonic() >= ends:
        wake_another()
        work_off(seconds=TURN_SECONDS)


def work_off(limit: int = 10_000, seconds: float = float("inf")) -> int:
    """How many notifications were worked off; it stops when none is due, or at one of the limits."""
    ends, done = time.monotonic() + seconds, 0
    busy: set[int] = set()
    merchants: set[int] = set()
    while done < limit and time.monotonic() < ends:
        step = _work_off_next(busy, merchants)
        if step is Step.WORKED_OFF:
            done += 1
        elif step is Step.NONE_DUE and not busy:
            break
        elif step is Step.NONE_DUE:
            # Whoever works on these orders may have looked for more before we let go of them.
            busy.clear()
            time.sleep(BUSY_PAUSE_SECONDS)
    for merchant_id in merchants:
        announce(merchant_id, "webhooks")
    return done


def _work_off_next(busy: set[int], merchants: set[int]) -> Step:
    """Work off the notification that is due first, `busy` ones left out; a failure is recorded with it."""
    notification, attempts = None, 0
    try:
        with transaction.atomic():
            notification = _claim(busy)
            if notification is None:
                return Step.NONE_DUE
            attempts = notification.attempts
            if not _has_order_for_itself(notification):
                busy.add(notification.pk)
                return Step.PASSED_OVER
            _finish(notification, apply(notification))
            merchants.add(_merchant_of(notification))
    except Exception as error:
        # A worker whose database went away has not failed: the row is as it was, and due.
        if notification is None or _database_went_away(error):
            raise
        log.exception("notification %s failed", notification.pk)
        _record_failure(notification, attempts + 1, error)
    return Step.WORKED_OFF


# By hand, for the ORM takes longer to put it together than PostgreSQL to answer it. An open one of the
# same order may be found to name no outlet before we have the order for ourselves.
CLAIM = """
SELECT due.*, due.order_number <> '' AND EXISTS (
    SELECT FROM webhooks_notification other
    WHERE other.gobiz_app_id = due.gobiz_app_id AND other.order_number = due.order_number
        AND other.order_number <> '' AND other.id <> due.id AND (
            other.state IN ('pending', 'failed') OR other.state = 'ignored' AND other.note = 'no_outlet'
        )
) AS others_may_wait_for_outlet
FROM webhooks_notification due
WHERE due.state IN ('pending', 'failed') AND due.next_attempt_at <= %s AND due.id <> ALL(%s)
ORDER BY due.next_attempt_at, due.id
LIMIT 1
FOR UPDATE OF due SKIP LOCKED
"""


def _claim(busy: set[int]) -> Notification | None:
    """The notification that is due first, locked, `busy` ones left out."""
    found: Iterable[Notification] = Notification.objects.raw(CLAIM, [timezone.now(), list(busy)])
    return next(iter(found), None)


def _has_order_for_itself(notification: Notification) -> bool:
    """Whether no other worker is at the order, which is then ours to the end of the transaction.

    It is not waited for: a handler that hangs would hold up every worker that comes to its order.

    The same statement lets the commit not wait for the disk. Should PostgreSQL crash, effect and
    end of the notification are lost together, and it is worked off again.
    """
    order = notification.order_number or f"no order, notification {notification.pk}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)),"
            " set_config('synchronous_commit', 'off', true)",
            [f"{notification.gobiz_app_id}: {order}"],
        )
        return bool(cursor.fetchone()[0])


def _finish(notification: Notification, why_none: str) -> None:
    notification.state = State.IGNORED if why_none else State.DONE
    notification.note, notification.traceback = why_none, ""
    notification.attempts += 1
    notification.finished_at = timezone.now()
    notification.save(
        update_fields=["state", "note", "traceback", "unread", "attempts", "finished_at", "outlet"]
    )


def _merchant_of(notification: Notification) -> int:
    if notification.outlet is not None:
        return notification.outlet.merchant_id
    return GobizApp.objects.values_list("merchant_id", flat=True).get(pk=notification.gobiz_app_id)


def _database_went_away(error: Exception) -> bool:
    """Whether the connection was lost, or the server is stopping or starting."""
    if not isinstance(error, Error):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return connection.connection is None or connection.connection.closed or str(state)[:3] in {"57P", "080"}


def _record_failure(notification: Notification, attempts: int, error: Exception) -> None:
    """Count the attempt, unless another worker has taken the notification meanwhile."""
    still_ours = Notification.objects.filter(
        pk=notification.pk, state__in=[State.PENDING, State.FAILED], attempts=attempts - 1
    )
    words: dict[str, Any] = {
        # As far as it was found out: the log is looked through by outlet.
        "outlet": notification.outlet_id,
        "note": _storable("".join(traceback.format_exception_only(error)))[:LONGEST_ERROR],
        "traceback": _storable("".join(traceback.format_exception(error)))[-LONGEST_TRACEBACK:],
    }
    now = timezone.now()
    if attempts > len(WAITS):
        still_ours.update(state=State.DEAD, attempts=attempts, finished_at=now, **words)
    else:
        due = now + WAITS[attempts - 1]
        still_ours.update(state=State.FAILED, attempts=attempts, next_attempt_at=due, **words)
    announce(_merchant_of(notification), "webhooks")


def _storable(text: str) -> str:
    """The text without what PostgreSQL's text knows nothing of."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def apply(notification: Notification) -> str:
    """Hand the notification to its handler; "" when it had its effect, else why it has none."""
    notification.unread = []
    envelope = read_envelope(bytes(notification.raw))
    if envelope is None:
        return "not_json"
    handler = HANDLERS.get(envelope.event_name)
    if handler is None:
        return "unknown_event"
    outlet, why_none = _outlet_of(notification, envelope)
    notification.outlet = outlet
    if outlet is None:
        return why_none
    delivery = Delivery(
        notification=notification,
        outlet=outlet,
        event_name=envelope.event_name,
        event_id=notification.event_id,
        order_number=envelope.order_number,
        body=envelope.body,
        at=envelope.at,
    )
    for handle in (handler, *FOLLOWERS.get(envelope.event_name, ())):
        handle(delivery)
    if getattr(notification, "others_may_wait_for_outlet", False):
        _try_again_without_outlet(notification)
    return ""


def _try_again_without_outlet(notification: Notification) -> None:
    """Earlier notifications of the same order that named no outlet: now it is known which it is."""
    Notification.objects.filter(
        gobiz_app=notification.gobiz_app_id,
        order_number=notification.order_number,
        state=State.IGNORED,
        note="no_outlet",
    ).update(state=State.PENDING, note="", next_attempt_at=timezone.now(), finished_at=None)


def _outlet_of(notification: Notification, envelope: Envelope) -> tuple[Outlet | None, str]:
    """The outlet of the app that the notification is about, else why there is none.

    Without an outlet in the body: the one that the owner assigned, that of the order if known, else
    the app's only one (gobiz-api.md, "How we read": Outlet).
    """
    outlets = Outlet.objects.filter(gobiz_app=notification.gobiz_app_id)
    if envelope.outlet_id:
        return outlets.filter(outlet_id=envelope.outlet_id).first(), "unknown_outlet"
    if notification.outlet_id and (assigned := outlets.filter(pk=notification.outlet_id).first()):
        return assigned, ""
    if envelope.order_number:
        earlier = Notification.objects.filter(
            gobiz_app=notification.gobiz_app_id, order_number=envelope.order_number, outlet__in=outlets
        )
        if of_order := outlets.filter(pk__in=earlier.values("outlet")).first():
            return of_order, ""
    if len(only := list(outlets[:2])) == 1:
        return only[0], ""
    return None, "no_outlet"
