"""The worker's part of a sync: one try to bring its version to GoFood, and what it came to.

Every change of a sync's state happens under the outlet's lock (`menus.locking`); every call to GoBiz happens
outside any transaction, after the row that tells of it is committed. What follows "accepted" is in `confirming`.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from gobiz_admin.gobiz.client import GobizClient
from gobiz_admin.gobiz.errors import GobizError, RequestRefused
from gobiz_admin.merchants import gobiz
from gobiz_admin.merchants.announcing import announce
from menus import readings, states, theirs, versions
from menus.app_limit import has_room, next_menus
from menus.differences import matches_live
from menus.locking import lock_outlet
from menus.models import CatalogVersion, Sync, SyncAttempt
from menus.payload import Payload, checksum
from menus.publishing import queue_sync
from menus.stock_sending import is_sending
from menus.stock_told import as_told, with_switches

State = Sync.State
# PUT catalog may take 100 s and more; a worker that is silent for this long has died.
STUCK_AFTER = timedelta(minutes=3)
# What an attempt came to that others have settled.
NOT_SENT = ("overtaken", theirs.MADE_ANEW)


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to: taken by GoBiz, found to be live already, overtaken, made anew, or an error."""

    word: str
    answer: str = ""
    error: GobizError | None = None


class VersionDamaged(GobizError):
    """What is stored is not what was checked: it must not replace a menu."""

    code = "version_damaged"


def send(sync_id: int) -> None:
    """Try once to bring the sync's version to GoFood, if it is due and nothing else of its outlet is on its way."""
    attempt = _claim(sync_id)
    if attempt is None:
        return
    started = time.monotonic()
    try:
        outcome = _bring(attempt)
    except GobizError as error:
        outcome = Outcome(error.code, error=error)
    SyncAttempt.objects.filter(pk=attempt.pk).update(
        duration_ms=round((time.monotonic() - started) * 1000),
        status=outcome.error.status if outcome.error else None,
        outcome=outcome.word,
        answer=outcome.error.detail if outcome.error else outcome.answer,
    )
    _record(attempt, outcome)


def _claim(sync_id: int) -> SyncAttempt | None:
    """The attempt that is ours to make; None when it is not due, not queued, or others are on their way."""
    # The payload is read by who sends it: of many that wait, most are turned away.
    waiting = Sync.objects.select_related("outlet__gobiz_app", "version").defer("version__payload")
    sync = waiting.filter(pk=sync_id).first()
    if sync is None:
        return None
    with transaction.atomic():
        lock_outlet(sync.outlet)
        now = timezone.now()
        busy = Sync.objects.filter(outlet=sync.outlet, state=State.SENDING).exists()
        if busy or is_sending(sync.outlet) or not has_room(sync.outlet, for_menu=True):
            return None
        due = Sync.objects.filter(pk=sync_id, state=State.QUEUED, next_attempt_at__lte=now)
        if not due.update(
            state=State.SENDING,
            sending_at=now,
            attempts=F("attempts") + 1,
            next_attempt_at=now + STUCK_AFTER,
        ):
            return None
        sync.refresh_from_db(fields=["state", "sending_at", "attempts", "maybe_applied"])
        announce(sync.outlet.merchant_id, "syncs", outlet=sync.outlet.outlet_id, sync=sync.pk)
        return SyncAttempt.objects.create(sync=sync, number=sync.attempts)


def _bring(attempt: SyncAttempt) -> Outcome:
    """PUT the version, unless an earlier attempt turns out to have done it. No transaction is open."""
    sync = attempt.sync
    payload = _undamaged(sync.version)
    client = gobiz.client_for(sync.outlet.gobiz_app)
    if sync.maybe_applied and _is_live(client, sync, payload):
        return Outcome("found_live")
    if word := _look_first(attempt, client):
        return Outcome(word)
    if not _is_still_ours(attempt):
        return Outcome("overtaken")
    data = client.put_catalog(sync.outlet.outlet_id, payload, sync.request_id)
    return Outcome("accepted", answer=str(data)[:1000])


def _look_first(attempt: SyncAttempt, client: GobizClient) -> str:
    """Of a turn of timed prices why it is not sent; "" when others changed nothing that it would overwrite.

    found_live: GoFood has it already; made_anew: another that leaves alone what they changed takes its place.
    """
    sync = attempt.sync
    taken = theirs.proven_before(sync)
    if taken is None:
        return ""
    asked_at = timezone.now()
    try:
        live = client.get_catalog(sync.outlet.outlet_id)
        found = theirs.look(sync, taken, live)
    except GobizError as error:
        if theirs.may_go_unseen(sync, attempt.number, error):
            return ""
        raise
    if found.there:
        readings.keep(sync.outlet, live, asked_at, proves=sync.version)
        return "found_live"
    if found.anew:
        _send_instead(attempt, found.draft)
        return theirs.MADE_ANEW
    return ""


