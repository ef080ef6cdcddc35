"""A menu that was given up, as GoBiz did not answer, and that arrived after all: any reading may show it."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from gobiz_admin.merchants.models import Outlet
from menus import readings, states, stock_wishes
from menus.differences import Change, differences, matches_live
from menus.locking import lock_outlet
from menus.models import Sync
from menus.on_gofood import EVER, OnGofood, on_gofood
from menus.payload import Payload, items_of
from menus.stock_told import with_switches

State = Sync.State
# Of those that were given up one after the other the newest.
MOST_LOOKED_AT = 3


def given_up(outlet: Outlet) -> QuerySet[Sync]:
    """What failed, or was replaced while it waited, though GoFood may have taken it, and nothing newer since."""
    newer = Sync.objects.filter(outlet=OuterRef("outlet"), pk__gt=OuterRef("pk"), accepted_at__isnull=False)
    ended = Sync.objects.filter(outlet=outlet, state__in=[State.FAILED, State.SUPERSEDED])
    return ended.filter(Q(maybe_applied=True) | Q(accepted_at__isnull=False), ~Exists(newer)).order_by("-pk")


def arrived(outlet: Outlet, known: OnGofood) -> Sync | None:
    """The given-up sync whose version the live menu is, in whole; None also where that cannot be told.

    It cannot where GoFood shows the same before and after: then nothing proves that it was taken.
    """
    reading = known.reading
    if reading is None or known.live is None or known.shown is None or known.sent is None:
        return None
    tried = given_up(outlet).filter(ended_at__lt=reading.read_at).select_related("outlet", "version")
    newest = list(tried[:MOST_LOOKED_AT])
    if not newest or not (differences(known.sent, known.shown) or matches_live(known.sent, known.live)):
        return None
    return next((sync for sync in newest if _is_live(sync, known)), None)


def _is_live(sync: Sync, known: OnGofood) -> bool:
    live, shown = known.live or {}, known.shown or {}
    sent = with_switches(sync.outlet, sync.version.payload, sync.queued_at, live)
    return not matches_live(sent, live) and not _left_behind(differences(sent, shown), _pictures(known.sent))


def _left_behind(changes: Iterable[Change], before: set[str]) -> list[Change]:
    """What a PUT would have brought, too: hours, order, and pictures, of which GoFood keeps its own copies."""
    return [
        change
        for change in changes
        if change.kind in ("hours", "moved")
        or (change.kind == "pictured" and (not change.old or not change.new or change.new in before))
    ]


def _pictures(payload: Payload | None) -> set[str]:
    return {item["image"] for item in items_of(payload) if item.get("image")} if payload else set()


def confirm_arrived(outlet_pk: int) -> Sync | None:
    """The given-up sync that the newest reading proves to be live, now confirmed by it; None where there is none."""
    outlet = Outlet.objects.get(pk=outlet_pk)
    if not given_up(outlet).exists():
        return None
    with transaction.atomic():
        lock_outlet(outlet)
        known = on_gofood(outlet, EVER)
        sync = arrived(outlet, known)
        if sync is None or known.reading is None:
            return None
        readings.note_proof(known.reading, sync.version)
        # GoFood took it at some time before it was given up.
        sync.accepted_at = sync.accepted_at or sync.ended_at
        states.confirm(sync, states.ARRIVED, known.reading.read_at)
        stock_wishes.note_all(outlet)
    return sync
