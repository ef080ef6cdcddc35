"""What GoFood was last proven to have: read from either shape, of the right version, in one query."""

from datetime import timedelta

import pytest
from django.utils import timezone

from menus.confirmed import confirmed_menu, read_confirmed
from menus.models import CatalogVersion, MenuItem, Sync, Variant
from tests.menus.factories import live_category, live_item, live_menu, selling_outlet


def item(**values):
    return MenuItem(**{"external_id": None, "gobiz_id": "", "name": "x", "price": 1, **values})


LIVE = {
    "menus": [
        {
            "name": "Ayam",
            "menu_items": [
                live_item("Geprek", external_id="I-1", price=15_000),
                live_item("Bakar", price="12000.0", image="https://gofood.example.com/b.png"),
                live_item("Kembar", id="g-1", price=1000),
                live_item("kembar", id="g-2", price=2000),
                live_item("Rusak", price="banyak"),
                live_item("Sama", external_id="I-1", price=3000),
                "nothing",
            ],
        }
    ],
    "variant_categories": [live_category("Level", "Pedas")],
}


@pytest.mark.parametrize(
    ("row", "price"),
    [
        ({"external_id": "I-1"}, 15_000),
        ({"external_id": "new", "gobiz_id": "gobiz-Bakar"}, 12_000),
        ({"name": " BAKAR "}, 12_000),
        ({"gobiz_id": "g-2", "name": "Kembar"}, 2000),
        ({"name": "Kembar"}, None),
        ({"name": "Rusak"}, None),
        ({"name": "Soto"}, None),
        ({"external_id": "Pedas", "name": "Pedas"}, None),
    ],
)
def test_the_live_menu(row, price):
    found = read_confirmed(LIVE).row_of("item", item(**row))
    assert (found.price if found else None) == price


def test_a_variant_and_a_picture():
    menu = read_confirmed(LIVE)
    variant = Variant(gobiz_id="gobiz-Level-Pedas", name="?")
    assert menu.row_of("variant", variant).price == 1000
    assert menu.row_of("item", item(name="Bakar")).image == "https://gofood.example.com/b.png"


def test_a_variant_without_a_price_adds_nothing():
    rows = {"variant_categories": [{"variants": [{"id": "g", "name": "Biasa"}]}]}
    assert read_confirmed(rows).row_of("variant", Variant(name="Biasa")).price == 0


@pytest.mark.parametrize(
    "payload", [{}, {"menus": None}, {"menus": "x", "variant_categories": [1]}, {"menus": [{}]}]
)
def test_what_cannot_be_read_is_nothing(payload):
    assert read_confirmed(payload).row_of("item", item()) is None


def version(outlet, number, price, **sync):
    payload = {"menus": [{"name": "A", "menu_items": [live_item("Geprek", external_id="I-1", price=price)]}]}
    made = CatalogVersion.objects.create(outlet=outlet, number=number, payload=payload, checksum="x")
    if sync:
        Sync.objects.create(outlet=outlet, version=made, request_id=f"r-{number}", **sync)


@pytest.mark.django_db
def test_the_newest_confirmed_version_counts(django_assert_num_queries):
    def price():
        found = confirmed_menu(outlet).row_of("item", item(external_id="I-1"))
        return found.price if found else None

    now = timezone.now()
    outlet, other = selling_outlet(), selling_outlet()
    assert price() is None
    version(other, 0, 9)
    version(outlet, 0, 1)
    assert price() == 1
    version(outlet, 1, 2, state="confirmed", confirmed_at=now - timedelta(days=1))
    version(outlet, 2, 3, state="confirmed", confirmed_at=now)
    version(outlet, 3, 4, state="failed")
    version(outlet, 4, 5, state="accepted")
    with django_assert_num_queries(2):
        assert price() == 3
    # An older version that was brought back is what GoFood has.
    Sync.objects.filter(request_id="r-1").update(confirmed_at=now + timedelta(seconds=1))
    assert price() == 2


def test_a_whole_live_menu_can_be_read():
    assert len(read_confirmed(live_menu(50)).by_external_id) == 50
