"""Closing outlets on GoFood and opening them again: what is wished, by whom, and until when.

Nothing here calls GoBiz: a wish is kept, and told by merchants/closing_sending.py (docs/decisions/0011).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce, wake_named
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.models import AuditEntry, Outlet, User

State = OutletClosing.State
CLOSED, OPENED, FAILED = "outlet.closed", "outlet.opened", "outlet.closing_failed"

# What a wish changes of a row.
WISHED = (
    *("closed", "reason", "words", "reopen_at", "since", "by", "state", "wish", "wished_at"),
    *("attempts", "next_attempt_at", "error_code", "error_facts"),
)


@dataclass(frozen=True)
class Wish:
    """Why outlets are closed, and until when by outlet (None: until somebody says)."""

    reason: str
    words: str
    reopen_at: Mapping[int, datetime | None]


@dataclass(frozen=True)
class Result:
    """What a press did: the rows that it changed, and those that stand as somebody else left them."""

    changed: list[OutletClosing]
    left: list[OutletClosing]


def close(seen: Mapping[int, int], wish: Wish, user: User | None) -> Result:
    """Close the outlets, or say anew why and until when.

    `seen` has by outlet the `wish` that the person saw: one that was closed or opened since is left alone.
    """
    result = Result([], [])
    with transaction.atomic():
        for row in _locked(seen):
            if row.wish != seen[row.outlet_id]:
                result.left.append(row)
                continue
            if not row.closed:
                row.since, row.by = timezone.now(), user
            row.reason, row.words = wish.reason, wish.words
            row.reopen_at = wish.reopen_at[row.outlet_id]
            _wish(row, True)
            result.changed.append(row)
        _save(result.changed)
        _note(result.changed, CLOSED, user)
    return result


def reopen(outlets: Collection[int], user: User | None) -> Result:
    """Open the outlets again, now; one that is open, or just on its way there, is left alone."""
    result = Result([], [])
    with transaction.atomic():
        rows = _locked(outlets)
        for row in rows:
            waits = row.state == State.QUEUED and row.attempts
            kept = result.changed if row.closed or row.state == State.FAILED or waits else result.left
            kept.append(row)
        _open(result.changed, user)
    return result


def reopen_due() -> int:
    """How many outlets open again by themselves now. One that was closed for longer meanwhile is not due."""
    due = OutletClosing.objects.filter(closed=True, reopen_at__lte=timezone.now())
    with transaction.atomic():
        rows = list(_lock(due.order_by("pk"), skip_locked=True))
        _open(rows, None)
    return len(rows)


def try_again(outlet_pk: int) -> None:
    """What failed, or waits for its next try, goes at once; what is on its way, or done, is left alone."""
    with transaction.atomic():
        waiting = OutletClosing.objects.filter(outlet=outlet_pk, state__in=[State.FAILED, State.QUEUED])
        rows = list(_lock(waiting))
        for row in rows:
            _queue(row)
        _save(rows)


def _locked(outlets: Collection[int]) -> list[OutletClosing]:
    """The rows of these outlets, made where there is none, nobody else's to change until commit."""
    # An outlet that is deleted meanwhile is not there any more, or not gone before this has ended.
    there = Outlet.objects.select_for_update(no_key=True).filter(pk__in=outlets).order_by("pk")
    pks = list(there.values_list("pk", flat=True))
    OutletClosing.objects.bulk_create((OutletClosing(outlet_id=pk) for pk in pks), ignore_conflicts=True)
    return list(_lock(OutletClosing.objects.filter(outlet__in=pks).order_by("pk")))


def _lock(rows: QuerySet[OutletClosing], skip_locked: bool = False) -> QuerySet[OutletClosing]:
    return rows.select_related("outlet", "by").select_for_update(
        of=("self",), no_key=True, skip_locked=skip_locked
    )


def _open(rows: Sequence[OutletClosing], user: User | None) -> None:
    """Wish them open. What GoFood was surely never told to close needs no call."""
    newly = [row for row in rows if row.closed]
    for row in rows:
        row.reopen_at = None
        _wish(row, False)
    _save(rows)
    _note(newly, OPENED, user)


def _wish(row: OutletClosing, closed: bool) -> None:
    row.closed, row.wished_at = closed, timezone.now()
    row.wish += 1
    if row.state != State.SENDING:
        _queue(row)


def _queue(row: OutletClosing) -> None:
    """Due at once, if GoFood does not have it so already."""
    row.attempts, row.error_code, row.error_facts = 0, "", {}
    if row.told is row.closed:
        row.state, row.next_attempt_at = State.DONE, None
    else:
        row.state, row.next_attempt_at = State.QUEUED, timezone.now()


def _save(rows: Sequence[OutletClosing]) -> None:
    OutletClosing.objects.bulk_update(rows, WISHED)
    for row in rows:
        if row.state == State.QUEUED:
            wake_sending(row.outlet_id)
        announce(row.outlet.merchant_id, "outlets", outlet=row.outlet.outlet_id)


def _note(rows: Sequence[OutletClosing], action: str, user: User | None) -> None:
    AuditEntry.objects.bulk_create(entry_of(row, action, user, by_itself=user is None) for row in rows)


def entry_of(row: OutletClosing, action: str, user: User | None, **facts: object) -> AuditEntry:
    """The line of the merchant's history that says it, to be stored."""
    about = {
        "outlet": row.outlet.outlet_id,
        "closed": row.closed,
        "reason": row.reason,
        "words": row.words,
        "until": row.reopen_at.isoformat() if row.reopen_at else None,
    }
    return AuditEntry(merchant_id=row.outlet.merchant_id, user=user, action=action, facts={**about, **facts})


def wake_sending(outlet_pk: int, countdown: timedelta = timedelta()) -> None:
    """Wake a worker for the outlet; a longer wait is found by the sweep."""
    if countdown <= timedelta(minutes=1):
        wake_named("merchants.tasks.send_closing", outlet_pk, countdown=countdown.total_seconds())
