"""What the checks of a large menu cost, beside what writing the same menu down as JSON costs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bench.figures import Goal, Result, median_ratio, ratios, spread, table
from bench.options import Options
from bench.place import Place
from bench.product import Product

if TYPE_CHECKING:
    from gobiz_admin.merchants.models import Outlet

ITEMS_IN_A_MENU, VARIANTS_IN_A_CATEGORY, CATEGORIES = 50, 5, 40


def measure(place: Place, subject: Product, options: Options) -> Result:
    """In this process, which works on the bench's database since `product.prepare`."""
    from django.db import connections

    from menus.checks import check_tree
    from menus.payload import payload_of
    from menus.tree import load_tree

    options.say(f"storing a menu of {options.menu_items:,} items")
    outlet = store_menu(subject.merchant_id, options.menu_items)
    catalog = outlet.selling.catalog
    payload, times = payload_of(load_tree(catalog, outlet)), Times()
    for number in range(options.rounds):
        options.say(f"round {number + 1} of {options.rounds}")
        tree = times.take("loading the tree", lambda: load_tree(catalog, outlet))
        times.take("the checks", lambda tree=tree: check_tree(tree))
        times.take("json.dumps", lambda: json.dumps(payload))
    catalog.delete()
    connections.close_all()
    return result(times.of, options.menu_items)


class Times:
    """Round by round, how long each step took."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = {}

    def take(self, step: str, work: Callable[[], Any]) -> Any:
        begun = time.perf_counter()
        outcome = work()
        self.of.setdefault(step, []).append(time.perf_counter() - begun)
        return outcome


def store_menu(merchant_id: int, items: int) -> Outlet:
    """An outlet that sells so many items, each with a price that GoFood has otherwise, and two choices."""
    from django.utils import timezone

    from gobiz_admin.merchants.models import Outlet
    from menus.models import Catalog, CatalogVersion, Menu, OutletCatalog
    from menus.payload import payload_of
    from menus.tree import load_tree

    outlet = Outlet.objects.filter(merchant_id=merchant_id)[0]
    catalog = Catalog.objects.create(merchant_id=merchant_id, name="Bench", most_changed_percent=100)
    OutletCatalog.objects.create(outlet=outlet, catalog=catalog, imported_at=timezone.now())
    store_rows(catalog, items)
    payload = payload_of(load_tree(catalog, outlet))
    for item in (item for menu in payload["menus"] for item in menu["menu_items"]):
        item["price"] += 1000
    CatalogVersion.objects.create(outlet=outlet, number=0, payload=payload, checksum="bench")
    assert Menu.objects.filter(catalog=catalog).count() == -(-items // ITEMS_IN_A_MENU)
    return outlet


def store_rows(catalog: Any, items: int) -> None:
    from menus.models import ItemVariantCategory, Menu, MenuItem, Variant, VariantCategory

    menus = Menu.objects.bulk_create(
        Menu(catalog=catalog, name=f"Menu {number}", position=number)
        for number in range(-(-items // ITEMS_IN_A_MENU))
    )
    categories = VariantCategory.objects.bulk_create(
        VariantCategory(
            catalog=catalog,
            external_id=f"vc-{number}",
            name=f"Pilihan {number}",
            min_quantity=1,
            max_quantity=2,
        )
        for number in range(CATEGORIES)
    )
    Variant.objects.bulk_create(
        Variant(
            catalog=catalog, category=category, external_id=f"v-{category.pk}-{number}", name=f"Rasa {number}"
        )
        for category in categories
        for number in range(VARIANTS_IN_A_CATEGORY)
    )
    rows = MenuItem.objects.bulk_create(
        MenuItem(
            catalog=catalog,
            menu=menus[number // ITEMS_IN_A_MENU],
            external_id=f"i-{number}",
            name=f"Nasi Goreng Nomor {number}",
            description="Nasi goreng dengan telur, ayam dan kerupuk",
            price=15_000 + number % 90 * 100,
            image_url="https://pictures.example.com/nasi.png",
            operational_hours={"monday": [{"start": "08:00", "end": "21:00"}]},
        )
        for number in range(items)
    )
    ItemVariantCategory.objects.bulk_create(
        ItemVariantCategory(item=row, category=categories[(place + step) % CATEGORIES], position=step)
        for place, row in enumerate(rows)
        for step in range(2)
    )


def result(times: dict[str, list[float]], items: int) -> Result:
    dumps = times["json.dumps"]
    lines = [
        [step, spread([taken * 1000 for taken in rounds], "{:.1f}"), spread(ratios(rounds, dumps), "{:.1f}")]
        for step, rounds in times.items()
    ]
    ratio = median_ratio(times["the checks"], dumps)
    goal = Goal(
        f"the checks take at most {MOST_DUMPS} times as long as json.dumps ({ratio:.1f})", ratio <= MOST_DUMPS
    )
    title = f"The checks of {items:,} items, and json.dumps of their payload: median (least…most)"
    return Result(title, table(["", "ms", "of json.dumps"], lines), [goal])


# The page shows the list while somebody types; a payload of this size is written in about 10 ms.
MOST_DUMPS = 10
