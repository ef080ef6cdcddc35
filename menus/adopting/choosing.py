"""Taking over what somebody chose of a live menu: one change, which one undo takes back."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet, User
from menus.adopting.comparing import compare
from menus.adopting.plans import Plan
from menus.adopting.writing import Adoption
from menus.journal import one_edit
from menus.live_menu import LiveMenu, read_menu
from menus.locking import lock_outlet
from menus.models import MenuImport, OutletCatalog

State = MenuImport.State


class AdoptRefused(Exception):
    """`code`: answered (by somebody, or too old by now), changed (the catalog, since it was shown)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def plan_of(menu_import: MenuImport) -> Plan:
    """What its reading differs in from the catalog as it is now."""
    selling = OutletCatalog.objects.select_related("catalog").get(outlet=menu_import.outlet_id)
    return compare(selling.catalog, menu_import.outlet, read_menu(menu_import.live or {}))


def answer(menu_import: MenuImport, digest: str, chosen: Collection[str], user: User | None) -> int:
    """How many differences were taken over; the import is done with it, once.

    AdoptRefused, and nothing is done, when it was answered already or when the plan is another by now.
    """
    outlet = menu_import.outlet
    with transaction.atomic():
        lock_outlet(outlet)
        current = MenuImport.objects.filter(pk=menu_import.pk, state=State.READ).first()
        if current is None:
            raise AdoptRefused("answered")
        plan, taken = adopt(outlet, read_menu(current.live or {}), digest, chosen, user)
        counts = {"differences": {"all": len(plan.differences)}, "adopted": {"all": taken}}
        MenuImport.objects.filter(pk=current.pk).update(
            state=State.DONE, ended_at=timezone.now(), counts=counts
        )
        announce(outlet.merchant_id, "imports", outlet=outlet.outlet_id)
    return taken


def adopt(
    outlet: Outlet, live: LiveMenu, digest: str, chosen: Collection[str], user: User | None
) -> tuple[Plan, int]:
    """The plan that was compared under the lock, and how many of its differences were taken over.

    The caller holds the outlet's lock; AdoptRefused when the plan is not the one of `digest`.
    """
    catalog_id = OutletCatalog.objects.values_list("catalog_id", flat=True).get(outlet=outlet)
    facts: dict[str, Any] = {"outlet": outlet.name, "outlet_id": outlet.outlet_id}
    with one_edit(catalog_id, "live_adopted", user, facts) as change:
        plan = compare(change.catalog, outlet, live)
        if plan.digest != digest:
            raise AdoptRefused("changed")
        keys = plan.with_needed(chosen)
        facts["count"] = len(keys)
        if keys:
            Adoption(change, plan, keys).write()
    return plan, len(keys)
