"""Telling GoFood that an outlet is closed, or open again.

queued → sending → done, or failed. A row is claimed and committed, then GoBiz is called outside any
transaction. Source of the call: gobiz-api.md, "Orders", `PATCH …/properties`.
"""

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.gobiz.errors import AlreadyExists, GobizError
from gobiz_admin.merchants import gobiz
from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.closing import FAILED, entry_of, wake_sending
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.mailing import write
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.wording import facts_of

log = logging.getLogger(__name__)
State = OutletClosing.State
# Before the second, third, … attempt: orders come in, or stay away, meanwhile. Then it asks for help.
WAITS = (
    timedelta(seconds=3),
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
)
# Two tokens and two calls of 30 s at the most: who is silent for longer has died.
STUCK_AFTER = timedelta(seconds=150)
# A lost call may still arrive: the next, opposite one must not overtake it.
AFTER_A_LOST_CALL = timedelta(seconds=3)


def send(outlet_pk: int) -> None:
    """Tell GoFood what is wished of the outlet, if that is due and no other worker does."""
    row = _claim(outlet_pk)
    if row is None:
        return
    error: GobizError | None = None
    try:
        gobiz.client_for(row.outlet.gobiz_app).set_force_close(row.outlet.outlet_id, row.closed)
    except AlreadyExists:
        pass  # a repetition of what an earlier call, whose answer was lost, has done
    except GobizError as failure:
        error = failure
    except Exception:
        # A fault of ours would be met again at every sweep: the person is told instead.
        log.exception("closing %s failed", row.pk)
        error = GobizError()
    _record(row, error)


def _claim(outlet_pk: int) -> OutletClosing | None:
    """The outlet's row, now this worker's to send; None when nothing is due."""
    now = timezone.now()
    due = OutletClosing.objects.filter(outlet=outlet_pk, state=State.QUEUED, next_attempt_at__lte=now)
    with transaction.atomic():
        # Without the app: a secret that no longer decrypts is a failure of the call, not of the claim.
        row = due.select_related("outlet").select_for_update(of=("self",), no_key=True).first()
        if row is None:
            return None
        row.state, row.claim, row.sending_wish = State.SENDING, uuid.uuid4(), row.wish
        row.attempts += 1
        row.next_attempt_at = now + STUCK_AFTER
        row.save(update_fields=["state", "claim", "sending_wish", "attempts", "next_attempt_at"])
        announce(row.outlet.merchant_id, "outlets", outlet=row.outlet.outlet_id)
    return row


def _record(sent: OutletClosing, error: GobizError | None) -> None:
    """What became of it; a newer wish than the one that was sent is not done with it."""
    with transaction.atomic():
        mine = OutletClosing.objects.filter(pk=sent.pk, claim=sent.claim, state=State.SENDING)
        row = mine.select_related("outlet__merchant").select_for_update(of=("self",), no_key=True).first()
        if row is None:
            return  # freed meanwhile and another worker's, or gone with its outlet
        _note_told(row, sent.closed, error)
        _settle(row, error, timezone.now())
        row.save()
        if row.state == State.QUEUED and row.next_attempt_at:
            wake_sending(row.outlet_id, max(row.next_attempt_at - timezone.now(), timedelta()))
        if row.state == State.FAILED:
            _ask_for_help(row)
        announce(row.outlet.merchant_id, "outlets", outlet=row.outlet.outlet_id)


def _ask_for_help(row: OutletClosing) -> None:
    entry_of(row, FAILED, None, code=row.error_code, error=row.error_facts).save()
    if not row.closed:
        facts = {"outlet": row.outlet.name, "path": reverse("closing", args=[row.outlet.merchant_id])}
        key = f"closing-{row.pk}-{row.wish}"
        write(row.outlet.merchant, Action.SEE_OUTLETS, "outlet_still_closed", key, facts)


def _note_told(row: OutletClosing, sent: bool, error: GobizError | None) -> None:
    row.claim = None
    row.error_code = error.code[:40] if error else ""
    row.error_facts = facts_of(error) if error else {}
    if error is None:
        row.told, row.told_at = sent, timezone.now()
    elif error.maybe_applied and row.told is not sent:
        row.told = None


def _settle(row: OutletClosing, error: GobizError | None, now: datetime) -> None:
    newer = row.wish > row.sending_wish
    if row.told is row.closed and (newer or error is None):
        row.state, row.next_attempt_at = State.DONE, None
        row.error_code, row.error_facts = "", {}
    elif newer:
        row.state, row.attempts = State.QUEUED, 0
        row.next_attempt_at = now + (AFTER_A_LOST_CALL if row.told is None else timedelta())
        row.error_code, row.error_facts = "", {}
    elif error is not None and error.transient and row.attempts <= len(WAITS):
        asked = timedelta(seconds=min(error.retry_after or 0, WAITS[-1].total_seconds()))
        wait = max(WAITS[row.attempts - 1], asked)
        row.state, row.next_attempt_at = State.QUEUED, now + wait
    else:
        row.state, row.next_attempt_at = State.FAILED, None


def free_stuck() -> int:
    """How many rows of dead workers were queued again: told twice it is the same."""
    now = timezone.now()
    stuck = OutletClosing.objects.filter(state=State.SENDING, next_attempt_at__lte=now)
    with transaction.atomic():
        pks = list(
            stuck.select_for_update(skip_locked=True, no_key=True).order_by("pk").values_list("pk", flat=True)
        )
        return OutletClosing.objects.filter(pk__in=pks).update(
            state=State.QUEUED, claim=None, told=None, next_attempt_at=now
        )


def due_outlets() -> list[int]:
    """The outlets of which GoFood is to be told something now, the longest waiting first."""
    due = OutletClosing.objects.filter(state=State.QUEUED, next_attempt_at__lte=timezone.now())
    return list(due.order_by("next_attempt_at", "pk").values_list("outlet_id", flat=True))
