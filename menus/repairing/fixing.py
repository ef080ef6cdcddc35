"""Fix and resync: a row per outlet, then a worker that does what was chosen and publishes.

The catalog is changed once for all of its outlets that wait, and each gets its sync in a transaction of its
own. A worker that dies has left rows that wait; what it did is found done by the next.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus.checks import NEVER_IMPORTED_CHECK, Check, check_tree, errors_in
from menus.locking import lock_catalog, lock_outlet
from menus.models import Catalog, OutletCatalog, Repair, Sync
from menus.publishing import AlreadyPublished, PublishRefused, request_publish
from menus.removals import RemovalUnconfirmed
from menus.repairing.changing import apply_choices
from menus.tree import load_trees
from menus.waking import wake_task

log = logging.getLogger(__name__)
State = Repair.State
CHECKS_KEPT = 60
GIVE_UP = timedelta(minutes=2)
# By key of a name ("item:es teh") what was chosen for it.
Choices = dict[str, str]


def request_repairs(wanted: dict[Outlet, Choices], user: User | None) -> int:
    """How many outlets are repaired by this press; one that waits already waits on, as it was chosen."""
    with transaction.atomic():
        waiting = Repair.objects.filter(outlet__in=wanted, state=State.QUEUED)
        waits = set(waiting.values_list("outlet_id", flat=True))
        new = [
            Repair(outlet=outlet, choices=choices, requested_by=user)
            for outlet, choices in sorted(wanted.items(), key=lambda one: one[0].pk)
            if outlet.pk not in waits
        ]
        Repair.objects.bulk_create(new, ignore_conflicts=True)
        for repair in new:
            facts = {"outlet_id": repair.outlet.outlet_id, "choices": repair.choices}
            AuditEntry.objects.create(
                merchant_id=repair.outlet.merchant_id, user=user, action="alert.repair_asked", facts=facts
            )
            announce(repair.outlet.merchant_id, "alerts", outlet=repair.outlet.outlet_id)
        wake_task("run_repairs")
    return len(new)


def repair_now(outlet: Outlet, catalog_pk: int, choices: Choices) -> None:
    """Done without asking, in the caller's transaction and under its locks, where none waits."""
    with transaction.atomic():
        repair = Repair.objects.create(outlet=outlet, choices=choices, automatic=True)
        facts = {"outlet_id": outlet.outlet_id, "choices": choices}
        AuditEntry.objects.create(
            merchant_id=outlet.merchant_id, action="alert.repaired_without_asking", facts=facts
        )
        change_catalog(catalog_pk, [repair])
        _publish(repair)


def run_repairs() -> None:
    """Work off all repairs that wait, catalog by catalog; what fails of one does not hold up another."""
    waiting = Repair.objects.filter(state=State.QUEUED)
    catalogs = OutletCatalog.objects.filter(outlet__repairs__in=waiting)
    for catalog_pk in catalogs.order_by("catalog_id").values_list("catalog_id", flat=True).distinct():
        try:
            _run(catalog_pk)
        except Exception:
            # It waits on, and the next sweep tries again, for a while.
            log.exception("repairs of catalog %s failed", catalog_pk)
            given_up = waiting.filter(
                outlet__selling__catalog=catalog_pk, requested_at__lt=timezone.now() - GIVE_UP
            )
            given_up.update(state=State.REFUSED, code="internal", ended_at=timezone.now())
    for repair in waiting.filter(outlet__selling=None).select_related("outlet"):
        _refuse(repair, [NEVER_IMPORTED_CHECK])


def _run(catalog_pk: int) -> None:
    waiting = Repair.objects.filter(state=State.QUEUED, outlet__selling__catalog=catalog_pk)
    repairs = list(waiting.select_related("outlet__gobiz_app", "requested_by").order_by("outlet_id"))
    change_catalog(catalog_pk, repairs)
    for repair in repairs:
        _publish(repair)


class _AllBlocked(Exception):
    pass


def change_catalog(catalog_pk: int, waiting: Sequence[Repair]) -> None:
    """Do what was chosen, as one change; the outlets that errors block are refused. All blocked: nothing is done."""
    with transaction.atomic():
        for repair in waiting:
            lock_outlet(repair.outlet)
        catalog = lock_catalog(catalog_pk)
        # Another worker may have been here before us.
        repairs = [repair for repair in waiting if _waits(repair)]
        blocked: dict[int, list[Check]] = {}
        try:
            with transaction.atomic():
                apply_choices(catalog, repairs)
                blocked = _blocked(catalog, [repair.outlet for repair in repairs])
                if len(blocked) == len(repairs):
                    raise _AllBlocked
        except _AllBlocked:
            pass
        for repair in repairs:
            if repair.outlet_id in blocked:
                _refuse(repair, blocked[repair.outlet_id])


def _blocked(catalog: Catalog, outlets: Sequence[Outlet]) -> dict[int, list[Check]]:
    """By outlet pk the errors that block it, where there are any."""
    never = OutletCatalog.objects.filter(outlet__in=outlets, imported_at=None)
    found = {outlet_pk: [NEVER_IMPORTED_CHECK] for outlet_pk in never.values_list("outlet_id", flat=True)}
    for outlet_pk, tree in load_trees(catalog, outlets).items():
        if errors := errors_in(check_tree(tree)):
            found.setdefault(outlet_pk, errors)
    return found


def _publish(repair: Repair) -> None:
    with transaction.atomic():
        lock_outlet(repair.outlet)
        if not _waits(repair):
            return
        try:
            sync = _sync(repair)
        except PublishRefused as refused:
            _refuse(repair, refused.checks)
        except RemovalUnconfirmed as removal:
            facts = {"count": removal.removal.count, "of": removal.removal.of}
            _end(repair, State.REFUSED, code="removal", checks=[facts])
        else:
            _end(repair, State.SENT, sync=sync)


def _waits(repair: Repair) -> bool:
    return Repair.objects.filter(pk=repair.pk, state=State.QUEUED).exists()


def _sync(repair: Repair) -> Sync:
    """One that is on its way with just this is the one; what was proven before it was asked for is sent again."""
    try:
        return request_publish(repair.outlet, repair.requested_by)
    except AlreadyPublished as already:
        proven_at = already.sync.confirmed_at
        if proven_at is not None and proven_at > repair.requested_at:
            return already.sync
    return request_publish(repair.outlet, repair.requested_by, again=True)


def _refuse(repair: Repair, checks: Collection[Check]) -> None:
    rows = [
        {"code": one.code, "kind": str(one.kind), "pk": one.pk, "name": one.name[:150], "field": one.field}
        for one in checks
    ]
    _end(repair, State.REFUSED, code="checks", checks=rows[:CHECKS_KEPT])


def _end(repair: Repair, state: str, **facts: Any) -> None:
    waiting = Repair.objects.filter(pk=repair.pk, state=State.QUEUED)
    waiting.update(state=state, ended_at=timezone.now(), **facts)
    announce(repair.outlet.merchant_id, "alerts", outlet=repair.outlet.outlet_id)
