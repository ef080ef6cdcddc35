"""Reading an outlet's live menu: the first time into its catalog, later for somebody to choose from.

What is done with the choice stands in `menus.adopting`.
"""

import logging
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizError
from gobiz_admin.merchants import gobiz
from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus import readings
from menus.adopting.choosing import plan_of
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
    "expire_imports",
    "free_stuck_imports",
    "newest_import",
    "read_live_menu",
    "request_import",
    "run_import",
]

log = logging.getLogger(__name__)
STUCK_AFTER = timedelta(minutes=5)
# A menu that was read longer ago is not what somebody chooses from.
ANSWERED_WITHIN = timedelta(days=1)
State = MenuImport.State


def read_live_menu(outlet: Outlet, user: User | None = None) -> Counts:
    """Counts of what was read; raises GobizError or ImportRefused and then has written nothing.

    The first import keeps the live menu as version 0 before anything else, so that the first mistake
    too can be undone. Of an outlet that was given a catalog before that, nothing else is done.
    """
    data = _read(outlet)
    return _take_over(outlet, data, read_menu(data), user)


def _read(outlet: Outlet) -> dict[str, Any]:
    asked_at = timezone.now()
    data: dict[str, Any] = storable(gobiz.client_for(outlet.gobiz_app).get_catalog(outlet.outlet_id))
    readings.keep(outlet, data, asked_at)
    return data


def _take_over(outlet: Outlet, data: dict[str, Any], live: LiveMenu, user: User | None) -> Counts:
    """All of it into the outlet's catalog; the first time it is kept as version 0 before."""
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
    """A queued import that a worker is woken for; the one that waits or runs already, if any.

    One that waits for a choice gives way: what it read is older.
    """
    waiting = MenuImport.objects.filter(outlet=outlet, state__in=[State.QUEUED, State.RUNNING])
    try:
        with transaction.atomic():
            _expire(MenuImport.objects.filter(outlet=outlet))
            menu_import = MenuImport.objects.create(outlet=outlet, requested_by=user)
            wake_task("run_menu_import", menu_import.pk)
            announce(outlet.merchant_id, "imports", outlet=outlet.outlet_id)
    except IntegrityError:
        # It may have ended since: then the next request starts a new one.
        return waiting.first() or MenuImport.objects.filter(outlet=outlet).latest("pk")
    return menu_import


def newest_import(outlet: Outlet) -> MenuImport | None:
    """The outlet's latest import, without what it read."""
    return MenuImport.objects.filter(outlet=outlet).defer("live").order_by("-pk").first()


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
        data = _read(menu_import.outlet)
        live = read_menu(data)
        if _was_imported(menu_import.outlet):
            _offer(menu_import, data)
        else:
            counts = _take_over(menu_import.outlet, data, live, menu_import.requested_by)
            _end(menu_import, State.DONE, counts=counts, live=data, read_at=timezone.now())
    except GobizError as error:
        _end(menu_import, State.FAILED, error_code=error.code, error=error.detail)
    except ImportRefused as refused:
        _end(menu_import, State.FAILED, error_code=refused.code, error=refused.name)
    except Exception:
        log.exception("import %s failed", import_id)
        _end(menu_import, State.FAILED, error_code="internal")
        raise


def _was_imported(outlet: Outlet) -> bool:
    return OutletCatalog.objects.filter(outlet=outlet, imported_at__isnull=False).exists()


def _offer(menu_import: MenuImport, data: dict[str, Any]) -> None:
    """Keep what was read for somebody to choose from; where nothing differs there is nothing to choose."""
    menu_import.live = data
    differences = {"all": len(plan_of(menu_import).differences)}
    facts = {"counts": {"differences": differences}, "live": data, "read_at": timezone.now()}
    _end(menu_import, State.READ if differences["all"] else State.DONE, **facts)


def _end(menu_import: MenuImport, state: str, **facts: object) -> None:
    # Only the run that claimed it ends it: the janitor may have given it to another since.
    mine = MenuImport.objects.filter(
        pk=menu_import.pk, state=State.RUNNING, started_at=menu_import.started_at
    )
    ended_at = None if state == State.READ else timezone.now()
    with transaction.atomic():
        if mine.update(state=state, ended_at=ended_at, **facts) and "live" in facts:
            older = MenuImport.objects.filter(outlet=menu_import.outlet_id, pk__lt=menu_import.pk)
            older.filter(live__isnull=False).update(live=None)
        _tell(menu_import)


def _tell(menu_import: MenuImport) -> None:
    outlet = menu_import.outlet
    announce(outlet.merchant_id, "imports", outlet=outlet.outlet_id)


def free_stuck_imports() -> int:
    """How many imports of dead workers were queued again: one reads all or nothing, so it may run twice."""
    stuck = MenuImport.objects.filter(state=State.RUNNING, started_at__lt=timezone.now() - STUCK_AFTER)
    return stuck.update(state=State.QUEUED, started_at=None)


def expire_imports() -> int:
    """How many readings nobody chose from in time; what they read stays until the next reading."""
    return _expire(MenuImport.objects.filter(read_at__lt=timezone.now() - ANSWERED_WITHIN))


def _expire(imports: QuerySet[MenuImport]) -> int:
    return imports.filter(state=State.READ).update(state=State.EXPIRED, ended_at=timezone.now())


def due_imports() -> list[int]:
    """The imports that wait for a worker, as the wake-up at their request may have been lost."""
    return list(MenuImport.objects.filter(state=State.QUEUED).order_by("pk").values_list("pk", flat=True))
