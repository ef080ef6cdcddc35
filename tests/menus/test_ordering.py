"""Moving menus, items, variant categories and variants about."""

import pytest

from menus import ordering
from menus.editing import EditRefused
from menus.models import CatalogEdit, Menu, MenuItem
from menus.undoing import last_edit, undo
from tests.factories import UserFactory
from tests.menus.factories import (
    CatalogFactory,
    MenuFactory,
    MenuItemFactory,
    VariantCategoryFactory,
    VariantFactory,
)


@pytest.fixture
def catalog(db):
    return CatalogFactory()


@pytest.fixture
def menus(catalog):
    return [MenuFactory(catalog=catalog, name=name, position=0) for name in "ABC"]


@pytest.fixture
def items(menus):
    return [MenuItemFactory(menu=menus[0], name=name, position=0) for name in "xyz"]


def names(rows):
    return "".join(rows.values_list("name", flat=True))


def test_before_what_has_gone_is_refused(menus, items):
    gone = MenuItemFactory(menu=menus[1])
    gone_pk = gone.pk
    gone.delete()
    gone.pk = gone_pk
    with pytest.raises(EditRefused):
        ordering.place(items[0], gone, None)
    assert names(menus[0].menu_items.all()) == "xyz"


def test_into_another_catalogs_menu_is_refused(items):
    with pytest.raises(EditRefused):
        ordering.place(items[0], None, None, into=MenuFactory())
    with pytest.raises(EditRefused):
        ordering.move_items(items[0].catalog, [items[0].pk], MenuFactory(), None)


def test_anothers_items_do_not_move(menus, items):
    stranger = MenuItemFactory()
    assert not ordering.move_items(menus[0].catalog, [stranger.pk], menus[1], None)
    stranger.refresh_from_db()
    assert stranger.menu.catalog != menus[1].catalog


def test_before_another_and_last(menus, items):
    assert ordering.place(items[2], items[0], None)
    assert names(menus[0].menu_items.all()) == "zxy"
    assert ordering.place(items[2], None, None)
    assert names(menus[0].menu_items.all()) == "xyz"
    assert not ordering.place(items[2], None, None)


def test_where_it_stands_already_nothing_is_counted(catalog, menus, items):
    ordering.place(items[2], None, None)
    catalog.refresh_from_db()
    count = catalog.revision
    ordering.place(items[2], None, None)
    catalog.refresh_from_db()
    assert catalog.revision == count


def test_into_another_menu_and_back(menus, items):
    user = UserFactory()
    other = MenuItemFactory(menu=menus[1], name="o")
    ordering.place(items[1], other, user, into=menus[1])
    assert (names(menus[0].menu_items.all()), names(menus[1].menu_items.all())) == ("xz", "yo")
    undo(last_edit(menus[0].catalog, user), user)
    assert (names(menus[0].menu_items.all()), names(menus[1].menu_items.all())) == ("xyz", "o")


def test_step_by_step_and_over_the_edge(menus, items):
    assert ordering.step(items[0], True, None)
    assert names(menus[0].menu_items.all()) == "yxz"
    assert ordering.step(items[2], True, None)
    assert names(menus[1].menu_items.all()) == "z"
    assert ordering.step(items[2], False, None)
    assert names(menus[0].menu_items.all()) == "yxz"
    assert not ordering.step(items[1], False, None)


def test_menus_categories_and_variants(catalog, menus):
    ordering.place(menus[2], menus[0], None)
    assert names(catalog.menus.all()) == "CAB"
    first, second = (VariantCategoryFactory(catalog=catalog, name=name) for name in "pq")
    ordering.step(first, True, None)
    assert names(catalog.variant_categories.all()) == "qp"
    small, large = (VariantFactory(category=first, name=name) for name in "sl")
    ordering.place(large, small, None)
    assert names(first.variants.all()) == "ls"
    with pytest.raises(EditRefused):
        ordering.place(small, VariantFactory(category=second), None)


def test_the_edit_knows_only_what_moved(menus, items):
    ordering.place(items[0], items[0].menu.menu_items.last(), UserFactory())
    CatalogEdit.objects.all().delete()
    ordering.step(items[0], True, UserFactory())
    assert len(CatalogEdit.objects.get().rows) == 2


@pytest.mark.parametrize("count", [10, 300])
def test_many_items_move_with_as_many_queries(menus, django_assert_num_queries, count):
    rows = [MenuItemFactory(menu=menus[0]) for _ in range(count)]
    with django_assert_num_queries(13):
        ordering.move_items(menus[0].catalog, [row.pk for row in rows], menus[2], None)
    assert MenuItem.objects.filter(menu=menus[2]).count() == count
    assert list(Menu.objects.get(pk=menus[2].pk).menu_items.values_list("pk", flat=True)) == [
        r.pk for r in rows
    ]
