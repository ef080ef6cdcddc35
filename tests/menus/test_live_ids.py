"""What GoFood has under an id that we do not know: bound, adopted or left."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from menus.ids import accept_proposals
from menus.importing import read_live_menu, request_import, run_import
from menus.live_ids import ADOPT, BindRefused, newest_reading, settle
from menus.mapping import known_external_ids
from menus.models import CatalogEdit, CatalogVersion, ExternalId, MenuImport, MenuItem, Sync, Variant
from menus.tree import load_tree
from menus.undoing import last_edit, undo
from tests.factories import OutletFactory, UserFactory
from tests.menus.factories import MenuItemFactory, live_category, live_item, live_menu

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    """Everything has an id of ours; GoFood has that of one item only."""
    outlet = OutletFactory()
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    read_live_menu(outlet)
    accept_proposals(outlet.selling.catalog, None)
    return outlet


@pytest.fixture
def items(fake_gobiz, outlet):
    return fake_gobiz.live[outlet.outlet_id]["menus"][0]["menu_items"]


def read(outlet):
    menu_import = request_import(outlet, None)
    run_import(menu_import.pk)
    return newest_reading(load_tree(outlet.selling.catalog, outlet), outlet)


def strays(outlet):
    return [
        (one.kind, one.name, one.external_id, one.ours and one.ours.name, one.takes_id)
        for one in read(outlet).strays
    ]


def choose(outlet, choices, user=None):
    return settle(outlet, read(outlet).menu_import.pk, choices, user)


def test_nothing_was_read_yet(outlet):
    reading = newest_reading(load_tree(outlet.selling.catalog, outlet), outlet)
    assert (reading.menu_import, reading.strays) == (None, [])


def test_what_has_an_id_here_and_none_there_waits_for_a_publish(outlet):
    reading = read(outlet)
    assert reading.strays == []
    assert {row.name for row in reading.to_publish} == {
        "Ayam Bakar",
        "Es Teh",
        "Paha atas",
        "Paha bawah",
        "Keju",
    }


def test_a_confirmed_publish_makes_a_reading_old(outlet):
    read(outlet)
    version = CatalogVersion.objects.create(outlet=outlet, number=1, payload={}, checksum="x")
    Sync.objects.create(
        outlet=outlet,
        version=version,
        request_id="r",
        state="confirmed",
        confirmed_at=timezone.now() + timedelta(seconds=1),
    )
    reading = newest_reading(load_tree(outlet.selling.catalog, outlet), outlet)
    assert (reading.published_since, reading.to_publish) == (True, [])


def test_each_is_proposed_as_what_we_take_it_for(outlet, items):
    items[1]["external_id"] = "app-7"
    items.append(live_item("Rica", external_id="app-8"))
    items.append(live_item("Tanpa id"))
    assert strays(outlet) == [
        ("item", "Ayam Bakar", "app-7", "Ayam Bakar", True),
        ("item", "Rica", "app-8", None, False),
        ("item", "Tanpa id", None, None, False),
    ]


def test_an_id_that_gofood_has_of_ours_is_not_given_up(outlet, items):
    ExternalId.objects.update(confirmed_at=timezone.now())
    items[1]["external_id"] = "app-7"
    assert strays(outlet) == [("item", "Ayam Bakar", "app-7", "Ayam Bakar", False)]
    bakar = MenuItem.objects.get(name="Ayam Bakar")
    assert choose(outlet, {("item", 1): bakar.pk}) == 1
    bakar.refresh_from_db()
    assert bakar.external_id == "ayam-bakar"
    # Until the next publish GoFood's id stands for it.
    assert "app-7" in known_external_ids(outlet)["item"]
    assert strays(outlet) == []


def test_binding_takes_gofoods_id_and_one_undo_gives_it_back(outlet, items):
    user = UserFactory()
    items.append(live_item("Nama Lain", external_id="app-7"))
    teh = MenuItem.objects.get(name="Es Teh")
    assert choose(outlet, {("item", 2): teh.pk}, user) == 1
    teh.refresh_from_db()
    assert (teh.external_id, teh.gobiz_id, teh.name) == ("app-7", "gobiz-Nama Lain", "Es Teh")
    assert {"app-7", "es-teh"} <= known_external_ids(outlet)["item"]
    # What had been taken for it by name is nobody's now.
    assert strays(outlet) == [("item", "Es Teh", None, None, False)]
    undo(last_edit(teh.catalog, user), user)
    teh.refresh_from_db()
    assert (teh.external_id, teh.gobiz_id) == ("es-teh", "gobiz-Es Teh")


def test_adopting_makes_a_new_one_with_an_id(outlet, items):
    items.append(live_item("Rica", external_id="app-8"))
    items.append(live_item("Tanpa id", price=7000))
    assert choose(outlet, {("item", 2): ADOPT, ("item", 3): ADOPT}) == 2
    made = MenuItem.objects.filter(name__in=["Rica", "Tanpa id"]).order_by("pk")
    assert [(row.external_id, row.menu.name) for row in made] == [("app-8", "Ayam"), ("tanpa-id", "Ayam")]
    assert CatalogEdit.objects.count() == 1


def test_what_we_take_for_ours_may_be_a_new_one(outlet, items):
    items[1]["external_id"] = "app-7"
    choose(outlet, {("item", 1): ADOPT})
    found = MenuItem.objects.filter(name="Ayam Bakar").order_by("pk")
    assert [row.external_id for row in found] == ["ayam-bakar", "app-7"]


def test_a_variant_is_bound_like_an_item(fake_gobiz, outlet):
    categories = fake_gobiz.live[outlet.outlet_id]["variant_categories"]
    categories[0]["variants"][0]["external_id"] = "v-app"
    categories.append(live_category("Level", "Pedas"))
    categories[2]["variants"][0]["external_id"] = "v-pedas"
    choose(outlet, {("variant", 0): Variant.objects.get(name="Paha atas").pk, ("variant", 3): ADOPT})
    assert Variant.objects.get(name="Paha atas").external_id == "v-app"
    pedas = Variant.objects.get(name="Pedas")
    assert (pedas.external_id, pedas.category.external_id) == ("v-pedas", "level")


def test_a_choice_must_be_of_this_catalog_once_and_free(outlet, items):
    items += [live_item("Rica", external_id="app-8"), live_item("Rica Rica", external_id="app-9")]
    stranger, teh = MenuItemFactory(), MenuItem.objects.get(name="Es Teh")
    geprek = MenuItem.objects.get(name="Ayam Geprek")
    for choices, code in (
        ({("item", 2): stranger.pk}, "unknown"),
        ({("item", 2): geprek.pk}, "live_already"),
        ({("item", 2): teh.pk, ("item", 3): teh.pk}, "doubled"),
    ):
        with pytest.raises(BindRefused) as refused:
            choose(outlet, choices)
        assert code in refused.value.errors.values()
    assert not CatalogEdit.objects.exists()
    teh.refresh_from_db()
    assert teh.external_id == "es-teh"


def test_another_reading_or_another_place_is_refused(outlet, items):
    items.append(live_item("Rica", external_id="app-8"))
    reading = read(outlet)
    for import_pk, choices in (
        (reading.menu_import.pk - 1, {("item", 2): ADOPT}),
        (reading.menu_import.pk, {("item", 0): ADOPT}),
        (reading.menu_import.pk, {("item", 99): ADOPT}),
        (reading.menu_import.pk, {("menu", 0): ADOPT}),
    ):
        with pytest.raises(BindRefused) as refused:
            settle(outlet, import_pk, choices, None)
        assert refused.value.code == "changed"
    assert settle(outlet, reading.menu_import.pk, {("item", 2): ADOPT}, None) == 1
    # Twice is once: it is no stray any more.
    with pytest.raises(BindRefused):
        settle(outlet, reading.menu_import.pk, {("item", 2): ADOPT}, None)
    assert MenuItem.objects.filter(name="Rica").count() == 1
    assert MenuImport.objects.latest("pk").state == "read"


def test_queries_do_not_grow(fake_gobiz, django_assert_num_queries):
    def build(size):
        outlet = OutletFactory()
        fake_gobiz.live[outlet.outlet_id] = live_menu(size)
        read_live_menu(outlet)
        accept_proposals(outlet.selling.catalog, None)
        live = fake_gobiz.live[outlet.outlet_id]["menus"][0]["menu_items"]
        live += [live_item(f"Baru {n}") for n in range(size)]
        reading = read(outlet)
        return outlet, reading.menu_import.pk, {("item", size + n): ADOPT for n in range(size)}

    small, large = build(10), build(150)
    with CaptureQueriesContext(connection) as captured:
        settle(*small, None)
    with django_assert_num_queries(len(captured)):
        settle(*large, None)
