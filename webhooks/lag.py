"""How long a notification took, and how that is written."""

from __future__ import annotations

from datetime import datetime
from statistics import median

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from webhooks.models import Notification


def seconds_between(earlier: datetime | None, later: datetime | None) -> float | None:
    """Seconds, never below 0, for GoBiz's clock may be ahead of ours; None when either is not known."""
    if earlier is None or later is None:
        return None
    return max(0.0, (later - earlier).total_seconds())


def arrival(notification: Notification) -> float | None:
    """Seconds from GoBiz's own time to our row."""
    return seconds_between(notification.sent_at, notification.received_at)


def effect(notification: Notification) -> float | None:
    """Seconds from our row to the end of its working off."""
    return seconds_between(notification.received_at, notification.finished_at)


def median_of(values: list[float | None]) -> float | None:
    """The median of what is known, or None."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 min`, `2 h 5 min`, `3 days`; a dash for what is not known."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return _("%(count)s s") % {"count": number_format(seconds, 1)}
    if seconds < 120:
        return _("%(count)s s") % {"count": round(seconds)}
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("%(count)s min") % {"count": minutes}
    if minutes < 48 * 60:
        return _("%(hours)s h %(minutes)s min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return _("%(count)s days") % {"count": minutes // (24 * 60)}
