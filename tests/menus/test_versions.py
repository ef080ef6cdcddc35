"""Versions: what is kept of each, what is not sent twice, and bringing an older one back."""

import pytest
from django.utils import timezone

from gobiz_admin.merchants.models import AuditEntry
from menus.alerts import open_alert
from menus.editing import remove, save_item
from menus.ids import accept_proposals
from menus.importing import read_live_menu
from menus.models import CatalogVersion, Menu, MenuItem, OutletCatalog, Sync, Variant
from menus.publishing import AlreadyPublished, bring_back, request_publish
from menus.removals import RemovalUnconfirmed
from menus.sending import send
from menus.versions import NotSendable
from tests.factories import OutletFactory, UserFactory
from tests.menus.factories import MenuItemFactory, live_menu, selling_outlet

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    outlet = selling_outlet()
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    return outlet


def published(outlet, **asked):
    """The sync, proven to be live."""
    sync = request_publish(outlet, None, **asked)
    send(sync.pk)
    Sync.objects.filter(pk=sync.pk).update(state="confirmed")
    sync.refresh_from_db()
    return sync


def many_items(outlet, count):
    menu = Menu.objects.get(catalog__sellings__outlet=outlet)
    return MenuItemFactory.create_batch(count, menu=menu)


# --- the same is not sent again ---------------------------------------------------------------


def test_pressed_twice_is_sent_once(outlet):
    first = request_publish(outlet, None)
    assert request_publish(outlet, None).pk == first.pk
    send(first.pk)
    assert request_publish(outlet, None).pk == first.pk
    assert CatalogVersion.objects.count() == 1


def test_what_gofood_was_proven_to_have_is_not_sent_again(outlet):
    sync = published(outlet)
    Menu.objects.update(position=3)
    OutletCatalog.objects.update(published_revision=None)
    with pytest.raises(AlreadyPublished) as refused:
        request_publish(outlet, None)
    assert refused.value.sync == sync
    assert Sync.objects.count() == 1
    # Nothing is left to publish: the page says so.
    assert OutletCatalog.objects.get().published_revision is not None


def test_unless_it_is_asked_for(outlet):
    published(outlet)
    assert request_publish(outlet, None, again=True).version.number == 2


def test_what_gofood_has_lost_is_sent_again(outlet):
    sync = published(outlet)
    Sync.objects.update(confirmed_at=timezone.now())
    open_alert(outlet, "F-1", "mapping_not_found", ["Ayam Geprek"], [], None)
    assert request_publish(outlet, None).pk != sync.pk
    # Until that one has ended, pressed again is the same.
    assert Sync.objects.count() == 2
    request_publish(outlet, None)
    assert Sync.objects.count() == 2


def test_after_a_failure_the_same_is_sent_again(outlet):
    first = request_publish(outlet, None)
    Sync.objects.update(state="failed")
    assert request_publish(outlet, None).pk != first.pk


# --- what is kept -----------------------------------------------------------------------------


def test_a_version_tells_what_it_changed_and_why(outlet):
    published(outlet)
    save_item(MenuItem.objects.get(), {"price": 17000}, None)
    version = request_publish(outlet, UserFactory(), note="Harga baru").version
    assert (version.note, version.changes) == ("Harga baru", {"repriced": 1})
    assert CatalogVersion.objects.get(number=1).changes["added:item"] == 1


# --- many items gone --------------------------------------------------------------------------


def test_many_removed_items_need_their_number(outlet):
    items = many_items(outlet, 4)
    published(outlet)
    for item in items[:2]:
        remove(item, None)
    for typed in (None, 1, 5):
        with pytest.raises(RemovalUnconfirmed) as refused:
            request_publish(outlet, None, removing=typed)
        assert (refused.value.removal.count, refused.value.removal.of) == (2, 5)
    assert Sync.objects.count() == 1
    user = UserFactory()
    version = request_publish(outlet, user, removing=2).version
    assert version.confirmations == [
        {"code": "removal", "name": "", "value": "2", "by": user.email, "at": ""}
    ]


def test_few_need_none(outlet):
    items = many_items(outlet, 4)
    published(outlet)
    remove(items[0], None)
    assert request_publish(outlet, None).version.changes == {"removed:item": 1}


# --- bringing back ----------------------------------------------------------------------------


def test_an_older_version_comes_back_as_a_new_one_and_the_catalog_stays(outlet):
    first = published(outlet)
    save_item(MenuItem.objects.get(), {"price": 19000}, None)
    published(outlet)
    sync = bring_back(first.version, None, note="Salah harga")
    assert (sync.version.number, sync.version.restores) == (3, first.version)
    assert sync.version.payload == first.version.payload
    assert MenuItem.objects.get().price == 19000
    assert OutletCatalog.objects.get().published_revision is None
    assert AuditEntry.objects.filter(action="menu.published", facts__restores=1).exists()
    # And once more is the same wish.
    assert bring_back(first.version, None).pk == sync.pk


def test_stock_is_of_today(outlet):
    first = published(outlet)
    save_item(MenuItem.objects.get(), {"price": 19000, "in_stock": False}, None)
    Variant.objects.filter(name="Paha atas").update(in_stock=False)
    published(outlet)
    payload = bring_back(first.version, None).version.payload
    item = payload["menus"][0]["menu_items"][0]
    assert (item["price"], item["in_stock"]) == (15000, False)
    variants = payload["variant_categories"][0]["variants"]
    assert [(row["name"], row["in_stock"]) for row in variants] == [
        ("Paha atas", False),
        ("Paha bawah", True),
    ]


def test_what_is_live_already_is_not_brought_back(outlet):
    first = published(outlet)
    with pytest.raises(AlreadyPublished):
        bring_back(first.version, None)


def test_bringing_back_can_take_much_away_too(outlet):
    first = published(outlet)
    many_items(outlet, 3)
    published(outlet)
    with pytest.raises(RemovalUnconfirmed):
        bring_back(first.version, None)
    assert bring_back(first.version, None, removing=3).version.number == 3


@pytest.fixture
def found(fake_gobiz):
    """An outlet whose live menu was made in the GoBiz app: most of it has no external_id."""
    outlet = OutletFactory()
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    read_live_menu(outlet)
    return outlet


def test_the_menu_as_it_was_found_needs_ids(found):
    with pytest.raises(NotSendable) as refused:
        bring_back(CatalogVersion.objects.get(number=0), None)
    assert {"Ayam Bakar", "Es Teh", "Potongan", "Keju"} <= set(refused.value.names)
    assert "Ayam Geprek" not in refused.value.names
    assert not Sync.objects.exists()


def test_the_menu_as_it_was_found_comes_back_with_the_ids_that_it_was_given(found):
    catalog = OutletCatalog.objects.get().catalog
    accept_proposals(catalog, None)
    MenuItem.objects.filter(name="Es Teh").update(price=6000)
    published(found)
    payload = bring_back(CatalogVersion.objects.get(number=0), None).version.payload
    items = {item["name"]: item for menu in payload["menus"] for item in menu["menu_items"]}
    assert items["Es Teh"]["price"] == 5000
    ours = dict(MenuItem.objects.values_list("name", "external_id"))
    assert {name: item["external_id"] for name, item in items.items()} == ours
    category = payload["variant_categories"][0]["external_id"]
    assert items["Ayam Bakar"]["variant_category_external_ids"] == [category]
    assert not any("_links" in item for item in items.values())
