"""Catalogs in memory, as odd as GoFood lets them be, and sheets as people make them."""

import csv
import io
from typing import Any

from hypothesis import strategies as st

from menus.models import Catalog, Menu, MenuItem, Variant, VariantCategory
from menus.sheets.library import Library
from menus.sheets.planning import make_plan
from menus.sheets.plans import Plan
from menus.sheets.reading import read_upload
from menus.text import clean, storable
from menus.tree import CategoryNode, ItemNode, MenuNode, Tree, VariantNode

ODD = [
    "Nasi goreng 🍛👨‍👩‍👧",
    "دجاج مقلي",
    "=SUM(A1:A9)",
    "'=SUM(A1)",
    "''+62",
    "+62 812",
    "-pedas",
    "@admin",
    "＝1+1",
    'kata "pedas", sedang; manis\tasin|x',
    "baris satu\nbaris dua\r\ntiga\rempat",
    "_x005F_ dan _x000D_ dan _x0041_",
    "\x01\x0b\x1f",
    "#N/A",
    "007",
    "1.5e4",
    "true",
    "sep=;",
    "NULL",
    "x" * 10_000,
    "🔥" * 20_000,
    "\ufeffBOM",
    "\u2028\x85 lines",
    "Topping; Keju",
    "-",
]
names = st.one_of(st.sampled_from(ODD), st.text(min_size=1, max_size=20)).map(clean).filter(bool)
texts = st.one_of(st.just(""), names)
ids = st.one_of(st.none(), st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True), names.map(storable))
times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
spans = st.fixed_dictionaries({"start": times, "end": times})
days = st.sampled_from(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
hours = st.one_of(st.none(), st.dictionaries(days, st.lists(spans, max_size=3), max_size=7))
prices = st.one_of(st.integers(-5, 200_000), st.integers(-(2**62), 2**62))


@st.composite
def trees(draw: Any) -> Tree:
    """A catalog of any shape: names twice, ids missing or odd, prices that no form would take."""
    taken: dict[str, set[str]] = {"item": set(), "variant_category": set(), "variant": set()}
    number = iter(range(1, 10_000))

    def external_id(kind: str) -> str | None:
        value = draw(ids)
        if value in taken[kind]:
            return None
        taken[kind].add(value)
        return value

    def category() -> CategoryNode:
        row = VariantCategory(
            pk=next(number),
            external_id=external_id("variant_category"),
            name=draw(names),
            internal_name=draw(texts),
            min_quantity=draw(st.integers(-1, 5)),
            max_quantity=draw(st.integers(-1, 5)),
        )
        return CategoryNode(row, [variant(row) for _ in range(draw(st.integers(0, 3)))])

    def variant(of: VariantCategory) -> VariantNode:
        row = Variant(
            pk=next(number),
            category_id=of.pk,
            external_id=external_id("variant"),
            name=draw(names),
            price=draw(prices),
            in_stock=draw(st.booleans()),
        )
        return VariantNode(row)

    def item(menu: Menu) -> ItemNode:
        row = MenuItem(
            pk=next(number),
            menu_id=menu.pk,
            external_id=external_id("item"),
            name=draw(names),
            internal_name=draw(texts),
            description=draw(texts),
            price=draw(prices),
            in_stock=draw(st.booleans()),
            image_url=draw(st.sampled_from(["", "https://x.example/a.png", "https://x.example/ü b?=1"])),
            operational_hours=draw(hours),
        )
        linked = draw(st.lists(st.sampled_from(categories), max_size=3, unique_by=id)) if categories else []
        return ItemNode(row, linked)

    categories = [category() for _ in range(draw(st.integers(0, 3)))]
    menus = []
    for _ in range(draw(st.integers(0, 3))):
        menu = Menu(pk=next(number), name=draw(names))
        menus.append(MenuNode(menu, [item(menu) for _ in range(draw(st.integers(0, 3)))]))
    return Tree(Catalog(pk=1, merchant_id=1), None, menus, categories)


def library_in_memory(tree: Tree) -> Library:
    ledger = [
        *(("item", node.item.external_id) for node in tree.items),
        *(("variant_category", node.category.external_id) for node in tree.categories),
        *(("variant", node.variant.external_id) for node in tree.variants),
    ]
    return Library(tree, [(kind, value) for kind, value in ledger if value])


def plan_of(tree: Tree, *files: tuple[str, bytes]) -> Plan:
    """What importing these files would do to the tree."""
    return make_plan(library_in_memory(tree), read_upload(files))


def csv_file(*rows: str | list[str], name: str = "menu.csv", **options: Any) -> tuple[str, bytes]:
    """Rows (cells with | between them) as a CSV file."""
    stream = io.StringIO()
    writer = csv.writer(stream, **options)
    for row in rows:
        writer.writerow(row.split("|") if isinstance(row, str) else row)
    return name, stream.getvalue().encode()
