"""Proving that a sync is live: by GoBiz's notification, or by reading the menu back."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizError
from gobiz_admin.merchants import gobiz
from gobiz_admin.merchants.models import Outlet
from menus import readings, states
from menus.differences import Change, differences, from_live, matches_live
from menus.ledger import note_confirmed
from menus.locking import lock_catalog, lock_outlet
from menus.models import LiveReading, MenuItem, OutletCatalog, Sync
from menus.own_way import as_sent
from menus.payload import Payload
from menus.stock_told import with_switches
from menus.text import clean
from menus.versions import comparable
from menus.waking import wake_task

State = Sync.State
FIRST_MINUTE, DEADLINE = timedelta(minutes=1), timedelta(minutes=10)
SOON, LATER = timedelta(seconds=5), timedelta(seconds=30)
# With GoBiz away nothing can be decided: it is asked for longer, and less often.
WHEN_AWAY, GIVE_UP = timedelta(minutes=5), timedelta(hours=2)
DIFFERENCES_NAMED = 10
READ_BACK = (State.ACCEPTED, State.CONFIRMED)


def mapping_updated(outlet: Outlet, request_id: str, menus: Any, at: datetime | None) -> Sync | None:
    """The sync that GoBiz says is live, now confirmed; None when we sent nothing of that request_id.

    It may come before the PUT's answer is recorded, in place of it, or after we have given up.
    """
    with transaction.atomic():
        lock_outlet(outlet)
        sync = Sync.objects.filter(outlet=outlet, request_id=request_id, attempts__gt=0).first()
        if sync is None:
            return None
        named = _ids_named(menus)
        sync.mapping_updated_at = sync.mapping_updated_at or at or timezone.now()
        sync.mapped_ids = sorted(named.keys() | set(sync.mapped_ids))
        sync.save(update_fields=["mapping_updated_at", "mapped_ids"])
        if _still_open(sync):
            states.confirm(sync, states.NOTIFICATION)
            states.wake_waiting(outlet)
        else:
            note_confirmed(sync)
        _keep_gobiz_ids(outlet, named)
        return sync


def _still_open(sync: Sync) -> bool:
    """Nothing is proven twice, nor after GoFood has taken a newer one; else GoBiz's word goes before ours."""
    return sync.state != State.CONFIRMED and not states.is_replaced(sync)


def _ids_named(menus: Any) -> dict[str, str]:
    """GoBiz's id by our external_id, of each item that the notification names."""
    rows = [row for row in menus if isinstance(row, dict)] if isinstance(menus, list) else []
    ids = {clean(row.get("external_menu_id")): clean(row.get("id")) for row in rows}
    ids.pop("", None)
    return ids


def _keep_gobiz_ids(outlet: Outlet, ids: dict[str, str]) -> None:
    """Note GoBiz's ids of our items: by them an item is recognised that lost its external_id."""
    selling = OutletCatalog.objects.filter(outlet=outlet).first()
    if selling is None or not ids:
        return
    lock_catalog(selling.catalog_id)
    changed = []
    for item in MenuItem.objects.filter(catalog=selling.catalog_id, external_id__in=ids):
        gobiz_id = ids[item.external_id or ""]
        if gobiz_id and item.gobiz_id != gobiz_id:
            item.gobiz_id = gobiz_id
            changed.append(item)
    if changed:
        MenuItem.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["id"], update_fields=["gobiz_id"]
        )


def read_back(sync_id: int) -> None:
    """Read the live menu, if it is time to; what was sent is confirmed by it, or what differs is noted."""
    sync = _claim(sync_id)
    if sync is None:
        return
    client, asked_at = gobiz.client_for(sync.outlet.gobiz_app), timezone.now()
    try:
        live = client.get_catalog(sync.outlet.outlet_id)
    except GobizError as error:
        _record(sync, None, error)
        return
    expected = with_switches(sync.outlet, sync.version.payload, sync.accepted_at, live)
    changes: list[Change] | None = matches_live(expected, live)
    if not changes and _waits_for_more(sync) and _still_as_before(sync, expected, live):
        changes = None
    # Kept first: who is told of the outcome finds the menu that it is about.
    readings.keep(sync.outlet, live, asked_at, proves=sync.version if changes == [] else None)
    _record(sync, changes, None)
    # While it was under way the reading told nothing.
    wake_task("compare_live_menu", sync.outlet_id)


