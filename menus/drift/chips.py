"""Drift in a word, for the pages that list outlets, and as a banner while it costs money or orders."""

from collections.abc import Sequence

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.banners import Banner, banner_source
from gobiz_admin.merchants.models import Merchant, Outlet
from gobiz_admin.merchants.outlet_chips import Chip, chip_source
from menus.models import Drift


@chip_source
def drift_chips(merchant: Merchant, outlets: Sequence[Outlet]) -> dict[int, Chip]:
    rows = Drift.objects.filter(outlet__in=outlets, open__gt=0)
    return {
        outlet_pk: Chip(
            "danger" if urgent else "warning",
            ngettext("%(count)d differs on GoFood", "%(count)d differ on GoFood", count) % {"count": count},
            reverse("drift_outlet", args=[merchant.pk, outlet_pk]),
        )
        for outlet_pk, count, urgent in rows.values_list("outlet_id", "open", "urgent")
    }


@banner_source("drift")
def urgent_drift(merchant: Merchant) -> list[Banner]:
    """Prices, availability and mapping that are not as they were published."""
    found = Drift.objects.filter(outlet__merchant=merchant, urgent__gt=0).aggregate(
        outlets=Count("pk"), lines=Sum("urgent")
    )
    if not found["outlets"]:
        return []
    text = ngettext(
        "GoFood shows %(lines)d price, stock or id otherwise than it was published.",
        "GoFood shows %(lines)d prices, stocks or ids otherwise than they were published.",
        found["lines"],
    ) % {"lines": found["lines"]}
    return [Banner("warning", text, reverse("drift", args=[merchant.pk]), _("See what differs"))]
