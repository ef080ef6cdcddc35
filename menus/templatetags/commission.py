"""What is left of a price, beside the price."""

from decimal import Decimal
from typing import Any

from django import template

from menus.commission import net

register = template.Library()


@register.filter
def net_of(price: Any, percent: Decimal | None) -> int | None:
    """`{{ price|net_of:percent }}`: what is left of the price; None where either is not known."""
    return None if price in (None, "") or percent in (None, "") else net(int(price), percent)
