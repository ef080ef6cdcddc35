"""What every page says about the menu while it costs money: open mapping alerts."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.banners import Banner, banner_source
from gobiz_admin.merchants.models import Merchant
from menus.models import MappingAlert


@banner_source
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
