"""The end of a rollout: by itself or by hand, and bringing back what was there before it."""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus import versions
from menus.locking import lock_outlet
from menus.models import OutletCatalog, Rollout, RolloutOutlet, Sync
from menus.publishing import AlreadyPublished, bring_back
from menus.removals import RemovalUnconfirmed
from menus.rollouts.following import follow_timed_prices
from menus.timed_now import note_unsent
from menus.timed_turns import maybe_there
from menus.waking import wake_task

State = Rollout.State


def stop(rollout: Rollout, user: User | None) -> bool:
    """Send nothing more of it; what is on its way goes on. False when it had ended already."""
    with transaction.atomic():
        current = Rollout.objects.select_for_update().get(pk=rollout.pk)
        if current.state != State.RUNNING:
            return False
        end(current, State.STOPPED)
        facts = {"rollout": rollout.pk}
        AuditEntry.objects.create(
            merchant_id=rollout.merchant_id, user=user, action="menu.rollout_stopped", facts=facts
        )
    return True


def end(rollout: Rollout, state: str, code: str = "") -> None:
    """It is done, or stopped (`code`: by what, "" by hand). The caller holds the rollout's lock."""
    if state == State.STOPPED:
        _take_back_what_waits(rollout)
    rollout.state, rollout.stop_code, rollout.ended_at = state, code, timezone.now()
    rollout.save(update_fields=["state", "stop_code", "ended_at"])
    announce(rollout.merchant_id, "syncs", rollout=rollout.pk)


def _take_back_what_waits(rollout: Rollout) -> None:
    """What no worker has tried yet was never published: with many outlets that is most of a stage."""
    rows = rollout.rows.filter(sync__isnull=False).select_related("outlet", "sync", "version")
    for row in rows.defer("version__payload").order_by("outlet_id"):
        lock_outlet(row.outlet)
        follow_timed_prices([row])
        if row.sync is None or row.sync.version_id != row.version_id:
            continue
        waiting, before = _waiting_with(row.sync)
        if waiting[0].state != Sync.State.QUEUED or any(sync.attempts for sync in waiting):
            continue
        if before is not None and before.state == Sync.State.SUPERSEDED:
            # What it took the place of may be live, and nobody would send anything after it.
            continue
        Sync.objects.filter(pk__in=[sync.pk for sync in waiting]).delete()
        there = maybe_there(row.outlet)
        for sync in waiting:
            note_unsent(row.outlet, [one for one in sync.version.timed if one["place"] not in there])
        OutletCatalog.objects.filter(outlet=row.outlet).update(published_revision=None)
        # What timed prices sent anew with it goes without it.
        wake_task("turn_prices", row.outlet_id)
        announce(rollout.merchant_id, "syncs", outlet=row.outlet.outlet_id)


def _waiting_with(newest: Sync) -> tuple[list[Sync], Sync | None]:
    """The rollout's sync at an outlet, with what timed prices made of it since and what they had waiting before it,
    the newest first; and what was sent before all of these."""
    rows = Sync.objects.filter(outlet=newest.outlet_id, pk__lte=newest.pk).select_related("version")
    found: list[Sync] = []
    its_own = False
    for sync in rows.defer("version__payload", "version__own").order_by("-pk"):
        if its_own and not (
            sync.version.by_clock and sync.state == Sync.State.SUPERSEDED and not sync.attempts
        ):
            if sync.state == Sync.State.SUPERSEDED and not sync.attempts:
                # Never tried, and replaced: it is nowhere.
                continue
            return found, sync
        found.append(sync)
        its_own = its_own or not sync.version.by_clock
    return found, None


@dataclass
class Returned:
    """Of bringing back what was there before: the outlets where it is on its way, and where it cannot be."""

    syncs: list[Sync] = field(default_factory=list)
    refused: list[Outlet] = field(default_factory=list)


def bring_all_back(rollout: Rollout, user: User | None) -> Returned:
    """At every outlet that the rollout sent to: the version that GoFood had before.

    What somebody published there since stays: that is newer than what went wrong.
    """
    stop(rollout, user)
    returned = Returned()
    sent = rollout.rows.filter(sync__version=F("version"), before__isnull=False)
    for row in sent.select_related("before__outlet", "outlet", "version"):
        newer = newer_sync(row)
        if row.before is None or (newer and newer.version.restores_id != row.before_id):
            continue
        try:
            returned.syncs.append(bring_back(row.before, user))
        except AlreadyPublished:
            continue
        except (versions.NotSendable, RemovalUnconfirmed):
            returned.refused.append(row.outlet)
    return returned


def newer_sync(row: RolloutOutlet) -> Sync | None:
    """Somebody published a newer version to the outlet meanwhile: it must not be replaced by this older one.

    One that only began or ended a timed price is made of what was there before, and holds up nothing.
    """
    newer = Sync.objects.filter(outlet=row.outlet_id, version__number__gt=row.version.number)
    newer = newer.filter(version__by_clock=False).select_related("version").defer("version__payload")
    return newer.order_by("-pk").first()
