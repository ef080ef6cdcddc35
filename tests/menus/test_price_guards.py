"""Guards are about changes, compare with what GoFood has, and ask once for each price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.checks import WARNING, all_findings, check_tree, errors_in, guards_in
from menus.checks.prices import GUARDS, digest_of, rounded, usual_range
from menus.confirmed import read_confirmed
from menus.models import OutletOverride, PriceConfirmation
from tests.menus.trees import as_confirmed, good_tree, item, variant

ODD = [9_999, 1, 7, 123_456_789, 3, 99]


def guards(tree):
    return [(check.code, check.pk) for check in guards_in(check_tree(tree))]


def confirmation(check, **values):
    fields = {
        "kind": check.kind,
        "code": check.code,
        "value": check.key,
        "last_price": check.last_price,
        **({"item_id": check.pk} if check.kind == "item" else {}),
        **({"variant_id": check.pk} if check.kind == "variant" else {}),
    }
    return PriceConfirmation(**{**fields, **values})


def test_a_menu_from_gofood_is_never_guarded_whatever_its_prices():
    tree = good_tree()
    for node, price in zip(tree.items, ODD, strict=True):
        node.item.price = price
    for node, price in zip(tree.variants, (-99, 500_000), strict=True):
        node.variant.price = price
    tree.confirmed = read_confirmed(as_confirmed(tree))
    assert guards(tree) == []


def test_what_is_new_is_compared_with_its_menu_only():
    tree = good_tree(confirmed=False)
    assert guards(tree) == []
    item(tree).price = 150_000
    item(tree, 1).price = 9_999
    item(tree, 2).price = 0
    variant(tree).price = 950
    variant(tree, 1).price = 10_000
    assert guards(tree) == [
        ("price_out_of_range", 1),
        ("price_not_round", 2),
        ("price_zero", 3),
        ("price_not_round", 1),
    ]


def test_a_free_item_that_gofood_has_is_a_warning():
    tree = good_tree()
    item(tree).price = 0
    assert guards(tree) == [("price_zero", 1)]
    tree.confirmed = read_confirmed(as_confirmed(tree))
    assert [(check.code, check.severity, check.confirm) for check in check_tree(tree)] == [
        ("price_zero", WARNING, False)
    ]


def test_a_total_below_zero_that_gofood_has_is_a_warning():
    tree = good_tree()
    for node in tree.variants:
        node.variant.price = -11_000
    tree.confirmed = read_confirmed(as_confirmed(tree))
    found = {(check.code, check.severity) for check in check_tree(tree)}
    assert found == {("total_below_zero", WARNING)}
    item(tree).price = 10_500
    assert {check.pk for check in errors_in(check_tree(tree))} == {1}


def test_of_one_price_the_gravest_guard_asks():
    tree = good_tree()
    item(tree).price = 999
    assert guards(tree) == [("price_tenth", 1)]


def test_the_price_at_the_outlet_counts():
    tree = good_tree()
    tree.items[0].override = OutletOverride(price=1000)
    assert guards(tree) == [("price_tenth", 1)]


def test_what_is_hidden_is_not_asked_for():
    tree = good_tree()
    item(tree).price = 1
    tree.items[0].override = OutletOverride(hidden=True)
    assert guards(tree) == []


def test_without_an_outlet_nothing_is_asked():
    tree = good_tree(confirmed=False)
    tree.outlet = None
    item(tree).price = 1
    assert guards(tree) == []


def test_what_was_confirmed_is_not_asked_again():
    tree = good_tree()
    item(tree).price = 999
    check = guards_in(check_tree(tree))[0]
    tree.confirmations = [confirmation(check)]
    assert check_tree(tree) == []
    answered = all_findings(tree)
    assert [found.confirmation for found in answered] == tree.confirmations
    assert not answered[0].blocks


@pytest.mark.parametrize(
    "values",
    [
        {"value": "998"},
        {"last_price": 9_000},
        {"last_price": None},
        {"item_id": 2},
        {"kind": "variant", "item_id": None, "variant_id": 1},
        {"code": "price_dropped"},
        {"code": "price_not_round"},
        {"code": "gone"},
    ],
)
def test_a_confirmation_of_anything_else_does_not_count(values):
    tree = good_tree()
    item(tree).price = 999
    tree.confirmations = [confirmation(guards_in(check_tree(tree))[0], **values)]
    assert guards(tree) == [("price_tenth", 1)]


def test_who_typed_the_price_for_a_grave_guard_is_not_asked_by_a_lesser_one():
    tree = good_tree()
    item(tree).price = 10_050
    check = guards_in(check_tree(tree))[0]
    assert check.code == "price_not_round"
    tree.confirmations = [confirmation(check, code="price_dropped")]
    assert guards(tree) == []


def test_the_many_are_confirmed_as_they_are():
    tree = good_tree()
    for node in tree.items:
        node.item.price += 1000
    check = guards_in(check_tree(tree))[0]
    assert (check.code, check.asked, check.kind) == ("many_prices_changed", 6, "catalog")
    tree.confirmations = [confirmation(check)]
    assert guards(tree) == []
    item(tree).price += 100
    assert guards(tree) == [("many_prices_changed", 1)]


def test_how_many_is_many_is_the_merchants_choice():
    tree = good_tree()
    for node in tree.items[:5]:
        node.item.price += 1000
    tree.catalog.most_changed_percent = 84
    assert guards(tree) == []
    tree.catalog.most_changed_percent = 83
    assert guards(tree) == [("many_prices_changed", 1)]


def test_guards_come_after_errors_and_before_warnings():
    tree = good_tree()
    item(tree).image_url = ""
    item(tree, 1).price = 999
    item(tree, 2).external_id = None
    found = [check.code for check in check_tree(tree)]
    assert found == ["external_id_missing", "price_tenth", "picture_missing"]


def test_every_guard_confirms_and_blocks():
    assert all(rule.confirm and rule.severity == "error" for rule in GUARDS)


def test_few_prices_show_no_range():
    assert usual_range([10_000] * 4) is None
    assert usual_range([0, -5, *[10_000] * 4]) is None
    low, high = usual_range([10_000] * 5)
    assert (round(low), round(high)) == (3333, 30_000)


@given(st.lists(st.integers(1, 10**9), min_size=5, max_size=40))
def test_at_most_half_of_the_prices_are_outside_their_own_range(prices):
    low, high = usual_range(prices)
    assert sum(not low <= price <= high for price in prices) <= len(prices) / 2


@given(st.integers(-(10**12), 10**12))
def test_rounding(price):
    near = rounded(price)
    assert near % 100 == 0
    assert rounded(near) == near
    assert abs(near - price) <= 50 or (0 < abs(price) < 50 and abs(near) == 100)
    assert (near > 0, near < 0) == (price > 0, price < 0)


def test_the_digest_tells_changes_apart():
    assert digest_of([(1, 2, 3), (2, 2, 3)]) == digest_of([(2, 2, 3), (1, 2, 3)])
    assert digest_of([(1, 2, 3)]) != digest_of([(1, 2, 4)])
