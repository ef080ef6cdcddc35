"""What a customer sees of a payload: items, choices, sums."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from menus.hours import DAYS, all_day
from menus.models import CatalogVersion, ItemVariantCategory, OutletOverride, Sync
from menus.opening import Opening
from menus.payload import build_payload, payload_of
from menus.previewing import choose, draft_of, item_of, last_published, shown_menus
from menus.tree import load_tree
from tests.menus.factories import MenuFactory, MenuItemFactory, VariantCategoryFactory, selling_outlet

# A Monday.
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Asia/Jakarta"))


def variant(key, price=0, in_stock=True):
    return {"external_id": key, "name": f"Name of {key}", "price": price, "in_stock": in_stock}


def category(key, least, most, *variants):
    rules = {"selection": {"min_quantity": least, "max_quantity": most}}
    return {"external_id": key, "name": f"Name of {key}", "rules": rules, "variants": list(variants)}


def item(key, *categories, **fields):
    return {
        "external_id": key,
        "name": f"Name of {key}",
        "in_stock": True,
        "price": 15_000,
        "operational_hours": all_day(),
        "variant_category_external_ids": list(categories),
        **fields,
    }


def payload(items, categories=()):
    return {"menus": [{"name": "Ayam", "menu_items": items}], "variant_categories": list(categories)}


def the_item(items, categories=()):
    """The first item, at noon on a Monday."""
    return shown_menus(payload(items, categories), NOON)[0].items[0]


SIZE = category("VC-1", 1, 1, variant("V-1"), variant("V-2", 5_000), variant("V-3", 9_000, in_stock=False))
TOPPING = category("VC-2", 0, 2, variant("T-1", 1_000), variant("T-2", 2_000), variant("T-3", -3_000))
RICE = item("I-1", "VC-1", "VC-2")


def test_menus_and_items_keep_their_order_and_empty_menus_are_not_shown():
    shown = shown_menus(
        {
            "menus": [
                {"name": "B", "menu_items": [item("I-2"), item("I-1")]},
                {"name": "Empty", "menu_items": []},
                {"name": "A", "menu_items": [item("I-3")]},
            ],
            "variant_categories": [],
        },
        NOON,
    )
    assert [(menu.name, [row.key for row in menu.items]) for menu in shown] == [
        ("B", ["I-2", "I-1"]),
        ("A", ["I-3"]),
    ]


def test_nothing_at_all():
    assert shown_menus({"menus": [], "variant_categories": []}, NOON) == []


def test_what_an_item_may_lack():
    shown = the_item([item("I-1")])
    assert (shown.description, shown.image, shown.categories) == ("", "", ())
    assert shown.orderable


def test_outside_its_hours():
    hours = {day: [] for day in DAYS} | {"monday": [{"start": "17:00", "end": "21:00"}]}
    shown = the_item([item("I-1", operational_hours=hours)])
    assert (shown.open, shown.opening, shown.orderable) == (False, Opening(0, "monday", "17:00"), False)
    never = the_item([item("I-1", operational_hours={day: [] for day in DAYS})])
    assert (never.open, never.opening) == (False, None)


def test_a_sum_with_additions_and_a_reduction():
    shown = the_item([RICE], [SIZE, TOPPING])
    assert choose(shown, {"V-2"}).total == 20_000
    assert choose(shown, {"V-2", "T-1", "T-3"}).total == 18_000
    assert choose(shown, {"T-3"}).total == 12_000
    assert choose(shown, set()).total == 15_000


def test_what_cannot_be_chosen_is_not_reckoned():
    """Sold out, of another item's category, or from nowhere."""
    other = category("VC-9", 0, 1, variant("X-1", 7_000))
    shown = the_item([RICE], [SIZE, TOPPING, other])
    choice = choose(shown, {"V-3", "X-1", "nonsense", "\x00"})
    assert (choice.total, choice.keys) == (15_000, frozenset())


def test_too_few_and_too_many():
    shown = the_item([RICE], [SIZE, TOPPING])
    size, topping = shown.categories
    assert choose(shown, set()).too_few == (size,)
    assert choose(shown, {"V-1", "V-2"}).too_many == (size,)
    assert choose(shown, {"V-1", "T-1", "T-2", "T-3"}).too_many == (topping,)
    kept = choose(shown, {"V-1", "T-1", "T-2"})
    assert (kept.too_few, kept.too_many) == ((), ())


@pytest.mark.parametrize(
    ("least", "most", "single"), [(1, 1, True), (0, 1, False), (1, 2, False), (2, 2, False)]
)
def test_only_exactly_one_is_a_single_choice(least, most, single):
    assert the_item([RICE], [category("VC-1", least, most, variant("V-1"))]).categories[0].single is single


