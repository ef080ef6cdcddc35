"""A moment in a few words, by the outlet's clock."""

from datetime import datetime

from django import template

from gobiz_admin.merchants import moments
from gobiz_admin.merchants.models import Outlet

register = template.Library()
when = register.filter("when", moments.when)


@register.filter
def when_at(moment: datetime | None, outlet: Outlet | None) -> str:
    """The same by the clock of an outlet; of none, by that of the page."""
    return moments.when(moment, outlet.zone if outlet else None)
