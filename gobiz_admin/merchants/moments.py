"""Moments in a few words, by an outlet's clock."""

from datetime import datetime, tzinfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _


def when(moment: datetime | None, zone: tzinfo | None = None) -> str:
    """`14:30` today, `tomorrow 08:00`, else `Wed 25 Nov, 08:00`; "" without a moment."""
    if moment is None:
        return ""
    zone = zone or timezone.get_current_timezone()
    at, now = timezone.localtime(moment, zone), timezone.localtime(timezone=zone)
    clock, days = f"{at:%H:%M}", (at.date() - now.date()).days
    if days == 0:
        return clock
    if days == 1:
        return _("tomorrow %(time)s") % {"time": clock}
    if days == -1:
        return _("yesterday %(time)s") % {"time": clock}
    return f"{date_format(at, 'D j M')}, {clock}"
