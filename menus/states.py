"""What a sync becomes, and what follows from it. The caller holds the outlet's lock, in a transaction."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet
from menus import stock_wishes
from menus.app_limit import waiting_menus
from menus.covering import close_covered
from menus.differences import Change
from menus.ledger import note_confirmed
from menus.models import Drift, Rollout, RolloutOutlet, Sync
from menus.waking import wake_task

State = Sync.State
# Before the second, third, … attempt; after the last one it asks for help.
WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
)
FIRST_READ_BACK = timedelta(seconds=2)
# What was given up may have arrived all the same.
LOOK_AFTER = timedelta(minutes=1)
# What proves that a menu is live; ARRIVED: a reading, after the sync had been given up (menus/arriving.py).
NOTIFICATION, READ_BACK, ARRIVED = "notification", "read_back", "arrived"
DIFFERENCES_KEPT = 200


def accept(sync: Sync) -> None:
    """GoBiz has taken it; what proves it is still to come."""
    now = timezone.now()
    _become(
        sync,
        State.ACCEPTED,
        accepted_at=now,
        ended_at=None,
        next_attempt_at=now + FIRST_READ_BACK,
        error_code="",
        error="",
    )
    _supersede_older(sync, now)
    stock_wishes.note_all(sync.outlet)
    wake_task("read_back_sync", sync.pk, countdown=FIRST_READ_BACK.total_seconds())


def confirm(sync: Sync, proof: str, read_at: datetime | None = None) -> None:
    """It is live, by `proof`, or by a reading (made at `read_at`, or just now). Alerts that it covers are closed."""
    now, newly_taken = timezone.now(), sync.accepted_at is None
    _become(
        sync,
        State.CONFIRMED,
        accepted_at=sync.accepted_at or now,
        confirmed_at=now,
        ended_at=now,
        # What GoBiz says is live is looked at all the same.
        next_attempt_at=now + FIRST_READ_BACK if proof == NOTIFICATION else None,
        read_back_at=None if proof == NOTIFICATION else read_at or now,
        proof=proof,
        error_code="",
        error="",
    )
    _supersede_older(sync, now)
    note_confirmed(sync)
    close_covered(sync)
    if proof != NOTIFICATION:
        _wake_rollouts(sync)
    if newly_taken:
        stock_wishes.note_all(sync.outlet)
    if proof == NOTIFICATION:
        wake_task("read_back_sync", sync.pk, countdown=FIRST_READ_BACK.total_seconds())


def note_reading(sync: Sync, changes: list[Change], at_last: bool) -> None:
    """What a reading of the live menu shows of a confirmed sync; it is read again unless that was the last."""
    sync.read_back_at = timezone.now()
    sync.differs = [asdict(change) for change in changes[:DIFFERENCES_KEPT]]
    fields = ["read_back_at", "differs"]
    if at_last or not changes:
        sync.next_attempt_at = None
        fields.append("next_attempt_at")
    sync.save(update_fields=fields)
    announce(sync.outlet.merchant_id, "syncs", outlet=sync.outlet.outlet_id, sync=sync.pk)
    if sync.next_attempt_at is None:
        _wake_rollouts(sync)


def fail(sync: Sync, code: str, detail: str) -> None:
    """It ends here; a person has to look."""
    _become(
        sync,
        State.FAILED,
        ended_at=timezone.now(),
        next_attempt_at=None,
        maybe_applied=sync.maybe_applied,
        error_code=code[:40],
        error=detail,
    )
    _wake_rollouts(sync)


def _wake_rollouts(sync: Sync) -> None:
    """What this was the last of its stage to wait for, or what it stops, goes on at once."""
    mine = RolloutOutlet.objects.filter(sync=sync, rollout__state=Rollout.State.RUNNING)
    if sync.state == State.CONFIRMED:
        same_stage = RolloutOutlet.objects.filter(rollout=OuterRef("rollout"), stage=OuterRef("stage"))
        proven = Q(sync__state=State.CONFIRMED, sync__next_attempt_at__isnull=True)
        proven |= Q(sync__state=State.SUPERSEDED)
        mine = mine.filter(~Exists(same_stage.exclude(proven)))
    for rollout_id in mine.values_list("rollout_id", flat=True):
        wake_task("advance_rollout", rollout_id)


def retry_later(
    sync: Sync,
    code: str,
    detail: str,
    retry_after: float | None,
    maybe_applied: bool,
    at_once: bool = False,
) -> None:
    """Back to the queue for a while; superseded when a newer one waits there, failed after the last wait."""
    now = timezone.now()
    sync.maybe_applied |= maybe_applied
    if maybe_applied:
        # What was switched since it was frozen must not wait for the next attempt.
        stock_wishes.note_all(sync.outlet, sync.version.ours)
    if Sync.objects.filter(outlet_id=sync.outlet_id, state=State.QUEUED).exclude(pk=sync.pk).exists():
        ended = {"ended_at": now, "next_attempt_at": None, "maybe_applied": sync.maybe_applied}
        _become(sync, State.SUPERSEDED, **ended, error_code=code[:40], error=detail)
    elif sync.attempts > len(WAITS):
        fail(sync, code, detail)
        if sync.maybe_applied:
            Drift.objects.filter(outlet=sync.outlet_id).update(next_due_at=now + LOOK_AFTER)
    else:
        wait = timedelta() if at_once else WAITS[max(sync.attempts, 1) - 1]
        wait = max(wait, timedelta(seconds=retry_after or 0))
        _become(
            sync,
            State.QUEUED,
            next_attempt_at=now + wait,
            maybe_applied=sync.maybe_applied,
            error_code=code[:40],
            error=detail,
        )
        wake_task("send_sync", sync.pk, countdown=wait.total_seconds())


def wake_waiting(outlet: Outlet) -> None:
    """Wake workers for the outlet's switches and its GoBiz app's syncs that are due: their way is free.

    As many as the app bears, not as it has room for: what else ends in this moment cannot be seen yet.
    """
    for sync_id, _app_id in waiting_menus(outlet.gobiz_app_id):
        wake_task("send_sync", sync_id)
    stock_wishes.wake_waiting(outlet)


def newer(sync: Sync) -> Any:
    """The outlet's syncs that were requested after this one."""
    return Sync.objects.filter(outlet_id=sync.outlet_id, pk__gt=sync.pk)


def is_replaced(sync: Sync) -> bool:
    """Whether GoFood has taken a newer one since."""
    return bool(newer(sync).filter(accepted_at__isnull=False).exists())


def _supersede_older(sync: Sync, now: datetime) -> None:
    """Of what GoBiz took before, nothing is live any more."""
    Sync.objects.filter(outlet_id=sync.outlet_id, pk__lt=sync.pk, state=State.ACCEPTED).update(
        state=State.SUPERSEDED, ended_at=now, next_attempt_at=None
    )


def _become(sync: Sync, state: str, **facts: Any) -> None:
    for name, value in facts.items():
        setattr(sync, name, value)
    sync.state = state
    sync.save(update_fields=["state", *facts])
    outlet = sync.outlet
    announce(outlet.merchant_id, "syncs", outlet=outlet.outlet_id, sync=sync.pk)
