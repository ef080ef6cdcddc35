"""Taking changes back: all of one, nothing of another's, and the menu as it was."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from menus import editing
from menus.editing import EditConflict, EditRefused
from menus.journal import forget_old, one_edit
from menus.models import (
    CatalogEdit,
    ItemVariantCategory,
    Menu,
    MenuItem,
    OutletOverride,
    Variant,
    VariantCategory,
)
from menus.payload import payload_of
from menus.seen import seen
from menus.tree import load_tree
from menus.undoing import UndoRefused, last_edit, undo
from tests.factories import UserFactory
from tests.menus.factories import MenuFactory, MenuItemFactory, VariantCategoryFactory, selling_outlet


@pytest.fixture
def outlet(db):
    return selling_outlet()


@pytest.fixture
def catalog(outlet):
    return outlet.selling.catalog


@pytest.fixture
def item(catalog):
    return catalog.menu_items.get()


@pytest.fixture
def user(db):
    return UserFactory()


def whole(catalog):
    """All that a merchant would miss if it were not there again."""
    outlet = catalog.outlets.get()
    rows = OutletOverride.objects.filter(outlet=outlet).values("item", "variant", "price", "hidden")
    return payload_of(load_tree(catalog, outlet)), list(rows)


def test_what_was_changed_since_is_not_taken_back(catalog, item, user):
    editing.save_item(item, {"price": 20000}, user)
    edit = last_edit(catalog, user)
    editing.save_item(item, {"price": 25000}, UserFactory())
    with pytest.raises(UndoRefused) as refused:
        undo(edit, user)
    assert (refused.value.code, refused.value.names) == ("changed_since", ["Ayam Geprek"])
    item.refresh_from_db()
    assert item.price == 25000


def test_what_has_got_something_new_in_it_is_not_taken_back(catalog, user):
    menu = editing.add_menu(catalog, {"name": "Minum"}, user)
    edit = last_edit(catalog, user)
    MenuItemFactory(menu=menu)
    with pytest.raises(UndoRefused):
        undo(edit, user)
    assert Menu.objects.filter(pk=menu.pk).exists()


def test_what_stood_in_something_that_is_gone_is_not_taken_back(catalog, item, user):
    editing.remove(item, user)
    edit = last_edit(catalog, user)
    catalog.menus.all().delete()
    with pytest.raises(UndoRefused):
        undo(edit, user)
    assert not MenuItem.objects.exists()
    edit.refresh_from_db()
    assert not edit.undone


def test_twice_is_once(catalog, item, user):
    editing.save_item(item, {"price": 20000}, user)
    edit = last_edit(catalog, user)
    undo(edit, user)
    with pytest.raises(UndoRefused) as refused:
        undo(edit, user)
    assert refused.value.code == "undone"


def test_only_ones_own_changes_are_offered(catalog, item, user):
    editing.save_item(item, {"price": 20000}, UserFactory())
    assert last_edit(catalog, user) is None


def test_one_after_the_other_and_forward_again(catalog, item, user):
    editing.save_item(item, {"price": 20000}, user)
    editing.save_item(item, {"name": "Ayam Bakar"}, user)
    undo(last_edit(catalog, user), user)
    undo(last_edit(catalog, user), user)
    item.refresh_from_db()
    assert (item.price, item.name) == (15000, "Ayam Geprek")
    assert last_edit(catalog, user) is None
    undo(CatalogEdit.objects.latest("pk"), user)
    item.refresh_from_db()
    assert item.price == 20000
    assert last_edit(catalog, user).facts["fields"] == ["price"]


def test_more_of_the_same_is_the_same_change(catalog, item, user):
    for name in ("A", "Ay", "Ayam"):
        editing.save_item(item, {"name": name}, user)
    editing.save_item(item, {"price": 1000}, user)
    assert CatalogEdit.objects.count() == 2
    undo(last_edit(catalog, user), user)
    undo(last_edit(catalog, user), user)
    item.refresh_from_db()
    assert item.name == "Ayam Geprek"


def test_after_a_while_it_is_another_change(catalog, item, user, time_machine):
    editing.save_item(item, {"name": "A"}, user)
    CatalogEdit.objects.update(at=CatalogEdit.objects.get().at - timedelta(seconds=61))
    editing.save_item(item, {"name": "B"}, user)
    assert CatalogEdit.objects.count() == 2


def test_back_to_what_it_was_leaves_nothing_to_take_back(catalog, item, user):
    editing.save_item(item, {"name": "A"}, user)
    editing.save_item(item, {"name": "Ayam Geprek"}, user)
    assert last_edit(catalog, user) is None


def test_a_removed_category_comes_back_with_variants_overrides_and_items(catalog, item, outlet, user):
    category = catalog.variant_categories.get()
    other = VariantCategoryFactory(catalog=catalog)
    editing.save_item(item, {"categories": [other, category]}, user)
    OutletOverride.objects.create(outlet=outlet, variant=category.variants.first(), price=500)
    before = whole(catalog)
    editing.remove(category, user)
    assert whole(catalog) != before
    undo(last_edit(catalog, user), user)
    assert whole(catalog) == before


def test_a_removed_menu_comes_back_with_its_items(catalog, item, outlet, user):
    OutletOverride.objects.create(outlet=outlet, item=item, hidden=True)
    before = whole(catalog)
    editing.remove(item.menu, user)
    undo(last_edit(catalog, user), user)
    assert whole(catalog) == before
    # The ids that GoFood knows came back with it: they were not given out anew.
    assert MenuItem.objects.get(pk=item.pk).external_id == item.external_id


def test_what_was_added_goes_and_comes(catalog, item, user):
    added = editing.add_item(item.menu, {"name": "Es Teh", "price": 5000}, user)
    undo(last_edit(catalog, user), user)
    assert not MenuItem.objects.filter(pk=added.pk).exists()
    undo(CatalogEdit.objects.latest("pk"), user)
    assert MenuItem.objects.get(pk=added.pk).external_id == added.external_id


def test_many_changes_within_one_are_one(catalog, item, user):
    category = catalog.variant_categories.get()
    before = whole(catalog)
    revision = catalog.revision
    with one_edit(catalog.pk, "bulk", user):
        editing.save_item(item, {"price": 1}, user)
        editing.save_item(item, {"name": "X", "categories": []}, user)
        editing.remove(category, user)
    catalog.refresh_from_db()
    assert catalog.revision == revision + 1
    undo(last_edit(catalog, user), user)
    assert whole(catalog) == before


def test_what_fails_in_the_middle_is_not_there_at_all(catalog, item, user):
    with pytest.raises(EditRefused), one_edit(catalog.pk, "bulk", user):
        editing.save_item(item, {"price": 1}, user) and editing.save_item(item, {"name": ""}, user)
    item.refresh_from_db()
    assert item.price == 15000
    assert not CatalogEdit.objects.exists()
    # And the next change is one of its own.
    assert editing.save_item(item, {"price": 2}, user) == ["price"]


def test_old_changes_are_forgotten(catalog, item, user):
    editing.save_item(item, {"price": 1}, user)
    CatalogEdit.objects.update(at=CatalogEdit.objects.get().at - timedelta(days=31))
    assert forget_old() == 1


class TestTwoPeople:
    def test_the_second_is_told_of_the_first(self, item, user):
        shown = {"price": seen(item, "price")}
        other = UserFactory()
        editing.save_item(item, {"price": 20000}, other, shown)
        with pytest.raises(EditConflict) as conflict:
            editing.save_item(item, {"price": 30000}, user, shown)
        assert conflict.value.fields == {"price": 20000}
        assert conflict.value.edit.user == other
        item.refresh_from_db()
        assert item.price == 20000

    def test_another_field_is_no_conflict(self, item, user):
        shown = {"price": seen(item, "price")}
        editing.save_item(item, {"name": "Ayam"}, UserFactory())
        assert editing.save_item(item, {"price": 30000}, user, shown) == ["price"]

    def test_the_same_value_is_no_conflict(self, item, user):
        shown = {"categories": seen(item, "categories"), "price": seen(item, "price")}
        editing.save_item(item, {"categories": [], "price": 1}, UserFactory())
        assert editing.save_item(item, {"categories": [], "price": 1}, user, shown) == []

    def test_who_it_was_may_be_forgotten(self, item, user):
        shown = {"categories": seen(item, "categories")}
        editing.save_item(item, {"categories": []}, UserFactory())
        CatalogEdit.objects.all().delete()
        other = VariantCategoryFactory(catalog=item.catalog)
        with pytest.raises(EditConflict) as conflict:
            editing.save_item(item, {"categories": [other]}, user, shown)
        assert (conflict.value.fields, conflict.value.edit) == ({"categories": []}, None)


CHANGES = st.lists(st.integers(0, 7), min_size=1, max_size=8)


def _apply(number, catalog, user):
    menu = catalog.menus.first() or editing.add_menu(catalog, {"name": "M"}, user)
    item = catalog.menu_items.first() or editing.add_item(menu, {"name": "I", "price": 1}, user)
    category = catalog.variant_categories.first()
    if number == 0:
        editing.save_item(item, {"price": item.price + 1}, user)
    elif number == 1:
        editing.remove(item, user)
    elif number == 2:
        editing.add_item(menu, {"name": "New", "price": 7}, user)
    elif number == 3:
        editing.remove(menu, user)
    elif number == 4 and category:
        editing.remove(category, user)
    elif number == 5:
        new = editing.add_variant_category(catalog, {"name": "Pilihan"}, user)
        editing.add_variant(new, {"name": "Besar", "price": 3}, user)
    elif number == 6:
        editing.save_item(item, {"categories": list(catalog.variant_categories.all())}, user)
    elif number == 7:
        editing.save_item(item, {"menu": editing.add_menu(catalog, {"name": "Lain"}, user)}, user)


@pytest.mark.django_db(transaction=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_taking_all_back_gives_the_menu_that_was_there(numbers):
    outlet, user = selling_outlet(), UserFactory()
    catalog = outlet.selling.catalog
    MenuFactory(catalog=catalog)
    before = whole(catalog)
    for number in numbers:
        _apply(number, catalog, user)
    while (edit := last_edit(catalog, user)) is not None:
        undo(edit, user)
    assert whole(catalog) == before
    assert ItemVariantCategory.objects.filter(item__catalog=catalog).count() == 1
    assert Variant.objects.filter(catalog=catalog).count() == 2
    assert VariantCategory.objects.filter(catalog=catalog).count() == 1
