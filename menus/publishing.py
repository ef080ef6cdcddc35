"""Bringing a catalog to GoFood: a frozen version, and a sync that a worker sends.

queued → sending → accepted → confirmed, or failed, or superseded by a newer one. Every change of a
sync's state happens under the outlet's lock (`menus.locking`); every call to GoBiz happens outside any
transaction, after the row that tells of it is committed. What follows "accepted" is in `confirming`.
"""

import logging
import time
import uuid
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
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus import readings, states, theirs, versions
from menus.app_limit import has_room, next_menus
from menus.checks import NEVER_IMPORTED_CHECK, Check, check_tree, errors_in
from menus.differences import matches_live
from menus.locking import lock_catalog, lock_outlet
from menus.models import CatalogVersion, OutletCatalog, Sync, SyncAttempt
from menus.on_gofood import on_gofood
from menus.payload import Payload, checksum, payload_of
from menus.removals import refuse_unconfirmed
from menus.stock_sending import is_sending
from menus.stock_told import as_told, with_switches
from menus.timed_now import note_queued
from menus.tree import load_tree
from menus.waking import wake_task

log = logging.getLogger(__name__)
State = Sync.State
# PUT catalog may take 100 s and more; a worker that is silent for this long has died.
STUCK_AFTER = timedelta(minutes=3)
# What an attempt came to that others have settled.
NOT_SENT = ("overtaken", theirs.MADE_ANEW)


class PublishRefused(Exception):
    """`checks`: the errors that block it."""

    def __init__(self, checks: list[Check]) -> None:
        super().__init__(", ".join(sorted({check.code for check in checks})))
        self.checks = checks


class AlreadyPublished(Exception):
    """GoFood was proven to have exactly this; `sync` proved it. Nothing was stored, nothing is sent."""

    def __init__(self, sync: Sync) -> None:
        super().__init__(sync.pk)
        self.sync = sync


def request_publish(
    outlet: Outlet,
    user: User | None,
    *,
    note: str = "",
    again: bool = False,
    removing: int | None = None,
) -> Sync:
    """The queued sync of a new version of what the outlet sells now; it replaces one that waits.

    What is byte for byte the same as the version that is on its way gives that one's sync: pressed twice is
    sent once. With `again` it is sent once more. `removing`: the typed number of items that go.
    Raises PublishRefused when a check finds an error, RemovalUnconfirmed when many items would go and their
    number was not typed, AlreadyPublished when GoFood has just this; and then stores nothing.
    """
    with transaction.atomic():
        lock_outlet(outlet)
        selling = OutletCatalog.objects.filter(outlet=outlet, imported_at__isnull=False).first()
        if selling is None:
            raise PublishRefused([NEVER_IMPORTED_CHECK])
        tree = load_tree(lock_catalog(selling.catalog_id), outlet)
        checks = check_tree(tree)
        if errors := errors_in(checks):
            raise PublishRefused(errors)
        known = on_gofood(outlet)
        draft = versions.draft_of(known.base, known.now, payload_of(tree), checks, versions.timed_in(tree))
        same = versions.same_on_its_way(outlet, draft, bool(known.changed_there))
        sync = None if again else same
        if sync is None:
            refuse_unconfirmed(draft.removal, removing)
            sync = queue_sync(outlet, versions.freeze(outlet, draft, user, note), user)
        OutletCatalog.objects.filter(pk=selling.pk).update(published_revision=tree.catalog.revision)
    return _unless_published(sync)


def bring_back(
    version: CatalogVersion, user: User | None, *, note: str = "", removing: int | None = None
) -> Sync:
    """The queued sync of a new version with the older one's menu, with the stock of today.

    The catalog stays as it is: what was edited since can be published again later. Raises NotSendable,
    RemovalUnconfirmed and AlreadyPublished, and then stores nothing.
    """
    outlet = version.outlet
    with transaction.atomic():
        lock_outlet(outlet)
        selling = OutletCatalog.objects.get(outlet=outlet)
        tree = load_tree(lock_catalog(selling.catalog_id), outlet)
        payload, timed = versions.sendable(version, tree)
        known = on_gofood(outlet)
        draft = versions.draft_of(known.base, known.now, payload, [], timed)
        sync = versions.same_on_its_way(outlet, draft, bool(known.changed_there))
        if sync is None:
            refuse_unconfirmed(draft.removal, removing)
            sync = queue_sync(outlet, versions.freeze(outlet, draft, user, note, restores=version), user)
        # What the catalog holds beside it counts as not published.
        revision = tree.catalog.revision if payload == payload_of(tree) else None
        OutletCatalog.objects.filter(pk=selling.pk).update(published_revision=revision)
    return _unless_published(sync)


def _unless_published(sync: Sync) -> Sync:
    if sync.state == State.CONFIRMED:
        raise AlreadyPublished(sync)
    return sync


def queue_sync(outlet: Outlet, version: CatalogVersion, user: User | None) -> Sync:
    """A queued sync of the version, in place of one that waits. The caller holds the outlet's lock."""
    now = timezone.now()
    Sync.objects.filter(outlet=outlet, state=State.QUEUED).update(
        state=State.SUPERSEDED, ended_at=now, next_attempt_at=None
    )
    sync = Sync.objects.create(
        outlet=outlet, version=version, request_id=uuid.uuid4().hex, requested_by=user, next_attempt_at=now
    )
    facts = {"outlet_id": outlet.outlet_id, "version": version.number, "request_id": sync.request_id}
    if version.restores is not None:
        facts["restores"] = version.restores.number
    AuditEntry.objects.create(merchant_id=outlet.merchant_id, user=user, action="menu.published", facts=facts)
    note_queued(outlet, version.timed)
    wake_task("send_sync", sync.pk)
    announce(outlet.merchant_id, "syncs", outlet=outlet.outlet_id, sync=sync.pk)
    return sync


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
