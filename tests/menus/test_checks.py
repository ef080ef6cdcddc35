"""The checks over a catalog in the database; each rule by itself is in test_check_rules.py."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from menus.checks import check_catalog
from menus.checks.typing import field_findings
from menus.models import (
    Catalog,
    ExternalId,
    ItemVariantCategory,
    Menu,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    Variant,
)
from tests.menus.factories import MenuItemFactory, VariantCategoryFactory, VariantFactory, selling_outlet

pytestmark = pytest.mark.django_db


def codes(outlet):
    return {check.code for check in check_catalog(Catalog.objects.get(sellings__outlet=outlet), outlet)}


@pytest.fixture
def outlet():
    return selling_outlet()


def test_a_good_catalog_has_no_findings(outlet):
    assert codes(outlet) == set()


def test_an_odd_id_of_gofoods_is_a_warning(outlet):
    MenuItem.objects.update(external_id="menu #1")
    ExternalId.objects.create(catalog=Catalog.objects.get(), kind="item", external_id="menu #1", live=True)
    assert codes(outlet) == {"external_id_odd"}


def test_warnings_by_what_is_there(outlet):
    catalog = Catalog.objects.get()
    Menu.objects.create(catalog=catalog, name="Empty", position=10_000)
    VariantCategoryFactory(catalog=catalog)
    MenuItemFactory(menu=Menu.objects.first(), name="ayam  GEPREK")
    assert codes(outlet) == {
        "menu_empty",
        "category_unused",
        "category_empty",
        "name_twice",
        "name_spaces",
    }


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


def outlet_with(size):
    outlet = selling_outlet()
    menu = Menu.objects.get(catalog__sellings__outlet=outlet)
    items = MenuItemFactory.build_batch(size, menu=menu, catalog=menu.catalog, external_id=None, price=12_345)
    MenuItem.objects.bulk_create(items)
    category = VariantCategoryFactory(catalog=menu.catalog)
    VariantFactory.create_batch(size // 10, category=category)
    return outlet


def test_as_many_queries_for_a_thousand_items_as_for_ten():
    def queries(outlet):
        catalog = Catalog.objects.get(sellings__outlet=outlet)
        with CaptureQueriesContext(connection) as of_all:
            check_catalog(catalog, outlet)
        pk = MenuItem.objects.filter(catalog=catalog)[0].pk
        with CaptureQueriesContext(connection) as of_one:
            field_findings(catalog, outlet, "item", pk, {"price": 5})
        return len(of_all), len(of_one)

    assert queries(outlet_with(10)) == queries(outlet_with(1000)) == (14, 13)


# --- while typing ------------------------------------------------------------------------------


def found_while_typing(outlet, kind, row, **values):
    catalog = Catalog.objects.get(sellings__outlet=outlet)
    return [check.code for check in field_findings(catalog, outlet, kind, row.pk, values)]


def test_what_is_typed_is_checked_and_not_saved(outlet):
    item = MenuItem.objects.get()
    assert found_while_typing(outlet, "item", item, price=12_345) == ["price_not_round"]
    assert found_while_typing(outlet, "item", item, name="a" * 151) == ["name_too_long"]
    assert found_while_typing(outlet, "item", item, name="Ayam") == []
    item.refresh_from_db()
    assert (item.price, item.name) == (15_000, "Ayam Geprek")


def test_only_the_fields_that_are_typed_and_only_of_that_row(outlet):
    item, other = MenuItem.objects.get(), MenuItemFactory(menu=Menu.objects.get(), external_id=None, price=7)
    MenuItem.objects.filter(pk=item.pk).update(image_url="", operational_hours=None)
    assert found_while_typing(outlet, "item", item, price=7) == ["price_not_round"]
    assert found_while_typing(outlet, "item", other, name=item.name) == ["name_twice"]


def test_what_a_row_shares_with_others_is_known_while_typing(outlet):
    category, variant = Variant.objects.first().category, Variant.objects.first()
    assert found_while_typing(outlet, "variant_category", category, min_quantity=3, max_quantity=3) == [
        "min_over_stock"
    ]
    assert found_while_typing(outlet, "variant_category", category, max_quantity=3) == ["max_over_variants"]
    assert found_while_typing(outlet, "variant", variant, name="PAHA BAWAH") == ["variant_name_twice"]
    assert found_while_typing(outlet, "menu", Menu.objects.get(), name="") == ["name_missing"]


def test_the_typed_price_counts_where_the_outlet_has_its_own(outlet):
    item = MenuItem.objects.get()
    OutletOverride.objects.create(outlet=outlet, item=item, price=20_000, in_stock=False)
    assert found_while_typing(outlet, "item", item, price=12_345) == ["price_not_round"]


def test_a_field_that_is_not_typed_is_ignored(outlet):
    item = MenuItem.objects.get()
    assert found_while_typing(outlet, "item", item, external_id=None, catalog_id=9) == []
    assert found_while_typing(outlet, "item", MenuItem(pk=10**9), price=7) == []
