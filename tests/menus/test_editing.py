"""Editing: counted, in the audit trail, within one catalog."""

import pytest

from gobiz_admin.merchants.models import AuditEntry
from menus import editing
from menus.editing import EditRefused
from menus.models import ExternalId, Picture
from tests.factories import MerchantFactory, UserFactory
from tests.menus.factories import (
    CatalogFactory,
    MenuFactory,
    MenuItemFactory,
    VariantCategoryFactory,
    VariantFactory,
)


@pytest.fixture
def item(db):
    return MenuItemFactory(name="Nasi", price=10000)


def revision(thing):
    thing.catalog.refresh_from_db()
    return thing.catalog.revision


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"name": " \x00 "}, {"name": "required"}),
        ({"price": 2**63}, {"price": "too_large"}),
        ({"price": "15.000"}, {"price": "not_a_number"}),
        ({"price": True}, {"price": "not_a_number"}),
        ({"price": None, "name": ""}, {"price": "not_a_number", "name": "required"}),
    ],
)
def test_what_cannot_be_stored_is_refused_and_nothing_is_saved(item, values, errors):
    with pytest.raises(EditRefused) as refused:
        editing.save_item(item, {"description": "changed", **values}, None)
    assert refused.value.errors == errors
    item.refresh_from_db()
    assert (item.name, item.price, item.description) == ("Nasi", 10000, "")
    assert revision(item) == 0


def test_what_belongs_to_others_is_refused(item):
    picture = Picture.objects.create(merchant=MerchantFactory(), sha256="0" * 64, file="x", side=1, size=1)
    values = {"menu": MenuFactory(), "categories": [VariantCategoryFactory()], "picture": picture}
    with pytest.raises(EditRefused) as refused:
        editing.save_item(item, values, None)
    assert refused.value.errors == dict.fromkeys(values, "foreign")


def test_an_external_id_cannot_be_set_here(item):
    with pytest.raises(ValueError, match="external_id"):
        editing.save_item(item, {"external_id": "other"}, None)


def test_a_change_is_counted_and_noted(item):
    user = UserFactory()
    changed = editing.save_item(item, {"name": "Nasi Goreng \x00", "price": 12000, "in_stock": True}, user)
    assert sorted(changed) == ["name", "price"]
    item.refresh_from_db()
    assert item.name == "Nasi Goreng"
    assert revision(item) == 1
    entry = AuditEntry.objects.get(user=user)
    assert (entry.action, entry.facts["old"]) == ("menu.item_changed", {"name": "Nasi", "price": 10000})


def test_no_change_is_none(item):
    assert editing.save_item(item, {"name": "Nasi", "categories": []}, None) == []
    assert revision(item) == 0
    assert not AuditEntry.objects.exists()


def test_only_the_given_fields_are_written(item):
    other = type(item).objects.get(pk=item.pk)
    editing.save_item(other, {"description": "Pedas"}, None)
    editing.save_item(item, {"price": 1}, None)
    item.refresh_from_db()
    assert (item.description, item.price) == ("Pedas", 1)


def test_categories_in_order(item):
    one, two = (VariantCategoryFactory(catalog=item.catalog) for _ in range(2))
    assert editing.save_item(item, {"categories": [two, one]}, None) == ["categories"]
    assert editing.save_item(item, {"categories": [two, one, two]}, None) == []
    assert list(item.category_links.values_list("category_id", flat=True)) == [two.pk, one.pk]


def test_an_item_moves_behind_the_others(item):
    menu = MenuFactory(catalog=item.catalog)
    last = MenuItemFactory(menu=menu, position=7)
    editing.save_item(item, {"menu": menu}, None)
    assert list(menu.menu_items.all()) == [last, item]


def test_stock(item):
    variant = VariantFactory()
    assert editing.set_stock("item", item, False, None)
    assert not editing.set_stock("item", item, False, None)
    assert editing.set_stock("variant", variant, False, None)
    with pytest.raises(ValueError, match="not a variant"):
        editing.set_stock("item", variant, True, None)


def test_what_is_new_has_an_id_at_once(db):
    catalog = CatalogFactory()
    menu = editing.add_menu(catalog, {"name": "Minum"}, None)
    item = editing.add_item(menu, {"name": "Es Teh", "price": 5000}, None)
    again = editing.add_item(menu, {"name": "Es Teh", "price": 6000}, None)
    category = editing.add_variant_category(catalog, {"name": "Ukuran"}, None)
    variant = editing.add_variant(category, {"name": "Besar", "price": -500}, None)
    editing.save_item(item, {"categories": [category]}, None)
    ids = [thing.external_id for thing in (item, again, category, variant)]
    assert ids == ["es-teh", "es-teh-2", "ukuran", "besar"]
    assert ExternalId.objects.filter(catalog=catalog).count() == 4
    assert again.position == 1


def test_a_new_item_needs_a_name(db):
    with pytest.raises(EditRefused):
        editing.add_item(MenuFactory(), {"price": 1}, None)


def test_removing_keeps_the_id_in_the_ledger(db):
    menu = MenuFactory()
    item = editing.add_item(menu, {"name": "Es Teh", "price": 5000}, None)
    editing.remove(item, None)
    assert ExternalId.objects.filter(external_id="es-teh").exists()
    assert editing.add_item(menu, {"name": "Es Teh", "price": 5000}, None).external_id == "es-teh-2"
