"""Each rule of the table: a catalog that keeps it, and one that breaks it."""

import pytest

from menus.checks import RULES, check_catalog
from menus.models import (
    Catalog,
    ExternalId,
    ItemVariantCategory,
    Menu,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    Variant,
    VariantCategory,
)
from tests.menus.factories import MenuItemFactory, VariantCategoryFactory, selling_outlet

pytestmark = pytest.mark.django_db

BREAKING = {
    "external_id_missing": (Variant, {"external_id": None}),
    "external_id_too_long": (MenuItem, {"external_id": "a" * 201}),
    "external_id_format": (MenuItem, {"external_id": "a b"}),
    "name_missing": (Menu, {"name": " "}),
    "name_too_long": (VariantCategory, {"name": "a" * 151}),
    "internal_name_too_long": (MenuItem, {"internal_name": "a" * 201}),
    "description_too_long": (MenuItem, {"description": "a" * 201}),
    "price_below_zero": (MenuItem, {"price": -1}),
    "image_address": (MenuItem, {"image_url": "nasi.png"}),
    "hours_unreadable": (MenuItem, {"operational_hours": {"monday": [{"start": "8", "end": "9"}]}}),
    "min_below_zero": (VariantCategory, {"min_quantity": -1}),
    "max_below_one": (VariantCategory, {"max_quantity": 0}),
    "min_over_max": (VariantCategory, {"min_quantity": 2}),
    "picture_missing": (MenuItem, {"image_url": ""}),
    "hours_missing": (MenuItem, {"operational_hours": None}),
    "price_zero": (MenuItem, {"price": 0}),
    "min_over_variants": (VariantCategory, {"min_quantity": 3, "max_quantity": 3}),
}
BY_ROWS = {
    "external_id_doubled",
    "external_id_odd",
    "name_twice",
    "menu_empty",
    "category_unused",
    "category_empty",
}


def codes(outlet):
    return {check.code for check in check_catalog(Catalog.objects.get(sellings__outlet=outlet), outlet)}


@pytest.fixture
def outlet():
    return selling_outlet()


def test_a_good_catalog_has_no_findings(outlet):
    assert codes(outlet) == set()


def test_every_rule_is_tested():
    assert {rule.code for rule in RULES} == BREAKING.keys() | BY_ROWS


@pytest.mark.parametrize("code", BREAKING)
def test_a_broken_rule_is_found_where_it_is(outlet, code):
    model, values = BREAKING[code]
    row = model.objects.first()
    model.objects.filter(pk=row.pk).update(**values)
    found = check_catalog(Catalog.objects.get(), outlet)
    rule = next(rule for rule in RULES if rule.code == code)
    assert [(check.code, check.severity, check.pk, check.field) for check in found] == [
        (code, rule.severity, row.pk, rule.field)
    ]


def test_an_odd_id_of_gofoods_is_a_warning(outlet):
    MenuItem.objects.update(external_id="menu #1")
    ExternalId.objects.create(catalog=Catalog.objects.get(), kind="item", external_id="menu #1", live=True)
    assert codes(outlet) == {"external_id_odd"}


def test_warnings_by_what_is_there(outlet):
    catalog = Catalog.objects.get()
    Menu.objects.create(catalog=catalog, name="Empty", position=10_000)
    VariantCategoryFactory(catalog=catalog)
    MenuItemFactory(menu=Menu.objects.first(), name="ayam  GEPREK")
    assert codes(outlet) == {"menu_empty", "category_unused", "category_empty", "name_twice"}


def test_what_is_hidden_at_the_outlet_is_not_looked_at(outlet):
    bad = MenuItemFactory(menu=Menu.objects.first(), external_id=None)
    OutletOverride.objects.create(outlet=outlet, item=bad, hidden=True)
    assert codes(outlet) == set()


def test_the_price_at_the_outlet_counts(outlet):
    OutletOverride.objects.create(outlet=outlet, item=MenuItem.objects.get(), price=-1)
    assert codes(outlet) == {"price_below_zero"}


def test_nothing_to_sell_is_an_error(outlet):
    OutletOverride.objects.create(outlet=outlet, item=MenuItem.objects.get(), hidden=True)
    assert "empty_catalog" in codes(outlet)
    MenuItem.objects.all().delete()
    assert "empty_catalog" in codes(outlet)


def test_a_catalog_that_was_never_imported_is_an_error(outlet):
    OutletCatalog.objects.update(imported_at=None)
    assert codes(outlet) == {"never_imported"}
    assert [check.code for check in check_catalog(None, outlet)] == ["never_imported"]


def test_errors_come_first(outlet):
    MenuItem.objects.update(image_url="")
    ItemVariantCategory.objects.all().delete()
    Variant.objects.update(name="")
    severities = [check.severity for check in check_catalog(Catalog.objects.get(), outlet)]
    assert severities == ["error", "error", "warning", "warning"]
