"""A guard is answered by typing what it asks for, once, for exactly that value."""

import pytest
from django.db import IntegrityError, transaction

from gobiz_admin.merchants.models import AuditEntry
from menus.checks import check_catalog, guards_in
from menus.confirmations import ConfirmationRefused, confirm_prices, set_most_changed, shown_digest
from menus.editing import save_item
from menus.models import Catalog, CatalogVersion, Menu, MenuItem, PriceConfirmation, Sync, Variant
from menus.payload import build_payload
from menus.publishing import PublishRefused, request_publish
from tests.factories import UserFactory
from tests.menus.factories import MenuItemFactory, selling_outlet

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    """Its menu is on GoFood as it is here."""
    outlet = selling_outlet(price=20_000)
    confirm_all(outlet)
    return outlet


def confirm_all(outlet):
    number = CatalogVersion.objects.filter(outlet=outlet).count() + 1
    version = CatalogVersion.objects.create(
        outlet=outlet, number=number, payload=build_payload(outlet), checksum="x"
    )
    Sync.objects.create(outlet=outlet, version=version, request_id=f"{version.pk}", state="confirmed")


def guards(outlet):
    return guards_in(check_catalog(Catalog.objects.get(sellings__outlet=outlet), outlet))


def reprice(price):
    save_item(MenuItem.objects.get(), {"price": price}, None)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "unreadable"),
        ("ya", "unreadable"),
        ("1.5e4", "unreadable"),
        ("20.000", "other_price"),
        ("200", "other_price"),
        ("-2000", "other_price"),
        ("1", "other_price"),
    ],
)
def test_anything_else_is_refused(outlet, typed, code):
    reprice(2000)
    with pytest.raises(ConfirmationRefused) as refused:
        confirm_prices(outlet, guards(outlet), typed, None)
    assert refused.value.code == code
    assert not PriceConfirmation.objects.exists()


@pytest.mark.parametrize("typed", ["2000", "2.000", "Rp 2.000", " 2,000 "])
def test_typing_the_price_confirms_it(outlet, typed):
    user = UserFactory()
    reprice(2000)
    assert confirm_prices(outlet, guards(outlet), typed, user) == 1
    assert guards(outlet) == []
    kept = PriceConfirmation.objects.get()
    assert (kept.code, kept.value, kept.last_price, kept.confirmed_by) == (
        "price_tenth",
        "2000",
        20_000,
        user,
    )
    entry = AuditEntry.objects.get(action="menu.prices_confirmed")
    assert entry.user == user
    assert entry.facts["prices"][0] | {"pk": 0} == {
        "kind": "item", "pk": 0, "name": "Ayam Geprek", "code": "price_tenth", "value": 2000, "last_price": 20_000,
    }  # fmt: skip


def test_confirming_twice_is_confirming_once(outlet):
    reprice(2000)
    found = guards(outlet)
    assert confirm_prices(outlet, found, "2000", None) == 1
    assert confirm_prices(outlet, found, "2000", None) == 0
    assert AuditEntry.objects.filter(action="menu.prices_confirmed").count() == 1


def test_another_price_is_asked_for_again(outlet):
    reprice(2000)
    confirm_prices(outlet, guards(outlet), "2000", None)
    reprice(2100)
    assert [check.asked for check in guards(outlet)] == [2100]
    reprice(2000)
    assert guards(outlet) == []


def test_the_same_price_beside_another_one_on_gofood_is_asked_for_again(outlet):
    reprice(2000)
    confirm_prices(outlet, guards(outlet), "2000", None)
    reprice(40_000)
    confirm_prices(outlet, guards(outlet), "40000", None)
    confirm_all(outlet)
    reprice(2000)
    assert [(check.asked, check.last_price) for check in guards(outlet)] == [(2000, 40_000)]


def test_a_confirmation_is_of_one_outlet(outlet):
    other = selling_outlet(price=20_000)
    confirm_all(other)
    MenuItem.objects.update(price=2000)
    confirm_prices(outlet, guards(outlet), "2000", None)
    assert guards(outlet) == []
    assert len(guards(other)) == 1


