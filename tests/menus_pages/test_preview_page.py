"""The preview page: what it shows, of which version, when; an item and its choices."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus import editing
from menus.models import ItemVariantCategory, MenuItem, OutletCatalog, OutletOverride, Sync
from tests.factories import OutletFactory
from tests.menus.factories import MenuFactory, MenuItemFactory, VariantCategoryFactory, VariantFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
# Item's hours in the fixture: Monday 08:00–14:00. 2026-11-23 is a Monday.
OPEN, EARLY, LATE = "2026-11-23T09:00", "2026-11-23T07:00", "2026-11-23T14:00"
RP = "Rp\N{NO-BREAK SPACE}"


def get(shop: Shop, who: str = "owner", status: int = 200, htmx: bool = False, **query: Any) -> str:
    headers = {"HX-Request": "true"} if htmx else {}
    answer = shop.client(who).get(shop.url("menu_preview"), query, headers=headers)
    assert answer.status_code == status
    return answer.content.decode()


def total_in(body: str) -> str:
    found = re.search(r"data-phone-total>([^<]*)<", body)
    assert found
    return found[1]


def shown(body: str, name: str) -> bool:
    """Whether the words of that attribute (data-too-few, data-too-many) are seen anywhere."""
    return bool(re.search(rf"{name}\s*>", body))


@pytest.fixture
def rules(shop: Shop) -> Shop:
    """One of two sizes, at most two toppings of which one makes it cheaper; the last is sold out."""
    shop.category.min_quantity = shop.category.max_quantity = 1
    shop.category.save()
    topping = VariantCategoryFactory(catalog=shop.catalog, name="Topping", min_quantity=0, max_quantity=2)
    for key, price in (("T-1", 2_000), ("T-2", -1_000), ("T-3", 500), ("T-4", 700)):
        VariantFactory(category=topping, external_id=key, name=key, price=price, in_stock=key != "T-4")
    ItemVariantCategory.objects.create(item=shop.item, category=topping, position=9)
    MenuItem.objects.filter(pk=shop.item.pk).update(external_id="I-1", operational_hours=None)
    shop.catalog.variants.filter(name="Paha atas").update(external_id="V-1", price=1_000)
    shop.catalog.variants.filter(name="Paha bawah").update(external_id="V-2")
    return shop


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("anonymous", 302)])
def test_those_who_may_not(shop: Shop, who: str, status: int) -> None:
    get(shop, who, status)


@pytest.mark.parametrize("who", ["owner", "manager", "cashier"])
def test_those_who_may(shop: Shop, who: str) -> None:
    assert "Ayam Geprek" in get(shop, who)


def test_it_says_that_it_is_ours(shop: Shop) -> None:
    body = get(shop)
    assert "our own preview, not GoFood" in body
    assert "Draft, with what is not published" in body
    assert "nothing was published and confirmed yet" in body


def test_without_an_outlet_it_asks_which(shop: Shop) -> None:
    OutletFactory(gobiz_app=shop.cast.app)
    assert f"{shop.url('menu_preview')}?outlet={shop.outlet.outlet_id}" in get(shop)


def test_an_outlet_without_a_menu(shop: Shop) -> None:
    OutletCatalog.objects.filter(outlet=shop.outlet).update(imported_at=None)
    assert "No menu yet" in get(shop)
    assert "Import the menu" not in get(shop, "cashier")


def test_a_menu_without_items(shop: Shop) -> None:
    MenuItem.objects.all().delete()
    assert "A customer sees nothing here" in get(shop)


@pytest.mark.parametrize(
    ("at", "words"),
    [(OPEN, ""), (EARLY, "Available from 08:00"), (LATE, "Available next Monday from 08:00"),
     ("2026-11-22T20:00", "Available tomorrow from 08:00"), ("2026-11-25T08:30", "Available on Monday from 08:00")],
)  # fmt: skip
def test_the_hours_at_a_chosen_time(shop: Shop, at: str, words: str) -> None:
    body = get(shop, at=at)
    assert f'value="{at}"' in body
    assert (words in body) if words else "Available" not in body


def test_a_day_is_named_in_the_language_of_the_reader(shop: Shop) -> None:
    client = shop.client()
    client.cookies["language"] = "id"
    shop.cast.owner.language = "id"
    shop.cast.owner.save()
    body = client.get(shop.url("menu_preview"), {"at": "2026-11-25T08:30"}).content.decode()
    assert "Senin" in body


def test_the_clock_is_the_outlets(shop: Shop) -> None:
    """05:30 in UTC on a Monday: 12:30 in Jakarta, and 14:30 in Jayapura, where it has closed."""
    assert "Available" not in get(shop, at="2026-11-23T05:30+00:00")
    Outlet.objects.filter(pk=shop.outlet.pk).update(time_zone="Asia/Jayapura")
    body = get(shop, at="2026-11-23T05:30+00:00")
    assert "Available next Monday from 08:00" in body
    assert 'value="2026-11-23T14:30"' in body


@pytest.mark.parametrize(
    "at", ["yesterday", "2026-02-30T10:00", "\x00", "9" * 5_000, "9999-12-31T23:59-14:00"]
)
def test_a_time_that_cannot_be_read(shop: Shop, at: str) -> None:
    assert "This time cannot be read" in get(shop, at=at)


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_first_and_the_last_time_that_there_are(shop: Shop, at: str) -> None:
    assert f'value="{at}"' in get(shop, at=at)


def test_never_sold_and_sold_out(shop: Shop) -> None:
    MenuItemFactory(menu=shop.item.menu, operational_hours={})
    MenuItemFactory(menu=shop.item.menu, in_stock=False)
    body = get(shop, at=OPEN)
    assert "Not sold" in body
    assert "Sold out" in body


def test_the_outlets_price_and_what_it_hides(shop: Shop) -> None:
    hidden = MenuItemFactory(menu=shop.item.menu, name="Tidak di sini")
    MenuFactory(catalog=shop.catalog, name="Menu kosong")
    OutletOverride.objects.create(outlet=shop.outlet, item=hidden, hidden=True)
    OutletOverride.objects.create(outlet=shop.outlet, item=shop.item, price=17_500)
    body = get(shop)
    assert f"{RP}17.500" in body
    assert "Tidak di sini" not in body
    assert "Menu kosong" not in body


def test_customers_do_not_see_what_is_left_after_commission(rules: Shop) -> None:
    Outlet.objects.update(commission_percent=Decimal(20))
    assert "you keep" not in get(rules) + get(rules, item="I-1")


def test_the_draft_and_what_was_published_last(rules: Shop) -> None:
    rules.sync(Sync.State.CONFIRMED, confirmed_at=timezone.now() - timedelta(days=1))
    editing.save_item(rules.item, {"price": 22_000, "name": "Ayam Baru"}, rules.cast.owner)
    rules.version(2)
    rules.sync(Sync.State.FAILED, number=2)
    draft, published = get(rules), get(rules, source="published")
    assert "Ayam Baru" in draft
    assert "confirmed on" in draft
    assert "Ayam Baru" not in published
    assert "Ayam Geprek" in published
    assert f"{RP}15.000" in published
    # An item keeps to the version that is looked at.
    assert "source=published&amp;item=I-1" in published
    assert total_in(get(rules, source="published", item="I-1")) == f"{RP}15.000"


@pytest.mark.parametrize("source", ["published", "draft", "", "nonsense", "\x00"])
def test_without_anything_published_it_is_the_draft(shop: Shop, source: str) -> None:
    assert "Ayam Geprek" in get(shop, source=source)


def test_an_item_with_its_rules(rules: Shop) -> None:
    body = get(rules, item="I-1")
    assert "Must choose 1" in body
    assert "May choose up to 2" in body
    assert len(re.findall(r'type="radio"\s+name="choose-1"', body)) == 2
    assert len(re.findall(r'type="checkbox"\s+name="choose-2"', body)) == 4
    assert len(re.findall(r"disabled data-sold-out", body)) == 1
    assert total_in(body) == f"{RP}15.000"
    # Nobody is scolded before the first choice.
    assert not shown(body, "data-too-few")


@pytest.mark.parametrize(
    ("chosen", "total", "few", "many"),
    [
        ({"choose-1": ["V-1"]}, "16.000", False, False),
        ({"choose-1": ["V-2"], "choose-2": ["T-1", "T-2"]}, "16.000", False, False),
        ({"choose-2": ["T-2"]}, "14.000", True, False),
        ({"choose-1": ["V-1"], "choose-2": ["T-1", "T-2", "T-3"]}, "17.500", False, True),
        ({"choose-1": ["V-1"], "choose-2": ["T-4", "unknown", "\x00"]}, "16.000", False, False),
        ({}, "15.000", True, False),
    ],
)
def test_the_price_without_javascript(
    rules: Shop, chosen: dict[str, list[str]], total: str, few: bool, many: bool
) -> None:
    body = get(rules, item="I-1", recalculate="1", **chosen)
    assert total_in(body) == f"{RP}{total}"
    assert (shown(body, "data-too-few"), shown(body, "data-too-many")) == (few, many)
    for key in [key for keys in chosen.values() for key in keys if key not in ("T-4", "unknown", "\x00")]:
        assert re.search(rf'value="{key}"\s+data-adds="-?\d+"\s+checked', body), key


def test_an_item_keeps_the_time_that_was_chosen(rules: Shop) -> None:
    MenuItem.objects.update(operational_hours={"monday": [{"start": "08:00", "end": "14:00"}]})
    assert "at=2026-11-23T07%3A00&amp;item=I-1" in get(rules, at=EARLY)
    assert "Available from 08:00" in get(rules, item="I-1", at=EARLY)


def test_a_sheet_is_only_the_item(rules: Shop) -> None:
    body = get(rules, htmx=True, item="I-1")
    assert "<html" not in body
    assert body.lstrip().startswith('<div class="phone-item">')


def test_too_few_in_stock(rules: Shop) -> None:
    rules.catalog.variants.filter(category=rules.category).update(in_stock=False)
    assert "so the item cannot be ordered" in get(rules, item="I-1")


@pytest.mark.parametrize("key", ["", "I-404", "\x00", "é" * 3_000, "../../admin"])
def test_an_item_that_there_is_not(rules: Shop, key: str) -> None:
    get(rules, status=404, item=key)


def test_an_item_without_an_id_can_be_looked_at(shop: Shop) -> None:
    MenuItem.objects.update(external_id=None)
    assert f"item=~{shop.item.pk}" in get(shop)
    assert "Ayam Geprek" in get(shop, item=f"~{shop.item.pk}")
    shop.item.refresh_from_db()
    assert shop.item.external_id is None


def test_an_id_of_any_letters_can_be_looked_at(shop: Shop) -> None:
    MenuItem.objects.update(external_id="a b/&?=é#")
    address = re.search(r'href="(\?item=[^"]*)"', get(shop))
    assert address
    answer = shop.client().get(shop.url("menu_preview") + address[1].replace("&amp;", "&"))
    assert answer.status_code == 200
    assert "data-phone-total" in answer.content.decode()


def grow(shop: Shop, size: int) -> None:
    menu = MenuFactory(catalog=shop.catalog)
    for _ in range(size):
        item = MenuItemFactory(menu=menu)
        category = VariantCategoryFactory(catalog=shop.catalog)
        VariantFactory(category=category)
        ItemVariantCategory.objects.create(item=item, category=category)


@pytest.mark.parametrize("query", [{}, {"item": "I-1"}, {"source": "published"}])
def test_the_cost_does_not_grow_with_the_menu(rules: Shop, query: dict[str, str]) -> None:
    client, url = rules.client(), rules.url("menu_preview")
    rules.sync(Sync.State.CONFIRMED, confirmed_at=timezone.now())
    client.get(url, query)
    with CaptureQueriesContext(connection) as few:
        assert client.get(url, query).status_code == 200
    grow(rules, 50)
    with CaptureQueriesContext(connection) as many:
        assert client.get(url, query).status_code == 200
    assert len(many) == len(few)
    assert len(many) < 30


def test_it_writes_nothing(rules: Shop) -> None:
    revision = rules.revision()
    get(rules, item="I-1", recalculate="1")
    assert rules.revision() == revision
