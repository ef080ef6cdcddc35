"""Each rule of the table: a menu that just keeps it, and one that just breaks it."""

from collections.abc import Callable

import pytest

from menus.checks import CATALOG, ERROR, RULES, WARNING, check_tree
from menus.checks.prices import cheapest_choice
from menus.confirmed import ConfirmedMenu
from menus.fixes import FIXES
from menus.models import OutletOverride
from menus.tree import MenuNode, Tree
from tests.menus.trees import PICTURE, category, good_tree, item, variant

Change = Callable[[Tree], object]
RULE = {rule.code: rule for rule in RULES}


def on(of: Callable[[Tree], object], **values: object) -> Change:
    """Sets these values of a row."""

    def change(tree: Tree) -> None:
        for name, value in values.items():
            setattr(of(tree), name, value)

    return change


def reprice(price: int, number: int = 0) -> Change:
    return lambda tree: setattr(item(tree, number), "price", price)


def add(price: int) -> Change:
    return lambda tree: setattr(variant(tree), "price", price)


def both(*changes: Change) -> Change:
    return lambda tree: [change(tree) for change in changes]


def bad_picture(code: str, address: str = "https://new.example.com/a.png") -> Change:
    return both(on(item, image_url=address), lambda tree: tree.bad_pictures.update({item(tree).pk: code}))


def hide(tree: Tree, count: int) -> None:
    for node in tree.items[:count]:
        node.override = OutletOverride(hidden=True)


def empty_menu(tree: Tree) -> None:
    menu = type(tree.menus[0].menu)(pk=2, catalog=tree.catalog, name="Minum")
    tree.menus.append(MenuNode(menu, []))


def stock(*in_stock: bool) -> Change:
    def change(tree: Tree) -> None:
        for node, value in zip(tree.variants, in_stock, strict=True):
            node.variant.in_stock = value

    return change


def all_prices(factor: float, count: int) -> Change:
    def change(tree: Tree) -> None:
        for node in tree.items[:count]:
            node.item.price = round(node.item.price * factor)

    return change


def hours(*spans: tuple[str, str]) -> Change:
    given = [{"start": start, "end": end} for start, end in spans]
    return on(item, operational_hours={"monday": given})


def forget(tree: Tree) -> None:
    """All is new: GoFood has nothing of it."""
    tree.confirmed = ConfirmedMenu()


def known_of_gofood(kind: str, external_id: str) -> Change:
    return lambda tree: tree.live_ids.add((kind, external_id))


BAD_PICTURES = ("private", "unreachable", "not_png", "not_square", "too_large")
# Rule → what breaks it, and what comes close and keeps it.
CASES: dict[str, tuple[Change, Change]] = {
    "empty_catalog": (lambda tree: hide(tree, 6), lambda tree: hide(tree, 5)),
    "external_id_missing": (on(item, external_id=None), on(item, external_id="0")),
    "external_id_too_long": (on(item, external_id="a" * 201), on(item, external_id="a" * 200)),
    "external_id_format": (on(item, external_id="a b"), on(item, external_id="a-b_C9")),
    "external_id_doubled": (on(variant, external_id="v-2"), on(variant, external_id="i-2")),
    "name_missing": (on(variant, name="  "), on(variant, name="x")),
    "name_too_long": (on(category, name="a" * 151), on(category, name="a" * 150)),
    "internal_name_too_long": (on(item, internal_name="a" * 201), on(item, internal_name="a" * 200)),
    "description_too_long": (on(item, description="é" * 201), on(item, description="é" * 200)),
    "image_address": (on(item, image_url="nasi.png"), on(item, image_url="https://x.example/nasi")),
    **{
        f"picture_{code}": (bad_picture(f"picture_{code}"), bad_picture("")) for code in BAD_PICTURES
    },
    "hours_unreadable": (hours(("8", "9")), hours(("08:00", "09:00"))),
    "hours_missing": (on(item, operational_hours=None), hours(("00:00", "23:59"))),
    "hours_never_open": (on(item, operational_hours={"monday": []}), hours(("23:58", "23:59"))),
    "min_below_zero": (on(category, min_quantity=-1), on(category, min_quantity=0)),
    "max_below_one": (on(category, min_quantity=0, max_quantity=0), on(category, max_quantity=1)),
    "min_over_max": (on(category, min_quantity=2, max_quantity=1), on(category, min_quantity=2)),
    "min_over_stock": (stock(False, False), stock(False, True)),
    "max_over_variants": (on(category, max_quantity=3), on(category, max_quantity=2)),
    "picture_missing": (on(item, image_url=""), on(item, image_url=PICTURE)),
    "external_id_odd": (
        both(on(item, external_id="menu #1"), known_of_gofood("item", "menu #1")),
        known_of_gofood("item", "i-1"),
    ),
    "name_spaces": (on(item, name=" Ayam  1"), on(item, name="Ayam 1 é")),
    "name_twice": (on(item, name="AYAM 2"), on(item, name="Ayam 22")),
    "variant_name_twice": (on(variant, name="potong 2"), on(variant, name="Ayam 2")),
    "menu_empty": (empty_menu, on(lambda tree: tree.menus[0].menu, name="Minum")),
    "category_unused": (
        lambda tree: setattr(tree.categories[0], "used_by", 0),
        lambda tree: setattr(tree.categories[0], "used_by", 1),
    ),
    "category_empty": (
        both(on(category, min_quantity=0), lambda tree: tree.categories[0].variants.clear()),
        both(on(category, max_quantity=1), lambda tree: tree.categories[0].variants.pop()),
    ),
    "price_below_zero": (reprice(-100), reprice(10_000)),
    "total_below_zero": (
        both(reprice(900), stock(True, False), add(-1000)),
        both(reprice(1000), stock(True, False), add(-1000)),
    ),
    "price_zero": (reprice(0), reprice(9_900)),
    "price_tenfold": (reprice(100_000), reprice(99_900)),
    "price_tenth": (reprice(1000), reprice(1100)),
    "price_dropped": (reprice(6_900), reprice(7_000)),
    "price_raised": (reprice(13_100), reprice(13_000)),
    "price_out_of_range": (
        both(forget, reprice(60_000)),
        both(forget, reprice(45_000)),
    ),
    "addition_tenfold": (add(10_000), add(9_900)),
    "addition_tenth": (add(100), add(200)),
    "addition_turned": (add(-500), add(500)),
    "addition_over_item": (both(forget, add(22_100)), both(forget, add(22_000))),
    "price_not_round": (reprice(10_050), reprice(10_100)),
    "many_prices_changed": (all_prices(1.1, 5), all_prices(1.1, 4)),
}  # fmt: skip


