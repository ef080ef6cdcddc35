"""How unusual it is that nothing comes for an outlet, and how that is said to its owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gobiz_admin.merchants.models import Outlet
from webhooks.models import Notification, Rhythm
from webhooks.rhythm import expected_orders, orders_seen
from webhooks.taken_in import last_heard

# Orders that come independently of one another stay away with a chance of e^-expected: 7 is below
# one in a thousand, 4.6 one in a hundred.
RED_FROM = 7.0
AMBER_FROM = 4.6
LEAST_DAYS = 7
LEAST_ORDERS = 20
# What waits for longer than that waits because no worker takes it.
WAITS_TOO_LONG = timedelta(minutes=1)


class Level(TextChoices):
    RED = "red", gettext_lazy("Unusually silent")
    AMBER = "amber", gettext_lazy("Longer silent than mostly")
    BEHIND = "behind", gettext_lazy("Not known now")
    NORMAL = "normal", gettext_lazy("As usual")
    UNKNOWN = "unknown", gettext_lazy("Not known yet")


@dataclass(frozen=True)
class Silence:
    outlet: Outlet
    level: str
    # When GoBiz was last heard about it; None: never.
    since: datetime | None
    # Orders that usually come from then to now; 0 where that is not known.
    expected: float = 0.0

    @property
    def label(self) -> str:
        return str(Level(self.level).label)

    @property
    def sentence(self) -> str:
        """What is usual, and what is; without what to do."""
        if self.level in (Level.RED, Level.AMBER):
            usual = ngettext(
                "Usually about %(count)d order comes at this time of the week; nothing has come since %(since)s.",
                "Usually about %(count)d orders come at this time of the week; nothing has come since %(since)s.",
                round(self.expected),
            )
            return usual % {"count": round(self.expected), "since": self.since_words}
        if self.level == Level.BEHIND:
            return _(
                "Notifications wait to be worked off. Whether this outlet is silent is known after that."
            )
        if self.level == Level.UNKNOWN:
            return _("What is usual here is known after %(days)d days and %(orders)d orders.") % {
                "days": LEAST_DAYS,
                "orders": LEAST_ORDERS,
            }
        return _("Last heard from GoBiz at %(since)s, which is usual at this time of the week.") % {
            "since": self.since_words
        }

    @property
    def since_words(self) -> str:
        """`11:02`, with the day when it was not today, in the outlet's zone."""
        if self.since is None:
            return "–"
        zone = self.outlet.zone
        local = self.since.astimezone(zone)
        if local.date() == timezone.localdate(timezone=zone):
            return date_format(local, "H:i")
        return date_format(local, "j M Y, H:i")


def cure() -> str:
    """What the owner of a silent outlet can do."""
    return _(
        "Nothing is lost here. Look in the GoBiz app whether the outlet is open and has orders; then send a "
        "test and check the subscriptions on the page “Webhooks”."
    )


def silences_of(outlets: list[Outlet], now: datetime | None = None) -> dict[int, Silence]:
    """By the pk of each outlet how unusual its present silence is; three queries."""
    now = now or timezone.now()
    heard, behind = last_heard(outlets), _apps_behind(outlets, now)
    rhythms = {rhythm.outlet_id: rhythm for rhythm in Rhythm.objects.filter(outlet__in=outlets)}
    found = {}
    for outlet in outlets:
        since, rhythm = heard.get(outlet.pk), rhythms.get(outlet.pk)
        if rhythm:
            rhythm.outlet = outlet
        level, expected = judge(rhythm, since, now)
        if outlet.gobiz_app_id in behind and level in (Level.RED, Level.AMBER):
            level = Level.BEHIND
        found[outlet.pk] = Silence(outlet, level, since, expected)
    return found


def judge(rhythm: Rhythm | None, since: datetime | None, now: datetime) -> tuple[Level, float]:
    """How unusual it is that nothing came from `since` to `now`, and how many orders usually would have."""
    if rhythm is None or since is None or rhythm.days < LEAST_DAYS or orders_seen(rhythm) < LEAST_ORDERS:
        return Level.UNKNOWN, 0.0
    expected = expected_orders(rhythm, since, now)
    if expected >= RED_FROM:
        return Level.RED, expected
    return (Level.AMBER if expected >= AMBER_FROM else Level.NORMAL), expected


def _apps_behind(outlets: list[Outlet], now: datetime) -> set[int]:
    """Apps with notifications that no worker has taken: which outlet they are about is not known yet."""
    return set(
        Notification.objects.filter(
            gobiz_app__in={outlet.gobiz_app_id for outlet in outlets},
            state=Notification.State.PENDING,
            next_attempt_at__lt=now - WAITS_TOO_LONG,
        )
        .order_by()
        .values_list("gobiz_app", flat=True)
        .distinct()
    )
