"""What it costs to look at a chain before publishing to all of it, or bringing all back, beside one of its outlets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bench.chain import chain, publish, sandbox
from bench.figures import Goal, Result, median_ratio, ratios, spread, table
from bench.options import Options
from bench.place import BenchError, Place
from bench.product import Product
from bench.rows.checks import Times

MOST_TIMES_ONE = 10


def measure(place: Place, subject: Product, options: Options) -> Result:
    """Published twice, and just read; then prices are changed in the catalog that all sell.

    In this process, which works on the bench's database since `product.prepare`.
    """
    from django.db.models import F
    from django.utils import timezone

    from menus.models import MenuItem

    times = Times()
    with sandbox(place) as url, chain(url, options) as outlets:
        options.say(f"publishing to {len(outlets)} outlets, twice")
        catalog = outlets[0].selling.catalog_id
        changed = MenuItem.objects.filter(catalog=catalog, position__lt=2)
        publish(outlets)
        first = timezone.now()
        changed.update(price=F("price") + 500)
        publish(outlets)
        for number in range(options.rounds):
            options.say(f"round {number + 1} of {options.rounds}")
            changed.update(price=F("price") + 500)
            for label, few in (("one outlet", outlets[:1]), ("all of them", outlets)):
                times.take(label, lambda few=few: _publish(few))
                times.take(f"{label}, bringing back", lambda few=few: _bring_back(few, first))
    return result(times.of, options)


def _publish(outlets: list[Any]) -> None:
    """What the page of publishing together is made of."""
    from menus.reviewing import reviews
    from menus.views.together import lines_of

    lines = lines_of(reviews(outlets))
    if [len(line.outlets) for line in lines] != [len(outlets)] or not lines[0].groups:
        raise BenchError("The outlets are not one line that changes.")


def _bring_back(outlets: list[Any], to: datetime) -> None:
    """What the page of bringing whole menus back is made of."""
    from menus.returning import versions_at
    from menus.views.returning import lines_of

    lines = lines_of(outlets, versions_at(to))
    if [len(line.rows) for line in lines] != [len(outlets)] or not lines[0].groups:
        raise BenchError("The outlets are not one line that comes back.")


def result(times: dict[str, list[float]], options: Options) -> Result:
    one = times["one outlet"]
    lines = [
        [label, spread([taken * 1000 for taken in rounds], "{:.0f}"), spread(ratios(rounds, one), "{:.1f}")]
        for label, rounds in sorted(times.items())
    ]
    title = (
        f"Reviewing {options.chain_outlets} outlets that sell the same {options.chain_items} items:"
        " median (least…most)"
    )
    ratio = median_ratio(times["all of them"], one)
    goal = f"all of them take at most {MOST_TIMES_ONE} times as long as one ({ratio:.1f})"
    return Result(title, table(["", "ms", "of one outlet"], lines), [Goal(goal, ratio <= MOST_TIMES_ONE)])
