"""What differs between two menus, in the words of a review."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from menus.differences import Change, differences, from_live, matches_live
from menus.hours import DAYS, all_day
from tests.menus.factories import live_from, live_menu


def item(name, external_id=None, **fields):
    return {
        "external_id": external_id or name.lower(),
        "name": name,
        "in_stock": True,
        "price": 1000,
        "operational_hours": all_day(),
        "variant_category_external_ids": [],
        **fields,
    }


def category(name, *variants, **fields):
    return {
        "external_id": name.lower(),
        "name": name,
        "rules": {"selection": {"min_quantity": 0, "max_quantity": 1}},
        "variants": [
            {"external_id": f"{name}-{variant}".lower(), "name": variant, "price": 0, "in_stock": True}
            for variant in variants
        ],
        **fields,
    }


@pytest.fixture
def payload():
    return {
        "menus": [
            {
                "name": "Ayam",
                "menu_items": [item("A", variant_category_external_ids=["c"]), item("B"), item("C")],
            },
            {"name": "Minum", "menu_items": [item("D")]},
        ],
        "variant_categories": [category("C", "Keju", "Telur"), category("E")],
    }


def changed(payload, change):
    other = copy.deepcopy(payload)
    change(other)
    return other


def first(payload):
    return payload["menus"][0]["menu_items"][0]


CASES = [
    (lambda p: first(p).update(name="Z"), [Change("renamed", "Z", "A", "Z")]),
    (lambda p: first(p).update(price=2000), [Change("repriced", "A", 1000, 2000)]),
    (lambda p: first(p).update(description="x"), [Change("described", "A", "", "x")]),
    (lambda p: first(p).update(image="https://x"), [Change("pictured", "A", "", "https://x")]),
    (lambda p: first(p).update(in_stock=False), [Change("switched", "A", True, False)]),
    (lambda p: first(p).update(variant_category_external_ids=[]), [Change("variants", "A", ["C"], [])]),
    (lambda p: p["menus"][0]["menu_items"].append(item("N")), [Change("added", "N", None, 1000)]),
    (lambda p: p["menus"][0]["menu_items"].pop(), [Change("removed", "C", 1000)]),
    (lambda p: p["menus"].reverse(), [Change("moved", "Ayam", of="menu")]),
    (lambda p: p["menus"][0].update(name="Z"), [Change("renamed", "Z", "Ayam", "Z", "menu")]),
    (lambda p: p["menus"].append({"name": "N", "menu_items": []}), [Change("added", "N", of="menu")]),
    (
        lambda p: p["menus"][1]["menu_items"].append(p["menus"][0]["menu_items"].pop()),
        [Change("moved", "C", "Ayam", "Minum")],
    ),
    (
        lambda p: p["menus"][0]["menu_items"].insert(0, p["menus"][0]["menu_items"].pop()),
        [Change("moved", "C", "Ayam", "Ayam")],
    ),
    (
        lambda p: p["variant_categories"][0].update(name="Z"),
        [Change("renamed", "Z", "C", "Z", "variant_category")],
    ),
    (lambda p: p["variant_categories"].pop(), [Change("removed", "E", of="variant_category")]),
    (
        lambda p: p["variant_categories"][0]["variants"][0].update(price=-5),
        [Change("repriced", "Keju", 0, -5, "variant")],
    ),
    (
        lambda p: p["variant_categories"][0]["variants"].reverse(),
        [Change("moved", "Telur", "C", "C", "variant")],
    ),
    (
        lambda p: p["variant_categories"][0]["rules"]["selection"].update(min_quantity=1),
        [
            Change(
                "variants",
                "C",
                {"min_quantity": 0, "max_quantity": 1},
                {"min_quantity": 1, "max_quantity": 1},
                "variant_category",
            )
        ],
    ),
]


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_each_change_is_named_once(payload, change, expected):
    found = differences(payload, changed(payload, change))
    if expected[0].kind == "moved" and expected[0].of in ("menu", "variant"):
        # Of two that change places either may be said to move.
        assert [(one.kind, one.of) for one in found] == [(one.kind, one.of) for one in expected]
    else:
        assert found == expected


def test_hours(payload):
    hours = {**all_day(), "monday": []}
    (found,) = differences(payload, changed(payload, lambda p: first(p).update(operational_hours=hours)))
    assert (found.kind, found.new["monday"]) == ("hours", [])


def test_another_id_is_another_item(payload):
    found = differences(payload, changed(payload, lambda p: first(p).update(external_id="other")))
    assert [(one.kind, one.name) for one in found] == [("added", "A"), ("removed", "A")]


def test_equal_menus_do_not_differ(payload):
    assert differences(payload, payload) == []
    assert differences(payload, copy.deepcopy(payload)) == []


def test_the_live_menu_is_read_into_the_same_shape():
    read = from_live(live_menu())
    assert differences(read, from_live(live_menu())) == []
    assert read["menus"][1]["menu_items"][0]["price"] == 5000
    assert set(read["menus"][0]["menu_items"][0]["operational_hours"]) == set(DAYS)


def test_what_got_its_id_is_recognised_by_name():
    old = from_live(live_menu())
    new = copy.deepcopy(old)
    for row in [*new["menus"][0]["menu_items"], *new["variant_categories"]]:
        row["external_id"] = row["external_id"] or row["name"].lower()
        row.pop("_links", None)
    for row in new["menus"][0]["menu_items"]:
        row["variant_category_external_ids"] = ["potongan"]
    assert differences(old, new) == []


def test_the_live_menu_after_a_put_is_the_payload(payload):
    assert matches_live(payload, live_from(payload)) == []


NOT_SHOWN = {"hours"}


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_what_was_not_taken_is_found(payload, change, expected):
    wanted = changed(payload, change)
    found = matches_live(wanted, live_from(payload))
    shown = expected[0].kind not in NOT_SHOWN
    moved_inside = expected[0].kind == "moved" and (
        expected[0].old == expected[0].new is not None or expected[0].of == "variant"
    )
    empty_menu = expected[0].of == "menu" and expected[0].kind == "added"
    assert bool(found) == (shown and not moved_inside and not empty_menu)


def test_a_copy_of_a_picture_is_the_picture_and_none_is_none(payload):
    first(payload)["image"] = "https://ours.example.com/a.png"
    live = live_from(payload)
    live["menus"][0]["menu_items"][0]["image"] = "https://gofood.example.com/copy.png"
    assert matches_live(payload, live) == []
    live["menus"][0]["menu_items"][0]["image"] = None
    assert matches_live(payload, live) == [Change("pictured", "A", "https://ours.example.com/a.png", "")]


def test_categories_of_one_name_are_known_by_their_variants(payload):
    payload["variant_categories"] = [category("T", "Keju"), category("T", "Telur", external_id="t2")]
    payload["variant_categories"][1]["variants"][0]["external_id"] = "t2-telur"
    first(payload)["variant_category_external_ids"] = ["t2"]
    live = live_from(payload)
    live["variant_categories"].reverse()
    assert matches_live(payload, live) == []


def test_a_lost_external_id_is_a_difference(payload):
    live = live_from(payload)
    live["menus"][0]["menu_items"][0]["external_id"] = None
    assert {one.name for one in matches_live(payload, live)} == {"A"}
    live = live_from(payload)
    live["variant_categories"][0]["variants"][1]["external_id"] = ""
    assert {one.name for one in matches_live(payload, live)} == {"Telur"}


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"name": None, "price": None, "external_id": 7, "variant_category_ids": "x", "operational_hours": 3},
        {"variant_category_ids": [None, {}, "g-c"], "image": 1, "description": ["x"], "in_stock": None},
    ],
)
def test_an_odd_live_menu_is_compared_without_falling_over(payload, row):
    live = live_from(payload)
    live["menus"][0]["menu_items"].append(row)
    live["variant_categories"].append({"rules": {"selection": None}, "variants": [{}]})
    assert matches_live(payload, live)


NAMES = st.sampled_from(["A", "B", "C", "D", "a "])
ITEMS = st.lists(
    st.builds(
        lambda name, number, price, stock, links: item(
            name, f"i{number}", price=price, in_stock=stock, variant_category_external_ids=links
        ),
        NAMES,
        st.integers(0, 7),
        st.integers(0, 2),
        st.booleans(),
        st.lists(st.sampled_from(["x", "y", "z"]), unique=True, max_size=2),
    ),
    max_size=4,
)
MENUS = st.lists(st.builds(lambda name, items: {"name": name, "menu_items": items}, NAMES, ITEMS), max_size=3)
CATEGORIES = st.lists(
    st.builds(
        lambda name, variants: category(name, *variants),
        st.sampled_from(["X", "Y", "Z"]),
        st.lists(NAMES, unique=True, max_size=3),
    ),
    unique_by=lambda row: row["external_id"],
    max_size=3,
)
PAYLOADS = st.builds(
    lambda menus, categories: {"menus": menus, "variant_categories": categories}, MENUS, CATEGORIES
)


def once(payload):
    """Each external_id once, as in every payload that passes the checks; links only to what is there."""
    seen = set()
    known = {row["external_id"] for row in payload["variant_categories"]}
    for menu in payload["menus"]:
        menu["menu_items"] = [
            row
            for row in menu["menu_items"]
            if not (row["external_id"] in seen or seen.add(row["external_id"]))
        ]
        for row in menu["menu_items"]:
            row["variant_category_external_ids"] = [
                name for name in row["variant_category_external_ids"] if name in known
            ]
    return payload


@settings(max_examples=300, deadline=None)
@given(PAYLOADS.map(once), PAYLOADS.map(once))
def test_differences_are_symmetric_and_none_between_equals(old, new):
    assert differences(old, copy.deepcopy(old)) == []
    assert matches_live(old, live_from(old)) == []
    there, back = differences(old, new), differences(new, old)

    def count(changes, kind):
        return sum(change.kind == kind for change in changes)

    assert bool(there) == bool(back)
    assert count(there, "added") == count(back, "removed")
    assert count(there, "removed") == count(back, "added")
    for kind in ("renamed", "repriced", "switched", "variants"):
        assert count(there, kind) == count(back, kind)
