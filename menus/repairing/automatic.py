"""Resync without asking, for merchants who wish it: only where nothing but the mapping can change.

Once per alert, and seldom per outlet. Why so careful: docs/decisions.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Merchant, Outlet, User
from menus.locking import lock_catalog, lock_outlet
from menus.models import AlertSetting, MappingAlert, OutletCatalog, Repair, Sync
from menus.repairing.cards import missing, open_alerts
from menus.repairing.choices import RESEND
from menus.repairing.fixing import repair_now
from menus.repairing.knowing import Key, Knowledge
from menus.reviewing import review

log = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(minutes=15)
# GoFood's menu is waited for; a worker that was away for longer does nothing unexpected when it is back.
WAIT_FOR_READING = timedelta(minutes=10)
STARTED, NOT_READ, NOT_CERTAIN, BLOCKED = "started", "not_read", "not_certain", "blocked"
CHANGES_MORE, UNDER_WAY, TOO_SOON = "changes_more", "under_way", "too_soon"
MOVING = (Sync.State.QUEUED, Sync.State.SENDING, Sync.State.ACCEPTED)


def set_without_asking(merchant: Merchant, wanted: bool, user: User | None) -> None:
    """Whether alerts are resynced without asking from now on; those that are open already wait for a person."""
    with transaction.atomic():
        setting, _ = AlertSetting.objects.select_for_update().get_or_create(merchant=merchant)
        if setting.resync_without_asking == wanted:
            return
        setting.resync_without_asking = wanted
        setting.save(update_fields=["resync_without_asking"])
        if wanted:
            _undecided().filter(outlet__merchant=merchant).update(auto_at=timezone.now())
        action = "alert.without_asking_on" if wanted else "alert.without_asking_off"
        AuditEntry.objects.create(merchant=merchant, user=user, action=action, facts={})
        announce(merchant.pk, "alerts")


def is_wanted(merchant: Merchant) -> bool:
    return AlertSetting.objects.filter(merchant=merchant, resync_without_asking=True).exists()


def _undecided() -> QuerySet[MappingAlert]:
    return MappingAlert.objects.filter(state=MappingAlert.State.OPEN, auto_at=None)


def look() -> None:
    """Decide about each outlet with an open alert of which nobody has decided yet."""
    waiting = _undecided().filter(outlet__merchant__alert_setting__resync_without_asking=True)
    for outlet in Outlet.objects.filter(pk__in=waiting.values("outlet")).order_by("pk"):
        try:
            decide(outlet)
        except Exception:
            log.exception("deciding about the alerts of outlet %s failed", outlet.pk)


def decide(outlet: Outlet) -> str:
    """What came of the outlet's undecided alerts: a code; "" while GoFood's menu is still waited for.

    Decided, changed and published in one transaction: what was looked at is what is sent.
    """
    with transaction.atomic():
        lock_outlet(outlet)
        selling = OutletCatalog.objects.filter(outlet=outlet, imported_at__isnull=False).first()
        if selling is not None:
            selling.catalog = lock_catalog(selling.catalog_id)
        alerts = [alert for alert in open_alerts([outlet]) if alert.auto_at is None]
        if not alerts:
            return ""
        keys = {key for alert in alerts for key in missing(alert)}
        code = _reason_against(outlet, selling, alerts, keys)
        if code == "":
            return ""
        if code == STARTED and selling is not None:
            repair_now(outlet, selling.catalog_id, {":".join(key): RESEND for key in keys})
        pks = [alert.pk for alert in alerts]
        MappingAlert.objects.filter(pk__in=pks).update(auto_at=timezone.now(), auto_code=code)
        announce(outlet.merchant_id, "alerts", outlet=outlet.outlet_id)
        return code


def _reason_against(
    outlet: Outlet, selling: OutletCatalog | None, alerts: list[MappingAlert], keys: set[Key]
) -> str:
    """Why it is not done by itself; STARTED when nothing speaks against it, "" when that cannot be said yet."""
    now = timezone.now()
    since = max(alert.opened_at for alert in alerts)
    lately = Repair.objects.filter(outlet=outlet, automatic=True, requested_at__gt=now - AGAIN_AFTER)
    if selling is None or not keys or not _are_certain(outlet, keys):
        return NOT_CERTAIN
    waiting = Repair.objects.filter(outlet=outlet, state=Repair.State.QUEUED)
    if waiting.exists() or Sync.objects.filter(outlet=outlet, state__in=MOVING).exists():
        return UNDER_WAY
    if lately.exists():
        return TOO_SOON
    found = review(outlet, selling)
    if any(check.code != "external_id_missing" for check in found.errors):
        return BLOCKED
    reading = found.on_gofood.reading
    if not found.on_gofood.known or reading is None or reading.read_at is None or reading.read_at < since:
        return NOT_READ if now - since > WAIT_FOR_READING else ""
    return CHANGES_MORE if found.unpublished or found.removal else STARTED


def _are_certain(outlet: Outlet, keys: set[Key]) -> bool:
    knowledge = Knowledge([outlet], keys)
    return all(knowledge.of(outlet.pk, key).is_certain for key in keys)
