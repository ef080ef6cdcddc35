"""The worker's part of timed prices: when one begins or is over, just that goes to each outlet.

What is sent is the outlet's newest menu with these prices and today's stock, not what somebody is editing; what others
changed on GoFood is left as it is (menus/theirs.py). A turn compares what should hold now with what is on its way: run
twice, late or by two workers it ends alike.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet
from menus import versions
from menus.locking import lock_catalog, lock_outlet
from menus.models import CatalogVersion, OutletCatalog, Sync, TimedPlace, TimedPrice
from menus.on_gofood import on_gofood
from menus.payload import payload_of
from menus.publishing import queue_sync
from menus.timed_now import Entries, is_over, retimed, running_by_id
from menus.tree import load_tree

State = Sync.State
# GoBiz may be away for long, and is asked again: a price that costs money is said sooner.
LATE = timedelta(minutes=10)
TAKEN = (State.ACCEPTED, State.CONFIRMED)
# Why a turn could not be made; the words stand in menus/sentences.py.
NEVER_PUBLISHED, LAST_FAILED, NOT_THERE = "timed_never_published", "timed_last_failed", "timed_not_there"


def due(now: datetime) -> QuerySet[TimedPlace]:
    """What should have begun by now, or should be over, and is not known to be."""
    to_begin = Q(begun_at__isnull=True, on=True)
    return TimedPlace.objects.filter(to_begin | is_over(now), ended_at__isnull=True, starts_at__lte=now)


def due_outlets() -> list[int]:
    """The outlets where something is to begin or to end."""
    rows = due(timezone.now()).order_by("outlet_id").values_list("outlet_id", flat=True)
    return list(rows.distinct())


def keep_states() -> None:
    """What runs, or is over, is said so by now."""
    now, states = timezone.now(), TimedPrice.State
    going_on = TimedPrice.objects.filter(state__in=[states.PLANNED, states.ACTIVE])
    over = Q(ends_at__lte=now)
    for state, rows in (
        (states.ENDED, going_on.filter(over)),
        (states.ACTIVE, going_on.filter(state=states.PLANNED, starts_at__lte=now).exclude(over)),
    ):
        catalogs = dict(rows.values_list("catalog_id", "catalog__merchant_id"))
        if rows.filter(catalog__in=catalogs).update(state=state):
            for catalog, merchant in catalogs.items():
                announce(merchant, "menu", catalog=catalog)


def turn(outlet_pk: int) -> Sync | None:
    """The sync that begins or ends what is due at the outlet; None when nothing has to be sent, or nothing can be."""
    outlet = Outlet.objects.filter(pk=outlet_pk).first()
    if outlet is None:
        return None
    with transaction.atomic():
        lock_outlet(outlet)
        now = timezone.now()
        rows = list(due(now).filter(outlet=outlet).select_related("timed_price__created_by"))
        return _turn(outlet, rows, now) if rows else None


def _over(row: TimedPlace, now: datetime) -> bool:
    return row.ends_at <= now or not row.on


def _turn(outlet: Outlet, rows: list[TimedPlace], now: datetime) -> Sync | None:
    newest = Sync.objects.filter(outlet=outlet).exclude(state=State.SUPERSEDED)
    sync = newest.select_related("version").order_by("-pk").first()
    if sync is None or sync.state == State.FAILED:
        # Beat stood still for longer than it was to run, or its menu never arrived: it never did.
        there = maybe_there(outlet)
        missed = [row for row in rows if _over(row, now) and (row.begun_at is None or row.pk not in there)]
        _end(missed, now)
        rows = [row for row in rows if row not in missed]
        _say(outlet, rows, NEVER_PUBLISHED if sync is None else LAST_FAILED)
        _tell(outlet, missed)
        return None
    old, running = sync.version, running_by_id(outlet, now)
    ours, entries = retimed(old.ours, old.timed, running)
    if ours == old.ours and _places(entries) == _places(old.timed):
        _settle(outlet, sync, rows, entries, now)
        return None
    user = rows[0].timed_price.created_by
    with translation.override((user and user.language) or settings.LANGUAGE_CODE):
        note = _note(rows, now)
    version = versions.freeze(outlet, _draft(outlet, old, running), user, note, by_clock=True)
    _say(outlet, rows, "")
    return queue_sync(outlet, version, user)


def maybe_there(outlet: Outlet) -> set[int]:
    """The timed prices that GoFood has, or has perhaps: of the menu that it took last, and of what may have arrived
    since."""
    syncs = Sync.objects.filter(outlet=outlet)
    taken = syncs.filter(state__in=TAKEN).order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = syncs.filter(Q(pk=taken) | Q(pk__gt=taken, attempts__gt=0))
    known = Q(pk=taken) | Q(accepted_at__isnull=False) | Q(maybe_applied=True)
    return {
        row["place"] for timed in rows.filter(known).values_list("version__timed", flat=True) for row in timed
    }


def _draft(outlet: Outlet, old: CatalogVersion, running: dict[str, TimedPlace]) -> versions.Draft:
    """The old menu with what runs now. What others changed on GoFood is looked at when it is sent (menus/theirs.py)."""
    ours, entries = retimed(old.ours, old.timed, running)
    payload, _entries = retimed(old.payload, old.timed, running)
    selling = OutletCatalog.objects.filter(outlet=outlet).first()
    if selling is not None:
        today = payload_of(load_tree(lock_catalog(selling.catalog_id), outlet))
        ours, payload = versions.with_stock_of(ours, today), versions.with_stock_of(payload, today)
    known = on_gofood(outlet)
    draft = versions.draft_of(known.base, known.now, payload, [], entries)
    return draft if old.own is None else replace(draft, own=ours)


def _places(entries: Entries) -> set[int]:
    return {row["place"] for row in entries}


def _settle(outlet: Outlet, sync: Sync, rows: list[TimedPlace], entries: Entries, now: datetime) -> None:
    """Nothing has to be sent: what is on its way, or there, is as it should be by now."""
    there = _places(entries)
    over = [row for row in rows if _over(row, now)]
    begun = [row for row in rows if row.begun_at is None and row not in over]
    for row in begun:
        row.begun_at = now
        row.problem = "" if row.pk in there else NOT_THERE
    TimedPlace.objects.bulk_update(begun, ["begun_at", "problem"])
    # What GoBiz took and GoFood was not seen to have yet may still turn out not to be there.
    done = [row for row in over if sync.state == State.CONFIRMED or row.begun_at is None]
    _end(done, now)
    _say(outlet, [row for row in over if row not in done], "")
    _tell(outlet, [*begun, *done])


def _end(rows: list[TimedPlace], now: datetime) -> None:
    for row in rows:
        row.ended_at, row.problem = now, ""
    TimedPlace.objects.filter(pk__in=[row.pk for row in rows]).update(ended_at=now, problem="")


def _say(outlet: Outlet, rows: list[TimedPlace], problem: str) -> None:
    changed = [row.pk for row in rows if row.problem != problem]
    if changed:
        TimedPlace.objects.filter(pk__in=changed).update(problem=problem)
        _tell(outlet, rows)


def _tell(outlet: Outlet, rows: list[TimedPlace]) -> None:
    """Open pages are told that these stand otherwise now."""
    if rows:
        announce(outlet.merchant_id, "syncs", outlet=outlet.outlet_id)


def _note(rows: Iterable[TimedPlace], now: datetime) -> str:
    """“Timed price “Promo Jumat” begins”, in the language of who planned it."""
    labels: dict[tuple[bool, str], None] = {}
    for row in rows:
        labels[_over(row, now), row.timed_price.label] = None
    ends, begins = _("Timed price “%(label)s” ends"), _("Timed price “%(label)s” begins")
    return ", ".join((ends if over else begins) % {"label": label} for over, label in labels)[:200]


def stuck(merchant_pk: int) -> QuerySet[TimedPlace]:
    """What is over and still on GoFood: the menu without it failed, or is under way for too long."""
    return all_stuck().filter(outlet__merchant=merchant_pk).select_related("outlet").order_by("pk")


def all_stuck() -> QuerySet[TimedPlace]:
    """The same of all merchants."""
    now = timezone.now()
    return TimedPlace.objects.filter(
        is_over(now),
        Q(problem=LAST_FAILED) | Q(ends_at__lte=now - LATE),
        begun_at__isnull=False,
        ended_at__isnull=True,
    )
