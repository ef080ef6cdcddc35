"""Publishing to several outlets as one: frozen together, sent stage by stage, stopped by the first trouble.

What is sent to the last group is what the pilot proved: every version is frozen when the rollout starts.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Merchant, Outlet, User
from menus import versions
from menus.differences import counted
from menus.locking import lock_catalog, lock_outlet
from menus.models import CatalogVersion, OutletCatalog, Rollout, RolloutOutlet, Sync
from menus.reviewing import Review, reviews
from menus.waking import wake_task


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
    """The rollout, with a frozen version for each outlet: the one that runs already, when it was asked for twice.

    RolloutRefused, and nothing is stored.
    """
    if not plan.outlets:
        raise RolloutRefused("nothing_chosen")
    with transaction.atomic():
        in_order = lock_all(plan.outlets)
        found = reviews(in_order)
        if under_way := _same_under_way(merchant, plan, found):
            return under_way
        _refuse(found, seen)
        return open_rollout(merchant, plan, _freeze(found, user, plan.note), user)


def _same_under_way(merchant: Merchant, plan: Plan, found: list[Review]) -> Rollout | None:
    """One that is about to send just these menus in these stages."""
    if plan.due_at:
        return None
    stage_of = {outlet.pk: number for number, stage in enumerate(plan.stages) for outlet in stage}
    wanted = {
        review.outlet.pk: (stage_of[review.outlet.pk], review.checksum, _told(review)) for review in found
    }
    return about_to_send(
        merchant, wanted, lambda row: (row.stage, row.version.checksum, json.dumps(row.version.timed))
    )


def about_to_send(
    merchant: Merchant, wanted: dict[int, Any], sends: Callable[[RolloutOutlet], Any]
) -> Rollout | None:
    """The rollout that runs, and sends at once to just these outlets, by pk, what is `wanted` there."""
    rows = RolloutOutlet.objects.filter(rollout__merchant=merchant, rollout__state=Rollout.State.RUNNING)
    newer = CatalogVersion.objects.filter(
        outlet=OuterRef("outlet"), number__gt=OuterRef("version__number"), by_clock=False
    )
    # Where it was proven already, or somebody published since, it would bring nothing any more.
    rows = rows.exclude(Exists(newer)).exclude(sync__state=Sync.State.CONFIRMED)
    now, running = timezone.now(), defaultdict[int, dict[int, Any]](dict)
    for row in rows.select_related("version").defer("version__payload"):
        running[row.rollout_id][row.outlet_id] = sends(row) if row.due_at <= now else "later"
    same = [rollout for rollout, sent in running.items() if sent == wanted]
    return Rollout.objects.filter(pk__in=same).order_by("-pk").first() if same else None


def _told(review: Review) -> str:
    """The timed prices that are in its payload."""
    return json.dumps(versions.timed_in(review.tree) if review.tree else [])


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
        draft = versions.Draft(
            review.payload,
            review.base,
            counted(review.changes),
            None,
            hints,
            timed,
            checksum=review.checksum,
        )
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
