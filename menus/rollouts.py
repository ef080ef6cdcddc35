"""Publishing to several outlets as one: frozen together, sent stage by stage, stopped by the first trouble.

What is sent to the last group is what the pilot proved: every version is frozen when the rollout starts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Merchant, Outlet, User
from menus import versions
from menus.differences import counted
from menus.locking import lock_catalog, lock_outlet
from menus.models import CatalogVersion, MappingAlert, OutletCatalog, Rollout, RolloutOutlet, Sync
from menus.on_gofood import on_gofood
from menus.publishing import AlreadyPublished, bring_back, queue_sync
from menus.removals import RemovalUnconfirmed
from menus.reviewing import Review, reviews
from menus.timed_now import note_unsent, retimed, running_by_id
from menus.waking import wake_task

State = Rollout.State
UNDER_WAY = (Sync.State.QUEUED, Sync.State.SENDING, Sync.State.ACCEPTED)


class RolloutRefused(Exception):
    """Nothing was stored. `code`: nothing_chosen, changed (the menu is another by now), live_changed (GoFood's
    is), blocked, removal.

    `outlets`: at which of them.
    """

    def __init__(self, code: str, outlets: Sequence[Outlet] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.outlets = list(outlets)


@dataclass(frozen=True)
class Plan:
    """Who comes when. `stages`: outlets, the pilot first; `due_at` by outlet pk, else at once."""

    stages: Sequence[Sequence[Outlet]]
    due_at: dict[int, datetime] = field(default_factory=dict)
    note: str = ""

    @property
    def outlets(self) -> list[Outlet]:
        return [outlet for stage in self.stages for outlet in stage]


@dataclass(frozen=True)
class Frozen:
    """What is sent to an outlet when its turn comes. `revision`: of the catalog that it was made of, None when it
    was made of an older version; `before`: what GoFood has now."""

    version: CatalogVersion
    revision: int | None
    before: CatalogVersion | None


@dataclass(frozen=True)
class Seen:
    """What was on the page: the revision of each catalog, by pk, and GoFood's menu at each outlet, by pk."""

    revisions: dict[int, int] = field(default_factory=dict)
    live: dict[int, str] = field(default_factory=dict)


def start(merchant: Merchant, plan: Plan, user: User | None, seen: Seen = Seen()) -> Rollout:
    """The rollout, with a frozen version for each outlet; RolloutRefused, and nothing is stored."""
    if not plan.outlets:
        raise RolloutRefused("nothing_chosen")
    with transaction.atomic():
        in_order = lock_all(plan.outlets)
        found = reviews(in_order)
        _refuse(found, seen)
        return open_rollout(merchant, plan, _freeze(found, user, plan.note), user)


def open_rollout(merchant: Merchant, plan: Plan, frozen: dict[int, Frozen], user: User | None) -> Rollout:
    """The rollout of what was frozen, by outlet pk. The caller holds the outlets' locks."""
    rollout = Rollout.objects.create(merchant=merchant, requested_by=user, note=plan.note[:200])
    RolloutOutlet.objects.bulk_create(_rows(rollout, plan, frozen))
    facts = {"rollout": rollout.pk, "outlets": [outlet.outlet_id for outlet in plan.outlets]}
    AuditEntry.objects.create(merchant=merchant, user=user, action="menu.rollout_started", facts=facts)
    wake_task("advance_rollout", rollout.pk)
    announce(merchant.pk, "syncs", rollout=rollout.pk)
    return rollout


def lock_all(outlets: Iterable[Outlet]) -> list[Outlet]:
    """Always in the same order, so that two who publish at once wait for one another and never for good."""
    in_order = sorted(outlets, key=lambda outlet: outlet.pk)
    for outlet in in_order:
        lock_outlet(outlet)
    selling = OutletCatalog.objects.filter(outlet__in=in_order)
    for catalog_id in sorted(set(selling.values_list("catalog_id", flat=True))):
        lock_catalog(catalog_id)
    return in_order


def _refuse(found: list[Review], seen: Seen) -> None:
    revisions = seen.revisions
    if any(
        review.selling and revisions.get(review.selling.catalog_id, review.revision) != review.revision
        for review in found
    ):
        raise RolloutRefused("changed")
    other = [review.outlet for review in found if review.on_gofood.is_other(seen.live.get(review.outlet.pk))]
    if other:
        raise RolloutRefused("live_changed", other)
    if blocked := [review.outlet for review in found if review.errors]:
        raise RolloutRefused("blocked", blocked)
    # What takes much away is typed at the outlet's own review.
    if emptied := [review.outlet for review in found if review.removal]:
        raise RolloutRefused("removal", emptied)


