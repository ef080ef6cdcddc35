"""Looking after each GoBiz app by itself: its subscriptions every hour, a test of its address when asked.

The row of AppCheck is the work and the lock: whoever sets it to `running` is alone with it, and says
now and then that it is still alive; one that has not done so for minutes has lost its worker.
GoBiz is called outside of any transaction.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import GobizApp
from webhooks import round_trip, subscription_check
from webhooks.models import AppCheck
from webhooks.outcomes import Outcome

log = logging.getLogger(__name__)
Kind, State = AppCheck.Kind, AppCheck.State
WORKER_LOST_AFTER = timedelta(minutes=5)
EVERY = timedelta(hours=1)
# After a failure that may pass by itself.
WAITS = (timedelta(minutes=5), timedelta(minutes=15), EVERY)
# So that not all apps are looked at in the same minute.
SPREAD_SECONDS = 600
WAIT_FOR_ANOTHER_SECONDS = 30.0
POLL_SECONDS = 0.25
MOST_AT_ONCE = 50


class LostClaim(Exception):
    """Another worker has taken the check over, because we were silent for too long."""


class CheckBusy(Exception):
    """Another worker is at it, and takes its time."""


@dataclass
class Claim:
    """A check that is ours to run, until we are silent for too long."""

    check: AppCheck
    app: GobizApp
    since: datetime = field(default_factory=timezone.now)

    def still_ours(self) -> None:
        """Say that we are alive; raises LostClaim."""
        now = timezone.now()
        mine = AppCheck.objects.filter(pk=self.check.pk, state=State.RUNNING, checked_at=self.since)
        if not mine.update(checked_at=now):
            raise LostClaim
        self.since = now


def put(app: GobizApp, kind: str) -> AppCheck:
    """The app's check of that kind, due now; the caller wakes the task that runs it (asking.py).

    One that is waiting stays so. Subscriptions that are being looked at are looked at once more
    after that, for what is asked now may have come too late for it.
    """
    now = timezone.now()
    with transaction.atomic():
        AppCheck.objects.bulk_create([AppCheck(gobiz_app=app, kind=kind)], ignore_conflicts=True)
        check = AppCheck.objects.select_for_update(no_key=True).get(gobiz_app=app, kind=kind)
        if _runs(check):
            if kind == Kind.SUBSCRIPTIONS:
                check.due_at = now
        else:
            if check.state != State.WAITING:
                check.checked_at = now
            check.state, check.due_at = State.WAITING, now
        check.save(update_fields=["state", "due_at", "checked_at"])
        announce(app.merchant_id, "webhooks")
    return check


def due() -> list[int]:
    """The checks that wait for a worker; apps that had none of their subscriptions have one now."""
    _make_missing()
    return list(
        AppCheck.objects.filter(_claimable(timezone.now()))
        .order_by("due_at", "pk")
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )


def run(check_pk: int) -> None:
    """Run the check if it is due, and again if it was asked for meanwhile."""
    while (claim := _claim(check_pk, _claimable(timezone.now()))) is not None:
        _perform(claim)


def check_now(app: GobizApp, kind: str) -> Outcome:
    """What the check finds now, run in this process; raises CheckBusy when another is at it for too long."""
    put(app, kind)
    pk = AppCheck.objects.values_list("pk", flat=True).get(gobiz_app=app, kind=kind)
    deadline = time.monotonic() + WAIT_FOR_ANOTHER_SECONDS
    while True:
        outcome = None
        if (claim := _claim(pk, _not_running(timezone.now()))) is not None:
            outcome = _perform(claim)
        if outcome is not None:
            return outcome
        if time.monotonic() > deadline:
            raise CheckBusy
        time.sleep(POLL_SECONDS)


def _make_missing() -> None:
    apps = GobizApp.objects.filter(outlets__isnull=False).exclude(checks__kind=Kind.SUBSCRIPTIONS).distinct()
    missing = [AppCheck(gobiz_app=app, kind=Kind.SUBSCRIPTIONS) for app in apps.only("pk")[:MOST_AT_ONCE]]
    if missing:
        AppCheck.objects.bulk_create(missing, ignore_conflicts=True)


def _lost(now: datetime) -> Q:
    return Q(state=State.RUNNING, checked_at__lt=now - WORKER_LOST_AFTER)


def _not_running(now: datetime) -> Q:
    return ~Q(state=State.RUNNING) | _lost(now)


def _claimable(now: datetime) -> Q:
    return (~Q(state=State.RUNNING) & Q(due_at__lte=now)) | _lost(now)


def _runs(check: AppCheck) -> bool:
    return check.state == State.RUNNING and check.checked_at > timezone.now() - WORKER_LOST_AFTER


def _claim(pk: int, wanted: Q) -> Claim | None:
    """The check, set to running by us alone; None when it is not there to be taken."""
    with transaction.atomic():
        check = (
            AppCheck.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related("gobiz_app")
            .filter(wanted, pk=pk)
            .first()
        )
        if check is None:
            return None
        # While it runs, a time in `due_at` means that it was asked for again.
        check.state, check.checked_at, check.due_at = State.RUNNING, timezone.now(), None
        check.save(update_fields=["state", "checked_at", "due_at"])
        announce(check.gobiz_app.merchant_id, "webhooks")
    return Claim(check, check.gobiz_app, check.checked_at)


def _perform(claim: Claim) -> Outcome | None:
    """What was found; None when another has taken the check over."""
    try:
        outcome = _RUNS[claim.check.kind](claim)
    except LostClaim:
        return None
    except Exception:
        log.exception("check %s of app %s", claim.check.kind, claim.app.pk)
        outcome = Outcome(False, "broken", {}, transient=True)
    return outcome if _finish(claim, outcome) else None


def _finish(claim: Claim, outcome: Outcome) -> bool:
    """Whether the outcome is stored; it is not when the check is no longer ours."""
    with transaction.atomic():
        check = (
            AppCheck.objects.select_for_update(no_key=True)
            .filter(pk=claim.check.pk, state=State.RUNNING, checked_at=claim.since)
            .first()
        )
        if check is None:
            return False
        check.state = State.PASSED if outcome.passed else State.FAILED
        check.code, check.facts, check.checked_at = outcome.code, outcome.facts, timezone.now()
        check.failures = 0 if outcome.passed else min(check.failures + 1, 1000)
        check.due_at = check.due_at or _next_look(check, outcome)
        check.save(update_fields=["state", "code", "facts", "checked_at", "failures", "due_at"])
        announce(claim.app.merchant_id, "webhooks")
    return True


def _next_look(check: AppCheck, outcome: Outcome) -> datetime | None:
    """When to look again by ourselves; None for what is done only when somebody asks."""
    if check.kind != Kind.SUBSCRIPTIONS:
        return None
    spread = timedelta(seconds=check.gobiz_app_id * 37 % SPREAD_SECONDS)
    if not outcome.transient:
        return check.checked_at + EVERY + spread
    wait = WAITS[min(check.failures, len(WAITS)) - 1]
    return check.checked_at + max(wait, timedelta(seconds=outcome.retry_after)) + spread / 10


def _subscriptions(claim: Claim) -> Outcome:
    return subscription_check.check(claim.app, claim.check.facts, claim.still_ours)


def _round_trip(claim: Claim) -> Outcome:
    return round_trip.check(claim.app)


_RUNS: dict[str, Callable[[Claim], Outcome]] = {
    Kind.SUBSCRIPTIONS: _subscriptions,
    Kind.ROUND_TRIP: _round_trip,
}
