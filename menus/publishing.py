"""Asking for a publish: a frozen version, and a sync that waits for a worker (`sending`).

queued → sending → accepted → confirmed, or failed, or superseded by a newer one. All of it happens under the
outlet's lock (`menus.locking`).
"""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus import versions
from menus.checks import NEVER_IMPORTED_CHECK, Check, check_tree, errors_in
from menus.locking import lock_catalog, lock_outlet
from menus.models import CatalogVersion, OutletCatalog, Sync
from menus.on_gofood import OnGofood, on_gofood
from menus.payload import payload_of
from menus.removals import refuse_unconfirmed
from menus.timed_now import note_queued
from menus.tree import load_tree
from menus.waking import wake_task

State = Sync.State


class PublishRefused(Exception):
    """`checks`: the errors that block it."""

    def __init__(self, checks: list[Check]) -> None:
        super().__init__(", ".join(sorted({check.code for check in checks})))
        self.checks = checks


class AlreadyPublished(Exception):
    """GoFood was proven to have exactly this; `sync` proved it. Nothing was stored, nothing is sent."""

    def __init__(self, sync: Sync) -> None:
        super().__init__(sync.pk)
        self.sync = sync


class MenuMoved(Exception):
    """GoFood has, or is about to get, another menu than a page showed. Nothing was stored."""


@dataclass(frozen=True)
class Shown:
    """What a page hands back of the outlet's menu that it compared with: `taken`, the version that GoFood has and
    the newest one there is, and `live`, the menu as it was read (OnGofood.seen)."""

    taken: str
    live: str | None = None

    @classmethod
    def of(cls, outlet: Outlet, there: OnGofood) -> "Shown":
        newest = versions.last_numbers([outlet]).get(outlet.pk, 0)
        return cls(f"{there.base.number if there.base else ''}.{newest}", there.seen)

    def refuse_another(self, outlet: Outlet, there: OnGofood) -> None:
        """MenuMoved when it is another by now; a reading that only grew old tells nothing."""
        if self.taken != Shown.of(outlet, there).taken or there.is_other(self.live):
            raise MenuMoved


def request_publish(
    outlet: Outlet,
    user: User | None,
    *,
    note: str = "",
    again: bool = False,
    removing: int | None = None,
) -> Sync:
    """The queued sync of a new version of what the outlet sells now; it replaces one that waits.

    What is byte for byte the same as the version that is on its way gives that one's sync: pressed twice is
    sent once. With `again` it is sent once more. `removing`: the typed number of items that go.
    Raises PublishRefused when a check finds an error, RemovalUnconfirmed when many items would go and their
    number was not typed, AlreadyPublished when GoFood has just this; and then stores nothing.
    """
    with transaction.atomic():
        lock_outlet(outlet)
        selling = OutletCatalog.objects.filter(outlet=outlet, imported_at__isnull=False).first()
        if selling is None:
            raise PublishRefused([NEVER_IMPORTED_CHECK])
        tree = load_tree(lock_catalog(selling.catalog_id), outlet)
        checks = check_tree(tree)
        if errors := errors_in(checks):
            raise PublishRefused(errors)
        known = on_gofood(outlet)
        draft = versions.draft_of(known.base, known.now, payload_of(tree), checks, versions.timed_in(tree))
        same = versions.same_on_its_way(outlet, draft, bool(known.changed_there))
        sync = None if again else same
        if sync is None:
            refuse_unconfirmed(draft.removal, removing)
            sync = queue_sync(outlet, versions.freeze(outlet, draft, user, note), user)
        OutletCatalog.objects.filter(pk=selling.pk).update(published_revision=tree.catalog.revision)
    return _unless_published(sync)


def bring_back(
    version: CatalogVersion,
    user: User | None,
    *,
    note: str = "",
    removing: int | None = None,
    shown: Shown | None = None,
) -> Sync:
    """The queued sync of a new version with the older one's menu, with the stock of today.

    The catalog stays as it is: what was edited since can be published again later. What is on its way gives its
    sync: pressed twice is sent once. `shown`: what a page compared it with. Raises NotSendable, MenuMoved,
    RemovalUnconfirmed and AlreadyPublished, and then stores nothing.
    """
    outlet = version.outlet
    with transaction.atomic():
        lock_outlet(outlet)
        selling = OutletCatalog.objects.get(outlet=outlet)
        tree = load_tree(lock_catalog(selling.catalog_id), outlet)
        payload, timed = versions.sendable(version, tree)
        known = on_gofood(outlet)
        draft = versions.draft_of(known.base, known.now, payload, [], timed)
        sync = versions.same_on_its_way(outlet, draft, bool(known.changed_there))
        if sync is None:
            if shown is not None:
                shown.refuse_another(outlet, known)
            refuse_unconfirmed(draft.removal, removing)
            sync = queue_sync(outlet, versions.freeze(outlet, draft, user, note, restores=version), user)
        # What the catalog holds beside it counts as not published.
        revision = tree.catalog.revision if payload == payload_of(tree) else None
        OutletCatalog.objects.filter(pk=selling.pk).update(published_revision=revision)
    return _unless_published(sync)


def _unless_published(sync: Sync) -> Sync:
    if sync.state == State.CONFIRMED:
        raise AlreadyPublished(sync)
    return sync


def queue_sync(outlet: Outlet, version: CatalogVersion, user: User | None) -> Sync:
    """A queued sync of the version, in place of one that waits. The caller holds the outlet's lock."""
    now = timezone.now()
    Sync.objects.filter(outlet=outlet, state=State.QUEUED).update(
        state=State.SUPERSEDED, ended_at=now, next_attempt_at=None
    )
    sync = Sync.objects.create(
        outlet=outlet, version=version, request_id=uuid.uuid4().hex, requested_by=user, next_attempt_at=now
    )
    facts = {"outlet_id": outlet.outlet_id, "version": version.number, "request_id": sync.request_id}
    if version.restores is not None:
        facts["restores"] = version.restores.number
    AuditEntry.objects.create(merchant_id=outlet.merchant_id, user=user, action="menu.published", facts=facts)
    note_queued(outlet, version.timed)
    wake_task("send_sync", sync.pk)
    announce(outlet.merchant_id, "syncs", outlet=outlet.outlet_id, sync=sync.pk)
    return sync