def _freeze(found: list[Review], user: User | None, note: str) -> dict[int, Frozen]:
    last = versions.last_numbers([review.outlet for review in found])
    rows = []
    for review in found:
        hints = versions.hints_in(review.checks)
        timed = versions.timed_in(review.tree) if review.tree else []
        draft = versions.Draft(review.payload, review.base, counted(review.changes), None, hints, timed)
        number = last.get(review.outlet.pk, 0) + 1
        rows.append(versions.unsaved(review.outlet, number, draft, user, note))
    CatalogVersion.objects.bulk_create(rows)
    return {
        row.outlet_id: Frozen(row, review.revision, review.base)
        for row, review in zip(rows, found, strict=True)
    }


def _rows(rollout: Rollout, plan: Plan, frozen: dict[int, Frozen]) -> Iterable[RolloutOutlet]:
    now = timezone.now()
    for number, stage in enumerate(plan.stages):
        for outlet in stage:
            made = frozen[outlet.pk]
            due_at = plan.due_at.get(outlet.pk, now)
            yield RolloutOutlet(
                rollout=rollout,
                outlet=outlet,
                stage=number,
                due_at=due_at,
                version=made.version,
                revision=made.revision,
                before=made.before,
            )


# --- going on ---------------------------------------------------------------------------------


def advance(rollout_id: int) -> None:
    """Send what is due of the current stage; go on when it is proven; stop when something is wrong."""
    # Each stage in a transaction of its own: within one, outlets are locked in one order only.
    while _next_stage(rollout_id):
        pass


def _next_stage(rollout_id: int) -> bool:
    """Look after the current stage; whether the next one has its turn now."""
    with transaction.atomic():
        rollout = Rollout.objects.select_for_update(skip_locked=True).filter(pk=rollout_id).first()
        if rollout is None or rollout.state != State.RUNNING:
            return False
        rows = list(rollout.rows.select_related("outlet", "version", "sync").defer("version__payload"))
        _follow_timed_prices(rows)
        if code := _trouble(rollout, rows):
            _end(rollout, State.STOPPED, code)
            return False
        stage = [row for row in rows if row.stage == rollout.stage]
        _send_due(rollout, stage)
        return all(_proven(row) for row in stage) and _go_on(rollout, rows)


def _follow_timed_prices(rows: list[RolloutOutlet]) -> None:
    """Where a timed price began or ended since, the menu was sent anew with it: that one is the one to be proven."""
    sent = {row.outlet_id: row for row in rows if row.sync and row.sync.version_id == row.version_id}
    if not sent:
        return
    first = min(row.sync_id or 0 for row in sent.values())
    newer = Sync.objects.filter(outlet__in=sent, pk__gt=first).select_related("version")
    moved = []
    for sync in newer.defer("version__payload").order_by("pk"):
        row = sent.get(sync.outlet_id)
        if row is None or sync.pk <= (row.sync_id or 0):
            continue
        if sync.version.by_clock:
            row.sync, row.version = sync, sync.version
            moved.append(row)
        else:
            # What follows is made of what somebody published.
            del sent[sync.outlet_id]
    RolloutOutlet.objects.bulk_update(moved, ["sync", "version"])


def _trouble(rollout: Rollout, rows: list[RolloutOutlet]) -> str:
    """The code of what must stop it; "" when all is well."""
    sent = [row for row in rows if row.sync is not None]
    if any(row.sync.state == Sync.State.FAILED for row in sent if row.sync):
        return "sync_failed"
    if any(row.sync.differs and row.sync.next_attempt_at is None for row in sent if row.sync):
        return "differs"
    alerts = MappingAlert.objects.filter(
        outlet__in=[row.outlet_id for row in sent],
        opened_at__gte=rollout.requested_at,
        state=MappingAlert.State.OPEN,
    )
    return "mapping_alert" if alerts.exists() else ""


def _send_due(rollout: Rollout, stage: list[RolloutOutlet]) -> None:
    now = timezone.now()
    for row in sorted(stage, key=lambda row: row.outlet_id):
        if row.sync_id is None and row.due_at <= now:
            lock_outlet(row.outlet)
            row.sync = _newer_sync(row)
            if row.sync is None:
                row.version = _of_now(row, rollout.requested_by)
                row.sync = queue_sync(row.outlet, row.version, rollout.requested_by)
            row.save(update_fields=["sync", "version"])
            if row.sync.version_id == row.version_id:
                OutletCatalog.objects.filter(outlet=row.outlet).update(published_revision=row.revision)