def _claim(sync_id: int) -> Sync | None:
    """The sync, with its next read-back put off, so that no other worker reads at the same time."""
    due = Sync.objects.filter(pk=sync_id, state__in=READ_BACK, next_attempt_at__lte=timezone.now())
    sync = due.select_related("outlet__gobiz_app", "version").first()
    if sync is None or sync.accepted_at is None:
        return None
    with transaction.atomic():
        mine = Sync.objects.filter(pk=sync.pk, state__in=READ_BACK, next_attempt_at=sync.next_attempt_at)
        wait = SOON if timezone.now() - _since(sync) < FIRST_MINUTE else LATER
        if not mine.update(next_attempt_at=timezone.now() + wait):
            return None
        if wait == SOON:
            wake_task("read_back_sync", sync.pk, countdown=wait.total_seconds())
    return sync


def _since(sync: Sync) -> datetime:
    """Since when GoFood is said to have it."""
    return sync.confirmed_at or sync.accepted_at or sync.queued_at


def _waits_for_more(sync: Sync) -> bool:
    """Whether it is too early to take a menu that matches for proof without looking closer."""
    return sync.state == State.ACCEPTED and timezone.now() - _since(sync) < DEADLINE


def _still_as_before(sync: Sync, expected: Payload, live: Payload) -> bool:
    """Whether GoFood shows unchanged what only this version changes: hours, pictures, the order of items.

    These it writes its own way, so that `matches_live` leaves them out: where nothing else was changed, the menu from
    before matches as well. False where it was never read how GoFood shows that one.
    """
    shown = LiveReading.objects.filter(outlet=sync.outlet_id, proven_version__isnull=False)
    reading = shown.exclude(proven_version=sync.version_id).select_related("proven_version").first()
    if reading is None or reading.proven is None or matches_live(expected, reading.proven):
        return False
    assert reading.proven_version is not None
    before = comparable(reading.proven_version)
    changed = differences(from_live(as_sent(live, before, reading.proven)), expected)
    return any(change in changed for change in differences(before, expected))


def _record(seen: Sync, changes: list[Change] | None, error: GobizError | None) -> None:
    """What the reading shows: live, not (yet) live, or nothing, as it failed or cannot tell."""
    with transaction.atomic():
        lock_outlet(seen.outlet)
        sync = Sync.objects.filter(pk=seen.pk, state__in=READ_BACK).select_related("outlet").first()
        if sync is None or sync.accepted_at is None:
            return
        if sync.state == State.CONFIRMED:
            _record_confirmed(sync, changes)
        else:
            _record_accepted(sync, changes, error)


def _record_accepted(sync: Sync, changes: list[Change] | None, error: GobizError | None) -> None:
    age = timezone.now() - _since(sync)
    if changes == []:
        states.confirm(sync, states.READ_BACK)
    elif age < DEADLINE or _newer_under_way(sync):
        return
    elif changes is not None:
        states.fail(sync, "not_taken", named(changes))
    elif error is not None and (not error.transient or age > GIVE_UP):
        states.fail(sync, "not_confirmed", error.detail)
    else:
        Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now() + WHEN_AWAY)


def _newer_under_way(sync: Sync) -> bool:
    """Whether what is read may be a newer one whose answer is still to come."""
    tried = states.newer(sync).filter(state__in=[State.SENDING, State.QUEUED], attempts__gt=0)
    return bool(tried.exists())


def _record_confirmed(sync: Sync, changes: list[Change] | None) -> None:
    """GoBiz said that it is live: what does not match after all is named, not hidden."""
    at_last = timezone.now() - _since(sync) >= DEADLINE
    if states.newer(sync).exclude(state__in=[State.QUEUED, State.SUPERSEDED]).exists():
        # What is read now may be the newer one.
        Sync.objects.filter(pk=sync.pk).update(next_attempt_at=None)
    elif changes is not None:
        states.note_reading(sync, changes, at_last)
    elif at_last:
        Sync.objects.filter(pk=sync.pk).update(next_attempt_at=None)


def named(changes: list[Change]) -> str:
    """The names of what differs, the first ones and how many more."""
    names = list(dict.fromkeys(change.name for change in changes))
    more = len(names) - DIFFERENCES_NAMED
    return ", ".join(names[:DIFFERENCES_NAMED]) + (f", … (+{more})" if more > 0 else "")


def due_read_backs() -> list[int]:
    """The syncs whose live menu is to be read now."""
    due = Sync.objects.filter(state__in=READ_BACK, next_attempt_at__lte=timezone.now())
    return list(due.order_by("next_attempt_at").values_list("pk", flat=True))
