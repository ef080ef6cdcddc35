"""The list of findings: jump, fix, confirm; with htmx and without; and what is said while typing."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from menus.models import (
    CatalogVersion,
    Menu,
    MenuItem,
    PictureCheck,
    PictureFix,
    PriceConfirmation,
    Sync,
    Variant,
)
from tests.menus.factories import MenuItemFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def page(shop: Shop, who: str = "owner", name: str = "menu_checks") -> str:
    args = [shop.outlet.pk] if name != "menu_checks" else []
    response = shop.client(who).get(shop.url(name, *args))
    assert response.status_code == 200
    return response.content.decode()


def post(shop: Shop, name: str, data: dict[str, str], who: str = "owner", **headers: str):  # type: ignore[no-untyped-def]
    return shop.client(who).post(shop.url(name, shop.outlet.pk), data, headers=headers)


def guarded(shop: Shop, price: int = 1500) -> None:
    """The item costs a tenth of what GoFood has."""
    shop.sync(Sync.State.CONFIRMED)
    MenuItem.objects.update(price=price)


def answer(typed: str, **values: str) -> dict[str, str]:
    row = f"item-{MenuItem.objects.first().pk}"
    return {"code": "price_tenth", "row": row, "typed": typed, **values}


def test_with_nothing_to_find_the_page_says_what_was_looked_at(shop: Shop) -> None:
    body = page(shop)
    assert "Everything is as it should be" in body
    assert "Looked at: 1 item in 1 menu, 1 variant category, 2 variants." in body


def test_each_finding_leads_to_its_field(shop: Shop) -> None:
    MenuItem.objects.update(description="x" * 230, image_url="")
    body = page(shop)
    assert "1 problem stops publishing." in body
    assert "230 characters" in body
    assert shop.url("menu_item", shop.item.pk) + "#id_description" in body
    assert body.index("Its description has more") < body.index("It has no picture")


def test_the_menu_and_the_review_lead_to_the_list(shop: Shop) -> None:
    MenuItem.objects.update(description="x" * 230)
    assert shop.url("menu_checks") in page(shop, name="menu_checks")
    assert shop.url("menu_checks") in shop.client().get(shop.url("menu")).content.decode()
    assert shop.url("menu_checks") in page(shop, name="publish_review")


def test_a_cashier_is_not_led_to_what_a_cashier_may_not_see(shop: Shop) -> None:
    guarded(shop)
    MenuItem.objects.update(description="x" * 230)
    main = page(shop, "cashier").split("<main", 1)[1].split("</main>", 1)[0]
    assert "a tenth of what GoFood has" in main
    client = shop.client("cashier")
    links = set(re.findall(r'href="(/m/[^"#]+)', main))
    assert {client.get(link).status_code for link in links} == {200}


def test_cashiers_may_look_and_nothing_else(shop: Shop) -> None:
    guarded(shop)
    MenuItem.objects.update(operational_hours=None)
    body = page(shop, "cashier")
    assert "Your owner or manager confirms them." in body
    assert "/checks/fix/" not in body
    assert "/checks/confirm/" not in body
    for name in ("fix_checks", "confirm_prices", "most_changed"):
        assert post(shop, name, answer("1500"), "cashier").status_code == 403
    assert not PriceConfirmation.objects.exists()


def test_without_a_menu_or_an_outlet_there_is_nothing_to_check(shop: Shop) -> None:
    shop.outlet.selling.delete()
    assert shop.client().get(shop.url("menu_checks")).url == shop.url("menu")
    for name in ("fix_checks", "confirm_prices", "most_changed"):
        assert post(shop, name, {}).url == shop.url("menu")


# --- fixing ------------------------------------------------------------------------------------


def test_one_is_fixed(shop: Shop) -> None:
    MenuItem.objects.update(operational_hours=None)
    other = MenuItemFactory(menu=Menu.objects.get(), operational_hours=None)
    assert "Fix all 2" in page(shop)
    response = post(shop, "fix_checks", {"code": "hours_missing", "row": f"item-{other.pk}"})
    assert response.url == shop.url("menu_checks")
    assert list(MenuItem.objects.filter(operational_hours__isnull=True)) == [shop.item]


def test_all_of_a_kind_are_fixed_in_place(shop: Shop) -> None:
    MenuItem.objects.update(operational_hours=None)
    MenuItemFactory(menu=Menu.objects.get(), operational_hours=None)
    response = post(shop, "fix_checks", {"code": "hours_missing", "row": ""}, **HTMX)
    assert response.status_code == 200
    assert "2 things are fixed." in response.headers["HX-Trigger"]
    assert "Everything is as it should be" in response.content.decode()
    assert not MenuItem.objects.filter(operational_hours__isnull=True).exists()


@pytest.mark.parametrize(
    "data", [{}, {"code": "x"}, {"code": "hours_missing"}, {"code": "picture_missing", "row": "item-1"}]
)
def test_what_is_not_found_is_not_fixed(shop: Shop, data: dict[str, str]) -> None:
    MenuItem.objects.update(image_url="")
    response = post(shop, "fix_checks", data, **HTMX)
    assert "nothing left to fix" in response.headers["HX-Trigger"]


# --- confirming --------------------------------------------------------------------------------


def test_a_guard_shows_both_prices_and_asks(shop: Shop) -> None:
    guarded(shop)
    body = page(shop)
    for words in ("Rp\u00a015.000", "Rp\u00a01.500", "−90\u00a0%", "Type Rp\u00a01.500 if it is right"):
        assert words in body
    assert "Publishing waits" in body


def test_confirming_in_place(shop: Shop) -> None:
    guarded(shop)
    response = post(shop, "confirm_prices", answer("Rp 1.500"), "manager", **HTMX)
    body = response.content.decode()
    assert "Nothing stops publishing" in body
    assert "1 confirmed change" in body
    assert shop.cast.manager.email in body
    assert PriceConfirmation.objects.get().confirmed_by == shop.cast.manager


def test_a_wrong_answer_stands_where_it_was_typed(shop: Shop) -> None:
    guarded(shop)
    for typed, words in (("<b>", "Type it in digits"), ("15.000", "not the price that the menu has")):
        body = post(shop, "confirm_prices", answer(typed)).content.decode()
        assert words in body
        assert f'value="{typed.replace("<b>", "&lt;b&gt;")}"' in body
        assert 'aria-invalid="true"' in body
    assert not PriceConfirmation.objects.exists()


def test_a_price_that_changed_meanwhile_is_not_confirmed(shop: Shop) -> None:
    guarded(shop)
    body = post(shop, "confirm_prices", answer("1500", shown="other")).content.decode()
    assert "have changed since you looked" in body
    MenuItem.objects.update(price=15_000)
    body = post(shop, "confirm_prices", answer("1500")).content.decode()
    assert "have changed since you looked" in body
    assert not PriceConfirmation.objects.exists()


def test_the_review_asks_and_then_publishes(shop: Shop) -> None:
    guarded(shop)
    url = shop.url("publish_review", shop.outlet.pk)
    body = shop.client().post(url, {"revision": shop.revision()}).content.decode()
    assert "Type Rp\u00a01.500 if it is right" in body
    assert "Publish to" not in body
    assert "problem stops this menu" not in body
    assert Sync.objects.count() == 1
    body = post(shop, "confirm_prices", answer("2", back="review")).content.decode()
    assert "Changes 1 price" in body
    assert 'aria-invalid="true"' in body
    assert post(shop, "confirm_prices", answer("1500", back="review")).url == url
    assert f"Publish to {shop.outlet.name}" in shop.client().get(url).content.decode()
    shop.client().post(url, {"revision": shop.revision()})
    assert CatalogVersion.objects.latest("number").number == 2


def test_all_of_a_kind_are_confirmed_by_their_number(shop: Shop) -> None:
    MenuItemFactory.create_batch(3, menu=Menu.objects.get(), price=12_345)
    assert "Type 3, the number of prices, to confirm all of these" in page(shop)
    response = post(shop, "confirm_prices", {"code": "price_not_round", "row": "", "typed": "3"}, **HTMX)
    assert "3 prices are confirmed." in response.headers["HX-Trigger"]
    assert PriceConfirmation.objects.count() == 3


def test_how_many_is_many(shop: Shop) -> None:
    for typed in ("0", "101", "x", ""):
        assert "errorlist" in post(shop, "most_changed", {"percent": typed}).content.decode()
    assert post(shop, "most_changed", {"percent": "35"}).url == shop.url("menu_checks")
    shop.catalog.refresh_from_db()
    assert shop.catalog.most_changed_percent == 35


def test_as_many_queries_for_many_findings(shop: Shop) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(shop)
        return len(captured)

    MenuItemFactory(menu=Menu.objects.get(), price=12_345, external_id=None, image_url="")
    Variant.objects.update(price=12_345)
    few = queries()
    MenuItemFactory.create_batch(200, menu=Menu.objects.get(), price=12_345, external_id=None, image_url="")
    assert queries() == few
    assert "and 101 more" in page(shop)


# --- while typing ------------------------------------------------------------------------------


def typed(shop: Shop, who: str = "owner", **data: object) -> str:
    response = shop.client(who).post(shop.url("check_field"), {"kind": "item", "pk": shop.item.pk, **data})
    assert response.status_code == 200
    assert "<html" not in response.content.decode()
    return response.content.decode()


def test_what_is_typed_is_checked(shop: Shop) -> None:
    guarded(shop, 15_000)
    assert "finding" not in typed(shop, price="16.000")
    body = typed(shop, price="1.500")
    assert "a tenth of what GoFood has" in body
    assert "GoFood has Rp\u00a015.000." in body
    assert "finding-error" in typed(shop, name="x" * 151)
    assert "not an amount we can read" in typed(shop, price="banyak")
    assert "finding-error" in typed(shop, operational_hours="[" * 100_000)
    assert "Type a whole number" in typed(
        shop, kind="variant_category", pk=shop.category.pk, min_quantity="x"
    )
    assert MenuItem.objects.get().price == 15_000


@pytest.mark.parametrize(
    "data", [{}, {"kind": "item"}, {"kind": "x", "pk": "1"}, {"kind": "item", "pk": "-1"}]
)
def test_a_field_of_nothing(shop: Shop, data: dict[str, str]) -> None:
    assert shop.client().post(shop.url("check_field"), data).status_code == 400


def test_a_field_of_another_merchants_row(shop: Shop) -> None:
    url = reverse("check_field", args=[shop.cast.other_merchant.pk])
    data = {"kind": "item", "pk": shop.item.pk, "price": "1"}
    assert shop.client("stranger").post(url, data).status_code == 404
    assert shop.client("cashier").post(shop.url("check_field"), data).status_code == 403


def test_the_categorys_form_asks_while_typing(shop: Shop) -> None:
    body = shop.client().get(shop.url("variant_category", shop.category.pk)).content.decode()
    assert body.count(shop.url("check_field")) == 4
    assert "from:#id_max_quantity" in body


def test_pictures_of_a_kind_are_mended_later_and_that_is_said(shop):
    MenuItem.objects.update(image_url="https://pictures.example.com/new.jpg")
    PictureCheck.objects.create(
        merchant=shop.merchant,
        url="https://pictures.example.com/new.jpg",
        state="bad",
        code="picture_not_png",
    )
    assert "Make a picture for GoFood of it" in page(shop)
    answer = post(shop, "fix_checks", {"code": "picture_not_png", "row": ""}, **HTMX)
    assert "1 picture is being fixed" in answer["HX-Trigger"]
    assert PictureFix.objects.get().requested_by == shop.cast.owner
