"""The calm line a day: what differs on GoFood and costs neither money nor orders now.

What does stands on every page at once (menus/banners.py) and on Home.
"""

from collections import defaultdict

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.merchants import mailing
from gobiz_admin.merchants.models import Merchant
from gobiz_admin.merchants.roles import Action
from menus.models import Drift

# In the morning, by the clock of the merchant's outlets.
TOLD_FROM_HOUR = 9
MOST_NAMED = 3


def tell() -> int:
    """How many letters were stored. A merchant gets one a day at most, and only of what none has told of."""
    rows = Drift.objects.filter(open__gt=0).select_related("outlet__merchant").order_by("outlet__name")
    of_merchant: dict[Merchant, list[Drift]] = defaultdict(list)
    for drift in rows:
        if timezone.localtime(timezone=drift.outlet.zone).hour >= TOLD_FROM_HOUR and _new(drift):
            of_merchant[drift.outlet.merchant].append(drift)
    return sum(_write(merchant, drifts) for merchant, drifts in of_merchant.items())


def calm(drift: Drift) -> list[str]:
    """The fingerprints of the calm lines that nobody decided about, of those that are kept."""
    lines = [line for line in drift.lines if not line["urgent"]]
    return [line["print"] for line in lines if line["print"] not in drift.decided]


def _new(drift: Drift) -> bool:
    return bool(set(calm(drift)) - set(drift.told))


def _write(merchant: Merchant, drifts: list[Drift]) -> int:
    today = timezone.localtime(timezone=drifts[0].outlet.zone).date()
    facts = {
        "count": sum(drift.open - drift.urgent for drift in drifts),
        "outlets": ", ".join(drift.outlet.name for drift in drifts[:MOST_NAMED]),
        "more": max(0, len(drifts) - MOST_NAMED),
        "path": reverse("drift", args=[merchant.pk]),
    }
    with transaction.atomic():
        written = mailing.write(merchant, Action.PUBLISH_MENU, "drift", f"drift-{today}", facts)
        for drift in drifts if written else ():
            # Not `save`: it may have been compared anew meanwhile, and then is told of tomorrow.
            Drift.objects.filter(pk=drift.pk, lines=drift.lines).update(
                told=sorted({*drift.told, *calm(drift)})
            )
    return written
