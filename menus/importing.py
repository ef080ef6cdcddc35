"""Reading an outlet's live menu into its catalog."""

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizError
from gobiz_admin.merchants import gobiz
from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus.live_menu import ImportRefused, LiveMenu, read_menu
from menus.locking import lock_catalog, lock_outlet
from menus.merging import Counts, Merge
from menus.models import Catalog, CatalogVersion, MenuImport, OutletCatalog
from menus.payload import checksum
from menus.text import storable
from menus.waking import wake_task

__all__ = [
    "Counts",
    "ImportRefused",
    "due_imports",
    "free_stuck_imports",
    "read_live_menu",
    "request_import",
    "run_import",
]

log = logging.getLogger(__name__)
STUCK_AFTER = timedelta(minutes=5)
State = MenuImport.State


def read_live_menu(outlet: Outlet, user: User | None = None) -> Counts:
    """Counts of what was read; raises GobizError or ImportRefused and then has written nothing.

    The first import keeps the live menu as version 0 before anything else, so that the first mistake
    too can be undone. Of an outlet that was given a catalog before that, nothing else is done.
    """
    data = storable(gobiz.client_for(outlet.gobiz_app).get_catalog(outlet.outlet_id))
    live = read_menu(data)
    with transaction.atomic():
        lock_outlet(outlet)
        # It sells a catalog that stands already (menus/sharing.py): its live menu has no place in it.
        started = OutletCatalog.objects.filter(outlet=outlet, imported_at=None).exists()
        selling = _selling(outlet)
        catalog = lock_catalog(selling.catalog_id)
        if not CatalogVersion.objects.filter(outlet=outlet, number=0).exists():
            CatalogVersion.objects.create(
                outlet=outlet, number=0, payload=data, checksum=checksum(data), created_by=user
            )
        if started:
            return _keep_only(outlet, selling, live, user)
        return _write(outlet, selling, catalog, live, user)


def _keep_only(outlet: Outlet, selling: OutletCatalog, live: LiveMenu, user: User | None) -> Counts:
    """The live menu was read in whole and is kept as version 0; nothing of it goes into the catalog."""
    kept = {
        "menus": len(live.menus),
        "menu_items": sum(1 for _ in live.items),
        "variant_categories": len(live.categories),
        "variants": sum(1 for _ in live.variants),
    }
    selling.imported_at = timezone.now()
    selling.save(update_fields=["imported_at"])
    facts = {"outlet_id": outlet.outlet_id, "counts": kept}
    AuditEntry.objects.create(
        merchant_id=outlet.merchant_id, user=user, action="menu.live_menu_kept", facts=facts
    )
    announce(outlet.merchant_id, "menu", outlet=outlet.outlet_id)
    return {"read": kept, "kept": kept}


def _selling(outlet: Outlet) -> OutletCatalog:
    selling = OutletCatalog.objects.filter(outlet=outlet).first()
    if selling is not None:
        return selling
    catalog = Catalog.objects.create(merchant_id=outlet.merchant_id, name=outlet.name)
    return OutletCatalog.objects.create(outlet=outlet, catalog=catalog)


def _write(
    outlet: Outlet, selling: OutletCatalog, catalog: Catalog, live: LiveMenu, user: User | None
) -> Counts:
    merge = Merge(catalog, live)
    counts = merge.run()
    if merge.changed:
        Catalog.objects.filter(pk=catalog.pk).update(revision=F("revision") + 1)
    selling.imported_at = timezone.now()
    selling.save(update_fields=["imported_at"])
    facts = {"outlet_id": outlet.outlet_id, "counts": counts, "replaced_external_ids": merge.replaced_ids}
    AuditEntry.objects.create(merchant_id=outlet.merchant_id, user=user, action="menu.imported", facts=facts)
    announce(outlet.merchant_id, "menu", outlet=outlet.outlet_id)
    return counts


def request_import(outlet: Outlet, user: User | None) -> MenuImport:
    """A queued import that a worker is woken for; the one that waits or runs already, if any."""
    waiting = MenuImport.objects.filter(outlet=outlet, state__in=[State.QUEUED, State.RUNNING])
    try:
        with transaction.atomic():
            menu_import = MenuImport.objects.create(outlet=outlet, requested_by=user)
            wake_task("run_menu_import", menu_import.pk)
            announce(outlet.merchant_id, "imports", outlet=outlet.outlet_id)
    except IntegrityError:
        # It may have ended since: then the next request starts a new one.
        return waiting.first() or MenuImport.objects.filter(outlet=outlet).latest("pk")
    return menu_import


def run_import(import_id: int) -> None:
    """Work the import off, once; its outcome stands in the row."""
    now = timezone.now()
    claimed = MenuImport.objects.filter(pk=import_id, state=State.QUEUED).update(
        state=State.RUNNING, started_at=now
    )
    if not claimed:
        return
    menu_import = MenuImport.objects.select_related("outlet__gobiz_app", "requested_by").get(pk=import_id)
    _tell(menu_import)
    try:
        counts = read_live_menu(menu_import.outlet, menu_import.requested_by)
    except GobizError as error:
        _end(menu_import, State.FAILED, error_code=error.code, error=error.detail)
    except ImportRefused as refused:
        _end(menu_import, State.FAILED, error_code=refused.code, error=refused.name)
    except Exception:
        log.exception("import %s failed", import_id)
        _end(menu_import, State.FAILED, error_code="internal")
        raise
    else:
        _end(menu_import, State.DONE, counts=counts)


def _end(menu_import: MenuImport, state: str, **facts: object) -> None:
    # Only the run that claimed it ends it: the janitor may have given it to another since.
    with transaction.atomic():
        MenuImport.objects.filter(
            pk=menu_import.pk, state=State.RUNNING, started_at=menu_import.started_at
        ).update(state=state, ended_at=timezone.now(), **facts)
        _tell(menu_import)


def _tell(menu_import: MenuImport) -> None:
    outlet = menu_import.outlet
    announce(outlet.merchant_id, "imports", outlet=outlet.outlet_id)


def free_stuck_imports() -> int:
    """How many imports of dead workers were queued again: one reads all or nothing, so it may run twice."""
    stuck = MenuImport.objects.filter(state=State.RUNNING, started_at__lt=timezone.now() - STUCK_AFTER)
    return stuck.update(state=State.QUEUED, started_at=None)


def due_imports() -> list[int]:
    """The imports that wait for a worker, as the wake-up at their request may have been lost."""
    return list(MenuImport.objects.filter(state=State.QUEUED).order_by("pk").values_list("pk", flat=True))
