"""Outlets that share a catalog, get their own, or start from another: refused, done, and never mixed up."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gobiz_admin.gobiz.errors import GobizUnavailable
from menus.copying import copy_catalog
from menus.importing import read_live_menu, request_import, run_import
from menus.models import (
    Catalog,
    CatalogVersion,
    ExternalId,
    ItemVariantCategory,
    MenuImport,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    Variant,
)
from menus.overrides import set_override
from menus.payload import build_payload, payload_of
from menus.publishing import PublishRefused, request_publish
from menus.sharing import (
    COPY,
    SHARE,
    SharingRefused,
    give_own_catalog,
    rename_catalog,
    share_catalog,
    start_outlet_from,
)
from menus.sharing_effects import tree_after, what_differs
from menus.tree import load_tree
from tests.factories import OutletFactory, UserFactory
from tests.menus.factories import (
    MenuFactory,
    MenuItemFactory,
    VariantCategoryFactory,
    VariantFactory,
    live_menu,
    selling_outlet,
)
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(db):
    return selling_outlet()


@pytest.fixture
def catalog(first):
    return first.selling.catalog


@pytest.fixture
def second(first, catalog):
    outlet = new_outlet(first)
    OutletCatalog.objects.create(outlet=outlet, catalog=catalog, imported_at=first.selling.imported_at)
    return outlet


@pytest.fixture
def item(catalog):
    return catalog.menu_items.get()


@pytest.fixture
def user(db):
    return UserFactory()


def new_outlet(outlet):
    return OutletFactory(gobiz_app=outlet.gobiz_app)


def catalog_of(outlet):
    return OutletCatalog.objects.get(outlet=outlet).catalog


def refused(function, *args, **more):
    before = list(OutletCatalog.objects.order_by("pk").values_list()), Catalog.objects.count()
    with pytest.raises(SharingRefused) as raised:
        function(*args, None, **more)
    assert (list(OutletCatalog.objects.order_by("pk").values_list()), Catalog.objects.count()) == before
    assert not MenuImport.objects.exists()
    return raised.value.code


# --- refused ----------------------------------------------------------------------------------


def test_nothing_is_shared_with_another_merchant(first, catalog):
    stranger = selling_outlet()
    assert refused(share_catalog, first, catalog_of(stranger)) == "foreign"
    assert refused(start_outlet_from, new_outlet(first), stranger, SHARE) == "foreign"
    assert refused(start_outlet_from, new_outlet(first), stranger, COPY) == "foreign"


def test_what_makes_no_sense_is_refused(first, second, catalog):
    new = new_outlet(first)
    assert refused(give_own_catalog, new) == "sells_nothing"
    assert refused(share_catalog, new, catalog) == "sells_nothing"
    assert refused(start_outlet_from, new, new_outlet(first), SHARE) == "sells_nothing"
    assert refused(start_outlet_from, new, new, SHARE) == "same_outlet"
    assert refused(start_outlet_from, second, first, COPY) == "sells_already"
    assert refused(rename_catalog, catalog, " \x00 ") == "required"
    assert refused(rename_catalog, catalog, "x" * 151) == "too_long"


def test_an_only_outlet_has_its_own_already(first):
    assert refused(give_own_catalog, first) == "own_already"


# --- copies -----------------------------------------------------------------------------------


def test_a_copy_is_the_same_menu_with_the_same_ids(first, catalog, item, user):
    ExternalId.objects.create(catalog=catalog, kind="item", external_id="gone-long-ago", live=True)
    MenuItemFactory(menu=item.menu, operational_hours=None)
    before = payload_of(load_tree(catalog))
    copy = copy_catalog(catalog, "Kemang", user)
    assert (copy.name, copy.merchant_id) == ("Kemang", catalog.merchant_id)
    assert payload_of(load_tree(copy)) == before
    assert payload_of(load_tree(catalog)) == before
    assert list(copy.external_ids.values_list("external_id", "live")) == [("gone-long-ago", True)]
    assert MenuItem.objects.filter(catalog=copy, operational_hours__isnull=True).count() == 1
    # Each row is the copy's own: nothing points across.
    assert not MenuItem.objects.filter(catalog=copy).exclude(menu__catalog=copy).exists()
    assert not Variant.objects.filter(catalog=copy).exclude(category__catalog=copy).exists()
    links = ItemVariantCategory.objects.filter(item__catalog=copy)
    assert links.count() == 1
    assert not links.exclude(category__catalog=copy).exists()


def test_a_copy_costs_the_same_for_any_menu(catalog, user):
    def cost(size):
        menu = MenuFactory(catalog=catalog)
        for n in range(size):
            item = MenuItemFactory(menu=menu)
            category = VariantCategoryFactory(catalog=catalog)
            VariantFactory(category=category)
            ItemVariantCategory.objects.create(item=item, category=category)
            ExternalId.objects.create(catalog=catalog, kind="item", external_id=f"{size}-{n}")
        with CaptureQueriesContext(connection) as queries:
            copy_catalog(catalog, "x", user)
        return len(queries)

    assert cost(2) == cost(60) <= 20


# --- its own ----------------------------------------------------------------------------------


def test_its_own_catalog_is_the_same_menu_on_gofood(first, second, catalog, item, user):
    hidden = MenuItemFactory(menu=item.menu, name="Es Teh")
    variant = Variant.objects.filter(catalog=catalog).first()
    set_override(catalog, "item", item.pk, [second], user, price=17000, in_stock=False)
    set_override(catalog, "item", hidden.pk, [second], user, hidden=True)
    set_override(catalog, "variant", variant.pk, [second], user, price=1500)
    request_publish(second, user)
    before = build_payload(first), build_payload(second)
    own = give_own_catalog(second, user)
    assert catalog_of(second) == own
    assert (build_payload(first), build_payload(second)) == before
    copied = own.menu_items.get(name="Ayam Geprek")
    assert (copied.price, copied.in_stock, copied.external_id) == (17000, False, item.external_id)
    assert OutletOverride.objects.filter(item__catalog=own).values_list("hidden", "price").get() == (
        True,
        None,
    )
    selling = OutletCatalog.objects.get(outlet=second)
    assert selling.published_revision == own.revision
    # Going back finds what differed there before.
    share_catalog(second, catalog, user)
    assert build_payload(second) == before[1]


# --- another one ------------------------------------------------------------------------------


def test_selling_another_catalog_says_before_what_it_will_be(first, second, catalog, item, user):
    give_own_catalog(second, user)
    own = catalog_of(second)
    mine = own.menu_items.get()
    MenuItem.objects.filter(pk=mine.pk).update(price=19000, in_stock=False)
    only_there = MenuItemFactory(menu=item.menu, name="Baru")
    kept = build_payload(second)
    for keep in (False, True):
        after = payload_of(tree_after(second, catalog, keep))
        share_catalog(second, catalog, user, keep=keep)
        assert build_payload(second) == after
        if not keep:
            assert after == build_payload(first)
            share_catalog(second, own, user)
    assert build_payload(second)["menus"][0]["menu_items"] == kept["menus"][0]["menu_items"]
    hidden = OutletOverride.objects.get(item=only_there)
    assert (hidden.outlet, hidden.hidden) == (second, True)
    selling = OutletCatalog.objects.get(outlet=second)
    assert selling.published_revision is None
    assert selling.imported_at


def test_without_equal_ids_equal_names_are_the_same_thing(first, catalog, item, user):
    second = selling_outlet(name="ayam  GEPREK", price=21000)
    second.merchant = first.merchant
    second.save()
    Catalog.objects.filter(pk=catalog_of(second).pk).update(merchant=first.merchant)
    share_catalog(second, catalog, user, keep=True)
    sent = build_payload(second)["menus"][0]["menu_items"][0]
    # The price is its own; the name and the id are the catalog's.
    assert (sent["price"], sent["name"], sent["external_id"]) == (21000, "Ayam Geprek", item.external_id)


def test_names_that_occur_twice_are_no_help(first, catalog, item, user):
    MenuItemFactory(menu=item.menu, name="Ayam Geprek", external_id=None)
    second = selling_outlet(price=21000, external_id=None)
    tree = load_tree(catalog_of(second), second)
    found = what_differs(tree, load_tree(catalog))
    assert [found[key]["hidden"] for key in found if key[0] == "item"] == [True, True]


# --- a new outlet -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [SHARE, COPY])
def test_a_new_outlet_publishes_nothing_before_its_live_menu_is_kept(
    fake_gobiz, first, catalog, item, user, mode
):
    new = new_outlet(first)
    fake_gobiz.live[new.outlet_id] = live_menu()
    hidden = MenuItemFactory(menu=item.menu, name="Es Teh")
    set_override(catalog, "item", item.pk, [first], user, price=13000, in_stock=False)
    set_override(catalog, "item", hidden.pk, [first], user, hidden=True)
    before = payload_of(load_tree(catalog))
    start_outlet_from(new, first, mode, user)
    assert (catalog_of(new) == catalog) == (mode == SHARE)
    with pytest.raises(PublishRefused, match="never_imported"):
        request_publish(new, user)

    run_import(MenuImport.objects.get(outlet=new).pk)
    version = CatalogVersion.objects.get(outlet=new)
    assert (version.number, version.payload) == (0, live_menu())
    assert MenuImport.objects.get().counts["kept"]["menu_items"] == 3
    # Nothing of it went into the catalog.
    assert payload_of(load_tree(catalog)) == before
    # Its own live menu, three items, gives way to the shared one: that has to be typed.
    version = request_publish(new, user, removing=3).version
    sent = version.payload["menus"][0]["menu_items"]
    assert [(row["name"], row["price"], row["in_stock"]) for row in sent] == [("Ayam Geprek", 13000, True)]
    # Orders of the new outlet are recognised by the ids of the old one.
    assert sent[0]["external_id"] == item.external_id


def test_a_live_menu_that_cannot_be_read_opens_nothing(fake_gobiz, first, user):
    new = new_outlet(first)
    start_outlet_from(new, first, SHARE, user)
    fake_gobiz.reads = [GobizUnavailable("away")]
    run_import(MenuImport.objects.get().pk)
    assert MenuImport.objects.get().state == "failed"
    with pytest.raises(PublishRefused):
        request_publish(new, user)
    # Trying again keeps it, and still merges nothing.
    fake_gobiz.live[new.outlet_id] = live_menu()
    run_import(request_import(new, user).pk)
    assert CatalogVersion.objects.get(outlet=new).number == 0
    assert not MenuItem.objects.filter(name="Ayam Bakar").exists()
    assert request_publish(new, user, removing=3)


def test_after_the_backup_an_import_is_an_import_again(fake_gobiz, first, catalog, user):
    new = new_outlet(first)
    fake_gobiz.live[new.outlet_id] = live_menu()
    start_outlet_from(new, first, COPY, user)
    read_live_menu(new)
    assert not catalog_of(new).menu_items.filter(name="Ayam Bakar").exists()
    read_live_menu(new)
    assert catalog_of(new).menu_items.filter(name="Ayam Bakar").exists()
    assert not catalog.menu_items.filter(name="Ayam Bakar").exists()


def test_a_catalog_gets_another_name_once(catalog, user):
    rename_catalog(catalog, " Menu pusat ", user)
    rename_catalog(catalog, "Menu pusat", user)
    catalog.refresh_from_db()
    assert catalog.name == "Menu pusat"
    assert catalog.merchant.audit_entries.filter(action="menu.catalog_renamed").count() == 1


# --- at once ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_import_and_a_start_at_once_never_mix(fake_gobiz, first, catalog, user):
    """Either it has its own, imported menu, or it sells the other's, untouched."""
    for _ in range(4):
        new = new_outlet(first)
        fake_gobiz.live[new.outlet_id] = live_menu()

        def work(number, new=new):
            try:
                return read_live_menu(new) if number else start_outlet_from(new, first, SHARE, user)
            except SharingRefused as error:
                return error.code

        started, _ = at_once(work)
        assert started == "sells_already" or catalog_of(new) == catalog
        assert catalog.menu_items.count() == 1
        assert CatalogVersion.objects.filter(outlet=new, number=0).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_are_one(first, user):
    new = new_outlet(first)

    def start(_):
        try:
            return start_outlet_from(new, first, COPY, user).pk
        except SharingRefused as error:
            return error.code

    assert "sells_already" in at_once(start)
    assert Catalog.objects.count() == 2
    assert MenuImport.objects.count() == 1
