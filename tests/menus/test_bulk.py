"""Changing many items at once: what is shown is what is done, and one undo takes it back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus import bulk, editing
from menus.bulk import CountNotTyped, PlanChanged, Wish, new_price
from menus.models import CatalogEdit, Ingredient, IngredientLink, MenuItem
from menus.payload import payload_of
from menus.text import HIGHEST_PRICE
from menus.tree import load_tree
from menus.undoing import last_edit, undo
from tests.factories import UserFactory
from tests.menus.factories import (
    CatalogFactory,
    MenuFactory,
    MenuItemFactory,
    VariantCategoryFactory,
    VariantFactory,
)

RAISE = {"how": "percent", "amount": Decimal(10), "round_to": 500}
HOURS = {"monday": [{"start": "06:00", "end": "11:00"}]}


@pytest.fixture
def catalog(db):
    return CatalogFactory()


@pytest.fixture
def items(catalog):
    menu = MenuFactory(catalog=catalog)
    return [MenuItemFactory(menu=menu, price=10_000 + n * 1000) for n in range(10)]


@pytest.fixture
def user(db):
    return UserFactory()


def wish(catalog, operation, values, pks, typed=""):
    planned = bulk.plan(load_tree(catalog), operation, values, pks)
    return Wish(operation, values, pks, planned.digest, typed)


def values_of(operation, catalog):
    return {
        "price": RAISE,
        "stock": {"in_stock": False},
        "hours": {"hours": None},
        "attach": {"category": catalog.variant_categories.last()},
        "detach": {"category": catalog.variant_categories.first()},
        "move": {"menu": catalog.menus.last()},
        "give": {"names": ["Telur"]},
        "take": {"names": ["AYAM"]},
        "delete": {},
    }[operation]


def test_what_is_not_what_was_shown_is_not_done(catalog, items, user):
    pks = [item.pk for item in items]
    shown = wish(catalog, "price", RAISE, pks)
    editing.save_item(items[0], {"price": 99_000}, UserFactory())
    with pytest.raises(PlanChanged) as changed:
        bulk.apply(catalog, shown, user)
    assert changed.value.plan.lines[0].old == 99_000
    assert MenuItem.objects.get(pk=items[1].pk).price == 11_000


def test_a_forged_wish_does_nothing(catalog, items, user):
    with pytest.raises(PlanChanged):
        bulk.apply(catalog, Wish("delete", {}, [items[0].pk], "x" * 16), user)
    assert MenuItem.objects.count() == 10


def test_twice_is_once(catalog, items, user):
    shown = wish(catalog, "price", RAISE, [items[0].pk])
    bulk.apply(catalog, shown, user)
    with pytest.raises(PlanChanged):
        bulk.apply(catalog, shown, user)


def test_another_catalogs_items_are_not_touched(catalog, items, user):
    stranger = MenuItemFactory()
    shown = wish(catalog, "stock", {"in_stock": False}, [stranger.pk, items[0].pk])
    assert bulk.apply(catalog, shown, user) == 1
    stranger.refresh_from_db()
    assert stranger.in_stock


def test_much_of_the_menu_goes_only_when_its_number_is_typed(catalog, items, user):
    pks = [item.pk for item in items[:3]]
    with pytest.raises(CountNotTyped):
        bulk.apply(catalog, wish(catalog, "delete", {}, pks, typed="2"), user)
    assert bulk.apply(catalog, wish(catalog, "delete", {}, pks, typed=" 3 "), user) == 3


def test_a_few_go_without(catalog, items, user):
    assert bulk.apply(catalog, wish(catalog, "delete", {}, [items[0].pk]), user) == 1


def test_what_is_that_way_already_is_left_and_said(catalog, items):
    planned = bulk.plan(load_tree(catalog), "stock", {"in_stock": True}, [items[0].pk])
    assert (planned.lines, planned.unchanged) == ([], [items[0].name])


def test_large_changes_are_counted(catalog, items):
    planned = bulk.plan(load_tree(catalog), "price", {**RAISE, "amount": Decimal(-50)}, [items[0].pk])
    assert planned.large == 1


@pytest.mark.parametrize("operation", bulk.OPERATIONS)
def test_one_undo_takes_all_of_it_back(catalog, items, user, operation):
    for _ in range(2):
        category = VariantCategoryFactory(catalog=catalog)
        VariantFactory(category=category)
    MenuFactory(catalog=catalog, position=10**6)
    ayam = Ingredient.objects.create(catalog=catalog, name="Ayam")
    for item in items[::2]:
        item.variant_categories.add(catalog.variant_categories.first())
        IngredientLink.objects.create(ingredient=ayam, item=item)
    before = payload_of(load_tree(catalog))
    values = values_of(operation, catalog)
    count = bulk.apply(
        catalog, wish(catalog, operation, values, [item.pk for item in items], typed="10"), user
    )
    assert count == (5 if operation in ("detach", "take") else 10)
    after = payload_of(load_tree(catalog))
    assert after != before or operation in ("hours", "give", "take")
    borne = {"give": 15, "take": 0}.get(operation, 5)
    assert IngredientLink.objects.count() == borne or operation == "delete"
    assert CatalogEdit.objects.count() == 1
    undo(last_edit(catalog, user), user)
    assert payload_of(load_tree(catalog)) == before
    assert IngredientLink.objects.count() == 5


@pytest.mark.parametrize("operation", bulk.OPERATIONS)
def test_as_many_queries_for_ten_as_for_three_hundred(catalog, items, operation):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    VariantCategoryFactory(catalog=catalog)
    VariantCategoryFactory(catalog=catalog)
    MenuFactory(catalog=catalog, position=10**6)

    def run(rows):
        shown = wish(
            catalog, operation, values_of(operation, catalog), [row.pk for row in rows], str(len(rows))
        )
        with CaptureQueriesContext(connection) as queries:
            assert bulk.apply(catalog, shown, None) in (len(rows), 0)
        return len(queries)

    few = run(items)
    many = MenuItemFactory.create_batch(300, menu=catalog.menus.first(), price=12_000)
    if operation == "detach":
        for item in many[:5]:
            item.variant_categories.add(catalog.variant_categories.first())
        return
    # Django deletes by hundreds.
    batches = len(many) // 100 - 1 if operation == "delete" else 0
    assert run(many) <= few + batches


PERCENT = st.decimals(min_value=-100, max_value=1000, places=2)


@given(
    st.integers(0, 10**9),
    st.sampled_from(["percent", "rupiah", "set"]),
    PERCENT,
    st.sampled_from([1, 100, 500, 1000]),
)
def test_a_price_is_whole_rounded_and_never_below_zero(price, how, amount, step):
    amount = amount if how == "percent" else Decimal(int(amount) * 1000)
    amount = abs(amount) if how == "set" else amount
    found = new_price(price, {"how": how, "amount": amount, "round_to": step})
    assert isinstance(found, int)
    assert found >= 0
    assert found % step == 0
    wished = {"percent": price * (1 + amount / 100), "rupiah": price + amount, "set": amount}[how]
    wished = min(max(Decimal(0), wished), Decimal(HIGHEST_PRICE // step * step))
    assert abs(found - wished) <= Decimal(step) / 2


@pytest.mark.parametrize("step", [1, 100, 500, 1000])
def test_a_price_that_is_raised_again_and_again_ends_at_the_highest(step):
    price = 15_000
    for _ in range(20):
        price = new_price(price, {"how": "percent", "amount": Decimal(1000), "round_to": step})
    assert price == HIGHEST_PRICE // step * step


def test_rounding_goes_to_the_nearest():
    assert new_price(15_000, {**RAISE, "round_to": 1000}) == 17_000
    assert new_price(15_000, {**RAISE, "round_to": 500}) == 16_500
    assert new_price(14_300, {**RAISE, "round_to": 500}) == 15_500