def _send_instead(attempt: SyncAttempt, draft: versions.Draft) -> None:
    """A turn with this menu in place of the attempt's, unless something newer waits or others have gone on."""
    with transaction.atomic():
        lock_outlet(attempt.sync.outlet)
        mine = Sync.objects.filter(pk=attempt.sync_id, state=State.SENDING, attempts=attempt.number)
        sync = mine.first()
        if sync is None:
            return
        if not Sync.objects.filter(outlet=sync.outlet_id, state=State.QUEUED).exists():
            _queue_turn(sync, draft)
        # What waits now is newer, and goes in its place.
        states.retry_later(sync, theirs.MADE_ANEW, "", None, maybe_applied=False)


def _queue_turn(sync: Sync, draft: versions.Draft) -> None:
    """The turn once more, with this menu."""
    old = sync.version
    version = versions.freeze(sync.outlet, draft, old.created_by, old.note, by_clock=True)
    queue_sync(sync.outlet, version, sync.requested_by)


def _is_still_ours(attempt: SyncAttempt) -> bool:
    """Whether nobody took a worker that slept for a dead one; its time begins anew with the PUT.

    Without it, one that wakes up late would bring an older menu after a newer one.
    """
    with transaction.atomic():
        lock_outlet(attempt.sync.outlet)
        ours = Sync.objects.filter(pk=attempt.sync_id, state=State.SENDING, attempts=attempt.number)
        return bool(ours.update(next_attempt_at=timezone.now() + STUCK_AFTER))


def _undamaged(version: CatalogVersion) -> dict[str, Any]:
    """The payload, exactly as it was checked and frozen."""
    if version.number < 1 or checksum(version.payload) != version.checksum:
        raise VersionDamaged
    return version.payload


def _is_live(client: GobizClient, sync: Sync, payload: Payload) -> bool:
    asked_at = timezone.now()
    try:
        live = client.get_catalog(sync.outlet.outlet_id)
    except GobizError as error:
        if error.transient:
            raise
        # It may write and not read: sending the same again harms nothing.
        return False
    sent = with_switches(sync.outlet, payload, sync.queued_at, live)
    if matches_live(sent, live) or not _tells(sync, live):
        return False
    readings.keep(sync.outlet, live, asked_at, proves=sync.version)
    return True


def _tells(sync: Sync, live: dict[str, Any]) -> bool:
    """Whether a live menu that matches proves anything: not where what GoFood had before matches as well.

    Hours, pictures, the order of items and internal names are not compared: where only they changed, here or in the
    GoBiz app, it is sent again.
    """
    before = versions.version_on_gofood(sync.outlet)
    if before is None:
        return True
    return bool(matches_live(as_told(sync.outlet, versions.comparable(before)), live))


def _record(attempt: SyncAttempt, outcome: Outcome) -> None:
    sync = attempt.sync
    with transaction.atomic():
        lock_outlet(sync.outlet)
        # A late success counts even after the janitor was there, not after another try.
        mine = Sync.objects.filter(pk=sync.pk, attempts=attempt.number)
        current = mine.filter(state__in=[State.SENDING, State.QUEUED, State.SUPERSEDED]).first()
        if current is None or outcome.word in NOT_SENT or states.is_replaced(current):
            pass  # confirmed meanwhile by its notification, or others have gone on
        elif outcome.error is None and outcome.word == "found_live":
            states.confirm(current, states.READ_BACK)
        elif outcome.error is None:
            states.accept(current)
        elif current.state == State.SENDING:
            _record_failure(current, outcome.error)
        states.wake_waiting(sync.outlet)


def _record_failure(sync: Sync, error: GobizError) -> None:
    if error.transient:
        states.retry_later(
            sync, error.code, error.detail, error.retry_after, getattr(error, "maybe_applied", False)
        )
    else:
        states.fail(sync, error.code, error.detail)
        draft = theirs.without_theirs(sync) if isinstance(error, RequestRefused) else None
        if draft and not Sync.objects.filter(outlet=sync.outlet_id, state=State.QUEUED).exists():
            _queue_turn(sync, draft)


def free_stuck_syncs() -> int:
    """How many syncs of dead workers were queued again: their PUT may have been applied."""
    stuck = Sync.objects.filter(state=State.SENDING, next_attempt_at__lte=timezone.now())
    freed = 0
    for sync in stuck.select_related("outlet"):
        with transaction.atomic():
            lock_outlet(sync.outlet)
            current = stuck.filter(pk=sync.pk).first()
            if current is not None:
                states.retry_later(current, "worker_lost", "", None, maybe_applied=True, at_once=True)
                states.wake_waiting(sync.outlet)
                freed += 1
    return freed


def due_syncs() -> list[int]:
    """The queued syncs to wake a worker for, the longest waiting first: what is due and has room now.

    What has none is woken by what ends (`states.wake_waiting`), or is due again at the next sweep.
    """
    return next_menus()
