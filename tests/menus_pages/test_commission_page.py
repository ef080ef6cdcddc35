"""The commission: who may set it, what is understood, and where its effect is seen."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gobiz_admin.merchants.models import AuditEntry, Outlet
from menus import editing
from menus.models import OutletCatalog, OutletOverride
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
KEEP = "you keep Rp\N{NO-BREAK SPACE}"


@pytest.fixture
def other(shop: Shop) -> Outlet:
    """A second outlet that sells the same catalog."""
    outlet = OutletFactory(gobiz_app=shop.cast.app)
    selling = shop.outlet.selling
    OutletCatalog.objects.create(outlet=outlet, catalog=shop.catalog, imported_at=selling.imported_at)
    return outlet


def known(outlet: Any) -> Decimal | None:
    outlet.refresh_from_db()
    return outlet.commission_percent


def body_of(shop: Shop, name: str, *args: int, who: str = "owner", **query: Any) -> str:
    answer = shop.client(who).get(shop.url(name, *args), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("cashier", 403), ("anonymous", 302)])
def test_those_who_may_not(shop: Shop, who: str, status: int) -> None:
    client, url = shop.client(who), shop.url("menu_commission")
    assert client.get(url).status_code == status
    typed = {"percent": "20", "where": "all"}
    assert client.post(url, typed).status_code == status
    assert known(shop.outlet) is None
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("who", ["owner", "manager"])
def test_those_who_may(shop: Shop, who: str) -> None:
    typed = {"percent": "20%", "where": str(shop.outlet.pk)}
    answer = shop.client(who).post(shop.url("menu_commission"), typed, follow=True)
    assert known(shop.outlet) == 20
    body = answer.content.decode()
    assert "The commission is 20% at 1 outlet now." in body
    assert "Rp\N{NO-BREAK SPACE}16.000 left of Rp\N{NO-BREAK SPACE}20.000" in body


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"percent": "", "where": ""},
        {"percent": "20"},
        {"percent": "abc", "where": "all"},
        {"percent": "-5", "where": "all"},
        {"percent": "75", "where": "all"},
        {"percent": "20,555", "where": "all"},
        {"percent": "\x00🍗" * 5_000, "where": "all"},
        {"percent": "20", "where": "999999999999999999999"},
        {"percent": "20", "where": "\x00"},
    ],
)
def test_what_is_not_understood_changes_nothing(shop: Shop, other: Outlet, typed: dict[str, str]) -> None:
    Outlet.objects.update(commission_percent=Decimal(15))
    answer = shop.client().post(shop.url("menu_commission"), typed)
    assert answer.status_code == 422
    assert "Nothing was saved yet" in answer.content.decode()
    assert (known(shop.outlet), known(other)) == (15, 15)


def test_what_was_typed_stays_and_the_error_says_what_to_type(shop: Shop) -> None:
    typed = {"percent": "abc", "where": str(shop.outlet.pk)}
    body = shop.client().post(shop.url("menu_commission"), typed).content.decode()
    assert 'value="abc"' in body
    assert "Type a number, for example 20 or 20,5." in body


def test_anothers_outlet_is_no_choice(shop: Shop) -> None:
    foreign = shop.cast.other_outlet
    answer = shop.client().post(shop.url("menu_commission"), {"percent": "20", "where": str(foreign.pk)})
    assert answer.status_code == 422
    assert known(foreign) is None


def test_at_one_outlet_and_at_all(shop: Shop, other: Outlet) -> None:
    client, url = shop.client(), shop.url("menu_commission")
    client.post(url, {"percent": "20,5", "where": str(other.pk)})
    assert (known(shop.outlet), known(other)) == (None, Decimal("20.5"))
    body = client.post(url, {"percent": "25", "where": "all"}, follow=True).content.decode()
    assert (known(shop.outlet), known(other)) == (25, 25)
    assert "at 2 outlets now" in body
    assert known(shop.cast.other_outlet) is None
    client.post(url, {"percent": "", "where": "all"})
    assert (known(shop.outlet), known(other)) == (None, None)


def test_the_chosen_outlet_is_chosen_in_the_form(shop: Shop, other: Outlet) -> None:
    Outlet.objects.filter(pk=other.pk).update(commission_percent=Decimal("20.50"))
    body = body_of(shop, "menu_commission", outlet=other.outlet_id)
    assert f'<option value="{other.pk}" selected>' in body
    assert 'value="20,5"' in body
    assert '<option value="all" selected>' in body_of(shop, "menu_commission")


def test_two_outlets_keep_differently(shop: Shop, other: Outlet) -> None:
    """Their prices differ too: what is left is of the price at that outlet."""
    Outlet.objects.filter(pk=shop.outlet.pk).update(commission_percent=Decimal(20))
    Outlet.objects.filter(pk=other.pk).update(commission_percent=Decimal("25.5"))
    OutletOverride.objects.create(outlet=other, item=shop.item, price=20_000)
    assert f"{KEEP}12.000" in body_of(shop, "menu", outlet=shop.outlet.outlet_id)
    assert f"{KEEP}14.900" in body_of(shop, "menu", outlet=other.outlet_id)
    assert f"{KEEP}14.900" in body_of(shop, "menu_item", shop.item.pk, outlet=other.outlet_id)
    assert f"{KEEP}12.000" in body_of(shop, "item_row", shop.item.pk, outlet=shop.outlet.outlet_id)


def test_a_price_changed_in_the_panel_is_followed(shop: Shop) -> None:
    Outlet.objects.filter(pk=shop.outlet.pk).update(commission_percent=Decimal(20))
    editing.save_item(shop.item, {"price": 10_000}, shop.cast.owner)
    assert f"{KEEP}8.000" in body_of(shop, "menu_item", shop.item.pk)


def test_what_is_left_of_a_variant(shop: Shop) -> None:
    Outlet.objects.filter(pk=shop.outlet.pk).update(commission_percent=Decimal(20))
    more, less = shop.catalog.variants.order_by("pk")
    shop.catalog.variants.filter(pk=more.pk).update(price=5_000)
    for page in ("library", "category_card"):
        row = shop.catalog if page == "library" else shop.category
        assert body_of(shop, page, row.pk).count("you keep") == 1
    shop.catalog.variants.filter(pk=less.pk).update(price=-1_000)
    body = body_of(shop, "category_card", shop.category.pk)
    assert f"{KEEP}4.000" in body
    assert "your part: −Rp\N{NO-BREAK SPACE}800" in body


def test_without_a_commission_nothing_is_said(shop: Shop) -> None:
    for page, arguments in (("menu", []), ("menu_item", [shop.item.pk]), ("library", [shop.catalog.pk])):
        assert "you keep" not in body_of(shop, page, *arguments)
    assert "you keep" not in body_of(shop, "menu_item_new", shop.catalog.pk)


def test_a_cashier_is_not_told(shop: Shop) -> None:
    Outlet.objects.update(commission_percent=Decimal(20))
    body = body_of(shop, "menu", who="cashier")
    assert "you keep" not in body
    assert shop.url("menu_commission") not in body
    assert shop.url("menu_preview") in body
    assert shop.url("menu_commission") in body_of(shop, "menu", who="manager")


def test_the_cost_does_not_grow(shop: Shop) -> None:
    Outlet.objects.update(commission_percent=Decimal(20))
    pages = [shop.url("menu_commission"), f"{shop.url('menu')}?outlet={shop.outlet.outlet_id}"]
    client = shop.client()
    client.get(pages[0])
    for page in pages:
        with CaptureQueriesContext(connection) as few:
            client.get(page)
        for _ in range(10):
            OutletFactory(gobiz_app=shop.cast.app)
            MenuItemFactory(menu=shop.item.menu)
        with CaptureQueriesContext(connection) as many:
            client.get(page)
        assert len(many) == len(few), page


def test_a_merchant_without_an_outlet(shop: Shop) -> None:
    shop.merchant.outlets.all().delete()
    assert "Connect your first outlet" in body_of(shop, "menu_commission")
    assert (
        shop.client().post(shop.url("menu_commission"), {"percent": "20", "where": "all"}).status_code == 422
    )
