"""Working notifications off: claim one, hand it to its handler, finish it, in one transaction.

The claim is a row lock, so a worker that dies gives it back, and the effect of a handler and the
end of its notification are committed together or not at all.
"""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet
from webhooks.dispatch import HANDLERS, Delivery
from webhooks.envelope import Envelope, read_envelope
from webhooks.models import Notification

log = logging.getLogger(__name__)
WAITS = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
State = Notification.State


def work_off(limit: int = 500) -> int:
    """How many notifications were worked off; it stops when none is due."""
    for done in range(limit):
        if not work_off_one():
            return done
    return limit


def work_off_one() -> bool:
    """Whether one was due, and is now done, without effect, or failed."""
    with transaction.atomic():
        notification = (
            Notification.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("gobiz_app")
            .filter(state__in=[State.PENDING, State.FAILED], next_attempt_at__lte=timezone.now())
            .order_by("next_attempt_at", "id")
            .first()
        )
        if notification is None:
            return False
        _attempt(notification)
        notification.save(
            update_fields=["state", "note", "attempts", "next_attempt_at", "finished_at", "outlet"]
        )
        announce(notification.gobiz_app.merchant_id, "webhooks")
    return True


def _attempt(notification: Notification) -> None:
    notification.attempts += 1
    try:
        with transaction.atomic():
            note = apply(notification)
            # Here, not at the commit, where it would undo the record of the failure as well.
            connection.check_constraints()
    except Exception as error:
        log.exception("notification %s failed", notification.pk)
        _fail(notification, error)
        return
    notification.state = State.IGNORED if note else State.DONE
    notification.note, notification.finished_at = note, timezone.now()


def _fail(notification: Notification, error: Exception) -> None:
    notification.note = "".join(traceback.format_exception_only(error)).replace("\x00", "")[:2000]
    if notification.attempts > len(WAITS):
        notification.state, notification.finished_at = State.DEAD, timezone.now()
        return
    notification.state = State.FAILED
    notification.next_attempt_at = timezone.now() + WAITS[notification.attempts - 1]


def apply(notification: Notification) -> str:
    """Hand the notification to its handler; "" when it had its effect, else why it has none."""
    envelope = read_envelope(bytes(notification.raw))
    if envelope is None:
        return "not_json"
    handler = HANDLERS.get(envelope.event_name)
    if handler is None:
        return "unknown_event"
    outlet, why_none = _outlet_of(notification, envelope)
    if outlet is None:
        return why_none
    notification.outlet = outlet
    handler(
        Delivery(
            notification=notification,
            outlet=outlet,
            event_name=envelope.event_name,
            event_id=notification.event_id,
            order_number=envelope.order_number,
            body=envelope.body,
            at=envelope.at,
        )
    )
    _try_again_without_outlet(notification, envelope)
    return ""


def _try_again_without_outlet(notification: Notification, envelope: Envelope) -> None:
    """Earlier notifications of the same order that named no outlet: now it is known which it is."""
    if envelope.order_number and envelope.outlet_id:
        notification.gobiz_app.notifications.filter(
            order_number=envelope.order_number, state=State.IGNORED, note="no_outlet"
        ).update(state=State.PENDING, note="", next_attempt_at=timezone.now(), finished_at=None)


def _outlet_of(notification: Notification, envelope: Envelope) -> tuple[Outlet | None, str]:
    """The outlet of the app that the notification is about, else why there is none.

    Without an outlet in the body: that of the order if known, else the app's only one
    (gobiz-api.md, "How we read": Outlet).
    """
    outlets = notification.gobiz_app.outlets.all()
    if envelope.outlet_id:
        return outlets.filter(outlet_id=envelope.outlet_id).first(), "unknown_outlet"
    if envelope.order_number:
        earlier = (
            notification.gobiz_app.notifications.filter(
                order_number=envelope.order_number, outlet__isnull=False
            )
            .select_related("outlet")
            .first()
        )
        if earlier and earlier.outlet and earlier.outlet.gobiz_app_id == notification.gobiz_app_id:
            return earlier.outlet, ""
    if len(only := list(outlets[:2])) == 1:
        return only[0], ""
    return None, "no_outlet"
