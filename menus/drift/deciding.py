"""What is done about drift: taken over into the catalog, or left for the next publish to overwrite."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus.adopting.choosing import AdoptRefused, adopt
from menus.drift.scanning import compare, drift_now, store
from menus.live_menu import read_menu
from menus.locking import lock_outlet
from menus.models import Drift


def take_over(outlet: Outlet, digest: str, prints: Collection[str], user: User | None) -> int:
    """How many of the chosen lines were taken over into the catalog: one change, which one undo takes back.

    AdoptRefused, and nothing is done, when the live menu or the catalog is another than was shown (`digest`).
    """
    with transaction.atomic():
        lock_outlet(outlet)
        known = drift_now(outlet.pk)
        if known is None:
            raise AdoptRefused("changed")
        keys = {line.key for line in known.lines if line.key and line.print in prints}
        _plan, taken = adopt(outlet, read_menu(known.live), digest, keys, user)
    compare(outlet.pk)
    return taken


def overwrite_later(outlet: Outlet, prints: Collection[str], user: User | None) -> int:
    """How many lines are decided now: the next publish overwrites them, and they stay calm until then.

    Of all that the newest reading differs in, not only of what is stored of it. One that GoFood shows otherwise
    again is another line, and is told of again.
    """
    with transaction.atomic():
        drift = Drift.objects.select_for_update(no_key=True).filter(outlet=outlet).first()
        known = drift_now(outlet.pk) if drift else None
        if drift is None or known is None:
            return 0
        new = {line.print for line in known.lines if line.print in prints} - drift.decided.keys()
        if new:
            said = {"by": user.email if user else "", "at": timezone.now().isoformat()}
            drift.decided |= dict.fromkeys(sorted(new), said)
            store(drift, known)
            facts = {"outlet_id": outlet.outlet_id, "count": len(new)}
            AuditEntry.objects.create(
                merchant_id=outlet.merchant_id, user=user, action="menu.drift_overwritten", facts=facts
            )
    return len(new)
