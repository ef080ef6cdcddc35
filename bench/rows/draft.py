"""What a review of a large menu costs: load and build it, check it, and compare it with what GoFood has."""

from __future__ import annotations

import json
from typing import Any

from bench.figures import Goal, Result, median_ratio, ratios, spread, table
from bench.options import Options
from bench.place import Place
from bench.product import Product
from bench.rows.checks import Times, store_menu

STEPS = ("load and build", "the checks", "the difference", "the checksum")
# A page shows it; a payload of this size is written as JSON in about 10 ms.
MOST_DUMPS = 60


def measure(place: Place, subject: Product, options: Options) -> Result:
    """In this process, which works on the bench's database since `product.prepare`."""
    from django.db import connections

    from menus.checks import check_tree
    from menus.differences import differences
    from menus.models import CatalogVersion
    from menus.payload import checksum, payload_of
    from menus.tree import load_tree

    def build(catalog: Any, outlet: Any) -> tuple[Any, Any]:
        tree = load_tree(catalog, outlet)
        return tree, payload_of(tree)

    options.say(f"storing a menu of {options.menu_items:,} items")
    outlet = store_menu(subject.merchant_id, options.menu_items)
    catalog, times = outlet.selling.catalog, Times()
    old = CatalogVersion.objects.get(outlet=outlet).payload
    for number in range(options.rounds):
        options.say(f"round {number + 1} of {options.rounds}")
        tree, payload = times.take("load and build", lambda: build(catalog, outlet))
        times.take("the checks", lambda tree=tree: check_tree(tree))
        found = times.take("the difference", lambda payload=payload: differences(old, payload))
        times.take("the checksum", lambda payload=payload: checksum(payload))
        times.take("json.dumps", lambda payload=payload: json.dumps(payload))
    catalog.delete()
    CatalogVersion.objects.filter(outlet=outlet).delete()
    connections.close_all()
    return result(times.of, options.menu_items, len(found))


def result(times: dict[str, list[float]], items: int, changes: int) -> Result:
    dumps = times["json.dumps"]
    whole = [sum(steps) for steps in zip(*(times[step] for step in STEPS), strict=True)]
    lines = [
        [step, spread([taken * 1000 for taken in rounds], "{:.1f}"), spread(ratios(rounds, dumps), "{:.1f}")]
        for step, rounds in [*times.items(), ("all of it", whole)]
    ]
    ratio = median_ratio(whole, dumps)
    goal = f"all of it takes at most {MOST_DUMPS} times as long as json.dumps ({ratio:.1f})"
    title = (
        f"A review of {items:,} items, {changes:,} of them changed, and json.dumps of their payload:"
        " median (least…most)"
    )
    return Result(title, table(["", "ms", "of json.dumps"], lines), [Goal(goal, ratio <= MOST_DUMPS)])
