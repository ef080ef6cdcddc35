"""Each fix mends what was found, only that, as one change, however many they are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from menus.checks import check_catalog
from menus.fixes import FIXES, fix
from menus.models import (
    Catalog,
    CatalogEdit,
    ExternalId,
    ItemVariantCategory,
    Menu,
    MenuItem,
    OutletOverride,
    Variant,
    VariantCategory,
)
from menus.undoing import undo
from tests.factories import UserFactory
from tests.menus.factories import (
    MenuFactory,
    MenuItemFactory,
    VariantCategoryFactory,
    VariantFactory,
    selling_outlet,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet():
    return selling_outlet()


def catalog_of(outlet):
    return Catalog.objects.get(sellings__outlet=outlet)


def checks(outlet, code):
    return [check for check in check_catalog(catalog_of(outlet), outlet) if check.code == code]


def fix_all(outlet, code, user=None):
    return fix(outlet, catalog_of(outlet), checks(outlet, code), user)


def used(catalog, variants, **values):
    """A variant category with that many variants that an item uses."""
    category = VariantCategoryFactory(catalog=catalog, **values)
    VariantFactory.create_batch(variants, category=category)
    ItemVariantCategory.objects.create(item=MenuItem.objects.filter(catalog=catalog)[0], category=category)
    return category


def break_it(code, catalog, count):
    """`count` findings of the code."""
    menu = Menu.objects.filter(catalog=catalog)[0]
    if code == "external_id_missing":
        MenuItemFactory.create_batch(count, menu=menu, external_id=None)
    elif code == "price_not_round":
        MenuItemFactory.create_batch(count, menu=menu, price=15_049)
    elif code == "hours_missing":
        MenuItemFactory.create_batch(count, menu=menu, operational_hours=None)
    elif code == "name_spaces":
        for number in range(count):
            MenuItemFactory(menu=menu, name=f" Nasi  {number}\n")
    elif code == "menu_empty":
        MenuFactory.create_batch(count, catalog=catalog)
    elif code == "category_unused":
        for _ in range(count):
            VariantFactory(category=VariantCategoryFactory(catalog=catalog))
    else:
        values = {"min_below_zero": {"min_quantity": -1}, "max_over_variants": {"max_quantity": 9}}[code]
        for _ in range(count):
            used(catalog, 2, **values)


CODES = {
    "external_id_missing": "accept_ids",
    "price_not_round": "round_prices",
    "hours_missing": "all_day",
    "min_below_zero": "min_to_zero",
    "max_over_variants": "max_to_variants",
    "name_spaces": "tidy_names",
    "menu_empty": "take_out_menus",
    "category_unused": "take_out_categories",
}


def test_every_fix_is_tested():
    # What workers do later is in test_picture_fixes.py.
    assert set(CODES.values()) == {code for code, fix in FIXES.items() if not fix.later}


@pytest.mark.parametrize("code", CODES)
def test_all_of_a_kind_are_fixed_and_nothing_else(outlet, code):
    catalog = catalog_of(outlet)
    break_it(code, catalog, 3)
    found = checks(outlet, code)
    assert {check.fix for check in found} == {CODES[code]}
    assert len(found) == 3
    revision = catalog.revision
    assert fix_all(outlet, code, UserFactory()) == 3
    assert [check.code for check in check_catalog(catalog_of(outlet), outlet) if check.blocks] == []
    assert checks(outlet, code) == []
    assert catalog_of(outlet).revision == revision + 1
    assert fix_all(outlet, code) == 0
    assert catalog_of(outlet).revision == revision + 1


@pytest.mark.parametrize("code", CODES)
def test_one_is_fixed_alone(outlet, code):
    break_it(code, catalog_of(outlet), 2)
    found = checks(outlet, code)
    assert fix(outlet, catalog_of(outlet), found[:1], None) == 1
    assert [check.pk for check in checks(outlet, code)] == [found[1].pk]


@pytest.mark.parametrize("code", CODES)
def test_what_was_fixed_meanwhile_is_left_as_it_is(outlet, code):
    break_it(code, catalog_of(outlet), 2)
    found = checks(outlet, code)
    assert fix(outlet, catalog_of(outlet), found, None) == 2
    assert fix(outlet, catalog_of(outlet), found, None) == 0


@pytest.mark.parametrize("code", CODES)
def test_as_many_queries_for_many(code):
    def queries(count):
        outlet = selling_outlet()
        catalog = catalog_of(outlet)
        break_it(code, catalog, count)
        found = checks(outlet, code)
        with CaptureQueriesContext(connection) as captured:
            assert fix(outlet, catalog, found, None) == count
        return len(captured)

    assert queries(2) == queries(40)


@pytest.mark.parametrize("code", sorted(CODES.keys() - {"external_id_missing"}))
def test_a_fix_can_be_taken_back(outlet, code):
    break_it(code, catalog_of(outlet), 2)
    before = [(check.kind, check.pk) for check in checks(outlet, code)]
    user = UserFactory()
    fix_all(outlet, code, user)
    undo(CatalogEdit.objects.get(action="checks_fixed"), user)
    assert [(check.kind, check.pk) for check in checks(outlet, code)] == before


def test_ids_are_given_as_they_were_proposed(outlet):
    MenuItemFactory(menu=Menu.objects.get(), name="Soto Betawi", external_id=None)
    fix_all(outlet, "external_id_missing")
    assert MenuItem.objects.get(name="Soto Betawi").external_id == "soto-betawi"
    assert ExternalId.objects.filter(external_id="soto-betawi").exists()


def test_prices_are_rounded_where_they_stand(outlet):
    item, variant = MenuItem.objects.get(), Variant.objects.first()
    MenuItem.objects.update(price=15_051)
    Variant.objects.filter(pk=variant.pk).update(price=-949)
    other = MenuItemFactory(menu=Menu.objects.get(), price=7)
    override = OutletOverride.objects.create(outlet=outlet, item=item, price=9_960)
    assert fix_all(outlet, "price_not_round") == 2
    fix(outlet, catalog_of(outlet), checks(outlet, "addition_turned"), None)
    for row in (item, other, variant, override):
        row.refresh_from_db()
    assert (item.price, override.price, other.price) == (15_051, 10_000, 100)


def test_a_price_addition_is_rounded(outlet):
    Variant.objects.filter(pk=Variant.objects.first().pk).update(price=949)
    assert fix_all(outlet, "price_not_round") == 1
    assert Variant.objects.first().price == 900


def test_a_menu_that_is_not_empty_any_more_stays(outlet):
    menu = MenuFactory(catalog=catalog_of(outlet))
    found = checks(outlet, "menu_empty")
    MenuItemFactory(menu=menu)
    assert fix(outlet, catalog_of(outlet), found, None) == 0
    assert Menu.objects.filter(pk=menu.pk).exists()


def test_a_category_that_is_used_by_now_stays(outlet):
    category = VariantCategoryFactory(catalog=catalog_of(outlet))
    found = checks(outlet, "category_unused")
    ItemVariantCategory.objects.create(item=MenuItem.objects.get(), category=category)
    assert fix(outlet, catalog_of(outlet), found, None) == 0
    assert VariantCategory.objects.filter(pk=category.pk).exists()


def test_what_has_no_certain_cure_is_left_alone(outlet):
    MenuItem.objects.update(image_url="")
    assert fix(outlet, catalog_of(outlet), check_catalog(catalog_of(outlet), outlet), None) == 0
    assert fix(outlet, catalog_of(outlet), [], None) == 0


def test_rows_of_another_catalog_are_out_of_reach(outlet):
    other = selling_outlet()
    MenuItem.objects.filter(catalog=catalog_of(other)).update(operational_hours=None)
    found = checks(other, "hours_missing")
    assert fix(outlet, catalog_of(outlet), found, None) == 0
    assert MenuItem.objects.get(catalog=catalog_of(other)).operational_hours is None
