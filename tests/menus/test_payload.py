"""What is sent: GoBiz's shape and rules, with the outlet's own prices, stock and hidden things."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from gobiz_admin.sandbox.catalog_rules import Review
from menus.checks import check_catalog, check_tree, errors_in
from menus.hours import DAYS, LAST_MINUTE, read_hours, sendable
from menus.models import Catalog, Menu, MenuItem, OutletOverride, Picture, Variant, VariantCategory
from menus.payload import build_payload, checksum, payload_of
from menus.tree import CategoryNode, ItemNode, MenuNode, Tree, VariantNode
from tests.menus.factories import (
    MenuFactory,
    MenuItemFactory,
    VariantCategoryFactory,
    VariantFactory,
    selling_outlet,
)


def catalog_of(outlet):
    return Catalog.objects.get(sellings__outlet=outlet)


@pytest.mark.django_db
def test_the_shape_of_put_catalog():
    outlet = selling_outlet(external_id="I-1", internal_name="AG", description="Pedas", price=15000)
    payload = build_payload(outlet)
    assert payload["menus"][0]["menu_items"] == [
        {
            "external_id": "I-1",
            "name": "Ayam Geprek",
            "internal_name": "AG",
            "description": "Pedas",
            "image": "https://pictures.example.com/nasi.png",
            "in_stock": True,
            "price": 15000,
            "operational_hours": {
                **{day: [] for day in DAYS},
                "monday": [{"start": "08:00", "end": "14:00"}],
            },
            "variant_category_external_ids": [payload["variant_categories"][0]["external_id"]],
        }
    ]
    category = payload["variant_categories"][0]
    assert category["rules"] == {"selection": {"min_quantity": 0, "max_quantity": 1}}
    assert [variant["name"] for variant in category["variants"]] == ["Paha atas", "Paha bawah"]
    assert not Review({**payload, "request_id": "r"}, {}).findings()


@pytest.mark.django_db
def test_empty_optional_fields_are_left_out():
    payload = build_payload(selling_outlet(description="", image_url=""))
    item = payload["menus"][0]["menu_items"][0]
    assert not {"description", "internal_name", "image"} & item.keys()
    assert "internal_name" not in payload["variant_categories"][0]


@pytest.mark.django_db
def test_our_picture_comes_before_the_live_one():
    outlet = selling_outlet()
    picture = Picture.objects.create(merchant=outlet.merchant, sha256="a" * 64, file="x", side=600, size=1)
    MenuItem.objects.update(picture=picture)
    item = build_payload(outlet)["menus"][0]["menu_items"][0]
    assert item["image"] == f"http://testserver/pictures/{'a' * 64}.png"


@pytest.mark.django_db
def test_what_differs_at_the_outlet():
    outlet, other = selling_outlet(price=15000), selling_outlet()
    item, variant = MenuItem.objects.get(catalog=catalog_of(outlet)), Variant.objects.first()
    OutletOverride.objects.create(outlet=outlet, item=item, price=0, in_stock=False)
    OutletOverride.objects.create(outlet=outlet, variant=variant, hidden=True)
    OutletOverride.objects.create(outlet=other, item=item, price=99)
    payload = build_payload(outlet)
    sent = payload["menus"][0]["menu_items"][0]
    assert (sent["price"], sent["in_stock"]) == (0, False)
    assert [row["name"] for row in payload["variant_categories"][0]["variants"]] == ["Paha bawah"]


@pytest.mark.django_db
def test_a_menu_whose_items_are_all_hidden_is_hidden_an_empty_one_is_sent():
    outlet = selling_outlet()
    catalog = catalog_of(outlet)
    hidden = MenuItemFactory(menu=MenuFactory(catalog=catalog, name="Hidden"))
    OutletOverride.objects.create(outlet=outlet, item=hidden, hidden=True)
    MenuFactory(catalog=catalog, name="Empty")
    assert "Hidden" not in [menu["name"] for menu in build_payload(outlet)["menus"]]
    assert "Empty" in [menu["name"] for menu in build_payload(outlet)["menus"]]


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_menu():
    def outlet_with(size):
        outlet = selling_outlet()
        catalog = catalog_of(outlet)
        menu = MenuFactory(catalog=catalog)
        MenuItemFactory.create_batch(size, menu=menu, external_id=None)
        category = VariantCategoryFactory(catalog=catalog)
        VariantFactory.create_batch(size, category=category)
        return outlet

    def queries(work):
        with CaptureQueriesContext(connection) as captured:
            work()
        return len(captured)

    small, large = outlet_with(10), outlet_with(300)
    assert queries(lambda: build_payload(small)) == queries(lambda: build_payload(large))
    small_catalog, large_catalog = catalog_of(small), catalog_of(large)
    assert queries(lambda: check_catalog(small_catalog, small)) == queries(
        lambda: check_catalog(large_catalog, large)
    )


def span(start, end):
    return {"start": start, "end": end}


@pytest.mark.parametrize(
    ("given_hours", "expected"),
    [
        (
            {"monday": [span("22:00", "02:00")]},
            {"monday": [span("22:00", LAST_MINUTE)], "tuesday": [span("00:00", "02:00")]},
        ),
        (
            {"saturday": [span("23:00", "01:00")]},
            {"saturday": [span("23:00", LAST_MINUTE)], "sunday": [span("00:00", "01:00")]},
        ),
        ({"monday": [span("18:00", "00:00")]}, {"monday": [span("18:00", LAST_MINUTE)]}),
        ({"monday": [span("00:00", "00:00")]}, {"monday": [span("00:00", LAST_MINUTE)]}),
        ({"monday": [span(LAST_MINUTE, "01:00")]}, {"tuesday": [span("00:00", "01:00")]}),
        ({"monday": [span("10:00", "14:00"), span("08:00", "11:00")]}, {"monday": [span("08:00", "14:00")]}),
        (
            {"monday": [span("08:00", "11:00"), span("11:00", "12:00")]},
            {"monday": [span("08:00", "11:00"), span("11:00", "12:00")]},
        ),
    ],
)
def test_hours_as_gobiz_takes_them(given_hours, expected):
    assert sendable(given_hours) == {**{day: [] for day in DAYS}, **expected}


@pytest.mark.parametrize(
    "value", [None, {}, [], "x", {"monday": "x"}, {"monday": [None]}, {"monday": [span("8", "9")]}]
)
def test_unreadable_hours_are_none(value):
    assert read_hours(value) is None


def test_no_hours_are_sent_as_all_day():
    assert sendable(None) == {day: [span("00:00", LAST_MINUTE)] for day in DAYS}


def test_the_checksum_is_of_the_content():
    assert checksum({"a": 1, "b": "é"}) == checksum({"b": "é", "a": 1})
    assert checksum({"a": 1}) != checksum({"a": 2})


# What PostgreSQL can hold; NUL and lone surrogates never get that far.
STORABLE = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXTS = st.one_of(st.text(STORABLE, max_size=12), st.sampled_from(["", "x" * 150, "x" * 151, "x" * 201]))
IDS = st.one_of(st.none(), st.sampled_from(["A-1", "b_2", "c" * 200, "d" * 201, "é", "a b", ""]))
TIMES = st.sampled_from(["00:00", "08:00", "12:30", "22:00", "23:59", "24:00", "8:00", "x"])
HOURS = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from([*DAYS, "someday"]),
        st.lists(st.fixed_dictionaries({"start": TIMES, "end": TIMES}), max_size=3),
        max_size=4,
    ),
)
PRICES = st.integers(-5, 10**13)
IMAGES = st.sampled_from(["", "https://x.example/a.png", "ftp://x", "x.png", "http://[bad"])
QUANTITIES = st.integers(-1, 3)


OVERRIDES = st.builds(OutletOverride, price=st.none() | PRICES, hidden=st.booleans())


@st.composite
def trees(draw):
    """Any tree that the database can hold, its rows never saved."""
    catalog = Catalog(pk=1, name="C")
    categories = [
        CategoryNode(
            VariantCategory(
                pk=number, catalog=catalog, external_id=draw(IDS), name=draw(TEXTS), internal_name=draw(TEXTS),
                min_quantity=draw(QUANTITIES), max_quantity=draw(QUANTITIES),
            ),
            [
                VariantNode(
                    Variant(pk=number * 10 + index, external_id=draw(IDS), name=draw(TEXTS), price=draw(PRICES)),
                    OutletOverride(hidden=True) if draw(st.booleans()) else None,
                )
                for index in range(draw(st.integers(0, 2)))
            ],
        )
        for number in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    menus = [
        MenuNode(
            Menu(pk=number, name=draw(TEXTS)),
            [
                ItemNode(
                    MenuItem(
                        pk=number * 10 + index, menu_id=number, external_id=draw(IDS), name=draw(TEXTS),
                        internal_name=draw(TEXTS), description=draw(TEXTS), price=draw(PRICES),
                        image_url=draw(IMAGES), operational_hours=draw(HOURS),
                    ),
                    draw(st.lists(st.sampled_from(categories), unique_by=id, max_size=2)) if categories else [],
                    draw(st.none() | OVERRIDES),
                )
                for index in range(draw(st.integers(0, 2)))
            ],
        )
        for number in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    live = {("item", "é"), ("variant", "a b")} if draw(st.booleans()) else set()
    return Tree(catalog, None, menus, categories, live)


@settings(max_examples=600, deadline=None)
@given(trees())
def test_what_passes_the_checks_is_taken_by_gobiz(tree):
    if errors_in(check_tree(tree)):
        return
    live = {
        "menus": [
            {"menu_items": [{"external_id": value} for kind, value in tree.live_ids if kind == "item"]}
        ],
        "variant_categories": [
            {"variants": [{"external_id": value} for kind, value in tree.live_ids if kind == "variant"]}
        ],
    }
    assert Review({**payload_of(tree), "request_id": "r"}, live).findings() == []


@settings(max_examples=600, deadline=None)
@given(trees())
def test_what_gobiz_refuses_does_not_pass_the_checks(tree):
    try:
        refused = bool(Review({**payload_of(tree), "request_id": "r"}, {}).findings())
    except (KeyError, TypeError, ValueError):
        refused = True
    if refused and not tree.live_ids:
        assert errors_in(check_tree(tree))
