"""What costs the merchant money right now, said on every page. Each app adds its own source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from gobiz_admin.merchants.models import Merchant


@dataclass(frozen=True)
class Press:
    """A button that does it at once, for one outlet."""

    url: str
    outlet: int
    label: str


@dataclass(frozen=True)
class Banner:
    kind: str  # "danger" or "warning"
    text: str
    url: str = ""
    label: str = ""
    # How many open mapping alerts it stands for; the badge beside "Alerts" is their sum.
    alerts: int = 0
    press: Press | None = None


Source = Callable[[Merchant], list[Banner]]
SOURCES: list[Source] = []


def banner_source(source: Source) -> Source:
    """Register a source; it costs every page a query, so it has to be one, and a quick one."""
    SOURCES.append(source)
    return source


def banners_for(merchant: Merchant) -> list[Banner]:
    """The merchant's banners, worst first."""
    found = [banner for source in SOURCES for banner in source(merchant)]
    return sorted(found, key=lambda banner: banner.kind)


@banner_source
def refused_credentials(merchant: Merchant) -> list[Banner]:
    """Apps whose credentials GoBiz refused at the last try."""
    return [
        Banner(
            "danger",
            _("GoBiz refuses the App ID or App Secret of %(app)s: menu and order actions do not work.")
            % {"app": app.app_id},
            reverse("outlets", args=[merchant.pk]),
            _("Correct them"),
        )
        for app in merchant.gobiz_apps.filter(refused_at__isnull=False)
    ]
