"""What is left of a price after GoFood's commission, and setting that commission.

A share of the price only: a fixed amount per order belongs to no item, so it is in no net price.
"""

from collections.abc import Collection
from decimal import Decimal

from django.db import transaction

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Merchant, Outlet, User


def net(price: int, percent: Decimal) -> int:
    """What is left of `price` after a commission of `percent`: rounded half up, to whole rupiah.

    A reduction, which is below zero, becomes smaller by the same share.
    """
    if price < 0:
        return -net(-price, percent)
    kept = 10_000 - int(percent * 100)
    return (price * kept + 5_000) // 10_000


def set_commission(
    merchant: Merchant, outlets: Collection[Outlet], percent: Decimal | None, user: User | None
) -> list[Outlet]:
    """The outlets whose commission changed to `percent`; None: not known any more."""
    with transaction.atomic():
        # In order of their keys, as everywhere: two at once wait for each other, and do not lock up.
        locked = merchant.outlets.select_for_update(no_key=True).order_by("pk")
        rows = locked.filter(pk__in=[outlet.pk for outlet in outlets])
        changed = [outlet for outlet in rows if outlet.commission_percent != percent]
        if not changed:
            return []
        merchant.outlets.filter(pk__in=[outlet.pk for outlet in changed]).update(commission_percent=percent)
        facts = {
            "percent": _text(percent),
            "outlets": {outlet.outlet_id: _text(outlet.commission_percent) for outlet in changed},
        }
        AuditEntry.objects.create(merchant=merchant, user=user, action="menu.commission", facts=facts)
        # Open menus show what is left next to each price.
        announce(merchant.pk, "menu")
    return changed


def _text(percent: Decimal | None) -> str | None:
    return None if percent is None else str(percent)