def codes(tree: Tree) -> set[str]:
    return {check.code for check in check_tree(tree)}


def test_a_good_menu_has_no_findings():
    assert codes(good_tree()) == set()


def test_every_rule_has_a_case():
    assert len(RULE) == len(RULES)
    assert RULE.keys() == CASES.keys()


def test_every_fix_is_one_that_there_is():
    assert {rule.fix for rule in RULES if rule.fix} == FIXES.keys()


def test_every_rule_has_a_sentence_of_its_own():
    sentences = [str(rule.sentence) for rule in RULES]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize("code", CASES)
def test_what_breaks_a_rule_is_found(code):
    tree = good_tree()
    CASES[code][0](tree)
    found = [check for check in check_tree(tree) if check.code == code]
    assert found, codes(tree)
    rule = RULE[code]
    assert {(check.severity, check.field, check.confirm) for check in found} == {
        (rule.severity, rule.field, rule.confirm)
    }
    assert {check.kind for check in found} <= {str(kind) for kind in rule.kinds}
    assert all(check.blocks == (rule.severity == ERROR) for check in found)
    assert all((check.pk is not None) or check.kind == CATALOG for check in found)


@pytest.mark.parametrize("code", CASES)
def test_what_comes_close_is_not_found(code):
    tree = good_tree()
    CASES[code][1](tree)
    assert code not in codes(tree)


@pytest.mark.parametrize("code", [f"picture_{code}" for code in BAD_PICTURES])
def test_a_picture_that_gofood_has_already_blocks_nothing(code):
    tree = good_tree()
    bad_picture(code, PICTURE)(tree)
    assert [(check.code, check.severity) for check in check_tree(tree)] == [(code, WARNING)]


def test_hours_that_end_before_they_begin_in_the_last_minute_never_open():
    tree = good_tree()
    hours(("23:59", "00:00"))(tree)
    assert codes(tree) == {"hours_never_open"}


def test_hidden_variants_are_not_counted_as_stock():
    tree = good_tree()
    for node in tree.variants:
        node.override = OutletOverride(hidden=True)
    assert "min_over_stock" not in codes(tree)
    tree.variants[0].override = None
    tree.variants[0].variant.in_stock = False
    assert "min_over_stock" in codes(tree)


def test_most_is_not_set_below_least():
    tree = good_tree()
    category(tree).min_quantity = category(tree).max_quantity = 3
    assert codes(tree) == {"min_over_stock"}


@pytest.mark.parametrize(
    ("least", "most", "prices", "in_stock", "adds"),
    [
        (0, 1, [500, 1000], [True, True], 0),
        (1, 2, [500, 1000], [True, True], 500),
        (2, 2, [500, 1000], [True, True], 1500),
        (0, 2, [-500, -1000], [True, True], -1500),
        (0, 1, [-500, -1000], [True, True], -1000),
        (1, 2, [-500, 1000], [True, True], -500),
        (1, 1, [-500, 1000], [False, True], 1000),
        (-1, 0, [-500, 1000], [True, True], 0),
        (2, 2, [-500, 1000], [True, False], 0),
    ],
)
def test_the_cheapest_choice(least, most, prices, in_stock, adds):
    tree = good_tree()
    category(tree).min_quantity, category(tree).max_quantity = least, most
    for node, price, there in zip(tree.variants, prices, in_stock, strict=True):
        node.variant.price, node.variant.in_stock = price, there
    assert cheapest_choice(tree.categories[0]) == adds
