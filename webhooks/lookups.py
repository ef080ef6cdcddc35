"""Asking GoBiz what it tried to deliver about an order, and taking in what we missed.

queued → running → done, or failed. A look-up is claimed, GoBiz is asked outside of any transaction, and
what it answers is stored and recorded in one. Source: gobiz-api.md, "Asking GoBiz what it tried to deliver".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from gobiz_admin.gobiz.errors import CredentialsRefused, GobizError, ScopeMissing, TokenRefused
from gobiz_admin.merchants import gobiz
from gobiz_admin.merchants.announcing import announce, wake
from gobiz_admin.merchants.models import GobizApp, User
from gobiz_admin.merchants.wording import facts_of
from webhooks.lookup_answers import MOST_NOTIFICATIONS, Verified, judged
from webhooks.models import Notification, NotificationLookup
from webhooks.receiving import Delivered, store

log = logging.getLogger(__name__)
State, Reason = NotificationLookup.State, NotificationLookup.Reason
OPEN = (State.QUEUED, State.RUNNING)
WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
)
# A token and a call take less: who is silent for this long has died.
WORKER_LOST_AFTER = timedelta(minutes=2)
# By itself an order is asked about no more often than this.
BY_ITSELF_EVERY = timedelta(minutes=10)
# An app that GoBiz does not let ask is asked for by persons only, for as long.
NOT_ALLOWED_FOR = timedelta(hours=1)
NOT_ALLOWED = (ScopeMissing.code, TokenRefused.code, CredentialsRefused.code)
MINUTE = timedelta(minutes=1)
# When an app has asked often enough, until it may be looked at again.
FULL_PAUSE = timedelta(seconds=15)
MOST_AT_ONCE = 50
KEPT_FOR = timedelta(days=35)


def ask(
    app: GobizApp, order_number: str, *, reason: str = Reason.ASKED, user: User | None = None
) -> NotificationLookup | None:
    """The order's look-up, waiting for a worker that is woken after commit.

    None when it is not asked: there is no such order number, or we would ask by ourselves what we have
    asked a moment ago, or what GoBiz does not let the app ask.
    """
    order_number = order_number.replace("\x00", "").strip()
    if not order_number or len(order_number) > 200:
        return None
    of_order = NotificationLookup.objects.filter(gobiz_app=app, order_number=order_number)
    with transaction.atomic():
        if reason != Reason.ASKED and _asked_enough(app, of_order):
            return None
        new = NotificationLookup(gobiz_app=app, order_number=order_number, reason=reason, requested_by=user)
        NotificationLookup.objects.bulk_create([new], ignore_conflicts=True)
        lookup = of_order.filter(state__in=OPEN).order_by("-pk").first()
        if lookup is None:
            # It was open a moment ago, and is answered by now.
            return of_order.order_by("-pk").first()
        if reason == Reason.ASKED:
            _hurry(lookup, user)
        announce(app.merchant_id, "webhooks")
        _wake(lookup.pk)
        return lookup


def _asked_enough(app: GobizApp, of_order: QuerySet[NotificationLookup]) -> bool:
    now = timezone.now()
    of_app = NotificationLookup.objects.filter(gobiz_app=app)
    return (of_order & lately_or_open(now)).exists() or (of_app & lately_refused(now)).exists()


def lately_or_open(now: datetime) -> QuerySet[NotificationLookup]:
    """Look-ups after which, or beside which, none of their order is made by itself."""
    return NotificationLookup.objects.filter(Q(requested_at__gt=now - BY_ITSELF_EVERY) | Q(state__in=OPEN))


def lately_refused(now: datetime) -> QuerySet[NotificationLookup]:
    """Look-ups that GoBiz did not let their app make: none of the app is made by itself for a while."""
    return NotificationLookup.objects.filter(
        finished_at__gt=now - NOT_ALLOWED_FOR, state=State.FAILED, error_code__in=NOT_ALLOWED
    )


def _hurry(lookup: NotificationLookup, user: User | None) -> None:
    """Somebody waits for what had been put off."""
    waiting = NotificationLookup.objects.filter(pk=lookup.pk, state=State.QUEUED)
    waiting.update(reason=Reason.ASKED, requested_by=user, next_attempt_at=timezone.now())


def _wake(pk: int, countdown: float = 0) -> None:
    from webhooks.tasks import run_lookup  # tasks.py imports this module

    wake(run_lookup, pk, countdown=countdown)


def run(pk: int) -> None:
    """Ask GoBiz, if the look-up is due and no other worker has it, and take in what we missed."""
    lookup = _claim(pk)
    if lookup is None:
        return
    app = lookup.gobiz_app
    try:
        told = gobiz.client_for(app).find_notifications(lookup.order_number)
        # The Relay Secret is read and used here too: what cannot be decrypted fails the look-up, not the claim.
        answers = judged(told[:MOST_NOTIFICATIONS], lookup.order_number, app.relay_secrets)
    except GobizError as error:
        _fail(lookup, error)
    except Exception:
        log.exception("look-up %s failed", lookup.pk)
        _fail(lookup, GobizError())
    else:
        _record(lookup, Told(len(told), answers))


@dataclass(frozen=True)
class Told:
    """GoBiz's answer: how many notifications, and what we make of each (no more than are looked at)."""

    found: int
    answers: list[tuple[dict[str, Any], Verified | None]]


