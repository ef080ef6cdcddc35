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
# Each source with what is announced when it may say something else.
SOURCES: dict[Source, tuple[str, ...]] = {}


def banner_source(*topics: str) -> Callable[[Source], Source]:
    """Register a source; it costs every page a query, so it has to be one, and a quick one.

    `topics`: what is announced when it may say something else: then open pages ask for the banners again.
    """

    def register(source: Source) -> Source:
        SOURCES[source] = topics
        return source

    return register


def banners_for(merchant: Merchant) -> list[Banner]:
    """The merchant's banners, worst first."""
    found = [banner for source in SOURCES for banner in source(merchant)]
    return sorted(found, key=lambda banner: banner.kind)


def banner_topics() -> list[str]:
    """What is announced when a banner may be another."""
    return sorted({topic for topics in SOURCES.values() for topic in topics})


@banner_source("proofs")
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
