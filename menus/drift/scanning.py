"""Reading each outlet's live menu by itself once an hour, and keeping what it differs in."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet
from menus import readings
from menus.adopting.baseline import Baseline, baseline
from menus.adopting.comparing import compare as compare_with_catalog
from menus.adopting.plans import Plan
from menus.arriving import confirm_arrived
from menus.drift.bounds import kept
from menus.drift.sorting import Line, lines_of
from menus.live_menu import read_menu
from menus.models import Drift, LiveReading, OutletCatalog, StockSwitch, Sync
from menus.on_gofood import EVER, OnGofood, on_gofood
from menus.versions import version_before

EVERY = timedelta(hours=1)
# So that outlets which were connected together are not read together for ever.
JITTER = timedelta(minutes=6)
# What is not idle now is looked at again.
SOON = timedelta(minutes=5)
MOST_AT_A_SWEEP = 50


def scan(outlet_pk: int) -> Drift | None:
    """The outlet's drift by a reading that is made now; None when it could not be read or compared now."""
    outlet = Outlet.objects.get(pk=outlet_pk)
    readings.request_readings([outlet])
    readings.read(outlet_pk)
    return compare(outlet_pk)


def due() -> list[int]:
    """The idle outlets whose live menu is to be read now, the longest waiting first; each is put off an hour.

    An outlet with a menu or a stock switch on its way tells nothing by its live menu and waits.
    """
    _start_new()
    now = timezone.now()
    rows = Drift.objects.filter(next_due_at__lte=now).order_by("next_due_at")
    with transaction.atomic():
        ready = rows.filter(~Exists(_moving()), ~Exists(_switching())).select_for_update(
            skip_locked=True, of=["self"]
        )
        found = list(ready[:MOST_AT_A_SWEEP])
        for row in found:
            row.next_due_at = now + EVERY + random.uniform(-1, 1) * JITTER  # noqa: S311 - spreads, hides nothing
        Drift.objects.bulk_update(found, ["next_due_at"])
    return [row.outlet_id for row in found]


def _moving() -> QuerySet[Sync]:
    on_its_way = [Sync.State.QUEUED, Sync.State.SENDING, Sync.State.ACCEPTED]
    read_back = Q(state=Sync.State.CONFIRMED, next_attempt_at__isnull=False)
    return Sync.objects.filter(Q(state__in=on_its_way) | read_back, outlet=OuterRef("outlet"))


def _switching() -> QuerySet[StockSwitch]:
    on_its_way = [StockSwitch.State.QUEUED, StockSwitch.State.SENDING]
    return StockSwitch.objects.filter(outlet=OuterRef("outlet"), state__in=on_its_way)


def _start_new() -> None:
    """A row for each outlet that was published, or may have been, and has none yet; its turn within the hour."""
    maybe = Q(state=Sync.State.FAILED, maybe_applied=True)
    published = Sync.objects.filter(Q(state=Sync.State.CONFIRMED) | maybe, outlet=OuterRef("pk"))
    new = Outlet.objects.filter(Exists(published), drift=None, selling__imported_at__isnull=False)
    now = timezone.now()
    rows = [
        Drift(outlet_id=pk, next_due_at=now + random.random() * EVERY)  # noqa: S311 - spreads, hides nothing
        for pk in new.values_list("pk", flat=True)[:500]
    ]
    if rows:
        Drift.objects.bulk_create(rows, ignore_conflicts=True)


def stale() -> list[int]:
    """The outlets whose newest reading, version or catalog was not compared: the wake-up may have been lost.

    Of those without drift the catalog is left alone: what is edited here makes none.
    """
    unseen = Q(looked_at=None) | Q(looked_at__lt=F("outlet__reading__read_at"))
    edited = Q(open__gt=0, revision__lt=F("outlet__selling__catalog__revision"))
    rows = Drift.objects.filter(unseen | edited, ~Exists(_moving()), outlet__reading__live__isnull=False)
    return list(rows.order_by("pk").values_list("outlet_id", flat=True)[:MOST_AT_A_SWEEP])


