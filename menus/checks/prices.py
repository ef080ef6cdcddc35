"""The rules about prices, and the guards: prices that may be right and are often a slip of a finger.

A guard is about a change. A price that GoFood has already is never guarded, so a menu that was read from
GoFood can be sent as it is, whatever its prices. Of one price the gravest guard asks, and typing the
price answers all that are less grave: GUARDS stand in that order.
"""

import hashlib
import json
from collections.abc import Callable
from math import exp, log
from statistics import median

from django.utils.translation import gettext_lazy as _

from menus.checks.findings import CATALOG, ERROR, ITEM, VARIANT, Known, Rule, Subject
from menus.tree import CategoryNode, MenuNode

# A zero too many or too few.
JUMP = 10
MOST_OFF_PERCENT = 30
# In rupiah; nobody has smaller coins.
ROUND_TO = 100
# Fewer prices than these show no range.
FEWEST_IN_RANGE = 5
# How often the usual distance from the middle price is far outside, and below which factor nothing is.
# Prices are compared by factors (logarithms): a tenth is as far as ten times. Median and median
# distance, in place of average and deviation, because the wrong price must not widen the range itself.
FAR_OUTSIDE, LEAST_FACTOR = 3.5, 3
NORMAL = 1.4826  # makes of a median distance what a standard deviation is of a normal distribution
FEWEST_AT_ONCE = 5

ChangedPrice = tuple[int, int, int]
Compared = Callable[[int, int], bool]


def usual_range(prices: list[int]) -> tuple[float, float] | None:
    """Between which prices those of a menu usually are; None when they are too few to say."""
    logs = [log(price) for price in prices if price > 0]
    if len(logs) < FEWEST_IN_RANGE:
        return None
    middle = median(logs)
    distance = NORMAL * median(abs(value - middle) for value in logs)
    reach = max(log(LEAST_FACTOR), FAR_OUTSIDE * distance)
    return exp(middle - reach), exp(middle + reach)


def range_of_menu(menu: MenuNode) -> tuple[float, float] | None:
    return usual_range([item.base_price for item in menu.items if not item.hidden])


def cheapest_choice(category: CategoryNode) -> int:
    """What the cheapest choice that the category allows adds: all that must be chosen, and each reduction
    beyond that which may be. 0 where fewer are in stock than must be chosen: then nobody can order it."""
    prices = sorted(node.price for node in category.variants if node.in_stock and not node.hidden)
    least, most = max(0, category.category.min_quantity), category.category.max_quantity
    if len(prices) < least:
        return 0
    return sum(prices[:least]) + sum(price for price in prices[least : max(least, most)] if price < 0)


def changed_prices(known: Known) -> tuple[list[ChangedPrice], int]:
    """Each item whose price GoFood has otherwise (pk, price there, price here), and how many it has at all."""
    changed, compared = [], 0
    for node in known.tree.items:
        last = None if node.hidden else known.tree.confirmed.row_of(ITEM, node.item)
        if last is not None:
            compared += 1
            if last.price != node.base_price:
                changed.append((node.item.pk, last.price, node.base_price))
    return changed, compared


def digest_of(changed: list[ChangedPrice]) -> str:
    """Thirty-two characters that tell these changes from any others."""
    return hashlib.sha256(json.dumps(sorted(changed)).encode()).hexdigest()[:32]