def _newer_sync(row: RolloutOutlet) -> Sync | None:
    """Somebody published a newer version to the outlet meanwhile: it must not be replaced by this older one.

    One that only began or ended a timed price is made of what was there before, and holds up nothing.
    """
    newer = Sync.objects.filter(outlet=row.outlet_id, version__number__gt=row.version.number)
    newer = newer.filter(version__by_clock=False).select_related("version").defer("version__payload")
    return newer.order_by("-pk").first()


def _of_now(row: RolloutOutlet, user: User | None) -> CatalogVersion:
    """The frozen version; a new one where timed prices have begun or ended since. The caller holds the lock."""
    old = row.version
    payload, timed = retimed(old.payload, old.timed, running_by_id(row.outlet, timezone.now()))
    if payload == old.payload and timed == old.timed:
        return old
    known = on_gofood(row.outlet)
    draft = versions.draft_of(known.base, known.now, payload, [], timed)
    return versions.freeze(row.outlet, draft, user, old.note, old.restores)


def _proven(row: RolloutOutlet) -> bool:
    """It was read on GoFood; or something newer has taken its place, which is that one's business to prove."""
    sync = row.sync
    if sync is None:
        return False
    read_back = sync.state == Sync.State.CONFIRMED and sync.next_attempt_at is None and not sync.differs
    return read_back or sync.state == Sync.State.SUPERSEDED


def _go_on(rollout: Rollout, rows: list[RolloutOutlet]) -> bool:
    if rollout.stage >= max(row.stage for row in rows):
        _end(rollout, State.DONE)
        return False
    rollout.stage += 1
    rollout.save(update_fields=["stage"])
    announce(rollout.merchant_id, "syncs", rollout=rollout.pk)
    return True


def _end(rollout: Rollout, state: str, code: str = "") -> None:
    if state == State.STOPPED:
        _take_back_what_waits(rollout)
    rollout.state, rollout.stop_code, rollout.ended_at = state, code, timezone.now()
    rollout.save(update_fields=["state", "stop_code", "ended_at"])
    announce(rollout.merchant_id, "syncs", rollout=rollout.pk)


def _take_back_what_waits(rollout: Rollout) -> None:
    """What no worker has tried yet was never published: with many outlets that is most of a stage."""
    # What a timed price sent anew has to arrive: nobody would begin or end it again.
    own = rollout.rows.filter(sync__version=F("version"), version__by_clock=False)
    rows = own.select_related("outlet", "sync", "version")
    rows = rows.defer("version__payload")
    for row in rows.order_by("outlet_id"):
        if row.sync is None or row.sync.state != Sync.State.QUEUED:
            continue
        lock_outlet(row.outlet)
        before = Sync.objects.filter(outlet=row.outlet_id, pk__lt=row.sync.pk).order_by("-pk").first()
        if before is not None and before.state == Sync.State.SUPERSEDED:
            # What it took the place of may be live, and nobody would send anything after it.
            continue
        unsent = Sync.objects.filter(pk=row.sync.pk, state=Sync.State.QUEUED, attempts=0)
        if unsent.delete()[0]:
            note_unsent(row.outlet, row.version.timed)
            OutletCatalog.objects.filter(outlet=row.outlet).update(published_revision=None)
            announce(rollout.merchant_id, "syncs", outlet=row.outlet.outlet_id)


def under_way() -> list[int]:
    """The rollouts that somebody has to look after."""
    return list(Rollout.objects.filter(state=State.RUNNING).order_by("pk").values_list("pk", flat=True))


# --- by hand ----------------------------------------------------------------------------------


def stop(rollout: Rollout, user: User | None) -> bool:
    """Send nothing more of it; what is on its way goes on. False when it had ended already."""
    with transaction.atomic():
        current = Rollout.objects.select_for_update().get(pk=rollout.pk)
        if current.state != State.RUNNING:
            return False
        _end(current, State.STOPPED)
        facts = {"rollout": rollout.pk}
        AuditEntry.objects.create(
            merchant_id=rollout.merchant_id, user=user, action="menu.rollout_stopped", facts=facts
        )
    return True


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
        newer = _newer_sync(row)
        if row.before is None or (newer and newer.version.restores_id != row.before_id):
            continue
        try:
            returned.syncs.append(bring_back(row.before, user))
        except AlreadyPublished:
            continue
        except (versions.NotSendable, RemovalUnconfirmed):
            returned.refused.append(row.outlet)
    return returned