def compare_new(outlet_pk: int) -> None:
    """Compare, unless the newest reading was compared with the catalog as it is: it may be asked for twice."""
    rows = Drift.objects.filter(outlet=outlet_pk, looked_at__gte=F("outlet__reading__read_at"))
    if not rows.exclude(open__gt=0, revision__lt=F("outlet__selling__catalog__revision")).exists():
        compare(outlet_pk)


def compare(outlet_pk: int) -> Drift | None:
    """The outlet's drift by its newest reading, stored; None where nothing can be told now.

    Nothing was ever proven, nothing was read since, or a menu is on its way. What we had given up and what GoFood
    has after all is no drift: it is confirmed by the reading.
    """
    confirm_arrived(outlet_pk)
    newest = LiveReading.objects.filter(outlet=outlet_pk).values_list("read_at", flat=True).first()
    at_rest = Drift.objects.filter(~Exists(_moving()), outlet=outlet_pk)
    was_at_rest = at_rest.exists()
    known = drift_now(outlet_pk)
    if known is None:
        # What is, or was just now, on its way: once it has come to rest the same reading may tell.
        if was_at_rest:
            at_rest.update(looked_at=newest)
        return None
    with transaction.atomic():
        new = Drift(outlet=known.outlet, next_due_at=timezone.now() + EVERY)
        Drift.objects.bulk_create([new], ignore_conflicts=True)
        drift = Drift.objects.select_for_update(no_key=True).get(outlet=outlet_pk)
        if drift.read_at is not None and known.reading < drift.read_at:
            return drift
        store(drift, known)
    return drift


def store(drift: Drift, known: "DriftNow") -> None:
    """Count all of the lines and keep the most important ones; of what was decided or told what is still there.

    The caller holds the row's lock.
    """
    before = _shown(drift)
    prints = {line.print for line in known.lines}
    drift.looked_at = drift.read_at = known.reading
    drift.version, drift.revision = known.there.base, known.plan.tree.catalog.revision
    drift.decided = {name: said for name, said in drift.decided.items() if name in prints}
    drift.told = [name for name in drift.told if name in prints]
    undecided = [line for line in known.lines if line.print not in drift.decided]
    drift.lines, drift.found = kept(known.lines, drift.decided), len(known.lines)
    drift.open, drift.urgent = len(undecided), sum(line.urgent for line in undecided)
    drift.save()
    if _shown(drift) != before:
        announce(known.outlet.merchant_id, "drift", outlet=known.outlet.outlet_id)


def _shown(drift: Drift) -> list[Any]:
    """What pages say of it."""
    return [
        drift.lines,
        drift.found,
        drift.open,
        drift.urgent,
        drift.decided,
        drift.version_id,
        drift.revision,
    ]


@dataclass(frozen=True)
class DriftNow:
    """What GoFood has, as it was read (`live`), the plan of taking it over, and the drift in it, all of it."""

    outlet: Outlet
    there: OnGofood
    # When it was read.
    reading: datetime
    live: dict[str, Any]
    plan: Plan
    lines: list[Line]


def drift_now(outlet_pk: int) -> DriftNow | None:
    """The drift as the menu and the newest reading stand now, in a constant number of queries.

    None where nothing can be told.
    """
    selling = OutletCatalog.objects.filter(outlet=outlet_pk, imported_at__isnull=False)
    row = selling.select_related("catalog", "outlet").first()
    if row is None:
        return None
    there = on_gofood(row.outlet, EVER)
    read_at = there.reading.read_at if there.reading else None
    if there.live is None or read_at is None or there.base is None or there.base.number == 0:
        return None
    plan = compare_with_catalog(row.catalog, row.outlet, read_menu(there.live))
    before = version_before(there.base)
    confirmed = Sync.objects.filter(outlet=outlet_pk, state=Sync.State.CONFIRMED).order_by("-pk")
    # What was not taken of the last publish, a turn of timed prices left as it is.
    told_by = Q(version__by_clock=False) if there.base.own else Q(version=there.base)
    confirmed = confirmed.filter(told_by)
    at_first = confirmed.values_list("differs", flat=True).first() or []
    lines = lines_of(plan, baseline(row.outlet), Baseline(before), at_first)
    return DriftNow(row.outlet, there, read_at, there.live, plan, lines)