def rounded(price: int) -> int:
    """The nearest multiple of Rp 100; what costs something does not become free."""
    nearest = (abs(price) + ROUND_TO // 2) // ROUND_TO * ROUND_TO
    nearest = max(nearest, ROUND_TO) if price else 0
    return nearest if price >= 0 else -nearest


def _total_below_zero(subject: Subject) -> bool:
    choices = sum(subject.known.cheapest[node.category.pk] for node in subject.node.categories)
    return 0 <= subject.effective_price < -choices


def _same_total(subject: Subject) -> bool:
    confirmed = subject.known.tree.confirmed
    return subject.same_price and all(
        (last := confirmed.row_of(VARIANT, node.variant)) is not None and last.price == node.price
        for category in subject.node.categories
        for node in category.variants
        if not node.hidden
    )


def _compared(differs: Compared) -> Callable[[Subject], bool]:
    """Of a price above zero beside one above zero, where they differ."""
    return lambda subject: (
        subject.last_price is not None
        and subject.last_price > 0
        and subject.price > 0
        and differs(subject.price, subject.last_price)
    )


def _outside_range(subject: Subject) -> bool:
    usual = subject.known.usual[subject.row.menu_id]
    return usual is not None and subject.price > 0 and not usual[0] <= subject.price <= usual[1]


def _over_item(subject: Subject) -> bool:
    dearest = subject.known.dearest.get(subject.row.category_id, 0)
    return 0 < dearest < subject.price


def _many_changed(subject: Subject) -> bool:
    changed, compared = changed_prices(subject.known)
    most = subject.row.most_changed_percent
    return len(changed) >= FEWEST_AT_ONCE and len(changed) * 100 > most * compared


RULES = (
    Rule(
        "price_below_zero", ERROR, "price", (ITEM,),
        _("Its price is below zero."),
        lambda subject: subject.price < 0,
    ),
    Rule(
        "total_below_zero", ERROR, "price", (ITEM,),
        _("With the cheapest choice of variants its price is below zero."),
        _total_below_zero, kept=_same_total,
    ),
)  # fmt: skip

GUARDS = (
    Rule(
        "price_zero", ERROR, "price", (ITEM,),
        _("Its price is zero."),
        lambda subject: subject.price == 0,
        kept=lambda subject: subject.same_price, confirm=True,
    ),
    Rule(
        "price_tenfold", ERROR, "price", (ITEM,),
        _("Its price is ten times what GoFood has now, or more: perhaps a zero too many."),
        _compared(lambda price, last: price >= last * JUMP), confirm=True,
    ),
    Rule(
        "price_tenth", ERROR, "price", (ITEM,),
        _("Its price is a tenth of what GoFood has now, or less: perhaps a zero too few."),
        _compared(lambda price, last: price * JUMP <= last), confirm=True,
    ),
    Rule(
        "price_dropped", ERROR, "price", (ITEM,),
        _("Its price is more than 30 percent below what GoFood has now."),
        _compared(lambda price, last: price * 100 < last * (100 - MOST_OFF_PERCENT)), confirm=True,
    ),
    Rule(
        "price_raised", ERROR, "price", (ITEM,),
        _("Its price is more than 30 percent above what GoFood has now."),
        _compared(lambda price, last: price * 100 > last * (100 + MOST_OFF_PERCENT)), confirm=True,
    ),
    Rule(
        "price_out_of_range", ERROR, "price", (ITEM,),
        _("Its price is far from the other prices of its menu."),
        _outside_range, confirm=True,
    ),
    Rule(
        "addition_tenfold", ERROR, "price", (VARIANT,),
        _("What it adds to the price is ten times what GoFood has now, or more: perhaps a zero too many."),
        _compared(lambda price, last: price >= last * JUMP), confirm=True,
    ),
    Rule(
        "addition_tenth", ERROR, "price", (VARIANT,),
        _("What it adds to the price is a tenth of what GoFood has now, or less: perhaps a zero too few."),
        _compared(lambda price, last: price * JUMP <= last), confirm=True,
    ),
    Rule(
        "addition_turned", ERROR, "price", (VARIANT,),
        _("It makes the price lower; on GoFood it does not."),
        lambda subject: subject.price < 0 and (subject.last_price or 0) >= 0, confirm=True,
    ),
    Rule(
        "addition_over_item", ERROR, "price", (VARIANT,),
        _("It adds more to the price than the dearest item that it can be chosen for costs."),
        _over_item, confirm=True,
    ),
    Rule(
        "price_not_round", ERROR, "price", (ITEM, VARIANT),
        _("Its price is not a multiple of Rp 100."),
        lambda subject: subject.price % ROUND_TO != 0 and (subject.kind != ITEM or subject.price > 0),
        fix="round_prices", confirm=True,
    ),
    Rule(
        "many_prices_changed", ERROR, "", (CATALOG,),
        _("A large part of the prices changes at once."),
        _many_changed, confirm=True,
    ),
)  # fmt: skip
GRAVITY = {rule.code: place for place, rule in enumerate(GUARDS)}
