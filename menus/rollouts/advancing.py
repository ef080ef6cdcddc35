"""Going on with a rollout: what is due is sent, what is proven lets the next stage go, and trouble stops it."""

from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import User
from menus import versions
from menus.locking import lock_outlet
from menus.models import CatalogVersion, MappingAlert, OutletCatalog, Rollout, RolloutOutlet, Sync
from menus.on_gofood import on_gofood
from menus.publishing import queue_sync
from menus.rollouts.following import follow_timed_prices
from menus.rollouts.stopping import end, newer_sync
from menus.timed_now import retimed, running_by_id

State = Rollout.State


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
        follow_timed_prices(rows)
        if code := _trouble(rollout, rows):
            end(rollout, State.STOPPED, code)
            return False
        stage = [row for row in rows if row.stage == rollout.stage]
        _send_due(rollout, stage)
        return all(_proven(row) for row in stage) and _go_on(rollout, rows)


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
            row.sync = newer_sync(row)
            if row.sync is None:
                row.version = _of_now(row, rollout.requested_by)
                row.sync = queue_sync(row.outlet, row.version, rollout.requested_by)
            row.save(update_fields=["sync", "version"])
            if row.sync.version_id == row.version_id:
                OutletCatalog.objects.filter(outlet=row.outlet).update(published_revision=row.revision)


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
        end(rollout, State.DONE)
        return False
    rollout.stage += 1
    rollout.save(update_fields=["stage"])
    announce(rollout.merchant_id, "syncs", rollout=rollout.pk)
    return True


def under_way() -> list[int]:
    """The rollouts that somebody has to look after."""
    return list(Rollout.objects.filter(state=State.RUNNING).order_by("pk").values_list("pk", flat=True))
