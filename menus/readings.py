"""Reading the live menu as it is now: asked for by a page, a sweep or a rollout, done by a worker.

An outlet has one row: who asks while a reading waits or runs gets that one. Whatever else reads a live menu
(a read-back, an import) hands it in with `keep`. A reading that is not whole leaves the one before.
"""

import logging
from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizError
from gobiz_admin.merchants import gobiz
from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import GobizApp, Outlet
from menus.differences import from_live
from menus.live_menu import ImportRefused, read_menu
from menus.models import CatalogVersion, LiveReading
from menus.payload import checksum
from menus.text import storable
from menus.waking import wake_task

log = logging.getLogger(__name__)
State = LiveReading.State
OPEN = (State.QUEUED, State.READING)
# What somebody looks at is read again when it is older than this.
NEW_ENOUGH = timedelta(minutes=1)
# A worker that is silent for this long has died.
STUCK_AFTER = timedelta(minutes=3)
MOST_AT_A_SWEEP = 50


def request_readings(outlets: Collection[Outlet]) -> int:
    """How many readings are queued now that were not, in a constant number of queries.

    What waits or is being read is asked for already, and is not asked for twice.
    """
    now = timezone.now()
    with transaction.atomic():
        LiveReading.objects.bulk_create(
            [LiveReading(outlet=outlet, state=State.READ, requested_at=now) for outlet in outlets],
            ignore_conflicts=True,
        )
        idle = LiveReading.objects.filter(outlet__in=outlets).exclude(state__in=OPEN)
        # In one order, so that two who ask for the same outlets wait for one another and never for good.
        rows = idle.order_by("pk").select_for_update(no_key=True, of=["self"])
        pks = list(rows.values_list("pk", flat=True))
        LiveReading.objects.filter(pk__in=pks).update(
            state=State.QUEUED, requested_at=now, started_at=None, error_code="", error=""
        )
        by_pk = {outlet.pk: outlet for outlet in outlets}
        for row in LiveReading.objects.filter(pk__in=pks).defer("live", "proven")[
            : settings.GOBIZ_READINGS_AT_ONCE
        ]:
            wake_task("read_live_menu", row.outlet_id)
        for merchant_id in {by_pk[outlet.pk].merchant_id for outlet in outlets} if pks else ():
            announce(merchant_id, "readings")
    return len(pks)


def readings_of(outlets: Collection[Outlet]) -> dict[int, LiveReading]:
    """By outlet pk how its reading stands, without what was read; one query."""
    rows = LiveReading.objects.filter(outlet__in=outlets).defer("live", "proven")
    return {row.outlet_id: row for row in rows}


def wants_reading(reading: LiveReading | None) -> bool:
    """Whether a page that shows the outlet should ask: what is known is old, and nobody has just tried."""
    if reading is None:
        return True
    ended = max(filter(None, (reading.read_at, reading.ended_at)), default=None)
    return not reading.is_open and (ended is None or ended < timezone.now() - NEW_ENOUGH)


def read(outlet_pk: int) -> None:
    """Read the outlet's live menu, if that is asked for and its GoBiz app bears it; the row tells the outcome."""
    reading = _claim(outlet_pk)
    if reading is None:
        return
    assert reading.started_at is not None
    try:
        client = gobiz.client_for(reading.outlet.gobiz_app)
        live = client.get_catalog(reading.outlet.outlet_id)
        facts = _facts(live, reading.started_at)
        _end(reading, State.READ, **facts)
    except GobizError as error:
        _end(reading, State.FAILED, error_code=error.code[:40], error=error.detail)
    except ImportRefused as refused:
        _end(reading, State.FAILED, error_code=refused.code, error=refused.name)
    except Exception:
        log.exception("reading the live menu of outlet %s failed", outlet_pk)
        _end(reading, State.FAILED, error_code="internal")
        raise


def _facts(live: dict[str, Any], at: datetime) -> dict[str, Any]:
    """What the row keeps of a reading; ImportRefused when something in it cannot be read."""
    read_menu(live)
    live = storable(live)
    return {"live": live, "checksum": likeness(live), "read_at": at}


def likeness(live: dict[str, Any]) -> str:
    """A checksum of what can be compared of a live menu.

    Without GoBiz's ids, which may change with each PUT, and without where pictures stand, which may change
    with each reading.
    """
    menu = from_live(live)
    for section in menu["menus"]:
        for item in section["menu_items"]:
            item["image"] = bool(item.get("image"))
    return checksum(menu)