@pytest.mark.parametrize(
    ("least", "most", "enough"), [(0, 1, True), (1, 1, True), (2, 3, False), (3, 2, False), (0, 0, True)]
)
def test_an_item_cannot_be_ordered_where_too_few_variants_are_in_stock(least, most, enough):
    rule = category("VC-1", least, most, variant("V-1"), variant("V-2", in_stock=False))
    shown = the_item([RICE], [rule])
    assert (shown.categories[0].enough, shown.orderable) == (enough, enough)


def test_a_category_without_variants_is_seen_only_where_it_is_asked_for():
    shown = the_item([RICE], [category("VC-1", 0, 1), category("VC-2", 1, 1)])
    assert [row.key for row in shown.categories] == ["VC-2"]
    assert not shown.orderable


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.integers(-(10**6), 10**6), st.booleans(), st.booleans()), max_size=6),
)
def test_the_price_is_the_items_and_that_of_each_choice_in_stock(price, rows):
    variants = [variant(f"V-{n}", adds, stock) for n, (adds, stock, _) in enumerate(rows)]
    shown = the_item([item("I-1", "VC-1", price=price)], [category("VC-1", 0, 9, *variants)])
    wanted = {f"V-{n}" for n, (_, _, chosen) in enumerate(rows) if chosen}
    expected = price + sum(adds for adds, stock, chosen in rows if stock and chosen)
    assert choose(shown, wanted).total == expected


# --- the draft, and what was published ----------------------------------------------------------


@pytest.fixture
def outlet(db):
    return selling_outlet(operational_hours=None)


def tree_of(outlet):
    return load_tree(outlet.selling.catalog, outlet)


def test_the_draft_is_what_would_be_published(outlet):
    item = outlet.selling.catalog.menu_items.get()
    hidden = MenuItemFactory(menu=item.menu)
    OutletOverride.objects.create(outlet=outlet, item=hidden, hidden=True)
    OutletOverride.objects.create(outlet=outlet, item=item, price=17_000, in_stock=False)
    first = outlet.selling.catalog.variants.first()
    OutletOverride.objects.create(outlet=outlet, variant=first, price=2_500)
    draft = draft_of(tree_of(outlet))
    assert draft == build_payload(outlet)
    shown = shown_menus(draft, NOON)
    assert [(row.price, row.in_stock) for row in shown[0].items] == [(17_000, False)]
    assert choose(shown[0].items[0], {first.external_id}).total == 19_500


def test_a_menu_with_only_hidden_items_is_not_shown(outlet):
    menu = MenuFactory(catalog=outlet.selling.catalog)
    OutletOverride.objects.create(outlet=outlet, item=MenuItemFactory(menu=menu), hidden=True)
    assert menu.name not in [shown.name for shown in shown_menus(draft_of(tree_of(outlet)), NOON)]


def test_what_has_no_external_id_yet_is_told_apart(outlet):
    """Right after the import, variant categories have none: each item keeps its own."""
    catalog = outlet.selling.catalog
    first, second = (
        catalog.menu_items.get(),
        MenuItemFactory(menu=catalog.menus.get(), operational_hours=None),
    )
    other = VariantCategoryFactory(catalog=catalog, name="Sambal", min_quantity=1)
    ItemVariantCategory.objects.create(item=second, category=other)
    for rows in (catalog.menu_items, catalog.variant_categories, catalog.variants):
        rows.update(external_id=None)
    shown = shown_menus(draft_of(tree_of(outlet)), NOON)[0].items
    assert [[row.name for row in found.categories] for found in shown] == [["Potongan"], ["Sambal"]]
    assert len({row.key for row in shown}) == 2
    assert item_of([*shown_menus(draft_of(tree_of(outlet)), NOON)], f"~{first.pk}") is not None
    assert payload_of(tree_of(outlet))["menus"][0]["menu_items"][0]["external_id"] is None


def test_last_published_is_the_newest_that_was_confirmed(outlet):
    assert last_published(outlet) is None

    def sync(number, state):
        version = CatalogVersion.objects.create(
            outlet=outlet, number=number, payload=payload([item(f"I-{number}")]), checksum="x"
        )
        at = timezone.now() - timedelta(hours=9 - number)
        return Sync.objects.create(
            outlet=outlet, version=version, state=state, request_id=f"r-{number}", confirmed_at=at
        )

    sync(1, Sync.State.CONFIRMED)
    wanted = sync(2, Sync.State.CONFIRMED)
    sync(3, Sync.State.FAILED)
    sync(4, Sync.State.ACCEPTED)
    found = last_published(outlet)
    assert found == wanted
    assert shown_menus(found.version.payload, NOON)[0].items[0].key == "I-2"
    assert last_published(selling_outlet()) is None