def _claim(pk: int) -> NotificationLookup | None:
    """The look-up, running and ours; None when it is not due, or its app has asked often enough."""
    now = timezone.now()
    with transaction.atomic():
        lookup = (
            NotificationLookup.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(pk=pk, state=State.QUEUED, next_attempt_at__lte=now)
            .select_related("gobiz_app")
            .first()
        )
        if lookup is None:
            return None
        if _is_full(lookup, now):
            lookup.next_attempt_at = now + FULL_PAUSE
            lookup.save(update_fields=["next_attempt_at"])
            return None
        lookup.state, lookup.claimed_at = State.RUNNING, now
        lookup.attempts += 1
        lookup.save(update_fields=["state", "claimed_at", "attempts"])
        announce(lookup.gobiz_app.merchant_id, "webhooks")
        return lookup


def _is_full(lookup: NotificationLookup, now: datetime) -> bool:
    """Whether the app has made as many of these calls within a minute as it may; the lock lets one count at a time.

    A look-up's earlier tries are counted with its last, so that it is rather too many than too few. What
    nobody waits for leaves room for persons.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"look-ups of {lookup.gobiz_app_id}"]
        )
    lately = NotificationLookup.objects.filter(gobiz_app=lookup.gobiz_app_id, claimed_at__gt=now - MINUTE)
    calls = lately.aggregate(calls=Sum("attempts"))["calls"] or 0
    most = settings.LOOKUPS_PER_MINUTE
    return calls >= (most if lookup.reason == Reason.ASKED else max(most * 3 // 4, 1))


def _mine(lookup: NotificationLookup) -> NotificationLookup | None:
    """The row again, locked; None when it was freed meanwhile, because we were silent for too long."""
    rows = NotificationLookup.objects.select_for_update(no_key=True)
    return rows.filter(pk=lookup.pk, state=State.RUNNING, claimed_at=lookup.claimed_at).first()


def _record(claimed: NotificationLookup, told: Told) -> None:
    """Store what was missed, and say so, in one transaction: after it both stand, or neither."""
    app = claimed.gobiz_app
    with transaction.atomic():
        lookup = _mine(claimed)
        if lookup is None:
            return
        for shown, verified in told.answers:
            if verified is not None and _take_in(app, verified):
                shown["taken_in"] = True
                lookup.taken_in += 1
        lookup.state, lookup.finished_at = State.DONE, timezone.now()
        lookup.result, lookup.found = [shown for shown, _ in told.answers], told.found
        lookup.error_code, lookup.error_facts = "", {}
        lookup.save()
        announce(app.merchant_id, "webhooks")
        if lookup.taken_in:
            from webhooks.tasks import work_off  # tasks.py imports this module

            wake(work_off)


def _take_in(app: GobizApp, verified: Verified) -> bool:
    """Whether it was new to us: stored as GoBiz's POST would have been, under the same constraint."""
    return store(app.pk, Delivered(verified.raw, verified.headers, None), Notification.Verdict.VERIFIED)


def _fail(claimed: NotificationLookup, error: GobizError) -> None:
    with transaction.atomic():
        lookup = _mine(claimed)
        if lookup is None:
            return
        lookup.error_code, lookup.error_facts = error.code[:40], facts_of(error)
        if error.transient and lookup.attempts <= len(WAITS):
            wait = max(WAITS[lookup.attempts - 1], timedelta(seconds=error.retry_after or 0))
            lookup.state, lookup.next_attempt_at = State.QUEUED, timezone.now() + wait
        else:
            lookup.state, lookup.finished_at = State.FAILED, timezone.now()
        lookup.save()
        announce(claimed.gobiz_app.merchant_id, "webhooks")


def free_lost() -> int:
    """How many look-ups of dead workers wait again, or were given up after as many tries as any."""
    now = timezone.now()
    lost = NotificationLookup.objects.filter(state=State.RUNNING, claimed_at__lt=now - WORKER_LOST_AFTER)
    again = lost.filter(attempts__lte=len(WAITS)).update(state=State.QUEUED, next_attempt_at=now)
    return again + lost.update(state=State.FAILED, finished_at=now, error_code="worker_lost", error_facts={})


def due() -> list[int]:
    """The look-ups that wait for a worker, those first that a person waits for."""
    waiting = NotificationLookup.objects.filter(state=State.QUEUED, next_attempt_at__lte=timezone.now())
    asked_first = sorted(
        waiting.order_by("next_attempt_at", "pk").values_list("pk", "reason")[: MOST_AT_ONCE * 4],
        key=lambda row: row[1] != Reason.ASKED,
    )
    return [pk for pk, _ in asked_first[:MOST_AT_ONCE]]


def forget_old() -> int:
    """How many look-ups were deleted because nobody looks at them any more."""
    old = NotificationLookup.objects.filter(finished_at__lt=timezone.now() - KEPT_FOR)
    deleted, _ = NotificationLookup.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:500])
    ).delete()
    return deleted