def _claim(outlet_pk: int) -> LiveReading | None:
    """The reading, now ours; None when it is not asked for, or others of its GoBiz app are under way."""
    rows = LiveReading.objects.filter(outlet=outlet_pk, state=State.QUEUED)
    app_id = rows.values_list("outlet__gobiz_app_id", flat=True).first()
    if app_id is None:
        return None
    with transaction.atomic():
        GobizApp.objects.select_for_update(no_key=True).values_list("pk").get(pk=app_id)
        reading = LiveReading.objects.filter(outlet__gobiz_app=app_id, state=State.READING)
        if reading.count() >= settings.GOBIZ_READINGS_AT_ONCE:
            return None
        if not rows.update(state=State.READING, started_at=timezone.now()):
            return None
    mine = (
        LiveReading.objects.select_related("outlet__gobiz_app").defer("live", "proven").get(outlet=outlet_pk)
    )
    return mine if mine.state == State.READING else None


def _end(reading: LiveReading, state: str, **facts: Any) -> None:
    # Only the run that claimed it ends it: the janitor may have given it to another since.
    mine = LiveReading.objects.filter(pk=reading.pk, state=State.READING, started_at=reading.started_at)
    ended = {"state": state, "ended_at": timezone.now(), "started_at": None}
    with transaction.atomic():
        # What was handed in meanwhile may be newer.
        older = mine.filter(Q(read_at__lt=reading.started_at) | Q(read_at=None))
        if older.update(**facts, **ended) or mine.update(**ended):
            wake_task("compare_live_menu", reading.outlet_id)
            announce(reading.outlet.merchant_id, "readings", outlet=reading.outlet.outlet_id)
        _wake_waiting(reading.outlet.gobiz_app_id)


def _wake_waiting(app_id: int) -> None:
    waiting = LiveReading.objects.filter(outlet__gobiz_app=app_id, state=State.QUEUED)
    longest = waiting.order_by("requested_at", "pk").values_list("outlet_id", flat=True).first()
    if longest is not None:
        wake_task("read_live_menu", longest)


def keep(outlet: Outlet, live: dict[str, Any], at: datetime, proves: CatalogVersion | None = None) -> bool:
    """Whether this menu, for which GoBiz was asked at `at`, is the newest reading now.

    False when a newer one is kept, or when it cannot be read. `proves`: the version that it was found to be.
    """
    try:
        facts = _facts(live, at)
    except ImportRefused:
        return False
    if proves is not None:
        facts |= {"proven": facts["live"], "proven_version": proves}
    ended = {"state": State.READ, "ended_at": timezone.now(), "error_code": "", "error": ""}
    with transaction.atomic():
        LiveReading.objects.bulk_create(
            [LiveReading(outlet=outlet, state=State.READ, requested_at=at)], ignore_conflicts=True
        )
        older = LiveReading.objects.filter(Q(read_at__lt=at) | Q(read_at=None), outlet=outlet)
        # Who waits for a reading goes on waiting for its own.
        kept = older.filter(state__in=OPEN).update(**facts) or older.update(**facts, **ended)
        if kept:
            wake_task("compare_live_menu", outlet.pk)
            announce(outlet.merchant_id, "readings", outlet=outlet.outlet_id)
    return bool(kept)


def note_proof(reading: LiveReading, version: CatalogVersion) -> None:
    """The version that a reading was found to be, noted unless a newer one took its place."""
    same = LiveReading.objects.filter(pk=reading.pk, read_at=reading.read_at)
    same.update(proven=F("live"), proven_version=version)


def free_stuck_readings() -> int:
    """How many readings of dead workers are queued again: a reading changes nothing, so it may run twice."""
    stuck = LiveReading.objects.filter(state=State.READING, started_at__lt=timezone.now() - STUCK_AFTER)
    return stuck.update(state=State.QUEUED, started_at=None)


def due_readings() -> list[int]:
    """The outlets whose reading waits for a worker, the longest waiting first; no more per app than it bears."""
    waiting: QuerySet[LiveReading] = LiveReading.objects.filter(state=State.QUEUED)
    rows = waiting.order_by("requested_at", "pk").values_list("outlet_id", "outlet__gobiz_app_id")
    found: list[int] = []
    of_app: Counter[int] = Counter()
    for outlet_pk, app_id in rows:
        of_app[app_id] += 1
        if of_app[app_id] <= settings.GOBIZ_READINGS_AT_ONCE:
            found.append(outlet_pk)
    return found[:MOST_AT_A_SWEEP]
