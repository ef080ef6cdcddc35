"""What the preview says of an item, and of a choice, in the merchant's language."""

from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from menus.hours import DAYS
from menus.models import VariantCategory
from menus.opening import Opening
from menus.previewing import ShownCategory, ShownItem
from menus.views.wording import selection_sentence


def item_words(item: ShownItem) -> str:
    """Why the item cannot be had now; "" when it can."""
    if not item.in_stock:
        return _("Sold out")
    if item.open:
        return ""
    return opening_words(item.opening) if item.opening else _("Not sold")


def opening_words(opening: Opening) -> str:
    """“Available from 11:00”; another day is named."""
    # WEEKDAYS begins with Monday, DAYS with Sunday.
    facts = {"time": opening.time, "day": WEEKDAYS[(DAYS.index(opening.day) - 1) % 7]}
    if opening.days == 0:
        return _("Available from %(time)s") % facts
    if opening.days == 1:
        return _("Available tomorrow from %(time)s") % facts
    if opening.days == 7:
        return _("Available next %(day)s from %(time)s") % facts
    return _("Available on %(day)s from %(time)s") % facts


def category_words(category: ShownCategory) -> dict[str, Any]:
    """The category with its rule, and what it says as long as the rule is not kept."""
    least, most = category.min_quantity, category.max_quantity
    rule = selection_sentence(VariantCategory(min_quantity=least, max_quantity=most))
    facts = {"least": least, "most": most, "name": category.name}
    few = ngettext(
        "Choose at least %(least)d from “%(name)s”.", "Choose at least %(least)d from “%(name)s”.", least
    )
    many = ngettext(
        "Choose at most %(most)d from “%(name)s”.", "Choose at most %(most)d from “%(name)s”.", most
    )
    return {"category": category, "rule": rule, "too_few": few % facts, "too_many": many % facts}