def test_several_are_confirmed_by_their_number(outlet):
    MenuItemFactory.create_batch(2, menu=Menu.objects.get(), price=12_345)
    found = guards(outlet)
    assert {check.code for check in found} == {"price_not_round"}
    for typed, code in (("12345", "other_count"), ("3", "other_count"), ("dua", "unreadable")):
        with pytest.raises(ConfirmationRefused) as refused:
            confirm_prices(outlet, found, typed, None)
        assert refused.value.code == code
    assert confirm_prices(outlet, found, "2", None) == 2
    assert guards(outlet) == []


def test_what_was_not_shown_is_not_confirmed(outlet):
    MenuItemFactory.create_batch(2, menu=Menu.objects.get(), price=12_345)
    shown = shown_digest(guards(outlet))
    MenuItem.objects.filter(price=12_345).update(price=54_321)
    with pytest.raises(ConfirmationRefused) as refused:
        confirm_prices(outlet, guards(outlet), "2", None, shown)
    assert refused.value.code == "changed"
    with pytest.raises(ConfirmationRefused):
        confirm_prices(outlet, [], "0", None)


def test_what_is_no_guard_cannot_be_confirmed(outlet):
    MenuItem.objects.update(external_id=None)
    found = check_catalog(Catalog.objects.get(), outlet)
    with pytest.raises(ConfirmationRefused):
        confirm_prices(outlet, found, "1", None)
    assert not PriceConfirmation.objects.exists()


def test_a_price_addition(outlet):
    Variant.objects.filter(name="Paha atas").update(price=950)
    confirm_prices(outlet, guards(outlet), "950", None)
    assert guards(outlet) == []
    assert PriceConfirmation.objects.get().variant.name == "Paha atas"


def test_many_at_once(outlet):
    MenuItemFactory.create_batch(9, menu=Menu.objects.get())
    confirm_all(outlet)
    for item in MenuItem.objects.all():
        save_item(item, {"price": item.price + 1000}, None)
    found = guards(outlet)
    assert [(check.code, check.asked, check.value) for check in found] == [("many_prices_changed", 10, 10)]
    with pytest.raises(ConfirmationRefused):
        confirm_prices(outlet, found, "9", None)
    assert confirm_prices(outlet, found, "10", None) == 1
    assert guards(outlet) == []
    save_item(MenuItem.objects.first(), {"price": 17_000}, None)
    assert len(guards(outlet)) == 1


def test_the_merchant_says_how_many_is_many(outlet):
    catalog = Catalog.objects.get()
    set_most_changed(catalog, 50, None)
    set_most_changed(catalog, 50, None)
    assert Catalog.objects.get().most_changed_percent == 50
    assert AuditEntry.objects.filter(action="menu.most_changed_set").count() == 1


def test_publishing_waits_for_the_confirmation(outlet):
    reprice(2000)
    with pytest.raises(PublishRefused) as refused:
        request_publish(outlet, None)
    assert [(check.code, check.confirm) for check in refused.value.checks] == [("price_tenth", True)]
    assert Sync.objects.count() == 1
    confirm_prices(outlet, guards(outlet), "2000", None)
    assert request_publish(outlet, None).state == "queued"


def test_the_database_keeps_it_once_and_of_its_kind(outlet):
    reprice(2000)
    confirm_prices(outlet, guards(outlet), "2000", None)
    kept = PriceConfirmation.objects.get()
    same = {"outlet": outlet, "kind": "item", "item": kept.item, "code": kept.code, "value": "2000"}
    for wrong in ({**same, "last_price": 20_000}, {**same, "kind": "catalog"}, {**same, "kind": "variant"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PriceConfirmation.objects.create(**wrong)


def test_queries_do_not_grow_with_what_is_confirmed(outlet, django_assert_num_queries):
    def confirm(count):
        MenuItemFactory.create_batch(count, menu=Menu.objects.get(), price=12_345)
        found = guards(outlet)
        with django_assert_num_queries(QUERIES):
            confirm_prices(outlet, found, str(len(found)), None)

    confirm(2)
    confirm(200)


# Savepoint and release, the outlet's catalog, its lock, what was given, the new rows, the trail.
QUERIES = 7
