"""external_ids: proposed readable, fixed for good, never given out twice."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from gobiz_admin.merchants.models import AuditEntry
from menus.editing import remove
from menus.ids import FORMAT, IdsRefused, accept_proposals, fix_ids, propose, without_external_id
from menus.models import ExternalId, MenuItem, Variant
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
def menu(catalog):
    return MenuFactory(catalog=catalog, name="Ayam")


def unmapped(menu, *names):
    return [MenuItemFactory(menu=menu, name=name, external_id=None) for name in names]


@pytest.mark.parametrize("value", ["", " ", "a b", "é", "a" * 201, "a\n", "a/b", "<b>"])
def test_a_badly_formed_id_is_refused(catalog, menu, value):
    (item,) = unmapped(menu, "Nasi")
    with pytest.raises(IdsRefused) as refused:
        fix_ids(catalog, {("item", item.pk): value}, None)
    assert refused.value.errors == {("item", item.pk): "format"}


def test_all_or_nothing(catalog, menu):
    good, bad, again = unmapped(menu, "A", "B", "C")
    MenuItemFactory(menu=menu, external_id="X-1")
    ExternalId.objects.create(catalog=catalog, kind="item", external_id="X-1")
    choices = {
        ("item", good.pk): "ok",
        ("item", bad.pk): "X-1",
        ("item", again.pk): "same",
        ("item", 0): "ghost",
    }
    with pytest.raises(IdsRefused) as refused:
        fix_ids(catalog, choices, None)
    assert refused.value.errors == {("item", bad.pk): "taken", ("item", 0): "unknown"}
    assert MenuItem.objects.filter(external_id=None).count() == 3
    assert ExternalId.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_one_id_for_two_is_refused(catalog, menu):
    items = unmapped(menu, "A", "B")
    with pytest.raises(IdsRefused) as refused:
        fix_ids(catalog, {("item", item.pk): "same" for item in items}, None)
    assert set(refused.value.errors.values()) == {"doubled"}


def test_an_id_is_never_changed_silently(catalog, menu):
    (item,) = unmapped(menu, "A")
    assert fix_ids(catalog, {("item", item.pk): "first"}, None) == 1
    with pytest.raises(IdsRefused) as refused:
        fix_ids(catalog, {("item", item.pk): "second"}, None)
    assert refused.value.errors == {("item", item.pk): "fixed"}
    assert MenuItem.objects.get().external_id == "first"


def test_fixing_again_is_no_change(catalog, menu):
    (item,) = unmapped(menu, "A")
    user = UserFactory()
    fix_ids(catalog, {("item", item.pk): "one"}, user)
    catalog.refresh_from_db()
    assert fix_ids(catalog, {("item", item.pk): "one"}, user) == 0
    assert AuditEntry.objects.filter(user=user, action="menu.external_ids_fixed").count() == 1
    revision = catalog.revision
    catalog.refresh_from_db()
    assert catalog.revision == revision == 1


def test_an_id_of_what_is_gone_is_never_given_out_again(catalog, menu):
    first, second = unmapped(menu, "Ayam Geprek", "Ayam Geprek")
    fix_ids(catalog, {("item", first.pk): "ayam-geprek"}, None)
    first.refresh_from_db()
    remove(first, None)
    with pytest.raises(IdsRefused) as refused:
        fix_ids(catalog, {("item", second.pk): "ayam-geprek"}, None)
    assert refused.value.errors == {("item", second.pk): "taken"}
    assert [row.proposal for row in without_external_id(catalog)] == ["ayam-geprek-2"]


def test_another_catalogs_rows_are_unknown(catalog):
    stranger = MenuItemFactory(external_id=None)
    with pytest.raises(IdsRefused) as refused:
        fix_ids(catalog, {("item", stranger.pk): "mine"}, None)
    assert refused.value.errors == {("item", stranger.pk): "unknown"}
    stranger.refresh_from_db()
    assert stranger.external_id is None


def test_proposals_are_readable_and_say_where(catalog, menu):
    unmapped(menu, "Ayam Geprek", "ayam  geprek!", "🍛🔥", "Es Krim Crème Brûlée", "נסי")
    category = VariantCategoryFactory(catalog=catalog, name="Potongan", external_id=None)
    VariantFactory(category=category, name="Paha atas", external_id=None)
    found = [(row.kind, row.where, row.proposal) for row in without_external_id(catalog)]
    assert found == [
        ("item", "Ayam", "ayam-geprek"),
        ("item", "Ayam", "ayam-geprek-2"),
        ("item", "Ayam", "item-1"),
        ("item", "Ayam", "es-krim-creme-brulee"),
        ("item", "Ayam", "item-2"),
        ("variant_category", "", "potongan"),
        ("variant", "Potongan", "paha-atas"),
    ]


def test_accepting_proposals_fixes_everything_once(catalog, menu):
    unmapped(menu, "A", "A", "B")
    category = VariantCategoryFactory(catalog=catalog, external_id=None)
    VariantFactory.create_batch(3, category=category, name="Keju", external_id=None)
    assert accept_proposals(catalog, None) == 7
    assert accept_proposals(catalog, None) == 0
    assert without_external_id(catalog) == []
    assert sorted(Variant.objects.values_list("external_id", flat=True)) == ["keju", "keju-2", "keju-3"]
    assert ExternalId.objects.count() == 7


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=30), st.sets(st.text(max_size=8).map(str.lower), max_size=10))
def test_any_names_give_good_and_different_proposals(names, used):
    taken = set(used)
    proposals = [propose("item", name, taken) for name in names]
    assert len(set(proposals)) == len(proposals)
    assert not set(proposals) & used
    assert all(FORMAT.fullmatch(proposal) and len(proposal) <= 60 for proposal in proposals)
    again = set(used)
    assert [propose("item", name, again) for name in names] == proposals


def test_queries_do_not_grow(catalog, django_assert_num_queries):
    def build(size):
        menu = MenuFactory(catalog=CatalogFactory())
        MenuItemFactory.create_batch(size, menu=menu, name="Nasi", external_id=None)
        return menu.catalog

    small, large = build(10), build(300)
    with CaptureQueriesContext(connection) as captured:
        accept_proposals(small, None)
    with django_assert_num_queries(len(captured)):
        accept_proposals(large, None)
