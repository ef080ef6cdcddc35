"""What every page says about the menu while it costs money: open mapping alerts, prices that are stuck."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.banners import Banner, banner_source
from gobiz_admin.merchants.models import Merchant
from menus.models import MappingAlert
from menus.timed_turns import stuck


@banner_source("alerts")
def open_mapping_alerts(merchant: Merchant) -> list[Banner]:
    numbers = list(
        MappingAlert.objects.filter(outlet__merchant=merchant, state=MappingAlert.State.OPEN).values_list(
            "order_number", flat=True
        )[:100]
    )
    if not numbers:
        return []
    text = ngettext(
        "GoFood could not deliver order %(numbers)s: handle it in the GoBiz app, then resync the menu.",
        "GoFood could not deliver %(count)d orders (%(numbers)s): handle them in the GoBiz app, then resync the menu.",
        len(numbers),
    ) % {"count": len(numbers), "numbers": ", ".join(number for number in numbers[:3] if number) or "?"}
    return [
        Banner(
            "danger", text, reverse("alerts", args=[merchant.pk]), _("See the alerts"), alerts=len(numbers)
        )
    ]


@banner_source("syncs")
def stuck_timed_prices(merchant: Merchant) -> list[Banner]:
    """Timed prices that are over and that GoFood still sells at."""
    rows = list(stuck(merchant.pk)[:100])
    if not rows:
        return []
    facts = {"count": len(rows), "name": rows[0].name[:60], "outlet": rows[0].outlet.name}
    text = ngettext(
        "“%(name)s” still has its timed price on GoFood at %(outlet)s, though it is over: GoFood has not "
        "taken the menu since.",
        "%(count)d prices on GoFood are still timed ones that are over, “%(name)s” at %(outlet)s among them: GoFood "
        "has not taken the menu since.",
        len(rows),
    )
    url = reverse("publish_review", args=[merchant.pk, rows[0].outlet_id])
    return [Banner("danger", text % facts, url, _("Review and publish"))]
